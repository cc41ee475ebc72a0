//! What is counted, and how it is told to Prometheus (text format 0.0.4).
//!
//! Calls are counted in arrays made once for each side and service, so that counting one costs a few atomic additions and no lookup
//! by name. Everything else is a gauge: a number that its owner sets, or a closure that is asked when somebody looks.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::{Error, Method, Protocol, Service};
use parking_lot::Mutex;

/// Which end of a call counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The caller's.
    Client,
    /// The service's.
    Server,
}

impl Side {
    const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }
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

/// Upper bounds of the latency histogram, in microseconds.
const BOUNDS_US: [u64; 14] =
    [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 5_000_000];

/// All that one process counts.
#[derive(Default)]
pub struct Metrics {
    calls: Mutex<Vec<Arc<Calls>>>,
    gauges: Mutex<Vec<Gauge>>,
}

struct Gauge {
    name: &'static str,
    help: &'static str,
    kind: &'static str,
    labels: String,
    read: Box<dyn Fn() -> f64 + Send + Sync>,
}

/// The calls of one service, as one side counts them.
pub struct Calls {
    side: Side,
    service: Service,
    in_flight: AtomicU64,
    methods: Vec<MethodCalls>,
}

struct MethodCalls {
    method: &'static Method,
    ended: [AtomicU64; CODES.len()],
    within: [AtomicU64; BOUNDS_US.len()],
    slower: AtomicU64,
    sum_us: AtomicU64,
}

impl Metrics {
    /// Nothing counted yet.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// The counters of one side of one service; the same ones however often they are asked for.
    pub fn calls<P: Protocol>(&self, side: Side) -> Arc<Calls> {
        let mut all = self.calls.lock();
        if let Some(known) = all.iter().find(|calls| calls.side == side && calls.service == P::SERVICE) {
            return Arc::clone(known);
        }
        let methods = P::METHODS.iter().map(MethodCalls::new).collect();
        let calls = Arc::new(Calls { side, service: P::SERVICE, in_flight: AtomicU64::new(0), methods });
        all.push(Arc::clone(&calls));
        calls
    }

    /// A gauge that its owner sets through the number given back; the sum, where several have the same name and labels.
    pub fn gauge(&self, name: &'static str, help: &'static str, labels: &[(&str, &str)]) -> Arc<AtomicU64> {
        self.number(name, help, "gauge", labels)
    }

    /// A counter that its owner raises through the number given back.
    pub fn counter(&self, name: &'static str, help: &'static str, labels: &[(&str, &str)]) -> Arc<AtomicU64> {
        self.number(name, help, "counter", labels)
    }

    fn number(
        &self,
        name: &'static str,
        help: &'static str,
        kind: &'static str,
        labels: &[(&str, &str)],
    ) -> Arc<AtomicU64> {
        let number = Arc::new(AtomicU64::new(0));
        let shown = Arc::clone(&number);
        #[allow(clippy::cast_precision_loss, reason = "Prometheus knows floating point only")]
        let read = move || shown.load(Ordering::Relaxed) as f64;
        self.add(Gauge { name, help, kind, labels: labelled(labels), read: Box::new(read) });
        number
    }

    /// A gauge that is asked when somebody looks.
    pub fn observe(
        &self,
        name: &'static str,
        help: &'static str,
        labels: &[(&str, &str)],
        read: impl Fn() -> f64 + Send + Sync + 'static,
    ) {
        self.add(Gauge { name, help, kind: "gauge", labels: labelled(labels), read: Box::new(read) });
    }

    fn add(&self, gauge: Gauge) {
        let mut gauges = self.gauges.lock();
        // Samples of one name stand together in the output.
        let place = gauges.partition_point(|known| (known.name, &known.labels) <= (gauge.name, &gauge.labels));
        gauges.insert(place, gauge);
    }

    /// Everything, as Prometheus reads it.
    #[must_use]
    pub fn render(&self) -> String {
        let mut out = String::with_capacity(16 * 1024);
        let calls: Vec<Arc<Calls>> = self.calls.lock().clone();
        render_calls(&calls, &mut out);
        let gauges = self.gauges.lock();
        let mut rest = gauges.as_slice();
        let mut last_name = "";
        while let Some((gauge, others)) = rest.split_first() {
            if gauge.name != last_name {
                head(&mut out, gauge.name, gauge.help, gauge.kind);
                last_name = gauge.name;
            }
            let alike =
                1 + others.iter().take_while(|other| other.name == gauge.name && other.labels == gauge.labels).count();
            let (same, after) = rest.split_at(alike.min(rest.len()));
            let sum: f64 = same.iter().map(|gauge| (gauge.read)()).sum();
            let _ = writeln!(out, "{}{{{}}} {sum}", gauge.name, gauge.labels);
            rest = after;
        }
        out
    }
}

fn head(out: &mut String, name: &str, help: &str, kind: &str) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn labelled(labels: &[(&str, &str)]) -> String {
    let escaped = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect::<Vec<_>>().join(",")
}

