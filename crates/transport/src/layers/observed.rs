//! Counts and times calls, and makes each a span of its trace (W3C trace context: the trace goes on, every hop is a child span).

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use domain::{Answer, Context, Method, Protocol, Stub, Trace, WireBody};
use tokio::time::Instant;
use tracing::{Instrument, Span};

use super::is_long_poll;
use crate::metrics::{Calls, Ended, Side};
use crate::random;
use crate::telemetry::CALLS;

/// See the module.
pub struct Observed<P: Protocol> {
    inner: Arc<dyn Stub<P>>,
    calls: Arc<Calls>,
}

impl<P: Protocol> Observed<P> {
    /// Counts in `calls`, which also says on which side of the call this is.
    pub fn new(inner: Arc<dyn Stub<P>>, calls: Arc<Calls>) -> Self {
        Self { inner, calls }
    }
}

#[async_trait]
impl<P: Protocol> Stub<P> for Observed<P> {
    async fn call(&self, context: &Context, request: P::Request) -> Answer<P::Response> {
        let method = request.method();
        let parent = context.trace;
        let mut context = context.clone();
        context.trace = child_of(parent);
        context.as_of = Instant::now();
        let (service, name) = (P::SERVICE, method.name);
        let (trace, own, parent) = (Hex(&context.trace.trace), Hex(&context.trace.span), Hex(&parent.span));
        let span = match (self.calls.side(), is_long_poll(method)) {
            (Side::Server, false) => {
                tracing::info_span!(target: CALLS, "call", %service, method = name, %trace, span = %own, %parent)
            }
            (Side::Client, false) => {
                tracing::debug_span!(target: CALLS, "request", %service, method = name, %trace, span = %own, %parent)
            }
            (_, true) => {
                tracing::debug_span!(target: CALLS, "poll", %service, method = name, %trace, span = %own, %parent)
            }
        };
        let call = UnderWay::begin(&self.calls, method, context.as_of, span.clone());
        let answer = self.inner.call(&context, request).instrument(span).await;
        call.end(match &answer {
            Ok(_) => Ended::Well,
            Err(error) => Ended::With(error),
        });
        answer
    }
}

/// The next hop's trace context: the same trace, or a new one where there was none, and a span of its own.
fn child_of(parent: Trace) -> Trace {
    let trace = if parent.trace == [0; 16] { random::trace_id() } else { parent.trace };
    Trace { trace, span: random::span_id() }
}

/// A call that is counted as cancelled unless it ends otherwise.
struct UnderWay<'c> {
    calls: &'c Calls,
    method: &'static Method,
    since: Instant,
    span: Span,
    ended: bool,
}

impl<'c> UnderWay<'c> {
    fn begin(calls: &'c Calls, method: &'static Method, since: Instant, span: Span) -> Self {
        calls.begin();
        Self { calls, method, since, span, ended: false }
    }

    fn end(mut self, how: Ended<'_>) {
        self.count(how);
    }

    fn count(&mut self, how: Ended<'_>) {
        self.ended = true;
        // Entering the span would cost something even if nobody wants to know.
        if tracing::enabled!(target: CALLS, tracing::Level::DEBUG) {
            self.span.in_scope(|| tracing::debug!(target: CALLS, code = how.code(), "ended"));
        }
        let took = (!is_long_poll(self.method)).then(|| self.since.elapsed());
        self.calls.end(self.method, how, took);
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.count(Ended::Cancelled);
        }
    }
}

/// Bytes as W3C trace context writes them: lower-case hexadecimal.
struct Hex<'b>(&'b [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
