//! What time it is: the system's time, or in a rehearsal the time that the rehearsal says.
//!
//! Tests in a terminal and the screens of the README need a day that is always the same, and a panic at a moment of their choice.
//! Programs that are built for release know neither: what is said here of the environment is read in debug builds only.

use std::path::PathBuf;
use std::sync::Arc;

use chassis::SystemClock;
use domain::{Clock, Timestamp};

/// The moment at which the rehearsal's time stands still, as `2027-03-10T09:30:00+01:00`.
const STANDS: &str = "CONVENE_REHEARSAL";
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
    stands: Timestamp,
    panics: Option<PathBuf>,
}

impl Rehearsal {
    fn of_environment() -> Option<Self> {
        let stands: jiff::Timestamp = std::env::var(STANDS).ok()?.parse().ok()?;
        Some(Self {
            stands: Timestamp::from_micros(stands.as_microsecond()),
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
        self.stands
    }
}
