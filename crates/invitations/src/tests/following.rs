//! What the records of events and auth do to invitations.

use std::collections::BTreeSet;

use chassis::work::ROWS_A_STEP;
use domain::events::{EventChange, MAX_PEOPLE_A_RECORD, Person};
use domain::invitations::{InvitationChange, Invitations as _, ListParticipants, Response, Status};
use domain::{Instance, Service, UserId};

use super::world::{Someone, World, code, invited, page, run, uninvited};

#[test]
fn who_is_invited_has_not_answered_and_an_invitation_taken_back_takes_the_answer_along() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.registers("alice").await, world.registers("bob").await);
        let event = world.creates(&alice, true).await;
        world.invites(&alice, &event, &[&bob]).await;
        assert_eq!(world.inbox(&bob, false).await[0].status, Status::Pending);
        world.responds(&bob, &event, Response::Accept).await.unwrap();
        world.uninvites(&event, &[&bob]).await;
        assert!(world.inbox(&bob, true).await.is_empty());
        assert!(world.statuses(&alice, &event).await.is_empty());
        let last = world.announced().await.pop();
        let (event, instance) = (event.event, Instance::Series);
        assert_eq!(last, Some(InvitationChange::Answered { event, instance, people: vec![(bob.id, None)] }));
    });
}

#[test]
fn records_delivered_again_change_nothing() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.registers("alice").await, world.registers("bob").await);
        let carol = world.registers("carol").await;
        let event = world.creates(&alice, true).await;
        let put = EventChange::Put(event.clone());
        let (invite, uninvite) = (invited(&alice, &event, &[&bob, &carol]), uninvited(&event, &[&carol]));
        world.redelivered(2, invite.clone()).await;
        world.responds(&bob, &event, Response::Maybe).await.unwrap();
        world.redelivered(3, uninvite.clone()).await;
        let announced = world.announced().await;
        world.redelivered(3, uninvite).await;
        world.redelivered(1, put).await;
        world.redelivered(2, invited(&alice, &event, &[&bob])).await;
        assert_eq!(world.announced().await, announced);
        assert_eq!(world.statuses(&bob, &event).await, [("bob".to_owned(), Status::Maybe)]);
        world.redelivered(4, EventChange::Removed { event: event.event }).await;
        world.redelivered(4, EventChange::Removed { event: event.event }).await;
        world.redelivered(5, invite).await;
        let audit = world.audited().await;
        assert_eq!((audit.references, audit.discrepancies), (vec![], vec![]), "nobody is invited to what is gone");
    });
}

#[test]
fn whoever_joined_and_is_then_invited_keeps_their_answer() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.registers("alice").await, world.registers("bob").await);
        let mut event = world.creates(&alice, true).await;
        world.attends(&bob, &event, false).await.unwrap();
        world.invites(&alice, &event, &[&bob]).await;
        assert!(world.inbox(&bob, false).await.is_empty(), "it is answered");
        assert_eq!(world.inbox(&bob, true).await[0].status, Status::Going);
        world.changes(&mut event, |facts| facts.public = false).await;
        assert_eq!(world.statuses(&bob, &event).await, [("bob".to_owned(), Status::Going)], "invited, they stay");
    });
}

#[test]
fn when_an_event_goes_private_those_who_merely_joined_go() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.registers("alice").await, world.registers("bob").await);
        let carol = world.registers("carol").await;
        let mut event = world.creates(&alice, true).await;
        world.invites(&alice, &event, &[&bob]).await;
        world.attends(&bob, &event, true).await.unwrap();
        world.attends(&carol, &event, false).await.unwrap();
        world.changes(&mut event, |facts| facts.public = false).await;
        assert_eq!(world.statuses(&bob, &event).await, [("bob".to_owned(), Status::Maybe)]);
        assert_eq!(code(world.participants(&carol, &event).await).0, "not_found");
    });
}

#[test]
fn a_cancelled_event_leaves_every_inbox_and_keeps_its_answers() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.registers("alice").await, world.registers("bob").await);
        let mut event = world.creates(&alice, false).await;
        world.invites(&alice, &event, &[&bob]).await;
        world.changes(&mut event, |facts| facts.cancelled = true).await;
        assert!(world.inbox(&bob, false).await.is_empty());
        assert!(world.inbox(&bob, true).await.is_empty());
        assert_eq!(world.statuses(&bob, &event).await, [("bob".to_owned(), Status::Pending)]);
        assert_eq!(world.announced().await.len(), 1, "nobody's answer has changed");
    });
}

#[test]
fn a_deleted_users_rows_go_and_whom_they_invited_reads_deleted() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.registers("alice").await, world.registers("bob").await);
        let mut event = world.creates(&alice, true).await;
        let other = world.creates(&bob, true).await;
        world.attends(&alice, &other, false).await.unwrap();
        world.invites(&alice, &event, &[&bob]).await;
        world.deletes_account(&alice).await;
        assert_eq!(world.participants(&bob, &other).await.unwrap().counts.going, 0);
        let invitation = world.inbox(&bob, false).await.pop().unwrap();
        assert_eq!(invitation.inviter, Some(Person::Deleted));
        assert_eq!(invitation.event.organizer, Person::Deleted);
        let audit = world.audited().await;
        let named: Vec<_> = audit.references.iter().filter(|found| found.name.ends_with("inviter")).collect();
        assert!(named.is_empty() && audit.discrepancies.is_empty(), "{audit:?}");
        // What events then says of it.
        world.changes(&mut event, |facts| (facts.organizer, facts.cancelled) = (None, true)).await;
        assert!(world.inbox(&bob, true).await.is_empty());
    });
}

