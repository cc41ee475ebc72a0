//! How the client looks when something is to be said: a service away, an outcome not known, what others did. Snapshots of text and
//! style, each of which was looked at.

use std::time::Duration;

use domain::calendar::Attendance;
use domain::invitations::Status;
use domain::sharing::{Level, Share, Shares};
use domain::{Error, Page, Service};

use super::rig::{Rig, entry, event, id, invitation, participants};
use crate::app::ask::{Done, Found, Query};

const SIZES: [(u16, u16); 2] = [(120, 40), (80, 24)];

/// Everything that screens show, known for a while.
fn at_work() -> Rig {
    let mut rig = Rig::signed_in();
    rig.has_entries(&[
        entry(1, "Standup", 10, 9, Attendance::Organizing),
        entry(2, "会議 🎉", 10, 11, Attendance::Going),
        entry(3, "Lunch", 12, 12, Attendance::Maybe),
    ]);
    rig.has_inbox(vec![invitation(5, "会議 🎉", Status::Pending), invitation(6, "Retro", Status::Going)]);
    let share = |name: &str, level| Share { username: name.parse().unwrap(), level };
    let shares =
        Shares { shared_with: vec![share("bob", Level::Busy)], shared_with_me: vec![share("carol", Level::Details)] };
    rig.finds(|query| *query == Query::Shares, Found::Shares(shares));
    rig
}

fn on(words: &str) -> Rig {
    let mut rig = at_work();
    rig.command(words);
    rig
}

/// The service is away, and what is shown of it is `seconds` old.
fn away(mut rig: Rig, service: Service, seconds: u64) -> Rig {
    rig.pass(Duration::from_secs(seconds));
    rig.loses(service, Error::unavailable(service, "nobody listens"));
    rig
}

fn agenda() -> Rig {
    let mut rig = on("agenda");
    rig.has_entries(&[
        entry(1, "Standup", 10, 9, Attendance::Organizing),
        entry(3, "会議 🎉", 12, 12, Attendance::Maybe),
    ]);
    rig
}

fn event_page() -> Rig {
    let mut rig = on("participants");
    rig.finds(|query| *query == Query::Event(id(1)), Found::Event(Box::new(event(1, "Standup", "alice"))));
    let people = participants(&[("bob", Status::Going), ("carol", Status::Pending), ("dave", Status::Declined)]);
    rig.finds(|query| matches!(query, Query::Participants { .. }), Found::Participants(people));
    rig
}

fn public_events() -> Rig {
    let mut rig = on("public events");
    let found = Page { items: vec![event(8, "Party 🎉", "carol"), event(9, "会議", "alice")], next: None };
    rig.finds(|query| matches!(query, Query::Public { .. }), Found::Public(found));
    rig
}

fn never_seen() -> Rig {
    let mut rig = Rig::signed_in();
    rig.fails(|query| matches!(query, Query::Entries { .. }), Error::unavailable(Service::Calendar, "nobody listens"));
    rig
}

fn hung() -> Rig {
    let mut rig = on("invitations");
    rig.pass(Duration::from_secs(400));
    rig.loses(Service::Invitations, Error::Deadline { service: Service::Invitations });
    rig
}

fn unconfirmed(wait: u64) -> Rig {
    let mut rig = on("invitations");
    rig.types("a");
    let sent = rig.sent();
    rig.pass(Duration::from_secs(8));
    rig.answer(&sent, Err(Error::Deadline { service: Service::Invitations }));
    rig.pass(Duration::from_secs(wait));
    rig
}

fn declined() -> Rig {
    let mut rig = on("invitations");
    rig.types("jd");
    let sent = rig.sent();
    rig.done(&sent, Done::Invitation(Box::new(invitation(6, "Retro", Status::Declined))));
    rig
}

fn refused() -> Rig {
    let mut rig = on("invitations");
    rig.types("a");
    let sent = rig.sent();
    rig.answer(
        &sent,
        Err(Error::conflict("event", "this event was cancelled, so there is nothing to answer any more")),
    );
    rig
}

fn others() -> Rig {
    let mut rig = on("week");
    let now = rig.model.now.instant;
    let title =
        "会議 🎉 with a title that is much longer than there is room for on any terminal that people use nowadays";
    for text in [&format!("bob accepted {title}"), "carol may come to Standup", "dave declined Standup"] {
        rig.model.toasts.tell(text.to_owned(), now);
    }
    rig
}

fn slow() -> Rig {
    let mut rig = on("month");
    rig.types("]");
    rig.pass(Duration::from_millis(200));
    rig
}

fn all() -> Vec<(&'static str, Rig)> {
    vec![
        ("away_month", away(on("month"), Service::Calendar, 30)),
        ("away_agenda", away(agenda(), Service::Calendar, 300)),
        ("away_invitations", away(on("invitations"), Service::Invitations, 30)),
        ("away_participants", away(event_page(), Service::Invitations, 30)),
        ("away_event", away(event_page(), Service::Events, 30)),
        ("away_public_events", away(public_events(), Service::Events, 30)),
        ("away_people", away(on("people"), Service::Sharing, 30)),
        ("away_never_seen", never_seen()),
        ("hung_invitations", hung()),
        ("unconfirmed", unconfirmed(0)),
        ("unconfirmed_still", unconfirmed(60)),
        ("undo", declined()),
        ("refused", refused()),
        ("others", others()),
        ("slow", slow()),
    ]
}

#[test]
fn whatever_is_to_be_said_looks_as_it_looked() {
    for (name, rig) in all() {
        for (width, height) in SIZES {
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), rig.looks(width, height));
        }
    }
}

#[test]
fn whatever_is_to_be_said_can_be_drawn_at_every_size() {
    for (_, rig) in all() {
        for height in (1..=45).step_by(4) {
            for width in (1..=130).step_by(7) {
                rig.buffer(width, height);
            }
        }
    }
}
