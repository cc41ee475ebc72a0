//! The open calendar: which days are looked at, what is asked for them, and what they have.

use domain::Username;
use domain::invitations::Status;
use jiff::ToSpan as _;
use jiff::civil::Date;

use super::{Model, View};
use crate::app::ask::{Found, Query};
use crate::app::filter::Filter;
use crate::app::item::Item;
use crate::app::rows::Listable as _;
use crate::app::trail::Trail;

/// Days that the month grid shows.
const GRID_DAYS: i32 = 42;
/// Pages of a stretch of days that are fetched for a grid: what they hold is a few thousand entries, and no grid can show more.
const MOST_PAGES: usize = 20;
/// Days of which alarms are known before they are due, today not counted.
const REMINDED_DAYS: i32 = 29;

fn coming_from(from: Date) -> Query {
    Query::Stretch { from, to: from.checked_add(REMINDED_DAYS.days()).unwrap_or(from), page: 0 }
}

impl Model {
    /// The first day of the grid that shows the cursor's month.
    fn grid_start(&self) -> Date {
        self.week_start(self.cursor.first_of_month())
    }

    /// The first day of the week of `day`.
    pub(crate) fn week_start(&self, day: Date) -> Date {
        let back = day.weekday().since(self.settings.first_weekday);
        day.checked_sub(i32::from(back).days()).unwrap_or(day)
    }

    /// The lists behind the open calendar, each by its first page: the main one first.
    pub(crate) fn calendar_lists(&self) -> Vec<Query> {
        match (&self.whose, self.overlaid) {
            (None, _) => vec![self.entries_list(None)],
            (Some(owner), false) => vec![self.entries_list(Some(owner.clone()))],
            (Some(owner), true) => vec![self.entries_list(None), self.entries_list(Some(owner.clone()))],
        }
    }

    /// The list behind a calendar in the present view.
    fn entries_list(&self, of: Option<Username>) -> Query {
        let list = |from: Date, days: i32| {
            let to = from.checked_add((days - 1).days()).unwrap_or(from);
            Query::Entries { of: of.clone(), from, to: Some(to), page: 0 }
        };
        let month = list(self.grid_start(), GRID_DAYS);
        // Weeks and days are those of the month that was fetched already, unless it holds more than was fetched.
        match self.view {
            View::Agenda => Query::Entries { of, from: self.agenda_from, to: None, page: 0 },
            View::Month => month,
            View::Week | View::Day if !self.is_cut(&month) => month,
            View::Week => list(self.week_start(self.cursor), 7),
            View::Day => list(self.cursor, 1),
        }
    }

    /// Whether a stretch of days holds more than is fetched of it.
    fn is_cut(&self, list: &Query) -> bool {
        self.trail(list).is_some_and(|trail| trail.pages() > MOST_PAGES)
    }

    /// Whether the open calendar holds more on these days than is shown.
    pub(crate) fn calendar_is_cut(&self) -> bool {
        self.view != View::Agenda && self.calendar_lists().iter().any(|list| self.is_cut(list))
    }

    /// Whether the open calendar was ever seen.
    pub(crate) fn calendar_is_known(&self) -> bool {
        self.calendar_lists().iter().all(|list| self.is_known(list))
    }

    /// The pages that the open calendar wants.
    pub(super) fn calendar_pages(&self) -> Vec<Query> {
        let pages = |list: Query| {
            let trail = self.trail(&list);
            let pages = match self.view {
                View::Agenda => self.agenda_pages(&list),
                View::Month | View::Week | View::Day => trail.map_or_else(|| vec![0], |trail| trail.front(MOST_PAGES)),
            };
            pages.into_iter().map(|page| list.at(page)).collect::<Vec<_>>()
        };
        self.calendar_lists().into_iter().flat_map(pages).collect()
    }

    /// The stretch of my calendar of which I am reminded: an alarm is four weeks before its event at most.
    pub(crate) fn coming(&self) -> Query {
        coming_from(self.today())
    }

    /// The same as far as it is known: soon after midnight, or when the calendar is away then, what was known the day before.
    pub(crate) fn coming_as_known(&self) -> Option<Query> {
        let yesterday = self.today().yesterday().ok().map(coming_from);
        [Some(self.coming()), yesterday].into_iter().flatten().find(|stretch| self.is_known(stretch))
    }

    /// The pages wanted of what is looked through.
    pub(super) fn stretches(&self) -> Vec<Query> {
        let coming = self.coming();
        let pages = self.trail(&coming).map_or_else(|| vec![0], |trail| trail.front(MOST_PAGES));
        let looking = self.looking.iter().map(|looking| looking.stretch.clone());
        pages.into_iter().map(|page| coming.at(page)).chain(looking).collect()
    }

    /// The filter over the open calendar: only the agenda has one.
    pub(crate) fn calendar_filter(&self) -> Filter {
        if self.view == View::Agenda { self.agenda_filter.clone() } else { Filter::default() }
    }

    /// What is at hand of a list of entries, by start.
    pub(crate) fn entries(&self, list: &Query) -> impl Iterator<Item = &Item> {
        let pages = self.trail(list).map_or(0, Trail::pages);
        let list = list.clone();
        (0..pages).flat_map(move |page| match self.found(&list.at(page)) {
            Some(Found::Entries(found)) => found.items.as_slice(),
            _ => &[],
        })
    }

    /// What the open calendar has, by day and start; on each day what takes all of it first.
    pub(crate) fn items(&self) -> Vec<&Item> {
        self.items_that(|_| true)
    }

    /// What a day of the open calendar has.
    pub(crate) fn items_on(&self, day: Date) -> Vec<&Item> {
        self.items_that(|item| item.is_on(day))
    }

    fn items_that(&self, wanted: impl Fn(&Item) -> bool) -> Vec<&Item> {
        let filter = self.calendar_filter();
        let lists = self.calendar_lists();
        let mut items: Vec<&Item> = lists
            .iter()
            .flat_map(|list| self.entries(list))
            .filter(|item| wanted(item) && item.passes(&filter) && !self.is_declined_meanwhile(item))
            .collect();
        let place = |item: &Item| (item.start.date(), !item.all_day, item.start);
        items.sort_by(|a, b| place(a).cmp(&place(b)).then_with(|| a.title.cmp(&b.title)));
        items
    }

    pub(crate) fn is_declined_meanwhile(&self, item: &Item) -> bool {
        let assumed = item.event.and_then(|event| self.assumed(event, item.instance));
        !item.theirs && assumed == Some(Status::Declined)
    }

    pub(crate) fn selected_item(&self) -> Option<&Item> {
        self.items_on(self.cursor).into_iter().nth(self.item)
    }

    /// Selects an item that is known again, if it is still on the selected day.
    pub(crate) fn select_item(&mut self, known: &Item) {
        if let Some(nth) = self.items_on(self.cursor).iter().position(|item| item.is_same(known)) {
            self.item = nth;
        }
    }
}
