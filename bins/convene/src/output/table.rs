//! Columns that stay aligned whatever is written in them: wide characters take two cells of a terminal, combining ones none.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::text::plain;

/// Most cells that one column takes; longer texts end in `…`. The last column takes what it needs: it pushes nothing aside.
const WIDEST: usize = 48;

/// Rows of columns under a heading.
#[derive(Debug)]
pub(super) struct Table<const COLUMNS: usize> {
    rows: Vec<[String; COLUMNS]>,
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    /// A table with this heading.
    pub(super) fn new(heading: [&str; COLUMNS]) -> Self {
        Self { rows: vec![heading.map(str::to_owned)] }
    }

    /// Adds a row. What is in it may come from others.
    pub(super) fn row(&mut self, cells: [&str; COLUMNS]) {
        let mut column = 0;
        self.rows.push(cells.map(|cell| {
            column += 1;
            if column < COLUMNS { cut(&plain(cell)) } else { plain(cell) }
        }));
    }

    /// The lines; `nothing` if there are no rows.
    pub(super) fn lines(&self, nothing: &str) -> String {
        if self.rows.len() < 2 {
            return format!("{nothing}\n");
        }
        let mut widths = [0; COLUMNS];
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        let mut lines = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(widths).filter(|(_, width)| *width > 0) {
                line.push_str(cell);
                line.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.width()) + 2));
            }
            lines.push_str(line.trim_end());
            lines.push('\n');
        }
        lines
    }
}

/// At most [`WIDEST`] cells of `text`, ending in `…` when something is missing.
fn cut(text: &str) -> String {
    if text.width() <= WIDEST {
        return text.to_owned();
    }
    let mut width = 1;
    let kept = text.chars().take_while(|c| {
        width += c.width().unwrap_or(0);
        width <= WIDEST
    });
    kept.collect::<String>().trim_end().chars().chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stay_aligned_with_wide_characters() {
        let mut table = Table::new(["TITLE", "BY"]);
        table.row(["会議 🎉", "alice"]);
        table.row(["Planning", "bob"]);
        let lines = table.lines("nothing");
        for line in lines.lines().skip(1) {
            let before = line.find("alice").or_else(|| line.find("bob")).unwrap();
            assert_eq!(line[..before].width(), 10, "{line}");
        }
    }

    #[test]
    fn a_long_cell_ends_in_an_ellipsis_but_for_the_last_and_an_empty_table_says_so() {
        let mut table = Table::new(["TITLE", "WHY"]);
        table.row([&"宽".repeat(100), &"x".repeat(100)]);
        let lines = table.lines("nothing");
        let (title, why) = lines.lines().nth(1).unwrap().split_once("  ").unwrap();
        assert!(title.ends_with('…') && title.width() <= WIDEST, "{title}");
        assert_eq!(why.trim_start(), "x".repeat(100));
        assert_eq!(Table::new(["TITLE"]).lines("No events."), "No events.\n");
    }
}
