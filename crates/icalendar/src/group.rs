//! The components of one `UID` as one event: the one that defines it, and those that say how single instances differ.

use std::collections::BTreeMap;

use calcard::icalendar::{ICalendarParameterName as Parameter, ICalendarProperty as Property};
use domain::events::{Change, Exception};
use domain::time::{Moment, civil_seconds};
use domain::{EventTime, Series, Zone};
use jiff::civil::DateTime;

use crate::component::Component;
use crate::event::Event;
use crate::fields::{Clock, Fields};
use crate::lines::fold_into;
use crate::recurring::{Exceptions, check_number, series};
use crate::split::Piece;
use crate::times::{Frame, civil_end, instant_in};
use crate::zones::{Meaning, Zones};
use crate::{MAX_EXCEPTIONS, MAX_TEXT, Note, Skipped};

/// An event, and the components that it came from.
pub(crate) struct Group {
    pub(crate) event: Event,
    /// The component that defines it; `None` if only single instances are there.
    pub(crate) master: Option<Component>,
    /// Those of single instances, by original civil start.
    pub(crate) overrides: BTreeMap<i64, Component>,
    /// Those of an instance and all that follow (RFC 5545 §3.2.13), by the original civil start of the first.
    pub(crate) following: BTreeMap<i64, Component>,
}

impl Group {
    /// Its components.
    pub(crate) fn components(&self) -> impl Iterator<Item = &Component> {
        self.master.iter().chain(self.overrides.values()).chain(self.following.values())
    }

    /// The component that says how the instance of this original civil start differs.
    pub(crate) fn of_instance(&self, start: i64) -> Option<&Component> {
        let range = || self.following.range(..=start).next_back().map(|(_, component)| component);
        self.overrides.get(&start).or_else(range)
    }
}

/// The file that components stand in.
pub(crate) struct Source<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) zones: &'a mut Zones,
    pub(crate) methods: &'a [Option<String>],
    pub(crate) default_zone: &'a Zone,
}

/// A component with what it says.
struct Part {
    component: Component,
    calendar: usize,
    fields: Fields,
    notes: Vec<Note>,
    /// Whether it, or the calendar that it came in (RFC 5546 §3.2.5), calls the event off.
    cancelled: bool,
}

/// What came of a group: an event, if there is one, and the components that are no part of it.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) group: Option<Group>,
    pub(crate) skipped: Vec<Skipped>,
}

