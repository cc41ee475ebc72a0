//! For the tests of widgets: a drawing as lines of text, its styles as lines of letters, and a week with everything in it.

use jiff::civil::{Date, DateTime, date};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, CellWidth};
use ratatui::style::{Color, Modifier};
use ratatui::widgets::Widget;

use super::entry::{Entry, Mark};

/// What a terminal of this size shows of `widget`.
pub(crate) fn draw(widget: impl Widget, width: u16, height: u16) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| frame.render_widget(widget, frame.area())).unwrap();
    terminal.backend().buffer().clone()
}

/// The rows as text, each wide character once.
pub(crate) fn lines(buffer: &Buffer) -> Vec<String> {
    rows(buffer, |symbol, _| symbol.to_owned())
}

/// For each cell a letter for what distinguishes it: `R`everse, `U`nderlined, `I`talic, `B`old, `D`im, `c`oloured; `.` for none.
pub(crate) fn mask(buffer: &Buffer) -> Vec<String> {
    rows(buffer, |symbol, cell| {
        let marks = [
            (Modifier::REVERSED, 'R'),
            (Modifier::UNDERLINED, 'U'),
            (Modifier::ITALIC, 'I'),
            (Modifier::BOLD, 'B'),
            (Modifier::DIM, 'D'),
        ];
        let modifier = marks.iter().find(|(modifier, _)| cell.modifier.contains(*modifier)).map(|(_, letter)| *letter);
        let letter = modifier.unwrap_or(if cell.fg == Color::Reset { '.' } else { 'c' });
        letter.to_string().repeat(usize::from(symbol.cell_width()).max(1))
    })
}

fn rows(buffer: &Buffer, show: impl Fn(&str, &ratatui::buffer::Cell) -> String) -> Vec<String> {
    (buffer.area.top()..buffer.area.bottom())
        .map(|y| {
            let mut row = String::new();
            let mut x = buffer.area.left();
            while x < buffer.area.right() {
                let cell = &buffer[(x, y)];
                row.push_str(&show(cell.symbol(), cell));
                x += cell.symbol().cell_width().max(1);
            }
            row
        })
        .collect()
}

/// The columns in which a row has a vertical border.
pub(crate) fn borders(buffer: &Buffer, y: u16) -> Vec<u16> {
    (buffer.area.left()..buffer.area.right())
        .filter(|x| matches!(buffer[(*x, y)].symbol(), "│" | "┌" | "┬" | "┐" | "├" | "┼" | "┤" | "└" | "┴" | "┘"))
        .collect()
}

/// In November 2026: wide characters, long titles, a conference over a weekend, a crowded Friday, all kinds of answers.
pub(crate) fn november() -> Vec<Entry<'static>> {
    let day = |day: i8| date(2026, 11, day);
    let timed = |on: Date, from: (i8, i8), to: (i8, i8), title: &'static str, mark: Mark| {
        entry(on.at(from.0, from.1, 0, 0), on.at(to.0, to.1, 0, 0), title, mark)
    };
    vec![
        timed(day(20), (9, 0), (9, 30), "Standup", Mark::Going),
        timed(day(20), (9, 15), (11, 0), "会議 🎉 release planning", Mark::Organizing),
        timed(day(20), (14, 0), (15, 30), "会議会議会議会議会議会議", Mark::Maybe),
        timed(day(20), (14, 30), (15, 0), "Interview", Mark::Pending),
        timed(day(20), (23, 0), (23, 59), "Late call", Mark::Going),
        timed(day(18), (12, 0), (13, 0), "Lunch with a rather long title", Mark::Going),
        timed(day(19), (8, 0), (17, 0), "busy", Mark::Busy),
        entry(day(21).at(22, 0, 0, 0), day(22).at(2, 0, 0, 0), "Night train", Mark::Going),
        Entry {
            all_day: true,
            ..entry(day(20).at(0, 0, 0, 0), day(24).at(0, 0, 0, 0), "Conference 🎉 会議", Mark::Going)
        },
        Entry { all_day: true, ..entry(day(1).at(0, 0, 0, 0), day(2).at(0, 0, 0, 0), "Holiday", Mark::Organizing) },
        Entry { theirs: true, whose: Some("bob"), ..timed(day(20), (10, 0), (12, 0), "review", Mark::Going) },
        Entry { theirs: true, ..timed(day(18), (12, 30), (13, 0), "\u{1b}[31m\u{202e}evil", Mark::Going) },
    ]
}

pub(crate) fn entry(start: DateTime, end: DateTime, title: &'static str, mark: Mark) -> Entry<'static> {
    Entry { start, end, all_day: false, title, mark, theirs: false, whose: None, repeats: false }
}
