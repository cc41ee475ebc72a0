//! Whoever looks at something hears of what others do to it, without asking again and again.

use convene_tests::{Plan, scenario};
use domain::invitations::Response;
use domain::sharing::Level;
use domain::{Positions, Service};

const WATCHED: [Service; 4] = [Service::Events, Service::Invitations, Service::Calendar, Service::Sharing];

scenario! {
    fn who_watches_is_told_at_once_how_far_a_service_is_and_then_of_what_others_do(world) {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        let event = alice.creates(Plan::for_a("Standup").inviting(&["bob"])).await.unwrap().id;
        world.settles().await;
        for service in WATCHED {
            let now = alice.watches(service, Positions::default()).await.unwrap();
            assert!(now.get(service).is_some() && now.get(Service::Auth).is_some(), "{service}: {now:?}");
        }
        // What follows is told of by the service that did it, and by those that take it over.
        for service in [Service::Invitations, Service::Calendar] {
            let before = alice.watches(service, Positions::default()).await.unwrap();
            let seen = before.get(Service::Invitations).unwrap();
            let response = if service == Service::Calendar { Response::Maybe } else { Response::Accept };
            let (told, answered) = tokio::join!(
                alice.watches(service, Positions::of(Service::Invitations, seen)),
                bob.answers(event, response),
            );
            answered.unwrap();
            assert!(seen.is_behind(told.unwrap().get(Service::Invitations).unwrap()), "{service}");
        }
        let seen = bob.watches(Service::Calendar, Positions::default()).await.unwrap().get(Service::Sharing).unwrap();
        let (told, shared) = tokio::join!(
            bob.watches(Service::Calendar, Positions::of(Service::Sharing, seen)),
            alice.shares_with(&bob, Level::Details),
        );
        shared.unwrap();
        assert!(seen.is_behind(told.unwrap().get(Service::Sharing).unwrap()));
    }

    fn what_a_watcher_does_not_name_does_not_wake_them_and_the_wait_ends_without_news(world) {
        let alice = world.person("alice").await;
        world.settles().await;
        let before = alice.watches(Service::Events, Positions::default()).await.unwrap();
        let seen = Positions::of(Service::Events, before.get(Service::Events).unwrap());
        // Somebody registers: events follows auth, and hears of it.
        world.person("bob").await;
        world.settles().await;
        let request = domain::Watch { seen: seen.clone(), wait_ms: 1 };
        let after = alice.clients().events.watch(&alice.asking(), request).await.unwrap().value;
        assert_eq!(after.get(Service::Events), seen.get(Service::Events));
        assert_ne!(after.get(Service::Auth), before.get(Service::Auth));
    }

    fn an_organizer_hears_who_answered_and_nobody_else_does(world) {
        let [alice, bob, carol] = world.people(["alice", "bob", "carol"]).await;
        let event = alice.creates(Plan::for_a("Concert").public().inviting(&["bob"])).await.unwrap().id;
        world.settles().await;
        let (told, until) = alice.hears_of_answers(None).await.unwrap();
        assert_eq!(told, [""; 0], "an invitation is no answer");
        bob.answers(event, Response::Accept).await.unwrap();
        carol.may_attend(event).await.unwrap();
        let (told, until) = alice.hears_of_answers(Some(until)).await.unwrap();
        assert_eq!(told, ["bob (going)", "carol (maybe)"]);
        carol.leaves(event).await.unwrap();
        let (told, _) = alice.hears_of_answers(Some(until)).await.unwrap();
        assert_eq!(told, ["carol (declined)"]);
        assert_eq!(bob.hears_of_answers(None).await.unwrap().0, [""; 0]);
        bob.deletes_the_account().await.unwrap();
        world.settles().await;
        assert_eq!(alice.hears_of_answers(None).await.unwrap().0, ["carol (declined)"]);
        alice.deletes_the_account().await.unwrap();
    }
}
