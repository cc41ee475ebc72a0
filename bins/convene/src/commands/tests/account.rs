//! Signing in and out. (Commands that read a password are driven below their reading of it.)

use std::time::Duration;

use domain::auth::{AuthRequest, AuthResponse, SignedIn, User};
use domain::{Error, Service, SessionToken};

use super::script::{Desk, json};

fn alice(desk: &Desk) -> User {
    desk.profile.read().unwrap().session.unwrap().user
}

#[tokio::test]
async fn nobody_signed_in_is_told_how_to_and_nothing_is_sent() {
    let desk = Desk::new();
    for line in
        [vec!["whoami"], vec!["logout"], vec!["event", "list"], vec!["account", "delete", "--yes"], vec!["shares"]]
    {
        let failure = desk.gives(&line).await.unwrap_err();
        assert_eq!(failure.exit(), 3, "{line:?}");
        assert!(failure.message().contains("convene login USER"));
    }
    assert!(desk.auth.calls().is_empty());
}

#[tokio::test]
async fn auth_being_away_hides_from_nobody_who_they_are() {
    let desk = Desk::of_alice().await;
    let printed = desk.gives(&["whoami"]).await.unwrap();
    assert_eq!((&json(&printed)["user"]["username"], &json(&printed)["behind"][0]), (&"alice".into(), &"auth".into()));
}

#[tokio::test]
async fn signing_out_ends_the_session_only_when_auth_has_heard_of_it() {
    let desk = Desk::of_alice().await;
    assert_eq!(desk.gives(&["logout"]).await.unwrap_err().exit(), 7);
    assert!(desk.profile.read().unwrap().session.is_some());
    desk.auth.answers(Ok(AuthResponse::logout(alice(&desk))));
    let printed = desk.gives(&["logout"]).await.unwrap();
    assert_eq!(json(&printed)["user"]["username"], "alice");
    assert!(desk.profile.read().unwrap().session.is_none());
    assert!(!desk.kept().contains("token-of-the-test"));
}

#[tokio::test]
async fn signing_out_twice_after_an_unknown_outcome_is_done_once() {
    let desk = Desk::of_alice().await;
    desk.auth.answers(Err(Error::Deadline { service: Service::Auth }));
    assert_eq!(desk.gives(&["logout"]).await.unwrap_err().exit(), 9);
    desk.auth.answers(Err(Error::unauthenticated("the session has ended")));
    assert_eq!(desk.gives(&["logout"]).await.unwrap().exit, 0);
    assert!(desk.profile.read().unwrap().session.is_none());
}

#[tokio::test]
async fn signing_out_of_a_session_that_was_ended_elsewhere_says_so() {
    let desk = Desk::of_alice().await;
    desk.auth.answers(Err(Error::unauthenticated("the session has ended")));
    assert_eq!(desk.gives(&["logout"]).await.unwrap_err().exit(), 3);
    assert!(desk.profile.read().unwrap().session.is_none());
}

#[tokio::test]
async fn deleting_the_account_signs_out() {
    let desk = Desk::of_alice().await;
    desk.auth.answers(Ok(AuthResponse::delete_account(alice(&desk))));
    desk.gives(&["account", "delete", "--yes"]).await.unwrap();
    assert!(desk.profile.read().unwrap().session.is_none());
}

#[tokio::test]
async fn a_token_past_half_its_life_is_renewed_in_passing() {
    let mut desk = Desk::of_alice().await;
    let user = alice(&desk);
    desk.here.now = desk.here.now.plus(Duration::from_secs(16 * 86_400));
    let expires = desk.here.now.plus(Duration::from_secs(30 * 86_400));
    let token = SessionToken("the-next-token".to_owned());
    desk.auth.answers(Ok(AuthResponse::renew(SignedIn { user: user.clone(), token, expires })));
    desk.auth.answers(Ok(AuthResponse::whoami(user)));
    desk.gives(&["whoami"]).await.unwrap();
    assert!(desk.kept().contains("the-next-token"));
    let calls = desk.auth.calls();
    assert!(matches!(calls[0].1, AuthRequest::renew(_)));
    assert!(calls[0].0.idempotency_key.is_some());
    assert_eq!(calls.len(), 2);
}

#[tokio::test]
async fn a_token_that_cannot_be_renewed_now_is_still_good() {
    let mut desk = Desk::of_alice().await;
    desk.here.now = desk.here.now.plus(Duration::from_secs(16 * 86_400));
    assert_eq!(desk.gives(&["whoami"]).await.unwrap().exit, 0);
    assert!(desk.kept().contains("token-of-the-test"));
}
