//! People at the terminal client meanwhile: what its panes say, and what becomes of what they do there.
//!
//! Each sits at a client of their own, with connections of its own, as in a terminal of their own.

use std::time::Duration;

use client::headless::Headless;
use domain::events::Listing;
use domain::invitations::Status;
use domain::{EventId, PageRequest, Service};
use futures::future::join_all;
use transport::cluster::Clients;
use transport::{ChannelOptions, ClientOptions, Metrics};

use super::Manner;
use super::deed::PASSWORD;
use super::seen::Seen;
use crate::{Person, Plan, World, missed, reached, window};

/// How long something on a screen is waited for; nothing waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(40);
const SIZE: (u16, u16) = (120, 40);

/// All screens.
pub(super) struct Screens {
    /// What most of them show: an event of Alice's, tomorrow, to which Dave and Erin are invited.
    kickoff: EventId,
    watched: Vec<Watched>,
    doing: Vec<Doing>,
}

/// A screen that is looked at.
struct Watched {
    name: &'static str,
    client: Headless,
    /// The panes on it: whose data each shows, and what of it.
    panes: &'static [(Service, &'static str)],
}

/// A screen at which something is done.
struct Doing {
    /// What, in the palette's words.
    name: &'static str,
    client: Headless,
    /// The connections of this client.
    clients: Clients,
    /// Which service does it.
    asks: Service,
    /// Begins it: the keys after everything was typed.
    go: fn(&mut Headless),
    /// What was typed, or is selected, and stays if it is refused.
    kept: &'static str,
    /// What the screen says once it is done.
    done: &'static str,
}

impl Screens {
    /// Opens all screens on what there is, before anything happens.
    pub(super) async fn are_open(world: &World, alice: &Person) -> Self {
        world.people(["dave", "erin", "frank"]).await;
        let tomorrow = jiff::Timestamp::now().checked_add(jiff::SignedDuration::from_hours(24)).unwrap();
        let plan = Plan::for_a("Kickoff").at(&format!("{}T08:00", tomorrow.strftime("%F"))).public();
        let kickoff = alice.creates(plan.inviting(&["dave", "erin"])).await.unwrap().id;
        world.settles().await;
        let (watched, doing) = tokio::join!(watched(world), doing(world));
        Self { kickoff, watched, doing }
    }

    /// Goes on until every pane has asked its service: those whose service is away say so, with the age of what they go on showing, and
    /// the others show it and say nothing of the kind. What is done works, or says that it did not, and keeps what was typed.
    pub(super) async fn notice(&mut self, away: &[Service], manner: Manner, seen: &Seen) {
        let watching = self.watched.iter_mut().map(|watched| watched.notices(away, seen));
        let doing = self.doing.iter_mut().map(|doing| doing.goes(away, manner, seen));
        tokio::join!(join_all(watching), join_all(doing));
    }

    /// Goes on until all panes are as before, without a key, and all that was begun is done.
    pub(super) async fn recover(&mut self, away: &[Service], manner: Manner) {
        let watching = self.watched.iter_mut().map(Watched::recovers);
        let doing = self.doing.iter_mut().map(|doing| doing.ends(away, manner));
        tokio::join!(join_all(watching), join_all(doing));
    }

    /// That everything done at a screen was done once, whatever became of it on the way.
    pub(super) async fn have_done_all_once(&self, alice: &Person) {
        let from_now_on = window(None, None, "UTC");
        let made = alice.lists_in(Listing::Mine, Some("Retreat"), from_now_on, PageRequest::default()).await.unwrap();
        assert_eq!(made.items.len(), 1, "{made:?}");
        let going = alice.participants_of(self.kickoff, Some(Status::Going), PageRequest::default()).await.unwrap();
        assert_eq!((going.counts.going, going.people.items[0].username.as_str()), (1, "erin"));
        let shares = alice.shares().await.unwrap();
        assert_eq!(shares.shared_with.iter().filter(|share| share.username.as_str() == "erin").count(), 1);
    }
}

