//! Services that fail, hang, answer late, or refuse: what is on the screen meanwhile.

use std::time::Duration;

use crossterm::event::KeyCode;
use domain::calendar::Attendance;
use domain::invitations::Status;
use domain::{Error, Service};

use super::rig::{Rig, entry, found_entries, invitation};
use crate::app::ask::{Call, Done, Query};

fn entries(query: &Query) -> bool {
    matches!(query, Query::Entries { .. })
}

#[test]
fn a_late_answer_for_another_month_never_overwrites_this_one() {
    let mut rig = Rig::signed_in();
    let march = rig.asked(entries);
    rig.types("]");
    rig.has_entries(&[]);
    let late = found_entries(&[entry(1, "Standup", 10, 9, Attendance::Going)]);
    rig.answer(&march, Ok(crate::app::ask::Outcome::Found(late)));
    assert!(rig.screen(80, 24).contains("April 2027"));
    assert!(!rig.screen(80, 24).contains("Standup"));
    rig.types("[");
    assert!(rig.screen(120, 40).contains("Standup"));
}

#[test]
fn an_answer_to_an_outdated_request_is_dropped() {
    let mut rig = Rig::signed_in();
    let first = rig.asked(entries);
    rig.answer(&first, Err(Error::unavailable(Service::Calendar, "it is away")));
    rig.types("r");
    rig.has_entries(&[entry(1, "Standup", 10, 9, Attendance::Going)]);
    let nothing = found_entries(&[]);
    rig.answer(&first, Ok(crate::app::ask::Outcome::Found(nothing)));
    assert!(rig.screen(120, 40).contains("Standup"));
}

#[test]
fn a_service_that_is_down_is_named_in_its_pane_only_and_the_data_stays_with_its_age() {
    let mut rig = Rig::signed_in();
    rig.has_entries(&[entry(1, "Standup", 10, 9, Attendance::Going)]);
    rig.has_inbox(Vec::new());
    rig.tells(Service::Calendar, 1);
    rig.pass(Duration::from_secs(2));
    rig.tells(Service::Calendar, 2);
    rig.fails(entries, Error::unavailable(Service::Calendar, "it is away"));
    let screen = rig.screen(120, 40);
    assert!(screen.contains("calendar is down · this is 2 s old · r retries"), "{screen}");
    assert!(screen.contains("Standup"), "{screen}");
    rig.command("invitations");
    assert!(!rig.screen(120, 40).contains("is down"));
}

#[test]
fn a_service_that_comes_back_clears_its_pane_by_itself() {
    let mut rig = Rig::signed_in();
    rig.fails(entries, Error::unavailable(Service::Calendar, "it is away"));
    assert!(rig.screen(80, 24).contains("calendar is down"));
    rig.pass(Duration::from_secs(3));
    rig.has_entries(&[entry(1, "Standup", 10, 9, Attendance::Going)]);
    let screen = rig.screen(120, 40);
    assert!(!screen.contains("is down") && screen.contains("Standup"), "{screen}");
}

#[test]
fn waiting_is_said_only_after_a_while() {
    let mut rig = Rig::signed_in();
    assert!(!rig.screen(80, 24).contains("waiting"));
    rig.pass(Duration::from_millis(200));
    assert!(rig.screen(80, 24).contains("waiting for"));
}

#[test]
fn an_acceptance_is_shown_at_once_and_taken_back_when_it_is_refused() {
    let mut rig = Rig::signed_in();
    rig.has_inbox(vec![invitation(1, "Standup", Status::Pending)]);
    rig.command("invitations");
    rig.command("accept");
    assert!(rig.screen(80, 24).contains("● going"));
    let sent = rig.sent();
    rig.answer(&sent, Err(Error::conflict("event", "this event was cancelled")));
    let screen = rig.screen(80, 24);
    assert!(screen.contains("○ pending"), "{screen}");
    assert!(screen.contains("not done: accept: this event was cancelled"), "{screen}");
}

