//! How fast one may register and guess, by a clock moved by hand.

use super::*;

const HERE: &str = "192.0.2.1";
const THERE: &str = "198.51.100.1";

async fn code(stage: &Stage, address: &str, user: &str, password: &str) -> &'static str {
    stage.login(&from(address), user, password).await.map_or_else(|error| error.code(), |_| "ok")
}

#[tokio::test]
async fn ten_wrong_passwords_a_minute_pass_before_further_attempts_are_refused() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    for user in ["alice", "unknown"] {
        for _ in 0..10 {
            assert_eq!(code(&stage, HERE, user, OTHER).await, "unauthenticated");
        }
        let refused = stage.login(&from(HERE), user, OTHER).await.unwrap_err();
        let Error::RateLimited { retry_after_ms, .. } = refused else { panic!("{refused}") };
        assert_eq!(retry_after_ms, 60_000, "the same whether or not there is such a user");
        assert_eq!(code(&stage, HERE, user, GOOD).await, "rate_limited", "also with the right one");
    }
    assert_eq!(code(&stage, THERE, "alice", GOOD).await, "ok", "nobody is locked out from elsewhere");
    stage.clock.advance(MINUTE);
    assert_eq!(code(&stage, HERE, "alice", GOOD).await, "ok");
}

#[tokio::test]
async fn one_address_cannot_try_a_password_on_every_name() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    for n in 0..50 {
        assert_eq!(code(&stage, HERE, &format!("user-{n}"), OTHER).await, "unauthenticated");
    }
    assert_eq!(code(&stage, HERE, "alice", GOOD).await, "rate_limited");
    assert_eq!(code(&stage, THERE, "alice", GOOD).await, "ok");
}

#[tokio::test]
async fn right_passwords_never_count() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    for _ in 0..30 {
        assert_eq!(code(&stage, HERE, "alice", GOOD).await, "ok");
    }
    for _ in 0..10 {
        assert_eq!(code(&stage, HERE, "alice", OTHER).await, "unauthenticated");
    }
}

#[tokio::test]
async fn of_many_guesses_at_once_no_more_than_the_limit_learn_anything() {
    let stage = Stage::with(Config { max_concurrent_hashes: 4, ..Config::default() }).await;
    stage.register("alice").await;
    let guesses = (0..60).map(|n| {
        let stage = &stage;
        async move { code(stage, HERE, "alice", &format!("guess number {n}")).await }
    });
    let told = futures::future::join_all(guesses).await;
    assert_eq!(told.iter().filter(|code| **code == "unauthenticated").count(), 10);
    assert!(told.iter().all(|code| matches!(*code, "unauthenticated" | "rate_limited")), "{told:?}");
}

#[tokio::test]
async fn guessing_the_current_password_or_a_replayed_one_counts_as_well() {
    let stage = Stage::new().await;
    let alice = stage.register("alice").await;
    let registered = nobody();
    stage.auth.register(&registered, registration("bob", GOOD)).await.unwrap();
    for _ in 0..10 {
        let wrong = stage.auth.change_password(&stage.by(&alice).await.unwrap(), new_password(OTHER, OTHER)).await;
        assert_eq!(wrong.unwrap_err().code(), "forbidden");
        let wrong = stage.auth.register(&registered, registration("bob", OTHER)).await;
        assert_eq!(wrong.unwrap_err().code(), "unauthenticated");
    }
    let refused = stage.auth.change_password(&stage.by(&alice).await.unwrap(), new_password(GOOD, OTHER)).await;
    assert_eq!(refused.unwrap_err().code(), "rate_limited");
    let refused = stage.auth.register(&registered, registration("bob", GOOD)).await;
    assert_eq!(refused.unwrap_err().code(), "rate_limited");
}

#[tokio::test]
async fn twenty_registrations_a_minute_pass_and_neither_repeated_nor_refused_ones_count() {
    let stage = Stage::new().await;
    let register = |n: u32, command: Context| {
        let (auth, request) = (Arc::clone(&stage.auth), registration(&format!("user-{n}"), GOOD));
        async move { auth.register(&command, request).await.map_or_else(|error| error.code(), |_| "ok") }
    };
    let mut last = from(HERE);
    for n in 0..20 {
        last = from(HERE);
        assert_eq!(register(n, last.clone()).await, "ok");
        assert_eq!(register(n, last.clone()).await, "ok", "the same again");
        assert_eq!(register(n, from(HERE)).await, "conflict", "a name that is taken");
    }
    assert_eq!(register(20, from(HERE)).await, "rate_limited");
    assert_eq!(register(19, last).await, "ok", "what was done is still answered");
    assert_eq!(register(21, from(THERE)).await, "ok");
    stage.clock.advance(MINUTE);
    assert_eq!(register(20, from(HERE)).await, "ok");
}
