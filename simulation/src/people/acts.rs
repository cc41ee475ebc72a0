//! What people do.

use std::time::Duration;

use domain::auth::{DeleteAccount, Login, Logout, Register, SignedIn, WhoAmI};
use domain::events::{CancelEvent, Capacity, CreateEvent, EditEvent, Invite, ListEvents, Listing, Uninvite};
use domain::invitations::{Attend, Inbox, Respond, Response, Status, Unattend};
use domain::sharing::{Level, ListShares, ShareCalendar, Unshare};
use domain::{Answer, Context, Credential, Error, EventId, Instance, Username};
use transport::cluster::Clients;

use super::looks::all;
use super::{Person, name_of};
use crate::history::{Act, History, Number, Way};
use crate::time::{always, at};

const PASSWORD: &str = "correct horse battery";

/// What a command gives.
pub(crate) enum Got {
    Session(SignedIn),
    Event(EventId),
    Nothing,
}

/// Gives a command: the same for the same number, however often.
pub(crate) async fn give(history: &History, clients: &Clients, context: &Context, number: Number) -> Answer<Got> {
    let (by, act) = history.look(|book| (book.commands[number].by.clone(), book.commands[number].act.clone()));
    let nothing = |_: &dyn std::any::Any| Got::Nothing;
    match act {
        Act::Register => {
            let password = PASSWORD.to_owned().try_into().expect("a password");
            Ok(clients.auth.register(context, Register { username: by, password }).await?.map(Got::Session))
        }
        Act::SignIn => Ok(sign_in(clients, context, by).await?.map(Got::Session)),
        Act::SignOut => Ok(clients.auth.logout(context, Logout).await?.map(|user| nothing(&user))),
        Act::DeleteAccount => Ok(clients.auth.delete_account(context, DeleteAccount).await?.map(|user| nothing(&user))),
        Act::Create { public, places, time, invite } => {
            let request = CreateEvent {
                alarms: domain::events::Alarms::default(),
                capacity: places.map(capacity),
                rules: domain::time::Rules::default(),
                title: format!("e{number}").parse().expect("a title"),
                description: "what it is about".parse().expect("a description"),
                location: "where".parse().expect("a place"),
                time,
                public,
                invite,
            };
            Ok(clients.events.create(context, request).await?.map(|event| Got::Event(event.id)))
        }
        Act::Edit { event, public, places, time } => {
            let first = history.look(|book| book.titles(event).1);
            let request = EditEvent {
                rules: None,
                alarms: None,
                capacity: places.map(|places| places.map(capacity)),
                instance: domain::Instance::Series,
                event,
                if_version: None,
                title: Some(format!("{first}.{number}").parse().expect("a title")),
                description: None,
                location: None,
                time,
                public,
                invite: Vec::new(),
            };
            Ok(clients.events.edit(context, request).await?.map(|event| nothing(&event)))
        }
        Act::Cancel { event } => Ok(clients
            .events
            .cancel(context, CancelEvent { instance: domain::Instance::Series, event })
            .await?
            .map(|event| nothing(&event))),
        Act::Invite { event, whom: invitees } => {
            Ok(clients.events.invite(context, Invite { event, invitees }).await?.map(|event| nothing(&event)))
        }
        Act::Uninvite { event, whom: invitees } => {
            Ok(clients.events.uninvite(context, Uninvite { event, invitees }).await?.map(|event| nothing(&event)))
        }
        Act::Answer { event, status, way } => answer(clients, context, event, status, way).await,
        Act::Share { with, level } => {
            let shares = match level {
                Some(level) => clients.sharing.share(context, ShareCalendar { with, level }).await,
                None => clients.sharing.unshare(context, Unshare { with }).await,
            };
            Ok(shares?.map(|shares| nothing(&shares)))
        }
    }
}

async fn answer(clients: &Clients, context: &Context, event: EventId, status: Status, way: Way) -> Answer<Got> {
    let (instance, invitations) = (Instance::Series, &clients.invitations);
    let given = match way {
        Way::Respond => {
            let response = match status {
                Status::Going | Status::Waiting => Response::Accept,
                Status::Maybe => Response::Maybe,
                Status::Declined | Status::Pending => Response::Decline,
            };
            invitations.respond(context, Respond { event, instance, response }).await
        }
        Way::Attend => {
            let maybe = status == Status::Maybe;
            invitations.attend(context, Attend { event, instance, maybe }).await
        }
        Way::Unattend => invitations.unattend(context, Unattend { event, instance }).await,
    };
    Ok(given?.map(|_| Got::Nothing))
}

