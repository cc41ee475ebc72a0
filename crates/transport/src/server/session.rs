//! One upgraded connection: reads calls, runs them, sends what becomes of them. A call begins where it was read, and goes on in a task of
//! its own if it must wait for something.
//!
//! A call's task ends early when its caller cancels it or the connection is lost: it is dropped at its next await point. What it had
//! already handed to the storage is still committed, so a command so cancelled has an unknown outcome, which its caller is told;
//! the idempotency key makes sending it again safe. Whatever ends a task, even a panic, its caller gets an answer.

use std::borrow::Cow;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use domain::{Answer, Codec, Context, Credential, Error, Protocol, Stub, WireBody};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::task::AbortOnDropHandle;

use super::pace::Pace;
use super::{Caller, Shared};
use crate::codec::{Bincode, with_scratch};
use crate::frame::{Arrival, FrameKind, FrameReader, ReplyHeader, RequestHeader, check_size, too_large};
use crate::ids::ById;
use crate::outbox::Outbox;
use crate::random;
use crate::stream::{BoxStream, ReadHalf, step_aside};

/// How long the last answers of a connection may take to be written.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How long a drained connection stays open for its client to close it. A request that crosses the go-away is refused as certainly not
/// executed in that time, instead of being lost.
const LINGER: Duration = Duration::from_millis(500);

struct Session<P: Protocol> {
    stub: Arc<dyn Stub<P>>,
    caller: Caller,
    outbox: Outbox,
    calls: Mutex<Calls>,
    /// No call is under way any more.
    quiet: Notify,
    max_in_flight: usize,
    max_request: usize,
    max_frame: usize,
    max_deadline: Duration,
}

#[derive(Default)]
struct Calls {
    /// Those that go on in tasks of their own.
    under_way: ById<AbortHandle>,
    /// The one that begins at this moment, where it was read.
    beginning: Option<u64>,
}

