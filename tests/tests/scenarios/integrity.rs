//! References between databases: what goes when a user goes. Every scenario ends with an audit; these are about what it finds.

use convene_tests::{Plan, scenario};
use domain::events::{Listing, Person};
use domain::invitations::{Counts, Response};
use domain::sharing::Level;

use super::refused;

scenario! {
    fn the_events_of_a_deleted_organizer_are_cancelled_and_read_deleted_user(world) {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        let event = alice.creates(Plan::for_a("Standup").inviting(&["bob"])).await.unwrap().id;
        bob.answers(event, Response::Accept).await.unwrap();
        alice.deletes_the_account().await.unwrap();
        world.settles().await;
        let seen = bob.looks_at(event).await.unwrap();
        assert!(seen.cancelled);
        assert_eq!(seen.organizer, Person::Deleted);
        assert_eq!(bob.calendar().await.unwrap(), [""; 0]);
    }

    fn the_invitations_participations_and_shares_of_a_deleted_user_go_with_them(world) {
        let [alice, bob, carol] = world.people(["alice", "bob", "carol"]).await;
        let event = alice.creates(Plan::for_a("Standup").inviting(&["bob", "carol"])).await.unwrap().id;
        let concert = carol.creates(Plan::for_a("Concert").public()).await.unwrap().id;
        bob.answers(event, Response::Accept).await.unwrap();
        bob.attends(concert).await.unwrap();
        bob.shares_with(&alice, Level::Details).await.unwrap();
        alice.shares_with(&bob, Level::Details).await.unwrap();
        bob.deletes_the_account().await.unwrap();
        world.settles().await;
        assert_eq!(alice.participants(event).await.unwrap().counts, Counts { pending: 1, ..Counts::default() });
        assert_eq!(carol.participants(concert).await.unwrap().counts, Counts::default());
        let shares = alice.shares().await.unwrap();
        assert!(shares.shared_with.is_empty() && shares.shared_with_me.is_empty());
        assert_eq!(refused(alice.calendar_of(&bob).await), "not_found");
        assert_eq!(refused(alice.invites(event, &["bob"]).await), "not_found");
        assert_eq!(refused(alice.shares_with(&bob, Level::Busy).await), "not_found");
    }

    fn an_event_that_nobody_may_see_any_more_is_removed(world) {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        let event = alice.creates(Plan::for_a("Concert").public()).await.unwrap().id;
        bob.attends(event).await.unwrap();
        alice.deletes_the_account().await.unwrap();
        world.settles().await;
        assert_eq!(refused(bob.looks_at(event).await), "not_found");
        assert_eq!(bob.calendar().await.unwrap(), [""; 0]);
        assert_eq!(bob.lists(Listing::Public, None).await.unwrap(), [""; 0]);
        assert!(bob.inbox_page(true, domain::PageRequest::default()).await.unwrap().items.is_empty());
    }

    fn a_user_deleted_while_others_invite_and_share_leaves_nothing_dangling(world) {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        let event = alice.creates(Plan::for_a("Standup")).await.unwrap().id;
        // At the same time, in any order: whatever is accepted must go again when the deletion arrives.
        let (deleted, invited, shared, created) = tokio::join!(
            bob.deletes_the_account(),
            alice.invites(event, &["bob"]),
            alice.shares_with(&bob, Level::Details),
            bob.creates(Plan::for_a("Too late").public()),
        );
        deleted.unwrap();
        for code in [invited.err(), shared.err(), created.err()].into_iter().flatten().map(|error| error.code()) {
            assert!(["not_found", "unauthenticated"].contains(&code), "{code}");
        }
        world.settles().await;
        assert!(alice.shares().await.unwrap().shared_with.is_empty());
        assert_eq!(alice.participants(event).await.unwrap().counts, Counts::default());
    }
}
