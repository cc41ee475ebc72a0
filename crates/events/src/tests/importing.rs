//! Events of other calendar programs: one for each of their identities and importer, however often they come.

use chassis::Fault;
use domain::events::{
    Age, CancelEvent, Change, CreateEvent, EditEvent, Events as _, Exception, ImportEvent, Imported, ListExceptions,
    ReadOriginal, ShowEvent, Source,
};
use domain::time::{Rules, civil_seconds};
use domain::{Error, EventId, Instance, PageRequest};
use jiff::civil::date;
use storage::Reader as _;

use crate::store::{IMPORTED, ORIGINALS, SOURCES};

use super::world::{Person, World, code, days, edit_of, plan, run, timed};

fn wanted(title: &str) -> ImportEvent {
    let CreateEvent { title, description, location, time, rules, alarms, .. } = plan(title);
    ImportEvent {
        uid: "standup@example.org".parse().unwrap(),
        age: Age { sequence: 1, modified: None },
        digest: [1; 32],
        title,
        description,
        location,
        time,
        rules,
        exceptions: Vec::new(),
        alarms,
        cancelled: false,
        original: "BEGIN:VEVENT\r\nX-MOOD:good\r\nEND:VEVENT\r\n".repeat(1_000).parse().unwrap(),
        dry_run: false,
    }
}

fn newer(title: &str) -> ImportEvent {
    ImportEvent { age: Age { sequence: 2, modified: None }, digest: [2; 32], ..wanted(title) }
}

impl World {
    async fn import(&self, who: &Person, wanted: ImportEvent) -> Imported {
        self.service.import(&self.command_of(who), wanted).await.unwrap().value
    }

    async fn original(&self, who: &Person, event: EventId) -> Result<Option<Source>, Error> {
        Ok(self.service.original(&self.query_of(who), ReadOriginal { event }).await?.value)
    }

    async fn exceptions_of(&self, who: &Person, event: EventId) -> Vec<(i64, Exception)> {
        let request = ListExceptions { event, page: PageRequest::default() };
        self.service.exceptions(&self.query_of(who), request).await.unwrap().value.items
    }

    /// How many rows are kept of texts that events came from.
    async fn texts_left(&self) -> usize {
        let count = |view: &storage::View<'_>| {
            let pieces = view.scan(&ORIGINALS, &(), None, usize::MAX)?.len();
            let sources = view.scan(&SOURCES, &(), None, usize::MAX)?.len();
            Ok::<_, Fault>(pieces + sources + view.scan(&IMPORTED, &(), None, usize::MAX)?.len())
        };
        self.chassis.db().read(count).await.unwrap()
    }

    /// The one event that someone has, imported.
    async fn imported(&self, who: &Person) -> EventId {
        match self.import(who, wanted("Standup")).await {
            Imported::New(event) => event,
            other => panic!("{other:?}"),
        }
    }
}

fn nine(day: i8) -> i64 {
    civil_seconds(date(2027, 3, day).at(9, 0, 0, 0))
}

#[test]
fn an_event_that_comes_again_is_the_same_event_and_keeps_what_was_changed_here() {
    run(async {
        let world = World::new();
        let alice = world.person("alice").await;
        let event = world.imported(&alice).await;
        world.edit(&alice, EditEvent { location: Some("Here".parse().unwrap()), ..edit_of(event) }).await.unwrap();
        assert_eq!(world.import(&alice, wanted("Standup")).await, Imported::Unchanged(event));
        assert_eq!(world.mine(&alice).await, [event]);
        let shown = world.show(&alice, event).await.unwrap();
        assert_eq!((shown.location.as_str(), shown.public), ("Here", false));
        world.assert_sound().await;
    });
}

