//! Capacity: who gets a place, who waits, and who is next.

use std::sync::Arc;

use domain::events::{EventChange, EventFacts, VouchedEvent};
use domain::invitations::{
    Attend, InvitationChange, Invitations as _, ListAnswers, ListParticipants, Response, Status,
};
use domain::{Instance, Position};
use futures::future::join_all;

use super::world::{EVENTS, Someone, World, facts, page, places_for, run};

/// Someone in the list of participants: name, status, position.
type Shown = (String, Status, Option<u64>);

async fn people(world: &World, size: usize) -> Vec<Someone> {
    let mut people = Vec::new();
    for number in 1..=size {
        people.push(world.registers(&format!("user{number}")).await);
    }
    people
}

/// Everyone has come, one after the other.
async fn all_attend(world: &World, people: &[Someone], event: &EventFacts) {
    for who in people {
        world.attends(who, event, false).await.unwrap();
    }
}

async fn shown(world: &World, who: &Someone, event: &EventFacts) -> Vec<Shown> {
    let mut request =
        ListParticipants { event: event.event, instance: Instance::Series, status: None, page: page(200) };
    let mut all = Vec::new();
    loop {
        let shown = world.service.participants(&who.call(), request.clone()).await.unwrap().value;
        all.extend(shown.people.items.into_iter().map(|one| (one.username.to_string(), one.status, one.position)));
        match shown.people.next {
            Some(next) => request.page.after = Some(next),
            None => return all,
        }
    }
}

fn going(name: &str) -> Shown {
    (name.to_owned(), Status::Going, None)
}

fn waiting(name: &str, position: u64) -> Shown {
    (name.to_owned(), Status::Waiting, Some(position))
}

fn declined(name: &str) -> Shown {
    (name.to_owned(), Status::Declined, None)
}

#[test]
fn whoever_comes_when_all_places_are_taken_stands_in_line() {
    run(async {
        let world = World::new();
        let alice = world.registers("alice").await;
        let people = people(&world, 4).await;
        let event = world.creates_for(2, &alice, true).await;
        all_attend(&world, &people[..3], &event).await;
        let last = world.attends(&people[3], &event, false).await.unwrap();
        assert_eq!((last.status, last.position), (Status::Waiting, Some(2)));
        let expected = [going("user1"), going("user2"), waiting("user3", 1), waiting("user4", 2)];
        assert_eq!(shown(&world, &alice, &event).await, expected);
        let counts = world.participants(&alice, &event).await.unwrap().counts;
        assert_eq!((counts.going, counts.waiting), (2, 2));
        assert_eq!(world.audited().await.discrepancies, [""; 0]);
    });
}

#[test]
fn an_invitation_takes_no_place_before_it_is_accepted() {
    run(async {
        let world = World::new();
        let alice = world.registers("alice").await;
        let people = people(&world, 3).await;
        let event = world.creates_for(1, &alice, false).await;
        world.invites(&alice, &event, &people.iter().collect::<Vec<_>>()).await;
        world.responds(&people[1], &event, Response::Maybe).await.unwrap();
        assert_eq!(world.responds(&people[2], &event, Response::Accept).await.unwrap().status, Status::Going);
        assert_eq!(world.responds(&people[0], &event, Response::Accept).await.unwrap().position, Some(1));
        assert_eq!(world.inbox(&people[0], false).await, [], "whoever waits has answered");
        let inbox = world.inbox(&people[0], true).await;
        assert_eq!((inbox[0].status, inbox[0].position), (Status::Waiting, Some(1)));
    });
}

#[test]
fn saying_so_again_keeps_the_place_and_the_position() {
    run(async {
        let world = World::new();
        let alice = world.registers("alice").await;
        let people = people(&world, 3).await;
        let event = world.creates_for(1, &alice, true).await;
        all_attend(&world, &people, &event).await;
        let announced = world.announced().await.len();
        all_attend(&world, &people, &event).await;
        let expected = [going("user1"), waiting("user2", 1), waiting("user3", 2)];
        assert_eq!(shown(&world, &alice, &event).await, expected);
        assert_eq!(world.announced().await.len(), announced, "nothing has changed");
        world.invites(&alice, &event, &[&people[2]]).await;
        world.responds(&people[2], &event, Response::Accept).await.unwrap();
        assert_eq!(shown(&world, &alice, &event).await, expected, "nor does it matter how one says it");
    });
}

