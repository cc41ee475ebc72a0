//! Whatever order the records of the four logs arrive in, and however often the service is stopped, the calendars are in the end
//! what the whole history says.

use std::collections::{BTreeMap, BTreeSet};

use domain::auth::AuthChange;
use domain::calendar::{Attendance, Entry};
use domain::events::{Change, EventChange, EventFacts, Exception};
use domain::integrity::Target;
use domain::invitations::{InvitationChange, Status};
use domain::sharing::{Level, SharingChange};
use domain::time::{EventTime, Rules, civil_seconds};
use domain::{EventId, EventTitle, Instance, Series, UserId};
use jiff::ToSpan as _;
use jiff::civil::{DateTime, date};
use proptest::prelude::*;

use crate::town::{Citizen, Town, days, ever, timed};

const PEOPLE: usize = 4;
const EVENTS: usize = 4;

/// Something happened. People and events are numbered.
#[derive(Clone, Debug)]
enum Happening {
    Makes { event: usize, organizer: usize, time: usize },
    Moves { event: usize, time: usize },
    Retitles { event: usize },
    Cancels { event: usize },
    Removes { event: usize },
    Answers { event: usize, who: usize, to: To, status: Option<Status> },
    Excepts { event: usize, nth: usize, what: What },
    Shares { owner: usize, sharee: usize, level: Level },
    Unshares { owner: usize, sharee: usize },
    Leaves { who: usize },
}

/// What of an event is answered: all of it, its nth instance, or that and all that follow.
#[derive(Clone, Copy, Debug)]
enum To {
    All,
    One(usize),
    From(usize),
}

/// What becomes of an instance.
#[derive(Clone, Copy, Debug)]
enum What {
    Removed,
    /// So many days later, with a title of its own.
    Moved(i64),
    AsEver,
}

fn happening() -> impl Strategy<Value = Happening> {
    let (event, who) = (0..EVENTS, 0..PEOPLE);
    let status = prop_oneof![
        4 => Just(Some(Status::Going)), 2 => Just(Some(Status::Maybe)),
        1 => Just(Some(Status::Pending)), 1 => Just(Some(Status::Declined)), 1 => Just(None),
    ];
    let level = prop_oneof![Just(Level::Details), Just(Level::Busy)];
    let to = prop_oneof![4 => Just(To::All), 2 => (0..5_usize).prop_map(To::One), 2 => (0..5_usize).prop_map(To::From)];
    let what = prop_oneof![Just(What::Removed), (-3_i64..40).prop_map(What::Moved), Just(What::AsEver)];
    prop_oneof![
        8 => (event.clone(), who.clone(), 0..TIMES)
            .prop_map(|(event, organizer, time)| Happening::Makes { event, organizer, time }),
        3 => (event.clone(), 0..TIMES).prop_map(|(event, time)| Happening::Moves { event, time }),
        1 => event.clone().prop_map(|event| Happening::Retitles { event }),
        1 => event.clone().prop_map(|event| Happening::Cancels { event }),
        1 => event.clone().prop_map(|event| Happening::Removes { event }),
        6 => (event.clone(), 0..5_usize, what).prop_map(|(event, nth, what)| Happening::Excepts { event, nth, what }),
        16 => (event, who.clone(), to, status)
            .prop_map(|(event, who, to, status)| Happening::Answers { event, who, to, status }),
        4 => (who.clone(), who.clone(), level)
            .prop_map(|(owner, sharee, level)| Happening::Shares { owner, sharee, level }),
        2 => (who.clone(), who.clone()).prop_map(|(owner, sharee)| Happening::Unshares { owner, sharee }),
        1 => who.prop_map(|who| Happening::Leaves { who }),
    ]
}

/// What comes next: some records of one of the logs, or a restart.
#[derive(Clone, Debug)]
enum Delivery {
    Records { log: usize, count: usize },
    Restart,
}

fn delivery() -> impl Strategy<Value = Delivery> {
    prop_oneof![
        9 => (0..4_usize, 1..4_usize).prop_map(|(log, count)| Delivery::Records { log, count }),
        1 => Just(Delivery::Restart),
    ]
}

/// The whole history, and what it comes to.
#[derive(Default)]
struct History {
    people: Vec<Citizen>,
    gone: BTreeSet<UserId>,
    /// By number; the facts are `None` once the event is removed.
    events: BTreeMap<usize, (EventId, Option<EventFacts>)>,
    /// When each event is, by number.
    times: BTreeMap<EventId, usize>,
    exceptions: BTreeMap<(EventId, i64), Exception>,
    coming: BTreeMap<(EventId, UserId, Instance), Status>,
    shares: BTreeMap<(UserId, UserId), Level>,
}

