//! `calendar`: one's own, or one that is shared.

use domain::calendar::{CalendarPage, ListEntries};
use domain::time::Window;
use domain::{Page, Service, Username};
use jiff::ToSpan as _;

use super::invocation::Invocation;
use crate::arguments::ViewCalendar;
use crate::failure::Failure;
use crate::output::{CalendarDocument, Printed};
use crate::when;

/// How many days follow the first one when nothing is said.
const DAYS_AFTER_THE_FIRST: i64 = 30;

/// `calendar`.
///
/// # Errors
/// Invalid input, forbidden for a calendar that is not shared, and what calendar reports.
pub(crate) async fn view(mut invocation: Invocation<'_>, arguments: &ViewCalendar) -> Result<Printed, Failure> {
    let here = invocation.here().clone();
    let from = match when::day("from", arguments.from.as_deref(), &here)? {
        Some(from) => from,
        None => when::today(&here)?,
    };
    let to = match when::day("to", arguments.to.as_deref(), &here)? {
        Some(to) => to,
        None => from.checked_add(DAYS_AFTER_THE_FIRST.days()).unwrap_or(from),
    };
    let window = Window::new(Some(from), Some(to), here.zone.clone())?;
    let me = invocation.user()?.username.clone();
    let of: Option<Username> = arguments.of.as_deref().map(str::parse).transpose()?;
    let of = of.filter(|owner| *owner != me);
    let mut owner = of.clone().unwrap_or(me);
    let clients = invocation.clients();
    let page = invocation
        .fill(&arguments.paging, async |invocation, page| {
            let request = ListEntries { of: of.clone(), window: window.clone(), page };
            let asked = async |context: &domain::Context| clients.calendar.entries(context, request).await;
            let CalendarPage { owner: whose, items, next } = invocation.ask(Service::Calendar, asked).await?;
            owner = whose;
            Ok(Page { items, next })
        })
        .await?;
    let document = CalendarDocument::new(&owner, (from, to), &page.items, page.next.as_ref(), &here.zone);
    Ok(invocation.finish(&document).await)
}
