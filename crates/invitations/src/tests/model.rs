//! Whatever people, organizers and deletions do in whatever order: the service agrees with a model of a page.

use std::collections::{BTreeMap, BTreeSet};

use domain::events::{EventChange, EventFacts};
use domain::integrity::Target;
use domain::invitations::{Counts, InvitationChange, Response, Status};
use domain::{EventId, Instance, UserId};
use proptest::prelude::*;
use storage::Reader as _;

use super::world::{Someone, World, places_for, run};
use crate::store::record::count_of;
use crate::store::{self, line};

const PEOPLE: usize = 5;
const EVENTS: usize = 3;

#[derive(Clone, Copy, Debug)]
enum Deed {
    Respond(usize, usize, Response),
    Attend(usize, usize, bool),
    Unattend(usize, usize),
    Invite(usize, usize),
    InviteAll(usize),
    Uninvite(usize, usize),
    SetPublic(usize, bool),
    SetCapacity(usize, Option<u32>),
    Cancel(usize),
    Remove(usize),
    DeleteAccount(usize),
}

fn deeds() -> impl Strategy<Value = Deed> {
    let (person, event) = (0..PEOPLE, 0..EVENTS);
    let response = prop_oneof![Just(Response::Accept), Just(Response::Decline), Just(Response::Maybe)];
    prop_oneof![
        8 => (person.clone(), event.clone(), response).prop_map(|(who, event, response)| Deed::Respond(who, event, response)),
        8 => (person.clone(), event.clone(), any::<bool>()).prop_map(|(who, event, maybe)| Deed::Attend(who, event, maybe)),
        4 => (person.clone(), event.clone()).prop_map(|(who, event)| Deed::Unattend(who, event)),
        6 => (person.clone(), event.clone()).prop_map(|(who, event)| Deed::Invite(who, event)),
        1 => event.clone().prop_map(Deed::InviteAll),
        3 => (person.clone(), event.clone()).prop_map(|(who, event)| Deed::Uninvite(who, event)),
        4 => (event.clone(), any::<bool>()).prop_map(|(event, public)| Deed::SetPublic(event, public)),
        4 => (event.clone(), proptest::option::of(1..4_u32)).prop_map(|(event, places)| Deed::SetCapacity(event, places)),
        1 => event.clone().prop_map(Deed::Cancel),
        1 => event.prop_map(Deed::Remove),
        1 => person.prop_map(Deed::DeleteAccount),
    ]
}

/// Few places at one public event, and much coming and going.
fn crowding() -> impl Strategy<Value = Deed> {
    let person = 0..PEOPLE;
    let response = prop_oneof![3 => Just(Response::Accept), 1 => Just(Response::Decline), 1 => Just(Response::Maybe)];
    prop_oneof![
        12 => (person.clone(), proptest::bool::weighted(0.2)).prop_map(|(who, maybe)| Deed::Attend(who, 0, maybe)),
        8 => person.clone().prop_map(|who| Deed::Unattend(who, 0)),
        4 => (person.clone(), response).prop_map(|(who, response)| Deed::Respond(who, 0, response)),
        3 => person.clone().prop_map(|who| Deed::Invite(who, 0)),
        2 => person.clone().prop_map(|who| Deed::Uninvite(who, 0)),
        4 => proptest::option::weighted(0.9, 1..4_u32).prop_map(|places| Deed::SetCapacity(0, places)),
        2 => proptest::bool::weighted(0.7).prop_map(|public| Deed::SetPublic(0, public)),
        1 => person.prop_map(Deed::DeleteAccount),
    ]
}

#[derive(Clone, Copy, Debug)]
struct Row {
    /// When the invitation came, if one did.
    asked: Option<usize>,
    status: Status,
}

/// What should be so.
struct Model {
    events: Vec<Option<EventFacts>>,
    rows: BTreeMap<(usize, usize), Row>,
    /// Who waits for each event, the first first.
    lines: Vec<Vec<usize>>,
    gone: BTreeSet<usize>,
    arrivals: usize,
}

