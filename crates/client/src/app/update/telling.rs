//! Telling in passing what others did: what was known is compared with what a service says now.
//!
//! Nothing is told of what I did myself. What has merely left a list says nothing of why, so its event is asked for first.

use domain::events::{Event, Person};
use domain::invitations::{Answers, Invitation, Status};
use domain::sharing::{Share, Shares};
use domain::{Error, EventId, Instance, Page};
use jiff::civil::DateTime;

use crate::app::ask::{Found, Query};
use crate::app::item::{self, Item, Kind};
use crate::app::model::Model;
use crate::app::rows::word_of_level;
use crate::app::which;

/// Events that are asked for at most, to find out why they have left a list.
const MOST_WONDERED: usize = 8;

/// An event that has left a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wonder {
    title: String,
    /// Whether I was asked to come, rather than joined by myself.
    invited: bool,
    /// When it was, for me; not known of what I was asked to.
    was: Option<(DateTime, DateTime, bool)>,
}

/// Tells of what a service's answer shows, beside what was known before.
pub(super) fn tell(model: &mut Model, query: &Query, before: Option<Found>, now: &Found) {
    places(model, query, now);
    match (query, before, now) {
        (Query::Inbox { page: 0 }, Some(Found::Inbox(before)), Found::Inbox(now)) => inbox(model, &before, now),
        (Query::Entries { of: None, .. }, Some(Found::Entries(before)), Found::Entries(now)) => {
            entries(model, &before, now);
        }
        (Query::Shares, Some(Found::Shares(before)), Found::Shares(now)) => shares(model, &before, now),
        (Query::Event(_) | Query::Instance { .. }, _, Found::Event(event)) => found_out(model, query, event),
        _ => {}
    }
}

/// Takes in that an event is not there any more, or not mine to see.
pub(super) fn not_found(model: &mut Model, query: &Query, error: &Error) {
    let over = matches!(error, Error::NotFound { .. } | Error::Forbidden { .. } | Error::InvalidInput { .. });
    if let Some(key) = asked_of(query).filter(|_| over)
        && let Some(wonder) = model.wondering.remove(&key)
    {
        // That the rules name an instance no longer is no news of its own.
        if matches!(error, Error::InvalidInput { .. }) {
            return;
        }
        let said = if wonder.invited { "you are no longer invited to" } else { "you no longer see" };
        say(model, format!("{said} {}", wonder.title));
    }
}

/// The event, and what of it, that a question is about.
fn asked_of(query: &Query) -> Option<(EventId, Instance)> {
    match query {
        Query::Event(event) => Some((*event, Instance::Series)),
        Query::Instance { event, start } => Some((*event, Instance::On(*start))),
        _ => None,
    }
}

fn say(model: &mut Model, text: String) {
    model.toasts.tell(text, model.now.instant);
}

/// Tells of what people answered to my events.
pub(super) fn answers(model: &mut Model, answers: &Answers) {
    // What was answered before I looked is no news.
    if model.heard_until.replace(answers.until).is_none() {
        return;
    }
    for answer in &answers.items {
        let did = match answer.status {
            // Whether they were asked or joined by themselves is not said.
            Status::Going => "is coming to",
            Status::Maybe => "may come to",
            Status::Declined => "declined",
            Status::Waiting => "waits for a place at",
            Status::Pending => continue,
        };
        say(model, format!("{} {did} {}{}", answer.username, answer.title, which::said(answer.instance)));
    }
}

fn inbox(model: &mut Model, before: &Page<Invitation>, now: &Page<Invitation>) {
    let find = |page: &Page<Invitation>, event: EventId| page.items.iter().position(|one| one.event.id == event);
    // The newest come first, so what stands before all that was known is new. What else is new here has come from another page.
    let known = now.items.iter().position(|one| find(before, one.event.id).is_some());
    let new = known.unwrap_or(if before.next.is_none() { now.items.len() } else { 0 });
    for invitation in now.items.iter().take(new).rev().filter(|one| one.status == Status::Pending) {
        let text = format!("{} invites you to {}", inviter(invitation), invitation.event.title);
        say(model, text);
    }
    for was in &before.items {
        let Some(is) = find(now, was.event.id).and_then(|at| now.items.get(at)) else { continue };
        if was.event.series.first == is.event.series.first {
            if was.event.series != is.event.series && is.status != Status::Declined {
                let whose = by(&is.event.organizer).unwrap_or_else(|| "somebody".to_owned());
                say(model, format!("{whose} changed how {} comes again", is.event.title));
            }
        } else if is.status != Status::Declined {
            let when = item::in_short(&is.event.series.first, &model.settings.zone, model.settings.hours);
            let text = moved(by(&is.event.organizer), is.event.title.as_str(), &when);
            say(model, text);
        }
    }
    // Behind the last that is still there, what is missing may merely be on another page.
    let last = if now.next.is_none() {
        before.items.len()
    } else {
        before.items.iter().rposition(|one| find(now, one.event.id).is_some()).unwrap_or(0)
    };
    let gone: Vec<&Invitation> =
        before.items.iter().take(last).filter(|one| find(now, one.event.id).is_none()).collect();
    for one in gone {
        if one.status != Status::Declined {
            let (title, invited) = (one.event.title.to_string(), one.inviter.is_some());
            wonder(model, (one.event.id, Instance::Series), Wonder { title, invited, was: None });
        }
    }
}

