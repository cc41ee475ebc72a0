//! Good clients: what travels arrives, many calls share a connection, and a caller who goes takes the work along.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use domain::{Context, Error, IdempotencyKey, Service, Trace};
use futures::future::join_all;
use proptest::prelude::*;

use super::sample::*;
use crate::stream::BoxStream;
use crate::{Channel, ChannelOptions, Connect, ListenOptions};

#[tokio::test]
async fn the_whole_context_and_the_whole_reply_cross_the_wire() {
    let house = House::new();
    let listening = listening(&house, ListenOptions::default()).await;
    for (channel, peer) in [(piped(&house), "linked"), (listening.channel(), "127.0.0.1")] {
        let key = IdempotencyKey::new();
        let mut context = Context::new(alice(), Duration::from_secs(30)).as_command(key, 17).having_seen(seen());
        context.trace = Trace { trace: [5; 16], span: [6; 8] };
        let reply = client(channel).describe(&context, ()).await.unwrap();
        assert_eq!(reply.seen, seen());
        assert_eq!(reply.behind, [Service::Auth, Service::Sharing]);
        assert!(!reply.settled);
        let arrived = reply.value;
        assert!(arrived.actor.starts_with("User"), "{}", arrived.actor);
        assert_eq!((arrived.idempotency_key, arrived.sequence), (Some(key), Some(17)));
        assert_eq!(arrived.seen, seen());
        assert_eq!(arrived.trace.trace, [5; 16], "the trace goes on");
        assert_ne!(arrived.trace.span, [6; 8], "in a span of its own");
        assert!((20_000..=30_001).contains(&arrived.remaining_ms), "{}", arrived.remaining_ms);
        assert_eq!(arrived.peer, peer);
    }
}

#[tokio::test]
async fn a_call_without_a_trace_gets_one() {
    let reply = client(piped(&House::new())).describe(&patient(), ()).await.unwrap();
    assert_ne!(reply.value.trace.trace, [0; 16]);
}

