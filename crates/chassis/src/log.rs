//! Serving a service's own log to those who follow it, and knowing how far they are.

use std::time::Duration;

use domain::log::{Change, Changes, ReadChanges, Record};
use domain::{Actor, Answer, Context, Epoch, Positions, Reply, Service};
use storage::Reader as _;
use tokio::time::{Instant, timeout_at};

use crate::row::Logged;
use crate::{Chassis, Fault, WAY_HOME};

const MOST_RECORDS: u32 = 500;
/// Large answers would hold up small ones on the same connection.
const MOST_BYTES: usize = 256 * 1_024;
/// How long a command that gives or takes rights waits for its followers.
const SETTLING: Duration = Duration::from_millis(500);

/// Announces a change in the transaction that makes it; returns its position.
///
/// # Errors
/// What the database reports.
pub fn announce<C: Change>(tx: &mut storage::Transaction<'_>, change: C) -> Result<u64, Fault> {
    Ok(tx.announce(&Logged(change))?)
}

impl Chassis {
    /// Answers a follower's `changes`, after waiting for news if there is none.
    ///
    /// # Errors
    /// What the database reports.
    pub async fn serve_changes<C: Change>(&self, context: &Context, request: ReadChanges) -> Answer<Changes<C>> {
        self.changes_for(context, request).await.map_err(|fault| fault.into_error(self.service()))
    }

    async fn changes_for<C: Change>(
        &self,
        context: &Context,
        request: ReadChanges,
    ) -> Result<Reply<Changes<C>>, Fault> {
        let db = self.db();
        let epoch = Epoch(db.epoch().0);
        let reply = |value| Ok(Reply::new(value, Positions::default()));
        let after = request.after.position;
        let ours = match request.after.epoch {
            None => after == 0,
            Some(known) if known == epoch => match db.digest_at(after).await? {
                Some(digest) => digest.0 == request.after.digest,
                None => false,
            },
            Some(_) => false,
        };
        if !ours {
            let epoch = match context.actor {
                Actor::Service(_) if request.after.epoch == Some(epoch) => self.set_back(epoch).await?,
                _ => epoch,
            };
            return reply(Changes::Diverged { epoch, watermark: db.durable_position() });
        }
        if let Actor::Service(follower) = context.actor {
            self.acknowledged(follower, after);
        }
        let wait = Duration::from_millis(u64::from(request.wait_ms)).min(context.remaining().saturating_sub(WAY_HOME));
        let until = Instant::now() + wait;
        let (mut durable, mut state) = (db.watch_durable(), self.followed.watch());
        loop {
            durable.mark_unchanged();
            // Read before the records: the effects of all that is told here are then among them.
            let followed = state.borrow_and_update().effective(self.service());
            let limit = request.limit.clamp(1, MOST_RECORDS) as usize;
            let records = db.changes::<Logged<C>>(after, limit, MOST_BYTES).await?;
            if !records.is_empty() || followed != request.followed {
                let records = records
                    .into_iter()
                    .map(|record| Record {
                        position: record.position,
                        digest: record.digest.0,
                        change: record.change.0,
                    })
                    .collect();
                return reply(Changes::Records { epoch, records, watermark: db.durable_position(), followed });
            }
            let news = async {
                tokio::select! {
                    changed = durable.changed() => changed,
                    changed = state.changed() => changed,
                }
            };
            match timeout_at(until, news).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Err(Fault::Storage(storage::Error::Closed)),
                Err(_) => {
                    let watermark = db.durable_position();
                    // A record that came with the last breath is left to the next poll.
                    let records = Vec::new();
                    return reply(Changes::Records { epoch, records, watermark, followed });
                }
            }
        }
    }

    /// A follower knows records of this very history that are not in it: the database was set back (an older copy of its folder was
    /// put in its place), and has been telling another history under the same name. It takes a new one, so that positions of the two
    /// are never mistaken for each other.
    async fn set_back(&self, known: Epoch) -> Result<Epoch, Fault> {
        let renewed = self.db().write(move |tx| match Epoch(tx.epoch().0) {
            epoch if epoch == known => Ok(Epoch(tx.renew_epoch()?.0)),
            epoch => Ok::<_, Fault>(epoch),
        });
        let epoch = renewed.await?;
        self.followers.send_replace(std::collections::BTreeMap::new());
        tracing::error!(service = %self.service(),
            "this database is older than what others have already followed of it: an older copy was put in its place; \
             those who follow it compare what they have with what is here");
        Ok(epoch)
    }

    fn acknowledged(&self, follower: Service, position: u64) {
        self.followers.send_if_modified(|known| known.insert(follower, position) != Some(position));
    }

    /// Waits until every follower has passed `position`, at most half a second; whether they all have.
    pub(crate) async fn settled(&self, position: u64, context: &Context) -> bool {
        let until = Instant::now() + SETTLING.min(context.remaining().saturating_sub(WAY_HOME));
        let mut known = self.followers.subscribe();
        loop {
            // Before looking: what is heard from then on wakes this up.
            known.mark_unchanged();
            let passed = |follower: Service| known.borrow().get(&follower).is_some_and(|&at| at >= position);
            if self.service().followers().all(passed) {
                return true;
            }
            if !matches!(timeout_at(until, known.changed()).await, Ok(Ok(()))) {
                return false;
            }
        }
    }
}
