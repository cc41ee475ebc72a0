//! One connection of a channel: the calls under way on it, and the task that reads their answers.
//!
//! The table of calls and the place of each frame in the stream change together, under one lock, in this file only. When the
//! connection is lost, each call learns whether its request can have arrived.
//!
//! Calls also end at their deadlines here. One clock serves all of them: it is set anew only when a call's deadline comes before all others, so
//! a call usually pays nothing for it. (A clock for each was a sixth of what a call cost while many were under way.)

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use domain::{Answer, Codec, Context, Error, Protocol, Reply, Service, WireBody};
use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore, SemaphorePermit, oneshot};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::task::AbortOnDropHandle;

use super::ChannelOptions;
use crate::codec::{Bincode, with_scratch};
use crate::frame::{Arrival, FrameKind, FrameReader, ReplyHeader, RequestHeader, check_size, too_large};
use crate::ids::ById;
use crate::looks::Looks;
use crate::outbox::Outbox;
use crate::random;
use crate::stream::{BoxStream, ReadHalf, step_aside};

/// A connection, from the upgrade to the end. Dropping it closes it.
pub(super) struct Connection {
    shared: Arc<Shared>,
    max_frame: usize,
    _driver: AbortOnDropHandle<()>,
    _clock: AbortOnDropHandle<()>,
}

struct Shared {
    service: Service,
    outbox: Outbox,
    calls: Mutex<Calls>,
    /// A call has a deadline before all others.
    sooner: Notify,
    /// How many more calls may be under way. Those under way have taken their place out for good; whoever takes them off the table puts it
    /// back.
    places: Semaphore,
    max_in_flight: usize,
    /// The server takes no more calls here.
    draining: AtomicBool,
    /// It is lost, or takes no more calls: looked at without the lock, to choose among connections.
    takes_none: AtomicBool,
    /// Whether the last answers came several at once: whoever waited for them may call again at the same time.
    together: AtomicBool,
}

#[derive(Default)]
struct Calls {
    next_id: u64,
    lost: bool,
    under_way: ById<Call>,
    /// Before then none is overdue; `None` if nobody waits.
    none_overdue_until: Option<Instant>,
}

struct Call {
    /// `None` once the caller has gone: the place stays taken until the server has answered.
    caller: Option<oneshot::Sender<Outcome>>,
    /// Where its frame begins in the stream.
    begins: u64,
    deadline: Instant,
}

/// What became of a call.
enum Outcome {
    Reply(Bytes),
    Error(Bytes),
    TooLarge(usize),
    /// No answer had come by the call's deadline.
    Overdue,
    /// The connection is lost; whether any byte of the request had been handed over.
    Lost {
        sent: bool,
    },
}

/// Why not one byte of a request was sent.
pub(super) enum NotSent {
    /// The connection takes no calls any more.
    ConnectionGone,
    /// There was no place for another call within the deadline.
    NoPlace,
    /// The request cannot be sent at all.
    Refused(Error),
}

impl Connection {
    pub(super) fn start(service: Service, stream: BoxStream, already_read: &[u8], options: &ChannelOptions) -> Self {
        let (read, write) = stream.halves();
        let shared = Arc::new(Shared {
            service,
            outbox: Outbox::default(),
            calls: Mutex::default(),
            sooner: Notify::new(),
            places: Semaphore::new(options.max_in_flight.min(Semaphore::MAX_PERMITS)),
            max_in_flight: options.max_in_flight.min(Semaphore::MAX_PERMITS),
            draining: AtomicBool::new(false),
            takes_none: AtomicBool::new(false),
            together: AtomicBool::new(false),
        });
        let reader = FrameReader::new(read, already_read, options.max_frame);
        let writer = AbortOnDropHandle::new(tokio::spawn({
            let shared = Arc::clone(&shared);
            async move { shared.outbox.write_to(write).await }
        }));
        let driver = tokio::spawn(drive(Arc::clone(&shared), reader, writer, options.ping_after));
        let clock = tokio::spawn(keep_deadlines(Arc::clone(&shared)));
        let (driver, clock) = (AbortOnDropHandle::new(driver), AbortOnDropHandle::new(clock));
        Self { shared, max_frame: options.max_frame, _driver: driver, _clock: clock }
    }

