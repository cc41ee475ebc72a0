//! Random commands, held against a model of a few lines: outcomes, lists and rights must be the model's, whatever work is still
//! under way, and the audit must never find anything.

use std::collections::BTreeSet;

use domain::events::{CreateEvent, EditEvent, Listing, Person as Shown};
use domain::time::{EventTime, Window};
use domain::{EventId, Service, Zone};
use jiff::civil::date;
use proptest::prelude::*;

use super::world::{Person, World, code, days, edit_of, names, plan, run, timed, zone};

const PEOPLE: usize = 8;

/// Who does something to an event: mostly whoever may.
#[derive(Clone, Copy, Debug)]
enum By {
    Organizer,
    Anyone(usize),
}

/// Some people; the careless name themselves and people who are gone, too.
#[derive(Clone, Debug)]
struct Guests {
    people: BTreeSet<usize>,
    careless: bool,
}

#[derive(Clone, Debug)]
enum Act {
    Create { who: usize, time: usize, public: bool, invite: Guests },
    Edit { by: By, event: usize, time: Option<usize>, public: Option<bool>, version: Option<u64>, invite: Guests },
    Cancel { by: By, event: usize },
    Invite { by: By, event: usize, whom: Guests },
    Uninvite { by: By, event: usize, whom: Guests },
    Delete { who: usize },
    Work,
}

fn some(most: usize) -> impl Strategy<Value = Guests> {
    (proptest::collection::btree_set(0..PEOPLE, 0..=most), proptest::bool::weighted(0.1))
        .prop_map(|(people, careless)| Guests { people, careless })
}

fn act() -> impl Strategy<Value = Act> {
    let who = || 0..PEOPLE;
    let by = || prop_oneof![4 => Just(By::Organizer), 1 => (0..PEOPLE).prop_map(By::Anyone)];
    let event = || 0..5_usize;
    let time = || 0..times().len();
    let maybe_time = proptest::option::weighted(0.7, time());
    let (maybe_public, version) = (proptest::option::of(any::<bool>()), proptest::option::weighted(0.1, 1..5_u64));
    let edit = (by(), event(), maybe_time, maybe_public, version, prop_oneof![2 => some(0), 1 => some(PEOPLE)]);
    prop_oneof![
        3 => (who(), time(), any::<bool>(), some(PEOPLE))
            .prop_map(|(who, time, public, invite)| Act::Create { who, time, public, invite }),
        6 => edit.prop_map(|(by, event, time, public, version, invite)| {
            Act::Edit { by, event, time, public, version, invite }
        }),
        1 => (by(), event()).prop_map(|(by, event)| Act::Cancel { by, event }),
        3 => (by(), event(), some(PEOPLE)).prop_map(|(by, event, whom)| Act::Invite { by, event, whom }),
        3 => (by(), event(), some(3)).prop_map(|(by, event, whom)| Act::Uninvite { by, event, whom }),
        1 => who().prop_map(|who| Act::Delete { who }),
        4 => Just(Act::Work),
    ]
}

/// Around the night in which clocks in Berlin go forward.
fn times() -> Vec<EventTime> {
    let night = date(2027, 3, 28);
    vec![
        timed(night, 1, 30, "Europe/Berlin"),
        timed(night, 3, 60, "Europe/Berlin"),
        timed(date(2027, 3, 27), 23, 180, "America/St_Johns"),
        timed(night, 9, 60 * 50, "Pacific/Auckland"),
        days(night, 1),
        days(date(2027, 3, 26), 4),
    ]
}

fn windows() -> Vec<Window> {
    let day = |of_march| Some(date(2027, 3, of_march));
    vec![
        Window::new(None, None, Zone::utc()).unwrap(),
        Window::new(day(28), day(28), zone("Europe/Berlin")).unwrap(),
        Window::new(day(29), None, zone("Pacific/Auckland")).unwrap(),
        Window::new(None, day(27), zone("America/St_Johns")).unwrap(),
    ]
}

#[derive(Clone, Debug)]
struct Modelled {
    id: EventId,
    organizer: Option<usize>,
    invitees: BTreeSet<usize>,
    /// Whose invitation was taken back.
    former: BTreeSet<usize>,
    time: EventTime,
    public: bool,
    cancelled: bool,
    version: u64,
}

#[derive(Default)]
struct Model {
    events: Vec<Modelled>,
    gone: BTreeSet<usize>,
}

impl Modelled {
    fn is_member(&self, who: usize) -> bool {
        self.organizer == Some(who) || self.invitees.contains(&who)
    }

    fn invite(&mut self, whom: BTreeSet<usize>) {
        self.former.retain(|person| !whom.contains(person));
        self.invitees.extend(whom);
    }

    fn is_seen_by(&self, who: usize) -> bool {
        self.is_member(who) || (self.public && !self.cancelled)
    }

