//! What stands between a caller and a service: layers, each a [`Stub`] that wraps a [`Stub`].
//!
//! The same layers stand in the same order whether the service is linked into the process or far away; a remote call merely has a
//! channel and a server between the client's stack and the service's. (A local path that skips some of them, as others have it, is
//! one in which timeouts, cancellation and rights behave differently from production and tests prove nothing.)
//!
//! Only the clock by which calls end is another: linked, the layer that knows deadlines drops the call; over a channel the connection ends it, and
//! what became of it passes the layers like any answer.
//!
//! The order is data ([`client_layers`], [`server_layers`]), each layer with the reason for its place.
//!
//! **Cancellation.** Dropping a call drops everything below it down to the service's method, which ends at its next await point. A write
//! that it had already handed to the storage is still committed. Commands are not run on detached: whoever goes away is told, or knows,
//! that the outcome is unknown, and may send the command again under the same key.
//!
//! **Long polls.** A query named `changes` (of followers) or `watch` (of people's clients) waits for news by design: it is not timed, has
//! places of its own, is not repeated (whoever asks is a loop with its own back-off) and neither waits for a circuit breaker nor counts as
//! slow for it. Followers and clients do not share places: however many people look on, services go on following each other.

mod access;
mod authentication;
mod breaker;
mod command;
mod deadline;
mod limit;
mod observed;
mod retry;
mod shield;
mod twice;

use std::sync::Arc;
use std::time::Duration;

use domain::{Authenticate, Kind, Method, Protocol, Stub};

pub use access::AccessCheck;
pub use authentication::Authentication;
pub use breaker::{Breaker, BreakerOptions, Circuit};
pub use command::CommandCheck;
pub use deadline::Deadline;
pub use limit::{Limit, LimitOptions};
pub use observed::Observed;
pub use retry::{Retry, RetryOptions};
pub use shield::Shield;
pub use twice::{Mismatch, Twice};

use crate::metrics::{Metrics, Side};

/// How the service's side behaves.
#[derive(Clone, Debug, Default)]
pub struct ServerOptions {
    /// How much at a time.
    pub limit: LimitOptions,
}

/// How the caller's side behaves.
#[derive(Clone, Debug, Default)]
pub struct ClientOptions {
    /// When and how often a call is repeated.
    pub retry: RetryOptions,
    /// When a destination is given a rest.
    pub breaker: BreakerOptions,
}

/// One layer, with its place's reason.
pub struct Layer<P: Protocol> {
    /// Its name.
    pub name: &'static str,
    /// Why it stands where it stands.
    pub reason: &'static str,
    wrap: Wrap<P>,
}

type Wrap<P> = Box<dyn FnOnce(Arc<dyn Stub<P>>) -> Arc<dyn Stub<P>>>;

impl<P: Protocol> Layer<P> {
    fn new<S: Stub<P>>(
        name: &'static str,
        reason: &'static str,
        wrap: impl FnOnce(Arc<dyn Stub<P>>) -> S + 'static,
    ) -> Self {
        Self { name, reason, wrap: Box::new(move |inner| Arc::new(wrap(inner))) }
    }
}

/// The service's layers, the outermost first.
pub fn server_layers<P: Protocol>(
    authenticate: Arc<dyn Authenticate>,
    options: &ServerOptions,
    metrics: &Arc<Metrics>,
) -> Vec<Layer<P>> {
    let calls = metrics.calls::<P>(Side::Server);
    let (limit, shed) = (options.limit.clone(), Arc::clone(metrics));
    vec![
        Layer::new("observed", "it counts refusals too, and all logs of a call lie within its span", |inner| {
            Observed::new(inner, calls)
        }),
        Layer::new("deadline", "a call too late takes no place, and everything below ends in time", Deadline::new),
        Layer::new("limit", "a call too many is refused before it costs anything", move |inner| {
            Limit::new(inner, &limit, &shed)
        }),
        Layer::new("shield", "a panic in any layer below or in the service ends one call only", Shield::new),
        Layer::new("authentication", "from here on it is known who asks", move |inner| {
            Authentication::new(inner, authenticate)
        }),
        Layer::new("access", "who may not call learns nothing about the request", AccessCheck::new),
        Layer::new("command", "the service never sees a command without an identity", CommandCheck::new),
    ]
}

/// The caller's layers, the outermost first.
pub fn client_layers<P: Protocol>(options: &ClientOptions, metrics: &Arc<Metrics>) -> Vec<Layer<P>> {
    let calls = metrics.calls::<P>(Side::Client);
    let retry = options.retry.clone();
    let circuit = Circuit::new::<P>(&options.breaker, metrics);
    let known = Arc::clone(&circuit);
    let retries = Arc::clone(metrics);
    vec![
        Layer::new("observed", "it wraps retries, so that it counts what the caller sees in the end", |inner| {
            Observed::new(inner, calls)
        }),
        Layer::new("deadline", "it bounds all attempts and the pauses between them", Deadline::new),
        Layer::new("retry", "each attempt asks the breaker anew, and there is none while it is open", move |inner| {
            Retry::new(inner, &retry, known, &retries)
        }),
        Layer::new("breaker", "it sees every single attempt, and stands before anything is sent", move |inner| {
            Breaker::new(inner, circuit)
        }),
    ]
}

/// A service with all that stands before it, on its own side.
pub fn server_stack<P: Protocol>(
    stub: Arc<dyn Stub<P>>,
    authenticate: Arc<dyn Authenticate>,
    options: &ServerOptions,
    metrics: &Arc<Metrics>,
) -> Arc<dyn Stub<P>> {
    stack(stub, server_layers(authenticate, options, metrics))
}

/// A way to a service (a channel, or its linked server stack) with all that stands before it on the caller's side.
pub fn client_stack<P: Protocol>(
    stub: Arc<dyn Stub<P>>,
    options: &ClientOptions,
    metrics: &Arc<Metrics>,
) -> Arc<dyn Stub<P>> {
    stack(stub, client_layers(options, metrics))
}

fn stack<P: Protocol>(stub: Arc<dyn Stub<P>>, layers: Vec<Layer<P>>) -> Arc<dyn Stub<P>> {
    layers.into_iter().rev().fold(stub, |inner, layer| (layer.wrap)(inner))
}

/// Whether a method waits for news by design.
#[must_use]
pub fn is_long_poll(method: &Method) -> bool {
    method.kind == Kind::Query && (method.name == "changes" || is_watch(method))
}

/// Whether it is people's clients that wait so.
fn is_watch(method: &Method) -> bool {
    method.kind == Kind::Query && method.name == "watch"
}

/// `duration` in whole milliseconds.
fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