/// How many ways of lying in time there are: four once, three again and again.
const TIMES: usize = 7;

fn series(number: usize) -> Series {
    let rule = match number {
        4 => "FREQ=WEEKLY;COUNT=4",
        5 => "FREQ=DAILY;UNTIL=20270313",
        6 => "FREQ=YEARLY;COUNT=3",
        _ => return Series::once(time(number)),
    };
    Series::new(time(number), &Rules::parse(rule).unwrap()).unwrap()
}

/// The original starts of the instances, written out; none of what happens once.
fn starts(number: usize) -> Vec<DateTime> {
    let at = |year, month, day, hour| date(year, month, day).at(hour, 0, 0, 0);
    match number {
        4 => vec![at(2027, 3, 10, 9), at(2027, 3, 17, 9), at(2027, 3, 24, 9), at(2027, 3, 31, 9)],
        5 => (10..=13).map(|day| at(2027, 3, day, 0)).collect(),
        6 => (2027..2030).map(|year| at(year, 3, 10, 23)).collect(),
        _ => Vec::new(),
    }
}

/// When an instance is that begins at `start`.
fn time_from(number: usize, start: DateTime) -> EventTime {
    match number {
        4 => timed(start, start.checked_add(1.hour()).unwrap(), "Europe/Berlin"),
        5 => days(start.date(), start.date()),
        _ => timed(start, start.checked_add(2.hours()).unwrap(), "America/New_York"),
    }
}

fn time(number: usize) -> EventTime {
    let day = date(2027, 3, 10);
    match number {
        0 => timed(day.at(9, 0, 0, 0), day.at(10, 0, 0, 0), "Europe/Berlin"),
        1 => timed(day.at(9, 30, 0, 0), date(2027, 3, 13).at(9, 0, 0, 0), "America/New_York"),
        2 => days(day, day),
        4..TIMES => time_from(number, starts(number)[0]),
        _ => days(date(2027, 3, 8), day),
    }
}

/// The start of the nth instance; behind the last, of one that could be added a week later.
fn nth_start(number: usize, nth: usize) -> Option<DateTime> {
    let starts = starts(number);
    let added = starts.last()?.checked_add(7.days()).ok()?;
    Some(starts.get(nth).copied().unwrap_or(added))
}

impl History {
    fn put(town: &Town, facts: &mut EventFacts) {
        facts.version += 1;
        town.others.events.write(EventChange::Put(facts.clone()));
    }

    fn goes_on(&mut self, town: &Town, happening: &Happening) {
        match *happening {
            Happening::Makes { event, organizer, time: number } => {
                let organizer = self.people[organizer].id;
                if self.events.contains_key(&event) || self.gone.contains(&organizer) {
                    return;
                }
                let id = EventId::new();
                let mut facts = EventFacts {
                    alarms: domain::events::Alarms::default(),
                    capacity: None,
                    event: id,
                    organizer: Some(organizer),
                    title: format!("event {event}").parse().unwrap(),
                    location: "Bonn".parse().unwrap(),
                    series: series(number),
                    public: true,
                    cancelled: false,
                    version: 0,
                };
                Self::put(town, &mut facts);
                self.events.insert(event, (id, Some(facts)));
                self.times.insert(id, number);
            }
            Happening::Moves { event, time: number } => {
                if let Some(id) = self.edit(town, event, |facts| facts.series = series(number)) {
                    self.times.insert(id, number);
                }
            }
            Happening::Retitles { event } => {
                self.edit(town, event, |facts| facts.title = format!("{}!", facts.title).parse().unwrap());
            }
            Happening::Cancels { event } => {
                self.edit(town, event, |facts| facts.cancelled = true);
            }
            Happening::Excepts { event, nth, what } => {
                let Some((id, Some(_))) = self.events.get(&event) else { return };
                let (id, number) = (*id, self.times[id]);
                // One more than there are: an instance that was added.
                let Some(start) = nth_start(number, nth) else { return };
                let exception = match what {
                    What::Removed => Some(Exception::Removed),
                    What::AsEver => None,
                    What::Moved(later) => Some(Exception::Changed(Change {
                        time: time_from(number, start.checked_add(later.days()).unwrap()),
                        title: Some("moved".parse().unwrap()),
                        location: None,
                    })),
                };
                let start = civil_seconds(start);
                match &exception {
                    Some(exception) => self.exceptions.insert((id, start), exception.clone()),
                    None => self.exceptions.remove(&(id, start)),
                };
                town.others.events.write(EventChange::Exception { event: id, start, exception });
            }
            Happening::Removes { event } => {
                if let Some((id, facts @ Some(_))) = self.events.get_mut(&event) {
                    *facts = None;
                    town.others.events.write(EventChange::Removed { event: *id });
                }
            }
            // Also for events and users that are gone: invitations may not have heard of that yet.
            Happening::Answers { event, who, to, status } => {
                let Some((event, _)) = self.events.get(&event) else { return };
                let (event, who) = (*event, self.people[who].id);
                let start = |nth| nth_start(self.times[&event], nth).map_or(0, civil_seconds);
                let instance = match to {
                    To::All => Instance::Series,
                    To::One(nth) => Instance::On(start(nth)),
                    To::From(nth) => Instance::From(start(nth)),
                };
                match status {
                    Some(status) => self.coming.insert((event, who, instance), status),
                    None => self.coming.remove(&(event, who, instance)),
                };
                let people = vec![(who, status)];
                town.others.invitations.write(InvitationChange::Answered { event, instance, people });
            }
            Happening::Shares { owner, sharee, level } => {
                let (owner, sharee) = (self.people[owner].id, self.people[sharee].id);
                if owner != sharee {
                    self.shares.insert((owner, sharee), level);
                    town.others.sharing.write(SharingChange::Shared { owner, sharee, level });
                }
            }
            Happening::Unshares { owner, sharee } => {
                let (owner, sharee) = (self.people[owner].id, self.people[sharee].id);
                self.shares.remove(&(owner, sharee));
                town.others.sharing.write(SharingChange::Unshared { owner, sharee });
            }
            Happening::Leaves { who } => {
                let user = self.people[who].id;
                if self.gone.insert(user) {
                    town.others.auth.write(AuthChange::UserDeleted { user });
                    for (_, facts) in self.events.values_mut() {
                        if let Some(facts) = facts.as_mut().filter(|facts| facts.organizer == Some(user)) {
                            (facts.organizer, facts.cancelled) = (None, true);
                            Self::put(town, facts);
                        }
                    }
                }
            }
        }
    }

