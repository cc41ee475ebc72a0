//! One service follows another: what the chassis promises, shown with services that do nothing else.
//!
//! An owner says words; each is a record of its log. A follower keeps each word that it heard and counts them, so that a word
//! heard twice, or out of order, or never, is seen.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod cascades;
mod polls;
mod words;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use chassis::work::{self, ROWS_A_STEP};
use chassis::{Chassis, Fault, Settle};
use domain::log::{Changes, LogCursor, ReadChanges};
use domain::{Actor, Context, Credential, Position, Positions, Service};
use serde::{Deserialize, Serialize};
use storage::{MemoryDisk, Reader as _, Table, Transaction};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use words::{
    Link, Way, Word, asking, commanding, hear, heard, in_memory, numbered, on_disk, say, say_all, until, until_heard,
    until_stopped, words,
};

// Sharing is followed by calendar only, and nobody stands between them.
const OWNER: Service = Service::Sharing;
const FOLLOWER: Service = Service::Calendar;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_word_takes_effect_once_though_answers_are_lost_and_both_sides_fall_over() {
    let (owners_disk, followers_disk) = (MemoryDisk::new(), MemoryDisk::new());
    let mut owner = on_disk(&owners_disk, OWNER);
    let link = Link::to(&owner);
    link.loses_each.store(3, Ordering::Relaxed);
    let all = numbered(0..400);
    let mut follower = on_disk(&followers_disk, FOLLOWER);
    let mut following = link.followed_by(&follower);
    for (round, some) in all.chunks(20).enumerate() {
        say_all(&owner, some).await;
        match round % 4 {
            // The follower loses power in the midst of whatever it does.
            1 => {
                following.abort();
                followers_disk.lose_unsynced();
                follower = on_disk(&followers_disk, FOLLOWER);
                following = link.followed_by(&follower);
            }
            // The owner does, too: what it has acknowledged is still there.
            3 => {
                owners_disk.lose_unsynced();
                owner = on_disk(&owners_disk, OWNER);
                link.leads_to(&owner);
            }
            _ => {}
        }
    }
    until_heard(&follower, OWNER, &all).await;
    following.abort();
    assert!(link.asked.load(Ordering::Relaxed) > 3, "some answers were lost");
}

#[tokio::test]
async fn changes_with_many_effects_are_taken_over_in_transactions_of_bounded_size() {
    let largest = work_of_the_largest_transaction(30).await;
    assert!((200..300).contains(&largest), "{largest} rows changed and read in one transaction");
}

#[tokio::test]
async fn a_follower_that_is_far_behind_takes_over_more_in_one_transaction() {
    let largest = work_of_the_largest_transaction(1_100).await;
    assert!((3_900..4_100).contains(&largest), "{largest} rows changed and read in one transaction");
}

/// So many changes were made, each with thirty effects, before the follower came.
async fn work_of_the_largest_transaction(changes: usize) -> usize {
    const EFFECTS: Table<(u64, u16), ()> = Table::new("effects");
    let (owner, follower) = (in_memory(OWNER), in_memory(FOLLOWER));
    let all = numbered(0..changes);
    say_all(&owner, &all).await;
    let largest = Arc::new(AtomicUsize::new(0));
    let (measured, hears) = (Arc::clone(&largest), hear(OWNER));
    let apply = move |tx: &mut Transaction<'_>, at: Position, word: &Word| {
        (0..30).try_for_each(|effect| tx.put(&EFFECTS, &(at.at, effect), &()))?;
        measured.fetch_max(tx.work(), Ordering::Relaxed);
        hears(tx, at, word)
    };
    let following = Link::to(&owner).followed_with(&follower, apply);
    until_heard(&follower, OWNER, &all).await;
    following.abort();
    largest.load(Ordering::Relaxed)
}

#[tokio::test]
async fn nothing_is_said_not_to_have_been_done_that_may_have_been() {
    let disk = MemoryDisk::new();
    let owner = on_disk(&disk, OWNER);
    let word = |context: Context| {
        let change = |tx: &mut Transaction<'_>| chassis::log::announce(tx, Word("hello".to_owned()));
        let owner = Arc::clone(&owner);
        async move { owner.command(&context, "say", &"hello", Settle::No, change, |_, at| Ok(*at)).await }
    };
    // Done, and its reply cannot be read: the database closes just then.
    let change = |tx: &mut Transaction<'_>| chassis::log::announce(tx, Word("hello".to_owned()));
    let unread = |_: &storage::View<'_>, _: &u64| Err::<(), _>(Fault::Storage(storage::Error::Closed));
    let answer = owner.command(&commanding(), "say", &"hello", Settle::No, change, unread).await;
    assert_eq!((answer.unwrap_err().code(), owner.db().durable_position()), ("deadline", 1));
    // Accepted when the disk failed, then refused from the start, as questions are.
    disk.fail_syncs("the disk is gone");
    assert_eq!(word(commanding()).await.unwrap_err().code(), "deadline");
    assert_eq!(word(commanding()).await.unwrap_err().code(), "unavailable");
    let asked = owner.query(&asking(), |view| heard(view, OWNER)).await;
    assert_eq!(asked.unwrap_err().code(), "unavailable");
}

#[tokio::test]
async fn a_command_that_is_sent_twice_is_heard_once() {
    let (owner, follower) = (in_memory(OWNER), in_memory(FOLLOWER));
    let following = Link::to(&owner).followed_by(&follower);
    let context = commanding();
    let first = say(&owner, &context, "hello", Settle::No).await;
    let second = say(&owner, &context, "hello", Settle::No).await;
    assert_eq!((first.value, second.value), (1, 1));
    say(&owner, &commanding(), "world", Settle::No).await;
    until_heard(&follower, OWNER, &["hello".to_owned(), "world".to_owned()]).await;
    following.abort();
}