#[test]
fn a_record_that_names_someone_already_gone_makes_no_row_for_them() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.registers("alice").await, world.registers("bob").await);
        let carol = world.registers("carol").await;
        let event = world.creates(&alice, false).await;
        world.deletes_account(&bob).await;
        world.deletes_account(&alice).await;
        world.invites(&alice, &event, &[&bob, &carol]).await;
        assert_eq!(world.inbox(&carol, false).await[0].inviter, Some(Person::Deleted));
        let users: Vec<_> = world.audited().await.references.into_iter().map(|found| found.target).collect();
        assert!(!users.contains(&domain::integrity::Target::User(bob.id)));
        assert!(!users.contains(&domain::integrity::Target::User(alice.id)));
    });
}

#[test]
fn someone_invited_before_they_were_heard_of_is_counted_at_once_and_named_once_known() {
    run(async {
        let world = World::new();
        let alice = world.registers("alice").await;
        let newcomer = world.registers_unheard("newcomer");
        let event = world.creates(&alice, false).await;
        world.invites(&alice, &event, &[&newcomer]).await;
        let ask = ListParticipants { event: event.event, instance: Instance::Series, status: None, page: page(5) };
        let reply = world.service.participants(&alice.call(), ask).await.unwrap();
        assert_eq!((reply.value.counts.pending, reply.value.people.items.len()), (1, 0));
        assert_eq!(reply.behind, [Service::Auth], "it says that a name is missing");
        world.register(&newcomer).await;
        assert_eq!(world.statuses(&alice, &event).await, [("newcomer".to_owned(), Status::Pending)]);
        world.deletes_account(&newcomer).await;
        assert_eq!(world.participants(&alice, &event).await.unwrap().counts.pending, 0);
    });
}

/// Makes people whom nobody has heard of, and hands their invitations over in records of the usual size.
async fn invite_many(
    world: &World,
    organizer: &Someone,
    facts: &domain::events::EventFacts,
    many: usize,
) -> Vec<UserId> {
    let people: Vec<UserId> = (0..many).map(|_| UserId::new()).collect();
    for invitees in people.chunks(MAX_PEOPLE_A_RECORD) {
        let invitees = invitees.to_vec();
        world.event(EventChange::Invited { event: facts.event, inviter: organizer.id, invitees }).await;
    }
    people
}

async fn pending(world: &World, facts: &domain::events::EventFacts) -> u64 {
    let db = world.chassis.db();
    db.read(|view| crate::store::tally(view, facts.event, Instance::Series)).await.unwrap().counts.pending
}

#[test]
fn a_thousand_rows_of_a_removed_event_go_in_steps_each_announced_once() {
    run(async {
        let world = World::new();
        let alice = world.registers("alice").await;
        let event = world.creates(&alice, false).await;
        let people = invite_many(&world, &alice, &event, 1_000).await;
        world.event(EventChange::Removed { event: event.event }).await;
        assert_eq!(pending(&world, &event).await, 1_000 - ROWS_A_STEP as u64, "one step is done with the record");
        world.works_off_until(|| async { pending(&world, &event).await == 0 }).await;
        let mut gone = Vec::new();
        for InvitationChange::Answered { people, .. } in world.announced().await {
            assert!(people.len() <= MAX_PEOPLE_A_RECORD);
            gone.extend(people.into_iter().filter(|(_, status)| status.is_none()).map(|(user, _)| user));
        }
        assert_eq!(gone.len(), 1_000);
        assert_eq!(gone.into_iter().collect::<BTreeSet<_>>(), people.into_iter().collect());
        let audit = world.audited().await;
        assert_eq!((audit.references.len(), audit.discrepancies.len()), (0, 0));
    });
}

#[test]
fn a_cancelled_event_leaves_a_thousand_inboxes_in_steps() {
    run(async {
        let world = World::new();
        let alice = world.registers("alice").await;
        let mut event = world.creates(&alice, false).await;
        invite_many(&world, &alice, &event, 1_000).await;
        world.changes(&mut event, |facts| facts.cancelled = true).await;
        let entries = || async {
            let db = world.chassis.db();
            db.read(|view| {
                Ok::<_, chassis::Fault>(storage::Reader::scan(view, &crate::store::INBOX, &(), None, 2_000)?.len())
            })
            .await
            .unwrap()
        };
        assert_eq!(entries().await, 1_000 - ROWS_A_STEP);
        world.works_off_until(|| async { entries().await == 0 }).await;
        assert_eq!(pending(&world, &event).await, 1_000);
        let audit = world.audited().await;
        assert_eq!((audit.references.len(), audit.discrepancies), (3 * 1_000 + 1, vec![]));
    });
}

#[test]
fn an_inviter_of_a_thousand_is_forgotten_in_steps() {
    run(async {
        let world = World::new();
        let alice = world.registers("alice").await;
        let event = world.creates(&alice, false).await;
        invite_many(&world, &alice, &event, 1_000).await;
        world.deletes_account(&alice).await;
        let named = || async {
            world.audited().await.references.iter().filter(|found| found.name.ends_with("inviter")).count()
        };
        assert_eq!(named().await, 1_000 - ROWS_A_STEP);
        world.works_off_until(|| async { named().await == 0 }).await;
        assert_eq!(pending(&world, &event).await, 1_000);
        assert_eq!(world.audited().await.discrepancies, [""; 0]);
    });
}
