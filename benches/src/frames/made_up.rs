//! Services that make their answers up while they are asked, so that a list can be as long as one likes.
//!
//! Only what the client asks for on the screens that are measured is answered; whatever else it asks for is unavailable, as from a
//! service that is away, and the client goes on.

use std::sync::Arc;

use async_trait::async_trait;
use domain::auth::{AuthClient, AuthProtocol, AuthRequest, AuthResponse, Register, SignedIn, User};
use domain::calendar::{
    Attendance, CalendarClient, CalendarPage, CalendarProtocol, CalendarRequest, CalendarResponse, Entry, ListEntries,
};
use domain::events::{Event, EventsClient, EventsProtocol, EventsRequest, EventsResponse, Person};
use domain::invitations::{
    Counts, InvitationsClient, InvitationsProtocol, InvitationsRequest, InvitationsResponse, ListParticipants,
    Participant, Participants, Status,
};
use domain::sharing::{SharingClient, SharingProtocol};
use domain::time::Moment;
use domain::{
    Answer, Context, Error, EventId, EventTime, Instance, Page, PageCursor, PageRequest, Positions, Protocol, Reply,
    Series, Service, SessionToken, Stub, Timestamp, UserId, Username, Zone,
};
use jiff::ToSpan as _;
use jiff::civil::Date;
use transport::cluster::Clients;

/// How much there is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Amounts {
    /// Events in whatever stretch of a calendar is asked for; the first of them today.
    pub(super) events: u32,
    /// People who come to each event.
    pub(super) participants: u32,
}

/// The clients of services that have so much.
pub(super) fn clients(amounts: Amounts) -> Clients {
    let auth: Arc<dyn Stub<AuthProtocol>> = Arc::new(Account);
    let events: Arc<dyn Stub<EventsProtocol>> = Arc::new(MadeUp(amounts));
    let invitations: Arc<dyn Stub<InvitationsProtocol>> = Arc::new(MadeUp(amounts));
    let calendar: Arc<dyn Stub<CalendarProtocol>> = Arc::new(MadeUp(amounts));
    let sharing: Arc<dyn Stub<SharingProtocol>> = Arc::new(Away);
    Clients {
        auth: Arc::new(AuthClient(auth)),
        events: Arc::new(EventsClient(events)),
        invitations: Arc::new(InvitationsClient(invitations)),
        calendar: Arc::new(CalendarClient(calendar)),
        sharing: Arc::new(SharingClient(sharing)),
    }
}

fn reply<T>(value: T) -> Answer<T> {
    Ok(Reply::new(value, Positions::default()))
}

fn away(service: Service) -> Error {
    Error::unavailable(service, "it is made up")
}

struct Away;

#[async_trait]
impl<P: Protocol> Stub<P> for Away {
    async fn call(&self, _: &Context, _: P::Request) -> Answer<P::Response> {
        Err(away(P::SERVICE))
    }
}

/// Registers whoever comes.
struct Account;

#[async_trait]
impl Stub<AuthProtocol> for Account {
    async fn call(&self, _: &Context, request: AuthRequest) -> Answer<AuthResponse> {
        let AuthRequest::register(Register { username, .. }) = request else { return Err(away(Service::Auth)) };
        reply(AuthResponse::register(SignedIn {
            user: User { id: UserId::from_bytes([1; 16]), username },
            token: SessionToken("made up".into()),
            expires: Timestamp::from_micros(i64::MAX),
        }))
    }
}

struct MadeUp(Amounts);

#[async_trait]
impl Stub<CalendarProtocol> for MadeUp {
    async fn call(&self, _: &Context, request: CalendarRequest) -> Answer<CalendarResponse> {
        match request {
            CalendarRequest::entries(asked) => {
                let page = entries(&asked, self.0.events)?;
                reply(CalendarResponse::entries(page))
            }
            _ => Err(away(Service::Calendar)),
        }
    }
}

#[async_trait]
impl Stub<EventsProtocol> for MadeUp {
    async fn call(&self, _: &Context, request: EventsRequest) -> Answer<EventsResponse> {
        match request {
            EventsRequest::show(asked) => reply(EventsResponse::show(event(asked.event)?)),
            _ => Err(away(Service::Events)),
        }
    }
}

