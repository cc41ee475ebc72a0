//! What is stored of a resynchronization, and its decisions.

use domain::auth::AuthRow;
use domain::events::EventRow;
use domain::{EventId, SessionId, UserId};
use storage::{Database, Digest, Options, encode_value};

use super::steps::go_over;
use super::*;

const OLD: storage::Epoch = storage::Epoch([1; 16]);
const NEW: storage::Epoch = storage::Epoch([2; 16]);

fn cursor(epoch: storage::Epoch, position: u64) -> Cursor {
    Cursor { epoch, position, digest: Digest([9; 16]) }
}

fn at(epoch: storage::Epoch, at: u64) -> Position {
    Position { epoch: Epoch(epoch.0), at }
}

/// What is under way is stored: a release must be able to go on with what the one before it has begun.
#[test]
fn what_is_under_way_is_written_in_these_bytes() {
    let of = |stage| State {
        stage,
        start: Some(cursor(NEW, 7)),
        page: Some(cursor(NEW, 7)),
        held: 300,
        unseen: 5,
        accepted: true,
        again: false,
    };
    let states = [
        State::new(),
        of(Stage::Listing(Some(vec![3, 4]))),
        of(Stage::Paging(None)),
        of(Stage::Replaying(cursor(NEW, 8))),
        of(Stage::HeldUp(cursor(NEW, 8))),
        of(Stage::Sweeping(cursor(NEW, 8))),
    ];
    let hex = |state: &State| encode_value(state).unwrap().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let begun = "0102020202020202020202020202020202".to_owned() + "07" + &"09".repeat(16);
    let (start, cursor) = (begun.repeat(2), "02".repeat(16) + "08" + &"09".repeat(16));
    let rest = "fb2c01050100";
    assert_eq!(
        states.each_ref().map(hex),
        [
            "0100000000000000".to_owned(),
            format!("0101010203 04{start}{rest}").replace(' ', ""),
            format!("010200{start}{rest}"),
            format!("0103{cursor}{start}{rest}"),
            format!("0104{cursor}{start}{rest}"),
            format!("0105{cursor}{start}{rest}"),
        ]
    );
    let key = storage::encode_key(&(
        Service::Events,
        EventRow::Invited(EventId::from_bytes([5; 16]), UserId::from_bytes([6; 16])),
    ));
    let keys = [key, storage::encode_key(&(Service::Auth, AuthRow::Session(SessionId::from_bytes([7; 16]))))];
    let keys = keys.map(|key| key.unwrap().iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    assert_eq!(keys, ["0201".to_owned() + &"05".repeat(16) + &"06".repeat(16), "0101".to_owned() + &"07".repeat(16)]);
}

#[test]
fn a_few_may_go_unasked_if_something_was_seen_and_all_may_once_an_operator_said_so() {
    let state = |held, unseen, accepted| State { held, unseen, accepted, ..State::new() }.is_tolerable();
    assert!(state(0, 0, false) && state(5, 0, false) && state(21, 20, false) && state(10_000, 100, false));
    assert!(!state(1, 1, false) && !state(20, 20, false) && !state(1_000, 21, false) && !state(10_000, 101, false));
    assert!(state(10_000, 10_000, true));
}

#[tokio::test]
async fn what_was_vouched_counts_only_where_its_end_would_still_be_heard_of() {
    let db = Database::in_memory(Options::new("events", 1));
    let seen = async |wanted: Position| db.read(|view| sighting(view, Service::Auth, wanted)).await.unwrap();
    let put = async |state: State| {
        let written = db.write(move |tx| Ok::<_, Fault>(tx.put(&UNDER_WAY, &Service::Auth, &state)?));
        written.await.unwrap();
    };
    assert_eq!(seen(at(OLD, 1)).await, Sighting::Unclear, "nothing was heard of auth yet");
    let heard = db.write(|tx| Ok::<_, Fault>(tx.set_cursor(Service::Auth.name(), cursor(OLD, 5))?));
    heard.await.unwrap();
    assert_eq!([seen(at(OLD, 5)).await, seen(at(OLD, 6)).await], [Sighting::Past, Sighting::Ahead]);
    assert_eq!(seen(at(NEW, 9)).await, Sighting::Unclear, "auth was restored, and it is not noticed yet");
    put(State::new()).await;
    assert_eq!([seen(at(OLD, 6)).await, seen(at(NEW, 9)).await], [Sighting::Unclear; 2]);
    put(State { start: Some(cursor(NEW, 9)), stage: Stage::Replaying(cursor(NEW, 12)), ..State::new() }).await;
    assert_eq!([seen(at(OLD, 6)).await, seen(at(NEW, 8)).await], [Sighting::Unclear; 2]);
    // The log was replayed that far: what is not here by now has gone since.
    assert_eq!([seen(at(NEW, 9)).await, seen(at(NEW, 12)).await], [Sighting::Past; 2]);
    assert_eq!(seen(at(NEW, 13)).await, Sighting::Ahead);
    for stage in [Stage::HeldUp(cursor(NEW, 12)), Stage::Sweeping(cursor(NEW, 12))] {
        put(State { start: Some(cursor(NEW, 9)), stage, ..State::new() }).await;
        assert_eq!([seen(at(NEW, 12)).await, seen(at(NEW, 13)).await], [Sighting::Past, Sighting::Ahead]);
    }
    put(State { start: Some(cursor(NEW, 9)), stage: Stage::Paging(None), ..State::new() }).await;
    assert_eq!(seen(at(NEW, 9)).await, Sighting::Ahead, "pages tell of it, or the log that is replayed next");
    db.write(|tx| go_over(tx, Service::Auth, cursor(NEW, 12))).await.unwrap();
    assert_eq!([seen(at(NEW, 12)).await, seen(at(NEW, 13)).await], [Sighting::Past, Sighting::Ahead]);
    assert_eq!(seen(at(OLD, 100)).await, Sighting::Past, "that history is over");
}