    pub(super) fn takes_calls(&self) -> bool {
        !self.shared.takes_none.load(Ordering::Acquire)
    }

    pub(super) async fn call<P: Protocol>(
        &self,
        context: &Context,
        request: &P::Request,
    ) -> Result<Answer<P::Response>, NotSent> {
        let place = match self.shared.places.try_acquire() {
            Ok(place) => place,
            Err(_) => timeout_at(context.deadline, self.shared.places.acquire())
                .await
                .map_err(|_| NotSent::NoPlace)?
                .map_err(|_| NotSent::ConnectionGone)?,
        };
        let outbox = &self.shared.outbox;
        if !outbox.has_room() && timeout_at(context.deadline, outbox.room()).await.is_err() {
            return Err(NotSent::NoPlace);
        }
        let method = request.method();
        let (id, answer) = with_scratch(|payload| {
            Bincode.encode(&RequestHeader::new(method.number, context), payload).map_err(NotSent::Refused)?;
            request.encode(&Bincode, payload).map_err(NotSent::Refused)?;
            check_size(payload.len(), self.max_frame).map_err(NotSent::Refused)?;
            self.shared.send(payload, context.deadline, place)
        })?;
        let mut caller = Caller { shared: &self.shared, id, waits: true };
        let outcome = answer.await;
        caller.waits = false;
        Ok(match outcome {
            Ok(Outcome::Reply(payload)) => read_reply::<P>(method.number, &payload),
            Ok(Outcome::Error(payload)) => {
                Err(Bincode.decode(&payload).unwrap_or_else(|error| unreadable(P::SERVICE, &error)))
            }
            Ok(Outcome::TooLarge(length)) => Err(unreadable(P::SERVICE, &too_large(length, self.max_frame))),
            Ok(Outcome::Lost { sent: false }) => return Err(NotSent::ConnectionGone),
            Ok(Outcome::Overdue | Outcome::Lost { sent: true }) | Err(_) => {
                Err(Error::Deadline { service: P::SERVICE })
            }
        })
    }
}

impl Shared {
    /// Puts a call into the table and its frame into the outbox, as one.
    fn send(
        &self,
        payload: &[u8],
        deadline: Instant,
        place: SemaphorePermit<'_>,
    ) -> Result<(u64, oneshot::Receiver<Outcome>), NotSent> {
        let (sender, answer) = oneshot::channel();
        let mut calls = self.calls.lock();
        if calls.lost || self.draining.load(Ordering::Acquire) {
            return Err(NotSent::ConnectionGone);
        }
        calls.next_id += 1;
        let id = calls.next_id;
        let in_company = self.together.load(Ordering::Relaxed) || !calls.under_way.is_empty();
        let pushed = if in_company {
            self.outbox.push(FrameKind::Request, id, payload, true)
        } else {
            self.outbox.leave(FrameKind::Request, id, payload)
        };
        let begins = pushed.map_err(|_| NotSent::ConnectionGone)?;
        calls.under_way.insert(id, Call { caller: Some(sender), begins, deadline });
        let sooner = calls.none_overdue_until.is_none_or(|until| deadline < until);
        if sooner {
            calls.none_overdue_until = Some(deadline);
        }
        drop(calls);
        place.forget();
        if sooner {
            self.sooner.notify_one();
        }
        if !in_company {
            self.outbox.flush();
        }
        Ok((id, answer))
    }

