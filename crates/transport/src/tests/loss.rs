//! Connections that are lost: every call learns honestly what became of it, and the next one finds a way again.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use domain::{Context, Credential, Error, Service};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::sample::*;
use crate::stream::{BoxStream, Connect};
use crate::{Channel, ChannelOptions, ListenOptions};

const UNKNOWN: Error = Error::Deadline { service: Service::Events };

#[tokio::test]
async fn a_call_lost_under_way_has_an_unknown_outcome_and_a_new_one_was_certainly_not_executed() {
    let house = House::new();
    let listening = listening(&house, ListenOptions::default()).await;
    let client = client(listening.channel());
    let hanging = tokio::spawn({
        let client = Arc::clone(&client);
        async move { client.hang(&patient(), ()).await }
    });
    house.begun(1).await;
    listening.kill().await;
    assert_eq!(hanging.await.unwrap(), Err(UNKNOWN));
    let error = client.echo(&patient(), String::new()).await.unwrap_err();
    assert!(matches!(&error, Error::Unavailable { service: Service::Events, .. }), "{error:?}");
    assert!(error.to_string().contains("cannot connect to 127.0.0.1:"), "{error}");
}

#[tokio::test]
async fn a_service_that_starts_again_on_its_port_is_found_again() {
    let house = House::new();
    let first = listening(&house, ListenOptions::default()).await;
    let address = first.address;
    let client = client(first.channel());
    client.echo(&patient(), String::new()).await.unwrap();
    first.kill().await;
    let _second = listening_at(&house, address, ListenOptions::default()).await;
    // The channel may still hold the old connection for a moment; then the outcome of a call on it is unknown, never wrong.
    loop {
        match client.echo(&patient(), "again".to_owned()).await {
            Ok(reply) => {
                assert_eq!(reply.value, "again");
                break;
            }
            Err(error) => assert_eq!(error, UNKNOWN),
        }
    }
}

#[tokio::test]
async fn with_the_layers_a_lost_connection_is_not_even_noticed_by_a_query() {
    let house = House::new();
    let first = listening(&house, ListenOptions::default()).await;
    let address = first.address;
    let client = layered_client(first.channel());
    client.echo(&patient(), String::new()).await.unwrap();
    first.kill().await;
    let _second = listening_at(&house, address, ListenOptions::default()).await;
    assert_eq!(client.echo(&patient(), "again".to_owned()).await.unwrap().value, "again");
}

/// A stream that takes the upgrade and a part of the first request; a second one is refused.
struct Stuck(AtomicUsize);

#[async_trait]
impl Connect for Arc<Stuck> {
    async fn connect(&self) -> io::Result<BoxStream> {
        if self.0.fetch_add(1, Ordering::Relaxed) > 0 {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        // A pipe too narrow for a whole request.
        let (near, mut far) = tokio::io::duplex(256);
        tokio::spawn(async move {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(far.read_u8().await.unwrap());
            }
            let welcome = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: convene-rpc\r\nconnection: upgrade\r\nconvene-service: events\r\nconvene-protocol: 2\r\n\r\n";
            far.write_all(welcome).await.unwrap();
            // Once both requests wait and all has come to rest (the clock is virtual), reads a little of the first, then breaks.
            tokio::time::sleep(Duration::from_secs(1)).await;
            let mut some = [0; 100];
            far.read_exact(&mut some).await.unwrap();
        });
        Ok(Box::new(near))
    }

    fn target(&self) -> &str {
        "stuck"
    }
}

