//! The calls of one service as one side counts them. Whatever is counted is looked up by name once and then kept, so that counting a
//! call costs a few atomic additions.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use domain::{Error, Method, Service};
use prometheus::{Histogram, IntCounter, IntGauge};

use super::Metrics;
use super::families::CallFamilies;

/// Which end of a call counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The caller's.
    Client,
    /// The service's.
    Server,
}

/// How a call can end: the codes of [`domain::Error`], `ok`, and `cancelled` when its caller went away.
const CODES: [&str; 11] = [
    "ok",
    "cancelled",
    "invalid_input",
    "unauthenticated",
    "forbidden",
    "not_found",
    "conflict",
    "rate_limited",
    "unavailable",
    "deadline",
    "internal",
];

/// `code`, if a call can end so.
pub(crate) fn known_code(code: &str) -> Option<&'static str> {
    CODES.into_iter().find(|known| *known == code)
}

/// The calls of one service, as one side counts them.
pub struct Calls {
    metrics: Arc<Metrics>,
    side: Side,
    service: Service,
    in_flight: IntGauge,
    methods: Vec<MethodCalls>,
}

/// Made when they are first needed: a method that nobody calls is not shown.
struct MethodCalls {
    method: &'static Method,
    ended: [OnceLock<IntCounter>; CODES.len()],
    seconds: OnceLock<Histogram>,
}

impl Calls {
    pub(super) fn new(metrics: Arc<Metrics>, side: Side, service: Service, methods: &'static [Method]) -> Self {
        let methods = methods.iter().map(|method| MethodCalls {
            method,
            ended: std::array::from_fn(|_| OnceLock::new()),
            seconds: OnceLock::new(),
        });
        let in_flight = metrics.side(side).in_flight.with_label_values(&[service.name()]);
        let calls = Self { side, service, in_flight, methods: methods.collect(), metrics };
        if side == Side::Server {
            // There from the start: of a counter that appears with its first fault, nobody sees that it rose.
            calls.methods.iter().for_each(|method| calls.count(method, "internal", 0));
        }
        calls
    }

    /// Which side counts here.
    pub(crate) const fn side(&self) -> Side {
        self.side
    }

    /// A call has begun.
    pub(crate) fn begin(&self) {
        self.in_flight.inc();
    }

    /// A call has ended, with this error or none, or without an answer because its caller went. `took` is `None` for a long poll,
    /// whose waiting is no slowness.
    pub(crate) fn end(&self, method: &Method, how: Ended<'_>, took: Option<Duration>) {
        self.in_flight.dec();
        let Some(counted) = self.methods.iter().find(|known| known.method.number == method.number) else { return };
        self.count(counted, how.code(), 1);
        if let Some(took) = took {
            let new = || self.families().seconds.with_label_values(&[self.service.name(), counted.method.name]);
            counted.seconds.get_or_init(new).observe(took.as_secs_f64());
        }
    }

    fn count(&self, counted: &MethodCalls, code: &'static str, by: u64) {
        if let Some((_, number)) = CODES.iter().zip(&counted.ended).find(|(known, _)| **known == code) {
            let new = || self.families().ended.with_label_values(&[self.service.name(), counted.method.name, code]);
            number.get_or_init(new).inc_by(by);
        }
    }

    fn families(&self) -> &CallFamilies {
        self.metrics.side(self.side)
    }
}

/// How a call ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ended<'e> {
    Well,
    Cancelled,
    With(&'e Error),
}

impl Ended<'_> {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Well => "ok",
            Self::Cancelled => "cancelled",
            Self::With(error) => error.code(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_a_code_that_is_counted() {
        for error in [
            Error::invalid("a", "b", "c"),
            Error::unauthenticated("a"),
            Error::forbidden("a"),
            Error::not_found("a", "b"),
            Error::conflict("a", "b"),
            Error::RateLimited { reason: String::new(), retry_after_ms: 1 },
            Error::unavailable(Service::Auth, "a"),
            Error::Deadline { service: Service::Auth },
            Error::Internal { service: Service::Auth, incident: String::new() },
        ] {
            assert!(CODES.contains(&error.code()), "{error:?}");
        }
    }
}
