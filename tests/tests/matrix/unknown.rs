//! Outcomes that the command line cannot know: a service that hangs or dies in the middle of a command. The person is told so, in words
//! and by exit code 9, and the same words given again do the work once.

use convene_tests::{Mode, Person, Plan, Shell, World};
use domain::{EventId, Service};
use futures::future::join_all;

use super::front::{Front, Mishap};

/// One command for each service that has commands, and how often it has been done.
struct Order {
    service: Service,
    profile: &'static str,
    words: Vec<String>,
    input: &'static str,
}

const PASSWORD: &str = "correct horse battery\n";

fn orders(event: EventId) -> Vec<Order> {
    let event = event.to_string();
    let order = |service, profile, words: &[&str], input| {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Order { service, profile, words, input }
    };
    let create = ["event", "create", "--title", "Retreat", "--start", "2027-03-10T09:00"];
    vec![
        order(Service::Auth, "carol", &["register", "carol", "--password-stdin"], PASSWORD),
        order(Service::Events, "alice", &create, ""),
        order(Service::Invitations, "bob", &["respond", &event, "accept"], ""),
        order(Service::Sharing, "alice", &["share", "bob"], ""),
    ]
}

async fn times(order: &Order, world: &World, alice: &Person, event: EventId) -> usize {
    match order.service {
        Service::Auth => usize::from(world.stranger("carol").signs_in().await.is_ok()),
        Service::Events => {
            let listed = alice.lists(domain::events::Listing::Mine, None).await.unwrap();
            listed.iter().filter(|title| *title == "Retreat").count()
        }
        Service::Invitations => usize::try_from(alice.participants(event).await.unwrap().counts.going).unwrap(),
        Service::Sharing => alice.shares().await.unwrap().shared_with.len(),
        Service::Calendar => unreachable!("calendar has no commands"),
    }
}

fn in_the_middle(mishap: Mishap) {
    World::run(Mode::Spawned, None, |mut world| async move {
        let shell = Shell::at(world.base_port(), world.data());
        let [alice, _bob] = world.people(["alice", "bob"]).await;
        let event = alice.creates(Plan::for_a("Standup").inviting(&["bob"])).await.unwrap().id;
        for name in ["alice", "bob"] {
            let said = shell.gives(name, &["login", name, "--password-stdin"], PASSWORD).await;
            assert_eq!(said.code, 0, "{said:?}");
        }
        world.settles().await;
        let mut services = Vec::new();
        for (service, address) in world.cluster().addresses().iter() {
            services.push((service, address.to_owned(), world.cluster().pid(service).await.unwrap()));
        }
        let front = Front::before(services, mishap);
        let shell = shell.elsewhere(front.base_port());
        let orders = orders(event);

        let give = async |order: &Order| shell.gives(order.profile, &order.words, order.input).await;
        for (order, said) in orders.iter().zip(join_all(orders.iter().map(give)).await) {
            assert_eq!((said.code, said.error("code").as_str()), (9, "deadline"), "{said:?}");
            assert_eq!(said.error("service"), order.service.name());
            let words = format!(
                "{} did not answer in time; whether it was done is not known; give the same command again to find out: it is never done twice",
                order.service
            );
            assert_eq!(said.error("message"), words);
        }
        for (order, said) in orders.iter().zip(join_all(orders.iter().map(give)).await) {
            assert_eq!((said.code, said.error("service").as_str()), (7, order.service.name()), "{said:?}");
            assert!(said.error("message").contains("; what became of the first attempt is not known"), "{said:?}");
        }

        let shell = shell.elsewhere(world.base_port());
        for order in &orders {
            match mishap {
                Mishap::HangsAsTheCallArrives => world.goes_on(order.service).await,
                Mishap::DiesAsItAnswers => world.starts(order.service).await,
            }
        }
        world.settles().await;
        for order in &orders {
            let before = times(order, &world, &alice, event).await;
            // An answer that was on its way tells of something done.
            let least = usize::from(mishap == Mishap::DiesAsItAnswers);
            assert!((least..=1).contains(&before), "{}: {before} times", order.service);
            let said = shell.gives(order.profile, &order.words, order.input).await;
            assert_eq!(said.code, 0, "{said:?}");
            assert_eq!(times(order, &world, &alice, event).await, 1, "{}", order.service);
        }
        world.ends_whole().await;
    });
}

#[test]
fn a_service_that_hangs_as_a_command_reaches_it_leaves_the_outcome_unknown_and_the_command_is_done_once() {
    in_the_middle(Mishap::HangsAsTheCallArrives);
}

#[test]
fn a_service_that_dies_as_it_answers_has_done_the_command_which_given_again_is_not_done_again() {
    in_the_middle(Mishap::DiesAsItAnswers);
}
