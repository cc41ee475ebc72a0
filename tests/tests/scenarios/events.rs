//! Making events, inviting, changing and calling off; and who may see what.

use convene_tests::{Plan, at, scenario};
use domain::Error;
use domain::events::{Listing, Person};

use super::refused;

scenario! {
    fn an_event_is_seen_by_its_organizer_and_those_invited_and_by_nobody_else(world) {
        let [alice, bob, dora] = world.people(["alice", "bob", "dora"]).await;
        let made = alice.creates(Plan::for_a("Standup").in_the("Room 1").about("Daily").inviting(&["bob"])).await.unwrap();
        assert_eq!(made.organizer, Person::Named(alice.username()));
        assert_eq!(made.version, 1);
        assert_eq!(alice.looks_at(made.id).await.unwrap(), made);
        assert_eq!(bob.looks_at(made.id).await.unwrap(), made);
        let hidden = dora.looks_at(made.id).await.unwrap_err();
        let unknown = dora.looks_at(domain::EventId::new()).await.unwrap_err();
        assert_eq!(hidden.code(), "not_found");
        assert_eq!((hidden.code(), hidden.field()), (unknown.code(), unknown.field()), "a stranger learns nothing");
    }

    fn only_the_organizer_changes_an_event_and_strangers_are_told_it_does_not_exist(world) {
        let [alice, bob, dora] = world.people(["alice", "bob", "dora"]).await;
        let event = alice.creates(Plan::for_a("Standup").inviting(&["bob"])).await.unwrap().id;
        for (person, code) in [(&bob, "forbidden"), (&dora, "not_found")] {
            assert_eq!(refused(person.edits(event, |edit| edit.title = Some("Mine".parse().unwrap())).await), code);
            assert_eq!(refused(person.cancels(event).await), code);
            assert_eq!(refused(person.invites(event, &["dora"]).await), code);
            assert_eq!(refused(person.uninvites(event, &["bob"]).await), code);
        }
    }

    fn a_change_meant_for_an_older_version_is_refused_with_the_current_one(world) {
        let alice = world.person("alice").await;
        let event = alice.creates(Plan::for_a("Standup")).await.unwrap();
        let edited = alice.edits(event.id, |edit| {
            edit.if_version = Some(1);
            edit.title = Some("Stand-up".parse().unwrap());
        }).await.unwrap();
        assert_eq!((edited.version, edited.title.as_str()), (2, "Stand-up"));
        let error = alice.edits(event.id, |edit| {
            edit.if_version = Some(1);
            edit.title = Some("Late".parse().unwrap());
        }).await.unwrap_err();
        assert!(matches!(error, Error::Conflict { current_version: Some(2), .. }), "{error:?}");
        assert_eq!(alice.looks_at(event.id).await.unwrap().title.as_str(), "Stand-up");
    }

    fn a_cancelled_event_leaves_lists_and_still_tells_those_concerned(world) {
        let [alice, bob, dora] = world.people(["alice", "bob", "dora"]).await;
        let event = alice.creates(Plan::for_a("Concert").public().inviting(&["bob"])).await.unwrap().id;
        assert!(!alice.looks_at(event).await.unwrap().cancelled);
        assert!(alice.cancels(event).await.unwrap().cancelled);
        assert!(alice.cancels(event).await.unwrap().cancelled, "again succeeds");
        assert!(bob.looks_at(event).await.unwrap().cancelled);
        assert_eq!(refused(dora.looks_at(event).await), "not_found");
        assert_eq!(alice.lists(Listing::Mine, None).await.unwrap(), [""; 0]);
        assert_eq!(dora.lists(Listing::Public, None).await.unwrap(), [""; 0]);
        assert_eq!(refused(alice.edits(event, |edit| edit.title = Some("Again".parse().unwrap())).await), "conflict");
        assert_eq!(refused(alice.invites(event, &["dora"]).await), "conflict");
    }

    fn inviting_someone_unknown_saves_nothing(world) {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        let error = alice.creates(Plan::for_a("Party").inviting(&["bob", "nobody"])).await.unwrap_err();
        assert_eq!((error.code(), error.field()), ("not_found", Some("user")));
        assert_eq!(alice.lists(Listing::Mine, None).await.unwrap(), [""; 0]);
        let event = alice.creates(Plan::for_a("Party")).await.unwrap().id;
        assert_eq!(refused(alice.invites(event, &["bob", "nobody"]).await), "not_found");
        world.settles().await;
        assert_eq!(bob.inbox().await.unwrap(), [""; 0]);
    }

    fn inviting_oneself_or_someone_twice_is_invalid(world) {
        let [alice, _bob] = world.people(["alice", "bob"]).await;
        for names in [&["alice"][..], &["bob", "bob"]] {
            let error = alice.creates(Plan::for_a("Party").inviting(names)).await.unwrap_err();
            assert_eq!((error.code(), error.field()), ("invalid_input", Some("invite")));
        }
    }

    fn the_uninvited_no_longer_see_a_private_event(world) {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        let event = alice.creates(Plan::for_a("Party").inviting(&["bob"])).await.unwrap().id;
        world.settles().await;
        assert_eq!(bob.inbox().await.unwrap(), ["Party"]);
        alice.uninvites(event, &["bob"]).await.unwrap();
        assert!(alice.had_settled());
        assert_eq!(refused(bob.looks_at(event).await), "not_found");
        assert_eq!(bob.inbox().await.unwrap(), [""; 0]);
        assert_eq!(refused(bob.participants(event).await), "not_found");
    }

    fn my_events_are_those_i_organize_or_am_invited_to_by_start(world) {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        alice.creates(Plan::for_a("Second").at("2027-03-11T09:00").inviting(&["bob"])).await.unwrap();
        alice.creates(Plan::for_a("First").at("2027-03-10T09:00")).await.unwrap();
        bob.creates(Plan::for_a("Third").at("2027-03-12T09:00")).await.unwrap();
        assert_eq!(alice.lists(Listing::Mine, None).await.unwrap(), ["First", "Second"]);
        assert_eq!(bob.lists(Listing::Mine, None).await.unwrap(), ["Second", "Third"]);
        assert_eq!(bob.lists(Listing::Mine, Some("SECO")).await.unwrap(), ["Second"]);
    }

    fn an_event_moved_is_found_at_its_new_time_only(world) {
        let alice = world.person("alice").await;
        let event = alice.creates(Plan::for_a("Dentist").at("2027-03-10T09:00")).await.unwrap().id;
        alice.edits(event, |edit| edit.time = Some(at("2027-04-10T09:00", 60, "UTC"))).await.unwrap();
        assert_eq!(alice.lists(Listing::Mine, None).await.unwrap(), [""; 0]);
        assert_eq!(alice.calendar().await.unwrap(), [""; 0]);
        alice.edits(event, |edit| edit.time = Some(at("2027-03-11T09:00", 60, "UTC"))).await.unwrap();
        assert_eq!(alice.lists(Listing::Mine, None).await.unwrap(), ["Dentist"]);
        assert_eq!(alice.calendar().await.unwrap(), ["Dentist (organizing)"]);
    }
}
