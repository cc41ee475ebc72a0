//! Every method × every kind of actor: who is let in, and with which words everyone else is turned away.
//!
//! The rows are held against the lists of methods that the definitions of the services give: a method without a row does not
//! compile.

use convene_tests::{Person, Plan, World, at, days, scenario};
use domain::auth::{self, AuthProtocol, AuthRequest, AuthServer};
use domain::calendar::{self, CalendarProtocol, CalendarRequest, CalendarServer};
use domain::events::{self, EventsProtocol, EventsRequest, EventsServer};
use domain::integrity::{AskHealth, Audit, Present, Target};
use domain::invitations::{self, InvitationsProtocol, InvitationsRequest, InvitationsServer};
use domain::log::{LogCursor, ReadChanges};
use domain::recovery::{AcceptLoss, ReadSnapshot};
use domain::sharing::{self, SharingProtocol, SharingRequest, SharingServer};
use domain::{
    Context, EventId, IdempotencyKey, Instance, Kind, Method, PageRequest, Positions, Protocol, Service, Stub, Watch,
    WireBody as _,
};

/// Who asks, in the order of the columns. Those who are let in and change something come last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Anonymous,
    Revoked,
    Stranger,
    BusySharee,
    Sharee,
    Invitee,
    Service,
    Organizer,
}

const WHO: [Who; 8] = [
    Who::Anonymous,
    Who::Revoked,
    Who::Stranger,
    Who::BusySharee,
    Who::Sharee,
    Who::Invitee,
    Who::Service,
    Who::Organizer,
];

struct Row {
    service: Service,
    method: &'static str,
    expected: [&'static str; 8],
}

const fn row(service: Service, method: &'static str, expected: [&'static str; 8]) -> Row {
    Row { service, method, expected }
}

const OK: &str = "ok";
const UNAUTHENTICATED: &str = "unauthenticated";
const FORBIDDEN: &str = "forbidden";
const NOT_FOUND: &str = "not_found";

/// Open to anyone, also to those whose session has ended: whoever signs in again still shows the old one.
const ANYONE: [&str; 8] = [OK; 8];
/// Any signed-in user, about themselves.
const USERS: [&str; 8] = [UNAUTHENTICATED, UNAUTHENTICATED, OK, OK, OK, OK, FORBIDDEN, OK];
/// Signed-in users and services.
const MEMBERS: [&str; 8] = [UNAUTHENTICATED, UNAUTHENTICATED, OK, OK, OK, OK, OK, OK];
/// Other services of the installation only.
const SERVICES: [&str; 8] =
    [UNAUTHENTICATED, UNAUTHENTICATED, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, OK, FORBIDDEN];
/// The operator only, whose key the service shows here; and there is nothing to be accepted.
const OPERATOR: [&str; 8] =
    [UNAUTHENTICATED, UNAUTHENTICATED, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, "conflict", FORBIDDEN];
/// The organizer of the private event; its invitee sees it and may not; nobody else learns of it.
const ORGANIZER: [&str; 8] =
    [UNAUTHENTICATED, UNAUTHENTICATED, NOT_FOUND, NOT_FOUND, NOT_FOUND, FORBIDDEN, FORBIDDEN, OK];
/// Those who may see the private event.
const CONCERNED: [&str; 8] = [UNAUTHENTICATED, UNAUTHENTICATED, NOT_FOUND, NOT_FOUND, NOT_FOUND, OK, FORBIDDEN, OK];
/// The invitee of the private event.
const INVITEE: [&str; 8] =
    [UNAUTHENTICATED, UNAUTHENTICATED, NOT_FOUND, NOT_FOUND, NOT_FOUND, OK, FORBIDDEN, FORBIDDEN];
/// Nobody: the event is private, and this is for public ones.
const NOBODY: [&str; 8] =
    [UNAUTHENTICATED, UNAUTHENTICATED, NOT_FOUND, NOT_FOUND, NOT_FOUND, FORBIDDEN, FORBIDDEN, FORBIDDEN];
/// The owner of the calendar and those with whom it is shared.
const SHAREES: [&str; 8] = [UNAUTHENTICATED, UNAUTHENTICATED, FORBIDDEN, OK, OK, FORBIDDEN, FORBIDDEN, OK];

