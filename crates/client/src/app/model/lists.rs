//! Lists that come in pages: which rows there are, which pages are wanted for those near the screen, and where a row went.

use std::ops::Range;

use super::{Model, Screen};
use crate::app::ask::{Found, Query};
use crate::app::filter::Filter;
use crate::app::import::Import;
use crate::app::remote::Remote;
use crate::app::rows::{Listable, RowId, share_passes};
use crate::app::trail::Trail;
use domain::invitations::{Invitation, Participant};
use domain::sharing::Share;

/// Rows around the selected one that are at hand, at least; a taller terminal has more.
const NEAR: usize = 60;

/// Where one is in a list.
#[derive(Clone, Debug, Default)]
pub(crate) struct InList {
    pub(crate) selected: usize,
    /// What of it is shown; of public events, what the service looks for.
    pub(crate) filter: Filter,
    /// What was selected when the filter was begun: selected again when nothing else was.
    pub(crate) before_filter: Option<RowId>,
}

impl Model {
    /// The list on the screen whose answer comes in pages, by its first page. A calendar has its own ([`Self::calendar_lists`]).
    pub(crate) fn list(&self) -> Option<Query> {
        match self.screen() {
            Screen::Invitations(_) => Some(Query::Inbox { page: 0 }),
            Screen::Public(list) => Some(self.public_query(list)),
            Screen::Event(page) => Some(Query::Participants { event: page.event, page: 0 }),
            Screen::Calendar | Screen::Form(_) | Screen::People(_) | Screen::Services(_) | Screen::Import(_) => None,
        }
    }

    /// Where one is in the list on the screen.
    pub(crate) fn in_list(&self) -> Option<&InList> {
        match self.screen() {
            Screen::Invitations(list)
            | Screen::Public(list)
            | Screen::People(list)
            | Screen::Services(list)
            | Screen::Import(list) => Some(list),
            Screen::Event(page) => Some(&page.people),
            Screen::Calendar | Screen::Form(_) => None,
        }
    }

    pub(crate) fn in_list_mut(&mut self) -> Option<&mut InList> {
        match self.screens.last_mut()? {
            Screen::Invitations(list)
            | Screen::Public(list)
            | Screen::People(list)
            | Screen::Services(list)
            | Screen::Import(list) => Some(list),
            Screen::Event(page) => Some(&mut page.people),
            Screen::Calendar | Screen::Form(_) => None,
        }
    }

    pub(crate) fn trail(&self, list: &Query) -> Option<&Trail> {
        self.trails.get(list)
    }

    /// How many rows of a list are known.
    pub(crate) fn rows_of(&self, list: &Query) -> usize {
        self.trail(list).map_or(0, Trail::rows)
    }

    /// Whether a list was ever seen, and with its present filter.
    pub(crate) fn is_known(&self, list: &Query) -> bool {
        self.trail(list).is_some_and(Trail::is_known)
    }

    /// How many rows the list on the screen has, as far as is known.
    pub(crate) fn row_count(&self) -> usize {
        match self.screen() {
            Screen::People(_) => self.shares_shown().map_or(0, |(with, with_me)| with.len() + with_me.len()),
            Screen::Services(_) => domain::Service::ALL.len(),
            Screen::Import(_) => self.import.as_ref().map_or(0, Import::rows),
            _ => self.list().map_or(0, |list| self.rows_of(&list)),
        }
    }

    /// Rows around the selected one that are wanted.
    pub(crate) fn near(&self) -> usize {
        usize::from(self.size.1).max(NEAR)
    }

    /// The pages of the list on the screen that are wanted now.
    pub(super) fn pages_near(&self, list: &Query) -> Vec<Query> {
        let selected = self.in_list().map_or(0, |list| list.selected);
        let around = selected.saturating_sub(self.near())..selected + self.near();
        let pages = self.trail(list).map_or_else(|| vec![0], |trail| trail.wanted(&around));
        pages.into_iter().map(|page| list.at(page)).collect()
    }

    /// The items of a page that its list's filter lets through.
    pub(super) fn page<T: Listable>(&self, list: &Query, page: usize) -> Option<Vec<&T>> {
        let trail = self.trail(list)?;
        let found = self.found(&list.at(page)).and_then(T::page)?;
        Some(found.items.iter().filter(|item| item.passes(trail.filter())).collect())
    }

    /// The rows of a range: `None` for those not at hand. Costs what the pages of the range hold, however long the list is.
    pub(crate) fn rows<T: Listable>(&self, list: &Query, range: Range<usize>) -> Vec<Option<&T>> {
        let Some(trail) = self.trail(list) else { return Vec::new() };
        let range = range.start..range.end.min(trail.rows());
        let mut rows = Vec::with_capacity(range.len());
        let mut at_hand: Option<(usize, Option<Vec<&T>>)> = None;
        for row in range {
            let Some((page, nth)) = trail.page_of(row) else { break };
            if at_hand.as_ref().is_none_or(|(known, _)| *known != page) {
                at_hand = Some((page, self.page(list, page)));
            }
            let items = at_hand.as_ref().and_then(|(_, items)| items.as_ref());
            rows.push(items.and_then(|items| items.get(nth).copied()));
        }
        rows
    }

