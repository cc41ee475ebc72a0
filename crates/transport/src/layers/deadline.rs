//! Ends a call at its deadline, and does not begin one whose deadline has passed. What [ends in time](Stub::ends_in_time) by itself is left to
//! do so.

use std::future::{poll_fn, ready};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use domain::{Answer, Coming, Context, Error, Protocol, Stub};
use tokio::task::unconstrained;
use tokio::time::{Instant, sleep_until};

/// See the module.
pub struct Deadline<P: Protocol> {
    inner: Arc<dyn Stub<P>>,
    inner_ends_in_time: bool,
}

impl<P: Protocol> Deadline<P> {
    /// Bounds `inner` by each call's own deadline.
    pub fn new(inner: Arc<dyn Stub<P>>) -> Self {
        Self { inner_ends_in_time: inner.ends_in_time(), inner }
    }
}

impl<P: Protocol> Stub<P> for Deadline<P> {
    fn call<'stub, 'context, 'call>(
        &'stub self,
        context: &'context Context,
        request: P::Request,
    ) -> Coming<'call, P::Response>
    where
        'stub: 'call,
        'context: 'call,
        Self: 'call,
    {
        // Both stacks have the layer that observes right above this one: it has just looked at the clock.
        if context.deadline <= context.as_of {
            return Box::pin(ready(Err(late::<P>())));
        }
        let call = self.inner.call(context, request);
        if self.inner_ends_in_time { call } else { Box::pin(until::<P>(context.deadline, call)) }
    }

    fn ends_in_time(&self) -> bool {
        true
    }
}

async fn until<P: Protocol>(deadline: Instant, mut call: Coming<'_, P::Response>) -> Answer<P::Response> {
    let mut clock = pin!(None);
    poll_fn(|task| {
        // The call is asked before the clock is, so that a more exact answer of the same moment wins. Most are answered before there need be
        // a clock.
        if let Poll::Ready(answer) = call.as_mut().poll(task) {
            return Poll::Ready(answer);
        }
        if clock.is_none() {
            clock.set(Some(unconstrained(sleep_until(deadline))));
        }
        let Some(clock) = clock.as_mut().as_pin_mut() else { return Poll::Pending };
        clock.poll(task).map(|()| Err(late::<P>()))
    })
    .await
}

fn late<P: Protocol>() -> Error {
    Error::Deadline { service: P::SERVICE }
}