#[test]
fn a_place_that_becomes_free_is_the_firsts_in_line_at_once_and_the_organizer_hears_of_both() {
    run(async {
        let world = World::new();
        let alice = world.registers("alice").await;
        let people = people(&world, 4).await;
        let event = world.creates_for(1, &alice, true).await;
        all_attend(&world, &people, &event).await;
        let until = world.service.answers(&alice.call(), ListAnswers { after: None }).await.unwrap().value.until;
        world.unattends(&people[0], &event).await.unwrap();
        let expected = [going("user2"), waiting("user3", 1), waiting("user4", 2), declined("user1")];
        assert_eq!(shown(&world, &alice, &event).await, expected);
        let InvitationChange::Answered { people: told, .. } = world.announced().await.pop().unwrap();
        let id = |number: usize| people[number].id;
        assert_eq!(told, [(id(0), Some(Status::Declined)), (id(1), Some(Status::Going))], "as one change");
        let heard = world.service.answers(&alice.call(), ListAnswers { after: Some(until) }).await.unwrap().value.items;
        let heard: Vec<_> = heard.iter().map(|answer| (answer.username.as_str(), answer.status)).collect();
        assert_eq!(heard, [("user1", Status::Declined), ("user2", Status::Going)]);
    });
}

#[test]
fn whoever_leaves_the_line_and_comes_back_stands_at_its_end() {
    run(async {
        let world = World::new();
        let alice = world.registers("alice").await;
        let people = people(&world, 4).await;
        let event = world.creates_for(1, &alice, true).await;
        all_attend(&world, &people, &event).await;
        world.attends(&people[1], &event, true).await.unwrap();
        world.attends(&people[1], &event, false).await.unwrap();
        let expected = [going("user1"), waiting("user3", 1), waiting("user4", 2), waiting("user2", 3)];
        assert_eq!(shown(&world, &alice, &event).await, expected);
    });
}

#[test]
fn lowering_the_capacity_evicts_nobody_and_nobody_comes_until_there_is_room() {
    run(async {
        let world = World::new();
        let alice = world.registers("alice").await;
        let people = people(&world, 5).await;
        let mut event = world.creates_for(3, &alice, true).await;
        all_attend(&world, &people, &event).await;
        world.changes(&mut event, |event| event.capacity = places_for(1)).await;
        let kept = [going("user1"), going("user2"), going("user3"), waiting("user4", 1), waiting("user5", 2)];
        assert_eq!(shown(&world, &alice, &event).await, kept);
        world.unattends(&people[0], &event).await.unwrap();
        world.unattends(&people[1], &event).await.unwrap();
        let counts = world.participants(&alice, &event).await.unwrap().counts;
        assert_eq!((counts.going, counts.waiting), (1, 2));
        world.unattends(&people[2], &event).await.unwrap();
        let promoted = [going("user4"), waiting("user5", 1)];
        assert_eq!(shown(&world, &alice, &event).await[..2], promoted);
        assert_eq!(world.audited().await.discrepancies, [""; 0]);
    });
}

#[test]
fn raising_the_capacity_fills_all_places_in_steps_and_no_newcomer_overtakes_the_line() {
    const CROWD: u32 = 450;
    run(async {
        let world = World::new();
        let alice = world.registers("alice").await;
        let people = people(&world, CROWD as usize).await;
        let late = world.registers("late").await;
        let mut event = world.creates_for(2, &alice, true).await;
        all_attend(&world, &people, &event).await;
        world.changes(&mut event, |event| event.capacity = places_for(CROWD)).await;
        let counts = world.participants(&alice, &event).await.unwrap().counts;
        assert!(counts.going < 300, "a step is bounded: {counts:?}");
        assert_eq!(world.audited().await.discrepancies, [""; 0], "nobody is forgotten: more is under way");
        let newcomer = world.attends(&late, &event, false).await.unwrap();
        assert_eq!(newcomer.position, Some(counts.waiting + 1), "behind all those before");
        world.works_off_until(async || world.participants(&alice, &event).await.unwrap().counts.waiting == 1).await;
        let mut expected: Vec<_> = (1..=CROWD).map(|number| going(&format!("user{number}"))).collect();
        expected.push(waiting("late", 1));
        assert_eq!(shown(&world, &alice, &event).await, expected);
        let mut came = Vec::new();
        for InvitationChange::Answered { people, .. } in world.announced().await {
            came.extend(people.into_iter().filter(|(_, status)| *status == Some(Status::Going)).map(|(user, _)| user));
        }
        assert_eq!(came, people.iter().map(|who| who.id).collect::<Vec<_>>(), "in the order of the line");
        world.changes(&mut event, |event| event.capacity = None).await;
        assert_eq!(world.participants(&alice, &event).await.unwrap().counts.going, u64::from(CROWD) + 1);
    });
}

