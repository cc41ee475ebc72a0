//! The hours of one day or of a few side by side.
//!
//! What takes whole days stands above the hours; what overlaps stands side by side; a line says how late it is. The hours shown
//! are those where things happen, unless the caller scrolls; what lies before and after them is counted at the edges, so that
//! nothing is hidden without a word.

use jiff::civil::{Date, DateTime};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::entry::{Entry, lanes};
use super::month_grid::{name, shares, write};
use super::text;
use super::theme::{Role, Theme, glyph};
use crate::hours::Hours;

/// The widget.
#[derive(Clone, Copy, Debug)]
pub struct TimeGrid<'a> {
    /// The days, in order. Where there is no room for all, those around the selected one are shown.
    pub days: &'a [Date],
    /// The selected day.
    pub selected: Date,
    /// The entry with the focus, as an index into `entries`; without one the day has it.
    pub picked: Option<usize>,
    /// What the reader's clock shows.
    pub now: DateTime,
    /// The first hour to be shown, 0 to 23; without it seven, or earlier if something of the morning
    /// would not be seen. What happens at night is counted at the edge.
    pub from_hour: Option<i8>,
    /// How times are written.
    pub hours: Hours,
    /// How everything looks.
    pub theme: Theme,
    /// Whether keys act on the grid.
    pub focused: bool,
    /// What there is, in any order; what lies on other days is passed over.
    pub entries: &'a [Entry<'a>],
}

const MINUTES: i64 = 24 * 60;
/// The first minute that counts as morning.
const MORNING: i64 = 5 * 60;
/// Cells of the times at the left, and of a column below which fewer days are shown.
const GUTTER: u16 = 6;
const NARROWEST: u16 = 6;
/// Rows from which an hour takes two.
const ROOMY: u16 = 30;
/// Cells below which a column of overlapping entries tells nothing.
const LANE: usize = 3;

/// Where things are.
struct Plan {
    gutter: u16,
    /// Each day shown, with the left edge and the width of its column, without frame.
    columns: Vec<(Date, u16, u16)>,
    /// The rows of what takes whole days.
    above: (u16, u16),
    /// The line above the hours.
    rule: Option<u16>,
    /// The rows of the hours: top, height.
    body: (u16, u16),
    /// The line below.
    foot: Option<u16>,
    /// The first minute shown, and minutes a row.
    from: i64,
    step: i64,
}

