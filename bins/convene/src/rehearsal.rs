//! What time it is: the system's time, or in a rehearsal the time that the rehearsal says.
//!
//! Tests in a terminal and the screens of the README need a day that is always the same, and a panic at a moment of their choice.
//! Programs that are built for release know neither: what is said here of the environment is read in debug builds only.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chassis::SystemClock;
use domain::{Clock, Timestamp};

/// When the rehearsal begins, as `2027-03-10T09:30:00+01:00`; from then on time passes as always.
const BEGINS: &str = "CONVENE_REHEARSAL";
/// A file; once it exists, the clock panics.
const PANICS: &str = "CONVENE_REHEARSAL_PANIC";

/// The clock of this process.
pub(crate) fn clock() -> Arc<dyn Clock> {
    if cfg!(debug_assertions)
        && let Some(rehearsal) = Rehearsal::of_environment()
    {
        return Arc::new(rehearsal);
    }
    Arc::new(SystemClock)
}

struct Rehearsal {
    begins: Timestamp,
    since: Timestamp,
    panics: Option<PathBuf>,
}

impl Rehearsal {
    fn of_environment() -> Option<Self> {
        let begins: jiff::Timestamp = std::env::var(BEGINS).ok()?.parse().ok()?;
        Some(Self {
            begins: Timestamp::from_micros(begins.as_microsecond()),
            since: SystemClock.now(),
            panics: std::env::var_os(PANICS).map(PathBuf::from),
        })
    }
}

impl Clock for Rehearsal {
    fn now(&self) -> Timestamp {
        #[expect(clippy::panic, reason = "it is what this rehearsal is for")]
        if self.panics.as_deref().is_some_and(std::path::Path::exists) {
            panic!("rehearsed");
        }
        let passed = SystemClock.now().as_micros().saturating_sub(self.since.as_micros());
        self.begins.plus(Duration::from_micros(passed.unsigned_abs()))
    }
}
