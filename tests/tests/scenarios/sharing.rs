//! Sharing a calendar: one way, at a level, and taken back.

use convene_tests::{Plan, days, on, scenario};
use domain::PageRequest;
use domain::calendar::Entry;
use domain::sharing::{Level, Share};

use super::refused;

scenario! {
    fn a_shared_calendar_is_seen_and_not_shared_back(world) {
        let [alice, bob, carol] = world.people(["alice", "bob", "carol"]).await;
        alice.creates(Plan::for_a("Dentist")).await.unwrap();
        bob.creates(Plan::for_a("Secret")).await.unwrap();
        assert_eq!(refused(bob.calendar_of(&alice).await), "forbidden");
        let shares = alice.shares_with(&bob, Level::Details).await.unwrap();
        assert!(alice.had_settled(), "it holds from the moment it is acknowledged");
        world.settles().await;
        assert_eq!(shares.shared_with, [Share { username: bob.username(), level: Level::Details }]);
        assert_eq!(bob.calendar_of(&alice).await.unwrap(), ["Dentist (organizing)"]);
        assert_eq!(refused(alice.calendar_of(&bob).await), "forbidden", "one way");
        assert_eq!(refused(carol.calendar_of(&alice).await), "forbidden");
        let shares = bob.shares().await.unwrap();
        assert!(shares.shared_with.is_empty());
        assert_eq!(shares.shared_with_me, [Share { username: alice.username(), level: Level::Details }]);
    }

    fn a_share_taken_back_is_closed_from_the_moment_it_is_acknowledged(world) {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        alice.shares_with(&bob, Level::Details).await.unwrap();
        assert!(bob.calendar_of(&alice).await.is_ok());
        alice.stops_sharing_with(&bob).await.unwrap();
        assert!(alice.had_settled());
        assert_eq!(refused(bob.calendar_of(&alice).await), "forbidden");
        assert!(alice.stops_sharing_with(&bob).await.is_ok(), "again succeeds");
        assert!(bob.shares().await.unwrap().shared_with_me.is_empty());
    }

    fn busy_only_shows_merged_intervals_and_nothing_else(world) {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        for start in ["2027-03-10T09:00", "2027-03-10T09:30", "2027-03-10T10:30", "2027-03-10T15:00"] {
            alice.creates(Plan::for_a("Secret").at(start)).await.unwrap();
        }
        alice.creates(Plan::for_a("Secret day").when(on("2027-03-20", "2027-03-21"))).await.unwrap();
        alice.shares_with(&bob, Level::Busy).await.unwrap();
        world.settles().await;
        assert_eq!(bob.calendar_of(&alice).await.unwrap(), [
            "busy 2027-03-10T09:00:00Z/2027-03-10T11:30:00Z",
            "busy 2027-03-10T15:00:00Z/2027-03-10T16:00:00Z",
            "busy 2027-03-20T00:00:00Z/2027-03-21T00:00:00Z",
        ]);
        let whole = bob.calendar_page(Some(alice.username()), days("2027-03-01", "2027-03-31"), PageRequest::default()).await;
        assert!(whole.unwrap().items.iter().all(|entry| matches!(entry, Entry::Busy { .. })));
        alice.shares_with(&bob, Level::Details).await.unwrap();
        assert_eq!(bob.calendar_of(&alice).await.unwrap().len(), 5, "another level replaces the first");
    }

    fn sharing_with_oneself_or_nobody_is_refused(world) {
        let alice = world.person("alice").await;
        let error = alice.shares_with(&alice, Level::Details).await.unwrap_err();
        assert_eq!((error.code(), error.field()), ("invalid_input", Some("user")));
        let error = alice.shares_with(&world.stranger("nobody"), Level::Details).await.unwrap_err();
        assert_eq!((error.code(), error.field()), ("not_found", Some("user")));
        assert_eq!(refused(alice.calendar_of(&world.stranger("nobody")).await), "not_found");
        assert!(alice.calendar_of(&alice).await.is_ok(), "one's own");
    }
}
