//! The bodies of calls: every request, response, header and error that travels, of every service.
//!
//! Whatever is accepted must be a value that encodes, and whose bytes are read as the same value again.

use std::fmt::Debug;

use domain::auth::AuthProtocol;
use domain::calendar::CalendarProtocol;
use domain::events::EventsProtocol;
use domain::invitations::InvitationsProtocol;
use domain::sharing::SharingProtocol;
use domain::{Codec as _, Protocol, WireBody};
use serde::Serialize;
use serde::de::DeserializeOwned;
use transport::codec::Bincode;
use transport::frame::{ReplyHeader, RequestHeader};

/// The first byte says what it is, the second the method.
pub(crate) fn calls(data: &[u8]) {
    let [kind, method, rest @ ..] = data else { return };
    match kind {
        0 => service::<AuthProtocol>(*method, rest),
        1 => service::<EventsProtocol>(*method, rest),
        2 => service::<InvitationsProtocol>(*method, rest),
        3 => service::<CalendarProtocol>(*method, rest),
        4 => service::<SharingProtocol>(*method, rest),
        5 => value::<RequestHeader<'static>>(rest),
        6 => value::<ReplyHeader<'static>>(rest),
        _ => value::<domain::Error>(rest),
    }
}

fn service<P: Protocol>(method: u8, bytes: &[u8]) {
    body::<P::Request>(method, bytes);
    body::<P::Response>(method, bytes);
}

fn body<B: WireBody + Debug>(method: u8, bytes: &[u8]) {
    let Ok(body) = B::decode(u16::from(method), &Bincode, bytes) else { return };
    let encoded = |body: &B| {
        let mut bytes = Vec::new();
        body.encode(&Bincode, &mut bytes).unwrap();
        bytes
    };
    let bytes = encoded(&body);
    let again = B::decode(u16::from(method), &Bincode, &bytes).unwrap();
    assert_eq!(encoded(&again), bytes, "{body:?} became {again:?}");
}

fn value<T: Serialize + DeserializeOwned + PartialEq + Debug>(bytes: &[u8]) {
    let Ok((value, rest)) = Bincode.decode_first::<T>(bytes) else { return };
    assert!(rest.len() <= bytes.len());
    let mut bytes = Vec::new();
    Bincode.encode(&value, &mut bytes).unwrap();
    assert_eq!(Bincode.decode::<T>(&bytes).unwrap(), value);
}
