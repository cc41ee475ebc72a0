//! How a call reaches a service, whether it is linked into the same process or listens far away.
//!
//! The map of the room, from the bytes up:
//!
//! * [`codec`]: values become bytes here and nowhere else (the one place that knows bincode).
//! * [`frame`]: what the stream is made of: requests, replies, errors, cancellations; and the protocol's version.
//! * [`stream`], [`memory`]: where bytes come from: a TCP socket or a pipe in memory, behind one trait.
//! * [`tls`]: what stands around a TCP socket as soon as it leaves the machine.
//! * [`handshake`]: a plain HTTP/1.1 connection becomes a stream of frames, or a wrong peer is refused by name.
//! * [`server`]: the service's end. It also answers `/healthz`, `/readyz` and `/metrics`.
//! * [`channel`]: the caller's end, a [`domain::Stub`] like any other.
//! * [`layers`]: what stands between a caller and a service in *both* modes, in one tested order: deadlines, retries, circuit breaker,
//!   authentication, access, limits, and what is counted.
//! * [`metrics`]: the counting. [`backup`]: a backup on its way from a running service.
//! * [`telemetry`]: traces for a collector, if one is configured.
//! * [`host`]: what a service's program is. [`cluster`]: all five services as one, connected, linked or spawned.
//!
//! Everything but these two is generic over [`domain::Protocol`]: a service is defined once, in `domain`, and nothing here knows its
//! methods.
//!
//! What a call promises: it ends by its deadline. `unavailable` means that it was certainly not executed; once any byte of it was handed
//! to a stream, a loss is `deadline`: outcome unknown. A caller who goes away cancels the work. Sizes are bounded before anything is
//! allocated, and a frame that is too large or malformed harms no other call.

pub mod audit;
pub mod backup;
pub mod channel;
pub mod cluster;
pub mod codec;
pub mod frame;
pub mod handshake;
pub mod host;
mod ids;
pub mod layers;
mod looks;
pub mod memory;
pub mod metrics;
mod outbox;
mod random;
pub mod server;
pub mod stream;
pub mod telemetry;
pub mod tls;

pub use channel::{Channel, ChannelOptions};
pub use frame::PROTOCOL_VERSION;
pub use layers::{ClientOptions, ServerOptions, client_stack, server_stack};
pub use memory::InMemory;
pub use metrics::Metrics;
pub use server::{ListenOptions, Readiness, Ready, Server, bind};
pub use stream::{Connect, Tcp};
pub use tls::Tls;

#[cfg(test)]
mod tests;
