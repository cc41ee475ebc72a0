//! Commands that change something: each has its identity in the profile before it is sent, and leaves it only with a definite answer.

use std::time::Duration;

use domain::{Answer, Context, Credential, Error, IdempotencyKey, Service, Timestamp};
use serde::Serialize;

use super::super::sending::Sent;
use super::{Invocation, answered};
use crate::failure::Failure;
use crate::session::{Attempt, Intent, Outcome, Turn};

/// What must be left of the budget for a command that had to wait for another one of the same profile.
const FOR_THE_CALL: Duration = Duration::from_secs(2);

/// A command that was done.
pub(crate) struct Delivered<T> {
    /// The answer.
    pub(crate) answer: T,
    /// Whether it was sent before with an unknown outcome.
    pub(crate) again: bool,
}

impl Invocation<'_> {
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
    pub(crate) async fn turn<C: Sent>(&self) -> Result<Turn, Failure> {
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
                    // Some reasons say it already.
                    let reason = if reason.contains(sure) { reason } else { format!("{reason}; {sure}") };
                    Err(Error::unavailable(service, reason).into())
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

    /// Sends a command that the profile does not keep: one that is repeatable by nature, and is one of many. The time for the answer
    /// begins anew.
    ///
    /// # Errors
    /// What the service says; deadline when the outcome is unknown.
    pub(crate) async fn send_passing<T>(
        &mut self,
        service: Service,
        call: impl AsyncFnOnce(&Context) -> Answer<T>,
    ) -> Result<T, Failure> {
        self.restart_clock();
        let context = self.passing_command(self.credential()?).await?;
        match answered(service, &context, call(&context)).await {
            Ok(reply) => Ok(self.take_in(reply)),
            Err(error) => Err(self.told(error).await),
        }
    }

    fn unknown<C: Sent>(&self, intent: &Intent) -> Result<Option<C>, Failure> {
        let state = self.profile.read()?;
        Ok(state.unknown_request(intent, self.here.now).and_then(C::from_kept))
    }
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
