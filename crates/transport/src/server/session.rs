//! One upgraded connection: reads calls, runs them, sends what becomes of them. A call begins where it was read, and goes on in a task of
//! its own if it must wait for something.
//!
//! A call's task ends early when its caller cancels it or the connection is lost: it is dropped at its next await point. What it had
//! already handed to the storage is still committed, so a command so cancelled has an unknown outcome, which its caller is told;
//! the idempotency key makes sending it again safe. Whatever ends a task, even a panic, its caller gets an answer.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use domain::{Actor, Answer, Codec, Context, Credential, Error, Protocol, Stub, WireBody};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::task::AbortOnDropHandle;

use super::beginning::{Beginning, put_answer, put_error, told_as_incident};
use super::{Caller, Shared};
use crate::codec::{Bincode, with_scratch};
use crate::frame::{Arrival, FrameKind, FrameReader, RequestHeader, too_large};
use crate::ids::ById;
use crate::looks::Looks;
use crate::outbox::Outbox;
use crate::stream::{BoxStream, ReadHalf};

/// How long the last answers of a connection may take to be written.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How long a drained connection stays open for its client to close it. A request that crosses the go-away is refused as certainly not
/// executed in that time, instead of being lost.
const LINGER: Duration = Duration::from_millis(500);

struct Session<P: Protocol> {
    stub: Arc<dyn Stub<P>>,
    caller: Caller,
    outbox: Outbox,
    /// The calls that go on in tasks of their own.
    under_way: Mutex<ById<AbortHandle>>,
    /// No call is under way any more.
    quiet: Notify,
    max_in_flight: usize,
    max_request: usize,
    max_frame: usize,
    max_deadline: Duration,
}

/// Serves calls until the client goes, the stream fails, or the server has drained.
pub(super) async fn run<P: Protocol>(shared: &Shared<P>, stream: BoxStream, already_read: &[u8], caller: Caller) {
    let (read, write) = stream.halves();
    let session = Arc::new(Session {
        stub: Arc::clone(&shared.stub),
        caller,
        outbox: Outbox::default(),
        under_way: Mutex::default(),
        quiet: Notify::new(),
        max_in_flight: shared.options.max_in_flight,
        max_request: shared.options.max_request,
        max_frame: shared.options.max_frame,
        max_deadline: shared.options.max_deadline,
    });
    let _abort_calls = AbortCalls(Arc::clone(&session));
    let mut reader = FrameReader::new(read, already_read, shared.options.max_request);
    let mut writer = AbortOnDropHandle::new(tokio::spawn({
        let session = Arc::clone(&session);
        async move { session.outbox.write_to(write).await }
    }));

    let mut beginning = Beginning::new(shared.options.max_frame);
    let mut draining = false;
    let mut lingering_until = None;
    // Half of the time that a client may be silent is for asking, the other half for its answer.
    let patience = shared.options.idle_timeout / 2;
    let mut asked_at = None;
    let mut looks = Looks::new();
    // Whether the last call came alone and was answered: the next may come at once.
    let mut alone = false;
    let failure: Option<String> = loop {
        if draining && lingering_until.is_none() && session.under_way.lock().is_empty() {
            lingering_until = Some(Instant::now() + LINGER);
        }
        let next = async {
            // Who does not read the answers is not asked for more questions.
            session.outbox.room().await;
            timeout_at(lingering_until.unwrap_or(Instant::now() + patience), reader.next()).await
        };
        let arrival = tokio::select! {
            arrival = looks.wait(next, |_| alone) => arrival,
            () = session.quiet.notified(), if draining => continue,
            () = shared.draining.cancelled(), if !draining => {
                draining = true;
                session.go_away("the service is shutting down");
                continue;
            }
            written = &mut writer => {
                let why = match written {
                    Ok(Err(error)) => error.to_string(),
                    Ok(Ok(())) | Err(_) => "closed".to_owned(),
                };
                tracing::debug!(service = %P::SERVICE, why, "connection lost");
                return;
            }
        };
        match arrival {
            Ok(Ok(Some(arrival))) => match session.arrived_together(arrival, &mut reader, &mut beginning, draining) {
                Ok(count) => alone = count == 1 && session.under_way.lock().is_empty(),
                Err(error) => break Some(error.to_string()),
            },
            Ok(Ok(None)) => return,
            Ok(Err(error)) if error.kind() == io::ErrorKind::InvalidData => break Some(error.to_string()),
            Ok(Err(error)) => {
                tracing::debug!(service = %P::SERVICE, %error, "connection lost");
                return;
            }
            Err(_) if lingering_until.is_some() => break None,
            Err(_) if asked_at == Some(reader.received()) => break Some("nothing was heard for too long".to_owned()),
            Err(_) => {
                asked_at = Some(reader.received());
                let _ = session.outbox.push(FrameKind::Ping, 0, &[], false);
            }
        }
    };
    if let Some(reason) = failure {
        tracing::debug!(service = %P::SERVICE, reason, "connection closed");
        session.go_away(&reason);
    }
    session.outbox.finish();
    let _ = timeout(LAST_WORDS, &mut writer).await;
}

