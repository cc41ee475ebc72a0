//! Cascades too large for one transaction: nobody is told that they are done before they are.

use super::*;

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
