//! Whatever has arrived of two logs when people act, and whatever events vouches for meanwhile: once everything has arrived,
//! the invitations are those that events knows, without the accounts that auth knows to be gone.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use domain::events::{EventChange, EventFacts, VouchedEvent};
use domain::invitations::{InvitationChange, Response, Status};
use domain::{Instance, Position, UserId};
use proptest::prelude::*;
use storage::Reader as _;

use super::world::{EVENTS, Someone, World, facts, invited, places_for, run, uninvited};
use crate::store::{self, INVITATIONS};

const PEOPLE: usize = 3;

#[derive(Clone, Copy, Debug)]
enum Step {
    /// In events.
    Invite(usize),
    Uninvite(usize),
    SetPublic(bool),
    SetCapacity(u32),
    /// In auth.
    DeleteAccount(usize),
    /// The next record of events or auth arrives here.
    EventsArrives,
    AuthArrives,
    /// Here.
    Respond(usize, bool),
    Attend(usize),
    Look(usize),
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..PEOPLE).prop_map(Step::Invite),
        3 => (0..PEOPLE).prop_map(Step::Uninvite),
        2 => any::<bool>().prop_map(Step::SetPublic),
        2 => (1_u32..3).prop_map(Step::SetCapacity),
        1 => (0..PEOPLE).prop_map(Step::DeleteAccount),
        5 => Just(Step::EventsArrives),
        1 => Just(Step::AuthArrives),
        5 => (0..PEOPLE, any::<bool>()).prop_map(|(who, accept)| Step::Respond(who, accept)),
        3 => (0..PEOPLE).prop_map(Step::Attend),
        2 => (0..PEOPLE).prop_map(Step::Look),
    ]
}

/// What events knows, and what of its log has not arrived.
struct Truth {
    facts: EventFacts,
    invited: BTreeSet<usize>,
    gone: BTreeSet<usize>,
    log: VecDeque<EventChange>,
    length: u64,
    leaving: VecDeque<usize>,
}

impl Truth {
    fn announce(&mut self, change: EventChange) {
        self.length += 1;
        self.log.push_back(change);
    }

    /// What events would vouch for now.
    fn vouched(&self, organizer: &Someone, who: usize) -> Option<VouchedEvent> {
        let invited = self.invited.contains(&who);
        let at = Position { epoch: EVENTS, at: self.length };
        (invited || self.facts.public).then(|| VouchedEvent {
            facts: self.facts.clone(),
            invited_by: invited.then_some(Some(organizer.id)),
            at,
        })
    }
}

async fn happens(world: &World, alice: &Someone, people: &[Someone], truth: &mut Truth, step: Step) {
    match step {
        Step::Invite(who) => {
            // Events may hear of a deletion later than this service does.
            if truth.invited.insert(who) {
                truth.announce(invited(alice, &truth.facts, &[&people[who]]));
            }
        }
        Step::Uninvite(who) => {
            if truth.invited.remove(&who) {
                truth.announce(uninvited(&truth.facts, &[&people[who]]));
            }
        }
        Step::SetPublic(public) => {
            truth.facts.public = public;
            truth.facts.version += 1;
            truth.announce(EventChange::Put(truth.facts.clone()));
        }
        Step::SetCapacity(places) => {
            truth.facts.capacity = places_for(places);
            truth.facts.version += 1;
            truth.announce(EventChange::Put(truth.facts.clone()));
        }
        Step::DeleteAccount(who) => {
            if truth.gone.insert(who) {
                truth.leaving.push_back(who);
            }
        }
        Step::EventsArrives => {
            if let Some(change) = truth.log.pop_front() {
                world.event(change).await;
            }
        }
        Step::AuthArrives => {
            if let Some(who) = truth.leaving.pop_front() {
                world.deletes_account(&people[who]).await;
            }
        }
        Step::Respond(who, accept) => {
            let (response, may_be) = if accept {
                (Response::Accept, &[Status::Going, Status::Waiting][..])
            } else {
                (Response::Decline, &[Status::Declined][..])
            };
            let vouched = prepare(world, alice, people, truth, who);
            let outcome = world.responds(&people[who], &truth.facts, response).await;
            if let Ok(shown) = &outcome {
                assert!(may_be.contains(&shown.status), "{step:?}: {shown:?}");
            } else if !truth.gone.contains(&who) && vouched.is_some_and(|vouched| vouched.invited_by.is_some()) {
                panic!("{step:?}: events knows of the invitation, and yet {outcome:?}");
            }
        }
        Step::Attend(who) => {
            prepare(world, alice, people, truth, who);
            // Whether it is allowed depends on what has arrived; what matters is where it leads.
            let _ = world.attends(&people[who], &truth.facts, false).await;
        }
        Step::Look(who) => {
            let vouched = prepare(world, alice, people, truth, who);
            let outcome = world.participants(&people[who], &truth.facts).await;
            let hidden = vouched.is_none() || truth.gone.contains(&who);
            assert!(outcome.is_ok() || hidden, "{step:?}: what events shows is shown here: {outcome:?}");
        }
    }
}

