//! Kill -9 under load: six people and their guests at work on five processes, one of which is killed again and again while calls to it
//! are under way, and started again while the others go on.
//!
//! `cargo test -p convene-tests --features kills --test kills` (`CONVENE_KILLS` says how many kills, 10 unless it does). A kill comes at
//! or shortly after an acknowledgement, and one to four of them make a shift. After each shift everyone finishes what they are at, giving every command
//! whose outcome they do not know again under the same key; then the ledger ([`convene_tests::load`]) is held against what the services say.
//! Everything acknowledged must be there, once and nothing else; calendars must agree with it, and the audit must find nothing. A database
//! that does not open ends the test with what the service said.
//!
//! That calls are cut off by the kills is counted and asserted; that the ledger would notice a loss is shown by its own tests.
//!
//! Which service is killed, and how long after which acknowledgement, follows from a seed that is printed (`CONVENE_SEED`); what is under way
//! then is up to the machine.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]

use std::cell::Cell;
use std::path::Path;
use std::time::{Duration, Instant};

use convene_tests::load::{Crowd, now};
use convene_tests::{Random, number_in_environment};
use domain::Service;
use tempfile::TempDir;
use transport::cluster::{Cluster, SpawnedOptions};

const MOST_KILLS_A_SHIFT: u64 = 4;
/// How many commands are acknowledged from one service's return to the next kill.
const BETWEEN_KILLS: std::ops::Range<usize> = 20..120;
/// The longest pause between that acknowledgement and the kill, in microseconds: about what writing and syncing takes, so that kills meet
/// every stage of it.
const MOST_PAUSE_US: u64 = 4_000;

#[test]
fn what_was_acknowledged_is_there_however_often_services_are_killed_under_load() {
    let seed = number_in_environment("CONVENE_SEED", now());
    let kills = number_in_environment("CONVENE_KILLS", 10);
    let mut random = Random::new(seed);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut folder = TempDir::new().unwrap();
    // Whatever goes wrong can be looked at.
    folder.disable_cleanup(true);
    eprintln!("seed {seed}, data in {}", folder.path().display());
    let kept = runtime.block_on(killed(folder.path(), kills, &mut random));
    assert!(kept.is_ok(), "seed {seed}: {}", kept.unwrap_err());
    folder.disable_cleanup(false);
}

async fn killed(data: &Path, kills: u64, random: &mut Random) -> Result<(), String> {
    let cluster = Cluster::spawned(SpawnedOptions::for_tests(data)).await.unwrap();
    let began = Instant::now();
    let mut crowd = Crowd::registers(&cluster).await;
    let (ledger, calls) = (crowd.ledger(), crowd.calls());
    let (mut done, mut amid, mut hit) = (0, 0, 0);
    while done < kills {
        let shift = (1 + random.below(MOST_KILLS_A_SHIFT)).min(kills - done);
        let over = Cell::new(false);
        let killing = async {
            for _ in 0..shift {
                let spread = u64::try_from(BETWEEN_KILLS.len()).unwrap();
                let further = BETWEEN_KILLS.start + usize::try_from(random.below(spread)).unwrap();
                ledger.acknowledges_further(further).await;
                let service = Service::ALL[usize::try_from(random.below(5)).unwrap()];
                tokio::time::sleep(Duration::from_micros(random.below(MOST_PAUSE_US))).await;
                let (under_way, acknowledged) = (calls.under_way(service), ledger.acknowledged());
                let at = Instant::now();
                cluster.kill(service).await.unwrap();
                let started = cluster.start(service).await;
                done += 1;
                hit += under_way;
                amid += u64::from(under_way > 0);
                eprintln!(
                    "kill {done} after {acknowledged} acknowledged commands: {service}, {under_way} calls under way; back after {} ms, {} acknowledged meanwhile",
                    at.elapsed().as_millis(),
                    ledger.acknowledged() - acknowledged
                );
                started.map_err(|error| format!("after kill {done}: {error}"))?;
            }
            over.set(true);
            Ok::<(), String>(())
        };
        let working = async {
            crowd.works(|_| !over.get()).await;
            Ok(())
        };
        tokio::try_join!(killing, working)?;
        let at = Instant::now();
        ledger.is_kept_by(&cluster, now()).await.map_err(|why| format!("after kill {done}: {why}"))?;
        eprintln!("everything is there, which was seen within {} ms", at.elapsed().as_millis());
    }
    eprintln!(
        "{done} kills, {} commands acknowledged and none of them lost; {amid} kills came while calls to that service were under way, {hit} in all; \
         {} attempts ended unknown and {} refused; {} s",
        ledger.acknowledged(),
        calls.unknown(),
        calls.refused(),
        began.elapsed().as_secs()
    );
    assert!(hit > 0 && calls.unknown() > 0, "no kill came while a command was under way: this test shows nothing");
    cluster.shutdown(Duration::from_secs(10)).await;
    Ok(())
}
