//! What is waited for: which services are listened to, which of them are away, and when something is to be done although nothing
//! happens.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::{Error, Service};
use tokio::time::Instant;

use super::{Model, Screen};
use crate::app::ask::Query;
use crate::app::line::Line;
use crate::app::remote::{Due, SLOW};
use crate::app::update::POLL;

impl Model {
    /// What the panes of the screen show, as questions: only their trouble, and that they are waited for, is said.
    pub(crate) fn shown(&self) -> Vec<Query> {
        let in_panes = |query: &Query| match query {
            Query::Inbox { .. } | Query::Pending => matches!(self.screen(), Screen::Invitations(_)),
            Query::Shares => matches!(self.screen(), Screen::People(_)),
            Query::Stretch { .. }
            | Query::MyAnswer { .. }
            | Query::Apart { .. }
            | Query::Mine(_)
            | Query::Answers
            | Query::Names(_) => false,
            Query::Event(_) | Query::Instance { .. } => {
                matches!(self.screen(), Screen::Event(page) if page.question() == *query)
            }
            Query::Entries { .. } | Query::Public { .. } | Query::Participants { .. } | Query::Health(_) => true,
        };
        self.visible().into_iter().filter(in_panes).collect()
    }

    /// The services to which there is to be a line: those whose answers are on the screen or told of in passing.
    pub(crate) fn watched(&self) -> BTreeSet<Service> {
        let asked = self.visible().into_iter().filter(|query| !matches!(query, Query::Health(_)));
        asked.map(|query| query.service()).filter(|service| *service != Service::Auth).collect()
    }

    /// Why what answers a question is not to be had, or may be old: it failed, or its service is away.
    pub(crate) fn trouble(&self, query: &Query) -> Option<&Error> {
        let failed = self.remote(query).and_then(|remote| remote.failed());
        let line = self.lines.get(&query.service()).filter(|_| !matches!(query, Query::Health(_)));
        failed.or_else(|| line.and_then(Line::trouble))
    }

    /// Whether there is something on the screen that could be asked for again.
    pub(crate) fn can_retry(&self) -> bool {
        let health = Service::ALL.map(Query::Health).into_iter().filter(|_| self.polls());
        self.shown().into_iter().chain(health).any(|query| self.trouble(&query).is_some())
    }

    /// When the client should be woken although nothing happens: `None` for never.
    pub(crate) fn wake_in(&self) -> Option<Duration> {
        self.wake_at().map(|at| at.saturating_duration_since(self.now.instant))
    }

    /// When the next reminder is due.
    fn reminds_at(&self) -> Option<Instant> {
        let wall = self.now.wall.as_micros();
        let coming = self.coming_as_known()?;
        let rings = self.entries(&coming).flat_map(|item| &item.rings).map(|at| at.saturating_mul(1_000_000));
        let next = rings.filter(|at| *at > wall).min()?;
        self.now.instant.checked_add(Duration::from_micros(u64::try_from(next.saturating_sub(wall)).ok()?))
    }

    fn wake_at(&self) -> Option<Instant> {
        let now = self.now.instant;
        let mut times: Vec<Instant> = Vec::new();
        times.extend(self.toasts.until());
        for sending in self.sending.values() {
            times.extend(sending.again_at);
            times.push(sending.since + SLOW);
        }
        let visible = self.visible();
        for remote in visible.iter().filter_map(|query| self.remote(query)) {
            times.extend(remote.slow_at());
            if let Due::At(at) = remote.due() {
                times.push(at);
            }
        }
        for service in self.watched() {
            times.extend(self.lines.get(&service).and_then(|line| line.due(now)));
        }
        times.extend(self.reminds_at());
        if self.polls() {
            times.extend(self.polled.map(|at| at + POLL));
        }
        // What was due was done just before; what was called slow stays so.
        let next = times.into_iter().filter(|at| *at > now).min();
        // An age that is shown grows.
        let ages = self.can_retry().then(|| now + Duration::from_secs(1));
        let midnight = self.kept.session.is_some().then(|| now + Duration::from_secs(60));
        [next, ages, midnight].into_iter().flatten().min()
    }
}
