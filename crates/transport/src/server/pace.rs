//! Where a call begins: where it was read, or in a task of its own.
//!
//! Most calls are answered as soon as they begin, within a few microseconds. A task for each, and waking another thread for it, would cost
//! more than that; begun one after the other where they were read, they are also answered in one write. But whoever waits behind others
//! must not wait long: calls that together take their time, and all for a while after one that alone took long, begin in tasks, which
//! other threads may take.

use std::time::Duration;

use tokio::time::Instant;

/// Calls that came together may take so long to begin, and so much longer for each that has begun, but never longer than that.
const TOGETHER: Duration = Duration::from_micros(50);
const FOR_EACH: Duration = Duration::from_micros(5);
const AT_MOST: Duration = Duration::from_micros(500);

/// After a call that alone took as long as [`TOGETHER`], so many begin in tasks.
const SPARED: u32 = 64;

/// How fast the calls of one connection begin.
pub(super) struct Pace {
    /// When the first of those that came together began.
    since: Instant,
    /// How many of them have begun where they were read, and when the last one had.
    begun: u32,
    until: Instant,
    /// How many are still to begin in tasks, because one took long.
    spared: u32,
}

impl Pace {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self { since: now, begun: 0, until: now, spared: 0 }
    }

    /// Others have come, together.
    pub(super) fn others_came(&mut self) {
        let now = Instant::now();
        (self.since, self.begun, self.until) = (now, 0, now);
    }

    /// When the clock was last looked at: since then calls may have been handed to tasks, but none was worked at here.
    pub(super) const fn now(&self) -> Instant {
        self.until
    }

    /// Whether the next one may begin where it was read.
    pub(super) fn next_begins_here(&mut self) -> bool {
        if self.spared > 0 {
            self.spared -= 1;
            return false;
        }
        self.until.duration_since(self.since) < (TOGETHER + FOR_EACH * self.begun).min(AT_MOST)
    }

    /// One has begun where it was read.
    pub(super) fn has_begun(&mut self) {
        let before = std::mem::replace(&mut self.until, Instant::now());
        self.begun = self.begun.saturating_add(1);
        if self.until.duration_since(before) >= TOGETHER {
            self.spared = SPARED;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    /// How many of `calls` that came together begin where they were read, if each takes so long.
    async fn begin_here(pace: &mut Pace, calls: u32, each: Duration) -> u32 {
        pace.others_came();
        let mut here = 0;
        for _ in 0..calls {
            if pace.next_begins_here() {
                advance(each).await;
                pace.has_begun();
                here += 1;
            }
        }
        here
    }

    #[tokio::test(start_paused = true)]
    async fn quick_calls_begin_where_they_are_read_and_slower_ones_soon_do_not() {
        let mut pace = Pace::new();
        assert_eq!(begin_here(&mut pace, 100, Duration::from_micros(2)).await, 100);
        assert_eq!(begin_here(&mut pace, 100, Duration::from_micros(20)).await, 4);
        assert_eq!(begin_here(&mut pace, 100, Duration::from_micros(2)).await, 100);
        assert_eq!(begin_here(&mut pace, 1_000, Duration::from_micros(4)).await, 125, "nobody waits behind too many");
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_slow_call_others_begin_in_tasks_for_a_while() {
        let mut pace = Pace::new();
        assert_eq!(begin_here(&mut pace, 1, Duration::from_millis(1)).await, 1);
        assert_eq!(begin_here(&mut pace, SPARED, Duration::from_micros(2)).await, 0);
        assert_eq!(begin_here(&mut pace, 100, Duration::from_micros(2)).await, 100);
    }
}
