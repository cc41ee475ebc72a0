//! The five services as the client's tests need them: Alice's events, invitations, calendar and shares in memory, each service
//! behind the caller's usual layers, in whatever mood the test wants. Time is the test's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use domain::auth::{AuthClient, AuthProtocol, AuthRequest, AuthResponse, SignedIn, User};
use domain::calendar::Entry;
use domain::calendar::{Attendance, CalendarClient, CalendarPage, CalendarProtocol, CalendarRequest, CalendarResponse};
use domain::events::{Event, EventsClient, EventsProtocol, EventsRequest, EventsResponse};
use domain::integrity::Health;
use domain::invitations::{
    Answered, Answers, Invitation, InvitationsClient, InvitationsProtocol, InvitationsRequest, InvitationsResponse,
    Participants, Response, Status,
};
use domain::sharing::{Shares, SharingClient, SharingProtocol, SharingRequest, SharingResponse};
use domain::{
    Answer, Context, Epoch, Error, IdempotencyKey, Instance, Page, Position, Positions, Protocol, Reply, Service,
    SessionToken, Stub, Timestamp, UserId, Watch,
};
use tokio::sync::watch;
use tokio::time::timeout;
use transport::cluster::Clients;
use transport::{ClientOptions, Metrics, client_stack};

use super::mood::{Mood, Moody};
use super::rig::{NOON, entry, event, invitation, participants};

/// What the services have.
pub(super) struct Town {
    pub(super) inbox: Vec<Invitation>,
    pub(super) entries: Vec<Entry>,
    pub(super) events: Vec<Event>,
    pub(super) people: Participants,
    pub(super) shares: Shares,
    answers: Vec<(u64, Answered)>,
    /// Whether Alice's session has ended elsewhere.
    pub(super) session_ended: bool,
    /// The commands that took effect, by their identity.
    done: BTreeSet<IdempotencyKey>,
    positions: BTreeMap<Service, u64>,
    /// How often each method was called.
    calls: BTreeMap<(Service, &'static str), usize>,
}

/// The town, and ways to it.
#[derive(Clone)]
pub(super) struct Streets {
    town: Arc<Mutex<Town>>,
    changed: watch::Sender<()>,
    moods: BTreeMap<Service, watch::Sender<Mood>>,
}

impl Streets {
    /// A town in which Alice organizes “Standup”, is invited to “Retro” by Bob, and sees Bob's calendar.
    pub(super) fn new() -> Self {
        let town = Town {
            inbox: vec![invitation(5, "Retro", Status::Pending)],
            entries: vec![entry(1, "Standup", 10, 9, Attendance::Organizing)],
            events: vec![event(1, "Standup", "alice"), event(5, "Retro", "bob")],
            people: participants(&[("bob", Status::Pending)]),
            shares: Shares {
                shared_with: Vec::new(),
                shared_with_me: vec![domain::sharing::Share {
                    username: "bob".parse().unwrap(),
                    level: domain::sharing::Level::Details,
                }],
            },
            answers: Vec::new(),
            session_ended: false,
            done: BTreeSet::new(),
            positions: Service::ALL.into_iter().map(|service| (service, 1)).collect(),
            calls: BTreeMap::new(),
        };
        let moods = Service::ALL.into_iter().map(|service| (service, watch::Sender::new(Mood::Well))).collect();
        Self { town: Arc::new(Mutex::new(town)), changed: watch::Sender::new(()), moods }
    }

    pub(super) fn town(&self) -> MutexGuard<'_, Town> {
        self.town.lock().unwrap()
    }

    pub(super) fn is(&self, service: Service, mood: Mood) {
        self.moods[&service].send_replace(mood);
    }

    /// Something happens in `service`, and those that follow it hear of it.
    pub(super) fn happens(&self, service: Service, change: impl FnOnce(&mut Town)) {
        let mut town = self.town();
        change(&mut town);
        *town.positions.get_mut(&service).unwrap() += 1;
        drop(town);
        self.changed.send_replace(());
    }

    /// Someone answers Alice's “Standup”.
    pub(super) fn answers(&self, name: &str, status: Status) {
        self.happens(Service::Invitations, |town| {
            let at = town.positions[&Service::Invitations] + 1;
            let (event, instance) = (town.events[0].id, Instance::Series);
            let (title, username) = (town.events[0].title.clone(), name.parse().unwrap());
            town.answers.push((at, Answered { event, instance, title, username, status }));
        });
    }

