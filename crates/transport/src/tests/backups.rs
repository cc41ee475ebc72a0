//! Backups on their way, when one of the two ends falls silent: the other gives up within a bound. The time is virtual.

use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use domain::{Credential, Service, ServiceToken};
use parking_lot::Mutex;
use storage::{Database, Options, Table};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::time::Instant;

use super::sample::*;
use crate::backup::{ANSWERING, SILENCE, fetch};
use crate::stream::{BoxStream, Connect};
use crate::{InMemory, ListenOptions, Server};

const OPTIONS: Options = Options::new("events", 1);
const ROWS: Table<u64, String> = Table::new("rows");

/// A database whose backup is many times what a pipe holds.
async fn large() -> Database {
    let db = Database::in_memory(OPTIONS);
    let filling = db.write(|tx| (0..400).try_for_each(|key| tx.put(&ROWS, &key, &"x".repeat(4_000))));
    filling.await.unwrap();
    db
}

async fn backing_up() -> Arc<Server<SampleProtocol>> {
    let (server, db) = (server_with(&House::new(), ListenOptions::default()), large().await);
    server.makes_backups(Arc::new(move |_| Ok(db.backup().unwrap())));
    server
}

fn operator() -> Credential {
    Credential::Service(ServiceToken("operator".to_owned()))
}

/// A way to somebody at the other end of a pipe.
struct Pipe(Mutex<Option<DuplexStream>>);

impl Pipe {
    fn new() -> (Self, DuplexStream) {
        let (near, far) = tokio::io::duplex(64 * 1024);
        (Self(Mutex::new(Some(near))), far)
    }
}

#[async_trait]
impl Connect for Pipe {
    async fn connect(&self) -> io::Result<BoxStream> {
        Ok(Box::new(self.0.lock().take().unwrap()))
    }

    fn target(&self) -> &str {
        "127.0.0.1:7402"
    }
}

async fn reads_the_head(stream: &mut DuplexStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_backup_comes_whole_one_after_the_other() {
    let server = backing_up().await;
    for _ in 0..2 {
        let mut bytes = Vec::new();
        let put = |piece: &[u8]| {
            bytes.extend_from_slice(piece);
            Ok(())
        };
        fetch(&InMemory(Arc::clone(&server)), Service::Events, &operator(), put).await.unwrap();
        storage::examine_backup(bytes.as_slice(), "events", 1).unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_hangs_is_given_up_before_it_begins_and_in_the_middle() {
    let (way, _hangs) = Pipe::new();
    let since = Instant::now();
    let told = fetch(&way, Service::Events, &operator(), |_| Ok(())).await.unwrap_err();
    assert!(told.contains("events runs, and does not answer at 127.0.0.1:7402 within 5 s"), "{told}");
    assert_eq!(since.elapsed().as_secs(), ANSWERING.as_secs());

    let (way, mut begins) = Pipe::new();
    let since = Instant::now();
    let hangs = async {
        reads_the_head(&mut begins).await;
        let answer =
            b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: convene-backup\r\n\r\nsome of it";
        begins.write_all(answer).await.unwrap();
        std::future::pending::<()>().await;
    };
    let (operator, mut came) = (operator(), Vec::new());
    let put = |piece: &[u8]| {
        came.extend_from_slice(piece);
        Ok(())
    };
    let told = tokio::select! {
        told = fetch(&way, Service::Events, &operator, put) => told.unwrap_err(),
        () = hangs => unreachable!("it hangs"),
    };
    assert!(told.contains("the backup of events failed: nothing came for 30 s"), "{told}");
    assert_eq!((since.elapsed().as_secs(), came.as_slice()), (SILENCE.as_secs(), &b"some of it"[..]));
}

/// Asks as [`fetch`] does, reads the head of the answer, and then nothing.
async fn deaf(server: &Arc<Server<SampleProtocol>>) -> (DuplexStream, String) {
    let (mut near, far) = tokio::io::duplex(64 * 1024);
    server.accept(Box::new(far), domain::Peer::Linked);
    let asked = b"GET /backup HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: convene-backup\r\nauthorization: Bearer operator\r\n\r\n";
    near.write_all(asked).await.unwrap();
    let head = reads_the_head(&mut near).await;
    (near, head)
}

#[tokio::test(start_paused = true)]
async fn there_is_one_backup_at_a_time_and_one_that_nobody_reads_ends() {
    let server = backing_up().await;
    let since = Instant::now();
    let (_deaf, head) = deaf(&server).await;
    assert!(head.contains("101 Switching Protocols"), "{head}");
    let way = InMemory(Arc::clone(&server));
    let refused = fetch(&way, Service::Events, &operator(), |_| Ok(())).await.unwrap_err();
    assert!(refused.contains("a backup of events is being made already"), "{refused}");
    while fetch(&way, Service::Events, &operator(), |_| Ok(())).await.is_err() {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    assert!((30..60).contains(&since.elapsed().as_secs()), "{:?}", since.elapsed());
}