#[test]
fn when_an_event_becomes_private_joiners_go_and_only_those_who_stay_get_their_places() {
    run(async {
        let world = World::new();
        let alice = world.registers("alice").await;
        let people = people(&world, 5).await;
        let mut event = world.creates_for(1, &alice, true).await;
        all_attend(&world, &people, &event).await;
        world.invites(&alice, &event, &[&people[2], &people[4]]).await;
        world.changes(&mut event, |event| event.public = false).await;
        assert_eq!(shown(&world, &alice, &event).await, [going("user3"), waiting("user5", 1)]);
        let came = world.announced().await.into_iter().flat_map(|InvitationChange::Answered { people, .. }| people);
        let came: Vec<_> = came.filter(|(_, status)| *status == Some(Status::Going)).map(|(user, _)| user).collect();
        assert_eq!(came, [people[0].id, people[2].id], "nobody was let in who had to go");
        assert_eq!(world.audited().await.discrepancies, [""; 0]);
    });
}

#[test]
fn while_a_crowd_of_joiners_goes_in_steps_none_of_them_is_let_in() {
    run(async {
        let world = World::new();
        let alice = world.registers("alice").await;
        let people = people(&world, 260).await;
        let mut event = world.creates_for(100, &alice, true).await;
        all_attend(&world, &people, &event).await;
        world.invites(&alice, &event, &[&people[259]]).await;
        let announced = world.announced().await.len();
        world.changes(&mut event, |event| event.public = false).await;
        let counts = world.participants(&alice, &event).await.unwrap().counts;
        assert!(counts.waiting > 0, "there is a second step: {counts:?}");
        world.works_off_until(async || world.participants(&alice, &event).await.unwrap().counts.waiting == 0).await;
        assert_eq!(shown(&world, &alice, &event).await, [going("user260")]);
        let since = world.announced().await.into_iter().skip(announced);
        let came = since.flat_map(|InvitationChange::Answered { people, .. }| people);
        let came: Vec<_> = came.filter(|(_, status)| *status == Some(Status::Going)).map(|(user, _)| user).collect();
        assert_eq!(came, [people[259].id]);
        assert_eq!(world.audited().await.discrepancies, [""; 0]);
    });
}

#[test]
fn a_cancelled_event_lets_nobody_come_and_one_that_is_there_again_does() {
    run(async {
        let world = World::new();
        let alice = world.registers("alice").await;
        let people = people(&world, 3).await;
        let mut event = world.creates_for(1, &alice, true).await;
        world.invites(&alice, &event, &people.iter().collect::<Vec<_>>()).await;
        all_attend(&world, &people, &event).await;
        world.changes(&mut event, |event| event.cancelled = true).await;
        world.uninvites(&event, &[&people[0]]).await;
        assert_eq!(shown(&world, &alice, &event).await, [waiting("user2", 1), waiting("user3", 2)]);
        assert_eq!(world.audited().await.discrepancies, [""; 0]);
        // As in a history that was restored.
        world.changes(&mut event, |event| event.cancelled = false).await;
        assert_eq!(shown(&world, &alice, &event).await, [going("user2"), waiting("user3", 1)]);
    });
}

#[test]
fn an_account_that_goes_and_an_invitation_that_is_taken_back_leave_their_places_to_the_line() {
    run(async {
        let world = World::new();
        let alice = world.registers("alice").await;
        let people = people(&world, 5).await;
        let event = world.creates_for(2, &alice, false).await;
        world.invites(&alice, &event, &people.iter().collect::<Vec<_>>()).await;
        for who in &people {
            world.responds(who, &event, Response::Accept).await.unwrap();
        }
        world.deletes_account(&people[0]).await;
        assert_eq!(shown(&world, &alice, &event).await[..3], [going("user2"), going("user3"), waiting("user4", 1)]);
        world.uninvites(&event, &[&people[1], &people[3]]).await;
        assert_eq!(shown(&world, &alice, &event).await, [going("user3"), going("user5")]);
        assert_eq!(world.audited().await.discrepancies, [""; 0]);
    });
}

#[test]
fn a_command_that_comes_late_takes_nobodys_place() {
    run(async {
        let world = World::new();
        let alice = world.registers("alice").await;
        let people = people(&world, 3).await;
        let event = world.creates_for(1, &alice, true).await;
        all_attend(&world, &people[..2], &event).await;
        let attend = Attend { event: event.event, instance: Instance::Series, maybe: false };
        let late = people[1].numbered(0);
        for _ in 0..2 {
            world.attends(&people[1], &event, false).await.unwrap();
        }
        let answer = world.service.attend(&late, attend).await.unwrap().value;
        assert_eq!(answer.position, Some(1), "it says what the later one said");
        world.unattends(&people[1], &event).await.unwrap();
        let refused = world.service.attend(&people[1].numbered(1), attend).await.unwrap_err();
        assert_eq!(refused.code(), "conflict", "a later command has left the line");
        world.unattends(&people[0], &event).await.unwrap();
        assert_eq!(world.attends(&people[2], &event, false).await.unwrap().status, Status::Going);
    });
}

