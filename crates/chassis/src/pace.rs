//! Leaving commands their time while there is much to take over or to work off.
//!
//! Work that nobody waits for as for an answer is done in small transactions, which give way to commands in the database
//! ([`storage::Database::write_giving_way`]). One behind the other they would still keep the disk and a processor busy all the time. So
//! after each of them that leaves something to do, commands have the database to themselves for as long as it took: but only where
//! commands come at all, and never while a follower is so far behind that nobody can wait for it.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::{Instant, sleep};

/// So long after the last command the next one is expected.
const EXPECTED: Duration = Duration::from_secs(1);
/// The longest pause: what took longer took it because of something else.
const LONGEST: Duration = Duration::from_millis(20);

/// When a service was last given a command.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    last_command: Mutex<Option<Instant>>,
}

impl Pace {
    /// A command came.
    pub(crate) fn command(&self) {
        *self.last_command.lock() = Some(Instant::now());
    }

    /// A transaction that gives way and began at `begun` is done, and there may be more to do: waits as long as it took, if commands
    /// are to be expected.
    pub(crate) async fn pause(&self, begun: Instant) {
        let expected = self.last_command.lock().is_some_and(|last| last.elapsed() < EXPECTED);
        if expected {
            sleep(begun.elapsed().min(LONGEST)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How long the pause is after a transaction of this length, begun this long after a command.
    async fn pause(took: Duration, after_command: Option<Duration>) -> Duration {
        let pace = Pace::default();
        if let Some(after) = after_command {
            pace.command();
            tokio::time::advance(after).await;
        }
        let begun = Instant::now();
        tokio::time::advance(took).await;
        let done = Instant::now();
        pace.pause(begun).await;
        done.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn commands_have_as_much_time_as_the_work_between_them_and_work_alone_is_not_held_up() {
        let millis = Duration::from_millis;
        assert_eq!(pause(millis(3), None).await, millis(0));
        assert_eq!(pause(millis(3), Some(millis(0))).await, millis(3));
        assert_eq!(pause(millis(3), Some(millis(900))).await, millis(3));
        assert_eq!(pause(millis(3), Some(millis(1_000))).await, millis(0));
        assert_eq!(pause(millis(900), Some(millis(0))).await, LONGEST);
    }
}
