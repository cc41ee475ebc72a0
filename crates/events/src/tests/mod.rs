//! The service as other crates see it, over a database in memory, with a fake auth.

mod changing;
mod encoding;
mod fake_auth;
mod following;
mod importing;
mod inviting;
mod listing;
mod model;
mod rights;
mod world;
