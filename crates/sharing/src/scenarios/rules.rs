//! Who may share what with whom.

use domain::sharing::MAX_SHARES;

use super::stand_in::add_many;
use super::*;

#[tokio::test]
async fn a_share_is_seen_from_both_sides_and_never_implies_its_reverse() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.person("alice").await, stage.person("bob").await);
    let shares = stage.share(&alice.commands(1), "bob", Level::Details).await.unwrap();
    assert_eq!(shares, Shares { shared_with: vec![to("bob", Level::Details)], shared_with_me: vec![] });
    assert_eq!(stage.shares(&alice).await, shares);
    let seen_by_bob = Shares { shared_with: vec![], shared_with_me: vec![to("alice", Level::Details)] };
    assert_eq!(stage.shares(&bob).await, seen_by_bob);

    stage.unshare(&bob.commands(1), "alice").await.unwrap();
    assert_eq!(stage.shares(&bob).await, seen_by_bob, "bob cannot end what is not his");
    let none = stage.unshare(&alice.commands(2), "bob").await.unwrap();
    assert_eq!((none, stage.shares(&bob).await), (Shares::default(), Shares::default()));
}

#[tokio::test]
async fn sharing_again_alike_succeeds_and_announces_nothing_and_otherwise_changes_the_level() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.person("alice").await, stage.person("bob").await);
    let (owner, sharee) = (alice.user.id, bob.user.id);
    for (sequence, level) in [(1, Level::Busy), (2, Level::Busy), (3, Level::Details), (4, Level::Details)] {
        let shares = stage.share(&alice.commands(sequence), "bob", level).await.unwrap();
        assert_eq!(shares.shared_with, [to("bob", level)]);
    }
    for sequence in [5, 6] {
        stage.unshare(&alice.commands(sequence), "bob").await.unwrap();
    }
    let announced = [
        SharingChange::Shared { owner, sharee, level: Level::Busy },
        SharingChange::Shared { owner, sharee, level: Level::Details },
        SharingChange::Unshared { owner, sharee },
    ];
    assert_eq!(stage.log().await, announced);
}

#[tokio::test]
async fn one_does_not_share_with_oneself_or_with_nobody() {
    let stage = Stage::new().await;
    let alice = stage.person("alice").await;
    let oneself = stage.share(&alice.commands(1), "alice", Level::Busy).await.unwrap_err();
    assert_eq!((oneself.code(), oneself.field()), ("invalid_input", Some("user")));
    let nobody = stage.share(&alice.commands(2), "nobody", Level::Busy).await.unwrap_err();
    assert_eq!((nobody.code(), nobody.field()), ("not_found", Some("user")));
    let nobody = stage.unshare(&alice.commands(3), "nobody").await.unwrap_err();
    assert_eq!((nobody.code(), nobody.field()), ("not_found", Some("user")));
    assert!(stage.log().await.is_empty() && stage.references().await.is_empty());
}

#[tokio::test]
async fn a_command_needs_a_user_an_identity_and_a_number() {
    let stage = Stage::new().await;
    let alice = stage.person("alice").await;
    stage.person("bob").await;
    let by_nobody = anyone().as_command(IdempotencyKey::new(), 1);
    assert_eq!(stage.share(&by_nobody, "bob", Level::Busy).await.unwrap_err().code(), "unauthenticated");
    assert_eq!(stage.sharing.shares(&anyone(), ListShares).await.unwrap_err().code(), "unauthenticated");
    let no_number = Context { sequence: None, ..alice.commands(1) };
    assert_eq!(stage.share(&no_number, "bob", Level::Busy).await.unwrap_err().field(), Some("sequence"));
    let no_identity = Context { idempotency_key: None, ..alice.commands(1) };
    assert_eq!(stage.unshare(&no_identity, "bob").await.unwrap_err().field(), Some("idempotency key"));
}

#[tokio::test]
async fn a_command_sent_twice_is_done_once_even_if_it_was_undone_in_between() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.person("alice").await, stage.person("bob").await);
    let command = alice.commands(1);
    stage.share(&command, "bob", Level::Details).await.unwrap();
    stage.unshare(&alice.commands(2), "bob").await.unwrap();
    assert_eq!(stage.share(&command, "bob", Level::Details).await.unwrap(), Shares::default());
    let other = stage.share(&command, "bob", Level::Busy).await.unwrap_err();
    assert_eq!(other.field(), Some("idempotency key"));
    stage.auth.delete(&bob.user).await;
    stage.caught_up().await;
    assert!(stage.share(&command, "bob", Level::Details).await.is_ok(), "what was done stays done");
    assert_eq!(stage.log().await.len(), 2);
}

