//! `remind`: the alarms of what is in one's own calendar, as a list of those to come, or each as it becomes due.

mod alarms;
mod following;

use domain::calendar::Entry;
use domain::events::MAX_ALARM;
use domain::time::Window;
use domain::{Error, Zone};
use jiff::Span;

use super::entries;
use super::invocation::Invocation;
use crate::arguments::Remind;
use crate::failure::Failure;
use crate::output::{AlarmListDocument, Printed};
use crate::when::{Duration, Here};

pub(crate) use alarms::Alarm;
pub(crate) use following::{Said, follow};

/// How far ahead is looked when nothing is said, in seconds.
const A_DAY: i64 = 86_400;
/// How far ahead one can look, in seconds.
const FARTHEST: i64 = 366 * A_DAY;

/// `remind` without `--follow`: the alarms that are due from now on.
///
/// # Errors
/// Invalid input naming `within`, and what calendar reports.
pub(crate) async fn list(mut invocation: Invocation<'_>, arguments: &Remind) -> Result<Printed, Failure> {
    let here = invocation.here().clone();
    let ahead = arguments.within.as_deref().map_or(Ok(A_DAY), within)?;
    let now = here.now.as_seconds();
    let until = now.saturating_add(ahead);
    let coming = coming(&mut invocation, ahead).await?;
    let due: Vec<Alarm> = coming.into_iter().filter(|alarm| (now..=until).contains(&alarm.due)).collect();
    Ok(invocation.finish(&AlarmListDocument::new(&due, &here.zone)).await)
}

/// All alarms that are due from now until `ahead` seconds later, and some that are not, the earliest first.
async fn coming(invocation: &mut Invocation<'_>, ahead: i64) -> Result<Vec<Alarm>, Failure> {
    let window = days_with_alarms(invocation.here(), ahead)?;
    let entries: Vec<Entry> = entries::all(invocation, None, &window).await?;
    Ok(alarms::alarms_of(&entries, &window))
}

/// The days in which begins whatever has an alarm from now until `ahead` seconds later.
fn days_with_alarms(here: &Here, ahead: i64) -> Result<Window, Failure> {
    let latest = ahead.saturating_add(i64::from(MAX_ALARM).saturating_mul(60));
    let day = |seconds: i64, zone: &Zone| {
        let at = jiff::Timestamp::from_second(here.now.as_seconds()).ok()?.to_zoned(zone.rules());
        Some(at.checked_add(Span::new().seconds(seconds)).ok()?.date())
    };
    let (Some(from), Some(to)) = (day(0, &here.zone), day(latest, &here.zone)) else {
        return Err(Failure::Here("the machine's clock is far off; set it".to_owned()));
    };
    Ok(Window::new(Some(from), Some(to), here.zone.clone())?)
}

/// How far ahead to look, in seconds.
fn within(text: &str) -> Result<i64, Error> {
    let wrong = |why: &str| Error::invalid("within", text, why);
    let read = Duration::parse(text).map_err(|_| wrong("write how far to look ahead as 12h, 7d or 2w"))?;
    let ahead = i64::from(read.days).saturating_mul(A_DAY).saturating_add(read.seconds.into());
    if ahead > FARTHEST { Err(wrong("it is at most 366 days")) } else { Ok(ahead) }
}

#[cfg(test)]
mod tests;
