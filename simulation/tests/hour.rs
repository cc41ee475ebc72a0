//! Auth stopped for an hour of simulated time.

#[test]
fn without_auth_for_an_hour_everyone_who_is_signed_in_works_on() {
    let outcome = convene_simulation::hour::auth_is_away_for_an_hour(false);
    assert!(outcome.violations.is_empty(), "{:#?}\n{}", outcome.violations, outcome.last_lines.join("\n"));
    assert!(outcome.passed.as_secs() >= 3_600);
}
