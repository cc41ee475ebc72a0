//! Stopping, killing and starting again: everything acknowledged is still there.

use convene_tests::{Person, Plan, World, scenario};
use domain::Service;
use domain::events::Listing;
use domain::invitations::Response;
use domain::sharing::Level;

async fn everything_is_there(alice: &Person, bob: &Person) {
    assert_eq!(alice.lists(Listing::Mine, None).await.unwrap(), ["Standup"]);
    assert_eq!(bob.lists(Listing::Public, None).await.unwrap(), ["Standup"]);
    assert_eq!(alice.calendar().await.unwrap(), ["Standup (organizing)"]);
    assert_eq!(bob.calendar().await.unwrap(), ["Standup (maybe)"]);
    assert_eq!(bob.calendar_of(alice).await.unwrap(), ["Standup (organizing)"]);
    assert_eq!(alice.elsewhere().signs_in().await.unwrap(), alice.user());
}

async fn a_little_of_everything(world: &World) -> [Person; 2] {
    let [alice, bob] = world.people(["alice", "bob"]).await;
    let event = alice.creates(Plan::for_a("Standup").public().inviting(&["bob"])).await.unwrap().id;
    bob.answers(event, Response::Maybe).await.unwrap();
    alice.shares_with(&bob, Level::Details).await.unwrap();
    [alice, bob]
}

scenario! {
    fn all_services_stop_and_start_in_the_opposite_order(world) {
        let [alice, bob] = a_little_of_everything(&world).await;
        for service in Service::ALL {
            world.stops(service).await;
        }
        for service in Service::ALL.into_iter().rev() {
            world.starts(service).await;
        }
        world.settles().await;
        everything_is_there(&alice, &bob).await;
    }

    fn all_services_are_killed_at_once_and_start_again(world) {
        let [alice, bob] = a_little_of_everything(&world).await;
        for service in Service::ALL {
            world.kills(service).await;
        }
        for service in Service::ALL {
            world.starts(service).await;
        }
        world.settles().await;
        everything_is_there(&alice, &bob).await;
    }

    fn a_service_killed_amid_commands_keeps_every_acknowledged_one(world) {
        let alice = world.person("alice").await;
        let mut acknowledged = Vec::new();
        for round in 0..3 {
            for n in 0..5 {
                let title = format!("Event {round}-{n}");
                alice.creates(Plan::for_a(&title).at(&format!("2027-03-{:02}T{:02}:00", 10 + round, 10 + n))).await.unwrap();
                acknowledged.push(title);
            }
            world.kills(Service::Events).await;
            world.starts(Service::Events).await;
        }
        world.settles().await;
        assert_eq!(alice.lists(Listing::Mine, None).await.unwrap(), acknowledged);
        assert_eq!(alice.calendar().await.unwrap().len(), acknowledged.len());
    }
}
