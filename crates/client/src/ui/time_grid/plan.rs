//! Where things are in the grid: which days have columns, which hours rows, and what stands where.

use jiff::civil::{Date, DateTime};
use ratatui::layout::Rect;

use super::super::entry::Entry;
use super::super::month_grid::shares;
use super::TimeGrid;

/// A day in minutes.
pub(super) const MINUTES: i64 = 24 * 60;
/// The first minute that counts as morning.
const MORNING: i64 = 5 * 60;
/// Cells of the times at the left, and of a column below which fewer days are shown.
const GUTTER: u16 = 6;
const NARROWEST: u16 = 6;
/// Rows from which an hour takes two.
const ROOMY: u16 = 30;

/// Where things are.
pub(super) struct Plan {
    pub(super) gutter: u16,
    /// Each day shown, with the left edge and the width of its column, without frame.
    pub(super) columns: Vec<(Date, u16, u16)>,
    /// The rows of what takes whole days.
    pub(super) above: (u16, u16),
    /// The line above the hours.
    pub(super) rule: Option<u16>,
    /// The rows of the hours: top, height.
    pub(super) body: (u16, u16),
    /// The line below.
    pub(super) foot: Option<u16>,
    /// The first minute shown, and minutes a row.
    pub(super) from: i64,
    pub(super) step: i64,
}

impl TimeGrid<'_> {
    pub(super) fn plan(&self, area: Rect) -> Plan {
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

    pub(super) fn above(&self, day: Date) -> Vec<(usize, &Entry<'_>)> {
        let mut found: Vec<_> =
            self.entries.iter().enumerate().filter(|(_, entry)| entry.is_above_hours() && entry.is_on(day)).collect();
        found.sort_by_key(|(_, entry)| (entry.start, std::cmp::Reverse(entry.end)));
        found
    }

    /// What stands among the hours of `day`: index, first minute, the minute after the last.
    pub(super) fn timed(&self, day: Date) -> impl Iterator<Item = (usize, i64, i64)> {
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
}
