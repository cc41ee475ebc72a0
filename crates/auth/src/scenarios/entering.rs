//! Registration and sign-in.

use domain::auth::{AuthChange, WhoAmI};
use domain::{Context, Service, SessionToken};

use super::*;

#[tokio::test]
async fn whoever_registers_is_signed_in_everywhere() {
    let stage = Stage::new().await;
    let alice = stage.register("alice").await;
    assert!(stage.is_good(&alice).await);
    let who = stage.auth.whoami(&stage.by(&alice).await.unwrap(), WhoAmI).await.unwrap().value;
    assert_eq!(who, alice.user);
    assert_eq!(alice.expires, stage.clock.now().plus(30 * DAY));
    let log = stage.log().await;
    assert!(matches!(log[0], AuthChange::KeyPublished { .. }), "the key comes before anything it signs");
    assert_eq!(log[1], AuthChange::UserRegistered(alice.user.clone()));
    assert!(matches!(log[2], AuthChange::SessionStarted { user, .. } if user == alice.user.id));
    assert_eq!(log.len(), 3);
}

#[tokio::test]
async fn a_name_that_is_taken_or_was_once_is_a_conflict_naming_it() {
    let stage = Stage::new().await;
    let alice = stage.register("alice").await;
    for _ in 0..2 {
        let error = stage.auth.register(&nobody(), registration("alice", OTHER)).await.unwrap_err();
        assert_eq!((error.code(), error.field()), ("conflict", Some("user")));
        assert!(error.to_string().contains("alice"), "{error}");
        if stage.is_good(&alice).await {
            stage.delete_account(&alice).await;
        }
    }
    assert_eq!(stage.login(&nobody(), "alice", GOOD).await.unwrap_err().code(), "unauthenticated");
}

#[tokio::test]
async fn of_many_who_want_one_name_at_once_exactly_one_gets_it() {
    let stage = Stage::new().await;
    let wanting = (0..16).map(|_| async { stage.auth.register(&nobody(), registration("alice", GOOD)).await });
    let outcomes = futures::future::join_all(wanting).await;
    let won: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()).collect();
    assert_eq!(won.len(), 1);
    assert!(stage.is_good(&won[0].value).await);
    let others = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
    assert!(others.clone().all(|error| error.code() == "conflict"), "{:?}", others.collect::<Vec<_>>());
    assert_eq!(stage.log().await.iter().filter(|change| matches!(change, AuthChange::UserRegistered(_))).count(), 1);
}

#[tokio::test]
async fn an_unknown_user_and_a_wrong_password_are_refused_in_the_same_words() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    let unknown = stage.login(&nobody(), "nobody", GOOD).await.unwrap_err();
    let wrong = stage.login(&nobody(), "alice", OTHER).await.unwrap_err();
    assert_eq!(unknown, wrong);
    assert_eq!((wrong.code(), wrong.to_string().as_str()), ("unauthenticated", "wrong user name or password"));
}

#[tokio::test]
async fn a_registration_sent_twice_is_one_and_gives_the_same_session() {
    let stage = Stage::new().await;
    let command = nobody();
    let first = stage.auth.register(&command, registration("alice", GOOD)).await.unwrap().value;
    let again = stage.auth.register(&command, registration("alice", GOOD)).await.unwrap().value;
    assert_eq!(first, again);
    let other_name = stage.auth.register(&command, registration("bob", GOOD)).await.unwrap_err();
    assert_eq!(other_name.field(), Some("idempotency key"));
    assert_eq!(stage.log().await.len(), 3, "nothing was done twice");
}

#[tokio::test]
async fn a_registration_sent_many_times_at_once_is_one() {
    let stage = Stage::new().await;
    let command = nobody();
    let sending = (0..8).map(|_| async { stage.auth.register(&command, registration("alice", GOOD)).await });
    let answers: Vec<_> =
        futures::future::join_all(sending).await.into_iter().map(|reply| reply.unwrap().value).collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(stage.log().await.len(), 3);
}

