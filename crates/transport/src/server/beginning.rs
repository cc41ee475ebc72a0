//! Where calls begin: most of them where they were read, one after the other, and there they end as well.
//!
//! Such a call costs no task and no memory of its own (the place in which it is polled is used again for the next one); the
//! answers of those that came together are handed on together, in few pieces. A call that is not answered at once leaves with its place, and goes on
//! in a task.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context as Polling, Poll, Waker};

use domain::{Answer, Codec, Error, Protocol, Reply, WireBody};
use tokio::time::Instant;
use tokio_util::sync::ReusableBoxFuture;

use super::pace::Pace;
use crate::codec::Bincode;
use crate::frame::{self, FrameKind, ReplyHeader, check_size};
use crate::outbox::Outbox;
use crate::random;

/// So many bytes of answers are handed on without waiting for those of the rest: whoever asked goes on with them on another processor while the
/// rest are answered here, instead of each side waiting for the other.
const TOGETHER: usize = 4 * 1024;

/// So many if more calls wait to be read than came at once: then whoever asked has enough to do as it is, and fewer writes cost less.
const WHILE_MORE_WAIT: usize = 16 * 1024;

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
    /// How many bytes of them are handed on together.
    together: usize,
}

impl<P: Protocol> Beginning<P> {
    pub(super) fn new(max_frame: usize) -> Self {
        Self { pace: Pace::new(), place: None, answers: Vec::new(), together: TOGETHER, max_frame }
    }

    /// Others have come, together; and perhaps `more_wait` that have not been read.
    pub(super) fn others_came(&mut self, more_wait: bool) {
        self.together = if more_wait { WHILE_MORE_WAIT } else { TOGETHER };
        self.pace.others_came();
    }

    /// About what time it is.
    pub(super) const fn now(&self) -> Instant {
        self.pace.now()
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
        if self.answers.len() >= self.together {
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
        self.answers.shrink_to(2 * WHILE_MORE_WAIT);
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

#[cfg(test)]
mod tests {
    use std::future::ready;
    use std::sync::Arc;

    use domain::Service;
    use domain::sharing::SharingProtocol;
    use tokio::io::AsyncReadExt as _;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn many_answers_do_not_wait_for_the_last_of_those_that_were_asked_for_together() {
        let outbox = Arc::new(Outbox::default());
        let (near, mut far) = tokio::io::duplex(64 * 1024);
        let writer = tokio::spawn({
            let outbox = Arc::clone(&outbox);
            async move { outbox.write_to(Box::new(near)).await }
        });
        // The writer has begun, and waits for work.
        outbox.push(FrameKind::Ping, 0, b"", false).unwrap();
        far.read_exact(&mut [0; 13]).await.unwrap();
        let before = outbox.handed();

        let mut beginning = Beginning::<SharingProtocol>::new(1 << 20);
        let refused = || Error::Internal { service: Service::Sharing, incident: "7".to_owned() };
        let mut frame = Vec::new();
        put_error(&mut frame, 0, &refused());
        let mut before = before;
        for (more_wait, bytes) in [(false, TOGETHER), (true, WHILE_MORE_WAIT)] {
            beginning.others_came(more_wait);
            let in_a_piece = bytes.div_ceil(frame.len());
            for id in 0..2 * in_a_piece + 1 {
                let pieces = id / in_a_piece;
                assert_eq!(outbox.handed() - before, (pieces * in_a_piece * frame.len()) as u64, "{id} are answered");
                assert!(beginning.begin(id as u64, ready(Err(refused())), &outbox).is_none());
            }
            beginning.release(&outbox);
            assert_eq!(outbox.handed() - before, ((2 * in_a_piece + 1) * frame.len()) as u64);
            before = outbox.handed();
        }
        outbox.finish();
        writer.await.unwrap().unwrap();
    }
}
