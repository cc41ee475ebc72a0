//! One service is away: the others go on, people are told which is missing, and everything converges when it returns.

use convene_tests::{Plan, scenario};
use domain::Service;
use domain::events::Listing;
use domain::invitations::Response;
use domain::sharing::Level;

/// That the answer was refused because this very service is away.
fn names<T: std::fmt::Debug>(answer: Result<T, domain::Error>, service: Service) {
    let error = answer.unwrap_err();
    assert_eq!((error.code(), error.service()), ("unavailable", Some(service)), "{error:?}");
}

scenario! {
    fn without_auth_everyone_signed_in_works_on(world) {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        world.settles().await;
        world.stops(Service::Auth).await;
        let event = alice.creates(Plan::for_a("Standup").public().inviting(&["bob"])).await.unwrap().id;
        bob.answers(event, Response::Accept).await.unwrap();
        alice.shares_with(&bob, Level::Details).await.unwrap();
        assert_eq!(bob.calendar_of(&alice).await.unwrap(), ["Standup (organizing)"]);
        assert_eq!(bob.calendar().await.unwrap(), ["Standup (going)"]);
        names(alice.elsewhere().signs_in().await, Service::Auth);
        names(world.stranger("carol").registers().await, Service::Auth);
        names(alice.invites(event, &["unheard-of"]).await, Service::Auth);
        world.starts(Service::Auth).await;
        alice.elsewhere().signs_in().await.unwrap();
    }

    fn without_events_calendars_inbox_answers_participants_and_sharing_go_on(world) {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        let event = alice.creates(Plan::for_a("Standup").inviting(&["bob"])).await.unwrap().id;
        world.settles().await;
        world.stops(Service::Events).await;
        assert_eq!(bob.inbox().await.unwrap(), ["Standup"]);
        bob.answers(event, Response::Accept).await.unwrap();
        assert_eq!(bob.participants(event).await.unwrap().counts.going, 1);
        assert_eq!(bob.calendar().await.unwrap(), ["Standup (going)"]);
        alice.shares_with(&bob, Level::Details).await.unwrap();
        names(alice.creates(Plan::for_a("Not saved")).await, Service::Events);
        names(alice.cancels(event).await, Service::Events);
        names(alice.lists(Listing::Public, None).await, Service::Events);
        world.starts(Service::Events).await;
        assert_eq!(alice.lists(Listing::Mine, None).await.unwrap(), ["Standup"]);
    }

    fn without_invitations_events_are_made_and_the_invitations_arrive_when_it_returns(world) {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        world.settles().await;
        world.stops(Service::Invitations).await;
        let event = alice.creates(Plan::for_a("Standup").inviting(&["bob"])).await.unwrap().id;
        assert_eq!(bob.looks_at(event).await.unwrap().title.as_str(), "Standup");
        assert_eq!(alice.calendar().await.unwrap(), ["Standup (organizing)"]);
        names(bob.inbox().await, Service::Invitations);
        names(bob.answers(event, Response::Accept).await, Service::Invitations);
        names(alice.participants(event).await, Service::Invitations);
        world.starts(Service::Invitations).await;
        world.settles().await;
        assert_eq!(bob.inbox().await.unwrap(), ["Standup"]);
        bob.answers(event, Response::Accept).await.unwrap();
        assert_eq!(bob.calendar().await.unwrap(), ["Standup (going)"]);
    }

    fn without_calendar_everything_else_goes_on_and_a_new_users_calendar_appears_when_it_returns(world) {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        world.stops(Service::Calendar).await;
        let carol = world.person("carol").await;
        let event = alice.creates(Plan::for_a("Standup").inviting(&["bob", "carol"])).await.unwrap().id;
        bob.answers(event, Response::Accept).await.unwrap();
        carol.answers(event, Response::Maybe).await.unwrap();
        names(carol.calendar().await, Service::Calendar);
        world.starts(Service::Calendar).await;
        assert_eq!(carol.calendar().await.unwrap(), ["Standup (maybe)"]);
        world.settles().await;
        assert_eq!(bob.calendar().await.unwrap(), ["Standup (going)"]);
    }

    fn without_sharing_shared_calendars_stay_visible(world) {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        alice.creates(Plan::for_a("Dentist")).await.unwrap();
        alice.shares_with(&bob, Level::Details).await.unwrap();
        world.settles().await;
        world.stops(Service::Sharing).await;
        assert_eq!(bob.calendar_of(&alice).await.unwrap(), ["Dentist (organizing)"]);
        names(alice.stops_sharing_with(&bob).await, Service::Sharing);
        names(bob.shares().await, Service::Sharing);
        world.starts(Service::Sharing).await;
        alice.stops_sharing_with(&bob).await.unwrap();
        assert_eq!(bob.calendar_of(&alice).await.unwrap_err().code(), "forbidden");
    }
}
