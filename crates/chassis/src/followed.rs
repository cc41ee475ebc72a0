//! How far a service has followed the others, and waiting for it to be far enough.
//!
//! *Applied* is how far the effects of a log are in this database, long cascades included. *Told* is what a followed service last
//! said of how far it had itself applied the logs that it follows, before it gave us all it had; it counts once all that it gave
//! is applied here. From both comes what this service may claim: of auth, say, it has seen only what it applied itself *and* what
//! each service it follows had applied, since a row of theirs may be the effect of a row of auth's.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::{Position, Positions, Service};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

/// The state of all followers of one service.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    applied: Positions,
    told: BTreeMap<Service, Positions>,
    /// What was told with records whose effects are not all here yet, and the last of these records.
    telling: BTreeMap<Service, (Positions, u64)>,
    contact: BTreeMap<Service, bool>,
    stopped: BTreeMap<Service, String>,
}

/// The same, shared between followers, queries and the log.
pub(crate) struct Followed {
    service: Service,
    state: watch::Sender<State>,
}

impl State {
    /// How far this service has followed, as it may tell others.
    pub(crate) fn effective(&self, service: Service) -> Positions {
        let mut effective = Positions::default();
        for (source, applied) in self.applied.iter() {
            let between = service.follows().iter().filter(|middle| middle.follows().contains(&source));
            let mut told = between.map(|middle| self.told.get(middle).and_then(|told| told.get(source)));
            let least = told.try_fold(applied, |least, told| {
                let told = told.filter(|told| told.epoch == least.epoch)?;
                Some(if told.at < least.at { told } else { least })
            });
            effective.set(source, least.unwrap_or(Position { epoch: applied.epoch, at: 0 }));
        }
        effective
    }

    /// The followed services on which it depends that `seen` is not yet covered.
    pub(crate) fn missing(&self, service: Service, seen: &Positions) -> Vec<Service> {
        let covers = |known: Option<Position>, wanted: Position| {
            known.is_some_and(|known| known.epoch == wanted.epoch && known.at >= wanted.at)
        };
        let mut missing = Vec::new();
        for (source, wanted) in seen.iter().filter(|(_, wanted)| wanted.at > 0) {
            if !service.follows().contains(&source) {
                continue;
            }
            if !covers(self.applied.get(source), wanted) {
                missing.push(source);
            }
            for middle in service.follows().iter().filter(|middle| middle.follows().contains(&source)) {
                if !covers(self.told.get(middle).and_then(|told| told.get(source)), wanted) {
                    missing.push(*middle);
                }
            }
        }
        missing.sort_unstable();
        missing.dedup();
        missing
    }

    fn hopeless(&self, missing: &[Service]) -> bool {
        missing.iter().any(|service| self.contact.get(service) == Some(&false) || self.stopped.contains_key(service))
    }

    pub(crate) fn out_of_contact(&self, service: Service) -> Vec<Service> {
        let silent = |source: &&Service| self.contact.get(source) != Some(&true);
        service.follows().iter().filter(silent).copied().collect()
    }

    pub(crate) fn stopped(&self) -> Vec<String> {
        self.stopped.iter().map(|(source, why)| format!("following {source}: {why}")).collect()
    }

    /// What `source` told last, whether or not it counts already.
    pub(crate) fn told(&self, source: Service) -> Positions {
        let telling = self.telling.get(&source).map(|(told, _)| told);
        telling.or_else(|| self.told.get(&source)).cloned().unwrap_or_default()
    }

    /// Lets count what was told with records whose effects are all here; whether there was any.
    fn take_what_was_told(&mut self) -> bool {
        let applied = &self.applied;
        let counts = |source: Service, last: u64| last == 0 || applied.get(source).is_some_and(|at| at.at >= last);
        let ready: Vec<_> = self.telling.extract_if(.., |source, (_, last)| counts(*source, *last)).collect();
        let any = !ready.is_empty();
        self.told.extend(ready.into_iter().map(|(source, (told, _))| (source, told)));
        any
    }
}

impl Followed {
    pub(crate) fn new(service: Service) -> Self {
        Self { service, state: watch::Sender::new(State::default()) }
    }

    pub(crate) fn now(&self) -> State {
        self.state.borrow().clone()
    }

    pub(crate) fn effective(&self) -> Positions {
        self.state.borrow().effective(self.service)
    }

