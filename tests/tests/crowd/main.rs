//! A crowd at a door: 10,000 people who want one of 100 places at the same moment, and 500 while the service that gives them away is
//! killed.
//!
//! `cargo test -p convene-tests --features crowd --test crowd` (`CONVENE_CROWD` says how many, 10,000 unless it does). Everyone's
//! command is under way before the first answer is heard; whoever is told that the service is busy, or not told what became of their
//! command, gives the same command again. In the end exactly 100 come, all others stand in a line without gap or double, everyone was
//! told what is true, and the audit finds nothing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use convene_tests::{Mode, Person, Plan, World, number_in_environment};
use domain::invitations::{Invitation, Status};
use domain::{Error, EventId, Service};
use futures::StreamExt as _;
use futures::future::join_all;
use tokio::sync::Notify;

const PLACES: usize = 100;
/// So many register at a time.
const AT_THE_DESK: usize = 64;

async fn registered(world: &World, size: usize) -> Vec<Person> {
    let people = futures::stream::iter(0..size).map(|n| async move { world.person(&format!("guest-{n:05}")).await });
    people.buffered(AT_THE_DESK).collect().await
}

/// How often a command had to be given again.
#[derive(Default)]
struct Again {
    often: AtomicUsize,
    for_the_first_time: Notify,
}

impl Again {
    fn counts(&self) {
        if self.often.fetch_add(1, Ordering::Relaxed) == 0 {
            self.for_the_first_time.notify_one();
        }
    }

    fn often(&self) -> usize {
        self.often.load(Ordering::Relaxed)
    }
}

