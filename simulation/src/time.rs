//! Simulated time: one that passes only while everybody waits, and clocks that show it more or less well.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use domain::time::{Moment, Window};
use domain::{Clock, EventTime, Timestamp, Zone};
use jiff::civil::date;
use tokio::time::Instant;

use crate::determinism;

/// Noon on 1 March 2027 in UTC, in microseconds since 1970: when every simulation begins.
const BEGINNING: i64 = 1_803_902_400_000_000;

/// The time that has passed in a simulation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Time {
    began: Instant,
}

impl Time {
    /// It begins now.
    pub(crate) fn begins() -> Self {
        determinism::it_is(BEGINNING);
        Self { began: Instant::now() }
    }

    /// Since the beginning.
    pub(crate) fn passed(self) -> Duration {
        self.began.elapsed()
    }

    /// As an honest clock shows it.
    pub(crate) fn now(self) -> Timestamp {
        let now = BEGINNING.saturating_add(i64::try_from(self.passed().as_micros()).unwrap_or(i64::MAX));
        determinism::it_is(now);
        Timestamp::from_micros(now)
    }
}

/// The clock of one machine, which can be wrong.
#[derive(Debug)]
pub(crate) struct MachineClock {
    time: Time,
    /// By how much it is ahead, in microseconds.
    ahead: AtomicI64,
}

impl MachineClock {
    pub(crate) fn of(time: Time) -> Arc<Self> {
        Arc::new(Self { time, ahead: AtomicI64::new(0) })
    }

    /// Sets it, in seconds ahead of the true time.
    pub(crate) fn is_ahead_by(&self, seconds: i64) {
        self.ahead.store(seconds.saturating_mul(1_000_000), Ordering::Relaxed);
    }
}

impl Clock for MachineClock {
    fn now(&self) -> Timestamp {
        let true_time = self.time.now().as_micros();
        Timestamp::from_micros(true_time.saturating_add(self.ahead.load(Ordering::Relaxed)))
    }
}

/// A time in the month in which everything happens, in UTC.
pub(crate) fn at(day: i8, hour: i8, hours: i64) -> EventTime {
    let zone: Zone = "UTC".parse().expect("a zone");
    let start = date(2027, 3, day).at(hour, 0, 0, 0);
    let end = start.checked_add(jiff::Span::new().hours(hours)).expect("a time");
    let moment = |field, civil| Moment::in_zone(field, civil, &zone).expect("a moment");
    EventTime::timed(moment("start", start), moment("end", end), zone.clone()).expect("a time")
}

/// That month, and some more.
pub(crate) fn always() -> Window {
    let day = |month| Some(date(2027, month, 1));
    Window::new(day(2), day(5), "UTC".parse().expect("a zone")).expect("a window")
}
