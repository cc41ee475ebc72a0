//! What the plot shows: every ratio that something is promised of, and those beside it that keep it from misleading.
//!
//! A part that was not measured has no panel, and a load that was not measured no row.

use crate::disk;
use crate::disk::figures::{Contender, Disk};
use crate::growth;
use crate::growth::figures::Growth;
use crate::month;
use crate::peers::figures::{Beside, Best, Peer, Peers};
use crate::report::tables::whole;
use crate::results::Results;
use crate::spread::Spread;

/// Ratios that share an axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Panel {
    /// What is divided by what.
    pub(super) title: String,
    /// Which way is better.
    pub(super) better: Better,
    /// From top to bottom.
    pub(super) rows: Vec<Row>,
}

/// Which ratios are good ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Better {
    More,
    Less,
}

/// What is compared under one load.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    /// Beside whom; empty where that is said by the name.
    pub(super) group: &'static str,
    /// Under which load.
    pub(super) name: String,
    /// The least ratio that is promised, or the greatest where less is better.
    pub(super) promised: Option<f64>,
    /// The ratios.
    pub(super) points: Vec<Point>,
}

/// One ratio.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    /// How it is marked.
    pub(super) mark: Mark,
    /// How many times, with the least and the greatest pair or round.
    pub(super) times: Spread,
}

/// The same in all panels, told by the legend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// On one connection; services linked into one process.
    Single,
    /// On four connections; services as five processes.
    Several,
    /// With a handler that works: nothing is promised of it.
    Working,
}

impl Better {
    /// Whether a ratio is as good as was promised.
    pub(super) fn is_kept(self, times: f64, promised: f64) -> bool {
        match self {
            Self::More => times >= promised,
            Self::Less => times <= promised,
        }
    }
}

/// Everything that was measured.
pub(super) fn panels(results: &Results) -> Vec<Panel> {
    let wire = results.peers.as_ref().map(|peers| Panel {
        title: "Wire: answers a second, Convene ÷ others, by calls in flight".to_owned(),
        better: Better::More,
        rows: wire(peers),
    });
    let disk = results.disk.as_ref().map(|disk| Panel {
        title: format!("Disk: durable commands a second, Convene ÷ others, {} clients", disk::PROMISED_AT),
        better: Better::More,
        rows: durable(disk),
    });
    let sizes = results.growth.as_ref().and_then(sizes);
    let growth = Panel {
        title: sizes.map_or_else(
            || "Growth: time taken with much ÷ with little".to_owned(),
            |(least, most)| format!("Growth: time taken among {} ÷ among {}, or as named", whole(&most), whole(&least)),
        ),
        better: Better::Less,
        rows: growing(results),
    };
    wire.into_iter().chain(disk).chain([growth]).filter(|panel| !panel.rows.is_empty()).collect()
}

fn wire(peers: &Peers) -> Vec<Row> {
    let mut rows = Vec::new();
    for peer in Peer::ALL {
        for in_flight in [1, 64, 512] {
            let on = |our: usize, work_us: u32| of_connections(peers, peer, (work_us, in_flight), our);
            let points: Vec<Point> = [(Mark::Single, on(1, 0)), (Mark::Several, on(4, 0)), (Mark::Working, on(1, 20))]
                .into_iter()
                .filter_map(|(mark, times)| Some(Point { mark, times: times? }))
                .collect();
            if !points.is_empty() {
                let promised = Peers::promised(peer, in_flight);
                rows.push(Row { group: peer.name(), name: in_flight.to_string(), promised, points });
            }
        }
    }
    rows
}

/// Ours on so many connections beside the peer on as many; beside HTTP/1.1 on one for each call, if we have several, and always
/// beside one raw connection.
fn of_connections(peers: &Peers, peer: Peer, (work_us, in_flight): (u32, usize), our: usize) -> Option<Spread> {
    let rows = || peers.of(peer, work_us, in_flight);
    let ours = |row: &&Beside| row.our_connections == our;
    if peer == Peer::Raw {
        let theirs = rows().find(|row| row.their_connections == 1)?;
        return Some(Best { ours: rows().find(ours)?, theirs }.ratio());
    }
    rows().filter(ours).max_by_key(|row| row.their_connections).map(Beside::ratio)
}

fn durable(disk: &Disk) -> Vec<Row> {
    let mut rows = Vec::new();
    for peer in Contender::ALL.into_iter().filter(|peer| !Contender::OURS.contains(peer)) {
        let beside = |ours: Contender| {
            let found = |ratio: &&disk::figures::Ratio| {
                (ratio.ours, ratio.peer, ratio.clients) == (ours, peer, disk::PROMISED_AT)
            };
            disk.ratios.iter().find(found).map(|ratio| ratio.times)
        };
        let points: Vec<Point> =
            [(Mark::Single, beside(Contender::Linked)), (Mark::Several, beside(Contender::Spawned))]
                .into_iter()
                .filter_map(|(mark, times)| Some(Point { mark, times: times? }))
                .collect();
        if !points.is_empty() {
            let name = if peer == Contender::SqliteLinked { "SQLite" } else { peer.word() };
            rows.push(Row { group: "", name: name.to_owned(), promised: disk::promised(peer), points });
        }
    }
    rows
}

