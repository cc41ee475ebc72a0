//! Shares go with their users; and the audit.

use storage::Reader as _;

use super::stand_in::add_many;
use super::*;
use crate::store::{self, ENDED, ENDED_BY_SHAREE, SHARES, SHARES_BY_SHAREE};

#[tokio::test]
async fn with_a_user_go_their_shares_on_both_sides_and_those_that_had_ended() {
    let stage = Stage::new().await;
    let (alice, bob, carol) = (stage.person("alice").await, stage.person("bob").await, stage.person("carol").await);
    stage.share(&alice.commands(1), "bob", Level::Details).await.unwrap();
    stage.share(&bob.commands(1), "alice", Level::Busy).await.unwrap();
    stage.share(&bob.commands(2), "carol", Level::Busy).await.unwrap();
    stage.share(&carol.commands(1), "alice", Level::Busy).await.unwrap();
    stage.unshare(&bob.commands(3), "carol").await.unwrap();
    stage.unshare(&carol.commands(2), "bob").await.unwrap();
    assert_eq!(stage.references().await.len(), 10);
    let before = stage.log().await.len();

    stage.auth.delete(&bob.user).await;
    stage.caught_up().await;
    let left = stage.references().await;
    assert_eq!(left.len(), 2, "{left:?}");
    let alices = Shares { shared_with: vec![], shared_with_me: vec![to("carol", Level::Busy)] };
    assert_eq!(stage.shares(&alice).await, alices);
    let (one, other) = (
        SharingChange::Unshared { owner: bob.user.id, sharee: alice.user.id },
        SharingChange::Unshared { owner: alice.user.id, sharee: bob.user.id },
    );
    assert_eq!(stage.log().await[before..], [one, other]);
    let stored = stage.db().read(|view| {
        let (shares, ended) = (view.scan(&SHARES, &(), None, 10)?, view.scan(&ENDED, &(), None, 10)?);
        let (listed, endings) =
            (view.scan(&SHARES_BY_SHAREE, &(), None, 10)?, view.scan(&ENDED_BY_SHAREE, &(), None, 10)?);
        Ok::<_, storage::Error>([shares.len(), listed.len(), ended.len(), endings.len()])
    });
    assert_eq!(stored.await.unwrap(), [1, 1, 0, 0]);
}

#[tokio::test]
async fn a_cascade_larger_than_one_step_goes_on_until_nothing_is_left() {
    let stage = Stage::new().await;
    let alice = stage.person("alice").await;
    let crowd = add_many(&stage.auth, 700).await;
    stage.caught_up().await;
    let (alice_id, others) = (alice.user.id, crowd.clone());
    let author = chassis::journal::Author::of(&alice.commands(1)).unwrap();
    let filled = stage.db().write(move |tx| {
        for (n, other) in others.iter().enumerate() {
            store::put(tx, alice_id, other.id, Level::Busy, author)?;
            if n % 2 == 0 {
                store::put(tx, other.id, alice_id, Level::Details, author)?;
            } else {
                store::end(tx, other.id, alice_id, author)?;
            }
        }
        Ok::<_, chassis::Fault>(())
    });
    filled.await.unwrap();
    // Both pages and tables of the audit are walked to their ends.
    assert_eq!(stage.references().await.len(), 2_800);
    stage.auth.delete(&alice.user).await;
    stage.caught_up().await;
    assert!(stage.references().await.is_empty());
    let position = stage.db().durable_position();
    assert_eq!(position, 2 * (700 + 350), "each share that was live is announced once when made and once when gone");
    let cursor = stage.db().read(|view| cursor_of(view, Service::Auth)).await.unwrap();
    assert_eq!(cursor, Some(stage.auth.position()));
}

#[tokio::test]
async fn every_reference_leads_to_a_user_who_exists() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.person("alice").await, stage.person("bob").await);
    stage.share(&alice.commands(1), "bob", Level::Details).await.unwrap();
    let references = stage.references().await;
    let rules = domain::integrity::REFERENCES.iter().filter(|rule| rule.holder == Service::Sharing);
    let names: Vec<&str> = rules.map(|rule| rule.name).collect();
    assert_eq!(references.iter().map(|reference| reference.name.as_str()).collect::<Vec<_>>(), names);
    for (reference, user) in references.iter().zip([&alice, &bob]) {
        assert_eq!(reference.target, domain::integrity::Target::User(user.user.id));
        assert!(stage.auth.has(user.user.id) && reference.row.contains(&user.user.id.to_string()));
    }
}

#[tokio::test]
async fn the_audit_finds_whatever_does_not_match() {
    let stage = Stage::new().await;
    let (alice, bob, carol) = (stage.person("alice").await, stage.person("bob").await, stage.person("carol").await);
    let [a, b, c] = [alice.user.id, bob.user.id, carol.user.id];
    let author = chassis::journal::Author::of(&alice.commands(1)).unwrap();
    let broken = stage.db().write(move |tx| {
        store::put(tx, a, b, Level::Busy, author)?;
        tx.delete(&SHARES_BY_SHAREE, &(b, a))?;
        tx.put(&ENDED, &(a, b), &store::EndedRow { author })?;
        tx.put(&SHARES_BY_SHAREE, &(c, b), &())?;
        tx.put(&ENDED_BY_SHAREE, &(b, c), &())?;
        Ok::<_, chassis::Fault>(())
    });
    broken.await.unwrap();
    let (_, discrepancies) = stage.audited().await;
    assert_eq!(discrepancies.len(), 5, "{discrepancies:#?}");
    let foreign = Audit { after: Some(vec![9, 9]) };
    assert_eq!(stage.sharing.audit(&anyone(), foreign).await.unwrap_err().field(), Some("after"));
}
