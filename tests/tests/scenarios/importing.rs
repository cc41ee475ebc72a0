//! Calendars of other programs, in and out.

use std::fmt::Write as _;
use std::time::Duration;

use client::headless::Headless;
use convene_tests::{Mode, Person, Shell, World, imported, scenario};
use domain::events::{ImportEvent, Imported, ReadOriginal};
use domain::{Service, Timestamp, Zone};

/// A weekly meeting, with instances that were moved and called off, and a call in a zone that only the file defines.
const TEAM: &str = include_str!("../../../crates/icalendar/tests/calendars/outlook.ics");

/// Imports all events of a calendar; what became of each.
async fn imports(person: &Person, calendar: &str) -> Vec<Imported> {
    let reading = icalendar::read(calendar.as_bytes(), &Zone::utc()).unwrap();
    assert_eq!(reading.skipped, []);
    let mut outcomes = Vec::new();
    for event in reading.events {
        outcomes.push(import(person, event.into_import(false).unwrap()).await);
    }
    outcomes
}

async fn import(person: &Person, wanted: ImportEvent) -> Imported {
    person.heard(person.clients().events.import(&person.commanding(), wanted).await.unwrap())
}

/// The events that were imported, as a calendar.
async fn exports(person: &Person, outcomes: &[Imported]) -> String {
    let mut events = Vec::new();
    for outcome in outcomes {
        let (Imported::New(id) | Imported::Updated(id) | Imported::Unchanged(id)) = *outcome else {
            panic!("{outcome:?}")
        };
        let exceptions =
            person.exceptions_of(id).await.unwrap().into_iter().map(|(instance, exception)| match instance {
                domain::Instance::On(start) => (start, exception),
                other => panic!("{other:?}"),
            });
        let event = person.looks_at(id).await.unwrap();
        let asked = person.clients().events.original(&person.asking(), ReadOriginal { event: id }).await.unwrap();
        events.push(icalendar::Event::kept(event, exceptions.collect(), person.heard(asked)));
    }
    String::from_utf8(icalendar::write(&events, Timestamp::from_micros(1_800_000_000_000_000))).unwrap()
}

const MARCH: [&str; 5] = [
    "2027-03-08T09:00 Team meeting (organizing)",
    "2027-03-10T09:00 Call with New York (organizing)",
    "2027-03-16T14:30 Team meeting, moved (organizing)",
    "2027-03-22T09:00 Team meeting (organizing)",
    "2027-04-12T09:00 Team meeting (organizing)",
];

scenario! {
    fn what_is_imported_is_in_ones_calendar_and_what_is_exported_is_the_same_for_another(world) {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        let outcomes = imports(&alice, TEAM).await;
        assert!(matches!(outcomes[..], [Imported::New(_), Imported::New(_)]), "{outcomes:?}");
        assert_eq!(alice.diary("2027-03-01", "2027-04-13").await.unwrap(), MARCH);
        let exported = exports(&alice, &outcomes).await;
        for kept in ["X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE", "CATEGORIES:Team,Weekly", "TRIGGER:-PT15M", "SEQUENCE:3"] {
            assert!(exported.contains(&format!("\r\n{kept}\r\n")), "{kept} in {exported}");
        }
        imports(&bob, &exported).await;
        assert_eq!(bob.diary("2027-03-01", "2027-04-13").await.unwrap(), MARCH);
    }

    fn a_calendar_imported_again_makes_nothing_twice_and_a_newer_one_is_followed(world) {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        let first = imports(&alice, TEAM).await;
        imports(&bob, &exports(&alice, &first).await).await;
        let again = imports(&alice, TEAM).await;
        assert!(matches!(again[..], [Imported::Unchanged(_), Imported::Unchanged(_)]), "{again:?}");
        let Imported::New(meeting) = first[0] else { panic!("{first:?}") };
        alice.edits(meeting, |edit| edit.title = Some("Crew meeting".parse().unwrap())).await.unwrap();
        let exported = exports(&alice, &again).await;
        assert!(exported.contains("\r\nSEQUENCE:6\r\n"), "{exported}");
        let followed = imports(&bob, &exported).await;
        assert!(matches!(followed[..], [Imported::Updated(_), Imported::Unchanged(_)]), "{followed:?}");
        let renamed = MARCH.map(|line| line.replace("Team meeting (", "Crew meeting ("));
        assert_eq!(bob.diary("2027-03-01", "2027-04-13").await.unwrap(), renamed);
    }

    fn the_same_import_sent_again_does_its_work_once(world) {
        let alice = world.person("alice").await;
        let command = alice.commanding();
        let first = alice.clients().events.import(&command, imported("a@b", "Party")).await.unwrap().value;
        let again = alice.clients().events.import(&command, imported("a@b", "Party")).await.unwrap().value;
        assert_eq!(first, again);
        assert!(matches!(first, Imported::New(_)));
    }

    fn a_text_as_long_as_any_comes_back_whole(world) {
        let alice = world.person("alice").await;
        let original: domain::Original = "X-ÄÖÜ:🎉\r\n".repeat(8_000).parse().unwrap();
        let wanted = ImportEvent { original: original.clone(), ..imported("a@b", "Party") };
        let Imported::New(event) = import(&alice, wanted).await else { panic!("it is new") };
        let asked = alice.clients().events.original(&alice.asking(), ReadOriginal { event }).await.unwrap();
        assert_eq!(alice.heard(asked).unwrap().original, original);
    }
}

