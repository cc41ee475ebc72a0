//! A service's program by itself: what it refuses to start with, and how it ends.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use domain::Service;
use transport::cluster::{DataFolder, Sharing, program_of, programs};

fn program(service: Service) -> Command {
    let mut command = Command::new(programs::of_this_build().unwrap().join(program_of(service)));
    for name in [
        "CONVENE_DATA",
        "CONVENE_BASE_PORT",
        "CONVENE_LOG",
        "CONVENE_LOG_FORMAT",
        "CONVENE_CERTS",
        "CONVENE_REQUIRE_TLS",
    ] {
        command.env_remove(name);
    }
    command
}

fn start(data: &Path, words: &[&str]) -> Output {
    program(Service::Events).arg("--data").arg(data).args(words).stdin(Stdio::null()).output().unwrap()
}

fn refusal(output: &Output) -> String {
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    let last = said.lines().last().unwrap_or_default().to_owned();
    assert!(last.starts_with("convene-events: "), "{said}");
    last
}

#[test]
fn every_program_tells_how_it_is_used() {
    for service in Service::ALL {
        let output = program(service).arg("--help").output().unwrap();
        assert!(output.status.success());
        let help = String::from_utf8(output.stdout).unwrap();
        for word in [program_of(service), "--data", "CONVENE_DATA", "--base-port", "--listen", "CONVENE_LOG"] {
            assert!(help.contains(word), "{word} is missing in:\n{help}");
        }
        assert!(!help.contains("--with-parent") && !help.contains("--password-cost"), "{help}");
    }
}

#[test]
fn wrong_usage_is_told_and_starts_nothing() {
    let data = tempfile::tempdir().unwrap();
    for words in [["--listen", "somewhere"], ["--base-port", "70000"], ["--nonsense", "1"]] {
        let output = start(data.path(), &words);
        assert_eq!(output.status.code(), Some(2));
    }
    assert_eq!(std::fs::read_dir(data.path()).unwrap().count(), 0);
}

#[test]
fn an_address_that_is_not_loopback_is_refused_without_certificates() {
    let data = tempfile::tempdir().unwrap();
    let said = refusal(&start(data.path(), &["--listen", "0.0.0.0:0"]));
    assert!(said.contains("events cannot listen on 0.0.0.0:0, which needs TLS"), "{said}");
    assert!(said.contains("there is no") && said.contains("convene certs make"), "{said}");
    assert_eq!(std::fs::read_dir(data.path()).unwrap().count(), 0);
}

#[test]
fn a_taken_port_is_named_and_nothing_is_begun() {
    let data = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let said = refusal(&start(data.path(), &["--listen", &address]));
    assert!(said.contains(&address), "{said}");
    assert_eq!(std::fs::read_dir(data.path()).unwrap().count(), 0);
}

#[test]
fn an_unusable_data_folder_is_named() {
    let temporary = tempfile::tempdir().unwrap();
    let file = temporary.path().join("a-file");
    std::fs::write(&file, "").unwrap();
    let said = refusal(&start(&file.join("data"), &["--listen", "127.0.0.1:0"]));
    assert!(said.contains("a-file"), "{said}");
}

#[test]
fn a_data_folder_in_use_is_named_with_who_uses_it() {
    let data = tempfile::tempdir().unwrap();
    let _alone = DataFolder::at(data.path()).lock(Sharing::Alone, std::time::Duration::ZERO).unwrap();
    let said = refusal(&start(data.path(), &["--listen", "127.0.0.1:0"]));
    assert!(said.contains("in use by") && said.contains(&std::process::id().to_string()), "{said}");
}

#[test]
fn a_database_in_use_is_named() {
    let data = tempfile::tempdir().unwrap();
    let folder = DataFolder::at(data.path()).database(Service::Events);
    let _open = storage::Database::open(&folder, storage::Options::new("events", 1)).unwrap();
    let said = refusal(&start(data.path(), &["--listen", "127.0.0.1:0"]));
    assert!(said.contains(&folder.display().to_string()) && said.contains("in use"), "{said}");
}

#[test]
fn a_database_of_another_service_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let folder = DataFolder::at(data.path()).database(Service::Events);
    drop(storage::Database::open(&folder, storage::Options::new("sharing", 1)).unwrap());
    let said = refusal(&start(data.path(), &["--listen", "127.0.0.1:0"]));
    assert!(said.contains("belongs to sharing"), "{said}");
}
