//! Signing in while auth is away or silent, and being signed out from elsewhere.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyModifiers};
use domain::Service;

use super::desk::{Desk, Drawer};
use super::mood::Mood;
use super::town::Streets;

async fn signs_in(desk: &mut Desk) {
    desk.types("alice").await;
    desk.presses(KeyCode::Tab, KeyModifiers::NONE).await;
    desk.types("correct horse").await;
    desk.presses(KeyCode::Char('s'), KeyModifiers::CONTROL).await;
}

async fn saves(desk: &mut Desk) {
    desk.presses(KeyCode::Char('s'), KeyModifiers::CONTROL).await;
}

#[tokio::test(start_paused = true)]
async fn without_auth_the_form_says_so_and_keeps_what_was_typed_and_later_it_works() {
    let town = Streets::new();
    town.is(Service::Auth, Mood::Down);
    let mut desk = Desk::with(&town, &Drawer::default());
    signs_in(&mut desk).await;
    desk.sees("auth is unavailable").await;
    assert!(desk.screen().contains("alice"), "{}", desk.screen());
    assert!(!desk.screen().contains("correct horse"));
    town.is(Service::Auth, Mood::Well);
    desk.waits(Duration::from_secs(1)).await;
    saves(&mut desk).await;
    desk.sees("Standup").await;
}

#[tokio::test(start_paused = true)]
async fn while_auth_hangs_the_sign_in_is_unconfirmed_and_goes_on_by_itself_when_it_answers() {
    let town = Streets::new();
    town.is(Service::Auth, Mood::Hung);
    let mut desk = Desk::with(&town, &Drawer::default());
    signs_in(&mut desk).await;
    desk.waits(Duration::from_millis(200)).await;
    assert!(desk.screen().contains("waiting for auth …"), "{}", desk.screen());
    desk.sees("unconfirmed: sign in; asking again").await;
    town.is(Service::Auth, Mood::Well);
    desk.sees("Standup").await;
    assert!(!desk.screen().contains("unconfirmed"), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_that_is_not_answered_for_long_is_given_back_to_whoever_typed_it() {
    let town = Streets::new();
    town.is(Service::Auth, Mood::Hung);
    let mut desk = Desk::with(&town, &Drawer::default());
    signs_in(&mut desk).await;
    desk.waits(Duration::from_secs(60)).await;
    assert!(!desk.screen().contains("asking again"), "{}", desk.screen());
    assert!(desk.screen().contains("auth"), "{}", desk.screen());
    town.is(Service::Auth, Mood::Well);
    desk.waits(Duration::from_secs(1)).await;
    saves(&mut desk).await;
    desk.sees("Standup").await;
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_ended_elsewhere_leads_to_the_sign_in_form_without_a_key() {
    let town = Streets::new();
    let drawer = Drawer::with(super::rig::signed_in_as_alice());
    let mut desk = Desk::with(&town, &drawer);
    desk.sees("Standup").await;
    town.town().session_ended = true;
    desk.sees("this session has ended").await;
    assert!(desk.screen().contains("Sign in") && !desk.screen().contains("Standup"), "{}", desk.screen());
    desk.waits(Duration::from_millis(50)).await;
    assert!(drawer.kept().session.is_none());
}
