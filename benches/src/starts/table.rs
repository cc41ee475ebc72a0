//! The table of `starts`.

use super::figures::{Started, Starts};
use crate::report::tables::{NOT_MEASURED, laid_out, spread, whole};

/// One row for each kind of start.
pub(crate) fn table(starts: Option<&Starts>) -> String {
    let Some(starts) = starts else { return NOT_MEASURED.to_owned() };
    let Starts { rounds, columns, rows, in_month, besides, .. } = starts;
    let milliseconds = |figure: f64| format!("{figure:.1}");
    let rows_told: Vec<Vec<String>> = starts
        .starts
        .iter()
        .map(|start| {
            let what = match start.started {
                Started::Version => "the program alone, until it has said its version".to_owned(),
                Started::Month => format!("the client, {} events this month", whole(in_month)),
                Started::Much => format!("the client, the same and {} events besides", whole(besides)),
            };
            let or_dash = |told: Option<String>| told.unwrap_or_else(|| "–".to_owned());
            vec![
                what,
                spread(start.first_frame_ms, milliseconds),
                or_dash(start.month_ms.map(|month| spread(month, milliseconds))),
                or_dash(start.beside_a_month.map(|times| spread(times, |times| format!("{times:.2}×")))),
            ]
        })
        .collect();
    let head = ["started", "first frame, ms", "the month's events, ms", "beside the month alone"];
    let table = laid_out(&head, 1, &rows_told);
    format!(
        "{table}\nFrom the start of the process, in a terminal of {columns}x{rows}; median of {rounds} starts in turns (least–greatest).\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::starts::figures::sample;

    #[test]
    fn each_start_is_a_row_and_the_large_calendar_stands_beside_the_month_alone() {
        let table = table(Some(&sample()));
        let rows: Vec<&str> = table.lines().collect();
        assert!(rows[2].contains("3.0 (3.0–3.0)") && rows[2].ends_with("–  |") || rows[2].ends_with("– |"), "{table}");
        assert!(rows[4].contains("100,000 events besides") && rows[4].contains("1.10× (1.10×–1.10×)"), "{table}");
        assert_eq!(super::table(None), NOT_MEASURED);
    }
}
