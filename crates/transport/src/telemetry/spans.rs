//! Makes OpenTelemetry's spans of those that `tracing` has of calls, under the ids that travel with the calls.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::trace::{
    BatchSpanProcessor, SamplingDecision, ShouldSample, SpanData, SpanEvents, SpanLinks, SpanProcessor as _,
};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::CALLS;

/// See the module.
pub(super) struct Spans {
    processor: Arc<BatchSpanProcessor>,
    sampler: Box<dyn ShouldSample>,
}

/// A call that is under way.
struct Call {
    words: Words,
    kind: SpanKind,
    began: SystemTime,
    code: Option<&'static str>,
}

/// What a span of a call says.
#[derive(Default)]
struct Words {
    service: String,
    method: String,
    trace: String,
    span: String,
    parent: String,
    code: String,
}

impl Spans {
    pub(super) fn new(processor: Arc<BatchSpanProcessor>, sampler: Box<dyn ShouldSample>) -> Self {
        Self { processor, sampler }
    }

    /// Sees calls and nothing else.
    pub(super) fn only_calls<S: Subscriber + for<'lookup> LookupSpan<'lookup>>(self) -> impl Layer<S> + use<S> {
        self.with_filter(filter_fn(|metadata| metadata.target() == CALLS))
    }

    /// Whether this trace is among those collected: every service decides alike, by the trace's id.
    fn collects(&self, trace: TraceId, name: &str, kind: &SpanKind) -> bool {
        let decision = self.sampler.should_sample(None, trace, name, kind, &[], &[]).decision;
        decision == SamplingDecision::RecordAndSample
    }

    fn end(&self, call: Call) {
        let Call { words, kind, began, code } = call;
        let (Ok(trace), Ok(span)) = (TraceId::from_hex(&words.trace), SpanId::from_hex(&words.span)) else { return };
        let name = format!("{}/{}", words.service, words.method);
        if !self.collects(trace, &name, &kind) {
            return;
        }
        let parent = SpanId::from_hex(&words.parent).unwrap_or(SpanId::INVALID);
        let code = code.unwrap_or("cancelled");
        let mut attributes = vec![
            KeyValue::new("rpc.system", "convene"),
            KeyValue::new("rpc.service", words.service),
            KeyValue::new("rpc.method", words.method),
        ];
        if code != "ok" {
            attributes.push(KeyValue::new("error.type", code));
        }
        // A refusal is an answer like any other; what the service could not do is an error.
        let status = match code {
            "internal" | "unavailable" | "deadline" => Status::error(code),
            _ => Status::Unset,
        };
        self.processor.on_end(SpanData {
            span_context: SpanContext::new(trace, span, TraceFlags::SAMPLED, false, TraceState::NONE),
            parent_span_id: parent,
            parent_span_is_remote: kind == SpanKind::Server,
            span_kind: kind,
            name: name.into(),
            start_time: began,
            end_time: SystemTime::now(),
            attributes,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status,
            instrumentation_scope: InstrumentationScope::builder("convene").build(),
        });
    }
}

impl<S: Subscriber + for<'lookup> LookupSpan<'lookup>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let kind = match attributes.metadata().name() {
            "call" => SpanKind::Server,
            "request" => SpanKind::Client,
            // Waiting for news is no work.
            _ => return,
        };
        let mut words = Words::default();
        attributes.record(&mut words);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(Call { words, kind, began: SystemTime::now(), code: None });
        }
    }

    /// How a call ended is told by an event within its span.
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut words = Words::default();
        event.record(&mut words);
        if let Some(span) = context.event_span(event)
            && let Some(call) = span.extensions_mut().get_mut::<Call>()
        {
            call.code = crate::metrics::known_code(&words.code);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        if let Some(call) = context.span(&id).and_then(|span| span.extensions_mut().remove::<Call>()) {
            self.end(call);
        }
    }
}

impl Visit for Words {
    fn record_str(&mut self, field: &Field, value: &str) {
        let word = match field.name() {
            "service" => &mut self.service,
            "method" => &mut self.method,
            "trace" => &mut self.trace,
            "span" => &mut self.span,
            "parent" => &mut self.parent,
            "code" => &mut self.code,
            _ => return,
        };
        value.clone_into(word);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}
