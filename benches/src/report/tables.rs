//! What each table says. Times in microseconds, sizes in bytes; the spread of the rounds stands in brackets.

use std::fmt::Write as _;

use crate::machine::Machine;
use crate::results::{Call, FrameFigures, Frames, Month, Overload, Rate, Reached, Recurring, Results, Scene, Wire};
use crate::spread::Spread;

pub(crate) const NOT_MEASURED: &str = "Not measured yet.\n";

/// Under what circumstances each part was measured.
pub(super) fn machine(results: &Results) -> String {
    let measured: Vec<(&str, &Machine)> = [
        results.wire.as_ref().map(|wire| ("calls", &wire.machine)),
        results.peers.as_ref().map(|peers| ("peers", &peers.machine)),
        results.disk.as_ref().map(|disk| ("disk", &disk.machine)),
        results.month.as_ref().map(|month| ("my month", &month.machine)),
        results.recurring.as_ref().map(|recurring| ("what recurs", &recurring.machine)),
        results.growth.as_ref().map(|growth| ("growth", &growth.machine)),
        results.overload.as_ref().map(|overload| ("overload", &overload.machine)),
        results.frames.as_ref().map(|frames| ("frames", &frames.machine)),
        results.starts.as_ref().map(|starts| ("starts", &starts.machine)),
    ]
    .into_iter()
    .flatten()
    .collect();
    if measured.is_empty() {
        return NOT_MEASURED.to_owned();
    }
    let row = |name: &str, tell: &dyn Fn(&Machine) -> String| -> Vec<String> {
        std::iter::once(name.to_owned()).chain(measured.iter().map(|(_, machine)| tell(machine))).collect()
    };
    let head: Vec<&str> = std::iter::once("").chain(measured.iter().map(|(part, _)| *part)).collect();
    let rows = vec![
        row("measured on", &|machine| machine.date.clone()),
        row("at commit", &|machine| machine.commit.clone()),
        row("build", &|machine| machine.build.clone()),
        row("processors", &|machine| machine.cores.to_string()),
        row("Linux", &|machine| machine.kernel.clone()),
        row("rustc", &|machine| machine.rustc.clone()),
        row("file system", &|machine| machine.file_system.clone()),
        row("4 KiB written and synced, p50", &|machine| format!("{} µs", micros(machine.synced_write_us))),
    ];
    laid_out(&head, head.len(), &rows)
}

/// Requests a second, p50 and p99.
pub(super) fn wire(wire: Option<&Wire>) -> String {
    let Some(wire) = wire else { return NOT_MEASURED.to_owned() };
    let rows: Vec<Vec<String>> = wire
        .loads
        .iter()
        .map(|load| {
            let call = match load.call {
                Call::Whoami => "query `auth.whoami`",
                Call::Respond => "durable command `invitations.respond`",
                Call::Journey => "that and `calendar.entries`",
            };
            let reached = match load.reached {
                Reached::Linked => "linked",
                Reached::Loopback => "loopback",
            };
            vec![
                call.to_owned(),
                reached.to_owned(),
                whole(&load.in_flight),
                spread(load.per_second, |figure| grouped(&format!("{figure:.0}"))),
                spread(load.p50_us, micros),
                spread(load.p99_us, micros),
            ]
        })
        .collect();
    let table = laid_out(&["call", "reached", "in flight", "answers/s", "p50 µs", "p99 µs"], 2, &rows);
    let Wire { rounds, seconds, warm_up, .. } = wire;
    format!(
        "{table}\nMedian of {rounds} rounds of {seconds} s, each after {warm_up} s of warm-up (least–greatest round).\n"
    )
}

