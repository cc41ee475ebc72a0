//! Importing an iCalendar file, for whoever does it: the screen of the client and the command line share this.
//!
//! A [`Calendar`] is a file being read, on a thread of its own; it gives the events one by one, as the events service takes them. Each is
//! a command of its own, which the caller sends in its own way. What comes of them is counted by the [`Report`], which accounts for
//! every component of the file.
//!
//! Importing is repeatable by nature, since events know each other by their `UID`: what was interrupted is given again as it is, and what
//! was done already is unchanged.

mod file;
mod report;

pub use file::{Broken, Calendar, NotRead, Piece, Wanted};
pub use report::{Origin, Report};