fn prepare(world: &World, alice: &Someone, people: &[Someone], truth: &Truth, who: usize) -> Option<VouchedEvent> {
    let vouched = truth.vouched(alice, who);
    world.vouches_only(&people[who], truth.facts.event, vouched.clone());
    vouched
}

async fn settled(world: &World, people: &[Someone], truth: &Truth) {
    let event = truth.facts.event;
    let (known, rows) = world
        .chassis
        .db()
        .read(|view| {
            let rows = view.scan(&INVITATIONS, &event, None, 100)?;
            Ok::<_, chassis::Fault>((store::facts(view, event)?, rows))
        })
        .await
        .unwrap();
    assert_eq!(known.as_ref(), Some(&truth.facts));
    let id = |who: &usize| people[*who].id;
    let expected: BTreeSet<UserId> = truth.invited.difference(&truth.gone).map(id).collect();
    let gone: BTreeSet<UserId> = truth.gone.iter().map(id).collect();
    let asked = rows.iter().filter(|(_, row)| row.was_asked()).map(|((_, _, user), _)| *user).collect::<BTreeSet<_>>();
    assert_eq!(asked, expected);
    for ((_, _, user), row) in &rows {
        assert!(!gone.contains(user));
        assert!(row.was_asked() || truth.facts.public, "whoever merely joined may no longer see it");
    }
    let mut replayed = BTreeMap::new();
    for InvitationChange::Answered { instance, people, .. } in world.announced().await {
        assert_eq!(instance, Instance::Series);
        for (user, status) in people {
            match status {
                Some(status) => replayed.insert(user, status),
                None => replayed.remove(&user),
            };
        }
    }
    assert_eq!(replayed, rows.iter().map(|((_, _, user), row)| (*user, row.status())).collect());
    assert_eq!(world.audited().await.discrepancies, [""; 0]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn whatever_arrives_when_in_the_end_the_invitations_are_those_that_events_knows(
        public in any::<bool>(),
        steps in proptest::collection::vec(steps(), 1..60),
    ) {
        run(async {
            let world = World::new();
            let alice = world.registers("alice").await;
            let mut people = Vec::new();
            for number in 0..PEOPLE {
                people.push(world.registers(&format!("user{number}")).await);
            }
            let facts = facts(&alice, public);
            let mut truth = Truth {
                facts: facts.clone(),
                invited: BTreeSet::new(),
                gone: BTreeSet::new(),
                log: VecDeque::new(),
                length: 0,
                leaving: VecDeque::new(),
            };
            truth.announce(EventChange::Put(facts));
            for step in steps {
                happens(&world, &alice, &people, &mut truth, step).await;
            }
            while !truth.log.is_empty() || !truth.leaving.is_empty() {
                happens(&world, &alice, &people, &mut truth, Step::EventsArrives).await;
                happens(&world, &alice, &people, &mut truth, Step::AuthArrives).await;
            }
            settled(&world, &people, &truth).await;
        });
    }
}
