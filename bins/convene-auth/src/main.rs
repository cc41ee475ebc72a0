//! The auth service of Convene as a program of its own. What it does is in the crate `auth`, what a program of a service is in
//! `transport::host`.

use std::process::ExitCode;

/// Rows are made on one thread and dropped on another, all the time: the system's allocator spends a quarter of the time on that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    transport::host::run::<domain::auth::AuthProtocol>()
}
