//! What `pgbench --log` wrote: every transaction, when it ended and how long it took.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::latencies::Latencies;
use crate::wire::Plan;

/// One transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Transaction {
    /// When it ended, since 1970.
    ended: Duration,
    /// How long it took.
    took: Duration,
}

/// Those of all files in `folder` whose names begin with `prefix`, which are removed: each thread wrote one.
///
/// # Errors
/// If they cannot be read.
pub(super) fn taken_from(folder: &Path, prefix: &str) -> Result<Vec<Transaction>> {
    let mut transactions = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with(prefix) {
            continue;
        }
        for line in fs::read_to_string(entry.path())?.lines() {
            transactions.push(read(line).with_context(|| format!("a line of pgbench's log: {line:?}"))?);
        }
        fs::remove_file(entry.path())?;
    }
    Ok(transactions)
}

/// Client, number, time taken, script, and when it ended in seconds and microseconds.
fn read(line: &str) -> Option<Transaction> {
    let mut words = line.split_whitespace().skip(2);
    let took = Duration::from_micros(words.next()?.parse().ok()?);
    let mut words = words.skip(1);
    let (seconds, micros) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    Some(Transaction { ended: Duration::from_secs(seconds) + Duration::from_micros(micros), took })
}

/// The times of those that ended after the warm-up, for as long as was to be measured. It begins with the first transaction, when
/// every client is connected.
pub(super) fn within(transactions: &[Transaction], plan: &Plan) -> Latencies {
    let begun = transactions.iter().map(|one| one.ended.saturating_sub(one.took)).min().unwrap_or_default();
    let from = begun + plan.warm_up;
    let until = from + plan.seconds;
    let mut latencies = Latencies::default();
    for one in transactions.iter().filter(|one| one.ended >= from && one.ended < until) {
        latencies.note(one.took);
    }
    latencies
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transactions_count_that_end_after_the_warm_up_and_before_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let lines = "0 1 1000 0 100 1000\n0 2 2000 0 101 500\n0 3 3000 0 102 500000\n";
        fs::write(folder.path().join("transactions.7"), lines).unwrap();
        fs::write(folder.path().join("transactions.7.1"), "1 1 4000 0 103 500000\n").unwrap();
        fs::write(folder.path().join("another"), "no transaction").unwrap();
        let found = taken_from(folder.path(), "transactions").unwrap();
        assert_eq!(found.len(), 4);
        let plan = Plan { seconds: Duration::from_secs(2), warm_up: Duration::from_secs(1), rounds: 1 };
        let within = within(&found, &plan);
        assert_eq!(within.count(), 2, "{within:?}");
        assert_eq!(within.sorted().percentile(50), Some(Duration::from_millis(2)));
        assert!(taken_from(folder.path(), "transactions").unwrap().is_empty(), "they are gone");
        assert_eq!(read("aborted"), None);
    }
}
