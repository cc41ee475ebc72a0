//! Alarms: when each is due, which of them are still to be told, and that none is told twice. Pure; the time is handed in.

use std::collections::{BTreeMap, BTreeSet};

use domain::calendar::Entry;
use domain::time::Window;
use domain::{EventId, EventTime, EventTitle, Instance, Location};

/// One alarm of one instance of an event (RFC 5545 §3.6.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Alarm {
    /// When it is due, in seconds since 1970 UTC.
    pub(crate) due: i64,
    /// How long before the start that is, in minutes.
    pub(crate) minutes: u32,
    /// When the instance begins for whoever is reminded, in seconds since 1970 UTC.
    pub(crate) begins: i64,
    /// The event.
    pub(crate) event: EventId,
    /// Which instance of it.
    pub(crate) instance: Instance,
    /// Its title.
    pub(crate) title: EventTitle,
    /// When it is.
    pub(crate) time: EventTime,
    /// Where it is.
    pub(crate) location: Location,
}

/// By what an alarm is known again. One of an event that was moved is another.
type Name = (i64, EventId, Instance, u32);

impl Alarm {
    fn name(&self) -> Name {
        (self.due, self.event, self.instance, self.minutes)
    }
}

/// The alarms of what is in a calendar, the earliest due first. `window` says in whose zone days begin.
pub(super) fn alarms_of(entries: &[Entry], window: &Window) -> Vec<Alarm> {
    let mut alarms: Vec<Alarm> = entries.iter().flat_map(|entry| alarms_of_one(entry, window)).collect();
    alarms.sort_by(|one, other| (one.name(), &one.title).cmp(&(other.name(), &other.title)));
    alarms
}

fn alarms_of_one(entry: &Entry, window: &Window) -> Vec<Alarm> {
    let Entry::Event { event, instance, title, time, location, alarms, attendance: _ } = entry else {
        return Vec::new();
    };
    let (begins, _) = window.instants_of(&time.extent());
    let alarms = alarms.minutes().iter().map(|minutes| Alarm {
        due: begins.saturating_sub(i64::from(*minutes).saturating_mul(60)),
        minutes: *minutes,
        begins,
        event: *event,
        instance: *instance,
        title: title.clone(),
        time: time.clone(),
        location: location.clone(),
    });
    alarms.collect()
}

/// What is still to be told, and what was told.
#[derive(Debug)]
pub(super) struct Pending {
    /// What was due earlier was missed, and is not told.
    since: i64,
    alarms: BTreeMap<Name, Alarm>,
    told: BTreeSet<(i64, Name)>,
}

impl Pending {
    /// Nothing yet; alarms are told that are due at `since` or later.
    pub(super) const fn since(since: i64) -> Self {
        Self { since, alarms: BTreeMap::new(), told: BTreeSet::new() }
    }

    /// Takes in what is in the calendar now. An alarm that is known only since it was due is told (late) unless its event has begun.
    pub(super) fn replace(&mut self, alarms: Vec<Alarm>, now: i64) {
        let before = std::mem::take(&mut self.alarms);
        let named = alarms.into_iter().map(|alarm| (alarm.name(), alarm));
        self.alarms = named
            .filter(|(name, alarm)| {
                let is_of_use = before.contains_key(name) || alarm.begins >= now;
                alarm.due >= self.since && is_of_use && !self.told.contains(&(alarm.begins, *name))
            })
            .collect();
    }

    /// Those that are due and were not told yet, the earliest first.
    pub(super) fn due(&mut self, now: i64) -> Vec<Alarm> {
        // Of what has begun nothing new is taken in any more, so it need not be remembered.
        while self.told.first().is_some_and(|(begins, _)| *begins < now) {
            self.told.pop_first();
        }
        let mut due = Vec::new();
        while let Some(first) = self.alarms.first_entry().filter(|first| first.get().due <= now) {
            let alarm = first.remove();
            if alarm.begins >= now {
                self.told.insert((alarm.begins, alarm.name()));
            }
            due.push(alarm);
        }
        due
    }

