//! Figures about a running service, for whoever watches over it: its database, its log, and how far it is behind those it follows.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::Service;
use parking_lot::Mutex;
use storage::Stats;
use tokio::time::Instant;

use crate::Chassis;

/// How a service is, in figures.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    /// Of its database.
    pub database: Stats,
    /// Whether its database takes nothing more.
    pub failed: bool,
    /// The last durable position of its log.
    pub position: u64,
    /// Of each service that it follows.
    pub following: Vec<Following>,
    /// Whether the effects of a change cannot be worked off.
    pub cascade_stuck: bool,
}

/// How the following of one service is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Following {
    /// Who is followed.
    pub source: Service,
    /// How many records of its log are known of and not taken over yet. What it has made while it was out of contact is not known of.
    pub lag_records: u64,
    /// How long ago this service had all of its log; zero while it has.
    pub lag: Duration,
    /// Whether it answers.
    pub connected: bool,
    /// Whether following has stopped at something that an operator must look at.
    pub stopped: bool,
}

impl Chassis {
    /// How this service is, in figures.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let state = self.followed.now();
        let away = state.out_of_contact(self.service());
        let following = self.service().follows().iter().map(|&source| {
            let (connected, stopped) = (!away.contains(&source), state.has_stopped(source));
            let (lag_records, lag) = self.lags.of(source, connected && !stopped);
            Following { source, lag_records, lag, connected, stopped }
        });
        Figures {
            database: self.db().stats(),
            failed: matches!(self.db().health(), Err(error) if !matches!(error, storage::Error::Closed)),
            position: self.db().durable_position(),
            following: following.collect(),
            cascade_stuck: state.is_stuck(),
        }
    }
}

/// How far each followed log is known to reach, and how much of it was taken over.
pub(crate) struct Lags {
    since: Instant,
    sources: Mutex<BTreeMap<Service, Lag>>,
}

#[derive(Clone, Copy)]
struct Lag {
    taken_over: u64,
    watermark: u64,
    /// When all of the log was here last.
    whole_at: Option<Instant>,
    in_contact: bool,
}

impl Lags {
    pub(crate) fn new() -> Self {
        Self { since: Instant::now(), sources: Mutex::default() }
    }

    /// The log of `source` reaches to `watermark`, and was taken over to `taken_over`.
    pub(crate) fn note(&self, source: Service, taken_over: u64, watermark: u64) {
        let mut sources = self.sources.lock();
        let lag = sources.entry(source).or_insert(Lag { taken_over, watermark, whole_at: None, in_contact: true });
        (lag.taken_over, lag.watermark, lag.in_contact) = (taken_over, watermark, true);
        if taken_over >= watermark {
            lag.whole_at = Some(Instant::now());
        }
    }

    /// The source does not answer any more: until now it would have told of news.
    pub(crate) fn lost(&self, source: Service) {
        if let Some(lag) = self.sources.lock().get_mut(&source)
            && std::mem::replace(&mut lag.in_contact, false)
            && lag.taken_over >= lag.watermark
        {
            lag.whole_at = Some(Instant::now());
        }
    }

    fn of(&self, source: Service, follows: bool) -> (u64, Duration) {
        let lag = self.sources.lock().get(&source).copied();
        let records = lag.map_or(0, |lag| lag.watermark.saturating_sub(lag.taken_over));
        // It is told of news at once, as long as it is in contact.
        if follows && lag.is_some() && records == 0 {
            return (0, Duration::ZERO);
        }
        (records, lag.and_then(|lag| lag.whole_at).unwrap_or(self.since).elapsed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn the_lag_in_seconds_grows_while_something_is_missing_and_is_nothing_once_all_is_here() {
        let lags = Lags::new();
        tokio::time::advance(STEP).await;
        assert_eq!(lags.of(Service::Auth, true), (0, STEP), "nothing was heard since the start");
        lags.note(Service::Auth, 5, 5);
        tokio::time::advance(STEP).await;
        assert_eq!(lags.of(Service::Auth, true), (0, Duration::ZERO), "it waits for news");
        lags.note(Service::Auth, 5, 8);
        tokio::time::advance(STEP).await;
        assert_eq!(lags.of(Service::Auth, true), (3, STEP + STEP));
        lags.note(Service::Auth, 8, 8);
        assert_eq!(lags.of(Service::Auth, true), (0, Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn a_source_out_of_contact_may_have_news_since_it_was_lost() {
        let lags = Lags::new();
        lags.note(Service::Auth, 5, 5);
        tokio::time::advance(STEP).await;
        for _ in 0..2 {
            lags.lost(Service::Auth);
            tokio::time::advance(STEP).await;
        }
        assert_eq!(lags.of(Service::Auth, false), (0, STEP + STEP));
    }
}
