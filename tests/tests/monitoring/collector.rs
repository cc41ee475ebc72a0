//! A collector of traces, as small as can be: it takes OTLP over HTTP on a thread of its own and keeps the spans.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use parking_lot::{Condvar, Mutex};
use prost::Message as _;

/// A span, with the program that sent it.
#[derive(Clone, Debug)]
pub(crate) struct Collected {
    pub(crate) program: String,
    pub(crate) span: Span,
}

impl Collected {
    /// An attribute's text.
    pub(crate) fn says(&self, name: &str) -> Option<String> {
        text_of(&self.span.attributes, name)
    }
}

/// See the module.
#[derive(Clone)]
pub(crate) struct Collector {
    /// Its address, as `OTEL_EXPORTER_OTLP_ENDPOINT` has it.
    pub(crate) endpoint: String,
    spans: Arc<(Mutex<Vec<Collected>>, Condvar)>,
}

impl Collector {
    /// On a port of its own, until the test ends.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let collector = Self { endpoint, spans: Arc::default() };
        let collecting = collector.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                collecting.take(stream);
            }
        });
        collector
    }

    /// Takes one batch.
    fn take(&self, stream: TcpStream) {
        let mut reader = BufReader::new(stream);
        let mut headers = HashMap::new();
        let mut line = String::new();
        let mut first = String::new();
        while reader.read_line(&mut line).unwrap() > 2 {
            match line.trim().split_once(": ") {
                Some((name, value)) => _ = headers.insert(name.to_lowercase(), value.to_owned()),
                None => line.clone_into(&mut first),
            }
            line.clear();
        }
        assert_eq!(first.trim(), "POST /v1/traces HTTP/1.1");
        assert_eq!(headers["content-type"], "application/x-protobuf");
        let mut body = vec![0; headers["content-length"].parse().unwrap()];
        reader.read_exact(&mut body).unwrap();
        let request = ExportTraceServiceRequest::decode(body.as_slice()).unwrap();
        let mut spans = self.spans.0.lock();
        for resource in request.resource_spans {
            let program = text_of(&resource.resource.unwrap().attributes, "service.name").unwrap();
            let of_resource = resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
            spans.extend(of_resource.map(|span| Collected { program: program.clone(), span }));
        }
        self.spans.1.notify_all();
        drop(spans);
        let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
        reader.into_inner().write_all(answer.as_bytes()).unwrap();
    }

    /// The spans of a trace, once there are so many of them.
    pub(crate) fn trace(&self, id: [u8; 16], spans: usize) -> Vec<Collected> {
        self.those(spans, |known| known.span.trace_id == id)
    }

    /// The first span that fits, once there is one.
    pub(crate) fn first(&self, fits: impl Fn(&Collected) -> bool) -> Collected {
        self.those(1, fits).swap_remove(0)
    }

    /// The spans that fit, once there are so many of them.
    fn those(&self, spans: usize, fits: impl Fn(&Collected) -> bool) -> Vec<Collected> {
        let mut collected = self.spans.0.lock();
        loop {
            let fitting: Vec<_> = collected.iter().filter(|known| fits(known)).cloned().collect();
            if fitting.len() >= spans {
                return fitting;
            }
            let waited = self.spans.1.wait_for(&mut collected, Duration::from_secs(20));
            assert!(!waited.timed_out(), "of {spans} spans only these came: {fitting:#?}");
        }
    }
}

fn text_of(attributes: &[KeyValue], name: &str) -> Option<String> {
    let found = attributes.iter().find(|attribute| attribute.key == name)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        other => panic!("{name} is {other:?}"),
    }
}
