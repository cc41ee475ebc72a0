//! The terminal client.

pub mod hours;
pub mod input;
pub mod ui;
