//! What happens when someone acts on an event before the record that lets them see it has arrived.

use std::time::Duration;

use domain::events::{EventChange, EventFacts, Person, VouchedEvent};
use domain::invitations::{Invitations as _, Respond, Response, Status};
use domain::{Instance, Position};

use super::world::{EVENTS, EventsState, Someone, World, code, facts, invited, run, uninvited};

fn vouched(facts: &EventFacts, invited_by: Option<&Someone>, at: u64) -> VouchedEvent {
    let invited_by = invited_by.map(|inviter| Some(inviter.id));
    VouchedEvent { facts: facts.clone(), invited_by, at: Position { epoch: EVENTS, at } }
}

#[test]
fn a_public_event_that_has_not_arrived_is_joined_and_its_record_changes_nothing() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.registers("alice").await, world.registers("bob").await);
        let event = facts(&alice, true);
        world.vouches(&bob, vouched(&event, None, 1));
        world.attends(&bob, &event, false).await.unwrap();
        world.attends(&bob, &event, true).await.unwrap();
        assert_eq!(world.times_asked(), 1, "from then on it is known here");
        world.redelivered(1, EventChange::Put(event.clone())).await;
        assert_eq!(world.statuses(&alice, &event).await, [("bob".to_owned(), Status::Maybe)]);
    });
}

#[test]
fn an_invitation_that_has_not_arrived_is_answered_and_its_record_finds_the_answer() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.registers("alice").await, world.registers("bob").await);
        let event = facts(&alice, false);
        world.vouches(&bob, vouched(&event, Some(&alice), 2));
        let answered = world.responds(&bob, &event, Response::Accept).await.unwrap();
        assert_eq!(answered.inviter, Some(Person::Named(alice.name.clone())));
        world.redelivered(1, EventChange::Put(event.clone())).await;
        world.redelivered(2, invited(&alice, &event, &[&bob])).await;
        assert_eq!(world.statuses(&bob, &event).await, [("bob".to_owned(), Status::Going)]);
        assert_eq!(world.announced().await.len(), 2, "invited, then going; the record adds nothing");
        assert_eq!(world.audited().await.discrepancies, [""; 0]);
    });
}

#[test]
fn an_invitation_to_a_public_event_that_has_not_arrived_is_answered_too() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.registers("alice").await, world.registers("bob").await);
        let carol = world.registers("carol").await;
        let event = world.creates(&alice, true).await;
        world.vouches(&bob, vouched(&event, Some(&alice), world.events_now() + 1));
        world.vouches(&carol, vouched(&event, None, world.events_now() + 1));
        assert_eq!(world.responds(&bob, &event, Response::Decline).await.unwrap().status, Status::Declined);
        assert_eq!(code(world.responds(&carol, &event, Response::Accept).await), ("forbidden", None));
        world.events_are(EventsState::Away);
        // Whether an invitation is on its way nobody can tell now, so she is not told that there is none.
        assert_eq!(code(world.responds(&carol, &event, Response::Accept).await), ("unavailable", None));
    });
}

#[test]
fn a_query_brings_an_invitation_into_sight_too() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.registers("alice").await, world.registers("bob").await);
        let event = facts(&alice, false);
        world.vouches(&bob, vouched(&event, Some(&alice), 2));
        assert_eq!(world.statuses(&bob, &event).await, [("bob".to_owned(), Status::Pending)]);
        assert_eq!(world.inbox(&bob, false).await.len(), 1);
    });
}

#[test]
fn a_vouch_that_the_log_has_overtaken_counts_for_nothing() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.registers("alice").await, world.registers("bob").await);
        // Seen alive at 1, removed at 2, and the answer of events comes only now.
        let removed = facts(&alice, true);
        world.event(EventChange::Put(removed.clone())).await;
        world.event(EventChange::Removed { event: removed.event }).await;
        world.vouches(&bob, vouched(&removed, None, 1));
        assert_eq!(code(world.attends(&bob, &removed, false).await), ("not_found", Some("event".to_owned())));
        // Invited at 4, taken back at 5.
        let event = world.creates(&alice, false).await;
        world.invites(&alice, &event, &[&bob]).await;
        world.uninvites(&event, &[&bob]).await;
        world.vouches(&bob, vouched(&event, Some(&alice), 4));
        assert_eq!(code(world.responds(&bob, &event, Response::Accept).await).0, "not_found");
        assert!(world.audited().await.references.iter().all(|reference| !reference.row.contains("invitation of")));
    });
}

#[test]
fn newer_facts_from_a_vouch_are_not_undone_by_older_records() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.registers("alice").await, world.registers("bob").await);
        let first = world.creates(&alice, false).await;
        let second = EventFacts { title: "Run".parse().unwrap(), version: 2, ..first.clone() };
        let third = EventFacts { public: true, version: 3, ..second.clone() };
        world.vouches(&bob, vouched(&third, None, 3));
        assert!(world.attends(&bob, &first, false).await.unwrap().event.public);
        world.events_are(EventsState::Away);
        world.event(EventChange::Put(second)).await;
        let shown = world.attends(&bob, &first, false).await.unwrap();
        assert!(shown.event.public, "version 3 is known already");
        world.event(EventChange::Put(third)).await;
        assert_eq!(world.statuses(&bob, &first).await, [("bob".to_owned(), Status::Going)]);
    });
}