#[tokio::test]
async fn a_command_that_was_overtaken_by_a_later_one_of_its_session_changes_nothing() {
    let stage = Stage::new().await;
    let (alice, _bob) = (stage.person("alice").await, stage.person("bob").await);
    stage.unshare(&alice.commands(2), "bob").await.unwrap();
    let late = stage.share(&alice.commands(1), "bob", Level::Details).await.unwrap_err();
    assert_eq!((late.code(), late.field()), ("conflict", Some("sequence")));
    stage.share(&alice.commands(5), "bob", Level::Details).await.unwrap();
    stage.share(&alice.commands(7), "bob", Level::Details).await.unwrap();
    for sequence in [4, 6] {
        assert_eq!(stage.unshare(&alice.commands(sequence), "bob").await.unwrap_err().code(), "conflict");
        let lower = stage.share(&alice.commands(sequence), "bob", Level::Busy).await;
        assert_eq!(lower.unwrap_err().code(), "conflict");
    }
    assert_eq!(stage.shares(&alice).await.shared_with, [to("bob", Level::Details)]);
    let elsewhere = stage.signed_in(&alice.user);
    stage.unshare(&elsewhere.commands(1), "bob").await.unwrap();
    assert_eq!(stage.shares(&alice).await, Shares::default(), "another session numbers its own commands");
}

#[tokio::test]
async fn lists_are_in_the_order_of_names() {
    let stage = Stage::new().await;
    let alice = stage.person("alice").await;
    for (sequence, name) in (1..).zip(["zoe", "bob", "mia"]) {
        let other = stage.person(name).await;
        stage.share(&alice.commands(sequence), name, Level::Busy).await.unwrap();
        stage.share(&other.commands(1), "alice", Level::Details).await.unwrap();
    }
    let shares = stage.shares(&alice).await;
    assert_eq!(shares.shared_with, ["bob", "mia", "zoe"].map(|name| to(name, Level::Busy)));
    assert_eq!(shares.shared_with_me, ["bob", "mia", "zoe"].map(|name| to(name, Level::Details)));
}

#[tokio::test]
async fn a_calendar_is_shared_with_a_thousand_people_at_most_and_ended_shares_do_not_count() {
    let stage = Stage::new().await;
    let alice = stage.person("alice").await;
    let crowd = add_many(&stage.auth, MAX_SHARES + 2).await;
    stage.caught_up().await;
    let author = chassis::journal::Author::of(&alice.commands(1)).unwrap();
    let (owner, sharees) = (alice.user.id, crowd[..MAX_SHARES].to_vec());
    let filled = stage.db().write(move |tx| {
        sharees.iter().try_for_each(|sharee| crate::store::put(tx, owner, sharee.id, Level::Busy, author))
    });
    filled.await.unwrap();
    let (one_more, another) = (crowd[MAX_SHARES].username.as_str(), crowd[MAX_SHARES + 1].username.as_str());
    let full = stage.share(&alice.commands(2), one_more, Level::Busy).await.unwrap_err();
    assert_eq!((full.code(), full.field()), ("conflict", Some("user")));
    let first = crowd[0].username.as_str();
    let shares = stage.share(&alice.commands(3), first, Level::Details).await.unwrap();
    assert_eq!(shares.shared_with.len(), MAX_SHARES, "a level can still be changed");
    assert!(shares.shared_with.is_sorted_by(|one, other| one.username < other.username));
    stage.unshare(&alice.commands(4), first).await.unwrap();
    stage.share(&alice.commands(5), one_more, Level::Busy).await.unwrap();
    assert_eq!(stage.share(&alice.commands(6), another, Level::Busy).await.unwrap_err().code(), "conflict");
    assert_eq!(stage.references().await.len(), 2 * (MAX_SHARES + 1), "ended ones refer to users, too");
}

#[tokio::test]
async fn shares_are_settled_when_the_calendar_service_has_passed_them_and_not_before() {
    let stage = Stage::new().await;
    let (alice, _bob) = (stage.person("alice").await, stage.person("bob").await);
    let (with, level) = ("bob".parse::<domain::Username>().unwrap(), Level::Busy);
    let share = ShareCalendar { with: with.clone(), level };
    let command = alice.commands(1);
    let settled = async { while !stage.sharing.share(&command, share.clone()).await.unwrap().settled {} };
    tokio::time::timeout(Duration::from_secs(20), settled).await.expect("the calendar service passes it");
    stage.calendar.abort();
    assert!(!stage.sharing.unshare(&alice.commands(2), Unshare { with }).await.unwrap().settled);
    let again = ShareCalendar { level: Level::Details, ..share };
    assert!(!stage.sharing.share(&alice.commands(3), again).await.unwrap().settled);
}
