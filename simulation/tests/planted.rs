//! The checker can fail: it finds each of five planted bugs within 200 simulations.

use convene_simulation::plant::Plant;
use convene_simulation::runner::Runner;

/// Runs simulations with the bug until one finds it, and says what it found.
fn found(plant: Plant) -> Vec<String> {
    let runner = Runner::new(env!("CARGO_BIN_EXE_convene-simulation")).with_plant(Some(plant));
    let mut violations = Vec::new();
    let _ = runner.run_all(0..200, |found| {
        violations.extend(found.violations);
        violations.is_empty()
    });
    violations
}

#[test]
fn an_acknowledgement_that_is_lost_is_found() {
    assert!(!found(Plant::LostAcknowledgement).is_empty());
}

#[test]
fn an_effect_that_is_doubled_is_found() {
    assert!(!found(Plant::DuplicatedEffect).is_empty());
}

#[test]
fn a_reference_that_dangles_is_found() {
    assert!(!found(Plant::DanglingReference).is_empty());
}

#[test]
fn a_late_command_that_overwrites_a_later_answer_is_found() {
    assert!(!found(Plant::LateOverwrite).is_empty());
}

#[test]
fn a_read_of_what_was_not_durable_is_found() {
    assert!(!found(Plant::UndurableRead).is_empty());
}
