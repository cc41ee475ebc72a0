//! What the grids show: a title from some time to some other, and why it is there.

use std::borrow::Cow;

use jiff::civil::{Date, DateTime, Time};
use ratatui::style::Style;

use super::text;
use super::theme::{Role, Theme, glyph};

/// Something in a calendar, in the reader's civil time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// When it begins; midnight if it takes whole days.
    pub start: DateTime,
    /// When it is over, exclusive.
    pub end: DateTime,
    /// Whether it takes whole days.
    pub all_day: bool,
    /// What it is called; whatever is in it is made fit for a screen here.
    pub title: &'a str,
    /// Why it is there.
    pub mark: Mark,
    /// Whether it is from somebody else's calendar.
    pub theirs: bool,
    /// Whose, if that is laid over my own.
    pub whose: Option<&'a str>,
    /// Whether it is one of many.
    pub repeats: bool,
}

/// Why something is in a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// I organize it.
    Organizing,
    /// I go.
    Going,
    /// I may go.
    Maybe,
    /// I have not answered.
    Pending,
    /// All that is known is that the time is taken.
    Busy,
}

impl Mark {
    /// One cell that tells it without colour.
    #[must_use]
    pub const fn glyph(self) -> &'static str {
        match self {
            Self::Organizing => glyph::ORGANIZING,
            Self::Going => glyph::GOING,
            Self::Maybe => glyph::MAYBE,
            Self::Pending => glyph::PENDING,
            Self::Busy => glyph::BUSY,
        }
    }

    /// How it looks.
    #[must_use]
    pub const fn role(self) -> Role {
        match self {
            Self::Organizing => Role::Organizing,
            Self::Going => Role::Going,
            Self::Maybe => Role::Maybe,
            Self::Pending => Role::Pending,
            Self::Busy => Role::Busy,
        }
    }
}

impl Entry<'_> {
    /// What it is called, after whose it is: `bob: Standup`.
    #[must_use]
    pub fn words(&self) -> Cow<'_, str> {
        match self.whose {
            Some(whose) => Cow::Owned(format!("{whose}: {}", self.title)),
            None => Cow::Borrowed(self.title),
        }
    }

    /// `before` and what it is called, in `room` cells; that it comes again is marked if there is room for all of it.
    #[must_use]
    pub(super) fn line(&self, before: &str, room: usize) -> String {
        let line = format!("{before}{}", self.words());
        if self.repeats && text::width(&line) + 2 <= room {
            return text::cut(&format!("{line} {}", glyph::REPEATS), room);
        }
        text::cut(&line, room)
    }

    /// The last day that it touches: one that ends at midnight does not touch the day after.
    #[must_use]
    pub fn last_day(&self) -> Date {
        let end = self.end.date();
        let last = if self.end.time() == Time::midnight() { end.yesterday().unwrap_or(end) } else { end };
        last.max(self.start.date())
    }

    /// Whether it touches `day`.
    #[must_use]
    pub fn is_on(&self, day: Date) -> bool {
        self.start.date() <= day && (day < self.end.date() || day <= self.last_day())
    }

    /// Whether it touches more than one day.
    #[must_use]
    pub fn spans_days(&self) -> bool {
        self.last_day() > self.start.date()
    }

    /// Whether a grid of hours shows it above the hours: it takes all of some day.
    #[must_use]
    pub fn is_above_hours(&self) -> bool {
        let whole_day_after =
            |date: Date| date.tomorrow().is_ok_and(|next| next.to_datetime(Time::midnight()) <= self.end);
        let first_whole = if self.start.time() == Time::midnight() {
            Some(self.start.date())
        } else {
            self.start.date().tomorrow().ok()
        };
        self.all_day || first_whole.is_some_and(whole_day_after)
    }

    pub(super) fn style(&self, theme: Theme) -> Style {
        let style = theme.style(self.mark.role());
        if self.theirs { style.patch(theme.style(Role::Theirs)) } else { style }
    }
}

/// Entries side by side: to each of some intervals, in order of precedence, the first lane in which it meets no other. There are `most`
/// lanes at most; what finds no room in them is given the number of the one that would follow.
pub(super) fn lanes(intervals: &[(usize, usize)], most: usize) -> Vec<usize> {
    let mut lanes: Vec<Vec<(usize, usize)>> = Vec::new();
    let mut found = Vec::with_capacity(intervals.len());
    for &(start, end) in intervals {
        let free = |lane: &Vec<(usize, usize)>| lane.iter().all(|&(s, e)| end <= s || e <= start);
        let lane = lanes.iter().position(free).unwrap_or(lanes.len());
        match lanes.get_mut(lane) {
            Some(taken) => taken.push((start, end)),
            None if lane < most => lanes.push(vec![(start, end)]),
            None => {}
        }
        found.push(lane);
    }
    found
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn entry(start: DateTime, end: DateTime) -> Entry<'static> {
        Entry {
            start,
            end,
            all_day: false,
            title: "Night",
            mark: Mark::Going,
            theirs: false,
            whose: None,
            repeats: false,
        }
    }

    #[test]
    fn an_entry_until_midnight_does_not_touch_the_day_after() {
        let night = entry(date(2027, 3, 1).at(22, 0, 0, 0), date(2027, 3, 2).at(0, 0, 0, 0));
        assert!(night.is_on(date(2027, 3, 1)) && !night.is_on(date(2027, 3, 2)) && !night.spans_days());
    }

    #[test]
    fn only_what_takes_all_of_some_day_stands_above_the_hours() {
        let from = |hour| date(2027, 3, 1).at(hour, 0, 0, 0);
        assert!(!entry(from(22), date(2027, 3, 2).at(23, 0, 0, 0)).is_above_hours());
        assert!(entry(from(22), date(2027, 3, 3).at(1, 0, 0, 0)).is_above_hours());
        assert!(entry(from(0), date(2027, 3, 2).at(0, 0, 0, 0)).is_above_hours());
    }

    proptest! {
        #[test]
        fn in_one_lane_nothing_overlaps(intervals in prop::collection::vec((0_usize..40, 1_usize..10), 0..20)) {
            let intervals: Vec<_> = intervals.into_iter().map(|(start, length)| (start, start + length)).collect();
            let lanes = lanes(&intervals, usize::MAX);
            for (one, (first, lane)) in intervals.iter().zip(&lanes).enumerate() {
                for (second, other) in intervals.iter().zip(&lanes).skip(one + 1) {
                    prop_assert!(lane != other || first.1 <= second.0 || second.1 <= first.0);
                }
            }
        }
    }
}
