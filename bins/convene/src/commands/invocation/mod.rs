//! One command of the command line on its way: who gives it, until when an answer is of use, what was seen.
//!
//! Here are the promises that hold for all commands alike: what a reply has seen goes into the profile, and a session is dropped when
//! a service says that it is over, and never because a service is away. [`delivery`] has those about commands that change something,
//! [`paging`] those about lists.

mod delivery;
mod paging;

use std::time::Duration;

use domain::auth::{Renew, User};
use domain::{Answer, Context, Credential, Error, IdempotencyKey, Reply, Service};
use tokio::time::Instant;

use crate::failure::{Failure, HOW_TO_SIGN_IN};
use crate::output::{Conflict, Document, Notes, Printed};
use crate::reach::Clients;
use crate::session::{Profile, Session, State};
use crate::when::Here;

/// Within this a command is answered, whatever happens; what is left of ten seconds is for starting and printing.
const BUDGET: Duration = Duration::from_secs(8);
/// How long one waits for a service whose answer something known can stand in for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);
/// How long one waits for a fresh token in passing.
const FOR_RENEWAL: Duration = Duration::from_secs(1);
/// How much later than the deadline a client's own "no answer" is waited for.
const GRACE: Duration = Duration::from_millis(200);

/// One command on its way.
pub(crate) struct Invocation<'a> {
    clients: &'a Clients,
    profile: Profile,
    here: Here,
    until: Instant,
    state: State,
    notes: Notes,
}

impl<'a> Invocation<'a> {
    /// A command given `here` by a profile.
    ///
    /// # Errors
    /// When the profile cannot be read.
    pub(crate) fn begin(clients: &'a Clients, profile: Profile, here: Here) -> Result<Self, Failure> {
        let state = profile.read()?;
        Ok(Self { clients, profile, here, until: Instant::now() + BUDGET, state, notes: Notes::default() })
    }

    /// When and where the command was given.
    pub(crate) const fn here(&self) -> &Here {
        &self.here
    }