/// Serves calls until the client goes, the stream fails, or the server has drained.
pub(super) async fn run<P: Protocol>(shared: &Shared<P>, stream: BoxStream, already_read: &[u8], caller: Caller) {
    let (read, write) = stream.halves();
    let session = Arc::new(Session {
        stub: Arc::clone(&shared.stub),
        caller,
        outbox: Outbox::default(),
        calls: Mutex::default(),
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

    let mut pace = Pace::new();
    let mut draining = false;
    let mut lingering_until = None;
    // Half of the time that a client may be silent is for asking, the other half for its answer.
    let patience = shared.options.idle_timeout / 2;
    let mut asked_at = None;
    let failure: Option<String> = loop {
        if draining && lingering_until.is_none() && session.calls.lock().under_way.is_empty() {
            lingering_until = Some(Instant::now() + LINGER);
        }
        let next = async {
            // Who does not read the answers is not asked for more questions.
            session.outbox.room().await;
            timeout_at(lingering_until.unwrap_or(Instant::now() + patience), reader.next()).await
        };
        let arrival = tokio::select! {
            arrival = next => arrival,
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
            Ok(Ok(Some(arrival))) => {
                if let Err(error) = session.arrived_together(arrival, &mut reader, &mut pace, draining) {
                    break Some(error.to_string());
                }
                // Before more is read, what was answered is written: the other side has work then while this one has.
                step_aside().await;
            }
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
    /// Handles an arrival and all that came with it, without asking in between what else there is; an error ends the connection.
    fn arrived_together(
        self: &Arc<Self>,
        first: Arrival,
        reader: &mut FrameReader<ReadHalf>,
        pace: &mut Pace,
        draining: bool,
    ) -> io::Result<()> {
        pace.others_came();
        let all = || {
            let mut next = Some(first);
            while let Some(arrival) = next {
                self.arrived(arrival, draining, pace)?;
                next = reader.buffered()?;
            }
            Ok(())
        };
        let handled = all();
        self.outbox.release();
        handled
    }

    fn arrived(self: &Arc<Self>, arrival: Arrival, draining: bool, pace: &mut Pace) -> io::Result<()> {
        match arrival {
            Arrival::Frame { kind: FrameKind::Request, id, .. }
            | Arrival::TooLarge { kind: FrameKind::Request, id, .. }
                if draining =>
            {
                self.refuse(id, &Error::unavailable(P::SERVICE, "it is shutting down"));
            }
            Arrival::Frame { kind: FrameKind::Request, id, payload } => self.start(id, payload, pace)?,
            Arrival::TooLarge { kind: FrameKind::Request, id, length } => {
                self.refuse(id, &too_large(length, self.max_request));
            }
            Arrival::Frame { kind: FrameKind::Cancel, id, .. } => {
                // Aborting drops the call's `Answering`, which sends the answer that frees the caller's place.
                let call = self.calls.lock().under_way.get(&id).cloned();
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
    fn start(self: &Arc<Self>, id: u64, payload: Bytes, pace: &mut Pace) -> io::Result<()> {
        let here = pace.next_begins_here();
        {
            let mut calls = self.calls.lock();
            if calls.under_way.contains_key(&id) {
                return Err(io::Error::new(io::ErrorKind::InvalidData, format!("call {id} is under way already")));
            }
            if calls.under_way.len() >= self.max_in_flight {
                drop(calls);
                let reason =
                    format!("{} is busy: {} calls are under way on this connection", P::SERVICE, self.max_in_flight);
                self.refuse(id, &Error::RateLimited { reason, retry_after_ms: 100 });
                return Ok(());
            }
            calls.beginning = here.then_some(id);
        }
        let answering = Answering { session: Arc::clone(self), id, answered: false };
        let mut call = Box::pin(answer(answering, payload));
        if here {
            // Whoever goes on with it polls it at once, so nobody need be woken. Should it panic, its `Answering` has told the caller.
            let mut nobody = std::task::Context::from_waker(Waker::noop());
            let begun = catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(&mut nobody)));
            pace.has_begun();
            match begun {
                Ok(Poll::Pending) => {}
                Ok(Poll::Ready(())) | Err(_) => return Ok(()),
            }
        }
        // The lock is held over the spawn, so that the task cannot end before it is in the table.
        let mut calls = self.calls.lock();
        calls.beginning = None;
        let task = tokio::spawn(call);
        calls.under_way.insert(id, task.abort_handle());
        Ok(())
    }

    /// Runs one call to its answer.
    async fn call(&self, payload: Bytes) -> Answer<P::Response> {
        let (header, argument) = Bincode.decode_first::<RequestHeader<'_>>(&payload)?;
        let request = P::Request::decode(header.method, &Bincode, argument)?;
        let context = self.context(header);
        drop(payload);
        if !self.caller.serves && matches!(context.credential, Credential::Service(_)) {
            return Err(Error::forbidden(
                "the certificate of this connection is neither a service's nor the operator's",
            ));
        }
        self.stub.call(&context, request).await
    }

    fn context(&self, header: RequestHeader<'_>) -> Context {
        let timeout = Duration::from_millis(header.deadline_ms.into()).min(self.max_deadline);
        let mut context = Context::new(header.credential.into_owned(), timeout).having_seen(header.seen.into_owned());
        context.deadline = Instant::now() + timeout;
        context.idempotency_key = header.idempotency_key;
        context.sequence = header.sequence;
        context.trace = header.trace;
        context.peer = self.caller.peer;
        context
    }

    /// Answers a request that is not started.
    fn refuse(&self, id: u64, error: &Error) {
        let in_company = !self.calls.lock().under_way.is_empty();
        with_scratch(|payload| {
            if Bincode.encode(error, payload).is_ok() {
                let _ = self.outbox.push(FrameKind::Error, id, payload, in_company);
            }
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

async fn answer<P: Protocol>(mut answering: Answering<P>, payload: Bytes) {
    let answer = answering.session.call(payload).await;
    answering.session.outbox.room().await;
    answering.send(answer);
}

/// A caller who must get an answer, whatever ends the task.
struct Answering<P: Protocol> {
    session: Arc<Session<P>>,
    id: u64,
    answered: bool,
}

impl<P: Protocol> Answering<P> {
    fn send(&mut self, answer: Answer<P::Response>) {
        let sent = answer.and_then(|reply| {
            with_scratch(|payload| {
                let (seen, behind) = (Cow::Borrowed(&reply.seen), Cow::Borrowed(reply.behind.as_slice()));
                let header = ReplyHeader { seen, behind, settled: reply.settled };
                Bincode.encode(&header, payload)?;
                reply.value.encode(&Bincode, payload)?;
                check_size(payload, self.session.max_frame)?;
                self.leave(FrameKind::Reply, payload);
                Ok(())
            })
            .map_err(|error: Error| self.incident(&format!("an answer cannot be sent: {error}")))
        });
        if let Err(error) = sent {
            self.send_error(&error);
        }
    }

    fn send_error(&mut self, error: &Error) {
        with_scratch(|payload| {
            // An error that cannot be put into bytes would be one of unbounded length, which none is.
            let _ = Bincode.encode(error, payload);
            self.leave(FrameKind::Error, payload);
        });
    }

    /// Takes the call off the table and puts its answer into the outbox, as one: a session that sees no call under way has all its
    /// answers in the outbox.
    fn leave(&mut self, kind: FrameKind, payload: &[u8]) {
        let mut calls = self.session.calls.lock();
        self.answered = true;
        if calls.beginning.take_if(|beginning| *beginning == self.id).is_some() {
            let _ = self.session.outbox.gather(kind, self.id, payload);
            return;
        }
        calls.under_way.remove(&self.id);
        let quiet = calls.under_way.is_empty();
        let _ = self.session.outbox.push(kind, self.id, payload, !quiet);
        drop(calls);
        if quiet {
            self.session.quiet.notify_one();
        }
    }

    fn incident(&self, what: &str) -> Error {
        let incident = random::incident();
        tracing::error!(service = %P::SERVICE, incident, call = self.id, what);
        Error::Internal { service: P::SERVICE, incident }
    }
}

impl<P: Protocol> Drop for Answering<P> {
    fn drop(&mut self) {
        if self.answered {
            return;
        }
        let error = if std::thread::panicking() {
            self.incident("the task of a call panicked")
        } else {
            Error::Deadline { service: P::SERVICE }
        };
        self.send_error(&error);
    }
}

/// Ends the calls of a connection with the connection.
struct AbortCalls<P: Protocol>(Arc<Session<P>>);

impl<P: Protocol> Drop for AbortCalls<P> {
    fn drop(&mut self) {
        self.0.outbox.close();
        let calls = std::mem::take(&mut self.0.calls.lock().under_way);
        for call in calls.into_values() {
            call.abort();
        }
    }
}
