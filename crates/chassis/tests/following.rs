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

#[path = "following/words.rs"]
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
    const EFFECTS: Table<(u64, u16), ()> = Table::new("effects");
    let (owner, follower) = (in_memory(OWNER), in_memory(FOLLOWER));
    let all = numbered(0..30);
    say_all(&owner, &all).await;
    let largest = Arc::new(AtomicUsize::new(0));
    let (measured, hears) = (Arc::clone(&largest), hear(OWNER));
    let apply = move |tx: &mut Transaction<'_>, at: Position, word: &Word| {
        (0..300).try_for_each(|effect| tx.put(&EFFECTS, &(at.at, effect), &()))?;
        measured.fetch_max(tx.changed_rows(), Ordering::Relaxed);
        hears(tx, at, word)
    };
    let following = Link::to(&owner).followed_with(&follower, apply);
    until_heard(&follower, OWNER, &all).await;
    following.abort();
    let largest = largest.load(Ordering::Relaxed);
    assert!((1_000..3_000).contains(&largest), "{largest} rows in one transaction");
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

// Large cascades.

const ROWS: usize = 3 * ROWS_A_STEP + 50;
/// How often the cascade came to each row.
const REACHED: Table<u64, u64> = Table::new("reached");

/// Everything from the row of this number on.
#[derive(Serialize, Deserialize)]
struct From(u64);

fn reach(tx: &mut Transaction<'_>, From(first): From) -> Result<Option<From>, Fault> {
    let last = (first + ROWS_A_STEP as u64).min(ROWS as u64);
    for number in first..last {
        let times = tx.get(&REACHED, &number)?.unwrap_or(0);
        tx.put(&REACHED, &number, &(times + 1))?;
    }
    Ok((last < ROWS as u64).then_some(From(last)))
}

fn cascade(tx: &mut Transaction<'_>, at: Position, _: &Word) -> Result<(), Fault> {
    work::begin(tx, OWNER, at, From(0), reach)
}

async fn reached(chassis: &Chassis) -> Vec<u64> {
    let rows = chassis.db().read(|view| Ok::<_, Fault>(view.scan(&REACHED, &(), None, usize::MAX)?));
    rows.await.unwrap().into_iter().map(|(_, times)| times).collect()
}

#[tokio::test]
async fn a_large_cascade_is_not_claimed_before_its_last_step_and_every_step_is_done_once() {
    let disk = MemoryDisk::new();
    let (owner, follower) = (in_memory(OWNER), on_disk(&disk, FOLLOWER));
    let link = Link::to(&owner);
    let following = link.followed_with(&follower, cascade);
    let said = say(&owner, &commanding(), "go", Settle::No).await;
    until("it has begun", async || !reached(&follower).await.is_empty()).await;
    assert_eq!(reached(&follower).await.len(), ROWS_A_STEP, "one step, with the record");
    let claimed = |chassis: &Chassis| chassis.health().positions.get(OWNER).map(|position| position.at);
    until("it has reported", async || claimed(&follower).is_some()).await;
    assert_eq!(claimed(&follower), Some(0));
    let context = asking().having_seen(said.seen.clone());
    assert_eq!(follower.query(&context, |_| Ok(())).await.unwrap().behind, [OWNER]);

    // A worker that falls over after each step, and the whole service with it.
    following.abort();
    let mut follower = follower;
    for steps in 2..=3 {
        let worker = tokio::spawn(Arc::clone(&follower).work_off(one_step()));
        until("a step is done", async || reached(&follower).await.len() == steps * ROWS_A_STEP).await;
        worker.abort();
        disk.lose_unsynced();
        follower = on_disk(&disk, FOLLOWER);
    }
    let following = link.followed_with(&follower, cascade);
    let worker = tokio::spawn(Arc::clone(&follower).work_off(reach));
    until("it is claimed", async || claimed(&follower) == Some(1)).await;
    assert_eq!(reached(&follower).await, vec![1; ROWS]);
    let reply = follower.query(&asking().having_seen(said.seen), |_| Ok(())).await.unwrap();
    assert_eq!(reply.behind, []);
    following.abort();
    worker.abort();
}

/// A step that can be done once.
fn one_step() -> impl Fn(&mut Transaction<'_>, From) -> Result<Option<From>, Fault> {
    let done = AtomicUsize::new(0);
    move |tx, work| match done.fetch_add(1, Ordering::Relaxed) {
        0 => reach(tx, work),
        _ => Err(Fault::broken("the worker is to fall over here")),
    }
}

#[tokio::test]
async fn a_cascade_that_cannot_go_on_is_told_until_it_does() {
    let (owner, follower) = (in_memory(OWNER), in_memory(FOLLOWER));
    let following = Link::to(&owner).followed_with(&follower, cascade);
    let mended = Arc::new(AtomicBool::new(false));
    let step = {
        let mended = Arc::clone(&mended);
        move |tx: &mut Transaction<'_>, work| match mended.load(Ordering::Relaxed) {
            true => reach(tx, work),
            false => Err(Fault::broken("a row that cannot be")),
        }
    };
    let worker = tokio::spawn(Arc::clone(&follower).work_off(step));
    say(&owner, &commanding(), "go", Settle::No).await;
    assert_eq!(until_stopped(&follower).await, "a cascade cannot go on: a row that cannot be");
    mended.store(true, Ordering::Relaxed);
    until("it goes on", async || reached(&follower).await.len() == ROWS && follower.health().stopped.is_empty()).await;
    following.abort();
    worker.abort();
}