#[async_trait]
impl Stub<InvitationsProtocol> for MadeUp {
    async fn call(&self, _: &Context, request: InvitationsRequest) -> Answer<InvitationsResponse> {
        match request {
            InvitationsRequest::participants(asked) => {
                reply(InvitationsResponse::participants(participants(&asked, self.0.participants)?))
            }
            InvitationsRequest::inbox(_) => reply(InvitationsResponse::inbox(Page { items: Vec::new(), next: None })),
            InvitationsRequest::of_people(_) => reply(InvitationsResponse::of_people(Vec::new())),
            _ => Err(away(Service::Invitations)),
        }
    }
}

/// A page of `count` things, of which `make` makes the one with a number.
fn page<T>(asked: &PageRequest, count: u32, make: impl Fn(u32) -> Result<T, Error>) -> Result<Page<T>, Error> {
    let begins = match &asked.after {
        None => 0,
        Some(cursor) => match <[u8; 4]>::try_from(cursor.to_bytes()?) {
            Ok(bytes) => u32::from_be_bytes(bytes),
            Err(_) => return Err(Error::invalid("after", cursor.to_string(), "no page of this list begins so")),
        },
    };
    let ends = begins.saturating_add(u32::try_from(asked.limit.get()).unwrap_or(u32::MAX)).min(count);
    let items = (begins..ends).map(make).collect::<Result<_, _>>()?;
    Ok(Page { items, next: (ends < count).then(|| PageCursor::from_bytes(&ends.to_be_bytes())) })
}

/// Entries, as many on each day of the stretch, or fewer than days there are; today has one.
fn entries(asked: &ListEntries, count: u32) -> Result<CalendarPage, Error> {
    let (Some(from), Some(to)) = (asked.window.from(), asked.window.to()) else {
        return Err(Error::invalid("from", "", "the made-up calendar is asked for stretches of days"));
    };
    let days = u32::try_from(from.until(to).map_or(0, |span| span.get_days())).unwrap_or(0) + 1;
    let zone = asked.window.zone();
    let today = domain::time::Window::today(now(), zone).unwrap_or(from);
    let lead = u32::try_from(from.until(today).map_or(0, |span| span.get_days())).unwrap_or(0) % days;
    // As many days as needed have something, evenly apart, and today is one of them.
    let busy = count.min(days).max(1);
    let mut taken: Vec<u32> = (0..busy).map(|nth| (lead + nth * days / busy) % days).collect();
    taken.sort_unstable();
    let page = page(&asked.page, count, |number| {
        let day = number * busy / count;
        let place = number - (day * count).div_ceil(busy);
        let day = taken.get(usize::try_from(day).unwrap_or(0)).copied().unwrap_or(0);
        let date = from.checked_add(i64::from(day).days()).unwrap_or(from);
        Ok(Entry::Event {
            alarms: domain::events::Alarms::default(),
            event: event_id(number),
            instance: Instance::Series,
            title: format!("Event {number} 会議 🎉 of a day with much to do").parse()?,
            time: time(date, place, zone)?,
            location: "Room 1".parse()?,
            attendance: [Attendance::Organizing, Attendance::Going, Attendance::Maybe]
                .get(usize::try_from(number % 3).unwrap_or(0))
                .copied()
                .unwrap_or(Attendance::Going),
        })
    })?;
    Ok(CalendarPage { owner: OWNER.parse()?, items: page.items, next: page.next })
}

/// Who looks at all this.
pub(super) const OWNER: &str = "alice";

fn now() -> Timestamp {
    Timestamp::from_micros(jiff::Timestamp::now().as_microsecond())
}

fn event_id(number: u32) -> EventId {
    let mut bytes = [0; 16];
    let [.., a, b, c, d] = &mut bytes;
    [*a, *b, *c, *d] = number.to_be_bytes();
    EventId::from_bytes(bytes)
}

/// The one with this number of a day: each half an hour, between six in the morning and ten in the evening.
fn time(date: Date, place: u32, zone: &Zone) -> Result<EventTime, Error> {
    let start = date.at(6, 0, 0, 0).checked_add((i64::from(place % 32) * 30).minutes()).unwrap_or(date.at(6, 0, 0, 0));
    let start = Moment::in_zone("start", start, zone)?;
    let end = jiff::Timestamp::from_second(start.instant(zone) + 1_800).unwrap_or_default();
    EventTime::timed(start, Moment::at("end", end, zone)?, zone.clone())
}