/// So many places.
fn capacity(places: u32) -> Capacity {
    Capacity::try_from(places).expect("a capacity")
}

/// Signs someone in.
pub(crate) async fn sign_in(clients: &Clients, context: &Context, username: Username) -> Answer<SignedIn> {
    let password = PASSWORD.to_owned().try_into().expect("a password");
    clients.auth.login(context, Login { username, password }).await
}

impl Person {
    /// Registers, or signs in.
    pub(super) async fn enters(&mut self) {
        let (registered, may_be_deleted) =
            self.world.history.look(|book| (book.is_registered(&self.name), book.may_be_deleted(&self.name)));
        if !registered && self.random.u8(..) >= 60 {
            let _ = self.commands(Act::Register).await;
            return;
        }
        match self.commands(Act::SignIn).await.1 {
            Err(Error::Unauthenticated { .. }) if may_be_deleted => self.gets_another_name(),
            Err(Error::Unauthenticated { .. }) if registered => {
                self.world.history.violation(format!("{} is registered and cannot sign in", self.name));
            }
            Ok(()) | Err(_) => {}
        }
    }

    fn gets_another_name(&mut self) {
        self.accounts += 1;
        self.name = name_of(self.number, self.accounts);
    }

    pub(super) async fn signs_out(&mut self) {
        let token = self.session().token.clone();
        let (number, answer) = self.commands(Act::SignOut).await;
        if answer.is_ok() {
            let settled = self.world.history.look(|book| book.commands[number].settled);
            self.ended.push((token, settled));
            self.signed_in = None;
        }
    }

    pub(super) async fn deletes_the_account(&mut self) {
        let token = self.session().token.clone();
        let (number, answer) = self.commands(Act::DeleteAccount).await;
        if answer.is_ok() {
            let settled = self.world.history.look(|book| book.commands[number].settled);
            self.ended.push((token, settled));
            self.signed_in = None;
            self.gets_another_name();
        }
    }

    /// Tries to go on with a session that has ended.
    pub(super) async fn uses_an_old_session(&mut self) {
        let Some((token, settled)) = self.random.choice(&self.ended).cloned() else { return };
        let context = Context::new(Credential::Session(token), Duration::from_secs(1));
        let clients = self.clients.clone();
        let list = ListEvents { listing: Listing::Mine, search: None, window: always(), page: all() };
        let (whom, let_in) = match self.random.u8(..4) {
            0 => ("auth", clients.auth.whoami(&context, WhoAmI).await.is_ok()),
            1 => ("events", settled && clients.events.list(&context, list).await.is_ok()),
            2 => ("invitations", settled && clients.invitations.inbox(&context, Inbox::default()).await.is_ok()),
            _ => ("sharing", settled && clients.sharing.shares(&context, ListShares).await.is_ok()),
        };
        if let_in {
            self.world.history.violation(format!("{whom} let someone in with a session that has ended"));
        }
    }

    /// Some others, by name: those who were ever heard of.
    fn some_people(&mut self, most: usize) -> Vec<Username> {
        let others: Vec<Username> = self.world.history.look(|book| {
            book.accounts.keys().filter(|name| **name != self.name && book.is_registered(name)).cloned().collect()
        });
        let number = self.random.usize(..=most);
        let mut chosen: Vec<Username> = self.random.choose_multiple(others, number);
        chosen.sort();
        chosen
    }

    /// An event of one's own, or now and then any.
    fn own_event(&mut self) -> Option<EventId> {
        let anybodys = self.random.u8(..) < 12;
        let events: Vec<EventId> = self.world.history.look(|book| {
            let mine = |event: &&EventId| anybodys || book.organizer(**event) == Some(&self.name);
            book.events.keys().filter(mine).copied().collect()
        });
        self.random.choice(events)
    }

    /// Any event.
    pub(super) fn some_event(&mut self) -> Option<EventId> {
        let events: Vec<EventId> = self.world.history.look(|book| book.events.keys().copied().collect());
        // Rather a late one: the others have been there for long.
        let later: Vec<EventId> = events.iter().rev().take(5).copied().collect();
        if self.random.bool() { self.random.choice(later) } else { self.random.choice(events) }
    }

