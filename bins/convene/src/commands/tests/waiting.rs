//! How long a command waits for services that never answer. (The clock of these tests jumps; nobody waits.)

use std::time::Duration;

use domain::Service;
use domain::events::EventsResponse;
use tokio::time::Instant;

use super::script::{Desk, EVENT, event_at, hours, json};

#[tokio::test(start_paused = true)]
async fn a_command_is_answered_within_ten_seconds_even_by_a_service_that_hangs() {
    for (line, exit) in [
        (vec!["event", "show", EVENT], 9),
        (vec!["event", "cancel", EVENT], 9),
        (vec!["event", "create", "--title", "T", "--start", "tomorrow 9:00"], 9),
        (vec!["event", "edit", EVENT, "--start", "tomorrow 9:00"], 9),
        (vec!["uninvite", EVENT, "bob"], 9),
    ] {
        let desk = Desk::of_alice().await;
        desk.events.hangs();
        desk.invitations.hangs();
        let begun = Instant::now();
        let failure = desk.gives(&line).await.unwrap_err();
        assert_eq!((failure.exit(), failure.service()), (exit, Some(Service::Events)), "{line:?}");
        assert!(begun.elapsed() < Duration::from_secs(9), "{line:?}: {:?}", begun.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_not_needed_is_not_waited_for_long() {
    let desk = Desk::of_alice().await;
    desk.auth.hangs();
    desk.events.answers(Ok(EventsResponse::invite(event_at(hours(9, 10), 1))));
    desk.invitations.hangs();
    for (line, behind) in [(vec!["whoami"], "auth"), (vec!["invite", EVENT, "bob"], "invitations")] {
        let begun = Instant::now();
        let printed = desk.gives(&line).await.unwrap();
        assert_eq!(json(&printed)["behind"][0], behind);
        assert!(begun.elapsed() < Duration::from_secs(4), "{line:?}: {:?}", begun.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn the_state_of_services_that_hang_is_told_within_five_seconds() {
    let desk = Desk::new();
    desk.auth.hangs();
    desk.events.hangs();
    desk.invitations.hangs();
    desk.calendar.hangs();
    desk.sharing.hangs();
    let begun = Instant::now();
    let printed = desk.gives(&["status"]).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    assert!(json(&printed)["services"].as_array().unwrap().iter().all(|service| service["state"] == "down"));
}

#[tokio::test(start_paused = true)]
async fn a_token_that_a_hung_auth_does_not_renew_holds_nobody_up() {
    let mut desk = Desk::of_alice().await;
    desk.here.now = desk.here.now.plus(Duration::from_secs(20 * 86_400));
    desk.auth.hangs();
    desk.events.answers(Ok(EventsResponse::show(event_at(hours(9, 10), 1))));
    let begun = Instant::now();
    desk.gives(&["event", "show", EVENT]).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_command_waits_for_its_turn_and_is_refused_in_time_when_it_does_not_come() {
    let desk = Desk::of_alice().await;
    let held = desk.profile.turn(Service::Events, Instant::now()).await.unwrap();
    let begun = Instant::now();
    let failure = desk.gives(&["event", "cancel", EVENT]).await.unwrap_err();
    assert_eq!(failure.exit(), 8);
    assert!(begun.elapsed() < Duration::from_secs(9), "{:?}", begun.elapsed());
    assert!(desk.events.calls().is_empty());
    drop(held);
}
