//! The line to a service on which it tells that there is news: whether it answers, and how far it is.
//!
//! A line is asked again as soon as it was answered; without news a service answers after [`WAIT`]. That is also how a service is
//! known to be there while nobody asks it anything: one that hangs is noticed when that answer does not come.

use std::time::Duration;

use domain::{Error, Positions};
use tokio::time::Instant;

use super::effect::RequestId;

/// How long a service waits for news before it answers that there is none.
pub(crate) const WAIT: Duration = Duration::from_secs(4);
/// How much later the answer may come: a service that takes seconds for everything is slow, not away.
pub(crate) const GRACE: Duration = Duration::from_secs(4);
/// After news: others may do more, and each client need not hear of it one by one.
const AFTER_NEWS: Duration = Duration::from_secs(1);
/// After a first failure: a service that is merely started again is back by then, and nobody need know.
const FIRST_TRY: Duration = Duration::from_millis(300);
/// After further ones.
const BETWEEN_TRIES: Duration = Duration::from_secs(2);
/// After an answer that is neither news nor a service that is away: it is busy, or does not know what is asked.
const REFUSED: Duration = Duration::from_secs(5);

/// See the module.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    known: Positions,
    waiting: Option<(RequestId, Instant)>,
    /// When it is asked again.
    next: Option<Instant>,
    failures: u32,
    trouble: Option<Error>,
}

/// What an answer on a line means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// How far the service is may be news.
    Far,
    /// The same, and it had been away.
    Back,
    /// Nothing: the service is away.
    Away,
    /// It does not tell; what it has may have changed.
    Refused,
}

impl Line {
    /// How far the service is, as was last heard.
    pub(crate) const fn known(&self) -> &Positions {
        &self.known
    }

    /// Why the service is away, if it is.
    pub(crate) const fn trouble(&self) -> Option<&Error> {
        self.trouble.as_ref()
    }

    /// Whether it did not answer when it was last asked.
    pub(crate) const fn has_failed(&self) -> bool {
        self.failures > 0
    }

    /// When it wants to be asked; `None` while it is.
    pub(crate) fn due(&self, now: Instant) -> Option<Instant> {
        self.waiting.is_none().then(|| self.next.unwrap_or(now))
    }

    pub(crate) fn asked(&mut self, request: RequestId, now: Instant) {
        self.waiting = Some((request, now));
    }

    pub(crate) fn awaits(&self, request: RequestId) -> bool {
        self.waiting.is_some_and(|(current, _)| current == request)
    }

    /// It is asked at once, whatever happened.
    pub(crate) fn hurry(&mut self, now: Instant) {
        self.next = Some(now);
    }

    /// Takes in what came of asking.
    pub(crate) fn answered(&mut self, answer: Result<Positions, Error>, now: Instant) -> Said {
        let asked = self.waiting.take().map_or(now, |(_, since)| since);
        match answer {
            Ok(far) => {
                let news = far != self.known;
                self.known = far;
                self.next = Some(if news { now + AFTER_NEWS } else { now });
                if self.answers() { Said::Back } else { Said::Far }
            }
            Err(error @ (Error::Unavailable { .. } | Error::Deadline { .. })) => {
                self.failures = self.failures.saturating_add(1);
                // What took long to fail was waited for long enough.
                let quick = now.saturating_duration_since(asked) < WAIT;
                if self.failures == 1 && quick && self.trouble.is_none() {
                    self.next = Some(now + FIRST_TRY);
                } else {
                    self.trouble = Some(error);
                    self.next = Some(now + BETWEEN_TRIES);
                }
                Said::Away
            }
            Err(_) => {
                self.answers();
                self.next = Some(now + REFUSED);
                Said::Refused
            }
        }
    }

    /// The service answers, on this line or otherwise; whether it had been away.
    pub(crate) fn answers(&mut self) -> bool {
        self.failures = 0;
        self.trouble.take().is_some()
    }
}

#[cfg(test)]
mod tests {
    use domain::{Epoch, Position, Service};

    use super::*;

    fn at(position: u64) -> Positions {
        Positions::of(Service::Events, Position { epoch: Epoch([1; 16]), at: position })
    }

    fn gone() -> Error {
        Error::unavailable(Service::Events, "it is away")
    }

    #[test]
    fn without_news_it_is_asked_on_and_after_news_a_little_later() {
        let (mut line, now) = (Line::default(), Instant::now());
        assert_eq!(line.due(now), Some(now));
        line.asked(RequestId(1), now);
        assert_eq!(line.due(now), None);
        assert_eq!(line.answered(Ok(at(1)), now), Said::Far);
        assert_eq!(line.due(now), Some(now + AFTER_NEWS));
        line.asked(RequestId(2), now);
        line.answered(Ok(at(1)), now);
        assert_eq!(line.due(now), Some(now));
    }

    #[test]
    fn a_service_that_is_started_again_at_once_was_not_away() {
        let (mut line, now) = (Line::default(), Instant::now());
        line.asked(RequestId(1), now);
        assert_eq!(line.answered(Err(gone()), now), Said::Away);
        assert!(line.trouble().is_none());
        let soon = now + FIRST_TRY;
        line.asked(RequestId(2), soon);
        assert_eq!(line.answered(Ok(at(1)), soon), Said::Far);
    }

    #[test]
    fn a_service_that_stays_away_is_and_its_return_is_told() {
        let (mut line, now) = (Line::default(), Instant::now());
        for request in [1, 2] {
            line.asked(RequestId(request), now);
            assert_eq!(line.answered(Err(gone()), now), Said::Away);
        }
        assert_eq!(line.trouble(), Some(&gone()));
        line.asked(RequestId(3), now);
        assert_eq!(line.answered(Ok(at(1)), now), Said::Back);
        assert!(line.trouble().is_none());
    }

    #[test]
    fn a_service_that_hangs_is_away_once_the_answer_does_not_come() {
        let (mut line, now) = (Line::default(), Instant::now());
        line.asked(RequestId(1), now);
        let late = now + WAIT + GRACE;
        line.answered(Err(Error::Deadline { service: Service::Events }), late);
        assert!(line.trouble().is_some());
    }

    #[test]
    fn a_service_that_refuses_is_there_and_is_asked_more_rarely() {
        let (mut line, now) = (Line::default(), Instant::now());
        line.asked(RequestId(1), now);
        let busy = Error::RateLimited { reason: "busy".to_owned(), retry_after_ms: 200 };
        assert_eq!(line.answered(Err(busy), now), Said::Refused);
        assert!(line.trouble().is_none());
        assert_eq!(line.due(now), Some(now + REFUSED));
    }
}
