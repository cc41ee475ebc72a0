//! Three services with so many rows, each on a database of its own: auth, events and invitations, the latter two following the former.
//!
//! The owners' rows are made in bulk, 200 records of their logs a transaction, as commands would make them; the followers take them over
//! from the logs as always. That is timed: a follower must not take much longer than its owner.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use auth::PasswordCost;
use chassis::{OperatorKey, Running, Setup, SystemClock};
use domain::auth::{AuthClient, AuthProtocol};
use domain::events::{EventsClient, EventsProtocol};
use domain::invitations::{Attend, Invitations as _, InvitationsClient, InvitationsProtocol};
use domain::{
    Actor, Clock as _, Context, Credential, Epoch, IdempotencyKey, Instance, Position, Positions, Protocol, Service,
    SessionId, UserId,
};
use storage::{Database, Options};
use tempfile::TempDir;
use transport::cluster::DataFolder;

use super::figures::FollowingFigures;
use super::people::People;
use crate::spread::tenths;

/// Records of a log that one transaction makes: as many as a follower takes over in one.
const AT_ONCE: u64 = 200;
/// How many of the crowd say that they come.
const COMING: usize = 100;
/// How long a call, or one look at how far a follower is, may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The three services, and what is in them.
pub(super) struct Filled {
    pub(super) people: People,
    pub(super) auth: Running<AuthProtocol>,
    pub(super) events: Running<EventsProtocol>,
    pub(super) invitations: Running<InvitationsProtocol>,
    /// How fast the rows came.
    pub(super) following: Vec<FollowingFigures>,
    pub(super) folder: TempDir,
}

impl Filled {
    /// With `rows` people and as many events, below `data`.
    ///
    /// # Errors
    /// If a service cannot be started or does not take over what the others tell.
    pub(super) async fn with(rows: u64, data: &std::path::Path) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("convene-benches-").tempdir_in(data)?;
        let place = DataFolder::at(folder.path());
        let people = People::of(rows)?;
        let mut following = Vec::new();
        let mut note = |figures: FollowingFigures| {
            let FollowingFigures { owner, follower, committed_per_second, taken_over_per_second, .. } = &figures;
            eprintln!(
                "{rows} users and events: {owner} commits {committed_per_second} records a second, {follower} takes over {taken_over_per_second}"
            );
            following.push(figures);
        };

        let auth = start_auth(&place).await?;
        let committed = timed(register(&auth, rows)).await?;
        let registered = end_of(Service::Auth, &auth);

        let events = start_events(&place, &auth).await?;
        let taken = timed(catch_up(&events, &registered)).await?;
        note(figures((Service::Auth, Service::Events), rows, committed, taken));
        let invitations = start_invitations(&place, &auth, &events).await?;
        let taken = timed(catch_up(&invitations, &registered)).await?;
        note(figures((Service::Auth, Service::Invitations), rows, committed, taken));
        invitations.stop().await;

        let committed = timed(plan(&events, &people)).await?;
        let planned = end_of(Service::Events, &events);
        let records = events.chassis().db().durable_position();
        let invitations = start_invitations(&place, &auth, &events).await?;
        let taken = timed(catch_up(&invitations, &planned)).await?;
        note(figures((Service::Events, Service::Invitations), records, committed, taken));