#[tokio::test(start_paused = true)]
async fn a_record_that_cannot_be_applied_stops_the_follower_and_is_never_skipped() {
    let (owner, follower) = (in_memory(OWNER), in_memory(FOLLOWER));
    let link = Link::to(&owner);
    let understands = Arc::new(AtomicBool::new(false));
    let (apply, understood) = (hear(OWNER), Arc::clone(&understands));
    let following = link.followed_with(&follower, move |tx, at, word| {
        apply(tx, at, word)?;
        if word.0 == "abracadabra" && !understood.load(Ordering::Relaxed) {
            return Err(Fault::broken("what does that mean?"));
        }
        Ok(())
    });
    let all = ["one", "abracadabra", "three"].map(str::to_owned);
    say_all(&owner, &all[..1]).await;
    until_heard(&follower, OWNER, &all[..1]).await;
    say_all(&owner, &all[1..]).await;
    let why = until_stopped(&follower).await;
    assert!(why.contains("following sharing: what does that mean?"), "{why}");
    assert_eq!(words(&follower, OWNER).await, all[..1], "nothing of it, and nothing behind it");
    understands.store(true, Ordering::Relaxed);
    until_heard(&follower, OWNER, &all).await;
    until("it says so", async || follower.health().stopped.is_empty()).await;
    following.abort();
}

#[tokio::test]
async fn whoever_has_seen_a_word_at_its_owner_hears_of_it_from_the_follower() {
    let (owner, follower) = (in_memory(OWNER), in_memory(FOLLOWER));
    let link = Link::to(&owner);
    let following = link.followed_by(&follower);
    until("they are in contact", async || !follower.health().behind.contains(&OWNER)).await;
    let mut waited = 0;
    for number in 0..20 {
        link.is(Way::Held);
        let said = say(&owner, &commanding(), &format!("word {number}"), Settle::No).await;
        let context = asking().having_seen(said.seen);
        let (reply, ()) = tokio::join!(follower.query(&context, |view| heard(view, OWNER)), async {
            assert_eq!(words(&follower, OWNER).await.len(), number, "it has not heard of it yet");
            link.is(Way::Open);
        });
        let reply = reply.unwrap();
        if reply.behind.is_empty() {
            assert_eq!(reply.value.1.len(), number + 1, "it did not wait and does not say so");
            assert!(reply.seen.get(OWNER).unwrap().at > number as u64, "the reply says what it has seen");
            waited += 1;
        }
        until_heard(&follower, OWNER, &numbered(0..number + 1)).await;
    }
    assert!(waited > 0, "a second is enough on any machine, now and then");
    following.abort();
}

#[tokio::test(start_paused = true)]
async fn a_query_that_cannot_catch_up_answers_after_a_second_and_says_what_it_is_behind_with() {
    let (owner, follower) = (in_memory(OWNER), in_memory(FOLLOWER));
    let link = Link::to(&owner);
    let following = link.followed_by(&follower);
    until("they are in contact", async || !follower.health().behind.contains(&OWNER)).await;
    link.is(Way::Held);
    let said = say(&owner, &commanding(), "hello", Settle::No).await;
    let began = Instant::now();
    let context = asking().having_seen(said.seen.clone());
    let reply = follower.query(&context, |view| heard(view, OWNER)).await.unwrap();
    assert_eq!((reply.value.0, reply.behind), (0, vec![OWNER]));
    assert!(began.elapsed() >= Duration::from_secs(1));

    // Of one that is known to be away nothing can come: nobody waits.
    link.is(Way::Away);
    until("it is known to be away", async || follower.health().behind.contains(&OWNER)).await;
    let began = Instant::now();
    let context = asking().having_seen(said.seen);
    let reply = follower.query(&context, |view| heard(view, OWNER)).await.unwrap();
    assert_eq!((reply.value.0, reply.behind), (0, vec![OWNER]));
    assert!(began.elapsed() < Duration::from_secs(1));
    following.abort();
}

#[tokio::test]
async fn a_settled_command_has_taken_effect_at_every_follower() {
    let (owner, follower) = (in_memory(OWNER), in_memory(FOLLOWER));
    let following = Link::to(&owner).followed_by(&follower);
    until("they are in contact", async || !follower.health().behind.contains(&OWNER)).await;
    for number in 0..20 {
        let said = say(&owner, &commanding(), &format!("word {number}"), Settle::WithFollowers).await;
        if said.settled {
            assert_eq!(words(&follower, OWNER).await.len(), number + 1);
        } else {
            until_heard(&follower, OWNER, &numbered(0..number + 1)).await;
        }
    }
    until("one settles", async || say(&owner, &commanding(), "word", Settle::WithFollowers).await.settled).await;
    following.abort();
}

#[tokio::test(start_paused = true)]
async fn a_command_is_not_settled_while_a_follower_is_away_and_does_not_wait_for_it_long() {
    let (owner, follower) = (in_memory(OWNER), in_memory(FOLLOWER));
    let link = Link::to(&owner);
    link.is(Way::Away);
    let following = link.followed_by(&follower);
    let began = Instant::now();
    assert!(!say(&owner, &commanding(), "hello", Settle::WithFollowers).await.settled);
    assert!(began.elapsed() >= Duration::from_millis(500));
    assert!(say(&owner, &commanding(), "world", Settle::No).await.settled, "it changes nobody's rights");
    following.abort();
}
