//! The bytes of every request and response of every method, held against `tests/encodings.txt`: a change of bytes breaks callers of
//! another release, so it must be a decision. (Stored rows and log records have such tests in the crates that own them.)
//!
//! To accept a decision: raise the transport's protocol version if peers of different releases would misread each other, then
//! run with `CONVENE_ACCEPT=1` and commit the file.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests: a failed expectation ends the test"
)]

mod samples;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use domain::auth::AuthProtocol;
use domain::calendar::CalendarProtocol;
use domain::events::EventsProtocol;
use domain::invitations::InvitationsProtocol;
use domain::sharing::SharingProtocol;
use domain::{Protocol, WireBody};
use transport::codec::Bincode;

/// The line of each sample, after checking that its bytes are read back to the same bytes.
fn lines_of<P: Protocol>(requests: &[P::Request], responses: &[P::Response], lines: &mut String) {
    let asked = describe(requests, "request", lines);
    let answered = describe(responses, "response", lines);
    for method in P::METHODS {
        assert!(asked.contains(&method.number), "no sample of a request of {}.{}", P::SERVICE, method.name);
        assert!(answered.contains(&method.number), "no sample of a response of {}.{}", P::SERVICE, method.name);
    }
}

fn describe<B: WireBody>(samples: &[B], what: &str, lines: &mut String) -> BTreeSet<u16> {
    let mut numbers = BTreeSet::new();
    for sample in samples {
        let method = sample.method();
        let mut bytes = Vec::new();
        sample.encode(&Bincode, &mut bytes).unwrap();
        let mut again = Vec::new();
        B::decode(method.number, &Bincode, &bytes).unwrap().encode(&Bincode, &mut again).unwrap();
        assert_eq!(bytes, again, "{}.{} {what}", method.service, method.name);
        write!(lines, "{}.{} {} {what}: ", method.service, method.name, method.number).unwrap();
        bytes.iter().for_each(|byte| write!(lines, "{byte:02x}").unwrap());
        lines.push('\n');
        numbers.insert(method.number);
    }
    numbers
}

#[test]
fn every_request_and_response_has_the_bytes_that_were_agreed() {
    let mut lines = String::new();
    lines_of::<AuthProtocol>(&samples::auth_requests(), &samples::auth_responses(), &mut lines);
    lines_of::<EventsProtocol>(&samples::events_requests(), &samples::events_responses(), &mut lines);
    lines_of::<InvitationsProtocol>(&samples::invitations_requests(), &samples::invitations_responses(), &mut lines);
    lines_of::<CalendarProtocol>(&samples::calendar_requests(), &samples::calendar_responses(), &mut lines);
    lines_of::<SharingProtocol>(&samples::sharing_requests(), &samples::sharing_responses(), &mut lines);
    let agreed = Path::new(env!("CARGO_MANIFEST_DIR")).join("encodings.txt");
    if std::env::var_os("CONVENE_ACCEPT").is_some() {
        std::fs::write(&agreed, &lines).unwrap();
    }
    let agreed = std::fs::read_to_string(agreed).unwrap();
    for (now, then) in lines.lines().zip(agreed.lines()) {
        assert_eq!(now, then);
    }
    assert_eq!(lines.lines().count(), agreed.lines().count());
}
