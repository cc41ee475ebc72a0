//! Sessions and accounts of those who are signed in.

use domain::auth::{AuthChange, DeleteAccount, FindUser, Renew, WhoAmI};

use super::*;
use crate::housekeeping::look_after;
use crate::keys::Keyring;
use crate::sessions::MOST_OF_A_USER;

#[tokio::test]
async fn logging_out_ends_this_session_everywhere_and_no_other() {
    let stage = Stage::new().await;
    let first = stage.register("alice").await;
    let second = stage.login(&nobody(), "alice", GOOD).await.unwrap();
    let command = stage.by(&first).await.unwrap();
    let reply = stage.auth.logout(&command, Logout).await.unwrap();
    assert_eq!(reply.value, first.user);
    assert!(!stage.is_good(&first).await);
    assert!(stage.is_good(&second).await);
    // Past the authentication layer, the same command again is answered alike.
    assert_eq!(stage.auth.logout(&command, Logout).await.unwrap().value, first.user);
}

#[tokio::test]
async fn renewing_lets_the_same_session_last_anew() {
    let stage = Stage::new().await;
    let alice = stage.register("alice").await;
    stage.clock.advance(15 * DAY);
    let command = stage.by(&alice).await.unwrap();
    let renewed = stage.auth.renew(&command, Renew).await.unwrap().value;
    assert_eq!(stage.auth.renew(&command, Renew).await.unwrap().value, renewed, "the same command again");
    assert_eq!(renewed.expires, alice.expires.plus(15 * DAY));
    let (before, after) = (stage.by(&alice).await.unwrap(), stage.by(&renewed).await.unwrap());
    assert_eq!(before.session(), after.session());
    stage.clock.advance(16 * DAY);
    look_after(stage.running.chassis(), &Keyring::open(stage.running.chassis()).await.unwrap()).await.unwrap();
    assert!(!stage.is_good(&alice).await, "the old token has ended");
    assert!(stage.is_good(&renewed).await, "the session has not");
}

#[tokio::test]
async fn a_session_ends_by_itself_and_is_announced_and_forgotten() {
    let stage = Stage::new().await;
    let alice = stage.register("alice").await;
    let Actor::User { session, .. } = stage.by(&alice).await.unwrap().actor else { panic!() };
    stage.clock.advance(30 * DAY - MINUTE);
    let keys = Keyring::open(stage.running.chassis()).await.unwrap();
    look_after(stage.running.chassis(), &keys).await.unwrap();
    assert!(stage.is_good(&alice).await);
    stage.clock.advance(MINUTE);
    assert!(!stage.is_good(&alice).await);
    look_after(stage.running.chassis(), &keys).await.unwrap();
    assert_eq!(stage.log().await.last(), Some(&AuthChange::SessionEnded { session }));
}

#[tokio::test]
async fn many_overdue_sessions_end_in_steps_until_none_is_left() {
    let stage = Stage::new().await;
    let alice = stage.register("alice").await;
    let (now, user) = (stage.clock.now(), alice.user.id);
    for _ in 0..5 {
        let make = move |tx: &mut storage::Transaction<'_>| {
            for _ in 0..100 {
                // Of other users, since one has no more than a hundred.
                let user = domain::UserId::new();
                crate::sessions::start(tx, domain::SessionId::new(), user, now, MINUTE)?;
            }
            Ok::<_, chassis::Fault>(())
        };
        stage.db().write(make).await.unwrap();
    }
    stage.clock.advance(MINUTE);
    let keys = Keyring::open(stage.running.chassis()).await.unwrap();
    look_after(stage.running.chassis(), &keys).await.unwrap();
    let ended = stage.log().await.iter().filter(|change| matches!(change, AuthChange::SessionEnded { .. })).count();
    assert_eq!(ended, 500);
    assert!(stage.is_good(&alice).await, "{user} has time left");
}

#[tokio::test]
async fn the_oldest_of_too_many_sessions_ends_when_another_starts() {
    let stage = Stage::new().await;
    let mut sessions = vec![stage.register("alice").await];
    for _ in 1..=MOST_OF_A_USER {
        sessions.push(stage.login(&nobody(), "alice", GOOD).await.unwrap());
    }
    assert!(!stage.is_good(&sessions[0]).await);
    assert!(stage.is_good(&sessions[1]).await && stage.is_good(&sessions[MOST_OF_A_USER]).await);
}

#[tokio::test]
async fn a_changed_password_keeps_this_session_and_ends_the_others() {
    let stage = Stage::new().await;
    let here = stage.register("alice").await;
    let elsewhere = stage.login(&nobody(), "alice", GOOD).await.unwrap();
    let command = stage.by(&here).await.unwrap();
    stage.auth.change_password(&command, new_password(GOOD, OTHER)).await.unwrap();
    assert!(stage.is_good(&here).await && !stage.is_good(&elsewhere).await);
    assert_eq!(stage.login(&nobody(), "alice", GOOD).await.unwrap_err().code(), "unauthenticated");
    assert!(stage.login(&nobody(), "alice", OTHER).await.is_ok());

    let again = stage.auth.change_password(&command, new_password(GOOD, OTHER)).await.unwrap();
    assert_eq!(again.value, here.user, "the same command again succeeds, although the current password is another now");
    let differs = stage.auth.change_password(&command, new_password(GOOD, "something else")).await.unwrap_err();
    assert_eq!(differs.field(), Some("idempotency key"));
}

