//! Lists: what they hold, in which order, page by page, found by words.

use domain::events::{CreateEvent, Event, Events as _, ListEvents, Listing};
use domain::time::Window;
use domain::{Instance, PageCursor, PageRequest, Zone};
use jiff::civil::{Date, date};

use storage::Reader as _;

use super::world::{Person, World, always, code, days, names, plan, public, run, timed, zone};
use crate::store::{EVENTS, Scope, TIMELINE};

fn titles(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.title.as_str()).collect()
}

fn window(from: Date, to: Date, zone_name: &str) -> Window {
    Window::new(Some(from), Some(to), zone(zone_name)).unwrap()
}

/// Around the tenth of March 2027, a Wednesday.
async fn a_busy_week(world: &World, alice: &Person) {
    let day = |of_march| date(2027, 3, of_march);
    for (title, time) in [
        ("breakfast in Auckland", timed(day(10), 8, 60, "Pacific/Auckland")),
        ("night train", timed(day(9), 22, 600, "Europe/Berlin")),
        ("standup", timed(day(10), 9, 15, "Europe/Berlin")),
        ("call with New York", timed(day(10), 20, 60, "America/New_York")),
        ("holiday", days(day(10), 1)),
        ("conference", days(day(8), 4)),
        ("sprint", timed(day(1), 9, 60 * 24 * 20, "Europe/Berlin")),
        ("last year", days(date(2026, 3, 10), 1)),
    ] {
        world.create(alice, CreateEvent { time, ..public(title) }).await.unwrap();
    }
}

#[test]
fn a_day_holds_what_overlaps_it_in_the_readers_zone_by_start() {
    run(async {
        let world = World::new();
        let alice = world.person("alice").await;
        a_busy_week(&world, &alice).await;
        let day = date(2027, 3, 10);
        let everywhere = ["sprint", "conference"];
        for (zone_name, that_day) in [
            ("Europe/Berlin", vec!["night train", "holiday", "standup"]),
            // The call with New York is on the eleventh in Berlin, and on the tenth in New York.
            ("America/New_York", vec!["night train", "holiday", "standup", "call with New York"]),
            // The day in Auckland begins thirteen hours before that in UTC; the standup is at nine in the evening there.
            ("Pacific/Auckland", vec!["holiday", "breakfast in Auckland", "night train", "standup"]),
        ] {
            let expected = [everywhere.as_slice(), &that_day].concat();
            for listing in [Listing::Public, Listing::Mine] {
                for limit in [1, 2, 3, 200] {
                    let shown = world.list(&alice, listing, &window(day, day, zone_name), None, limit).await;
                    assert_eq!(titles(&shown), expected, "{zone_name}, {listing:?}, {limit} a page");
                }
            }
        }
        let open = Window::new(Some(day), None, Zone::utc()).unwrap();
        assert!(!titles(&world.list(&alice, Listing::Public, &open, None, 3).await).contains(&"last year"));
        assert_eq!(world.list(&alice, Listing::Public, &always(), None, 3).await.len(), 8);
    });
}

#[test]
fn search_finds_parts_of_title_place_and_description_in_any_case() {
    run(async {
        let world = World::new();
        let (alice, eve) = (world.person("alice").await, world.person("eve").await);
        let with = |title: &str, location: &str, description: &str| CreateEvent {
            location: location.parse().unwrap(),
            description: description.parse().unwrap(),
            ..public(title)
        };
        let far_down = format!("{}über den Wolken", "x".repeat(3_900));
        for wanted in [with("One", "Café Zürich", ""), with("ZÜRICH by night", "", ""), with("Three", "", &far_down)]
        {
            world.create(&alice, wanted).await.unwrap();
        }
        world.create(&alice, CreateEvent { public: false, ..with("Zürich, secretly", "", "") }).await.unwrap();
        for (text, expected) in [
            ("zürich", vec!["One", "ZÜRICH by night"]),
            ("ÜBER DEN", vec!["Three"]),
            ("three", vec!["Three"]),
            ("nowhere", vec![]),
        ] {
            for limit in [1, 50] {
                let found = world.list(&eve, Listing::Public, &always(), Some(text), limit).await;
                assert_eq!(titles(&found), expected, "{text}");
            }
        }
        assert_eq!(world.list(&alice, Listing::Mine, &always(), Some("zürich"), 50).await.len(), 3);
    });
}