impl Model {
    fn answer(
        &mut self,
        people: &[Someone],
        (who, event): (usize, usize),
        status: Status,
        may: impl Fn(&EventFacts, Option<Row>) -> bool,
    ) -> Result<(Status, Option<u64>), &'static str> {
        let row = self.rows.get(&(event, who)).copied();
        let facts = self.events[event].as_ref().ok_or("not_found")?;
        let organizes = facts.organizer == Some(people[who].id);
        let open = facts.public && !facts.cancelled;
        if !(organizes || open || row.is_some_and(|row| row.asked.is_some() || facts.public)) {
            return Err("not_found");
        }
        if self.gone.contains(&who) {
            return Err("unauthenticated");
        }
        if organizes || !may(facts, row) {
            return Err("forbidden");
        }
        if facts.cancelled {
            return Err("conflict");
        }
        let status = match (row.map(|row| row.status), status) {
            (Some(kept @ (Status::Going | Status::Waiting)), Status::Going) => kept,
            (_, Status::Going) if !self.lines[event].is_empty() || self.free(event) == 0 => {
                self.lines[event].push(who);
                Status::Waiting
            }
            (_, status) => {
                self.lines[event].retain(|other| *other != who);
                status
            }
        };
        self.rows.insert((event, who), Row { asked: row.and_then(|row| row.asked), status });
        self.settle(event);
        Ok((status, self.position(event, who)))
    }

    fn position(&self, event: usize, who: usize) -> Option<u64> {
        self.lines[event].iter().zip(1..).find_map(|(other, position)| (*other == who).then_some(position))
    }

    fn free(&self, event: usize) -> usize {
        let places = self.events[event].as_ref().and_then(|facts| facts.capacity);
        let going = self.rows.iter().filter(|((of, _), row)| *of == event && row.status == Status::Going).count();
        places.map_or(usize::MAX, |places| (places.get() as usize).saturating_sub(going))
    }

    /// Forgets those in line who have no row any more; then lets the first come while there is a place.
    fn settle(&mut self, event: usize) {
        let rows = &self.rows;
        self.lines[event].retain(|who| rows.contains_key(&(event, *who)));
        while self.events[event].as_ref().is_some_and(|facts| !facts.cancelled)
            && !self.lines[event].is_empty()
            && self.free(event) > 0
        {
            let first = self.lines[event].remove(0);
            self.rows.get_mut(&(event, first)).unwrap().status = Status::Going;
        }
    }

    fn invite(&mut self, people: &[Someone], event: usize, invitees: &[usize]) {
        let Some(facts) = &self.events[event] else { return };
        self.arrivals += 1;
        for &who in invitees {
            if facts.organizer != Some(people[who].id) && !self.gone.contains(&who) {
                let row = self.rows.entry((event, who)).or_insert(Row { asked: None, status: Status::Pending });
                row.asked = row.asked.or(Some(self.arrivals));
            }
        }
    }

    fn inbox(&self, who: usize, all: bool) -> Vec<(EventId, Status)> {
        let mut found: Vec<_> = self
            .rows
            .iter()
            .filter(|((_, person), row)| *person == who && (all || row.status == Status::Pending))
            .filter_map(|((event, _), row)| {
                let facts = self.events[*event].as_ref().filter(|facts| !facts.cancelled)?;
                Some((row.asked?, (facts.event, row.status)))
            })
            .collect();
        found.sort_by_key(|(arrived, _)| std::cmp::Reverse(*arrived));
        found.into_iter().map(|(_, shown)| shown).collect()
    }
}

