//! Tests of the whole service. In [`world`] records of auth and events are handed to it one by one, so that a test decides
//! what has arrived; only [`running`] starts it with its followers.

mod answering;
mod auditing;
mod encoding;
mod following;
mod line;
mod listing;
mod model;
mod races;
mod running;
mod telling;
mod vouching;
mod waiting;
mod world;
