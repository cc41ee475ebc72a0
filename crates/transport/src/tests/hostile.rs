//! Bad clients and wrong servers: none hangs, crashes or grows the server, and each is told clearly what is wrong.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::{Codec, Error, Service};
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::sample::*;
use crate::codec::Bincode;
use crate::frame::{Arrival, FrameKind, FrameReader, ReplyHeader, RequestHeader, append};
use crate::stream::{BoxStream, ReadHalf, WriteHalf};
use crate::{Channel, ChannelOptions, ListenOptions, handshake};

const PATIENCE: Duration = Duration::from_secs(20);

/// A client that can send anything.
pub(super) struct Raw {
    pub(super) write: WriteHalf,
    pub(super) read: FrameReader<ReadHalf>,
}

impl Raw {
    async fn connect(address: SocketAddr) -> Self {
        Self::over(Box::new(TcpStream::connect(address).await.unwrap())).await
    }

    pub(super) async fn over(stream: BoxStream) -> Self {
        let (stream, rest) =
            handshake::upgrade(stream, Service::Events, crate::PROTOCOL_VERSION, "the server").await.unwrap();
        let (read, write) = stream.halves();
        Self { write, read: FrameReader::new(read, &rest, 1 << 20) }
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) {
        self.write.write_all(bytes).await.unwrap();
    }

    /// The next frame; `None` when the server has closed.
    pub(super) async fn next(&mut self) -> Option<(FrameKind, u64, bytes::Bytes)> {
        match timeout(PATIENCE, self.read.next()).await.expect("the server hangs") {
            Ok(Some(Arrival::Frame { kind, id, payload })) => Some((kind, id, payload)),
            Ok(None) => None,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => None,
            other => panic!("{other:?}"),
        }
    }

    async fn error(&mut self, expected_id: u64) -> Error {
        let (kind, id, payload) = self.next().await.expect("closed without an answer");
        assert_eq!((kind, id), (FrameKind::Error, expected_id));
        Bincode.decode(&payload).unwrap()
    }

    /// Why the server goes away, which it then does.
    pub(super) async fn farewell(&mut self) -> String {
        let (kind, _, payload) = self.next().await.expect("closed without a reason");
        assert_eq!(kind, FrameKind::GoAway);
        assert!(self.next().await.is_none());
        Bincode.decode(&payload).unwrap()
    }

    async fn still_answers(&mut self, id: u64) {
        self.send(&request(id, 1, &encoded(&"hello"))).await;
        let (kind, answered, _) = self.next().await.expect("closed");
        assert_eq!((kind, answered), (FrameKind::Reply, id));
    }
}

pub(super) fn encoded<T: serde::Serialize>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    Bincode.encode(value, &mut bytes).unwrap();
    bytes
}

pub(super) fn request(id: u64, method: u16, body: &[u8]) -> Vec<u8> {
    let mut payload = encoded(&RequestHeader::new(method, &patient()));
    payload.extend_from_slice(body);
    framed(FrameKind::Request, id, &payload)
}

pub(super) fn framed(kind: FrameKind, id: u64, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    append(&mut frame, kind, id, payload);
    frame
}

#[tokio::test]
async fn a_malformed_request_gets_a_clear_error_and_harms_no_other_call() {
    let house = House::new();
    let listening = listening(&house, ListenOptions::default()).await;
    let mut raw = Raw::connect(listening.address).await;
    raw.send(&request(1, 3, &[])).await;
    house.begun(1).await;

    for (id, bytes, told) in [
        (2, framed(FrameKind::Request, 2, &[]), "ends too early"),
        (3, framed(FrameKind::Request, 3, &[0xff; 50]), "message"),
        (4, request(4, 999, &[]), "no method of that number"),
        (5, request(5, 1, &[]), "ends too early"),
        (6, request(6, 1, &encoded(&u64::MAX)), "claims more"),
        (7, request(7, 1, &encoded(&(100_u64 << 20))), "claims more"),
        (8, request(8, 3, b"left over"), "left over"),
    ] {
        raw.send(&bytes).await;
        let error = raw.error(id).await;
        assert_eq!(error.code(), "invalid_input");
        assert!(error.to_string().contains(told), "{id}: {error}");
    }
    house.release.add_permits(1);
    let (kind, id, _) = raw.next().await.unwrap();
    assert_eq!((kind, id), (FrameKind::Reply, 1), "the call under way all that time");
}

#[tokio::test]
async fn an_oversized_frame_is_refused_and_skipped_and_harms_no_other_call() {
    let house = House::new();
    let listening = listening(&house, ListenOptions { max_request: 10_000, ..ListenOptions::default() }).await;
    let mut raw = Raw::connect(listening.address).await;
    raw.send(&request(1, 3, &[])).await;
    house.begun(1).await;
    raw.send(&request(2, 1, &vec![b'x'; 100_000])).await;
    let error = raw.error(2).await;
    assert!(error.to_string().contains("at most 10000 are accepted"), "{error}");
    raw.still_answers(3).await;
    house.release.add_permits(1);
    assert_eq!(raw.next().await.unwrap().1, 1);
}

