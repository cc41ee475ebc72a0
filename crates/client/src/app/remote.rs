//! Data that comes from a service: what is known, since when, and what is being done to know better.
//!
//! An answer carries how far its service had seen, and a service's [`line`](super::line) tells how far it is now. Where these differ
//! the answer may have changed, and is asked for again: at once if that is rare, and at a slower and slower pace as long as
//! nothing comes of it, so that a busy installation is not asked without bound by everyone who looks on.

use std::time::Duration;

use domain::{Error, Positions, Retryable};
use tokio::time::Instant;

use super::effect::RequestId;

/// After a failure that may pass, the question is asked again by itself.
const BETWEEN_TRIES: Duration = Duration::from_secs(3);
/// Nothing is called slow before.
pub(crate) const SLOW: Duration = Duration::from_millis(150);
/// The least time between two askings because of what others did.
const BRISK: Duration = Duration::from_secs(1);
/// The most.
const SLUGGISH: Duration = Duration::from_secs(16);
/// The least time for what nobody looks at.
const LEISURELY: Duration = Duration::from_secs(60);

/// What is known of something remote. A failure keeps the old data.
#[derive(Clone, Debug)]
pub(crate) struct Remote<T> {
    data: Option<(T, Instant)>,
    phase: Phase,
    /// The last failure; kept while another try is under way, so that nothing flickers.
    failed: Option<Error>,
    /// Whether it is to be asked for again at once.
    stale: bool,
    /// Whether it may have changed, since its service does not tell of news.
    doubtful: bool,
    /// How far the services had certainly been followed by the view behind the data.
    seen: Positions,
    /// How far they are, as was last heard.
    news: Positions,
    /// When it was last asked for, and how long after that it is not asked for again only because of news.
    asked: Option<Instant>,
    pace: Duration,
    least: Duration,
    /// When the data was last known to be what the service has.
    confirmed: Option<Instant>,
}

#[derive(Clone, Debug)]
enum Phase {
    Idle,
    Loading { request: RequestId, since: Instant, news: Positions },
    Failed { retry_at: Option<Instant> },
}

impl<T> Default for Remote<T> {
    fn default() -> Self {
        Self {
            data: None,
            phase: Phase::Idle,
            failed: None,
            stale: false,
            doubtful: false,
            seen: Positions::default(),
            news: Positions::default(),
            asked: None,
            pace: BRISK,
            least: BRISK,
            confirmed: None,
        }
    }
}

impl<T: PartialEq> Remote<T> {
    pub(crate) fn data(&self) -> Option<&T> {
        self.data.as_ref().map(|(data, _)| data)
    }

    /// Why the last try failed.
    pub(crate) const fn failed(&self) -> Option<&Error> {
        self.failed.as_ref()
    }

    /// How long ago the data was, for all that is known, what the service has.
    pub(crate) fn age(&self, now: Instant) -> Option<Duration> {
        let (_, fetched) = self.data.as_ref()?;
        let known = self.confirmed.map_or(*fetched, |confirmed| confirmed.max(*fetched));
        Some(now.saturating_duration_since(known))
    }

    /// Whether it is being asked for, and has been for longer than passes unnoticed.
    pub(crate) fn is_slow(&self, now: Instant) -> bool {
        self.slow_at().is_some_and(|at| at <= now)
    }

    /// When it will be called slow, if it is being asked for.
    pub(crate) fn slow_at(&self) -> Option<Instant> {
        match self.phase {
            Phase::Loading { since, .. } => Some(since + SLOW),
            Phase::Idle | Phase::Failed { .. } => None,
        }
    }

    pub(crate) const fn is_loading(&self) -> bool {
        matches!(self.phase, Phase::Loading { .. })
    }

    /// Whether it should be asked for now.
    pub(crate) fn wants(&self, now: Instant) -> bool {
        match self.due() {
            Due::Now => true,
            Due::At(at) => at <= now,
            Due::Never => false,
        }
    }

