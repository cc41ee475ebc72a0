//! One service with everything that stands before it on its own side: what its program and a linked cluster both start.

use std::sync::{Arc, Weak};

use async_trait::async_trait;
use chassis::{Chassis, OperatorKey, Running, Setup};
use domain::{Actor, Answer, Clock, Context, Error, Protocol, Stub, WireBody};
use storage::Database;
use tokio_util::sync::CancellationToken;

use super::Hosted;
use crate::backup::Backups;
use crate::cluster::{Clients, Failed};
use crate::layers::is_long_poll;
use crate::{Metrics, Readiness, Ready, ServerOptions, server_stack};

/// A service that was started, behind its layers.
pub(crate) struct Stood<P: Hosted> {
    /// The service with its layers.
    pub(crate) stub: Arc<dyn Stub<P>>,
    /// What it lacks before it can serve.
    pub(crate) readiness: Readiness,
    running: Running<P>,
    ending: CancellationToken,
}

impl<P: Hosted> Stood<P> {
    /// Starts the service on `db`.
    ///
    /// # Errors
    /// What it reports.
    pub(crate) async fn start(
        db: Database,
        clock: Arc<dyn Clock>,
        operator: OperatorKey,
        others: Clients,
        config: P::Config,
        metrics: &Arc<Metrics>,
    ) -> Result<Self, Failed> {
        let running = P::start(Setup { db, clock, operator }, others, config)
            .await
            .map_err(|fault| Failed(format!("{} cannot start: {fault}", P::SERVICE)))?;
        let ending = CancellationToken::new();
        let layered = server_stack(running.stub(), running.authenticate(), &ServerOptions::default(), metrics);
        let stub = Arc::new(Ending { inner: layered, ending: ending.clone() });
        let chassis = Arc::downgrade(running.chassis());
        metrics.show(running.chassis());
        Ok(Self { stub, readiness: Arc::new(move || readiness(&chassis)), running, ending })
    }

    /// Makes backups of its database, for the operator.
    pub(crate) fn backups(&self) -> Backups {
        let chassis = Arc::downgrade(self.running.chassis());
        Arc::new(move |token| {
            let ended = || Error::unavailable(P::SERVICE, "it has ended");
            let chassis = chassis.upgrade().ok_or_else(ended)?;
            if chassis.operator().verify(token, chassis.clock().now())? != Actor::Operator {
                return Err(Error::forbidden("a backup is given to the operator of the installation only"));
            }
            chassis.db().backup().map_err(|error| Error::unavailable(P::SERVICE, error.to_string()))
        })
    }

    /// Its database.
    pub(crate) fn db(&self) -> &Database {
        self.running.chassis().db()
    }

    /// Why its database takes no more writes, once it has stopped by itself.
    pub(crate) fn failure(&self) -> Option<storage::Error> {
        self.running.chassis().db().health().err()
    }

    /// Sends those home who wait for news: they would hold up the end.
    pub(crate) fn ends(&self) {
        self.ending.cancel();
    }

    /// Ends its tasks and closes its database; what was accepted is finished.
    pub(crate) async fn stop(self) {
        self.ending.cancel();
        drop(self.stub);
        self.running.stop().await;
    }

    /// Ends its tasks at once; gives its database, which closes when the last who uses it lets go.
    pub(crate) fn abandon(self) -> Database {
        self.ending.cancel();
        self.running.chassis().db().clone()
    }
}

fn readiness(chassis: &Weak<Chassis>) -> Ready {
    let Some(chassis) = chassis.upgrade() else {
        return Ready { lacking: vec!["it has ended".to_owned()], remarks: Vec::new() };
    };
    let lacking = chassis.db().health().err().map(|error| error.to_string()).into_iter().collect();
    // It serves without those it follows, from what it has taken over so far.
    let health = chassis.health();
    let away = health.behind.iter().map(|source| format!("it is not in contact with {source}"));
    Ready { lacking, remarks: away.chain(health.stopped).collect() }
}

/// Answers long polls when the service ends.
struct Ending<P: Protocol> {
    inner: Arc<dyn Stub<P>>,
    ending: CancellationToken,
}

#[async_trait]
impl<P: Protocol> Stub<P> for Ending<P> {
    async fn call(&self, context: &Context, request: P::Request) -> Answer<P::Response> {
        if !is_long_poll(request.method()) {
            return self.inner.call(context, request).await;
        }
        tokio::select! {
            answer = self.inner.call(context, request) => answer,
            () = self.ending.cancelled() => Err(Error::unavailable(P::SERVICE, "it is shutting down")),
        }
    }
}
