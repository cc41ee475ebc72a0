//! One command of the command line on its way: who gives it, until when an answer is of use, what was seen.
//!
//! Here are the promises that hold for all commands alike: a command's identity is in the profile before it is sent and leaves it
//! only with a definite answer; what a reply has seen goes into the profile; a session is dropped when a service says that it is
//! over, and never because a service is away.

use std::time::Duration;

use domain::auth::{Renew, User};
use domain::{Answer, Context, Credential, Error, IdempotencyKey, Limit, Page, PageRequest, Reply, Service, Timestamp};
use serde::Serialize;
use tokio::time::Instant;

use super::sending::Sent;
use crate::arguments::Paging;
use crate::failure::{Failure, HOW_TO_SIGN_IN};
use crate::output::{Document, Notes, Printed};
use crate::reach::Clients;
use crate::session::{Attempt, Intent, Outcome, Profile, Session, State};
use crate::when::Here;

/// Within this a command is answered, whatever happens; what is left of ten seconds is for starting and printing.
const BUDGET: Duration = Duration::from_secs(8);
/// How long one waits for a service whose answer something known can stand in for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);
/// How long one waits for a fresh token in passing.
const FOR_RENEWAL: Duration = Duration::from_secs(1);
/// What must be left of the budget for a command that had to wait for another one of the same profile.
const FOR_THE_CALL: Duration = Duration::from_secs(2);
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

/// A command that was done.
pub(crate) struct Delivered<T> {
    /// The answer.
    pub(crate) answer: T,
    /// Whether it was sent before with an unknown outcome.
    pub(crate) again: bool,
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

    /// A page as long as was asked for, even if the service gives it in several short ones.
    ///
    /// # Errors
    /// Invalid input for what `paging` says; what `ask` reports, unless there are items already.
    pub(crate) async fn fill<T>(
        &mut self,
        paging: &Paging,
        mut ask: impl AsyncFnMut(&mut Self, PageRequest) -> Result<Page<T>, Failure>,
    ) -> Result<Page<T>, Failure> {
        let PageRequest { limit, after: first } = page_request(paging)?;
        let mut after = first.clone();
        let mut items = Vec::new();
        loop {
            let missing = limit.get().saturating_sub(items.len());
            let moved = after != first;
            let (Ok(missing), false) = (Limit::try_from(u32::try_from(missing).unwrap_or(0)), moved && self.is_late())
            else {
                return Ok(Page { items, next: after });
            };
            let page = match ask(self, PageRequest { limit: missing, after: after.clone() }).await {
                Ok(page) => page,
                // What there is already is a page, if a short one; its cursor leads on to the rest.
                Err(failure) if failure.is_absence() && moved => return Ok(Page { items, next: after }),
                Err(failure) => return Err(failure),
            };
            items.extend(page.items);
            if page.next.is_none() {
                return Ok(Page { items, next: None });
            }
            after = page.next;
        }
    }

    /// Sends a command to its service; the one that was sent before in its place, if the same words may already have been heard.
    ///
    /// # Errors
    /// What the service says; deadline when the outcome is unknown.
    pub(crate) async fn send<C: Sent>(&mut self, words: &impl Serialize, request: C) -> Result<C::Answer, Failure> {
        let intent = self.intent::<C>(words, request.row())?;
        let _turn = self.profile.turn(C::SERVICE, self.until - FOR_THE_CALL).await?;
        let request = self.unknown(&intent)?.unwrap_or(request);
        match self.deliver(&intent, &request).await {
            Ok(delivered) => Ok(delivered.answer),
            Err(error) => Err(self.refused::<C>(error).await),
        }
    }

    /// The same for a command that is worked out anew after each conflict, up to five times: `work_out` reads and gives the
    /// request, and whether a conflict about its version is ours to resolve.
    ///
    /// # Errors
    /// As [`send`](Self::send), and what `work_out` reports.
    pub(crate) async fn send_worked_out<C: Sent>(
        &mut self,
        words: &impl Serialize,
        row: Option<String>,
        mut work_out: impl AsyncFnMut(&mut Self) -> Result<(C, bool), Failure>,
    ) -> Result<C::Answer, Failure> {
        const ATTEMPTS: usize = 5;
        let intent = self.intent::<C>(words, row)?;
        let _turn = self.profile.turn(C::SERVICE, self.until - FOR_THE_CALL).await?;
        let mut conflicts = 0;
        loop {
            let (request, ours) = match self.unknown::<C>(&intent)? {
                Some(request) => (request, true),
                None => work_out(self).await?,
            };
            conflicts += 1;
            match self.deliver(&intent, &request).await {
                Ok(delivered) => return Ok(delivered.answer),
                Err(Failure::Refused(Error::Conflict { current_version: Some(_), .. }))
                    if ours && conflicts < ATTEMPTS => {}
                Err(error) => return Err(self.refused::<C>(error).await),
            }
        }
    }

    /// What the user wants, as the profile knows it again.
    ///
    /// # Errors
    /// Unauthenticated when it takes a user and nobody is signed in.
    pub(crate) fn intent<C: Sent>(&self, words: &impl Serialize, row: Option<String>) -> Result<Intent, Failure> {
        let user = if C::SIGNED_IN { Some(self.user()?.id) } else { None };
        Ok(Intent::new(C::METHOD, user, words, row))
    }

    /// Whether a command may have been done already, as far as the profile knows.
    ///
    /// # Errors
    /// When the profile cannot be read.
    pub(crate) fn is_unknown(&self, intent: &Intent) -> Result<bool, Failure> {
        Ok(self.profile.read()?.is_unknown(intent, self.here.now))
    }

