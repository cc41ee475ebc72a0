//! When a command is the same as one before, and when it is not.

use serde_json::json;

use super::*;

const NOW: Timestamp = Timestamp::from_micros(1_000_000_000);

fn create(title: &str) -> Intent {
    Intent::new("events.create", None, &json!({ "title": title, "start": "tomorrow" }), None)
}

fn answer(word: &str) -> Intent {
    Intent::new("invitations.respond", None, &json!(["event 1", word]), Some("answer event 1".to_owned()))
}

fn later(days: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(days * 86_400))
}

#[test]
fn a_command_whose_outcome_is_unknown_goes_out_again_as_it_was() {
    let mut state = State::default();
    let first = state.begin(&create("a"), Some(json!({ "start": 10 })), NOW);
    state.settle(&create("a"), &first, Outcome::Unknown);
    assert_eq!(state.unknown_request(&create("a"), later(1)), Some(&json!({ "start": 10 })));
    let again = state.begin(&create("a"), Some(json!({ "start": 20 })), later(1));
    assert_eq!((again.key, again.sequence, again.unknown_since), (first.key, first.sequence, Some(NOW)));
    assert_eq!(state.unknown_request(&create("a"), later(1)), Some(&json!({ "start": 10 })));
}

#[test]
fn a_command_cut_off_by_a_crash_counts_as_unknown() {
    let mut state = State::default();
    let first = state.begin(&create("a"), Some(json!(1)), NOW);
    let mut state = State::from_bytes(&state.to_bytes()).unwrap();
    assert_eq!(state.begin(&create("a"), Some(json!(1)), NOW).key, first.key);
}

#[test]
fn a_command_that_was_done_or_refused_is_a_new_one_when_given_again() {
    for outcome in [Outcome::Done, Outcome::Refused] {
        let mut state = State::default();
        let first = state.begin(&create("a"), Some(json!(1)), NOW);
        state.settle(&create("a"), &first, outcome);
        assert_eq!(state.unknown_request(&create("a"), NOW), None);
        let again = state.begin(&create("a"), Some(json!(1)), NOW);
        assert!(again.key != first.key && again.sequence > first.sequence);
    }
}

#[test]
fn a_command_certainly_not_done_is_worked_out_anew_and_keeps_its_key_only_for_the_same_request() {
    let mut state = State::default();
    let first = state.begin(&create("a"), Some(json!(1)), NOW);
    state.settle(&create("a"), &first, Outcome::NotDone);
    assert_eq!(state.unknown_request(&create("a"), NOW), None);
    let again = state.begin(&create("a"), Some(json!(1)), NOW);
    assert_eq!((again.key, again.unknown_since), (first.key, None));
    state.settle(&create("a"), &again, Outcome::NotDone);
    assert_ne!(state.begin(&create("a"), Some(json!(2)), NOW).key, first.key);
}

#[test]
fn an_unavailable_service_does_not_make_an_earlier_unknown_outcome_known() {
    let mut state = State::default();
    let first = state.begin(&create("a"), Some(json!(1)), NOW);
    state.settle(&create("a"), &first, Outcome::Unknown);
    let second = state.begin(&create("a"), Some(json!(1)), NOW);
    state.settle(&create("a"), &second, Outcome::NotDone);
    assert_eq!(state.unknown_request(&create("a"), NOW), Some(&json!(1)));
}

#[test]
fn other_words_another_user_or_another_method_make_another_command() {
    let mut state = State::default();
    let first = state.begin(&create("a"), Some(json!(1)), NOW);
    let user = Some(UserId::new());
    for other in [
        create("b"),
        Intent::new("events.edit", None, &json!({ "title": "a", "start": "tomorrow" }), None),
        Intent::new("events.create", user, &json!({ "title": "a", "start": "tomorrow" }), None),
    ] {
        assert_ne!(state.begin(&other, Some(json!(1)), NOW).key, first.key, "{other:?}");
    }
    assert_eq!(state.begin(&create("a"), Some(json!(1)), NOW).key, first.key);
}

#[test]
fn an_answer_given_after_another_one_to_the_same_invitation_is_a_new_wish() {
    let mut state = State::default();
    let accept = state.begin(&answer("accept"), Some(json!(1)), NOW);
    state.settle(&answer("accept"), &accept, Outcome::Unknown);
    let decline = state.begin(&answer("decline"), Some(json!(2)), NOW);
    for outcome in [Outcome::Unknown, Outcome::Done] {
        state.settle(&answer("decline"), &decline, outcome);
        let again = state.clone().begin(&answer("accept"), Some(json!(1)), NOW);
        assert!(again.key != accept.key && again.sequence > decline.sequence, "{outcome:?}");
    }
}

#[test]
fn an_answer_that_was_certainly_not_sent_leaves_the_one_before_it_unknown() {
    let mut state = State::default();
    let accept = state.begin(&answer("accept"), Some(json!(1)), NOW);
    let decline = state.begin(&answer("decline"), Some(json!(2)), NOW);
    state.settle(&answer("decline"), &decline, Outcome::NotDone);
    assert_eq!(state.begin(&answer("accept"), Some(json!(1)), NOW).key, accept.key);
}

#[test]
fn what_is_remembered_is_bounded_in_number_and_age() {
    let mut state = State::default();
    let harmless = state.begin(&create("never done"), Some(json!(1)), NOW);
    state.settle(&create("never done"), &harmless, Outcome::NotDone);
    for number in 0..MOST {
        state.begin(&create(&number.to_string()), Some(json!(1)), NOW);
    }
    assert_eq!(state.pending.len(), MOST);
    assert!(state.unknown_request(&create("0"), NOW).is_some(), "what was certainly not done goes first");
    state.begin(&create("one more"), Some(json!(1)), NOW);
    assert!(state.unknown_request(&create("0"), NOW).is_none());
    assert!(state.unknown_request(&create("1"), later(29)).is_some());
    assert!(state.unknown_request(&create("1"), later(30)).is_none());
    state.begin(&create("x"), Some(json!(1)), later(31));
    assert_eq!(state.pending.len(), 1);
}

#[test]
fn a_command_with_a_secret_keeps_its_identity_and_nothing_else() {
    let mut state = State::default();
    let intent = Intent::new("auth.register", None, &"alice", None);
    let first = state.begin(&intent, None, NOW);
    state.settle(&intent, &first, Outcome::Unknown);
    assert_eq!(state.begin(&intent, None, NOW).key, first.key);
    assert!(state.pending.iter().all(|pending| pending.request.is_none()));
}