/// Gives one command until its outcome is known; how often that took more than once is counted.
async fn joins(person: &Person, event: EventId, again: &Again) -> Invitation {
    let person = person.giving_one_command();
    loop {
        match person.attends(event).await {
            Ok(answer) => return answer,
            Err(Error::RateLimited { retry_after_ms, .. }) => {
                again.counts();
                tokio::time::sleep(Duration::from_millis(retry_after_ms)).await;
            }
            Err(Error::Unavailable { .. } | Error::Deadline { .. }) => {
                again.counts();
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(error) => panic!("{}: {error}", person.name()),
        }
    }
}

/// Exactly so many come, and all others stand in a strict line.
async fn is_strict(alice: &Person, event: EventId, size: usize) -> BTreeMap<String, (Status, Option<u64>)> {
    let everyone = alice.everyone_at(event).await.unwrap();
    let going = everyone.iter().filter(|(_, status, _)| *status == Status::Going).count();
    assert_eq!(going, PLACES);
    let line: Vec<_> = everyone.iter().filter(|(_, status, _)| *status == Status::Waiting).collect();
    let positions: Vec<_> = line.iter().map(|(.., position)| position.unwrap()).collect();
    assert_eq!(positions, (1..=u64::try_from(size - PLACES).unwrap()).collect::<Vec<_>>());
    let counts = alice.participants(event).await.unwrap().counts;
    assert_eq!((counts.going, counts.waiting), (PLACES.try_into().unwrap(), (size - PLACES).try_into().unwrap()));
    let named: BTreeMap<_, _> =
        everyone.into_iter().map(|(name, status, position)| (name, (status, position))).collect();
    assert_eq!(named.len(), size, "everyone once");
    named
}

async fn ten_thousand_come(world: World) {
    let size = usize::try_from(number_in_environment("CONVENE_CROWD", 10_000)).unwrap();
    let (alice, began) = (world.person("alice").await, Instant::now());
    let people = Arc::new(registered(&world, size).await);
    let registered = began.elapsed();
    let event =
        alice.creates(Plan::for_a("Concert").public().with_places(PLACES.try_into().unwrap())).await.unwrap().id;
    world.settles().await;
    let (again, began) = (Again::default(), Instant::now());
    let answers = join_all(people.iter().map(|person| joins(person, event, &again))).await;
    eprintln!(
        "{size} registered in {} ms; all of them joined in {} ms, {} of the attempts were given again",
        registered.as_millis(),
        began.elapsed().as_millis(),
        again.often()
    );
    let stands = is_strict(&alice, event, size).await;
    // Nobody has left since, so everyone's answer still holds.
    for answer in &answers {
        assert_eq!(stands[answer.invitee.as_str()], (answer.status, answer.position), "{}", answer.invitee);
    }
    world.ends_whole().await;
}

#[test]
fn of_ten_thousand_who_come_at_once_a_hundred_get_places_and_the_others_stand_in_line_direct() {
    World::run(Mode::Direct, None, ten_thousand_come);
}

#[test]
fn of_ten_thousand_who_come_at_once_a_hundred_get_places_and_the_others_stand_in_line_wire() {
    World::run(Mode::Wire, None, ten_thousand_come);
}

const AMID_A_KILL: usize = 500;
/// So many come at once, before the service is killed; the others come when it is dead.
const BEFORE: usize = 400;
/// So many have been answered when the service is killed.
const ANSWERED: usize = 150;

async fn five_hundred_come_amid_a_kill(mut world: World) {
    let alice = world.person("alice").await;
    let people = registered(&world, AMID_A_KILL).await;
    let event =
        alice.creates(Plan::for_a("Concert").public().with_places(PLACES.try_into().unwrap())).await.unwrap().id;
    world.settles().await;
    let (again, found_dead) = (Again::default(), Again::default());
    let (answered, many) = (AtomicUsize::new(0), Notify::new());
    let (early, late) = people.split_at(BEFORE);
    let coming = join_all(early.iter().map(|person| async {
        let answer = joins(person, event, &again).await;
        if answered.fetch_add(1, Ordering::Relaxed) + 1 == ANSWERED {
            many.notify_one();
        }
        answer
    }));
    let amid_the_kill = async {
        many.notified().await;
        world.kills(Service::Invitations).await;
        let before = answered.load(Ordering::Relaxed);
        // However fast those were, someone always finds the service dead: it starts again only after that.
        let coming_late = join_all(late.iter().map(|person| joins(person, event, &found_dead)));
        let starting = async {
            found_dead.for_the_first_time.notified().await;
            world.starts(Service::Invitations).await;
        };
        (before, tokio::join!(coming_late, starting).0)
    };
    let (mut answers, (before, of_the_late)) = tokio::join!(coming, amid_the_kill);
    answers.extend(of_the_late);
    eprintln!(
        "{before} were answered when invitations was killed; {} and {} attempts were given again by those who came before and after it",
        again.often(),
        found_dead.often()
    );
    let stands = is_strict(&alice, event, AMID_A_KILL).await;
    for answer in &answers {
        assert_eq!(stands[answer.invitee.as_str()], (answer.status, answer.position), "{}", answer.invitee);
    }
    // Places that become free at once go to the first in line, in its order, whoever leaves first.
    let leaving: Vec<_> = people.iter().filter(|person| stands[person.name()].0 == Status::Going).take(30).collect();
    join_all(leaving.iter().map(|person| async move { person.leaves(event).await.unwrap() })).await;
    let after: BTreeMap<_, _> = alice
        .everyone_at(event)
        .await
        .unwrap()
        .into_iter()
        .map(|(name, status, position)| (name, (status, position)))
        .collect();
    for (name, (_, position)) in stands {
        let expected = match position {
            Some(..=30) => (Status::Going, None),
            Some(position) => (Status::Waiting, Some(position - 30)),
            None if leaving.iter().any(|person| person.name() == name) => (Status::Declined, None),
            None => (Status::Going, None),
        };
        assert_eq!(after[&name], expected, "{name}");
    }
    world.ends_whole().await;
}

#[test]
fn of_five_hundred_who_come_while_the_service_is_killed_a_hundred_get_places_and_the_others_stand_in_line() {
    World::run(Mode::Spawned, None, five_hundred_come_amid_a_kill);
}
