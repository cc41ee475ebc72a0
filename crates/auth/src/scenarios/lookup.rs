//! Looking people up, and the audit.

use domain::auth::{CompleteName, FindUser};
use domain::integrity::{AskHealth, Audit, AuditPage, Present, Target};
use domain::{EventId, UserId};
use storage::Reader as _;

use super::*;
use crate::store::{NAMES, RETIRED_NAMES, SESSION_ENDS, SESSIONS, SESSIONS_OF, USERS};

async fn completed(stage: &Stage, prefix: &str) -> Vec<String> {
    let request = CompleteName { prefix: prefix.to_owned() };
    let names = stage.auth.complete_name(&nobody(), request).await.unwrap().value;
    names.into_iter().map(String::from).collect()
}

async fn audited(stage: &Stage) -> Vec<String> {
    let (mut discrepancies, mut request) = (Vec::new(), Audit::default());
    loop {
        let AuditPage { references, discrepancies: found, next } =
            stage.auth.audit(&nobody(), request).await.unwrap().value;
        assert!(references.is_empty(), "auth refers to nobody else's rows");
        discrepancies.extend(found);
        if next.is_none() {
            return discrepancies;
        }
        request = Audit { after: next };
    }
}

#[tokio::test]
async fn a_user_is_found_by_name_and_vouched_where_they_were_seen() {
    let stage = Stage::new().await;
    let alice = stage.register("alice").await;
    let reply = stage.auth.find_user(&nobody(), FindUser { username: name("alice") }).await.unwrap();
    assert_eq!(reply.value.user, alice.user);
    assert_eq!(Some(reply.value.at), reply.seen.get(Service::Auth));
    let error = stage.auth.find_user(&nobody(), FindUser { username: name("bob") }).await.unwrap_err();
    assert_eq!((error.code(), error.field()), ("not_found", Some("user")));
}

#[tokio::test]
async fn names_are_completed_in_alphabetical_order_and_those_of_the_gone_are_left_out() {
    let stage = Stage::with(Config { registrations_per_minute: 100, ..Config::default() }).await;
    for user in ["bob", "alice", "al", "al-9", "al_", "alz", "carol"] {
        stage.register(user).await;
    }
    assert_eq!(completed(&stage, "al").await, ["al", "al-9", "al_", "alice", "alz"]);
    assert_eq!(completed(&stage, "alice").await, ["alice"]);
    assert_eq!(completed(&stage, "").await.len(), 7);
    for odd in ["Al", "al ", "ä", "al{", "{", &"a".repeat(33)] {
        assert!(completed(&stage, odd).await.is_empty(), "{odd}");
    }
    let alz = stage.login(&nobody(), "alz", GOOD).await.unwrap();
    stage.delete_account(&alz).await;
    assert_eq!(completed(&stage, "al").await, ["al", "al-9", "al_", "alice"]);
    for n in 0..30 {
        stage.register(&format!("zoe-{n:02}")).await;
    }
    let many = completed(&stage, "zoe").await;
    assert_eq!((many.len(), many[0].as_str(), many[19].as_str()), (20, "zoe-00", "zoe-19"));
}

#[tokio::test]
async fn presence_is_told_in_the_order_of_the_question() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.register("alice").await, stage.register("bob").await);
    stage.delete_account(&bob).await;
    let targets = vec![
        Target::User(bob.user.id),
        Target::User(alice.user.id),
        Target::User(UserId::new()),
        Target::Event(EventId::from_bytes(*alice.user.id.as_bytes())),
    ];
    let present = stage.auth.present(&nobody(), Present { targets }).await.unwrap().value;
    assert_eq!(present, [false, true, false, false]);
    let too_many = Present { targets: vec![Target::User(alice.user.id); 1_001] };
    assert_eq!(stage.auth.present(&nobody(), too_many).await.unwrap_err().code(), "invalid_input");
}

#[tokio::test]
async fn the_audit_finds_nothing_wrong_after_whatever_users_do() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.register("alice").await, stage.register("bob").await);
    stage.login(&nobody(), "alice", GOOD).await.unwrap();
    let change = stage.by(&alice).await.unwrap();
    stage.auth.change_password(&change, new_password(GOOD, OTHER)).await.unwrap();
    stage.delete_account(&bob).await;
    assert_eq!(audited(&stage).await, Vec::<String>::new());
}

#[tokio::test]
async fn the_audit_finds_whatever_does_not_match() {
    let stage = Stage::new().await;
    let alice = stage.register("alice").await;
    let session = stage.by(&alice).await.unwrap().session().unwrap();
    let id = alice.user.id;
    let broken = stage.db().write(move |tx| {
        let row = tx.get(&SESSIONS, &session)?.unwrap();
        tx.delete(&SESSIONS_OF, &(id, session))?;
        tx.delete(&SESSION_ENDS, &(row.expires, session))?;
        tx.put(&SESSIONS_OF, &(id, domain::SessionId::new()), &())?;
        tx.put(&SESSION_ENDS, &(row.expires, domain::SessionId::new()), &())?;
        tx.put(&NAMES, &"ghost".to_owned(), &chassis::Row(UserId::new()))?;
        tx.put(&RETIRED_NAMES, &"alice".to_owned(), &())?;
        let user = tx.get(&USERS, &id)?.unwrap();
        tx.put(&USERS, &UserId::new(), &user)
    });
    broken.await.unwrap();
    let found = audited(&stage).await;
    assert_eq!(found.len(), 7, "{found:#?}");
}

#[tokio::test]
async fn the_audit_goes_on_from_page_to_page() {
    let stage = Stage::new().await;
    let add = |tx: &mut storage::Transaction<'_>| {
        (0..2_500).try_for_each(|n| tx.put(&NAMES, &format!("ghost-{n}"), &chassis::Row(UserId::new())))
    };
    stage.db().write(add).await.unwrap();
    assert_eq!(audited(&stage).await.len(), 2_500);
    let foreign = Audit { after: Some(vec![200, 1, 2]) };
    assert_eq!(stage.auth.audit(&nobody(), foreign).await.unwrap_err().field(), Some("after"));
}

#[tokio::test]
async fn health_tells_how_far_the_log_is_and_that_auth_is_behind_with_nobody() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    let health = stage.auth.health(&nobody(), AskHealth).await.unwrap().value;
    assert_eq!(health.positions.get(Service::Auth).unwrap().at, 3);
    assert!(health.behind.is_empty() && health.stopped.is_empty());
}