impl Source<'_> {
    /// The event of the components `pieces`, which have the same `UID`.
    pub(crate) fn group(&mut self, uid: &str, pieces: &[&Piece]) -> Outcome {
        let mut outcome = Outcome::default();
        let mut skip = |line: usize, reason: String| {
            outcome.skipped.push(Skipped { uid: Some(uid.to_owned()), line, reason });
        };
        let (mut masters, mut instances) = (Vec::new(), Vec::new());
        for piece in pieces {
            match self.part(piece) {
                Ok(part) if part.component.property(&Property::RecurrenceId).is_some() => instances.push(part),
                Ok(part) => masters.push(part),
                Err((line, reason)) => skip(line, reason),
            }
        }
        // Of several that define the event, the latest does (RFC 5546 §2.1.5).
        masters.sort_by_key(|part| (part.fields.sequence, part.fields.modified, part.component.line));
        let master = masters.pop();
        if let Some(latest) = &master {
            for other in masters {
                let reason =
                    format!("the component in line {} has the same UID and is not older", latest.component.line);
                skip(other.component.line, reason);
            }
        }
        let first_line = pieces.first().map_or(1, |piece| piece.line);
        let of_instances: Vec<usize> = instances.iter().map(|part| part.component.line).collect();
        match self.assembled(uid, master, instances, &mut skip) {
            Ok(group) => outcome.group = group,
            Err((line, reason)) => {
                skip(line, reason);
                let reason = format!("it is of an event that cannot be kept, because of line {line}");
                for instance in of_instances {
                    if !outcome.skipped.iter().any(|skipped| skipped.line == instance) {
                        outcome.skipped.push(Skipped {
                            uid: Some(uid.to_owned()),
                            line: instance,
                            reason: reason.clone(),
                        });
                    }
                }
            }
        }
        if let Some(group) = &mut outcome.group {
            group.event.line = first_line;
        }
        outcome
    }

    fn part(&mut self, piece: &Piece) -> Result<Part, (usize, String)> {
        let method = self.methods.get(piece.calendar).and_then(Option::as_deref);
        if let Some(method @ ("REPLY" | "REFRESH" | "COUNTER" | "DECLINECOUNTER")) = method {
            let reason = format!("it is a message about an event (METHOD:{method}), not an event");
            return Err((piece.line, reason));
        }
        let mut component = Component::read(self.bytes, piece).map_err(|why| (piece.line, why))?;
        let mut notes = component.notes.clone();
        let fields = Fields::of(&component, &mut self.clock(piece.calendar, &mut notes))?;
        let cancelled = fields.cancelled || method == Some("CANCEL");
        if cancelled && !fields.cancelled {
            component.call_off();
        }
        Ok(Part { component, calendar: piece.calendar, fields, notes, cancelled })
    }

    fn clock<'b>(&'b mut self, calendar: usize, notes: &'b mut Vec<Note>) -> Clock<'b> {
        Clock { bytes: self.bytes, zones: self.zones, calendar, default_zone: self.default_zone, notes }
    }

    fn assembled(
        &mut self,
        uid: &str,
        master: Option<Part>,
        instances: Vec<Part>,
        skip: &mut impl FnMut(usize, String),
    ) -> Result<Option<Group>, (usize, String)> {
        let mut notes = Vec::new();
        let named = self.named(instances, master.as_ref(), skip);
        let (series, mut exceptions) = match (&master, named.first()) {
            (Some(master), _) => {
                notes.extend(master.notes.iter().cloned());
                series(&master.component, &master.fields, &mut self.clock(master.calendar, &mut notes))?
            }
            (None, Some(first)) => {
                let line = first.part.component.line;
                notes.push(Note { line, text: "only single instances of it are in the file".to_owned() });
                let first = Series::by_dates(first.part.fields.placed.time.clone()).time_at(first.start);
                (
                    Series::by_dates(first.ok_or((line, "its RECURRENCE-ID is no time of it".to_owned()))?),
                    Exceptions::new(),
                )
            }
            (None, None) => return Ok(None),
        };
        let all_cancelled =
            master.as_ref().map_or_else(|| named.iter().all(|named| named.part.cancelled), |master| master.cancelled);
        let defining = master.as_ref().or_else(|| named.iter().map(|named| &named.part).find(|part| !part.cancelled));
        let Some(defining) = defining.or_else(|| named.first().map(|named| &named.part)) else { return Ok(None) };
        let mut event = Event {
            uid: uid.to_owned(),
            sequence: defining.fields.sequence,
            modified: defining.fields.modified,
            title: defining.fields.title.clone(),
            description: defining.fields.description.clone(),
            location: defining.fields.location.clone(),
            series,
            exceptions: Exceptions::new(),
            alarms: defining.fields.alarms.clone(),
            class: Some(defining.fields.class),
            cancelled: all_cancelled,
            original: Vec::new(),
            line: defining.component.line,
            notes,
        };
        let (mut overrides, mut following) = (BTreeMap::new(), BTreeMap::new());
        let (ranges, single): (Vec<_>, Vec<_>) = named.into_iter().partition(|named| named.and_following);
        for range in ranges {
            match spread(&range, &event, &mut exceptions) {
                Ok(()) => {
                    following.insert(range.start, (range.part.calendar, range.part.component));
                }
                Err(reason) => skip(range.part.component.line, reason),
            }
        }
        for Named { start, part, .. } in single {
            let Some(time) = in_line(&event.series.first, &part.fields.placed.time) else {
                let reason = "an instance is all day if its event is, and at a time if it is not".to_owned();
                skip(part.component.line, reason);
                continue;
            };
            event.sequence = event.sequence.max(part.fields.sequence);
            event
                .notes
                .extend(part.notes.iter().filter(|note| !event.notes.contains(note)).cloned().collect::<Vec<_>>());
            let removed = part.cancelled && !(all_cancelled && master.is_none());
            let exception =
                if removed { Exception::Removed } else { Exception::Changed(change(&part.fields, &event, time)) };
            exceptions.insert(start, exception);
            overrides.insert(start, (part.calendar, part.component));
        }
        check_number(&exceptions, event.line)?;
        if !event.series.recurs() && !exceptions.is_empty() {
            event.series = Series::by_dates(event.series.first);
        }
        event.exceptions = exceptions;
        let master = master.map(|part| (part.calendar, part.component));
        let parts = || master.iter().chain(overrides.values()).chain(following.values());
        event.original = self.original(parts().map(|(calendar, component)| (*calendar, component)));
        if event.original.len() > MAX_TEXT {
            return Err((
                event.line,
                format!("its components have {} bytes; at most {MAX_TEXT} are kept", event.original.len()),
            ));
        }
        let component = |(_, component): (usize, Component)| component;
        Ok(Some(Group {
            event,
            master: master.map(component),
            overrides: overrides.into_iter().map(|(start, part)| (start, component(part))).collect(),
            following: following.into_iter().map(|(start, part)| (start, component(part))).collect(),
        }))
    }

    /// The components of single instances by their original start, the latest of each, in order.
    fn named(
        &mut self,
        instances: Vec<Part>,
        master: Option<&Part>,
        skip: &mut impl FnMut(usize, String),
    ) -> Vec<Named> {
        let mut named: BTreeMap<(i64, bool), Named> = BTreeMap::new();
        // Whatever their order in the file.
        let begins = |part: &Part| part.fields.placed.time.civil_start();
        let first = instances.iter().min_by_key(|part| (begins(part), &part.component.original));
        let by = master.or(first).map(|part| (part.fields.start.frame(), begins(part)));
        let Some((frame, begins)) = by else { return Vec::new() };
        for mut part in instances {
            let line = part.component.line;
            let mut notes = std::mem::take(&mut part.notes);
            let found = named_start(&part, &mut self.clock(part.calendar, &mut notes), &frame, begins);
            part.notes = notes;
            let Some(start) = found else {
                skip(line, "its RECURRENCE-ID is no date or time".to_owned());
                continue;
            };
            let one = Named { start, and_following: and_following(&part.component), part };
            match named.remove(&(one.start, one.and_following)) {
                Some(other) => {
                    let (kept, older) = if other.age() > one.age() { (other, one) } else { (one, other) };
                    skip(
                        older.part.component.line,
                        format!(
                            "the component in line {} is of the same instance and not older",
                            kept.part.component.line
                        ),
                    );
                    named.insert((kept.start, kept.and_following), kept);
                }
                None => {
                    named.insert((one.start, one.and_following), one);
                }
            }
        }
        named.into_values().collect()
    }

    /// The definitions that the components need beside them, and the components. Of a zone that nobody knows it is kept for which it was
    /// taken.
    fn original<'b>(&mut self, parts: impl Iterator<Item = (usize, &'b Component)>) -> Vec<u8> {
        let (mut definitions, mut components) = (Vec::new(), Vec::new());
        let (mut defined, mut unknown) = (Vec::new(), Vec::new());
        for (calendar, component) in parts {
            for name in zone_names(component) {
                // The year matters only where clocks are compared.
                if matches!(self.zones.meaning(self.bytes, calendar, &name, 2_000), Meaning::Unknown) {
                    if !unknown.contains(&name) {
                        append_zone(&mut definitions, &name, self.default_zone);
                        unknown.push(name);
                    }
                    continue;
                }
                let Some(piece) = self.zones.definition(calendar, &name) else { continue };
                if !defined.contains(&piece.range) {
                    defined.push(piece.range.clone());
                    append_lines(&mut definitions, self.bytes.get(piece.range.clone()).unwrap_or_default());
                }
            }
            append_lines(&mut components, &component.original);
        }
        definitions.append(&mut components);
        definitions
    }
}

