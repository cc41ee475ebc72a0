//! The services that do nothing else: one keeps pictures, by number and version; one keeps what it is told of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chassis::follow::Follower;
use chassis::{Chassis, Fault, Listing, OperatorKey, Settle, Setup, Source, SystemClock};
use domain::log::{Change, Changes, ReadChanges};
use domain::recovery::{ReadSnapshot, Snapshot};
use domain::{Answer, Clock as _, Context, Credential, IdempotencyKey, Position, Service};
use futures::future::BoxFuture;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use storage::{Database, MemoryDisk, Options, Reader as _, Table, Transaction};
use tokio::task::JoinHandle;

// Sharing is followed by calendar only, and nobody stands between them.
pub(crate) const OWNER: Service = Service::Sharing;
pub(crate) const FOLLOWER: Service = Service::Calendar;

const PICTURES: Table<u64, u64> = Table::new("pictures");
/// A picture was painted, or painted over; or burnt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Painted {
    number: u64,
    version: Option<u64>,
}

impl Change for Painted {
    const VERSION: u8 = 1;
    type Before = Self;
    type Row = u64;

    fn rows(&self) -> Vec<u64> {
        self.version.map(|_| self.number).into_iter().collect()
    }

    fn removal(number: &u64) -> Self {
        Self { number: *number, version: None }
    }
}

fn put(tx: &mut Transaction<'_>, painted: &Painted) -> Result<(), Fault> {
    match &painted.version {
        Some(version) => tx.put(&PICTURES, &painted.number, version)?,
        None => tx.delete(&PICTURES, &painted.number)?,
    }
    Ok(())
}

/// Paints, or burns.
pub(crate) async fn paint(owner: &Chassis, number: u64, version: Option<u64>) {
    paint_some(owner, vec![Painted { number, version }]).await;
}

pub(crate) async fn paint_all(owner: &Chassis, numbers: std::ops::Range<u64>, version: u64) {
    paint_some(owner, numbers.map(|number| Painted { number, version: Some(version) }).collect()).await;
}

async fn paint_some(owner: &Chassis, some: Vec<Painted>) {
    let change = move |tx: &mut Transaction<'_>| {
        for painted in some {
            put(tx, &painted)?;
            chassis::log::announce(tx, painted)?;
        }
        Ok(())
    };
    let context = asking().as_command(IdempotencyKey::new(), 1);
    owner.command(&context, "paint", &(), Settle::No, change, |_, ()| Ok(())).await.unwrap();
}

/// What a service has.
pub(crate) async fn pictures(chassis: &Chassis) -> BTreeMap<u64, u64> {
    let rows = chassis.db().read(|view| Ok::<_, Fault>(view.scan(&PICTURES, &(), None, usize::MAX)?));
    rows.await.unwrap().into_iter().collect()
}

pub(crate) fn asking() -> Context {
    Context::new(Credential::None, Duration::from_secs(10))
}

fn key() -> OperatorKey {
    static KEY: std::sync::OnceLock<OperatorKey> = std::sync::OnceLock::new();
    KEY.get_or_init(|| OperatorKey::random().unwrap()).clone()
}

pub(crate) fn on_disk(disk: &MemoryDisk, service: Service) -> Arc<Chassis> {
    let db = Database::on_memory_disk(disk, Options::new(service.name(), 1)).unwrap();
    Chassis::new(service, Setup { db, clock: Arc::new(SystemClock), operator: key() })
}

pub(crate) fn in_memory(service: Service) -> Arc<Chassis> {
    on_disk(&MemoryDisk::new(), service)
}

/// The owner on `disk`, with a history of its own from the first moment.
pub(crate) async fn restored(disk: &MemoryDisk) -> Arc<Chassis> {
    let owner = on_disk(disk, OWNER);
    owner.db().write(|tx| Ok::<_, Fault>(tx.renew_epoch()?)).await.unwrap();
    owner
}

