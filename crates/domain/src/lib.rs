//! What Convene speaks about: values, errors, and the five services as traits. No I/O happens here.
//!
//! A reader who wants to know *what the system does* reads this crate only. It has three floors:
//!
//! * **Values** that are valid because they exist: [`Username`], [`EventTitle`], [`EventTime`], [`Zone`], typed ids.
//!   Their constructors parse; nothing downstream checks again, and bytes from a network go through the same constructors.
//! * **The call**: [`Context`] (who asks, until when, what they have seen), [`Reply`] (an answer and the log positions its
//!   view had seen), [`Error`] (whole and honest, on both sides of a wire).
//! * **The services**: [`auth::Auth`], [`events::Events`], [`invitations::Invitations`], [`calendar::Calendar`] and
//!   [`sharing::Sharing`]. Each is defined once, by the [`service!`] macro, which makes everything else from that definition.
//!
//! How a service keeps its data, and how a call reaches it, is the business of other crates.

pub mod auth;
pub mod calendar;
mod context;
mod define;
mod error;
pub mod events;
mod id;
pub mod integrity;
pub mod invitations;
pub mod log;
mod octets;
mod ordinal;
mod page;
mod position;
pub mod recovery;
mod reply;
mod service;
pub mod sharing;
mod stub;
mod text;
pub mod time;
mod watch;

pub use context::{Actor, Context, Credential, Peer, ServiceToken, SessionToken, Trace};
pub use error::{Error, Retryable};
pub use id::{EventId, IdempotencyKey, SessionId, UserId};
pub use ordinal::Ordinal;
pub use page::{Limit, Page, PageCursor, PageRequest};
pub use position::{Epoch, Position, Positions};
pub use reply::Reply;
pub use service::Service;
pub use stub::{Access, Authenticate, Codec, Coming, Kind, Method, Protocol, Stub, WireBody};
pub use text::{Description, EventTitle, Location, Original, Password, PasswordAttempt, SearchText, Uid, Username};
pub use time::{Clock, EventTime, Instance, Recurrence, Series, Timestamp, Zone};
pub use watch::Watch;

/// What every service method returns.
pub type Answer<T> = Result<Reply<T>, Error>;

#[doc(hidden)]
pub mod macro_support {
    pub use async_trait::async_trait;
    pub use serde;
}