impl TimeGrid<'_> {
    fn plan(&self, area: Rect) -> Plan {
        let gutter = if area.width >= GUTTER + NARROWEST { GUTTER } else { 0 };
        let room = area.width - gutter;
        let fitting = usize::from((room / (NARROWEST + 1)).max(1)).min(self.days.len());
        let selected = self.days.iter().position(|day| *day == self.selected).unwrap_or(0);
        let first = (selected + 1).saturating_sub(fitting);
        let days = self.days.iter().skip(first).take(fitting);
        let frame = u16::from(gutter > 0);
        let mut x = area.x + gutter;
        let columns: Vec<_> = days
            .zip(shares(room, u16::try_from(fitting).unwrap_or(1)))
            .map(|(day, width)| {
                let column = (*day, x + frame, width.saturating_sub(frame));
                x += width;
                column
            })
            .collect();
        let header = u16::from(area.height > 1);
        let wanted = columns.iter().map(|(day, ..)| self.above(*day).len()).max().unwrap_or(0);
        let above = u16::try_from(wanted).unwrap_or(u16::MAX).min(area.height / 4);
        let lines = u16::from(area.height >= 6);
        let top = area.y + header + above + lines;
        let height = area.height.saturating_sub(header + above + 2 * lines);
        let step = if height >= ROOMY { 30 } else { 60 };
        Plan {
            gutter,
            above: (area.y + header, above),
            rule: (lines > 0).then(|| top - 1),
            foot: (lines > 0).then_some(top + height),
            body: (top, height),
            from: self.from(&columns, i64::from(height) * step),
            step,
            columns,
        }
    }

    /// The first minute to be shown if `shown` minutes are.
    fn from(&self, columns: &[(Date, u16, u16)], shown: i64) -> i64 {
        let latest = (MINUTES - shown).max(0).div_euclid(60) * 60 + if shown % 60 == 0 { 0 } else { 60 };
        if let Some(hour) = self.from_hour {
            return (i64::from(hour) * 60).clamp(0, latest);
        }
        let mornings = columns.iter().flat_map(|(day, ..)| self.timed(*day).map(|(_, from, _)| from));
        let first = mornings.filter(|from| *from >= MORNING).min();
        let first = first.map_or(7 * 60, |first| (first / 60 - 1).clamp(0, 7) * 60);
        let picked = self
            .picked
            .and_then(|picked| columns.iter().find_map(|(day, ..)| self.timed(*day).find(|(n, ..)| *n == picked)));
        let needed = picked.map_or(0, |(_, from, to)| (to.min(from + shown) - shown + 59).max(0) / 60 * 60);
        let first = if picked.is_some_and(|(_, from, _)| from < first) { 0 } else { first };
        first.max(needed).clamp(0, latest)
    }

    fn above(&self, day: Date) -> Vec<(usize, &Entry<'_>)> {
        let mut found: Vec<_> =
            self.entries.iter().enumerate().filter(|(_, entry)| entry.is_above_hours() && entry.is_on(day)).collect();
        found.sort_by_key(|(_, entry)| (entry.start, std::cmp::Reverse(entry.end)));
        found
    }

    /// What stands among the hours of `day`: index, first minute, the minute after the last.
    fn timed(&self, day: Date) -> impl Iterator<Item = (usize, i64, i64)> {
        self.entries.iter().enumerate().filter(move |(_, entry)| !entry.is_above_hours() && entry.is_on(day)).map(
            move |(nth, entry)| {
                let minute = |at: DateTime| i64::from(at.hour()) * 60 + i64::from(at.minute());
                let from = if entry.start.date() < day { 0 } else { minute(entry.start) };
                let to = if entry.end.date() > day { MINUTES } else { minute(entry.end) };
                // Where clocks go back, an end may show an earlier time than its start.
                (nth, from, to.max(from + 1))
            },
        )
    }

    fn draw_header(&self, area: Rect, plan: &Plan, buffer: &mut Buffer) {
        if area.height < 2 {
            return;
        }
        for (day, x, width) in &plan.columns {
            let (selected, today) = (*day == self.selected, *day == self.now.date());
            let before = match (selected, self.focused && self.picked.is_none()) {
                (true, true) => glyph::FOCUS,
                (true, false) => glyph::SELECTED,
                (false, _) => " ",
            };
            let weekday =
                if *width < 8 { name(day.weekday()).get(..2).unwrap_or_default() } else { name(day.weekday()) };
            let month = if *width >= 12 { day.strftime(" %b").to_string() } else { String::new() };
            let label = format!("{before}{weekday} {}{month}{}", day.day(), if today { glyph::TODAY } else { "" });
            let mut style = self.theme.style(Role::Accent);
            if today {
                style = style.patch(self.theme.style(Role::Today));
            }
            if selected {
                let role = if self.focused && self.picked.is_none() { Role::Focus } else { Role::Selected };
                style = style.patch(self.theme.style(role));
            }
            write(buffer, (*x, area.y), &text::cut(&label, usize::from(*width)), usize::from(*width), style);
        }
    }

    fn draw_frame(&self, area: Rect, plan: &Plan, buffer: &mut Buffer) {
        let style = self.theme.style(Role::Border);
        for (y, cross) in [(plan.rule, "┼"), (plan.foot, "┴")] {
            let Some(y) = y else { continue };
            write(buffer, (area.x, y), &"─".repeat(usize::from(area.width)), usize::from(area.width), style);
            if plan.gutter > 0 {
                plan.columns.iter().for_each(|(_, x, _)| write(buffer, (x - 1, y), cross, 1, style));
            }
        }
        if plan.gutter == 0 {
            return;
        }
        for y in area.y..area.y + area.height {
            if plan.rule != Some(y) && plan.foot != Some(y) {
                plan.columns.iter().for_each(|(_, x, _)| write(buffer, (x - 1, y), "│", 1, style));
            }
        }
    }

    fn draw_above(&self, plan: &Plan, buffer: &mut Buffer) {
        let (top, rows) = plan.above;
        if rows > 0 && plan.gutter > 0 {
            let left = plan.columns.first().map_or(0, |(_, x, _)| x - 1 - plan.gutter);
            write(buffer, (left, top), "  all", 5, self.theme.style(Role::Dim));
        }
        for (day, x, width) in &plan.columns {
            let entries = self.above(*day);
            let room = usize::from(*width);
            for (y, (row, (nth, entry))) in (top..top + rows).zip(entries.iter().enumerate()) {
                let last = row + 1 == usize::from(rows);
                if last && entries.len() > row + 1 {
                    let more = text::cut(&format!("+{} more", entries.len() - row), room);
                    write(buffer, (*x, y), &more, room, self.theme.style(Role::Dim));
                    continue;
                }
                let line = text::fill(&format!("{}{}", self.glyph(*nth, entry), entry.title), room, ' ');
                write(buffer, (*x, y), &line, room, self.style(*nth, entry));
            }
        }
    }

    fn draw_hours(&self, area: Rect, plan: &Plan, buffer: &mut Buffer) {
        let (top, height) = plan.body;
        let now = i64::from(self.now.hour()) * 60 + i64::from(self.now.minute());
        let today = plan.columns.iter().find(|(day, ..)| *day == self.now.date());
        for (y, minute) in
            (top..top + height).zip((plan.from..MINUTES).step_by(usize::try_from(plan.step).unwrap_or(60)))
        {
            let is_now = (minute..minute + plan.step).contains(&now);
            if let (Some((_, x, width)), true) = (today, is_now) {
                let line = "╌".repeat(usize::from(*width));
                write(buffer, (*x, y), &line, usize::from(*width), self.theme.style(Role::Now));
            }
            if plan.gutter > 0 {
                let (minute, role) = if is_now && today.is_some() { (now, Role::Now) } else { (minute, Role::Dim) };
                if role == Role::Now || minute % 60 == 0 {
                    let (hour, minute) =
                        (i8::try_from(minute / 60).unwrap_or(0), i8::try_from(minute % 60).unwrap_or(0));
                    let label = text::fit_right(&self.hours.short(jiff::civil::time(hour, minute, 0, 0)), 5);
                    write(buffer, (area.x, y), &label, 5, self.theme.style(role));
                }
            }
        }
    }

    fn draw_day(&self, (day, x, width): (Date, u16, u16), plan: &Plan, buffer: &mut Buffer) {
        let (top, height) = plan.body;
        let shown = i64::from(height) * plan.step;
        let (mut before, mut after) = (0, 0);
        let mut blocks: Vec<(usize, usize, usize)> = Vec::new();
        for (nth, from, to) in self.timed(day) {
            if to <= plan.from {
                before += 1;
            } else if from >= plan.from + shown {
                after += 1;
            } else {
                let row = |minutes: i64| usize::try_from(minutes.clamp(0, shown) / plan.step).unwrap_or(0);
                let first = row(from - plan.from);
                blocks.push((nth, first, row(to - plan.from + plan.step - 1).max(first + 1)));
            }
        }
        blocks.sort_by_key(|(nth, first, last)| {
            (*first, std::cmp::Reverse(*last), self.entries.get(*nth).map(|e| e.start))
        });
        for cluster in clusters(&blocks) {
            let column = Rect::new(x, top, width, height);
            self.draw_cluster(cluster, column, buffer);
        }
        let style = self.theme.style(Role::Warning);
        for (count, arrow, line) in [(before, "↑", plan.rule), (after, "↓", plan.foot)] {
            if let (Some(y), 1..) = (line, count) {
                let told = text::cut(&format!("{arrow}{count}"), usize::from(width));
                write(buffer, (x, y), &told, usize::from(width), style);
            }
        }
    }

    /// Entries that overlap, side by side; where there is no room for all, the last column says how many more there are.
    fn draw_cluster(&self, cluster: &[(usize, usize, usize)], column: Rect, buffer: &mut Buffer) {
        let lanes = lanes(&cluster.iter().map(|(_, first, last)| (*first, *last)).collect::<Vec<_>>());
        let wanted = lanes.iter().max().map_or(1, |last| last + 1);
        let fitting = wanted.min((usize::from(column.width) / LANE).max(1));
        let edges: Vec<(u16, u16)> = shares(column.width, u16::try_from(fitting).unwrap_or(1))
            .scan(column.x, |x, width| {
                let left = *x;
                *x += width;
                Some((left, width))
            })
            .collect();
        let mut hidden = 0;
        let mut hidden_at = None;
        for ((nth, first, last), lane) in cluster.iter().zip(&lanes) {
            let crowded = wanted > fitting && *lane + 1 >= fitting;
            let (Some(entry), Some((x, width)), false) = (self.entries.get(*nth), edges.get(*lane), crowded) else {
                hidden += 1;
                hidden_at = hidden_at.or(Some(*first));
                continue;
            };
            let y = column.y + u16::try_from(*first).unwrap_or(0);
            let height = u16::try_from(last - first).unwrap_or(1);
            self.draw_block(*nth, entry, Rect::new(*x, y, *width, height), buffer);
        }
        if let (Some(first), Some((x, width))) = (hidden_at, edges.last()) {
            let y = column.y + u16::try_from(first).unwrap_or(0);
            let more = text::fit(&format!("+{hidden}"), usize::from(*width));
            write(buffer, (*x, y), &more, usize::from(*width), self.theme.style(Role::Warning));
        }
    }

    fn draw_block(&self, nth: usize, entry: &Entry<'_>, block: Rect, buffer: &mut Buffer) {
        let room = usize::from(block.width);
        let style = self.style(nth, entry);
        let times = format!("{}–{}", self.hours.short(entry.start.time()), self.hours.short(entry.end.time()));
        for row in 0..block.height {
            let line = match row {
                0 => format!("{}{}", self.glyph(nth, entry), entry.title),
                1 if room > text::width(&times) => format!("▏{times}"),
                _ => "▏".to_owned(),
            };
            write(buffer, (block.x, block.y + row), &text::fit(&line, room), room, style);
        }
    }

    fn glyph(&self, nth: usize, entry: &Entry<'_>) -> &'static str {
        match (self.picked == Some(nth), self.focused) {
            (true, true) => glyph::FOCUS,
            (true, false) => glyph::SELECTED,
            (false, _) => entry.mark.glyph(),
        }
    }

    fn style(&self, nth: usize, entry: &Entry<'_>) -> Style {
        let style = entry.style(self.theme);
        if self.picked != Some(nth) {
            return style;
        }
        style.patch(self.theme.style(if self.focused { Role::Focus } else { Role::Selected }))
    }
}

