//! How far a service has followed the others, and waiting for it to be far enough.
//!
//! *Applied* is how far the effects of a log are in this database, long cascades included. *Told* is what a followed service last
//! said of how far it had itself applied the logs that it follows, before it gave us all it had; it counts once all that it gave
//! is applied here. From both comes what this service may claim: of auth, say, it has seen only what it applied itself *and* what
//! each service it follows had applied, since a row of theirs may be the effect of a row of auth's.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::{Epoch, Position, Positions, Service};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

/// The state of all followers of one service.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    applied: Positions,
    told: BTreeMap<Service, Positions>,
    /// What was told with records whose effects are not all here yet, and the last of these records.
    telling: BTreeMap<Service, (Positions, u64)>,
    contact: BTreeMap<Service, Contact>,
    stopped: BTreeMap<Service, String>,
    /// Why a long cascade does not go on, if one does not.
    stuck: Option<String>,
    /// The sources to another history of which this service is going over.
    resynchronizing: BTreeSet<Service>,
    /// Histories that were followed and are no more: nobody waits for what was seen of them.
    past: BTreeSet<(Service, Epoch)>,
}

/// Whether a followed service answers. One that was never asked is not in the map: it may just be starting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Contact {
    Answers,
    SilentSince(Instant),
}

/// How long a followed service may be silent (as it starts again, say) until nobody waits for it any more.
const GIVEN_UP: Duration = Duration::from_millis(600);

/// The same, shared between followers, queries and the log.
pub(crate) struct Followed {
    service: Service,
    state: watch::Sender<State>,
}

impl State {
    /// How far the effects of each followed log are in this database.
    pub(crate) const fn applied(&self) -> &Positions {
        &self.applied
    }

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
        let covers = |known: Option<Position>, wanted: Position| known.is_some_and(|known| known.covers(wanted));
        let mut missing = Vec::new();
        for (source, wanted) in seen.iter().filter(|(_, wanted)| wanted.at > 0) {
            if !service.follows().contains(&source) || self.past.contains(&(source, wanted.epoch)) {
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

    /// When waiting for these services has no more sense; `None` while all of them answer.
    fn hopeless_from(&self, missing: &[Service]) -> Option<Instant> {
        let from = |service: &Service| match (self.stopped.contains_key(service), self.contact.get(service)) {
            (true, _) => Some(Instant::now()),
            (false, Some(Contact::SilentSince(since))) => Some(*since + GIVEN_UP),
            (false, Some(Contact::Answers) | None) => None,
        };
        missing.iter().filter_map(from).min()
    }

    pub(crate) fn out_of_contact(&self, service: Service) -> Vec<Service> {
        let silent = |source: &&Service| self.contact.get(source) != Some(&Contact::Answers);
        service.follows().iter().filter(silent).copied().collect()
    }

    /// The followed services that do not answer, or to another history of which this one is going over.
    pub(crate) fn out_of_step(&self, service: Service) -> Vec<Service> {
        service.follows().iter().copied().filter(|source| !self.is_in_step(*source)).collect()
    }

    /// Whether the source answers, and tells the history that is followed.
    pub(crate) fn is_in_step(&self, source: Service) -> bool {
        self.contact.get(&source) == Some(&Contact::Answers) && !self.resynchronizing.contains(&source)
    }

    pub(crate) fn has_stopped(&self, source: Service) -> bool {
        self.stopped.contains_key(&source)
    }

    pub(crate) const fn is_stuck(&self) -> bool {
        self.stuck.is_some()
    }

    pub(crate) fn stopped(&self) -> Vec<String> {
        let followers = self.stopped.iter().map(|(source, why)| format!("following {source}: {why}"));
        followers.chain(self.stuck.iter().map(|why| format!("a cascade cannot go on: {why}"))).collect()
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
            for (source, position) in positions.iter().filter(|(of, at)| !state.past.contains(&(*of, at.epoch))) {
                state.applied.advance(source, position);
            }
            state.take_what_was_told() || state.applied != before
        });
    }

