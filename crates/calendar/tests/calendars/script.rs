//! The log of another service, as a test writes it and lets it be heard of.

use std::time::Duration;

use domain::log::{Change, Changes, ReadChanges, Record};
use domain::{Answer, Epoch, Error, Position, Positions, Reply, Service};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

/// A log of which followers hear as much as was released.
pub struct Script<C> {
    service: Service,
    state: watch::Sender<State<C>>,
}

struct State<C> {
    written: Vec<C>,
    released: usize,
    away: bool,
}

impl<C: Change> Script<C> {
    pub fn new(service: Service) -> Self {
        Self { service, state: watch::Sender::new(State { written: Vec::new(), released: 0, away: false }) }
    }

    pub fn epoch(service: Service) -> Epoch {
        Epoch([service.number(); 16])
    }

    pub fn write(&self, change: C) {
        self.state.send_modify(|state| state.written.push(change));
    }

    pub fn write_and_release(&self, change: C) {
        self.write(change);
        self.release(usize::MAX);
    }

    /// Lets at most `more` further records be heard of; says whether there are any left.
    pub fn release(&self, more: usize) -> bool {
        self.state.send_modify(|state| state.released = state.released.saturating_add(more).min(state.written.len()));
        let state = self.state.borrow();
        state.released < state.written.len()
    }

    /// Goes away, or comes back.
    pub fn away(&self, away: bool) {
        self.state.send_modify(|state| state.away = away);
    }

    pub fn is_away(&self) -> bool {
        self.state.borrow().away
    }

    pub fn position(&self, at: usize) -> Position {
        Position { epoch: Self::epoch(self.service), at: at as u64 }
    }

    pub fn written(&self) -> Position {
        self.position(self.state.borrow().written.len())
    }

    pub fn released(&self) -> Position {
        self.position(self.state.borrow().released)
    }

    pub async fn changes(&self, request: ReadChanges) -> Answer<Changes<C>> {
        let until = Instant::now() + Duration::from_millis(u64::from(request.wait_ms));
        let mut watched = self.state.subscribe();
        // It has itself followed everything that there will ever be.
        let all = |service| (service, Position { epoch: Self::epoch(service), at: u64::MAX });
        let mut followed = Positions::default();
        self.service.follows().iter().map(|&service| all(service)).for_each(|(service, at)| followed.set(service, at));
        loop {
            let (records, watermark) = {
                let state = watched.borrow_and_update();
                if state.away {
                    return Err(Error::unavailable(self.service, "it is away"));
                }
                (records(&state.written[..state.released], &request), state.released as u64)
            };
            let late = Instant::now() >= until;
            if !records.is_empty() || followed != request.followed || late {
                let epoch = Self::epoch(self.service);
                return Ok(Reply::new(Changes::Records { epoch, records, watermark, followed }, Positions::default()));
            }
            let _ = timeout_at(until, watched.changed()).await;
        }
    }
}

fn records<C: Change>(released: &[C], request: &ReadChanges) -> Vec<Record<C>> {
    (1_u64..)
        .zip(released)
        .skip(usize::try_from(request.after.position).unwrap())
        .take(request.limit as usize)
        .map(|(position, change)| Record { position, digest: [0; 16], change: change.clone() })
        .collect()
}