#[tokio::test(start_paused = true)]
async fn requests_that_never_reached_the_stream_are_certainly_not_executed() {
    let stuck = Arc::new(Stuck(AtomicUsize::new(0)));
    let client = client(Channel::<SampleProtocol>::over(Arc::clone(&stuck), ChannelOptions::default()));
    let context = patient();
    let (first, second) =
        tokio::join!(client.echo(&context, "x".repeat(1_000)), client.echo(&context, "y".repeat(1_000)),);
    // The pipe took a part of the first request only. The second was therefore tried again over another connection.
    assert_eq!(first, Err(UNKNOWN));
    assert!(matches!(&second, Err(Error::Unavailable { service: Service::Events, .. })), "{second:?}");
    assert_eq!(stuck.0.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_hangs_ends_calls_at_their_deadline_and_is_given_up_after_two_silences() {
    // Upgrades, then never answers and never closes.
    struct Deaf(AtomicUsize);
    #[async_trait]
    impl Connect for Arc<Deaf> {
        async fn connect(&self) -> io::Result<BoxStream> {
            self.0.fetch_add(1, Ordering::Relaxed);
            let (near, mut far) = tokio::io::duplex(1 << 16);
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(far.read_u8().await.unwrap());
                }
                let welcome = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: convene-rpc\r\nconnection: upgrade\r\nconvene-service: events\r\nconvene-protocol: 2\r\n\r\n";
                far.write_all(welcome).await.unwrap();
                std::future::pending::<()>().await;
            });
            Ok(Box::new(near))
        }
        fn target(&self) -> &str {
            "deaf"
        }
    }
    let deaf = Arc::new(Deaf(AtomicUsize::new(0)));
    let client = client(Channel::<SampleProtocol>::over(Arc::clone(&deaf), ChannelOptions::default()));
    let begun = tokio::time::Instant::now();
    let short = Context::new(Credential::None, Duration::from_secs(2));
    assert_eq!(client.echo(&short, String::new()).await, Err(UNKNOWN));
    assert_eq!(begun.elapsed().as_secs(), 2);
    // A call with more patience than the connection has.
    assert_eq!(client.echo(&patient(), String::new()).await, Err(UNKNOWN));
    assert_eq!(begun.elapsed().as_secs(), 30);
    assert_eq!(deaf.0.load(Ordering::Relaxed), 1);
    let short = Context::new(Credential::None, Duration::from_secs(2));
    assert_eq!(client.echo(&short, String::new()).await, Err(UNKNOWN));
    assert_eq!(deaf.0.load(Ordering::Relaxed), 2, "a new connection was made");
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_deadline_comes_before_its_connection_was_certainly_not_executed() {
    // A way on which nobody ever says anything.
    struct Silent;
    #[async_trait]
    impl Connect for Silent {
        async fn connect(&self) -> io::Result<BoxStream> {
            let (near, far) = tokio::io::duplex(1 << 16);
            tokio::spawn(async move {
                let _far = far;
                std::future::pending::<()>().await;
            });
            Ok(Box::new(near))
        }
        fn target(&self) -> &str {
            "silent"
        }
    }
    let bare = client(Channel::<SampleProtocol>::over(Silent, ChannelOptions::default()));
    let layered = layered_client(Channel::<SampleProtocol>::over(Silent, ChannelOptions::default()));
    for client in [bare, layered] {
        let begun = tokio::time::Instant::now();
        // The second waits for the first one's attempt to connect.
        let calls = (0..2).map(|_| {
            let client = Arc::clone(&client);
            async move { client.echo(&Context::new(Credential::None, Duration::from_millis(300)), String::new()).await }
        });
        for answer in futures::future::join_all(calls).await {
            assert!(
                matches!(&answer, Err(Error::Unavailable { reason, .. }) if reason.contains("in time")),
                "{answer:?}"
            );
        }
        assert!(begun.elapsed() < Duration::from_millis(305), "{:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn a_name_that_leads_nowhere_is_unavailable() {
    let unused = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for address in [unused.to_string(), "no such host:1".to_owned(), "127.0.0.1".to_owned()] {
        let client = client(Channel::<SampleProtocol>::to(address.clone(), ChannelOptions::default()));
        let error = client.echo(&patient(), String::new()).await.unwrap_err();
        assert!(matches!(&error, Error::Unavailable { reason, .. } if reason.contains(&address)), "{error:?}");
    }
}
