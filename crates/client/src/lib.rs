//! The terminal client: calendars, events, invitations and people on a screen of text.
//!
//! The map of the room: [`run`] takes the terminal and runs the loop. `app` is the client without terminal, network and clock,
//! `screens` draws it, [`ui`] is what screens are drawn with, [`input`] reads dates as people write them, [`importing`] calendar files,
//! `session` is what outlives a run, [`headless`] the client on a screen that only a test sees. How a call reaches a service is the business
//! of `transport`.

mod app;
pub mod config;
pub mod headless;
pub mod hours;
pub mod importing;
pub mod input;
pub mod palette;
mod runtime;
mod screens;
mod session;
#[cfg(test)]
mod tests;
pub mod ui;

pub use runtime::{Options, run};
pub use session::{Given, Kept, Session, SessionStore, Unconfirmed};
