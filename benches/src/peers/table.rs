//! The table of `peers`: one row for each load, each number of connections beside the same number, and each at its best.

use super::figures::{Beside, Peer, Peers};
use crate::report::tables::{NOT_MEASURED, grouped, laid_out, micros, whole};
use crate::spread::Spread;

/// Ours beside the others.
pub(crate) fn table(peers: Option<&Peers>) -> String {
    let Some(peers) = peers else { return NOT_MEASURED.to_owned() };
    let mut loads: Vec<(Peer, u32, usize)> = Vec::new();
    for row in &peers.beside {
        let load = (row.peer, row.work_us, row.in_flight);
        if !loads.contains(&load) {
            loads.push(load);
        }
    }
    let rows: Vec<Vec<String>> = loads.into_iter().filter_map(|load| told(peers, load)).collect();
    let head = [
        "beside",
        "handler works",
        "in flight",
        "1 connection",
        "4 connections",
        "each at its best",
        "our best, answers/s",
        "their best",
        "our p50 µs",
        "theirs",
        "our p99 µs",
        "theirs",
    ];
    let table = laid_out(&head, 2, &rows);
    let pairs = peers.beside.iter().map(|row| row.pairs.len()).min().unwrap_or_default();
    let Peers { seconds, warm_up, our_credential_bytes, their_credential_bytes, .. } = peers;
    let whole_ns =
        |spread: Spread| format!("{:.2} µs ({:.2}–{:.2})", spread.median / 1e3, spread.min / 1e3, spread.max / 1e3);
    format!(
        "{table}\nHow many times their answers a second ours are: median (least–greatest) of {pairs} pairs measured in turns, {seconds:.2} s each after {warm_up:.2} s of warm-up. \
         Ours carries a session's token of {our_credential_bytes} bytes and verifies it, the others carry {their_credential_bytes} bytes that nobody looks at. \
         Percentiles are those of each at its best.\n\n\
         In one process a call through all layers of both sides takes {}, the same call of the service itself {}.\n",
        whole_ns(peers.layered_ns),
        whole_ns(peers.bare_ns),
    )
}

fn told(peers: &Peers, (peer, work_us, in_flight): (Peer, u32, usize)) -> Option<Vec<String>> {
    let best = peers.best(peer, work_us, in_flight)?;
    let on = |connections: usize| {
        let same = |row: &&Beside| (row.our_connections, row.their_connections) == (connections, connections);
        peers.of(peer, work_us, in_flight).find(same).map_or_else(|| "–".to_owned(), |row| times(row.ratio()))
    };
    let rate = |spread: Spread| grouped(&format!("{:.0}", spread.median));
    Some(vec![
        peer.name().to_owned(),
        if work_us == 0 { "–".to_owned() } else { format!("{work_us} µs") },
        whole(&in_flight),
        on(1),
        on(4),
        times(best.ratio()),
        rate(best.ours.ours(|sample| sample.per_second)),
        rate(best.theirs.theirs(|sample| sample.per_second)),
        micros(best.ours.ours(|sample| sample.p50_us).median),
        micros(best.theirs.theirs(|sample| sample.p50_us).median),
        micros(best.ours.ours(|sample| sample.p99_us).median),
        micros(best.theirs.theirs(|sample| sample.p99_us).median),
    ])
}

/// `4.52 (4.40–4.61)`.
fn times(ratio: Spread) -> String {
    format!("{:.2} ({:.2}–{:.2})", ratio.median, ratio.min, ratio.max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::figures::tests::sample;

    #[test]
    fn a_load_is_one_row_whatever_the_number_of_connections() {
        let table = table(Some(&sample()));
        let rows: Vec<&str> = table.lines().filter(|line| line.contains(" 64 |")).collect();
        assert_eq!(rows.len(), 2, "{table}");
        assert!(rows[0].contains("| 5.00 (4.50–5.50) | 4.50 (4.05–4.95) | 5.00 (4.50–5.50) |"), "{table}");
        assert!(rows[0].contains(" 500,000 |"), "{table}");
        assert!(table.contains("through all layers of both sides takes 1.50 µs (1.40–1.60)"), "{table}");
        assert_eq!(super::table(None), NOT_MEASURED);
    }
}
