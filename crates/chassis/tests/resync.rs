//! A follower goes over to another history: what the chassis promises, shown with services that do nothing else.
//!
//! An owner keeps pictures by number, each in one of its versions; a follower keeps what the log and the snapshots tell of them. The
//! owner's disk is copied, set back, emptied and exchanged, and both fall over in the midst of whatever they do. In the end the
//! follower has what the owner has, and nothing was taken away that an operator should have been asked about.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

#[path = "resync/gallery.rs"]
mod gallery;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use chassis::Chassis;
use domain::recovery::AcceptLoss;
use domain::{Actor, Context, Credential, IdempotencyKey, Positions, Service};
use proptest::prelude::*;
use storage::MemoryDisk;

use gallery::{
    FOLLOWER, Link, OWNER, asking, in_memory, on_disk, paint, paint_all, pictures, restored, until, until_alike,
    until_stopped,
};

fn accepting(actor: Actor) -> Context {
    let mut context = Context::new(Credential::None, std::time::Duration::from_secs(10));
    context.actor = actor;
    context.as_command(IdempotencyKey::new(), 1)
}

const ACCEPT: AcceptLoss = AcceptLoss { source: OWNER };

#[tokio::test]
async fn a_follower_of_a_restored_database_has_what_that_has_and_follows_it_on() {
    let disk = MemoryDisk::new();
    let (owner, follower) = (on_disk(&disk, OWNER), in_memory(FOLLOWER));
    let link = Link::to(&owner);
    let following = link.followed_by(&follower);
    paint_all(&owner, 0..1_000, 1).await;
    paint_all(&owner, 0..10, 2).await;
    let backup = disk.copy();
    paint_all(&owner, 5..15, 3).await;
    paint_all(&owner, 2_000..2_010, 1).await;
    paint(&owner, 20, None).await;
    until_alike(&follower, &owner).await;

    let restored = restored(&backup).await;
    paint(&restored, 3_000, Some(1)).await;
    link.leads_to(&restored);
    until_alike(&follower, &restored).await;
    let now = pictures(&follower).await;
    assert_eq!((now[&5], now[&12], now[&20], now.get(&2_005)), (2, 1, 1, None));
    paint(&restored, 5, Some(9)).await;
    until_alike(&follower, &restored).await;
    assert!(follower.health().stopped.is_empty());
    following.abort();
}

#[tokio::test]
async fn a_copied_back_database_takes_another_identity_as_soon_as_somebody_remembers_more() {
    let disk = MemoryDisk::new();
    let (owner, follower) = (on_disk(&disk, OWNER), in_memory(FOLLOWER));
    let link = Link::to(&owner);
    let following = link.followed_by(&follower);
    paint_all(&owner, 0..100, 1).await;
    let copy = disk.copy();
    paint_all(&owner, 0..5, 2).await;
    until_alike(&follower, &owner).await;
    let epoch = owner.db().epoch();

    let copied = on_disk(&copy, OWNER);
    // As long as the history that was followed, and another one.
    paint_all(&copied, 5..10, 2).await;
    assert_eq!((copied.db().epoch(), copied.db().durable_position()), (epoch, owner.db().durable_position()));
    link.leads_to(&copied);
    until("it has another identity", async || copied.db().epoch() != epoch).await;
    until_alike(&follower, &copied).await;
    assert_eq!(follower.health().positions.get(OWNER).unwrap().epoch.0, copied.db().epoch().0);

    // And the true one again.
    let owner = on_disk(&disk.copy(), OWNER);
    link.leads_to(&owner);
    until_alike(&follower, &owner).await;
    following.abort();
}

