//! Finding public events, joining and leaving them.

use convene_tests::{Plan, days, on, scenario};
use domain::PageRequest;
use domain::events::Listing;
use domain::invitations::{Counts, Status};

use super::refused;

scenario! {
    fn public_events_are_found_by_time_and_text_by_anyone(world) {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        alice.creates(Plan::for_a("Concert").at("2027-03-12T20:00").public().in_the("Town Hall")).await.unwrap();
        alice.creates(Plan::for_a("Open day").when(on("2027-03-11", "2027-03-12")).public().about("Everyone is WELCOME")).await.unwrap();
        alice.creates(Plan::for_a("Secret").at("2027-03-10T20:00")).await.unwrap();
        assert_eq!(bob.lists(Listing::Public, None).await.unwrap(), ["Open day", "Concert"]);
        assert_eq!(bob.lists(Listing::Public, Some("welcome")).await.unwrap(), ["Open day"]);
        assert_eq!(bob.lists(Listing::Public, Some("town")).await.unwrap(), ["Concert"]);
        assert_eq!(bob.lists(Listing::Public, Some("secret")).await.unwrap(), [""; 0]);
        let none = bob.lists_in(Listing::Public, None, days("2027-03-13", "2027-03-31"), PageRequest::default()).await;
        assert!(none.unwrap().items.is_empty());
    }

    fn the_public_list_comes_in_pages_without_gap_or_double(world) {
        let alice = world.person("alice").await;
        for n in 0..23 {
            let plan = Plan::for_a(&format!("Event {n:02}")).at(&format!("2027-03-{:02}T10:00", 1 + n)).public();
            alice.creates(plan).await.unwrap();
        }
        let mut page = PageRequest { limit: 7_u32.try_into().unwrap(), after: None };
        let mut seen = Vec::new();
        loop {
            let events =
                alice.lists_in(Listing::Public, None, days("2027-03-01", "2027-03-31"), page.clone()).await.unwrap();
            assert!(events.items.len() <= 7);
            seen.extend(events.items.into_iter().map(|event| event.title.to_string()));
            let Some(next) = events.next else { break };
            page.after = Some(next);
        }
        assert_eq!(seen, (0..23).map(|n| format!("Event {n:02}")).collect::<Vec<_>>());
    }

    fn anyone_joins_a_public_event_perhaps_and_leaves_again(world) {
        let [alice, bob, carol] = world.people(["alice", "bob", "carol"]).await;
        let event = alice.creates(Plan::for_a("Concert").public()).await.unwrap().id;
        let joined = bob.attends(event).await.unwrap();
        assert_eq!((joined.status, joined.inviter), (Status::Going, None));
        assert_eq!(carol.may_attend(event).await.unwrap().status, Status::Maybe);
        assert_eq!(bob.calendar().await.unwrap(), ["Concert (going)"]);
        assert_eq!(carol.calendar().await.unwrap(), ["Concert (maybe)"]);
        assert_eq!(carol.participants(event).await.unwrap().counts, Counts { going: 1, maybe: 1, ..Counts::default() });
        let other = alice.creates(Plan::for_a("Lecture").public()).await.unwrap().id;
        assert_eq!(bob.has_answered(&[other, event]).await.unwrap(), [(event, Status::Going)]);
        assert_eq!(bob.leaves(event).await.unwrap().status, Status::Declined);
        assert_eq!(bob.has_answered(&[event]).await.unwrap(), [(event, Status::Declined)]);
        assert_eq!(alice.has_answered(&[event, other]).await.unwrap(), []);
        assert_eq!(bob.calendar().await.unwrap(), [""; 0]);
        assert_eq!(bob.inbox().await.unwrap(), [""; 0]);
    }

    fn a_private_event_cannot_be_joined_only_answered(world) {
        let [alice, bob, dora] = world.people(["alice", "bob", "dora"]).await;
        let event = alice.creates(Plan::for_a("Standup").inviting(&["bob"])).await.unwrap().id;
        assert_eq!(refused(bob.attends(event).await), "forbidden");
        assert_eq!(refused(bob.leaves(event).await), "forbidden");
        assert_eq!(refused(dora.attends(event).await), "not_found");
        let public = alice.creates(Plan::for_a("Concert").public()).await.unwrap().id;
        let answer = dora.answers(public, domain::invitations::Response::Accept).await;
        assert_eq!(refused(answer), "forbidden", "seen, but not invited");
    }

    fn those_who_joined_leave_an_event_that_turns_private_and_those_invited_stay(world) {
        let [alice, bob, carol] = world.people(["alice", "bob", "carol"]).await;
        let event = alice.creates(Plan::for_a("Concert").public().inviting(&["carol"])).await.unwrap().id;
        bob.attends(event).await.unwrap();
        carol.attends(event).await.unwrap();
        alice.edits(event, |edit| edit.public = Some(false)).await.unwrap();
        world.settles().await;
        assert_eq!(refused(bob.looks_at(event).await), "not_found");
        assert_eq!(refused(bob.participants(event).await), "not_found");
        assert_eq!(bob.calendar().await.unwrap(), [""; 0]);
        assert_eq!(carol.calendar().await.unwrap(), ["Concert (going)"]);
        assert_eq!(alice.participants(event).await.unwrap().counts, Counts { going: 1, ..Counts::default() });
    }
}