    fn edit(&mut self, town: &Town, event: usize, edit: impl FnOnce(&mut EventFacts)) -> Option<EventId> {
        let (id, facts) = self.events.get_mut(&event)?;
        let facts = facts.as_mut().filter(|facts| !facts.cancelled)?;
        edit(facts);
        Self::put(town, facts);
        Some(*id)
    }

    /// The instances of an event, each with when it is and how it is called, if not as the event is.
    fn instances_of(&self, id: EventId) -> Vec<(i64, EventTime, Option<EventTitle>)> {
        let number = self.times[&id];
        let named = starts(number).into_iter().map(|start| (civil_seconds(start), time_from(number, start), None));
        let mut instances: Vec<_> = named.filter(|(start, ..)| !self.exceptions.contains_key(&(id, *start))).collect();
        let excepted = self.exceptions.range((id, i64::MIN)..=(id, i64::MAX));
        instances.extend(excepted.filter_map(|((_, start), exception)| match exception {
            Exception::Removed => None,
            Exception::Changed(change) => Some((*start, change.time.clone(), change.title.clone())),
        }));
        instances
    }

    /// What someone said of an instance: of itself, else last of it and all that follow, else of all.
    fn said(&self, event: EventId, user: UserId, start: i64) -> Option<Status> {
        let said = |instance| self.coming.get(&(event, user, instance)).copied();
        let from = self.coming.range((event, user, Instance::From(i64::MIN))..=(event, user, Instance::From(start)));
        said(Instance::On(start)).or_else(|| from.last().map(|(_, status)| *status)).or_else(|| said(Instance::Series))
    }

    /// What is in the calendar of someone who is still there: by start, as a reader in UTC sees it.
    fn calendar_of(&self, user: UserId) -> Vec<Entry> {
        let mut entries = Vec::new();
        for (id, facts) in self.events.values() {
            let Some(facts) = facts.as_ref().filter(|facts| !facts.cancelled) else { continue };
            let attendance = |status: Option<Status>| match status {
                _ if facts.organizer == Some(user) => Some(Attendance::Organizing),
                Some(Status::Going) => Some(Attendance::Going),
                Some(Status::Maybe) => Some(Attendance::Maybe),
                Some(Status::Pending | Status::Declined | Status::Waiting) | None => None,
            };
            let instances = match facts.series.recurs() {
                true => self
                    .instances_of(*id)
                    .into_iter()
                    .map(|(start, time, title)| {
                        (Instance::On(start), time, title, attendance(self.said(*id, user, start)))
                    })
                    .collect(),
                false => {
                    let said = self.coming.get(&(*id, user, Instance::Series)).copied();
                    vec![(Instance::Series, facts.series.first.clone(), None, attendance(said))]
                }
            };
            for (instance, time, title, attendance) in instances {
                let Some(attendance) = attendance else { continue };
                // In UTC both lines of time read the same.
                let place = (time.extent().start, *id, instance);
                let entry = Entry::Event {
                    event: *id,
                    instance,
                    title: title.unwrap_or_else(|| facts.title.clone()),
                    time,
                    location: facts.location.clone(),
                    alarms: facts.alarms.clone(),
                    attendance,
                };
                entries.push((place, entry));
            }
        }
        entries.sort_by_key(|(place, _)| *place);
        entries.into_iter().map(|(_, entry)| entry).collect()
    }

