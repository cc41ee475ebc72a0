//! Who gets a place, who waits, and who is refused at once.

use tokio::time::Instant;

use super::*;

#[tokio::test]
async fn observed_stands_before_limit_so_that_refusals_are_counted() {
    let house = House::new();
    let (client, metrics) =
        counted(&house, LimitOptions { max_in_flight: 1, max_waiting: 0, ..LimitOptions::default() });
    let hanging = tokio::spawn({
        let client = Arc::clone(&client);
        async move { client.hang(&patient(), ()).await }
    });
    house.begun(1).await;
    let error = client.echo(&patient(), String::new()).await.unwrap_err();
    assert_eq!(
        error,
        Error::RateLimited {
            reason: "events is busy: 1 calls are under way, and 0 wait".to_owned(),
            retry_after_ms: 200
        }
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
    assert!(text.contains("convene_server_call_duration_seconds_count{method=\"echo\",service=\"events\"}"), "{text}");
    assert!(
        !text.contains("convene_server_call_duration_seconds_count{method=\"changes\",service=\"events\"}"),
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
    assert!(!metrics.render().contains("seconds_count{method=\"watch\""), "it is not timed");
}

/// One place, `waiting` more, and the house in which calls hang.
fn narrow(waiting: usize) -> (Arc<House>, Arc<SampleClient>, Arc<Metrics>) {
    let house = House::new();
    let limit = LimitOptions { max_in_flight: 1, max_waiting: waiting, ..LimitOptions::default() };
    let (client, metrics) = counted(&house, limit);
    (house, client, metrics)
}

fn hanging(client: &Arc<SampleClient>) -> tokio::task::JoinHandle<Answer<()>> {
    let client = Arc::clone(client);
    tokio::spawn(async move { client.hang(&patient(), ()).await })
}

fn shed(metrics: &Metrics, reason: &str) -> Option<u64> {
    let line = format!("convene_server_calls_shed_total{{reason=\"{reason}\",service=\"events\"}} ");
    metrics.render().lines().find_map(|known| known.strip_prefix(&line)?.parse().ok())
}

#[tokio::test(start_paused = true)]
async fn a_call_that_finds_no_place_waits_its_turn_and_one_that_finds_no_room_to_wait_is_refused() {
    let (house, client, metrics) = narrow(1);
    let first = hanging(&client);
    house.begun(1).await;
    let second = hanging(&client);
    tokio::task::yield_now().await;
    assert!(metrics.render().contains("convene_server_calls_waiting{service=\"events\"} 1"));
    let refused = client.echo(&patient(), String::new()).await.unwrap_err();
    assert_eq!((refused.code(), shed(&metrics, "queue_full")), ("rate_limited", Some(1)));
    house.release.add_permits(1);
    assert!(first.await.unwrap().is_ok());
    house.begun(2).await;
    house.release.add_permits(1);
    assert!(second.await.unwrap().is_ok());
    assert!(metrics.render().contains("convene_server_calls_waiting{service=\"events\"} 0"));
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_longer_than_is_allowed_even_where_calls_hang() {
    let (house, client, metrics) = narrow(9);
    let hangs = hanging(&client);
    house.begun(1).await;
    let begun = Instant::now();
    assert_eq!(client.echo(&patient(), String::new()).await.unwrap_err().code(), "rate_limited");
    assert_eq!(begun.elapsed(), LimitOptions::default().max_wait);
    let short = Context::new(domain::Credential::None, Duration::from_millis(7));
    let begun = Instant::now();
    assert_eq!(client.count(&short.as_command(IdempotencyKey::new(), 1), ()).await.unwrap_err().code(), "rate_limited");
    assert_eq!(
        (begun.elapsed(), shed(&metrics, "too_slow")),
        (Duration::from_millis(7), Some(2)),
        "certainly not done"
    );
    hangs.abort();
}

#[tokio::test(start_paused = true)]
async fn who_would_have_to_wait_too_long_is_told_so_on_arrival() {
    let script = Script::slow([], Duration::from_millis(40));
    let limit = LimitOptions { max_in_flight: 1, max_waiting: 99, ..LimitOptions::default() };
    let (client, metrics) = scripted(&script, limit);
    for _ in 0..99 {
        client.echo(&patient(), String::new()).await.unwrap();
    }
    // In 100 ms, two calls of 40 ms end, and a third does not.
    let asking = (0..4).map(|_| {
        let client = Arc::clone(&client);
        async move {
            let begun = Instant::now();
            (client.echo(&patient(), String::new()).await.is_ok(), begun.elapsed().as_millis())
        }
    });
    let answers = futures::future::join_all(asking).await;
    assert_eq!(answers, [(true, 40), (true, 80), (true, 120), (false, 0)]);
    assert_eq!(shed(&metrics, "too_slow"), Some(1));
}

#[tokio::test(start_paused = true)]
async fn how_a_service_is_can_be_asked_however_busy_it_is() {
    let (house, client, _) = narrow(0);
    let hangs = hanging(&client);
    house.begun(1).await;
    assert_eq!(client.echo(&patient(), String::new()).await.unwrap_err().code(), "rate_limited");
    assert!(client.health(&patient(), ()).await.is_ok());
    hangs.abort();
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_goes_away_leaves_the_queue() {
    let (house, client, _) = narrow(1);
    let hangs = hanging(&client);
    house.begun(1).await;
    let waits = hanging(&client);
    tokio::task::yield_now().await;
    waits.abort();
    assert!(waits.await.unwrap_err().is_cancelled());
    house.release.add_permits(1);
    assert!(hangs.await.unwrap().is_ok());
    assert!(client.echo(&patient(), String::new()).await.is_ok(), "its turn went to nobody");
}
