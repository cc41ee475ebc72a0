//! A calendar service among four others that are played by the test, and people to look into calendars.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chassis::{OperatorKey, Running, Setup, SystemClock};
use domain::auth::{AuthChange, AuthClient, AuthProtocol, AuthRequest, AuthResponse, User, VouchedUser};
use domain::calendar::{Attendance, Calendar, CalendarClient, CalendarPage, CalendarProtocol, Entry, ListEntries};
use domain::events::{EventChange, EventFacts, EventsClient, EventsProtocol, EventsRequest, EventsResponse};
use domain::integrity::{Audit, Reference};
use domain::invitations::{
    InvitationChange, InvitationsClient, InvitationsProtocol, InvitationsRequest, InvitationsResponse, Status,
};
use domain::sharing::{Level, SharingChange, SharingClient, SharingProtocol, SharingRequest, SharingResponse};
use domain::time::{EventTime, Moment, Window};
use domain::{
    Actor, Answer, Context, Credential, Error, EventId, Instance, PageRequest, Positions, Reply, Series, Service,
    SessionId, Stub, UserId, Username, Zone,
};
use jiff::civil::{Date, DateTime};
use parking_lot::Mutex;
use storage::{Database, MemoryDisk, Options};

use crate::script::Script;

/// The other four.
pub struct Others {
    pub auth: Script<AuthChange>,
    pub events: Script<EventChange>,
    pub invitations: Script<InvitationChange>,
    pub sharing: Script<SharingChange>,
    /// Whom auth knows, whether or not its log was heard of.
    known: Mutex<BTreeMap<Username, UserId>>,
}

impl Others {
    /// Lets everything be heard of.
    pub fn release_all(&self) {
        self.auth.release(usize::MAX);
        self.events.release(usize::MAX);
        self.invitations.release(usize::MAX);
        self.sharing.release(usize::MAX);
    }
}

/// The whole town.
pub struct Town {
    pub others: Arc<Others>,
    disk: MemoryDisk,
    key: OperatorKey,
    running: Running<CalendarProtocol>,
    facts: BTreeMap<EventId, EventFacts>,
}

/// Someone who is signed in.
#[derive(Clone, Debug)]
pub struct Citizen {
    pub id: UserId,
    pub name: Username,
    session: SessionId,
    at: domain::Position,
}

macro_rules! played {
    ($log:ident: $protocol:ident, $request:ident, $response:ident) => {
        #[async_trait]
        impl Stub<$protocol> for Others {
            async fn call(&self, _: &Context, request: $request) -> Answer<$response> {
                match request {
                    $request::changes(request) => Ok(self.$log.changes(request).await?.map($response::changes)),
                    other => panic!("the calendar service has no business to ask for {other:?}"),
                }
            }
        }
    };
}

played!(events: EventsProtocol, EventsRequest, EventsResponse);
played!(invitations: InvitationsProtocol, InvitationsRequest, InvitationsResponse);
played!(sharing: SharingProtocol, SharingRequest, SharingResponse);

#[async_trait]
impl Stub<AuthProtocol> for Others {
    async fn call(&self, _: &Context, request: AuthRequest) -> Answer<AuthResponse> {
        if self.auth.is_away() {
            return Err(Error::unavailable(Service::Auth, "it is away"));
        }
        match request {
            AuthRequest::changes(request) => Ok(self.auth.changes(request).await?.map(AuthResponse::changes)),
            AuthRequest::find_user(request) => {
                let username = request.username;
                let id = self.known.lock().get(&username).copied();
                let id = id.ok_or_else(|| Error::not_found("user", &username))?;
                let vouched = VouchedUser { user: User { id, username }, at: self.auth.written() };
                Ok(Reply::new(AuthResponse::find_user(vouched), Positions::default()))
            }
            other => panic!("the calendar service has no business to ask for {other:?}"),
        }
    }
}

