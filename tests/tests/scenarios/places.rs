//! Events with a capacity: who gets a place, who waits for one, and who is next.

use convene_tests::{Asking, Mode, Person, Plan, Shell, World, scenario};
use domain::events::Listing;
use domain::invitations::{Invitation, Response, Status};
use domain::{EventId, Service};
use futures::future::join_all;

use super::refused;

/// Those who come or wait, as one reads them: `bob`, or `2 carol` for the second in line.
async fn line(who: &Person, event: EventId) -> Vec<String> {
    let everyone = who.everyone_at(event).await.unwrap();
    let said = everyone.into_iter().filter_map(|(name, status, position)| match (status, position) {
        (Status::Going, None) => Some(name),
        (Status::Waiting, Some(position)) => Some(format!("{position} {name}")),
        (Status::Going | Status::Waiting, _) => panic!("{name} is {status:?} at {position:?}"),
        (Status::Maybe | Status::Pending | Status::Declined, _) => None,
    });
    said.collect()
}

/// An answer in two words: the status, and the position in line.
fn stands(answer: Asking<Invitation>) -> (Status, Option<u64>) {
    let answer = answer.unwrap();
    (answer.status, answer.position)
}

const GOING: (Status, Option<u64>) = (Status::Going, None);

const fn waiting(position: u64) -> (Status, Option<u64>) {
    (Status::Waiting, Some(position))
}

/// So many people, registered one after the other: that is the order in which those who come are listed.
async fn crowd(world: &World, size: usize) -> Vec<Person> {
    let mut people = Vec::new();
    for n in 0..size {
        people.push(world.person(&format!("guest-{n:03}")).await);
    }
    people
}

