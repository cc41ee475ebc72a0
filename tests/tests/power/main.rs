//! Power cuts of the whole system: five processes under load, their writes and syncs recorded, and the disk put together again as it
//! may have been found after the power failed at some moment.
//!
//! `cargo test -p convene-tests --features power --test power` (needs strace; `CONVENE_CUTS` says how many cuts, 5 unless it does).
//! Every service runs under strace, which writes down each system call that changes a file, its bytes, and when it began and
//! ended. People meanwhile create, edit, invite, answer and share, and a ledger keeps what each command was to do, when it was
//! begun and when acknowledged. A cut is a moment of that recording: [`disk`] rebuilds the data folders as a disk may hold them
//! then (what was synced is there; of what was not, any sectors may be missing), five fresh processes open them, and the
//! ledger ([`convene_tests::load`]) is held against what they say. What was acknowledged before the cut must be there; what was under
//! way may be or not; nothing else may have happened; all databases must open and all references hold.
//!
//! That this would notice a loss is shown in each run: a disk that forgets what was synced, too, is found out.
//!
//! The moments, and which unsynced sectors survive, follow from a seed that is printed (`CONVENE_SEED`).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]

mod disk;
mod recording;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use convene_tests::load::{Crowd, Ledger, Micros, now};
use convene_tests::{Random, number_in_environment};
use disk::Disk;
use domain::Service;
use tempfile::TempDir;
use transport::cluster::{Cluster, SpawnedOptions, program_of, programs};

/// How many events everyone makes.
const EVENTS_EACH: usize = 24;

#[test]
fn what_was_acknowledged_before_the_power_failed_is_there_when_it_is_back() {
    let seed = number_in_environment("CONVENE_SEED", now());
    let cuts = number_in_environment("CONVENE_CUTS", 5);
    eprintln!("seed {seed}");
    let mut random = Random::new(seed);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let ledger = runtime.block_on(recorded_load(folder.path(), &data));
    let recording = recording::read(&folder.path().join("traces"), &data);
    let (begun, ended) = ledger.span();
    eprintln!("{} acknowledged commands in {} ms; {}", ledger.acknowledged(), (ended - begun) / 1_000, recording);
    assert!(ledger.acknowledged() > 100, "too little happened for a cut to show anything");
    let mut cut = |disk: Disk| {
        let moment = begun + random.below(ended - begun);
        let image = TempDir::new().unwrap();
        let survived = disk::rebuild(&recording, moment, disk, &mut random, image.path());
        let found = runtime.block_on(opened(image.path(), &ledger, moment));
        (moment, image, survived, found)
    };
    let found_out = (0..20).any(|_| cut(Disk::ForgetsSyncs).3.is_err());
    assert!(found_out, "20 disks that forgot what was synced were taken for whole: this test shows nothing");
    let mut lost = BTreeMap::new();
    for number in 0..cuts {
        let (moment, image, survived, found) = cut(Disk::KeepsSyncs);
        let verdict = match &found {
            Ok(()) => format!("{} acknowledged commands are there", ledger.acknowledged_by(moment)),
            Err(why) => why.clone(),
        };
        eprintln!("cut {number} after {} ms: {survived}: {verdict}", (moment - begun) / 1_000);
        if let Err(why) = found {
            lost.insert(number, why);
            // To be looked at.
            eprintln!("kept: {}", image.keep().display());
        }
    }
    assert!(lost.is_empty(), "seed {seed}: {lost:#?}");
}

/// Runs the five programs under strace, and people who use them.
async fn recorded_load(folder: &Path, data: &Path) -> Ledger {
    let programs = tokio::task::spawn_blocking(programs::of_this_build).await.unwrap().unwrap();
    let options = SpawnedOptions { programs: Some(traced(&programs, folder)), ..SpawnedOptions::for_tests(data) };
    let cluster = Cluster::spawned(options).await.unwrap();
    let mut crowd = Crowd::registers(&cluster).await;
    crowd.works(|rounds| rounds < EVENTS_EACH).await;
    // The cut is what ends the recording; nothing written while shutting down belongs to it.
    for service in Service::ALL {
        cluster.kill(service).await.unwrap();
    }
    crowd.ledger()
}

/// Five scripts, named as the programs, that run them under strace.
fn traced(programs: &Path, folder: &Path) -> PathBuf {
    let (scripts, traces) = (folder.join("programs"), folder.join("traces"));
    fs::create_dir(&scripts).unwrap();
    fs::create_dir(&traces).unwrap();
    for service in Service::ALL {
        let name = program_of(service);
        let script = scripts.join(name);
        let words = [
            "#!/bin/sh".to_owned(),
            format!(
                "exec strace -D -ff -qq -ttt -T -xx -y -s 16777216 -e trace={} -e signal=none -o {}/{service} {}/{name} \"$@\"",
                recording::CALLS,
                traces.display(),
                programs.display()
            ),
        ];
        fs::write(&script, words.join("\n") + "\n").unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    }
    scripts
}

/// Opens what the disk held, and compares.
async fn opened(image: &Path, ledger: &Ledger, moment: Micros) -> Result<(), String> {
    let cluster =
        Cluster::spawned(SpawnedOptions::for_tests(image)).await.map_err(|error| format!("did not open: {error}"))?;
    ledger.is_kept_by(&cluster, moment).await?;
    cluster.shutdown(Duration::from_secs(10)).await;
    Ok(())
}
