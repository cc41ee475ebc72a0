//! `peers`: Convene's wire beside what else could carry its calls, with the same call, on the same machine, in turns.
//!
//! On both sides of each the runtime is the same (several threads, two of them at work) and the server is a process of its own: this
//! program, started anew. The others are compiled only with the feature `peers`; what was measured and promised ([`figures`]) and its
//! table are always there.

pub(crate) mod figures;
pub(crate) mod table;

#[cfg(feature = "peers")]
mod call;
#[cfg(feature = "peers")]
mod http;
#[cfg(feature = "peers")]
mod load;
#[cfg(feature = "peers")]
mod ours;
#[cfg(feature = "peers")]
mod process;
#[cfg(feature = "peers")]
mod raw;
#[cfg(feature = "peers")]
mod rounds;
#[cfg(feature = "peers")]
mod tarpc;
#[cfg(feature = "peers")]
mod tonic;

#[cfg(feature = "peers")]
pub(crate) use process::{Server, serve};
#[cfg(feature = "peers")]
pub(crate) use rounds::measure;

use std::time::Duration;

use figures::Peer;

/// The argument with which this program is a server.
#[cfg(feature = "peers")]
pub(crate) const SERVE: &str = "peers-server";

/// How long, how often, beside whom.
#[derive(Clone, Debug)]
#[cfg_attr(not(feature = "peers"), allow(dead_code, reason = "read by what is measured"))]
pub(crate) struct Plan {
    /// Each measurement.
    pub(crate) seconds: Duration,
    /// The load before it.
    pub(crate) warm_up: Duration,
    /// How many pairs of each.
    pub(crate) rounds: u32,
    /// Beside these; the figures of the others stay as they are.
    pub(crate) beside: Vec<Peer>,
}

/// Says how to build what can measure.
#[cfg(not(feature = "peers"))]
pub(crate) fn measure(
    _: &Plan,
    _: Option<figures::Peers>,
    _: crate::machine::Machine,
) -> anyhow::Result<figures::Peers> {
    anyhow::bail!(
        "this build has no one to stand beside: cargo run --release -p convene-benches --features peers -- peers"
    )
}
