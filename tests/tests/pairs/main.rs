//! The failure matrix with two services away at once: all ten pairs, killed and hung.
//!
//! `cargo test -p convene-tests --features pairs --test pairs`. What is expected is the same table as for one service.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use convene_tests::outages;

outages! {
    auth_and_events_are_killed: Killed Auth Events;
    auth_and_events_hang: Hung Auth Events;
    auth_and_invitations_are_killed: Killed Auth Invitations;
    auth_and_invitations_hang: Hung Auth Invitations;
    auth_and_calendar_are_killed: Killed Auth Calendar;
    auth_and_calendar_hang: Hung Auth Calendar;
    auth_and_sharing_are_killed: Killed Auth Sharing;
    auth_and_sharing_hang: Hung Auth Sharing;
    events_and_invitations_are_killed: Killed Events Invitations;
    events_and_invitations_hang: Hung Events Invitations;
    events_and_calendar_are_killed: Killed Events Calendar;
    events_and_calendar_hang: Hung Events Calendar;
    events_and_sharing_are_killed: Killed Events Sharing;
    events_and_sharing_hang: Hung Events Sharing;
    invitations_and_calendar_are_killed: Killed Invitations Calendar;
    invitations_and_calendar_hang: Hung Invitations Calendar;
    invitations_and_sharing_are_killed: Killed Invitations Sharing;
    invitations_and_sharing_hang: Hung Invitations Sharing;
    calendar_and_sharing_are_killed: Killed Calendar Sharing;
    calendar_and_sharing_hang: Hung Calendar Sharing;
}
