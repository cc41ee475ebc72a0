//! One `VEVENT`: made from values, or an original with some of its properties replaced.

use std::collections::BTreeMap;

use calcard::icalendar::ICalendarProperty;
use domain::events::Alarms;
use domain::{EventTime, Timestamp};

use super::{content, values};
use crate::component::{Component, value_of};
use crate::event::Class;
use crate::fields::before_start;
use crate::text::unescaped;

/// A component's content lines, its own apart from those of components within it.
pub(super) struct Lines {
    own: Vec<String>,
    within: Vec<String>,
}

impl Lines {
    /// None yet.
    pub(super) const fn new() -> Self {
        Self { own: Vec::new(), within: Vec::new() }
    }

    /// Those of an original, with zones under the names that `names` has for them. What is no content line is left out.
    pub(super) fn of(component: &Component, names: &BTreeMap<String, String>) -> Self {
        let mut lines = Self::new();
        let mut depth = 0_usize;
        for line in component.lines.iter().filter(|line| !line.name().is_empty() && line.value().is_some()) {
            let text = content::with_zone(&line.text, names);
            match line.name().as_str() {
                "BEGIN" => {
                    depth = depth.saturating_add(1);
                    if depth > 1 {
                        lines.within.push(text);
                    }
                }
                "END" => {
                    if depth > 1 {
                        lines.within.push(text);
                    }
                    depth = depth.saturating_sub(1);
                }
                _ if depth <= 1 => lines.own.push(text),
                _ => lines.within.push(text),
            }
        }
        lines
    }

    /// Whether there is a property of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.own.iter().any(|line| is_named(line, name))
    }

    /// Says which event it is, if it does not.
    pub(super) fn identify(&mut self, uid: &str) {
        let mut said = self.own.iter().filter(|line| is_named(line, "UID")).filter_map(|line| value_of(line));
        if said.next().is_none_or(|said| unescaped(said) != uid) || said.next().is_some() {
            self.replace(&["UID"], [content::text("UID", uid)]);
        }
    }

    /// Replaces all properties of these names.
    pub(super) fn replace(&mut self, names: &[&str], with: impl IntoIterator<Item = String>) {
        self.own.retain(|line| !names.iter().any(|name| is_named(line, name)));
        self.own.extend(with);
    }

    /// Replaces the time.
    pub(super) fn replace_time(&mut self, time: &EventTime) {
        self.replace(&["DTSTART", "DTEND", "DURATION"], values::time(time));
    }

    /// Replaces a text, which is left out where it is empty, and what else says the same.
    pub(super) fn replace_text(&mut self, name: &str, also: &[&str], value: &str) {
        self.replace(also, None);
        self.replace(&[name], (!value.is_empty()).then(|| content::text(name, value)));
    }

    /// Replaces whether it is called off.
    pub(super) fn replace_status(&mut self, cancelled: bool) {
        self.replace(&["STATUS"], [if cancelled { "STATUS:CANCELLED" } else { "STATUS:CONFIRMED" }.to_owned()]);
    }

    /// Replaces for whom it is meant.
    pub(super) fn replace_class(&mut self, class: Class) {
        let value = match class {
            Class::Public => None,
            Class::Private => Some("CLASS:PRIVATE".to_owned()),
            Class::Confidential => Some("CLASS:CONFIDENTIAL".to_owned()),
        };
        self.replace(&["CLASS"], value);
    }

    /// Replaces the number of changes and when the last was.
    pub(super) fn replace_version(&mut self, sequence: u32, now: Timestamp) {
        let stamps = [values::instant("DTSTAMP", now), values::instant("LAST-MODIFIED", now)];
        self.replace(
            &["SEQUENCE", "DTSTAMP", "LAST-MODIFIED"],
            stamps.into_iter().chain([format!("SEQUENCE:{sequence}")]),
        );
    }

    /// Takes out the alarms of the kind that Convene has, and adds these.
    pub(super) fn replace_alarms(&mut self, original: Option<&Component>, alarms: &Alarms, title: &str) {
        let mut ours = original.into_iter().flat_map(Component::alarms).map(|alarm| {
            alarm.property(&ICalendarProperty::Trigger).is_some_and(|trigger| before_start(trigger).is_some())
        });
        let (mut kept, mut depth, mut leaving_out) = (Vec::new(), 0_usize, false);
        for line in std::mem::take(&mut self.within) {
            if is_named(&line, "BEGIN") {
                depth = depth.saturating_add(1);
                if depth == 1 && line.to_ascii_uppercase().trim_end().ends_with(":VALARM") {
                    leaving_out = ours.next().unwrap_or(false);
                }
            }
            let ends = is_named(&line, "END");
            if !leaving_out {
                kept.push(line);
            }
            if ends {
                depth = depth.saturating_sub(1);
                leaving_out &= depth > 0;
            }
        }
        self.within = kept;
        for minutes in alarms.minutes() {
            let trigger = if *minutes == 0 { "TRIGGER:PT0S".to_owned() } else { format!("TRIGGER:-PT{minutes}M") };
            let alarm =
                ["BEGIN:VALARM".to_owned(), "ACTION:DISPLAY".to_owned(), content::text("DESCRIPTION", title), trigger];
            self.within.extend(alarm);
            self.within.push("END:VALARM".to_owned());
        }
    }

    /// All of them, from `BEGIN` to `END`.
    pub(super) fn finish(self) -> Vec<String> {
        let end = ["END:VEVENT".to_owned()];
        ["BEGIN:VEVENT".to_owned()].into_iter().chain(self.own).chain(self.within).chain(end).collect()
    }
}

fn is_named(line: &str, name: &str) -> bool {
    crate::lines::name_of(line.as_bytes()).is_some_and(|found| found.eq_ignore_ascii_case(name))
}