    /// How often a method was called so far.
    pub(super) fn calls(&self, service: Service, method: &'static str) -> usize {
        self.town().calls.get(&(service, method)).copied().unwrap_or_default()
    }

    /// How many commands took effect.
    pub(super) fn effects(&self) -> usize {
        self.town().done.len()
    }

    pub(super) fn clients(&self) -> Clients {
        let metrics = Metrics::new();
        Clients {
            auth: Arc::new(AuthClient(self.way::<AuthProtocol>(&metrics))),
            events: Arc::new(EventsClient(self.way::<EventsProtocol>(&metrics))),
            invitations: Arc::new(InvitationsClient(self.way::<InvitationsProtocol>(&metrics))),
            calendar: Arc::new(CalendarClient(self.way::<CalendarProtocol>(&metrics))),
            sharing: Arc::new(SharingClient(self.way::<SharingProtocol>(&metrics))),
        }
    }

    fn way<P: Protocol>(&self, metrics: &Arc<Metrics>) -> Arc<dyn Stub<P>>
    where
        Self: Stub<P>,
    {
        let moody = Moody { inner: Arc::new(self.clone()), mood: self.moods[&P::SERVICE].subscribe() };
        client_stack(Arc::new(moody), &ClientOptions::default(), metrics)
    }

    fn called(&self, service: Service, method: &'static str) {
        *self.town().calls.entry((service, method)).or_default() += 1;
    }

    fn far(&self, service: Service) -> Positions {
        let town = self.town();
        let mut far = Positions::default();
        for of in service.follows().iter().copied().chain([service]) {
            far.set(of, position(town.positions[&of]));
        }
        far
    }

    fn reply<T>(&self, service: Service, value: T) -> Answer<T> {
        Ok(Reply::new(value, self.far(service)))
    }

    async fn watched(&self, service: Service, request: &Watch) -> Answer<Positions> {
        let mut changed = self.changed.subscribe();
        let waits = async {
            let stays = |seen: &Positions| seen.iter().all(|(of, at)| self.far(service).get(of) == Some(at));
            while !request.seen.is_empty() && stays(&request.seen) {
                changed.changed().await.unwrap();
            }
        };
        let _ = timeout(std::time::Duration::from_millis(request.wait_ms.into()), waits).await;
        if self.town().session_ended {
            return Err(Error::unauthenticated("this session has ended"));
        }
        Ok(Reply::new(self.far(service), Positions::default()))
    }

    fn health(&self, service: Service) -> Health {
        Health { version: "0.1.0".to_owned(), positions: self.far(service), behind: Vec::new(), stopped: Vec::new() }
    }

    fn responds(&self, context: &Context, request: &domain::invitations::Respond) -> Answer<Invitation> {
        let key = context.idempotency_key.unwrap();
        let status = match request.response {
            Response::Accept => Status::Going,
            Response::Maybe => Status::Maybe,
            Response::Decline => Status::Declined,
        };
        let fresh = self.town().done.insert(key);
        if fresh {
            self.happens(Service::Invitations, |town| {
                let found = town.inbox.iter_mut().find(|one| one.event.id == request.event);
                found.unwrap().status = status;
            });
        }
        let found = self.town().inbox.iter().find(|one| one.event.id == request.event).cloned();
        self.reply(Service::Invitations, found.unwrap())
    }
}

fn position(at: u64) -> Position {
    Position { epoch: Epoch([1; 16]), at }
}

fn page<T>(items: Vec<T>) -> Page<T> {
    Page { items, next: None }
}

#[async_trait]
impl Stub<AuthProtocol> for Streets {
    async fn call(&self, _: &Context, request: AuthRequest) -> Answer<AuthResponse> {
        match request {
            AuthRequest::health(_) => self.reply(Service::Auth, AuthResponse::health(self.health(Service::Auth))),
            AuthRequest::complete_name(_) => {
                self.reply(Service::Auth, AuthResponse::complete_name(vec!["bob".parse().unwrap()]))
            }
            AuthRequest::login(request) => {
                let user = User { id: UserId::from_bytes([1; 16]), username: request.username };
                let (token, expires) = (SessionToken("token".into()), Timestamp::from_micros(NOON * 2));
                self.reply(Service::Auth, AuthResponse::login(SignedIn { user, token, expires }))
            }
            other => panic!("not played: {other:?}"),
        }
    }
}