fn append_lines(to: &mut Vec<u8>, lines: &[u8]) {
    to.extend_from_slice(lines);
    if !lines.ends_with(b"\n") {
        to.extend_from_slice(b"\r\n");
    }
}

/// Says of a zone that it is another, as libical does.
fn append_zone(to: &mut Vec<u8>, name: &str, zone: &Zone) {
    for line in ["BEGIN:VTIMEZONE", &format!("TZID:{name}"), &format!("X-LIC-LOCATION:{zone}"), "END:VTIMEZONE"] {
        fold_into(to, line);
    }
}

/// A component of one instance, or of one and all that follow.
struct Named {
    start: i64,
    and_following: bool,
    part: Part,
}

impl Named {
    fn age(&self) -> (u32, Option<domain::Timestamp>) {
        (self.part.fields.sequence, self.part.fields.modified)
    }
}

fn named_start(part: &Part, clock: &mut Clock<'_>, frame: &Frame, begins: DateTime) -> Option<i64> {
    let (when, _) = clock.first(&part.component, &Property::RecurrenceId, "RECURRENCE-ID")?;
    when?.civil_in(frame, begins).map(civil_seconds)
}

/// Whether it has a `RANGE`: RFC 5545 §3.2.13 knows one value only, and calcard keeps no other.
fn and_following(component: &Component) -> bool {
    component.property(&Property::RecurrenceId).is_some_and(|entry| entry.has_parameter(&Parameter::Range))
}

