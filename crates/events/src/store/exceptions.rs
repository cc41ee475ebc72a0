//! Saying that an instance is not as the rules of its event have it, and that it is again.

use chassis::{Fault, log};
use domain::EventId;
use domain::events::{EventChange, Exception};
use storage::Transaction;

use super::{EXCEPTIONS, describe_instance};

/// Says what an instance is, and announces it; whether that was new. The event itself is to be changed ([`super::change`]) behind
/// it: where it lies in time may have changed with the instance.
pub(crate) fn except(
    tx: &mut Transaction<'_>,
    event: EventId,
    start: i64,
    exception: Option<&Exception>,
) -> Result<bool, Fault> {
    let before = EXCEPTIONS.set(tx, event, start, exception)?;
    if before.as_ref() == exception {
        return Ok(false);
    }
    if !matches!(exception, Some(Exception::Changed(_))) {
        describe_instance(tx, event, start, None)?;
    }
    log::announce(tx, EventChange::Exception { event, start, exception: exception.cloned() })?;
    Ok(true)
}

/// Lets those instances of an event be as the rules have them of which `gone` says so.
pub(crate) fn forget_exceptions(
    tx: &mut Transaction<'_>,
    event: EventId,
    gone: impl Fn(i64) -> bool,
) -> Result<(), Fault> {
    for (start, _) in EXCEPTIONS.list(tx, event, None, usize::MAX)? {
        if gone(start) {
            except(tx, event, start, None)?;
        }
    }
    Ok(())
}
