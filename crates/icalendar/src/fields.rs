//! What the properties of one `VEVENT` come to.

use calcard::icalendar::{
    ICalendarClassification as Classification, ICalendarEntry, ICalendarParameterName as Parameter,
    ICalendarProperty as Property, ICalendarStatus as Status, ICalendarValue as Value,
};
use domain::events::{Alarms, MAX_ALARM, MAX_ALARMS};
use domain::time::Moment;
use domain::{Description, EventTitle, Location, Timestamp, Zone};
use jiff::SignedDuration;

use crate::component::Component;
use crate::event::Class;
use crate::times::{Ends, Placed, When, civil_of, date_of, instant_in, placed};
use crate::zones::{Meaning, Zones};
use crate::{Note, text};

/// The title of an event that has none.
const UNTITLED: &str = "Untitled";

/// What times are read by.
pub(crate) struct Clock<'a> {
    /// The file.
    pub(crate) bytes: &'a [u8],
    /// Its zones.
    pub(crate) zones: &'a mut Zones,
    /// The calendar in it that is read.
    pub(crate) calendar: usize,
    /// The zone of times whose own is nowhere to be found.
    pub(crate) default_zone: &'a Zone,
    /// What was not taken as it stands.
    pub(crate) notes: &'a mut Vec<Note>,
}

/// A `VEVENT`.
pub(crate) struct Fields {
    pub(crate) title: EventTitle,
    pub(crate) description: Description,
    pub(crate) location: Location,
    pub(crate) start: When,
    pub(crate) placed: Placed,
    pub(crate) alarms: Alarms,
    pub(crate) class: Class,
    pub(crate) cancelled: bool,
    pub(crate) sequence: u32,
    pub(crate) modified: Option<Timestamp>,
    pub(crate) has_title: bool,
}

impl Clock<'_> {
    fn note(&mut self, line: usize, text: impl Into<String>) {
        let note = Note { line, text: text.into() };
        if !self.notes.iter().any(|known| known.text == note.text) {
            self.notes.push(note);
        }
    }

    /// The time `value` of `entry`, which stands in `line`.
    pub(crate) fn when(&mut self, entry: &ICalendarEntry, value: &Value, line: usize) -> Option<When> {
        let written = value.as_partial_date_time()?;
        if !written.has_time() {
            return date_of(written).map(When::Date);
        }
        let civil = civil_of(written)?;
        if written.tz_hour.is_some() {
            let offset = i64::from(written.tz_hour.unwrap_or(0)).saturating_mul(3_600);
            let offset = offset.saturating_add(i64::from(written.tz_minute.unwrap_or(0)).saturating_mul(60));
            let offset = if written.tz_minus { offset } else { offset.saturating_neg() };
            let utc = civil.checked_add(SignedDuration::from_secs(offset)).ok()?;
            return instant_in(utc, &Zone::utc()).map(When::At);
        }
        let Some(name) = entry.tz_id().map(str::trim).filter(|name| !name.is_empty()) else {
            return Some(When::Floating(civil));
        };
        match self.zones.meaning(self.bytes, self.calendar, name, civil.year()) {
            Meaning::Zone(zone, compared) => {
                if compared {
                    self.note(line, format!("its zone {name:?} is taken for {zone}, whose clocks go as the file says"));
                }
                Some(When::In(civil, zone))
            }
            Meaning::Own(definition) => {
                self.note(line, format!("no zone has clocks like its {name:?}; its times are kept in UTC"));
                definition.instant(civil).map(When::At)
            }
            Meaning::Unknown => {
                let zone = self.default_zone.clone();
                self.note(
                    line,
                    format!("its zone {name:?} is not known and the file does not define it; it is taken for {zone}"),
                );
                Some(When::In(civil, zone))
            }
        }
    }

    /// The first time of the property `name` of `component`, with its line.
    pub(crate) fn first(
        &mut self,
        component: &Component,
        property: &Property,
        name: &str,
    ) -> Option<(Option<When>, usize)> {
        let entry = component.property(property)?;
        let line = component.line_of(name);
        Some((entry.values.first().and_then(|value| self.when(entry, value, line)), line))
    }
}