#[tokio::test]
async fn what_cannot_be_a_frame_ends_the_connection_with_a_reason() {
    let house = House::new();
    let listening = listening(&house, ListenOptions::default()).await;
    let claim = |length: u32| [&length.to_le_bytes()[..], &[1; 9]].concat();
    for (bytes, told) in [
        (claim(100 << 20), "claims 104857600 bytes"),
        (claim(u32::MAX), "claims 4294967295 bytes"),
        (claim(3), "claims 3 bytes"),
        (vec![9, 0, 0, 0, 77, 0, 0, 0, 0, 0, 0, 0, 0], "no frame of kind 77"),
        (framed(FrameKind::Reply, 1, &[]), "a client sends no Reply"),
    ] {
        let mut raw = Raw::connect(listening.address).await;
        raw.send(&bytes).await;
        let reason = raw.farewell().await;
        assert!(reason.contains(told), "{reason}");
    }
}

#[tokio::test]
async fn an_id_used_twice_at_a_time_ends_the_connection() {
    let house = House::new();
    let listening = listening(&house, ListenOptions::default()).await;
    let mut raw = Raw::connect(listening.address).await;
    raw.send(&request(1, 3, &[])).await;
    raw.send(&request(1, 3, &[])).await;
    assert!(raw.farewell().await.contains("call 1 is under way already"));
    house.dropped(1).await;
}

#[tokio::test]
async fn a_call_too_many_on_one_connection_is_refused_as_busy() {
    let house = House::new();
    let listening = listening(&house, ListenOptions { max_in_flight: 2, ..ListenOptions::default() }).await;
    let mut raw = Raw::connect(listening.address).await;
    for id in [1, 2, 3] {
        raw.send(&request(id, 3, &[])).await;
    }
    let error = raw.error(3).await;
    assert_eq!(error.code(), "rate_limited");
    assert!(error.to_string().contains("busy"), "{error}");
}

#[tokio::test]
async fn a_client_that_ignores_the_go_away_is_refused_honestly_and_then_closed() {
    let house = House::new();
    let listening = listening(&house, ListenOptions::default()).await;
    let mut raw = Raw::connect(listening.address).await;
    let begun = std::time::Instant::now();
    let ending = tokio::spawn({
        let server = Arc::clone(&listening.server);
        async move { server.shutdown().await }
    });
    let (kind, _, payload) = raw.next().await.unwrap();
    assert_eq!(kind, FrameKind::GoAway);
    assert_eq!(Bincode.decode::<String>(&payload).unwrap(), "the service is shutting down");
    raw.send(&request(1, 1, &encoded(&"too late"))).await;
    assert_eq!(raw.error(1).await, Error::unavailable(Service::Events, "it is shutting down"));
    assert!(raw.next().await.is_none());
    ending.await.unwrap();
    assert!(
        begun.elapsed() < Duration::from_secs(4),
        "it lingers half a second, and does not use up the five for draining"
    );
}

#[tokio::test]
async fn an_endless_deadline_is_shortened() {
    let house = House::new();
    let listening = listening(&house, ListenOptions::default()).await;
    let mut raw = Raw::connect(listening.address).await;
    let context = patient();
    let endless = RequestHeader { deadline_ms: u32::MAX, ..RequestHeader::new(5, &context) };
    raw.send(&framed(FrameKind::Request, 1, &encoded(&endless))).await;
    let (kind, _, payload) = raw.next().await.unwrap();
    assert_eq!(kind, FrameKind::Reply);
    let (_, body) = Bincode.decode_first::<ReplyHeader<'_>>(&payload).unwrap();
    let arrived: Arrived = Bincode.decode(body).unwrap();
    assert!((200_000..=300_000).contains(&arrived.remaining_ms), "{}", arrived.remaining_ms);
}

#[tokio::test]
async fn a_client_that_vanishes_inside_a_frame_takes_its_calls_along() {
    let house = House::new();
    let listening = listening(&house, ListenOptions::default()).await;
    let mut raw = Raw::connect(listening.address).await;
    raw.send(&request(1, 3, &[])).await;
    house.begun(1).await;
    raw.send(&request(2, 1, &encoded(&"hello"))[..20]).await;
    drop(raw);
    house.dropped(1).await;
}

