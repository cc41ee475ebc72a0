//! The lists, page by page.

use domain::events::MAX_INVITEES;
use domain::invitations::{
    Inbox, Invitations as _, ListParticipants, MAX_EVENTS, OfEvents, OfPeople, Response, Status,
};
use domain::{Instance, PageRequest, Service, Username};

use super::world::{Someone, World, code, page, run};

async fn crowd(world: &World, size: usize) -> Vec<Someone> {
    let mut people = Vec::new();
    for number in 0..size {
        people.push(world.registers(&format!("user{number}")).await);
    }
    people
}

#[test]
fn participants_come_by_status_then_by_registration_whatever_the_page_size() {
    run(async {
        let world = World::new();
        let alice = world.registers("alice").await;
        let people = crowd(&world, 11).await;
        let event = world.creates(&alice, true).await;
        world.invites(&alice, &event, &people.iter().collect::<Vec<_>>()).await;
        let answers = [None, Some(Response::Accept), Some(Response::Maybe), Some(Response::Decline)];
        for (number, person) in people.iter().enumerate() {
            if let Some(response) = answers[number % 4] {
                world.responds(person, &event, response).await.unwrap();
            }
        }
        let order = [1, 5, 9, 2, 6, 10, 0, 4, 8, 3, 7];
        let expected: Vec<_> = order.iter().map(|&number: &usize| people[number].name.clone()).collect();
        for limit in 1..=12 {
            let mut request =
                ListParticipants { event: event.event, instance: Instance::Series, status: None, page: page(limit) };
            let mut names = Vec::new();
            loop {
                let shown = world.service.participants(&alice.call(), request.clone()).await.unwrap().value;
                let counts = shown.counts;
                assert_eq!((counts.going, counts.maybe, counts.pending, counts.declined), (3, 3, 3, 2), "always all");
                names.extend(shown.people.items.into_iter().map(|person| person.username));
                match shown.people.next {
                    Some(next) => request.page.after = Some(next),
                    None => break,
                }
            }
            assert_eq!(names, expected, "{limit} a page");
        }
        let request = ListParticipants {
            event: event.event,
            instance: Instance::Series,
            status: Some(Status::Maybe),
            page: page(2),
        };
        let first = world.service.participants(&people[0].call(), request.clone()).await.unwrap().value;
        assert_eq!(first.counts.declined, 2, "also with a filter");
        let request = ListParticipants { page: PageRequest { after: first.people.next, ..page(2) }, ..request };
        let second = world.service.participants(&people[0].call(), request).await.unwrap().value.people;
        assert_eq!((second.items.len(), second.next), (1, None));
        assert_eq!(second.items[0].username, people[10].name);
    });
}

#[test]
fn the_inbox_shows_the_newest_first_whatever_the_page_size() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.registers("alice").await, world.registers("bob").await);
        let mut events = Vec::new();
        for _ in 0..7 {
            let event = world.creates(&alice, false).await;
            events.push(event);
        }
        // Invited in another order than the events were made in.
        let order = [3, 0, 6, 1, 5, 2, 4];
        for &number in &order {
            world.invites(&alice, &events[number], &[&bob]).await;
        }
        world.responds(&bob, &events[6], Response::Decline).await.unwrap();
        world.changes(&mut events[1], |facts| facts.cancelled = true).await;
        for (all, expected) in [(false, vec![4, 2, 5, 0, 3]), (true, vec![4, 2, 5, 6, 0, 3])] {
            for limit in 1..=8 {
                let mut request = Inbox { all, page: page(limit) };
                let mut shown = Vec::new();
                loop {
                    let found = world.service.inbox(&bob.call(), request.clone()).await.unwrap().value;
                    shown.extend(found.items.into_iter().map(|invitation| invitation.event.id));
                    match found.next {
                        Some(next) => request.page.after = Some(next),
                        None => break,
                    }
                }
                let expected: Vec<_> = expected.iter().map(|&number: &usize| events[number].event).collect();
                assert_eq!(shown, expected, "{limit} a page");
            }
        }
    });
}