/// The names of the zones that a component's times are in.
pub(crate) fn zone_names(component: &Component) -> Vec<String> {
    let mut names: Vec<_> = component
        .understood()
        .entries
        .iter()
        .filter_map(|entry| entry.tz_id())
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// How an instance that is at `time` differs from `event`.
fn change(fields: &Fields, event: &Event, time: EventTime) -> Change {
    Change {
        time,
        title: (fields.has_title && fields.title != event.title).then(|| fields.title.clone()),
        location: (fields.location != event.location).then(|| fields.location.clone()),
    }
}

/// The time of an instance as its event's times are: in the same zone. `None` if one is all day and the other is not.
pub(crate) fn in_line(first: &EventTime, time: &EventTime) -> Option<EventTime> {
    let second = |second: i64| jiff::Timestamp::from_second(second).ok();
    let timed = |zone: &Zone, start: Option<jiff::Timestamp>, end: Option<jiff::Timestamp>| {
        let at = |field, instant: Option<_>| Moment::at(field, instant?, zone).ok();
        EventTime::timed(at("start", start)?, at("end", end)?, zone.clone()).ok()
    };
    match (first, time) {
        (EventTime::AllDay(_), EventTime::AllDay(_)) | (EventTime::Floating(_), EventTime::Floating(_)) => {
            Some(time.clone())
        }
        (EventTime::Timed(of), EventTime::Timed(own)) if of.zone() == own.zone() => Some(time.clone()),
        (EventTime::Timed(of), EventTime::Timed(own)) => {
            let instant = |moment: Moment| second(moment.instant(own.zone()));
            timed(of.zone(), instant(own.start()), instant(own.end()))
        }
        (EventTime::Timed(of), EventTime::Floating(own)) => {
            timed(of.zone(), instant_in(own.start(), of.zone()), instant_in(own.end(), of.zone()))
        }
        (EventTime::Floating(_), EventTime::Timed(_)) => EventTime::floating(time.civil_start(), civil_end(time)).ok(),
        _ => None,
    }
}

/// A change of one instance and all that follow, as changes of each of them: every one lies as far from its original start as the first
/// (RFC 5545 §3.8.4.4).
fn spread(range: &Named, event: &Event, exceptions: &mut Exceptions) -> Result<(), String> {
    let fields = &range.part.fields;
    let endless =
        || "it changes an instance and all that follow (RANGE=THISANDFUTURE), and they have no end".to_owned();
    let hull = event.series.hull();
    if hull.end >= domain::time::FOREVER {
        return Err(endless());
    }
    let shift = civil_seconds(fields.placed.time.civil_start()).saturating_sub(range.start);
    let moved = Series::by_dates(fields.placed.time.clone());
    // Two days earlier, since the series may go by instants and the start is civil.
    let near = event.series.occurrences(range.start.saturating_sub(2 * 86_400), None);
    let mut starts: Vec<i64> = near.map(|occurrence| occurrence.start).take(MAX_EXCEPTIONS).collect();
    starts
        .extend(exceptions.iter().filter(|(_, exception)| **exception != Exception::Removed).map(|(start, _)| *start));
    starts.push(range.start);
    for start in starts.into_iter().filter(|start| *start >= range.start) {
        if exceptions.get(&start) == Some(&Exception::Removed) {
            continue;
        }
        if range.part.cancelled {
            exceptions.insert(start, Exception::Removed);
        } else if let Some(time) =
            moved.time_at(start.saturating_add(shift)).and_then(|time| in_line(&event.series.first, &time))
        {
            exceptions.insert(start, Exception::Changed(change(fields, event, time)));
        }
    }
    Ok(())
}
