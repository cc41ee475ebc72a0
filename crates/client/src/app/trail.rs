//! How far a list that comes in pages is known: where each page begins, and how many rows it has.
//!
//! Services give the next page's place with each page, so a list is walked from its front, page by page. The places are kept for
//! good, the pages themselves only near the screen: what was scrolled past is asked for again, at its place, when it is scrolled
//! back to. A filter hides rows but moves no page, so places survive it; only rows are counted anew.

use std::ops::Range;

use domain::PageCursor;

use super::filter::Filter;

/// The pages of a list, as far as they are known, in order; the first always is.
#[derive(Clone, Debug)]
pub(crate) struct Trail {
    marks: Vec<Mark>,
    filter: Filter,
}

/// A page.
#[derive(Clone, Debug, Default)]
struct Mark {
    /// Where it begins: the `next` of the page before.
    after: Option<PageCursor>,
    /// How many items it had when it was last seen.
    items: usize,
    /// How many of them the filter lets through; `None` if it was not looked through with this filter.
    rows: Option<usize>,
}

impl Default for Trail {
    fn default() -> Self {
        Self { marks: vec![Mark::default()], filter: Filter::default() }
    }
}

impl Trail {
    /// Where a page begins.
    pub(crate) fn after(&self, page: usize) -> Option<PageCursor> {
        self.marks.get(page).and_then(|mark| mark.after.clone())
    }

    pub(crate) const fn filter(&self) -> &Filter {
        &self.filter
    }

    /// How many pages are known to exist.
    pub(crate) const fn pages(&self) -> usize {
        self.marks.len()
    }

    /// How many rows are known: those of the pages looked through from the front on.
    pub(crate) fn rows(&self) -> usize {
        self.marks.iter().map_while(|mark| mark.rows).sum()
    }

    /// How many items were looked through for those rows.
    pub(crate) fn looked_through(&self) -> usize {
        self.marks.iter().take_while(|mark| mark.rows.is_some()).map(|mark| mark.items).sum()
    }

    /// Whether everything to the end of the list was looked through.
    pub(crate) fn is_whole(&self) -> bool {
        self.marks.iter().all(|mark| mark.rows.is_some())
    }

    /// Whether the first page was ever seen.
    pub(crate) fn is_known(&self) -> bool {
        self.marks.first().is_some_and(|mark| mark.rows.is_some())
    }

    /// Takes in what a page was found to be. Gives the page behind it, if that now begins elsewhere than was known.
    pub(crate) fn took(&mut self, page: usize, items: usize, rows: usize, next: Option<PageCursor>) -> Option<usize> {
        let mark = self.marks.get_mut(page)?;
        mark.items = items;
        mark.rows = Some(rows);
        let behind = page + 1;
        match (next, self.marks.get_mut(behind)) {
            (None, _) => {
                self.marks.truncate(behind);
                None
            }
            (Some(next), None) => {
                self.marks.push(Mark { after: Some(next), ..Mark::default() });
                None
            }
            (Some(next), Some(known)) if known.after.as_ref() == Some(&next) => None,
            (Some(next), Some(known)) => {
                known.after = Some(next);
                Some(behind)
            }
        }
    }

    /// Filters anew. `rows` counts those of a page that is at hand; the others will be asked for and counted as they are wanted.
    pub(crate) fn filter_by(&mut self, filter: Filter, rows: impl Fn(usize, &Filter) -> Option<usize>) {
        for (page, mark) in self.marks.iter_mut().enumerate() {
            // Without a filter all items are rows, at hand or not.
            let seen = mark.rows.is_some() || mark.items > 0;
            mark.rows = if filter.is_empty() { seen.then_some(mark.items) } else { rows(page, &filter) };
        }
        self.filter = filter;
    }

    /// The page in which a row is, and its number there.
    pub(crate) fn page_of(&self, row: usize) -> Option<(usize, usize)> {
        let mut before = 0;
        for (page, rows) in self.marks.iter().map_while(|mark| mark.rows).enumerate() {
            if row < before + rows {
                return Some((page, row - before));
            }
            before += rows;
        }
        None
    }

    /// The number of the first row of a page.
    pub(crate) fn rows_before(&self, page: usize) -> usize {
        self.marks.iter().take(page).map_while(|mark| mark.rows).sum()
    }

