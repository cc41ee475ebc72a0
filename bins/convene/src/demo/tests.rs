//! The demonstration set, loaded into services in memory.

use std::collections::BTreeSet;

use domain::Clock as _;
use domain::calendar::{Attendance, Entry, ListEntries};
use domain::invitations::{Inbox, ListParticipants, Status};
use transport::cluster::{Cluster, LinkedOptions};

use super::*;

async fn cluster() -> (Cluster, Here) {
    let cluster = Cluster::linked(LinkedOptions::for_tests()).await.unwrap();
    (cluster, Here { now: chassis::SystemClock.now(), zone: "Europe/Berlin".parse().unwrap() })
}

async fn token(clients: &Clients, name: &str) -> Credential {
    let context = Context::new(Credential::None, FOR_A_CALL).as_command(IdempotencyKey::new(), 1);
    let password = PasswordAttempt::try_from(PASSWORD.to_owned()).unwrap();
    let login = Login { username: name.parse().unwrap(), password };
    Credential::Session(clients.auth.login(&context, login).await.unwrap().value.token)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_set_has_invitations_in_every_state_and_events_of_every_kind() {
    let (cluster, here) = cluster().await;
    let clients = cluster.clients();
    assert!(load(clients, &here).await.unwrap().loaded);
    cluster.caught_up(FOR_NEWS).await.unwrap();

    let ada = Context::new(token(clients, "ada").await, FOR_A_CALL);
    let mut states = BTreeSet::new();
    let inbox = clients.invitations.inbox(&ada, Inbox { all: true, ..Inbox::default() }).await.unwrap().value;
    for invitation in &inbox.items {
        let request = ListParticipants {
            event: invitation.event.id,
            instance: Instance::Series,
            status: None,
            page: PageRequest::default(),
        };
        let people = clients.invitations.participants(&ada, request).await.unwrap().value.people;
        states.extend(people.items.iter().map(|person| person.status));
    }
    assert_eq!(states, BTreeSet::from(Status::LISTED));
    assert!(inbox.items.iter().any(|invitation| invitation.status == Status::Pending));

    let window = Window::new(None, None, here.zone.clone()).unwrap();
    let public = ListEvents { listing: Listing::Public, search: None, window, page: PageRequest::default() };
    let public = clients.events.list(&ada, public).await.unwrap().value;
    assert!(public.items.iter().any(|event| matches!(event.series.first, EventTime::AllDay(_))));
    assert!(public.items.iter().any(|event| matches!(event.series.first, EventTime::Timed(_))));
    let shares = clients.sharing.shares(&ada, domain::sharing::ListShares).await.unwrap().value;
    assert_eq!((shares.shared_with.len(), shares.shared_with_me.len()), (2, 3));
    cluster.shutdown(FOR_A_CALL).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_what_comes_again_one_instance_is_elsewhere_one_is_off_and_one_is_declined_by_itself() {
    let (cluster, here) = cluster().await;
    let clients = cluster.clients();
    load(clients, &here).await.unwrap();
    cluster.caught_up(FOR_NEWS).await.unwrap();
    let today = when::today(&here).unwrap();
    let day = |days: i64| today.checked_add(days.days()).unwrap();
    let weekly = async |name: &str| -> Vec<(Date, Attendance)> {
        let context = Context::new(token(clients, name).await, FOR_A_CALL);
        let window = Window::new(Some(day(-10)), Some(day(60)), here.zone.clone()).unwrap();
        let page = PageRequest { limit: Limit::MAX, after: None };
        let entries = clients.calendar.entries(&context, ListEntries { of: None, window, page }).await.unwrap().value;
        let is_weekly = |entry: Entry| match entry {
            Entry::Event { title, time, attendance, .. } if title.as_str().starts_with("Weekly sync") => {
                Some((time.civil_start().date(), attendance))
            }
            _ => None,
        };
        entries.items.into_iter().filter_map(is_weekly).collect()
    };
    let on = |days: &[i64], attendance| -> Vec<(Date, Attendance)> {
        days.iter().map(|days| (day(*days), attendance)).collect()
    };
    assert_eq!(weekly("linus").await, on(&[-5, 3, 9, 23, 30, 37, 44], Attendance::Organizing));
    assert_eq!(weekly("ada").await, on(&[-5, 3, 9, 23, 30, 37, 44], Attendance::Going));
    assert_eq!(weekly("grace").await, on(&[-5, 3, 23, 30, 37, 44], Attendance::Going));
    assert_eq!(weekly("alan").await, on(&[-5, 3, 9, 23, 30, 37, 44], Attendance::Maybe));
    cluster.shutdown(FOR_A_CALL).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn loading_again_says_so_and_changes_nothing() {
    let (cluster, here) = cluster().await;
    let clients = cluster.clients();
    load(clients, &here).await.unwrap();
    let ada = Context::new(token(clients, "ada").await, FOR_A_CALL);
    let events = async || {
        let window = Window::new(None, None, here.zone.clone()).unwrap();
        let page = PageRequest { limit: Limit::MAX, after: None };
        let request = ListEvents { listing: Listing::Mine, search: None, window, page };
        clients.events.list(&ada, request).await.unwrap().value
    };
    let before = events().await;
    let again = load(clients, &here).await.unwrap();
    assert!(!again.loaded && again.text().contains("already"), "{again:?}");
    assert_eq!(events().await, before);
    cluster.shutdown(FOR_A_CALL).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loading_that_broke_off_goes_on_where_it_was() {
    let (cluster, here) = cluster().await;
    let clients = cluster.clients();
    let mut broken_off = Loading { clients, people: BTreeMap::new(), seen: Positions::default(), sequence: 1 };
    for name in PEOPLE {
        broken_off.enter(name).await.unwrap();
    }
    let made = [EVENTS.first().unwrap(), EVENTS.iter().find(|planned| !planned.exceptions.is_empty()).unwrap()];
    for planned in made {
        broken_off.hold(planned, when::today(&here).unwrap(), &here.zone).await.unwrap();
    }
    assert!(load(clients, &here).await.unwrap().loaded);
    let grace = Context::new(token(clients, "grace").await, FOR_A_CALL);
    for planned in made {
        let window = Window::new(None, None, here.zone.clone()).unwrap();
        let search = Some(planned.title.parse().unwrap());
        let request = ListEvents { listing: Listing::Mine, search, window, page: PageRequest::default() };
        assert_eq!(clients.events.list(&grace, request).await.unwrap().value.items.len(), 1);
    }
    cluster.shutdown(FOR_A_CALL).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn someone_elses_ada_is_not_touched() {
    let (cluster, here) = cluster().await;
    let clients = cluster.clients();
    let context = Context::new(Credential::None, FOR_A_CALL).as_command(IdempotencyKey::new(), 1);
    let password = Password::try_from("another password".to_owned()).unwrap();
    clients.auth.register(&context, Register { username: "ada".parse().unwrap(), password }).await.unwrap();
    assert_eq!(load(clients, &here).await.unwrap_err().exit(), 6);
    cluster.shutdown(FOR_A_CALL).await;
}