    /// An answer came from `source`; with it `told` and the last of its records, if it gave all that it had.
    pub(crate) fn heard(&self, source: Service, told: Option<(Positions, u64)>) {
        self.state.send_if_modified(|state| {
            let silent = state.contact.insert(source, Contact::Answers) != Some(Contact::Answers);
            let resumed = state.stopped.remove(&source).is_some();
            state.telling.extend(told.map(|told| (source, told)));
            let before = state.told.get(&source).cloned();
            let news = state.take_what_was_told() && state.told.get(&source) != before.as_ref();
            silent || resumed || news
        });
    }

    pub(crate) fn lost(&self, source: Service) {
        self.state.send_if_modified(|state| {
            let silent = matches!(state.contact.get(&source), Some(Contact::SilentSince(_)));
            if !silent {
                state.contact.insert(source, Contact::SilentSince(Instant::now()));
            }
            !silent
        });
    }

    /// The follower of `source` has stopped, and why; whether that is news.
    pub(crate) fn stop(&self, source: Service, why: String) -> bool {
        self.state.send_if_modified(|state| state.stopped.insert(source, why.clone()) != Some(why))
    }

    /// An answer came from `source`, of which nothing more is to be said.
    pub(crate) fn reached(&self, source: Service) {
        self.state.send_if_modified(|state| state.contact.insert(source, Contact::Answers) != Some(Contact::Answers));
    }

    /// The histories of `source` that were left.
    pub(crate) fn past(&self, source: Service, past: &[Epoch]) {
        self.state.send_if_modified(|state| {
            let known = state.past.extract_if(.., |(of, _)| *of == source).map(|(_, epoch)| epoch);
            let news = known.collect::<BTreeSet<_>>() != past.iter().copied().collect();
            state.past.extend(past.iter().map(|epoch| (source, *epoch)));
            news
        });
    }

    /// This service goes over to another history of `source`: what it told of others belongs to the old one.
    pub(crate) fn resynchronizes(&self, source: Service) {
        self.state.send_if_modified(|state| {
            state.told.remove(&source);
            state.telling.remove(&source);
            state.resynchronizing.insert(source)
        });
    }

    /// It has gone over.
    pub(crate) fn resynchronized(&self, source: Service) {
        self.state.send_if_modified(|state| state.resynchronizing.remove(&source));
    }

    /// A long cascade does not go on, and why; or it does.
    pub(crate) fn stuck(&self, why: Option<&str>) {
        self.state.send_if_modified(|state| {
            let news = state.stuck.as_deref() != why;
            state.stuck = why.map(str::to_owned);
            news
        });
    }

    /// Waits until something was heard of the log of `source` up to `wanted`, or that it tells another history, but not beyond
    /// `within`. Also while the source cannot be reached: it may just be starting, as this service may.
    pub(crate) async fn hear(&self, source: Service, wanted: Position, within: Duration) {
        let mut state = self.state.subscribe();
        let heard = state.wait_for(|state| {
            let applied = state.applied.get(source);
            applied.is_some_and(|known| known.covers(wanted) || known.epoch != wanted.epoch && state.is_in_step(source))
        });
        // Whether it was heard or not is seen by whoever looks next.
        let _ = tokio::time::timeout(within, heard).await;
    }

    /// Waits until what was seen is covered here, but not beyond `within`, and not at all for a service that cannot be
    /// reached. Returns the services that are still missing.
    pub(crate) async fn catch_up(&self, seen: &Positions, within: Duration) -> Vec<Service> {
        let until = Instant::now() + within;
        let mut state = self.state.subscribe();
        loop {
            let (missing, until) = {
                let state = state.borrow_and_update();
                let missing = state.missing(self.service, seen);
                let until = state.hopeless_from(&missing).map_or(until, |hopeless| until.min(hopeless));
                (missing, until)
            };
            if missing.is_empty() || timeout_at(until, state.changed()).await.is_err() {
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
    async fn nobody_waits_for_a_service_that_is_away_but_for_a_moment_in_which_it_may_be_starting() {
        let followed = Followed::new(Service::Sharing);
        let seen = Positions::of(Service::Auth, at(1));
        followed.lost(Service::Auth);
        for waited in [GIVEN_UP, Duration::ZERO] {
            let before = Instant::now();
            assert_eq!(followed.catch_up(&seen, Duration::from_secs(60)).await, [Service::Auth]);
            assert_eq!(before.elapsed(), waited);
            followed.lost(Service::Auth);
        }
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