/// How long something on a screen is waited for; nothing waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(60);

/// So many events, an hour each, from tomorrow on one a day; and a task, in the last line but three.
fn many(events: i64) -> String {
    let mut file = "BEGIN:VCALENDAR\r\n".to_owned();
    for day in 1..=events {
        let start = jiff::Timestamp::now().checked_add(jiff::SignedDuration::from_hours(24 * day)).unwrap();
        let start = start.strftime("%Y%m%dT090000Z");
        write!(
            file,
            "BEGIN:VEVENT\r\nUID:{day}@a\r\nDTSTART:{start}\r\nDURATION:PT1H\r\nSUMMARY:Day {day}\r\nEND:VEVENT\r\n"
        )
        .unwrap();
    }
    file.push_str("BEGIN:VTODO\r\nUID:t\r\nEND:VTODO\r\nEND:VCALENDAR\r\n");
    file
}

/// Alice at the client, registered.
async fn alice_at_the_client(world: &World) -> Headless {
    let mut client = Headless::new(world.clients(), (120, 40));
    client.command("register");
    client.types("alice");
    client.tab();
    client.types("correct horse battery");
    client.save();
    sees(&mut client, "my calendar").await;
    client
}

async fn sees(client: &mut Headless, text: &str) {
    client.until(PATIENCE, text, |screen| screen.contains(text)).await.unwrap();
}

fn asks_to_import(client: &mut Headless, file: &std::path::Path) {
    client.command("import calendar");
    client.types(file.to_str().unwrap());
    client.save();
}

scenario! {
    fn a_file_imported_from_the_client_is_in_the_calendar_and_imported_again_makes_nothing_twice(world) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("days.ics");
        std::fs::write(&file, many(60)).unwrap();
        let mut client = alice_at_the_client(&world).await;
        asks_to_import(&mut client, &file);
        sees(&mut client, "Done: 60 imported, 0 updated, 0 unchanged, 1 skipped").await;
        sees(&mut client, "line 362: it is a task (VTODO), not an event").await;
        client.command("agenda");
        sees(&mut client, "Day 5").await;
        std::fs::write(&file, many(61).replace("SUMMARY:Day 2\r\n", "SEQUENCE:1\r\nSUMMARY:Day two\r\n")).unwrap();
        asks_to_import(&mut client, &file);
        sees(&mut client, "Done: 1 imported, 1 updated, 59 unchanged, 1 skipped").await;
        client.command("agenda");
        sees(&mut client, "Day two").await;
    }

    fn an_import_from_the_client_waits_while_events_is_away_and_goes_on_by_itself(world) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("days.ics");
        std::fs::write(&file, many(20)).unwrap();
        let mut client = alice_at_the_client(&world).await;
        world.stops(Service::Events).await;
        asks_to_import(&mut client, &file);
        sees(&mut client, "events is unavailable: ").await;
        sees(&mut client, "so far: 0 imported").await;
        // Everything else can be used meanwhile.
        client.command("people");
        sees(&mut client, "See my calendar").await;
        sees(&mut client, " %; it waits: events is unavailable: ").await;
        world.starts(Service::Events).await;
        sees(&mut client, "days.ics: 20 imported, 0 updated, 0 unchanged, 1 skipped").await;
        client.command("agenda");
        sees(&mut client, "Day 5").await;
    }

    fn what_is_no_calendar_file_is_told_by_its_path_in_the_client_and_nothing_is_imported(world) {
        let folder = tempfile::tempdir().unwrap();
        let mut client = alice_at_the_client(&world).await;
        client.command("import calendar");
        let page = folder.path().join("page.ics");
        std::fs::write(&page, "<html>").unwrap();
        for (file, said) in [
            (folder.path().join("gone.ics"), "is not there"),
            (folder.path().to_owned(), "is a folder"),
            (page, "this is no iCalendar file"),
        ] {
            client.clear_line();
            client.types(file.to_str().unwrap());
            client.save();
            // Where a line is broken depends on how long the path is.
            let told = |screen: &str| screen.replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ").contains(said);
            client.until(PATIENCE, said, told).await.unwrap();
        }
    }
}

