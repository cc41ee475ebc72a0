//! Traces for a collector: every call is a span of its caller's trace, on both sides of every hop, and goes to an OpenTelemetry collector if one
//! is configured.
//!
//! A trace's identity travels with every call ([`domain::Trace`], W3C trace context), whether anybody collects or not, and stands in the logs. The
//! layer that observes calls opens a span of `tracing` for each (see [`crate::layers`]); [`spans`] makes OpenTelemetry's spans of these, under
//! the very ids that travelled; the OpenTelemetry SDK gathers them, at most so many, and sends them in batches over [`collector`]. A collector
//! that is slow or away costs spans, never a call.
//!
//! It is configured by the environment variables of the [OpenTelemetry specification][variables]: nothing is sent unless
//! `OTEL_EXPORTER_OTLP_ENDPOINT` (or `…_TRACES_ENDPOINT`) is set; headers, timeout, sampling and batching have their usual names. The
//! protocol is OTLP over plain HTTP with Protobuf; whoever needs TLS or gRPC lets a collector on the same machine go on from there.
//!
//! What a call carried is never part of a span: its service, method, code and ids are all there is.
//!
//! [variables]: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/

mod collector;
mod spans;

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchSpanProcessor, Config, SpanProcessor as _};
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;

use crate::cluster::Failed;
use collector::Plain;
use spans::Spans;

/// The target of the spans that calls are: what a log filter names to choose them.
pub(crate) const CALLS: &str = "convene::call";

/// How long the last spans of a program may take on their way.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Where a program's spans go. Dropping it sends what is left, within a second.
#[derive(Debug)]
pub struct Exporting {
    processor: Arc<BatchSpanProcessor>,
}

impl Drop for Exporting {
    fn drop(&mut self) {
        if let Err(error) = self.processor.shutdown_with_timeout(LAST_WORDS) {
            tracing::debug!(%error, "the last spans were not sent");
        }
    }
}

/// Whether the environment names a collector, and does not forbid its use.
#[must_use]
pub fn is_configured(variable: impl Fn(&str) -> Option<String>) -> bool {
    let set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    let says = |name: &str, word: &str| variable(name).is_some_and(|value| value.eq_ignore_ascii_case(word));
    (set("OTEL_EXPORTER_OTLP_ENDPOINT") || set("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"))
        && !says("OTEL_SDK_DISABLED", "true")
        && !says("OTEL_TRACES_EXPORTER", "none")
}

/// The layer that makes spans of `program` for the collector at `endpoint` (`None`: as the environment says), to be put before a
/// registry; and what sends them on for as long as it is kept.
///
/// # Errors
/// For an address that is none, or a protocol that is not spoken.
pub fn exporting<S>(
    program: &'static str,
    endpoint: Option<&str>,
) -> Result<(impl Layer<S> + use<S>, Exporting), Failed>
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
{
    let mut exporter =
        SpanExporter::builder().with_http().with_http_client(Plain::new()?).with_protocol(Protocol::HttpBinary);
    if let Some(endpoint) = endpoint {
        exporter = exporter.with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')));
    }
    let exporter = exporter.build().map_err(|error| Failed(format!("traces cannot be exported: {error}")))?;
    let mut processor = BatchSpanProcessor::builder(exporter).build();
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    processor.set_resource(&Resource::builder().with_service_name(program).with_attribute(version).build());
    let processor = Arc::new(processor);
    let spans = Spans::new(Arc::clone(&processor), Config::default().sampler);
    Ok((spans.only_calls(), Exporting { processor }))
}

/// Sends the spans of a program without a log of its own to the collector that the environment names, if it names one, for as long as
/// the answer is kept.
///
/// # Errors
/// As [`exporting`].
pub fn export_if_configured(program: &'static str) -> Result<Option<Exporting>, Failed> {
    if !is_configured(|name| std::env::var(name).ok()) {
        return Ok(None);
    }
    let (spans, exporting) = exporting(program, None)?;
    // Whoever has a log already keeps it.
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(spans));
    Ok(Some(exporting))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_sent_unless_a_collector_is_named_and_its_use_not_forbidden() {
        let configured = |set: &[(&str, &str)]| {
            is_configured(|name| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
        };
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318");
        assert!(!configured(&[]));
        assert!(!configured(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "")]));
        assert!(configured(&[endpoint]));
        assert!(configured(&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://localhost:4318/v1/traces")]));
        assert!(!configured(&[endpoint, ("OTEL_SDK_DISABLED", "TRUE")]));
        assert!(!configured(&[endpoint, ("OTEL_TRACES_EXPORTER", "none")]));
    }
}
