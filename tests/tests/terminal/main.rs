//! The client in a real terminal: `convene` in tmux, against five processes, driven by keys alone.
//!
//! What the client decides is tested without a terminal, beside its code. Here is tested what only a terminal can show: that keys
//! arrive, that what others do appears, that a service which is killed or hangs takes nothing else with it, and that the shell is
//! found as it was. [`tmux`] is the terminal, [`installation`] the services, [`person`] someone who sits at both.
//!
//! The suite needs tmux, and is left out unless asked for: `cargo test -p convene-tests --features terminal --test terminal`.
//! The services are the programs of this build; with `CONVENE_RUN_SH` set they are what `./run.sh --headless` starts.
//! The client is always that of this build: a debug build, whose clock can be told the day.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed expectation ends the test"
)]

mod importing;
mod installation;
mod leaving;
mod outages;
mod person;
mod plain;
mod recurring;
mod screens;
mod sizes;
mod svg;
mod tmux;
mod together;
mod words;

/// The two sizes at which everything must work.
const SIZES: [(u16, u16); 2] = [(80, 24), (120, 40)];
