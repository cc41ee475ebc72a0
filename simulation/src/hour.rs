//! Auth is stopped for an hour: everyone who is signed in works on.

use std::time::Duration;

use domain::auth::{Login, Register};
use domain::calendar::{Entry, ListEntries};
use domain::events::{CreateEvent, EditEvent, Invite};
use domain::invitations::{Inbox, Respond, Response};
use domain::sharing::{Level, ShareCalendar};
use domain::{
    Answer, Context, Credential, Error, IdempotencyKey, Instance, Positions, Service, SessionToken, Username,
};
use tokio::task::LocalSet;
use tokio_util::sync::CancellationToken;
use transport::cluster::{Clients, caught_up};

use crate::determinism;
use crate::installation::{Death, Installation, World, clients_of};
use crate::network::Node;
use crate::people::looks::all;
use crate::run::{Outcome, Scenario, outcome, world_of};
use crate::time::{always, at};

const PATIENCE: Duration = Duration::from_secs(5);
/// How often everyone does everything in that hour.
const ROUNDS: u32 = 12;

/// Someone with a session.
struct Member {
    name: Username,
    clients: Clients,
    token: SessionToken,
    seen: Positions,
    sequence: u64,
}

impl Member {
    fn context(&self) -> Context {
        Context::new(Credential::Session(self.token.clone()), PATIENCE).having_seen(self.seen.clone())
    }

    fn command(&mut self) -> Context {
        self.sequence += 1;
        self.context().as_command(IdempotencyKey::new(), self.sequence)
    }

    /// The value; everything succeeds.
    fn value<T>(&mut self, world: &World, what: &str, answer: Answer<T>) -> Option<T> {
        match answer {
            Ok(reply) => {
                self.seen.merge(&reply.seen);
                Some(reply.value)
            }
            Err(error) => {
                world.history.violation(format!("without auth, {} cannot {what}: {error}", self.name));
                None
            }
        }
    }
}

/// Runs it; nothing random happens.
#[must_use]
pub fn auth_is_away_for_an_hour(aloud: bool) -> Outcome {
    determinism::begin(0);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime");
    runtime.block_on(LocalSet::new().run_until(hour(aloud)))
}

async fn hour(aloud: bool) -> Outcome {
    let world = world_of(Scenario { seed: 0, plant: None, aloud }, 0);
    let installation = Installation::new(&world);
    installation.members().iter().for_each(|member| member.start());
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut members = Vec::new();
    for number in 0..3 {
        let clients = clients_of(&world, Node::Terminal(number), &CancellationToken::new());
        let name: Username = format!("p{number}").parse().expect("a name");
        let context = Context::new(Credential::None, PATIENCE).as_command(IdempotencyKey::new(), 1);
        let password = "correct horse battery".to_owned().try_into().expect("a password");
        let signed_in = clients.auth.register(&context, Register { username: name.clone(), password }).await;
        let signed_in = signed_in.expect("auth is there");
        members.push(Member { name, clients, token: signed_in.value.token, seen: signed_in.seen, sequence: 0 });
    }
    let lookout = clients_of(&world, Node::Terminal(99), &CancellationToken::new());
    caught_up(&lookout, &world.operator_credential(), PATIENCE).await.expect("nothing is wrong yet");

    world.trace.say(format_args!("auth is stopped"));
    installation.member(Service::Auth).stop().await;
    let since = world.time.passed();
    for round in 0..ROUNDS {
        everyone_works(&world, &mut members, round).await;
        check_entering_waits(&world, &members).await;
        tokio::time::sleep(Duration::from_secs(300)).await;
        // Others may come and go meanwhile, and know everyone again.
        let other = [Service::Events, Service::Invitations, Service::Calendar, Service::Sharing][round as usize % 4];
        installation.member(other).die(Death::PowerCut);
        installation.member(other).start();
        tokio::time::sleep(Duration::from_secs(40)).await;
    }
    if world.time.passed() - since < Duration::from_secs(3_600) {
        world.history.violation("that was less than an hour".to_owned());
    }
    installation.member(Service::Auth).start();
    tokio::time::sleep(Duration::from_secs(5)).await;
    let operator = world.operator_credential();
    if let Err(lagging) = caught_up(&lookout, &operator, PATIENCE).await {
        world.history.violation(format!("auth is back, and the services do not catch up: {lagging}"));
    }
    match transport::audit::audit(&lookout, &operator, || tokio::time::sleep(PATIENCE)).await {
        Ok(report) => report.problems.iter().for_each(|problem| world.history.violation(format!("{problem:?}"))),
        Err(error) => world.history.violation(format!("no audit: {error}")),
    }
    let back = sign_in(&members[0]).await;
    if let Err(error) = back {
        world.history.violation(format!("auth is back, and nobody can sign in: {error}"));
    }
    outcome(&world)
}

