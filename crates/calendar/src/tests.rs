//! What can be seen only from within: calendars while a cascade is unfinished, and an audit of rows that disagree.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chassis::directory::People;
use chassis::follow::Follower as _;
use chassis::{Chassis, Fault, OperatorKey, Setup, SystemClock};
use domain::auth::{AuthChange, AuthClient, AuthProtocol, AuthRequest, AuthResponse, User};
use domain::calendar::{Calendar as _, CalendarPage, ListEntries};
use domain::events::{EventChange, EventFacts};
use domain::integrity::Audit;
use domain::invitations::{InvitationChange, Status};
use domain::time::{EventTime, Window};
use domain::{
    Actor, Answer, Context, Credential, Epoch, Error, EventId, Instance, PageRequest, Position, Series, Service,
    SessionId, Stub, UserId, Zone,
};
use jiff::civil::{Date, date};
use storage::{Database, Options, Reader as _, Transaction};

use crate::service::Calendars;
use crate::store::{CLOSED, ENTRIES, ENTRIES_OF_EVENT, EVENTS, SHARES, SHARES_OF_SHAREE, TIMELINE};
use crate::{SCHEMA, cascade, follow};

const DAY: Date = date(2027, 3, 10);
const LATER: Date = date(2027, 4, 1);
const AT: Position = Position { epoch: Epoch([1; 16]), at: 1 };

/// Auth, away.
struct Away;

#[async_trait]
impl Stub<AuthProtocol> for Away {
    async fn call(&self, _: &Context, _: AuthRequest) -> Answer<AuthResponse> {
        Err(Error::unavailable(Service::Auth, "it is away"))
    }
}

/// The service without the tasks that follow and work off.
struct Still {
    chassis: Arc<Chassis>,
    calendars: Calendars,
}

impl Still {
    fn new() -> Self {
        let db = Database::in_memory(Options::new("calendar", SCHEMA));
        let setup = Setup { db, clock: Arc::new(SystemClock), operator: OperatorKey::random().unwrap() };
        let chassis = Chassis::new(Service::Calendar, setup);
        let people = People::new(Arc::clone(&chassis), Arc::new(AuthClient(Arc::new(Away))));
        Self { calendars: Calendars::new(Arc::clone(&chassis), people), chassis }
    }

    async fn write(&self, change: impl FnOnce(&mut Transaction<'_>) -> Result<(), Fault> + Send + 'static) {
        self.chassis.db().write(change).await.unwrap();
    }

    /// A feast on [`DAY`], and guests who come.
    async fn feast(&self, guests: usize) -> (EventFacts, Vec<UserId>) {
        let guests: Vec<_> = (0..guests).map(|_| UserId::new()).collect();
        let facts = facts(DAY);
        let (put, people) = (facts.clone(), guests.clone());
        self.write(move |tx| {
            for (number, id) in people.iter().enumerate() {
                let username = format!("guest-{number}").parse()?;
                follow::OfAuth.apply(tx, AT, &AuthChange::UserRegistered(User { id: *id, username }))?;
            }
            let (event, instance) = (put.event, Instance::Series);
            follow::OfEvents.apply(tx, AT, &EventChange::Put(put))?;
            let people = people.iter().map(|user| (*user, Some(Status::Going))).collect();
            follow::OfInvitations.apply(tx, AT, &InvitationChange::Answered { event, instance, people })
        })
        .await;
        (facts, guests)
    }

    /// How many events someone sees on a day.
    async fn sees(&self, user: UserId, day: Date) -> usize {
        let mut context = Context::new(Credential::None, Duration::from_secs(5));
        context.actor = Actor::User { user, session: SessionId::new(), at: AT };
        let window = Window::new(Some(day), Some(day), Zone::utc()).unwrap();
        let request = ListEntries { of: None, window, page: PageRequest::default() };
        let CalendarPage { items, next, .. } = self.calendars.entries(&context, request).await.unwrap().value;
        assert_eq!(next, None);
        items.len()
    }

    async fn discrepancies(&self) -> Vec<String> {
        let context = Context::new(Credential::None, Duration::from_secs(5));
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = self.calendars.audit(&context, Audit { after }).await.unwrap().value;
            found.extend(page.discrepancies);
            after = page.next;
            if after.is_none() {
                return found;
            }
        }
    }
}

fn facts(day: Date) -> EventFacts {
    EventFacts {
        alarms: domain::events::Alarms::default(),
        capacity: None,
        event: EventId::new(),
        organizer: None,
        title: "feast".parse().unwrap(),
        location: domain::Location::default(),
        series: Series::once(EventTime::all_day(day, day.tomorrow().unwrap()).unwrap()),
        public: false,
        cancelled: false,
        version: 1,
    }
}

#[tokio::test]
async fn until_a_large_event_has_moved_everywhere_nobody_sees_it_where_it_is_no_more() {
    let still = Still::new();
    let (mut feast, guests) = still.feast(450).await;
    feast.series = facts(LATER).series;
    still.write(move |tx| follow::OfEvents.apply(tx, AT, &EventChange::Put(feast))).await;
    let (first, last) = (guests[0], guests[449]);
    assert_eq!((still.sees(first, DAY).await, still.sees(first, LATER).await), (0, 1));
    assert_eq!((still.sees(last, DAY).await, still.sees(last, LATER).await), (0, 0), "its turn has not come");

    let worker = tokio::spawn(Arc::clone(&still.chassis).work_off(cascade::step));
    while still.sees(last, LATER).await == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(still.sees(last, DAY).await, 0);
    worker.abort();
    assert_eq!(still.discrepancies().await, Vec::<String>::new());
}

