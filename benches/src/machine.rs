//! Under what circumstances figures were measured: enough to judge them, nothing that names the machine or its people.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::latencies::Latencies;

/// The circumstances of one part's figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Machine {
    /// The day, as YYYY-MM-DD.
    pub(crate) date: String,
    /// The commit, and whether the tree had changes on top of it; `unknown` outside a repository.
    pub(crate) commit: String,
    /// Processors that this program may use.
    pub(crate) cores: usize,
    /// The kernel's version, its numbers only: what follows them is the machine's own affair.
    pub(crate) kernel: String,
    /// The compiler's version.
    pub(crate) rustc: String,
    /// `release` or `debug`.
    pub(crate) build: String,
    /// The kind of file system that the databases were on.
    pub(crate) file_system: String,
    /// The median time of writing 4 KiB to the end of a file there and syncing it, in microseconds: what no durable command can
    /// undercut alone.
    pub(crate) synced_write_us: f64,
}

const SYNCED_WRITES: usize = 100;

impl Machine {
    /// Those of this machine, with databases in `data`.
    ///
    /// # Errors
    /// If `data` cannot be written.
    pub(crate) fn here(data: &Path, date: Option<Date>) -> Result<Self> {
        let date = date.unwrap_or_else(|| jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date());
        let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let rustc = said_by("rustc", &["--version"]).unwrap_or_default();
        let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let folder = std::fs::canonicalize(data).with_context(|| format!("the folder {}", data.display()))?;
        Ok(Self {
            date: date.to_string(),
            commit: commit(),
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            kernel: or_unknown(numbers_of(&kernel)),
            rustc: or_unknown(rustc.split_whitespace().nth(1).unwrap_or_default()),
            build: if cfg!(debug_assertions) { "debug" } else { "release" }.to_owned(),
            file_system: or_unknown(file_system_of(&folder, &mounts)),
            synced_write_us: synced_write(data).with_context(|| format!("writing in {}", data.display()))?,
        })
    }
}

fn or_unknown(text: &str) -> String {
    if text.is_empty() { "unknown" } else { text }.to_owned()
}

/// What a program prints, if there is such a program and it succeeds.
fn said_by(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn commit() -> String {
    let Some(commit) = said_by("git", &["rev-parse", "--short=12", "HEAD"]) else { return "unknown".to_owned() };
    // The figures, the report and its plot are what a measurement changes.
    let apart = ["status", "--porcelain", "--untracked-files=no", "--", ":/", ":(top,exclude)benches/results.json"];
    let apart = [&apart[..], &[":(top,exclude)REPORT.md", ":(top,exclude)docs/performance.svg"]].concat();
    match said_by("git", &apart) {
        Some(changes) if changes.is_empty() => commit,
        _ => format!("{commit} and changes"),
    }
}

/// `6.18.44` of `6.18.44-some-build`.
fn numbers_of(release: &str) -> &str {
    let release = release.trim();
    release.split_once(|c: char| !c.is_ascii_digit() && c != '.').map_or(release, |(numbers, _)| numbers)
}

/// The kind of the file system that `folder` is on, from the lines of `/proc/self/mounts`.
fn file_system_of<'a>(folder: &Path, mounts: &'a str) -> &'a str {
    let mounted = mounts.lines().filter_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        Some((Path::new(words.next()?), words.next()?))
    });
    let holding = mounted.filter(|(at, _)| folder.starts_with(at));
    // Of two on one place the later one hides the other, and `max_by_key` gives the last of equals.
    holding.max_by_key(|(at, _)| at.components().count()).map_or("", |(_, kind)| kind)
}

fn synced_write(data: &Path) -> Result<f64> {
    let mut file: File = tempfile::tempfile_in(data)?;
    let mut latencies = Latencies::default();
    for _ in 0..SYNCED_WRITES {
        let begun = Instant::now();
        file.write_all(&[0x5a; 4_096])?;
        file.sync_data()?;
        latencies.note(begun.elapsed());
    }
    latencies.sorted().micros(50).context("nothing was written")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_the_kernel_only_numbers_are_told() {
        assert_eq!(numbers_of("6.18.44-somebodys-own #1\n"), "6.18.44");
        assert_eq!(numbers_of("6.1\n"), "6.1");
    }

    #[test]
    fn a_folder_is_on_the_file_system_mounted_nearest_to_it() {
        let mounts =
            "/dev/a / ext4 rw 0 0\nnone /tmp tmpfs rw 0 0\n/dev/b /tmp/deep xfs rw 0 0\nnone /tmp/deep btrfs rw 0 0\n";
        assert_eq!(file_system_of(Path::new("/home/one"), mounts), "ext4");
        assert_eq!(file_system_of(Path::new("/tmp/two"), mounts), "tmpfs");
        assert_eq!(file_system_of(Path::new("/tmp/deep/three"), mounts), "btrfs");
        assert_eq!(file_system_of(Path::new("/tmpfile"), mounts), "ext4");
    }

    #[test]
    fn the_circumstances_name_no_folder() {
        let folder = tempfile::tempdir().unwrap();
        let machine = Machine::here(folder.path(), Some(jiff::civil::date(2027, 3, 10))).unwrap();
        assert_eq!(machine.date, "2027-03-10");
        assert!(machine.synced_write_us > 0.0);
        let text = serde_json::to_string(&machine).unwrap();
        assert!(!text.contains('/') && !text.contains(&*folder.path().to_string_lossy()), "{text}");
    }
}