#[tokio::test]
async fn an_emptied_database_takes_nothing_away_until_an_operator_says_so() {
    for few in [3, 500] {
        let (owner, follower) = (in_memory(OWNER), in_memory(FOLLOWER));
        let link = Link::to(&owner);
        let following = link.followed_by(&follower);
        paint_all(&owner, 0..few, 1).await;
        until_alike(&follower, &owner).await;
        let before = pictures(&follower).await;

        let emptied = in_memory(OWNER);
        paint(&emptied, 7_000, Some(1)).await;
        link.leads_to(&emptied);
        let why = until_stopped(&follower).await;
        assert!(why.contains(&format!("no longer holds {few} of the {few} rows")), "{why}");
        assert!(why.contains("convene-calendar accept-loss sharing"), "{why}");

        // It keeps and serves what it has, takes over what is new, and says that it is behind.
        paint(&emptied, 7_001, Some(1)).await;
        until("what is new is here", async || pictures(&follower).await.contains_key(&7_001)).await;
        let now = pictures(&follower).await;
        assert!(before.iter().all(|picture| now.get(picture.0) == Some(picture.1)));
        let seen = Positions::of(OWNER, emptied.health().positions.get(OWNER).unwrap());
        let reply = follower.query(&asking().having_seen(seen), |_| Ok(())).await.unwrap();
        assert_eq!(reply.behind, [OWNER]);
        assert_eq!(follower.health().behind, [Service::Auth, Service::Events, Service::Invitations, OWNER]);

        for (actor, refused) in [(Actor::Anonymous, "forbidden"), (Actor::Service(OWNER), "forbidden")] {
            assert_eq!(follower.accept_loss(&accepting(actor), ACCEPT).await.unwrap_err().code(), refused);
        }
        let not_followed = AcceptLoss { source: FOLLOWER };
        let error = follower.accept_loss(&accepting(Actor::Operator), not_followed).await.unwrap_err();
        assert_eq!(error.field(), Some("source"));
        let word = accepting(Actor::Operator);
        for _ in 0..2 {
            assert_eq!(follower.accept_loss(&word, ACCEPT).await.unwrap().value.rows, few);
        }
        until_alike(&follower, &emptied).await;
        assert!(follower.health().stopped.is_empty());
        let again = follower.accept_loss(&accepting(Actor::Operator), ACCEPT).await.unwrap_err();
        assert_eq!(again.code(), "conflict");
        following.abort();
    }
}

#[tokio::test]
async fn a_source_that_lost_much_and_is_then_restored_as_it_should_be_needs_no_word() {
    let disk = MemoryDisk::new();
    let (owner, follower) = (on_disk(&disk, OWNER), in_memory(FOLLOWER));
    let link = Link::to(&owner);
    let following = link.followed_by(&follower);
    paint_all(&owner, 0..100, 1).await;
    let old = disk.copy();
    paint_all(&owner, 100..200, 1).await;
    let recent = disk.copy();
    paint_all(&owner, 200..210, 1).await;
    until_alike(&follower, &owner).await;
    link.leads_to(&restored(&old).await);
    until_stopped(&follower).await;
    assert_eq!(pictures(&follower).await.len(), 210);
    let recent = restored(&recent).await;
    link.leads_to(&recent);
    until_alike(&follower, &recent).await;
    assert!(follower.health().stopped.is_empty());
    following.abort();
}

#[tokio::test]
async fn what_is_lost_may_go_unasked_if_it_is_little() {
    // (before, lost) → whether it goes.
    for (before, lost, goes) in [(100, 20, true), (100, 21, false), (3_000, 30, true), (3_000, 31, false)] {
        let disk = MemoryDisk::new();
        let (owner, follower) = (on_disk(&disk, OWNER), in_memory(FOLLOWER));
        let link = Link::to(&owner);
        paint_all(&owner, 0..before - lost, 1).await;
        let backup = disk.copy();
        paint_all(&owner, before - lost..before, 1).await;
        let following = link.followed_by(&follower);
        until_alike(&follower, &owner).await;
        let backup = restored(&backup).await;
        link.leads_to(&backup);
        if goes {
            until_alike(&follower, &backup).await;
        } else {
            until_stopped(&follower).await;
            assert_eq!(pictures(&follower).await.len(), usize::try_from(before).unwrap());
        }
        following.abort();
    }
}

#[tokio::test]
async fn people_go_on_working_while_a_snapshot_is_read() {
    let disk = MemoryDisk::new();
    let (owner, follower) = (on_disk(&disk, OWNER), in_memory(FOLLOWER));
    let link = Link::to(&owner);
    let following = link.followed_by(&follower);
    paint_all(&owner, 0..2_000, 1).await;
    until_alike(&follower, &owner).await;
    let restored = restored(&disk.copy()).await;
    // Each page that is read is followed by changes before and behind it, and each change by another page.
    let painter = Arc::clone(&restored);
    link.between_pages(move |page| {
        let painter = Arc::clone(&painter);
        Box::pin(async move {
            paint(&painter, page * 150, Some(50 + page)).await;
            paint(&painter, 1_999 - page * 150, None).await;
            paint(&painter, 10_000 + page, Some(1)).await;
            paint(&painter, 10_000 + page, None).await;
        })
    });
    link.leads_to(&restored);
    until_alike(&follower, &restored).await;
    assert!(link.pages.load(Ordering::Relaxed) >= 10);
    following.abort();
}