async fn does(
    world: &World,
    people: &[Someone],
    organizers: &[usize],
    ids: &[EventFacts],
    model: &mut Model,
    deed: Deed,
) {
    match deed {
        Deed::Respond(who, event, response) => {
            let status = match response {
                Response::Accept => Status::Going,
                Response::Maybe => Status::Maybe,
                Response::Decline => Status::Declined,
            };
            let expected =
                model.answer(people, (who, event), status, |_, row| row.is_some_and(|row| row.asked.is_some()));
            let outcome = world.responds(&people[who], &ids[event], response).await;
            assert_eq!(
                outcome.map(|shown| (shown.status, shown.position)).map_err(|error| error.code()),
                expected,
                "{deed:?}"
            );
        }
        Deed::Attend(who, event, maybe) => {
            let status = if maybe { Status::Maybe } else { Status::Going };
            let expected = model.answer(people, (who, event), status, |facts, _| facts.public);
            let outcome = world.attends(&people[who], &ids[event], maybe).await;
            assert_eq!(
                outcome.map(|shown| (shown.status, shown.position)).map_err(|error| error.code()),
                expected,
                "{deed:?}"
            );
        }
        Deed::Unattend(who, event) => {
            let leaves = |facts: &EventFacts, row: Option<Row>| facts.public && row.is_some();
            let expected = model.answer(people, (who, event), Status::Declined, leaves);
            let outcome = world.unattends(&people[who], &ids[event]).await;
            assert_eq!(
                outcome.map(|shown| (shown.status, shown.position)).map_err(|error| error.code()),
                expected,
                "{deed:?}"
            );
        }
        Deed::Invite(who, event) => {
            model.invite(people, event, &[who]);
            world.invites(&people[organizers[event]], &ids[event], &[&people[who]]).await;
        }
        Deed::InviteAll(event) => {
            // In reverse, so that the order of the record is not that of the keys.
            model.invite(people, event, &(0..PEOPLE).collect::<Vec<_>>());
            let everyone: Vec<_> = people.iter().rev().collect();
            world.invites(&people[organizers[event]], &ids[event], &everyone).await;
        }
        Deed::Uninvite(who, event) => {
            model.rows.remove(&(event, who));
            model.settle(event);
            world.uninvites(&ids[event], &[&people[who]]).await;
        }
        Deed::SetPublic(event, public) => {
            if let Some(facts) = model.events[event].as_mut().filter(|facts| !facts.cancelled) {
                world.changes(facts, |facts| facts.public = public).await;
                model.rows.retain(|(of, _), row| *of != event || public || row.asked.is_some());
                model.settle(event);
            }
        }
        Deed::SetCapacity(event, places) => {
            if let Some(facts) = model.events[event].as_mut().filter(|facts| !facts.cancelled) {
                world.changes(facts, |facts| facts.capacity = places.and_then(places_for)).await;
                model.settle(event);
            }
        }
        Deed::Cancel(event) => {
            if let Some(facts) = &mut model.events[event] {
                world.changes(facts, |facts| facts.cancelled = true).await;
            }
        }
        Deed::Remove(event) => {
            if model.events[event].take().is_some() {
                world.event(EventChange::Removed { event: ids[event].event }).await;
                model.rows.retain(|(of, _), _| *of != event);
                model.settle(event);
            }
        }
        Deed::DeleteAccount(who) => {
            if model.gone.insert(who) {
                world.deletes_account(&people[who]).await;
                model.rows.retain(|(_, person), _| *person != who);
                (0..EVENTS).for_each(|event| model.settle(event));
                for facts in model.events.iter_mut().flatten() {
                    if facts.organizer == Some(people[who].id) {
                        world.changes(facts, |facts| (facts.organizer, facts.cancelled) = (None, true)).await;
                    }
                }
            }
        }
    }
}

