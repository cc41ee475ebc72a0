//! Events with so many participants, and people with so many entries, that their changes take several steps.

use chassis::work::ROWS_A_STEP;
use domain::events::{EventChange, MAX_PEOPLE_A_RECORD};
use domain::integrity::Target;
use domain::invitations::Status;
use domain::sharing::Level;
use domain::{EventId, Series, UserId};
use jiff::civil::{Date, date};

use crate::town::{Citizen, Town, days, ever, title, window};

const DAY: Date = date(2027, 3, 10);
/// Three steps and a bit.
const MANY: usize = 3 * ROWS_A_STEP + 50;

async fn with_many_guests() -> (Town, Citizen, EventId, Vec<Citizen>) {
    let mut town = Town::new().await;
    let alice = town.citizen("alice");
    let guests: Vec<_> = (0..MANY).map(|number| town.registers(&format!("guest-{number}"))).collect();
    town.others.release_all();
    let event = town.makes(&alice, "feast", days(DAY, DAY));
    for some in guests.chunks(MAX_PEOPLE_A_RECORD) {
        town.answer(event, &some.iter().collect::<Vec<_>>(), Some(Status::Going));
    }
    town.catches_up().await;
    (town, alice, event, guests)
}

async fn references_to(town: &Town, wanted: Target) -> usize {
    let (references, discrepancies) = town.audit().await;
    assert_eq!(discrepancies, Vec::<String>::new());
    references.iter().filter(|reference| reference.target == wanted).count()
}

#[tokio::test]
async fn a_large_event_that_moves_is_at_its_new_place_in_all_calendars_also_after_a_restart_halfway() {
    let (mut town, _, event, guests) = with_many_guests().await;
    let later = date(2027, 4, 1);
    town.edits(event, |facts| facts.series = Series::once(days(later, later)));
    // The first step may be done or not, and the others: what is left is done after the start.
    town = town.restart().await;
    town.catches_up().await;
    for guest in guests.iter().step_by(50).chain(guests.last()) {
        let at = async |day| town.sees(guest, None, &window(day, day, "UTC"), 50).await.unwrap();
        assert_eq!(at(DAY).await, []);
        assert_eq!(at(later).await.iter().map(title).collect::<Vec<_>>(), ["feast"]);
    }
    assert_eq!(references_to(&town, Target::Event(event)).await, MANY + 1);
}

#[tokio::test]
async fn a_large_event_that_is_cancelled_or_removed_leaves_all_calendars() {
    let (mut town, alice, event, guests) = with_many_guests().await;
    town.edits(event, |facts| facts.cancelled = true);
    town.catches_up().await;
    for who in guests.iter().step_by(50).chain([&alice]) {
        assert_eq!(town.own(who).await, []);
    }
    assert_eq!(references_to(&town, Target::Event(event)).await, MANY + 1, "an answer is kept while the event is");
    town.others.events.write_and_release(EventChange::Removed { event });
    town.catches_up().await;
    assert_eq!(references_to(&town, Target::Event(event)).await, 0);
}

#[tokio::test]
async fn many_answers_that_came_before_their_event_count_when_it_comes() {
    let mut town = Town::new().await;
    let alice = town.citizen("alice");
    let guests: Vec<_> = (0..MANY).map(|number| town.registers(&format!("guest-{number}"))).collect();
    town.others.release_all();
    // Its first facts are not heard of yet.
    town.others.events.away(true);
    let event = town.makes(&alice, "feast", days(DAY, DAY));
    // In records such as older logs have.
    for some in guests.chunks(200) {
        town.answer(event, &some.iter().collect::<Vec<_>>(), Some(Status::Maybe));
    }
    town.others.events.away(false);
    town.catches_up().await;
    for guest in guests.iter().step_by(50).chain(guests.last()) {
        assert_eq!(town.own(guest).await.len(), 1);
    }
    assert_eq!(references_to(&town, Target::Event(event)).await, MANY + 1);
}

#[tokio::test]
async fn everything_of_a_user_with_many_entries_and_shares_goes_with_them() {
    let mut town = Town::new().await;
    let [alice, bob] = ["alice", "bob"].map(|name| town.citizen(name));
    let mut events = Vec::new();
    for number in 0..300 {
        let event = town.makes(&alice, "tea", days(DAY, DAY));
        if number % 2 == 0 {
            town.answer(event, &[&bob], Some(Status::Going));
        }
        events.push(event);
    }
    let strangers: Vec<_> = (0..300).map(|number| town.registers(&format!("stranger-{number}"))).collect();
    town.others.release_all();
    for stranger in &strangers {
        town.shares(&alice, stranger, Level::Busy);
        town.shares(stranger, &alice, Level::Details);
    }
    town.catches_up().await;
    town.deletes_account(&alice);
    town.catches_up().await;
    let gone: UserId = alice.id;
    assert_eq!(references_to(&town, Target::User(gone)).await, 0);
    // Until events has said what becomes of them, others still have theirs.
    assert_eq!(town.sees(&bob, None, &ever(), 200).await.unwrap().len(), 150);
    for event in events {
        town.edits(event, |facts| (facts.organizer, facts.cancelled) = (None, true));
    }
    town.catches_up().await;
    assert_eq!(town.own(&bob).await, []);
    assert_eq!(references_to(&town, Target::User(bob.id)).await, 151, "his calendar, and an answer to each");
}