        let filled = Self { people, auth, events, invitations, following, folder };
        filled.some_come().await?;
        filled.opened_again().await
    }

    /// The same services, started anew. In small databases what was just written is still in the journal's memory, and read from there in half the
    /// time; in large ones it is not. Now none of it is in that memory, whatever the size.
    async fn opened_again(self) -> Result<Self> {
        let Self { people, auth, events, invitations, following, folder } = self;
        let registered = end_of(Service::Auth, &auth);
        let planned = end_of(Service::Events, &events);
        invitations.stop().await;
        events.stop().await;
        auth.stop().await;
        let place = DataFolder::at(folder.path());
        let auth = start_auth(&place).await?;
        let events = start_events(&place, &auth).await?;
        catch_up(&events, &registered).await?;
        let invitations = start_invitations(&place, &auth, &events).await?;
        catch_up(&invitations, &registered).await?;
        catch_up(&invitations, &planned).await?;
        Ok(Self { people, auth, events, invitations, following, folder })
    }

    /// What `user` asks, as a service sees it behind the layer that authenticates.
    pub(super) fn asking(&self, user: UserId) -> Context {
        let at = Position { epoch: Epoch(self.auth.chassis().db().epoch().0), at: 1 };
        let actor = Actor::User { user, session: SessionId::new(), at };
        Context { actor, ..Context::new(Credential::None, PATIENCE) }
    }

    /// What the three databases take on disk.
    pub(super) fn database_bytes(&self) -> u64 {
        let databases = [self.auth.chassis().db(), self.events.chassis().db(), self.invitations.chassis().db()];
        databases.into_iter().map(|db| db.stats().size_on_disk).sum()
    }

    async fn some_come(&self) -> Result<()> {
        let client = InvitationsClient(self.invitations.stub());
        let event = self.people.crowded();
        for (nth, user) in self.people.crowd().take(COMING).enumerate() {
            let context = self.asking(user).as_command(IdempotencyKey::new(), 1);
            let request = Attend { event, instance: Instance::Series, maybe: nth % 3 == 2 };
            client.attend(&context, request).await?;
        }
        Ok(())
    }

    /// Ends the services; their databases stay until the folder is dropped.
    pub(super) async fn stop(self) -> (People, TempDir) {
        self.invitations.stop().await;
        self.events.stop().await;
        self.auth.stop().await;
        (self.people, self.folder)
    }
}

/// It is read through before it opens, however large it is, and not while something is measured.
async fn database(place: &DataFolder, service: Service, schema: u32) -> Result<Setup> {
    let path = place.database(service);
    let options = Options { read_first: u64::MAX, ..Options::new(service.name(), schema) };
    let open = move || Database::open(&path, options);
    let db = tokio::task::spawn_blocking(open).await??;
    Ok(Setup { db, clock: Arc::new(SystemClock), operator: OperatorKey::random()? })
}

async fn start_auth(place: &DataFolder) -> Result<Running<AuthProtocol>> {
    let config = auth::Config { hashing: PasswordCost::cheapest(), ..auth::Config::default() };
    Ok(auth::start(database(place, Service::Auth, auth::SCHEMA).await?, config).await?)
}

async fn start_events(place: &DataFolder, auth: &Running<AuthProtocol>) -> Result<Running<EventsProtocol>> {
    let setup = database(place, Service::Events, events::SCHEMA).await?;
    Ok(events::start(setup, Arc::new(AuthClient(auth.stub()))).await?)
}

async fn start_invitations(
    place: &DataFolder,
    auth: &Running<AuthProtocol>,
    events: &Running<EventsProtocol>,
) -> Result<Running<InvitationsProtocol>> {
    let setup = database(place, Service::Invitations, invitations::SCHEMA).await?;
    let (auth, events) = (Arc::new(AuthClient(auth.stub())), Arc::new(EventsClient(events.stub())));
    Ok(invitations::start(setup, auth, events).await?)
}

async fn register(auth: &Running<AuthProtocol>, rows: u64) -> Result<()> {
    let db = auth.chassis().db();
    for first in (1..=rows).step_by(usize::try_from(AT_ONCE)?) {
        let people = (first..=rows.min(first + AT_ONCE - 1)).map(People::person).collect::<Result<_>>()?;
        auth::bulk::register(db, people, SystemClock.now()).await?;
    }
    Ok(())
}