async fn start(disk: &MemoryDisk, key: &OperatorKey, others: &Arc<Others>) -> Running<CalendarProtocol> {
    let db = Database::on_memory_disk(disk, Options::new("calendar", calendar::SCHEMA)).unwrap();
    let setup = Setup { db, clock: Arc::new(SystemClock), operator: key.clone() };
    let others = || Arc::clone(others);
    calendar::start(
        setup,
        Arc::new(AuthClient(others())),
        Arc::new(EventsClient(others())),
        Arc::new(InvitationsClient(others())),
        Arc::new(SharingClient(others())),
    )
    .await
    .unwrap()
}

impl Town {
    pub async fn new() -> Self {
        let others = Arc::new(Others {
            auth: Script::new(Service::Auth),
            events: Script::new(Service::Events),
            invitations: Script::new(Service::Invitations),
            sharing: Script::new(Service::Sharing),
            known: Mutex::default(),
        });
        let (disk, key) = (MemoryDisk::new(), OperatorKey::random().unwrap());
        let running = start(&disk, &key, &others).await;
        Self { others, disk, key, running, facts: BTreeMap::new() }
    }

    /// Stops the service and starts it again on the same database.
    pub async fn restart(self) -> Self {
        self.running.stop().await;
        Self { running: start(&self.disk, &self.key, &self.others).await, ..self }
    }

    /// Waits until the service has taken over everything that was released, cascades included.
    pub async fn catches_up(&self) {
        let Others { auth, events, invitations, sharing, .. } = &*self.others;
        let mut seen = Positions::default();
        seen.set(Service::Auth, auth.released());
        seen.set(Service::Events, events.released());
        seen.set(Service::Invitations, invitations.released());
        seen.set(Service::Sharing, sharing.released());
        let context = Context::new(Credential::None, Duration::from_secs(60)).having_seen(seen);
        let caught_up = async {
            while !self.running.chassis().catch_up(&context).await.is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), caught_up).await.expect("the calendar does not catch up");
    }

    pub fn calendar(&self) -> CalendarClient {
        CalendarClient(self.running.stub())
    }

    // What people do.

    /// Registers someone; auth's log is not released.
    pub fn registers(&self, name: &str) -> Citizen {
        let (id, name) = (UserId::new(), name.parse::<Username>().unwrap());
        self.others.known.lock().insert(name.clone(), id);
        self.others.auth.write(AuthChange::UserRegistered(User { id, username: name.clone() }));
        Citizen { id, name, session: SessionId::new(), at: self.others.auth.written() }
    }

    /// Registers someone of whom everyone has heard.
    pub fn citizen(&self, name: &str) -> Citizen {
        let citizen = self.registers(name);
        self.others.auth.release(usize::MAX);
        citizen
    }

    /// Auth knows them no more; its log does not say so.
    pub fn forgets_the_name_of(&self, citizen: &Citizen) {
        self.others.known.lock().remove(&citizen.name);
    }

    pub fn deletes_account(&self, citizen: &Citizen) {
        self.forgets_the_name_of(citizen);
        self.others.auth.write_and_release(AuthChange::UserDeleted { user: citizen.id });
    }

    pub fn makes(&mut self, organizer: &Citizen, title: &str, time: EventTime) -> EventId {
        let event = EventId::new();
        let facts = EventFacts {
            alarms: domain::events::Alarms::default(),
            capacity: None,
            event,
            organizer: Some(organizer.id),
            title: title.parse().unwrap(),
            location: "Bonn".parse().unwrap(),
            series: Series::once(time),
            public: false,
            cancelled: false,
            version: 0,
        };
        self.facts.insert(event, facts);
        self.edits(event, |_| {});
        event
    }

    pub fn edits(&mut self, event: EventId, edit: impl FnOnce(&mut EventFacts)) {
        let facts = self.facts.get_mut(&event).unwrap();
        edit(facts);
        facts.version += 1;
        self.others.events.write_and_release(EventChange::Put(facts.clone()));
    }

    pub fn answer(&self, event: EventId, people: &[&Citizen], status: Option<Status>) {
        let people = people.iter().map(|citizen| (citizen.id, status)).collect();
        let instance = Instance::Series;
        self.others.invitations.write_and_release(InvitationChange::Answered { event, instance, people });
    }

    pub fn shares(&self, owner: &Citizen, sharee: &Citizen, level: Level) {
        let (owner, sharee) = (owner.id, sharee.id);
        self.others.sharing.write_and_release(SharingChange::Shared { owner, sharee, level });
    }

    pub fn unshares(&self, owner: &Citizen, sharee: &Citizen) {
        let (owner, sharee) = (owner.id, sharee.id);
        self.others.sharing.write_and_release(SharingChange::Unshared { owner, sharee });
    }

    // What people see.

    /// A page of a calendar, as `reader` is answered.
    pub async fn asks(
        &self,
        reader: &Citizen,
        of: Option<&Citizen>,
        window: &Window,
        page: PageRequest,
    ) -> Answer<CalendarPage> {
        let of = of.map(|owner| owner.name.clone());
        let request = ListEntries { of, window: window.clone(), page };
        self.calendar().entries(&reader.context(), request).await
    }

    /// All pages of a calendar, each of `limit` entries.
    pub async fn sees(
        &self,
        reader: &Citizen,
        of: Option<&Citizen>,
        window: &Window,
        limit: u32,
    ) -> Result<Vec<Entry>, Error> {
        let mut page = PageRequest { limit: limit.try_into().unwrap(), after: None };
        let mut entries = Vec::new();
        loop {
            let found = self.asks(reader, of, window, page.clone()).await?.value;
            assert!(found.items.len() <= page.limit.get());
            entries.extend(found.items);
            page.after = found.next;
            if page.after.is_none() {
                return Ok(entries);
            }
        }
    }

    /// The titles in one's own calendar, ever, with the reasons why they are there.
    pub async fn own(&self, reader: &Citizen) -> Vec<(String, Attendance)> {
        let entries = self.sees(reader, None, &ever(), 50).await.unwrap();
        entries.into_iter().map(|entry| (title(&entry), attendance(&entry))).collect()
    }

    /// All pages of the audit: the references, and what is wrong.
    pub async fn audit(&self) -> (Vec<Reference>, Vec<String>) {
        let mut context = Context::new(Credential::None, Duration::from_secs(10));
        context.actor = Actor::Operator;
        let (mut references, mut discrepancies, mut after) = (Vec::new(), Vec::new(), None);
        loop {
            let page = self.calendar().audit(&context, Audit { after }).await.unwrap().value;
            assert!(page.references.len() <= 1_000);
            references.extend(page.references);
            discrepancies.extend(page.discrepancies);
            after = page.next;
            if after.is_none() {
                return (references, discrepancies);
            }
        }
    }
}

