//! A service that is killed, and one that hangs: what needs it says so, everything else works, and recovery needs no key.
//!
//! Two people look at the same time, in terminals of the two sizes. Every scenario takes all five services in turn.

use std::collections::BTreeMap;

use domain::Service;

use crate::SIZES;
use crate::installation::{Installation, Restart};
use crate::person::{Person, complaints};

/// The places of the client, which service's answers each shows, and what is seen there while all is well.
const PLACES: [(&str, Option<Service>, &str); 5] = [
    ("month", Some(Service::Calendar), "Month · my calendar"),
    ("invitations", Some(Service::Invitations), "Dinner"),
    ("public events", Some(Service::Events), "Open day"),
    ("people", Some(Service::Sharing), "busy times only"),
    ("services", None, "127.0.0.1"),
];

/// Two people with something in every place.
fn two_people(installation: &Installation) -> [Person<'_>; 2] {
    let people =
        [Person::registered(installation, "alice", SIZES[0]), Person::registered(installation, "bob", SIZES[1])];
    let [alice, bob] = &people;
    for (one, other, dinner) in [(alice, "bob", "Dinner with bob"), (bob, "alice", "Dinner with alice")] {
        one.makes(dinner, "tomorrow 19:00 2h", false, other);
        one.says("share calendar");
        one.terminal.shows("┌ Share my calendar");
        one.fills(&[other, " "]);
        one.terminal.shows("busy times only");
        one.saves();
        one.terminal.shows(&format!("{other} sees your calendar"));
    }
    alice.makes("Open day", "friday 14:00 1h", true, "");
    for person in &people {
        visits_every_place(person, None);
        person.says("month");
        person.terminal.shows("Month · my calendar");
    }
    people
}

/// Goes everywhere, and finds each place as it is while all is well; but for those that need `away`.
fn visits_every_place(person: &Person<'_>, away: Option<Service>) {
    for (word, needs, shows) in PLACES {
        person.says(word);
        let screen = person.terminal.shows(shows);
        if needs.is_some() && needs == away {
            continue;
        }
        if let (Some(away), Some(_)) = (away, needs) {
            assert_eq!(complaints(&screen, away).next(), None, "{word} does not need {away}:\n{screen}");
        }
    }
}

/// Where the answers of a service are shown.
fn goes_where_it_is_needed(person: &Person<'_>, service: Service) {
    let place = PLACES.iter().find(|(_, needs, _)| *needs == Some(service));
    let (word, _, shows) = place.unwrap_or(&PLACES[4]);
    person.says(word);
    // What was known is still there.
    person.terminal.shows(shows);
}

/// Keys work, and their effects are drawn, while `service` is away.
fn keys_work(person: &Person<'_>) {
    person.says("month");
    person.terminal.key("]");
    person.terminal.shows("Month · my calendar · April 2027");
    person.terminal.key("[");
    person.terminal.shows("Month · my calendar · March 2027");
    person.terminal.key("t");
    person.terminal.key("l");
    person.terminal.shows("Thu 11 Mar 2027");
    person.terminal.key("h");
    person.terminal.shows("Wed 10 Mar 2027");
    person.terminal.key("n");
    person.terminal.shows("┌ New event");
    person.terminal.types("a colon: and more");
    person.terminal.shows("a colon: and more");
    person.terminal.key("Escape");
    person.terminal.shows("Leave this form?");
    person.terminal.key("y");
    person.terminal.shows("Month · my calendar");
}

/// `person` is told of `service` where it is needed, and nowhere else.
fn is_told_where_it_matters(person: &Person<'_>, service: Service) {
    goes_where_it_is_needed(person, service);
    match service {
        Service::Auth => {
            person.terminal.until("auth is said to be away", |screen| {
                screen.lines().any(|line| line.contains("auth ") && line.contains("down"))
            });
        }
        _ => person.is_told_of(service),
    }
    visits_every_place(person, Some(service));
    keys_work(person);
    goes_where_it_is_needed(person, service);
}

/// Everything is well again, without a key.
fn recovers(person: &Person<'_>, service: Service) {
    person.is_told_no_more_of(service);
    person.says("services");
    person.terminal.until("all five services are up", |screen| screen.matches(" up  ").count() == 5);
    visits_every_place(person, None);
}

#[test]
fn a_service_that_was_killed_is_missed_where_it_is_needed_and_only_until_it_is_back() {
    let installation = Installation::new(Restart::Never);
    let people = two_people(&installation);
    for service in Service::ALL {
        installation.kills(service);
        for person in &people {
            is_told_where_it_matters(person, service);
        }
        installation.starts(service);
        for person in &people {
            recovers(person, service);
        }
    }
}

#[test]
fn a_service_that_hangs_takes_no_key_with_it_and_is_missed_only_until_it_goes_on() {
    let installation = Installation::new(Restart::ByItself);
    let people = two_people(&installation);
    for service in Service::ALL {
        installation.hangs(service);
        for person in &people {
            is_told_where_it_matters(person, service);
        }
        installation.goes_on(service);
        for person in &people {
            recovers(person, service);
        }
    }
}

#[test]
fn a_service_that_the_supervisor_starts_again_is_found_again_without_a_key() {
    let installation = Installation::new(Restart::ByItself);
    let people = two_people(&installation);
    let before: BTreeMap<Service, u32> =
        Service::ALL.into_iter().map(|service| (service, installation.pid(service).unwrap())).collect();
    for service in Service::ALL {
        installation.kills(service);
        for person in &people {
            goes_where_it_is_needed(person, service);
            keys_work(person);
            recovers(person, service);
        }
        assert_ne!(installation.pid(service), before.get(&service).copied());
    }
}

#[test]
fn an_acceptance_whose_answer_was_lost_is_unconfirmed_and_settles_to_the_truth_once() {
    let installation = Installation::new(Restart::ByItself);
    let [alice, bob] = &two_people(&installation);
    bob.says("invitations");
    bob.terminal.shows("○ pending");
    installation.hangs(Service::Invitations);
    bob.says("accept");
    // Shown at once; after the deadline it is not known whether it was done.
    bob.terminal.shows("● going");
    bob.terminal.shows("unconfirmed");
    installation.goes_on(Service::Invitations);
    bob.terminal.shows_no_longer("unconfirmed");
    bob.terminal.shows("● going");
    alice.says("month");
    alice.terminal.key("t");
    alice.terminal.key("l");
    alice.terminal.shows("Thu 11 Mar 2027");
    alice.says("participants");
    alice.terminal.shows("1 going · 0 maybe · 0 pending · 0 declined");
}