const ROWS: &[Row] = &[
    row(Service::Auth, "register", ANYONE),
    row(Service::Auth, "login", ANYONE),
    row(Service::Auth, "logout", USERS),
    row(Service::Auth, "renew", USERS),
    row(Service::Auth, "change_password", USERS),
    row(Service::Auth, "delete_account", USERS),
    row(Service::Auth, "whoami", USERS),
    row(Service::Auth, "find_user", MEMBERS),
    row(Service::Auth, "complete_name", USERS),
    row(Service::Auth, "changes", SERVICES),
    row(Service::Auth, "audit", SERVICES),
    row(Service::Auth, "present", SERVICES),
    row(Service::Auth, "health", ANYONE),
    row(Service::Auth, "snapshot", SERVICES),
    row(Service::Events, "create", USERS),
    row(Service::Events, "show", CONCERNED),
    row(Service::Events, "edit", ORGANIZER),
    row(Service::Events, "cancel", ORGANIZER),
    row(Service::Events, "invite", ORGANIZER),
    row(Service::Events, "uninvite", ORGANIZER),
    row(Service::Events, "list", USERS),
    row(Service::Events, "exceptions", CONCERNED),
    row(Service::Events, "import", USERS),
    row(Service::Events, "original", ORGANIZER),
    row(Service::Events, "vouch", SERVICES),
    row(Service::Events, "changes", SERVICES),
    row(Service::Events, "audit", SERVICES),
    row(Service::Events, "present", SERVICES),
    row(Service::Events, "health", ANYONE),
    row(Service::Events, "watch", USERS),
    row(Service::Events, "snapshot", SERVICES),
    row(Service::Events, "accept_loss", OPERATOR),
    row(Service::Invitations, "inbox", USERS),
    row(Service::Invitations, "respond", INVITEE),
    row(Service::Invitations, "attend", NOBODY),
    row(Service::Invitations, "unattend", NOBODY),
    row(Service::Invitations, "participants", CONCERNED),
    row(Service::Invitations, "of_people", CONCERNED),
    row(Service::Invitations, "changes", SERVICES),
    row(Service::Invitations, "audit", SERVICES),
    row(Service::Invitations, "health", ANYONE),
    row(Service::Invitations, "watch", USERS),
    row(Service::Invitations, "answers", USERS),
    row(Service::Invitations, "mine", USERS),
    row(Service::Calendar, "entries", SHAREES),
    row(Service::Calendar, "audit", SERVICES),
    row(Service::Calendar, "health", ANYONE),
    row(Service::Calendar, "watch", USERS),
    row(Service::Invitations, "snapshot", SERVICES),
    row(Service::Invitations, "accept_loss", OPERATOR),
    row(Service::Calendar, "accept_loss", OPERATOR),
    row(Service::Sharing, "share", USERS),
    row(Service::Sharing, "unshare", USERS),
    row(Service::Sharing, "shares", USERS),
    row(Service::Sharing, "changes", SERVICES),
    row(Service::Sharing, "audit", SERVICES),
    row(Service::Sharing, "health", ANYONE),
    row(Service::Sharing, "watch", USERS),
    row(Service::Sharing, "snapshot", SERVICES),
    row(Service::Sharing, "accept_loss", OPERATOR),
];

/// Fails the build if a method has no row.
const fn all_have_rows(methods: &[Method]) {
    let mut n = 0;
    while n < methods.len() {
        let mut found = false;
        let mut r = 0;
        while r < ROWS.len() {
            found |= ROWS[r].service as u8 == methods[n].service as u8 && same(ROWS[r].method, methods[n].name);
            r += 1;
        }
        assert!(found, "a method has no row in the authorization table");
        n += 1;
    }
}

const fn same(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    if left.len() != right.len() {
        return false;
    }
    let mut n = 0;
    while n < left.len() {
        if left[n] != right[n] {
            return false;
        }
        n += 1;
    }
    true
}

const _: () = {
    all_have_rows(AuthProtocol::METHODS);
    all_have_rows(EventsProtocol::METHODS);
    all_have_rows(InvitationsProtocol::METHODS);
    all_have_rows(CalendarProtocol::METHODS);
    all_have_rows(SharingProtocol::METHODS);
};

/// People around one private event of one organizer, made anew for each row.
struct Scene {
    organizer: Person,
    invitee: Person,
    sharee: Person,
    busy: Person,
    stranger: Person,
    revoked: Person,
    event: EventId,
    names: String,
}

impl Scene {
    async fn set(world: &World, number: usize) -> Self {
        let person = |role: &str| {
            let name = format!("{role}-{number}");
            async move { world.person(&name).await }
        };
        let organizer = person("organizer").await;
        let invitee = person("invitee").await;
        let (sharee, busy) = (person("sharee").await, person("busy").await);
        let (stranger, revoked) = (person("stranger").await, person("revoked").await);
        let event = organizer.creates(Plan::for_a("Private").inviting(&[invitee.name()])).await.unwrap().id;
        organizer.shares_with(&sharee, sharing::Level::Details).await.unwrap();
        organizer.shares_with(&busy, sharing::Level::Busy).await.unwrap();
        revoked.signs_out().await.unwrap();
        world.settles().await;
        Self { organizer, invitee, sharee, busy, stranger, revoked, event, names: number.to_string() }
    }

