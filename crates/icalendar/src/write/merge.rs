//! An event beside its original: what means the same goes out as it came in, and what does not is replaced.

use std::collections::BTreeMap;

use domain::events::{Change, Exception};
use domain::{Timestamp, Zone};

use super::component::Lines;
use super::values;
use crate::component::Component;
use crate::event::{Class, Event};
use crate::group::{Group, Source, zone_names};
use crate::split::Split;
use crate::text;
use crate::zones::{Meaning, Zones};

/// The content lines of an event.
pub(super) fn lines_of(event: &Event, now: Timestamp) -> Vec<String> {
    let original = Original::of(event);
    let merge = Merge { event, now, original: original.as_ref() };
    merge.lines()
}

/// What an event came from, understood again.
struct Original {
    group: Group,
    /// The zones that its lines name: what they are called, and what IANA calls them.
    names: BTreeMap<String, String>,
    /// Whether all of them have an IANA name.
    has_known_zones: bool,
}

impl Original {
    fn of(event: &Event) -> Option<Self> {
        if event.original.is_empty() {
            return None;
        }
        let bytes = &event.original;
        let split = Split::of(bytes).ok()?;
        let mut zones = Zones::of(bytes, &split.pieces);
        let default_zone = event.series.first.zone().cloned().unwrap_or_else(Zone::utc);
        let pieces: Vec<_> = split.pieces.iter().filter(|piece| piece.name == "VEVENT").collect();
        let mut source = Source { bytes, zones: &mut zones, methods: &split.methods, default_zone: &default_zone };
        let group = source.group(&event.uid, &pieces).group?;
        let year = group.event.series.first.civil_start().year();
        let (mut names, mut has_known_zones) = (BTreeMap::new(), true);
        for name in group.components().flat_map(zone_names) {
            match zones.meaning(bytes, 0, &name, year) {
                Meaning::Zone(zone, _) => {
                    names.insert(name, zone.name().to_owned());
                }
                Meaning::Unknown => {
                    names.insert(name, default_zone.name().to_owned());
                }
                Meaning::Own(_) => has_known_zones = false,
            }
        }
        // A series whose only definition is that of single instances cannot take rules up.
        let can_be_merged = group.master.is_some() || group.event.series == event.series;
        can_be_merged.then_some(Self { group, names, has_known_zones })
    }
}

struct Merge<'a> {
    event: &'a Event,
    now: Timestamp,
    original: Option<&'a Original>,
}

