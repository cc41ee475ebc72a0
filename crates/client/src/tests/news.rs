//! What others do appears by itself: asked for again only where it may have changed, at a pace, and told of in passing.

use std::time::Duration;

use domain::Service;
use domain::invitations::Status;
use domain::sharing::{Level, Share};

use super::desk::Desk;
use super::rig::{at, event, id, invitation, timed};
use super::town::Streets;

const MOMENT: Duration = Duration::from_millis(100);

async fn at_home(town: &Streets) -> Desk {
    let mut desk = Desk::in_town(town);
    desk.sees("Standup").await;
    // What the services were at the beginning is known, too.
    desk.waits(Duration::from_secs(3)).await;
    desk
}

fn asked(town: &Streets) -> [usize; 4] {
    [
        town.calls(Service::Calendar, "entries"),
        town.calls(Service::Invitations, "inbox"),
        town.calls(Service::Invitations, "answers"),
        town.calls(Service::Sharing, "shares"),
    ]
}

#[tokio::test(start_paused = true)]
async fn while_nothing_happens_nothing_is_asked_again() {
    let town = Streets::new();
    let mut desk = at_home(&town).await;
    let before = asked(&town);
    desk.waits(Duration::from_secs(600)).await;
    assert_eq!(asked(&town), before);
}

#[tokio::test(start_paused = true)]
async fn who_signs_in_somewhere_is_no_news_and_what_concerns_one_service_is_asked_of_no_other() {
    let town = Streets::new();
    let mut desk = at_home(&town).await;
    let before = asked(&town);
    for _ in 0..50 {
        town.happens(Service::Auth, |_| {});
        desk.waits(MOMENT).await;
    }
    assert_eq!(asked(&town), before);
    town.happens(Service::Sharing, |_| {});
    desk.waits(MOMENT).await;
    let [entries, inbox, answers, shares] = before;
    // A calendar may show what sharing lets it show.
    assert_eq!(asked(&town), [entries + 1, inbox, answers, shares + 1]);
}

#[tokio::test(start_paused = true)]
async fn however_busy_others_are_each_client_asks_at_its_pace() {
    let town = Streets::new();
    let mut desk = at_home(&town).await;
    let before = asked(&town);
    for _ in 0..6_000 {
        town.happens(Service::Invitations, |_| {});
        desk.waits(Duration::from_millis(10)).await;
    }
    for (after, before) in asked(&town).into_iter().zip(before) {
        // A minute: after 1, 2, 4, 8 and then every 16 seconds.
        assert!(after - before <= 8, "{} times", after - before);
    }
}

#[tokio::test(start_paused = true)]
async fn an_invitation_appears_and_is_told_of_without_a_key() {
    let town = Streets::new();
    let mut desk = at_home(&town).await;
    assert!(desk.screen().contains("1 to answer"), "{}", desk.screen());
    town.happens(Service::Invitations, |town| town.inbox.insert(0, invitation(7, "Party", Status::Pending)));
    desk.waits(MOMENT).await;
    assert!(desk.screen().contains("bob invites you to Party") && desk.screen().contains("2 to answer"));
    desk.waits(Duration::from_secs(5)).await;
    assert!(!desk.screen().contains("bob invites you"), "it expires");
}

