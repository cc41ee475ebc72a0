//! The failure matrix: each of the five services, killed and hung, and everything that people do meanwhile.
//!
//! What is expected is a table in [`convene_tests::outage`]; here it is only walked, one test a service and manner. Two services away at
//! once are the target `pairs`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod front;
mod poisoned;
mod ports;
mod stopping;
mod unknown;

use convene_tests::outages;

outages! {
    auth_is_killed: Killed Auth;
    auth_hangs: Hung Auth;
    events_is_killed: Killed Events;
    events_hangs: Hung Events;
    invitations_is_killed: Killed Invitations;
    invitations_hangs: Hung Invitations;
    calendar_is_killed: Killed Calendar;
    calendar_hangs: Hung Calendar;
    sharing_is_killed: Killed Sharing;
    sharing_hangs: Hung Sharing;
}