    async fn has_come_to_this(&self, town: &Town) -> Result<(), TestCaseError> {
        let (here, gone): (Vec<_>, Vec<_>) = self.people.iter().partition(|citizen| !self.gone.contains(&citizen.id));
        for reader in &here {
            let own = town.sees(reader, None, &ever(), 2).await.unwrap();
            prop_assert_eq!(&own, &self.calendar_of(reader.id));
            for owner in here.iter().filter(|owner| owner.id != reader.id) {
                let seen = town.sees(reader, Some(owner), &ever(), 2).await;
                match self.shares.get(&(owner.id, reader.id)) {
                    Some(Level::Details) => prop_assert_eq!(seen.unwrap(), self.calendar_of(owner.id)),
                    Some(Level::Busy) => {
                        let busy = seen.unwrap();
                        prop_assert_eq!(busy.is_empty(), self.calendar_of(owner.id).is_empty());
                        let tells = |entry: &Entry| !matches!(entry, Entry::Busy { .. });
                        prop_assert!(!busy.iter().any(tells));
                    }
                    None => prop_assert_eq!(seen.unwrap_err().code(), "forbidden"),
                }
            }
            for owner in &gone {
                let refused = town.sees(reader, Some(owner), &ever(), 2).await.unwrap_err();
                prop_assert_eq!((refused.code(), refused.field()), ("not_found", Some("user")));
            }
        }
        for reader in &gone {
            let refused = town.sees(reader, None, &ever(), 2).await.unwrap_err();
            prop_assert_eq!(refused.code(), "unauthenticated");
        }
        let (references, discrepancies) = town.audit().await;
        prop_assert_eq!(discrepancies, Vec::<String>::new());
        let events: BTreeSet<_> =
            self.events.values().filter(|(_, facts)| facts.is_some()).map(|(id, _)| *id).collect();
        for reference in &references {
            let dangles = match reference.target {
                Target::User(user) => self.gone.contains(&user),
                Target::Event(event) => !events.contains(&event),
            };
            prop_assert!(!dangles, "{:?} dangles", reference);
        }
        let calendars = references.iter().filter(|reference| reference.name == "calendar.calendar.owner").count();
        prop_assert_eq!(calendars, here.len());
        Ok(())
    }
}

async fn all_comes_out(happenings: Vec<Happening>, deliveries: Vec<Delivery>) -> Result<(), TestCaseError> {
    let mut town = Town::new().await;
    let people = (0..PEOPLE).map(|number| town.registers(&format!("citizen-{number}"))).collect();
    let mut history = History { people, ..History::default() };
    for happening in &happenings {
        history.goes_on(&town, happening);
    }
    for who in &history.people {
        if history.gone.contains(&who.id) {
            town.forgets_the_name_of(who);
        }
    }
    for delivery in &deliveries {
        let others = &town.others;
        match delivery {
            Delivery::Records { log: 0, count } => drop(others.auth.release(*count)),
            Delivery::Records { log: 1, count } => drop(others.events.release(*count)),
            Delivery::Records { log: 2, count } => drop(others.invitations.release(*count)),
            Delivery::Records { count, .. } => drop(others.sharing.release(*count)),
            Delivery::Restart => town = town.restart().await,
        }
        town.catches_up().await;
        // Halfway, too, the rows agree with each other.
        let (_, discrepancies) = town.audit().await;
        prop_assert_eq!(discrepancies, Vec::<String>::new());
    }
    town.others.release_all();
    town.catches_up().await;
    history.has_come_to_this(&town).await?;
    // And nothing of it was in memory only.
    let town = town.restart().await;
    town.catches_up().await;
    history.has_come_to_this(&town).await
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn calendars_come_out_the_same_in_whatever_order_the_four_logs_arrive(
        happenings in proptest::collection::vec(happening(), 0..40),
        deliveries in proptest::collection::vec(delivery(), 0..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(all_comes_out(happenings, deliveries))?;
    }
}
