//! A disk without room: what cannot be kept is refused, and said to be; what was acknowledged before stays; with room again all goes on.
//!
//! Twice: with little room left, when the service refuses changes of itself and still shows everything; and in the middle of a write, as
//! when somebody else takes the last room, when the service cannot know what it wrote and answers nothing until it is started again
//! (its files are under a limit on their size, with SIGXFSZ ignored, so that a write beyond it fails as on a full disk).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use convene_tests::{Person, Plan};
use domain::invitations::Response;
use domain::sharing::Level;
use domain::{Error, Service};
use tempfile::TempDir;
use transport::cluster::{Cluster, SpawnedOptions, program_of, programs};

const PATIENCE: Duration = Duration::from_secs(30);

/// In blocks of 512 bytes, as `ulimit -f` counts in a POSIX shell: 3 MiB.
const LIMITED: (&str, &str) = ("trap '' XFSZ; ulimit -f 6144; ", "");
/// More is to stay free than any disk has.
const NO_ROOM: (&str, &str) = ("", " --keep-free 1000000000");
const AS_USUAL: (&str, &str) = ("", "");

#[test]
fn with_little_room_changes_are_refused_and_everything_is_shown() {
    with_events_started(AS_USUAL, async |programs, cluster, alice, bob| {
        let event = alice.creates(Plan::for_a("Before").inviting(&["bob"])).await.unwrap().id;
        programs.write(Service::Events, NO_ROOM);
        cluster.restart(Service::Events).await.unwrap();
        let refused = alice.creates(Plan::for_a("Too much")).await.unwrap_err();
        assert_eq!((refused.code(), is_about_events(&refused)), ("unavailable", true), "{refused}");
        assert!(refused.to_string().contains("its disk is full"), "{refused}");

        // Everything is shown, and the other services take no notice: not even of people whom events cannot hear of.
        assert_eq!(alice.looks_at(event).await.unwrap().title.to_string(), "Before");
        bob.answers(event, Response::Accept).await.unwrap();
        assert_eq!(bob.calendar().await.unwrap(), ["Before (going)"]);
        Person::named("carol", cluster.clients()).registers().await.unwrap();

        programs.write(Service::Events, AS_USUAL);
        cluster.restart(Service::Events).await.unwrap();
        alice.creates(Plan::for_a("With room").inviting(&["carol"])).await.unwrap();
    });
}

#[test]
fn a_write_that_meets_the_end_of_the_disk_loses_nothing_that_was_acknowledged() {
    with_events_started(LIMITED, async |programs, cluster, alice, bob| {
        let mut kept = Vec::new();
        let refusal = loop {
            let plan = Plan::for_a(&format!("Number {}", kept.len())).about(&"word ".repeat(780)).inviting(&["bob"]);
            match alice.creates(plan).await {
                Ok(event) => kept.push(event.id),
                Err(error) => break error,
            }
            assert!(kept.len() < 5_000, "the limit is not felt");
        };
        // The write that met the end may have been kept or not, and is said to be unknown; the next is certainly not done.
        assert!(is_about_events(&refusal) && ["deadline", "unavailable"].contains(&refusal.code()), "{refusal}");
        let next = alice.creates(Plan::for_a("One more")).await.unwrap_err();
        assert_eq!((next.code(), is_about_events(&next)), ("unavailable", true), "{next}");
        alice.shares_with(bob, Level::Details).await.unwrap();
        bob.answers(kept[0], Response::Accept).await.unwrap();
        assert_eq!(bob.calendar().await.unwrap(), ["Number 0 (going)"]);

        programs.write(Service::Events, AS_USUAL);
        cluster.restart(Service::Events).await.unwrap();
        for event in &kept {
            assert_eq!(alice.looks_at(*event).await.unwrap().id, *event);
        }
        let after = alice.creates(Plan::for_a("With room").inviting(&["bob"])).await.unwrap();
        cluster.caught_up(PATIENCE).await.unwrap();
        assert_eq!(bob.looks_at(after.id).await.unwrap().title.to_string(), "With room");
    });
}

/// Runs `story` with five processes, events started in this way; in the end all must be whole.
fn with_events_started(how: (&str, &str), story: impl AsyncFnOnce(&Programs, &Cluster, &Person, &Person)) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let folder = TempDir::new().unwrap();
    let programs = Programs { folder: folder.path().join("programs"), built: programs::of_this_build().unwrap() };
    fs::create_dir(&programs.folder).unwrap();
    for service in Service::ALL {
        programs.write(service, if service == Service::Events { how } else { AS_USUAL });
    }
    runtime.block_on(async {
        let data = folder.path().join("data");
        let options = SpawnedOptions { programs: Some(programs.folder.clone()), ..SpawnedOptions::for_tests(&data) };
        let cluster = Cluster::spawned(options).await.unwrap();
        let (alice, bob) = (Person::named("alice", cluster.clients()), Person::named("bob", cluster.clients()));
        alice.registers().await.unwrap();
        bob.registers().await.unwrap();
        story(&programs, &cluster, &alice, &bob).await;
        cluster.caught_up(PATIENCE).await.unwrap();
        let settles = || async { cluster.caught_up(PATIENCE).await.unwrap() };
        let report = transport::audit::audit(cluster.clients(), &cluster.operator().unwrap(), settles).await.unwrap();
        assert!(report.problems.is_empty(), "{:#?}", report.problems);
        cluster.shutdown(Duration::from_secs(10)).await;
    });
}

fn is_about_events(error: &Error) -> bool {
    error.service() == Some(Service::Events)
}

/// Scripts named as the programs, which start them in some way.
struct Programs {
    folder: PathBuf,
    built: PathBuf,
}

impl Programs {
    /// `before` is run by the shell first, and the program is given `arguments` besides its own.
    fn write(&self, service: Service, (before, arguments): (&str, &str)) {
        let name = program_of(service);
        let script = format!("#!/bin/sh\n{before}exec {}/{name} \"$@\"{arguments}\n", self.built.display());
        // Put in place whole: the old one may be about to be run.
        let (path, aside) = (self.folder.join(name), self.folder.join("new"));
        fs::write(&aside, script).unwrap();
        fs::set_permissions(&aside, fs::Permissions::from_mode(0o755)).unwrap();
        fs::rename(aside, path).unwrap();
    }
}
