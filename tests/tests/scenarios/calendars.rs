//! What is in a calendar, and what never is.

use convene_tests::{Plan, at, days, on, scenario, window};
use domain::PageRequest;
use domain::calendar::Entry;
use domain::invitations::Response;

fn titles(entries: Vec<Entry>) -> Vec<String> {
    entries
        .into_iter()
        .map(|entry| match entry {
            Entry::Event { title, .. } => title.to_string(),
            Entry::Busy { .. } => "busy".to_owned(),
        })
        .collect()
}

scenario! {
    fn a_calendar_is_there_from_registration_on(world) {
        let alice = world.person("alice").await;
        let page = alice.calendar_page(None, days("2027-03-01", "2027-03-31"), PageRequest::default()).await.unwrap();
        assert_eq!(page.owner, alice.username());
        assert!(page.items.is_empty() && page.next.is_none());
        assert!(alice.was_behind_with().is_empty());
    }

    fn it_holds_what_one_organizes_attends_or_may_attend_and_never_an_unanswered_invitation(world) {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        let event = alice.creates(Plan::for_a("Standup").inviting(&["bob"])).await.unwrap().id;
        assert_eq!(alice.calendar().await.unwrap(), ["Standup (organizing)"]);
        world.settles().await;
        assert_eq!(bob.calendar().await.unwrap(), [""; 0], "not answered yet");
        for (response, shown) in [
            (Response::Accept, &["Standup (going)"][..]),
            (Response::Maybe, &["Standup (maybe)"]),
            (Response::Decline, &[]),
            (Response::Accept, &["Standup (going)"]),
        ] {
            bob.answers(event, response).await.unwrap();
            assert_eq!(bob.calendar().await.unwrap(), shown, "seen in the next breath");
        }
        alice.cancels(event).await.unwrap();
        assert_eq!(alice.calendar().await.unwrap(), [""; 0]);
        world.settles().await;
        assert_eq!(bob.calendar().await.unwrap(), [""; 0]);
    }

    fn an_edit_shows_in_everyones_calendar(world) {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        let event = alice.creates(Plan::for_a("Standup").inviting(&["bob"])).await.unwrap().id;
        bob.answers(event, Response::Accept).await.unwrap();
        alice.edits(event, |edit| edit.title = Some("Stand-up".parse().unwrap())).await.unwrap();
        assert_eq!(alice.calendar().await.unwrap(), ["Stand-up (organizing)"]);
        world.settles().await;
        assert_eq!(bob.calendar().await.unwrap(), ["Stand-up (going)"]);
        alice.edits(event, |edit| edit.time = Some(at("2027-05-10T09:00", 60, "UTC"))).await.unwrap();
        world.settles().await;
        assert_eq!(bob.calendar().await.unwrap(), [""; 0]);
        let may = bob.calendar_page(None, days("2027-05-01", "2027-05-31"), PageRequest::default()).await.unwrap();
        assert_eq!(titles(may.items), ["Stand-up"]);
    }

    fn an_event_of_three_days_is_found_on_its_second(world) {
        let alice = world.person("alice").await;
        alice.creates(Plan::for_a("Fair").when(on("2027-03-10", "2027-03-13"))).await.unwrap();
        alice.creates(Plan::for_a("Sprint").when(at("2027-03-10T09:00", 3 * 24 * 60, "UTC"))).await.unwrap();
        let page = alice.calendar_page(None, days("2027-03-11", "2027-03-11"), PageRequest::default()).await.unwrap();
        assert_eq!(titles(page.items), ["Fair", "Sprint"]);
        let page = alice.calendar_page(None, days("2027-03-14", "2027-03-14"), PageRequest::default()).await.unwrap();
        assert!(page.items.is_empty());
    }

    fn a_day_is_the_readers_day_and_an_all_day_event_is_on_its_date_everywhere(world) {
        let alice = world.person("alice").await;
        // 20:00 in New York is the next day in Berlin.
        alice.creates(Plan::for_a("Concert").when(at("2027-03-10T20:00", 60, "America/New_York"))).await.unwrap();
        alice.creates(Plan::for_a("Birthday").when(on("2027-03-10", "2027-03-11"))).await.unwrap();
        let mut seen = Vec::new();
        for (day, zone) in [("2027-03-10", "America/New_York"), ("2027-03-10", "Europe/Berlin"), ("2027-03-11", "Europe/Berlin")] {
            let days = window(Some(day), Some(day), zone);
            seen.push(titles(alice.calendar_page(None, days, PageRequest::default()).await.unwrap().items));
        }
        assert_eq!(seen, [vec!["Birthday", "Concert"], vec!["Birthday"], vec!["Concert"]]);
    }

    fn a_full_calendar_comes_in_pages_in_order(world) {
        let alice = world.person("alice").await;
        let mut expected = Vec::new();
        for day in 1..=28 {
            let plan = if day % 3 == 0 {
                Plan::for_a(&format!("Day {day:02}")).when(on(&format!("2027-02-{day:02}"), "2027-03-01"))
            } else {
                Plan::for_a(&format!("Day {day:02}")).at(&format!("2027-02-{day:02}T10:00"))
            };
            alice.creates(plan).await.unwrap();
            expected.push(format!("Day {day:02}"));
        }
        let mut page = PageRequest { limit: 5_u32.try_into().unwrap(), after: None };
        let mut seen = Vec::new();
        loop {
            let entries = alice.calendar_page(None, days("2027-02-01", "2027-02-28"), page.clone()).await.unwrap();
            assert!(entries.items.len() <= 5);
            seen.extend(titles(entries.items));
            let Some(next) = entries.next else { break };
            page.after = Some(next);
        }
        assert_eq!(seen, expected);
    }
}
