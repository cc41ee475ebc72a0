//! A month as rows of weeks.
//!
//! It takes the room it is given: days list the titles of what is on them, events of several days run through as lines, and
//! where there is much room weeks have lines between them; in narrow columns days show a mark for each event, in low rows a
//! count; with hardly any room, the weeks around the selected day are shown. Selected, today and has-events each have a glyph
//! (`▸`, `*`, a mark or a count) and a style.

use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::entry::{Entry, lanes};
use super::text;
use super::theme::{Role, Theme, glyph};
use crate::hours::Hours;

/// The widget.
#[derive(Clone, Copy, Debug)]
pub struct MonthGrid<'a> {
    /// Any day of the month.
    pub month: Date,
    /// The selected day.
    pub selected: Date,
    /// The day that it is.
    pub today: Date,
    /// On which day weeks begin.
    pub first_weekday: Weekday,
    /// How times are written.
    pub hours: Hours,
    /// How everything looks.
    pub theme: Theme,
    /// Whether keys act on the grid.
    pub focused: bool,
    /// What there is, in any order; what lies outside the weeks shown is passed over.
    pub entries: &'a [Entry<'a>],
}

/// The weeks that `month` touches, whole: four to six.
#[must_use]
pub fn weeks(month: Date, first_weekday: Weekday) -> Vec<[Date; 7]> {
    let first = month.first_of_month();
    let back = i64::from(first_weekday.until(first.weekday()));
    let start = first.saturating_sub(back.days());
    (0..6_i64)
        .map(|week| {
            std::array::from_fn(|day| start.saturating_add((7 * week + i64::try_from(day).unwrap_or(0)).days()))
        })
        .filter(|week: &[Date; 7]| week.iter().any(|day| day.first_of_month() == first))
        .collect()
}

/// Cells below which a day cannot have a frame, list titles, or write times before them.
const FRAMED: u16 = 4;
const TITLED: usize = 8;
const TIMED: usize = 14;
/// Rows below which the days of a week would rather have another title than a line above them.
const RULED: u16 = 4;

/// Where things are.
struct Plan {
    framed: bool,
    /// The row of the weekdays' names: with frames, the upper edge.
    header: Option<u16>,
    /// Rows between two weeks: a line, or nothing.
    between: u16,
    /// Left edge and width of each weekday's cells, without frames.
    columns: Vec<(u16, u16)>,
    /// The weeks shown, with the top and height of their cells, without frames.
    rows: Vec<([Date; 7], u16, u16)>,
}

