//! One request and one response of every method, of fixed values that show every field and every variant at least once.

use domain::auth::*;
use domain::calendar::*;
use domain::events::*;
use domain::integrity::{AskHealth, Audit, AuditPage, Health, Present, Reference, Target};
use domain::invitations::*;
use domain::log::{Changes, LogCursor, ReadChanges, Record};
use domain::recovery::{AcceptLoss, LossAccepted, ReadSnapshot, Snapshot};
use domain::sharing::*;
use domain::{
    Epoch, EventId, EventTime, Instance, Page, PageRequest, Position, Positions, Series, Service, SessionId,
    SessionToken, Timestamp, UserId, Watch,
};

use convene_tests::{at, imported, on, window};

fn user(byte: u8) -> UserId {
    UserId::from_bytes([byte; 16])
}

fn event(byte: u8) -> EventId {
    EventId::from_bytes([byte; 16])
}

fn position() -> Position {
    Position { epoch: Epoch([7; 16]), at: 300 }
}

fn named<T: std::str::FromStr<Err = domain::Error>>(text: &str) -> T {
    text.parse().unwrap()
}

fn alice() -> User {
    User { id: user(1), username: named("alice") }
}

fn page() -> PageRequest {
    PageRequest { limit: 200_u32.try_into().unwrap(), after: Some(named("00ff")) }
}

fn read_changes() -> ReadChanges {
    ReadChanges {
        after: LogCursor { epoch: Some(Epoch([7; 16])), position: 5, digest: [9; 16] },
        limit: 200,
        wait_ms: 20_000,
        followed: Positions::of(Service::Auth, position()),
    }
}

fn changes<C>(changes: Vec<C>) -> Changes<C> {
    let records =
        changes.into_iter().zip(1..).map(|(change, position)| Record { position, digest: [9; 16], change }).collect();
    let followed = Positions::of(Service::Auth, position());
    Changes::Records { epoch: Epoch([7; 16]), records, watermark: 300, followed }
}

fn read_snapshot() -> ReadSnapshot {
    ReadSnapshot { after: Some(vec![1, 2, 3]), limit: 200 }
}

fn snapshot<C>(rows: Vec<C>) -> Snapshot<C> {
    Snapshot { epoch: Epoch([7; 16]), at: 300, digest: [9; 16], rows, next: Some(vec![1, 2, 3]) }
}

fn accept_loss() -> AcceptLoss {
    AcceptLoss { source: Service::Auth }
}

fn loss_accepted() -> LossAccepted {
    LossAccepted { source: Service::Auth, rows: 300 }
}

fn diverged<C>() -> Changes<C> {
    Changes::Diverged { epoch: Epoch([7; 16]), watermark: 300 }
}

fn audit_page() -> AuditPage {
    let reference = |name: &str, target| Reference { name: name.to_owned(), row: "a row".to_owned(), target };
    AuditPage {
        references: vec![
            reference("events.invited.user", Target::User(user(1))),
            reference("calendar.entry.event", Target::Event(event(2))),
        ],
        discrepancies: vec!["a count".to_owned()],
        next: Some(vec![1, 2, 3]),
    }
}

fn health() -> Health {
    Health {
        version: "0.1.0".to_owned(),
        positions: Positions::of(Service::Auth, position()),
        behind: vec![Service::Sharing],
        stopped: vec!["why".to_owned()],
    }
}

fn watch() -> Watch {
    Watch { seen: watched(), wait_ms: 5_000 }
}

fn watched() -> Positions {
    Positions::of(Service::Events, position())
}

fn present() -> Present {
    Present { targets: vec![Target::User(user(1)), Target::Event(event(2))] }
}

fn timed() -> EventTime {
    at("2027-03-10T09:00:00", 90, "Europe/Berlin")
}

fn floating() -> EventTime {
    EventTime::floating("2027-03-10T07:00".parse().unwrap(), "2027-03-10T07:15".parse().unwrap()).unwrap()
}

fn weekly() -> Series {
    Series::new(timed(), &domain::time::Rules::parse("FREQ=WEEKLY;COUNT=3").unwrap()).unwrap()
}