    /// Handles an arrival and all that came with it, and gives how many were answers; an error ends the connection. If there were several,
    /// the outbox gathers what those ask next who were answered, and is to be flushed.
    fn arrived_together(
        &self,
        first: Arrival,
        reader: &mut FrameReader<ReadHalf>,
        answers: &mut Vec<(u64, Outcome)>,
    ) -> io::Result<usize> {
        let all = || {
            let mut next = Some(first);
            while let Some(arrival) = next {
                self.arrived(arrival, answers)?;
                next = reader.buffered()?;
            }
            Ok(())
        };
        let handled = all();
        let count = answers.len();
        self.together.store(count > 1, Ordering::Relaxed);
        if count > 1 {
            self.outbox.gather();
        }
        self.answer(answers);
        handled.map(|()| count)
    }

    /// Whether a single answer is waited for; or somebody who was answered alone has yet to run, and may call again.
    fn waits_for_one(&self, have_run: bool) -> bool {
        let under_way = self.max_in_flight.saturating_sub(self.places.available_permits());
        !self.together.load(Ordering::Relaxed) && (under_way == 1 || (under_way == 0 && !have_run))
    }

    /// Takes calls off the table, and tells their callers.
    fn answer(&self, answers: &mut Vec<(u64, Outcome)>) {
        let mut told = Vec::with_capacity(answers.len());
        {
            let mut calls = self.calls.lock();
            told.extend(answers.drain(..).filter_map(|(id, outcome)| Some((calls.under_way.remove(&id)?, outcome))));
        }
        self.places.add_permits(told.len());
        for (call, outcome) in told {
            // An answer to nobody is no fault: the caller may have gone in the meantime.
            if let Some(caller) = call.caller {
                let _ = caller.send(outcome);
            }
        }
    }

    fn arrived(&self, arrival: Arrival, answers: &mut Vec<(u64, Outcome)>) -> io::Result<()> {
        match arrival {
            Arrival::Frame { kind: FrameKind::Reply, id, payload } => answers.push((id, Outcome::Reply(payload))),
            Arrival::Frame { kind: FrameKind::Error, id, payload } => answers.push((id, Outcome::Error(payload))),
            Arrival::TooLarge { kind: FrameKind::Reply | FrameKind::Error, id, length } => {
                answers.push((id, Outcome::TooLarge(length)));
            }
            Arrival::Frame { kind: FrameKind::GoAway, payload, .. } => {
                self.draining.store(true, Ordering::Release);
                self.takes_none.store(true, Ordering::Release);
                let reason: String = Bincode.decode(&payload).unwrap_or_default();
                tracing::debug!(service = %self.service, reason, "the server takes no more calls on this connection");
            }
            Arrival::Frame { kind: FrameKind::Ping, id, .. } => {
                let _ = self.outbox.push(FrameKind::Pong, id, &[], false);
            }
            Arrival::Frame { kind: FrameKind::Pong, .. } => {}
            Arrival::Frame { kind: kind @ (FrameKind::Request | FrameKind::Cancel), .. }
            | Arrival::TooLarge { kind, .. } => {
                return Err(io::Error::new(io::ErrorKind::InvalidData, format!("a server sends no {kind:?}")));
            }
        }
        Ok(())
    }

    /// Ends the calls whose deadlines have passed, and gives the time before which no other one's does.
    fn end_overdue(&self, now: Instant) -> Option<Instant> {
        let mut overdue = Vec::new();
        let until = {
            let mut calls = self.calls.lock();
            let in_company = calls.under_way.len() > 1;
            if calls.none_overdue_until.is_none_or(|until| until <= now) {
                let mut until = None;
                for (id, call) in &mut calls.under_way {
                    if call.deadline <= now {
                        overdue.extend(call.caller.take().map(|caller| (*id, caller)));
                    } else if call.caller.is_some() {
                        until = Some(until.map_or(call.deadline, |until: Instant| until.min(call.deadline)));
                    }
                }
                calls.none_overdue_until = until;
            }
            for (id, _) in &overdue {
                let _ = self.outbox.push(FrameKind::Cancel, *id, &[], in_company);
            }
            calls.none_overdue_until
        };
        for (_, caller) in overdue {
            let _ = caller.send(Outcome::Overdue);
        }
        until
    }