    fn context(&self, world: &World, who: Who) -> Context {
        let person = match who {
            Who::Anonymous => world.stranger("nobody"),
            Who::Revoked => self.revoked.clone(),
            Who::Stranger => self.stranger.clone(),
            Who::BusySharee => self.busy.clone(),
            Who::Sharee => self.sharee.clone(),
            Who::Invitee => self.invitee.clone(),
            Who::Organizer => self.organizer.clone(),
            Who::Service => {
                let operator = world.cluster().operator().unwrap();
                return Context::new(operator, std::time::Duration::from_secs(8));
            }
        };
        person.asking()
    }
}

fn read_changes() -> ReadChanges {
    ReadChanges { after: LogCursor::START, limit: 10, wait_ms: 0, followed: Positions::default() }
}

fn auth_request(method: &str, scene: &Scene, who: Who) -> AuthRequest {
    let target = scene.organizer.username();
    let new_name = format!("new-{}-{}", scene.names, who as u8).parse().unwrap();
    let password = || "correct horse battery".to_owned();
    match method {
        "register" => {
            AuthRequest::register(auth::Register { username: new_name, password: password().try_into().unwrap() })
        }
        "login" => AuthRequest::login(auth::Login { username: target, password: password().try_into().unwrap() }),
        "logout" => AuthRequest::logout(auth::Logout),
        "renew" => AuthRequest::renew(auth::Renew),
        "change_password" => AuthRequest::change_password(auth::ChangePassword {
            current: password().try_into().unwrap(),
            new: password().try_into().unwrap(),
        }),
        "delete_account" => AuthRequest::delete_account(auth::DeleteAccount),
        "whoami" => AuthRequest::whoami(auth::WhoAmI),
        "find_user" => AuthRequest::find_user(auth::FindUser { username: target }),
        "complete_name" => AuthRequest::complete_name(auth::CompleteName { prefix: "or".to_owned() }),
        "changes" => AuthRequest::changes(read_changes()),
        "audit" => AuthRequest::audit(Audit::default()),
        "present" => AuthRequest::present(Present { targets: vec![Target::User(scene.organizer.user().id)] }),
        "health" => AuthRequest::health(AskHealth),
        "snapshot" => AuthRequest::snapshot(ReadSnapshot::default()),
        other => panic!("no request for {other}"),
    }
}

fn events_request(method: &str, scene: &Scene) -> EventsRequest {
    let event = scene.event;
    let invitees = vec![scene.invitee.username()];
    match method {
        "create" => EventsRequest::create(Plan::for_a("Party").0),
        "show" => EventsRequest::show(events::ShowEvent { instance: domain::Instance::Series, event }),
        "edit" => EventsRequest::edit(events::EditEvent {
            rules: None,
            alarms: None,
            capacity: None,
            instance: domain::Instance::Series,
            event,
            if_version: None,
            title: Some("Changed".parse().unwrap()),
            description: None,
            location: None,
            time: Some(at("2027-03-11T09:00", 60, "UTC")),
            public: None,
            invite: Vec::new(),
        }),
        "cancel" => EventsRequest::cancel(events::CancelEvent { instance: domain::Instance::Series, event }),
        "invite" => EventsRequest::invite(events::Invite { event, invitees }),
        "uninvite" => EventsRequest::uninvite(events::Uninvite { event, invitees }),
        "list" => EventsRequest::list(events::ListEvents {
            listing: events::Listing::Mine,
            search: None,
            window: days("2027-03-01", "2027-03-31"),
            page: PageRequest::default(),
        }),
        "exceptions" => EventsRequest::exceptions(events::ListExceptions { event, page: PageRequest::default() }),
        "import" => EventsRequest::import(convene_tests::imported("party@example.org", "Party")),
        "original" => EventsRequest::original(events::ReadOriginal { event }),
        "vouch" => EventsRequest::vouch(events::VouchEvent { event, viewer: scene.organizer.user().id }),
        "changes" => EventsRequest::changes(read_changes()),
        "audit" => EventsRequest::audit(Audit::default()),
        "present" => EventsRequest::present(Present { targets: vec![Target::Event(event)] }),
        "health" => EventsRequest::health(AskHealth),
        "watch" => EventsRequest::watch(Watch::default()),
        "snapshot" => EventsRequest::snapshot(ReadSnapshot::default()),
        "accept_loss" => EventsRequest::accept_loss(AcceptLoss { source: Service::Auth }),
        other => panic!("no request for {other}"),
    }
}

