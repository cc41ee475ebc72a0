//! Nothing secret leaves the tables.

use domain::Credential;
use storage::Reader as _;

use super::*;
use crate::store::{KEYS, USERS};

const SECRET: &str = "hunter2-hunter2";
const SECOND: &str = "swordfish-swordfish";

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn no_record_of_the_log_holds_a_password_a_hash_or_a_secret_key() {
    let stage = Stage::new().await;
    let alice = stage.auth.register(&nobody(), registration("alice", SECRET)).await.unwrap().value;
    let hash_of = |stage: &Stage| {
        let (db, id) = (stage.db().clone(), alice.user.id);
        async move { db.read(|view| Ok::<_, storage::Error>(view.get(&USERS, &id)?.unwrap().password)).await.unwrap() }
    };
    let first = hash_of(&stage).await;
    let change = stage.by(&alice).await.unwrap();
    stage.auth.change_password(&change, new_password(SECRET, SECOND)).await.unwrap();
    let second = hash_of(&stage).await;
    assert_ne!(first, second);
    let keys = stage.db().read(|view| view.scan(&KEYS, &(), None, 10)).await.unwrap();
    let log: Vec<u8> = stage.log().await.iter().flat_map(|change| storage::encode(change).unwrap()).collect();
    // A hash is its encoding without the length in front; its last 20 characters are enough to know it by.
    let tails = [first, second].map(|hash| storage::encode(&hash).unwrap().split_off(60));
    for secret in [SECRET.as_bytes(), SECOND.as_bytes(), &tails[0], &tails[1], &keys[0].1.secret[..32]] {
        assert!(!holds(&log, secret));
    }
    assert!(holds(&log, b"alice"), "this test would find it");
}

#[tokio::test]
async fn requests_answers_and_errors_show_no_password_and_no_token() {
    let stage = Stage::new().await;
    let alice = stage.auth.register(&nobody(), registration("alice", SECRET)).await.unwrap();
    let mut with_token = nobody();
    with_token.credential = Credential::Session(alice.value.token.clone());
    let by_alice = stage.by(&alice.value).await.unwrap();
    let mut shown = vec![
        format!("{:?}", registration("alice", SECRET)),
        format!("{:?}", login("alice", SECRET)),
        format!("{:?}", new_password(SECRET, SECOND)),
        format!("{alice:?}"),
        format!("{with_token:?}"),
    ];
    let errors = [
        stage.auth.register(&nobody(), registration("alice", SECRET)).await.unwrap_err(),
        stage.login(&nobody(), "alice", SECOND).await.unwrap_err(),
        stage.auth.change_password(&by_alice, new_password(SECOND, SECRET)).await.unwrap_err(),
    ];
    shown.extend(errors.iter().flat_map(|error| [format!("{error:?}"), error.to_string()]));
    let hash = stage.db().read(|view| view.get(&USERS, &alice.value.user.id)).await.unwrap().unwrap().password;
    shown.push(format!("{hash:?}"));
    for text in shown {
        for secret in [SECRET, SECOND, &alice.value.token.0, "argon2"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}
