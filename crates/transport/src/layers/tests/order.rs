//! The order of the layers with its reasons, and what follows from it.

use domain::{Credential, SessionToken, WireBody as _};

use super::*;

#[test]
fn the_order_of_the_service_side_is_this_for_these_reasons() {
    let layers = server_layers::<SampleProtocol>(Arc::new(Doorman), &ServerOptions::default(), &Metrics::new());
    let order: Vec<_> = layers.iter().map(|layer| (layer.name, layer.reason)).collect();
    assert_eq!(
        order,
        [
            ("observed", "it counts refusals too, and all logs of a call lie within its span"),
            ("deadline", "a call too late takes no place, and everything below ends in time"),
            ("limit", "a call too many is refused before it costs anything"),
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

#[tokio::test]
async fn deadline_stands_before_authentication_so_that_a_call_too_late_costs_nothing() {
    let (client, _) = counted(&House::new(), LimitOptions::default());
    let late = Context::new(Credential::Session(SessionToken("ended".into())), Duration::ZERO);
    assert_eq!(client.for_members(&late, ()).await, Err(UNKNOWN));
}

#[tokio::test]
async fn shield_stands_before_authentication_so_that_its_panics_are_answered() {
    let (client, _) = counted(&House::new(), LimitOptions::default());
    let context = Context::new(Credential::Session(SessionToken("panic".into())), Duration::from_secs(9));
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

#[tokio::test(start_paused = true)]
async fn the_callers_metrics_count_the_final_outcome_of_all_attempts() {
    let script = Script::of([gone(), gone()]);
    let metrics = Metrics::new();
    let stack = client_stack(Arc::new(Arc::clone(&script)), &ClientOptions::default(), &metrics);
    assert!(SampleClient(stack).echo(&patient(), String::new()).await.is_ok());
    assert_eq!(script.calls(), 3);
    assert!(figure(&metrics, "echo", "ok"));
    assert!(!metrics.render().contains("code=\"unavailable\""));
    assert!(metrics.render().contains("convene_client_retries_total{destination=\"events\"} 2"));
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