#[tokio::test]
async fn a_guessed_idempotency_key_gives_nobody_a_session() {
    let stage = Stage::new().await;
    let command = nobody();
    stage.auth.register(&command, registration("alice", GOOD)).await.unwrap();
    let thief = stage.auth.register(&command, registration("alice", OTHER)).await.unwrap_err();
    assert_eq!(thief.code(), "unauthenticated");

    let command = nobody();
    stage.login(&command, "alice", GOOD).await.unwrap();
    assert_eq!(stage.login(&command, "alice", OTHER).await.unwrap_err().code(), "unauthenticated");
}

#[tokio::test]
async fn a_sign_in_sent_twice_gives_the_same_session_and_one_under_another_key_another() {
    let stage = Stage::new().await;
    let registered = stage.register("alice").await;
    let command = nobody();
    let first = stage.login(&command, "alice", GOOD).await.unwrap();
    assert_eq!(stage.login(&command, "alice", GOOD).await.unwrap(), first);
    let other = stage.login(&nobody(), "alice", GOOD).await.unwrap();
    assert_ne!(other.token, first.token);
    for session in [&registered, &first, &other] {
        assert!(stage.is_good(session).await);
    }
}

#[tokio::test]
async fn a_sign_in_sent_again_after_its_session_has_ended_opens_nothing() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    let command = nobody();
    let session = stage.login(&command, "alice", GOOD).await.unwrap();
    stage.logout(&session).await;
    assert_eq!(stage.login(&command, "alice", GOOD).await.unwrap_err().code(), "unauthenticated");
    assert!(!stage.is_good(&session).await);
}

#[tokio::test]
async fn a_command_without_an_identity_is_refused() {
    let stage = Stage::new().await;
    let bare = Context { idempotency_key: None, ..nobody() };
    let error = stage.auth.register(&bare, registration("alice", GOOD)).await.unwrap_err();
    assert_eq!(error.field(), Some("idempotency key"));
    let error = stage.login(&bare, "alice", GOOD).await.unwrap_err();
    assert_eq!(error.field(), Some("idempotency key"));
}

#[tokio::test]
async fn a_token_is_vouched_from_where_its_session_was_announced() {
    let stage = Stage::new().await;
    let alice = stage.register("alice").await;
    let Actor::User { at, .. } = stage.by(&alice).await.unwrap().actor else { panic!() };
    let own = stage.running.chassis().health().positions.get(Service::Auth).unwrap();
    assert_eq!(at, own, "its start was the last record");
}

#[tokio::test]
async fn what_auth_did_not_sign_opens_nothing() {
    let stage = Stage::new().await;
    let elsewhere = Stage::new().await.register("alice").await;
    assert_eq!(stage.by(&elsewhere).await.unwrap_err().code(), "unauthenticated");
    let nonsense = SignedIn { token: SessionToken("v4.public.nonsense".into()), ..elsewhere };
    assert_eq!(stage.by(&nonsense).await.unwrap_err().code(), "unauthenticated");
}

#[tokio::test]
async fn after_a_restart_sessions_and_idempotency_keys_are_as_good_as_before() {
    let stage = Stage::new().await;
    let command = nobody();
    let alice = stage.auth.register(&command, registration("alice", GOOD)).await.unwrap().value;
    let setup = Setup {
        db: stage.db().clone(),
        clock: Arc::clone(&stage.clock) as Arc<dyn Clock>,
        operator: stage.running.chassis().operator().clone(),
    };
    let config = Config { hashing: PasswordCost::cheapest(), ..Config::default() };
    let restarted = crate::start(setup, config).await.unwrap();
    let credential = Credential::Session(alice.token.clone());
    let actor = restarted.authenticate().authenticate(&credential).await.unwrap();
    assert_eq!(actor, stage.by(&alice).await.unwrap().actor);
    let again = AuthClient(restarted.stub()).register(&command, registration("alice", GOOD)).await.unwrap();
    assert_eq!(again.value, alice);
    assert_eq!(stage.log().await.len(), 3, "no second key, no second user");
}