impl MonthGrid<'_> {
    /// The day drawn at `position` when the grid is drawn into `area`.
    #[must_use]
    pub fn day_at(&self, area: Rect, position: Position) -> Option<Date> {
        let plan = self.plan(area);
        let within = |from: u16, size: u16, at: u16| from <= at && at < from.saturating_add(size);
        let column = plan.columns.iter().position(|(x, width)| within(*x, *width, position.x))?;
        let (week, ..) = plan.rows.iter().find(|(_, y, height)| within(*y, *height, position.y))?;
        week.get(column).copied()
    }

    fn plan(&self, area: Rect) -> Plan {
        let weeks = weeks(self.month, self.first_weekday);
        let count = u16::try_from(weeks.len()).unwrap_or(6);
        let framed = area.width >= 7 * FRAMED + 8 && area.height >= 2 + count;
        let frame = u16::from(framed);
        let header = (area.height > 1).then_some(area.y);
        let top = area.y + u16::from(header.is_some());
        let below = (area.y + area.height).saturating_sub(top + frame);
        let between = u16::from(framed && below.saturating_sub(count - 1) >= count * RULED);
        let columns = shares(area.width.saturating_sub(8 * frame), 7)
            .scan(area.x + frame, |x, width| {
                let left = *x;
                *x += width + frame;
                Some((left, width))
            })
            .collect();
        let shown = if framed { count } else { count.min(below) };
        let selected = weeks.iter().position(|week| week.contains(&self.selected)).unwrap_or(0);
        let first = (selected + 1).saturating_sub(usize::from(shown));
        let heights = shares(below.saturating_sub(between * (count - 1)), shown);
        let rows = weeks
            .into_iter()
            .skip(first)
            .zip(heights)
            .scan(top, |y, (week, height)| {
                let above = *y;
                *y += height + between;
                Some((week, above, height))
            })
            .collect();
        Plan { framed, header, between, columns, rows }
    }

    fn draw_header(&self, plan: &Plan, buffer: &mut Buffer) {
        let Some(y) = plan.header else { return };
        let mut weekday = self.first_weekday;
        for (x, width) in &plan.columns {
            let name = name(weekday);
            let room = usize::from(*width);
            let shown = match (room, plan.framed) {
                (0..=2, _) => name.get(..2).unwrap_or(name).to_owned(),
                (3, _) => format!(" {}", name.get(..2).unwrap_or(name)),
                (4, true) => format!(" {} ", name.get(..2).unwrap_or(name)),
                (_, true) => format!(" {name} "),
                (_, false) => format!(" {name}"),
            };
            write(buffer, (*x, y), &shown, room, self.theme.style(Role::Accent));
            weekday = weekday.next();
        }
    }

    fn draw_frame(&self, plan: &Plan, buffer: &mut Buffer) {
        let style = self.theme.style(Role::Border);
        let upper = plan.header.map(|y| (y, ["┌", "┬", "┐"]));
        let rules = plan.rows.iter().skip(1).filter(|_| plan.between > 0).map(|(_, y, _)| (y - 1, ["├", "┼", "┤"]));
        let lower = plan.rows.last().map(|(_, y, height)| (y + height, ["└", "┴", "┘"]));
        for (y, [left, cross, right]) in upper.into_iter().chain(rules).chain(lower) {
            for (column, (x, width)) in plan.columns.iter().enumerate() {
                write(buffer, (x - 1, y), if column == 0 { left } else { cross }, 1, style);
                write(buffer, (*x, y), &"─".repeat(usize::from(*width)), usize::from(*width), style);
                if column == 6 {
                    write(buffer, (x + width, y), right, 1, style);
                }
            }
        }
        for (_, y, height) in &plan.rows {
            for y in *y..y + height {
                for (x, width) in &plan.columns {
                    write(buffer, (x - 1, y), "│", 1, style);
                    write(buffer, (x + width, y), "│", 1, style);
                }
            }
        }
    }

    fn draw_day(&self, day: Date, cell: Rect, week: &Week<'_>, buffer: &mut Buffer) {
        let on_day: Vec<(usize, &Entry<'_>)> =
            week.entries.iter().filter(|(_, entry)| entry.is_on(day)).copied().collect();
        let room = usize::from(cell.width);
        let lines = usize::from(cell.height.saturating_sub(1));
        let titles = room >= TITLED && lines > 0;
        let shown = |lane: usize| titles && lane < lines;
        let hidden = on_day.iter().filter(|(lane, _)| titles && !shown(*lane)).count();
        let told = match (titles, lines) {
            (true, _) if hidden > 0 => format!("+{hidden}"),
            (false, 0) if room > 5 && !on_day.is_empty() => format!("{}{}", glyph::DOT, on_day.len()),
            (false, 0) if room > 4 && !on_day.is_empty() => glyph::DOT.to_owned(),
            _ => String::new(),
        };
        self.draw_label(day, cell, !on_day.is_empty(), &told, buffer);
        if lines == 0 || room < 2 || on_day.is_empty() {
            return;
        }
        if !titles {
            self.draw_marks(&on_day, cell, buffer);
            return;
        }
        for (lane, entry) in on_day.iter().filter(|(lane, _)| shown(*lane)) {
            let y = cell.y + 1 + u16::try_from(*lane).unwrap_or(0);
            let line = self.line(entry, day, week.first, room);
            write(buffer, (cell.x, y), &line, room, entry.style(self.theme));
        }
    }

    /// The number of the day with its glyphs, `▸12*`, and at the right what the rows below cannot tell: how much there is.
    fn draw_label(&self, day: Date, cell: Rect, busy: bool, told: &str, buffer: &mut Buffer) {
        let room = usize::from(cell.width);
        let (selected, today) = (day == self.selected, day == self.today);
        let before = match (selected, self.focused) {
            (true, true) => glyph::FOCUS,
            (true, false) => glyph::SELECTED,
            (false, _) => " ",
        };
        let behind = if today { glyph::TODAY } else { " " };
        let mut label = match room {
            0..=2 => format!("{:>2}", day.day()),
            3 => format!("{before}{:>2}", day.day()),
            _ => format!("{before}{:>2}{behind}", day.day()),
        };
        if day.day() == 1 && room >= TITLED {
            label.push_str(&day.strftime("%b").to_string());
        }
        let mut style =
            self.theme.style(if day.first_of_month() == self.month.first_of_month() { Role::Text } else { Role::Dim });
        if busy {
            style = style.patch(self.theme.style(Role::HasEvents));
        }
        if today {
            style = style.patch(self.theme.style(Role::Today));
        }
        let left = room.saturating_sub(text::width(label.trim_end()) + 1);
        let told = text::cut(told, left);
        if selected {
            style = style.patch(self.theme.style(if self.focused { Role::Focus } else { Role::Selected }));
            let filled = room.saturating_sub(text::width(&told));
            let label = format!("{}{told}", text::fit(&label, filled));
            write(buffer, (cell.x, cell.y), &label, room, style);
            return;
        }
        // What is underlined is the number, not the room before it.
        let shown = label.trim();
        let indent = label.len() - label.trim_start().len();
        write(buffer, (cell.x + u16::try_from(indent).unwrap_or(0), cell.y), shown, room, style);
        let at = cell.x + u16::try_from(room.saturating_sub(text::width(&told))).unwrap_or(0);
        write(buffer, (at, cell.y), &told, room, self.theme.style(Role::Dim));
    }

    /// A mark for each entry; a number for those that find no room.
    fn draw_marks(&self, on_day: &[(usize, &Entry<'_>)], cell: Rect, buffer: &mut Buffer) {
        let room = usize::from(cell.width) - 1;
        let shown = if on_day.len() <= room { on_day.len() } else { room.saturating_sub(3) };
        let mut x = cell.x + 1;
        for (_, entry) in on_day.iter().take(shown) {
            write(buffer, (x, cell.y + 1), entry.mark.glyph(), 1, entry.style(self.theme));
            x += 1;
        }
        let left = on_day.len() - shown;
        if left > 0 {
            let more = text::cut(&format!("+{left}"), room - shown);
            write(buffer, (x, cell.y + 1), &more, room - shown, self.theme.style(Role::Dim));
        }
    }

    /// What a day's cell says of an entry: its title, or where it comes from or goes on to another day, a line.
    fn line(&self, entry: &Entry<'_>, day: Date, week_begins: Date, room: usize) -> String {
        if !entry.spans_days() {
            let time = if entry.all_day || room < TIMED {
                String::new()
            } else {
                format!("{} ", self.hours.short(entry.start.time()))
            };
            return entry.line(&format!("{}{time}", entry.mark.glyph()), room);
        }
        let named = day == entry.start.date() || day == week_begins;
        let shown = if named { format!("{}{}", entry.mark.glyph(), entry.words()) } else { String::new() };
        if day == entry.last_day() {
            let mut line = text::fill(&shown, room - 1, '━');
            line.push('╸');
            line
        } else {
            text::fill(&shown, room, '━')
        }
    }
}

/// What happens in a week: each entry with its lane, the longest first, so that lines stay straight through the days.
struct Week<'a> {
    first: Date,
    entries: Vec<(usize, &'a Entry<'a>)>,
}

impl<'a> Week<'a> {
    /// The week of these days, with so many lanes at most.
    fn of(days: &[Date; 7], entries: &'a [Entry<'a>], most: usize) -> Self {
        let mut found: Vec<&Entry<'_>> =
            entries.iter().filter(|entry| entry.start.date() <= days[6] && days[0] <= entry.last_day()).collect();
        found.sort_by_key(|entry| (!entry.spans_days(), !entry.all_day, entry.start, std::cmp::Reverse(entry.end)));
        let interval = |entry: &&Entry<'_>| {
            let from = days.iter().position(|day| entry.is_on(*day)).unwrap_or(0);
            let to = days.iter().rposition(|day| entry.is_on(*day)).unwrap_or(from);
            (from, to + 1)
        };
        let lanes = lanes(&found.iter().map(interval).collect::<Vec<_>>(), most);
        Self { first: days[0], entries: lanes.into_iter().zip(found).collect() }
    }
}

