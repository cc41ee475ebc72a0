//! What is there before services go away: people, and for each row and each way of doing it something of its own to do it to, so that
//! no row disturbs another and all can be walked at once.

use domain::EventId;
use domain::sharing::Level;
use futures::future::join_all;
use jiff::ToSpan as _;
use transport::cluster::Clients;

use super::deed::{Actor, PASSWORD, Takes};
use super::table::{ROWS, Row};
use crate::{Person, Plan, Shell, World};

/// People, and what the rows are about.
pub(super) struct Scene {
    pub(super) alice: Person,
    pub(super) bob: Person,
    pub(super) carol: Person,
    /// One a row, for the walk by calls.
    pub(super) calls: Vec<Part>,
    /// One a row, for the walk by commands.
    pub(super) commands: Vec<Part>,
    clients: Clients,
}

/// One row's part in one walk.
#[derive(Clone)]
pub(super) struct Part {
    pub(super) row: &'static Row,
    /// Who does it, in a session of this part's own; for commands, the profile of the name `slug` is.
    pub(super) actor: Person,
    /// `create-and-invite-2`: also its profile.
    pub(super) slug: String,
    /// The event that it is about, or makes.
    pub(super) title: String,
    pub(super) event: Option<EventId>,
    /// The user that it is about, or makes.
    pub(super) user: String,
    /// When events of this scene are: not too soon, not too late.
    pub(super) start: String,
    pub(super) today: String,
    pub(super) horizon: String,
}

impl Scene {
    /// Registers everyone and makes everything; the profiles of `shell` are signed in.
    pub(super) async fn is_set(world: &World, shell: &Shell) -> Self {
        let [alice, bob, carol] = world.people(["alice", "bob", "carol"]).await;
        alice.shares_with(&bob, Level::Details).await.unwrap();
        join_all(["alice", "bob", "carol"].map(|name| signs_in(shell, name, name))).await;
        let mut scene =
            Self { alice, bob, carol, calls: Vec::new(), commands: Vec::new(), clients: world.clients().clone() };
        scene.calls = join_all(ROWS.iter().map(|row| scene.part(row, 1))).await;
        scene.commands = join_all(ROWS.iter().map(|row| scene.part(row, 2))).await;
        join_all(scene.commands.iter().map(|part| part.has_a_profile(shell))).await;
        scene
    }

    /// Somebody of this name who is not signed in.
    pub(super) fn stranger(&self, name: &str) -> Person {
        Person::named(name, &self.clients)
    }

    async fn part(&self, row: &'static Row, walk: usize) -> Part {
        let slug = format!("{}-{walk}", row.name.to_lowercase().replace(' ', "-"));
        let title = format!("{} {walk}", row.name);
        let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
        let later = |days: i64| today.checked_add(days.days()).unwrap().to_string();
        let start = format!("{}T09:00", later(20));
        let event = if row.deed.takes() == Takes::Event {
            let plan = Plan::for_a(&title).at(&start).public().inviting(&["bob"]);
            Some(self.alice.creates(plan).await.unwrap().id)
        } else {
            None
        };
        let user = self.stranger(&slug);
        if matches!(row.deed.takes(), Takes::User | Takes::Sharee) {
            user.registers().await.unwrap();
        }
        if row.deed.takes() == Takes::Sharee {
            self.alice.shares_with(&user, Level::Details).await.unwrap();
        }
        let actor = match row.deed.actor() {
            Actor::Alice => &self.alice,
            Actor::Bob => &self.bob,
            Actor::Carol => &self.carol,
            Actor::User | Actor::Nobody => &user,
        };
        let actor = actor.elsewhere();
        if row.deed.actor() != Actor::Nobody {
            actor.signs_in().await.unwrap();
        }
        let (user, today, horizon) = (slug.clone(), later(0), later(30));
        Part { row, actor, slug, title, event, user, start, today, horizon }
    }
}

impl Part {
    async fn has_a_profile(&self, shell: &Shell) {
        match self.row.deed.actor() {
            Actor::Alice => shell.also(&self.slug, "alice"),
            Actor::Bob => shell.also(&self.slug, "bob"),
            Actor::Carol => shell.also(&self.slug, "carol"),
            Actor::User => signs_in(shell, &self.slug, &self.user).await,
            Actor::Nobody => {}
        }
    }
}

async fn signs_in(shell: &Shell, profile: &str, name: &str) {
    let words = ["login", name, "--password-stdin"];
    let said = shell.gives(profile, &words, &format!("{PASSWORD}\n")).await;
    assert_eq!(said.code, 0, "{said:?}");
}