/// What a month costs, beside what it costs in the smallest calendar.
pub(super) fn month(month: Option<&Month>) -> String {
    let Some(month) = month else { return NOT_MEASURED.to_owned() };
    let Some(first) = month.calendars.first() else { return NOT_MEASURED.to_owned() };
    #[allow(clippy::cast_precision_loss, reason = "a ratio for people")]
    let rows: Vec<Vec<String>> = month
        .calendars
        .iter()
        .map(|calendar| {
            let speed = calendar.changes as f64 / calendar.catch_up_seconds.max(1e-6);
            vec![
                whole(&calendar.events),
                format!(
                    "{} ({})",
                    whole(&calendar.answer_bytes),
                    times(calendar.answer_bytes as f64, first.answer_bytes as f64)
                ),
                format!("{} ({})", micros(calendar.p50_us), times(calendar.p50_us, first.p50_us)),
                format!("{} ({})", micros(calendar.p99_us), times(calendar.p99_us, first.p99_us)),
                format!(
                    "{} ({})",
                    whole(&calendar.database_bytes),
                    times(calendar.database_bytes as f64, first.database_bytes as f64)
                ),
                grouped(&format!("{speed:.0}")),
            ]
        })
        .collect();
    let head =
        ["events in the calendar", "answer, bytes", "p50 µs", "p99 µs", "database, bytes", "catching up, changes/s"];
    let table = laid_out(&head, 0, &rows);
    let events = whole(&month.in_month);
    let (queries, base) = (whole(&month.queries), whole(&first.events));
    format!(
        "{table}\nThe month asked for holds {events} events in each calendar; {queries} queries each. In brackets: beside the calendar of {base}.\n"
    )
}

/// What a month costs in a calendar with much that recurs, beside what it costs alone.
pub(super) fn recurring(recurring: Option<&Recurring>) -> String {
    let Some(recurring) = recurring else { return NOT_MEASURED.to_owned() };
    let alone = &recurring.alone;
    let calendars = [
        ("that month's instances, each as an event of its own", alone),
        ("series and single events of many years", &recurring.full),
    ];
    let beside = |figure: f64, base: f64| format!("{} ({})", micros(figure), times(figure, base));
    let rows: Vec<Vec<String>> = calendars
        .into_iter()
        .map(|(name, calendar)| {
            vec![
                name.to_owned(),
                beside(calendar.new_p50_us, alone.new_p50_us),
                beside(calendar.first_p50_us, alone.first_p50_us),
                beside(calendar.first_p99_us, alone.first_p99_us),
                beside(calendar.again_p50_us, alone.again_p50_us),
                beside(calendar.again_p99_us, alone.again_p99_us),
                whole(&calendar.database_bytes),
            ]
        })
        .collect();
    let head = [
        "the calendar holds",
        "nothing kept, p50 µs",
        "after a change, p50 µs",
        "p99 µs",
        "once more, p50 µs",
        "p99 µs",
        "database, bytes",
    ];
    let table = laid_out(&head, 1, &rows);
    let (series, singles) = (whole(&recurring.series), whole(&recurring.singles));
    let (in_month, pages, rounds) = (whole(&recurring.in_month), recurring.pages, whole(&recurring.rounds));
    format!(
        "{table}\n{series} series of ten years and more, {singles} single events over twenty years; the month shows {in_month} entries, the same in both, in {pages} pages. \
         {rounds} rounds. In brackets: beside the calendar of the month alone.\n"
    )
}

/// How a service fares at half of its capacity, at five times that, and right afterwards.
pub(super) fn overload(overload: Option<&Overload>) -> String {
    let Some(overload) = overload else { return NOT_MEASURED.to_owned() };
    let Some(half) = overload.loads.first() else { return NOT_MEASURED.to_owned() };
    let rows: Vec<Vec<String>> = overload
        .loads
        .iter()
        .map(|load| {
            let asked = match load.rate {
                Rate::Half => "half of its capacity",
                Rate::FiveTimes => "five times its capacity",
                Rate::HalfAgain => "half, right afterwards",
            };
            vec![
                asked.to_owned(),
                grouped(&format!("{:.0}", load.asked_per_second.median)),
                grouped(&format!("{:.0}", load.answered_per_second.median)),
                spread(load.p50_us, micros),
                spread(load.p99_us, micros),
                times(load.p99_us.median, half.p99_us.median),
                format!("{:.1} %", load.refused_percent.median),
                load.refused_p99_us.map_or_else(|| "–".to_owned(), |refused| spread(refused, micros)),
                format!("{:.1}", load.memory_bytes.median / 1e6),
            ]
        })
        .collect();
    let head = [
        "asked for",
        "calls/s",
        "answered/s",
        "p50 µs",
        "p99 µs",
        "beside half",
        "refused",
        "refusal's p99 µs",
        "memory, MB",
    ];
    let table = laid_out(&head, 1, &rows);
    let Overload { rounds, seconds, places, takes_ms, max_wait_ms, .. } = overload;
    let capacity = spread(overload.capacity, |figure| grouped(&format!("{figure:.0}")));
    format!(
        "{table}\nThe work takes {takes_ms} ms, {places} calls are worked at, a call waits at most {max_wait_ms} ms for its turn; capacity: {capacity} answers/s. \
         Median of {rounds} rounds of {seconds} s (least–greatest round).\n"
    )
}

