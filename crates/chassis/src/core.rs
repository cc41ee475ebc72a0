//! The chassis itself: what one service has of everything in this crate, and the two ways its methods are built.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::integrity::Health;
use domain::{Answer, Clock, Context, Epoch, Error, Position, Positions, Reply, Retryable, Service};
use serde::{Serialize, de::DeserializeOwned};
use storage::{Database, Reader as _, Transaction, View};
use tokio::sync::{Notify, watch};

use crate::figures::Lags;
use crate::followed::Followed;
use crate::journal::{self, Identity};
use crate::operator::ServiceIdentity;
use crate::pace::Pace;
use crate::{Fault, OperatorKey, directory};

/// How long a call waits at most for followers to catch up with what its caller has seen.
pub(crate) const CATCHING_UP: Duration = Duration::from_secs(1);
/// Kept back from a call's deadline by whatever waits within it: for the way home of an answer that says so.
pub const WAY_HOME: Duration = Duration::from_millis(250);
const HOUSEKEEPING: Duration = Duration::from_secs(600);
const PRUNED_AT_ONCE: usize = 1_000;

/// What a service is started with.
#[derive(Clone)]
pub struct Setup {
    /// Its own database.
    pub db: Database,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// The key of the installation.
    pub operator: OperatorKey,
}

/// Whether a command waits for its followers before it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settle {
    /// It changes nobody's rights.
    No,
    /// It gives or takes rights: it answers when every follower has passed it, or after half a second as not settled.
    WithFollowers,
}

/// What one service stands on.
pub struct Chassis {
    service: Service,
    setup: Setup,
    identity: ServiceIdentity,
    pub(crate) followed: Followed,
    /// How far each follower of this service has durably applied its log.
    pub(crate) followers: watch::Sender<BTreeMap<Service, u64>>,
    pub(crate) lags: Lags,
    pub(crate) pace: Pace,
    work: Notify,
    /// Something is asked of the followers of this service themselves: they look again.
    pub(crate) attention: Notify,
}

impl Chassis {
    /// For `service`.
    #[must_use]
    pub fn new(service: Service, setup: Setup) -> Arc<Self> {
        let identity = ServiceIdentity::new(setup.operator.clone(), service, Arc::clone(&setup.clock));
        let (followed, followers) = (Followed::new(service), watch::Sender::default());
        let (work, attention) = (Notify::new(), Notify::new());
        Arc::new(Self {
            service,
            setup,
            identity,
            followed,
            followers,
            lags: Lags::new(),
            pace: Pace::default(),
            work,
            attention,
        })
    }

    /// Which service this is.
    #[must_use]
    pub const fn service(&self) -> Service {
        self.service
    }

    /// Its database.
    #[must_use]
    pub const fn db(&self) -> &Database {
        &self.setup.db
    }

