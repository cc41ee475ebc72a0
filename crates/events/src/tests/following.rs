//! What becomes of events and invitations when accounts go, and of lists while work is under way.

use std::sync::Arc;
use std::time::Duration;

use domain::events::{CreateEvent, EventChange, Events as _, Listing};
use domain::integrity::{Present, REFERENCES, Target};
use domain::{EventId, Service};
use jiff::civil::date;

use super::world::{Person, World, always, code, days, edit_of, names, public, run};

async fn people(world: &World, number: usize) -> Vec<Person> {
    let people = (0..number).map(|n| world.stranger(&format!("guest-{n}"))).collect();
    world.hear().await;
    people
}

#[test]
fn the_events_of_a_deleted_account_are_cancelled_and_those_nobody_can_see_any_more_are_gone() {
    run(async {
        let world = World::new();
        let (alice, bob, eve) = (world.person("alice").await, world.person("bob").await, world.person("eve").await);
        let fair = world.create(&alice, CreateEvent { invite: names(&[&bob]), ..public("Fair") }).await.unwrap().id;
        let lonely = world.create(&alice, public("Lonely")).await.unwrap().id;
        let off = world.party(&alice, &[&bob]).await;
        world.cancel(&alice, off).await.unwrap();
        world.auth.delete(alice.id);
        world.hear().await;
        world.finish().await;
        let shown = world.show(&bob, fair).await.unwrap();
        assert_eq!((shown.cancelled, shown.version), (true, 2));
        assert_eq!(world.show(&bob, off).await.unwrap().version, 3);
        assert_eq!(code(world.show(&eve, fair).await), "not_found");
        assert!(world.mine(&bob).await.is_empty() && world.public(&eve).await.is_empty());
        let announced = world.announced().await;
        let put = announced.iter().rev().find_map(|change| match change {
            EventChange::Put(facts) if facts.event == fair => Some((facts.organizer, facts.cancelled, facts.version)),
            _ => None,
        });
        assert_eq!(put, Some((None, true, 2)));
        assert!(announced.contains(&EventChange::Removed { event: lonely }));
        let targets = vec![Target::Event(fair), Target::Event(lonely), Target::User(bob.id)];
        let present = world.service.present(&world.query_of(&bob), Present { targets }).await.unwrap().value;
        assert_eq!(present, [true, false, false]);
        let (references, discrepancies) = world.audit().await;
        assert!(references.iter().all(|reference| reference.target == Target::User(bob.id)), "{references:?}");
        assert_eq!(discrepancies, Vec::<String>::new());
    });
}

#[test]
fn with_its_last_invitee_an_event_without_organizer_is_gone() {
    run(async {
        let world = World::new();
        let (alice, bob, carol) = (world.person("alice").await, world.person("bob").await, world.person("carol").await);
        let event = world.party(&alice, &[&bob, &carol]).await;
        for person in [&alice, &bob] {
            world.auth.delete(person.id);
            world.hear().await;
            world.finish().await;
        }
        assert_eq!(code(world.show(&carol, event).await), "done");
        world.auth.delete(carol.id);
        world.hear().await;
        world.finish().await;
        assert_eq!(world.announced().await.last(), Some(&EventChange::Removed { event }));
        assert_eq!(world.audit().await, (vec![], vec![]));
    });
}

#[test]
fn a_deleted_invitee_goes_and_the_event_stays() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.person("alice").await, world.person("bob").await);
        let event = world.party(&alice, &[&bob]).await;
        world.auth.delete(bob.id);
        world.hear().await;
        world.finish().await;
        let taken_back = EventChange::Uninvited { event, invitees: vec![bob.id] };
        assert_eq!(world.announced().await.last(), Some(&taken_back), "also for those who heard of no deletion");
        assert_eq!(world.mine(&alice).await, [event]);
        let (references, discrepancies) = world.audit().await;
        assert_eq!((references.len(), discrepancies), (1, vec![]));
    });
}

