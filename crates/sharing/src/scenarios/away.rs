//! With auth away, and references to users that come and go meanwhile.

use super::*;

#[tokio::test]
async fn with_auth_away_one_shares_with_people_who_are_known_here() {
    let stage = Stage::new().await;
    let (alice, _bob) = (stage.person("alice").await, stage.person("bob").await);
    stage.auth.is_away.store(true, Ordering::Relaxed);
    stage.share(&alice.commands(1), "bob", Level::Busy).await.unwrap();
    assert_eq!(stage.shares(&alice).await.shared_with, [to("bob", Level::Busy)]);
    let unknown = stage.share(&alice.commands(2), "carol", Level::Busy).await.unwrap_err();
    assert_eq!((unknown.code(), unknown.service()), ("unavailable", Some(Service::Auth)));
    assert_eq!(stage.references().await.len(), 2, "nothing was saved");
}

#[tokio::test]
async fn that_auth_does_not_accept_this_services_identity_is_no_word_about_the_callers_session() {
    let stage = Stage::new().await;
    let alice = stage.person("alice").await;
    stage.auth.distrusts.store(true, Ordering::Relaxed);
    let told = stage.share(&alice.commands(1), "bob", Level::Busy).await.unwrap_err();
    assert_eq!((told.code(), told.service()), ("unavailable", Some(Service::Auth)));
}

#[tokio::test]
async fn someone_not_heard_of_yet_is_asked_for_at_auth() {
    let stage = Stage::new().await;
    let alice = stage.person("alice").await;
    stage.auth.is_silent.store(true, Ordering::Relaxed);
    stage.auth.add("bob").await;
    let shares = stage.share(&alice.commands(1), "bob", Level::Busy).await.unwrap();
    assert_eq!(shares.shared_with, [to("bob", Level::Busy)]);
}

#[tokio::test]
async fn a_share_with_someone_whose_deletion_is_still_on_its_way_goes_when_it_arrives() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.person("alice").await, stage.person("bob").await);
    stage.auth.is_silent.store(true, Ordering::Relaxed);
    stage.auth.delete(&bob.user).await;
    let newcomer = stage.auth.add("carol").await;
    stage.share(&alice.commands(1), "bob", Level::Busy).await.unwrap();
    stage.share(&alice.commands(2), "carol", Level::Busy).await.unwrap();
    stage.auth.delete(&newcomer).await;
    assert_eq!(stage.references().await.len(), 4);
    stage.auth.is_silent.store(false, Ordering::Relaxed);
    stage.caught_up().await;
    assert!(stage.references().await.is_empty());
    let gone = stage.share(&alice.commands(3), "bob", Level::Busy).await.unwrap_err();
    assert_eq!((gone.code(), gone.field()), ("not_found", Some("user")));
}

#[tokio::test]
async fn a_user_whose_deletion_has_arrived_shares_nothing_more() {
    let stage = Stage::new().await;
    let (alice, _bob) = (stage.person("alice").await, stage.person("bob").await);
    stage.auth.delete(&alice.user).await;
    stage.caught_up().await;
    assert_eq!(stage.share(&alice.commands(1), "bob", Level::Busy).await.unwrap_err().code(), "unauthenticated");
    assert!(stage.references().await.is_empty());
}

#[tokio::test]
async fn a_user_not_heard_of_yet_may_share_already() {
    let stage = Stage::new().await;
    let bob = stage.person("bob").await;
    stage.auth.is_silent.store(true, Ordering::Relaxed);
    let alice = stage.auth.add("alice").await;
    let alice = stage.signed_in(&alice);
    let shares = stage.share(&alice.commands(1), "bob", Level::Busy).await.unwrap();
    assert_eq!(shares.shared_with, [to("bob", Level::Busy)]);
    stage.auth.is_silent.store(false, Ordering::Relaxed);
    stage.caught_up().await;
    assert_eq!(stage.shares(&bob).await.shared_with_me, [to("alice", Level::Busy)]);
}