    /// The time of day.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.setup.clock
    }

    /// The key of the installation.
    #[must_use]
    pub const fn operator(&self) -> &OperatorKey {
        &self.setup.operator
    }

    /// What it shows to other services.
    #[must_use]
    pub const fn identity(&self) -> &ServiceIdentity {
        &self.identity
    }

    /// The context of a call to another service that is made on behalf of `context`: under this service's own identity, within
    /// the same deadline, and as a query.
    ///
    /// # Errors
    /// If the system has no randomness.
    pub fn calling(&self, context: &Context) -> Result<Context, Error> {
        Ok(Context {
            credential: self.identity.credential()?,
            idempotency_key: None,
            sequence: None,
            seen: Positions::default(),
            ..context.clone()
        })
    }

    /// What a caller is told when `other`, asked on their behalf, answers with `error`. That it does not accept the identity of
    /// this service (their clocks differ by more than an hour, say) is no word about the caller, who would drop their session on it.
    #[must_use]
    pub fn told_by(&self, other: Service, error: Error) -> Error {
        match error {
            Error::Unauthenticated { .. } | Error::Forbidden { .. } => {
                let why = format!(
                    "it does not accept the identity of {}; an operator must compare their clocks and operator's keys",
                    self.service
                );
                Error::unavailable(other, why)
            }
            other => other,
        }
    }

    /// Wakes the worker, after a command of this service's own has left [`crate::work`]; followers do so by themselves.
    pub fn work_may_have_come(&self) {
        self.work.notify_one();
    }

    pub(crate) async fn work_came(&self) {
        self.work.notified().await;
    }

    /// Answers a query: waits until this service has caught up with what the caller has seen, reads, and says what the view
    /// had seen and what it was behind with.
    ///
    /// # Errors
    /// What `read` reports.
    pub async fn query<T>(&self, context: &Context, read: impl FnOnce(&View<'_>) -> Result<T, Fault>) -> Answer<T> {
        let behind = self.catch_up(context).await;
        let reply = self.look(read).await.map_err(|fault| fault.into_error(self.service))?;
        Ok(Reply { behind, ..reply })
    }

    /// Carries out a command, once for its idempotency key: `change` in one transaction, giving the ids of what it made;
    /// then `show` reads the reply, from those ids. `request` is what must be the same for it to be the same command.
    ///
    /// # Errors
    /// What `change` and `show` report; see [`Identity::of`] and [`Identity::once`].
    pub async fn command<O, T>(
        &self,
        context: &Context,
        method: &'static str,
        request: &impl Serialize,
        settle: Settle,
        change: impl FnOnce(&mut Transaction<'_>) -> Result<O, Fault> + Send + 'static,
        show: impl FnOnce(&View<'_>, &O) -> Result<T, Fault>,
    ) -> Answer<T>
    where
        O: Serialize + DeserializeOwned + Send + 'static,
    {
        self.pace.command();
        let refused = |fault: Fault| fault.into_error(self.service);
        let identity = Identity::of(context, method, request, self.clock().now()).map_err(refused)?;
        let behind = self.catch_up(context).await;
        // A database that has stopped already takes nothing: what it refuses was certainly not done.
        self.db().health().map_err(|error| refused(error.into()))?;
        let written = self.db().write(move |tx| {
            let outcome = identity.once(tx, change)?;
            Ok((outcome, tx.position()))
        });
        let (outcome, position) = written.await.map_err(|fault| match fault {
            // It was accepted, and may or may not have been kept.
            Fault::Storage(storage::Error::Stopped { .. }) => Error::Deadline { service: self.service },
            other => refused(other),
        })?;
        let settled = match settle {
            Settle::No => true,
            Settle::WithFollowers => self.settled(position, context).await,
        };
        let show = |view: &View<'_>| match show(view, &outcome) {
            // Their account may have been deleted since, and what they made with it; they are told that, as a repetition would be.
            Err(_) if directory::actor_was_deleted(view, context)? => Err(directory::deleted_account()),
            shown => shown,
        };
        let reply = self.look(show).await.map_err(|fault| self.unread(refused(fault)))?;
        Ok(Reply { behind, settled, ..reply })
    }

    /// What the caller of a command that was done is told when its reply could not be read: never that nothing was done.
    #[must_use]
    pub fn unread(&self, error: Error) -> Error {
        match error.retryable() {
            Retryable::Safely => Error::Deadline { service: self.service },
            Retryable::Never | Retryable::UnderTheSameKey => error,
        }
    }

    /// Waits until this service has caught up with what the caller has seen, briefly; the services it is still behind with.
    pub async fn catch_up(&self, context: &Context) -> Vec<Service> {
        self.followed.catch_up(&context.seen, CATCHING_UP.min(context.remaining() / 2)).await
    }

    async fn look<T>(&self, read: impl FnOnce(&View<'_>) -> Result<T, Fault>) -> Result<Reply<T>, Fault> {
        // Taken before the view, so that the view has seen at least this.
        let mut seen = self.followed.effective();
        // What it has seen is asked for last: of a batch that is not durable, and of which it saw nothing, it need not wait.
        let looked = self.db().read(|view| Ok::<_, Fault>((read(view)?, view.as_of())));
        let (value, (epoch, at)) = looked.await?;
        seen.set(self.service, Position { epoch: Epoch(epoch.0), at });
        Ok(Reply::new(value, seen))
    }

    /// The position of this service's own log in a view or transaction.
    pub fn position(reader: &impl storage::Reader) -> Position {
        Position { epoch: Epoch(reader.epoch().0), at: reader.position() }
    }

    /// How this service is.
    #[must_use]
    pub fn health(&self) -> Health {
        let state = self.followed.now();
        let mut positions = state.effective(self.service);
        let own = Position { epoch: Epoch(self.db().epoch().0), at: self.db().durable_position() };
        positions.set(self.service, own);
        let mut stopped = state.stopped();
        stopped.extend(self.db().health().err().map(|error| error.to_string()));
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Health { version, positions, behind: state.out_of_step(self.service), stopped }
    }

    /// Answers how this service is.
    ///
    /// # Errors
    /// None: it is as every method answers.
    pub fn answer_health(&self) -> Answer<Health> {
        let health = self.health();
        let seen = health.positions.clone();
        Ok(Reply::new(health, seen))
    }

    /// Forgets what need no longer be remembered, for as long as the future is polled.
    pub async fn keep_house(self: Arc<Self>) {
        loop {
            let now = self.clock().now();
            match self.db().write(move |tx| journal::prune(tx, now, PRUNED_AT_ONCE)).await {
                Ok(true) => {}
                Ok(false) => tokio::time::sleep(HOUSEKEEPING).await,
                Err(fault) => {
                    tracing::warn!(service = %self.service, %fault, "housekeeping failed");
                    tokio::time::sleep(HOUSEKEEPING).await;
                }
            }
        }
    }
}