#[test]
fn places_that_a_vouch_told_of_first_are_given_away_when_the_log_has_them_too() {
    run(async {
        let world = World::new();
        let alice = world.registers("alice").await;
        let people = people(&world, 4).await;
        let event = world.creates_for(1, &alice, true).await;
        all_attend(&world, &people[..3], &event).await;
        let raised = EventFacts { capacity: places_for(3), version: 2, public: false, ..event.clone() };
        let at = Position { epoch: EVENTS, at: world.events_now() + 1 };
        world.invites(&alice, &event, &people.iter().take(3).collect::<Vec<_>>()).await;
        let at = Position { at: at.at + 1, ..at };
        let invited_by = Some(Some(alice.id));
        world.vouches(&people[3], VouchedEvent { facts: raised.clone(), invited_by, at });
        // The facts here would let her join; that she is invited has not arrived.
        assert_eq!(world.responds(&people[3], &event, Response::Accept).await.unwrap().position, Some(3));
        assert_eq!(
            world.audited().await.discrepancies,
            [""; 0],
            "three places, one taken: the log has not said so yet"
        );
        world.event(EventChange::Put(raised.clone())).await;
        let expected = [going("user1"), going("user2"), going("user3"), waiting("user4", 1)];
        assert_eq!(shown(&world, &alice, &raised).await, expected);
        assert_eq!(world.audited().await.discrepancies, [""; 0]);
    });
}

#[test]
fn however_many_come_at_once_no_place_is_given_twice_and_the_line_is_strict() {
    const CROWD: usize = 300;
    run(async {
        let world = Arc::new(World::new());
        let alice = world.registers("alice").await;
        let people = people(&world, CROWD).await;
        let event = world.creates_for(10, &alice, true).await;
        let answers = join_all(people.iter().map(|who| world.attends(who, &event, false))).await;
        let first: Vec<_> = answers.into_iter().map(|answer| answer.unwrap()).collect();
        assert_eq!(first.iter().filter(|answer| answer.status == Status::Going).count(), 10);
        let list = shown(&world, &alice, &event).await;
        let positions: Vec<_> = list.iter().filter_map(|(_, _, position)| *position).collect();
        assert_eq!(positions, (1..=CROWD as u64 - 10).collect::<Vec<_>>());
        // Half of those who come leave, at once.
        let comes: Vec<&Someone> =
            people.iter().filter(|who| list[..10].iter().any(|(name, ..)| *name == who.name.to_string())).collect();
        join_all(comes.iter().take(5).map(|who| world.unattends(who, &event))).await;
        let after = shown(&world, &alice, &event).await;
        let now: Vec<_> = after.iter().take_while(|(_, status, _)| *status == Status::Going).collect();
        assert_eq!(now.len(), 10);
        for (name, ..) in &list[10..15] {
            assert!(now.iter().any(|(came, ..)| came == name), "{name} was among the first five in line");
        }
        assert_eq!(world.audited().await.discrepancies, [""; 0]);
    });
}

#[test]
fn those_who_wait_are_listed_in_line_whatever_the_page_size_and_filter() {
    run(async {
        let world = World::new();
        let alice = world.registers("alice").await;
        let people = people(&world, 8).await;
        let event = world.creates_for(1, &alice, true).await;
        all_attend(&world, &people, &event).await;
        world.unattends(&people[3], &event).await.unwrap();
        world.attends(&people[5], &event, true).await.unwrap();
        let expected = [("user2", 1), ("user3", 2), ("user5", 3), ("user7", 4), ("user8", 5)];
        for limit in 1..=9 {
            for status in [None, Some(Status::Waiting)] {
                let mut request =
                    ListParticipants { event: event.event, instance: Instance::Series, status, page: page(limit) };
                let mut line = Vec::new();
                let mut order = Vec::new();
                loop {
                    let page = world.service.participants(&alice.call(), request.clone()).await.unwrap().value.people;
                    for one in page.items {
                        order.push(one.status);
                        line.extend(one.position.map(|position| (one.username.to_string(), position)));
                    }
                    let Some(next) = page.next else { break };
                    request.page.after = Some(next);
                }
                let line: Vec<_> = line.iter().map(|(name, position)| (name.as_str(), *position)).collect();
                assert_eq!(line, expected, "{limit} a page");
                if status.is_none() {
                    order.dedup();
                    assert_eq!(order, [Status::Going, Status::Waiting, Status::Maybe, Status::Declined]);
                }
            }
        }
    });
}

#[test]
fn an_event_without_a_capacity_has_room_for_everyone() {
    run(async {
        let world = World::new();
        let alice = world.registers("alice").await;
        let people = people(&world, 3).await;
        let event = facts(&alice, true);
        world.event(EventChange::Put(event.clone())).await;
        all_attend(&world, &people, &event).await;
        assert_eq!(world.participants(&alice, &event).await.unwrap().counts.going, 3);
    });
}