/// Sends `bytes` to a fresh connection and gives what comes back until the server closes.
pub(super) async fn plain(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("the server hangs");
    assert!(read.is_ok() || read.unwrap_err().kind() == ErrorKind::ConnectionReset);
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn plain_http_is_answered_and_garbage_is_cut_off() {
    let house = House::new();
    let listening = listening(&house, ListenOptions::default()).await;
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").into_bytes();
    assert!(plain(listening.address, &get("/healthz")).await.contains("events is alive"));
    assert!(plain(listening.address, &get("/readyz")).await.contains("200 OK"));
    assert!(
        plain(listening.address, &get("/metrics")).await.contains("convene_server_connections{service=\"events\"}")
    );
    assert!(plain(listening.address, &get("/nowhere")).await.contains("404"));
    assert!(plain(listening.address, b"POST /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.contains("405"));
    assert!(plain(listening.address, &get("/rpc")).await.contains("426"));
    assert!(!plain(listening.address, &[0; 2_000]).await.contains("200 OK"));
    let long_header = format!("GET /healthz HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(100_000));
    assert!(!plain(listening.address, long_header.as_bytes()).await.contains("alive"));
    assert_eq!(client(listening.channel()).echo(&patient(), "fine".to_owned()).await.unwrap().value, "fine");
}

#[tokio::test]
async fn a_server_says_what_it_lacks_to_be_ready_and_what_it_does_without() {
    let words = || vec!["auth has not been heard of".to_owned()];
    let lacking = move || crate::Ready { lacking: words(), remarks: Vec::new() };
    let remarking = move || crate::Ready { lacking: Vec::new(), remarks: words() };
    for (readiness, status) in [(Arc::new(lacking) as crate::Readiness, "503"), (Arc::new(remarking), "200")] {
        let house = House::new();
        let server =
            Arc::new(crate::Server::new(layered(&house), readiness, crate::Metrics::new(), ListenOptions::default()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { server.serve(listener).await });
        let answer = plain(address, b"GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert!(answer.contains(status) && answer.contains("auth has not been heard of"), "{answer}");
    }
}

#[tokio::test]
async fn another_protocol_version_is_refused_by_name_on_both_sides() {
    let house = House::new();
    let listening = listening(&house, ListenOptions::default()).await;
    let options = ChannelOptions { protocol_version: 4, ..ChannelOptions::default() };
    let newer = client(Channel::<SampleProtocol>::to(listening.address.to_string(), options));
    let error = newer.echo(&patient(), String::new()).await.unwrap_err();
    assert_eq!(
        error,
        Error::unavailable(Service::Events, "events speaks protocol 2, this client 4: upgrade events"),
        "{error}"
    );
    let asked = b"GET /rpc HTTP/1.1\r\nhost: x\r\nupgrade: convene-rpc\r\nconnection: upgrade\r\nconvene-service: events\r\nconvene-protocol: 4\r\n\r\n";
    let answer = plain(listening.address, asked).await;
    assert!(answer.contains("426") && answer.contains("events speaks protocol 2, this client 4"), "{answer}");
}

#[tokio::test]
async fn a_wrong_port_is_told_apart_by_the_name_of_who_listens_there() {
    let house = House::new();
    let listening = listening(&house, ListenOptions::default()).await;
    let channel = Channel::<domain::auth::AuthProtocol>::to(listening.address.to_string(), ChannelOptions::default());
    let auth = domain::auth::AuthClient(Arc::new(channel));
    let error = domain::auth::Auth::health(&auth, &patient(), domain::integrity::AskHealth).await.unwrap_err();
    assert_eq!(error, Error::unavailable(Service::Auth, format!("{} is events, not auth", listening.address)));
}

/// A server that sends `answer` to whoever connects and keeps the connection open.
async fn impostor(answer: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(answer).await;
            open.push(stream);
        }
    });
    address
}

#[tokio::test]
async fn a_server_that_is_none_of_ours_is_unavailable_with_a_reason() {
    for (answer, told) in [
        (&b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"[..], "no Convene service (it answered 200 OK)"),
        (&b"SSH-2.0-OpenSSH_9.9\r\n"[..], "does not answer as a Convene service"),
        (
            &b"HTTP/1.1 200 OK\r\nconvene-service: events\r\nconvene-protocol: 2\r\ncontent-length: 0\r\n\r\n"[..],
            "refused the connection (200 OK)",
        ),
    ] {
        let address = impostor(answer).await;
        let client = client(Channel::<SampleProtocol>::to(address.to_string(), ChannelOptions::default()));
        let error = client.echo(&patient(), String::new()).await.unwrap_err();
        assert!(matches!(&error, Error::Unavailable { service: Service::Events, .. }), "{error:?}");
        assert!(error.to_string().contains(told), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_is_unavailable_after_the_connect_timeout() {
    let address = impostor(b"").await;
    let options = ChannelOptions { connect_timeout: Duration::from_millis(50), ..ChannelOptions::default() };
    let client = client(Channel::<SampleProtocol>::to(address.to_string(), options));
    // All wait for the same attempt: a hundred of them take as long as one.
    let begun = std::time::Instant::now();
    let calls = futures::future::join_all((0..100).map(|_| {
        let client = Arc::clone(&client);
        async move { client.echo(&patient(), String::new()).await.unwrap_err() }
    }));
    for error in calls.await {
        assert!(error.to_string().contains("in time"), "{error}");
    }
    assert!(begun.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn slow_senders_neither_keep_others_out_nor_keep_their_connections() {
    let house = House::new();
    let options = ListenOptions { handshake_timeout: Duration::from_secs(1), ..ListenOptions::default() };
    let listening = listening(&house, options).await;
    let mut slow = Vec::new();
    for _ in 0..8 {
        let mut stream = TcpStream::connect(listening.address).await.unwrap();
        stream.write_all(b"GET /rpc HTTP/1.1\r\nx-one: ").await.unwrap();
        slow.push(stream);
    }
    assert_eq!(client(listening.channel()).echo(&patient(), "fine".to_owned()).await.unwrap().value, "fine");
    for mut stream in slow {
        let mut rest = Vec::new();
        let ended = timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("a slow sender is still connected");
        assert!(ended.is_ok() || ended.unwrap_err().kind() == ErrorKind::ConnectionReset);
    }
}

#[tokio::test]
async fn a_connection_too_many_is_told_so_and_a_place_is_free_again_when_one_ends() {
    let house = House::new();
    let listening = listening(&house, ListenOptions { max_connections: 1, ..ListenOptions::default() }).await;
    let first = listening.channel();
    let first = client(first);
    first.echo(&patient(), String::new()).await.unwrap();
    let error = client(listening.channel()).echo(&patient(), String::new()).await.unwrap_err();
    assert_eq!(error.code(), "unavailable");
    assert!(error.to_string().contains("events is busy: all its 1 places for connections are taken"), "{error}");
    let health = plain(listening.address, b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(health.contains("events is alive"), "whoever watches over it can still ask: {health}");
    drop(first);
    // The server notices in its own time that the first has gone.
    let next = client(listening.channel());
    timeout(PATIENCE, async { while next.echo(&patient(), String::new()).await.is_err() {} }).await.unwrap();
}

#[tokio::test]
async fn a_server_that_answers_nonsense_is_an_incident_not_a_crash() {
    // A peer that upgrades properly and answers the first request with bytes that mean nothing.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        let welcome = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: convene-rpc\r\nconnection: upgrade\r\nconvene-service: events\r\nconvene-protocol: 2\r\n\r\n";
        stream.write_all(welcome).await.unwrap();
        let (read, mut write) = stream.into_split();
        let mut requests = FrameReader::new(read, &[], 1 << 20);
        for (kind, payload) in
            [(FrameKind::Reply, vec![0xff; 30]), (FrameKind::Error, vec![0xff; 30]), (FrameKind::Request, vec![])]
        {
            let Ok(Some(Arrival::Frame { id, .. })) = requests.next().await else { return };
            write.write_all(&framed(kind, id, &payload)).await.unwrap();
        }
        let _ = requests.next().await;
    });
    let client = client(Channel::<SampleProtocol>::to(address.to_string(), ChannelOptions::default()));
    assert_eq!(client.echo(&patient(), String::new()).await.unwrap_err().code(), "internal");
    assert_eq!(client.echo(&patient(), String::new()).await.unwrap_err().code(), "internal");
    // A server sends no requests: the connection is given up, and the call's outcome is not known.
    assert_eq!(client.echo(&patient(), String::new()).await.unwrap_err().code(), "deadline");
}

#[test]
fn random_bytes_in_frames_never_break_the_server() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let house = House::new();
    let listening = runtime.block_on(listening(&house, ListenOptions::default()));
    proptest!(ProptestConfig::with_cases(64), |(payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 1..8), tail in proptest::collection::vec(any::<u8>(), 0..100))| {
        runtime.block_on(async {
            let mut raw = Raw::connect(listening.address).await;
            for (id, payload) in (10..).zip(&payloads) {
                raw.send(&framed(FrameKind::Request, id, payload)).await;
            }
            raw.still_answers_among(1, payloads.len()).await;
            let _ = raw.write.write_all(&tail).await;
        });
    });
    let answer = runtime.block_on(client(listening.channel()).echo(&patient(), "alive".to_owned()));
    assert_eq!(answer.unwrap().value, "alive");
}

impl Raw {
    /// As `still_answers`, while answers to `others` requests may come in between.
    async fn still_answers_among(&mut self, id: u64, others: usize) {
        self.send(&request(id, 1, &encoded(&"hello"))).await;
        for _ in 0..=others {
            let (kind, answered, _) = self.next().await.expect("closed");
            if answered == id {
                assert_eq!(kind, FrameKind::Reply);
                return;
            }
        }
        panic!("no answer among {others}");
    }
}
