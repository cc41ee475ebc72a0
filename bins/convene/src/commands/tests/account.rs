//! Signing in and out. (Commands that read a password are driven below their reading of it.)

use std::time::Duration;

use domain::auth::{AuthRequest, AuthResponse, ChangePassword, Login, Register, SignedIn, User};
use domain::{Error, Password, PasswordAttempt, Service, SessionToken, UserId};

use super::super::account;
use super::super::invocation::Invocation;
use super::script::{Desk, json};
use crate::failure::Failure;
use crate::output::Printed;

const SECRET: &str = "correct horse battery";

fn chosen(password: &str) -> Password {
    Password::try_from(password.to_owned()).unwrap()
}

fn attempt(password: &str) -> PasswordAttempt {
    PasswordAttempt::try_from(password.to_owned()).unwrap()
}

async fn registers(desk: &Desk, password: &str) -> Result<Printed, Failure> {
    let clients = desk.clients();
    let invocation = Invocation::begin(&clients, desk.profile.clone(), desk.here.clone()).unwrap();
    let request = Register { username: "alice".parse().unwrap(), password: chosen(password) };
    account::register_with(invocation, request).await
}

async fn changes_password(desk: &Desk, password: &str) -> Result<Printed, Failure> {
    let clients = desk.clients();
    let invocation = Invocation::begin(&clients, desk.profile.clone(), desk.here.clone()).unwrap();
    let request = ChangePassword { current: attempt(SECRET), new: chosen(password) };
    account::change_password_with(invocation, request).await
}

fn signed_in(desk: &Desk, token: &str) -> SignedIn {
    SignedIn {
        user: User { id: UserId::new(), username: "alice".parse().unwrap() },
        token: SessionToken(token.into()),
        expires: desk.here.now.plus(Duration::from_secs(86_400)),
    }
}

fn method(request: &AuthRequest) -> &'static str {
    domain::WireBody::method(request).name
}

#[tokio::test]
async fn registering_signs_in() {
    let desk = Desk::new();
    desk.auth.answers(Ok(AuthResponse::register(signed_in(&desk, "first"))));
    let printed = registers(&desk, SECRET).await.unwrap();
    assert_eq!(json(&printed)["user"]["username"], "alice");
    assert!(desk.kept().contains("first"));
}

#[tokio::test]
async fn a_registration_of_unknown_outcome_is_kept_without_its_password_and_given_again_signs_in() {
    let desk = Desk::new();
    desk.auth.answers(Err(Error::Deadline { service: Service::Auth }));
    assert_eq!(registers(&desk, SECRET).await.unwrap_err().exit(), 9);
    let key = desk.auth.calls()[0].0.idempotency_key.unwrap();
    assert!(desk.kept().contains(&key.to_string()) && !desk.kept().contains(SECRET), "{}", desk.kept());
    desk.auth.answers(Ok(AuthResponse::register(signed_in(&desk, "first"))));
    desk.auth.answers(Ok(AuthResponse::login(signed_in(&desk, "second"))));
    registers(&desk, SECRET).await.unwrap();
    assert_eq!(desk.auth.calls()[1].0.idempotency_key, Some(key));
    assert!(desk.kept().contains("second"), "the password was tried before it was believed");
}

#[tokio::test]
async fn a_registration_given_again_with_another_password_does_not_pretend_that_this_one_holds() {
    let desk = Desk::new();
    desk.auth.answers(Err(Error::Deadline { service: Service::Auth }));
    registers(&desk, SECRET).await.unwrap_err();
    desk.auth.answers(Ok(AuthResponse::register(signed_in(&desk, "first"))));
    desk.auth.answers(Err(Error::unauthenticated("unknown user or wrong password")));
    let failure = registers(&desk, "another password").await.unwrap_err();
    assert_eq!(failure.exit(), 6);
    assert!(desk.profile.read().unwrap().session.is_none());
}

#[tokio::test]
async fn a_wrong_password_ends_no_session() {
    let desk = Desk::of_alice().await;
    let clients = desk.clients();
    desk.auth.answers(Err(Error::unauthenticated("unknown user or wrong password")));
    let invocation = Invocation::begin(&clients, desk.profile.clone(), desk.here.clone()).unwrap();
    let request = Login { username: "bob".parse().unwrap(), password: attempt("wrong") };
    assert_eq!(account::login_with(invocation, request).await.unwrap_err().exit(), 3);
    desk.auth.answers(Err(Error::forbidden("the current password is another")));
    assert_eq!(changes_password(&desk, "another password").await.unwrap_err().exit(), 4);
    assert!(desk.profile.read().unwrap().session.is_some());
}

#[tokio::test]
async fn a_change_of_password_given_again_with_another_one_is_done_too() {
    let desk = Desk::of_alice().await;
    let user = alice(&desk);
    desk.auth.answers(Err(Error::Deadline { service: Service::Auth }));
    assert_eq!(changes_password(&desk, "another password").await.unwrap_err().exit(), 9);
    assert!(!desk.kept().contains("another password") && !desk.kept().contains(SECRET));
    desk.auth.answers(Ok(AuthResponse::change_password(user.clone())));
    desk.auth.answers(Err(Error::unauthenticated("unknown user or wrong password")));
    desk.auth.answers(Ok(AuthResponse::change_password(user)));
    changes_password(&desk, "a third password").await.unwrap();
    let calls = desk.auth.calls();
    let methods: Vec<_> = calls.iter().map(|(_, request)| method(request)).collect();
    assert_eq!(methods, ["change_password", "change_password", "login", "change_password"]);
    assert_eq!(calls[0].0.idempotency_key, calls[1].0.idempotency_key);
    assert_ne!(calls[0].0.idempotency_key, calls[3].0.idempotency_key);
}

#[tokio::test]
async fn a_change_of_password_given_again_as_it_was_is_done_once() {
    let desk = Desk::of_alice().await;
    desk.auth.answers(Err(Error::Deadline { service: Service::Auth }));
    changes_password(&desk, "another password").await.unwrap_err();
    desk.auth.answers(Ok(AuthResponse::change_password(alice(&desk))));
    desk.auth.answers(Ok(AuthResponse::login(signed_in(&desk, "passing"))));
    desk.auth.answers(Ok(AuthResponse::logout(alice(&desk))));
    changes_password(&desk, "another password").await.unwrap();
    let methods: Vec<_> = desk.auth.calls().iter().map(|(_, request)| method(request)).collect();
    assert_eq!(methods, ["change_password", "change_password", "login", "logout"]);
    assert!(desk.kept().contains("token-of-the-test"));
}

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
    desk.auth.answers(Err(Error::unauthenticated("the session has ended; sign in again")));
    let failure = desk.gives(&["logout"]).await.unwrap_err();
    assert_eq!(failure.exit(), 3);
    assert_eq!(failure.message().matches("sign in").count(), 1, "{}", failure.message());
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
    let token = SessionToken("the-next-token".into());
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
