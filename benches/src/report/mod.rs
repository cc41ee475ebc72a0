//! The tables of REPORT.md, made from the figures and put between markers; and its [`plot`].
//!
//! `<!-- benches:NAME -->` and `<!-- /benches:NAME -->` enclose what belongs to this program; everything else in the document is its
//! author's. Whoever copies a figure by hand will copy an old one, so the continuous integration holds the document against
//! the figures ([`difference`]).

pub(crate) mod plot;
mod ratios;
pub(crate) mod tables;

use std::fmt::Write as _;

use anyhow::{Result, bail};

use crate::results::Results;

/// A table, and where it belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    /// The name in its markers.
    pub(crate) name: &'static str,
    /// The table itself, in Markdown, ending with a line break.
    pub(crate) text: String,
}

/// All tables.
pub(crate) fn tables(results: &Results) -> Vec<Table> {
    vec![
        Table { name: "machine", text: tables::machine(results) },
        Table { name: "wire", text: tables::wire(results.wire.as_ref()) },
        Table { name: "peers", text: crate::peers::table::table(results.peers.as_ref()) },
        Table { name: "disk", text: crate::disk::table::table(results.disk.as_ref()) },
        Table { name: "month", text: tables::month(results.month.as_ref()) },
        Table { name: "recurring", text: tables::recurring(results.recurring.as_ref()) },
        Table { name: "growth", text: crate::growth::tables::growth(results.growth.as_ref()) },
        Table { name: "overload", text: tables::overload(results.overload.as_ref()) },
        Table { name: "frames", text: tables::frames(results.frames.as_ref()) },
        Table { name: "starts", text: crate::starts::table::table(results.starts.as_ref()) },
    ]
}

/// `document` with all tables between their markers.
///
/// # Errors
/// If a marker is missing, or there are two of it.
pub(crate) fn filled(document: &str, tables: &[Table]) -> Result<String> {
    tables.iter().try_fold(document.to_owned(), |document, table| {
        let (begin, end) = (format!("<!-- benches:{} -->", table.name), format!("<!-- /benches:{} -->", table.name));
        let (before, rest) = once(&document, &begin)?;
        let (_, after) = once(rest, &end)?;
        if before.contains(&end) {
            bail!("the marker {end} stands before {begin}");
        }
        Ok(format!("{before}{begin}\n\n{}\n{end}{after}", table.text))
    })
}

/// What stands before and after `marker`, which must be there once.
fn once<'a>(text: &'a str, marker: &str) -> Result<(&'a str, &'a str)> {
    let Some((before, after)) = text.split_once(marker) else { bail!("the marker {marker} is missing") };
    if after.contains(marker) {
        bail!("the marker {marker} is there more than once");
    }
    Ok((before, after))
}

/// The lines of `found` (`-`) and of `wanted` (`+`) from the first that differs to the last, with the number of the first.
pub(crate) fn difference(found: &str, wanted: &str) -> String {
    let (found, wanted): (Vec<&str>, Vec<&str>) = (found.lines().collect(), wanted.lines().collect());
    let same = |pairs: &mut dyn Iterator<Item = (&&str, &&str)>| pairs.take_while(|(one, other)| one == other).count();
    let head = same(&mut found.iter().zip(&wanted));
    let (found, wanted) = (found.get(head..).unwrap_or_default(), wanted.get(head..).unwrap_or_default());
    let tail = same(&mut found.iter().rev().zip(wanted.iter().rev()));
    let mut text = format!("@@ line {} @@\n", head + 1);
    for (sign, lines) in [('-', found), ('+', wanted)] {
        for line in lines.iter().take(lines.len() - tail) {
            let _ = writeln!(text, "{sign}{line}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::tests::sample;

    const EMPTY: &str = "# Report\n\nprose\n\n<!-- benches:wire -->\n<!-- /benches:wire -->\n\nmore\n<!-- benches:disk --><!-- /benches:disk --><!-- benches:month -->outdated\n<!-- /benches:month -->\n\
        <!-- benches:recurring --><!-- /benches:recurring --><!-- benches:growth --><!-- /benches:growth -->\n<!-- benches:peers --><!-- /benches:peers -->\n\
        <!-- benches:overload --><!-- /benches:overload -->\n<!-- benches:frames --><!-- /benches:frames --> <!-- benches:starts --><!-- /benches:starts -->\n\
        <!-- benches:machine --><!-- /benches:machine -->\nthe end\n";

    #[test]
    fn tables_come_between_their_markers_and_everything_else_stays() {
        let tables = tables(&sample());
        let filled = filled(EMPTY, &tables).unwrap();
        for table in &tables {
            let between = format!("<!-- benches:{0} -->\n\n{1}\n<!-- /benches:{0} -->", table.name, table.text);
            assert!(filled.contains(&between), "{filled}");
        }
        assert!(filled.starts_with("# Report\n\nprose\n\n<!-- benches:wire -->"), "{filled}");
        assert!(filled.ends_with("<!-- /benches:machine -->\nthe end\n") && !filled.contains("outdated"), "{filled}");
    }

    #[test]
    fn filling_twice_changes_nothing() {
        let tables = tables(&sample());
        let once = filled(EMPTY, &tables).unwrap();
        assert_eq!(filled(&once, &tables).unwrap(), once);
    }

    #[test]
    fn a_changed_figure_changes_the_document() {
        let once = filled(EMPTY, &tables(&sample())).unwrap();
        let mut other = sample();
        other.month.as_mut().unwrap().calendars[1].answer_bytes += 1;
        let twice = filled(&once, &tables(&other)).unwrap();
        let difference = difference(&once, &twice);
        let lines: Vec<&str> = difference.lines().collect();
        assert_eq!(lines.len(), 3, "{difference}");
        assert!(lines[1].starts_with("-|") && lines[1].contains("1,000,000 | 4,010"), "{difference}");
        assert!(lines[2].starts_with("+|") && lines[2].contains("1,000,000 | 4,011"), "{difference}");
    }

    #[test]
    fn markers_that_are_missing_doubled_or_reversed_are_named() {
        let tables = tables(&sample());
        for (wrong, why) in [
            (EMPTY.replace("<!-- benches:wire -->", ""), "<!-- benches:wire --> is missing"),
            (EMPTY.replace("<!-- /benches:month -->", ""), "<!-- /benches:month --> is missing"),
            (format!("{EMPTY}{EMPTY}"), "<!-- benches:machine --> is there more than once"),
            (format!("<!-- /benches:wire -->{EMPTY}"), "<!-- /benches:wire --> stands before"),
        ] {
            let error = filled(&wrong, &tables).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn a_difference_shows_the_lines_that_differ_and_no_others() {
        assert_eq!(difference("a\nb\nc\nd\n", "a\nB\nd\n"), "@@ line 2 @@\n-b\n-c\n+B\n");
        assert_eq!(difference("a\na\n", "a\n"), "@@ line 2 @@\n-a\n");
    }
}