fn invitations_request(method: &str, scene: &Scene) -> InvitationsRequest {
    let (event, instance) = (scene.event, Instance::Series);
    match method {
        "inbox" => InvitationsRequest::inbox(invitations::Inbox::default()),
        "respond" => InvitationsRequest::respond(invitations::Respond {
            event,
            instance,
            response: invitations::Response::Accept,
        }),
        "attend" => InvitationsRequest::attend(invitations::Attend { event, instance, maybe: false }),
        "unattend" => InvitationsRequest::unattend(invitations::Unattend { event, instance }),
        "participants" => InvitationsRequest::participants(invitations::ListParticipants {
            event,
            instance,
            status: None,
            page: PageRequest::default(),
        }),
        "of_people" => {
            InvitationsRequest::of_people(invitations::OfPeople { event, invitees: vec![scene.invitee.username()] })
        }
        "changes" => InvitationsRequest::changes(read_changes()),
        "audit" => InvitationsRequest::audit(Audit::default()),
        "health" => InvitationsRequest::health(AskHealth),
        "watch" => InvitationsRequest::watch(Watch::default()),
        "answers" => InvitationsRequest::answers(invitations::ListAnswers::default()),
        "snapshot" => InvitationsRequest::snapshot(ReadSnapshot::default()),
        "accept_loss" => InvitationsRequest::accept_loss(AcceptLoss { source: Service::Auth }),
        "mine" => InvitationsRequest::mine(invitations::OfEvents { events: vec![event] }),
        other => panic!("no request for {other}"),
    }
}

fn calendar_request(method: &str, scene: &Scene) -> CalendarRequest {
    match method {
        "entries" => CalendarRequest::entries(calendar::ListEntries {
            of: Some(scene.organizer.username()),
            window: days("2027-03-01", "2027-03-31"),
            page: PageRequest::default(),
        }),
        "audit" => CalendarRequest::audit(Audit::default()),
        "health" => CalendarRequest::health(AskHealth),
        "watch" => CalendarRequest::watch(Watch::default()),
        "accept_loss" => CalendarRequest::accept_loss(AcceptLoss { source: Service::Auth }),
        other => panic!("no request for {other}"),
    }
}

fn sharing_request(method: &str, scene: &Scene) -> SharingRequest {
    // Shared with someone who is none of the actors, so that nobody names themselves.
    let with: domain::Username = scene.revoked.username();
    match method {
        "share" => SharingRequest::share(sharing::ShareCalendar { with, level: sharing::Level::Details }),
        "unshare" => SharingRequest::unshare(sharing::Unshare { with }),
        "shares" => SharingRequest::shares(sharing::ListShares),
        "changes" => SharingRequest::changes(read_changes()),
        "audit" => SharingRequest::audit(Audit::default()),
        "health" => SharingRequest::health(AskHealth),
        "watch" => SharingRequest::watch(Watch::default()),
        "snapshot" => SharingRequest::snapshot(ReadSnapshot::default()),
        "accept_loss" => SharingRequest::accept_loss(AcceptLoss { source: Service::Auth }),
        other => panic!("no request for {other}"),
    }
}

async fn outcome<P: Protocol>(stub: impl Stub<P>, context: &Context, request: P::Request) -> &'static str {
    let method = request.method();
    let context = match method.kind {
        Kind::Command => context.clone().as_command(IdempotencyKey::new(), 1_000),
        Kind::Query => context.clone(),
    };
    stub.call(&context, request).await.map_or_else(|error| error.code(), |_| OK)
}

scenario! {
    fn every_method_lets_in_whom_it_should_and_nobody_else(world) {
        for (number, row) in ROWS.iter().enumerate() {
            let scene = Scene::set(&world, number).await;
            let clients = world.clients().clone();
            let mut seen = Vec::new();
            for who in WHO {
                let context = scene.context(&world, who);
                seen.push(match row.service {
                    Service::Auth => {
                        outcome(AuthServer(clients.auth.clone()), &context, auth_request(row.method, &scene, who)).await
                    }
                    Service::Events => {
                        outcome(EventsServer(clients.events.clone()), &context, events_request(row.method, &scene)).await
                    }
                    Service::Invitations => {
                        let stub = InvitationsServer(clients.invitations.clone());
                        outcome(stub, &context, invitations_request(row.method, &scene)).await
                    }
                    Service::Calendar => {
                        let stub = CalendarServer(clients.calendar.clone());
                        outcome(stub, &context, calendar_request(row.method, &scene)).await
                    }
                    Service::Sharing => {
                        outcome(SharingServer(clients.sharing.clone()), &context, sharing_request(row.method, &scene)).await
                    }
                });
            }
            assert_eq!(seen, row.expected, "{}.{} for {WHO:?}", row.service, row.method);
        }
    }
}
