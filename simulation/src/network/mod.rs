//! The simulated network: streams between nodes that are slow, cut up, blocked, broken, or gone at one end only.
//!
//! It behaves as TCP does to those who use it: bytes arrive in order or not at all, nothing is duplicated, and what was sent before
//! a loss may or may not have been delivered, which the sender cannot know. What happens to messages as such (sent again, and
//! arriving much later a second time) is the business of [`crate::wire`].

mod pipe;
mod stream;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use domain::Service;
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use transport::Connect;
use transport::stream::BoxStream;

use crate::trace::Trace;
use pipe::Pipe;
use stream::SimulatedStream;

/// A machine: the five services, and one for each person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Node {
    /// That of a service.
    Of(Service),
    /// The terminal of the person of this number.
    Terminal(usize),
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Of(service) => service.fmt(f),
            Self::Terminal(number) => write!(f, "terminal {number}"),
        }
    }
}

/// Takes the far end of a new connection.
pub(crate) trait Accept: Send + Sync {
    fn accept(&self, stream: BoxStream);
}

/// How a connection is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Both ends are told at once, and what was under way is lost.
    Both,
    /// What was under way arrives, and then both ends are told.
    AfterDelivery,
    /// One end is told; the other goes on talking to nobody.
    HalfOpen,
}

/// All connections. Clones are the same network.
#[derive(Clone)]
pub(crate) struct Network(Arc<Shared>);

struct Shared {
    trace: Trace,
    state: Mutex<State>,
    /// Counts the changes of what is blocked.
    healed: watch::Sender<u64>,
}

struct State {
    random: fastrand::Rng,
    listeners: BTreeMap<Node, Arc<dyn Accept>>,
    /// Directions in which nothing passes at the moment.
    blocked: BTreeSet<(Node, Node)>,
    /// Milliseconds that bytes need at most, in ordinary times; and in how many of a thousand writes it is a hundred times as long.
    slowness: (u64, u64),
    connections: Vec<Weak<Connection>>,
    made: u64,
}

/// The two directions of a connection.
pub(crate) struct Connection {
    number: u64,
    /// Who made it, and to whom.
    ends: (Node, Node),
    there: Arc<Pipe>,
    back: Arc<Pipe>,
}

impl Network {
    pub(crate) fn new(random: fastrand::Rng, trace: Trace) -> Self {
        let state = State {
            random,
            listeners: BTreeMap::new(),
            blocked: BTreeSet::new(),
            slowness: (3, 0),
            connections: Vec::new(),
            made: 0,
        };
        Self(Arc::new(Shared { trace, state: Mutex::new(state), healed: watch::Sender::new(0) }))
    }

    /// Whoever connects to `node` from now on gets to `listener`.
    pub(crate) fn listen(&self, node: Node, listener: Arc<dyn Accept>) {
        self.0.state.lock().listeners.insert(node, listener);
    }

    /// How slow it is: see [`State::slowness`].
    pub(crate) fn is_slow(&self, most_ms: u64, outliers: u64) {
        self.0.state.lock().slowness = (most_ms.max(1), outliers);
    }

    /// Lets nothing pass from one to the other, until [`Network::heal`].
    pub(crate) fn block(&self, from: Node, to: Node) {
        self.0.state.lock().blocked.insert((from, to));
    }

    /// Lets everything pass again; what was held up arrives.
    pub(crate) fn heal(&self) {
        self.0.state.lock().blocked.clear();
        self.0.healed.send_modify(|times| *times += 1);
        for connection in self.connections() {
            connection.there.wake();
            connection.back.wake();
        }
    }

    /// Cuts off some of the connections that there are.
    pub(crate) fn cut_some(&self, how: Cut) {
        for connection in self.connections() {
            if self.0.state.lock().random.u8(..) < 90 {
                self.0.trace.say(format_args!("connection {} is cut ({how:?})", connection.number));
                connection.cut(how);
            }
        }
    }

    /// The machine of `node` has died: nothing leaves or reaches it any more. `told`: those at the other ends hear of it.
    pub(crate) fn die(&self, node: Node, told: bool) {
        self.0.state.lock().listeners.remove(&node);
        for connection in self.connections() {
            let (from, to) = connection.ends;
            if from == node || to == node {
                let (outgoing, incoming) = if from == node {
                    (&connection.there, &connection.back)
                } else {
                    (&connection.back, &connection.there)
                };
                outgoing.sender_died(told);
                incoming.reader_died(told);
            }
        }
    }

    fn connections(&self) -> Vec<Arc<Connection>> {
        let mut state = self.0.state.lock();
        let live: Vec<_> = state.connections.iter().filter_map(Weak::upgrade).collect();
        state.connections = live.iter().map(Arc::downgrade).collect();
        live
    }

    fn is_blocked(&self, from: Node, to: Node) -> bool {
        self.0.state.lock().blocked.contains(&(from, to))
    }

    /// How long the next bytes need.
    fn delay(&self) -> Duration {
        let mut state = self.0.state.lock();
        let (most, outliers) = state.slowness;
        let usual = state.random.u64(1..=most);
        let outlier = state.random.u64(..1_000) < outliers;
        Duration::from_millis(if outlier { usual.saturating_mul(100) } else { usual })
    }

    /// How many of `bytes` are taken at once: mostly all.
    fn taken_at_once(&self, bytes: usize) -> usize {
        let mut state = self.0.state.lock();
        if bytes > 1 && state.random.u8(..) < 20 { state.random.usize(1..bytes) } else { bytes }
    }

    async fn connect(&self, from: Node, to: Node) -> io::Result<BoxStream> {
        let mut healed = self.0.healed.subscribe();
        tokio::time::sleep(self.delay() + self.delay()).await;
        while self.is_blocked(from, to) || self.is_blocked(to, from) {
            let _ = healed.changed().await;
        }
        let mut state = self.0.state.lock();
        let Some(listener) = state.listeners.get(&to).map(Arc::clone) else {
            return Err(io::Error::new(io::ErrorKind::ConnectionRefused, "nobody listens"));
        };
        state.made += 1;
        let number = state.made;
        let there = Arc::new(Pipe::new(self.clone(), number, from, to));
        let back = Arc::new(Pipe::new(self.clone(), number, to, from));
        let connection = Arc::new(Connection { number, ends: (from, to), there, back });
        state.connections.push(Arc::downgrade(&connection));
        drop(state);
        self.0.trace.say(format_args!("connection {number}: {from} to {to}"));
        listener.accept(Box::new(SimulatedStream::far_end(&connection)));
        Ok(Box::new(SimulatedStream::near_end(&connection)))
    }
}

impl Connection {
    fn cut(&self, how: Cut) {
        match how {
            Cut::Both => {
                self.there.reset(false);
                self.back.reset(false);
            }
            Cut::AfterDelivery => {
                self.there.reset(true);
                self.back.reset(true);
            }
            Cut::HalfOpen => {
                self.there.sender_died(false);
                self.back.reset(false);
                self.there.reader_died(false);
            }
        }
    }
}

/// The way from one node to another.
pub(crate) struct Way {
    pub(crate) network: Network,
    pub(crate) from: Node,
    pub(crate) to: Node,
    pub(crate) name: String,
    /// Cancelled when whoever goes this way has died.
    pub(crate) dead: CancellationToken,
}

#[async_trait]
impl Connect for Way {
    async fn connect(&self) -> io::Result<BoxStream> {
        tokio::select! {
            biased;
            () = self.dead.cancelled() => std::future::pending().await,
            connected = self.network.connect(self.from, self.to) => connected,
        }
    }

    fn target(&self) -> &str {
        &self.name
    }
}