#[tokio::test(start_paused = true)]
async fn answers_to_my_events_are_told_of_wherever_i_am_one_after_the_other() {
    let town = Streets::new();
    town.answers("dave", Status::Going);
    let mut desk = at_home(&town).await;
    assert!(!desk.screen().contains("dave"), "what was answered before I looked is no news:\n{}", desk.screen());
    desk.command("people").await;
    town.answers("bob", Status::Going);
    town.answers("carol", Status::Declined);
    desk.waits(MOMENT).await;
    assert!(desk.screen().contains("bob is coming to Standup"), "{}", desk.screen());
    desk.sees("carol declined Standup").await;
    town.answers("carol", Status::Maybe);
    desk.sees("carol may come to Standup").await;
    desk.waits(Duration::from_secs(10)).await;
    assert!(!desk.screen().contains("Standup"), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn an_event_that_was_moved_or_cancelled_is_told_of_with_who_did_it() {
    let town = Streets::new();
    let mut desk = at_home(&town).await;
    let day = jiff::civil::date(2027, 3, 12);
    town.happens(Service::Events, |town| {
        town.inbox[0].event.series.first = timed(at(day, 15, 0), at(day, 16, 0));
    });
    desk.waits(MOMENT).await;
    assert!(desk.screen().contains("bob moved Retro to Fri 12 Mar 15:00–16:00"), "{}", desk.screen());
    town.happens(Service::Events, |town| {
        town.inbox[0].event.cancelled = true;
        town.events[1].cancelled = true;
    });
    desk.sees("bob cancelled Retro").await;
}

#[tokio::test(start_paused = true)]
async fn an_invitation_that_was_taken_back_is_told_of() {
    let town = Streets::new();
    let mut desk = at_home(&town).await;
    town.happens(Service::Invitations, |town| {
        town.inbox.clear();
        town.events.remove(1);
    });
    desk.sees("you are no longer invited to Retro").await;
}

#[tokio::test(start_paused = true)]
async fn a_public_event_that_i_joined_is_told_of_when_it_moves_or_is_cancelled() {
    let town = Streets::new();
    let attending = domain::calendar::Attendance::Going;
    town.happens(Service::Events, |town| {
        town.entries.push(super::rig::entry(9, "Concert", 15, 20, attending));
        town.events.push(event(9, "Concert", "carol"));
    });
    let mut desk = at_home(&town).await;
    town.happens(Service::Events, |town| town.entries[1] = super::rig::entry(9, "Concert", 16, 20, attending));
    desk.sees("Concert was moved to Tue 16 Mar 20:00–20:45").await;
    town.happens(Service::Events, |town| {
        town.entries.pop();
        town.events.iter_mut().filter(|event| event.id == id(9)).for_each(|event| event.cancelled = true);
    });
    desk.sees("carol cancelled Concert").await;
}

#[tokio::test(start_paused = true)]
async fn a_calendar_that_is_shared_with_me_or_no_longer_is_told_of() {
    let town = Streets::new();
    let mut desk = at_home(&town).await;
    let share = |name: &str, level| Share { username: name.parse().unwrap(), level };
    town.happens(Service::Sharing, |town| town.shares.shared_with_me.push(share("carol", Level::Busy)));
    desk.sees("carol shares their calendar with you").await;
    town.happens(Service::Sharing, |town| town.shares.shared_with_me[1].level = Level::Details);
    desk.sees("carol now lets you see details").await;
    town.happens(Service::Sharing, |town| town.shares.shared_with_me.truncate(1));
    desk.sees("carol no longer shares their calendar with you").await;
}

#[tokio::test(start_paused = true)]
async fn what_i_do_myself_is_not_told_of_as_if_others_had_done_it() {
    let town = Streets::new();
    let mut desk = at_home(&town).await;
    desk.command("invitations").await;
    desk.types("a").await;
    desk.sees("you come to Retro").await;
    desk.no_longer_sees("you come to Retro").await;
    for _ in 0..20 {
        assert!(!desk.screen().contains("✓"), "{}", desk.screen());
        desk.waits(Duration::from_millis(500)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_said_in_passing_covers_nothing() {
    let town = Streets::new();
    let mut desk = at_home(&town).await;
    let without = desk.screen();
    town.answers("bob", Status::Going);
    desk.waits(MOMENT).await;
    let with = desk.screen();
    let differing: Vec<usize> =
        with.lines().zip(without.lines()).enumerate().filter(|(_, (a, b))| a != b).map(|(line, _)| line).collect();
    assert_eq!(differing, [with.lines().count() - 2], "{with}");
}
