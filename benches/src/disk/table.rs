//! What the tables of `disk` say.

use super::figures::{Contender, Disk};
use crate::report::tables::{NOT_MEASURED, grouped, laid_out, micros, spread, times, whole};

/// The commands of each contender, ours beside the peers, and the journey.
pub(crate) fn table(disk: Option<&Disk>) -> String {
    let Some(disk) = disk else { return NOT_MEASURED.to_owned() };
    let Disk { rounds, seconds, warm_up, .. } = disk;
    let versions = [("PostgreSQL", &disk.postgres), ("SQLite", &disk.sqlite)];
    let versions: Vec<String> = versions
        .into_iter()
        .map(|(name, version)| match version {
            Some(version) => format!("{name} {version}"),
            None => format!("{name} was not there"),
        })
        .collect();
    format!(
        "{}\n{}\n{}\nMedian of {rounds} rounds of {seconds} s, each after {warm_up} s of warm-up (least–greatest round); ratios are those of each \
         round. {}. Written: by all five services of Convene; of PostgreSQL its log alone.\n",
        loads(disk),
        ratios(disk),
        journeys(disk),
        versions.join(", "),
    )
}

fn loads(disk: &Disk) -> String {
    let rows: Vec<Vec<String>> = disk
        .loads
        .iter()
        .map(|load| {
            vec![
                load.contender.word().to_owned(),
                whole(&load.clients),
                spread(load.per_second, |figure| grouped(&format!("{figure:.0}"))),
                spread(load.p50_us, micros),
                spread(load.p99_us, micros),
                format!("{:.1}", load.p99_us.median / load.p50_us.median),
                grouped(&format!("{:.0}", load.bytes_a_command.median)),
            ]
        })
        .collect();
    let head =
        ["durable answers to invitations", "clients", "a second", "p50 µs", "p99 µs", "p99/p50", "bytes written each"];
    laid_out(&head, 1, &rows)
}

/// A row for each pair, a column for each number of clients.
fn ratios(disk: &Disk) -> String {
    let mut clients: Vec<usize> = disk.ratios.iter().map(|ratio| ratio.clients).collect();
    clients.sort_unstable();
    clients.dedup();
    let mut rows = Vec::new();
    for ours in Contender::OURS {
        for peer in Contender::ALL {
            let of = |many: &usize| {
                disk.ratios.iter().find(|ratio| (ratio.ours, ratio.peer, ratio.clients) == (ours, peer, *many))
            };
            if clients.iter().all(|many| of(many).is_none()) {
                continue;
            }
            let told = |many: &usize| {
                of(many).map_or_else(|| "–".to_owned(), |ratio| spread(ratio.times, |of| format!("{of:.2}×")))
            };
            let names = [ours.word().to_owned(), peer.word().to_owned()];
            rows.push(names.into_iter().chain(clients.iter().map(told)).collect());
        }
    }
    let columns: Vec<String> = clients.iter().map(|many| format!("{many} clients")).collect();
    let head: Vec<&str> = ["as many answers as", "of"].into_iter().chain(columns.iter().map(String::as_str)).collect();
    laid_out(&head, 2, &rows)
}

fn journeys(disk: &Disk) -> String {
    let rows: Vec<Vec<String>> = disk
        .journeys
        .iter()
        .map(|journey| {
            let linked = disk
                .journeys
                .iter()
                .find(|other| (other.contender, other.clients) == (Contender::Linked, journey.clients));
            let linked = linked.unwrap_or(journey);
            vec![
                journey.contender.word().to_owned(),
                whole(&journey.clients),
                spread(journey.per_second, |figure| grouped(&format!("{figure:.0}"))),
                format!("{} ({})", micros(journey.p50_us.median), times(journey.p50_us.median, linked.p50_us.median)),
                format!("{} ({})", micros(journey.p99_us.median), times(journey.p99_us.median, linked.p99_us.median)),
            ]
        })
        .collect();
    laid_out(&["answer, then see the calendar", "clients", "a second", "p50 µs", "p99 µs"], 1, &rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::figures::tests::sample;

    #[test]
    fn every_contender_has_its_rows_and_every_pair_its_ratio() {
        let table = table(Some(&sample()));
        let row = |begins: &str| table.lines().find(|line| line.starts_with(begins)).unwrap_or_default().to_owned();
        let linked = row("| Convene, linked ");
        assert!(linked.contains("12,000") && linked.contains(" 2.4 |"), "{table}");
        assert!(table.contains("4.00× (3.50×–4.25×)"), "{table}");
        assert!(table.contains("1,500 (1.50×)"), "the journey spawned beside linked: {table}");
        assert!(table.contains("PostgreSQL 15.13, SQLite was not there."), "{table}");
    }
}