#[tokio::test]
async fn until_a_large_event_is_cancelled_or_gone_everywhere_nobody_sees_it_all_the_same() {
    for removed in [false, true] {
        let still = Still::new();
        let (mut feast, guests) = still.feast(450).await;
        assert_eq!(still.sees(guests[449], DAY).await, 1);
        feast.cancelled = true;
        let event = feast.event;
        let change = if removed { EventChange::Removed { event } } else { EventChange::Put(feast) };
        still.write(move |tx| follow::OfEvents.apply(tx, AT, &change)).await;
        for guest in guests {
            assert_eq!(still.sees(guest, DAY).await, 0);
        }
        assert!(!still.discrepancies().await.is_empty(), "the audit sees that there is work left");
    }
}

#[tokio::test]
async fn a_cascade_that_was_overtaken_by_another_change_ends_in_the_present_state() {
    let still = Still::new();
    let (mut feast, guests) = still.feast(450).await;
    let last = date(2027, 5, 1);
    feast.series = facts(LATER).series;
    let again = EventFacts { series: facts(last).series, ..feast.clone() };
    still
        .write(move |tx| {
            follow::OfEvents.apply(tx, AT, &EventChange::Put(feast))?;
            follow::OfEvents.apply(tx, Position { at: 2, ..AT }, &EventChange::Put(again))
        })
        .await;
    let worker = tokio::spawn(Arc::clone(&still.chassis).work_off(cascade::step));
    while still.sees(guests[449], last).await == 0 {
        tokio::task::yield_now().await;
    }
    worker.abort();
    assert_eq!(still.discrepancies().await, Vec::<String>::new());
    for guest in guests.iter().step_by(49) {
        let seen = [still.sees(*guest, DAY).await, still.sees(*guest, LATER).await, still.sees(*guest, last).await];
        assert_eq!(seen, [0, 0, 1]);
    }
}

#[tokio::test]
async fn taking_the_same_records_over_again_changes_nothing() {
    let still = Still::new();
    let (feast, guests) = still.feast(3).await;
    let rows = async || {
        let found = still.chassis.db().read(|view| {
            let timeline = TIMELINE.entries(view, None, 100)?;
            Ok::<_, Fault>((view.scan(&ENTRIES, &(), None, 100)?, timeline))
        });
        found.await.unwrap()
    };
    let before = rows().await;
    let (event, instance) = (feast.event, Instance::Series);
    still
        .write(move |tx| {
            follow::OfEvents.apply(tx, AT, &EventChange::Put(feast))?;
            let people = guests.iter().map(|user| (*user, Some(Status::Going))).collect();
            follow::OfInvitations.apply(tx, AT, &InvitationChange::Answered { event, instance, people })
        })
        .await;
    assert_eq!(rows().await, before);
    assert_eq!(before.0.len(), 3);
}

#[tokio::test]
async fn an_audit_finds_rows_that_disagree() {
    type Harm = fn(&mut Transaction<'_>, &EventFacts, UserId) -> Result<(), Fault>;
    let harms: [(&str, Harm); 7] = [
        ("missing from the index by time", |tx, feast, guest| {
            TIMELINE.remove(tx, &guest, feast.series.first.extent(), feast.event, Instance::Series)
        }),
        ("missing from the entries of its event", |tx, feast, guest| {
            Ok(tx.delete(&ENTRIES_OF_EVENT, &(feast.event, guest, Instance::Series))?)
        }),
        ("who has no such entry", |tx, feast, guest| {
            TIMELINE.remove(tx, &guest, feast.series.first.extent(), feast.event, Instance::Series)?;
            Ok(tx.delete(&ENTRIES, &(guest, feast.event, Instance::Series))?)
        }),
        ("where the entry is not", |tx, feast, guest| {
            TIMELINE.insert(tx, &guest, facts(LATER).series.first.extent(), feast.event, Instance::Series)
        }),
        ("lies elsewhere in the index", |tx, feast, _| Ok(tx.delete(&EVENTS, &feast.event)?)),
        ("is of a user who was deleted", |tx, _, guest| Ok(tx.put(&CLOSED, &guest, &())?)),
        ("on the sharee's side only", |tx, _, guest| {
            tx.delete(&SHARES, &(guest, guest))?;
            Ok(tx.put(&SHARES_OF_SHAREE, &(guest, guest), &())?)
        }),
    ];
    for (expected, harm) in harms {
        let still = Still::new();
        let (feast, guests) = still.feast(2).await;
        assert_eq!(still.discrepancies().await, Vec::<String>::new());
        still.write(move |tx| harm(tx, &feast, guests[0])).await;
        let found = still.discrepancies().await;
        assert!(found.iter().any(|what| what.contains(expected)), "{expected}: {found:?}");
    }
}

#[tokio::test]
async fn an_audit_comes_in_pages_and_refuses_a_cursor_that_it_did_not_make() {
    let still = Still::new();
    still.feast(1_200).await;
    let context = Context::new(Credential::None, Duration::from_secs(5));
    let first = still.calendars.audit(&context, Audit { after: None }).await.unwrap().value;
    assert!(first.next.is_some() && first.references.len() <= 1_000);
    let error = still.calendars.audit(&context, Audit { after: Some(vec![250; 3]) }).await.unwrap_err();
    assert_eq!((error.code(), error.field()), ("invalid_input", Some("after")));
}
