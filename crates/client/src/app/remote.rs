//! Data that comes from a service: what is known, since when, and what is being done to know better.

use std::time::Duration;

use domain::{Error, Retryable};
use tokio::time::Instant;

use super::effect::RequestId;

/// After a failure that may pass, the question is asked again by itself.
const BETWEEN_TRIES: Duration = Duration::from_secs(3);
/// Nothing is called slow before.
const SLOW: Duration = Duration::from_millis(150);

/// What is known of something remote. A failure keeps the old data.
#[derive(Clone, Debug)]
pub(crate) struct Remote<T> {
    data: Option<(T, Instant)>,
    phase: Phase,
    /// The last failure; kept while another try is under way, so that nothing flickers.
    failed: Option<Error>,
    stale: bool,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Idle,
    Loading { request: RequestId, since: Instant },
    Failed { retry_at: Option<Instant> },
}

impl<T> Default for Remote<T> {
    fn default() -> Self {
        Self { data: None, phase: Phase::Idle, failed: None, stale: false }
    }
}

impl<T> Remote<T> {
    pub(crate) fn data(&self) -> Option<&T> {
        self.data.as_ref().map(|(data, _)| data)
    }

    /// Why the last try failed.
    pub(crate) const fn failed(&self) -> Option<&Error> {
        self.failed.as_ref()
    }

    /// How old the data is.
    pub(crate) fn age(&self, now: Instant) -> Option<Duration> {
        self.data.as_ref().map(|(_, at)| now.saturating_duration_since(*at))
    }

    /// Whether it is being asked for, and has been for longer than passes unnoticed.
    pub(crate) fn is_slow(&self, now: Instant) -> bool {
        matches!(self.phase, Phase::Loading { since, .. } if now.saturating_duration_since(since) >= SLOW)
    }

    pub(crate) const fn is_loading(&self) -> bool {
        matches!(self.phase, Phase::Loading { .. })
    }

    /// Whether it should be asked for now.
    pub(crate) fn wants(&self, now: Instant) -> bool {
        match self.phase {
            Phase::Idle => self.data.is_none() || self.stale,
            Phase::Loading { .. } => false,
            Phase::Failed { retry_at } => self.stale || retry_at.is_some_and(|at| at <= now),
        }
    }

    /// When it will want to be asked for by itself.
    pub(crate) const fn retry_at(&self) -> Option<Instant> {
        match self.phase {
            Phase::Failed { retry_at } => retry_at,
            Phase::Idle | Phase::Loading { .. } => None,
        }
    }

    /// The data may have changed.
    pub(crate) fn outdate(&mut self) {
        self.stale = true;
    }

    pub(crate) fn asked(&mut self, request: RequestId, now: Instant) {
        self.phase = Phase::Loading { request, since: now };
        self.stale = false;
    }

    /// Whether an answer to `request` is still wanted.
    pub(crate) fn awaits(&self, request: RequestId) -> bool {
        matches!(self.phase, Phase::Loading { request: current, .. } if current == request)
    }

    /// Takes in an answer, and gives back what was known before.
    pub(crate) fn arrived(&mut self, data: T, now: Instant) -> Option<T> {
        self.phase = Phase::Idle;
        self.failed = None;
        self.data.replace((data, now)).map(|(old, _)| old)
    }

    /// Takes in a failure. What was known stays, unless the service says that it is not there or not ours to see.
    pub(crate) fn failed_with(&mut self, why: Error, now: Instant) {
        let passes = why.retryable() != Retryable::Never || matches!(why, Error::Internal { .. });
        self.phase = Phase::Failed { retry_at: passes.then(|| now + BETWEEN_TRIES) };
        if !passes {
            self.data = None;
        }
        self.failed = Some(why);
    }
}

#[cfg(test)]
mod tests {
    use domain::Service;

    use super::*;

    #[test]
    fn a_failure_keeps_the_old_data_and_its_age_and_is_tried_again() {
        let start = Instant::now();
        let mut remote = Remote::default();
        remote.asked(RequestId(1), start);
        remote.arrived("old", start);
        remote.outdate();
        remote.asked(RequestId(2), start);
        let later = start + Duration::from_secs(10);
        remote.failed_with(Error::unavailable(Service::Events, "it is away"), later);
        assert_eq!(remote.data(), Some(&"old"));
        assert_eq!(remote.age(later), Some(Duration::from_secs(10)));
        assert!(!remote.wants(later));
        assert!(remote.wants(later + BETWEEN_TRIES));
    }

    #[test]
    fn only_the_last_request_is_awaited() {
        let mut remote = Remote::<()>::default();
        remote.asked(RequestId(1), Instant::now());
        remote.asked(RequestId(2), Instant::now());
        assert!(!remote.awaits(RequestId(1)));
        assert!(remote.awaits(RequestId(2)));
    }

    #[test]
    fn what_is_forbidden_is_neither_kept_nor_asked_again_by_itself() {
        let now = Instant::now();
        let mut remote = Remote::default();
        remote.asked(RequestId(1), now);
        remote.arrived("secret", now);
        remote.failed_with(Error::forbidden("no longer shared"), now);
        assert_eq!(remote.data(), None);
        assert!(!remote.wants(now + Duration::from_secs(3_600)));
    }
}