/// What a frame costs, beside what it costs with little behind the same screen.
pub(super) fn frames(frames: Option<&Frames>) -> String {
    let Some(frames) = frames else { return NOT_MEASURED.to_owned() };
    #[allow(clippy::cast_precision_loss, reason = "a ratio for people")]
    let rows: Vec<Vec<String>> = frames
        .scenes
        .iter()
        .map(|scene| {
            let (name, of) = match scene.scene {
                Scene::Month => ("month", "events"),
                Scene::Agenda => ("agenda", "events"),
                Scene::Participants => ("participants", "people"),
            };
            let first = frames.scenes.iter().find(|other| other.scene == scene.scene).unwrap_or(scene);
            let beside = |figure: &dyn Fn(&FrameFigures) -> f64| times(figure(scene), figure(first));
            vec![
                name.to_owned(),
                format!("{} {of}", whole(&scene.items)),
                format!("{} ({})", whole(&scene.allocations), beside(&|of| of.allocations as f64)),
                format!("{:.1} ({})", scene.allocated_bytes as f64 / 1e3, beside(&|of| of.allocated_bytes as f64)),
                format!("{} ({})", micros(scene.frame_p50_us), beside(&|of| of.frame_p50_us)),
                micros(scene.frame_p99_us),
                micros(scene.key_p50_us),
                micros(scene.key_p99_us),
            ]
        })
        .collect();
    let head = [
        "screen",
        "with",
        "allocations",
        "allocated, KB",
        "frame p50 µs",
        "frame p99 µs",
        "key to frame p50 µs",
        "key to frame p99 µs",
    ];
    let table = laid_out(&head, 2, &rows);
    let Frames { columns, rows, .. } = frames;
    let count = whole(&frames.frames);
    format!(
        "{table}\n{count} frames each, {columns}x{rows}, each after a key that changes it. In brackets: beside little on the same screen.\n"
    )
}

/// How many times the figure of the smallest calendar: to a hundredth below ten, whole above.
pub(crate) fn times(figure: f64, base: f64) -> String {
    if base <= 0.0 {
        return "–".to_owned();
    }
    let ratio = figure / base;
    if ratio < 10.0 { format!("{ratio:.2}×") } else { grouped(&format!("{ratio:.0}")) + "×" }
}

pub(crate) fn spread(spread: Spread, told: impl Fn(f64) -> String) -> String {
    format!("{} ({}–{})", told(spread.median), told(spread.min), told(spread.max))
}

/// Microseconds: to a tenth below a hundred, whole above.
pub(crate) fn micros(figure: f64) -> String {
    if figure < 100.0 { format!("{figure:.1}") } else { grouped(&format!("{figure:.0}")) }
}

pub(crate) fn whole(figure: &impl ToString) -> String {
    grouped(&figure.to_string())
}