    fn exists(&self) -> bool {
        self.organizer.is_some() || !self.invitees.is_empty()
    }
}

impl Model {
    /// The event that is meant by a number: mostly one that there is.
    fn event(&self, number: usize) -> usize {
        if self.events.len() > number { self.events.len() - 1 - number } else { usize::MAX }
    }

    fn actor(&self, by: By, event: usize) -> usize {
        match by {
            By::Organizer => self.events.get(event).and_then(|event| event.organizer).unwrap_or(0),
            By::Anyone(who) => who,
        }
    }

    fn chosen(&self, who: usize, some: Guests) -> BTreeSet<usize> {
        let sensible = |person: &usize| some.careless || (*person != who && !self.gone.contains(person));
        some.people.into_iter().filter(sensible).collect()
    }

    /// What the organizer's rights come to, for anyone.
    fn refusal(&self, who: usize, event: usize) -> Option<&'static str> {
        match self.events.get(event) {
            Some(event) if event.organizer == Some(who) => None,
            Some(event) if event.is_seen_by(who) => Some("forbidden"),
            _ => Some("not_found"),
        }
    }

    /// What inviting these people comes to, in the order in which they are named.
    fn invitable(&self, who: usize, whom: &BTreeSet<usize>) -> Option<&'static str> {
        // Names are looked up before anyone is admitted.
        if whom.iter().any(|person| self.gone.contains(person)) {
            Some("not_found")
        } else if whom.contains(&who) {
            Some("invalid_input")
        } else {
            None
        }
    }

    fn list(&self, who: usize, listing: Listing, window: &Window) -> Vec<EventId> {
        let overlaps = |event: &&Modelled| {
            let extent = event.time.extent();
            let (from, to) = window.bounds(extent.family);
            extent.end > from && to.is_none_or(|to| extent.start < to)
        };
        let listed = |event: &&Modelled| match listing {
            Listing::Public => event.public,
            Listing::Mine => event.is_member(who),
        };
        let mut found: Vec<_> =
            self.events.iter().filter(|event| !event.cancelled).filter(listed).filter(overlaps).collect();
        found.sort_by_key(|event| (window.reader_start(&event.time.extent()), event.id));
        found.into_iter().map(|event| event.id).collect()
    }

    fn delete(&mut self, who: usize) {
        self.gone.insert(who);
        for event in &mut self.events {
            event.invitees.remove(&who);
            event.former.remove(&who);
            if event.organizer == Some(who) {
                let (former, version) = (BTreeSet::new(), event.version + 1);
                *event = Modelled { organizer: None, cancelled: true, former, version, ..event.clone() };
            }
        }
    }
}