async fn agree(world: &World, people: &[Someone], ids: &[EventFacts], model: &Model) {
    let of_user: BTreeMap<UserId, usize> = people.iter().enumerate().map(|(number, who)| (who.id, number)).collect();
    for (number, event) in ids.iter().enumerate() {
        let (counts, listed, line) = world
            .chassis
            .db()
            .read(|view| {
                let counts = store::tally(view, event.event, Instance::Series)?.counts;
                let listed = view.scan(&store::BY_STATUS, &event.event, None, 100)?;
                let line = line::first(view, (event.event, Instance::Series), 100)?;
                Ok::<_, chassis::Fault>((counts, listed, line))
            })
            .await
            .unwrap();
        let mut recount = Counts::default();
        let mut expected = Vec::new();
        for ((_, who), row) in model.rows.range((number, 0)..(number + 1, 0)) {
            *count_of(&mut recount, row.status) += 1;
            if row.status != Status::Waiting {
                expected.push((row.status, *who));
            }
        }
        expected.sort_unstable();
        assert_eq!(counts, recount);
        let listed: Vec<_> = listed.into_iter().map(|((_, _, status, user), ())| (status, of_user[&user])).collect();
        assert_eq!(listed, expected);
        let line: Vec<_> = line.into_iter().map(|(_, user)| of_user[&user]).collect();
        assert_eq!(line, model.lines[number]);
    }
    for (number, who) in people.iter().enumerate().filter(|(number, _)| !model.gone.contains(number)) {
        for all in [false, true] {
            let shown: Vec<_> =
                world.inbox(who, all).await.into_iter().map(|shown| (shown.event.id, shown.status)).collect();
            assert_eq!(shown, model.inbox(number, all));
        }
    }
    let mut replayed = BTreeMap::new();
    for InvitationChange::Answered { event, instance, people } in world.announced().await {
        assert_eq!(instance, Instance::Series);
        for (user, status) in people {
            match status {
                Some(status) => replayed.insert((event, user), status),
                None => replayed.remove(&(event, user)),
            };
        }
    }
    let rows =
        model.rows.iter().map(|((event, who), row)| ((ids[*event].event, people[*who].id), row.status)).collect();
    assert_eq!(replayed, rows, "who only reads the announcements knows the same");
    let audit = world.audited().await;
    assert_eq!(audit.discrepancies, [""; 0]);
    for found in audit.references {
        match found.target {
            Target::User(user) => assert!(!model.gone.contains(&of_user[&user]), "{found:?}"),
            Target::Event(event) => {
                assert!(model.events.iter().flatten().any(|facts| facts.event == event), "{found:?}");
            }
        }
    }
}

/// Does all of it, and compares now and then, and in the end.
fn agrees(public: &[bool], places: &[Option<u32>], deeds: Vec<Deed>) {
    run(async {
        let world = World::new();
        let mut people = Vec::new();
        for number in 0..PEOPLE {
            people.push(world.registers(&format!("user{number}")).await);
        }
        let organizers = [0, 0, 1];
        let mut ids = Vec::new();
        for ((&organizer, &public), &places) in organizers.iter().zip(public).zip(places) {
            let mut facts = world.creates(&people[organizer], public).await;
            world.changes(&mut facts, |facts| facts.capacity = places.and_then(places_for)).await;
            ids.push(facts);
        }
        let events = ids.iter().cloned().map(Some).collect();
        let lines = vec![Vec::new(); EVENTS];
        let mut model = Model { events, rows: BTreeMap::new(), lines, gone: BTreeSet::new(), arrivals: 0 };
        for (number, deed) in deeds.into_iter().enumerate() {
            does(&world, &people, &organizers, &ids, &mut model, deed).await;
            if number % 10 == 0 {
                agree(&world, &people, &ids, &model).await;
            }
        }
        agree(&world, &people, &ids, &model).await;
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn whatever_happens_the_service_agrees_with_the_model(
        public in proptest::collection::vec(any::<bool>(), EVENTS),
        places in proptest::collection::vec(proptest::option::of(1..4_u32), EVENTS),
        deeds in proptest::collection::vec(deeds(), 1..60),
    ) {
        agrees(&public, &places, deeds);
    }

    #[test]
    fn however_many_want_few_places_the_service_agrees_with_the_model(
        places in 1..4_u32,
        deeds in proptest::collection::vec(crowding(), 1..60),
    ) {
        agrees(&[true; EVENTS], &[Some(places); EVENTS], deeds);
    }
}
