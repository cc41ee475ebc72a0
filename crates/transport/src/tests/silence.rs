//! Peers that are silent, gone without a word, or read hardly anything: each is noticed within a bound, and what it held is given back.
//! The time is virtual.

use std::sync::Arc;
use std::time::Duration;

use domain::Peer;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::{Instant, timeout};

use super::hostile::{Raw, encoded, framed, request};
use super::sample::*;
use crate::frame::{Arrival, FrameKind, RequestHeader};
use crate::{ListenOptions, Server};

/// The usual bound on silence.
const IDLE: Duration = Duration::from_secs(60);

/// A call that hangs, with more patience than a silence lasts.
fn long_call() -> Vec<u8> {
    let context = domain::Context::new(domain::Credential::None, 5 * IDLE);
    framed(FrameKind::Request, 1, &encoded(&RequestHeader::new(3, &context)))
}

fn pipe(server: &Server<SampleProtocol>) -> DuplexStream {
    let (near, far) = tokio::io::duplex(64 * 1024);
    server.accept(Box::new(far), Peer::Linked);
    near
}

/// What comes next, however long it takes.
async fn next_kind(raw: &mut Raw) -> FrameKind {
    let Ok(Some(Arrival::Frame { kind, .. })) = raw.read.next().await else { panic!("closed") };
    kind
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_gone_without_a_word_is_asked_and_given_up_with_the_call_that_it_waits_for() {
    let house = House::new();
    let server = server_with(&house, ListenOptions::default());
    let mut gone = Raw::over(Box::new(pipe(&server))).await;
    gone.send(&long_call()).await;
    house.begun(1).await;
    let since = Instant::now();
    assert_eq!(next_kind(&mut gone).await, FrameKind::Ping);
    assert_eq!(since.elapsed().as_secs(), 30);
    house.dropped(1).await;
    assert!((IDLE..IDLE + Duration::from_secs(2)).contains(&since.elapsed()), "{:?}", since.elapsed());
    assert!(gone.farewell().await.contains("nothing was heard"));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_waits_for_long_and_answers_when_asked_is_kept() {
    let house = House::new();
    let server = server_with(&house, ListenOptions::default());
    let mut waits = Raw::over(Box::new(pipe(&server))).await;
    waits.send(&long_call()).await;
    house.begun(1).await;
    for _ in 0..9 {
        assert_eq!(next_kind(&mut waits).await, FrameKind::Ping);
        waits.send(&framed(FrameKind::Pong, 0, &[])).await;
    }
    house.release.add_permits(1);
    assert_eq!(waits.next().await.unwrap().0, FrameKind::Reply);
}

#[tokio::test(start_paused = true)]
async fn the_two_ends_keep_an_idle_connection_open_and_both_ends_of_a_call_that_takes_minutes() {
    let house = House::new();
    let client = client(piped(&house));
    client.echo(&patient(), String::new()).await.unwrap();
    tokio::time::sleep(10 * IDLE).await;
    let long = domain::Context::new(domain::Credential::None, Duration::from_secs(280));
    let waiting = tokio::spawn({
        let client = Arc::clone(&client);
        async move { client.hang(&long, ()).await }
    });
    house.begun(1).await;
    tokio::time::sleep(4 * IDLE).await;
    house.release.add_permits(1);
    waiting.await.unwrap().unwrap();
}

/// Asks for much more than fits into a pipe.
async fn asks_for_much(server: &Server<SampleProtocol>) -> Raw {
    let mut raw = Raw::over(Box::new(pipe(server))).await;
    for id in 1..=4 {
        raw.send(&request(id, 10, &encoded(&200_000_usize))).await;
    }
    raw
}

#[tokio::test(start_paused = true)]
async fn who_reads_nothing_is_closed_and_gives_the_place_back() {
    let house = House::new();
    let server = server_with(&house, ListenOptions { max_connections: 1, ..ListenOptions::default() });
    let since = Instant::now();
    let _deaf = asks_for_much(&server).await;
    let next = crate::Channel::over(crate::InMemory(Arc::clone(&server)), crate::ChannelOptions::default());
    let next = client(next);
    while next.echo(&patient(), String::new()).await.is_err() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert!((30..50).contains(&since.elapsed().as_secs()), "{:?}", since.elapsed());
}

#[tokio::test(start_paused = true)]
async fn who_reads_a_byte_now_and_then_is_closed_as_well() {
    let house = House::new();
    let server = server_with(&house, ListenOptions::default());
    let mut stream = pipe(&server);
    let (mut near, mut far) = tokio::io::duplex(1);
    // Between the two a relay with hardly any buffer of its own, so that reading slowly is felt at the other end.
    tokio::spawn(async move { tokio::io::copy_bidirectional_with_sizes(&mut stream, &mut far, 1, 1).await });
    let asked = b"GET /rpc HTTP/1.1\r\nhost: x\r\nupgrade: convene-rpc\r\nconnection: upgrade\r\nconvene-service: events\r\nconvene-protocol: 2\r\n\r\n";
    near.write_all(asked).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(near.read_u8().await.unwrap());
    }
    for id in 1..=4 {
        near.write_all(&request(id, 10, &encoded(&200_000_usize))).await.unwrap();
    }
    let since = Instant::now();
    while since.elapsed() < IDLE {
        near.read_u8().await.unwrap();
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    server_is_idle(&server).await;
}

/// The server holds no connection any more.
async fn server_is_idle(server: &Server<SampleProtocol>) {
    timeout(Duration::from_secs(1), server.shutdown()).await.expect("a connection is still held");
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_at_all_or_half_a_request_is_cut_off() {
    let house = House::new();
    let server = server_with(&house, ListenOptions::default());
    for begun in [&b""[..], b"GET /rpc HT", b"GET /rpc HTTP/1.1\r\nhost: x\r\nx-and-then: "] {
        let since = Instant::now();
        let mut slow = pipe(&server);
        slow.write_all(begun).await.unwrap();
        let mut rest = Vec::new();
        let _ = slow.read_to_end(&mut rest).await;
        assert_eq!(since.elapsed().as_secs(), 5);
    }
}