impl<P: Protocol> Session<P> {
    /// Handles an arrival and all that came with it, without asking in between what else there is, and gives how many these were; an error
    /// ends the connection.
    fn arrived_together(
        self: &Arc<Self>,
        first: Arrival,
        reader: &mut FrameReader<ReadHalf>,
        beginning: &mut Beginning<P>,
        draining: bool,
    ) -> io::Result<usize> {
        beginning.others_came(reader.more_may_wait());
        let all = || {
            let mut next = Some(first);
            let mut count = 0;
            while let Some(arrival) = next {
                self.arrived(arrival, draining, beginning)?;
                count += 1;
                next = reader.buffered()?;
            }
            Ok(count)
        };
        let handled = all();
        beginning.release(&self.outbox);
        handled
    }

    fn arrived(self: &Arc<Self>, arrival: Arrival, draining: bool, beginning: &mut Beginning<P>) -> io::Result<()> {
        match arrival {
            Arrival::Frame { kind: FrameKind::Request, id, .. }
            | Arrival::TooLarge { kind: FrameKind::Request, id, .. }
                if draining =>
            {
                self.refuse(id, &Error::unavailable(P::SERVICE, "it is shutting down"));
            }
            Arrival::Frame { kind: FrameKind::Request, id, payload } => self.start(id, &payload, beginning)?,
            Arrival::TooLarge { kind: FrameKind::Request, id, length } => {
                self.refuse(id, &too_large(length, self.max_request));
            }
            Arrival::Frame { kind: FrameKind::Cancel, id, .. } => {
                // Aborting drops the call's `Answering`, which sends the answer that frees the caller's place.
                let call = self.under_way.lock().get(&id).cloned();
                if let Some(call) = call {
                    call.abort();
                }
            }
            Arrival::Frame { kind: FrameKind::Ping, id, .. } => {
                let _ = self.outbox.push(FrameKind::Pong, id, &[], false);
            }
            Arrival::Frame { kind: FrameKind::Pong, .. } => {}
            Arrival::Frame { kind: kind @ (FrameKind::Reply | FrameKind::Error | FrameKind::GoAway), .. }
            | Arrival::TooLarge { kind, .. } => {
                return Err(io::Error::new(io::ErrorKind::InvalidData, format!("a client sends no {kind:?}")));
            }
        }
        Ok(())
    }

    /// Begins a call where it was read, if that may be. Most end as soon as they begin, and are answered together with what came with
    /// them; one that does not goes on in a task of its own.
    fn start(self: &Arc<Self>, id: u64, payload: &[u8], beginning: &mut Beginning<P>) -> io::Result<()> {
        let busy = {
            let under_way = self.under_way.lock();
            if under_way.contains_key(&id) {
                return Err(io::Error::new(io::ErrorKind::InvalidData, format!("call {id} is under way already")));
            }
            under_way.len() >= self.max_in_flight
        };
        if busy {
            let reason =
                format!("{} is busy: {} calls are under way on this connection", P::SERVICE, self.max_in_flight);
            self.refuse(id, &Error::RateLimited { reason, retry_after_ms: 100 });
            return Ok(());
        }
        let (context, request) = match self.read(payload, beginning.now()) {
            Ok(read) => read,
            Err(error) => {
                self.refuse(id, &error);
                return Ok(());
            }
        };
        let stub = Arc::clone(&self.stub);
        let call = async move { stub.call(&context, request).await };
        if !beginning.next_begins_here(&self.outbox) {
            self.goes_on(id, call);
        } else if let Some(call) = beginning.begin(id, call, &self.outbox) {
            self.goes_on(id, call);
        }
        Ok(())
    }