/// Blocks, ordered by their first row, in groups of which none overlaps another.
fn clusters(blocks: &[(usize, usize, usize)]) -> Vec<&[(usize, usize, usize)]> {
    let mut found = Vec::new();
    let mut rest = blocks;
    while !rest.is_empty() {
        let mut reach = 0;
        let size = rest
            .iter()
            .take_while(|(_, first, last)| {
                let joined = reach == 0 || *first < reach;
                reach = reach.max(*last);
                joined
            })
            .count();
        let (cluster, further) = rest.split_at(size);
        found.push(cluster);
        rest = further;
    }
    found
}

impl TimeGrid<'_> {
    fn draw(&self, area: Rect, buffer: &mut Buffer) {
        let area = area.intersection(buffer.area);
        if area.is_empty() || self.days.is_empty() {
            return;
        }
        let plan = self.plan(area);
        self.draw_frame(area, &plan, buffer);
        self.draw_header(area, &plan, buffer);
        self.draw_above(&plan, buffer);
        self.draw_hours(area, &plan, buffer);
        for column in &plan.columns {
            self.draw_day(*column, &plan, buffer);
        }
    }
}

impl Widget for TimeGrid<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        self.draw(area, buffer);
    }
}

impl Widget for &TimeGrid<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        self.draw(area, buffer);
    }
}

#[cfg(test)]
mod tests {
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
}