#[tokio::test]
async fn what_a_page_told_of_a_history_that_is_no_more_does_not_stay() {
    // Copied back between two pages, and as it was or as far on as it had been.
    for moves_on in [false, true] {
        let disk = MemoryDisk::new();
        let (owner, follower) = (on_disk(&disk, OWNER), in_memory(FOLLOWER));
        let link = Link::to(&owner);
        let following = link.followed_by(&follower);
        paint_all(&owner, 0..260, 1).await;
        paint_all(&owner, 261..1_000, 1).await;
        until_alike(&follower, &owner).await;
        let disk = disk.copy();
        let (owner, copied) = (restored(&disk).await, disk.copy());
        let copied = on_disk(&copied, OWNER);
        assert_eq!(copied.db().epoch(), owner.db().epoch());
        let (way, first, second) = (link.clone(), Arc::clone(&owner), Arc::clone(&copied));
        link.between_pages(move |page| {
            let (way, first, second) = (way.clone(), Arc::clone(&first), Arc::clone(&second));
            Box::pin(async move {
                match page {
                    // The second page will have it.
                    0 => paint(&first, 260, Some(1)).await,
                    1 => {
                        if moves_on {
                            paint(&second, 5, Some(2)).await;
                        }
                        way.leads_to(&second);
                    }
                    _ => {}
                }
            })
        });
        link.leads_to(&owner);
        until_alike(&follower, &copied).await;
        assert!(!pictures(&follower).await.contains_key(&260));
        following.abort();
    }
}

/// What may happen to an owner and its follower.
#[derive(Clone, Debug)]
enum Turn {
    Paint(Vec<(u64, Option<u64>)>),
    BackUp,
    /// The backup of this number (modulo) is restored, or its folder merely copied back.
    Restore(usize, bool),
    OwnerFallsOver,
    FollowerFallsOver,
    Settle,
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let paint = proptest::collection::vec((0..40_u64, proptest::option::weighted(0.7, 1..100_u64)), 1..6);
    let turn = prop_oneof![
        4 => paint.prop_map(Turn::Paint),
        1 => Just(Turn::BackUp),
        2 => (any::<usize>(), any::<bool>()).prop_map(|(which, properly)| Turn::Restore(which, properly)),
        1 => Just(Turn::OwnerFallsOver),
        3 => Just(Turn::FollowerFallsOver),
        2 => Just(Turn::Settle),
    ];
    proptest::collection::vec(turn, 1..24)
}

async fn play(turns: Vec<Turn>) {
    let mut owners_disk = MemoryDisk::new();
    let followers_disk = MemoryDisk::new();
    let mut owner = on_disk(&owners_disk, OWNER);
    let link = Link::to(&owner);
    link.a_page.store(7, Ordering::Relaxed);
    // Never swept: in so small a world no word of an operator is to be needed.
    for number in 100..130 {
        paint(&owner, number, Some(1)).await;
    }
    let mut backups = vec![owners_disk.copy()];
    let mut follower = on_disk(&followers_disk, FOLLOWER);
    let mut following = link.followed_by(&follower);
    for turn in turns {
        match turn {
            Turn::Paint(strokes) => {
                for (number, version) in strokes {
                    paint(&owner, number, version).await;
                }
            }
            Turn::BackUp => backups.push(owners_disk.copy()),
            Turn::Restore(which, properly) => {
                let backup = &backups[which % backups.len()];
                owners_disk = backup.copy();
                owner = if properly { restored(&owners_disk).await } else { on_disk(&owners_disk, OWNER) };
                link.leads_to(&owner);
            }
            Turn::OwnerFallsOver => {
                owners_disk.lose_unsynced();
                owner = on_disk(&owners_disk, OWNER);
                link.leads_to(&owner);
            }
            Turn::FollowerFallsOver => {
                following.abort();
                followers_disk.lose_unsynced();
                follower = on_disk(&followers_disk, FOLLOWER);
                following = link.followed_by(&follower);
            }
            Turn::Settle => settle(&follower, &owner).await,
        }
    }
    paint(&owner, 1_000, Some(1)).await;
    settle(&follower, &owner).await;
    following.abort();
}

/// Waits until the follower has what the owner has; an operator is asked if need be.
async fn settle(follower: &Arc<Chassis>, owner: &Arc<Chassis>) {
    let alike = async || {
        if !follower.health().stopped.is_empty() {
            let _ = follower.accept_loss(&accepting(Actor::Operator), ACCEPT).await;
        }
        let (ours, theirs): (BTreeMap<_, _>, _) = (pictures(follower).await, pictures(owner).await);
        ours == theirs && follower.health().positions.get(OWNER) == owner.health().positions.get(OWNER)
    };
    until("they are alike", alike).await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 200, ..ProptestConfig::default() })]
    #[test]
    fn whatever_is_restored_copied_back_or_falls_over_in_the_end_the_follower_has_what_the_owner_has(turns in turns()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(play(turns));
    }
}