fn moved() -> Exception {
    Exception::Changed(Change { time: timed(), title: None, location: Some(named("Hall")) })
}

fn whole_days() -> EventTime {
    on("2027-03-10", "2027-03-12")
}

fn places(number: u32) -> Option<domain::events::Capacity> {
    Some(domain::events::Capacity::try_from(number).unwrap())
}

fn an_event() -> Event {
    Event {
        alarms: domain::events::Alarms::default(),
        capacity: places(100),
        occurrence: None,
        id: event(2),
        title: named("会議 🎉"),
        description: named("Daily"),
        location: named("Room 1"),
        series: Series::once(timed()),
        public: true,
        organizer: Person::Named(named("alice")),
        version: 3,
        cancelled: false,
        created: Timestamp::from_micros(1_800_000_000_000_000),
    }
}

fn facts() -> EventFacts {
    EventFacts {
        alarms: domain::events::Alarms::default(),
        capacity: places(3),
        event: event(2),
        organizer: Some(user(1)),
        title: named("Standup"),
        location: named("Room 1"),
        series: Series::once(whole_days()),
        public: false,
        cancelled: true,
        version: 3,
    }
}

pub(crate) fn auth_requests() -> Vec<AuthRequest> {
    let password = "correct horse battery";
    vec![
        AuthRequest::register(Register { username: named("alice"), password: password.to_owned().try_into().unwrap() }),
        AuthRequest::login(Login { username: named("alice"), password: password.to_owned().try_into().unwrap() }),
        AuthRequest::logout(Logout),
        AuthRequest::renew(Renew),
        AuthRequest::change_password(ChangePassword {
            current: password.to_owned().try_into().unwrap(),
            new: password.to_owned().try_into().unwrap(),
        }),
        AuthRequest::delete_account(DeleteAccount),
        AuthRequest::whoami(WhoAmI),
        AuthRequest::find_user(FindUser { username: named("alice") }),
        AuthRequest::complete_name(CompleteName { prefix: "al".to_owned() }),
        AuthRequest::changes(read_changes()),
        AuthRequest::audit(Audit { after: Some(vec![1, 2]) }),
        AuthRequest::present(present()),
        AuthRequest::health(AskHealth),
        AuthRequest::snapshot(read_snapshot()),
    ]
}

pub(crate) fn auth_responses() -> Vec<AuthResponse> {
    let signed_in = || SignedIn {
        user: alice(),
        token: SessionToken("v4.public.token".into()),
        expires: Timestamp::from_micros(1_800_000_000_000_000),
    };
    let session = SessionId::from_bytes([3; 16]);
    vec![
        AuthResponse::register(signed_in()),
        AuthResponse::login(signed_in()),
        AuthResponse::logout(alice()),
        AuthResponse::renew(signed_in()),
        AuthResponse::change_password(alice()),
        AuthResponse::delete_account(alice()),
        AuthResponse::whoami(alice()),
        AuthResponse::find_user(VouchedUser { user: alice(), at: position() }),
        AuthResponse::complete_name(vec![named("alice"), named("alan")]),
        AuthResponse::changes(changes(vec![
            AuthChange::KeyPublished { key: [4; 8], public: [5; 32] },
            AuthChange::UserRegistered(alice()),
            AuthChange::SessionStarted { session, user: user(1), expires: Timestamp::from_micros(1) },
            AuthChange::SessionEnded { session },
            AuthChange::UserDeleted { user: user(1) },
        ])),
        AuthResponse::changes(diverged()),
        AuthResponse::audit(audit_page()),
        AuthResponse::present(vec![true, false]),
        AuthResponse::health(health()),
        AuthResponse::snapshot(snapshot(vec![AuthChange::UserRegistered(alice())])),
    ]
}

