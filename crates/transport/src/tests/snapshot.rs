//! The bytes of representative frames. When one of these tests fails, the wire has changed: raise
//! [`PROTOCOL_VERSION`](crate::PROTOCOL_VERSION) and write the new bytes down, or take the change back.

use std::borrow::Cow;

use domain::{Codec, Credential, Error, IdempotencyKey, Service, ServiceToken, SessionToken, Trace};

use super::sample::seen;
use crate::codec::Bincode;
use crate::frame::{FrameKind, ReplyHeader, RequestHeader, append};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn frame(kind: FrameKind, id: u64, payload: impl FnOnce(&mut Vec<u8>)) -> String {
    let (mut body, mut bytes) = (Vec::new(), Vec::new());
    payload(&mut body);
    append(&mut bytes, kind, id, &body);
    hex(&bytes)
}

fn put<T: serde::Serialize>(value: T) -> impl FnOnce(&mut Vec<u8>) {
    move |out| Bincode.encode(&value, out).unwrap()
}

fn request(credential: Credential) -> RequestHeader<'static> {
    RequestHeader {
        method: 6,
        deadline_ms: 5_000,
        credential: Cow::Owned(credential),
        idempotency_key: Some(IdempotencyKey::from_bytes([0xab; 16])),
        sequence: Some(300),
        seen: Cow::Owned(seen()),
        trace: Trace { trace: [0x11; 16], span: [0x22; 8] },
    }
}

#[test]
fn the_bytes_of_frames_are_these() {
    let snapshot = [
        ("cancel", frame(FrameKind::Cancel, 1, |_| {})),
        ("ping", frame(FrameKind::Ping, 0, |_| {})),
        ("pong", frame(FrameKind::Pong, 0, |_| {})),
        ("go-away", frame(FrameKind::GoAway, 0, put("bye"))),
        (
            "query",
            frame(FrameKind::Request, 1, |out| {
                let bare = RequestHeader {
                    idempotency_key: None,
                    sequence: None,
                    seen: Cow::Owned(domain::Positions::default()),
                    trace: Trace::default(),
                    ..request(Credential::None)
                };
                put(bare)(out);
                put("hello")(out);
            }),
        ),
        ("command", frame(FrameKind::Request, 258, put(request(Credential::Session(SessionToken("tok".into())))))),
        (
            "of a service",
            frame(FrameKind::Request, 2, put(request(Credential::Service(ServiceToken("tok".to_owned()))))),
        ),
        (
            "reply",
            frame(FrameKind::Reply, 1, |out| {
                let header = ReplyHeader {
                    seen: Cow::Owned(seen()),
                    behind: Cow::Owned(vec![Service::Auth, Service::Sharing]),
                    settled: true,
                };
                put(header)(out);
                put("hello")(out);
            }),
        ),
    ];
    let shown: String = snapshot.iter().map(|(name, bytes)| format!("{name}: {bytes}\n")).collect();
    assert_eq!(shown, FRAMES);
}

const FRAMES: &str = "\
cancel: 09000000040100000000000000\n\
ping: 09000000060000000000000000\n\
pong: 09000000070000000000000000\n\
go-away: 0d00000005000000000000000003627965\n\
query: 2f00000001010000000000000006fb8813000000000000000000000000000000000000000000000000000000000568656c6c6f\n\
command: 5200000001020100000000000006fb88130103746f6b01abababababababababababababababab01fb2c0101010303030303030303030303030303030363111111111111111111111111111111112222222222222222\n\
of a service: 5200000001020000000000000006fb88130203746f6b01abababababababababababababababab01fb2c0101010303030303030303030303030303030363111111111111111111111111111111112222222222222222\n\
reply: 2600000002010000000000000001010303030303030303030303030303030363020105010568656c6c6f\n\
";

#[test]
fn the_bytes_of_errors_are_these() {
    let (field, value, reason) = ("f".to_owned(), "v".to_owned(), "r".to_owned());
    let service = Service::Calendar;
    let shown: String = [
        Error::InvalidInput { field: field.clone(), value: value.clone(), reason: reason.clone() },
        Error::Unauthenticated { reason: reason.clone() },
        Error::Forbidden { reason: reason.clone() },
        Error::NotFound { field: field.clone(), value },
        Error::Conflict { field, reason: reason.clone(), current_version: Some(7) },
        Error::RateLimited { reason: reason.clone(), retry_after_ms: 1_000 },
        Error::Unavailable { service, reason },
        Error::Deadline { service },
        Error::Internal { service, incident: "i".to_owned() },
    ]
    .iter()
    .map(|error| format!("{}: {}\n", error.code(), frame(FrameKind::Error, 1, put(error))))
    .collect();
    assert_eq!(shown, ERRORS);
}

const ERRORS: &str = "\
invalid_input: 1000000003010000000000000000016601760172\n\
unauthenticated: 0c000000030100000000000000010172\n\
forbidden: 0c000000030100000000000000020172\n\
not_found: 0e0000000301000000000000000301660176\n\
conflict: 1000000003010000000000000004016601720107\n\
rate_limited: 0f000000030100000000000000050172fbe803\n\
unavailable: 0d00000003010000000000000006040172\n\
deadline: 0b0000000301000000000000000704\n\
internal: 0d00000003010000000000000008040169\n\
";