/// All of them are in the stream before the server reads it.
#[tokio::test]
async fn calls_that_come_together_are_each_answered_whether_they_wait_fail_or_are_answered_at_once() {
    let house = House::new();
    let client = client(piped(&house));
    client.echo(&patient(), String::new()).await.unwrap();
    let answers = join_all((0..60_usize).map(|number| {
        let client = &client;
        async move {
            match number % 10 {
                3 => client.hang(&patient(), ()).await.map(|_| "hung".to_owned()),
                5 => client.fail(&patient(), Error::not_found("thing", "7")).await.map(|_| String::new()),
                7 => client.collapse(&patient(), "a detail".to_owned()).await.map(|_| String::new()),
                _ => client.echo(&patient(), number.to_string()).await.map(|reply| reply.value),
            }
        }
    }));
    let released = async {
        house.begun(6).await;
        house.release.add_permits(6);
    };
    for (number, answer) in futures::join!(answers, released).0.into_iter().enumerate() {
        match number % 10 {
            3 => assert_eq!(answer.unwrap(), "hung"),
            5 => assert_eq!(answer.unwrap_err().code(), "not_found"),
            7 => assert_eq!(answer.unwrap_err().code(), "internal"),
            _ => assert_eq!(answer.unwrap(), number.to_string()),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_calls_at_once_share_connections_and_each_gets_its_own_answer() {
    let house = House::new();
    let listening = listening(&house, ListenOptions::default()).await;
    for connections in [1, 4] {
        let options = ChannelOptions { connections, ..ChannelOptions::default() };
        let client = client(Channel::<SampleProtocol>::to(listening.address.to_string(), options));
        let calls = (0..1_000).map(|number| {
            let client = Arc::clone(&client);
            tokio::spawn(async move {
                let text = format!("{number} {}", "x".repeat(number));
                assert_eq!(client.echo(&patient(), text.clone()).await.unwrap().value, text);
            })
        });
        for call in join_all(calls).await {
            call.unwrap();
        }
    }
}

/// Makes no more than so many streams, and counts them.
struct AtMost {
    streams: usize,
    made: Arc<AtomicUsize>,
    to: crate::InMemory<SampleProtocol>,
}

#[async_trait]
impl Connect for AtMost {
    async fn connect(&self) -> io::Result<BoxStream> {
        if self.made.fetch_add(1, Ordering::Relaxed) >= self.streams {
            return Err(io::Error::other("no more of them"));
        }
        self.to.connect().await
    }

    fn target(&self) -> &str {
        self.to.target()
    }
}

/// A client with so many connections, of which only so many can be made, and how often that was tried.
fn spread(house: &Arc<House>, connections: usize, streams: usize) -> (Arc<SampleClient>, Arc<AtomicUsize>) {
    let made = Arc::new(AtomicUsize::new(0));
    let to = crate::InMemory(server_with(house, ListenOptions::default()));
    let options = ChannelOptions { connections, ..ChannelOptions::default() };
    (client(Channel::over(AtMost { streams, made: Arc::clone(&made), to }, options)), made)
}

#[tokio::test]
async fn a_call_takes_the_connection_for_whose_answers_the_fewest_wait() {
    let house = House::new();
    let (client, made) = spread(&house, 3, 3);
    for number in 0..10 {
        client.echo(&patient(), number.to_string()).await.unwrap();
    }
    assert_eq!(made.load(Ordering::Relaxed), 1, "one after the other they need but one");

    let mut hanging = Vec::new();
    for connections in [1, 2, 2, 3, 3] {
        let client = Arc::clone(&client);
        hanging.push(tokio::spawn(async move { client.hang(&patient(), ()).await }));
        house.begun(hanging.len()).await;
        // Only who finds another waiting has a further one made, and goes on without it.
        while made.load(Ordering::Relaxed) < connections {
            tokio::task::yield_now().await;
        }
        assert_eq!(made.load(Ordering::Relaxed), connections, "{} wait", hanging.len());
    }
    house.release.add_permits(hanging.len());
    for call in hanging {
        call.await.unwrap().unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn calls_go_over_the_connections_there_are_where_another_cannot_be_made() {
    let house = House::new();
    let (client, made) = spread(&house, 2, 1);
    let waiting = tokio::spawn({
        let client = Arc::clone(&client);
        async move { client.hang(&patient(), ()).await }
    });
    house.begun(1).await;
    for number in 0..10 {
        assert_eq!(client.echo(&patient(), number.to_string()).await.unwrap().value, number.to_string());
    }
    assert_eq!(made.load(Ordering::Relaxed), 2, "it was tried, but not again and again");
    tokio::time::advance(Duration::from_millis(1_001)).await;
    for number in 0..10 {
        assert_eq!(client.echo(&patient(), number.to_string()).await.unwrap().value, number.to_string());
    }
    assert_eq!(made.load(Ordering::Relaxed), 3, "after a while it is tried again");
    house.release.add_permits(1);
    waiting.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_further_connection() {
    struct ThenNever(AtomicUsize, crate::InMemory<SampleProtocol>);
    #[async_trait]
    impl Connect for ThenNever {
        async fn connect(&self) -> io::Result<BoxStream> {
            if self.0.fetch_add(1, Ordering::Relaxed) > 0 {
                return std::future::pending().await;
            }
            self.1.connect().await
        }
        fn target(&self) -> &str {
            self.1.target()
        }
    }
    let house = House::new();
    let to = crate::InMemory(server_with(&house, ListenOptions::default()));
    let options = ChannelOptions { connections: 2, ..ChannelOptions::default() };
    let client = client(Channel::over(ThenNever(AtomicUsize::new(0), to), options));
    client.echo(&patient(), String::new()).await.unwrap();
    let waiting = tokio::spawn({
        let client = Arc::clone(&client);
        async move { client.hang(&patient(), ()).await }
    });
    house.begun(1).await;
    let since = tokio::time::Instant::now();
    for number in 0..10 {
        assert_eq!(client.echo(&patient(), number.to_string()).await.unwrap().value, number.to_string());
    }
    assert_eq!(since.elapsed(), Duration::ZERO);
    house.release.add_permits(1);
    waiting.await.unwrap().unwrap();
}

#[tokio::test]
async fn more_calls_than_places_wait_for_their_turn() {
    let house = House::new();
    let server = server_with(&house, ListenOptions::default());
    let options = ChannelOptions { max_in_flight: 2, ..ChannelOptions::default() };
    let client = client(Channel::over(crate::InMemory(server), options));
    let calls = join_all((0..50).map(|number| {
        let client = Arc::clone(&client);
        async move { client.echo(&patient(), number.to_string()).await.unwrap().value }
    }));
    let answers = calls.await;
    assert_eq!(answers, (0..50).map(|number| number.to_string()).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_goes_cancels_the_work_and_gets_the_place_back() {
    let house = House::new();
    let server = server_with(&house, ListenOptions::default());
    let options = ChannelOptions { max_in_flight: 1, ..ChannelOptions::default() };
    let client = client(Channel::over(crate::InMemory(server), options));
    let hanging = tokio::spawn({
        let client = Arc::clone(&client);
        async move { client.hang(&patient(), ()).await }
    });
    house.begun(1).await;
    let gone = tokio::time::Instant::now();
    hanging.abort();
    house.dropped(1).await;
    assert!(gone.elapsed() < Duration::from_secs(1), "at once, not at its deadline");
    assert_eq!(client.echo(&patient(), "still here".to_owned()).await.unwrap().value, "still here");
}

#[tokio::test(start_paused = true)]
async fn a_linked_caller_who_goes_cancels_the_work_too() {
    let house = House::new();
    let client = layered_client(layered(&house));
    let hanging = tokio::spawn(async move { client.hang(&patient(), ()).await });
    house.begun(1).await;
    let gone = tokio::time::Instant::now();
    hanging.abort();
    house.dropped(1).await;
    assert!(gone.elapsed() < Duration::from_secs(1), "at once, not at its deadline");
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_by_its_deadline_and_so_does_the_work_in_every_mode() {
    let house = House::new();
    let ways = [client(piped(&house)), layered_client(piped(&house)), layered_client(layered(&house))];
    for (dropped, client) in (1..).zip(ways) {
        let context = Context::new(domain::Credential::None, Duration::from_millis(300));
        let begun = tokio::time::Instant::now();
        assert_eq!(client.hang(&context, ()).await, Err(Error::Deadline { service: Service::Events }));
        assert_eq!(begun.elapsed().as_millis() / 10, 30);
        house.dropped(dropped).await;
        assert_eq!(client.echo(&context, String::new()).await, Err(Error::Deadline { service: Service::Events }));
    }
}

#[tokio::test]
async fn a_reply_too_large_is_an_incident_and_a_request_too_large_a_refusal_of_that_call_only() {
    let house = House::new();
    let server =
        server_with(&house, ListenOptions { max_request: 1_000, max_frame: 1_000, ..ListenOptions::default() });
    let client = client(Channel::over(crate::InMemory(server), ChannelOptions::default()));
    let error = client.letters(&patient(), 2_000).await.unwrap_err();
    assert!(matches!(&error, Error::Internal { service: Service::Events, .. }), "{error:?}");
    let refused = client.echo(&patient(), "x".repeat(2_000)).await.unwrap_err();
    assert!(refused.to_string().contains("at most 1000"), "{refused}");
    assert_eq!(client.echo(&patient(), "small".to_owned()).await.unwrap().value, "small");
}

#[tokio::test]
async fn a_request_too_large_for_a_frame_is_refused_before_it_is_sent_and_one_too_large_for_a_service_by_it() {
    let client = client(piped(&House::new()));
    for too_large in [5 << 20, 300 << 10] {
        let error = client.echo(&patient(), "x".repeat(too_large)).await.unwrap_err();
        assert_eq!(error.code(), "invalid_input");
    }
    assert_eq!(client.letters(&patient(), 4_000_000).await.unwrap().value.len(), 4_000_000, "answers may be larger");
    let large = "x".repeat((256 << 10) - 1_000);
    assert_eq!(client.echo(&patient(), large.clone()).await.unwrap().value, large);
}

#[tokio::test]
async fn a_panic_is_an_incident_and_harms_no_other_call() {
    let house = House::new();
    for client in [client(piped(&house)), layered_client(piped(&house)), layered_client(layered(&house))] {
        let hanging = tokio::spawn({
            let client = Arc::clone(&client);
            async move { client.hang(&patient(), ()).await }
        });
        let begun = *house.begun.borrow();
        house.begun(begun.max(1)).await;
        let error = client.collapse(&patient(), "a secret detail".to_owned()).await.unwrap_err();
        assert!(
            matches!(&error, Error::Internal { service: Service::Events, incident } if incident.len() == 16),
            "{error:?}"
        );
        assert!(!error.to_string().contains("secret"));
        house.release.add_permits(1);
        hanging.await.unwrap().unwrap();
    }
}

/// Without layers, so that nothing but the session's own net is under the service.
#[tokio::test]
async fn even_an_unshielded_panic_is_answered() {
    let bare: Arc<dyn domain::Stub<SampleProtocol>> = Arc::new(SampleServer(House::new() as Arc<dyn Sample>));
    let server =
        crate::Server::new(bare, Arc::new(crate::Ready::default), crate::Metrics::new(), ListenOptions::default());
    let client = client(Channel::over(crate::InMemory(Arc::new(server)), ChannelOptions::default()));
    let error = client.collapse(&patient(), "no shield".to_owned()).await.unwrap_err();
    assert_eq!(error.code(), "internal");
}

fn services() -> impl Strategy<Value = Service> {
    proptest::sample::select(Service::ALL.to_vec())
}

fn errors() -> impl Strategy<Value = Error> {
    prop_oneof![
        (".*", ".*", ".*").prop_map(|(field, value, reason)| Error::InvalidInput { field, value, reason }),
        ".*".prop_map(|reason| Error::Unauthenticated { reason }),
        ".*".prop_map(|reason| Error::Forbidden { reason }),
        (".*", ".*").prop_map(|(field, value)| Error::NotFound { field, value }),
        (".*", ".*", any::<Option<u64>>()).prop_map(|(field, reason, current_version)| Error::Conflict {
            field,
            reason,
            current_version
        }),
        (".*", any::<u64>()).prop_map(|(reason, retry_after_ms)| Error::RateLimited { reason, retry_after_ms }),
        (services(), ".*").prop_map(|(service, reason)| Error::Unavailable { service, reason }),
        services().prop_map(|service| Error::Deadline { service }),
        (services(), ".*").prop_map(|(service, incident)| Error::Internal { service, incident }),
    ]
}

#[test]
fn errors_cross_whole() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = runtime.block_on(async { client(piped(&House::new())) });
    proptest!(|(error in errors())| {
        let answer = runtime.block_on(client.fail(&patient(), error.clone()));
        prop_assert_eq!(answer, Err(error));
    });
}