/// What I joined by myself is in no inbox.
fn entries(model: &mut Model, before: &Page<Item>, now: &Page<Item>) {
    let joined = |item: &&Item| matches!(item.kind, Kind::Going | Kind::Maybe) && item.event.is_some();
    // Of many instances that are gone at once one looks at the event, not at each of them.
    let gone = |of: &Item| {
        let gone = |was: &&Item| was.event == of.event && !now.items.iter().any(|is| is.is_same(was));
        before.items.iter().filter(gone).count()
    };
    let here = |model: &Model, event: EventId| model.inbox().any(|one| one.event.id == event);
    for was in before.items.iter().filter(joined) {
        let Some(event) = was.event.filter(|event| !here(model, *event)) else { continue };
        match now.items.iter().find(|is| is.is_same(was)) {
            Some(is) if (is.start, is.end, is.all_day) != (was.start, was.end, was.all_day) => {
                let day = is.start.strftime("%a %e %b");
                let when = format!("{day} {}", is.hours_on(is.start.date(), model.settings.hours));
                say(model, moved(None, &is.title, &when));
            }
            Some(_) => {}
            None => {
                let said = model.assumed(event, was.instance).or(match was.instance {
                    Instance::On(start) => model.answer_apart(event, start),
                    Instance::Series | Instance::From(_) => None,
                });
                let mine = said.or(model.my_answer(event).1) == Some(Status::Declined);
                let whole = before.next.is_none() && now.next.is_none();
                if whole && !mine {
                    let one = !was.recurs() || gone(was) == 1;
                    let instance = if one { was.instance } else { Instance::Series };
                    let wondered = one.then_some((was.start, was.end, was.all_day));
                    wonder(
                        model,
                        (event, instance),
                        Wonder { title: was.title.clone(), invited: false, was: wondered },
                    );
                }
            }
        }
    }
}

/// Tells when a place has become free for me. Whoever joined by themselves is in no inbox and not in the calendar before.
fn places(model: &mut Model, query: &Query, now: &Found) {
    match (query, now) {
        (Query::Inbox { .. }, Found::Inbox(page)) => page.items.iter().for_each(|one| stands(model, one)),
        (Query::Mine(_), Found::Mine(mine)) => mine.iter().for_each(|one| stands(model, one)),
        (Query::MyAnswer { .. }, Found::MyAnswer(Some(mine))) => stands(model, mine),
        (Query::Entries { of: None, .. }, Found::Entries(page)) => {
            for event in page.items.iter().filter(|item| item.kind == Kind::Going).filter_map(|item| item.event) {
                let_in(model, event);
            }
        }
        _ => {}
    }
}

fn stands(model: &mut Model, mine: &Invitation) {
    match mine.status {
        Status::Going if !mine.event.cancelled => let_in(model, mine.event.id),
        status => note_place(model, mine, status),
    }
}

fn let_in(model: &mut Model, event: EventId) {
    if let Some(title) = model.in_line.remove(&event) {
        say(model, format!("a place became free: you are going to {title}"));
    }
}

/// Remembers whether I stand in line for an event.
pub(super) fn note_place(model: &mut Model, mine: &Invitation, status: Status) {
    match status {
        Status::Waiting => model.in_line.insert(mine.event.id, mine.event.title.to_string()),
        _ => model.in_line.remove(&mine.event.id),
    };
}

fn shares(model: &mut Model, before: &Shares, now: &Shares) {
    let level = |shares: &Shares, of: &Share| {
        shares.shared_with_me.iter().find(|share| share.username == of.username).map(|share| share.level)
    };
    for share in &now.shared_with_me {
        let text = match level(before, share) {
            None => format!("{} shares their calendar with you", share.username),
            Some(was) if was != share.level => {
                format!("{} now lets you see {}", share.username, word_of_level(share.level))
            }
            Some(_) => continue,
        };
        say(model, text);
    }
    for share in before.shared_with_me.iter().filter(|share| level(now, share).is_none()) {
        say(model, format!("{} no longer shares their calendar with you", share.username));
    }
}

/// Asks why an event has left a list.
fn wonder(model: &mut Model, of: (EventId, Instance), wonder: Wonder) {
    if model.wondering.len() < MOST_WONDERED {
        model.wondering.insert(of, wonder);
        // What is known of it is not why.
        model.store.entry(which::question(of.0, of.1)).or_default().outdate();
    }
}

fn found_out(model: &mut Model, query: &Query, event: &Event) {
    let Some(of) = asked_of(query) else { return };
    let Some(wonder) = model.wondering.remove(&of) else { return };
    let time = event.occurrence.as_ref().unwrap_or(&event.series.first);
    let which = which::said(of.1);
    let zone = &model.settings.zone;
    let text = match (by(&event.organizer), wonder.was) {
        (Some(organizer), _) if event.cancelled => format!("{organizer} cancelled {}{which}", event.title),
        (None, _) if event.cancelled => format!("{}{which} was cancelled", event.title),
        (organizer, Some(was)) if item::span(time, zone) != was => {
            moved(organizer, event.title.as_str(), &item::in_short(time, zone, model.settings.hours))
        }
        _ if wonder.invited => format!("you are no longer invited to {}", event.title),
        _ => return,
    };
    say(model, text);
}

fn moved(by: Option<String>, title: &str, when: &str) -> String {
    let when = when.split_whitespace().collect::<Vec<_>>().join(" ");
    by.map_or_else(|| format!("{title} was moved to {when}"), |by| format!("{by} moved {title} to {when}"))
}

fn by(organizer: &Person) -> Option<String> {
    match organizer {
        Person::Named(name) => Some(name.to_string()),
        Person::Deleted => None,
    }
}

fn inviter(invitation: &Invitation) -> String {
    invitation.inviter.as_ref().and_then(by).unwrap_or_else(|| "somebody".to_owned())
}