pub(crate) fn events_requests() -> Vec<EventsRequest> {
    let create = |time, public| CreateEvent {
        alarms: domain::events::Alarms::default(),
        capacity: places(2),
        rules: domain::time::Rules::default(),
        title: named("Standup"),
        description: named("Daily"),
        location: named("Room 1"),
        time,
        public,
        invite: vec![named("bob")],
    };
    let list = |listing, search, window| ListEvents { listing, search, window, page: page() };
    vec![
        EventsRequest::create(create(timed(), false)),
        EventsRequest::create(create(whole_days(), true)),
        EventsRequest::create(CreateEvent {
            rules: domain::time::Rules::parse("FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20270630").unwrap(),
            alarms: vec![10, 1_440].try_into().unwrap(),
            ..create(floating(), false)
        }),
        EventsRequest::exceptions(ListExceptions { event: event(2), page: page() }),
        EventsRequest::show(ShowEvent { instance: domain::Instance::On(5), event: event(2) }),
        EventsRequest::cancel(CancelEvent { instance: domain::Instance::From(5), event: event(2) }),
        EventsRequest::show(ShowEvent { instance: domain::Instance::Series, event: event(2) }),
        EventsRequest::edit(EditEvent {
            rules: None,
            alarms: None,
            capacity: Some(None),
            instance: domain::Instance::Series,
            event: event(2),
            if_version: Some(3),
            title: Some(named("Stand-up")),
            description: Some(named("")),
            location: None,
            time: Some(timed()),
            public: Some(true),
            invite: vec![named("bob")],
        }),
        EventsRequest::cancel(CancelEvent { instance: domain::Instance::Series, event: event(2) }),
        EventsRequest::invite(Invite { event: event(2), invitees: vec![named("bob"), named("carol")] }),
        EventsRequest::uninvite(Uninvite { event: event(2), invitees: vec![named("bob")] }),
        EventsRequest::list(list(Listing::Public, Some(named("text")), window(Some("2027-03-01"), None, "UTC"))),
        EventsRequest::list(list(Listing::Mine, None, window(None, Some("2027-03-31"), "Europe/Berlin"))),
        EventsRequest::vouch(VouchEvent { event: event(2), viewer: user(1) }),
        EventsRequest::changes(read_changes()),
        EventsRequest::audit(Audit { after: None }),
        EventsRequest::present(present()),
        EventsRequest::health(AskHealth),
        EventsRequest::watch(watch()),
        EventsRequest::snapshot(ReadSnapshot { after: None, limit: 1 }),
        EventsRequest::import(ImportEvent {
            age: Age { sequence: 3, modified: Some(Timestamp::from_micros(1)) },
            exceptions: vec![
                (5, Exception::Removed),
                (6, Exception::Changed(Change { time: timed(), title: Some(named("Other")), location: None })),
            ],
            ..imported("standup@example.org", "Standup")
        }),
        EventsRequest::original(ReadOriginal { event: event(2) }),
        EventsRequest::accept_loss(accept_loss()),
    ]
}

pub(crate) fn events_responses() -> Vec<EventsResponse> {
    let deserted =
        Event { organizer: Person::Deleted, cancelled: true, series: Series::once(whole_days()), ..an_event() };
    let vouched = |invited_by| VouchedEvent { facts: facts(), invited_by, at: position() };
    vec![
        EventsResponse::create(an_event()),
        EventsResponse::show(deserted),
        EventsResponse::edit(Event { series: weekly(), occurrence: Some(timed()), ..an_event() }),
        EventsResponse::exceptions(Page { items: vec![(5, Exception::Removed), (6, moved())], next: None }),
        EventsResponse::cancel(an_event()),
        EventsResponse::invite(an_event()),
        EventsResponse::uninvite(an_event()),
        EventsResponse::list(Page { items: vec![an_event()], next: Some(named("00ff")) }),
        EventsResponse::vouch(vouched(None)),
        EventsResponse::vouch(vouched(Some(None))),
        EventsResponse::vouch(vouched(Some(Some(user(1))))),
        EventsResponse::changes(changes(vec![
            EventChange::Put(facts()),
            EventChange::Invited { event: event(2), inviter: user(1), invitees: vec![user(3)] },
            EventChange::Uninvited { event: event(2), invitees: vec![user(3)] },
            EventChange::Removed { event: event(2) },
            EventChange::Put(EventFacts { series: weekly(), ..facts() }),
            EventChange::Exception { event: event(2), start: 5, exception: Some(moved()) },
            EventChange::Exception { event: event(2), start: 5, exception: None },
            EventChange::Continued { event: event(2), start: 5, by: event(3) },
        ])),
        EventsResponse::changes(diverged()),
        EventsResponse::audit(audit_page()),
        EventsResponse::present(vec![true, false]),
        EventsResponse::health(health()),
        EventsResponse::watch(watched()),
        EventsResponse::snapshot(snapshot(vec![
            EventChange::Put(facts()),
            EventChange::Members { event: event(2), inviter: Some(user(1)), invitees: vec![user(3)] },
            EventChange::Members { event: event(2), inviter: None, invitees: vec![user(3)] },
        ])),
        EventsResponse::import(Imported::New(event(2))),
        EventsResponse::import(Imported::Updated(event(2))),
        EventsResponse::import(Imported::Unchanged(event(2))),
        EventsResponse::import(Imported::Older(event(2))),
        EventsResponse::import(Imported::CancelledHere(event(2))),
        EventsResponse::import(Imported::CalledOff),
        EventsResponse::original(None),
        EventsResponse::original(Some(Source {
            uid: named("standup@example.org"),
            age: Age::default(),
            original: imported("standup@example.org", "Standup").original,
        })),
        EventsResponse::accept_loss(loss_accepted()),
    ]
}

