//! The services that do nothing else: one says words, one keeps and counts what it hears, and the way between them can be held,
//! cut, or lose answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chassis::follow::Follower;
use chassis::{Chassis, Fault, Listing, OperatorKey, Row, Settle, Setup, Source, SystemClock};
use domain::log::{Change, Changes, ReadChanges};
use domain::recovery::{ReadSnapshot, Snapshot};
use domain::{Answer, Clock as _, Context, Credential, Error, IdempotencyKey, Position, Reply, Service};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use storage::{Database, MemoryDisk, Options, Reader, Table, Transaction};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A record of the owner's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Word(pub(crate) String);

impl Change for Word {
    const VERSION: u8 = 1;
    type Before = Self;
    type Row = String;

    fn rows(&self) -> Vec<String> {
        vec![self.0.clone()]
    }

    fn removal(word: &String) -> Self {
        Self(format!("not {word}"))
    }
}

/// What was heard, by the position at which it was said.
const HEARD: Table<(Service, u64), Row<String>> = Table::new("heard");
const COUNTED: Table<Service, u64> = Table::new("counted");

pub(crate) fn hear(source: Service) -> impl Fn(&mut Transaction<'_>, Position, &Word) -> Result<(), Fault> {
    move |tx, at, word| {
        let counted = tx.get(&COUNTED, &source)?.unwrap_or(0);
        tx.put(&COUNTED, &source, &(counted + 1))?;
        Ok(tx.put(&HEARD, &(source, at.at), &Row(word.0.clone()))?)
    }
}

pub(crate) fn heard(reader: &impl Reader, source: Service) -> Result<(u64, Vec<String>), Fault> {
    let rows = reader.scan(&HEARD, &source, None, usize::MAX)?;
    Ok((reader.get(&COUNTED, &source)?.unwrap_or(0), rows.into_iter().map(|(_, Row(word))| word).collect()))
}

/// What `chassis` has heard so far, each word once or the test ends here.
pub(crate) async fn words(chassis: &Chassis, source: Service) -> Vec<String> {
    let (counted, words) = chassis.db().read(|view| heard(view, source)).await.unwrap();
    assert_eq!(counted, words.len() as u64, "a word took effect more than once");
    words
}

pub(crate) fn numbered(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|number| format!("word {number}")).collect()
}

pub(crate) fn key() -> OperatorKey {
    static KEY: std::sync::OnceLock<OperatorKey> = std::sync::OnceLock::new();
    KEY.get_or_init(|| OperatorKey::random().unwrap()).clone()
}

pub(crate) fn on(db: Database, service: Service) -> Arc<Chassis> {
    Chassis::new(service, Setup { db, clock: Arc::new(SystemClock), operator: key() })
}

pub(crate) fn on_disk(disk: &MemoryDisk, service: Service) -> Arc<Chassis> {
    on(Database::on_memory_disk(disk, Options::new(service.name(), 1)).unwrap(), service)
}

pub(crate) fn in_memory(service: Service) -> Arc<Chassis> {
    on_disk(&MemoryDisk::new(), service)
}

pub(crate) fn asking() -> Context {
    Context::new(Credential::None, Duration::from_secs(10))
}

pub(crate) fn commanding() -> Context {
    asking().as_command(IdempotencyKey::new(), 1)
}

/// Has the owner say a word; its position is in the reply.
pub(crate) async fn say(owner: &Chassis, context: &Context, word: &str, settle: Settle) -> Reply<u64> {
    let word = word.to_owned();
    let change = {
        let word = word.clone();
        move |tx: &mut Transaction<'_>| chassis::log::announce(tx, Word(word))
    };
    owner.command(context, "say", &word, settle, change, |_, at| Ok(*at)).await.unwrap()
}

pub(crate) async fn say_all(owner: &Chassis, words: &[String]) {
    for word in words {
        say(owner, &commanding(), word, Settle::No).await;
    }
}