    /// Has a call go on in a task of its own.
    fn goes_on(self: &Arc<Self>, id: u64, call: impl Future<Output = Answer<P::Response>> + Send + 'static) {
        let answering = Answering { session: Arc::clone(self), id, answered: false };
        // The lock is held over the spawn, so that the task cannot end before it is in the table.
        let mut under_way = self.under_way.lock();
        let task = tokio::spawn(answering.with_answer_of(call));
        under_way.insert(id, task.abort_handle());
    }

    /// What is asked, and by whom.
    fn read(&self, payload: &[u8], now: Instant) -> Result<(Context, P::Request), Error> {
        let (header, argument) = Bincode.decode_first::<RequestHeader<'_>>(payload)?;
        let request = P::Request::decode(header.method, &Bincode, argument)?;
        let context = self.context(header, now);
        if !self.caller.serves && matches!(context.credential, Credential::Service(_)) {
            return Err(Error::forbidden(
                "the certificate of this connection is neither a service's nor the operator's",
            ));
        }
        Ok((context, request))
    }

    fn context(&self, header: RequestHeader<'_>, now: Instant) -> Context {
        let timeout = Duration::from_millis(header.deadline_ms.into()).min(self.max_deadline);
        Context {
            actor: Actor::Anonymous,
            credential: header.credential.into_owned(),
            deadline: now + timeout,
            as_of: now,
            idempotency_key: header.idempotency_key,
            sequence: header.sequence,
            seen: header.seen.into_owned(),
            trace: header.trace,
            peer: self.caller.peer,
        }
    }

    /// Answers a request that is not started.
    fn refuse(&self, id: u64, error: &Error) {
        let in_company = !self.under_way.lock().is_empty();
        with_scratch(|frame| {
            put_error(frame, id, error);
            let _ = self.outbox.push_frames(frame, in_company);
        });
    }

    fn go_away(&self, reason: &str) {
        with_scratch(|payload| {
            if Bincode.encode(&reason, payload).is_ok() {
                let _ = self.outbox.push(FrameKind::GoAway, 0, payload, false);
            }
        });
    }
}

/// A caller who must get an answer, whatever ends the task.
struct Answering<P: Protocol> {
    session: Arc<Session<P>>,
    id: u64,
    answered: bool,
}

impl<P: Protocol> Answering<P> {
    async fn with_answer_of(mut self, call: impl Future<Output = Answer<P::Response>>) {
        let answer = call.await;
        self.session.outbox.room().await;
        with_scratch(|frame| {
            put_answer::<P>(frame, self.id, answer, self.session.max_frame);
            self.leave(frame);
        });
    }

    /// Takes the call off the table and puts its answer into the outbox, as one: a session that sees no call under way has all its
    /// answers in the outbox.
    fn leave(&mut self, frame: &[u8]) {
        let mut under_way = self.session.under_way.lock();
        self.answered = true;
        under_way.remove(&self.id);
        let quiet = under_way.is_empty();
        let outbox = &self.session.outbox;
        let left = if quiet { outbox.leave_frames(frame) } else { outbox.push_frames(frame, true) };
        drop(under_way);
        if quiet {
            if left.is_ok() {
                outbox.flush();
            }
            self.session.quiet.notify_one();
        }
    }
}

impl<P: Protocol> Drop for Answering<P> {
    fn drop(&mut self) {
        if self.answered {
            return;
        }
        let error = if std::thread::panicking() {
            told_as_incident::<P>(self.id, "the task of a call panicked")
        } else {
            Error::Deadline { service: P::SERVICE }
        };
        with_scratch(|frame| {
            put_error(frame, self.id, &error);
            self.leave(frame);
        });
    }
}

/// Ends the calls of a connection with the connection.
struct AbortCalls<P: Protocol>(Arc<Session<P>>);

impl<P: Protocol> Drop for AbortCalls<P> {
    fn drop(&mut self) {
        self.0.outbox.close();
        let calls = std::mem::take(&mut *self.0.under_way.lock());
        for call in calls.into_values() {
            call.abort();
        }
    }
}