scenario! {
    fn whoever_comes_to_a_full_event_stands_in_line_and_comes_when_a_place_becomes_free(world) {
        let [alice, bob, carol, dave] = world.people(["alice", "bob", "carol", "dave"]).await;
        let event = alice.creates(Plan::for_a("Course").public().with_places(1).inviting(&["dave"])).await.unwrap();
        assert_eq!(event.capacity.map(domain::events::Capacity::get), Some(1));
        let event = event.id;
        assert_eq!(stands(bob.attends(event).await), GOING);
        assert_eq!(stands(carol.attends(event).await), waiting(1));
        assert_eq!(stands(dave.answers(event, Response::Accept).await), waiting(2));
        let counts = dave.participants(event).await.unwrap().counts;
        assert_eq!((counts.going, counts.waiting, counts.pending), (1, 2, 0));
        assert_eq!(carol.calendar().await.unwrap(), [""; 0], "who waits does not go yet");
        assert_eq!(dave.inbox().await.unwrap(), [""; 0], "and has answered");
        let (_, until) = alice.hears_of_answers(None).await.unwrap();

        bob.leaves(event).await.unwrap();
        assert_eq!(line(&bob, event).await, ["carol", "1 dave"]);
        assert_eq!(alice.hears_of_answers(Some(until)).await.unwrap().0, ["bob (declined)", "carol (going)"]);
        world.settles().await;
        assert_eq!(carol.calendar().await.unwrap(), ["Course (going)"]);
        assert_eq!(bob.calendar().await.unwrap(), [""; 0]);
        assert_eq!(stands(dave.answers(event, Response::Accept).await), waiting(1));
    }

    fn coming_again_keeps_ones_place_in_line_and_leaving_the_line_gives_it_up(world) {
        let [alice, bob, carol, dave] = world.people(["alice", "bob", "carol", "dave"]).await;
        let event = alice.creates(Plan::for_a("Course").public().with_places(1)).await.unwrap().id;
        for who in [&bob, &carol, &dave, &bob, &carol] {
            who.attends(event).await.unwrap();
        }
        assert_eq!(line(&alice, event).await, ["bob", "1 carol", "2 dave"]);
        assert_eq!(carol.may_attend(event).await.unwrap().status, Status::Maybe);
        assert_eq!(stands(carol.attends(event).await), waiting(2));
        assert_eq!(line(&alice, event).await, ["bob", "1 dave", "2 carol"]);
        dave.leaves(event).await.unwrap();
        bob.may_attend(event).await.unwrap();
        assert_eq!(line(&alice, event).await, ["carol"]);
    }

    fn more_places_go_to_the_line_in_its_order_and_fewer_send_nobody_away(world) {
        let alice = world.person("alice").await;
        let guests = crowd(&world, 8).await;
        let event = alice.creates(Plan::for_a("Course").public().with_places(3)).await.unwrap().id;
        for guest in &guests {
            guest.attends(event).await.unwrap();
        }
        alice.makes_room_for(event, Some(5)).await.unwrap();
        let named = |n: usize| format!("guest-{n:03}");
        let expected = |going: usize| -> Vec<String> {
            let waits = |n: usize| format!("{} {}", n + 1 - going, named(n));
            (0..8).map(|n| if n < going { named(n) } else { waits(n) }).collect()
        };
        assert_eq!(line(&alice, event).await, expected(5));
        alice.makes_room_for(event, Some(1)).await.unwrap();
        assert_eq!(line(&alice, event).await, expected(5));
        for guest in &guests[..4] {
            guest.leaves(event).await.unwrap();
        }
        assert_eq!(line(&alice, event).await, ["guest-004", "1 guest-005", "2 guest-006", "3 guest-007"]);
        alice.makes_room_for(event, None).await.unwrap();
        assert_eq!(line(&alice, event).await, ["guest-004", "guest-005", "guest-006", "guest-007"]);
        assert_eq!(stands(guests[0].attends(event).await), GOING);
        let shown = guests[0].looks_at(event).await.unwrap();
        assert_eq!((shown.capacity, shown.version), (None, 4));
    }

    fn who_goes_for_good_leaves_their_place_to_the_line(world) {
        let [alice, bob, carol, dave, erin] = world.people(["alice", "bob", "carol", "dave", "erin"]).await;
        let plan = Plan::for_a("Course").with_places(2).inviting(&["bob", "carol", "dave", "erin"]);
        let event = alice.creates(plan).await.unwrap().id;
        for who in [&bob, &carol, &dave, &erin] {
            who.answers(event, Response::Accept).await.unwrap();
        }
        bob.deletes_the_account().await.unwrap();
        world.settles().await;
        assert_eq!(line(&alice, event).await, ["carol", "dave", "1 erin"]);
        alice.uninvites(event, &["carol"]).await.unwrap();
        world.settles().await;
        assert_eq!(line(&alice, event).await, ["dave", "erin"]);
        assert_eq!(erin.calendar().await.unwrap(), ["Course (going)"]);
        assert_eq!(carol.calendar().await.unwrap(), [""; 0]);
    }

    fn when_a_full_event_turns_private_the_invited_in_line_get_the_places_of_those_who_merely_joined(world) {
        let [alice, bob, carol, dave] = world.people(["alice", "bob", "carol", "dave"]).await;
        let event = alice.creates(Plan::for_a("Course").public().with_places(1).inviting(&["dave"])).await.unwrap().id;
        for who in [&bob, &carol, &dave] {
            who.attends(event).await.unwrap();
        }
        alice.edits(event, |edit| edit.public = Some(false)).await.unwrap();
        world.settles().await;
        assert_eq!(line(&alice, event).await, ["dave"]);
        assert_eq!(dave.calendar().await.unwrap(), ["Course (going)"]);
        assert_eq!(refused(carol.attends(event).await), "not_found");
    }

    fn a_capacity_is_a_number_from_one_to_a_million(world) {
        let alice = world.person("alice").await;
        for places in [0, 1_000_001] {
            let error = alice.makes_room_for(domain::EventId::new(), Some(places)).await.unwrap_err();
            assert_eq!((error.code(), error.field()), ("invalid_input", Some("capacity")));
        }
        let event = alice.creates(Plan::for_a("Stadium").public().with_places(1_000_000)).await.unwrap().id;
        let listed = alice.lists_in(Listing::Public, None, convene_tests::days("2027-03-01", "2027-03-31"), domain::PageRequest::default());
        assert_eq!(listed.await.unwrap().items[0].capacity.map(u32::from), Some(1_000_000));
        assert_eq!(alice.looks_at(event).await.unwrap().capacity.map(u32::from), Some(1_000_000));
    }

    fn a_line_outlasts_the_death_of_the_service_that_keeps_it(world) {
        let alice = world.person("alice").await;
        let guests = crowd(&world, 6).await;
        let event = alice.creates(Plan::for_a("Course").public().with_places(2)).await.unwrap().id;
        for guest in &guests {
            guest.attends(event).await.unwrap();
        }
        world.kills(Service::Invitations).await;
        world.misses(Service::Invitations).await;
        alice.makes_room_for(event, Some(4)).await.unwrap();
        world.starts(Service::Invitations).await;
        world.settles().await;
        let expected = ["guest-000", "guest-001", "guest-002", "guest-003", "1 guest-004", "2 guest-005"];
        assert_eq!(line(&alice, event).await, expected);
        assert_eq!(guests[3].calendar().await.unwrap(), ["Course (going)"]);
        guests[4].leaves(event).await.unwrap();
        guests[0].leaves(event).await.unwrap();
        assert_eq!(line(&alice, event).await, ["guest-001", "guest-002", "guest-003", "guest-005"]);
    }

    fn when_events_is_restored_nobody_is_sent_away_and_its_capacity_holds_from_then_on(world) {
        let [alice, bob, carol, dave] = world.people(["alice", "bob", "carol", "dave"]).await;
        let event = alice.creates(Plan::for_a("Course").public().with_places(1)).await.unwrap().id;
        let backup = world.backs_up(Service::Events).await;
        for who in [&bob, &carol, &dave] {
            who.attends(event).await.unwrap();
        }
        alice.makes_room_for(event, Some(2)).await.unwrap();
        assert_eq!(line(&alice, event).await, ["bob", "carol", "1 dave"]);
        world.settles().await;
        world.restores(Service::Events, &backup).await;
        world.settles().await;
        assert_eq!(line(&alice, event).await, ["bob", "carol", "1 dave"]);
        bob.leaves(event).await.unwrap();
        assert_eq!(line(&alice, event).await, ["carol", "1 dave"], "one place, as it was then");
        carol.leaves(event).await.unwrap();
        assert_eq!(line(&alice, event).await, ["dave"]);
    }

    fn when_invitations_is_restored_the_line_is_as_it_was_then_and_calendars_follow(world) {
        let [alice, bob, carol, dave, erin] = world.people(["alice", "bob", "carol", "dave", "erin"]).await;
        let event = alice.creates(Plan::for_a("Course").public().with_places(1)).await.unwrap().id;
        for who in [&bob, &carol, &dave] {
            who.attends(event).await.unwrap();
        }
        let backup = world.backs_up(Service::Invitations).await;
        bob.leaves(event).await.unwrap();
        erin.attends(event).await.unwrap();
        assert_eq!(line(&alice, event).await, ["carol", "1 dave", "2 erin"]);
        world.settles().await;
        assert_eq!(carol.calendar().await.unwrap(), ["Course (going)"]);
        world.restores(Service::Invitations, &backup).await;
        world.settles().await;
        assert_eq!(line(&alice, event).await, ["bob", "1 carol", "2 dave"]);
        assert_eq!(bob.calendar().await.unwrap(), ["Course (going)"]);
        assert_eq!(carol.calendar().await.unwrap(), [""; 0]);
        alice.makes_room_for(event, Some(2)).await.unwrap();
        assert_eq!(line(&alice, event).await, ["bob", "carol", "1 dave"]);
    }

    fn when_events_has_lost_everything_nobody_is_sent_away_or_let_in_until_the_operator_says_so(world) {
        let [alice, bob, carol] = world.people(["alice", "bob", "carol"]).await;
        let empty = world.backs_up(Service::Events).await;
        let event = alice.creates(Plan::for_a("Course").public().with_places(1)).await.unwrap().id;
        for n in 0..25 {
            alice.creates(Plan::for_a(&format!("Other {n}"))).await.unwrap();
        }
        bob.attends(event).await.unwrap();
        carol.attends(event).await.unwrap();
        world.settles().await;
        let backup = world.backs_up(Service::Events).await;
        world.restores(Service::Events, &empty).await;
        world.stops_following(Service::Invitations).await;
        assert_eq!(line(&bob, event).await, ["bob", "1 carol"]);
        bob.leaves(event).await.unwrap();
        bob.attends(event).await.unwrap();
        assert_eq!(line(&bob, event).await, ["carol", "1 bob"], "one place, as it was known");
        world.restores(Service::Events, &backup).await;
        world.settles().await;
        assert_eq!(line(&alice, event).await, ["carol", "1 bob"]);
    }

    fn however_many_come_and_go_at_once_no_place_is_given_twice_and_nobody_waits_beside_a_free_one(world) {
        let alice = world.person("alice").await;
        let guests = crowd(&world, 48).await;
        let event = alice.creates(Plan::for_a("Course").public().with_places(7)).await.unwrap().id;
        join_all(guests.iter().enumerate().map(|(n, guest)| async move {
            guest.attends(event).await.unwrap();
            if n % 3 == 0 {
                guest.leaves(event).await.unwrap();
            }
            if n % 6 == 0 {
                guest.attends(event).await.unwrap();
            }
        })).await;
        let line = line(&alice, event).await;
        assert_eq!(line.len(), 40);
        let positions: Vec<_> = line.iter().filter_map(|one| one.split_once(' ')).map(|(position, _)| position).collect();
        assert_eq!(positions, (1..=33).map(|position| position.to_string()).collect::<Vec<_>>());
        // Those of whom it is left to the clock to say when they came are let in all the same.
        alice.makes_room_for(event, Some(40)).await.unwrap();
        assert_eq!(alice.participants(event).await.unwrap().counts.going, 40);
    }
}