#[test]
fn an_account_with_much_to_forget_is_forgotten_in_steps_and_can_do_nothing_meanwhile() {
    run(async {
        let world = World::new();
        let guests = people(&world, 12).await;
        let (alice, others) = guests.split_first().unwrap();
        let mut events = Vec::new();
        for _ in 0..10 {
            events.push(world.party(alice, &others.iter().collect::<Vec<_>>()).await);
            events.push(world.party(&others[0], &[alice]).await);
        }
        world.auth.delete(alice.id);
        world.hear().await;
        assert_eq!(world.work_left().await, Some(Service::Auth), "the directory did not wait for it");
        assert_eq!(code(world.create(alice, public("Late")).await), "unauthenticated");
        assert_eq!(code(world.invite(&others[0], events[1], &[alice]).await), "not_found");
        assert!(world.finish().await > 20, "one event and four invitees a step");
        for pair in events.chunks(2) {
            assert!(world.show(&others[3], pair[0]).await.unwrap().cancelled);
            assert!(!world.show(&others[0], pair[1]).await.unwrap().cancelled);
        }
        let (references, discrepancies) = world.audit().await;
        assert!(references.iter().all(|reference| reference.target != Target::User(alice.id)));
        assert_eq!(discrepancies, Vec::<String>::new());
    });
}

#[test]
fn applying_a_deletion_twice_does_no_harm() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.person("alice").await, world.person("bob").await);
        world.party(&alice, &[&bob]).await;
        world.auth.delete(alice.id);
        world.hear().await;
        world.finish().await;
        let announced = world.announced().await;
        world.auth.delete(alice.id);
        world.hear().await;
        world.finish().await;
        assert_eq!(world.announced().await, announced);
        world.assert_sound().await;
    });
}

#[test]
fn while_the_index_follows_a_moved_event_every_list_already_shows_it_where_it_is() {
    run(async {
        let world = World::new();
        let guests = people(&world, 20).await;
        let (alice, others) = guests.split_first().unwrap();
        let event = world.party(alice, &others.iter().collect::<Vec<_>>()).await;
        let later = world.party(alice, &others.iter().collect::<Vec<_>>()).await;
        let to_2028 = |event: EventId| {
            let mut edit = edit_of(event);
            edit.time = Some(days(date(2028, 1, 1), 2));
            edit
        };
        world.edit(alice, to_2028(event)).await.unwrap();
        for steps in 0.. {
            for guest in &guests {
                assert_eq!(world.mine(guest).await, [later, event], "after {steps} steps");
            }
            world.assert_sound().await;
            if steps == 2 {
                // Moved again in the middle of it, and someone leaves and someone comes.
                let mut edit = edit_of(event);
                edit.time = Some(days(date(2029, 1, 1), 1));
                world.edit(alice, edit).await.unwrap();
                world.uninvite(alice, event, &[&others[2], &others[18]]).await.unwrap();
                world.invite(alice, event, &[&others[2], &others[18]]).await.unwrap();
            }
            if world.step().await.is_none() {
                assert!(steps > 5, "{steps}");
                break;
            }
        }
        world.cancel(alice, event).await.unwrap();
        for guest in &guests {
            assert_eq!(world.mine(guest).await, [later]);
        }
        world.cancel(alice, later).await.unwrap();
        world.finish().await;
        assert!(world.mine(&others[15]).await.is_empty());
        world.assert_sound().await;
    });
}

#[test]
fn pages_show_events_on_the_move_once_and_in_their_place() {
    run(async {
        let world = World::new();
        let guests = people(&world, 12).await;
        let (alice, others) = guests.split_first().unwrap();
        let party = |time| CreateEvent { invite: names(&others.iter().collect::<Vec<_>>()), time, ..public("Party") };
        let mut events = Vec::new();
        for month in 1..=6 {
            events.push(world.create(alice, party(days(date(2027, month, 1), 1))).await.unwrap().id);
        }
        for (event, month) in events.iter().zip([8, 9]) {
            let mut edit = edit_of(*event);
            edit.time = Some(days(date(2027, month, 1), 1));
            world.edit(alice, edit).await.unwrap();
        }
        events.rotate_left(2);
        for limit in 1..8 {
            for guest in [&others[0], &others[10]] {
                let shown = world.list(guest, Listing::Mine, &always(), None, limit).await;
                let shown: Vec<EventId> = shown.into_iter().map(|event| event.id).collect();
                assert_eq!(shown, events, "{limit} a page");
            }
        }
    });
}

