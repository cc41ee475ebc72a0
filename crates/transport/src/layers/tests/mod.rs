//! The stacks as a whole and each layer: what follows from their order, in both modes.

mod breaker;
mod limit;
mod logs;
mod order;
mod overload;
mod retry;
mod rights;
mod twice;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use domain::{Answer, Context, Error, IdempotencyKey, Positions, Reply, Service, Stub};
use parking_lot::Mutex;

use super::*;
use crate::tests::sample::*;

const UNKNOWN: Error = Error::Deadline { service: Service::Events };

fn gone() -> Error {
    Error::unavailable(Service::Events, "gone")
}

/// The house behind the service's layers, with its figures.
fn counted(house: &Arc<House>, limit: LimitOptions) -> (Arc<SampleClient>, Arc<Metrics>) {
    let metrics = Metrics::new();
    let stub = Arc::new(SampleServer(Arc::clone(house) as Arc<dyn Sample>));
    let stack = server_stack(stub, Arc::new(Doorman), &ServerOptions { limit }, &metrics);
    (Arc::new(SampleClient(stack)), metrics)
}

/// The script behind the service's layers, with its figures.
fn scripted(script: &Arc<Script>, limit: LimitOptions) -> (Arc<SampleClient>, Arc<Metrics>) {
    let metrics = Metrics::new();
    let stack = server_stack(Arc::new(Arc::clone(script)), Arc::new(Doorman), &ServerOptions { limit }, &metrics);
    (Arc::new(SampleClient(stack)), metrics)
}

fn figure(metrics: &Metrics, method: &str, code: &str) -> bool {
    let of_method = format!("_calls_total{{code=\"{code}\",");
    let name = format!("method=\"{method}\"");
    metrics.render().lines().any(|line| line.contains(&of_method) && line.contains(&name) && line.ends_with(" 1"))
}

/// Answers what it is told, one after the other, and then well.
struct Script {
    answers: Mutex<VecDeque<Error>>,
    /// How long each answer takes.
    takes: Duration,
    calls: AtomicUsize,
}

impl Script {
    fn of(answers: impl IntoIterator<Item = Error>) -> Arc<Self> {
        Self::slow(answers, Duration::ZERO)
    }

    fn slow(answers: impl IntoIterator<Item = Error>, takes: Duration) -> Arc<Self> {
        Arc::new(Self { answers: Mutex::new(answers.into_iter().collect()), takes, calls: AtomicUsize::new(0) })
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    fn then(&self, answers: impl IntoIterator<Item = Error>) {
        self.answers.lock().extend(answers);
    }
}

#[async_trait]
impl Stub<SampleProtocol> for Arc<Script> {
    async fn call(&self, _: &Context, request: SampleRequest) -> Answer<SampleResponse> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let next = self.answers.lock().pop_front();
        if !self.takes.is_zero() {
            tokio::time::sleep(self.takes).await;
        }
        match (next, request) {
            (Some(error), _) => Err(error),
            (None, SampleRequest::echo(text)) => Ok(Reply::new(SampleResponse::echo(text), Positions::default())),
            (None, SampleRequest::count(())) => Ok(Reply::new(SampleResponse::count(1), Positions::default())),
            (None, SampleRequest::changes(())) => Ok(Reply::new(SampleResponse::changes(()), Positions::default())),
            (None, other) => panic!("the script has no answer to {other:?}"),
        }
    }
}

fn command() -> Context {
    patient().as_command(IdempotencyKey::new(), 1)
}
