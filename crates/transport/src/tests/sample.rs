//! A small service for the tests, its layers' sample authenticator, and ways to reach it.

#![allow(unreachable_pub, missing_docs, reason = "the macro that defines a service makes public items")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::{
    Actor, Answer, Authenticate, Context, Credential, Error, IdempotencyKey, Peer, Position, Positions, Reply, Service,
    ServiceToken, SessionId, SessionToken, Stub, UserId,
};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use crate::layers::Deadline;
use crate::metrics::Metrics;
use crate::{
    Channel, ChannelOptions, ClientOptions, InMemory, ListenOptions, Server, ServerOptions, client_stack, server_stack,
};

domain::service! {
    /// Does what tests want.
    pub trait Sample for domain::Service::Events as (SampleProtocol, SampleRequest, SampleResponse, SampleServer, SampleClient) {
        /// Gives back what it got.
        1: query by Anyone fn echo(String) -> String;
        /// Fails as told.
        2: query by Anyone fn fail(Error) -> ();
        /// Answers when released.
        3: query by Anyone fn hang(()) -> ();
        /// Panics with a message.
        4: query by Anyone fn collapse(String) -> ();
        /// Tells what of the context arrived.
        5: query by Anyone fn describe(()) -> Arrived;
        /// Counts, for signed-in users.
        6: command by User fn count(()) -> u64;
        /// For members.
        7: query by Member fn for_members(()) -> ();
        /// For services.
        8: query by Service fn for_services(()) -> ();
        /// A long poll: answers when released.
        9: query by Anyone fn changes(()) -> ();
        /// So many letters.
        10: query by Anyone fn letters(usize) -> String;
        /// A long poll of people's clients: answers when released.
        11: query by Anyone fn watch(()) -> ();
        /// How it is.
        12: query by Anyone fn health(()) -> ();
    }
}

/// What of a context arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrived {
    pub actor: String,
    pub remaining_ms: u64,
    pub idempotency_key: Option<IdempotencyKey>,
    pub sequence: Option<u64>,
    pub seen: Positions,
    pub trace: domain::Trace,
    pub peer: String,
}

/// The service, and what the tests see of it.
pub(crate) struct House {
    pub(crate) release: Semaphore,
    /// Calls of `hang` and `changes` begun and given up.
    pub(crate) begun: watch::Sender<usize>,
    pub(crate) dropped: watch::Sender<usize>,
    pub(crate) counted: watch::Sender<u64>,
}

impl House {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            release: Semaphore::new(0),
            begun: watch::Sender::new(0),
            dropped: watch::Sender::new(0),
            counted: watch::Sender::new(0),
        })
    }

    /// Waits until so many calls hang here.
    pub(crate) async fn begun(&self, count: usize) {
        self.begun.subscribe().wait_for(|begun| *begun >= count).await.unwrap();
    }

    /// Waits until so many hanging calls were given up.
    pub(crate) async fn dropped(&self, count: usize) {
        self.dropped.subscribe().wait_for(|dropped| *dropped >= count).await.unwrap();
    }

    async fn wait(&self) -> Answer<()> {
        struct GivenUp<'h>(&'h House, bool);
        impl Drop for GivenUp<'_> {
            fn drop(&mut self) {
                if self.1 {
                    self.0.dropped.send_modify(|count| *count += 1);
                }
            }
        }
        self.begun.send_modify(|count| *count += 1);
        let mut given_up = GivenUp(self, true);
        self.release.acquire().await.unwrap().forget();
        given_up.1 = false;
        Ok(Reply::new((), Positions::default()))
    }
}

pub(crate) fn seen() -> Positions {
    Positions::of(Service::Auth, Position { epoch: domain::Epoch([3; 16]), at: 99 })
}

#[async_trait]
impl Sample for House {
    async fn echo(&self, _: &Context, text: String) -> Answer<String> {
        Ok(Reply::new(text, Positions::default()))
    }
    async fn fail(&self, _: &Context, error: Error) -> Answer<()> {
        Err(error)
    }
    async fn hang(&self, _: &Context, (): ()) -> Answer<()> {
        self.wait().await
    }
    async fn collapse(&self, _: &Context, message: String) -> Answer<()> {
        panic!("{message}")
    }
    async fn describe(&self, context: &Context, (): ()) -> Answer<Arrived> {
        let arrived = Arrived {
            actor: format!("{:?}", context.actor),
            remaining_ms: u64::try_from(context.remaining().as_millis()).unwrap(),
            idempotency_key: context.idempotency_key,
            sequence: context.sequence,
            seen: context.seen.clone(),
            trace: context.trace,
            peer: match context.peer {
                Peer::Linked => "linked".to_owned(),
                Peer::Address(address) => address.to_string(),
            },
        };
        Ok(Reply { value: arrived, seen: seen(), behind: vec![Service::Auth, Service::Sharing], settled: false })
    }
    async fn count(&self, _: &Context, (): ()) -> Answer<u64> {
        self.counted.send_modify(|count| *count += 1);
        Ok(Reply::new(*self.counted.borrow(), Positions::default()))
    }
    async fn for_members(&self, _: &Context, (): ()) -> Answer<()> {
        Ok(Reply::new((), Positions::default()))
    }
    async fn for_services(&self, _: &Context, (): ()) -> Answer<()> {
        Ok(Reply::new((), Positions::default()))
    }
    async fn letters(&self, _: &Context, count: usize) -> Answer<String> {
        Ok(Reply::new("x".repeat(count), Positions::default()))
    }
    async fn changes(&self, _: &Context, (): ()) -> Answer<()> {
        self.wait().await
    }
    async fn watch(&self, _: &Context, (): ()) -> Answer<()> {
        self.wait().await
    }
    async fn health(&self, _: &Context, (): ()) -> Answer<()> {
        Ok(Reply::new((), Positions::default()))
    }
}