impl Merge<'_> {
    fn was(&self) -> Option<&Event> {
        self.original.map(|original| &original.group.event)
    }

    /// Whether a property of the event means something else now, or never had an original.
    fn differs<T: PartialEq>(&self, of: impl Fn(&Event) -> T) -> bool {
        self.was().is_none_or(|was| of(was) != of(self.event))
    }

    /// Whether the original's times are in a zone that only it knows.
    fn has_own_zone(&self) -> bool {
        self.original.is_some_and(|original| !original.has_known_zones)
    }

    /// Whether times have to be written anew.
    fn moves(&self) -> bool {
        self.has_own_zone() || self.differs(|event| event.series.first.clone())
    }

    fn recurs_otherwise(&self) -> bool {
        self.has_own_zone() || self.differs(|event| (event.series.clone(), event.exceptions.clone()))
    }

    /// Whether the event means something else than its original.
    fn is_changed(&self) -> bool {
        self.differs(|event| (event.series.clone(), event.exceptions.clone()))
            || self.differs(|event| (event.title.clone(), event.description.clone(), event.location.clone()))
            || self.differs(|event| (event.alarms.clone(), event.cancelled))
            || self.another_class().is_some()
    }

    /// For whom the event is meant, if that is known and its original, or saying nothing, means somebody else.
    fn another_class(&self) -> Option<Class> {
        let was = self.was().map_or(Some(Class::Public), |was| was.class);
        self.event.class.filter(|class| Some(*class) != was)
    }

    fn sequence(&self) -> u32 {
        let least = self.was().map_or(0, |was| was.sequence.saturating_add(1));
        self.event.sequence.max(least)
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let (false, Some(original)) = (self.is_changed() || self.has_own_zone(), self.original) {
            lines
                .extend(original.group.components().flat_map(|component| self.as_it_was(component, original).finish()));
            return lines;
        }
        let master = self.original.and_then(|original| original.group.master.as_ref());
        if master.is_some() || self.original.is_none() {
            lines.extend(self.master(master).finish());
        }
        for (start, exception) in &self.event.exceptions {
            let component = self.original.and_then(|original| original.group.of_instance(*start));
            match (exception, component, self.original) {
                (Exception::Removed, Some(component), Some(original))
                    if !self.recurs_otherwise() && original.group.overrides.contains_key(start) =>
                {
                    lines.extend(self.as_it_was(component, original).finish());
                }
                (Exception::Removed, ..) => {}
                (Exception::Changed(change), ..) if component.is_some() || !self.is_as_dated(*start, change) => {
                    lines.extend(self.instance(*start, change, component).finish());
                }
                (Exception::Changed(_), ..) => {}
            }
        }
        lines
    }

    fn as_it_was(&self, component: &Component, original: &Original) -> Lines {
        let mut lines = Lines::of(component, &original.names);
        self.complete(&mut lines);
        lines
    }

    /// What every `VEVENT` must have (RFC 5545 §3.6.1).
    fn complete(&self, lines: &mut Lines) {
        lines.identify(&self.event.uid);
        if !lines.has("DTSTAMP") {
            lines.replace(&["DTSTAMP"], [values::instant("DTSTAMP", self.event.modified.unwrap_or(self.now))]);
        }
    }

    fn master(&self, component: Option<&Component>) -> Lines {
        let event = self.event;
        let mut lines = self.begun(component);
        if self.moves() {
            lines.replace_time(&event.series.first);
        }
        if self.differs(|event| event.title.clone()) {
            lines.replace_text("SUMMARY", &[], event.title.as_str());
        }
        if self.differs(|event| event.description.clone()) {
            lines.replace_text("DESCRIPTION", &ALSO_DESCRIPTION, event.description.as_str());
        }
        if self.differs(|event| event.location.clone()) {
            lines.replace_text("LOCATION", &ALSO_LOCATION, event.location.as_str());
        }
        if self.recurs_otherwise() {
            lines.replace(
                &["RRULE", "EXRULE", "RDATE", "EXDATE"],
                values::rules(&event.series).into_iter().chain(self.dates()),
            );
        }
        if self.was().map_or(event.cancelled, |was| was.cancelled != event.cancelled) {
            lines.replace_status(event.cancelled);
        }
        if let Some(class) = self.another_class() {
            lines.replace_class(class);
        }
        if self.differs(|event| event.alarms.clone()) {
            lines.replace_alarms(component, &event.alarms, event.title.as_str());
        }
        lines
    }

    /// A component to be changed, with its new version.
    fn begun(&self, component: Option<&Component>) -> Lines {
        let none = BTreeMap::new();
        let names = self.original.map_or(&none, |original| &original.names);
        let mut lines = component.map_or_else(Lines::new, |component| Lines::of(component, names));
        self.complete(&mut lines);
        if self.is_changed() {
            lines.replace_version(self.sequence(), self.now);
        }
        lines
    }

    /// One instance that is not as the rules have it.
    fn instance(&self, start: i64, change: &Change, component: Option<&Component>) -> Lines {
        let event = self.event;
        let was = self.was().and_then(|was| match was.exceptions.get(&start) {
            Some(Exception::Changed(was_change)) if component.is_some() => Some((was, was_change)),
            _ => None,
        });
        let component = was.and(component);
        let mut lines = self.begun(component);
        let frame = values::frame_of(&event.series.first);
        let is_its_own =
            self.original.is_some_and(|original| original.group.overrides.contains_key(&start)) && component.is_some();
        if self.moves() || !is_its_own {
            lines.replace(
                &["RECURRENCE-ID", "RRULE", "RDATE", "EXDATE", "EXRULE"],
                values::start("RECURRENCE-ID", &frame, start),
            );
        }
        if !is_its_own || was.is_none_or(|(_, was)| was.time != change.time) || self.has_own_zone() {
            lines.replace_time(&change.time);
        }
        let title = change.title.as_ref().unwrap_or(&event.title);
        if was.is_none_or(|(was, change)| change.title.as_ref().unwrap_or(&was.title) != title) {
            lines.replace_text("SUMMARY", &[], title.as_str());
        }
        let location = change.location.as_ref().unwrap_or(&event.location);
        if was.is_none_or(|(was, change)| change.location.as_ref().unwrap_or(&was.location) != location) {
            lines.replace_text("LOCATION", &ALSO_LOCATION, location.as_str());
        }
        // Instances have no text of their own in Convene: one that said what the event said goes on doing so.
        let said = component
            .map(|component| text::lines(component.text(&calcard::icalendar::ICalendarProperty::Description), 4_000).0);
        let follows = match (&said, was) {
            (Some(said), Some((was, _))) => *said == was.description.as_str() && was.description != event.description,
            _ => true,
        };
        if follows {
            lines.replace_text("DESCRIPTION", &ALSO_DESCRIPTION, event.description.as_str());
        }
        lines
    }

    /// `EXDATE` and `RDATE`.
    fn dates(&self) -> Vec<String> {
        let event = self.event;
        let frame = values::frame_of(&event.series.first);
        let lines = event.exceptions.iter().filter_map(|(start, exception)| match exception {
            Exception::Removed => values::start("EXDATE", &frame, *start),
            Exception::Changed(_) if event.series.occurrence(*start).is_some() => None,
            Exception::Changed(_) => values::start("RDATE", &frame, *start),
        });
        lines.collect()
    }

    /// Whether an instance is just what an `RDATE` alone, or the rule, says.
    fn is_as_dated(&self, start: i64, change: &Change) -> bool {
        change.title.is_none()
            && change.location.is_none()
            && self.event.series.time_at(start).as_ref() == Some(&change.time)
    }
}

/// What else says what an event is about.
const ALSO_DESCRIPTION: [&str; 2] = ["X-ALT-DESC", "STYLED-DESCRIPTION"];
/// What else says where it is.
const ALSO_LOCATION: [&str; 2] = ["X-APPLE-STRUCTURED-LOCATION", "STRUCTURED-LOCATION"];