impl MonthGrid<'_> {
    fn draw(&self, area: Rect, buffer: &mut Buffer) {
        let area = area.intersection(buffer.area);
        if area.is_empty() {
            return;
        }
        let plan = self.plan(area);
        if plan.framed {
            self.draw_frame(&plan, buffer);
        }
        self.draw_header(&plan, buffer);
        for (days, y, height) in &plan.rows {
            let week = Week::of(days, self.entries, usize::from(*height));
            for (day, (x, width)) in days.iter().zip(&plan.columns) {
                // Without frames a free column keeps days apart.
                let width = if plan.framed || *width < 4 { *width } else { width - 1 };
                self.draw_day(*day, Rect::new(*x, *y, width, *height), &week, buffer);
            }
        }
    }
}

impl Widget for MonthGrid<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        self.draw(area, buffer);
    }
}

impl Widget for &MonthGrid<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        self.draw(area, buffer);
    }
}

/// `whole` in `parts` parts that differ by one at most, the larger first.
pub(super) fn shares(whole: u16, parts: u16) -> impl Iterator<Item = u16> {
    let (each, rest) = (whole.checked_div(parts).unwrap_or(0), whole.checked_rem(parts).unwrap_or(0));
    (0..parts).map(move |part| each + u16::from(part < rest))
}

