//! Who may answer, join and leave, and what that does.

use domain::events::Person;
use domain::invitations::{Attend, Invitations as _, Respond, Response, Status, Unattend};
use domain::{EventId, Instance};

use super::world::{World, code, run};

#[test]
fn an_invitation_is_answered_again_and_again_as_one_likes() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.registers("alice").await, world.registers("bob").await);
        let event = world.creates(&alice, false).await;
        world.invites(&alice, &event, &[&bob]).await;
        for (response, status) in [
            (Response::Accept, Status::Going),
            (Response::Accept, Status::Going),
            (Response::Decline, Status::Declined),
            (Response::Maybe, Status::Maybe),
        ] {
            let invitation = world.responds(&bob, &event, response).await.unwrap();
            assert_eq!(invitation.status, status);
            assert_eq!(invitation.invitee, bob.name);
            assert_eq!(invitation.inviter, Some(Person::Named(alice.name.clone())));
            assert_eq!(invitation.event.organizer, Person::Named(alice.name.clone()));
        }
        assert_eq!(world.statuses(&alice, &event).await, [("bob".to_owned(), Status::Maybe)]);
        assert_eq!(world.times_asked(), 0, "all of this is known here");
    });
}

#[test]
fn what_does_not_exist_and_what_one_may_not_see_is_the_same_not_found() {
    run(async {
        let world = World::new();
        let (alice, eve) = (world.registers("alice").await, world.registers("eve").await);
        let hidden = world.creates(&alice, false).await;
        let mut missing = hidden.clone();
        missing.event = EventId::new();
        for event in [&hidden, &missing] {
            let not_found = ("not_found", Some("event".to_owned()));
            assert_eq!(code(world.responds(&eve, event, Response::Accept).await), not_found);
            assert_eq!(code(world.attends(&eve, event, false).await), not_found);
            assert_eq!(code(world.unattends(&eve, event).await), not_found);
            assert_eq!(code(world.participants(&eve, event).await), not_found);
        }
        assert_eq!(world.times_asked(), 8, "events is asked about both alike");
    });
}

#[test]
fn seeing_a_public_event_is_no_invitation_to_answer() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.registers("alice").await, world.registers("bob").await);
        let event = world.creates(&alice, true).await;
        assert_eq!(code(world.responds(&bob, &event, Response::Accept).await), ("forbidden", None));
        world.attends(&bob, &event, false).await.unwrap();
        assert_eq!(code(world.responds(&bob, &event, Response::Decline).await), ("forbidden", None), "still not asked");
    });
}

#[test]
fn anyone_joins_and_leaves_a_public_event() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.registers("alice").await, world.registers("bob").await);
        let event = world.creates(&alice, true).await;
        assert_eq!(code(world.unattends(&bob, &event).await), ("forbidden", None), "there is nothing to leave");
        let joined = world.attends(&bob, &event, true).await.unwrap();
        assert_eq!((joined.status, joined.inviter), (Status::Maybe, None));
        assert_eq!(world.attends(&bob, &event, false).await.unwrap().status, Status::Going);
        assert_eq!(world.unattends(&bob, &event).await.unwrap().status, Status::Declined);
        assert_eq!(world.unattends(&bob, &event).await.unwrap().status, Status::Declined);
        let counts = world.participants(&bob, &event).await.unwrap().counts;
        assert_eq!((counts.going, counts.maybe, counts.pending, counts.declined), (0, 0, 0, 1));
        assert!(world.inbox(&bob, true).await.is_empty(), "nobody invited them");
    });
}

#[test]
fn attending_a_public_event_one_is_invited_to_answers_the_invitation() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.registers("alice").await, world.registers("bob").await);
        let event = world.creates(&alice, true).await;
        world.invites(&alice, &event, &[&bob]).await;
        let answered = world.attends(&bob, &event, true).await.unwrap();
        assert_eq!(answered.status, Status::Maybe);
        assert_eq!(answered.inviter, Some(Person::Named(alice.name.clone())));
        assert!(world.inbox(&bob, false).await.is_empty());
        assert_eq!(world.inbox(&bob, true).await, [answered]);
    });
}

#[test]
fn a_private_event_is_answered_and_not_attended() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.registers("alice").await, world.registers("bob").await);
        let event = world.creates(&alice, false).await;
        world.invites(&alice, &event, &[&bob]).await;
        assert_eq!(code(world.attends(&bob, &event, false).await), ("forbidden", None));
        assert_eq!(code(world.unattends(&bob, &event).await), ("forbidden", None));
        assert_eq!(world.inbox(&bob, false).await.len(), 1);
    });
}