/// Makes the events, two records each, and then invites everyone to the last.
async fn plan(events: &Running<EventsProtocol>, people: &People) -> Result<()> {
    let db = events.chassis().db();
    let planner = Actor::User {
        user: people.organizer_of_crowded(),
        session: SessionId::new(),
        at: Position { epoch: Epoch(db.epoch().0), at: 0 },
    };
    let command = Context { actor: planner, ..Context::new(Credential::None, PATIENCE) };
    let command = command.as_command(IdempotencyKey::new(), 1);
    let at_once = AT_ONCE / 2;
    for first in (0..people.number).step_by(usize::try_from(at_once)?) {
        let wanted = (first..people.number.min(first + at_once)).map(|number| people.event(number));
        events::bulk::create(db, &command, SystemClock.now(), wanted.collect::<Result<_>>()?).await?;
    }
    let mut crowd = people.crowd().peekable();
    while crowd.peek().is_some() {
        let some = crowd.by_ref().take(1_000).collect();
        events::bulk::invite(db, &command, people.crowded(), some).await?;
    }
    Ok(())
}

fn end_of<P: Protocol>(service: Service, running: &Running<P>) -> Positions {
    let db = running.chassis().db();
    Positions::of(service, Position { epoch: Epoch(db.epoch().0), at: db.durable_position() })
}

/// Waits until a service has taken over what others have told up to `end`.
async fn catch_up<P: Protocol>(running: &Running<P>, end: &Positions) -> Result<()> {
    loop {
        let context = Context::new(Credential::None, PATIENCE).having_seen(end.clone());
        if running.chassis().catch_up(&context).await.is_empty() {
            return Ok(());
        }
        let health = running.chassis().health();
        ensure!(health.stopped.is_empty(), "a follower has stopped: {}", health.stopped.join("; "));
        // Not in contact yet: then nobody waits there.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn timed(work: impl Future<Output = Result<()>>) -> Result<Duration> {
    let begun = Instant::now();
    work.await?;
    Ok(begun.elapsed())
}

#[allow(clippy::cast_precision_loss, reason = "figures for people")]
fn figures(
    (owner, follower): (Service, Service),
    records: u64,
    committed: Duration,
    taken: Duration,
) -> FollowingFigures {
    let a_second = |time: Duration| tenths(records as f64 / time.as_secs_f64().max(1e-9));
    FollowingFigures {
        owner: owner.name().to_owned(),
        follower: follower.name().to_owned(),
        records,
        committed_per_second: a_second(committed),
        taken_over_per_second: a_second(taken),
    }
}

#[cfg(test)]
mod tests {
    use domain::events::MAX_PEOPLE_A_RECORD;
    use domain::integrity::Audit;

    use super::*;

    #[tokio::test]
    async fn rows_made_in_bulk_are_as_commands_make_them_and_their_followers_have_them_all() {
        let folder = tempfile::tempdir().unwrap();
        let filled = Filled::with(1_000, folder.path()).await.unwrap();
        let context = Context::new(Credential::None, PATIENCE);
        macro_rules! sound {
            ($client:expr) => {{
                let mut after = None;
                let mut references = 0;
                loop {
                    let page = $client.audit(&context, Audit { after }).await.unwrap().value;
                    assert_eq!(page.discrepancies, Vec::<String>::new());
                    references += page.references.len();
                    after = page.next;
                    if after.is_none() {
                        break references;
                    }
                }
            }};
        }
        use domain::auth::Auth as _;
        use domain::events::Events as _;
        assert_eq!(sound!(AuthClient(filled.auth.stub())), 0);
        // An organizer for each event, the first person invited to each but the last, and everyone but its organizer to that.
        assert_eq!(sound!(EventsClient(filled.events.stub())), 1_000 + 999 + 999);
        assert!(sound!(InvitationsClient(filled.invitations.stub())) > 3_000);
        let records: Vec<u64> = filled.following.iter().map(|figures| figures.records).collect();
        let crowd = u64::try_from(999_usize.div_ceil(MAX_PEOPLE_A_RECORD)).unwrap();
        assert_eq!(records, [1_000, 1_000, 1_000 + 999 + crowd]);
        filled.stop().await;
    }
}