impl Citizen {
    pub fn context(&self) -> Context {
        let mut context = Context::new(Credential::None, Duration::from_secs(10));
        context.actor = Actor::User { user: self.id, session: self.session, at: self.at };
        context
    }
}

pub fn title(entry: &Entry) -> String {
    match entry {
        Entry::Event { title, .. } => title.to_string(),
        Entry::Busy { .. } => panic!("a busy interval has no title"),
    }
}

fn attendance(entry: &Entry) -> Attendance {
    match entry {
        Entry::Event { attendance, .. } => *attendance,
        Entry::Busy { .. } => panic!("a busy interval has no reason"),
    }
}

pub fn zone(name: &str) -> Zone {
    name.parse().unwrap()
}

/// From one civil time in a zone to another.
pub fn timed(start: DateTime, end: DateTime, name: &str) -> EventTime {
    let at = |civil| Moment::in_zone("start", civil, &zone(name)).unwrap();
    EventTime::timed(at(start), at(end), zone(name)).unwrap()
}

/// The days `first` to `last`, both inclusive.
pub fn days(first: Date, last: Date) -> EventTime {
    EventTime::all_day(first, last.tomorrow().unwrap()).unwrap()
}

/// The days `from` to `to`, both inclusive, for a reader in a zone.
pub fn window(from: Date, to: Date, name: &str) -> Window {
    Window::new(Some(from), Some(to), zone(name)).unwrap()
}

pub fn ever() -> Window {
    Window::new(None, None, Zone::utc()).unwrap()
}
