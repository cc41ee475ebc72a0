//! Panics inside sled are damage, and are caught; whoever installs a panic hook can tell them from others.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::panic_message;

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic on this thread, just now, will be caught and told as an error by this crate: a panic hook need say nothing.
#[must_use]
pub fn panics_are_told() -> bool {
    GUARDED.get()
}

/// Runs `f`; what a panic in it had to say.
pub(super) fn guarded<T>(f: impl FnOnce() -> T) -> Result<T, String> {
    let before = GUARDED.replace(true);
    let done = catch_unwind(AssertUnwindSafe(f));
    GUARDED.set(before);
    done.map_err(|panic| panic_message(panic.as_ref()))
}
