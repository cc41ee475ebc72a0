//! The five services, their followers, their clients and their disks in one process and on one thread, under a simulated network and
//! a simulated time, with everything going wrong that can. See `README.md` beside this crate.
//!
//! * [`determinism`]: what makes two runs of a seed the same. [`run`]: one simulation. [`runner`]: many, one a process.
//! * `installation`: the services on their machines; `network` and `wire`: what is between them and people; `time`: clocks.
//! * `people`: who does what; `chaos`: what goes wrong. [`hour`]: a scenario of its own, in which auth is away for an hour.
//! * `history`: what people were told; `checker`: whether that is true. [`plant`]: bugs to prove that it would notice.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "this crate is test code: what cannot be ends the run"
)]

mod chaos;
mod checker;
pub mod determinism;
mod history;
pub mod hour;
mod installation;
mod network;
mod people;
pub mod plant;
pub mod run;
pub mod runner;
mod time;
mod trace;
mod wire;
