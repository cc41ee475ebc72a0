//! The bytes of what is stored and announced. Another byte here is a decision: raise the version, and teach `upgrade`.

use std::fmt::Write as _;

use chassis::journal::Author;
use domain::events::EventFacts;
use domain::invitations::{Counts, InvitationChange, Status};
use domain::{Actor, Context, Credential, EventId, EventTime, Instance, Position, Series, SessionId, UserId};
use jiff::civil::date;
use storage::encode_value;

use super::world::EVENTS;
use crate::cascade::Work;
use crate::store::heard::Heard;
use crate::store::{EventRow, InvitationRow, Origin, Shape};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn author() -> Author {
    let mut context = Context::new(Credential::None, std::time::Duration::from_secs(1));
    let (user, session) = (UserId::from_bytes([3; 16]), SessionId::from_bytes([4; 16]));
    context.actor = Actor::User { user, session, at: Position { epoch: EVENTS, at: 1 } };
    context.sequence = Some(300);
    Author::of(&context).unwrap()
}

#[test]
fn rows_keep_their_bytes() {
    let facts = EventFacts {
        event: EventId::from_bytes([1; 16]),
        organizer: Some(UserId::from_bytes([2; 16])),
        title: "Walk".parse().unwrap(),
        location: "Hill".parse().unwrap(),
        series: Series::once(EventTime::all_day(date(2027, 3, 10), date(2027, 3, 12)).unwrap()),
        public: true,
        cancelled: false,
        version: 2,
    };
    let event = EventRow { facts, conformed: Some(Shape { public: true, cancelled: false }) };
    assert_eq!(
        hex(&encode_value(&event).unwrap()),
        "010101010101010101010101010101010101020202020202020202020202020202020457616c6b0448696c6c01fb2ea30200010002010100"
    );
    let asked = InvitationRow {
        origin: Origin::Invited { by: Some(UserId::from_bytes([2; 16])), arrived: 9 },
        status: Status::Maybe,
        author: Some(author()),
        vouched: Some(Position { epoch: EVENTS, at: 7 }),
    };
    assert_eq!(
        hex(&encode_value(&asked).unwrap()),
        "0100010202020202020202020202020202020209010104040404040404040404040404040404fb2c01010202020202020202020202020202020207"
    );
    let joined = InvitationRow { origin: Origin::Joined, status: Status::Going, author: None, vouched: None };
    assert_eq!(hex(&encode_value(&joined).unwrap()), "0101000000");
    let heard = Heard {
        at: 300,
        event: EventId::from_bytes([1; 16]),
        instance: Instance::Series,
        user: UserId::from_bytes([2; 16]),
    };
    assert_eq!(
        hex(&encode_value(&heard).unwrap()),
        "01fb2c01010101010101010101010101010101010002020202020202020202020202020202"
    );
    let counts = chassis::Row(Counts { going: 1, maybe: 2, pending: 3, declined: 300 });
    assert_eq!(hex(&encode_value(&counts).unwrap()), "01010203fb2c01");
}

#[test]
fn work_that_is_left_keeps_its_bytes() {
    let event = EventId::from_bytes([1; 16]);
    let conform = Work::Conform { event, after: Some((Instance::On(-1), UserId::from_bytes([2; 16]))) };
    assert_eq!(
        hex(&storage::encode(&conform).unwrap()),
        "000101010101010101010101010101010101010102020202020202020202020202020202"
    );
    let forget = Work::Forget { user: UserId::from_bytes([2; 16]) };
    assert_eq!(hex(&storage::encode(&forget).unwrap()), "0102020202020202020202020202020202");
}

#[test]
fn changes_keep_their_bytes() {
    let change = InvitationChange::Answered {
        event: EventId::from_bytes([1; 16]),
        instance: Instance::Series,
        people: vec![(UserId::from_bytes([2; 16]), Some(Status::Declined)), (UserId::from_bytes([3; 16]), None)],
    };
    assert_eq!(<InvitationChange as domain::log::Change>::VERSION, 1);
    assert_eq!(
        hex(&storage::encode(&change).unwrap()),
        "000101010101010101010101010101010100020202020202020202020202020202020201030303030303030303030303030303030300"
    );
}