    /// When the next one is due.
    pub(super) fn next(&self) -> Option<i64> {
        self.alarms.first_key_value().map(|(_, alarm)| alarm.due)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn alarm(number: u8, begins: i64, minutes: u32) -> Alarm {
        Alarm {
            due: begins - i64::from(minutes) * 60,
            minutes,
            begins,
            event: format!("0198c0de-7000-7abc-8def-0123456789{number:02x}").parse().unwrap(),
            instance: Instance::Series,
            title: "Standup".parse().unwrap(),
            time: EventTime::all_day(date(2027, 3, 10), date(2027, 3, 11)).unwrap(),
            location: "".parse().unwrap(),
        }
    }

    #[test]
    fn an_alarm_is_told_once_when_it_is_due_however_often_the_calendar_is_read() {
        let (mut pending, standup) = (Pending::since(0), alarm(1, 1_200, 10));
        pending.replace(vec![standup.clone()], 0);
        assert_eq!((pending.due(599), pending.next()), (Vec::new(), Some(600)));
        assert_eq!(pending.due(600), std::slice::from_ref(&standup));
        for now in [600, 1_000, 1_200, 1_201, 9_000] {
            pending.replace(vec![standup.clone()], now);
            assert_eq!(pending.due(now), [], "{now}");
        }
        assert!(pending.told.is_empty(), "nothing is remembered for ever");
    }

    #[test]
    fn what_was_missed_before_is_not_told_and_what_was_known_is_told_even_late() {
        let (missed, known) = (alarm(1, 1_000, 10), alarm(2, 1_200, 5));
        let mut pending = Pending::since(500);
        pending.replace(vec![missed, known.clone()], 500);
        assert_eq!(pending.due(5_000), [known], "the machine slept");
    }

    #[test]
    fn of_what_becomes_known_after_it_was_due_only_what_has_not_begun_is_told() {
        let (begun, ahead) = (alarm(1, 1_000, 5), alarm(2, 1_200, 5));
        let mut pending = Pending::since(0);
        pending.replace(vec![begun, ahead.clone()], 1_100);
        assert_eq!(pending.due(1_100), [ahead]);
    }

    #[test]
    fn what_was_called_off_is_not_told_and_what_was_moved_is_told_again() {
        let (standup, moved) = (alarm(1, 1_200, 10), alarm(1, 3_000, 10));
        let mut pending = Pending::since(0);
        pending.replace(vec![standup.clone(), alarm(2, 2_000, 0)], 0);
        assert_eq!(pending.due(700), [standup]);
        pending.replace(vec![moved.clone()], 700);
        assert_eq!(pending.due(10_000), [moved]);
    }

    proptest! {
        /// Whenever it looks and however often it reads, an alarm that is known in time is told exactly once, and never early.
        #[test]
        fn every_alarm_that_is_known_in_time_is_told_once_and_never_early(
            alarms in proptest::collection::btree_map(0_u8..20, (0_i64..4_000, prop_oneof![Just(0_u32), Just(1), Just(5)]), 0..8),
            looks in proptest::collection::vec((1_i64..300, any::<bool>()), 1..60),
            since in 0_i64..500,
        ) {
            let alarms: Vec<Alarm> = alarms.into_iter().map(|(number, (begins, minutes))| alarm(number, begins, minutes)).collect();
            let mut pending = Pending::since(since);
            pending.replace(alarms.clone(), since);
            let (mut now, mut told) = (since, Vec::new());
            for (later, reads) in looks {
                now += later;
                if reads {
                    pending.replace(alarms.clone(), now);
                }
                for alarm in pending.due(now) {
                    prop_assert!(alarm.due <= now);
                    told.push(alarm.name());
                }
            }
            let mut expected: Vec<Name> = alarms.iter().filter(|alarm| alarm.due >= since && alarm.due <= now).map(Alarm::name).collect();
            expected.sort_unstable();
            told.sort_unstable();
            prop_assert_eq!(told, expected);
        }
    }
}