/// `1234567` as `1,234,567`.
pub(crate) fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A Markdown table whose first `words` columns are set left and the others, figures, right.
pub(crate) fn laid_out(head: &[&str], words: usize, rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain(head.get(column).map(|cell| cell.chars().count())).max().unwrap_or(0).max(3)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut line = String::from("|");
        for ((column, cell), width) in cells.enumerate().zip(&widths) {
            let _ = if column < words { write!(line, " {cell:<width$} |") } else { write!(line, " {cell:>width$} |") };
        }
        line + "\n"
    };
    let mut rule = String::from("|");
    for (column, width) in widths.iter().enumerate() {
        let dashes = "-".repeat(width - 1);
        rule += &if column < words { format!(" -{dashes} |") } else { format!(" {dashes}: |") };
    }
    let mut table = line(&mut head.iter().copied()) + &rule + "\n";
    for row in rows {
        table += &line(&mut row.iter().map(String::as_str));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::tests::sample;

    #[test]
    fn digits_are_grouped_by_three() {
        for (digits, told) in [("0", "0"), ("999", "999"), ("1000", "1,000"), ("1234567", "1,234,567")] {
            assert_eq!(grouped(digits), told);
        }
    }

    #[test]
    fn a_table_tells_every_figure_with_its_spread_and_is_aligned() {
        let table = wire(sample().wire.as_ref());
        assert_eq!(
            table,
            "| call                                  | reached  | in flight |                 answers/s |        p50 µs |              p99 µs |\n\
             | ------------------------------------- | -------- | --------: | ------------------------: | ------------: | ------------------: |\n\
             | query `auth.whoami`                   | linked   |         1 | 123,457 (123,407–123,507) | 8.5 (8.0–9.9) | 1,500 (1,000–2,000) |\n\
             | durable command `invitations.respond` | loopback |       512 |       8,000 (7,950–8,050) | 8.5 (8.0–9.9) | 1,500 (1,000–2,000) |\n\
             \n\
             Median of 5 rounds of 3 s, each after 1 s of warm-up (least–greatest round).\n"
        );
    }

    #[test]
    fn a_month_stands_beside_that_of_the_smallest_calendar() {
        let table = month(sample().month.as_ref());
        let rows: Vec<&str> = table.lines().collect();
        assert!(rows[2].contains("4,000 (1.00×)") && rows[2].contains("100 (1.00×)"), "{table}");
        assert!(rows[3].contains("| 4,010 (1.00×) |") && rows[3].contains("120 (1.20×)"), "{table}");
        assert!(rows[3].contains("900,600,000 (1,305×)"), "{table}");
        assert!(rows[3].contains("3,000,004"), "changes a second: {table}");
    }

    #[test]
    fn a_month_with_much_that_recurs_stands_beside_the_same_month_alone() {
        let table = recurring(sample().recurring.as_ref());
        let rows: Vec<&str> = table.lines().collect();
        assert!(rows[2].contains("2,000 (1.00×)") && rows[2].contains("1,600 (1.00×)"), "{table}");
        assert!(rows[3].contains(" 2,600 (1.30×) |") && rows[3].contains("2,080 (1.30×)"), "{table}");
        assert!(
            table.contains("1,000 series") && table.contains("900 entries") && table.contains("5 pages"),
            "{table}"
        );
    }

    #[test]
    fn an_overloaded_service_stands_beside_itself_at_half_its_capacity() {
        let table = overload(sample().overload.as_ref());
        let rows: Vec<&str> = table.lines().collect();
        assert!(
            rows[3].contains("five times its capacity") && rows[3].contains("8,000") && rows[3].contains("2.00×"),
            "{table}"
        );
        assert!(rows[3].contains("80.0 %") && rows[2].contains(" 0.0 % |                – |"), "{table}");
    }

    #[test]
    fn a_frame_stands_beside_that_of_the_same_screen_with_little_behind_it() {
        let table = frames(sample().frames.as_ref());
        let rows: Vec<&str> = table.lines().collect();
        assert!(rows[2].contains("| 10 events") && rows[2].contains("1,000 (1.00×)"), "{table}");
        assert!(rows[3].contains("1,500 (1.50×)") && rows[3].contains("450 (1.50×)"), "{table}");
        assert!(rows[5].contains("100,000 people") && rows[5].contains("700 (1.00×)"), "{table}");
    }

    #[test]
    fn the_circumstances_of_each_part_have_a_column_of_their_own() {
        let mut results = sample();
        results.month.as_mut().unwrap().machine.date = "2027-04-01".to_owned();
        let table = machine(&results);
        let dates = table.lines().find(|line| line.contains("measured on")).unwrap();
        assert!(dates.contains("2027-03-10") && dates.contains("2027-04-01"), "{table}");
        (results.wire, results.peers, results.overload, results.frames) = (None, None, None, None);
        (results.recurring, results.growth, results.disk, results.starts) = (None, None, None, None);
        assert!(!machine(&results).contains("2027-03-10"));
    }

    #[test]
    fn what_was_not_measured_is_said_to_be_so() {
        let none = Results::default();
        for table in [machine(&none), wire(None), month(None), recurring(None), overload(None), frames(None)] {
            assert_eq!(table, NOT_MEASURED);
        }
    }
}
