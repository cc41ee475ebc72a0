//! Alarms: those to come, and one that is due.

use domain::Zone;
use serde::Serialize;

use super::Document;
use super::calendar::instance_named;
use super::table::Table;
use super::text::plain;
use super::time::{Times, instant};
use crate::commands::Alarm;

/// One alarm.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AlarmDocument {
    due: String,
    event: String,
    /// The original start of an instance of an event that recurs.
    instance: Option<String>,
    title: String,
    start: String,
    location: String,
    minutes: u32,
    /// For people: how long it is until the start.
    #[serde(skip)]
    ahead: String,
}

/// Alarms to come.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AlarmListDocument {
    items: Vec<AlarmDocument>,
}

impl AlarmDocument {
    /// An alarm that is told at `now`, in seconds since 1970; `zone` is the reader's, for what has none of its own.
    pub(crate) fn told(alarm: &Alarm, now: i64, zone: &Zone) -> Self {
        Self {
            due: instant(alarm.due, alarm.time.zone().unwrap_or(zone)),
            event: alarm.event.to_string(),
            instance: instance_named(&alarm.time, alarm.instance),
            title: alarm.title.to_string(),
            start: Times::of(&alarm.time).start,
            location: alarm.location.to_string(),
            minutes: alarm.minutes,
            ahead: ahead(alarm.begins.saturating_sub(now)),
        }
    }

    /// The one line of JSON.
    pub(crate) fn json(&self) -> String {
        // Texts and a number: there is nothing in it that JSON cannot say.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl AlarmListDocument {
    /// These alarms, in this order; `zone` is the reader's.
    pub(crate) fn new(alarms: &[Alarm], zone: &Zone) -> Self {
        Self { items: alarms.iter().map(|alarm| AlarmDocument::told(alarm, alarm.due, zone)).collect() }
    }
}

/// A time ahead in words, to the minute.
fn ahead(seconds: i64) -> String {
    let minutes = seconds.saturating_add(30).div_euclid(60);
    let part = |number: i64, unit: &str| match number {
        0 => None,
        1 => Some(format!("1 {unit}")),
        number => Some(format!("{number} {unit}s")),
    };
    let length = |minutes: i64| {
        let parts = [part(minutes / 1_440, "day"), part(minutes / 60 % 24, "hour"), part(minutes % 60, "minute")];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    };
    match minutes {
        0 => "now".to_owned(),
        ..0 => format!("{} ago", length(minutes.saturating_neg())),
        _ => format!("in {}", length(minutes)),
    }
}

impl Document for AlarmDocument {
    fn text(&self) -> String {
        let place = if self.location.is_empty() { String::new() } else { format!(", {}", self.location) };
        plain(&format!("{}: {}, {}{place}", self.ahead, self.title, self.start)) + "\n"
    }
}

impl Document for AlarmListDocument {
    fn text(&self) -> String {
        let mut table = Table::new(["DUE", "START", "TITLE", "WHERE", "EVENT"]);
        for AlarmDocument { due, start, title, location, event, .. } in &self.items {
            table.row([due, start, title, location, event]);
        }
        table.lines("No reminders.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_ahead_is_told_in_words() {
        for (seconds, words) in [
            (0, "now"),
            (29, "now"),
            (-20, "now"),
            (60, "in 1 minute"),
            (597, "in 10 minutes"),
            (5_400, "in 1 hour 30 minutes"),
            (86_400, "in 1 day"),
            (4 * 7 * 86_400, "in 28 days"),
            (-180, "3 minutes ago"),
        ] {
            assert_eq!(ahead(seconds), words, "{seconds}");
        }
    }
}
