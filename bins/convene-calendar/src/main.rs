//! The calendar service of Convene as a program of its own. What it does is in the crate `calendar`, what a program of a service is in
//! `transport::host`.

use std::process::ExitCode;

fn main() -> ExitCode {
    transport::host::run::<domain::calendar::CalendarProtocol>()
}