/// Writes the front of `text` that fits; nothing outside the buffer.
pub(super) fn write(buffer: &mut Buffer, (x, y): (u16, u16), text: &str, room: usize, style: Style) {
    if buffer.area.contains(Position::new(x, y)) {
        buffer.set_stringn(x, y, text, room, style);
    }
}

pub(super) const fn name(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Monday => "Mon",
        Weekday::Tuesday => "Tue",
        Weekday::Wednesday => "Wed",
        Weekday::Thursday => "Thu",
        Weekday::Friday => "Fri",
        Weekday::Saturday => "Sat",
        Weekday::Sunday => "Sun",
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::super::drawn::{borders, draw, lines, mask, november};
    use super::*;

    fn grid<'a>(entries: &'a [Entry<'a>], theme: Theme) -> MonthGrid<'a> {
        MonthGrid {
            month: date(2026, 11, 1),
            selected: date(2026, 11, 20),
            today: date(2026, 11, 18),
            first_weekday: Weekday::Monday,
            hours: Hours::TwentyFour,
            theme,
            focused: true,
            entries,
        }
    }

    #[test]
    fn a_month_at_four_sizes() {
        let entries = november();
        for (width, height) in [(120, 36), (80, 20), (60, 11), (20, 4)] {
            let buffer = draw(grid(&entries, Theme::colourless()), width, height);
            let picture = format!("{}\n\n{}", lines(&buffer).join("\n"), mask(&buffer).join("\n"));
            insta::assert_snapshot!(format!("month_{width}x{height}"), picture);
        }
    }

    #[test]
    fn every_size_draws_and_shows_the_selected_day() {
        let entries = november();
        for width in (1..=40).chain([60, 79, 80, 100, 120, 130]) {
            for height in 1..=40 {
                let picture = lines(&draw(grid(&entries, Theme::coloured()), width, height)).concat();
                if width >= 28 {
                    assert_eq!(picture.matches("▸20").count(), 1, "{width}x{height}: {picture}");
                }
            }
        }
    }

    #[test]
    fn wide_characters_keep_every_border_in_its_column() {
        let wide = november();
        let plain: Vec<Entry<'_>> = wide.iter().map(|entry| Entry { title: "plain", ..*entry }).collect();
        for width in 36..=130 {
            let with = draw(grid(&wide, Theme::colourless()), width, 36);
            let without = draw(grid(&plain, Theme::colourless()), width, 36);
            for y in 0..36 {
                assert_eq!(borders(&with, y), borders(&without, y), "row {y} at {width}");
            }
        }
    }

    #[test]
    fn selected_today_and_has_events_differ_in_a_plain_capture_and_in_style() {
        let entries = november();
        let buffer = draw(grid(&entries, Theme::colourless()), 80, 20);
        let picture = lines(&buffer).concat();
        assert!(picture.contains("▸20") && picture.contains("18*") && !picture.contains("20*"));
        let style_of = |day: Date| {
            let cell = (0..80)
                .flat_map(|x| (0..20).map(move |y| Position::new(x, y)))
                .find(|at| grid(&entries, Theme::colourless()).day_at(Rect::new(0, 0, 80, 20), *at) == Some(day))
                .unwrap();
            buffer[(cell.x + 1, cell.y)].modifier
        };
        let styles: std::collections::HashSet<_> = [20, 18, 19, 17].map(|day| style_of(date(2026, 11, day))).into();
        assert_eq!(styles.len(), 4, "selected, today, has events, nothing");
    }

    #[test]
    fn without_the_focus_the_selected_day_is_still_marked_but_not_as_the_focus() {
        let picture = lines(&draw(MonthGrid { focused: false, ..grid(&[], Theme::colourless()) }, 80, 20)).concat();
        assert!(picture.contains("›20") && !picture.contains(glyph::FOCUS));
    }

    #[test]
    fn an_event_of_several_days_runs_through_and_goes_on_in_the_next_week() {
        let entries = november();
        let rows = lines(&draw(grid(&entries, Theme::colourless()), 120, 36));
        let conference: Vec<&String> = rows.iter().filter(|row| row.contains("●Conference")).collect();
        assert_eq!(conference.len(), 2, "named in both weeks");
        assert!(conference[1].contains("╸"), "its end is shown in the second");
    }

    #[test]
    fn weeks_begin_where_they_are_told_to() {
        for (first, begins) in [(Weekday::Monday, date(2026, 10, 26)), (Weekday::Sunday, date(2026, 11, 1))] {
            assert_eq!(weeks(date(2026, 11, 20), first)[0][0], begins);
        }
        assert_eq!(weeks(date(2027, 2, 1), Weekday::Monday).len(), 4);
        assert_eq!(weeks(date(2026, 8, 1), Weekday::Monday).len(), 6);
    }

    proptest! {
        #[test]
        fn every_day_of_a_month_is_in_exactly_one_of_its_weeks(year in 1_i16..9_990, month in 1_i8..=12, first in 0_i8..7) {
            let first = Weekday::from_sunday_zero_offset(first).unwrap();
            let any = date(year, month, 15);
            let weeks = weeks(any, first);
            prop_assert!(weeks.iter().all(|week| week[0].weekday() == first));
            let days: Vec<Date> = weeks.iter().flatten().filter(|day| day.month() == month && day.year() == year).copied().collect();
            prop_assert_eq!(days.len(), usize::try_from(any.days_in_month()).unwrap());
        }

        #[test]
        fn the_day_under_a_position_is_the_day_drawn_there(x in 0_u16..120, y in 0_u16..40, width in 36_u16..120, height in 14_u16..40) {
            let area = Rect::new(0, 0, width, height);
            let pointed = grid(&[], Theme::colourless());
            if let Some(day) = pointed.day_at(area, Position::new(x, y)) {
                let moved = MonthGrid { selected: day, ..pointed };
                let buffer = draw(moved, width, height);
                let focus = (0..width)
                    .flat_map(|x| (0..height).map(move |y| Position::new(x, y)))
                    .find(|at| buffer[*at].symbol() == glyph::FOCUS)
                    .unwrap();
                prop_assert_eq!(moved.day_at(area, focus), Some(day));
                prop_assert!(focus.x <= x && focus.y <= y);
            }
        }
    }
}
