//! The bytes of every stored row, key and log record, so that to change them is a decision: another version, and a way to read
//! the old one.

use chassis::journal::Author;
use domain::events::{EventChange, EventFacts, Exception};
use domain::log::Change as _;
use domain::{
    Actor, Context, Credential, Epoch, EventId, IdempotencyKey, Instance, Position, Series, SessionId, Timestamp,
    UserId,
};
use jiff::civil::date;
use storage::{decode_value, encode, encode_key, encode_value};

use super::world::{days, timed};
use crate::store::work::Work;
use crate::store::{EventRow, Invited, Scope, SourceRow};

const EVENT: EventId = EventId::from_bytes([0xE1; 16]);
const USER: UserId = UserId::from_bytes([0xA1; 16]);

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn author() -> Author {
    let key = IdempotencyKey::new();
    let mut context = Context::new(Credential::None, std::time::Duration::from_secs(1)).as_command(key, 7);
    let at = Position { epoch: Epoch([0; 16]), at: 1 };
    context.actor = Actor::User { user: USER, session: SessionId::from_bytes([0xB1; 16]), at };
    Author::of(&context).unwrap()
}

fn row() -> EventRow {
    let time = timed(date(2027, 3, 10), 9, 60, "Europe/Berlin");
    EventRow {
        alarms: domain::events::Alarms::default(),
        capacity: None,
        organizer: Some(USER),
        title: "Party".parse().unwrap(),
        location: "Garden".parse().unwrap(),
        extent: time.extent(),
        series: Series::once(time),
        public: true,
        cancelled: false,
        version: 3,
        created: Timestamp::from_micros(1_800_000_000_000_000),
        author: author(),
    }
}

fn facts() -> EventFacts {
    EventFacts { series: Series::once(days(date(2027, 3, 10), 2)), organizer: None, ..row().facts(EVENT) }
}

#[test]
fn rows_are_written_as_they_always_were() {
    let written = encode_value(&row()).unwrap();
    assert_eq!(
        hex(&written),
        "0201a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a10550617274790647617264656e00fc202222d700fc403e22d7000d4575726f70652f4265726c696e0000fc000622d7fc202222d70100000003fd000031512eca0c00b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b107"
    );
    assert_eq!(decode_value::<EventRow>(&written).unwrap(), row());
    let before = "0101a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a10550617274790647617264656e00fc202222d700fc403e22d7000d4575726f70652f4265726c696e0000fc000622d7fc202222d7010003fd000031512eca0c00b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b107";
    assert_eq!(decode_value::<EventRow>(&unhex(before)).unwrap(), row(), "the first format is read");
    assert_eq!(
        hex(&encode_value(&Invited { indexed: Some(row().extent), author: author() }).unwrap()),
        "010100fc000622d7fc202222d7b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b107"
    );
    assert_eq!(
        hex(&encode_value(&Invited { indexed: None, author: author() }).unwrap()),
        "0100b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b107"
    );
    assert_eq!(hex(&encode_value(&chassis::Row(author())).unwrap()), "01b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b107");
    assert_eq!(hex(&encode_value(&chassis::Row(Some(USER))).unwrap()), "0101a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1");
    let source = SourceRow {
        organizer: USER,
        uid: "a@b".parse().unwrap(),
        age: domain::events::Age { sequence: 3, modified: Some(Timestamp::from_micros(1)) },
        digest: [0xD1; 32],
    };
    assert_eq!(
        hex(&encode_value(&source).unwrap()),
        "01a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1036140620301 02d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1"
            .replace(' ', "")
    );
    assert_eq!(hex(&encode_value(&chassis::Row(EVENT)).unwrap()), "01e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1");
    assert_eq!(hex(&encode_value(&"a piece".to_owned()).unwrap()), "010761207069656365");
}

#[test]
fn work_is_written_as_it_always_was() {
    assert_eq!(hex(&encode(&Work::Reindex(EVENT)).unwrap()), "00e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1");
    assert_eq!(hex(&encode(&Work::Forget(USER)).unwrap()), "01a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1");
    assert_eq!(hex(&encode(&Work::ForgetEnded(EVENT)).unwrap()), "02e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1");
}

#[test]
fn keys_are_written_as_they_always_were() {
    assert_eq!(
        hex(&encode_key(&(EVENT, USER)).unwrap()),
        "e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
    );
    assert_eq!(hex(&encode_key(&(EVENT, 2_u16)).unwrap()), "e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e10002");
    assert_eq!(hex(&encode_key(&(USER, "a@b".to_owned())).unwrap()), "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a16140620000");
    assert_eq!(
        hex(&encode_key(&(Scope::Of(USER), EVENT, Instance::Series)).unwrap()),
        "01a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e100"
    );
    assert_eq!(hex(&encode_key(&Scope::Public).unwrap()), "00");
}

#[test]
fn log_records_are_written_as_they_always_were() {
    assert_eq!(EventChange::VERSION, 2);
    let before = unhex("00e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1000550617274790647617264656e01fb2ea30200010003");
    let read: <EventChange as domain::log::Change>::Before = storage::decode(&before).unwrap();
    assert_eq!(EventChange::from(read), EventChange::Put(facts()), "the first format is read");
    let moved = domain::events::Change { time: facts().series.first, title: None, location: None };
    let records = [
        (
            EventChange::Put(facts()),
            "00e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1000550617274790647617264656e01fb2ea302000100000003",
        ),
        (
            EventChange::Exception { event: EVENT, start: 5, exception: Some(Exception::Changed(moved)) },
            "05e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e10a010101fb2ea3020000",
        ),
        (
            EventChange::Exception { event: EVENT, start: 5, exception: Some(Exception::Removed) },
            "05e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e10a0100",
        ),
        (
            EventChange::Continued { event: EVENT, start: 5, by: EVENT },
            "06e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e10ae1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1",
        ),
        (
            EventChange::Invited { event: EVENT, inviter: USER, invitees: vec![USER] },
            "01e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a101a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
        ),
        (
            EventChange::Uninvited { event: EVENT, invitees: vec![USER] },
            "02e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e101a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
        ),
        (EventChange::Removed { event: EVENT }, "03e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1"),
    ];
    for (record, expected) in records {
        assert_eq!(hex(&encode(&record).unwrap()), expected);
    }
}