/// Knows alice, the calendar service and the operator.
pub(crate) struct Doorman;

#[async_trait]
impl Authenticate for Doorman {
    async fn authenticate(&self, credential: &Credential) -> Result<Actor, Error> {
        match credential {
            Credential::None => Ok(Actor::Anonymous),
            Credential::Session(SessionToken(token)) if &**token == "alice" => {
                let at = Position { epoch: domain::Epoch([3; 16]), at: 1 };
                Ok(Actor::User { user: UserId::from_bytes([1; 16]), session: SessionId::from_bytes([2; 16]), at })
            }
            Credential::Session(SessionToken(token)) if &**token == "panic" => panic!("the doorman fell over"),
            Credential::Session(_) => Err(Error::unauthenticated("the session has ended")),
            Credential::Service(ServiceToken(token)) if token == "calendar" => Ok(Actor::Service(Service::Calendar)),
            Credential::Service(ServiceToken(token)) if token == "operator" => Ok(Actor::Operator),
            Credential::Service(_) => Err(Error::unavailable(Service::Auth, "no key of it is known yet")),
        }
    }
}

pub(crate) fn alice() -> Credential {
    Credential::Session(SessionToken("alice".into()))
}

pub(crate) fn service(token: &str) -> Credential {
    Credential::Service(ServiceToken(token.to_owned()))
}

/// A call with time enough that no deadline ever ends it.
pub(crate) fn patient() -> Context {
    Context::new(Credential::None, Duration::from_secs(60))
}

/// The house with the service's layers before it.
pub(crate) fn layered(house: &Arc<House>) -> Arc<dyn Stub<SampleProtocol>> {
    let stub = Arc::new(SampleServer(Arc::clone(house) as Arc<dyn Sample>));
    server_stack(stub, Arc::new(Doorman), &ServerOptions::default(), &Metrics::new())
}

pub(crate) fn server_with(house: &Arc<House>, options: ListenOptions) -> Arc<Server<SampleProtocol>> {
    Arc::new(Server::new(layered(house), Arc::new(crate::Ready::default), Metrics::new(), options))
}

/// A channel to the house through a pipe in memory.
pub(crate) fn piped(house: &Arc<House>) -> Channel<SampleProtocol> {
    let server = server_with(house, ListenOptions::default());
    Channel::over(InMemory(server), ChannelOptions::default())
}

/// A server on a port of its own, in a task.
pub(crate) struct Listening {
    pub(crate) server: Arc<Server<SampleProtocol>>,
    pub(crate) address: SocketAddr,
    pub(crate) task: tokio::task::JoinHandle<()>,
}

pub(crate) async fn listening(house: &Arc<House>, options: ListenOptions) -> Listening {
    listening_at(house, "127.0.0.1:0".parse().unwrap(), options).await
}

pub(crate) async fn listening_at(house: &Arc<House>, address: SocketAddr, options: ListenOptions) -> Listening {
    let listener: TcpListener = crate::bind(address).await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = server_with(house, options);
    let task = tokio::spawn({
        let server = Arc::clone(&server);
        async move { server.serve(listener).await }
    });
    Listening { server, address, task }
}

impl Listening {
    pub(crate) fn channel(&self) -> Channel<SampleProtocol> {
        Channel::to(self.address.to_string(), ChannelOptions::default())
    }

    /// As if the process were killed: everything is closed at once.
    pub(crate) async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
        drop(self.server);
    }
}

/// With nothing before it but the layer that knows when a call has to end.
pub(crate) fn client(stub: impl Stub<SampleProtocol>) -> Arc<SampleClient> {
    Arc::new(SampleClient(Arc::new(Deadline::new(Arc::new(stub)))))
}

/// With the caller's layers before it.
pub(crate) fn layered_client(stub: impl Stub<SampleProtocol>) -> Arc<SampleClient> {
    Arc::new(SampleClient(client_stack(Arc::new(stub), &ClientOptions::default(), &Metrics::new())))
}
