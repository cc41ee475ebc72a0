//! The users' world, for scenarios: people who register, invite, answer and look, in the words that users would use.
//!
//! Every scenario is written once and runs in three ways ([`Mode`]): *direct* (the five services linked into the test, no bytes),
//! *wire* (linked, every call encoded and sent over a connection in memory, and every repeatable call made twice) and *spawned*
//! (five processes, five databases, real sockets). [`scenario!`] makes the three tests of one body.
//!
//! Nothing here waits for time: [`World::settles`] waits until every service has taken over what the others have told.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "this crate is test code: a failed expectation ends the test"
)]

pub mod load;
pub mod outage;
mod person;
mod plan;
mod random;
mod shell;
mod world;

pub use person::{Asking, Person};
pub use plan::{Plan, at, days, from, imported, on, one, window};
pub use random::{Random, number_in_environment};
pub use shell::{Said, Shell};
pub use world::{Mode, World, missed, reached, stands_still};

/// Makes three tests of one scenario: `scenario! { fn name_as_a_sentence(world) { … } }`; the body is async and asserts. With
/// `(world, sessions_last: Duration)` sessions end that long after they began.
#[macro_export]
macro_rules! scenario {
    ($($(#[$doc:meta])* fn $name:ident($world:ident $(, sessions_last: $life:expr)?) $body:block)+) => {$(
        $(#[$doc])*
        mod $name {
            #[allow(unused_imports, reason = "a scenario uses what it needs")]
            use super::*;

            #[allow(unused_mut, reason = "most scenarios stop nothing")]
            async fn scenario(mut $world: $crate::World) {
                $body
                $world.ends_whole().await;
            }

            const LIFE: Option<std::time::Duration> = $crate::life!($($life)?);

            #[test]
            fn direct() {
                $crate::World::run($crate::Mode::Direct, LIFE, scenario);
            }

            #[test]
            fn wire() {
                $crate::World::run($crate::Mode::Wire, LIFE, scenario);
            }

            #[test]
            fn spawned() {
                $crate::World::run($crate::Mode::Spawned, LIFE, scenario);
            }
        }
    )+};
}

/// How long sessions last in a scenario, if it says so.
#[doc(hidden)]
#[macro_export]
macro_rules! life {
    () => {
        None
    };
    ($life:expr) => {
        Some($life)
    };
}