#[async_trait]
impl Stub<EventsProtocol> for Streets {
    async fn call(&self, _: &Context, request: EventsRequest) -> Answer<EventsResponse> {
        let reply = |response| self.reply(Service::Events, response);
        match request {
            EventsRequest::health(_) => reply(EventsResponse::health(self.health(Service::Events))),
            EventsRequest::watch(request) => {
                Ok(self.watched(Service::Events, &request).await?.map(EventsResponse::watch))
            }
            EventsRequest::list(_) => {
                self.called(Service::Events, "list");
                let events = self.town().events.iter().filter(|event| event.public).cloned().collect();
                reply(EventsResponse::list(page(events)))
            }
            EventsRequest::show(request) => {
                self.called(Service::Events, "show");
                let found = self.town().events.iter().find(|event| event.id == request.event).cloned();
                let found = found.ok_or_else(|| Error::not_found("event", request.event))?;
                reply(EventsResponse::show(found))
            }
            other => panic!("not played: {other:?}"),
        }
    }
}

#[async_trait]
impl Stub<InvitationsProtocol> for Streets {
    async fn call(&self, context: &Context, request: InvitationsRequest) -> Answer<InvitationsResponse> {
        let reply = |response| self.reply(Service::Invitations, response);
        match request {
            InvitationsRequest::health(_) => reply(InvitationsResponse::health(self.health(Service::Invitations))),
            InvitationsRequest::watch(request) => {
                Ok(self.watched(Service::Invitations, &request).await?.map(InvitationsResponse::watch))
            }
            InvitationsRequest::inbox(_) => {
                self.called(Service::Invitations, "inbox");
                let listed = self.town().inbox.iter().filter(|one| !one.event.cancelled).cloned().collect();
                reply(InvitationsResponse::inbox(page(listed)))
            }
            InvitationsRequest::participants(_) => {
                let people = self.town().people.clone();
                reply(InvitationsResponse::participants(people))
            }
            InvitationsRequest::of_people(request) => {
                let found = self.town().inbox.iter().filter(|one| one.event.id == request.event).cloned().collect();
                reply(InvitationsResponse::of_people(found))
            }
            InvitationsRequest::answers(request) => {
                self.called(Service::Invitations, "answers");
                let after = request.after.map_or(0, |after| after.at);
                let until = self.far(Service::Invitations).get(Service::Invitations).unwrap();
                let town = self.town();
                let items = town.answers.iter().filter(|(at, _)| *at > after).map(|(_, answer)| answer.clone());
                let answers = Answers { items: items.collect(), until };
                drop(town);
                reply(InvitationsResponse::answers(answers))
            }
            InvitationsRequest::respond(request) => {
                self.called(Service::Invitations, "respond");
                Ok(self.responds(context, &request)?.map(InvitationsResponse::respond))
            }
            other => panic!("not played: {other:?}"),
        }
    }
}

#[async_trait]
impl Stub<CalendarProtocol> for Streets {
    async fn call(&self, _: &Context, request: CalendarRequest) -> Answer<CalendarResponse> {
        let reply = |response| self.reply(Service::Calendar, response);
        match request {
            CalendarRequest::health(_) => reply(CalendarResponse::health(self.health(Service::Calendar))),
            CalendarRequest::watch(request) => {
                Ok(self.watched(Service::Calendar, &request).await?.map(CalendarResponse::watch))
            }
            CalendarRequest::entries(request) => {
                self.called(Service::Calendar, "entries");
                let owner = request.of.unwrap_or_else(|| "alice".parse().unwrap());
                let items = self.town().entries.clone();
                reply(CalendarResponse::entries(CalendarPage { owner, items, next: None }))
            }
            other => panic!("not played: {other:?}"),
        }
    }
}

#[async_trait]
impl Stub<SharingProtocol> for Streets {
    async fn call(&self, _: &Context, request: SharingRequest) -> Answer<SharingResponse> {
        let reply = |response| self.reply(Service::Sharing, response);
        match request {
            SharingRequest::health(_) => reply(SharingResponse::health(self.health(Service::Sharing))),
            SharingRequest::watch(request) => {
                Ok(self.watched(Service::Sharing, &request).await?.map(SharingResponse::watch))
            }
            SharingRequest::shares(_) => {
                self.called(Service::Sharing, "shares");
                let shares = self.town().shares.clone();
                reply(SharingResponse::shares(shares))
            }
            other => panic!("not played: {other:?}"),
        }
    }
}
