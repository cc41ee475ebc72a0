//! The stacks as a whole: their order with its reasons, and what follows from it in both modes. Retry and breaker against a script.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use domain::{
    Access, Actor, Answer, Context, Credential, Error, IdempotencyKey, Positions, Protocol, Reply, Service,
    SessionToken, Stub, WireBody,
};
use parking_lot::Mutex;
use tokio::time::Instant;

use super::*;
use crate::tests::sample::*;

const UNKNOWN: Error = Error::Deadline { service: Service::Events };

fn gone() -> Error {
    Error::unavailable(Service::Events, "gone")
}

#[test]
fn the_order_of_the_service_side_is_this_for_these_reasons() {
    let layers = server_layers::<SampleProtocol>(Arc::new(Doorman), &ServerOptions::default(), &Metrics::new());
    let order: Vec<_> = layers.iter().map(|layer| (layer.name, layer.reason)).collect();
    assert_eq!(
        order,
        [
            ("observed", "it counts refusals too, and all logs of a call lie within its span"),
            ("limit", "a call too many is refused before it costs anything"),
            ("deadline", "a call too late is not started, and everything below ends in time"),
            ("shield", "a panic in any layer below or in the service ends one call only"),
            ("authentication", "from here on it is known who asks"),
            ("access", "who may not call learns nothing about the request"),
            ("command", "the service never sees a command without an identity"),
        ]
    );
}

#[test]
fn the_order_of_the_callers_side_is_this_for_these_reasons() {
    let layers = client_layers::<SampleProtocol>(&ClientOptions::default(), &Metrics::new());
    let order: Vec<_> = layers.iter().map(|layer| (layer.name, layer.reason)).collect();
    assert_eq!(
        order,
        [
            ("observed", "it wraps retries, so that it counts what the caller sees in the end"),
            ("deadline", "it bounds all attempts and the pauses between them"),
            ("retry", "each attempt asks the breaker anew, and there is none while it is open"),
            ("breaker", "it sees every single attempt, and stands before anything is sent"),
        ]
    );
}

/// The house behind the service's layers, with its figures.
fn counted(house: &Arc<House>, limit: LimitOptions) -> (Arc<SampleClient>, Arc<Metrics>) {
    let metrics = Metrics::new();
    let stub = Arc::new(SampleServer(Arc::clone(house) as Arc<dyn Sample>));
    let stack = server_stack(stub, Arc::new(Doorman), &ServerOptions { limit }, &metrics);
    (Arc::new(SampleClient(stack)), metrics)
}

fn figure(metrics: &Metrics, method: &str, code: &str) -> bool {
    let of_method = format!("method=\"{method}\",code=\"{code}\"}} 1");
    metrics.render().lines().any(|line| line.starts_with("convene_calls_total") && line.ends_with(&of_method))
}

#[tokio::test]
async fn observed_stands_before_limit_so_that_refusals_are_counted() {
    let house = House::new();
    let (client, metrics) = counted(&house, LimitOptions { max_in_flight: 1, ..LimitOptions::default() });
    let hanging = tokio::spawn({
        let client = Arc::clone(&client);
        async move { client.hang(&patient(), ()).await }
    });
    house.begun(1).await;
    let error = client.echo(&patient(), String::new()).await.unwrap_err();
    assert_eq!(
        error,
        Error::RateLimited { reason: "events is busy with 1 calls at once".to_owned(), retry_after_ms: 200 }
    );
    assert!(figure(&metrics, "echo", "rate_limited"));
    hanging.abort();
    house.dropped(1).await;
    assert!(hanging.await.unwrap_err().is_cancelled());
    assert!(figure(&metrics, "hang", "cancelled"));
    assert!(client.echo(&patient(), String::new()).await.is_ok(), "the place is free again");
}