type BetweenPages = Box<dyn Fn(u64) -> BoxFuture<'static, ()> + Send + Sync>;

/// The way from the follower to the owner.
#[derive(Clone)]
pub(crate) struct Link {
    owner: Arc<Mutex<Arc<Chassis>>>,
    pub(crate) pages: Arc<AtomicU64>,
    /// How many pictures a page has.
    pub(crate) a_page: Arc<AtomicU32>,
    between: Arc<Mutex<Option<Arc<BetweenPages>>>>,
}

impl Link {
    pub(crate) fn to(owner: &Arc<Chassis>) -> Self {
        let a_page = Arc::new(AtomicU32::new(150));
        Self { owner: Arc::new(Mutex::new(Arc::clone(owner))), pages: Arc::default(), a_page, between: Arc::default() }
    }

    /// A poll that still waits at the one before gets its answer.
    pub(crate) fn leads_to(&self, owner: &Arc<Chassis>) {
        let before = std::mem::replace(&mut *self.owner.lock(), Arc::clone(owner));
        tokio::spawn(async move { before.db().close().await });
    }

    pub(crate) fn between_pages(&self, work: impl Fn(u64) -> BoxFuture<'static, ()> + Send + Sync + 'static) {
        *self.between.lock() = Some(Arc::new(Box::new(work)));
    }

    pub(crate) fn followed_by(&self, follower: &Arc<Chassis>) -> JoinHandle<()> {
        tokio::spawn(Arc::clone(follower).follow(OWNER, self.clone(), Visitor))
    }
}

#[async_trait]
impl Source<Painted> for Link {
    async fn changes(&self, context: &Context, request: ReadChanges) -> Answer<Changes<Painted>> {
        let owner = Arc::clone(&self.owner.lock());
        let mut context = context.clone();
        let Credential::Service(token) = &context.credential else { panic!("a follower shows who it is") };
        context.actor = key().verify(token, SystemClock.now()).unwrap();
        owner.serve_changes(&context, request).await
    }

    async fn snapshot(&self, _: &Context, request: ReadSnapshot) -> Answer<Snapshot<Painted>> {
        let owner = Arc::clone(&self.owner.lock());
        let request = ReadSnapshot { limit: request.limit.min(self.a_page.load(Ordering::Relaxed)), ..request };
        let page = owner.serve_snapshot(&request, |view, after: Option<u64>, limit| {
            let rows = view.scan(&PICTURES, &(), after.as_ref(), limit)?;
            let more = rows.len() == limit;
            let painted = |(number, version)| (number, Painted { number, version: Some(version) });
            Ok((rows.into_iter().map(painted).collect(), more))
        });
        let page = page.await;
        let between = self.between.lock().clone();
        let number = self.pages.fetch_add(1, Ordering::Relaxed);
        if let Some(between) = between
            && number < 12
        {
            between(number).await;
        }
        page
    }
}

struct Visitor;

impl Follower<Painted> for Visitor {
    fn apply(&self, tx: &mut Transaction<'_>, _: Position, painted: &Painted) -> Result<(), Fault> {
        put(tx, painted)
    }

    fn held<'a, 'tx>(&self, rows: Listing<'a, 'tx, u64>) -> Result<Listing<'a, 'tx, u64>, Fault> {
        rows.of(&PICTURES, |number, _| Some(*number))
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

/// Waits until the follower has applied all of the owner's history, and shows that it has what the owner has.
pub(crate) async fn until_alike(follower: &Chassis, owner: &Chassis) {
    let at = |chassis: &Chassis| chassis.health().positions.get(OWNER);
    until("the follower is where the owner is", async || at(follower) == at(owner)).await;
    assert_eq!(pictures(follower).await, pictures(owner).await);
}

pub(crate) async fn until_stopped(follower: &Chassis) -> String {
    until("the follower stopped", async || !follower.health().stopped.is_empty()).await;
    follower.health().stopped.join("; ")
}
