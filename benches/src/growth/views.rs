//! What people look at, at several sizes in turn: so many queries of one view at one size, then at the next, and again.
//!
//! The services are asked themselves, without the layers before them. Whatever is stored, an answer holds the same number of items; that is
//! checked, and with it that there is as much to look at as should be.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use domain::auth::{Auth as _, AuthClient, CompleteName};
use domain::events::{Events as _, EventsClient, ListEvents, Listing, ShowEvent};
use domain::invitations::{Inbox, Invitations as _, InvitationsClient, ListParticipants};
use domain::{Context, Instance, Limit, PageCursor, PageRequest, Reply};

use super::figures::{View, ViewFigures, ratio};
use super::filled::Filled;
use super::people::People;
use crate::latencies::Latencies;
use crate::spread::Spread;

/// Items of a page.
const ITEMS: u32 = 50;
/// Names that are offered.
const NAMES: usize = 20;

/// Someone who looks at what is stored.
pub(super) struct Looking<'a> {
    filled: &'a Filled,
    context: Context,
    auth: AuthClient,
    events: EventsClient,
    invitations: InvitationsClient,
    /// Where the page of participants in the middle begins.
    middle: Option<PageCursor>,
}

/// How long the queries of one round took.
struct Round {
    p50_us: f64,
    p99_us: f64,
}

impl<'a> Looking<'a> {
    /// Looks for the first time; what a page holds is checked.
    ///
    /// # Errors
    /// If a view shows something else than is stored.
    pub(super) async fn at(filled: &'a Filled) -> Result<Self> {
        let mut looking = Self {
            filled,
            context: filled.asking(People::viewer()),
            auth: AuthClient(filled.auth.stub()),
            events: EventsClient(filled.events.stub()),
            invitations: InvitationsClient(filled.invitations.stub()),
            middle: None,
        };
        looking.middle = looking.find_middle().await?;
        let rows = looking.filled.people.number;
        let first = PageRequest { limit: Limit::MAX, after: None };
        let counts = looking.participants(first).await?.value.counts;
        let people = counts.going + counts.maybe + counts.pending;
        ensure!(people == rows - 1, "{people} people are invited to the event, of {rows}");
        for view in View::ALL {
            let (items, expected) = (looking.look(view).await?, items_of(view));
            ensure!(items == expected, "{view:?} shows {items} items instead of {expected}");
        }
        Ok(looking)
    }

    async fn find_middle(&self) -> Result<Option<PageCursor>> {
        let (mut after, mut passed) = (None, 0);
        while passed < self.filled.people.number / 2 {
            let page = PageRequest { limit: Limit::MAX, after };
            let people = self.participants(page).await?.value.people;
            passed += u64::try_from(people.items.len())?;
            after = people.next;
            ensure!(after.is_some(), "the list of participants ends behind {passed}");
        }
        Ok(after)
    }

    fn context(&self) -> Context {
        Context { deadline: tokio::time::Instant::now() + Duration::from_secs(10), ..self.context.clone() }
    }

    async fn participants(&self, page: PageRequest) -> Result<Reply<domain::invitations::Participants>> {
        let event = self.filled.people.crowded();
        let request = ListParticipants { event, instance: Instance::Series, status: None, page };
        Ok(self.invitations.participants(&self.context(), request).await?)
    }

    async fn list(&self, listing: Listing) -> Result<usize> {
        let window = self.filled.people.since_the_month()?;
        let request = ListEvents { listing, search: None, window, page: page(None)? };
        Ok(items(self.events.list(&self.context(), request).await?.map(|page| page.items))?.len())
    }

