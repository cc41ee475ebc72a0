//! Waiting for news, as a terminal does that shows what services answered: cheaper than asking again and again.
//!
//! What is told is only *that* something was taken over, not what: whoever hears of it asks again for what is on their screen.

use serde::{Deserialize, Serialize};

use crate::Positions;

/// Asks to be told as soon as a service has taken over more than the asker knows of.
///
/// The answer is how far it is: the last durable position of its own log, and how far it has applied each log that it follows,
/// whether or not it may claim so to those who wait for their own writes (that is what replies say of themselves).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    /// What the asker knows of: the answer comes as soon as the service is elsewhere with one of these. If there are none, at once.
    pub seen: Positions,
    /// How long to wait for news, in milliseconds; the service may answer sooner. Without news, the answer is as far as before.
    pub wait_ms: u32,
}
