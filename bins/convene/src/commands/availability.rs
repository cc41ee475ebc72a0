//! `freebusy`, `find-time`: when people are busy, and when all of them are free.
//!
//! Busy is whoever organizes, comes or may come: what the calendar service shows to those with whom only busy times are shared, and
//! here the same is made of calendars that are shared with their details. Both are worked out here from the entries of each
//! calendar: the calendar service says who may see what.

use domain::time::Window;
use domain::{Error, Limit, Username};
use jiff::ToSpan as _;
use jiff::civil::Date;

use super::entries;
use super::event::usernames;
use super::invocation::Invocation;
use crate::arguments::{Days, FindTime, FreeBusy};
use crate::failure::Failure;
use crate::output::{BusyDocument, FreeDocument, Printed};
use crate::when::{self, Duration, Here, Hours, Stretch, Weekdays, left, merged};

/// How many days follow the first one when nothing is said, as in `calendar`.
const DAYS_AFTER_THE_FIRST: i64 = 30;
/// Most days that are looked at.
const MOST_DAYS: i64 = 366;
/// Most people whose calendars are looked at.
const MOST_PEOPLE: usize = 50;

/// `freebusy`.
///
/// # Errors
/// Invalid input, forbidden for a calendar that is not shared, and what calendar reports.
pub(crate) async fn busy(mut invocation: Invocation<'_>, arguments: &FreeBusy) -> Result<Printed, Failure> {
    let here = invocation.here().clone();
    let days @ (from, to) = days(&arguments.days, &here)?;
    let window = Window::new(Some(from), Some(to), here.zone.clone())?;
    let mut found = Vec::new();
    for person in people(&arguments.users)? {
        let busy = busy_of(&mut invocation, &person, &window).await?;
        found.extend(busy.into_iter().map(|stretch| (stretch, person.clone())));
    }
    found.sort_by(|(one, name), (other, other_name)| {
        (one.start, name.as_str(), one.end).cmp(&(other.start, other_name.as_str(), other.end))
    });
    Ok(invocation.finish(&BusyDocument::new(days, &found, &here.zone)).await)
}

/// `find-time`: the hours asked for, less what anyone is busy with, as far as what is left is long enough.
///
/// # Errors
/// As [`busy`].
pub(crate) async fn free(mut invocation: Invocation<'_>, arguments: &FindTime) -> Result<Printed, Failure> {
    let here = invocation.here().clone();
    let days @ (from, to) = days(&arguments.days, &here)?;
    let lasting = Duration::parse(&arguments.lasting)?;
    let at_least = i64::from(lasting.days).saturating_mul(86_400).saturating_add(lasting.seconds.into());
    let hours = arguments.between.as_deref().map_or(Ok(Hours::ALL), Hours::parse)?;
    let on = if arguments.on.is_empty() { Weekdays::ALL } else { Weekdays::parse(&arguments.on)? };
    let limit = limit(&arguments.limit)?;
    let me = invocation.user()?.username.clone();
    let mut all = vec![me.clone()];
    all.extend(people(&arguments.users)?.into_iter().filter(|person| *person != me));
    let window = Window::new(Some(from), Some(to), here.zone.clone())?;
    let mut taken = Vec::new();
    for person in &all {
        taken.extend(busy_of(&mut invocation, person, &window).await?);
    }
    let from_now_on = Stretch { start: next_minute(&here), end: i64::MAX };
    let hours = hours.of_days(from, to, on, &here.zone).into_iter().filter_map(|hours| hours.within(from_now_on));
    let free = left(hours.collect(), taken).into_iter().filter(|free| free.length() >= at_least);
    let free: Vec<Stretch> = free.take(limit).collect();
    Ok(invocation.finish(&FreeDocument::new(days, &all, &free, &here.zone)).await)
}

/// When a person is busy within the days of `window`, merged.
async fn busy_of(invocation: &mut Invocation<'_>, person: &Username, window: &Window) -> Result<Vec<Stretch>, Failure> {
    let of = (*person != invocation.user()?.username).then_some(person);
    let entries = entries::all(invocation, of, window).await?;
    let Some(days) = entries::stretch_of_days(window) else { return Ok(Vec::new()) };
    let busy = entries.iter().filter_map(|entry| entries::stretch_of(entry, window)?.within(days));
    Ok(merged(busy.collect()))
}

/// The first and the last day.
fn days(asked: &Days, here: &Here) -> Result<(Date, Date), Failure> {
    let first = match when::day("from", asked.from.as_deref(), here)? {
        Some(first) => first,
        None => when::today(here)?,
    };
    let last = match when::day("to", asked.to.as_deref(), here)? {
        Some(last) => last,
        None => first.saturating_add(DAYS_AFTER_THE_FIRST.days()),
    };
    if last > first.saturating_add((MOST_DAYS - 1).days()) {
        let why = format!("at most {MOST_DAYS} days are looked at, and the first is {first}");
        return Err(Error::invalid("to", last.to_string(), why).into());
    }
    Ok((first, last))
}

/// The people named, each once.
fn people(words: &[String]) -> Result<Vec<Username>, Failure> {
    let mut people: Vec<Username> = Vec::new();
    for person in usernames(words)? {
        if !people.contains(&person) {
            people.push(person);
        }
    }
    if people.len() > MOST_PEOPLE {
        let why = format!("at most {MOST_PEOPLE} people's calendars are looked at");
        return Err(Error::invalid("user", people.len().to_string(), why).into());
    }
    Ok(people)
}

/// How many items at most.
fn limit(text: &str) -> Result<usize, Failure> {
    let number = text.trim().parse::<u32>().map_err(|_| Error::invalid("limit", text, "a list has 1 to 200 items"))?;
    Ok(Limit::try_from(number)?.get())
}

/// The next full minute: nobody meets earlier.
fn next_minute(here: &Here) -> i64 {
    let minute = here.now.as_micros().div_euclid(60_000_000);
    let begun = here.now.as_micros().rem_euclid(60_000_000) > 0;
    minute.saturating_add(begun.into()).saturating_mul(60)
}
