//! Telling those who show what was answered that there is news, so that they need not ask again and again.

use std::time::Duration;

use domain::{Answer, Context, Epoch, Position, Positions, Reply, Watch};
use tokio::time::{Instant, timeout_at};

use crate::{Chassis, Fault, WAY_HOME};

/// The longest wait, whatever is asked for: whoever went away without a word is forgotten after it.
const LONGEST: Duration = Duration::from_secs(30);

impl Chassis {
    /// Answers a `watch`, after waiting for news if there is none.
    ///
    /// # Errors
    /// Unavailable once the database has closed.
    pub async fn answer_watch(&self, context: &Context, request: Watch) -> Answer<Positions> {
        let wait = Duration::from_millis(u64::from(request.wait_ms)).min(LONGEST);
        let until = Instant::now() + wait.min(context.remaining().saturating_sub(WAY_HOME));
        let (mut durable, mut state) = (self.db().watch_durable(), self.followed.watch());
        loop {
            durable.mark_unchanged();
            let mut now = state.borrow_and_update().applied().clone();
            let own = Position { epoch: Epoch(self.db().epoch().0), at: self.db().durable_position() };
            now.set(self.service(), own);
            let news = request.seen.is_empty() || request.seen.iter().any(|(of, seen)| now.get(of) != Some(seen));
            // What is told is no view of anything, so it says nothing of what a view has seen.
            let reply = |now| Ok(Reply::new(now, Positions::default()));
            if news {
                return reply(now);
            }
            let changed = async {
                tokio::select! {
                    changed = durable.changed() => changed,
                    changed = state.changed() => changed,
                }
            };
            match timeout_at(until, changed).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Err(Fault::Storage(storage::Error::Closed).into_error(self.service())),
                Err(_) => return reply(now),
            }
        }
    }
}
