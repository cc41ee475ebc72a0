//! Making, changing and cancelling events; versions; commands sent twice.

use domain::events::{CancelEvent, CreateEvent, EditEvent, EventChange, Events as _, Person as Shown};
use domain::{Error, IdempotencyKey};
use jiff::civil::date;

use super::world::{World, code, days, edit_of, names, plan, public, run};

#[test]
fn a_new_event_is_shown_as_it_was_wanted() {
    run(async {
        let world = World::new();
        let alice = world.person("alice").await;
        let wanted = CreateEvent {
            description: "会".repeat(4_000).parse().unwrap(),
            location: "Room 5".parse().unwrap(),
            time: days(date(2027, 3, 10), 3),
            ..public("Retreat")
        };
        let event = world.create(&alice, wanted.clone()).await.unwrap();
        assert_eq!(event, world.show(&alice, event.id).await.unwrap());
        assert_eq!(
            (event.title, event.description, event.location),
            (wanted.title, wanted.description, wanted.location)
        );
        assert_eq!((event.series.first, event.public, event.version, event.cancelled), (wanted.time, true, 1, false));
        assert_eq!(event.organizer, Shown::Named(alice.name.clone()));
        world.assert_sound().await;
    });
}

#[test]
fn a_command_sent_twice_is_done_once() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.person("alice").await, world.person("bob").await);
        let context = world.command_of(&alice);
        let wanted = CreateEvent { invite: names(&[&bob]), ..plan("Party") };
        let first = world.service.create(&context, wanted.clone()).await.unwrap().value;
        let again = world.service.create(&context, wanted.clone()).await.unwrap().value;
        assert_eq!(first, again);
        assert_eq!(world.mine(&alice).await, [first.id]);
        assert_eq!(world.announced().await.len(), 2);
        let other = CreateEvent { public: true, ..wanted };
        assert_eq!(code(world.service.create(&context, other).await), "conflict");
    });
}

#[test]
fn a_command_that_was_done_is_answered_again_although_its_invitee_has_gone_or_auth_is_away() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.person("alice").await, world.person("bob").await);
        let context = world.command_of(&alice);
        let wanted = CreateEvent { invite: names(&[&bob]), ..plan("Party") };
        let first = world.service.create(&context, wanted.clone()).await.unwrap().value;
        world.auth.delete(bob.id);
        world.hear().await;
        assert_eq!(world.service.create(&context, wanted.clone()).await.unwrap().value, first);
        world.auth.away.store(true, std::sync::atomic::Ordering::SeqCst);
        assert_eq!(world.service.create(&context, wanted.clone()).await.unwrap().value, first);
        assert_eq!(code(world.create(&alice, wanted).await), "unavailable", "as a new command it cannot be done");
        assert_eq!(world.mine(&alice).await.len(), 1);
    });
}

#[test]
fn a_command_without_an_identity_is_refused() {
    run(async {
        let world = World::new();
        let alice = world.person("alice").await;
        let mut context = world.command_of(&alice);
        context.idempotency_key = None;
        let refused = world.service.create(&context, plan("Party")).await.unwrap_err();
        assert_eq!(refused.field(), Some("idempotency key"));
        assert!(world.announced().await.is_empty());
    });
}

#[test]
fn nobody_can_be_invited_twice_in_one_command_nor_invite_themselves() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.person("alice").await, world.person("bob").await);
        for bad in [names(&[&bob, &bob]), names(&[&bob, &alice]), vec![bob.name.clone(); 1_001]] {
            let refused = world.create(&alice, CreateEvent { invite: bad, ..plan("Party") }).await.unwrap_err();
            assert_eq!((refused.code(), refused.field()), ("invalid_input", Some("invite")));
        }
        assert!(world.announced().await.is_empty() && world.mine(&alice).await.is_empty());
    });
}

