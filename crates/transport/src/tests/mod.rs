//! The wire as a whole: a sample service, reached over pipes in memory and real sockets, by clients good and bad.

mod backups;
mod calls;
mod deadlines;
mod hostile;
mod loss;
pub(crate) mod sample;
mod shutdown;
mod silence;
mod snapshot;
mod tls;
