//! How long calls took: every single time is kept, so percentiles are exact and need no buckets.

use std::time::Duration;

/// Times of calls, in no order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Latencies(Vec<Duration>);

/// The same in order, so that percentiles can be read.
#[derive(Clone, Debug)]
pub(crate) struct Sorted(Vec<Duration>);

impl Latencies {
    /// Notes one.
    pub(crate) fn note(&mut self, latency: Duration) {
        self.0.push(latency);
    }

    /// Takes in those of another caller.
    pub(crate) fn merge(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Puts them in order.
    pub(crate) fn sorted(mut self) -> Sorted {
        self.0.sort_unstable();
        Sorted(self.0)
    }
}

impl Sorted {
    /// The smallest noted time that at least `percent` of a hundred do not exceed (nearest rank); `None` if there are none.
    pub(crate) fn percentile(&self, percent: usize) -> Option<Duration> {
        let rank = self.0.len().saturating_mul(percent).div_ceil(100).max(1);
        self.0.get(rank.checked_sub(1)?).copied()
    }

    /// The percentile in microseconds, to a tenth.
    pub(crate) fn micros(&self, percent: usize) -> Option<f64> {
        self.percentile(percent).map(|latency| crate::spread::tenths(latency.as_secs_f64() * 1e6))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(micros: impl IntoIterator<Item = u64>) -> Sorted {
        let mut latencies = Latencies::default();
        micros.into_iter().for_each(|micros| latencies.note(Duration::from_micros(micros)));
        latencies.sorted()
    }

    #[test]
    fn a_percentile_is_the_noted_time_of_the_nearest_rank() {
        let hundred = of((1..=100).rev());
        for percent in [1, 50, 99, 100] {
            assert_eq!(hundred.percentile(percent), Some(Duration::from_micros(percent as u64)));
        }
        assert_eq!(of([15, 20, 35, 40, 50]).percentile(30), Some(Duration::from_micros(20)));
        assert_eq!(of([7]).percentile(1), Some(Duration::from_micros(7)));
        assert_eq!(of([7]).micros(99), Some(7.0));
    }

    #[test]
    fn of_no_times_there_is_no_percentile() {
        assert_eq!(of([]).percentile(50), None);
    }

    #[test]
    fn one_slow_call_in_a_hundred_shows_above_p99_only() {
        let mut latencies = Latencies::default();
        (0..99).for_each(|_| latencies.note(Duration::from_micros(1)));
        let mut slow = Latencies::default();
        slow.note(Duration::from_secs(1));
        latencies.merge(slow);
        assert_eq!(latencies.count(), 100);
        let sorted = latencies.sorted();
        assert_eq!(sorted.percentile(99), Some(Duration::from_micros(1)));
        assert_eq!(sorted.percentile(100), Some(Duration::from_secs(1)));
    }
}