    /// One row.
    pub(crate) fn row<T: Listable>(&self, list: &Query, row: usize) -> Option<&T> {
        self.rows(list, row..row + 1).into_iter().next().flatten()
    }

    /// Who sees my calendar and whose I see, as far as the filter lets them through.
    pub(crate) fn shares_shown(&self) -> Option<(Vec<&Share>, Vec<&Share>)> {
        let Screen::People(InList { filter, .. }) = self.screen() else { return None };
        let shares = self.shares()?;
        fn shown<'a>(shares: &'a [Share], filter: &Filter) -> Vec<&'a Share> {
            shares.iter().filter(|share| share_passes(share, filter)).collect()
        }
        Some((shown(&shares.shared_with, filter), shown(&shares.shared_with_me, filter)))
    }

    /// By what the selected row is known again.
    pub(crate) fn selected_id(&self) -> Option<RowId> {
        let selected = self.in_list()?.selected;
        if let Some((with, with_me)) = self.shares_shown() {
            return match selected.checked_sub(with.len()) {
                None => with.get(selected).map(|share| RowId::SharedWith(share.username.clone())),
                Some(nth) => with_me.get(nth).map(|share| RowId::SharedWithMe(share.username.clone())),
            };
        }
        let list = self.list()?;
        match list {
            Query::Inbox { .. } => self.row::<Invitation>(&list, selected).map(Listable::id),
            Query::Public { .. } => self.row::<domain::events::Event>(&list, selected).map(Listable::id),
            Query::Participants { .. } => self.row::<Participant>(&list, selected).map(Listable::id),
            _ => None,
        }
    }

    /// Where a row is now, as far as is at hand.
    fn place_of(&self, id: &RowId) -> Option<usize> {
        if let Some((with, with_me)) = self.shares_shown() {
            return match id {
                RowId::SharedWith(name) => with.iter().position(|share| share.username == *name),
                RowId::SharedWithMe(name) => {
                    with_me.iter().position(|share| share.username == *name).map(|nth| with.len() + nth)
                }
                _ => None,
            };
        }
        let list = self.list()?;
        match list {
            Query::Inbox { .. } => self.place_in::<Invitation>(&list, id),
            Query::Public { .. } => self.place_in::<domain::events::Event>(&list, id),
            Query::Participants { .. } => self.place_in::<Participant>(&list, id),
            _ => None,
        }
    }

    fn place_in<T: Listable>(&self, list: &Query, id: &RowId) -> Option<usize> {
        let trail = self.trail(list)?;
        (0..trail.pages()).find_map(|page| {
            let nth = self.page::<T>(list, page)?.iter().position(|item| item.id() == *id)?;
            Some(trail.rows_before(page) + nth)
        })
    }

    /// Selects a row that is known again, if it is at hand.
    pub(crate) fn select(&mut self, id: &RowId) {
        if let Some(place) = self.place_of(id)
            && let Some(list) = self.in_list_mut()
        {
            list.selected = place;
        }
    }

    /// Takes in what was learned of a list from one of its pages.
    pub(crate) fn walked(&mut self, query: &Query, found: &Found) {
        let Some(page) = query.page() else { return };
        let list = query.at(0);
        let trail = self.trails.entry(list.clone()).or_default();
        let Some((items, rows)) = found.counted(trail.filter()) else { return };
        let moved = trail.took(page, items, rows, found.next());
        // The next page is shown as it was until it is known how it is now.
        if let Some(remote) = moved.and_then(|page| self.store.get_mut(&list.at(page))) {
            remote.outdate();
        }
    }

    /// Lets lists on the screen be counted with their present filters.
    pub(crate) fn filter_lists(&mut self) {
        let mut lists: Vec<(Query, Filter)> = Vec::new();
        match self.screen() {
            Screen::Calendar => {
                let filter = self.calendar_filter();
                lists.extend(self.calendar_lists().into_iter().map(|list| (list, filter.clone())));
            }
            // The service has done it.
            Screen::Public(_) => {}
            _ => lists.extend(self.list().zip(self.in_list().map(|list| list.filter.clone()))),
        }
        for (list, filter) in lists {
            let store = &self.store;
            if let Some(trail) = self.trails.get_mut(&list)
                && *trail.filter() != filter
            {
                trail.filter_by(filter, |page, filter| {
                    let found = store.get(&list.at(page)).and_then(Remote::data)?;
                    found.counted(filter).map(|(_, rows)| rows)
                });
            } else {
                self.trails.entry(list).or_insert_with(|| {
                    let mut trail = Trail::default();
                    trail.filter_by(filter, |_, _| None);
                    trail
                });
            }
        }
    }

    /// The page of a list that could not be had, or else its first.
    pub(crate) fn troubled(&self, list: &Query) -> Query {
        let pages = self.trail(list).map_or(1, Trail::pages);
        let failed = |page: &usize| self.remote(&list.at(*page)).is_some_and(|remote| remote.failed().is_some());
        list.at((0..pages).find(failed).unwrap_or(0))
    }
}
