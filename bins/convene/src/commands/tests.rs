//! Whole commands, from their words to what is printed and kept, against services that answer by script.

mod account;
mod availability;
mod conflicts;
mod event;
mod people;
pub(crate) mod script;
mod waiting;