async fn at_a_shell(world: World) {
    let shell = Shell::at(world.base_port(), world.data());
    for name in ["alice", "bob", "carol", "dave"] {
        let words = ["register", name, "--password-stdin"];
        assert_eq!(shell.gives(name, &words, "correct horse battery\n").await.code, 0);
    }
    let words = [
        "event",
        "create",
        "--title",
        "Course",
        "--start",
        "2027-03-10T09:00",
        "--zone",
        "UTC",
        "--public",
        "--capacity",
        "1",
    ];
    let event = shell.gives("alice", &words, "").await.document();
    assert_eq!(event["capacity"], 1);
    let id = event["id"].as_str().unwrap();
    assert_eq!(shell.gives("bob", &["attend", id], "").await.document()["status"], "going");
    for (name, position) in [("carol", 1), ("dave", 2), ("dave", 2)] {
        let said = shell.gives(name, &["attend", id], "").await;
        assert_eq!(
            (said.code, &said.document()["status"], &said.document()["position"]),
            (0, &"waiting".into(), &position.into())
        );
    }
    let people = shell.gives("dave", &["participants", id, "--status", "waiting"], "").await.document();
    let line = serde_json::json!([
        {"username": "carol", "status": "waiting", "position": 1},
        {"username": "dave", "status": "waiting", "position": 2},
    ]);
    assert_eq!((&people["items"], &people["counts"]["waiting"]), (&line, &2.into()));
    let edited = shell.gives("alice", &["event", "edit", id, "--no-capacity"], "").await.document();
    assert!(edited["capacity"].is_null());
    let people = shell.gives("alice", &["participants", id], "").await.document();
    assert_eq!((&people["counts"]["going"], &people["counts"]["waiting"]), (&3.into(), &0.into()));
    let refused = shell.gives("alice", &["event", "edit", id, "--capacity", "0"], "").await;
    assert_eq!(
        (refused.code, refused.error("code"), refused.error("field")),
        (2, "invalid_input".into(), "capacity".into())
    );
    world.ends_whole().await;
}

#[test]
fn at_a_shell_a_full_event_is_no_error_and_says_where_one_stands() {
    World::run(Mode::Spawned, None, at_a_shell);
}