#[tokio::test]
async fn a_command_that_leaves_work_wakes_the_worker() {
    let world = World::new();
    let worker = tokio::spawn(Arc::clone(&world.chassis).work_off(crate::store::work::step));
    let guests = people(&world, 20).await;
    let (alice, others) = guests.split_first().unwrap();
    let event = world.party(alice, &others.iter().collect::<Vec<_>>()).await;
    let mut edit = edit_of(event);
    edit.time = Some(days(date(2028, 1, 1), 2));
    for cancel in [false, true] {
        let nothing_left = async {
            while world.work_left().await.is_some() {
                tokio::task::yield_now().await;
            }
        };
        if cancel {
            world.cancel(alice, event).await.unwrap();
        } else {
            world.edit(alice, edit.clone()).await.unwrap();
        }
        tokio::time::timeout(Duration::from_secs(10), nothing_left).await.expect("the worker was woken");
    }
    worker.abort();
    world.assert_sound().await;
}

#[test]
fn the_audit_names_every_reference_by_a_declared_rule() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.person("alice").await, world.person("bob").await);
        world.party(&alice, &[&bob]).await;
        let (references, _) = world.audit().await;
        let declared = REFERENCES.iter().filter(|rule| rule.holder == Service::Events).map(|rule| rule.name);
        let found: Vec<&str> = references.iter().map(|reference| reference.name.as_str()).collect();
        assert_eq!(found, declared.collect::<Vec<_>>());
    });
}

#[test]
fn the_audit_finds_what_is_broken() {
    use crate::store::{EVENTS, INVITED, INVITED_OF, ORGANIZED_BY, Scope, TIMELINE};
    use domain::Instance;
    use storage::Reader as _;
    type Damage = fn(&mut storage::Transaction<'_>, EventId, &Person, &Person) -> Result<(), chassis::Fault>;
    let damages: [(&str, Damage); 6] = [
        ("an event without its row", |tx, event, _, _| Ok(tx.delete(&EVENTS, &event)?)),
        ("an organizer's list", |tx, event, alice, _| Ok(tx.delete(&ORGANIZED_BY, &(alice.id, event))?)),
        ("an invitee's list", |tx, event, _, bob| Ok(tx.delete(&INVITED_OF, &(bob.id, event))?)),
        ("an invitation", |tx, event, _, bob| Ok(tx.delete(&INVITED, &(event, bob.id))?)),
        ("a missing index entry", |tx, event, _, _| {
            let extent = tx.get(&EVENTS, &event)?.unwrap().extent;
            TIMELINE.remove(tx, &Scope::Public, extent, event, Instance::Series)
        }),
        ("an index entry too many", |tx, event, _, _| {
            let extent = tx.get(&EVENTS, &event)?.unwrap().extent;
            TIMELINE.insert(tx, &Scope::Of(domain::UserId::new()), extent, event, Instance::Series)
        }),
    ];
    for (what, damage) in damages {
        run(async {
            let world = World::new();
            let (alice, bob) = (world.person("alice").await, world.person("bob").await);
            let event =
                world.create(&alice, CreateEvent { invite: names(&[&bob]), ..public("Fair") }).await.unwrap().id;
            world.assert_sound().await;
            world.chassis.db().write(move |tx| damage(tx, event, &alice, &bob)).await.unwrap();
            assert!(!world.audit().await.1.is_empty(), "{what} was not noticed");
        });
    }
}
