//! A command has one identity, however often and however late it arrives.

use convene_tests::{Plan, scenario};
use domain::Instance;
use domain::events::Listing;
use domain::invitations::{Respond, Response, Status};
use domain::sharing::{Level, ShareCalendar, Unshare};

use super::refused;

scenario! {
    fn the_same_command_sent_again_does_its_work_once(world) {
        let alice = world.person("alice").await;
        let (command, plan) = (alice.commanding(), Plan::for_a("Standup"));
        let first = alice.clients().events.create(&command, plan.0.clone()).await.unwrap().value;
        let again = alice.clients().events.create(&command, plan.0.clone()).await.unwrap().value;
        assert_eq!(first, again);
        assert_eq!(alice.lists(Listing::Mine, None).await.unwrap(), ["Standup"]);
        let another = alice.clients().events.create(&command, Plan::for_a("Another").0).await;
        assert_eq!(refused(another), "conflict", "one identity, one request");
    }

    fn a_command_without_an_identity_is_refused(world) {
        let alice = world.person("alice").await;
        let error = alice.clients().events.create(&alice.asking(), Plan::for_a("Standup").0).await.unwrap_err();
        assert_eq!((error.code(), error.field()), ("invalid_input", Some("idempotency key")));
    }

    fn a_delayed_answer_does_not_overwrite_a_later_one(world) {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        let event = alice.creates(Plan::for_a("Standup").inviting(&["bob"])).await.unwrap().id;
        let delayed = bob.commanding();
        bob.answers(event, Response::Decline).await.unwrap();
        let accept = Respond { event, instance: Instance::Series, response: Response::Accept };
        assert_eq!(refused(bob.clients().invitations.respond(&delayed, accept).await), "conflict");
        let seen = bob.participants(event).await.unwrap();
        assert_eq!(seen.people.items[0].status, Status::Declined);
    }

    fn a_delayed_share_does_not_undo_a_later_unshare(world) {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        let delayed = alice.commanding();
        let unshare = Unshare { with: bob.username() };
        alice.shares_with(&bob, Level::Details).await.unwrap();
        alice.heard(alice.clients().sharing.unshare(&alice.commanding(), unshare).await.unwrap());
        let share = ShareCalendar { with: bob.username(), level: Level::Details };
        assert_eq!(refused(alice.clients().sharing.share(&delayed, share).await), "conflict");
        assert_eq!(refused(bob.calendar_of(&alice).await), "forbidden");
    }

    fn many_people_answer_at_once_and_the_counts_are_right(world) {
        let alice = world.person("alice").await;
        let names: Vec<String> = (0..16).map(|n| format!("guest-{n:02}")).collect();
        let mut guests = Vec::new();
        for name in &names {
            guests.push(world.person(name).await);
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let event = alice.creates(Plan::for_a("Party").inviting(&names)).await.unwrap().id;
        let answers = guests.iter().enumerate().map(|(n, guest)| async move {
            for response in [Response::Accept, Response::Decline, Response::Maybe] {
                guest.answers(event, response).await.unwrap();
            }
            if n % 2 == 0 {
                guest.answers(event, Response::Accept).await.unwrap();
            }
        });
        futures::future::join_all(answers).await;
        world.settles().await;
        let counts = alice.participants(event).await.unwrap().counts;
        assert_eq!((counts.going, counts.maybe, counts.pending, counts.declined), (8, 8, 0, 0));
    }
}
