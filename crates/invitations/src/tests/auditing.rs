//! That the audit finds what is wrong, and where everything leads.

use chassis::Row;
use domain::integrity::{Audit, REFERENCES, Target};
use domain::invitations::{Counts, Invitations as _, Response, Status};
use domain::{Context, Credential, EventId, Instance, Service, UserId};
use storage::{Reader as _, Transaction};

use super::world::{World, places_for, run};
use crate::store::heard::{ANSWERS, Heard};
use crate::store::line::{BLOCKS, LINE};
use crate::store::{BY_INVITER, BY_STATUS, COUNTS, EVENTS, OF_USER, Shape, Tally, UNANSWERED};

#[test]
fn every_reference_that_is_declared_is_walked() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.registers("alice").await, world.registers("bob").await);
        let event = world.creates(&alice, true).await;
        world.invites(&alice, &event, &[&bob]).await;
        world.responds(&bob, &event, Response::Accept).await.unwrap();
        let audit = world.audited().await;
        assert_eq!(audit.discrepancies, [""; 0]);
        for rule in REFERENCES.iter().filter(|rule| rule.holder == Service::Invitations) {
            let found: Vec<_> = audit.references.iter().filter(|found| found.name == rule.name).collect();
            assert!(!found.is_empty(), "{}", rule.name);
            assert!(found.iter().all(|found| found.target.owner() == rule.owner));
        }
        for target in [Target::Event(event.event), Target::User(alice.id), Target::User(bob.id)] {
            assert!(audit.references.iter().any(|found| found.target == target));
        }
        assert!(audit.references.iter().all(|found| REFERENCES.iter().any(|rule| rule.name == found.name)));
    });
}

const fn tally(counts: Counts) -> Tally {
    Tally { counts, last_in_line: 1 }
}

type Tamper = fn(&mut Transaction<'_>, EventId, UserId) -> Result<(), storage::Error>;

#[test]
fn every_kind_of_disagreement_is_found() {
    const SERIES: Instance = Instance::Series;
    let tampers: [(&str, Tamper); 14] = [
        ("the counts of event", |tx, event, _| {
            tx.put(&COUNTS, &(event, SERIES), &tally(Counts { going: 1, ..Counts::default() }))
        }),
        ("an index does not agree", |tx, event, user| tx.delete(&BY_STATUS, &(event, SERIES, Status::Pending, user))),
        ("invitations.by-status has an entry", |tx, event, user| {
            tx.put(&BY_STATUS, &(event, SERIES, Status::Going, user), &())
        }),
        ("an index does not agree", |tx, event, user| tx.delete(&OF_USER, &(user, event, SERIES))),
        ("invitations.by-inviter has an entry", |tx, event, user| {
            tx.put(&BY_INVITER, &(user, event, SERIES, user), &())
        }),
        ("inbox.unanswered has an entry", |tx, event, user| tx.put(&UNANSWERED, &(user, 77, event, SERIES), &())),
        ("the facts of the event are missing", |tx, event, _| tx.delete(&EVENTS, &event)),
        ("counts has an entry", |tx, _, _| tx.put(&COUNTS, &(EventId::from_bytes([9; 16]), SERIES), &Tally::default())),
        ("answers has an entry", |tx, event, user| {
            let nobody = UserId::from_bytes([9; 16]);
            tx.put(&ANSWERS, &(user, 0), &Heard { at: 1, event, instance: SERIES, user: nobody })
        }),
        ("an index does not agree", |tx, event, _| tx.delete(&LINE, &(event, SERIES, 1))),
        ("stands wrongly at 9 in the line", |tx, event, user| tx.put(&LINE, &(event, SERIES, 9), &Row(user))),
        ("stands wrongly at 1 in the line", |tx, event, _| tx.delete(&BLOCKS, &(event, SERIES, 7, 0))),
        ("counts 2 and holds 1", |tx, event, _| tx.put(&BLOCKS, &(event, SERIES, 14, 0), &Row(2))),
        ("1 wait for a place", |tx, event, _| {
            let mut row = tx.get(&EVENTS, &event)?.unwrap();
            row.facts.capacity = places_for(2);
            row.conformed = Some(Shape::of(&row.facts));
            tx.put(&EVENTS, &event, &row)
        }),
    ];
    for (found, tamper) in tampers {
        run(async {
            let world = World::new();
            let (alice, bob) = (world.registers("alice").await, world.registers("bob").await);
            let (carol, dave) = (world.registers("carol").await, world.registers("dave").await);
            let facts = world.creates_for(1, &alice, true).await;
            world.invites(&alice, &facts, &[&bob]).await;
            world.attends(&carol, &facts, false).await.unwrap();
            world.attends(&dave, &facts, false).await.unwrap();
            assert_eq!(world.audited().await.discrepancies, [""; 0]);
            world.changed(move |tx| Ok(tamper(tx, facts.event, bob.id)?)).await;
            let discrepancies = world.audited().await.discrepancies;
            assert!(discrepancies.iter().any(|text| text.contains(found)), "{found}: {discrepancies:?}");
        });
    }
}

#[test]
fn an_audit_goes_on_only_behind_a_page_of_its_own() {
    run(async {
        let world = World::new();
        let context = Context::new(Credential::None, std::time::Duration::from_secs(1));
        let request = Audit { after: Some(vec![250, 1, 2]) };
        let refused = world.service.audit(&context, request).await.unwrap_err();
        assert_eq!(refused.field(), Some("after"));
    });
}