#[test]
fn every_change_is_a_new_version_and_no_change_is_none() {
    run(async {
        let world = World::new();
        let alice = world.person("alice").await;
        let event = world.create(&alice, plan("Party")).await.unwrap();
        let same = EditEvent {
            title: Some(event.title.clone()),
            description: Some(event.description.clone()),
            location: Some(event.location.clone()),
            time: Some(event.series.first.clone()),
            public: Some(event.public),
            ..edit_of(event.id)
        };
        assert_eq!(world.edit(&alice, same).await.unwrap(), event);
        assert_eq!(world.announced().await.len(), 1);
        let edits = [
            EditEvent { title: Some("Feast".parse().unwrap()), ..edit_of(event.id) },
            EditEvent { description: Some("Bring cake".parse().unwrap()), ..edit_of(event.id) },
            EditEvent { location: Some("Garden".parse().unwrap()), ..edit_of(event.id) },
            EditEvent { time: Some(days(date(2028, 1, 1), 1)), ..edit_of(event.id) },
            EditEvent { public: Some(true), ..edit_of(event.id) },
        ];
        for (edit, version) in edits.into_iter().zip(2..) {
            assert_eq!(world.edit(&alice, edit).await.unwrap().version, version);
        }
        let after = world.cancel(&alice, event.id).await.unwrap();
        assert_eq!((after.version, after.cancelled), (7, true));
        assert_eq!((after.title.as_str(), after.description.as_str()), ("Feast", "Bring cake"));
        assert_eq!(
            world.cancel(&alice, event.id).await.unwrap(),
            after,
            "to cancel again succeeds and changes nothing"
        );
        let announced = world.announced().await;
        let versions = announced.iter().map(|change| match change {
            EventChange::Put(facts) => facts.version,
            other => panic!("{other:?}"),
        });
        assert_eq!(versions.collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7]);
        world.assert_sound().await;
    });
}

#[test]
fn an_edit_meant_for_another_version_is_refused_with_the_current_one() {
    run(async {
        let world = World::new();
        let alice = world.person("alice").await;
        let event = world.create(&alice, plan("Party")).await.unwrap();
        let rename = |title: &str, version| EditEvent {
            title: Some(title.parse().unwrap()),
            if_version: Some(version),
            ..edit_of(event.id)
        };
        assert_eq!(world.edit(&alice, rename("Feast", 1)).await.unwrap().version, 2);
        let Err(Error::Conflict { field, current_version, .. }) = world.edit(&alice, rename("Ball", 1)).await else {
            panic!("version 1 is outdated")
        };
        assert_eq!((field.as_str(), current_version), ("version", Some(2)));
        world.cancel(&alice, event.id).await.unwrap();
        let refused = world.edit(&alice, rename("Ball", 3)).await.unwrap_err();
        assert_eq!((refused.code(), refused.field()), ("conflict", Some("event")));
        assert_eq!(world.show(&alice, event.id).await.unwrap().title.as_str(), "Feast");
    });
}

#[test]
fn of_two_edits_for_one_version_one_is_done() {
    run(async {
        let world = World::new();
        let alice = world.person("alice").await;
        let event = world.create(&alice, plan("Party")).await.unwrap();
        let edits = (0..20).map(|n| {
            let title = Some(format!("Party {n}").parse().unwrap());
            world.edit(&alice, EditEvent { title, if_version: Some(1), ..edit_of(event.id) })
        });
        let outcomes: Vec<_> = futures::future::join_all(edits).await.into_iter().map(code).collect();
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == "done").count(), 1);
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == "conflict").count(), 19);
        assert_eq!(world.show(&alice, event.id).await.unwrap().version, 2);
    });
}

#[test]
fn cancelling_again_with_the_same_or_another_identity_succeeds_and_changes_nothing() {
    run(async {
        let world = World::new();
        let alice = world.person("alice").await;
        let event = world.party(&alice, &[]).await;
        let context = world.command_of(&alice);
        world.service.cancel(&context, CancelEvent { instance: domain::Instance::Series, event }).await.unwrap();
        world.service.cancel(&context, CancelEvent { instance: domain::Instance::Series, event }).await.unwrap();
        let other = world.command_of(&alice).as_command(IdempotencyKey::new(), 2);
        assert_eq!(
            world
                .service
                .cancel(&other, CancelEvent { instance: domain::Instance::Series, event })
                .await
                .unwrap()
                .value
                .version,
            2
        );
    });
}