#[test]
fn my_list_holds_what_i_organize_and_what_i_am_invited_to_once_each_and_no_cancelled_events() {
    run(async {
        let world = World::new();
        let (alice, bob, eve) = (world.person("alice").await, world.person("bob").await, world.person("eve").await);
        let organized = world.party(&bob, &[]).await;
        let invited = world.party(&alice, &[&bob]).await;
        let open = world.create(&alice, CreateEvent { invite: names(&[&bob]), ..public("Fair") }).await.unwrap().id;
        let cancelled = world.party(&alice, &[&bob]).await;
        world.cancel(&alice, cancelled).await.unwrap();
        assert_eq!(world.mine(&bob).await, [organized, invited, open]);
        assert_eq!(world.public(&bob).await, [open]);
        assert!(world.mine(&eve).await.is_empty());
    });
}

#[test]
fn a_page_is_bounded_by_its_text_and_goes_on_where_it_ended() {
    run(async {
        let world = World::new();
        let alice = world.person("alice").await;
        let description: domain::Description = "会".repeat(4_000).parse().unwrap();
        for n in 0..60 {
            let wanted = CreateEvent { description: description.clone(), ..plan(&format!("Event {n}")) };
            world.create(&alice, wanted).await.unwrap();
        }
        let page = PageRequest { limit: 200.try_into().unwrap(), after: None };
        let request = ListEvents { listing: Listing::Mine, search: None, window: always(), page };
        let first = world.service.list(&world.query_of(&alice), request).await.unwrap().value;
        let bytes: usize = first.items.iter().map(|event| event.description.as_str().len()).sum();
        assert!(first.next.is_some() && bytes <= 256 * 1_024, "{bytes} bytes");
        let shown = world.list(&alice, Listing::Mine, &always(), None, 200).await;
        let expected: Vec<String> = (0..60).map(|n| format!("Event {n}")).collect();
        assert_eq!(titles(&shown), expected);
        let found = world.list(&alice, Listing::Mine, &always(), Some("Event 59"), 200).await;
        assert_eq!(titles(&found), ["Event 59"], "beyond what one page searches");
    });
}

#[test]
fn a_search_that_finds_nothing_gives_up_after_a_bounded_number_of_entries_and_says_where_to_go_on() {
    run(async {
        let world = World::new();
        let alice = world.person("alice").await;
        let made =
            futures::future::join_all((0..2_100).map(|n| world.create(&alice, plan(&format!("Event {n}"))))).await;
        let last = made.into_iter().map(Result::unwrap).max_by_key(|event| event.id).unwrap().title;
        let search = |after| ListEvents {
            listing: Listing::Mine,
            search: Some(last.as_str().parse().unwrap()),
            window: always(),
            page: PageRequest { limit: 50.try_into().unwrap(), after },
        };
        let first = world.service.list(&world.query_of(&alice), search(None)).await.unwrap().value;
        assert!(first.items.is_empty() && first.next.is_some());
        let second = world.service.list(&world.query_of(&alice), search(first.next)).await.unwrap().value;
        assert_eq!((second.items.len(), second.next), (1, None));
    });
}

#[test]
fn an_index_entry_that_is_out_of_date_shows_nothing() {
    run(async {
        let world = World::new();
        let (alice, bob, eve) = (world.person("alice").await, world.person("bob").await, world.person("eve").await);
        let moved = world.create(&alice, CreateEvent { invite: names(&[&bob]), ..public("Moved") }).await.unwrap().id;
        let hidden = world.party(&alice, &[&bob]).await;
        let (elsewhere, readers) = (days(date(2027, 5, 1), 1).extent(), [bob.id, eve.id]);
        let disturb = move |tx: &mut storage::Transaction<'_>| {
            let scopes = readers.into_iter().map(Scope::Of).chain([Scope::Public]);
            for (scope, event) in scopes.flat_map(|scope| [(scope, moved), (scope, hidden)]) {
                TIMELINE.insert(tx, &scope, elsewhere, event, Instance::Series)?;
            }
            let now = tx.get(&EVENTS, &hidden)?.unwrap().extent;
            TIMELINE.insert(tx, &Scope::Public, now, hidden, Instance::Series)?;
            TIMELINE.insert(tx, &Scope::Of(eve.id), now, moved, Instance::Series)?;
            Ok::<_, chassis::Fault>(())
        };
        world.chassis.db().write(disturb).await.unwrap();
        assert_eq!(world.mine(&bob).await, [moved, hidden]);
        assert_eq!(world.public(&eve).await, [moved]);
        assert!(world.mine(&eve).await.is_empty());
    });
}

#[test]
fn a_cursor_of_another_list_is_refused() {
    run(async {
        let world = World::new();
        let alice = world.person("alice").await;
        let after: Option<PageCursor> = Some("abcdef".parse().unwrap());
        let page = PageRequest { after, ..PageRequest::default() };
        let request = ListEvents { listing: Listing::Public, search: None, window: always(), page };
        assert_eq!(code(world.service.list(&world.query_of(&alice), request).await), "invalid_input");
    });
}