    /// Tells every caller what became of their call. The writer has ended, so what was handed over is final.
    fn lose(&self) {
        let handed = self.outbox.handed();
        let lost = {
            let mut calls = self.calls.lock();
            calls.lost = true;
            std::mem::take(&mut calls.under_way)
        };
        self.takes_none.store(true, Ordering::Release);
        self.places.close();
        for call in lost.into_values() {
            if let Some(caller) = call.caller {
                let _ = caller.send(Outcome::Lost { sent: call.begins < handed });
            }
        }
    }
}

/// Reads until the connection is lost, however that comes about.
async fn drive(
    shared: Arc<Shared>,
    mut reader: FrameReader<ReadHalf>,
    mut writer: AbortOnDropHandle<io::Result<()>>,
    ping_after: Duration,
) {
    let mut asked_at = None;
    let mut answers = Vec::new();
    let mut looks = Looks::new();
    let reason = loop {
        let arrival = tokio::select! {
            arrival = looks.wait(timeout(ping_after, reader.next()), |have_run| shared.waits_for_one(have_run)) => arrival,
            written = &mut writer => break match written {
                Ok(Err(error)) => error.to_string(),
                Ok(Ok(())) | Err(_) => "closed".to_owned(),
            },
        };
        match arrival {
            Ok(Ok(Some(arrival))) => {
                asked_at = None;
                match shared.arrived_together(arrival, &mut reader, &mut answers) {
                    Ok(0 | 1) => {}
                    Ok(_) => {
                        // Before more is read, whoever was answered may call again.
                        step_aside().await;
                        shared.outbox.flush();
                    }
                    Err(error) => break error.to_string(),
                }
                if shared.draining.load(Ordering::Acquire) && shared.calls.lock().under_way.is_empty() {
                    break "drained".to_owned();
                }
            }
            Ok(Ok(None)) => break "closed by the server".to_owned(),
            Ok(Err(error)) => break error.to_string(),
            Err(_) if asked_at == Some(reader.received()) => break "the server does not answer".to_owned(),
            Err(_) => {
                asked_at = Some(reader.received());
                let _ = shared.outbox.push(FrameKind::Ping, 0, &[], false);
            }
        }
    };
    tracing::debug!(service = %shared.service, reason, "connection lost");
    shared.outbox.close();
    if !writer.is_finished() {
        writer.abort();
        let _ = writer.await;
    }
    shared.lose();
}

/// Ends calls at their deadlines, as long as the connection is held.
async fn keep_deadlines(shared: Arc<Shared>) {
    loop {
        match shared.end_overdue(Instant::now()) {
            Some(until) => {
                let _ = timeout_at(until, shared.sooner.notified()).await;
            }
            None => shared.sooner.notified().await,
        }
    }
}

/// A caller who waits. Dropped while waiting, it tells the server so.
struct Caller<'c> {
    shared: &'c Shared,
    id: u64,
    waits: bool,
}

impl Drop for Caller<'_> {
    fn drop(&mut self) {
        if !self.waits {
            return;
        }
        let mut calls = self.shared.calls.lock();
        let in_company = calls.under_way.len() > 1;
        if let Some(call) = calls.under_way.get_mut(&self.id)
            && call.caller.take().is_some()
        {
            let _ = self.shared.outbox.push(FrameKind::Cancel, self.id, &[], in_company);
        }
    }
}

fn read_reply<P: Protocol>(method: u16, payload: &[u8]) -> Answer<P::Response> {
    let read = || {
        let (header, body) = Bincode.decode_first::<ReplyHeader<'_>>(payload)?;
        let value = P::Response::decode(method, &Bincode, body)?;
        Ok(Reply { value, seen: header.seen.into_owned(), behind: header.behind.into_owned(), settled: header.settled })
    };
    read().map_err(|error: Error| unreadable(P::SERVICE, &error))
}

/// An answer came that means nothing here: a fault of ours, on one side or the other.
fn unreadable(service: Service, error: &Error) -> Error {
    let incident = random::incident();
    tracing::error!(%service, incident, %error, "an answer could not be read");
    Error::Internal { service, incident }
}