/// Does `act` in both worlds; the outcomes, as codes: what it should be, and what it was.
async fn perform(world: &World, people: &[Person], model: &mut Model, act: Act) -> (&'static str, &'static str) {
    let id_of = |model: &Model, event: usize| model.events.get(event).map_or_else(EventId::new, |event| event.id);
    let named = |whom: &BTreeSet<usize>| whom.iter().map(|person| &people[*person]).collect::<Vec<_>>();
    match act {
        Act::Create { who, time, public, invite } => {
            if model.gone.contains(&who) {
                return ("unauthenticated", code(world.create(&people[who], plan("Event")).await));
            }
            let invite = model.chosen(who, invite);
            let expected = model.invitable(who, &invite).unwrap_or("done");
            let time = times()[time].clone();
            let wanted = CreateEvent { time: time.clone(), public, invite: names(&named(&invite)), ..plan("Event") };
            let made = world.create(&people[who], wanted).await;
            if let Ok(made) = &made {
                model.events.push(Modelled {
                    id: made.id,
                    organizer: Some(who),
                    invitees: invite,
                    former: BTreeSet::new(),
                    time,
                    public,
                    cancelled: false,
                    version: 1,
                });
            }
            (expected, code(made))
        }
        Act::Edit { by, event, time, public, version, invite } => {
            let event = model.event(event);
            let who = model.actor(by, event);
            let invite = model.chosen(who, invite);
            let id = id_of(model, event);
            let time = time.map(|time| times()[time].clone());
            let request = EditEvent {
                time: time.clone(),
                public,
                if_version: version,
                invite: names(&named(&invite)),
                ..edit_of(id)
            };
            let outcome = code(world.edit(&people[who], request).await);
            let expected = model.refusal(who, event).unwrap_or_else(|| {
                let modelled = &model.events[event];
                let outdated = version.is_some_and(|version| version != modelled.version);
                if outdated || modelled.cancelled {
                    "conflict"
                } else {
                    model.invitable(who, &invite).unwrap_or("done")
                }
            });
            if expected == "done" {
                let before = model.events[event].clone();
                let after = &mut model.events[event];
                after.time = time.unwrap_or(before.time.clone());
                after.public = public.unwrap_or(before.public);
                after.version += u64::from(after.time != before.time || after.public != before.public);
                after.invite(invite);
            }
            (expected, outcome)
        }
        Act::Cancel { by, event } => {
            let event = model.event(event);
            let who = model.actor(by, event);
            let outcome = code(world.cancel(&people[who], id_of(model, event)).await);
            let expected = model.refusal(who, event).unwrap_or("done");
            if expected == "done" && !model.events[event].cancelled {
                model.events[event].cancelled = true;
                model.events[event].version += 1;
            }
            (expected, outcome)
        }
        Act::Invite { by, event, whom } => {
            let event = model.event(event);
            let who = model.actor(by, event);
            let whom = model.chosen(who, whom);
            let outcome = code(world.invite(&people[who], id_of(model, event), &named(&whom)).await);
            let expected = model.refusal(who, event).unwrap_or_else(|| {
                if model.events[event].cancelled { "conflict" } else { model.invitable(who, &whom).unwrap_or("done") }
            });
            if expected == "done" {
                model.events[event].invite(whom);
            }
            (expected, outcome)
        }
        Act::Uninvite { by, event, whom } => {
            let event = model.event(event);
            let who = model.actor(by, event);
            let whom = model.chosen(who, whom);
            let outcome = code(world.uninvite(&people[who], id_of(model, event), &named(&whom)).await);
            let expected = model.refusal(who, event).unwrap_or_else(|| {
                if whom.iter().any(|person| model.gone.contains(person)) { "not_found" } else { "done" }
            });
            if expected == "done" {
                let modelled = &mut model.events[event];
                modelled.invitees.retain(|person| !whom.contains(person));
                modelled.former.extend(whom.into_iter().filter(|person| *person != who));
            }
            (expected, outcome)
        }
        Act::Delete { who } => {
            if !model.gone.contains(&who) {
                model.delete(who);
                world.auth.delete(people[who].id);
                world.hear().await;
                // What the deletion itself leaves is done; what that leaves in turn may wait.
                while world.work_left().await == Some(Service::Auth) {
                    world.step().await;
                }
            }
            ("done", "done")
        }
        Act::Work => {
            world.step().await;
            ("done", "done")
        }
    }
}

async fn check(world: &World, people: &[Person], model: &Model) -> Result<(), TestCaseError> {
    for (number, person) in people.iter().enumerate() {
        for window in windows() {
            for listing in [Listing::Public, Listing::Mine] {
                let limit = u32::try_from(number % 3 + 1).unwrap();
                let shown = world.list(person, listing, &window, None, limit).await;
                let shown: Vec<_> = shown.into_iter().map(|event| event.id).collect();
                prop_assert_eq!(shown, model.list(number, listing, &window), "{:?} of {}", listing, number);
            }
        }
        for event in &model.events {
            let shown = world.show(person, event.id).await.ok();
            prop_assert_eq!(shown.is_some(), event.is_seen_by(number));
            if let Some(shown) = shown {
                let organizer = event.organizer.map_or(Shown::Deleted, |who| Shown::Named(people[who].name.clone()));
                prop_assert_eq!(
                    (shown.organizer, shown.version, shown.cancelled, shown.public, shown.series.first),
                    (organizer, event.version, event.cancelled, event.public, event.time.clone())
                );
            }
        }
    }
    let (references, discrepancies) = world.audit().await;
    prop_assert_eq!(discrepancies, Vec::<String>::new());
    let existing = model.events.iter().filter(|event| event.exists());
    let expected: usize = existing.map(|event| event.invitees.len() + usize::from(event.organizer.is_some())).sum();
    let (former, present): (Vec<_>, Vec<_>) = references.iter().partition(|one| one.row.starts_with("ended"));
    prop_assert_eq!(present.len(), expected);
    // Those of an event that has lost its organizer go in steps.
    let (remembered, expected) = (former.len(), model.events.iter().map(|event| event.former.len()).sum());
    let work_left = world.work_left().await.is_some();
    prop_assert!(remembered == expected || remembered > expected && work_left, "{remembered}, not {expected}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn whatever_people_do_lists_rights_and_versions_are_those_of_the_model(acts in proptest::collection::vec(act(), 1..40)) {
        run(async {
            let world = World::new();
            let people: Vec<Person> = (0..PEOPLE).map(|n| world.stranger(&format!("person-{n}"))).collect();
            world.hear().await;
            let mut model = Model::default();
            for act in acts {
                let (expected, outcome) = perform(&world, &people, &mut model, act.clone()).await;
                prop_assert_eq!(outcome, expected, "{:?}", act);
                check(&world, &people, &model).await?;
            }
            world.finish().await;
            check(&world, &people, &model).await
        })?;
    }
}
