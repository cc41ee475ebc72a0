//! The events service of Convene as a program of its own. What it does is in the crate `events`, what a program of a service is in
//! `transport::host`.

use std::process::ExitCode;

fn main() -> ExitCode {
    transport::host::run::<domain::events::EventsProtocol>()
}
