//! The bytes of what is stored and announced. Another byte here is a decision: raise the version, and teach `upgrade`.

use std::fmt::Write as _;

use chassis::journal::Author;
use domain::events::{Alarms, EventFacts};
use domain::invitations::{Counts, InvitationChange, Status};
use domain::{Actor, Context, Credential, EventId, EventTime, Instance, Position, Series, SessionId, UserId};
use jiff::civil::date;
use storage::{decode_value, encode_value};

use super::world::EVENTS;
use crate::cascade::Work;
use crate::store::heard::Heard;
use crate::store::{EventRow, InvitationRow, Origin, Shape, Standing, Tally};

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

fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
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
        capacity: super::world::places_for(300),
        alarms: Alarms::default(),
        cancelled: false,
        version: 2,
    };
    let event = EventRow { facts, conformed: Some(Shape { public: true, cancelled: false, capacity: None }) };
    assert_eq!(
        hex(&encode_value(&event).unwrap()),
        "020101010101010101010101010101010101020202020202020202020202020202020457616c6b0448696c6c01fb2ea302000101fb2c0100000201010000"
    );
    let asked = InvitationRow {
        origin: Origin::Invited { by: Some(UserId::from_bytes([2; 16])), arrived: 9 },
        standing: Standing::Maybe,
        author: Some(author()),
        vouched: Some(Position { epoch: EVENTS, at: 7 }),
    };
    assert_eq!(
        hex(&encode_value(&asked).unwrap()),
        "0200010202020202020202020202020202020209010104040404040404040404040404040404fb2c01010202020202020202020202020202020207"
    );
    let joined = InvitationRow { origin: Origin::Joined, standing: Standing::Going, author: None, vouched: None };
    assert_eq!(hex(&encode_value(&joined).unwrap()), "0201000000");
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
    let waiting = InvitationRow { standing: Standing::Waiting(300), ..joined };
    assert_eq!(hex(&encode_value(&waiting).unwrap()), "020104fb2c010000");
    let counts = Counts { going: 1, maybe: 2, pending: 3, declined: 300, waiting: 4 };
    assert_eq!(hex(&encode_value(&Tally { counts, last_in_line: 7 }).unwrap()), "02010203fb2c010407");
}

/// Rows as the first release wrote them: nobody waited, and no event had a capacity.
#[test]
fn rows_of_the_first_version_are_read() {
    let event = "010101010101010101010101010101010101020202020202020202020202020202020457616c6b0448696c6c01fb2ea30200010002010100";
    let row: EventRow = decode_value(&bytes(event)).unwrap();
    assert_eq!((row.facts.title.as_str(), row.facts.version, row.facts.capacity), ("Walk", 2, None));
    assert_eq!(row.conformed, Some(Shape { public: true, cancelled: false, capacity: None }));
    let asked = "0100010202020202020202020202020202020209010104040404040404040404040404040404fb2c01010202020202020202020202020202020207";
    let row: InvitationRow = decode_value(&bytes(asked)).unwrap();
    assert_eq!((row.standing, row.author), (Standing::Maybe, Some(author())));
    let tally: Tally = decode_value(&bytes("01010203fb2c01")).unwrap();
    let counts = Counts { going: 1, maybe: 2, pending: 3, declined: 300, waiting: 0 };
    assert_eq!(tally, Tally { counts, last_in_line: 0 });
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
    assert_eq!(hex(&storage::encode(&Work::Promote { event }).unwrap()), "0201010101010101010101010101010101");
}

#[test]
fn changes_keep_their_bytes() {
    let change = InvitationChange::Answered {
        event: EventId::from_bytes([1; 16]),
        instance: Instance::Series,
        people: vec![(UserId::from_bytes([2; 16]), Some(Status::Declined)), (UserId::from_bytes([3; 16]), None)],
    };
    assert_eq!(<InvitationChange as domain::log::Change>::VERSION, 2);
    assert_eq!(
        hex(&storage::encode(&change).unwrap()),
        "000101010101010101010101010101010100020202020202020202020202020202020201030303030303030303030303030303030300"
    );
    let event = EventId::from_bytes([1; 16]);
    let people = vec![(UserId::from_bytes([2; 16]), Some(Status::Waiting))];
    let waiting = InvitationChange::Answered { event, instance: Instance::Series, people };
    let bytes = "00010101010101010101010101010101010001020202020202020202020202020202020104";
    assert_eq!(hex(&storage::encode(&waiting).unwrap()), bytes);
}
