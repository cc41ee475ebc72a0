//! What every service stands on: the parts that are the same in all five, written once.
//!
//! A service's rules should read like rules: who is asking, what must hold, what changes, what is announced. The rest of what a
//! promise needs is here ([a microservice chassis][pattern], in the field's words):
//!
//! * [`Chassis::query`] and [`Chassis::command`]: read-your-writes before, log positions after, one identity for a command
//!   however often it is sent ([`journal`]), rights that have settled before they are acknowledged.
//! * [`follow`]: taking over another service's changes, exactly once in effect; [`log`]: serving one's own; [`resync`]: going over
//!   to another history, when the one that was followed is not there any more.
//! * [`work`]: cascades too large for one transaction, in bounded steps that survive a crash.
//! * [`directory`]: the users, sessions and signing keys that every service follows from auth; on it stand
//!   [`authenticator`] (who is calling?) and the check of references to users.
//! * [`Chassis::answer_watch`]: telling those who look at something that there is news.
//! * [`exceptions`]: the instances of a series that are not as its rules have them, and all of them within a stretch of time.
//! * [`timeline`]: the index by time that events and calendars share.
//! * [`tokens`] and [`operator`]: how sessions and services prove who they are.
//!
//! It stands between `domain` and `storage`, which do not know each other. It knows no service, and nothing of networks.
//!
//! [pattern]: https://microservices.io/patterns/microservice-chassis.html

pub mod authenticator;
mod clock;
mod core;
pub mod cursor;
pub mod directory;
pub mod exceptions;
mod fault;
mod figures;
pub mod follow;
mod followed;
mod held;
pub mod journal;
pub mod log;
pub mod operator;
mod pace;
pub mod resync;
mod row;
mod running;
mod snapshot;
mod source;
pub mod timeline;
pub mod tokens;
mod watching;
pub mod work;

pub use clock::SystemClock;
pub use core::{Chassis, Settle, Setup, WAY_HOME};
pub use fault::Fault;
pub use figures::{Figures, Following};
pub use held::Listing;
pub use operator::OperatorKey;
pub use row::Row;
pub use running::Running;
pub use source::Source;
