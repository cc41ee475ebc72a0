//! What people do.

use std::time::Duration;

use domain::auth::{DeleteAccount, Login, Logout, Register, SignedIn, WhoAmI};
use domain::events::{
    Age, Alarms, CancelEvent, Capacity, CreateEvent, EditEvent, ImportEvent, Imported, Invite, ListEvents, Listing,
    Uninvite,
};
use domain::invitations::{Attend, Inbox, Respond, Response, Status, Unattend};
use domain::sharing::{Level, ListShares, ShareCalendar, Unshare};
use domain::time::Rules;
use domain::{Answer, Context, Credential, Error, EventId, EventTime, Instance, Username};
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
        Act::Create { time, weekly, imported: true, .. } => import(clients, context, number, time, weekly).await,
        Act::ImportAgain { of } => {
            let Act::Create { time, weekly, .. } = history.look(|book| book.commands[of].act.clone()) else {
                unreachable!("only what was imported is imported again")
            };
            let again = import(clients, context, of, time, weekly).await?;
            if let Got::Event(event) = again.value {
                history.made(of, event);
            }
            Ok(again.map(|event| nothing(&event)))
        }
        Act::Create { public, places, time, weekly, imported: false, invite } => {
            let request = CreateEvent {
                alarms: domain::events::Alarms::default(),
                capacity: places.map(capacity),
                rules: rules(weekly),
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
                title: Some(format!("{first}.{number}").parse().expect("a title")),
                time,
                public,
                capacity: places.map(|places| places.map(capacity)),
                ..of_instance(event, Instance::Series)
            };
            Ok(clients.events.edit(context, request).await?.map(|event| nothing(&event)))
        }
        Act::Follow { event, start, time } => {
            let title = Some(format!("e{number}").parse().expect("a title"));
            let edit = EditEvent { title, time, ..of_instance(event, Instance::From(start)) };
            Ok(clients.events.edit(context, edit).await?.map(|event| Got::Event(event.id)))
        }
        Act::End { event, start } => {
            let cancel = CancelEvent { event, instance: Instance::From(start) };
            Ok(clients.events.cancel(context, cancel).await?.map(|event| nothing(&event)))
        }
        Act::Except { event, start, moved } => {
            let instance = Instance::On(start);
            let done = match moved {
                None => clients.events.cancel(context, CancelEvent { instance, event }).await?,
                Some(time) => {
                    let request = EditEvent { time: Some(time), ..of_instance(event, instance) };
                    clients.events.edit(context, request).await?
                }
            };
            Ok(done.map(|event| nothing(&event)))
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
        Act::Answer { event, status, way } => answer(clients, context, (event, Instance::Series), status, way).await,
        Act::AnswerPart { event, instance, status } => {
            answer(clients, context, (event, instance), status, Way::Respond).await
        }
        Act::Share { with, level } => {
            let shares = match level {
                Some(level) => clients.sharing.share(context, ShareCalendar { with, level }).await,
                None => clients.sharing.unshare(context, Unshare { with }).await,
            };
            Ok(shares?.map(|shares| nothing(&shares)))
        }
    }
}

/// A change of a part of an event that changes nothing yet.
fn of_instance(event: EventId, instance: Instance) -> EditEvent {
    EditEvent {
        event,
        instance,
        if_version: None,
        title: None,
        description: None,
        location: None,
        time: None,
        rules: None,
        public: None,
        capacity: None,
        alarms: None,
        invite: Vec::new(),
    }
}

/// Takes an event over from another program, the same for the same number.
async fn import(clients: &Clients, context: &Context, number: Number, time: EventTime, weekly: bool) -> Answer<Got> {
    let uid = format!("e{number}@elsewhere");
    let request = ImportEvent {
        uid: uid.parse().expect("an identity"),
        age: Age::default(),
        digest: [7; 32],
        title: format!("e{number}").parse().expect("a title"),
        description: "from elsewhere".parse().expect("a description"),
        location: "where".parse().expect("a place"),
        time,
        rules: rules(weekly),
        exceptions: Vec::new(),
        alarms: Alarms::default(),
        cancelled: false,
        original: format!("BEGIN:VEVENT\r\nUID:{uid}\r\nEND:VEVENT\r\n").parse().expect("a text"),
        dry_run: false,
    };
    Ok(clients.events.import(context, request).await?.map(|imported| match imported {
        Imported::New(event) | Imported::Unchanged(event) => Got::Event(event),
        Imported::Updated(_) | Imported::Older(_) | Imported::CancelledHere(_) | Imported::CalledOff => Got::Nothing,
    }))
}