    pub(crate) fn watch(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    pub(crate) fn applied(&self, positions: &Positions) {
        self.state.send_if_modified(|state| {
            let before = state.applied.clone();
            // Several tasks report what their own transactions saw, not always in that order: none takes back another's.
            state.applied.merge(positions);
            state.take_what_was_told() || state.applied != before
        });
    }

    /// An answer came from `source`; with it `told` and the last of its records, if it gave all that it had.
    pub(crate) fn heard(&self, source: Service, told: Option<(Positions, u64)>) {
        self.state.send_if_modified(|state| {
            let silent = state.contact.insert(source, true) != Some(true);
            let resumed = state.stopped.remove(&source).is_some();
            state.telling.extend(told.map(|told| (source, told)));
            let before = state.told.get(&source).cloned();
            let news = state.take_what_was_told() && state.told.get(&source) != before.as_ref();
            silent || resumed || news
        });
    }

    pub(crate) fn lost(&self, source: Service) {
        self.state.send_if_modified(|state| state.contact.insert(source, false) != Some(false));
    }

    pub(crate) fn stop(&self, source: Service, why: String) {
        self.state.send_if_modified(|state| state.stopped.insert(source, why.clone()) != Some(why));
    }

    /// Waits until what was seen is covered here, but not beyond `within`, and not at all for a service that cannot be
    /// reached. Returns the services that are still missing.
    pub(crate) async fn catch_up(&self, seen: &Positions, within: Duration) -> Vec<Service> {
        let until = Instant::now() + within;
        let mut state = self.state.subscribe();
        loop {
            let missing = {
                let state = state.borrow_and_update();
                let missing = state.missing(self.service, seen);
                if missing.is_empty() || state.hopeless(&missing) {
                    return missing;
                }
                missing
            };
            if timeout_at(until, state.changed()).await.is_err() {
                return missing;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::Epoch;

    use super::*;

    fn at(at: u64) -> Position {
        Position { epoch: Epoch([1; 16]), at }
    }

    #[test]
    fn what_was_seen_of_events_is_covered_only_when_invitations_has_followed_as_far() {
        let followed = Followed::new(Service::Calendar);
        let seen = Positions::of(Service::Events, at(9));
        followed.applied(&Positions::of(Service::Events, at(9)));
        assert_eq!(followed.now().missing(Service::Calendar, &seen), [Service::Invitations]);
        followed.heard(Service::Invitations, Some((Positions::of(Service::Events, at(8)), 0)));
        assert_eq!(followed.now().missing(Service::Calendar, &seen), [Service::Invitations]);
        assert_eq!(followed.effective().get(Service::Events), Some(at(8)));
        followed.heard(Service::Invitations, Some((Positions::of(Service::Events, at(9)), 0)));
        assert!(followed.now().missing(Service::Calendar, &seen).is_empty());
        assert_eq!(followed.effective().get(Service::Events), Some(at(9)));
    }

    #[test]
    fn what_was_told_counts_once_the_long_cascades_of_what_came_with_it_are_done() {
        let followed = Followed::new(Service::Calendar);
        let seen = Positions::of(Service::Auth, at(9));
        followed.applied(&Positions::of(Service::Auth, at(9)));
        for (service, last) in [(Service::Events, 20), (Service::Invitations, 0), (Service::Sharing, 0)] {
            followed.heard(service, Some((Positions::of(Service::Auth, at(9)), last)));
        }
        followed.applied(&Positions::of(Service::Events, at(19)));
        assert_eq!(followed.now().missing(Service::Calendar, &seen), [Service::Events]);
        assert_eq!(followed.now().told(Service::Events), Positions::of(Service::Auth, at(9)), "it is not told again");
        followed.applied(&Positions::of(Service::Events, at(20)));
        assert!(followed.now().missing(Service::Calendar, &seen).is_empty());
    }

    #[test]
    fn a_report_that_comes_late_takes_nothing_back() {
        let followed = Followed::new(Service::Sharing);
        followed.applied(&Positions::of(Service::Auth, at(9)));
        followed.applied(&Positions::of(Service::Auth, at(8)));
        assert_eq!(followed.effective().get(Service::Auth), Some(at(9)));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_a_service_that_is_away() {
        let followed = Followed::new(Service::Sharing);
        let seen = Positions::of(Service::Auth, at(1));
        followed.lost(Service::Auth);
        let before = Instant::now();
        assert_eq!(followed.catch_up(&seen, Duration::from_secs(60)).await, [Service::Auth]);
        assert_eq!(before.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_query_waits_until_the_follower_has_caught_up() {
        let followed = Followed::new(Service::Sharing);
        let seen = Positions::of(Service::Auth, at(3));
        let waiting = followed.catch_up(&seen, Duration::from_secs(60));
        let following = async { followed.applied(&Positions::of(Service::Auth, at(3))) };
        let (missing, ()) = tokio::join!(waiting, following);
        assert!(missing.is_empty());
    }
}
