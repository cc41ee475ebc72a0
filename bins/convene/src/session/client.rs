//! The terminal client's view of a profile: what it keeps between runs lies in the same file as that of the command line.
//!
//! The client gives the whole of its newest state; the file may know more (a command line in another window has signed in, or sent
//! something), so states are merged. A command that the client kept before and no longer has is one whose outcome is known.

use std::io;
use std::sync::{Mutex, PoisonError};

use client::{Given, Kept, Unconfirmed};
use domain::events::{CancelEvent, CreateEvent, EditEvent, Invite, Uninvite};
use domain::invitations::{Attend, Respond, Unattend};
use domain::sharing::{ShareCalendar, Unshare};
use domain::{Clock as _, IdempotencyKey};
use futures::future::{BoxFuture, FutureExt as _};
use serde_json::Value;

use super::pending::OfClient;
use super::{Profile, Session, State};
use crate::commands::sending::Sent;
use crate::failure::Failure;

/// A profile in which one run of the client is kept.
#[derive(Debug)]
pub(crate) struct Keeping {
    profile: Profile,
    /// The commands without an outcome that this run knows of.
    known: Mutex<Vec<IdempotencyKey>>,
}

impl Keeping {
    /// In this profile.
    pub(crate) const fn of(profile: Profile) -> Self {
        Self { profile, known: Mutex::new(Vec::new()) }
    }

    fn known(&self) -> Vec<IdempotencyKey> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn knows(&self, kept: &[Unconfirmed]) {
        let keys = kept.iter().map(|unconfirmed| unconfirmed.key).collect();
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = keys;
    }
}

impl client::SessionStore for Keeping {
    fn load(&self) -> io::Result<Kept> {
        let state = self.profile.read().map_err(|failure| told(&failure))?;
        let unconfirmed: Vec<Unconfirmed> =
            state.of_client(chassis::SystemClock.now()).into_iter().filter_map(unconfirmed).collect();
        self.knows(&unconfirmed);
        let session = state.session.map(|Session { user, token, issued, expires }| client::Session {
            user,
            token,
            issued,
            expires,
        });
        Ok(Kept { session, seen: state.seen, sequence: state.sequence, unconfirmed })
    }

    fn save(&self, kept: Kept) -> BoxFuture<'_, io::Result<()>> {
        async move {
            let known = self.known();
            let changed = self.profile.change(|state| merge(state, &kept, &known));
            changed.await.map_err(|failure| told(&failure))?;
            self.knows(&kept.unconfirmed);
            Ok(())
        }
        .boxed()
    }
}

fn merge(state: &mut State, kept: &Kept, known: &[IdempotencyKey]) {
    state.session = kept.session.clone().map(|client::Session { user, token, issued, expires }| Session {
        user,
        token,
        issued,
        expires,
    });
    state.seen.merge(&kept.seen);
    // Commands given beside the client have taken numbers, too.
    state.sequence = state.sequence.max(kept.sequence);
    for key in known.iter().filter(|key| kept.unconfirmed.iter().all(|unconfirmed| unconfirmed.key != **key)) {
        state.settle_of_client(*key);
    }
    for command in kept.unconfirmed.iter().filter_map(of_client) {
        state.keep_of_client(command);
    }
}

fn of_client(unconfirmed: &Unconfirmed) -> Option<OfClient> {
    fn parts<C: Sent>(request: &C) -> (&'static str, Option<String>, Option<Value>) {
        (C::METHOD, request.row(), request.kept())
    }
    let (method, row, request) = match &unconfirmed.command {
        Given::Create(request) => parts(&**request),
        Given::Edit(request) => parts(&**request),
        Given::Cancel(request) => parts(request),
        Given::Invite(request) => parts(request),
        Given::Uninvite(request) => parts(request),
        Given::Respond(request) => parts(request),
        Given::Attend(request) => parts(request),
        Given::Unattend(request) => parts(request),
        Given::Share(request) => parts(request),
        Given::Unshare(request) => parts(request),
    };
    let &Unconfirmed { key, sequence, since, user, .. } = unconfirmed;
    Some(OfClient { method: method.to_owned(), row, user, key, sequence, since, request: request? })
}

/// What the file has of a command; `None` for one of another release that this one does not know.
fn unconfirmed(command: OfClient) -> Option<Unconfirmed> {
    let OfClient { method, user, key, sequence, since, request, .. } = command;
    let given = match method.as_str() {
        CreateEvent::METHOD => Given::Create(Box::new(CreateEvent::from_kept(&request)?)),
        EditEvent::METHOD => Given::Edit(Box::new(EditEvent::from_kept(&request)?)),
        CancelEvent::METHOD => Given::Cancel(CancelEvent::from_kept(&request)?),
        Invite::METHOD => Given::Invite(Invite::from_kept(&request)?),
        Uninvite::METHOD => Given::Uninvite(Uninvite::from_kept(&request)?),
        Respond::METHOD => Given::Respond(Respond::from_kept(&request)?),
        Attend::METHOD => Given::Attend(Attend::from_kept(&request)?),
        Unattend::METHOD => Given::Unattend(Unattend::from_kept(&request)?),
        ShareCalendar::METHOD => Given::Share(ShareCalendar::from_kept(&request)?),
        Unshare::METHOD => Given::Unshare(Unshare::from_kept(&request)?),
        _ => return None,
    };
    Some(Unconfirmed { key, sequence, since, user, command: given })
}

fn told(failure: &Failure) -> io::Error {
    io::Error::other(failure.message())
}

#[cfg(test)]
mod tests {
    use client::SessionStore as _;
    use domain::{EventId, Instance, Timestamp, UserId};

