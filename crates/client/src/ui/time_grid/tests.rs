//! Pictures of weeks and days, and what holds at every size.

use jiff::ToSpan as _;
use jiff::civil::date;

use super::super::drawn::{borders, draw, entry, lines, mask, november};
use super::super::entry::Mark;
use super::*;

fn week() -> Vec<Date> {
    (0..7).map(|day| date(2026, 11, 16) + i64::from(day).days()).collect()
}

fn grid<'a>(days: &'a [Date], entries: &'a [Entry<'a>], theme: Theme) -> TimeGrid<'a> {
    TimeGrid {
        days,
        selected: date(2026, 11, 20),
        picked: None,
        now: date(2026, 11, 18).at(10, 7, 0, 0),
        from_hour: None,
        hours: Hours::TwentyFour,
        theme,
        focused: true,
        entries,
    }
}

fn shown(grid: &TimeGrid<'_>, width: u16, height: u16) -> String {
    let buffer = draw(grid, width, height);
    format!("{}\n\n{}", lines(&buffer).join("\n"), mask(&buffer).join("\n"))
}

#[test]
fn a_week_at_three_sizes() {
    let (days, entries) = (week(), november());
    let grid = grid(&days, &entries, Theme::colourless());
    for (width, height) in [(120, 36), (80, 20), (60, 11)] {
        insta::assert_snapshot!(format!("week_{width}x{height}"), shown(&grid, width, height));
    }
}

#[test]
fn a_day_at_two_sizes_with_an_entry_picked() {
    let (days, entries) = ([date(2026, 11, 20)], november());
    let grid = TimeGrid { picked: Some(1), ..grid(&days, &entries, Theme::coloured()) };
    for (width, height) in [(120, 36), (80, 20)] {
        insta::assert_snapshot!(format!("day_{width}x{height}"), shown(&grid, width, height));
    }
}

#[test]
fn every_size_draws_and_no_focus_is_lost_that_has_room() {
    let (days, entries) = (week(), november());
    for width in (1..=40).chain([60, 79, 80, 100, 120, 130]) {
        for height in 1..=40 {
            let picture = lines(&draw(grid(&days, &entries, Theme::colourless()), width, height)).concat();
            let markers = picture.matches(glyph::FOCUS).count();
            assert!(markers == 1 || markers == 0 && (height == 1 || width < 8), "{markers} at {width}x{height}");
        }
    }
}

#[test]
fn what_goes_through_several_days_has_the_focus_on_the_selected_one_only() {
    let (days, entries) = (week(), november());
    let nth = entries.iter().position(|entry| entry.title.starts_with("Conference")).unwrap();
    let on = days.iter().copied().filter(|day| entries[nth].is_on(*day));
    assert!(on.clone().count() > 1);
    for selected in on {
        let grid = TimeGrid { picked: Some(nth), selected, ..grid(&days, &entries, Theme::colourless()) };
        let picture = lines(&draw(grid, 120, 36)).concat();
        assert_eq!(picture.matches(glyph::FOCUS).count(), 1, "{selected}");
        assert!(picture.matches(glyph::SELECTED).count() >= 1, "{selected}");
    }
}

#[test]
fn wide_characters_keep_every_border_in_its_column() {
    let days = week();
    let plain: Vec<Entry<'_>> = november().into_iter().map(|entry| Entry { title: "plain", ..entry }).collect();
    let wide = november();
    for width in 20..=120 {
        let (with, without) = (
            draw(grid(&days, &wide, Theme::colourless()), width, 24),
            draw(grid(&days, &plain, Theme::colourless()), width, 24),
        );
        for y in 0..24 {
            assert_eq!(borders(&with, y), borders(&without, y), "row {y} at {width}");
        }
    }
}

#[test]
fn what_overlaps_stands_side_by_side() {
    let day = date(2026, 11, 20);
    let entries = [
        entry(day.at(9, 0, 0, 0), day.at(11, 0, 0, 0), "one", Mark::Going),
        entry(day.at(10, 0, 0, 0), day.at(12, 0, 0, 0), "two", Mark::Maybe),
        entry(day.at(12, 0, 0, 0), day.at(13, 0, 0, 0), "three", Mark::Going),
    ];
    let days = [day];
    let rows = lines(&draw(grid(&days, &entries, Theme::colourless()), 46, 24));
    let row = |hour: &str| rows.iter().find(|row| row.starts_with(hour)).unwrap().clone();
    assert!(row("09:00").contains("●one"));
    assert!(row("10:00").contains("▏09:00–11:00") && row("10:00").contains("◐two"));
    assert!(row("12:00").contains("●three") && !row("12:00").contains("two"));
}

#[test]
fn what_lies_outside_the_hours_shown_is_counted_at_the_edges() {
    let entries = november();
    let days = [date(2026, 11, 20)];
    let rows = lines(&draw(TimeGrid { from_hour: Some(12), ..grid(&days, &entries, Theme::colourless()) }, 40, 14));
    assert!(rows.iter().any(|row| row.contains("↑3")), "{rows:#?}");
    assert!(rows.last().unwrap().contains("↓1"), "{rows:#?}");
}

#[test]
fn the_picked_entry_is_always_among_the_hours_shown() {
    let entries = november();
    let days = [date(2026, 11, 20)];
    for (nth, entry) in entries.iter().enumerate().filter(|(_, entry)| entry.is_on(days[0])) {
        let grid = TimeGrid { picked: Some(nth), ..grid(&days, &entries, Theme::colourless()) };
        let picture = lines(&draw(grid, 60, 14)).concat();
        assert_eq!(picture.matches(glyph::FOCUS).count(), 1, "{}", entry.title);
    }
}

#[test]
fn more_than_there_is_room_for_is_counted() {
    let day = date(2026, 11, 20);
    let same = entry(day.at(9, 0, 0, 0), day.at(10, 0, 0, 0), "same", Mark::Going);
    let entries = [same; 9];
    let days = [day];
    let picture = lines(&draw(grid(&days, &entries, Theme::colourless()), 16, 24)).concat();
    assert!(picture.contains("+7"), "{picture}");
}

#[test]
fn the_entry_under_a_position_is_the_one_drawn_there() {
    let day = date(2026, 11, 20);
    let entries = [
        entry(day.at(9, 0, 0, 0), day.at(11, 0, 0, 0), "one", Mark::Going),
        entry(day.at(10, 0, 0, 0), day.at(12, 0, 0, 0), "two", Mark::Maybe),
    ];
    let days = week();
    let area = Rect::new(0, 0, 120, 36);
    for nth in 0..2 {
        let grid = TimeGrid { picked: Some(nth), ..grid(&days, &entries, Theme::colourless()) };
        let buffer = draw(grid, 120, 36);
        let positions = (0..120).flat_map(|x| (0..36).map(move |y| Position::new(x, y)));
        let focus: Vec<Position> = positions.filter(|at| buffer[*at].symbol() == glyph::FOCUS).collect();
        assert_eq!(focus.len(), 1);
        assert_eq!(grid.at(area, focus[0]), Some((day, Some(nth))));
    }
    let grid = grid(&days, &entries, Theme::colourless());
    assert_eq!(grid.at(area, Position::new(119, 0)), Some((date(2026, 11, 22), None)));
    assert_eq!(grid.at(area, Position::new(0, 0)), None);
}