#[test]
fn a_newer_version_takes_the_place_of_the_older_and_an_older_one_does_not() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.person("alice").await, world.person("bob").await);
        let event = world.imported(&alice).await;
        world.invite(&alice, event, &[&bob]).await.unwrap();
        assert_eq!(world.import(&alice, newer("Stand-up")).await, Imported::Updated(event));
        let shown = world.show(&bob, event).await.unwrap();
        assert_eq!((shown.title.as_str(), shown.version), ("Stand-up", 2));
        assert_eq!(world.import(&alice, wanted("Standup")).await, Imported::Older(event));
        assert_eq!(world.show(&bob, event).await.unwrap().title.as_str(), "Stand-up");
        world.assert_sound().await;
    });
}

#[test]
fn the_same_identity_is_another_event_for_another_importer() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.person("alice").await, world.person("bob").await);
        let event = world.imported(&alice).await;
        let other = world.imported(&bob).await;
        assert_ne!(event, other);
        assert_eq!(code(world.show(&bob, event).await), "not_found");
    });
}

#[test]
fn the_text_that_an_event_came_from_is_given_back_to_its_organizer_alone() {
    run(async {
        let world = World::new();
        let (alice, bob, carol) = (world.person("alice").await, world.person("bob").await, world.person("carol").await);
        let event = world.imported(&alice).await;
        world.invite(&alice, event, &[&bob]).await.unwrap();
        let source = world.original(&alice, event).await.unwrap().unwrap();
        assert_eq!((source.original, source.uid), (wanted("Standup").original, wanted("Standup").uid));
        assert_eq!(code(world.original(&bob, event).await), "forbidden");
        assert_eq!(code(world.original(&carol, event).await), "not_found");
        let own = world.party(&alice, &[]).await;
        assert_eq!(world.original(&alice, own).await.unwrap(), None);
    });
}

#[test]
fn instances_that_are_removed_added_or_changed_come_along_and_go_with_the_next_version() {
    run(async {
        let world = World::new();
        let alice = world.person("alice").await;
        let moved = Change { time: timed(date(2027, 3, 12), 15, 60, "UTC"), title: None, location: None };
        let series = ImportEvent {
            rules: Rules::parse("FREQ=DAILY;COUNT=5").unwrap(),
            exceptions: vec![(nine(11), Exception::Removed), (nine(12), Exception::Changed(moved))],
            ..wanted("Standup")
        };
        let Imported::New(event) = world.import(&alice, series.clone()).await else { panic!("it is new") };
        let kept = world.exceptions_of(&alice, event).await;
        assert_eq!(kept.iter().map(|(start, _)| *start).collect::<Vec<_>>(), [nine(11), nine(12)]);
        let Exception::Changed(moved) = &kept[1].1 else { panic!("it takes place") };
        assert_eq!(moved.time.zone().unwrap().name(), "Europe/Berlin", "instances are kept in the zone of their event");
        let next = ImportEvent { exceptions: vec![(nine(13), Exception::Removed)], ..newer("Standup") };
        let next = ImportEvent { rules: series.rules, ..next };
        assert_eq!(world.import(&alice, next).await, Imported::Updated(event));
        assert_eq!(world.exceptions_of(&alice, event).await, [(nine(13), Exception::Removed)]);
        world.assert_sound().await;
    });
}

#[test]
fn an_event_with_as_many_exceptions_as_it_may_have_takes_no_other_but_what_it_has_can_be_changed() {
    run(async {
        let world = World::new();
        let alice = world.person("alice").await;
        let start = |nth: i64| nine(10) + nth * 86_400;
        let of = |exceptions: std::ops::RangeInclusive<i64>| ImportEvent {
            rules: Rules::parse("FREQ=DAILY;COUNT=1100").unwrap(),
            exceptions: exceptions.map(|nth| (start(nth), Exception::Removed)).collect(),
            ..wanted("Standup")
        };
        let too_many = world.service.import(&world.command_of(&alice), of(1..=1_001)).await;
        assert_eq!(code(too_many), "invalid_input");
        let Imported::New(event) = world.import(&alice, of(1..=1_000)).await else { panic!("it is new") };
        let renamed = |nth| EditEvent {
            instance: Instance::On(start(nth)),
            title: Some("Other".parse().unwrap()),
            ..edit_of(event)
        };
        assert_eq!(code(world.edit(&alice, renamed(1_001)).await), "conflict");
        let off = |nth| CancelEvent { event, instance: Instance::On(start(nth)) };
        assert_eq!(code(world.service.cancel(&world.command_of(&alice), off(1_001)).await), "conflict");
        assert!(world.service.cancel(&world.command_of(&alice), off(1_000)).await.is_ok(), "it is called off already");
        world.assert_sound().await;
    });
}