#[tokio::test]
async fn a_wrong_current_password_changes_nothing_and_keeps_the_session() {
    let stage = Stage::new().await;
    let alice = stage.register("alice").await;
    let command = stage.by(&alice).await.unwrap();
    let error = stage.auth.change_password(&command, new_password(OTHER, OTHER)).await.unwrap_err();
    assert_eq!((error.code(), error.to_string().as_str()), ("forbidden", "the current password is wrong"));
    assert!(stage.is_good(&alice).await);
    assert!(stage.login(&nobody(), "alice", GOOD).await.is_ok());
}

#[tokio::test]
async fn of_two_changes_of_one_password_at_once_one_holds() {
    let stage = Stage::new().await;
    let alice = stage.register("alice").await;
    let (one, two) = (stage.by(&alice).await.unwrap(), stage.by(&alice).await.unwrap());
    let (first, second) = tokio::join!(
        stage.auth.change_password(&one, new_password(GOOD, "first choice")),
        stage.auth.change_password(&two, new_password(GOOD, "second choice")),
    );
    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
    let (held, lost) =
        if first.is_ok() { ("first choice", "second choice") } else { ("second choice", "first choice") };
    assert!(stage.login(&nobody(), "alice", held).await.is_ok());
    assert!(stage.login(&nobody(), "alice", lost).await.is_err());
}

#[tokio::test]
async fn a_deleted_account_is_gone_with_its_sessions() {
    let stage = Stage::new().await;
    let alice = stage.register("alice").await;
    let elsewhere = stage.login(&nobody(), "alice", GOOD).await.unwrap();
    let command = stage.by(&alice).await.unwrap();
    let reply = stage.auth.delete_account(&command, DeleteAccount).await.unwrap();
    assert_eq!(reply.value, alice.user);
    assert!(!stage.is_good(&alice).await && !stage.is_good(&elsewhere).await);
    assert_eq!(stage.login(&nobody(), "alice", GOOD).await.unwrap_err().code(), "unauthenticated");
    let found = stage.auth.find_user(&nobody(), FindUser { username: name("alice") }).await.unwrap_err();
    assert_eq!((found.code(), found.field()), ("not_found", Some("user")));
    assert_eq!(stage.log().await.last(), Some(&AuthChange::UserDeleted { user: alice.user.id }));
    assert_eq!(stage.auth.delete_account(&command, DeleteAccount).await.unwrap().value, alice.user, "again");
}

#[tokio::test]
async fn a_session_that_ends_between_authentication_and_command_does_nothing_more() {
    let stage = Stage::new().await;
    let alice = stage.register("alice").await;
    let [renew, change, delete] =
        [stage.by(&alice).await.unwrap(), stage.by(&alice).await.unwrap(), stage.by(&alice).await.unwrap()];
    stage.logout(&alice).await;
    assert_eq!(stage.auth.renew(&renew, Renew).await.unwrap_err().code(), "unauthenticated");
    let changed = stage.auth.change_password(&change, new_password(GOOD, OTHER)).await;
    assert_eq!(changed.unwrap_err().code(), "unauthenticated");
    assert_eq!(stage.auth.delete_account(&delete, DeleteAccount).await.unwrap_err().code(), "unauthenticated");
    assert!(stage.login(&nobody(), "alice", GOOD).await.is_ok());
}

#[tokio::test]
async fn nobody_in_particular_is_told_to_sign_in() {
    let stage = Stage::new().await;
    let refused = [
        stage.auth.logout(&nobody(), Logout).await.unwrap_err(),
        stage.auth.change_password(&nobody(), new_password(GOOD, OTHER)).await.unwrap_err(),
        stage.auth.delete_account(&nobody(), DeleteAccount).await.unwrap_err(),
        stage.auth.whoami(&nobody(), WhoAmI).await.unwrap_err(),
        stage.auth.renew(&nobody(), Renew).await.unwrap_err(),
    ];
    assert!(refused.iter().all(|error| error.code() == "unauthenticated"), "{refused:?}");
}

#[tokio::test]
async fn what_ends_sessions_is_settled_when_every_follower_has_passed_it_and_not_before() {
    let mut stage = Stage::new().await;
    let [one, two, three] = [stage.register("alice").await, stage.register("bob").await, stage.register("carol").await];
    let command = stage.by(&one).await.unwrap();
    let settled = async { while !stage.auth.logout(&command, Logout).await.unwrap().settled {} };
    tokio::time::timeout(Duration::from_secs(20), settled).await.expect("every follower passes it");

    stage.following.shutdown().await;
    let another = stage.login(&nobody(), "alice", GOOD).await.unwrap();
    let (logout, delete) = (stage.by(&another).await.unwrap(), stage.by(&two).await.unwrap());
    let change = stage.by(&three).await.unwrap();
    assert!(!stage.auth.logout(&logout, Logout).await.unwrap().settled);
    assert!(!stage.auth.delete_account(&delete, DeleteAccount).await.unwrap().settled);
    assert!(!stage.auth.change_password(&change, new_password(GOOD, OTHER)).await.unwrap().settled);
}