/// Each makes an event, changes it, invites the next one, who answers and sees it in their calendar and, shared, in the other's.
async fn everyone_works(world: &World, members: &mut [Member], round: u32) {
    for number in 0..members.len() {
        let next = (number + 1) % members.len();
        let (guest, me) = (members[next].name.clone(), &mut members[number]);
        world.trace.say(format_args!("{} works", me.name));
        let (clients, context) = (me.clients.clone(), me.command());
        let request = CreateEvent {
            alarms: domain::events::Alarms::default(),
            capacity: None,
            rules: domain::time::Rules::default(),
            title: format!("round {round} of {}", me.name).parse().expect("a title"),
            description: "".parse().expect("a description"),
            location: "".parse().expect("a place"),
            time: at(i8::try_from(round + 1).expect("a day"), i8::try_from(number).expect("an hour"), 1),
            public: false,
            invite: Vec::new(),
        };
        let made = clients.events.create(&context, request).await;
        let Some(event) = me.value(world, "make an event", made).map(|event| event.id) else { return };
        let edit = EditEvent {
            rules: None,
            alarms: None,
            capacity: None,
            instance: domain::Instance::Series,
            event,
            if_version: Some(1),
            title: Some("changed".parse().expect("a title")),
            description: None,
            location: None,
            time: None,
            public: None,
            invite: Vec::new(),
        };
        let context = me.command();
        let edited = clients.events.edit(&context, edit).await;
        me.value(world, "change it", edited);
        let context = me.command();
        let invited = clients.events.invite(&context, Invite { event, invitees: vec![guest.clone()] }).await;
        me.value(world, "invite", invited);
        let context = me.command();
        let shared = clients.sharing.share(&context, ShareCalendar { with: guest, level: Level::Details }).await;
        me.value(world, "share their calendar", shared);

        let (host, host_seen) = (me.name.clone(), me.seen.clone());
        let guest = &mut members[next];
        guest.seen.merge(&host_seen);
        let (clients, context) = (guest.clients.clone(), guest.context());
        let inbox = clients.invitations.inbox(&context, Inbox { all: true, page: all() }).await;
        let inbox = guest.value(world, "read their inbox", inbox).map_or(Vec::new(), |page| page.items);
        if !inbox.iter().any(|invitation| invitation.event.id == event) {
            world.history.violation(format!("without auth, {} is not invited to {event}", guest.name));
        }
        let (context, response) = (guest.command(), Response::Accept);
        let answer = Respond { event, instance: Instance::Series, response };
        let answered = clients.invitations.respond(&context, answer).await;
        guest.value(world, "answer", answered);
        for of in [None, Some(host)] {
            let context = guest.context();
            let request = ListEntries { of: of.clone(), window: always(), page: all() };
            let page = clients.calendar.entries(&context, request).await;
            let entries = guest.value(world, "look into a calendar", page).map_or(Vec::new(), |page| page.items);
            if !entries.iter().any(|entry| matches!(entry, Entry::Event { event: of, .. } if *of == event)) {
                world
                    .history
                    .violation(format!("without auth, {event} is not in the calendar of {of:?} for {}", guest.name));
            }
        }
    }
}

/// Whoever wants in is told which service is away.
async fn check_entering_waits(world: &World, members: &[Member]) {
    match sign_in(&members[0]).await {
        Err(Error::Unavailable { service: Service::Auth, .. }) => {}
        told => world.history.violation(format!("without auth, signing in is answered: {told:?}")),
    }
}

async fn sign_in(member: &Member) -> Result<(), Error> {
    let context = Context::new(Credential::None, PATIENCE).as_command(IdempotencyKey::new(), 1);
    let password = "correct horse battery".to_owned().try_into().expect("a password");
    member.clients.auth.login(&context, Login { username: member.name.clone(), password }).await.map(drop)
}
