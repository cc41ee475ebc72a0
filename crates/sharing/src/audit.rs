//! The references from shares to users, and the four tables held against each other.
//!
//! Traces of ended shares refer to users, too, and go with them like live ones; so they are listed alike.

use chassis::{Fault, cursor};
use domain::UserId;
use domain::integrity::{Audit, AuditPage, Reference, Target};
use serde::{Deserialize, Serialize};
use storage::{Reader, Table, Value};

use crate::store::{ENDED, ENDED_BY_SHAREE, SHARES, SHARES_BY_SHAREE};

/// Each row has two references, and a page at most a thousand.
const ROWS_A_PAGE: usize = 500;

/// Where an audit goes on: in which table, and behind which of its rows.
#[derive(Serialize, Deserialize)]
enum Place {
    Shares(Option<(UserId, UserId)>),
    SharesBySharee(Option<(UserId, UserId)>),
    Ended(Option<(UserId, UserId)>),
    EndedBySharee(Option<(UserId, UserId)>),
}

/// One page of the audit.
///
/// # Errors
/// Invalid input (`after`) for what is no `next` of an earlier page.
pub(crate) fn page(view: &impl Reader, request: &Audit) -> Result<AuditPage, Fault> {
    let place = cursor::of_audit(request)?.unwrap_or(Place::Shares(None));
    let mut page = AuditPage { references: Vec::new(), discrepancies: Vec::new(), next: None };
    let next = match place {
        Place::Shares(after) => {
            let rows = view.scan(&SHARES, &(), after.as_ref(), ROWS_A_PAGE)?;
            for ((owner, sharee), _) in &rows {
                refer(&mut page, "share", *owner, *sharee);
                hold(&mut page, view, &SHARES_BY_SHAREE, (*sharee, *owner), true, "is not listed for its sharee")?;
                hold(&mut page, view, &ENDED, (*owner, *sharee), false, "is live and has ended")?;
            }
            go_on(&rows, Place::Shares, Some(Place::SharesBySharee(None)))
        }
        Place::SharesBySharee(after) => {
            let rows = view.scan(&SHARES_BY_SHAREE, &(), after.as_ref(), ROWS_A_PAGE)?;
            for ((sharee, owner), ()) in &rows {
                hold(&mut page, view, &SHARES, (*owner, *sharee), true, "is listed for its sharee, but is not live")?;
            }
            go_on(&rows, Place::SharesBySharee, Some(Place::Ended(None)))
        }
        Place::Ended(after) => {
            let rows = view.scan(&ENDED, &(), after.as_ref(), ROWS_A_PAGE)?;
            for ((owner, sharee), _) in &rows {
                refer(&mut page, "ended share", *owner, *sharee);
                hold(&mut page, view, &ENDED_BY_SHAREE, (*sharee, *owner), true, "has ended, not so for its sharee")?;
            }
            go_on(&rows, Place::Ended, Some(Place::EndedBySharee(None)))
        }
        Place::EndedBySharee(after) => {
            let rows = view.scan(&ENDED_BY_SHAREE, &(), after.as_ref(), ROWS_A_PAGE)?;
            for ((sharee, owner), ()) in &rows {
                hold(&mut page, view, &ENDED, (*owner, *sharee), true, "has ended for its sharee only")?;
            }
            go_on(&rows, Place::EndedBySharee, None)
        }
    };
    page.next = next.map(|place| storage::encode(&place)).transpose()?;
    Ok(page)
}

fn refer(page: &mut AuditPage, what: &str, owner: UserId, sharee: UserId) {
    let row = format!("{what} of {owner} with {sharee}");
    for (name, user) in [("sharing.share.owner", owner), ("sharing.share.sharee", sharee)] {
        page.references.push(Reference { name: name.to_owned(), row: row.clone(), target: Target::User(user) });
    }
}

/// Reports unless `table` has, or has not, a row of `key`.
fn hold<V: Value>(
    page: &mut AuditPage,
    view: &impl Reader,
    table: &Table<(UserId, UserId), V>,
    key: (UserId, UserId),
    should: bool,
    wrong: &str,
) -> Result<(), Fault> {
    if view.contains(table, &key)? != should {
        page.discrepancies.push(format!("the share between {} and {} {wrong}", key.0, key.1));
    }
    Ok(())
}

fn go_on<V>(
    rows: &[((UserId, UserId), V)],
    here: impl FnOnce(Option<(UserId, UserId)>) -> Place,
    then: Option<Place>,
) -> Option<Place> {
    match rows.last() {
        Some((last, _)) if rows.len() == ROWS_A_PAGE => Some(here(Some(*last))),
        _ => then,
    }
}