    /// When it wants to be asked for by itself.
    pub(crate) fn due(&self) -> Due {
        match &self.phase {
            Phase::Loading { .. } => Due::Never,
            _ if self.stale => Due::Now,
            Phase::Failed { retry_at } => retry_at.map_or(Due::Never, Due::At),
            Phase::Idle if self.data.is_none() => Due::Now,
            Phase::Idle if !self.doubtful && covers(&self.seen, &self.news) => Due::Never,
            Phase::Idle => self.asked.map_or(Due::Now, |asked| Due::At(asked + self.pace)),
        }
    }

    /// The data is to be asked for again at once.
    pub(crate) fn outdate(&mut self) {
        self.stale = true;
    }

    /// The data may have changed, for all that can be known: it is asked for again at its pace.
    pub(crate) fn outdate_slowly(&mut self) {
        self.doubtful = true;
    }

    /// Nobody looks at it: that it may have changed is no hurry.
    pub(crate) fn can_wait(&mut self) {
        self.least = LEISURELY;
        self.pace = self.pace.max(LEISURELY);
    }

    /// A service tells how far it is.
    pub(crate) fn heard(&mut self, news: &Positions, now: Instant) {
        if covers(&self.seen, news) && self.data.is_some() {
            self.confirmed = Some(now);
        }
        self.news.clone_from(news);
    }

    /// It is asked for, when its services are known to be at least as far as `known`.
    pub(crate) fn asked(&mut self, request: RequestId, known: &Positions, now: Instant) {
        self.news.merge(known);
        self.phase = Phase::Loading { request, since: now, news: self.news.clone() };
        self.asked = Some(now);
        self.stale = false;
        self.doubtful = false;
    }

    /// Whether an answer to `request` is still wanted.
    pub(crate) fn awaits(&self, request: RequestId) -> bool {
        matches!(self.phase, Phase::Loading { request: current, .. } if current == request)
    }

    /// Takes in an answer by a view that had seen `seen`, and gives back what was known before.
    pub(crate) fn answered(&mut self, data: T, seen: &Positions, now: Instant) -> Option<T> {
        // The view came after what was known when it was asked for; it may have seen more.
        if let Phase::Loading { news, .. } = &self.phase {
            self.seen.clone_from(news);
        }
        self.seen.merge(seen);
        self.pace = if self.data() == Some(&data) { (self.pace * 2).min(SLUGGISH.max(self.least)) } else { self.least };
        self.arrived(data, now)
    }

    /// Takes in what is known otherwise than by an answer, and gives back what was known before.
    pub(crate) fn arrived(&mut self, data: T, now: Instant) -> Option<T> {
        self.phase = Phase::Idle;
        self.failed = None;
        self.data.replace((data, now)).map(|(old, _)| old)
    }

    /// Takes in a failure. What was known stays, unless the service says that it is not there or not ours to see.
    pub(crate) fn failed_with(&mut self, why: Error, now: Instant) {
        let passes = may_pass(&why);
        self.phase = Phase::Failed { retry_at: passes.then(|| now + BETWEEN_TRIES) };
        if !passes {
            self.data = None;
        }
        self.failed = Some(why);
    }
}

/// Whether a failure may be over when the same is asked again.
pub(crate) fn may_pass(why: &Error) -> bool {
    why.retryable() != Retryable::Never || matches!(why, Error::Internal { .. })
}

/// When something is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    Now,
    At(Instant),
    Never,
}

/// Whether whoever has seen `seen` has seen all that `news` tells of.
fn covers(seen: &Positions, news: &Positions) -> bool {
    news.iter().all(|(service, position)| seen.get(service).is_some_and(|seen| seen.covers(position)))
}

#[cfg(test)]
mod tests {
    use domain::{Epoch, Position, Service};

    use super::*;

    fn at(position: u64) -> Positions {
        Positions::of(Service::Events, Position { epoch: Epoch([1; 16]), at: position })
    }

