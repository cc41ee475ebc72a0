//! Saying, of what I now come to, what else in my calendar it overlaps. Nothing is refused for that, and nothing waits for it: what
//! was done is said at once, and this is added when my calendar has been asked. Whole days overlap nothing: they say nothing of hours.

use domain::{EventId, EventTime, Instance, Series};
use jiff::ToSpan as _;
use jiff::civil::{Date, DateTime};

use crate::app::ask::{Found, Query};
use crate::app::item::{self, Item};
use crate::app::model::Model;
use crate::app::which;

/// Days of an event that recurs that are looked through.
const DAYS: i32 = 28;

/// What is looked for.
#[derive(Clone, Debug)]
pub(crate) struct Looking {
    event: EventId,
    instance: Instance,
    /// When it is, if that is one time: used where my calendar has not heard of it yet.
    span: Option<(DateTime, DateTime)>,
    /// The stretch of my calendar that is asked for.
    pub(crate) stretch: Query,
    /// What was said of it.
    said: String,
}

/// Looks what an event, or an instance of it, overlaps; `time` is that of the instance, if it is known.
pub(super) fn look(
    model: &mut Model,
    event: EventId,
    instance: Instance,
    series: &Series,
    time: Option<&EventTime>,
    said: &str,
) {
    let zone = &model.settings.zone;
    let span_of = |time: &EventTime| item::span(time, zone);
    let one = match instance {
        _ if !series.recurs() => Some(span_of(&series.first)),
        Instance::On(start) => {
            let at_hand = || at_hand(model, event, instance).map(|item| (item.start, item.end, item.all_day));
            time.map(span_of).or_else(at_hand).or_else(|| series.time_at(start).as_ref().map(span_of))
        }
        Instance::Series | Instance::From(_) => None,
    };
    let (from, to, span) = match one {
        Some((start, end, all_day)) => {
            if all_day {
                return;
            }
            (start.date(), end.date(), Some((start, end)))
        }
        None => {
            let from = match instance {
                Instance::From(start) => series.time_at(start).map(|time| time.civil_start().date()),
                Instance::Series | Instance::On(_) => None,
            };
            let from = from.unwrap_or_else(|| series.first.civil_start().date().max(model.today()));
            (from, from.checked_add(DAYS.days()).unwrap_or(from), None)
        }
    };
    let stretch = Query::Stretch { from, to, page: 0 };
    model.store.entry(stretch.clone()).or_default().outdate();
    model.looking = Some(Looking { event, instance, span, stretch, said: said.to_owned() });
}

/// An instance, as far as a part of my calendar that is at hand has it.
fn at_hand(model: &Model, event: EventId, instance: Instance) -> Option<&Item> {
    let pages = model.store.values().filter_map(|remote| match remote.data() {
        Some(Found::Entries(page)) => Some(&page.items),
        _ => None,
    });
    pages.flatten().find(|item| item.event == Some(event) && item.instance == instance && !item.theirs)
}

/// A stretch of my calendar has been asked for: what was looked for in it is said, if there is any.
pub(super) fn found(model: &mut Model, stretch: &Query) {
    let fresh = model.remote(stretch).is_some_and(|remote| !remote.wants(model.now.instant));
    let Some(looking) = model.looking.take_if(|looking| looking.stretch == *stretch && fresh) else { return };
    if let Some(words) = overlaps(model, &looking) {
        model.toasts.add(&looking.said, &format!("; it overlaps {words}"), model.now.instant);
    }
}

/// The calendar cannot be asked: then nothing is said of it.
pub(super) fn not_found(model: &mut Model, stretch: &Query) {
    model.looking.take_if(|looking| looking.stretch == *stretch);
}

/// What it overlaps, in words: `“Standup” 09:00–09:15 and 2 more`.
fn overlaps(model: &Model, looking: &Looking) -> Option<String> {
    let items: Vec<&Item> = model.entries(&looking.stretch).filter(|item| !item.all_day).collect();
    let is_it = |item: &&&Item| item.event == Some(looking.event) && which::covers(looking.instance, item.instance);
    let mut times: Vec<(DateTime, DateTime)> = items.iter().filter(is_it).map(|item| (item.start, item.end)).collect();
    if times.is_empty() {
        times.extend(looking.span);
    }
    let mut met: Vec<(Date, &Item)> = Vec::new();
    for (start, end) in &times {
        let meets = |item: &&&Item| item.event != Some(looking.event) && item.start < *end && *start < item.end;
        met.extend(items.iter().filter(meets).map(|item| (start.date(), *item)));
    }
    met.sort_by_key(|(day, item)| (*day, item.start));
    let (day, first) = met.first()?;
    let hours = first.hours_on(*day, model.settings.hours);
    let when = if looking.span.is_some() { String::new() } else { format!("{} ", day.strftime("%a %-d %b")) };
    let more = if met.len() > 1 { format!(" and {} more", met.len() - 1) } else { String::new() };
    Some(format!("“{}” {when}{}{more}", first.title, hours.trim()))
}