#[test]
fn an_instance_on_another_line_of_time_than_its_event_is_refused() {
    run(async {
        let world = World::new();
        let alice = world.person("alice").await;
        let all_day = Change { time: days(date(2027, 3, 12), 1), title: None, location: None };
        let series = ImportEvent { exceptions: vec![(nine(12), Exception::Changed(all_day))], ..wanted("Standup") };
        assert_eq!(code(world.service.import(&world.command_of(&alice), series).await), "invalid_input");
    });
}

#[test]
fn what_was_called_off_is_not_imported_and_calls_off_what_was() {
    run(async {
        let world = World::new();
        let alice = world.person("alice").await;
        let off = |request| ImportEvent { cancelled: true, ..request };
        assert_eq!(world.import(&alice, off(wanted("Standup"))).await, Imported::CalledOff);
        let event = world.imported(&alice).await;
        assert_eq!(world.import(&alice, off(newer("Standup"))).await, Imported::Updated(event));
        assert!(world.show(&alice, event).await.unwrap().cancelled);
        let again = ImportEvent { age: Age { sequence: 3, modified: None }, digest: [3; 32], ..wanted("Standup") };
        assert_eq!(world.import(&alice, again).await, Imported::CancelledHere(event));
    });
}

#[test]
fn a_rehearsal_says_what_would_be_done_and_does_nothing() {
    run(async {
        let world = World::new();
        let alice = world.person("alice").await;
        let rehearsed = |request| ImportEvent { dry_run: true, ..request };
        assert!(matches!(world.import(&alice, rehearsed(wanted("Standup"))).await, Imported::New(_)));
        assert!(world.mine(&alice).await.is_empty());
        let event = world.imported(&alice).await;
        assert_eq!(world.import(&alice, rehearsed(newer("Other"))).await, Imported::Updated(event));
        assert_eq!(world.show(&alice, event).await.unwrap().title.as_str(), "Standup");
    });
}

#[test]
fn an_account_that_goes_takes_the_texts_of_its_events_along() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.person("alice").await, world.person("bob").await);
        let (kept, gone) = (world.imported(&alice).await, ImportEvent { uid: "b".parse().unwrap(), ..wanted("B") });
        world.import(&alice, gone).await;
        world.invite(&alice, kept, &[&bob]).await.unwrap();
        world.auth.delete(alice.id);
        world.hear().await;
        world.finish().await;
        assert_eq!(world.texts_left().await, 0);
        assert!(world.show(&bob, kept).await.unwrap().cancelled);
        world.assert_sound().await;
    });
}

#[test]
fn what_an_instance_is_about_stays_when_the_event_is_described_anew() {
    run(async {
        let world = World::new();
        let alice = world.person("alice").await;
        let series = CreateEvent { rules: Rules::parse("FREQ=DAILY;COUNT=5").unwrap(), ..plan("Standup") };
        let event = world.create(&alice, series).await.unwrap().id;
        let instance = Instance::On(nine(12));
        let cake = EditEvent { instance, description: Some("Cake".parse().unwrap()), ..edit_of(event) };
        world.edit(&alice, cake).await.unwrap();
        world.edit(&alice, EditEvent { description: Some("Daily".parse().unwrap()), ..edit_of(event) }).await.unwrap();
        let shown = world.service.show(&world.query_of(&alice), ShowEvent { event, instance }).await.unwrap().value;
        assert_eq!(shown.description.as_str(), "Cake");
    });
}
