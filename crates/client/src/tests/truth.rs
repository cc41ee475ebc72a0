//! What the client says is so, and nothing that was typed is lost without a word.

use std::time::Duration;

use crossterm::event::KeyCode;
use domain::auth::{SignedIn, User};
use domain::calendar::Attendance;
use domain::invitations::Status;
use domain::{Error, Service, SessionToken, Timestamp, UserId};

use super::rig::{NOON, Rig, entry, event, id, participants};
use crate::app::ask::{Call, Command, Done, Found, Outcome, Query};

fn ended() -> Error {
    Error::unauthenticated("this session has ended; sign in again")
}

/// On the page of the event 1 of Alice's, to which Carol comes.
fn on_the_page(public: bool) -> Rig {
    let mut rig = Rig::signed_in();
    rig.has_entries(&[entry(1, "Standup", 10, 9, Attendance::Organizing)]);
    rig.command("participants");
    let mut standup = event(1, "Standup", "alice");
    standup.public = public;
    rig.finds(|query| *query == Query::Event(id(1)), Found::Event(Box::new(standup)));
    let people = participants(&[("carol", Status::Going)]);
    rig.finds(|query| matches!(query, Query::Participants { .. }), Found::Participants(people));
    rig
}

#[test]
fn whoever_deletes_their_account_is_told_so_even_if_its_session_is_found_ended_before() {
    let mut rig = Rig::signed_in();
    rig.command("delete account");
    rig.types("alice");
    rig.ctrl('s');
    let sent = rig.sent();
    rig.fails(|query| *query == Query::Shares, ended());
    rig.loses(Service::Invitations, ended());
    rig.done(&sent, Done::AccountDeleted);
    let screen = rig.screen(80, 24);
    assert!(screen.contains("the account alice is deleted") && !screen.contains("has ended"), "{screen}");
    assert_eq!(rig.model.form().unwrap().field("user").unwrap().value(), "");
}

#[test]
fn a_form_that_was_sent_is_left_without_a_question_since_nothing_is_lost() {
    let mut rig = Rig::signed_in();
    rig.command("new event");
    rig.types("Planning");
    rig.key(KeyCode::Tab);
    rig.types("tomorrow 9am");
    rig.ctrl('s');
    let sent = rig.sent();
    rig.key(KeyCode::Esc);
    let screen = rig.screen(80, 24);
    assert!(rig.model.layer.is_none() && screen.contains("my calendar"), "{screen}");
    rig.done(&sent, Done::Event(Box::new(event(7, "Planning", "alice"))));
    let screen = rig.screen(80, 24);
    assert!(screen.contains("made “Planning”") && screen.contains("my calendar"), "{screen}");
    // The same by a word of the palette.
    rig.command("new event");
    rig.types("Planning");
    rig.key(KeyCode::Tab);
    rig.types("tomorrow 9am");
    rig.ctrl('s');
    rig.command("people");
    assert!(matches!(rig.model.screen(), crate::app::model::Screen::People(_)), "{}", rig.screen(80, 24));
}

#[test]
fn an_edit_that_changes_nothing_is_not_sent_and_says_so() {
    let mut rig = on_the_page(false);
    rig.types("e");
    rig.ctrl('s');
    assert!(!rig.calls.iter().any(|sent| matches!(sent.call, Call::Do(_))), "{:?}", rig.calls);
    let screen = rig.screen(80, 24);
    assert!(screen.contains("nothing was changed") && rig.model.form().is_none(), "{screen}");
    // What was put back as it was is no change either.
    rig.types("e");
    rig.types("x");
    rig.key(KeyCode::Backspace);
    rig.ctrl('s');
    assert!(rig.screen(80, 24).contains("nothing was changed"));
    rig.types("e");
    rig.types("!");
    rig.ctrl('s');
    assert!(matches!(rig.sent().call, Call::Do(Command::Edit(_))));
}

#[test]
fn no_undo_is_promised_for_someone_who_may_have_joined_a_public_event_by_themselves() {
    let mut rig = on_the_page(true);
    rig.types("D");
    let sent = rig.sent();
    let mut standup = event(1, "Standup", "alice");
    standup.public = true;
    rig.done(&sent, Done::Event(Box::new(standup)));
    let screen = rig.screen(80, 24);
    assert!(screen.contains("not invited now: carol; whoever joined by themselves still comes"), "{screen}");
    assert!(!rig.model.toasts.can_undo() && !screen.contains("undoes"), "{screen}");
}

#[test]
fn what_takes_an_uninvitation_back_is_called_what_it_is() {
    let mut rig = on_the_page(false);
    rig.types("D");
    let sent = rig.sent();
    rig.done(&sent, Done::Event(Box::new(event(1, "Standup", "alice"))));
    let screen = rig.screen(80, 24);
    assert!(screen.contains("no longer invited: carol · u invites them again"), "{screen}");
}

#[test]
fn what_is_refused_is_said_without_an_age_or_a_promise_that_asking_again_helps() {
    let mut rig = Rig::signed_in();
    rig.command("open calendar");
    rig.types("bob");
    rig.ctrl('s');
    let theirs = |query: &Query| matches!(query, Query::Entries { of: Some(_), .. });
    rig.fails(theirs, Error::forbidden("bob does not share their calendar with you"));
    let screen = rig.screen(120, 24);
    assert!(screen.contains("bob does not share their calendar with you"), "{screen}");
    assert!(!screen.contains("nothing is known yet") && !screen.contains("r retries"), "{screen}");
}

