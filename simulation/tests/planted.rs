//! The checker can fail: it finds each of seven planted bugs within 200 simulations.

use convene_simulation::plant::Plant;
use convene_simulation::runner::Runner;

/// Runs simulations with the bug until one finds it, and says what it found; that names one of the signs of such a bug.
fn is_found(plant: Plant, signs: &[&str]) {
    let runner = Runner::new(env!("CARGO_BIN_EXE_convene-simulation")).with_plant(Some(plant));
    let mut violations = Vec::new();
    let _ = runner.run_all(0..200, |found| {
        violations.extend(found.violations);
        !violations.iter().any(|violation| signs.iter().any(|sign| violation.contains(sign)))
    });
    assert!(violations.iter().any(|violation| signs.iter().any(|sign| violation.contains(sign))), "{violations:#?}");
}

#[test]
fn an_acknowledgement_that_is_lost_is_found() {
    is_found(Plant::LostAcknowledgement, &["was done, and its event", "was registered and is not there"]);
}

#[test]
fn an_effect_that_is_doubled_is_found() {
    is_found(Plant::DuplicatedEffect, &["has made two events", "has made 2 events"]);
}

#[test]
fn a_reference_that_dangles_is_found() {
    is_found(Plant::DanglingReference, &["the audit found: Dangling"]);
}

#[test]
fn a_late_command_that_overwrites_a_later_answer_is_found() {
    is_found(Plant::LateOverwrite, &["not one of", "is shown with public"]);
}

#[test]
fn an_event_that_is_overbooked_is_found() {
    is_found(Plant::ForgottenCapacity, &["which never had more than"]);
}

#[test]
fn answers_that_are_lost_where_an_event_goes_on_as_another_are_found() {
    is_found(Plant::ForgottenContinuation, &["which goes on from", "has no answer to"]);
}

#[test]
fn a_read_of_what_was_not_durable_is_found() {
    // A person was shown it, or another service, whose follower then finds another history.
    is_found(Plant::UndurableRead, &["what was shown was not durable", "was told what its source does not hold"]);
}