#[test]
fn the_organizer_is_no_participant() {
    run(async {
        let world = World::new();
        let alice = world.registers("alice").await;
        let event = world.creates(&alice, true).await;
        world.invites(&alice, &event, &[&alice]).await;
        assert_eq!(code(world.attends(&alice, &event, false).await), ("forbidden", None));
        assert_eq!(code(world.unattends(&alice, &event).await), ("forbidden", None));
        assert_eq!(code(world.responds(&alice, &event, Response::Accept).await), ("forbidden", None));
        assert!(world.statuses(&alice, &event).await.is_empty());
    });
}

#[test]
fn a_cancelled_event_cannot_be_answered_by_those_who_still_see_it() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.registers("alice").await, world.registers("bob").await);
        let (carol, dave) = (world.registers("carol").await, world.registers("dave").await);
        let mut event = world.creates(&alice, true).await;
        world.invites(&alice, &event, &[&bob]).await;
        world.attends(&carol, &event, false).await.unwrap();
        world.changes(&mut event, |facts| facts.cancelled = true).await;
        let conflict = ("conflict", Some("event".to_owned()));
        assert_eq!(code(world.responds(&bob, &event, Response::Accept).await), conflict);
        assert_eq!(code(world.attends(&bob, &event, false).await), conflict);
        assert_eq!(code(world.unattends(&carol, &event).await), conflict);
        assert_eq!(code(world.attends(&dave, &event, false).await).0, "not_found", "to strangers it is gone");
        assert_eq!(world.statuses(&bob, &event).await.len(), 2, "who would have come is still told");
    });
}

#[test]
fn an_event_that_does_not_recur_has_no_instances() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.registers("alice").await, world.registers("bob").await);
        let event = world.creates(&alice, true).await;
        world.invites(&alice, &event, &[&bob]).await;
        let (event, instance) = (event.event, Instance::On(1_800_000_000));
        let respond = Respond { event, instance, response: Response::Accept };
        let instance_refused = ("invalid_input", Some("instance".to_owned()));
        assert_eq!(code(world.service.respond(&bob.call(), respond).await), instance_refused);
        assert_eq!(
            code(world.service.attend(&bob.call(), Attend { event, instance, maybe: false }).await),
            instance_refused
        );
        assert_eq!(code(world.service.unattend(&bob.call(), Unattend { event, instance }).await), instance_refused);
    });
}

#[test]
fn a_delayed_command_does_not_overwrite_a_later_answer_of_its_session() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.registers("alice").await, world.registers("bob").await);
        let event = world.creates(&alice, false).await;
        world.invites(&alice, &event, &[&bob]).await;
        let respond = |response| Respond { event: event.event, instance: Instance::Series, response };
        world.service.respond(&bob.numbered(7), respond(Response::Decline)).await.unwrap();
        let late = world.service.respond(&bob.numbered(6), respond(Response::Accept)).await;
        assert_eq!(code(late), ("conflict", Some("sequence".to_owned())));
        let late_but_alike = world.service.respond(&bob.numbered(5), respond(Response::Decline)).await.unwrap();
        assert_eq!(late_but_alike.value.status, Status::Declined);
        let late = world.service.respond(&bob.numbered(6), respond(Response::Accept)).await;
        assert_eq!(code(late).0, "conflict", "saying the same late has not made the answer an earlier one");
        world.service.respond(&bob.numbered(8), respond(Response::Accept)).await.unwrap();
    });
}

#[test]
fn a_command_sent_twice_is_done_once() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.registers("alice").await, world.registers("bob").await);
        let event = world.creates(&alice, true).await;
        let attend = Attend { event: event.event, instance: Instance::Series, maybe: false };
        let call = bob.call();
        let first = world.service.attend(&call, attend).await.unwrap().value;
        world.unattends(&bob, &event).await.unwrap();
        let again = world.service.attend(&call, attend).await.unwrap().value;
        assert_eq!((first.status, again.status), (Status::Going, Status::Declined), "it is not done again");
    });
}

#[test]
fn whoever_deleted_their_account_answers_no_more() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.registers("alice").await, world.registers("bob").await);
        let event = world.creates(&alice, true).await;
        world.attends(&bob, &event, false).await.unwrap();
        world.deletes_account(&bob).await;
        assert_eq!(code(world.attends(&bob, &event, false).await).0, "unauthenticated");
        assert!(world.statuses(&alice, &event).await.is_empty());
    });
}