    /// The pages that are wanted for these rows to be seen, and one more if the known rows end among them.
    pub(crate) fn wanted(&self, around: &Range<usize>) -> Vec<usize> {
        let mut wanted = Vec::new();
        let mut before = 0;
        for (page, mark) in self.marks.iter().enumerate() {
            let Some(rows) = mark.rows else {
                if before < around.end.max(1) {
                    wanted.push(page);
                }
                break;
            };
            let meets = rows > 0 && before < around.end && before + rows > around.start;
            // The only page of an empty list is looked at too: that is where something would appear.
            if meets || (rows == 0 && self.marks.len() == 1) {
                wanted.push(page);
            }
            before += rows;
        }
        wanted
    }

    /// The first `most` pages in which there is something or may be.
    pub(crate) fn front(&self, most: usize) -> Vec<usize> {
        let mut front = Vec::new();
        for (page, mark) in self.marks.iter().enumerate().take(most) {
            if mark.rows != Some(0) || self.marks.len() == 1 {
                front.push(page);
            }
            if mark.rows.is_none() {
                break;
            }
        }
        front
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cursor(number: usize) -> Option<PageCursor> {
        Some(PageCursor::from_bytes(&number.to_be_bytes()))
    }

    /// A list of pages with so many items each, all seen.
    fn seen(pages: &[usize]) -> Trail {
        let mut trail = Trail::default();
        for (page, items) in pages.iter().enumerate() {
            let next = if page + 1 < pages.len() { cursor(page + 1) } else { None };
            trail.took(page, *items, *items, next);
        }
        trail
    }

    #[test]
    fn the_first_page_is_wanted_before_anything_is_known() {
        let trail = Trail::default();
        assert_eq!((trail.wanted(&(0..50)), trail.rows(), trail.is_known()), (vec![0], 0, false));
    }

    #[test]
    fn only_pages_near_the_rows_are_wanted_and_the_next_one_near_the_end() {
        let mut trail = seen(&[100, 100, 100]);
        trail.took(2, 100, 100, cursor(3));
        assert_eq!(trail.wanted(&(0..50)), [0]);
        assert_eq!(trail.wanted(&(80..130)), [0, 1]);
        assert_eq!(trail.wanted(&(250..299)), [2]);
        assert_eq!(trail.wanted(&(260..310)), [2, 3]);
        assert!(!trail.is_whole());
    }

    #[test]
    fn a_page_that_grew_says_that_the_next_one_begins_elsewhere() {
        let mut trail = seen(&[100, 100, 20]);
        assert_eq!(trail.took(0, 100, 100, cursor(1)), None);
        assert_eq!(trail.took(0, 100, 100, cursor(9)), Some(1));
        assert_eq!(trail.after(1), cursor(9));
        assert_eq!(trail.took(1, 3, 3, None), None);
        assert_eq!((trail.rows(), trail.pages(), trail.is_whole()), (103, 2, true));
    }

    #[test]
    fn a_filter_counts_what_is_at_hand_and_walks_on_through_the_rest() {
        let mut trail = seen(&[100, 100, 100]);
        trail.filter_by(Filter::of("bob"), |page, _| (page == 0).then_some(2));
        assert_eq!((trail.rows(), trail.looked_through()), (2, 100));
        assert_eq!(trail.wanted(&(0..50)), [0, 1]);
        trail.took(1, 100, 0, cursor(2));
        // A page without a row need not stay.
        assert_eq!(trail.wanted(&(0..50)), [0, 2]);
        trail.filter_by(Filter::default(), |_, _| None);
        assert_eq!((trail.rows(), trail.is_whole()), (300, true));
    }

    proptest! {
        #[test]
        fn every_row_is_in_exactly_the_page_that_is_wanted_for_it(pages in prop::collection::vec(0_usize..30, 1..12), row in 0_usize..400) {
            let trail = seen(&pages);
            let total: usize = pages.iter().sum();
            prop_assert_eq!(trail.rows(), total);
            match trail.page_of(row) {
                Some((page, nth)) => {
                    prop_assert!(row < total);
                    prop_assert_eq!(trail.rows_before(page) + nth, row);
                    prop_assert!(nth < pages[page]);
                    prop_assert!(trail.wanted(&(row..row + 1)).contains(&page));
                }
                None => prop_assert!(row >= total),
            }
        }
    }
}
