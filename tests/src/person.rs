//! One user at their terminal: a session, what it has seen, and the number of its last command.

use std::sync::Arc;
use std::time::Duration;

use domain::auth::{ChangePassword, DeleteAccount, Login, Logout, Register, User, WhoAmI};
use domain::calendar::{CalendarPage, Entry, ListEntries};
use domain::events::{
    CancelEvent, Capacity, EditEvent, Event, Exception, Invite, ListEvents, ListExceptions, Listing, ShowEvent,
    Uninvite,
};
use domain::invitations::{
    Answered, Attend, Inbox, Invitation, ListAnswers, ListParticipants, OfEvents, Participants, Respond, Response,
    Status, Unattend,
};
use domain::sharing::{Level, ListShares, ShareCalendar, Shares, Unshare};
use domain::time::Window;
use domain::{
    Context, Credential, Error, EventId, IdempotencyKey, Instance, Limit, Page, PageRequest, Position, Positions,
    Reply, Service, SessionToken, Username, Watch,
};
use parking_lot::Mutex;
use transport::cluster::Clients;

use crate::{Plan, days};

const PATIENCE: Duration = Duration::from_secs(8);
/// The password of everyone in every scenario.
const PASSWORD: &str = "correct horse battery";

/// A person at a terminal. Clones are the same session.
#[derive(Clone)]
pub struct Person {
    name: String,
    clients: Clients,
    session: Arc<Mutex<Session>>,
    /// The identity that every command of theirs has, if it is not one of its own.
    command: Option<(IdempotencyKey, u64)>,
}

#[derive(Default)]
struct Session {
    token: Option<SessionToken>,
    user: Option<User>,
    seen: Positions,
    sequence: u64,
    behind: Vec<Service>,
    settled: bool,
}

/// A result of asking a service.
pub type Asking<T> = Result<T, Error>;

impl Person {
    /// Someone of this name who is not signed in.
    #[must_use]
    pub fn named(name: &str, clients: &Clients) -> Self {
        Self { name: name.to_owned(), clients: clients.clone(), session: Arc::default(), command: None }
    }

    /// The same person at another terminal, not signed in there.
    #[must_use]
    pub fn elsewhere(&self) -> Self {
        Self::named(&self.name, &self.clients)
    }

    /// Their user name, as typed.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Their user name, which must be well-formed.
    #[must_use]
    pub fn username(&self) -> Username {
        self.name.parse().unwrap()
    }

    /// Who the session belongs to.
    #[must_use]
    pub fn user(&self) -> User {
        self.session.lock().user.clone().expect("signed in before")
    }

    /// The services with which the last answer was behind.
    #[must_use]
    pub fn was_behind_with(&self) -> Vec<Service> {
        self.session.lock().behind.clone()
    }

    /// Whether the last command had settled when it was answered.
    #[must_use]
    pub fn had_settled(&self) -> bool {
        self.session.lock().settled
    }

    /// The clients that they use.
    #[must_use]
    pub const fn clients(&self) -> &Clients {
        &self.clients
    }

    /// The context of a query of theirs.
    #[must_use]
    pub fn asking(&self) -> Context {
        let session = self.session.lock();
        let credential = session.token.clone().map_or(Credential::None, Credential::Session);
        Context::new(credential, PATIENCE).having_seen(session.seen.clone())
    }

    /// The context of a command of theirs, with an identity of its own.
    #[must_use]
    pub fn commanding(&self) -> Context {
        let (key, number) = self.command.unwrap_or_else(|| self.next_command());
        self.asking().as_command(key, number)
    }

    fn next_command(&self) -> (IdempotencyKey, u64) {
        let mut session = self.session.lock();
        session.sequence += 1;
        (IdempotencyKey::new(), session.sequence)
    }

    /// The same person at the same terminal, all of whose commands are one and the same: to give it again until its outcome is known.
    #[must_use]
    pub fn giving_one_command(&self) -> Self {
        Self { command: Some(self.next_command()), ..self.clone() }
    }

    /// Takes in what an answer says of what has been seen.
    pub fn heard<T>(&self, reply: Reply<T>) -> T {
        let mut session = self.session.lock();
        session.seen.merge(&reply.seen);
        session.behind = reply.behind;
        session.settled = reply.settled;
        reply.value
    }

    /// Registers with the usual password.
    pub async fn registers(&self) -> Asking<User> {
        self.registers_with(PASSWORD).await
    }

    /// Registers with another password.
    pub async fn registers_with(&self, password: &str) -> Asking<User> {
        let request = Register { username: self.name.parse()?, password: password.to_owned().try_into()? };
        let signed_in = self.heard(self.clients.auth.register(&self.commanding(), request).await?);
        Ok(self.signed_in(signed_in))
    }