async fn watched(world: &World) -> Vec<Watched> {
    let open = async |name, who: &str, panes, opens: fn(&mut Headless), begun: &str| {
        let mut client = signed_in(&connections(world), who).await;
        opens(&mut client);
        sees(&mut client, begun).await;
        Watched { name, client, panes }
    };
    let calendar =
        open("my calendar", "alice", &[(Service::Calendar, "Kickoff")], |client| client.command("agenda"), "Kickoff");
    let shared = open(
        "a shared calendar",
        "bob",
        &[(Service::Calendar, "Kickoff")],
        |client| {
            client.command("agenda");
            client.command("open calendar");
            client.types("alice");
            client.save();
        },
        "Kickoff",
    );
    let invitations = open(
        "invitations",
        "dave",
        &[(Service::Invitations, "Kickoff")],
        |client| client.command("invitations"),
        "Kickoff",
    );
    let public = open(
        "public events",
        "carol",
        &[(Service::Events, "Kickoff")],
        |client| client.command("public events"),
        "Kickoff",
    );
    let people =
        open("people", "alice", &[(Service::Sharing, "bob")], |client| client.command("people"), "See my calendar");
    let (calendar, shared, invitations, public, people) = tokio::join!(calendar, shared, invitations, public, people);

    let panes = &[(Service::Events, "Kickoff"), (Service::Invitations, "dave")];
    let mut event = open("an event", "alice", panes, |client| client.command("public events"), "Kickoff").await;
    event.client.types("/Kickoff");
    event.client.enter();
    sees(&mut event.client, "with “Kickoff”").await;
    sees(&mut event.client, "Kickoff ·").await;
    event.client.enter();
    sees(&mut event.client, "dave").await;
    vec![calendar, shared, invitations, public, people, event]
}

/// Each has looked at something of the service before, so that the client is connected to it.
async fn doing(world: &World) -> Vec<Doing> {
    let clients = connections(world);
    let mut client = Headless::new(&clients, SIZE);
    client.command("services");
    sees(&mut client, "auth         up").await;
    client.escape();
    types_credentials(&mut client, "frank");
    let sign_in = Doing {
        name: "sign in",
        client,
        clients,
        asks: Service::Auth,
        go: Headless::save,
        kept: "frank",
        done: "my calendar",
    };

    let clients = connections(world);
    let mut client = signed_in(&clients, "alice").await;
    client.command("public events");
    sees(&mut client, "Kickoff").await;
    client.command("new event");
    client.types("Retreat");
    client.tab();
    client.types("tomorrow 9am");
    let create = Doing {
        name: "new event",
        client,
        clients,
        asks: Service::Events,
        go: Headless::save,
        kept: "Retreat",
        done: "made “Retreat”",
    };

    let clients = connections(world);
    let mut client = signed_in(&clients, "erin").await;
    client.command("invitations");
    sees(&mut client, "Kickoff").await;
    let accept = Doing {
        name: "accept",
        client,
        clients,
        asks: Service::Invitations,
        go: |client| client.command("accept"),
        kept: "Kickoff",
        done: "you come to Kickoff",
    };

    let clients = connections(world);
    let mut client = signed_in(&clients, "alice").await;
    client.command("people");
    sees(&mut client, "See my calendar").await;
    client.command("share calendar");
    client.types("erin");
    let share = Doing {
        name: "share calendar",
        client,
        clients,
        asks: Service::Sharing,
        go: Headless::save,
        kept: "erin",
        done: "erin sees your calendar",
    };
    vec![sign_in, create, accept, share]
}

