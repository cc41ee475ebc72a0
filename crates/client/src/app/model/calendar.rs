//! The open calendar: which days are looked at, what is asked for them, and what they have.

use domain::Username;
use domain::invitations::Status;
use jiff::ToSpan as _;
use jiff::civil::Date;

use super::{Model, View};
use crate::app::ask::Query;
use crate::app::item::Item;

/// Days that the month grid shows.
pub(crate) const GRID_DAYS: i32 = 42;
/// Days that the agenda shows.
pub(crate) const AGENDA_DAYS: i32 = 31;

impl Model {
    /// The first day of the grid that shows the cursor's month.
    pub(crate) fn grid_start(&self) -> Date {
        self.week_start(self.cursor.first_of_month())
    }

    /// The first day of the week of `day`.
    pub(crate) fn week_start(&self, day: Date) -> Date {
        let back = day.weekday().since(self.settings.first_weekday);
        day.checked_sub(i32::from(back).days()).unwrap_or(day)
    }

    /// The question behind a calendar view.
    pub(crate) fn entries_query(&self, of: Option<Username>) -> Query {
        let (from, days) = match self.view {
            View::Agenda => (self.agenda_from, AGENDA_DAYS),
            View::Month | View::Week | View::Day => (self.grid_start(), GRID_DAYS),
        };
        let to = from.checked_add((days - 1).days()).unwrap_or(from);
        Query::Entries { of, from, to }
    }

    /// The questions behind the open calendar: the main one first.
    pub(crate) fn calendar_queries(&self) -> Vec<Query> {
        match (&self.whose, self.overlaid) {
            (None, _) => vec![self.entries_query(None)],
            (Some(owner), false) => vec![self.entries_query(Some(owner.clone()))],
            (Some(owner), true) => vec![self.entries_query(None), self.entries_query(Some(owner.clone()))],
        }
    }

    /// What the open calendar has, by start.
    pub(crate) fn items(&self) -> Vec<Item> {
        let zone = &self.settings.zone;
        let mut items: Vec<Item> = self
            .calendar_queries()
            .iter()
            .flat_map(|query| {
                let theirs = matches!(query, Query::Entries { of: Some(_), .. });
                let entries = self.entries(query).map_or(&[][..], |listed| &listed.items);
                entries.iter().map(move |entry| Item::of(entry, zone, theirs))
            })
            .filter(|item| !self.is_declined_meanwhile(item))
            .collect();
        items.sort_by(|a, b| (!a.all_day, a.start, &a.title).cmp(&(!b.all_day, b.start, &b.title)));
        items.sort_by_key(|item| item.start.date());
        items
    }

    fn is_declined_meanwhile(&self, item: &Item) -> bool {
        !item.theirs && item.event.and_then(|event| self.assumed(event)) == Some(Status::Declined)
    }

    /// What a day of the open calendar has.
    pub(crate) fn items_on(&self, day: Date) -> Vec<Item> {
        self.items().into_iter().filter(|item| item.is_on(day)).collect()
    }

    pub(crate) fn selected_item(&self) -> Option<Item> {
        self.items_on(self.cursor).into_iter().nth(self.item)
    }
}