    /// Signs in with the usual password.
    pub async fn signs_in(&self) -> Asking<User> {
        self.signs_in_with(PASSWORD).await
    }

    /// Signs in with another password.
    pub async fn signs_in_with(&self, password: &str) -> Asking<User> {
        let request = Login { username: self.name.parse()?, password: password.to_owned().try_into()? };
        let signed_in = self.heard(self.clients.auth.login(&self.commanding(), request).await?);
        Ok(self.signed_in(signed_in))
    }

    fn signed_in(&self, signed_in: domain::auth::SignedIn) -> User {
        let mut session = self.session.lock();
        session.token = Some(signed_in.token);
        session.user = Some(signed_in.user.clone());
        signed_in.user
    }

    /// Signs out.
    pub async fn signs_out(&self) -> Asking<User> {
        Ok(self.heard(self.clients.auth.logout(&self.commanding(), Logout).await?))
    }

    /// Changes the usual password to another.
    pub async fn changes_the_password_to(&self, new: &str) -> Asking<User> {
        let request = ChangePassword { current: PASSWORD.to_owned().try_into()?, new: new.to_owned().try_into()? };
        Ok(self.heard(self.clients.auth.change_password(&self.commanding(), request).await?))
    }

    /// Deletes the account.
    pub async fn deletes_the_account(&self) -> Asking<User> {
        Ok(self.heard(self.clients.auth.delete_account(&self.commanding(), DeleteAccount).await?))
    }

    /// Asks who is signed in.
    pub async fn asks_who_they_are(&self) -> Asking<User> {
        Ok(self.heard(self.clients.auth.whoami(&self.asking(), WhoAmI).await?))
    }

    /// Makes an event.
    pub async fn creates(&self, plan: Plan) -> Asking<Event> {
        Ok(self.heard(self.clients.events.create(&self.commanding(), plan.0).await?))
    }

    /// Looks at an event.
    pub async fn looks_at(&self, event: EventId) -> Asking<Event> {
        Ok(self.heard(self.clients.events.show(&self.asking(), ShowEvent { event, instance: Instance::Series }).await?))
    }

    /// Changes an event.
    pub async fn edits(&self, event: EventId, change: impl FnOnce(&mut EditEvent)) -> Asking<Event> {
        self.edits_of(event, Instance::Series, change).await
    }

    /// Changes an instance of an event, or one and all that follow.
    pub async fn edits_of(
        &self,
        event: EventId,
        instance: Instance,
        change: impl FnOnce(&mut EditEvent),
    ) -> Asking<Event> {
        let mut request = EditEvent {
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
        };
        change(&mut request);
        Ok(self.heard(self.clients.events.edit(&self.commanding(), request).await?))
    }

    /// Calls an event off.
    pub async fn cancels(&self, event: EventId) -> Asking<Event> {
        Ok(self.heard(
            self.clients.events.cancel(&self.commanding(), CancelEvent { event, instance: Instance::Series }).await?,
        ))
    }

    /// Calls an instance of an event off, or one and all that follow.
    pub async fn cancels_of(&self, event: EventId, instance: Instance) -> Asking<Event> {
        Ok(self.heard(self.clients.events.cancel(&self.commanding(), CancelEvent { event, instance }).await?))
    }

    /// Looks at an instance of an event.
    pub async fn looks_at_one(&self, event: EventId, instance: Instance) -> Asking<Event> {
        Ok(self.heard(self.clients.events.show(&self.asking(), ShowEvent { event, instance }).await?))
    }

    /// The instances of an event that are not as its rules have them.
    pub async fn exceptions_of(&self, event: EventId) -> Asking<Vec<(Instance, Exception)>> {
        let request = ListExceptions { event, page: PageRequest::default() };
        let page = self.heard(self.clients.events.exceptions(&self.asking(), request).await?);
        Ok(page.items.into_iter().map(|(start, exception)| (Instance::On(start), exception)).collect())
    }

    /// Invites people.
    pub async fn invites(&self, event: EventId, names: &[&str]) -> Asking<Event> {
        let invitees = names.iter().map(|name| name.parse()).collect::<Result<_, _>>()?;
        Ok(self.heard(self.clients.events.invite(&self.commanding(), Invite { event, invitees }).await?))
    }

    /// Takes invitations back.
    pub async fn uninvites(&self, event: EventId, names: &[&str]) -> Asking<Event> {
        let invitees = names.iter().map(|name| name.parse()).collect::<Result<_, _>>()?;
        Ok(self.heard(self.clients.events.uninvite(&self.commanding(), Uninvite { event, invitees }).await?))
    }