fn an_invitation(status: Status, inviter: Option<Person>, instance: Instance) -> Invitation {
    let summary = EventSummary {
        id: event(2),
        title: named("Standup"),
        location: named("Room 1"),
        series: Series::once(timed()),
        public: true,
        organizer: Person::Named(named("alice")),
        cancelled: false,
    };
    let position = (status == Status::Waiting).then_some(3);
    Invitation { event: summary, instance, invitee: named("bob"), inviter, status, position }
}

pub(crate) fn invitations_requests() -> Vec<InvitationsRequest> {
    let respond = |response, instance| InvitationsRequest::respond(Respond { event: event(2), instance, response });
    let instance = Instance::Series;
    vec![
        InvitationsRequest::inbox(Inbox { all: true, page: page() }),
        respond(domain::invitations::Response::Accept, Instance::Series),
        respond(domain::invitations::Response::Decline, Instance::Series),
        respond(domain::invitations::Response::Maybe, Instance::On(1_800_000_000)),
        InvitationsRequest::attend(Attend { event: event(2), instance, maybe: true }),
        InvitationsRequest::unattend(Unattend { event: event(2), instance }),
        InvitationsRequest::participants(ListParticipants {
            event: event(2),
            instance,
            status: Some(Status::Maybe),
            page: page(),
        }),
        InvitationsRequest::of_people(OfPeople { event: event(2), invitees: vec![named("bob")] }),
        InvitationsRequest::changes(read_changes()),
        InvitationsRequest::audit(Audit { after: None }),
        InvitationsRequest::health(AskHealth),
        InvitationsRequest::watch(watch()),
        InvitationsRequest::answers(ListAnswers { after: None }),
        InvitationsRequest::answers(ListAnswers { after: Some(position()) }),
        InvitationsRequest::snapshot(read_snapshot()),
        InvitationsRequest::accept_loss(accept_loss()),
        InvitationsRequest::mine(OfEvents { events: vec![event(2), event(3)] }),
    ]
}

pub(crate) fn invitations_responses() -> Vec<InvitationsResponse> {
    let series = Instance::Series;
    let going = || an_invitation(Status::Going, Some(Person::Named(named("alice"))), series);
    vec![
        InvitationsResponse::inbox(Page {
            items: vec![an_invitation(Status::Pending, Some(Person::Deleted), series)],
            next: None,
        }),
        InvitationsResponse::respond(going()),
        InvitationsResponse::attend(an_invitation(Status::Waiting, None, Instance::On(1))),
        InvitationsResponse::unattend(an_invitation(Status::Declined, None, series)),
        InvitationsResponse::participants(Participants {
            counts: Counts { going: 1, maybe: 2, pending: 3, declined: 4, waiting: 5 },
            people: Page {
                items: vec![
                    Participant { username: named("bob"), status: Status::Going, position: None },
                    Participant { username: named("carol"), status: Status::Waiting, position: Some(300) },
                ],
                next: Some(named("00ff")),
            },
        }),
        InvitationsResponse::of_people(vec![going()]),
        InvitationsResponse::changes(changes(vec![InvitationChange::Answered {
            event: event(2),
            instance: series,
            people: vec![(user(1), Some(Status::Going)), (user(3), None)],
        }])),
        InvitationsResponse::changes(diverged()),
        InvitationsResponse::audit(audit_page()),
        InvitationsResponse::health(health()),
        InvitationsResponse::watch(watched()),
        InvitationsResponse::mine(vec![going()]),
        InvitationsResponse::answers(Answers {
            items: vec![Answered {
                event: event(2),
                instance: series,
                title: named("Standup"),
                username: named("bob"),
                status: Status::Declined,
            }],
            until: position(),
        }),
        InvitationsResponse::snapshot(Snapshot { next: None, ..snapshot(Vec::new()) }),
        InvitationsResponse::accept_loss(loss_accepted()),
    ]
}

