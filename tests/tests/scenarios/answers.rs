//! The inbox, the three answers, changes of mind, and who comes.

use convene_tests::{Plan, scenario};
use domain::PageRequest;
use domain::invitations::{Counts, Response, Status};

use super::refused;

scenario! {
    fn an_invitation_arrives_and_leaves_the_inbox_once_answered(world) {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        let event = alice.creates(Plan::for_a("Standup").inviting(&["bob"])).await.unwrap().id;
        world.settles().await;
        let inbox = bob.inbox_page(false, PageRequest::default()).await.unwrap();
        assert_eq!(inbox.items.len(), 1);
        assert_eq!(inbox.items[0].status, Status::Pending);
        assert_eq!(inbox.items[0].inviter, Some(domain::events::Person::Named(alice.username())));
        assert_eq!(bob.answers(event, Response::Accept).await.unwrap().status, Status::Going);
        assert_eq!(bob.inbox().await.unwrap(), [""; 0]);
        assert_eq!(bob.inbox_page(true, PageRequest::default()).await.unwrap().items.len(), 1);
    }

    fn each_answer_is_kept_and_may_be_changed_and_the_counts_agree(world) {
        let [alice, bob, carol, dora] = world.people(["alice", "bob", "carol", "dora"]).await;
        let event = alice.creates(Plan::for_a("Standup").inviting(&["bob", "carol", "dora"])).await.unwrap().id;
        bob.answers(event, Response::Accept).await.unwrap();
        carol.answers(event, Response::Maybe).await.unwrap();
        dora.answers(event, Response::Decline).await.unwrap();
        world.settles().await;
        let seen = alice.participants(event).await.unwrap();
        assert_eq!(seen.counts, Counts { going: 1, maybe: 1, declined: 1, ..Counts::default() });
        let said: Vec<_> = seen.people.items.iter().map(|p| (p.username.as_str().to_owned(), p.status)).collect();
        let expected = [("bob", Status::Going), ("carol", Status::Maybe), ("dora", Status::Declined)];
        assert_eq!(said, expected.map(|(name, status)| (name.to_owned(), status)));
        dora.answers(event, Response::Accept).await.unwrap();
        bob.answers(event, Response::Maybe).await.unwrap();
        assert_eq!(bob.answers(event, Response::Maybe).await.unwrap().status, Status::Maybe, "the same again succeeds");
        let seen = bob.participants(event).await.unwrap();
        assert_eq!(seen.counts, Counts { going: 1, maybe: 2, ..Counts::default() });
        let maybes = bob.participants_of(event, Some(Status::Maybe), PageRequest::default()).await.unwrap();
        assert_eq!(maybes.people.items.len(), 2);
    }

    fn only_those_who_may_see_the_event_see_who_comes(world) {
        let [alice, bob, dora] = world.people(["alice", "bob", "dora"]).await;
        let event = alice.creates(Plan::for_a("Standup").inviting(&["bob"])).await.unwrap().id;
        assert!(bob.participants(event).await.is_ok());
        assert_eq!(refused(dora.participants(event).await), "not_found");
        assert_eq!(refused(dora.answers(event, Response::Accept).await), "not_found");
        assert_eq!(refused(dora.participants(domain::EventId::new()).await), "not_found");
    }

    fn the_organizer_is_no_participant_and_cannot_answer(world) {
        let [alice, _bob] = world.people(["alice", "bob"]).await;
        let event = alice.creates(Plan::for_a("Standup").public().inviting(&["bob"])).await.unwrap().id;
        assert_eq!(refused(alice.answers(event, Response::Accept).await), "forbidden");
        assert_eq!(refused(alice.attends(event).await), "forbidden");
        let seen = alice.participants(event).await.unwrap();
        assert_eq!(seen.counts, Counts { pending: 1, ..Counts::default() });
    }

    fn an_invitation_can_be_answered_the_moment_it_is_issued(world) {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        // Not waited for: if invitations has not heard of it yet, it asks events.
        let event = alice.creates(Plan::for_a("Now").inviting(&["bob"])).await.unwrap().id;
        assert_eq!(bob.answers(event, Response::Accept).await.unwrap().status, Status::Going);
        assert_eq!(bob.calendar().await.unwrap(), ["Now (going)"]);
        world.settles().await;
        assert_eq!(bob.participants(event).await.unwrap().counts, Counts { going: 1, ..Counts::default() });
        assert_eq!(bob.inbox().await.unwrap(), [""; 0]);
    }

    fn answering_a_cancelled_event_is_a_conflict_and_it_leaves_the_inbox(world) {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        let event = alice.creates(Plan::for_a("Standup").inviting(&["bob"])).await.unwrap().id;
        alice.cancels(event).await.unwrap();
        world.settles().await;
        assert_eq!(refused(bob.answers(event, Response::Accept).await), "conflict");
        assert_eq!(bob.inbox().await.unwrap(), [""; 0]);
    }

    fn long_lists_of_participants_and_invitations_come_in_pages(world) {
        let alice = world.person("alice").await;
        let names: Vec<String> = (0..25).map(|n| format!("guest-{n:02}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        for name in &names {
            world.person(name).await;
        }
        let event = alice.creates(Plan::for_a("Party").inviting(&names)).await.unwrap().id;
        world.settles().await;
        let mut page = PageRequest { limit: 10_u32.try_into().unwrap(), after: None };
        let mut seen = Vec::new();
        loop {
            let participants = alice.participants_of(event, None, page.clone()).await.unwrap();
            assert_eq!(participants.counts.pending, 25);
            assert!(participants.people.items.len() <= 10);
            seen.extend(participants.people.items.into_iter().map(|person| person.username.to_string()));
            let Some(next) = participants.people.next else { break };
            page.after = Some(next);
        }
        seen.sort();
        assert_eq!(seen, names);
    }
}