fn event(id: EventId) -> Result<Event, Error> {
    let zone = Zone::utc();
    let today = domain::time::Window::today(now(), &zone).unwrap_or(Date::MIN);
    Ok(Event {
        alarms: domain::events::Alarms::default(),
        capacity: None,
        occurrence: None,
        id,
        title: "An event with many people".parse()?,
        description: "Everyone comes.".parse()?,
        location: "The stadium".parse()?,
        series: Series::once(time(today, 0, &zone)?),
        public: false,
        organizer: Person::Named(OWNER.parse()?),
        version: 1,
        cancelled: false,
        created: now(),
    })
}

fn participants(asked: &ListParticipants, count: u32) -> Result<Participants, Error> {
    let (going, maybe, pending) = (count / 2, count / 4, count / 8);
    let status = |number: u32| match number {
        n if n < going => Status::Going,
        n if n < going + maybe => Status::Maybe,
        n if n < going + maybe + pending => Status::Pending,
        _ => Status::Declined,
    };
    let people = page(&asked.page, count, |number| {
        let username: Username = format!("person-{number}").parse()?;
        Ok(Participant { username, status: status(number), position: None })
    })?;
    let declined = count - going - maybe - pending;
    let counts = Counts {
        going: going.into(),
        maybe: maybe.into(),
        pending: pending.into(),
        declined: declined.into(),
        waiting: 0,
    };
    Ok(Participants { counts, people })
}

#[cfg(test)]
mod tests {
    use domain::Limit;
    use domain::time::Window;

    use super::*;

    fn all(count: u32) -> Vec<Entry> {
        let zone = Zone::utc();
        let today = Window::today(now(), &zone).unwrap();
        let first = today.first_of_month();
        let window = Window::new(Some(first), Some(first.checked_add(41.days()).unwrap()), zone).unwrap();
        let mut asked = ListEntries { of: None, window, page: PageRequest { limit: Limit::MAX, after: None } };
        let mut found = Vec::new();
        loop {
            let page = entries(&asked, count).unwrap();
            assert!(page.items.len() <= 200);
            found.extend(page.items);
            asked.page.after = page.next;
            if asked.page.after.is_none() {
                return found;
            }
        }
    }

    fn start(entry: &Entry) -> i64 {
        match entry {
            Entry::Event { time: EventTime::Timed(timed), .. } => timed.start().instant(timed.zone()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_made_up_month_has_so_many_events_in_order_and_one_of_them_is_today() {
        for count in [1, 10, 42, 100, 1_000] {
            let entries = all(count);
            assert_eq!(entries.len(), usize::try_from(count).unwrap());
            assert!(entries.is_sorted_by_key(start), "{count}");
            let days: std::collections::BTreeSet<i64> = entries.iter().map(|e| start(e).div_euclid(86_400)).collect();
            assert!(days.contains(&(now().as_micros().div_euclid(86_400_000_000))), "{count}");
            assert_eq!(days.len(), usize::try_from(count.min(42)).unwrap());
        }
    }

    #[test]
    fn made_up_people_come_in_pages_by_status() {
        let mut asked = ListParticipants {
            event: event_id(1),
            instance: Instance::Series,
            status: None,
            page: PageRequest { limit: Limit::MAX, after: None },
        };
        let mut statuses = Vec::new();
        loop {
            let found = participants(&asked, 1_000).unwrap();
            assert_eq!(found.counts, Counts { going: 500, maybe: 250, pending: 125, declined: 125, waiting: 0 });
            statuses.extend(found.people.items.into_iter().map(|person| person.status));
            asked.page.after = found.people.next;
            if asked.page.after.is_none() {
                break;
            }
        }
        assert_eq!(statuses.len(), 1_000);
        assert_eq!(statuses.iter().filter(|status| **status == Status::Pending).count(), 125);
        assert!(statuses.windows(2).filter(|two| two[0] != two[1]).count() == 3);
    }
}