pub(crate) fn calendar_requests() -> Vec<CalendarRequest> {
    let march = || window(Some("2027-03-01"), Some("2027-03-31"), "Europe/Berlin");
    vec![
        CalendarRequest::entries(ListEntries { of: None, window: march(), page: page() }),
        CalendarRequest::entries(ListEntries {
            of: Some(named("alice")),
            window: march(),
            page: PageRequest::default(),
        }),
        CalendarRequest::audit(Audit { after: None }),
        CalendarRequest::health(AskHealth),
        CalendarRequest::watch(watch()),
        CalendarRequest::accept_loss(accept_loss()),
    ]
}

pub(crate) fn calendar_responses() -> Vec<CalendarResponse> {
    let entry = |time, attendance| Entry::Event {
        alarms: domain::events::Alarms::default(),
        event: event(2),
        instance: Instance::Series,
        title: named("Standup"),
        time,
        location: named("Room 1"),
        attendance,
    };
    vec![
        CalendarResponse::entries(CalendarPage {
            owner: named("alice"),
            items: vec![
                entry(timed(), Attendance::Organizing),
                entry(whole_days(), Attendance::Going),
                entry(timed(), Attendance::Maybe),
                Entry::Busy { start: 1_800_000_000, end: 1_800_003_600 },
            ],
            next: Some(named("00ff")),
        }),
        CalendarResponse::audit(audit_page()),
        CalendarResponse::health(health()),
        CalendarResponse::watch(watched()),
        CalendarResponse::accept_loss(loss_accepted()),
    ]
}

pub(crate) fn sharing_requests() -> Vec<SharingRequest> {
    let share = |level| SharingRequest::share(ShareCalendar { with: named("bob"), level });
    vec![
        share(Level::Details),
        share(Level::Busy),
        SharingRequest::unshare(Unshare { with: named("bob") }),
        SharingRequest::shares(ListShares),
        SharingRequest::changes(read_changes()),
        SharingRequest::audit(Audit { after: None }),
        SharingRequest::health(AskHealth),
        SharingRequest::watch(watch()),
        SharingRequest::snapshot(read_snapshot()),
        SharingRequest::accept_loss(accept_loss()),
    ]
}

pub(crate) fn sharing_responses() -> Vec<SharingResponse> {
    let shares = || Shares {
        shared_with: vec![Share { username: named("bob"), level: Level::Details }],
        shared_with_me: vec![Share { username: named("carol"), level: Level::Busy }],
    };
    vec![
        SharingResponse::share(shares()),
        SharingResponse::unshare(shares()),
        SharingResponse::shares(shares()),
        SharingResponse::changes(changes(vec![
            SharingChange::Shared { owner: user(1), sharee: user(3), level: Level::Details },
            SharingChange::Unshared { owner: user(1), sharee: user(3) },
        ])),
        SharingResponse::changes(diverged()),
        SharingResponse::audit(audit_page()),
        SharingResponse::health(health()),
        SharingResponse::watch(watched()),
        SharingResponse::snapshot(snapshot(vec![SharingChange::Shared {
            owner: user(1),
            sharee: user(3),
            level: Level::Busy,
        }])),
        SharingResponse::accept_loss(loss_accepted()),
    ]
}