fn growing(results: &Results) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut add = |name: String, promised: f64, times: Spread| {
        let points = vec![Point { mark: Mark::Single, times }];
        rows.push(Row { group: "", name, promised: Some(promised), points });
    };
    if let Some(growth) = &results.growth {
        views(growth, &mut add);
    }
    let calendars = results.month.as_ref().and_then(|month| month.calendars.first().zip(month.calendars.last()));
    if let Some((little, much)) = calendars {
        let times = much.p50_us / little.p50_us;
        let name = format!("my month: {} events ÷ {}", whole(&much.events), whole(&little.events));
        add(name, growth::VIEW, exactly(times));
    }
    if let Some(recurring) = &results.recurring {
        let times = recurring.full.again_p50_us / recurring.alone.again_p50_us;
        let name = format!("my month, {} series ÷ that month alone", whole(&recurring.series));
        add(name, month::recurring::PROMISED, exactly(times));
    }
    if let Some(growth) = &results.growth {
        costs(growth, &mut add);
    }
    rows
}

fn views(growth: &Growth, add: &mut impl FnMut(String, f64, Spread)) {
    let Some((least, most)) = sizes(growth) else { return };
    for view in growth.views.iter().filter(|view| view.rows == most && most > least) {
        add(growth::tables::name(view.view).to_owned(), growth::VIEW, view.beside_smallest);
    }
}

/// The fewest users and events, and the most.
fn sizes(growth: &Growth) -> Option<(u64, u64)> {
    let sizes = || growth.views.iter().map(|view| view.rows);
    sizes().min().zip(sizes().max())
}

fn costs(growth: &Growth, add: &mut impl FnMut(String, f64, Spread)) {
    let slowest = growth.following.last().and_then(|size| {
        let times = |one: &growth::figures::FollowingFigures| one.committed_per_second / one.taken_over_per_second;
        size.following.iter().map(times).max_by(f64::total_cmp)
    });
    if let Some(times) = slowest {
        add("a follower ÷ whom it follows".to_owned(), 1.0 / growth::FOLLOWING, exactly(times));
    }
    add("start to ready ÷ opening the files".to_owned(), growth::START, growth.opening.beside_bare);
    for crowd in &growth.crowds {
        let name = format!("others' p99, {} invited ÷ before", whole(&crowd.invitees));
        add(name, growth::OTHERS, crowd.beside_before);
    }
}

fn exactly(times: f64) -> Spread {
    Spread { median: times, min: times, max: times }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::tests::sample;

    #[test]
    fn each_part_that_was_measured_has_a_panel_and_no_other() {
        let heads = |results: &Results| -> Vec<String> {
            panels(results).iter().map(|panel| panel.title.split(':').next().unwrap().to_owned()).collect()
        };
        let mut results = sample();
        assert_eq!(heads(&results), ["Wire", "Disk", "Growth"]);
        assert!(panels(&results)[2].title.contains("among 1,000,000 ÷ among 1,000,"));
        (results.growth, results.disk) = (None, None);
        assert_eq!(heads(&results), ["Wire", "Growth"]);
        (results.month, results.recurring) = (None, None);
        assert_eq!(heads(&results), ["Wire"]);
        assert_eq!(panels(&Results::default()), []);
    }

    #[test]
    fn every_number_of_connections_has_its_mark_and_raw_tcp_has_one_connection() {
        let peers = sample().peers.unwrap();
        let rows = wire(&peers);
        let [tonic, raw] = rows.as_slice() else { panic!("{rows:?}") };
        assert_eq!((tonic.group, tonic.name.as_str(), tonic.promised), ("tonic", "64", Some(4.0)));
        let medians = |row: &Row| -> Vec<(Mark, f64)> {
            row.points.iter().map(|point| (point.mark, point.times.median)).collect()
        };
        assert_eq!(medians(tonic), [(Mark::Single, 5.0), (Mark::Several, 4.5)]);
        assert_eq!(raw.promised, Some(0.5));
        assert_eq!(medians(raw), [(Mark::Single, 0.4), (Mark::Several, 0.6)]);
    }

    #[test]
    fn what_is_promised_of_the_disk_and_of_growth_is_what_the_parts_promise() {
        let results = sample();
        let rows: Vec<Row> = panels(&results).into_iter().flat_map(|panel| panel.rows).collect();
        let promised = |name: &str| rows.iter().find(|row| row.name.contains(name)).unwrap().promised;
        assert_eq!(promised("PostgreSQL"), Some(3.0));
        assert_eq!(promised("the inbox"), Some(1.5));
        assert_eq!(promised("my month: 1,000,000 events ÷ 100"), Some(1.5));
        assert_eq!(promised("a follower"), Some(2.0));
        assert_eq!(promised("others' p99, 10,000 invited"), Some(2.0));
    }

    #[test]
    fn a_promise_is_kept_on_the_side_that_is_better() {
        assert!(Better::More.is_kept(4.0, 4.0) && !Better::More.is_kept(3.99, 4.0));
        assert!(Better::Less.is_kept(1.5, 1.5) && !Better::Less.is_kept(1.51, 1.5));
    }
}