    /// The first page of a list of events, in March 2027.
    pub async fn lists(&self, listing: Listing, search: Option<&str>) -> Asking<Vec<String>> {
        let page = self.lists_in(listing, search, days("2027-03-01", "2027-03-31"), PageRequest::default()).await?;
        Ok(page.items.into_iter().map(|event| event.title.to_string()).collect())
    }

    /// A page of a list of events.
    pub async fn lists_in(
        &self,
        listing: Listing,
        search: Option<&str>,
        window: Window,
        page: PageRequest,
    ) -> Asking<Page<Event>> {
        let search = search.map(str::parse).transpose()?;
        let request = ListEvents { listing, search, window, page };
        Ok(self.heard(self.clients.events.list(&self.asking(), request).await?))
    }

    /// The titles of their unanswered invitations, the newest first.
    pub async fn inbox(&self) -> Asking<Vec<String>> {
        let page = self.heard(self.clients.invitations.inbox(&self.asking(), Inbox::default()).await?);
        Ok(page.items.into_iter().map(|invitation| invitation.event.title.to_string()).collect())
    }

    /// A page of their invitations.
    pub async fn inbox_page(&self, all: bool, page: PageRequest) -> Asking<Page<Invitation>> {
        Ok(self.heard(self.clients.invitations.inbox(&self.asking(), Inbox { all, page }).await?))
    }

    /// Answers an invitation.
    pub async fn answers(&self, event: EventId, response: Response) -> Asking<Invitation> {
        let request = Respond { event, instance: Instance::Series, response };
        Ok(self.heard(self.clients.invitations.respond(&self.commanding(), request).await?))
    }

    /// Answers to an instance of an event, or to one and all that follow.
    pub async fn answers_to(&self, event: EventId, instance: Instance, response: Response) -> Asking<Invitation> {
        let request = Respond { event, instance, response };
        Ok(self.heard(self.clients.invitations.respond(&self.commanding(), request).await?))
    }

    /// Says they come to one instance of a public event.
    pub async fn attends_one(&self, event: EventId, instance: Instance) -> Asking<Invitation> {
        let request = Attend { event, instance, maybe: false };
        Ok(self.heard(self.clients.invitations.attend(&self.commanding(), request).await?))
    }

    /// Says they come to a public event.
    pub async fn attends(&self, event: EventId) -> Asking<Invitation> {
        let request = Attend { event, instance: Instance::Series, maybe: false };
        Ok(self.heard(self.clients.invitations.attend(&self.commanding(), request).await?))
    }

    /// What they have answered to some events, in the order of the question.
    pub async fn has_answered(&self, events: &[EventId]) -> Asking<Vec<(EventId, Status)>> {
        let request = OfEvents { events: events.to_vec() };
        let found = self.heard(self.clients.invitations.mine(&self.asking(), request).await?);
        Ok(found.into_iter().map(|one| (one.event.id, one.status)).collect())
    }

    /// Says they may come to a public event.
    pub async fn may_attend(&self, event: EventId) -> Asking<Invitation> {
        let request = Attend { event, instance: Instance::Series, maybe: true };
        Ok(self.heard(self.clients.invitations.attend(&self.commanding(), request).await?))
    }

    /// Says they do not come to a public event after all.
    pub async fn leaves(&self, event: EventId) -> Asking<Invitation> {
        let request = Unattend { event, instance: Instance::Series };
        Ok(self.heard(self.clients.invitations.unattend(&self.commanding(), request).await?))
    }

    /// Who comes to an event: counts and the first page.
    pub async fn participants(&self, event: EventId) -> Asking<Participants> {
        self.participants_of(event, None, PageRequest::default()).await
    }

    /// Who comes to an event, of one status, by page.
    pub async fn participants_of(
        &self,
        event: EventId,
        status: Option<Status>,
        page: PageRequest,
    ) -> Asking<Participants> {
        let request = ListParticipants { event, instance: Instance::Series, status, page };
        Ok(self.heard(self.clients.invitations.participants(&self.asking(), request).await?))
    }

    /// Everyone in the list of an event's participants, page after page: name, status, and the position of those who wait.
    pub async fn everyone_at(&self, event: EventId) -> Asking<Vec<(String, Status, Option<u64>)>> {
        let mut page = PageRequest { limit: Limit::MAX, after: None };
        let mut everyone = Vec::new();
        loop {
            let people = self.participants_of(event, None, page.clone()).await?.people;
            everyone.extend(people.items.into_iter().map(|one| (one.username.to_string(), one.status, one.position)));
            match people.next {
                Some(next) => page.after = Some(next),
                None => return Ok(everyone),
            }
        }
    }