#[test]
fn a_service_that_does_not_answer_how_it_is_is_said_to_be_so_with_when_it_last_did_and_the_key_that_asks_again() {
    let mut rig = Rig::signed_in();
    rig.command("services");
    let auth = |query: &Query| *query == Query::Health(Service::Auth);
    rig.fails(auth, Error::unavailable(Service::Auth, "cannot connect to 127.0.0.1:3930"));
    let screen = rig.screen(80, 24);
    assert!(screen.contains("cannot be reached · never heard of yet · r retries"), "{screen}");
    rig.types("r");
    let health = domain::integrity::Health {
        version: "1.0.0".to_owned(),
        positions: domain::Positions::default(),
        stopped: Vec::new(),
        behind: Vec::new(),
    };
    rig.finds(auth, Found::Health(health));
    rig.pass(Duration::from_secs(7));
    rig.fails(auth, Error::Deadline { service: Service::Auth });
    let screen = rig.screen(80, 24);
    assert!(screen.contains("does not answer · last heard of 7 s ago · r retries"), "{screen}");
}

#[test]
fn a_newcomer_whose_first_sign_in_fails_is_not_welcomed_back() {
    let mut rig = Rig::signed_out();
    rig.types("alice");
    rig.key(KeyCode::Tab);
    rig.types("a wrong password");
    rig.ctrl('s');
    let sent = rig.sent();
    rig.answer(&sent, Err(Error::unauthenticated("user name or password is wrong")));
    let screen = rig.screen(80, 24);
    assert!(screen.contains("New here?") && !screen.contains("Welcome back"), "{screen}");
    rig.ctrl('s');
    let sent = rig.sent();
    rig.answer(&sent, Ok(Outcome::Done(Done::SignedIn(signed_in("alice", 1)))));
    rig.command("sign out");
    let sent = rig.sent();
    rig.done(&sent, Done::SignedOut);
    assert!(rig.screen(80, 24).contains("Welcome back"), "{}", rig.screen(80, 24));
}

#[test]
fn a_session_that_is_renewed_says_nothing_of_what_was_done_before() {
    let mut rig = Rig::signed_in();
    rig.pass(Duration::from_secs(50_000));
    let renewal = rig.sent();
    assert!(matches!(renewal.call, Call::Do(Command::Renew)), "{renewal:?}");
    rig.command("share calendar");
    rig.types("bob");
    rig.ctrl('s');
    let sent = rig.sent();
    rig.done(&sent, Done::Shares(domain::sharing::Shares { shared_with: Vec::new(), shared_with_me: Vec::new() }));
    let mut reply = domain::Reply::new(Outcome::Done(Done::SignedIn(signed_in("alice", 1))), rig.far.clone());
    reply.settled = false;
    rig.tell(crate::app::message::Msg::Answer { request: renewal.request, answer: Box::new(Ok(reply)) });
    let screen = rig.screen(120, 24);
    assert!(screen.contains("bob sees your calendar") && !screen.contains("not every service"), "{screen}");
}

fn signed_in(name: &str, user: u8) -> SignedIn {
    SignedIn {
        user: User { id: UserId::from_bytes([user; 16]), username: name.parse().unwrap() },
        token: SessionToken("another-token".into()),
        expires: Timestamp::from_micros(NOON).plus(Duration::from_secs(864_000)),
    }
}

#[test]
fn a_form_that_is_half_filled_in_when_the_session_ends_is_there_again_for_its_user_only() {
    for (name, user, again) in [("alice", 1, true), ("bob", 2, false)] {
        let mut rig = Rig::signed_in();
        rig.command("new event");
        rig.types("Planning");
        rig.loses(Service::Invitations, ended());
        let screen = rig.screen(80, 24);
        assert!(screen.contains("what you typed is kept") && !screen.contains("Planning"), "{screen}");
        rig.key(KeyCode::Tab);
        rig.types("correct horse");
        rig.ctrl('s');
        let sent = rig.sent();
        rig.answer(&sent, Ok(Outcome::Done(Done::SignedIn(signed_in(name, user)))));
        let screen = rig.screen(80, 24);
        assert_eq!(screen.contains("Planning"), again, "{screen}");
        assert!(rig.model.draft.is_none());
    }
}

#[test]
fn a_form_whose_command_found_the_session_ended_is_there_again_and_nothing_was_done() {
    let mut rig = Rig::signed_in();
    rig.command("share calendar");
    rig.types("bob");
    rig.ctrl('s');
    let sent = rig.sent();
    rig.answer(&sent, Err(ended()));
    rig.key(KeyCode::Tab);
    rig.types("correct horse");
    rig.ctrl('s');
    let sent = rig.sent();
    rig.answer(&sent, Ok(Outcome::Done(Done::SignedIn(signed_in("alice", 1)))));
    assert!(rig.screen(80, 24).contains("Share my calendar"), "{}", rig.screen(80, 24));
    rig.ctrl('s');
    assert!(matches!(rig.sent().call, Call::Do(Command::Share(_))));
}

#[test]
fn what_was_sent_when_the_session_ended_is_not_typed_and_done_twice() {
    let mut rig = Rig::signed_in();
    rig.command("share calendar");
    rig.types("bob");
    rig.ctrl('s');
    rig.sent();
    rig.loses(Service::Invitations, ended());
    rig.key(KeyCode::Tab);
    rig.types("correct horse");
    rig.ctrl('s');
    let sent = rig.sent();
    rig.answer(&sent, Ok(Outcome::Done(Done::SignedIn(signed_in("alice", 1)))));
    assert!(rig.model.form().is_none());
    assert!(matches!(rig.sent().call, Call::Do(Command::Share(_))), "what became of it is found out under its own key");
}

#[test]
fn no_password_is_kept_over_the_end_of_a_session() {
    let mut rig = Rig::signed_in();
    rig.command("change password");
    rig.types("the old password");
    rig.loses(Service::Invitations, ended());
    assert!(rig.model.draft.is_none());
}