    /// The services.
    pub(crate) const fn clients(&self) -> &'a Clients {
        self.clients
    }

    /// The sign-in in whose name this is done.
    ///
    /// # Errors
    /// Unauthenticated when nobody is signed in.
    pub(crate) fn session(&self) -> Result<&Session, Failure> {
        self.state.session.as_ref().ok_or_else(Failure::signed_out)
    }

    /// The user in whose name this is done.
    ///
    /// # Errors
    /// As [`session`](Self::session).
    pub(crate) fn user(&self) -> Result<&User, Failure> {
        self.session().map(|session| &session.user)
    }

    /// Says something besides the answer.
    pub(crate) fn remark(&mut self, remark: impl Into<String>) {
        self.notes.remarks.push(remark.into());
    }

    /// Notes that a service could not be asked, so that its latest changes are missing.
    pub(crate) fn without(&mut self, service: Service) {
        self.notes.behind.insert(service);
    }

    /// Notes what an event overlaps with in one's own calendar; `None` if that is not known.
    pub(crate) fn overlaps(&mut self, found: Option<Vec<Conflict>>) {
        self.notes.overlaps = Some(found);
    }

    /// Renews the token in passing, when half its life is over. If that fails, the old one is still good.
    pub(crate) async fn renew_if_due(&mut self) {
        let Some(session) = self.state.session.clone().filter(|session| session.wants_renewal(self.here.now)) else {
            return;
        };
        let now = self.here.now;
        let number = self.profile.change(|state| state.next_sequence(now)).await;
        let Ok(number) = number else { return };
        let context = Context::new(Credential::Session(session.token.clone()), FOR_RENEWAL)
            .having_seen(self.state.seen.clone())
            .as_command(IdempotencyKey::new(), number);
        let answer = answered(Service::Auth, &context, self.clients.auth.renew(&context, Renew)).await;
        if let Ok(Reply { value, seen, .. }) = answer {
            let renewed = Session::begun(value, self.here.now);
            let kept = self.profile.change(|state| {
                // Another command may have signed out, or in as someone else, meanwhile.
                if state.session.as_ref().is_some_and(|current| current.token == session.token) {
                    state.session = Some(renewed.clone());
                    state.seen.merge(&seen);
                }
            });
            if kept.await.is_ok() {
                self.state.session = Some(renewed);
                self.state.seen.merge(&seen);
            }
        }
    }

    /// Asks a service something, in the name of whoever is signed in.
    ///
    /// # Errors
    /// What the service says; [`Failure::NoAnswer`] when it does not answer in time.
    pub(crate) async fn ask<T>(
        &mut self,
        service: Service,
        call: impl AsyncFnOnce(&Context) -> Answer<T>,
    ) -> Result<T, Failure> {
        self.ask_within(BUDGET, service, call).await
    }

    /// The same, with less patience.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub(crate) async fn ask_within<T>(
        &mut self,
        patience: Duration,
        service: Service,
        call: impl AsyncFnOnce(&Context) -> Answer<T>,
    ) -> Result<T, Failure> {
        let context =
            Context::new(self.credential()?, self.remaining().min(patience)).having_seen(self.state.seen.clone());
        match answered(service, &context, call(&context)).await {
            Ok(reply) => Ok(self.take_in(reply)),
            Err(Error::Deadline { service }) => Err(Failure::NoAnswer(service)),
            Err(error) => Err(self.told(error).await),
        }
    }

    /// Asks a service something that the answer can do without, until `until`: whatever goes wrong with it is no part of the outcome.
    pub(crate) async fn ask_aside<T>(
        &self,
        until: Instant,
        service: Service,
        call: impl AsyncFnOnce(&Context) -> Answer<T>,
    ) -> Option<Reply<T>> {
        let patience = until.min(self.until).saturating_duration_since(Instant::now());
        let context = Context::new(self.credential().ok()?, patience).having_seen(self.state.seen.clone());
        answered(service, &context, call(&context)).await.ok()
    }

    /// Signs this profile in.
    ///
    /// # Errors
    /// When the profile cannot be written.
    pub(crate) async fn sign_in(&mut self, session: Session) -> Result<(), Failure> {
        self.profile.change(|state| state.session = Some(session.clone())).await?;
        self.state.session = Some(session);
        Ok(())
    }

    /// Signs this profile out, if it is still signed in as it was when this command began.
    ///
    /// # Errors
    /// When the profile cannot be written.
    pub(crate) async fn sign_out(&mut self) -> Result<(), Failure> {
        let Some(over) = self.state.session.take() else { return Ok(()) };
        self.profile
            .change(|state| {
                if state.session.as_ref().is_some_and(|current| current.token == over.token) {
                    state.session = None;
                }
            })
            .await
    }

    /// Begins the time for the answer anew: after a person has typed a password.
    pub(crate) fn restart_clock(&mut self) {
        self.allow(BUDGET);
    }

    /// Allows so much time for the answer from now on: to whoever waits for something to happen.
    pub(crate) fn allow(&mut self, time: Duration) {
        self.until = Instant::now() + time;
    }

    /// The outcome, ready to be printed. What was seen is kept.
    pub(crate) async fn finish(mut self, document: &impl Document) -> Printed {
        let seen = self.state.seen.clone();
        if self.profile.read().is_ok_and(|kept| kept.seen != seen)
            && let Err(failure) = self.profile.change(|state| state.seen.merge(&seen)).await
        {
            self.remark(failure.message());
        }
        Printed::new(document, self.notes)
    }

    fn take_in<T>(&mut self, reply: Reply<T>) -> T {
        self.state.seen.merge(&reply.seen);
        self.notes.take_in(reply)
    }

    fn credential(&self) -> Result<Credential, Failure> {
        self.session().map(|session| Credential::Session(session.token.clone()))
    }

    fn remaining(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// What a service said, for the user; a session that it says is over is dropped.
    async fn told(&mut self, error: Error) -> Failure {
        let Error::Unauthenticated { reason } = error else { return error.into() };
        if let Err(failure) = self.sign_out().await {
            return failure;
        }
        let reason = reason.trim_end_matches("; sign in again");
        Error::unauthenticated(format!("{reason}; {HOW_TO_SIGN_IN}")).into()
    }
}

/// The answer to a call, or deadline: also from a client that does not keep its own.
pub(crate) async fn answered<T>(
    service: Service,
    context: &Context,
    call: impl Future<Output = Answer<T>>,
) -> Answer<T> {
    tokio::time::timeout_at(context.deadline + GRACE, call).await.unwrap_or(Err(Error::Deadline { service }))
}