impl Watched {
    async fn notices(&mut self, away: &[Service], seen: &Seen) {
        for (service, shows) in self.panes.iter().filter(|(service, _)| away.contains(service)) {
            let says = |screen: &str| trouble(screen, *service).is_some_and(|said| said.contains("old · r retries"));
            let what = format!("{} without {service}", self.name);
            self.client.until(PATIENCE, &what, says).await.unwrap_or_else(|error| panic!("{error}"));
            let screen = self.client.screen();
            assert!(screen.contains(shows), "{}, without {service}, keeps {shows}:\n{screen}", self.name);
            seen.screen(self.name, &trouble(&screen, *service).unwrap());
        }
        self.client.until_answered(PATIENCE).await.unwrap_or_else(|error| panic!("{}: {error}", self.name));
        let screen = self.client.screen();
        for service in Service::ALL {
            let concerned = self.panes.iter().any(|(of, _)| *of == service) && away.contains(&service);
            assert!(concerned || trouble(&screen, service).is_none(), "{} without {away:?}:\n{screen}", self.name);
        }
        for (service, shows) in self.panes {
            assert!(screen.contains(shows), "{} of {service} without {away:?}:\n{screen}", self.name);
        }
    }

    async fn recovers(&mut self) {
        let panes = self.panes;
        let well = |screen: &str| {
            let quiet = Service::ALL.into_iter().all(|service| trouble(screen, service).is_none());
            quiet && panes.iter().all(|(_, shows)| screen.contains(shows))
        };
        let what = format!("the recovery of {}", self.name);
        self.client.until(PATIENCE, &what, well).await.unwrap_or_else(|error| panic!("{error}"));
    }
}

impl Doing {
    async fn goes(&mut self, away: &[Service], manner: Manner, seen: &Seen) {
        if manner == Manner::Killed && away.contains(&self.asks) {
            missed(&self.clients, self.asks).await;
        }
        (self.go)(&mut self.client);
        if !away.contains(&self.asks) {
            return sees(&mut self.client, self.done).await;
        }
        let refused = format!("{} is unavailable: ", self.asks);
        let said = match manner {
            Manner::Killed => refused,
            Manner::Hung => format!("unconfirmed: {}; asking again", self.name),
        };
        sees(&mut self.client, &said).await;
        let screen = self.client.screen();
        assert!(screen.contains(self.kept), "{} keeps what was typed:\n{screen}", self.name);
        let line = screen.lines().find(|line| line.contains(&said)).unwrap_or_default();
        seen.screen(self.name, line.trim_matches(|c: char| c == '│' || c.is_whitespace()));
    }

    async fn ends(&mut self, away: &[Service], manner: Manner) {
        if away.contains(&self.asks) {
            if manner == Manner::Killed {
                reached(&self.clients, self.asks).await;
                (self.go)(&mut self.client);
            }
            sees(&mut self.client, self.done).await;
        }
    }
}

/// What a screen says of a service that is away.
fn trouble(screen: &str, service: Service) -> Option<String> {
    let says = [format!("{service} is down"), format!("{service} does not answer")];
    let line = screen.lines().find(|line| says.iter().any(|said| line.contains(said)))?;
    let at = says.iter().find_map(|said| line.find(said))?;
    let end = line[at..].find('│').map_or(line.len(), |end| at + end);
    Some(line[at..end].trim().to_owned())
}

/// Connections as a client in a terminal of its own has them.
fn connections(world: &World) -> Clients {
    let addresses = world.cluster().addresses();
    Clients::connected(addresses, &ChannelOptions::default(), &ClientOptions::default(), &Metrics::new())
}

fn types_credentials(client: &mut Headless, name: &str) {
    client.types(name);
    client.tab();
    client.types(PASSWORD);
}

async fn signed_in(clients: &Clients, name: &str) -> Headless {
    let mut client = Headless::new(clients, SIZE);
    types_credentials(&mut client, name);
    client.save();
    sees(&mut client, "my calendar").await;
    client
}

async fn sees(client: &mut Headless, words: &str) {
    client.until(PATIENCE, words, |screen| screen.contains(words)).await.unwrap_or_else(|error| panic!("{error}"));
}
