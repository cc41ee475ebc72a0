//! An operator's commands when something is in their way: a service that hangs, a disk that is full, an attempt that was cut off.

use std::fs;
use std::process::Command;

use convene_tests::Plan;
use domain::Service;
use domain::events::Listing;
use domain::sharing::Level;
use transport::cluster::{program_of, programs};

use super::recovery::{program, spawned};

#[test]
fn a_backup_of_a_service_that_hangs_is_given_up_and_leaves_nothing_behind() {
    spawned(|world| async move {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().to_str().unwrap();
        world.cluster().pause(Service::Events).await.unwrap();
        let (done, said) = program(&world, Service::Events, &["backup", folder]);
        world.cluster().resume(Service::Events).await.unwrap();
        assert!(!done && said.contains("events runs, and does not answer at 127.0.0.1:"), "{said}");
        assert_eq!(fs::read_dir(folder).unwrap().count(), 0);
        assert!(program(&world, Service::Events, &["backup", folder]).0);
        let (done, said) = program(&world, Service::Events, &["backup", "/dev/null"]);
        assert!(!done && said.contains("/dev/null is no folder"), "{said}");
        world.ends_whole().await;
    });
}

#[test]
fn a_database_that_an_interrupted_restore_left_aside_is_kept_by_the_next() {
    spawned(|mut world| async move {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().to_str().unwrap();
        alice.shares_with(&bob, Level::Details).await.unwrap();
        assert!(program(&world, Service::Sharing, &["backup", folder]).0);
        world.stops(Service::Sharing).await;
        let olds = || {
            let names =
                fs::read_dir(world.data()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
            names.filter(|name| name.starts_with("sharing.old-")).collect::<Vec<_>>()
        };

        // Half a database that a restore had not put together, which is worth nothing; and a whole one.
        let aside = world.data().join("sharing.restoring");
        fs::create_dir(&aside).unwrap();
        fs::write(aside.join("db"), "half of it").unwrap();
        assert!(program(&world, Service::Sharing, &["restore", folder, "--force"]).0);
        assert_eq!((olds().len(), aside.exists()), (1, false));
        fs::create_dir(&aside).unwrap();
        fs::write(aside.join("format"), "1\n").unwrap();
        fs::write(aside.join("db"), "all that people wrote").unwrap();
        assert!(program(&world, Service::Sharing, &["restore", folder, "--force"]).0);
        assert_eq!((olds().len(), aside.exists()), (3, false));
        let kept = olds().into_iter().filter_map(|name| fs::read_to_string(world.data().join(name).join("db")).ok());
        assert_eq!(kept.collect::<Vec<_>>(), ["all that people wrote"]);

        world.starts(Service::Sharing).await;
        world.settles().await;
        assert_eq!(alice.shares().await.unwrap().shared_with.len(), 1);
        world.ends_whole().await;
    });
}

#[test]
fn a_restore_that_meets_the_end_of_the_disk_does_not_blame_the_backup_and_changes_nothing() {
    spawned(|mut world| async move {
        let [alice] = world.people(["alice"]).await;
        for number in 0..40 {
            let plan = Plan::for_a(&format!("Number {number}")).about(&"word ".repeat(780));
            alice.creates(plan).await.unwrap();
        }
        let place = tempfile::tempdir().unwrap();
        assert!(program(&world, Service::Events, &["backup", place.path().to_str().unwrap()]).0);
        world.stops(Service::Events).await;
        // A limit on the size of files, with SIGXFSZ ignored, fails writes as a full disk does.
        let events = programs::of_this_build().unwrap().join(program_of(Service::Events));
        let mut limited = Command::new("sh");
        limited.args(["-c", "trap '' XFSZ; ulimit -f 64; exec \"$@\"", "sh"]).arg(events);
        limited.arg("restore").arg(place.path()).arg("--force").arg("--data").arg(world.data());
        let ended = limited.output().unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(1), "{said}");
        assert!(said.contains("the backup is sound") && said.contains("nothing was changed"), "{said}");
        assert!(!said.contains("cannot be used"), "{said}");
        assert!(!world.data().join("events.restoring").exists(), "it would take room");
        world.starts(Service::Events).await;
        world.settles().await;
        assert!(alice.lists(Listing::Mine, None).await.unwrap().contains(&"Number 0".to_owned()));
        world.ends_whole().await;
    });
}