    #[test]
    fn a_failure_keeps_the_old_data_and_its_age_and_is_tried_again() {
        let start = Instant::now();
        let mut remote = Remote::default();
        remote.asked(RequestId(1), &Positions::default(), start);
        remote.arrived("old", start);
        remote.outdate();
        remote.asked(RequestId(2), &Positions::default(), start);
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
        remote.asked(RequestId(1), &Positions::default(), Instant::now());
        remote.asked(RequestId(2), &Positions::default(), Instant::now());
        assert!(!remote.awaits(RequestId(1)));
        assert!(remote.awaits(RequestId(2)));
    }

    #[test]
    fn what_is_forbidden_is_neither_kept_nor_asked_again_by_itself() {
        let now = Instant::now();
        let mut remote = Remote::default();
        remote.asked(RequestId(1), &Positions::default(), now);
        remote.arrived("secret", now);
        remote.failed_with(Error::forbidden("no longer shared"), now);
        assert_eq!(remote.data(), None);
        assert!(!remote.wants(now + Duration::from_secs(3_600)));
    }

    #[test]
    fn news_that_the_view_had_seen_are_none_and_say_that_the_data_is_what_the_service_has() {
        let start = Instant::now();
        let mut remote = Remote::default();
        remote.asked(RequestId(1), &Positions::default(), start);
        remote.answered("a", &at(5), start);
        let later = start + Duration::from_secs(9);
        remote.heard(&at(5), later);
        assert_eq!(remote.due(), Due::Never);
        assert_eq!(remote.age(later), Some(Duration::ZERO));
        remote.heard(&at(6), later);
        assert!(remote.wants(later));
    }

    #[test]
    fn news_that_come_while_it_is_asked_for_are_not_missed() {
        let start = Instant::now();
        let mut remote = Remote::default();
        remote.heard(&at(1), start);
        remote.asked(RequestId(1), &Positions::default(), start);
        remote.heard(&at(2), start);
        remote.answered("a", &at(1), start);
        assert!(remote.wants(start + BRISK));
    }

    #[test]
    fn what_stays_the_same_is_asked_for_more_and_more_rarely_and_a_change_makes_it_brisk_again() {
        let mut now = Instant::now();
        let mut remote = Remote::default();
        remote.asked(RequestId(0), &Positions::default(), now);
        remote.answered("a", &at(0), now);
        let mut pauses = Vec::new();
        for position in 1..8 {
            remote.heard(&at(position), now);
            let Due::At(due) = remote.due() else { panic!("{:?}", remote.due()) };
            pauses.push(due.saturating_duration_since(now).as_secs());
            now = due;
            remote.asked(RequestId(position), &Positions::default(), now);
            let found = if position == 7 { "b" } else { "a" };
            remote.answered(found, &at(position), now);
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 16, 16]);
        remote.heard(&at(9), now);
        assert_eq!(remote.due(), Due::At(now + BRISK));
    }

    #[test]
    fn what_nobody_looks_at_is_asked_for_once_a_minute_at_most_unless_i_changed_it_myself() {
        let now = Instant::now();
        let mut remote = Remote::default();
        remote.can_wait();
        remote.asked(RequestId(1), &Positions::default(), now);
        remote.answered("a", &at(1), now);
        remote.heard(&at(2), now);
        assert_eq!(remote.due(), Due::At(now + LEISURELY));
        remote.outdate();
        assert_eq!(remote.due(), Due::Now);
    }

    #[test]
    fn what_was_known_when_it_was_asked_for_is_no_news_whatever_the_view_claims_to_have_seen() {
        let now = Instant::now();
        let mut remote = Remote::default();
        remote.asked(RequestId(1), &at(5), now);
        remote.answered("a", &at(2), now);
        remote.heard(&at(5), now);
        assert_eq!(remote.due(), Due::Never);
        remote.heard(&at(6), now);
        assert_ne!(remote.due(), Due::Never);
    }

    #[test]
    fn another_history_is_news() {
        let now = Instant::now();
        let mut remote = Remote::default();
        remote.asked(RequestId(1), &Positions::default(), now);
        remote.answered("a", &at(5), now);
        remote.heard(&Positions::of(Service::Events, Position { epoch: Epoch([2; 16]), at: 1 }), now);
        assert!(remote.wants(now + BRISK));
    }
}