#[tokio::test]
async fn long_polls_have_places_of_their_own_and_are_not_timed() {
    let house = House::new();
    let limit = LimitOptions { max_in_flight: 1, max_long_polls: 1, ..LimitOptions::default() };
    let (client, metrics) = counted(&house, limit);
    let polling = tokio::spawn({
        let client = Arc::clone(&client);
        async move { client.changes(&patient(), ()).await }
    });
    house.begun(1).await;
    assert!(client.echo(&patient(), String::new()).await.is_ok());
    assert_eq!(client.changes(&patient(), ()).await.unwrap_err().code(), "rate_limited");
    house.release.add_permits(1);
    polling.await.unwrap().unwrap();
    let text = metrics.render();
    assert!(figure(&metrics, "changes", "ok"));
    assert!(text.contains("convene_call_seconds_count{side=\"server\",service=\"events\",method=\"echo\"}"), "{text}");
    assert!(
        !text.contains("convene_call_seconds_count{side=\"server\",service=\"events\",method=\"changes\"}"),
        "{text}"
    );
}

#[tokio::test]
async fn those_who_look_on_take_no_place_of_a_follower() {
    let house = House::new();
    let limit = LimitOptions { max_in_flight: 1, max_long_polls: 1, max_watches: 1, ..LimitOptions::default() };
    let (client, metrics) = counted(&house, limit);
    let looking_on = tokio::spawn({
        let client = Arc::clone(&client);
        async move { client.watch(&patient(), ()).await }
    });
    house.begun(1).await;
    assert_eq!(client.watch(&patient(), ()).await.unwrap_err().code(), "rate_limited");
    assert!(client.echo(&patient(), String::new()).await.is_ok());
    house.release.add_permits(1);
    looking_on.await.unwrap().unwrap();
    house.release.add_permits(1);
    assert!(client.changes(&patient(), ()).await.is_ok());
    assert!(!metrics.render().contains("service=\"events\",method=\"watch\",le="), "it is not timed");
}

#[tokio::test]
async fn deadline_stands_before_authentication_so_that_a_call_too_late_costs_nothing() {
    let (client, _) = counted(&House::new(), LimitOptions::default());
    let late = Context::new(Credential::Session(SessionToken("ended".to_owned())), Duration::ZERO);
    assert_eq!(client.for_members(&late, ()).await, Err(UNKNOWN));
}

#[tokio::test]
async fn shield_stands_before_authentication_so_that_its_panics_are_answered() {
    let (client, _) = counted(&House::new(), LimitOptions::default());
    let context = Context::new(Credential::Session(SessionToken("panic".to_owned())), Duration::from_secs(9));
    assert_eq!(client.echo(&context, String::new()).await.unwrap_err().code(), "internal");
}

#[tokio::test]
async fn access_stands_before_the_command_check_so_that_a_stranger_is_told_to_sign_in_first() {
    let house = House::new();
    let (client, _) = counted(&house, LimitOptions::default());
    assert_eq!(client.count(&patient(), ()).await.unwrap_err().code(), "unauthenticated");
    let as_alice = Context::new(alice(), Duration::from_secs(9));
    let error = client.count(&as_alice, ()).await.unwrap_err();
    assert_eq!((error.code(), error.field()), ("invalid_input", Some("idempotency key")));
    assert_eq!(*house.counted.borrow(), 0);
    let command = as_alice.as_command(IdempotencyKey::new(), 1);
    assert_eq!(client.count(&command, ()).await.unwrap().value, 1);
    assert!(client.echo(&command, String::new()).await.is_ok(), "a query's key is ignored");
}

#[tokio::test]
async fn a_forged_actor_is_replaced() {
    let (client, _) = counted(&House::new(), LimitOptions::default());
    let mut forged = patient();
    forged.actor = Actor::Operator;
    assert_eq!(client.for_services(&forged, ()).await.unwrap_err().code(), "unauthenticated");
    assert_eq!(client.describe(&forged, ()).await.unwrap().value.actor, "Anonymous");
}

