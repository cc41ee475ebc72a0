//! Commands whose outcome is lost: unconfirmed until the truth is known, across runs of the client, and never done twice.

use std::time::Duration;

use domain::Service;
use domain::invitations::Status;

use super::desk::{Desk, Drawer};
use super::mood::Mood;
use super::rig::signed_in_as_alice;
use super::town::Streets;
use crate::session::Given;

async fn at_the_inbox(town: &Streets, drawer: &Drawer) -> Desk {
    let mut desk = Desk::with(town, drawer);
    desk.command("invitations").await;
    desk.sees("Retro").await;
    desk
}

#[tokio::test(start_paused = true)]
async fn an_accept_whose_answer_is_lost_is_unconfirmed_and_settles_to_the_truth_once() {
    let (town, drawer) = (Streets::new(), Drawer::with(signed_in_as_alice()));
    let mut desk = at_the_inbox(&town, &drawer).await;
    town.is(Service::Invitations, Mood::LosesOutcomes);
    desk.types("a").await;
    assert!(desk.screen().contains("● going"));
    desk.sees("(unconfirmed)").await;
    assert_eq!(town.town().inbox[0].status, Status::Going, "it was done, and only the answer was lost");
    desk.waits(Duration::from_secs(20)).await;
    assert!(desk.screen().contains("? unconfirmed: accept; asking again"), "{}", desk.screen());
    assert!(town.calls(Service::Invitations, "respond") > 2);
    town.is(Service::Invitations, Mood::Well);
    desk.sees("you come to Retro").await;
    desk.no_longer_sees("unconfirmed").await;
    assert!(desk.screen().contains("● going"));
    desk.waits(Duration::from_millis(50)).await;
    assert_eq!((town.effects(), drawer.kept().unconfirmed.len()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn an_accept_that_never_arrived_is_unconfirmed_and_done_once_the_service_answers() {
    let (town, drawer) = (Streets::new(), Drawer::with(signed_in_as_alice()));
    let mut desk = at_the_inbox(&town, &drawer).await;
    town.is(Service::Invitations, Mood::Hung);
    desk.types("a").await;
    desk.sees("(unconfirmed)").await;
    assert_eq!(town.effects(), 0);
    desk.waits(Duration::from_secs(300)).await;
    assert!(desk.screen().contains("(unconfirmed)"), "it is not given up:\n{}", desk.screen());
    town.is(Service::Invitations, Mood::Well);
    desk.sees("you come to Retro").await;
    desk.no_longer_sees("unconfirmed").await;
    assert_eq!((town.effects(), town.town().inbox[0].status), (1, Status::Going));
}

#[tokio::test(start_paused = true)]
async fn what_a_killed_client_did_not_hear_the_next_run_finds_out() {
    for mood in [Mood::LosesOutcomes, Mood::Hung] {
        let (town, drawer) = (Streets::new(), Drawer::with(signed_in_as_alice()));
        let mut desk = at_the_inbox(&town, &drawer).await;
        town.is(Service::Invitations, mood);
        desk.types("a").await;
        desk.waits(Duration::from_millis(50)).await;
        desk.dies();
        let kept = drawer.kept().unconfirmed;
        assert!(matches!(kept.as_slice(), [one] if matches!(one.command, Given::Respond(_))), "{kept:?}");

        let mut desk = Desk::with(&town, &drawer);
        desk.command("invitations").await;
        desk.sees("unconfirmed").await;
        town.is(Service::Invitations, Mood::Well);
        desk.sees("you come to Retro").await;
        desk.sees("● going").await;
        desk.no_longer_sees("unconfirmed").await;
        assert_eq!((town.effects(), town.town().inbox[0].status), (1, Status::Going), "{mood:?}");
        desk.leaves().await;
        assert_eq!(drawer.kept().unconfirmed, []);
    }
}

#[tokio::test(start_paused = true)]
async fn a_command_is_sent_once_its_identity_is_safe_and_leaving_at_once_loses_nothing() {
    let (town, drawer) = (Streets::new(), Drawer::with(signed_in_as_alice()));
    let mut desk = at_the_inbox(&town, &drawer).await;
    desk.types("a").await;
    assert_eq!((town.calls(Service::Invitations, "respond"), drawer.kept().unconfirmed.len()), (0, 0));
    desk.leaves().await;
    assert_eq!((town.effects(), town.town().inbox[0].status), (1, Status::Going));
    assert_eq!(drawer.kept().unconfirmed, []);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_confirmed_for_a_day_is_given_up_and_not_sent_again() {
    let (town, drawer) = (Streets::new(), Drawer::with(signed_in_as_alice()));
    let mut desk = at_the_inbox(&town, &drawer).await;
    town.is(Service::Invitations, Mood::Hung);
    desk.types("a").await;
    desk.waits(Duration::from_millis(50)).await;
    desk.dies();
    let mut kept = drawer.kept();
    kept.unconfirmed[0].since = kept.unconfirmed[0].since.minus(Duration::from_secs(90_000));
    town.is(Service::Invitations, Mood::Well);
    let mut desk = at_the_inbox(&town, &Drawer::with(kept)).await;
    desk.waits(Duration::from_secs(60)).await;
    assert_eq!(town.effects(), 0);
    assert!(desk.screen().contains("○ pending"), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn another_user_of_the_profile_sends_nothing_of_who_was_there_before() {
    let (town, drawer) = (Streets::new(), Drawer::with(signed_in_as_alice()));
    let mut desk = at_the_inbox(&town, &drawer).await;
    town.is(Service::Invitations, Mood::Hung);
    desk.types("a").await;
    desk.waits(Duration::from_millis(50)).await;
    desk.dies();
    let mut kept = drawer.kept();
    kept.session.as_mut().unwrap().user.id = domain::UserId::from_bytes([2; 16]);
    town.is(Service::Invitations, Mood::Well);
    let (before, drawer) = (kept.unconfirmed.clone(), Drawer::with(kept));
    let mut desk = at_the_inbox(&town, &drawer).await;
    desk.waits(Duration::from_secs(60)).await;
    assert_eq!(town.effects(), 0);
    desk.leaves().await;
    assert_eq!(drawer.kept().unconfirmed, before, "it is still there for who gave it");
}
