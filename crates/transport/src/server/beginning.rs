//! Where calls begin: most of them where they were read, one after the other, and there they end as well.
//!
//! Such a call costs no task and no memory of its own (the place in which it is polled is used again for the next one); the
//! answers of all that came together are handed on in one piece. A call that is not answered at once leaves with its place, and goes on
//! in a task.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context as Polling, Poll, Waker};

use domain::{Answer, Codec, Error, Protocol, Reply, WireBody};
use tokio_util::sync::ReusableBoxFuture;

use super::pace::Pace;
use crate::codec::Bincode;
use crate::frame::{self, FrameKind, ReplyHeader, check_size};
use crate::outbox::Outbox;
use crate::random;

/// So many bytes of answers are handed on without waiting for those of the rest.
const TOGETHER: usize = 64 * 1024;

/// A call that goes on elsewhere.
pub(super) type Begun<P> = ReusableBoxFuture<'static, Answer<<P as Protocol>::Response>>;

/// The calls of one connection that begin where they are read.
pub(super) struct Beginning<P: Protocol> {
    pace: Pace,
    /// In which they are polled, if the last one has not left with it.
    place: Option<Begun<P>>,
    /// The frames of those that have been answered.
    answers: Vec<u8>,
    max_frame: usize,
}

impl<P: Protocol> Beginning<P> {
    pub(super) fn new(max_frame: usize) -> Self {
        Self { pace: Pace::new(), place: None, answers: Vec::new(), max_frame }
    }

    /// Others have come, together.
    pub(super) fn others_came(&mut self) {
        self.pace.others_came();
    }

    /// Whether the next one may begin here: not if those before it took long, nor while answers wait in such a number that more have to
    /// wait for room.
    pub(super) fn next_begins_here(&mut self, outbox: &Outbox) -> bool {
        self.pace.next_begins_here() && outbox.has_room()
    }

    /// Begins a call, and keeps its answer; or gives the call back, to be polled again at once, if it has none yet.
    pub(super) fn begin(
        &mut self,
        id: u64,
        call: impl Future<Output = Answer<P::Response>> + Send + 'static,
        outbox: &Outbox,
    ) -> Option<Begun<P>> {
        let mut place = match self.place.take() {
            Some(mut place) => {
                place.set(call);
                place
            }
            None => ReusableBoxFuture::new(call),
        };
        // Whoever goes on with it polls it at once, so nobody need be woken.
        let mut nobody = Polling::from_waker(Waker::noop());
        let begun = catch_unwind(AssertUnwindSafe(|| place.poll(&mut nobody)));
        self.pace.has_begun();
        let answer = match begun {
            Ok(Poll::Pending) => return Some(place),
            Ok(Poll::Ready(answer)) => {
                self.place = Some(place);
                answer
            }
            // What has panicked is not used again.
            Err(_) => Err(told_as_incident::<P>(id, "a call panicked as it began")),
        };
        put_answer::<P>(&mut self.answers, id, answer, self.max_frame);
        if self.answers.len() >= TOGETHER {
            self.release(outbox);
        }
        None
    }

    /// Hands the answers on.
    pub(super) fn release(&mut self, outbox: &Outbox) {
        if self.answers.is_empty() {
            return;
        }
        if outbox.leave_frames(&self.answers).is_ok() {
            outbox.flush();
        }
        self.answers.clear();
        self.answers.shrink_to(2 * TOGETHER);
    }
}

/// Appends an answer as a frame.
pub(super) fn put_answer<P: Protocol>(out: &mut Vec<u8>, id: u64, answer: Answer<P::Response>, max_frame: usize) {
    let put = answer.and_then(|reply| {
        put_reply::<P>(out, id, &reply, max_frame)
            .map_err(|error| told_as_incident::<P>(id, &format!("an answer cannot be sent: {error}")))
    });
    if let Err(error) = put {
        put_error(out, id, &error);
    }
}

/// Appends a frame, or nothing.
fn put_reply<P: Protocol>(
    out: &mut Vec<u8>,
    id: u64,
    reply: &Reply<P::Response>,
    max_frame: usize,
) -> Result<(), Error> {
    let begins = frame::begin(out, FrameKind::Reply, id);
    let (seen, behind) = (Cow::Borrowed(&reply.seen), Cow::Borrowed(reply.behind.as_slice()));
    let header = ReplyHeader { seen, behind, settled: reply.settled };
    let put = Bincode
        .encode(&header, out)
        .and_then(|()| reply.value.encode(&Bincode, out))
        .and_then(|()| check_size(frame::end(out, begins), max_frame));
    if put.is_err() {
        out.truncate(begins);
    }
    put
}

/// Appends a failure or refusal as a frame.
pub(super) fn put_error(out: &mut Vec<u8>, id: u64, error: &Error) {
    let begins = frame::begin(out, FrameKind::Error, id);
    // An error that cannot be put into bytes would be one of unbounded length, which none is.
    let _ = Bincode.encode(error, out);
    frame::end(out, begins);
}

/// What a caller is told of a fault of ours, and the log with it.
pub(super) fn told_as_incident<P: Protocol>(id: u64, what: &str) -> Error {
    let incident = random::incident();
    tracing::error!(service = %P::SERVICE, incident, call = id, what);
    Error::Internal { service: P::SERVICE, incident }
}
