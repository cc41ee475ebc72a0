//! Convene's side: a service behind everything that stands before a real one, called through everything that a real client calls
//! through.
//!
//! The credential is a session's token as auth signs them. It is checked by the authenticator that all services have; only the book in
//! which it looks up the key and the session is made up, a map in memory. Calls and answers carry what was seen, as real ones do.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use async_trait::async_trait;
use bytes::Bytes;
use chassis::authenticator::{Authenticator, Live, SessionBook};
use chassis::resync::Sighting;
use chassis::tokens::{Claims, SigningKey};
use chassis::{Fault, OperatorKey, SystemClock};
use domain::auth::KeyId;
use domain::{
    Actor, Answer, Clock as _, Context, Credential, Epoch, EventId, Position, Positions, Reply, Service, SessionId,
    SessionToken, Stub, UserId,
};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use transport::{
    Channel, ChannelOptions, ClientOptions, ListenOptions, Metrics, Ready, Server, ServerOptions, client_stack,
    server_stack,
};

use super::call::{self, id_of};
use super::load::Caller;

/// How long an answer may take: as in the program.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Show {
    id: EventId,
}

/// What is answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Shown {
    text: Bytes,
}

domain::service! {
    /// Shows 200 bytes.
    pub trait Showing for domain::Service::Events as (ShowingProtocol, ShowingRequest, ShowingResponse, ShowingServer, ShowingClient) {
        /// Does it.
        1: query by User fn show(Show) -> Shown;
    }
}

struct Shower {
    work: Duration,
    at: Position,
}

#[async_trait]
impl Showing for Shower {
    async fn show(&self, context: &Context, request: Show) -> Answer<Shown> {
        context.user()?;
        let text = call::answer(*request.id.as_bytes(), self.work);
        Ok(Reply::new(Shown { text }, Positions::of(Service::Events, self.at)))
    }
}

/// The sessions and keys that a service follows from auth.
struct Book {
    keys: HashMap<KeyId, [u8; 32]>,
    sessions: HashMap<SessionId, Live>,
}

#[async_trait]
impl SessionBook for Book {
    async fn key(&self, key: KeyId) -> Result<Option<[u8; 32]>, Fault> {
        Ok(self.keys.get(&key).copied())
    }

    async fn session(&self, session: SessionId, at: Position) -> Result<(Live, Sighting), Fault> {
        Ok((self.sessions.get(&session).copied().flatten(), self.sighting(at).await?))
    }

    async fn sighting(&self, _: Position) -> Result<Sighting, Fault> {
        Ok(Sighting::Past)
    }

    async fn hear(&self, _: Position) {}

    async fn introduce(&self, _: &Claims) {}
}

/// The service with its layers, what it counts, and the token that opens it.
struct Standing {
    bare: Arc<dyn Stub<ShowingProtocol>>,
    layered: Arc<dyn Stub<ShowingProtocol>>,
    metrics: Arc<Metrics>,
    token: SessionToken,
}

impl Standing {
    fn new(work: Duration) -> Result<Self> {
        let key = SigningKey::from_bytes(&SigningKey::generate()?)?;
        let at = Position { epoch: Epoch([7; 16]), at: 123_456 };
        let claims = Claims {
            user: UserId::new(),
            username: "alice".parse()?,
            session: SessionId::new(),
            expires: SystemClock.now().plus(Duration::from_secs(86_400)),
            at,
        };
        let book = Book {
            keys: HashMap::from([(key.id(), key.public())]),
            sessions: HashMap::from([(claims.session, Some((claims.user, claims.expires)))]),
        };
        let authenticator = Authenticator::new(Service::Events, OperatorKey::random()?, Arc::new(SystemClock), book);
        let metrics = Metrics::new();
        metrics.of_this_process();
        let bare: Arc<dyn Stub<ShowingProtocol>> = Arc::new(ShowingServer(Arc::new(Shower { work, at })));
        let layered = server_stack(Arc::clone(&bare), Arc::new(authenticator), &ServerOptions::default(), &metrics);
        Ok(Self { bare, layered, metrics, token: key.sign(&claims)? })
    }
}

/// Serves on `listener`, once `tell` has told callers the token.
///
/// # Errors
/// If the system has no randomness.
pub(super) async fn serve(listener: TcpListener, work: Duration, tell: impl FnOnce(&str)) -> Result<()> {
    let standing = Standing::new(work)?;
    tell(&standing.token.0);
    let server = Server::new(standing.layered, Arc::new(Ready::default), standing.metrics, ListenOptions::default());
    server.serve(listener).await;
    Ok(())
}

/// Somebody signed in.
pub(super) struct Asking {
    client: Arc<ShowingClient>,
    credential: Credential,
    actor: Actor,
    seen: Positions,
    id: EventId,
}

impl Asking {
    fn new(client: &Arc<ShowingClient>, token: &str, number: usize) -> Self {
        Self {
            client: Arc::clone(client),
            credential: Credential::Session(SessionToken(token.into())),
            actor: Actor::Anonymous,
            seen: Positions::default(),
            id: EventId::from_bytes(id_of(number)),
        }
    }
}

impl Caller for Asking {
    async fn call(&mut self) -> Result<()> {
        let mut context = Context::new(self.credential.clone(), PATIENCE).having_seen(self.seen.clone());
        context.actor = self.actor;
        let reply = self.client.show(&context, Show { id: self.id }).await?;
        self.seen.merge(&reply.seen);
        call::expect(&reply.value.text, *self.id.as_bytes())
    }
}

/// So many callers of the service at `address`, over so many connections of one channel.
pub(super) fn callers(address: &str, token: &str, in_flight: usize, connections: usize) -> Vec<Asking> {
    let options = ChannelOptions { connections, ..ChannelOptions::default() };
    let channel = Channel::<ShowingProtocol>::to(address, options);
    let client = client_stack(Arc::new(channel), &ClientOptions::default(), &Metrics::new());
    let client = Arc::new(ShowingClient(client));
    (0..in_flight).map(|number| Asking::new(&client, token, number)).collect()
}

/// What one call takes within this process, in nanoseconds, as the mean of `calls`: through all layers of both sides, and of the service
/// itself.
///
/// # Errors
/// If a call fails.
pub(super) async fn linked(calls: u32) -> Result<(f64, f64)> {
    let standing = Standing::new(Duration::ZERO)?;
    let token = &standing.token.0;
    let layered = client_stack(standing.layered, &ClientOptions::default(), &standing.metrics);
    Ok((one_after_the_other(layered, token, calls).await?, one_after_the_other(standing.bare, token, calls).await?))
}

async fn one_after_the_other(stub: Arc<dyn Stub<ShowingProtocol>>, token: &str, calls: u32) -> Result<f64> {
    let mut asking = Asking::new(&Arc::new(ShowingClient(stub)), token, 0);
    // Whom the layers would find out; with them it makes no difference.
    asking.actor =
        Actor::User { user: UserId::new(), session: SessionId::new(), at: Position { epoch: Epoch([7; 16]), at: 1 } };
    for _ in 0..calls / 10 {
        asking.call().await?;
    }
    let begun = Instant::now();
    for _ in 0..calls {
        asking.call().await?;
    }
    Ok(begun.elapsed().as_secs_f64() * 1e9 / f64::from(calls))
}