#[test]
fn an_unknown_outcome_is_shown_as_unconfirmed_and_asked_for_under_the_same_key() {
    let mut rig = Rig::signed_in();
    rig.has_inbox(vec![invitation(1, "Standup", Status::Pending)]);
    rig.command("invitations");
    rig.types("a");
    let first = rig.sent();
    rig.answer(&first, Err(Error::Deadline { service: Service::Invitations }));
    assert!(rig.screen(80, 24).contains("(unconfirmed)"));
    rig.pass(Duration::from_secs(2));
    let second = rig.sent();
    assert!(first.identity.is_some());
    assert_eq!(second.identity, first.identity);
    rig.done(&second, Done::Invitation(Box::new(invitation(1, "Standup", Status::Going))));
    let screen = rig.screen(80, 24);
    assert!(screen.contains("● going") && !screen.contains("unconfirmed"), "{screen}");
}

#[test]
fn what_is_unavailable_after_an_unknown_outcome_stays_unconfirmed() {
    let mut rig = Rig::signed_in();
    rig.has_inbox(vec![invitation(1, "Standup", Status::Pending)]);
    rig.command("invitations");
    rig.types("a");
    let first = rig.sent();
    rig.answer(&first, Err(Error::Deadline { service: Service::Invitations }));
    rig.pass(Duration::from_secs(2));
    let second = rig.sent();
    rig.answer(&second, Err(Error::unavailable(Service::Invitations, "it is away")));
    assert!(rig.screen(80, 24).contains("(unconfirmed)"));
    rig.pass(Duration::from_secs(4));
    assert_eq!(rig.sent().identity, first.identity);
}

#[test]
fn a_session_that_is_over_leads_to_the_sign_in_form_with_the_reason_and_the_name() {
    let mut rig = Rig::signed_in();
    rig.fails(entries, Error::unauthenticated("the session has ended"));
    let screen = rig.screen(80, 24);
    assert!(screen.contains("Sign in") && screen.contains("the session has ended") && screen.contains("alice"));
    assert!(rig.model.kept.session.is_none());
}

#[test]
fn only_what_changed_is_asked_for_again() {
    let mut rig = Rig::signed_in();
    rig.has_entries(&[]);
    rig.has_inbox(Vec::new());
    for service in [Service::Invitations, Service::Calendar, Service::Sharing] {
        rig.tells(service, 1);
    }
    rig.pass(Duration::from_secs(2));
    rig.calls.retain(|sent| matches!(sent.call, Call::Watch { .. }));
    for service in [Service::Calendar, Service::Sharing] {
        rig.tells(service, 1);
    }
    rig.tells(Service::Invitations, 2);
    rig.asked(|query| matches!(query, Query::Inbox { .. }));
    assert!(!rig.calls.iter().any(|sent| matches!(sent.call, Call::Ask(_))), "{:?}", rig.calls);
}

#[test]
fn the_token_is_renewed_in_the_second_half_of_its_life_and_nobody_notices() {
    let mut rig = Rig::signed_in();
    rig.pass(Duration::from_secs(50_000));
    assert!(matches!(rig.sent().call, Call::Do(crate::app::ask::Command::Renew)));
    rig.key(KeyCode::Char('?'));
    assert!(rig.screen(80, 24).contains("Help"));
}

#[test]
fn who_signs_out_is_not_told_on_the_way_that_the_session_has_ended() {
    let mut rig = Rig::signed_in();
    rig.command("sign out");
    let leaving = rig.sent();
    rig.fails(entries, Error::unauthenticated("the session has ended"));
    assert!(rig.model.kept.session.is_some());
    rig.done(&leaving, Done::SignedOut);
    let screen = rig.screen(80, 24);
    assert!(screen.contains("Sign in") && screen.contains("signed out"), "{screen}");
    assert!(!screen.contains("the session has ended"), "{screen}");
}