    use super::*;

    fn profile() -> (tempfile::TempDir, Profile) {
        let folder = tempfile::tempdir().unwrap();
        let profile = Profile::in_folder(folder.path().to_owned(), "default").unwrap();
        (folder, profile)
    }

    fn given(command: Given, sequence: u64) -> Unconfirmed {
        let (key, user) = (IdempotencyKey::new(), UserId::from_bytes([1; 16]));
        Unconfirmed { key, sequence, since: chassis::SystemClock.now(), user, command }
    }

    fn answer(event: EventId, response: domain::invitations::Response) -> Given {
        Given::Respond(Respond { event, instance: Instance::Series, response })
    }

    fn every_command() -> Vec<Given> {
        let (event, instance) = (EventId::new(), Instance::Series);
        let time = domain::EventTime::all_day("2027-03-10".parse().unwrap(), "2027-03-11".parse().unwrap()).unwrap();
        let bob: domain::Username = "bob".parse().unwrap();
        vec![
            Given::Create(Box::new(CreateEvent {
                alarms: domain::events::Alarms::default(),
                capacity: None,
                rules: domain::time::Rules::default(),
                title: "Standup".parse().unwrap(),
                description: "".parse().unwrap(),
                location: "".parse().unwrap(),
                time,
                public: true,
                invite: vec![bob.clone()],
            })),
            Given::Edit(Box::new(EditEvent {
                rules: None,
                alarms: None,
                capacity: None,
                instance: domain::Instance::Series,
                event,
                if_version: Some(3),
                title: None,
                description: None,
                location: None,
                time: None,
                public: Some(false),
                invite: Vec::new(),
            })),
            Given::Cancel(CancelEvent { instance: domain::Instance::Series, event }),
            Given::Invite(Invite { event, invitees: vec![bob.clone()] }),
            Given::Uninvite(Uninvite { event, invitees: vec![bob.clone()] }),
            answer(event, domain::invitations::Response::Maybe),
            Given::Attend(Attend { event, instance, maybe: true }),
            Given::Unattend(Unattend { event, instance }),
            Given::Share(ShareCalendar { with: bob.clone(), level: domain::sharing::Level::Busy }),
            Given::Unshare(Unshare { with: bob }),
        ]
    }

    #[tokio::test]
    async fn what_the_client_keeps_is_there_in_its_next_run_and_numbers_never_fall() {
        let (_folder, profile) = profile();
        profile.change(|state| state.sequence = 9).await.unwrap();
        let keeping = Keeping::of(profile);
        keeping.save(Kept { sequence: 7, ..Kept::default() }).await.unwrap();
        assert_eq!(keeping.load().unwrap().sequence, 9);
        keeping.save(Kept { sequence: 12, ..Kept::default() }).await.unwrap();
        assert_eq!(keeping.load().unwrap().sequence, 12);
    }

    #[tokio::test]
    async fn every_command_without_an_outcome_is_there_in_the_next_run_as_it_was_and_gone_once_it_is_settled() {
        let (_folder, profile) = profile();
        let commands: Vec<Unconfirmed> = every_command().into_iter().zip(1..).map(|(g, n)| given(g, n)).collect();
        let first = Keeping::of(profile.clone());
        first.save(Kept { unconfirmed: commands.clone(), ..Kept::default() }).await.unwrap();
        let next = Keeping::of(profile.clone());
        assert_eq!(next.load().unwrap().unconfirmed, commands);
        next.save(Kept { unconfirmed: commands[1..].to_vec(), ..Kept::default() }).await.unwrap();
        assert_eq!(Keeping::of(profile.clone()).load().unwrap().unconfirmed, commands[1..]);
        next.save(Kept::default()).await.unwrap();
        assert_eq!(Keeping::of(profile).load().unwrap().unconfirmed, []);
    }

    #[tokio::test]
    async fn the_client_forgets_no_command_of_the_command_line_and_none_of_another_client() {
        let (_folder, profile) = profile();
        let words = crate::session::Intent::new("events.create", None, &"Party", None);
        let attempt =
            profile.change(|state| state.begin(&words, Some(Value::Null), chassis::SystemClock.now())).await.unwrap();
        let (one, other) = (Keeping::of(profile.clone()), Keeping::of(profile.clone()));
        let event = EventId::new();
        let of_one = given(answer(event, domain::invitations::Response::Accept), 1);
        one.save(Kept { unconfirmed: vec![of_one.clone()], ..Kept::default() }).await.unwrap();
        other.save(Kept::default()).await.unwrap();
        assert_eq!(other.load().unwrap().unconfirmed, [of_one]);
        let now = Timestamp::from_micros(chassis::SystemClock.now().as_micros());
        assert!(profile.read().unwrap().is_unknown(&words, now));
        assert_eq!(profile.change(|state| state.begin(&words, None, now)).await.unwrap().key, attempt.key);
    }

    #[tokio::test]
    async fn a_later_answer_settles_what_it_overwrote() {
        let (_folder, profile) = profile();
        let keeping = Keeping::of(profile.clone());
        let event = EventId::new();
        let earlier = given(answer(event, domain::invitations::Response::Accept), 1);
        let later = given(answer(event, domain::invitations::Response::Decline), 2);
        keeping.save(Kept { unconfirmed: vec![earlier.clone(), later], ..Kept::default() }).await.unwrap();
        keeping.save(Kept { unconfirmed: vec![earlier], ..Kept::default() }).await.unwrap();
        // The earlier one is still in the air in this run; another run does not send it again.
        keeping.save(Kept::default()).await.unwrap();
        assert_eq!(Keeping::of(profile).load().unwrap().unconfirmed, []);
    }
}