fn render_calls(calls: &[Arc<Calls>], out: &mut String) {
    if calls.is_empty() {
        return;
    }
    let read = |number: &AtomicU64| number.load(Ordering::Relaxed);
    head(out, "convene_calls_total", "Calls that have ended, by how.", "counter");
    for (calls, method) in calls.iter().flat_map(|calls| calls.methods.iter().map(move |method| (calls, method))) {
        for (code, number) in CODES.iter().zip(&method.ended) {
            let number = read(number);
            if number > 0 {
                let labels = calls.labels(method.method);
                let _ = writeln!(out, "convene_calls_total{{{labels},code=\"{code}\"}} {number}");
            }
        }
    }
    head(out, "convene_call_seconds", "How long calls took; long polls are left out.", "histogram");
    for (calls, method) in calls.iter().flat_map(|calls| calls.methods.iter().map(move |method| (calls, method))) {
        let labels = calls.labels(method.method);
        let counts: Vec<u64> = method.within.iter().map(read).collect();
        let total = counts.iter().sum::<u64>() + read(&method.slower);
        if total == 0 {
            continue;
        }
        let mut cumulative = 0;
        for (bound, count) in BOUNDS_US.iter().zip(counts) {
            cumulative += count;
            let _ = writeln!(out, "convene_call_seconds_bucket{{{labels},le=\"{}\"}} {cumulative}", seconds(*bound));
        }
        let _ = writeln!(out, "convene_call_seconds_bucket{{{labels},le=\"+Inf\"}} {total}");
        let _ = writeln!(out, "convene_call_seconds_sum{{{labels}}} {}", seconds(read(&method.sum_us)));
        let _ = writeln!(out, "convene_call_seconds_count{{{labels}}} {total}");
    }
    head(out, "convene_calls_in_flight", "Calls under way.", "gauge");
    for calls in calls {
        let (side, service, number) = (calls.side.name(), calls.service, read(&calls.in_flight));
        let _ = writeln!(out, "convene_calls_in_flight{{side=\"{side}\",service=\"{service}\"}} {number}");
    }
}

fn seconds(microseconds: u64) -> f64 {
    Duration::from_micros(microseconds).as_secs_f64()
}

impl Calls {
    /// Which side counts here.
    pub(crate) const fn side(&self) -> Side {
        self.side
    }

    /// A call has begun.
    pub(crate) fn begin(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    /// A call has ended, with this error or none, or without an answer because its caller went. `took` is `None` for a long poll,
    /// whose waiting is no slowness.
    pub(crate) fn end(&self, method: &Method, how: Ended<'_>, took: Option<Duration>) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
        let Some(counted) = self.methods.iter().find(|known| known.method.number == method.number) else { return };
        let code = how.code();
        if let Some((_, number)) = CODES.iter().zip(&counted.ended).find(|(known, _)| **known == code) {
            number.fetch_add(1, Ordering::Relaxed);
        }
        let Some(took) = took else { return };
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let place = BOUNDS_US.partition_point(|bound| *bound < took_us);
        counted.within.get(place).unwrap_or(&counted.slower).fetch_add(1, Ordering::Relaxed);
        counted.sum_us.fetch_add(took_us, Ordering::Relaxed);
    }

    fn labels(&self, method: &Method) -> String {
        format!("side=\"{}\",service=\"{}\",method=\"{}\"", self.side.name(), self.service, method.name)
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
    const fn code(self) -> &'static str {
        match self {
            Self::Well => "ok",
            Self::Cancelled => "cancelled",
            Self::With(error) => error.code(),
        }
    }
}

impl MethodCalls {
    fn new(method: &'static Method) -> Self {
        Self {
            method,
            ended: std::array::from_fn(|_| AtomicU64::new(0)),
            within: std::array::from_fn(|_| AtomicU64::new(0)),
            slower: AtomicU64::new(0),
            sum_us: AtomicU64::new(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::sharing::SharingProtocol;

    use super::*;

    #[test]
    fn calls_are_counted_by_method_and_code_and_timed_in_cumulative_buckets() {
        let metrics = Metrics::new();
        let calls = metrics.calls::<SharingProtocol>(Side::Server);
        let method = &SharingProtocol::METHODS[0];
        for (took, how) in [(90, Ended::Well), (300, Ended::Well), (9_000_000, Ended::With(&Error::forbidden("no")))] {
            calls.begin();
            calls.end(method, how, Some(Duration::from_micros(took)));
        }
        calls.begin();
        let text = metrics.render();
        let labels = r#"side="server",service="sharing",method="share""#;
        for line in [
            format!("convene_calls_total{{{labels},code=\"ok\"}} 2"),
            format!("convene_calls_total{{{labels},code=\"forbidden\"}} 1"),
            format!("convene_call_seconds_bucket{{{labels},le=\"0.0001\"}} 1"),
            format!("convene_call_seconds_bucket{{{labels},le=\"0.0005\"}} 2"),
            format!("convene_call_seconds_bucket{{{labels},le=\"+Inf\"}} 3"),
            format!("convene_call_seconds_count{{{labels}}} 3"),
            "convene_calls_in_flight{side=\"server\",service=\"sharing\"} 1".to_owned(),
        ] {
            assert!(text.lines().any(|known| known == line), "{line}\nnot in\n{text}");
        }
    }

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

    #[test]
    fn gauges_of_one_name_stand_together_and_those_alike_are_added_up() {
        let metrics = Metrics::new();
        metrics.gauge("b", "B.", &[("of", "x\"y")]).store(2, Ordering::Relaxed);
        metrics.observe("a", "A.", &[], || 1.5);
        metrics.gauge("b", "B.", &[("of", "x\"y")]).store(3, Ordering::Relaxed);
        let text = metrics.render();
        assert_eq!(text, "# HELP a A.\n# TYPE a gauge\na{} 1.5\n# HELP b B.\n# TYPE b gauge\nb{of=\"x\\\"y\"} 5\n");
    }
}
