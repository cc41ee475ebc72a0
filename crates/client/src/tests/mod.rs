//! The client driven by keys, without a terminal: against answers made by hand ([`rig`]) and against services in this process
//! ([`seat`]).

mod commands;
mod looks;
mod rig;
mod seat;
mod together;
mod waiting;
