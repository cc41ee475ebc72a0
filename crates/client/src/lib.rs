//! The terminal client.

pub mod ui;