async fn at_a_shell(world: World) {
    let shell = Shell::at(world.base_port(), world.data());
    for name in ["alice", "bob"] {
        let words = ["register", name, "--password-stdin"];
        assert_eq!(shell.gives(name, &words, "correct horse battery\n").await.code, 0);
    }
    let counts = |document: &serde_json::Value| {
        ["imported", "updated", "unchanged"].map(|count| document[count].as_u64().unwrap())
    };
    let broken = TEAM.replace("END:VCALENDAR", "BEGIN:VTODO\r\nUID:t\r\nEND:VTODO\r\nEND:VCALENDAR");
    for (words, expected) in
        [(&["import", "-", "--dry-run"][..], [2, 0, 0]), (&["import", "-"], [2, 0, 0]), (&["import", "-"], [0, 0, 2])]
    {
        let document = shell.gives("alice", words, &broken).await.document();
        assert_eq!(counts(&document), expected, "{document}");
        assert_eq!(document["skipped"][0]["uid"], "t");
        assert!(document["skipped"][0]["line"].as_u64() > Some(70));
    }
    let items = shell.gives("alice", &["calendar", "--from", "2027-03-16", "--to", "2027-03-16"], "").await.document();
    assert_eq!(items["items"][0]["title"], "Team meeting, moved");
    let exported = shell.gives("alice", &["export"], "").await;
    assert_eq!((exported.code, exported.out.matches("BEGIN:VEVENT").count()), (0, 3));
    let of_march = shell.gives("alice", &["export", "--from", "2027-12-01"], "").await;
    assert_eq!(of_march.out.matches("BEGIN:VEVENT").count(), 1, "{}", of_march.out);
    assert_eq!(counts(&shell.gives("bob", &["import", "-"], &exported.out).await.document()), [2, 0, 0]);
    let event = items["items"][0]["event"].as_str().unwrap();
    let one = shell.gives("alice", &["export", "--event", event], "").await;
    assert_eq!(one.out.matches("BEGIN:VEVENT").count(), 2);
    assert_eq!(shell.gives("bob", &["export", "--event", event], "").await.code, 5);
    assert_eq!(shell.gives("bob", &["export", "--of", "alice"], "").await.code, 4);
    assert_eq!(shell.gives("alice", &["share", "bob", "--busy-only"], "").await.code, 0);
    let busy = shell.gives("bob", &["export", "--of", "alice", "--from", "2027-03-16", "--to", "2027-03-16"], "").await;
    assert!(busy.out.contains("SUMMARY:Busy\r\n") && busy.out.contains("DTSTART:20270316T133000Z"), "{}", busy.out);
    // What one joined unasked is one's own too, and what one only could join is not.
    for title in ["Concert", "Lecture"] {
        let words = ["event", "create", "--title", title, "--public", "--start", "2027-03-20T20:00"];
        let made = shell.gives("alice", &words, "").await.document();
        if title == "Concert" {
            assert_eq!(shell.gives("bob", &["attend", made["id"].as_str().unwrap()], "").await.code, 0);
        }
    }
    let joined = shell.gives("bob", &["export", "--from", "2027-03-20", "--to", "2027-03-20"], "").await;
    assert!(joined.out.contains("SUMMARY:Concert\r\n") && !joined.out.contains("Lecture"), "{}", joined.out);
    let nothing = shell.gives("alice", &["import", "-"], "<html>").await;
    assert_eq!(
        (nothing.code, nothing.error("code"), nothing.error("field")),
        (2, "invalid_input".into(), "file".into())
    );
    assert_eq!(shell.gives("alice", &["import", "/nowhere/at-all.ics"], "").await.code, 1);
    world.ends_whole().await;
}

#[test]
fn at_a_shell_a_calendar_goes_in_and_out() {
    World::run(Mode::Spawned, None, at_a_shell);
}