    /// Changes how many can come to an event.
    pub async fn makes_room_for(&self, event: EventId, places: Option<u32>) -> Asking<Event> {
        let capacity = places.map(Capacity::try_from).transpose()?;
        self.edits(event, |edit| edit.capacity = Some(capacity)).await
    }

    /// What people answered to their events after a position: `bob (going)`; and up to where that is.
    pub async fn hears_of_answers(&self, after: Option<Position>) -> Asking<(Vec<String>, Position)> {
        let answers = self.heard(self.clients.invitations.answers(&self.asking(), ListAnswers { after }).await?);
        let said =
            |answer: &Answered| format!("{} ({})", answer.username, format!("{:?}", answer.status).to_lowercase());
        Ok((answers.items.iter().map(said).collect(), answers.until))
    }

    /// Waits until a service is elsewhere than `seen`, as a terminal does that shows its answers; where it is then.
    pub async fn watches(&self, service: Service, seen: Positions) -> Asking<Positions> {
        let (context, request) = (self.asking(), Watch { seen, wait_ms: 30_000 });
        let reply = match service {
            Service::Auth => panic!("nothing of auth is on a screen, so nobody watches it"),
            Service::Events => self.clients.events.watch(&context, request).await,
            Service::Invitations => self.clients.invitations.watch(&context, request).await,
            Service::Calendar => self.clients.calendar.watch(&context, request).await,
            Service::Sharing => self.clients.sharing.watch(&context, request).await,
        };
        Ok(reply?.value)
    }

    /// Their own calendar of March 2027: title and why it is there.
    pub async fn calendar(&self) -> Asking<Vec<String>> {
        self.sees_calendar(None).await
    }

    /// Their own calendar of some days: `2027-03-10T09:00 Standup (going)`, times as the event's clocks show them.
    pub async fn diary(&self, from: &str, to: &str) -> Asking<Vec<String>> {
        self.diary_of(None, from, to).await
    }

    /// The same of another's calendar.
    pub async fn diary_of(&self, other: Option<&Self>, from: &str, to: &str) -> Asking<Vec<String>> {
        let (mut page, mut said_so_far) = (PageRequest { limit: 3_u32.try_into()?, after: None }, Vec::new());
        loop {
            let found = self.calendar_page(other.map(Self::username), days(from, to), page.clone()).await?;
            said_so_far.extend(found.items.iter().map(|entry| match entry {
                Entry::Event { time, .. } => {
                    format!("{} {}", time.civil_start().strftime("%Y-%m-%dT%H:%M"), said(entry))
                }
                Entry::Busy { .. } => said(entry),
            }));
            let Some(next) = found.next else { return Ok(said_so_far) };
            page.after = Some(next);
        }
    }

    /// Another's calendar of March 2027.
    pub async fn calendar_of(&self, other: &Self) -> Asking<Vec<String>> {
        self.sees_calendar(Some(other.username())).await
    }

    async fn sees_calendar(&self, of: Option<Username>) -> Asking<Vec<String>> {
        let page = self.calendar_page(of, days("2027-03-01", "2027-03-31"), PageRequest::default()).await?;
        Ok(page.items.into_iter().map(|entry| said(&entry)).collect())
    }

    /// A page of a calendar.
    pub async fn calendar_page(&self, of: Option<Username>, window: Window, page: PageRequest) -> Asking<CalendarPage> {
        Ok(self.heard(self.clients.calendar.entries(&self.asking(), ListEntries { of, window, page }).await?))
    }

    /// Lets someone see their calendar.
    pub async fn shares_with(&self, other: &Self, level: Level) -> Asking<Shares> {
        let request = ShareCalendar { with: other.name.parse()?, level };
        Ok(self.heard(self.clients.sharing.share(&self.commanding(), request).await?))
    }

    /// Lets them see it no longer.
    pub async fn stops_sharing_with(&self, other: &Self) -> Asking<Shares> {
        Ok(self.heard(self.clients.sharing.unshare(&self.commanding(), Unshare { with: other.name.parse()? }).await?))
    }

    /// Both lists of shares.
    pub async fn shares(&self) -> Asking<Shares> {
        Ok(self.heard(self.clients.sharing.shares(&self.asking(), ListShares).await?))
    }
}

/// An entry in a few words: `Standup (going)`, or `busy 2027-03-10T09:00:00Z/2027-03-10T10:00:00Z`.
fn said(entry: &Entry) -> String {
    let time = |seconds: i64| jiff::Timestamp::from_second(seconds).unwrap();
    match entry {
        Entry::Event { title, attendance, .. } => format!("{title} ({})", format!("{attendance:?}").to_lowercase()),
        Entry::Busy { start, end } => format!("busy {}/{}", time(*start), time(*end)),
    }
}
