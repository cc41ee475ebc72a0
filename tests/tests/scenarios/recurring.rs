//! Events that come again: their instances, single ones that are otherwise, and what people answer to which of them.

use convene_tests::{Plan, at, from, on, one, scenario};
use domain::events::{Exception, Listing};
use domain::invitations::{Response, Status};
use domain::sharing::Level;
use domain::{EventTime, Instance};

use super::refused;

/// Every Wednesday from 10 March 2027 on, at nine in Berlin.
fn weekly() -> Plan {
    Plan::for_a("Standup").when(at("2027-03-10T09:00", 30, "Europe/Berlin")).again("FREQ=WEEKLY")
}

scenario! {
    fn a_series_is_in_the_calendar_of_everyone_who_comes_week_after_week_and_year_after_year(world) {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        let event = alice.creates(weekly().inviting(&["bob"])).await.unwrap().id;
        let march = ["2027-03-10T09:00", "2027-03-17T09:00", "2027-03-24T09:00", "2027-03-31T09:00"];
        assert_eq!(
            alice.diary("2027-03-01", "2027-04-01").await.unwrap(),
            march.map(|start| format!("{start} Standup (organizing)"))
        );
        assert_eq!(bob.diary("2027-03-01", "2027-04-01").await.unwrap(), [""; 0], "an unanswered invitation is no entry");
        bob.answers(event, Response::Accept).await.unwrap();
        assert_eq!(
            bob.diary("2027-03-01", "2027-04-01").await.unwrap(),
            march.map(|start| format!("{start} Standup (going)"))
        );
        assert_eq!(
            bob.diary("2057-03-20", "2057-03-30").await.unwrap(),
            ["2057-03-21T09:00 Standup (going)", "2057-03-28T09:00 Standup (going)"]
        );
    }

    fn nine_o_clock_stays_nine_o_clock_for_someone_in_another_zone_too(world) {
        let alice = world.person("alice").await;
        alice.creates(weekly()).await.unwrap();
        let window = convene_tests::window(Some("2027-03-24"), Some("2027-03-31"), "America/New_York");
        let page = alice.calendar_page(None, window, domain::PageRequest::default()).await.unwrap();
        let instants: Vec<i64> = page.items.iter().map(|entry| match entry {
            domain::calendar::Entry::Event { time, .. } => time.extent().start,
            domain::calendar::Entry::Busy { start, .. } => *start,
        }).collect();
        // Between the two, clocks in Berlin go forward.
        assert_eq!(instants.len(), 2);
        assert_eq!(instants[1] - instants[0], 7 * 86_400 - 3_600);
    }

    fn one_instance_is_moved_and_renamed_and_another_called_off_and_the_others_stay(world) {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        let event = alice.creates(weekly().inviting(&["bob"])).await.unwrap().id;
        bob.answers(event, Response::Accept).await.unwrap();
        let moved = alice.edits_of(event, one("2027-03-17T09:00"), |edit| {
            edit.time = Some(at("2027-03-18T15:00", 60, "Europe/Berlin"));
            edit.title = Some("Long standup".parse().unwrap());
            edit.description = Some("Bring cake".parse().unwrap());
        }).await.unwrap();
        assert_eq!(moved.occurrence, Some(at("2027-03-18T15:00", 60, "Europe/Berlin")));
        assert_eq!((moved.title.as_str(), moved.description.as_str()), ("Long standup", "Bring cake"));
        assert!(alice.cancels_of(event, one("2027-03-24T09:00")).await.unwrap().cancelled);
        world.settles().await;
        assert_eq!(bob.diary("2027-03-10", "2027-04-01").await.unwrap(), [
            "2027-03-10T09:00 Standup (going)",
            "2027-03-18T15:00 Long standup (going)",
            "2027-03-31T09:00 Standup (going)",
        ]);
        // The others know nothing of it, and the moved one is still called by the start that the rule gave it.
        let whole = bob.looks_at(event).await.unwrap();
        assert_eq!((whole.title.as_str(), whole.cancelled, whole.description.as_str()), ("Standup", false, ""));
        let again = alice.edits_of(event, one("2027-03-17T09:00"), |edit| edit.location = Some("Hall".parse().unwrap()));
        assert_eq!(again.await.unwrap().title.as_str(), "Long standup");
        assert_eq!(refused(alice.edits_of(event, one("2027-03-24T09:00"), |_| ()).await), "conflict");
        // As the rule has it again.
        let as_ever = alice.edits_of(event, one("2027-03-17T09:00"), |edit| {
            edit.time = Some(at("2027-03-17T09:00", 30, "Europe/Berlin"));
            edit.title = Some("Standup".parse().unwrap());
            edit.description = Some("".parse().unwrap());
            edit.location = Some("".parse().unwrap());
        });
        assert_eq!(as_ever.await.unwrap().occurrence, Some(at("2027-03-17T09:00", 30, "Europe/Berlin")));
        assert_eq!(alice.exceptions_of(event).await.unwrap().len(), 1);
    }

    fn an_instance_that_is_none_is_refused_with_its_name(world) {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        let event = alice.creates(weekly().inviting(&["bob"])).await.unwrap().id;
        let single = alice.creates(Plan::for_a("Party").inviting(&["bob"])).await.unwrap().id;
        world.settles().await;
        for (event, instance) in [(event, one("2027-03-18T09:00")), (single, one("2027-03-10T09:00"))] {
            let errors = [
                alice.edits_of(event, instance, |edit| edit.title = Some("X".parse().unwrap())).await.unwrap_err(),
                alice.cancels_of(event, instance).await.unwrap_err(),
                alice.looks_at_one(event, instance).await.unwrap_err(),
                bob.answers_to(event, instance, Response::Accept).await.unwrap_err(),
            ];
            for error in errors {
                assert_eq!((error.code(), error.field()), ("invalid_input", Some("instance")), "{error}");
            }
        }
        let of_all = alice.edits_of(event, one("2027-03-10T09:00"), |edit| edit.public = Some(true)).await.unwrap_err();
        assert_eq!(of_all.field(), Some("instance"));
        let days = alice.edits_of(event, one("2027-03-10T09:00"), |edit| edit.time = Some(on("2027-03-10", "2027-03-11")));
        assert_eq!(days.await.unwrap_err().field(), Some("start"));
    }

    fn people_answer_to_all_to_one_and_to_one_and_all_that_follow(world) {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        let event = alice.creates(weekly().inviting(&["bob"])).await.unwrap().id;
        bob.answers(event, Response::Accept).await.unwrap();
        let answer = bob.answers_to(event, one("2027-03-17T09:00"), Response::Decline).await.unwrap();
        assert_eq!((answer.status, answer.instance), (Status::Declined, one("2027-03-17T09:00")));
        bob.answers_to(event, from("2027-03-31T09:00"), Response::Maybe).await.unwrap();
        assert_eq!(bob.diary("2027-03-10", "2027-04-08").await.unwrap(), [
            "2027-03-10T09:00 Standup (going)",
            "2027-03-24T09:00 Standup (going)",
            "2027-03-31T09:00 Standup (maybe)",
            "2027-04-07T09:00 Standup (maybe)",
        ]);
        // The counts are of those who answered to all of it.
        assert_eq!(alice.participants(event).await.unwrap().counts.going, 1);
        // A later answer to all of it takes the place of those to its parts.
        bob.answers(event, Response::Decline).await.unwrap();
        assert_eq!(bob.diary("2027-03-10", "2027-04-08").await.unwrap(), [""; 0]);
        bob.answers_to(event, one("2027-04-07T09:00"), Response::Accept).await.unwrap();
        assert_eq!(bob.diary("2027-03-10", "2027-04-30").await.unwrap(), ["2027-04-07T09:00 Standup (going)"]);
    }

    fn someone_joins_a_single_instance_of_a_public_event(world) {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        let event = alice.creates(weekly().public()).await.unwrap().id;
        bob.attends_one(event, one("2027-03-17T09:00")).await.unwrap();
        assert_eq!(bob.diary("2027-03-10", "2027-04-08").await.unwrap(), ["2027-03-17T09:00 Standup (going)"]);
        assert_eq!(bob.lists(Listing::Public, None).await.unwrap(), ["Standup"]);
    }

    fn an_instance_and_all_that_follow_become_an_event_of_their_own_with_the_same_people(world) {
        let [alice, bob, carol] = world.people(["alice", "bob", "carol"]).await;
        let event = alice.creates(weekly().inviting(&["bob", "carol"])).await.unwrap().id;
        bob.answers(event, Response::Accept).await.unwrap();
        bob.answers_to(event, one("2027-03-31T09:00"), Response::Decline).await.unwrap();
        alice.cancels_of(event, one("2027-04-07T09:00")).await.unwrap();
        let rest = alice.edits_of(event, from("2027-03-24T09:00"), |edit| edit.location = Some("Hall".parse().unwrap()));
        let rest = rest.await.unwrap();
        assert_ne!(rest.id, event);
        assert_eq!(rest.series.first, at("2027-03-24T09:00", 30, "Europe/Berlin"));
        world.settles().await;
        assert_eq!(bob.diary("2027-03-10", "2027-04-15").await.unwrap(), [
            "2027-03-10T09:00 Standup (going)",
            "2027-03-17T09:00 Standup (going)",
            "2027-03-24T09:00 Standup (going)",
            "2027-04-14T09:00 Standup (going)",
        ]);
        let counts = alice.participants(rest.id).await.unwrap().counts;
        assert_eq!((counts.going, counts.pending), (1, 1), "who had answered need not do so again, and who had not is asked");
        assert_eq!(alice.exceptions_of(rest.id).await.unwrap(), [(one("2027-04-07T09:00"), Exception::Removed)]);
        assert_eq!(alice.exceptions_of(event).await.unwrap(), []);
        world.settles().await;
        carol.answers(rest.id, Response::Accept).await.unwrap();
        assert_eq!(carol.diary("2027-03-10", "2027-04-01").await.unwrap(), [
            "2027-03-24T09:00 Standup (going)", "2027-03-31T09:00 Standup (going)",
        ]);
    }

    fn a_series_is_ended_by_calling_an_instance_and_all_that_follow_off(world) {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        let event = alice.creates(weekly().inviting(&["bob"])).await.unwrap().id;
        bob.answers(event, Response::Accept).await.unwrap();
        assert!(!alice.cancels_of(event, from("2027-03-24T09:00")).await.unwrap().cancelled);
        world.settles().await;
        assert_eq!(bob.calendar().await.unwrap(), ["Standup (going)", "Standup (going)"]);
        // From the first on: all of it.
        assert!(alice.cancels_of(event, from("2027-03-10T09:00")).await.unwrap().cancelled);
        world.settles().await;
        assert_eq!(bob.calendar().await.unwrap(), [""; 0]);
    }

    fn the_rules_of_a_series_change_and_exceptions_that_make_no_sense_any_more_go(world) {
        let alice = world.person("alice").await;
        let event = alice.creates(weekly()).await.unwrap().id;
        alice.cancels_of(event, one("2027-03-17T09:00")).await.unwrap();
        alice.cancels_of(event, one("2027-03-24T09:00")).await.unwrap();
        alice.edits(event, |edit| edit.rules = Some(domain::time::Rules::parse("FREQ=WEEKLY;INTERVAL=2").unwrap())).await.unwrap();
        assert_eq!(alice.exceptions_of(event).await.unwrap(), [(one("2027-03-24T09:00"), Exception::Removed)]);
        world.settles().await;
        assert_eq!(alice.diary("2027-03-01", "2027-04-10").await.unwrap(), [
            "2027-03-10T09:00 Standup (organizing)", "2027-04-07T09:00 Standup (organizing)",
        ]);
        let once = alice.edits(event, |edit| edit.rules = Some(domain::time::Rules::default())).await.unwrap();
        assert!(!once.series.recurs());
        world.settles().await;
        assert_eq!(alice.diary("2027-03-01", "2027-04-10").await.unwrap(), ["2027-03-10T09:00 Standup (organizing)"]);
    }

    fn a_shared_calendar_shows_what_recurs_or_only_that_the_time_is_taken(world) {
        let [alice, bob, carol] = world.people(["alice", "bob", "carol"]).await;
        alice.creates(weekly()).await.unwrap();
        alice.creates(Plan::for_a("Review").when(at("2027-03-17T09:30", 30, "Europe/Berlin")).again("FREQ=MONTHLY")).await.unwrap();
        alice.shares_with(&bob, Level::Details).await.unwrap();
        alice.shares_with(&carol, Level::Busy).await.unwrap();
        world.settles().await;
        assert_eq!(bob.diary_of(Some(&alice), "2027-03-15", "2027-03-25").await.unwrap(), [
            "2027-03-17T09:00 Standup (organizing)",
            "2027-03-17T09:30 Review (organizing)",
            "2027-03-24T09:00 Standup (organizing)",
        ]);
        assert_eq!(carol.diary_of(Some(&alice), "2027-03-15", "2027-03-25").await.unwrap(), [
            "busy 2027-03-17T08:00:00Z/2027-03-17T09:00:00Z", "busy 2027-03-24T08:00:00Z/2027-03-24T08:30:00Z",
        ]);
    }

    fn a_list_of_events_names_a_series_once_and_only_where_it_has_an_instance(world) {
        let alice = world.person("alice").await;
        alice.creates(Plan::for_a("Birthday").when(on("2020-05-02", "2020-05-03")).again("FREQ=YEARLY")).await.unwrap();
        alice.creates(weekly()).await.unwrap();
        let listed = async |from, to| {
            let page = alice.lists_in(Listing::Mine, None, convene_tests::days(from, to), domain::PageRequest::default());
            page.await.unwrap().items.into_iter().map(|event| event.title.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(listed("2027-05-01", "2027-05-31").await, ["Birthday", "Standup"]);
        assert_eq!(listed("2027-06-01", "2027-06-30").await, ["Standup"]);
        assert_eq!(listed("2027-06-03", "2027-06-08").await, [""; 0]);
    }

    fn floating_times_are_the_same_on_every_wall(world) {
        let alice = world.person("alice").await;
        let start: jiff::civil::DateTime = "2027-03-10T07:00".parse().unwrap();
        let alarm = EventTime::floating(start, "2027-03-10T07:15".parse().unwrap()).unwrap();
        let event = alice.creates(Plan::for_a("Get up").when(alarm.clone()).again("FREQ=DAILY;COUNT=2")).await.unwrap();
        assert_eq!(event.series.first, alarm);
        for zone in ["Asia/Tokyo", "America/New_York"] {
            let window = convene_tests::window(Some("2027-03-10"), Some("2027-03-10"), zone);
            let page = alice.calendar_page(None, window, domain::PageRequest::default()).await.unwrap();
            let found: Vec<_> = page.items.iter().map(|entry| match entry {
                domain::calendar::Entry::Event { time, instance, .. } => (time.clone(), *instance),
                domain::calendar::Entry::Busy { .. } => panic!("it is alice's own"),
            }).collect();
            assert_eq!(found, [(alarm.clone(), one("2027-03-10T07:00"))], "{zone}");
        }
        assert!(matches!(one("2027-03-10T07:00"), Instance::On(_)));
    }
}
