//! What is counted, and how it is told to Prometheus (text format 0.0.4).
//!
//! * [`families`]: every figure with its name and its words.
//! * [`calls`]: calls, counted as they end.
//! * [`standing`]: what a service shows of its database, its followers and its disk, asked when somebody looks.
//!
//! The formats and the counting are the `prometheus` crate's. A process has one [`Metrics`]; so has a cluster of linked services.

mod calls;
mod families;
mod standing;

use std::sync::Arc;

use domain::{Protocol, Service};
use parking_lot::Mutex;
use prometheus::process_collector::ProcessCollector;
use prometheus::{Gauge, IntCounter, IntGauge, Registry, TextEncoder};

pub use calls::{Calls, Side};
pub(crate) use calls::{Ended, known_code};
use families::{CallFamilies, Families};

/// All that one process counts.
pub struct Metrics {
    registry: Registry,
    pub(crate) families: Families,
    /// Brought up to date before anybody looks. One that answers false is not asked again.
    looks: Mutex<Vec<Look>>,
}

type Look = Box<dyn FnMut() -> bool + Send>;

impl Metrics {
    /// Nothing counted yet.
    #[must_use]
    #[allow(clippy::expect_used, reason = "the names are constants, and a test makes all of them")]
    pub fn new() -> Arc<Self> {
        let registry = Registry::new();
        let families = Families::new(&registry).expect("every name is well formed, and there once");
        Arc::new(Self { registry, families, looks: Mutex::default() })
    }

    /// Shows the memory, processor time and open files of this process too.
    pub fn of_this_process(&self) {
        // A second time it is known already, and nothing changes.
        let _ = self.registry.register(Box::new(ProcessCollector::for_self()));
    }

    /// The counters of one side of one service.
    pub fn calls<P: Protocol>(self: &Arc<Self>, side: Side) -> Arc<Calls> {
        Arc::new(Calls::new(Arc::clone(self), side, P::SERVICE, P::METHODS))
    }

    /// How many connections a service has.
    pub(crate) fn connections(&self, service: Service) -> IntGauge {
        self.families.connections.with_label_values(&[service.name()])
    }

    /// How many calls of a service wait for a place.
    pub(crate) fn waiting(&self, service: Service) -> IntGauge {
        self.families.waiting.with_label_values(&[service.name()])
    }

    /// How many calls of a service were refused for want of `reason`.
    pub(crate) fn shed(&self, service: Service, reason: &str) -> IntCounter {
        self.families.shed.with_label_values(&[service.name(), reason])
    }

    /// How many attempts after the first were made to call a service.
    pub(crate) fn retries(&self, service: Service) -> IntCounter {
        self.families.retries.with_label_values(&[service.name()])
    }

    /// How many retries are left before only further calls of a service earn new ones.
    pub(crate) fn retry_budget(&self, service: Service) -> Gauge {
        self.families.retry_budget.with_label_values(&[service.name()])
    }

    /// Whether the circuit breakers before a service are in `state`: how many of them.
    pub(crate) fn breakers(&self, service: Service, state: &str) -> IntGauge {
        self.families.breakers.with_label_values(&[service.name(), state])
    }

    /// Has `look` called whenever somebody looks, until it answers false.
    pub(crate) fn look(&self, look: impl FnMut() -> bool + Send + 'static) {
        self.looks.lock().push(Box::new(look));
    }

    fn side(&self, side: Side) -> &CallFamilies {
        match side {
            Side::Client => &self.families.client,
            Side::Server => &self.families.server,
        }
    }

    /// Everything, as Prometheus reads it.
    #[must_use]
    pub fn render(&self) -> String {
        self.looks.lock().retain_mut(|look| look());
        TextEncoder::new().encode_to_string(&self.registry.gather()).unwrap_or_else(|error| {
            tracing::error!(%error, "the metrics cannot be written");
            String::new()
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::Error;
    use domain::sharing::SharingProtocol;

    use super::*;

    #[test]
    fn calls_are_counted_by_method_and_code_and_timed_in_cumulative_buckets() {
        let metrics = Metrics::new();
        let calls = metrics.calls::<SharingProtocol>(Side::Server);
        let method = &SharingProtocol::METHODS[0];
        for (took, how) in [(90, Ended::Well), (300, Ended::Well), (90_000_000, Ended::With(&Error::forbidden("no")))] {
            calls.begin();
            calls.end(method, how, Some(Duration::from_micros(took)));
        }
        calls.begin();
        let text = metrics.render();
        let labels = r#"method="share",service="sharing""#;
        for line in [
            "convene_server_calls_total{code=\"ok\",method=\"share\",service=\"sharing\"} 2".to_owned(),
            "convene_server_calls_total{code=\"forbidden\",method=\"share\",service=\"sharing\"} 1".to_owned(),
            format!("convene_server_call_duration_seconds_bucket{{{labels},le=\"0.0001\"}} 1"),
            format!("convene_server_call_duration_seconds_bucket{{{labels},le=\"0.0005\"}} 2"),
            format!("convene_server_call_duration_seconds_bucket{{{labels},le=\"10\"}} 2"),
            format!("convene_server_call_duration_seconds_bucket{{{labels},le=\"+Inf\"}} 3"),
            format!("convene_server_call_duration_seconds_count{{{labels}}} 3"),
            "convene_server_calls_in_flight{service=\"sharing\"} 1".to_owned(),
        ] {
            assert!(text.lines().any(|known| known == line), "{line}\nnot in\n{text}");
        }
    }

    #[test]
    fn the_process_shows_itself_once() {
        let metrics = Metrics::new();
        metrics.of_this_process();
        metrics.of_this_process();
        let text = metrics.render();
        assert_eq!(text.matches("# TYPE process_resident_memory_bytes gauge").count(), 1, "{text}");
    }

    #[test]
    fn what_is_gone_is_not_asked_again() {
        let metrics = Metrics::new();
        let asked = Arc::new(Mutex::new(0));
        let count = Arc::clone(&asked);
        metrics.look(move || {
            *count.lock() += 1;
            *count.lock() < 2
        });
        for _ in 0..3 {
            let _ = metrics.render();
        }
        assert_eq!(*asked.lock(), 2);
    }
}