    /// Waits until no other command of this profile is under way in the service of `C`.
    ///
    /// # Errors
    /// Rate limited when one does not end in time.
    pub(crate) async fn turn<C: Sent>(&self) -> Result<crate::session::Turn, Failure> {
        self.profile.turn(C::SERVICE, self.until - FOR_THE_CALL).await
    }

    /// Sends a command under its identity, and takes in what becomes of it. The caller has its turn.
    ///
    /// # Errors
    /// What the service says, the session untouched.
    pub(crate) async fn deliver<C: Sent>(
        &mut self,
        intent: &Intent,
        request: &C,
    ) -> Result<Delivered<C::Answer>, Failure> {
        let credential = if C::SIGNED_IN { self.credential()? } else { Credential::None };
        loop {
            let (kept, now) = (request.kept(), self.here.now);
            let attempt = self.profile.change(|state| state.begin(intent, kept, now)).await?;
            let context = Context::new(credential.clone(), self.remaining())
                .having_seen(self.state.seen.clone())
                .as_command(attempt.key, attempt.sequence);
            let answer = answered(C::SERVICE, &context, request.send(self.clients, &context)).await;
            let again = attempt.unknown_since.is_some();
            let outcome = outcome_of(&answer, &attempt);
            if let Ok(reply) = &answer {
                self.state.seen.merge(&reply.seen);
            }
            let seen = self.state.seen.clone();
            let settled = self.profile.change(|state| {
                state.seen.merge(&seen);
                state.settle(intent, &attempt, outcome);
            });
            if let Err(failure) = settled.await {
                self.remark(failure.message());
            }
            return match answer {
                Ok(reply) => {
                    if let Some(since) = attempt.unknown_since {
                        self.remark(already_sent(since));
                    }
                    Ok(Delivered { answer: self.take_in(reply), again })
                }
                // The words were the same, but a secret in them was not: so it is another command, and gets its own identity.
                Err(Error::Conflict { field, .. }) if again && field == "idempotency key" => continue,
                Err(Error::Unavailable { service, reason }) => {
                    let sure = if again { "what became of the first attempt is not known" } else { "nothing was done" };
                    Err(Error::Unavailable { service, reason: format!("{reason}; {sure}") }.into())
                }
                Err(error) => Err(error.into()),
            };
        }
    }

    /// Takes in that a service refused a command: if it says that the session is over, the profile drops it.
    pub(crate) async fn refused<C: Sent>(&mut self, failure: Failure) -> Failure {
        match failure {
            Failure::Refused(error) if C::SIGNED_IN => self.told(error).await,
            other => other,
        }
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
        self.until = Instant::now() + BUDGET;
    }

    /// The number of a command that the profile does not keep.
    ///
    /// # Errors
    /// When the profile cannot be written.
    pub(crate) async fn passing_command(&mut self, credential: Credential) -> Result<Context, Failure> {
        let now = self.here.now;
        let number = self.profile.change(|state| state.next_sequence(now)).await?;
        Ok(Context::new(credential, self.remaining())
            .having_seen(self.state.seen.clone())
            .as_command(IdempotencyKey::new(), number))
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

    /// Whether the time for the answer is almost over.
    fn is_late(&self) -> bool {
        self.remaining() < FOR_THE_CALL
    }

    fn unknown<C: Sent>(&self, intent: &Intent) -> Result<Option<C>, Failure> {
        let state = self.profile.read()?;
        Ok(state.unknown_request(intent, self.here.now).and_then(C::from_kept))
    }

    /// What a service said, for the user; a session that it says is over is dropped.
    async fn told(&mut self, error: Error) -> Failure {
        let Error::Unauthenticated { reason } = error else { return error.into() };
        if let Err(failure) = self.sign_out().await {
            return failure;
        }
        Error::unauthenticated(format!("{reason}; {HOW_TO_SIGN_IN}")).into()
    }
}

/// Which page is asked for.
fn page_request(paging: &Paging) -> Result<PageRequest, Failure> {
    let wrong = || Error::invalid("limit", &paging.limit, "a page has 1 to 200 items");
    let limit = paging.limit.trim().parse::<u32>().map_err(|_| wrong())?;
    let after = paging.after.as_deref().map(str::parse).transpose()?;
    Ok(PageRequest { limit: Limit::try_from(limit)?, after })
}

/// The answer to a call, or deadline: also from a client that does not keep its own.
pub(crate) async fn answered<T>(
    service: Service,
    context: &Context,
    call: impl Future<Output = Answer<T>>,
) -> Answer<T> {
    tokio::time::timeout_at(context.deadline + GRACE, call).await.unwrap_or(Err(Error::Deadline { service }))
}

fn outcome_of<T>(answer: &Answer<T>, attempt: &Attempt) -> Outcome {
    match answer {
        Ok(_) => Outcome::Done,
        Err(Error::Deadline { .. } | Error::Internal { .. }) => Outcome::Unknown,
        Err(Error::Unavailable { .. } | Error::RateLimited { .. }) => Outcome::NotDone,
        // Signed in again, the user may still ask what became of the first attempt.
        Err(Error::Unauthenticated { .. }) if attempt.unknown_since.is_some() => Outcome::Unknown,
        Err(
            Error::Unauthenticated { .. }
            | Error::InvalidInput { .. }
            | Error::Forbidden { .. }
            | Error::NotFound { .. }
            | Error::Conflict { .. },
        ) => Outcome::Refused,
    }
}

fn already_sent(since: Timestamp) -> String {
    let at = jiff::Timestamp::from_second(since.as_seconds()).map(|at| at.to_string()).unwrap_or_default();
    format!("this command was sent at {at} with unknown outcome; it was sent again as it was then, and is done once")
}
