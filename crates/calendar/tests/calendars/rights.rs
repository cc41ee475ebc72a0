//! Who may look into whose calendar, and how much they then see.

use std::time::Duration;

use domain::calendar::{Calendar as _, Entry, ListEntries};
use domain::invitations::Status;
use domain::sharing::Level;
use domain::{Context, Credential, PageRequest, Service};
use jiff::civil::{Date, date};

use crate::town::{Citizen, Town, days, ever, timed};

const DAY: Date = date(2027, 3, 10);

async fn refused(town: &Town, reader: &Citizen, of: &Citizen) -> (&'static str, Option<String>) {
    let error = town.sees(reader, Some(of), &ever(), 50).await.unwrap_err();
    (error.code(), error.field().map(str::to_owned))
}

#[tokio::test]
async fn ones_own_calendar_is_ones_own_with_and_without_the_name() {
    let mut town = Town::new().await;
    let alice = town.citizen("alice");
    town.makes(&alice, "tea", days(DAY, DAY));
    town.catches_up().await;
    let unnamed = town.asks(&alice, None, &ever(), PageRequest::default()).await.unwrap();
    let named = town.asks(&alice, Some(&alice), &ever(), PageRequest::default()).await.unwrap();
    assert_eq!(unnamed.value, named.value);
    assert_eq!((unnamed.value.owner, unnamed.value.items.len()), (alice.name.clone(), 1));
}

#[tokio::test]
async fn a_calendar_that_is_not_shared_is_forbidden_and_sharing_is_one_way() {
    let town = Town::new().await;
    let [alice, bob] = ["alice", "bob"].map(|name| town.citizen(name));
    town.shares(&bob, &alice, Level::Details);
    town.catches_up().await;
    let error = town.sees(&bob, Some(&alice), &ever(), 50).await.unwrap_err();
    assert_eq!(error.code(), "forbidden");
    assert!(error.to_string().contains("alice does not share their calendar"), "{error}");
    assert_eq!(town.sees(&alice, Some(&bob), &ever(), 50).await, Ok(Vec::new()));
}

#[tokio::test]
async fn a_share_of_busy_times_tells_nothing_but_times() {
    let mut town = Town::new().await;
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| town.citizen(name));
    let mut events = Vec::new();
    for hour in [8, 10, 12, 14] {
        let time = timed(DAY.at(hour, 0, 0, 0), DAY.at(hour + 1, 0, 0, 0), "Europe/Berlin");
        events.push(town.makes(&carol, "secret", time));
        town.answer(events[events.len() - 1], &[&alice], Some(Status::Maybe));
    }
    town.shares(&alice, &bob, Level::Busy);
    town.catches_up().await;
    let mut request = PageRequest { limit: 1.try_into().unwrap(), after: None };
    let mut shown = 0;
    loop {
        let page = town.asks(&bob, Some(&alice), &ever(), request.clone()).await.unwrap().value;
        assert!(page.items.iter().all(|entry| matches!(entry, Entry::Busy { .. })));
        shown += page.items.len();
        request.after = page.next;
        let Some(cursor) = &request.after else { break };
        let bytes = cursor.to_bytes().unwrap();
        for event in &events {
            let leaks = bytes.windows(16).any(|part| part == event.as_bytes());
            assert!(!leaks, "the cursor tells which event it is");
        }
    }
    assert_eq!(shown, 4);
}

#[tokio::test]
async fn another_level_and_an_end_of_sharing_take_effect() {
    let mut town = Town::new().await;
    let [alice, bob] = ["alice", "bob"].map(|name| town.citizen(name));
    for day in 1..4 {
        town.makes(&alice, "tea", days(date(2027, 3, day * 2), date(2027, 3, day * 2)));
    }
    town.shares(&alice, &bob, Level::Details);
    town.catches_up().await;
    let first = PageRequest { limit: 1.try_into().unwrap(), after: None };
    let page = town.asks(&bob, Some(&alice), &ever(), first.clone()).await.unwrap().value;
    assert!(matches!(page.items[..], [Entry::Event { .. }]));
    let second = PageRequest { after: page.next, ..first };

    town.shares(&alice, &bob, Level::Busy);
    town.catches_up().await;
    let error = town.asks(&bob, Some(&alice), &ever(), second.clone()).await.unwrap_err();
    assert_eq!((error.code(), error.field()), ("invalid_input", Some("after")), "a cursor of another level");
    let busy = town.sees(&bob, Some(&alice), &ever(), 1).await.unwrap();
    assert!(busy.len() == 3 && busy.iter().all(|entry| matches!(entry, Entry::Busy { .. })));

    town.unshares(&alice, &bob);
    town.catches_up().await;
    assert_eq!(refused(&town, &bob, &alice).await, ("forbidden", None));
    let error = town.asks(&bob, Some(&alice), &ever(), second).await.unwrap_err();
    assert_eq!(error.code(), "forbidden", "rights come before cursors");
}

