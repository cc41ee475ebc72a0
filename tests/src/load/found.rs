//! What a system says is so: all that people can be asked about, from the services that own it, and whether the services that only
//! follow say the same.

use std::collections::BTreeMap;

use domain::calendar::{Attendance, Entry};
use domain::events::Listing;
use domain::invitations::Status;
use domain::sharing::Level;
use domain::time::Window;
use domain::{EventId, Limit, PageRequest};
use futures::future::try_join_all;

use super::ledger::Fact;
use crate::{Person, days};

/// What was found; facts of which there is nothing are missing.
pub(super) type Found = BTreeMap<Fact, String>;

/// All events of the load are within it.
fn the_year() -> Window {
    days("2027-01-01", "2027-12-31")
}

/// Everything that `people`, who are signed in, have to say.
pub(super) async fn everything(people: &[Person]) -> Result<Found, String> {
    let told = try_join_all(people.iter().map(told_by)).await?;
    Ok(told.into_iter().flatten().collect())
}

/// What is one person's to say: their account, their events and the answers to them, and whom they share with.
async fn told_by(person: &Person) -> Result<Found, String> {
    let organizer = person.name().to_owned();
    let mut found = Found::from([(Fact::Account(organizer.clone()), "yes".to_owned())]);
    let mut page = PageRequest { limit: Limit::MAX, after: None };
    loop {
        let events = told(person.lists_in(Listing::Mine, None, the_year(), page.clone()).await)?;
        for event in events.items {
            let title = event.title.to_string();
            let number = title.split_whitespace().next().and_then(|word| word.parse().ok());
            let Some(number) = number.filter(|_| event.organizer == domain::events::Person::Named(person.username()))
            else {
                continue;
            };
            let fact = Fact::Title { organizer: organizer.clone(), number };
            if let Some(twice) = found.insert(fact, title.clone()) {
                return Err(format!("{organizer} has {title:?} and {twice:?}"));
            }
            answers(person, number, event.id, &mut found).await?;
        }
        page.after = events.next;
        if page.after.is_none() {
            break;
        }
    }
    for share in told(person.shares().await)?.shared_with {
        let level = if share.level == Level::Busy { "busy" } else { "details" };
        found.insert(Fact::Share { owner: organizer.clone(), with: share.username.to_string() }, level.to_owned());
    }
    Ok(found)
}

async fn answers(person: &Person, number: usize, event: EventId, found: &mut Found) -> Result<(), String> {
    for participant in told(person.participants(event).await)?.people.items {
        let invitee = participant.username.to_string();
        let fact = Fact::Answer { organizer: person.name().to_owned(), number, invitee };
        if found.insert(fact, format!("{:?}", participant.status)).is_some() {
            return Err(format!("{} is among those of event {number} twice", participant.username));
        }
    }
    Ok(())
}

/// That everyone's calendar has just what follows from what was `found`, and is seen by just those whom it is shared with.
pub(super) async fn is_agreed_on(people: &[Person], found: &Found) -> Result<(), String> {
    try_join_all(people.iter().map(|owner| calendar_is_agreed_on(owner, people, found))).await.map(drop)
}

async fn calendar_is_agreed_on(owner: &Person, people: &[Person], found: &Found) -> Result<(), String> {
    let (expected, there) = (calendar_from(owner.name(), found), calendar_of(owner).await?);
    if expected != there {
        return Err(format!("the calendar of {} has {there:?}, and should have {expected:?}", owner.name()));
    }
    for other in people.iter().filter(|other| other.name() != owner.name()) {
        let fact = Fact::Share { owner: owner.name().to_owned(), with: other.name().to_owned() };
        match (found.get(&fact), other.calendar_of(owner).await) {
            (Some(_), Ok(_)) => {}
            (None, Err(error)) if error.code() == "forbidden" => {}
            (shared, seen) => {
                return Err(format!(
                    "{} shares with {} as {shared:?}, who is told {seen:?}",
                    owner.name(),
                    other.name()
                ));
            }
        }
    }
    Ok(())
}

/// What should be in someone's calendar, in the order of the words.
fn calendar_from(owner: &str, found: &Found) -> Vec<String> {
    let mut entries = Vec::new();
    for (fact, value) in found {
        match fact {
            Fact::Title { organizer, .. } if organizer == owner => {
                entries.push(format!("{value} ({:?})", Attendance::Organizing));
            }
            Fact::Answer { organizer, number, invitee } if invitee == owner => {
                let title = found.get(&Fact::Title { organizer: organizer.clone(), number: *number });
                let comes = [Status::Going, Status::Maybe].iter().any(|status| *value == format!("{status:?}"));
                entries.extend(title.filter(|_| comes).map(|title| format!("{title} ({value})")));
            }
            Fact::Title { .. } | Fact::Answer { .. } | Fact::Account(_) | Fact::Share { .. } => {}
        }
    }
    entries.sort();
    entries
}

/// What is in someone's calendar, in the order of the words.
async fn calendar_of(owner: &Person) -> Result<Vec<String>, String> {
    let mut page = PageRequest { limit: Limit::MAX, after: None };
    let mut entries = Vec::new();
    loop {
        let there = told(owner.calendar_page(None, the_year(), page.clone()).await)?;
        for entry in there.items {
            match entry {
                Entry::Event { title, attendance, .. } => entries.push(format!("{title} ({attendance:?})")),
                Entry::Busy { .. } => return Err(format!("{} sees only when they are busy themselves", owner.name())),
            }
        }
        page.after = there.next;
        if page.after.is_none() {
            break;
        }
    }
    entries.sort();
    Ok(entries)
}

fn told<T>(asked: Result<T, domain::Error>) -> Result<T, String> {
    asked.map_err(|error| error.to_string())
}