/// How an event comes again.
fn rules(weekly: bool) -> Rules {
    if weekly { Rules::parse("FREQ=WEEKLY;COUNT=3").expect("a rule") } else { Rules::default() }
}

async fn answer(
    clients: &Clients,
    context: &Context,
    (event, instance): (EventId, Instance),
    status: Status,
    way: Way,
) -> Answer<Got> {
    let invitations = &clients.invitations;
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
            few.find(|event| {
                book.publicity(**event).1.contains(&true) || book.membership(**event, &self.name).1.contains(&true)
            })
            .copied()
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
        let weekly = self.random.u8(..) < 128;
        let imported = self.random.u8(..) < 40;
        let again = if imported && self.random.bool() { self.imported_before() } else { None };
        let act = match (imported, again) {
            (true, Some(of)) => Act::ImportAgain { of },
            (true, None) => {
                Act::Create { public: false, places: None, time, weekly, imported: true, invite: Vec::new() }
            }
            (false, _) => Act::Create { public, places, time, weekly, imported: false, invite },
        };
        let _ = self.commands(act).await;
    }

    /// Something that was certainly imported in this name.
    fn imported_before(&mut self) -> Option<Number> {
        let imported: Vec<Number> = self.world.history.look(|book| {
            let mine = |command: &&crate::history::Command| {
                let import = matches!(command.act, Act::Create { imported: true, .. });
                import && command.by == self.name && command.fate() == crate::history::Fate::Done
            };
            book.commands.iter().enumerate().filter(|(_, command)| mine(command)).map(|(number, _)| number).collect()
        });
        self.random.choice(imported)
    }

    /// The original start of one of the instances of an event, if it comes again.
    fn some_instance(&mut self, event: EventId) -> Option<i64> {
        let starts = self.world.history.look(|book| book.starts(event));
        self.random.choice(starts)
    }

    /// A time to which all of an event can be moved. If it comes again, none of its instances gets the name of one that it had: people name them
    /// by what they were told at first.
    fn some_time_for(&mut self, event: EventId) -> Option<EventTime> {
        const WEEK: i64 = 7 * 86_400;
        let start = |time: &EventTime| domain::time::civil_seconds(time.civil_start()).rem_euclid(WEEK);
        let time = self.some_time();
        let names: Vec<i64> = self.world.history.look(|book| {
            let (moves, first) = book.times(event);
            moves.iter().map(|write| &write.value).chain(&first).map(start).collect()
        });
        Some(time).filter(|time| !names.contains(&start(time)))
    }

    pub(super) async fn edits(&mut self) {
        let Some(event) = self.own_event() else { return };
        if self.random.u8(..) < 100
            && let Some(start) = self.some_instance(event)
        {
            let moved = if self.random.u8(..) < 160 { Some(self.some_time()) } else { None };
            return self.changes(event, Act::Except { event, start, moved }).await;
        }
        let public = if self.random.u8(..) < 60 { Some(self.random.bool()) } else { None };
        let time = if self.random.u8(..) < 80 { self.some_time_for(event) } else { None };
        let places = if self.random.u8(..) < 80 { Some(self.some_places()) } else { None };
        self.changes(event, Act::Edit { event, public, places, time }).await;
    }

    /// Ends an event that comes again before one of its instances, and makes an event of its own of the rest, or not.
    pub(super) async fn changes_the_rest(&mut self) {
        let anybodys = self.random.u8(..) < 12;
        let events: Vec<EventId> = self.world.history.look(|book| {
            let mine = |event: &&EventId| anybodys || book.organizer(**event) == Some(&self.name);
            book.events.keys().filter(mine).filter(|event| book.starts(**event).len() > 1).copied().collect()
        });
        let Some(event) = self.random.choice(events) else { return };
        // What follows the first is all of the event.
        let starts = self.world.history.look(|book| book.starts(event));
        let Some(start) = self.random.choice(starts.into_iter().skip(1)) else { return };
        let time = if self.random.bool() { Some(self.some_time()) } else { None };
        let goes_on = self.random.u8(..) < 190;
        self.changes(event, if goes_on { Act::Follow { event, start, time } } else { Act::End { event, start } }).await;
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
        if self.random.u8(..) < 90
            && let Some(start) = self.some_instance(event)
        {
            let status = [Status::Going, Status::Maybe, Status::Declined][self.random.usize(..3)];
            let instance = if self.random.u8(..) < 160 { Instance::On(start) } else { Instance::From(start) };
            let _ = self.commands(Act::AnswerPart { event, instance, status }).await;
            return;
        }
        let invited = self.world.history.look(|book| {
            let (membership, first) = book.membership(event, &self.name);
            first.contains(&true) || !membership.is_empty()
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