    /// The last event with few places to which one may come.
    fn sought_event(&self) -> Option<EventId> {
        self.world.history.look(|book| {
            let events = book.events.keys().rev().filter(|event| book.organizer(**event) != Some(&self.name));
            let mut few = events.filter(|event| book.may_be_full(**event, u64::MAX));
            few.find(|event| book.publicity(**event).1 || book.membership(**event, &self.name).1).copied()
        })
    }

    fn some_time(&mut self) -> domain::EventTime {
        at(self.random.i8(1..=28), self.random.i8(0..=20), self.random.i64(1..=3))
    }

    /// Rather few than many, and now and then as many as like.
    fn some_places(&mut self) -> Option<u32> {
        [None, Some(1), Some(1), Some(2), Some(3)][self.random.usize(..5)]
    }

    pub(super) async fn creates(&mut self) {
        let (public, time, invite) = (self.random.u8(..) < 100, self.some_time(), self.some_people(3));
        let places = self.random.bool().then(|| 1 + self.random.u32(..3) / 2);
        let _ = self.commands(Act::Create { public, places, time, invite }).await;
    }

    pub(super) async fn edits(&mut self) {
        let Some(event) = self.own_event() else { return };
        let public = if self.random.u8(..) < 60 { Some(self.random.bool()) } else { None };
        let time = if self.random.u8(..) < 80 { Some(self.some_time()) } else { None };
        let places = if self.random.u8(..) < 80 { Some(self.some_places()) } else { None };
        self.changes(event, Act::Edit { event, public, places, time }).await;
    }

    /// Only organizers change events.
    async fn changes(&mut self, event: EventId, act: Act) {
        let what = format!("{act:?}");
        let done = self.commands(act).await.1.is_ok();
        let organizer = self.world.history.look(|book| book.organizer(event).cloned());
        if done && organizer.as_ref() != Some(&self.name) {
            self.world.history.violation(format!("{} could do this to an event of {organizer:?}: {what}", self.name));
        }
    }

    pub(super) async fn cancels(&mut self) {
        let Some(event) = self.own_event() else { return };
        self.changes(event, Act::Cancel { event }).await;
    }

    pub(super) async fn invites(&mut self) {
        let (Some(event), whom) = (self.own_event(), self.some_people(3)) else { return };
        self.changes(event, Act::Invite { event, whom }).await;
    }

    pub(super) async fn uninvites(&mut self) {
        let (Some(event), whom) = (self.own_event(), self.some_people(2)) else { return };
        self.changes(event, Act::Uninvite { event, whom }).await;
    }

    pub(super) async fn answers(&mut self) {
        // Where there are few places, all want to come.
        let sought = if self.random.u8(..) < 100 { self.sought_event() } else { None };
        // People change their minds.
        let again = self.last_answered.filter(|_| self.random.bool());
        let Some(event) = sought.or(again).or_else(|| self.some_event()) else { return };
        self.last_answered = Some(event);
        let invited = self.world.history.look(|book| {
            let (membership, first) = book.membership(event, &self.name);
            first || !membership.is_empty()
        });
        let way = match (invited, self.random.u8(..10)) {
            (true, 0..=7) | (false, 0) => Way::Respond,
            (_, 1..=6) => Way::Attend,
            _ => Way::Unattend,
        };
        let status = match (way, self.random.u8(..3)) {
            (Way::Unattend, _) | (Way::Respond, 0) => Status::Declined,
            (_, 1) => Status::Going,
            _ if sought.is_some() => Status::Going,
            _ => Status::Maybe,
        };
        let from = self.world.history.now();
        let answer = self.commands(Act::Answer { event, status, way }).await.1;
        self.check_answer(event, way, from, &answer);
    }

    pub(super) async fn shares(&mut self) {
        let again = self.last_shared_with.clone().filter(|_| self.random.bool());
        let Some(with) = again.or_else(|| self.some_people(1).pop()) else { return };
        self.last_shared_with = Some(with.clone());
        let level = [None, Some(Level::Details), Some(Level::Details), Some(Level::Busy)][self.random.usize(..4)];
        let _ = self.commands(Act::Share { with, level }).await;
    }
}
