//! Dates, times and lengths as people write them.
//!
//! `tomorrow 9am`, `fri 14:00 1h30`, `next friday noon`, `in 2 weeks`, `2026-12-01 18:00`, `monday 9:30-11`, `dec 24 all day`.
//! Three rules stand above the grammar. All of the input is used: a word that is not understood is an error that names it,
//! never passed over. Nothing is guessed where people mean different things: `tomorrow 9` or `3/4` are refused with the ways
//! to say it. And nothing is moved silently: a time that clocks skip is refused, one that they show twice is flagged, and
//! [`When::echo`] says in full what was understood, to be shown before anything is saved.
//!
//! * A weekday is the coming one, today included until its time has passed; `next friday` is the Friday of next week, weeks
//!   beginning on Monday.
//! * A day and month without a year is the coming one, today included. A time without a day is the coming one.
//! * An end without a day is on the day of the start, or on the day after if it would not be later.
//! * A day without a time is a whole day.
//!
//! The rooms: [`word`] knows words, [`phrase`] which go together, [`resolve`] what they mean on a given day, [`when`] how it is
//! said back, [`length`] lengths, [`repeating`] how an event comes again and when it reminds.

mod length;
mod phrase;
pub mod repeating;
mod resolve;
#[cfg(test)]
mod tests;
mod when;
mod word;

pub use length::Length;
pub(crate) use phrase::ALREADY;
pub(crate) use resolve::EXAMPLES;
pub use resolve::Here;
pub use when::{Note, Span, When};
