//! Auth stopped for an hour of simulated time.

use std::process::Command;

#[test]
fn without_auth_for_an_hour_everyone_who_is_signed_in_works_on() {
    let output = Command::new(env!("CARGO_BIN_EXE_convene-simulation")).arg("hour").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
