//! What the tables of `growth` say.

use super::figures::{CrowdFigures, Growth, MemoryFigures, View};
use crate::report::tables::{NOT_MEASURED, laid_out, micros, spread, whole};
use crate::spread::Spread;

/// A view, in words.
pub(crate) const fn name(view: View) -> &'static str {
    match view {
        View::Inbox => "the inbox",
        View::Participants => "the middle of an event's participants",
        View::Public => "the public events from a day on",
        View::Own => "one's own events from a day on",
        View::Event => "an event, its counts and first participants",
        View::Names => "completing a name",
    }
}

/// All of them, one below the other.
pub(crate) fn growth(growth: Option<&Growth>) -> String {
    let Some(growth) = growth else { return NOT_MEASURED.to_owned() };
    [views(growth), following(growth), opening(growth), crowds(&growth.crowds), memory(&growth.memory)].join("\n")
}

fn views(growth: &Growth) -> String {
    let rows = growth.views.iter().map(|view| {
        let name = format!("{} ({})", name(view.view), view.items);
        vec![
            name,
            whole(&view.rows),
            spread(view.p50_us, micros),
            spread(view.p99_us, micros),
            beside(view.beside_smallest),
        ]
    });
    let head = ["view (items)", "users and events", "p50 µs", "p99 µs", "beside the smallest"];
    let table = laid_out(&head, 1, &rows.collect::<Vec<_>>());
    format!(
        "{table}\nThere are as many users as events; the viewer is invited to all events, and everyone to the event that is shown. The sizes took turns in \
         {} rounds of {} queries each (least–greatest round).\n",
        growth.rounds, growth.queries
    )
}

fn following(growth: &Growth) -> String {
    let mut rows = Vec::new();
    for size in &growth.following {
        for one in &size.following {
            rows.push(vec![
                format!("{} follows {}", one.follower, one.owner),
                whole(&one.records),
                whole(&rounded(one.committed_per_second)),
                whole(&rounded(one.taken_over_per_second)),
                format!("{:.2}×", one.taken_over_per_second / one.committed_per_second.max(1e-9)),
            ]);
        }
    }
    let head =
        ["who", "records behind", "owner commits, records/s", "follower takes over, records/s", "beside the owner"];
    laid_out(&head, 1, &rows)
}

fn opening(growth: &Growth) -> String {
    let opening = &growth.opening;
    let milliseconds = |figure: f64| micros(figure);
    let rows = vec![vec![
        format!("events, with {} users and events", whole(&opening.rows)),
        whole(&opening.database_bytes),
        spread(opening.bare_ms, milliseconds),
        spread(opening.ready_ms, milliseconds),
        beside(opening.beside_bare),
        megabytes(opening.memory_bytes.median),
    ]];
    let head =
        ["service", "database, bytes", "files opened, ms", "process ready, ms", "beside opening", "memory then, MB"];
    laid_out(&head, 1, &rows)
}

pub(super) fn crowds(crowds: &[CrowdFigures]) -> String {
    let rows = crowds.iter().map(|crowd| {
        vec![
            whole(&crowd.invitees),
            spread(crowd.made_ms, micros),
            spread(crowd.cancelled_ms, micros),
            spread(crowd.before_p99_us, micros),
            spread(crowd.meanwhile_p99_us, micros),
            beside(crowd.beside_before),
            spread(crowd.grew_bytes, megabytes),
        ]
    });
    let head = [
        "invitees",
        "made, ms",
        "cancelled, ms",
        "others' p99 before, µs",
        "meanwhile, µs",
        "beside before",
        "memory grew, MB",
    ];
    let table = laid_out(&head, 0, &rows.collect::<Vec<_>>());
    format!(
        "{table}\nBoth until the last calendar knows. Five processes over loopback; the memory is that of all five.\n"
    )
}

#[allow(clippy::cast_precision_loss, reason = "figures for people")]
pub(super) fn memory(memory: &[MemoryFigures]) -> String {
    let row =
        |name: &str, idle: u64, loaded: u64| vec![name.to_owned(), megabytes(idle as f64), megabytes(loaded as f64)];
    let mut rows: Vec<Vec<String>> =
        memory.iter().map(|memory| row(&memory.service, memory.idle_bytes, memory.loaded_bytes)).collect();
    let sum = |of: fn(&MemoryFigures) -> u64| memory.iter().map(of).sum();
    rows.push(row("together", sum(|memory| memory.idle_bytes), sum(|memory| memory.loaded_bytes)));
    laid_out(&["service", "idle, MB", "at most during the crowds, MB"], 1, &rows)
}

fn beside(ratio: Spread) -> String {
    spread(ratio, |figure| format!("{figure:.2}×"))
}

fn megabytes(bytes: f64) -> String {
    format!("{:.1}", bytes / 1e6)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a figure for people")]
fn rounded(figure: f64) -> u64 {
    figure.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_was_measured_is_told() {
        let text = growth(Some(&crate::growth::figures::sample()));
        let line =
            |with: &str| text.lines().find(|line| line.contains(with)).unwrap_or_else(|| panic!("{with}: {text}"));
        assert!(line("the inbox (50) ").contains(" 1,000 |"), "{text}");
        let inbox = text.lines().filter(|line| line.contains("the inbox")).nth(1).unwrap();
        assert!(inbox.contains("1,000,000") && inbox.contains("1.20×"), "{text}");
        assert!(line("events follows auth").contains("0.80×"));
        assert!(line("events, with 1,000,000").contains("1.25×"));
        assert!(line("| together").contains("12.0") && line("| together").contains("50.0"));
        assert!(line("10,000 |").contains("1.60×"));
        assert_eq!(growth(None), NOT_MEASURED);
    }
}