impl Fields {
    /// Those of `component`.
    ///
    /// # Errors
    /// In which line something stands that no event can be made of, and why.
    pub(crate) fn of(component: &Component, clock: &mut Clock<'_>) -> Result<Self, (usize, String)> {
        let missing = || (component.line, "it has no DTSTART, so nobody knows when it is".to_owned());
        let (start, start_line) = clock.first(component, &Property::Dtstart, "DTSTART").ok_or_else(missing)?;
        let start =
            start.ok_or_else(|| (start_line, format!("{} is no date or time", written(component, "DTSTART"))))?;
        let ends = ends(component, clock)?;
        let placed = placed(&start, &ends).map_err(|why| (start_line, why))?;
        if let Some(note) = placed.note {
            clock.note(start_line, note);
        }
        let mut fit = |name: &str, property: &Property, limit, fit: fn(&str, usize) -> (String, bool)| {
            let (text, cut) = fit(component.text(property), limit);
            if cut {
                clock.note(component.line_of(name), format!("its {name} was cut to {limit} characters"));
            }
            text
        };
        let title = fit("SUMMARY", &Property::Summary, 200, text::one_line);
        let description = fit("DESCRIPTION", &Property::Description, 4_000, text::lines);
        let location = fit("LOCATION", &Property::Location, 200, text::one_line);
        let has_title = !title.is_empty();
        let title = if has_title { title } else { UNTITLED.to_owned() };
        let refused = |error: domain::Error| (component.line, error.to_string());
        Ok(Self {
            title: title.try_into().map_err(refused)?,
            description: Description::try_from(description).map_err(refused)?,
            location: Location::try_from(location).map_err(refused)?,
            start,
            placed,
            alarms: alarms(component),
            class: class(component),
            cancelled: status(component) == Some(&Status::Cancelled),
            sequence: sequence(component),
            modified: modified(component),
            has_title,
        })
    }
}

/// How often it was changed, as it says.
pub(crate) fn sequence(component: &Component) -> u32 {
    let value =
        component.property(&Property::Sequence).and_then(|entry| entry.values.first()).and_then(Value::as_integer);
    value.and_then(|number| u32::try_from(number).ok()).unwrap_or(0)
}

/// When it was last changed, as it says.
pub(crate) fn modified(component: &Component) -> Option<Timestamp> {
    [Property::LastModified, Property::Dtstamp].iter().find_map(|property| {
        let value = component.property(property)?.values.first()?;
        let civil = civil_of(value.as_partial_date_time()?)?;
        Moment::in_zone("modified", civil, &Zone::utc())
            .ok()
            .map(|moment| Timestamp::from_micros(moment.instant(&Zone::utc()).saturating_mul(1_000_000)))
    })
}

fn status(component: &Component) -> Option<&Status> {
    component.property(&Property::Status)?.values.iter().find_map(|value| match value {
        Value::Status(status) => Some(status),
        _ => None,
    })
}

fn class(component: &Component) -> Class {
    let value = component.property(&Property::Class).and_then(|entry| entry.values.first());
    match value {
        None | Some(Value::Classification(Classification::Public)) => Class::Public,
        Some(Value::Classification(Classification::Confidential)) => Class::Confidential,
        Some(_) => Class::Private,
    }
}

/// The lines of a property, for a message.
pub(crate) fn written(component: &Component, name: &str) -> String {
    component.own_lines(name).next().map_or_else(|| name.to_owned(), |line| text::excerpt(line.text.as_bytes()))
}

fn ends(component: &Component, clock: &mut Clock<'_>) -> Result<Ends, (usize, String)> {
    if let Some((end, line)) = clock.first(component, &Property::Dtend, "DTEND") {
        let end = end.ok_or_else(|| (line, format!("{} is no date or time", written(component, "DTEND"))))?;
        return Ok(Ends::At(end));
    }
    let Some(entry) = component.property(&Property::Duration) else { return Ok(Ends::Unsaid) };
    match entry.values.first() {
        Some(Value::Duration(duration)) => Ok(Ends::After(duration.clone())),
        _ => Err((component.line_of("DURATION"), format!("{} is no duration", written(component, "DURATION")))),
    }
}

/// The alarms that are so long before the start and no earlier than Convene has them; the others stay in the original.
fn alarms(component: &Component) -> Alarms {
    let triggers = component.alarms().filter_map(|alarm| before_start(alarm.property(&Property::Trigger)?));
    let mut minutes: Vec<u32> = triggers.filter(|minutes| *minutes <= MAX_ALARM).collect();
    minutes.sort_unstable();
    minutes.dedup();
    minutes.truncate(MAX_ALARMS);
    Alarms::try_from(minutes).unwrap_or_default()
}

/// How many minutes before the start a `TRIGGER` is, if it is one of that kind.
pub(crate) fn before_start(trigger: &ICalendarEntry) -> Option<u32> {
    let of_the_end = trigger
        .parameter(&Parameter::Related)
        .and_then(|related| related.as_text())
        .is_some_and(|r| r.eq_ignore_ascii_case("END"));
    match trigger.values.first() {
        Some(Value::Duration(duration)) if !of_the_end => {
            let seconds = duration.as_seconds();
            if seconds > 0 { None } else { u32::try_from(seconds.unsigned_abs().div_ceil(60)).ok() }
        }
        _ => None,
    }
}