/// The way from followers to an owner.
#[derive(Clone)]
pub(crate) struct Link {
    owner: Arc<Mutex<Arc<Chassis>>>,
    way: watch::Sender<Way>,
    /// Of so many answers one is lost on its way; 0 for none.
    pub(crate) loses_each: Arc<AtomicU64>,
    pub(crate) asked: Arc<AtomicU64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Open,
    /// Questions and answers wait.
    Held,
    Away,
}

impl Link {
    pub(crate) fn to(owner: &Arc<Chassis>) -> Self {
        Self {
            owner: Arc::new(Mutex::new(Arc::clone(owner))),
            way: watch::Sender::new(Way::Open),
            loses_each: Arc::default(),
            asked: Arc::default(),
        }
    }

    pub(crate) fn leads_to(&self, owner: &Arc<Chassis>) {
        *self.owner.lock() = Arc::clone(owner);
    }

    pub(crate) fn is(&self, way: Way) {
        self.way.send_replace(way);
    }

    async fn pass(&self) -> Result<(), Error> {
        let mut way = self.way.subscribe();
        let now = *way.wait_for(|way| *way != Way::Held).await.unwrap();
        let owner = self.owner.lock().service();
        if now == Way::Away { Err(Error::unavailable(owner, "it is away")) } else { Ok(()) }
    }

    async fn ask(&self, context: &Context, request: ReadChanges) -> Answer<Changes<Word>> {
        self.pass().await?;
        let mut context = context.clone();
        let Credential::Service(token) = &context.credential else { panic!("a follower shows who it is") };
        context.actor = key().verify(token, SystemClock.now()).unwrap();
        let owner = Arc::clone(&self.owner.lock());
        let answer = owner.serve_changes(&context, request).await;
        self.pass().await?;
        let each = self.loses_each.load(Ordering::Relaxed);
        if each > 0 && self.asked.fetch_add(1, Ordering::Relaxed).is_multiple_of(each) {
            return Err(Error::unavailable(owner.service(), "the answer was lost"));
        }
        answer
    }

    /// Has `follower` follow, keeping what it hears.
    pub(crate) fn followed_by(&self, follower: &Arc<Chassis>) -> JoinHandle<()> {
        let source = self.owner.lock().service();
        self.followed_with(follower, hear(source))
    }

    pub(crate) fn followed_with(
        &self,
        follower: &Arc<Chassis>,
        apply: impl Fn(&mut Transaction<'_>, Position, &Word) -> Result<(), Fault> + Send + Sync + 'static,
    ) -> JoinHandle<()> {
        let source = self.owner.lock().service();
        tokio::spawn(Arc::clone(follower).follow(source, self.clone(), Hears(apply)))
    }
}

#[async_trait]
impl Source<Word> for Link {
    async fn changes(&self, context: &Context, request: ReadChanges) -> Answer<Changes<Word>> {
        self.ask(context, request).await
    }

    async fn snapshot(&self, _: &Context, _: ReadSnapshot) -> Answer<Snapshot<Word>> {
        panic!("these words have one history")
    }
}

/// What is done with each word.
struct Hears<A>(A);

impl<A> Follower<Word> for Hears<A>
where
    A: Fn(&mut Transaction<'_>, Position, &Word) -> Result<(), Fault> + Send + Sync + 'static,
{
    fn apply(&self, tx: &mut Transaction<'_>, at: Position, word: &Word) -> Result<(), Fault> {
        (self.0)(tx, at, word)
    }

    fn held<'a, 'tx>(&self, _: Listing<'a, 'tx, String>) -> Result<Listing<'a, 'tx, String>, Fault> {
        panic!("these words have one history")
    }
}

/// Waits until something is so.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, is_so: impl Fn() -> F) {
    let began = std::time::Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < Duration::from_secs(60), "it never came to pass that {what}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

pub(crate) async fn until_heard(follower: &Chassis, source: Service, expected: &[String]) {
    until("all was heard", async || words(follower, source).await.len() >= expected.len()).await;
    assert_eq!(words(follower, source).await, expected);
}

pub(crate) async fn until_stopped(follower: &Chassis) -> String {
    until("the follower stopped", async || !follower.health().stopped.is_empty()).await;
    follower.health().stopped.join("; ")
}