#[tokio::test]
async fn a_user_who_does_not_exist_is_not_found_and_one_who_was_deleted_is_too() {
    let mut town = Town::new().await;
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| town.citizen(name));
    let nobody = town.registers("nobody");
    town.forgets_the_name_of(&nobody);
    town.makes(&bob, "tea", days(DAY, DAY));
    town.shares(&bob, &alice, Level::Details);
    town.shares(&alice, &bob, Level::Details);
    town.catches_up().await;
    assert_eq!(refused(&town, &alice, &nobody).await, ("not_found", Some("user".to_owned())));
    town.deletes_account(&bob);
    town.catches_up().await;
    for reader in [&alice, &carol] {
        assert_eq!(refused(&town, reader, &bob).await, ("not_found", Some("user".to_owned())));
    }
    let error = town.sees(&bob, None, &ever(), 50).await.unwrap_err();
    assert_eq!(error.code(), "unauthenticated", "whoever is gone has no calendar");
}

#[tokio::test]
async fn a_name_that_was_never_heard_of_is_asked_for_at_auth_and_all_others_need_it_not() {
    let town = Town::new().await;
    let [alice, bob] = ["alice", "bob"].map(|name| town.citizen(name));
    town.shares(&alice, &bob, Level::Details);
    town.catches_up().await;
    let carol = town.registers("carol");
    assert_eq!(refused(&town, &bob, &carol).await, ("forbidden", None), "auth knows her");
    town.others.auth.away(true);
    assert_eq!(town.sees(&bob, Some(&alice), &ever(), 50).await, Ok(Vec::new()));
    let error = town.sees(&bob, Some(&carol), &ever(), 50).await.unwrap_err();
    assert_eq!((error.code(), error.service()), ("unavailable", Some(Service::Auth)));
}

#[tokio::test]
async fn the_calendar_of_someone_whose_registration_is_not_here_yet_is_empty_and_says_so() {
    let town = Town::new().await;
    let bob = town.citizen("bob");
    let alice = town.registers("alice");
    town.shares(&alice, &bob, Level::Details);
    town.catches_up().await;
    let reply = town.asks(&bob, Some(&alice), &ever(), PageRequest::default()).await.unwrap();
    assert_eq!((reply.value.owner, reply.value.items), (alice.name.clone(), Vec::new()));
    assert_eq!(reply.behind, [Service::Auth]);
    town.others.release_all();
    town.catches_up().await;
    let reply = town.asks(&bob, Some(&alice), &ever(), PageRequest::default()).await.unwrap();
    assert_eq!(reply.behind, []);
}

#[tokio::test]
async fn whoever_has_just_registered_waits_for_it_or_is_told_that_auth_is_missing() {
    let town = Town::new().await;
    let alice = town.registers("alice");
    let ever = ever();
    let looks = async {
        // On a busy machine the wait may be too short; then the answer is the other one.
        loop {
            match town.asks(&alice, None, &ever, PageRequest::default()).await {
                Err(error) => assert_eq!((error.code(), error.service()), ("unavailable", Some(Service::Auth))),
                Ok(reply) => return reply,
            }
        }
    };
    let (reply, ()) = tokio::join!(looks, async { town.others.release_all() });
    assert_eq!(reply.value.owner, alice.name);

    let bob = town.registers("bob");
    town.others.auth.away(true);
    let error = town.sees(&bob, None, &ever, 50).await.unwrap_err();
    assert_eq!((error.code(), error.service()), ("unavailable", Some(Service::Auth)));
}

#[tokio::test]
async fn nobody_who_is_not_signed_in_sees_anything() {
    let town = Town::new().await;
    let context = Context::new(Credential::None, Duration::from_secs(5));
    let request = ListEntries { of: None, window: ever(), page: PageRequest::default() };
    let error = town.calendar().entries(&context, request).await.unwrap_err();
    assert_eq!(error.code(), "unauthenticated");
}
