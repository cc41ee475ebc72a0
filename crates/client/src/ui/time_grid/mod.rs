//! The hours of one day or of a few side by side.
//!
//! What takes whole days stands above the hours; what overlaps stands side by side; a line says how late it is. The hours shown
//! are those where things happen, unless the caller scrolls; what lies before and after them is counted at the edges, so that
//! nothing is hidden without a word.

mod blocks;
mod plan;

use jiff::civil::{Date, DateTime};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::widgets::Widget;

use self::plan::{MINUTES, Plan};
use super::entry::Entry;
use super::month_grid::{name, write};
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

impl TimeGrid<'_> {
    /// The day drawn at `position` when the grid is drawn into `area`, and the entry there if there is one, as an index.
    #[must_use]
    pub fn at(&self, area: Rect, position: Position) -> Option<(Date, Option<usize>)> {
        if !area.contains(position) || self.days.is_empty() {
            return None;
        }
        let plan = self.plan(area);
        let within = |(_, x, width): &(Date, u16, u16)| (*x..x.saturating_add(*width)).contains(&position.x);
        let column = *plan.columns.iter().find(|column| within(column))?;
        let (top, rows) = plan.above;
        let above = || {
            let row = usize::from(position.y.checked_sub(top).filter(|row| *row < rows)?);
            self.above(column.0).get(row).map(|(nth, _)| *nth)
        };
        Some((column.0, above().or_else(|| self.block_at(column, &plan, position))))
    }

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
                let line = text::fill(&format!("{}{}", self.glyph(*nth, *day, entry), entry.words()), room, ' ');
                write(buffer, (*x, y), &line, room, self.style(*nth, *day, entry));
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

    /// What stands before an entry. One of several days has the focus on the selected one only.
    fn glyph(&self, nth: usize, day: Date, entry: &Entry<'_>) -> &'static str {
        match (self.picked == Some(nth), self.focused && day == self.selected) {
            (true, true) => glyph::FOCUS,
            (true, false) => glyph::SELECTED,
            (false, _) => entry.mark.glyph(),
        }
    }

    fn style(&self, nth: usize, day: Date, entry: &Entry<'_>) -> Style {
        let style = entry.style(self.theme);
        if self.picked != Some(nth) {
            return style;
        }
        style.patch(self.theme.style(if self.focused && day == self.selected { Role::Focus } else { Role::Selected }))
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
mod tests;
