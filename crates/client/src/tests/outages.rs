//! Each service gone or hung, in turn, under a client as it really runs: what says so, what goes on, and what comes back by itself.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyModifiers};
use domain::Service;

use super::desk::Desk;
use super::mood::Mood;
use super::town::Streets;

/// A screen: the words that lead there, what is on it when all is well, and whose it is.
const SCREENS: [(&str, &str, Service); 6] = [
    ("month", "Standup", Service::Calendar),
    ("agenda", "Standup", Service::Calendar),
    ("invitations", "Retro", Service::Invitations),
    ("public events", "no public events", Service::Events),
    ("people", "bob", Service::Sharing),
    ("week", "Standup", Service::Calendar),
];

/// Longer than any service may hang unnoticed.
const NOTICED: Duration = Duration::from_secs(9);

/// The longest until a service that works again is found to.
const BACK: Duration = Duration::from_millis(2_500);

async fn looks_at_everything(desk: &mut Desk) {
    for (words, shows, _) in SCREENS {
        desk.command(words).await;
        desk.sees(shows).await;
    }
}

async fn only_its_panes_say_so(service: Service, mood: Mood, said: &str) {
    let town = Streets::new();
    let mut desk = Desk::in_town(&town);
    looks_at_everything(&mut desk).await;
    town.is(service, mood);
    desk.waits(NOTICED).await;
    for (words, shows, whose) in SCREENS {
        desk.command(words).await;
        if whose == service {
            desk.sees(&format!("{service} {said} · this is ")).await;
            assert!(desk.screen().contains(" old · r retries"), "{}", desk.screen());
        }
        // What was known is still there, whoever is away.
        desk.sees(shows).await;
        if whose != service {
            // What is wrong with others was noticed already.
            desk.waits(Duration::from_millis(500)).await;
            assert!(!desk.screen().contains(said) && !desk.screen().contains("retries"), "{words}:\n{}", desk.screen());
        }
    }
    town.is(service, Mood::Well);
    desk.waits(BACK).await;
    for (words, shows, _) in SCREENS {
        desk.command(words).await;
        desk.sees(shows).await;
        desk.no_longer_sees(said).await;
    }
    desk.leaves().await;
}

#[tokio::test(start_paused = true)]
async fn when_a_service_is_gone_only_its_panes_say_so_with_their_age_and_it_clears_by_itself() {
    for service in Service::ALL {
        only_its_panes_say_so(service, Mood::Down, "is down").await;
    }
}

#[tokio::test(start_paused = true)]
async fn when_a_service_hangs_only_its_panes_say_so_with_their_age_and_it_clears_by_itself() {
    for service in Service::ALL {
        only_its_panes_say_so(service, Mood::Hung, "does not answer").await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_age_of_a_pane_is_counted_from_when_its_service_last_said_that_nothing_was_new() {
    let town = Streets::new();
    let mut desk = Desk::in_town(&town);
    desk.sees("Standup").await;
    desk.waits(Duration::from_secs(300)).await;
    town.is(Service::Calendar, Mood::Down);
    desk.sees("calendar is down · this is ").await;
    let seconds = |screen: &str| -> u64 {
        let (_, age) = screen.split_once("this is ").unwrap();
        age.split_once(" s old").unwrap().0.parse().unwrap()
    };
    let first = seconds(&desk.screen());
    assert!(first <= 6, "{first}");
    desk.waits(Duration::from_secs(30)).await;
    assert!((29..=31).contains(&(seconds(&desk.screen()) - first)), "{}", desk.screen());
    desk.waits(Duration::from_secs(150)).await;
    assert!(desk.screen().contains("this is 3 min old"), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_merely_started_again_is_not_missed() {
    let town = Streets::new();
    let mut desk = Desk::in_town(&town);
    desk.sees("Standup").await;
    town.is(Service::Calendar, Mood::Down);
    desk.waits(Duration::from_millis(200)).await;
    town.is(Service::Calendar, Mood::Well);
    for _ in 0..100 {
        desk.waits(Duration::from_millis(50)).await;
        assert!(!desk.screen().contains("is down"), "{}", desk.screen());
    }
}

#[tokio::test(start_paused = true)]
async fn the_key_that_retries_asks_at_once() {
    let town = Streets::new();
    let mut desk = Desk::in_town(&town);
    desk.sees("Standup").await;
    town.is(Service::Calendar, Mood::Down);
    desk.sees("calendar is down").await;
    town.is(Service::Calendar, Mood::Well);
    desk.types("r").await;
    desk.waits(Duration::from_millis(50)).await;
    assert!(!desk.screen().contains("is down"), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn while_every_service_hangs_each_key_is_drawn_at_once() {
    let town = Streets::new();
    let mut desk = Desk::in_town(&town);
    looks_at_everything(&mut desk).await;
    for service in Service::ALL {
        town.is(service, Mood::Hung);
    }
    for (words, _, _) in SCREENS {
        // The desk itself watches that no time passes.
        desk.command(words).await;
        desk.types("jk").await;
    }
    desk.command("new event").await;
    desk.types("Planning").await;
    assert!(desk.screen().contains("Planning"));
    desk.presses(KeyCode::Esc, KeyModifiers::NONE).await;
    desk.types("y?").await;
    assert!(desk.screen().contains("Help"));
}

#[tokio::test(start_paused = true)]
async fn with_answers_that_take_three_seconds_keys_act_at_once_and_nothing_jumps_when_they_come() {
    let town = Streets::new();
    let mut desk = Desk::in_town(&town);
    looks_at_everything(&mut desk).await;
    for service in Service::ALL {
        town.is(service, Mood::Slow(Duration::from_secs(3)));
    }
    desk.command("invitations").await;
    desk.sees("Retro").await;
    desk.types("a").await;
    assert!(desk.screen().contains("● going"), "{}", desk.screen());
    desk.waits(Duration::from_millis(100)).await;
    assert!(!desk.screen().contains("waiting"), "{}", desk.screen());
    desk.waits(Duration::from_millis(100)).await;
    assert!(desk.screen().contains("waiting for invitations …"), "{}", desk.screen());
    let body = |desk: &Desk| desk.screen().lines().take(38).map(str::to_owned).collect::<Vec<_>>();
    let before = body(&desk);
    desk.sees("you come to Retro").await;
    // All that was asked for again since is answered by then, too.
    desk.waits(Duration::from_secs(9)).await;
    assert_eq!(body(&desk), before);
    assert_eq!(town.effects(), 1);
}

#[tokio::test(start_paused = true)]
async fn of_a_service_in_which_something_broke_the_incident_is_said_and_the_truth_is_shown_when_it_works_again() {
    let town = Streets::new();
    let mut desk = Desk::in_town(&town);
    looks_at_everything(&mut desk).await;
    desk.command("invitations").await;
    town.is(Service::Invitations, Mood::Failing);
    desk.types("a").await;
    desk.sees("(unconfirmed)").await;
    desk.sees("invitations failed (incident 7f3a) · this is ").await;
    // It says so again and again: what became of the answer cannot be found out.
    desk.sees("not known whether done: accept").await;
    assert!(desk.screen().contains("○ pending"), "{}", desk.screen());
    town.is(Service::Invitations, Mood::Well);
    desk.no_longer_sees("invitations failed").await;
    assert!(desk.screen().contains("○ pending"), "{}", desk.screen());
    assert_eq!(town.effects(), 0);
}
