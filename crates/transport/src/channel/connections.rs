//! The connections of a channel: which of them a call takes, and when they are made.
//!
//! A call takes the connection for whose answers the fewest wait, and the first of these. Of many calls at once, those answered together over
//! one connection so ask again over that one, or nearly all do, and share its next write. One call after the other takes the first.
//!
//! A call waits until a connection is made only where there is no other. Where there is, further ones are made meanwhile, and after one that could
//! not be made, none is tried in that place for a while.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use domain::Service;
use parking_lot::Mutex;
use tokio::time::{Instant, timeout_at};

use super::ChannelOptions;
use super::connection::Connection;
use crate::handshake;
use crate::stream::Connect;

/// So long after a failure no connection is made that nobody waits for.
const REST: Duration = Duration::from_secs(1);

pub(super) struct Connections {
    service: Service,
    connector: Arc<dyn Connect>,
    places: Box<[Place]>,
    options: ChannelOptions,
}

/// The place of one connection.
#[derive(Default)]
struct Place {
    current: ArcSwapOption<Connection>,
    /// How many calls wait for an answer that comes over it.
    waiting: AtomicUsize,
    /// Held while connecting, so that a thousand calls make one connection.
    connecting: tokio::sync::Mutex<()>,
    /// How many attempts have failed, and how the last one did: those who waited for it share its failure.
    failures: AtomicU64,
    last_failure: Mutex<Option<Failure>>,
}

struct Failure {
    reason: String,
    at: Instant,
}

/// A connection that a call takes, and counts as waiting for until this is dropped.
pub(super) struct Taken<'c> {
    pub(super) connection: Arc<Connection>,
    waits: Waits<'c>,
}

impl Taken<'_> {
    /// Which place it is in.
    pub(super) const fn place(&self) -> usize {
        self.waits.number
    }
}

/// A call that waits for an answer, or for a connection.
struct Waits<'c> {
    place: &'c Place,
    number: usize,
}

impl<'c> Waits<'c> {
    fn at((number, place): (usize, &'c Place)) -> Self {
        place.waiting.fetch_add(1, Ordering::Relaxed);
        Self { place, number }
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.place.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Connections {
    pub(super) fn new(service: Service, connector: Arc<dyn Connect>, options: ChannelOptions) -> Self {
        let places = (0..options.connections.max(1)).map(|_| Place::default()).collect();
        Self { service, connector, places, options }
    }

    pub(super) fn target(&self) -> &str {
        self.connector.target()
    }

    /// A connection that takes calls, in another place than `gone` if there is one.
    ///
    /// # Errors
    /// Why there is none. Not one byte of any call was sent.
    pub(super) async fn take(self: &Arc<Self>, gone: Option<usize>, deadline: Instant) -> Result<Taken<'_>, String> {
        let least_asked =
            self.places().filter(|(number, _)| Some(*number) != gone).min_by_key(|(_, place)| place.waiting());
        let Some(least_asked) = least_asked.or_else(|| self.places().next()) else {
            return Err("the channel has no connections".to_owned());
        };
        let (number, place) = least_asked;
        if let Some(connection) = place.usable() {
            return Ok(Taken { connection, waits: Waits::at(least_asked) });
        }
        if let Some(taken) = self.take_usable(gone) {
            if place.may_be_tried() {
                let all = Arc::clone(self);
                tokio::spawn(async move { all.connect_meanwhile(number).await });
            }
            return Ok(taken);
        }
        let waits = Waits::at(least_asked);
        match self.connected(place, deadline).await {
            Ok(connection) => Ok(Taken { connection, waits }),
            Err(reason) if Instant::now() < deadline => self.take_usable(gone).ok_or(reason),
            Err(reason) => Err(reason),
        }
    }

    fn places(&self) -> impl Iterator<Item = (usize, &Place)> {
        self.places.iter().enumerate()
    }

    /// Of the connections there are, the one for which the fewest wait.
    fn take_usable(&self, gone: Option<usize>) -> Option<Taken<'_>> {
        let others = self.places().filter(|(number, _)| Some(*number) != gone);
        let usable = others.filter_map(|(number, place)| Some((number, place, place.usable()?)));
        let (number, place, connection) = usable.min_by_key(|(_, place, _)| place.waiting())?;
        Some(Taken { connection, waits: Waits::at((number, place)) })
    }

    /// The connection in `place`, which is made if there is none.
    async fn connected(&self, place: &Place, deadline: Instant) -> Result<Arc<Connection>, String> {
        let failures_before = place.failures.load(Ordering::Acquire);
        let Ok(_connecting) = timeout_at(deadline, place.connecting.lock()).await else {
            return Err(format!("no connection to {} in time", self.target()));
        };
        if let Some(connection) = place.usable() {
            return Ok(connection);
        }
        if place.failures.load(Ordering::Acquire) != failures_before
            && let Some(failure) = &*place.last_failure.lock()
        {
            return Err(failure.reason.clone());
        }
        self.fill(place, deadline).await
    }

    /// Makes a connection that nobody waits for, unless somebody else is about to.
    async fn connect_meanwhile(&self, number: usize) {
        let Some(place) = self.places.get(number) else { return };
        let Ok(_connecting) = place.connecting.try_lock() else { return };
        if place.usable().is_none() {
            // Its failure is noted.
            let _ = self.fill(place, Instant::now() + self.options.connect_timeout).await;
        }
    }

    /// Makes a connection and puts it into `place`, or notes why not. Whoever calls holds the place's lock.
    async fn fill(&self, place: &Place, deadline: Instant) -> Result<Arc<Connection>, String> {
        match self.connect(deadline).await {
            Ok(connection) => {
                let connection = Arc::new(connection);
                place.current.store(Some(Arc::clone(&connection)));
                Ok(connection)
            }
            Err(reason) => {
                *place.last_failure.lock() = Some(Failure { reason: reason.clone(), at: Instant::now() });
                place.failures.fetch_add(1, Ordering::Release);
                Err(reason)
            }
        }
    }

    async fn connect(&self, deadline: Instant) -> Result<Connection, String> {
        let target = self.target();
        let until = deadline.min(Instant::now() + self.options.connect_timeout);
        let attempt = async {
            let stream =
                self.connector.connect().await.map_err(|error| format!("cannot connect to {target}: {error}"))?;
            let upgraded = handshake::upgrade(stream, self.service, self.options.protocol_version, target).await;
            upgraded.map_err(|refused| refused.told(target, |error| self.connector.explain(error)))
        };
        let (stream, already_read) =
            timeout_at(until, attempt).await.map_err(|_| format!("no connection to {target} in time"))??;
        Ok(Connection::start(self.service, stream, &already_read, &self.options))
    }
}

impl Place {
    fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    fn usable(&self) -> Option<Arc<Connection>> {
        let current = self.current.load();
        current.as_ref().filter(|connection| connection.takes_calls()).map(Arc::clone)
    }

    /// Whether a connection may be made that nobody waits for.
    fn may_be_tried(&self) -> bool {
        let rests = self.last_failure.lock().as_ref().is_some_and(|failure| failure.at.elapsed() < REST);
        !rests && self.connecting.try_lock().is_ok()
    }
}
