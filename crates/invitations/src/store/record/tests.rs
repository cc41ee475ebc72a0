//! Rows that change in place are as they would be, had they been taken out and put in.

use domain::{EventId, Instance, UserId};
use proptest::prelude::*;
use storage::{Database, Options, Reader};

use super::*;
use crate::SCHEMA;
use crate::store::line::{BLOCKS, LINE};

fn standing() -> impl Strategy<Value = Standing> {
    prop_oneof![
        Just(Standing::Going),
        Just(Standing::Maybe),
        Just(Standing::Pending),
        Just(Standing::Declined),
        (1_u64..400).prop_map(Standing::Waiting),
    ]
}

fn origin(inviter: UserId) -> impl Strategy<Value = Origin> {
    let invited = (any::<bool>(), 1_u64..4)
        .prop_map(move |(known, arrived)| Origin::Invited { by: known.then_some(inviter), arrived });
    prop_oneof![3 => invited, 1 => Just(Origin::Joined)]
}

/// All that is stored of people and their places.
fn stored(reader: &impl Reader) -> Result<Vec<String>, Fault> {
    const ALL: usize = usize::MAX;
    Ok(vec![
        format!("{:?}", reader.scan(&INVITATIONS, &(), None, ALL)?),
        format!("{:?}", reader.scan(&BY_STATUS, &(), None, ALL)?),
        format!("{:?}", reader.scan(&OF_USER, &(), None, ALL)?),
        format!("{:?}", reader.scan(&BY_INVITER, &(), None, ALL)?),
        format!("{:?}", reader.scan(&INBOX, &(), None, ALL)?),
        format!("{:?}", reader.scan(&UNANSWERED, &(), None, ALL)?),
        format!(
            "{:?}",
            reader.scan(&LINE, &(), None, ALL)?.into_iter().map(|(at, who)| (at, who.0)).collect::<Vec<_>>()
        ),
        format!(
            "{:?}",
            reader.scan(&BLOCKS, &(), None, ALL)?.into_iter().map(|(at, of)| (at, of.0)).collect::<Vec<_>>()
        ),
    ])
}

fn run<T: Send + 'static>(change: impl FnOnce(&mut Transaction<'_>) -> Result<T, Fault> + Send + 'static) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let db = Database::in_memory(Options::new("invitations", SCHEMA));
    runtime.block_on(db.write(change)).unwrap()
}

fn place_of(event: EventId, user: UserId) -> Place {
    (event, Instance::Series, user)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn a_row_put_anew_is_stored_as_if_it_were_taken_out_and_put_in(
        origin in origin(UserId::new()),
        (last, next, others) in (standing(), standing(), standing()),
        (was_listed, listed) in (any::<bool>(), any::<bool>()),
    ) {
        let (event, user, other) = (EventId::new(), UserId::new(), UserId::new());
        let row = move |standing| InvitationRow { origin, standing, author: None, vouched: None };
        let before = move |tx: &mut Transaction<'_>| {
            if others != last && others != next {
                put_in(tx, &place_of(event, other), &row(others), was_listed)?;
            }
            put_in(tx, &place_of(event, user), &row(last), was_listed)
        };
        let anew = run(move |tx| {
            before(tx)?;
            put_anew(tx, &place_of(event, user), &row(last), &row(next), listed)?;
            stored(tx)
        });
        let out_and_in = run(move |tx| {
            before(tx)?;
            take_out(tx, &place_of(event, user), &row(last))?;
            put_in(tx, &place_of(event, user), &row(next), listed)?;
            stored(tx)
        });
        prop_assert_eq!(anew, out_and_in);
    }
}

#[test]
fn an_answer_changes_three_rows_of_someone_who_had_answered_and_four_of_someone_who_had_not() {
    let (event, user, inviter) = (EventId::new(), UserId::new(), UserId::new());
    let place = place_of(event, user);
    let origin = Origin::Invited { by: Some(inviter), arrived: 1 };
    let row = move |standing| InvitationRow { origin, standing, author: None, vouched: None };
    let changed = move |last, next| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let db = Database::in_memory(Options::new("invitations", SCHEMA));
        runtime.block_on(async {
            db.write(move |tx| put_in(tx, &place, &row(last), true)).await.unwrap();
            let changed = db.write(move |tx| {
                put_anew(tx, &place, &row(last), &row(next), true)?;
                Ok::<_, Fault>(tx.changed_rows())
            });
            changed.await.unwrap()
        })
    };
    assert_eq!(changed(Standing::Going, Standing::Declined), 3, "the row, and where it stood and stands by status");
    assert_eq!(changed(Standing::Pending, Standing::Going), 4, "and it is unanswered no more");
}
