//! The ledger finds out what it is there to find out: something lost, done twice, undone again, or never done.

use domain::events::Listing;
use domain::invitations::Response;
use domain::sharing::Level;
use domain::{EventId, PageRequest};
use transport::cluster::{Cluster, LinkedOptions};

use super::{Crowd, Fact, Ledger, now};
use crate::{Person, Plan, days};

/// After some work, somebody does something that the ledger is not told of; what it says then.
async fn found_out(behind_its_back: impl AsyncFn(&Cluster, &Ledger)) -> String {
    let cluster = Cluster::linked(LinkedOptions::for_tests()).await.unwrap();
    let mut crowd = Crowd::registers(&cluster).await;
    crowd.works(|rounds| rounds < 2).await;
    let ledger = crowd.ledger();
    ledger.is_kept_by(&cluster, now()).await.unwrap();
    behind_its_back(&cluster, &ledger).await;
    ledger.is_kept_by(&cluster, now()).await.unwrap_err()
}

async fn signed_in(cluster: &Cluster, name: &str) -> Person {
    let person = Person::named(name, cluster.clients());
    person.signs_in().await.unwrap();
    person
}

/// The first event of the first person, private, to which the second is invited and comes.
async fn first_event(organizer: &Person) -> (EventId, String) {
    let listed = organizer.lists_in(Listing::Mine, None, days("2027-03-01", "2027-03-01"), PageRequest::default());
    let event = listed.await.unwrap().items.into_iter().find(|event| event.title.as_str().starts_with("0 of person-0"));
    event.map(|event| (event.id, event.title.to_string())).unwrap()
}

#[tokio::test]
async fn a_lost_event_is_found_out() {
    let said = found_out(async |cluster, _| {
        let organizer = signed_in(cluster, "person-0").await;
        organizer.cancels(first_event(&organizer).await.0).await.unwrap();
    });
    let said = said.await;
    assert!(said.contains(r#"organizer: "person-0", number: 0"#) && said.contains("is None"), "{said}");
}

#[tokio::test]
async fn an_event_made_twice_is_found_out() {
    let said = found_out(async |cluster, _| {
        let organizer = signed_in(cluster, "person-0").await;
        let (_, title) = first_event(&organizer).await;
        organizer.creates(Plan::for_a(&title)).await.unwrap();
    });
    let said = said.await;
    assert!(said.starts_with("person-0 has "), "{said}");
}

#[tokio::test]
async fn an_answer_that_went_back_to_an_earlier_one_is_found_out() {
    let said = found_out(async |cluster, _| {
        let event = first_event(&signed_in(cluster, "person-0").await).await.0;
        signed_in(cluster, "person-1").await.answers(event, Response::Maybe).await.unwrap();
    });
    let said = said.await;
    assert!(said.ends_with(r#"is Some("Maybe"), and may be only [Some("Going")]"#), "{said}");
}

#[tokio::test]
async fn a_share_that_nobody_gave_is_found_out() {
    let said = found_out(async |cluster, _| {
        let [owner, with] = [signed_in(cluster, "person-0").await, signed_in(cluster, "person-5").await];
        owner.shares_with(&with, Level::Details).await.unwrap();
    });
    let said = said.await;
    assert!(said.starts_with("nobody ever did this"), "{said}");
}

#[tokio::test]
async fn an_account_that_is_gone_and_one_that_never_was_are_found_out() {
    let said = found_out(async |cluster, _| {
        signed_in(cluster, "person-3").await.deletes_the_account().await.unwrap();
    });
    let said = said.await;
    assert!(said.starts_with("person-3 cannot sign in"), "{said}");
    let said = found_out(async |_, ledger| {
        let place = ledger.begins(vec![(Fact::Account("nobody".to_owned()), Some("yes".to_owned()))]);
        ledger.acknowledges(place);
    });
    let said = said.await;
    assert!(said.starts_with("nobody cannot sign in"), "{said}");
}

#[tokio::test]
async fn what_was_under_way_may_be_or_not() {
    let cluster = Cluster::linked(LinkedOptions::for_tests()).await.unwrap();
    let crowd = Crowd::registers(&cluster).await;
    let ledger = crowd.ledger();
    let fact = Fact::Title { organizer: "person-0".to_owned(), number: 7 };
    ledger.begins(vec![(fact, Some("7 perhaps".to_owned()))]);
    ledger.is_kept_by(&cluster, now()).await.unwrap();
    signed_in(&cluster, "person-0").await.creates(Plan::for_a("7 perhaps")).await.unwrap();
    ledger.is_kept_by(&cluster, now()).await.unwrap();
}