#[test]
fn facts_that_a_vouch_brought_early_take_effect_on_the_rows_when_their_record_comes() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.registers("alice").await, world.registers("bob").await);
        let carol = world.registers("carol").await;
        let public = world.creates(&alice, true).await;
        world.attends(&bob, &public, false).await.unwrap();
        // Carol asked while the event was unknown here; the answer of events comes when it is known as public.
        let private = EventFacts { public: false, version: 2, ..public.clone() };
        let vouch = vouched(&private, Some(&alice), world.events_now() + 2);
        world.changed(move |tx| crate::admission::admit(tx, carol.id, &vouch)).await;
        assert_eq!(code(world.attends(&bob, &public, false).await).0, "not_found", "it is private from here on");
        world.event(EventChange::Put(private.clone())).await;
        world.event(invited(&alice, &private, &[])).await;
        assert_eq!(world.statuses(&alice, &public).await, [("carol".to_owned(), Status::Pending)]);
        assert_eq!(world.audited().await.discrepancies, [""; 0]);
    });
}

#[test]
fn whoever_joined_what_only_vouches_showed_as_public_goes_when_it_turns_out_private_again() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.registers("alice").await, world.registers("bob").await);
        let carol = world.registers("carol").await;
        let first = world.creates(&alice, false).await;
        // In events: public at 2, private again at 3, carol invited at 4. Here nothing of it has arrived.
        let public = EventFacts { public: true, version: 2, ..first.clone() };
        let private = EventFacts { public: false, version: 3, ..first.clone() };
        world.vouches(&bob, vouched(&public, None, 2));
        world.attends(&bob, &first, false).await.unwrap();
        let vouch = vouched(&private, Some(&alice), 4);
        world.changed(move |tx| crate::admission::admit(tx, carol.id, &vouch)).await;
        world.event(EventChange::Put(public)).await;
        world.event(EventChange::Put(private)).await;
        assert_eq!(world.statuses(&alice, &first).await, [("carol".to_owned(), Status::Pending)]);
    });
}

#[test]
fn an_earlier_invitation_taken_back_does_not_take_the_later_one_that_was_vouched_for() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.registers("alice").await, world.registers("bob").await);
        let event = world.creates(&alice, false).await;
        // In events: invited at 2, taken back at 3, invited again at 4. Here nothing of it has arrived.
        world.vouches(&bob, vouched(&event, Some(&alice), 4));
        world.responds(&bob, &event, Response::Accept).await.unwrap();
        world.event(invited(&alice, &event, &[&bob])).await;
        world.event(uninvited(&event, &[&bob])).await;
        world.event(invited(&alice, &event, &[&bob])).await;
        assert_eq!(world.statuses(&bob, &event).await, [("bob".to_owned(), Status::Going)]);
        world.event(uninvited(&event, &[&bob])).await;
        assert!(world.statuses(&alice, &event).await.is_empty(), "taken back after that, it goes");
    });
}

#[test]
fn only_what_events_alone_can_tell_is_unavailable_without_it() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.registers("alice").await, world.registers("bob").await);
        let (known, unknown) = (world.creates(&alice, true).await, facts(&alice, true));
        world.events_are(EventsState::Away);
        world.attends(&bob, &known, false).await.unwrap();
        assert_eq!(world.statuses(&bob, &known).await.len(), 1);
        let error = world.attends(&bob, &unknown, false).await.unwrap_err();
        assert_eq!((error.code(), error.service()), ("unavailable", Some(domain::Service::Events)));
    });
}

#[test]
fn that_events_does_not_accept_this_services_identity_is_no_word_about_the_callers_session() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.registers("alice").await, world.registers("bob").await);
        world.events_are(EventsState::Distrusts);
        let error = world.attends(&bob, &facts(&alice, true), false).await.unwrap_err();
        assert_eq!((error.code(), error.service()), ("unavailable", Some(domain::Service::Events)));
    });
}

#[test]
fn an_events_service_that_hangs_is_certainly_not_done_rather_than_outcome_unknown() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.registers("alice").await, world.registers("bob").await);
        world.events_are(EventsState::Silent);
        let mut call = bob.call();
        call.deadline = tokio::time::Instant::now() + Duration::from_millis(400);
        let request =
            Respond { event: facts(&alice, true).event, instance: Instance::Series, response: Response::Accept };
        let error = world.service.respond(&call, request).await.unwrap_err();
        assert_eq!((error.code(), error.service()), ("unavailable", Some(domain::Service::Events)));
    });
}

#[test]
fn nobody_answers_before_they_can_be_named() {
    run(async {
        let world = World::new();
        let alice = world.registers("alice").await;
        let newcomer = world.registers_unheard("newcomer");
        let event = world.creates(&alice, true).await;
        let error = world.attends(&newcomer, &event, false).await.unwrap_err();
        assert_eq!((error.code(), error.service()), ("unavailable", Some(domain::Service::Auth)));
        world.register(&newcomer).await;
        world.attends(&newcomer, &event, false).await.unwrap();
    });
}