    /// Asks once; how many items the answer has.
    async fn look(&self, view: View) -> Result<usize> {
        match view {
            View::Inbox => {
                let request = Inbox { all: false, page: page(None)? };
                Ok(items(self.invitations.inbox(&self.context(), request).await?.map(|page| page.items))?.len())
            }
            View::Participants => {
                let reply = self.participants(page(self.middle.clone())?).await?;
                Ok(items(reply.map(|participants| participants.people.items))?.len())
            }
            View::Public => self.list(Listing::Public).await,
            View::Own => self.list(Listing::Mine).await,
            View::Event => {
                let show = ShowEvent { event: self.filled.people.crowded(), instance: Instance::Series };
                self.events.show(&self.context(), show).await?;
                let reply = self.participants(page(None)?).await?;
                Ok(items(reply.map(|participants| participants.people.items))?.len())
            }
            View::Names => {
                let request = CompleteName { prefix: "m".to_owned() };
                Ok(items(self.auth.complete_name(&self.context(), request).await?)?.len())
            }
        }
    }

    async fn round(&self, view: View, queries: usize) -> Result<Round> {
        let mut latencies = Latencies::default();
        for _ in 0..queries {
            let begun = Instant::now();
            self.look(view).await?;
            latencies.note(begun.elapsed());
        }
        let sorted = latencies.sorted();
        let of = |percent| sorted.micros(percent).context("nothing was timed");
        Ok(Round { p50_us: of(50)?, p99_us: of(99)? })
    }
}

const fn items_of(view: View) -> usize {
    match view {
        View::Names => NAMES,
        _ => ITEMS as usize,
    }
}

fn page(after: Option<PageCursor>) -> Result<PageRequest> {
    Ok(PageRequest { limit: Limit::try_from(ITEMS)?, after })
}

/// What a reply holds that is behind with nothing.
fn items<T>(reply: Reply<T>) -> Result<T> {
    ensure!(reply.behind.is_empty(), "the answer is behind with {:?}", reply.behind);
    Ok(reply.value)
}

/// All views at all sizes, in so many rounds of so many queries, after one round that is not counted.
///
/// # Errors
/// What a query reports.
pub(super) async fn measure(sizes: &[Looking<'_>], rounds: usize, queries: usize) -> Result<Vec<ViewFigures>> {
    let mut figures = Vec::new();
    for view in View::ALL {
        let mut measured: Vec<Vec<Round>> = sizes.iter().map(|_| Vec::new()).collect();
        for round in 0..=rounds {
            for (size, measured) in sizes.iter().zip(&mut measured) {
                let figures = size.round(view, queries).await.with_context(|| format!("{view:?}"))?;
                if round > 0 {
                    measured.push(figures);
                }
            }
        }
        let smallest = measured.first().context("no size")?;
        for (size, measured) in sizes.iter().zip(&measured) {
            let beside = measured.iter().zip(smallest).map(|(size, smallest)| size.p50_us / smallest.p50_us);
            figures.push(ViewFigures {
                view,
                rows: size.filled.people.number,
                items: items_of(view),
                p50_us: Spread::of(measured.iter().map(|round| round.p50_us)).context("no rounds")?,
                p99_us: Spread::of(measured.iter().map(|round| round.p99_us)).context("no rounds")?,
                beside_smallest: ratio(beside).context("no rounds")?,
            });
        }
    }
    Ok(figures)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_view_shows_the_same_at_every_size() {
        let folder = tempfile::tempdir().unwrap();
        let (small, large) =
            (Filled::with(1_000, folder.path()).await.unwrap(), Filled::with(2_000, folder.path()).await.unwrap());
        let sizes = [Looking::at(&small).await.unwrap(), Looking::at(&large).await.unwrap()];
        let figures = measure(&sizes, 2, 3).await.unwrap();
        assert_eq!(figures.len(), 2 * View::ALL.len());
        for pair in figures.chunks(2) {
            assert_eq!((pair[0].items, pair[0].rows, pair[1].rows), (pair[1].items, 1_000, 2_000));
            assert_eq!(pair[0].beside_smallest, Spread { median: 1.0, min: 1.0, max: 1.0 });
            assert!(pair[1].p50_us.median > 0.0 && pair[1].beside_smallest.median > 0.0, "{pair:?}");
        }
        small.stop().await;
        large.stop().await;
    }
}
