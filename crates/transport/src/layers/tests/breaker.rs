//! When a destination is given a rest, and when it is asked again.

use domain::Credential;
use tokio::time::Instant;

use super::*;

fn broken(script: &Arc<Script>) -> (SampleClient, Arc<Metrics>) {
    let metrics = Metrics::new();
    let circuit = Circuit::new::<SampleProtocol>(&BreakerOptions::default(), &metrics);
    let breaker = Breaker::<SampleProtocol>::new(Arc::new(Arc::clone(script)), circuit);
    (SampleClient(Arc::new(breaker)), metrics)
}

/// Whether so many breakers are shown as closed, open and half open.
fn shows(metrics: &Metrics, breakers: [i64; 3]) -> bool {
    let text = metrics.render();
    ["closed", "open", "half_open"].iter().zip(breakers).all(|(state, count)| {
        let line = format!("convene_client_breaker_state{{destination=\"events\",state=\"{state}\"}} {count}");
        text.lines().any(|known| known == line)
    })
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
    assert!(shows(&metrics, [0, 1, 0]));

    tokio::time::advance(Duration::from_millis(501)).await;
    script.then([gone()]);
    assert_eq!(call().await, Err(gone()), "the probe fails");
    assert_eq!(script.calls(), 6);
    assert!(call().await.is_err());
    assert_eq!(script.calls(), 6, "open again");

    tokio::time::advance(Duration::from_millis(501)).await;
    assert!(call().await.is_ok(), "the probe succeeds");
    assert!(call().await.is_ok());
    assert!(shows(&metrics, [1, 0, 0]));
    script.then([gone(), gone(), gone(), gone()]);
    for _ in 0..4 {
        assert_eq!(call().await, Err(gone()));
    }
    assert!(call().await.is_ok(), "four failures are not five");
}

#[tokio::test(start_paused = true)]
async fn while_one_call_probes_the_others_are_refused_but_a_hanging_probe_does_not_bar_the_next() {
    let slow = Script::slow([], Duration::from_millis(700));
    let (client, metrics) = broken(&slow);
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
    assert!(shows(&metrics, [0, 0, 1]));
    assert_eq!(client.echo(&patient(), String::new()).await.unwrap_err().code(), "unavailable");
    assert_eq!(slow.calls(), 6);
    tokio::time::advance(Duration::from_millis(510)).await;
    assert!(!probing.is_finished());
    assert!(client.echo(&patient(), "second probe".to_owned()).await.is_ok());
    assert!(probing.await.unwrap().is_ok());
    assert!(shows(&metrics, [1, 0, 0]));
    drop(client);
    assert!(shows(&metrics, [0, 0, 0]), "a breaker that is gone is in no state");
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