#[tokio::test]
async fn a_session_that_has_ended_keeps_nobody_from_what_anyone_may_do() {
    let (client, _) = counted(&House::new(), LimitOptions::default());
    let ended = Context::new(Credential::Session(SessionToken("ended".to_owned())), Duration::from_secs(9));
    assert_eq!(client.describe(&ended, ()).await.unwrap().value.actor, "Anonymous");
    assert_eq!(client.for_members(&ended, ()).await, Err(Error::unauthenticated("the session has ended")));
    let unknown = Context::new(service("of another house"), Duration::from_secs(9));
    assert!(client.echo(&unknown, String::new()).await.is_ok());
    assert_eq!(client.for_services(&unknown, ()).await.unwrap_err().service(), Some(Service::Auth));
}

#[tokio::test]
async fn every_kind_of_actor_may_call_what_the_definitions_say_and_nothing_else() {
    let house = House::new();
    let ways = [layered_client(layered(&house)), layered_client(piped(&house))];
    let actors = [
        ("nobody", Credential::None),
        ("alice", alice()),
        ("calendar", service("calendar")),
        ("operator", service("operator")),
    ];
    for client in ways {
        for (name, credential) in &actors {
            let context = Context::new(credential.clone(), Duration::from_secs(9)).as_command(IdempotencyKey::new(), 1);
            let code = |answer: Result<(), Error>| answer.err().map_or("ok", |error| error.code());
            let codes = [
                (Access::Anyone, code(client.echo(&context, String::new()).await.map(|_| ()))),
                (Access::User, code(client.count(&context, ()).await.map(|_| ()))),
                (Access::Member, code(client.for_members(&context, ()).await.map(|_| ()))),
                (Access::Service, code(client.for_services(&context, ()).await.map(|_| ()))),
            ]
            .map(|(_, code)| code);
            let expected = match *name {
                "nobody" => ["ok", "unauthenticated", "unauthenticated", "unauthenticated"],
                "alice" => ["ok", "ok", "ok", "forbidden"],
                _ => ["ok", "forbidden", "ok", "ok"],
            };
            assert_eq!(codes, expected, "{name}");
        }
    }
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

fn retrying(script: &Arc<Script>, options: &RetryOptions) -> SampleClient {
    let circuit = Circuit::new(&BreakerOptions::default());
    SampleClient(Arc::new(Retry::<SampleProtocol>::new(
        Arc::new(Arc::clone(script)),
        options,
        circuit,
        &Metrics::new(),
    )))
}

fn command() -> Context {
    patient().as_command(IdempotencyKey::new(), 1)
}

#[tokio::test(start_paused = true)]
async fn what_was_certainly_not_executed_is_tried_again_after_growing_pauses() {
    let script = Script::of([gone(), gone(), gone()]);
    let client = retrying(&script, &RetryOptions::default());
    let begun = Instant::now();
    assert_eq!(client.count(&command(), ()).await.unwrap().value, 1);
    assert_eq!(script.calls(), 4);
    let paused = begun.elapsed().as_millis();
    assert!((70..=143).contains(&paused), "between 10+20+40 and 20+40+80 ms: {paused}");
    script.then([gone(), gone(), gone(), gone()]);
    assert_eq!(client.count(&command(), ()).await, Err(gone()));
    assert_eq!(script.calls(), 8, "four attempts, no more");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_outcome_is_tried_again_by_queries_and_by_commands_that_have_a_key() {
    let script = Script::of([UNKNOWN]);
    let client = retrying(&script, &RetryOptions::default());
    assert_eq!(client.echo(&patient(), "query".to_owned()).await.unwrap().value, "query");
    script.then([UNKNOWN]);
    assert!(client.count(&command(), ()).await.is_ok());
    assert_eq!(script.calls(), 4);
    script.then([UNKNOWN]);
    assert_eq!(client.count(&patient(), ()).await, Err(UNKNOWN));
    assert_eq!(script.calls(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_command_once_of_unknown_outcome_is_never_called_certainly_not_executed() {
    let script = Script::of([UNKNOWN, gone(), gone(), gone()]);
    let client = retrying(&script, &RetryOptions::default());
    assert_eq!(client.count(&command(), ()).await, Err(UNKNOWN));
    let busy = Error::RateLimited { reason: "busy".to_owned(), retry_after_ms: 1 };
    script.then([UNKNOWN, busy]);
    assert_eq!(client.count(&command(), ()).await, Err(UNKNOWN));
    script.then([UNKNOWN, gone(), gone(), gone()]);
    assert_eq!(client.echo(&patient(), String::new()).await, Err(gone()), "a query has nothing to be unsure of");
    script.then([UNKNOWN, Error::unauthenticated("the session has ended")]);
    assert_eq!(client.count(&command(), ()).await, Err(UNKNOWN), "perhaps by this very command");
    script.then([UNKNOWN, Error::forbidden("no")]);
    assert_eq!(client.count(&command(), ()).await, Err(Error::forbidden("no")), "an answer is an answer");
}

#[tokio::test(start_paused = true)]
async fn nothing_else_is_tried_again() {
    for error in [
        Error::forbidden("no"),
        Error::invalid("title", "", "empty"),
        Error::RateLimited { reason: "slowly".to_owned(), retry_after_ms: 10 },
        Error::unavailable(Service::Auth, "another service, which the one asked has tried already"),
        Error::Deadline { service: Service::Auth },
        Error::Internal { service: Service::Events, incident: "1".to_owned() },
    ] {
        let script = Script::of([error.clone()]);
        assert_eq!(retrying(&script, &RetryOptions::default()).echo(&patient(), String::new()).await, Err(error));
        assert_eq!(script.calls(), 1);
    }
    let script = Script::of([gone()]);
    assert_eq!(retrying(&script, &RetryOptions::default()).changes(&patient(), ()).await, Err(gone()));
    assert_eq!(script.calls(), 1, "a follower is a loop already");
}

#[tokio::test(start_paused = true)]
async fn no_attempt_begins_after_the_deadline() {
    let script = Script::slow([gone(), gone(), gone(), gone()], Duration::from_millis(100));
    let client = retrying(&script, &RetryOptions::default());
    let context = Context::new(Credential::None, Duration::from_millis(215));
    let begun = Instant::now();
    assert_eq!(client.echo(&context, String::new()).await, Err(gone()));
    assert_eq!(script.calls(), 2, "the second ended after 210 to 220 ms, and its pause of 20 to 40 would end too late");
    assert!(begun.elapsed() < Duration::from_millis(225));
}

#[tokio::test(start_paused = true)]
async fn retries_have_a_budget_that_successes_refill() {
    let options = RetryOptions { max_attempts: 2, budget_percent: 10, budget_burst: 3, ..RetryOptions::default() };
    let script = Script::of(std::iter::repeat_with(gone).take(13));
    let client = retrying(&script, &options);
    for _ in 0..10 {
        assert!(client.echo(&patient(), String::new()).await.is_err());
    }
    assert_eq!(script.calls(), 10 + 3, "three of burst; ten calls earned one less than a whole one");
    for _ in 0..10 {
        client.echo(&patient(), String::new()).await.unwrap();
    }
    script.then([gone()]);
    assert!(client.echo(&patient(), String::new()).await.is_ok(), "it can be tried again");
    assert_eq!(script.calls(), 13 + 10 + 2);
}

fn broken(script: &Arc<Script>) -> (SampleClient, Arc<Metrics>) {
    let metrics = Metrics::new();
    let breaker = Breaker::<SampleProtocol>::new(
        Arc::new(Arc::clone(script)),
        Circuit::new(&BreakerOptions::default()),
        &metrics,
    );
    (SampleClient(Arc::new(breaker)), metrics)
}

#[tokio::test(start_paused = true)]
async fn five_failures_in_a_row_open_the_circuit_one_call_probes_it_and_its_success_closes_it() {
    let script = Script::of([gone(), UNKNOWN, gone(), gone(), gone()]);
    let (client, metrics) = broken(&script);
    let call = || async { client.echo(&patient(), String::new()).await };
    for _ in 0..5 {
        assert!(call().await.is_err());
    }
    let refused = call().await.unwrap_err();
    assert_eq!(refused, Error::unavailable(Service::Events, "gone (it is asked again in 500 ms)"));
    assert_eq!(script.calls(), 5, "nobody was asked");
    assert!(metrics.render().contains("convene_breaker_open{service=\"events\"} 1"));

    tokio::time::advance(Duration::from_millis(501)).await;
    script.then([gone()]);
    assert_eq!(call().await, Err(gone()), "the probe fails");
    assert_eq!(script.calls(), 6);
    assert!(call().await.is_err());
    assert_eq!(script.calls(), 6, "open again");

    tokio::time::advance(Duration::from_millis(501)).await;
    assert!(call().await.is_ok(), "the probe succeeds");
    assert!(call().await.is_ok());
    assert!(metrics.render().contains("convene_breaker_open{service=\"events\"} 0"));
    script.then([gone(), gone(), gone(), gone()]);
    for _ in 0..4 {
        assert_eq!(call().await, Err(gone()));
    }
    assert!(call().await.is_ok(), "four failures are not five");
}

#[tokio::test(start_paused = true)]
async fn while_one_call_probes_the_others_are_refused_but_a_hanging_probe_does_not_bar_the_next() {
    let slow = Script::slow([], Duration::from_millis(700));
    let (client, _) = broken(&slow);
    let client = Arc::new(client);
    slow.then([gone(), gone(), gone(), gone(), gone()]);
    for _ in 0..5 {
        assert!(client.echo(&patient(), String::new()).await.is_err());
    }
    tokio::time::advance(Duration::from_millis(501)).await;
    let probing = tokio::spawn({
        let client = Arc::clone(&client);
        async move { client.echo(&patient(), "first probe".to_owned()).await }
    });
    tokio::task::yield_now().await;
    assert_eq!(slow.calls(), 6);
    assert_eq!(client.echo(&patient(), String::new()).await.unwrap_err().code(), "unavailable");
    assert_eq!(slow.calls(), 6);
    tokio::time::advance(Duration::from_millis(510)).await;
    assert!(!probing.is_finished());
    assert!(client.echo(&patient(), "second probe".to_owned()).await.is_ok());
    assert!(probing.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn only_failures_of_the_destination_itself_open_the_circuit() {
    let (elsewhere, slow_elsewhere) =
        (Error::unavailable(Service::Auth, "down"), Error::Deadline { service: Service::Auth });
    let script = Script::of((0..10).flat_map(|_| [Error::forbidden("no"), elsewhere.clone(), slow_elsewhere.clone()]));
    let (client, _) = broken(&script);
    for _ in 0..30 {
        assert!(client.echo(&patient(), String::new()).await.is_err());
    }
    assert!(client.echo(&patient(), String::new()).await.is_ok());
    assert_eq!(script.calls(), 31);
}

#[tokio::test(start_paused = true)]
async fn a_long_poll_neither_waits_for_the_circuit_nor_is_slow_for_it() {
    let script = Script::of(std::iter::repeat_n(UNKNOWN, 10));
    let (client, _) = broken(&script);
    for _ in 0..10 {
        assert_eq!(client.changes(&patient(), ()).await, Err(UNKNOWN));
    }
    script.then(std::iter::repeat_with(gone).take(5));
    for _ in 0..5 {
        assert_eq!(client.echo(&patient(), String::new()).await, Err(gone()));
    }
    assert!(client.changes(&patient(), ()).await.is_ok(), "it passes, and its success closes the circuit");
    assert!(client.echo(&patient(), String::new()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn calls_dropped_at_their_deadline_open_the_circuit_too() {
    let script = Script::slow([], Duration::from_secs(3_600));
    let client = layered_client(Arc::clone(&script));
    for _ in 0..5 {
        let context = Context::new(Credential::None, Duration::from_millis(50));
        assert_eq!(client.echo(&context, String::new()).await, Err(UNKNOWN));
    }
    assert_eq!(script.calls(), 5);
    let context = Context::new(Credential::None, Duration::from_millis(5));
    let error = client.echo(&context, String::new()).await.unwrap_err();
    assert!(error.to_string().contains("it did not answer in time (it is asked again in"), "{error}");
    assert_eq!(script.calls(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_destination_known_to_be_dead_is_reported_at_once() {
    let script = Script::of(std::iter::repeat_with(gone).take(100));
    let client = layered_client(Arc::clone(&script));
    for _ in 0..2 {
        assert!(client.echo(&patient(), String::new()).await.is_err());
    }
    assert_eq!(script.calls(), 5, "the circuit opened at the first attempt of the second call");
    let begun = Instant::now();
    assert_eq!(client.count(&command(), ()).await.unwrap_err().code(), "unavailable");
    assert_eq!((script.calls(), begun.elapsed()), (5, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn the_callers_metrics_count_the_final_outcome_of_all_attempts() {
    let script = Script::of([gone(), gone()]);
    let metrics = Metrics::new();
    let stack = client_stack(Arc::new(Arc::clone(&script)), &ClientOptions::default(), &metrics);
    assert!(SampleClient(stack).echo(&patient(), String::new()).await.is_ok());
    assert_eq!(script.calls(), 3);
    assert!(figure(&metrics, "echo", "ok"));
    assert!(!metrics.render().contains("code=\"unavailable\""));
    assert!(metrics.render().contains("convene_retries_total{service=\"events\"} 2"));
}

#[tokio::test]
async fn twice_makes_every_call_twice_and_reports_what_a_second_attempt_must_not_change() {
    let house = House::new();
    let mismatches = Arc::new(Mutex::new(Vec::new()));
    let report = Arc::clone(&mismatches);
    let twice =
        Twice::new(layered(&house), Arc::new(move |mismatch: Mismatch| report.lock().push(mismatch.method.name)));
    let client = SampleClient(Arc::new(twice));
    let as_alice = Context::new(alice(), Duration::from_secs(9)).as_command(IdempotencyKey::new(), 1);
    assert_eq!(client.count(&as_alice, ()).await.unwrap().value, 2, "the second answer");
    assert!(client.echo(&patient(), "same".to_owned()).await.is_ok());
    assert!(client.fail(&patient(), Error::forbidden("no")).await.is_err());
    assert!(mismatches.lock().is_empty(), "{mismatches:?}");
    // Every attempt is a span of its own, and `describe` tells: a query that changes between two attempts.
    assert!(client.describe(&patient(), ()).await.is_ok());
    assert_eq!(*mismatches.lock(), ["describe"]);
    house.release.add_permits(1);
    client.changes(&patient(), ()).await.unwrap();
    assert_eq!(house.release.available_permits(), 0, "a long poll is passed once");
}

#[test]
fn every_long_poll_of_the_services_is_known_as_one() {
    let polls = |methods: &[Method]| methods.iter().filter(|method| is_long_poll(method)).count();
    assert_eq!(polls(domain::auth::AuthProtocol::METHODS), 1);
    assert_eq!(polls(domain::events::EventsProtocol::METHODS), 2);
    assert_eq!(polls(domain::invitations::InvitationsProtocol::METHODS), 2);
    assert_eq!(polls(domain::sharing::SharingProtocol::METHODS), 2);
    assert_eq!(polls(domain::calendar::CalendarProtocol::METHODS), 1);
    assert!(is_long_poll(SampleRequest::changes(()).method()));
}
