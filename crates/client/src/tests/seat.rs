//! A client at services that run in this process: [`Headless`], with expectations that end the test.

use std::time::Duration;

use transport::cluster::Clients;

use crate::headless::Headless;

/// How long a condition is waited for before the test fails.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Seat(Headless);

impl Seat {
    pub(super) fn at(clients: &Clients) -> Self {
        Self(Headless::new(clients, (120, 40)))
    }

    pub(super) fn types(&mut self, text: &str) {
        self.0.types(text);
    }

    pub(super) fn tab(&mut self) {
        self.0.tab();
    }

    pub(super) fn key_enter(&mut self) {
        self.0.enter();
    }

    pub(super) fn save(&mut self) {
        self.0.save();
    }

    pub(super) fn command(&mut self, words: &str) {
        self.0.command(words);
    }

    pub(super) fn screen(&self) -> String {
        self.0.screen()
    }

    /// Goes on until the screen shows `text`.
    pub(super) async fn sees(&mut self, text: &str) {
        self.0.until(PATIENCE, text, |screen| screen.contains(text)).await.unwrap();
    }

    /// Goes on until the screen no longer shows `text`.
    pub(super) async fn no_longer_sees(&mut self, text: &str) {
        self.0.until(PATIENCE, text, |screen| !screen.contains(text)).await.unwrap();
    }

    /// Goes on until the screen is as `wanted` says.
    pub(super) async fn until(&mut self, what: &str, wanted: impl Fn(&str) -> bool) {
        self.0.until(PATIENCE, what, wanted).await.unwrap();
    }

    /// Empties the field that has the focus.
    pub(super) fn clears(&mut self) {
        self.0.clear_line();
    }

    /// Registers and waits for the calendar.
    pub(super) async fn registers(&mut self, name: &str) {
        self.command("register");
        self.types(name);
        self.tab();
        self.types("correct horse");
        self.save();
        self.sees("my calendar").await;
    }
}