#[tokio::test]
async fn cascades_are_worked_off_as_they_come_and_in_the_order_of_their_causes() {
    let (owner, follower) = (in_memory(OWNER), in_memory(FOLLOWER));
    let following = Link::to(&owner).followed_with(&follower, cascade);
    let worker = tokio::spawn(Arc::clone(&follower).work_off(reach));
    for number in 1..=5 {
        let said = say(&owner, &commanding(), "go", Settle::No).await;
        let context = asking().having_seen(said.seen);
        // Whoever has seen the cause waits for the whole effect.
        until("all is done", async || follower.query(&context, |_| Ok(())).await.unwrap().behind.is_empty()).await;
        let times = reached(&follower).await;
        assert!(times.len() == ROWS && times.iter().all(|times| *times == number), "{times:?}");
    }
    following.abort();
    worker.abort();
}

// Long polls.

fn poll_after(position: u64, cursor: LogCursor, followed: Positions) -> ReadChanges {
    ReadChanges { after: LogCursor { position, ..cursor }, limit: 100, wait_ms: 20_000, followed }
}

fn patiently() -> Context {
    let mut context = Context::new(Credential::None, Duration::from_secs(30));
    context.actor = Actor::Service(FOLLOWER);
    context
}

#[tokio::test]
async fn a_poll_that_waits_is_answered_as_soon_as_there_is_news() {
    let owner = in_memory(OWNER);
    let began = Instant::now();
    let context = patiently();
    let poll = owner.serve_changes::<Word>(&context, poll_after(0, LogCursor::START, Positions::default()));
    let (answer, _) = tokio::join!(poll, async { say(&owner, &commanding(), "hello", Settle::No).await });
    let Changes::Records { records, watermark, .. } = answer.unwrap().value else { panic!("one history") };
    assert_eq!((records.len(), watermark, &records[0].change), (1, 1, &Word("hello".to_owned())));
    assert!(began.elapsed() < Duration::from_secs(15));
}

#[tokio::test]
async fn a_poll_that_waits_ends_when_the_owner_shuts_down() {
    let owner = in_memory(OWNER);
    let began = Instant::now();
    let context = patiently();
    let poll = owner.serve_changes::<Word>(&context, poll_after(0, LogCursor::START, Positions::default()));
    let (answer, ()) = tokio::join!(poll, owner.db().close());
    assert_eq!(answer.unwrap_err().code(), "unavailable");
    assert!(began.elapsed() < Duration::from_secs(15));
}

#[tokio::test(start_paused = true)]
async fn a_poll_without_news_is_answered_empty_when_its_time_is_over() {
    let owner = in_memory(OWNER);
    let began = Instant::now();
    let request = poll_after(0, LogCursor::START, Positions::default());
    let answer = owner.serve_changes::<Word>(&patiently(), request).await.unwrap().value;
    assert!(matches!(answer, Changes::Records { records, watermark: 0, .. } if records.is_empty()));
    assert!(began.elapsed() >= Duration::from_secs(20));
}

#[tokio::test]
async fn a_poll_that_waits_is_answered_when_the_owner_itself_has_followed_further() {
    // Sharing follows auth, and says nothing of its own about this word.
    let (auth, owner) = (in_memory(Service::Auth), in_memory(OWNER));
    let following = Link::to(&auth).followed_by(&owner);
    until("they are in contact", async || owner.health().behind.is_empty()).await;
    let context = patiently();
    let known = owner.health().positions.get(Service::Auth).map(|at| Positions::of(Service::Auth, at));
    let poll = owner.serve_changes::<Word>(&context, poll_after(0, LogCursor::START, known.unwrap_or_default()));
    let began = Instant::now();
    let (answer, _) = tokio::join!(poll, async { say(&auth, &commanding(), "hello", Settle::No).await });
    let Changes::Records { records, followed, .. } = answer.unwrap().value else { panic!("one history") };
    assert!(records.is_empty());
    assert_eq!(followed.get(Service::Auth).map(|at| at.at), Some(1));
    assert!(began.elapsed() < Duration::from_secs(15));
    following.abort();
}

#[tokio::test]
async fn what_reaches_a_follower_through_another_service_is_waited_for_too() {
    // Invitations follows auth and events, and events says of each word of auth's a word of its own.
    let [auth, events, invitations] = [Service::Auth, Service::Events, Service::Invitations].map(in_memory);
    let echo = |tx: &mut Transaction<'_>, _: Position, word: &Word| {
        chassis::log::announce(tx, Word(format!("{} was said", word.0))).map(drop)
    };
    let (from_auth, through_events) = (Link::to(&auth), Link::to(&events));
    let tasks = [
        Link::to(&auth).followed_with(&events, echo),
        from_auth.followed_by(&invitations),
        through_events.followed_by(&invitations),
    ];
    until("they are in contact", async || invitations.health().behind.is_empty()).await;
    let mut waited = 0;
    for number in 1..=10 {
        through_events.is(Way::Held);
        let said = say(&auth, &commanding(), "hello", Settle::No).await;
        until("the word itself is there", async || words(&invitations, Service::Auth).await.len() == number).await;
        let context = asking().having_seen(said.seen);
        let look = invitations.query(&context, |view| heard(view, Service::Events));
        let (reply, ()) = tokio::join!(look, async { through_events.is(Way::Open) });
        let reply = reply.unwrap();
        if reply.behind.is_empty() {
            assert_eq!(reply.value.1.len(), number, "it did not wait and does not say so");
            waited += 1;
        }
        until("the echo is there", async || words(&invitations, Service::Events).await.len() == number).await;
    }
    assert!(waited > 0, "a second is enough on any machine, now and then");
    tasks.iter().for_each(JoinHandle::abort);
}
