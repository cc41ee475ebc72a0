//! Lists: as many items as were asked for, however short the services' pages are.

use std::time::Duration;

use domain::{Error, Limit, Page, PageRequest};

use super::Invocation;
use crate::arguments::Paging;
use crate::failure::Failure;

/// With less time than this left, no further page is asked for.
const FOR_A_PAGE: Duration = Duration::from_secs(2);

impl Invocation<'_> {
    /// A page as long as was asked for, even if the service gives it in several short ones.
    ///
    /// # Errors
    /// Invalid input for what `paging` says; what `ask` reports, unless there are items already.
    pub(crate) async fn fill<T>(
        &mut self,
        paging: &Paging,
        mut ask: impl AsyncFnMut(&mut Self, PageRequest) -> Result<Page<T>, Failure>,
    ) -> Result<Page<T>, Failure> {
        let PageRequest { limit, after: first } = page_request(paging)?;
        let mut after = first.clone();
        let mut items = Vec::new();
        loop {
            let missing = limit.get().saturating_sub(items.len());
            let moved = after != first;
            let (Ok(missing), false) = (Limit::try_from(u32::try_from(missing).unwrap_or(0)), moved && self.is_late())
            else {
                return Ok(Page { items, next: after });
            };
            let page = match ask(self, PageRequest { limit: missing, after: after.clone() }).await {
                Ok(page) => page,
                // What there is already is a page, if a short one; its cursor leads on to the rest.
                Err(failure) if failure.is_absence() && moved => return Ok(Page { items, next: after }),
                Err(failure) => return Err(failure),
            };
            items.extend(page.items);
            if page.next.is_none() {
                return Ok(Page { items, next: None });
            }
            after = page.next;
        }
    }

    /// Whether the time for the answer is almost over.
    fn is_late(&self) -> bool {
        self.remaining() < FOR_A_PAGE
    }
}

/// Which page is asked for.
fn page_request(paging: &Paging) -> Result<PageRequest, Failure> {
    let wrong = || Error::invalid("limit", &paging.limit, "a page has 1 to 200 items");
    let limit = paging.limit.trim().parse::<u32>().map_err(|_| wrong())?;
    let after = paging.after.as_deref().map(str::parse).transpose()?;
    Ok(PageRequest { limit: Limit::try_from(limit)?, after })
}