#[test]
fn the_invitations_of_some_people_come_in_the_order_of_the_question() {
    run(async {
        let world = World::new();
        let (alice, eve) = (world.registers("alice").await, world.registers("eve").await);
        let people = crowd(&world, 4).await;
        let event = world.creates(&alice, false).await;
        world.invites(&alice, &event, &[&people[0], &people[1], &people[2]]).await;
        let invitees: Vec<Username> = [2, 3, 0].iter().map(|&number: &usize| people[number].name.clone()).collect();
        let request = OfPeople { event: event.event, invitees };
        let found = world.service.of_people(&alice.call(), request.clone()).await.unwrap().value;
        let names: Vec<_> = found.iter().map(|invitation| invitation.invitee.clone()).collect();
        assert_eq!(names, [people[2].name.clone(), people[0].name.clone()]);
        assert_eq!(code(world.service.of_people(&eve.call(), request).await).0, "not_found");
        let invitees = vec![alice.name.clone(); MAX_INVITEES + 1];
        let request = OfPeople { event: event.event, invitees };
        assert_eq!(code(world.service.of_people(&alice.call(), request).await).0, "invalid_input");
    });
}

#[test]
fn my_invitations_to_some_events_come_in_the_order_of_the_question_and_nobody_elses() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.registers("alice").await, world.registers("bob").await);
        let mut events = Vec::new();
        for _ in 0..4 {
            events.push(world.creates(&alice, true).await);
        }
        for number in [0, 2, 3] {
            world.invites(&alice, &events[number], &[&bob]).await;
        }
        world.responds(&bob, &events[0], Response::Maybe).await.unwrap();
        let ask = |numbers: &[usize]| OfEvents { events: numbers.iter().map(|&number| events[number].event).collect() };
        let found = world.service.mine(&bob.call(), ask(&[3, 1, 0])).await.unwrap().value;
        let shown: Vec<_> = found.iter().map(|one| (one.event.id, one.status, one.invitee.clone())).collect();
        let expected = [(3, Status::Pending), (0, Status::Maybe)];
        assert_eq!(
            shown,
            expected.map(|(number, status): (usize, _)| (events[number].event, status, bob.name.clone()))
        );
        assert_eq!(world.service.mine(&alice.call(), ask(&[0, 1, 2, 3])).await.unwrap().value, []);
        let many = OfEvents { events: vec![events[0].event; MAX_EVENTS + 1] };
        assert_eq!(code(world.service.mine(&bob.call(), many).await).0, "invalid_input");
    });
}

#[test]
fn a_name_nobody_here_knows_is_left_out_and_the_reply_says_that_auth_is_missing() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.registers("alice").await, world.registers("bob").await);
        let event = world.creates(&alice, false).await;
        world.invites(&alice, &event, &[&bob]).await;
        let invitees = vec!["nobody".parse().unwrap(), bob.name.clone()];
        let reply = world.service.of_people(&alice.call(), OfPeople { event: event.event, invitees }).await.unwrap();
        assert_eq!((reply.value.len(), reply.behind), (1, vec![Service::Auth]));
    });
}

#[test]
fn a_cursor_of_another_list_is_refused_or_empty_and_never_a_fault() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.registers("alice").await, world.registers("bob").await);
        let event = world.creates(&alice, true).await;
        world.invites(&alice, &event, &[&bob]).await;
        for text in ["00", "ffffffffffffffffffff", "zz", "0101010101010101010101010101010101"] {
            let after = PageRequest { after: Some(text.parse().unwrap()), ..page(5) };
            for outcome in [
                world.service.inbox(&bob.call(), Inbox { all: true, page: after.clone() }).await.map(|_| ()),
                world
                    .service
                    .participants(
                        &bob.call(),
                        ListParticipants { event: event.event, instance: Instance::Series, status: None, page: after },
                    )
                    .await
                    .map(|_| ()),
            ] {
                assert!(outcome.is_ok() || code(outcome) == ("invalid_input", Some("after".to_owned())));
            }
        }
    });
}
