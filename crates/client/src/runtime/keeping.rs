//! Keeping what outlives a run, without ever making the screen wait: the newest state is written beside the loop.

use std::future::Future;
use std::io;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::session::{Kept, SessionStore};

/// Writes the newest state whenever there is a new one.
pub(crate) struct Keeper {
    /// The newest state, numbered.
    newest: watch::Sender<(u64, Kept)>,
    /// The number up to which states have been written, or given up.
    settled: watch::Receiver<u64>,
    failed: mpsc::Receiver<String>,
    task: JoinHandle<io::Result<()>>,
}

impl Keeper {
    pub(crate) fn new(store: Box<dyn SessionStore>, kept: Kept) -> Self {
        let (newest, keeping) = watch::channel((0, kept));
        let (settle, settled) = watch::channel(0);
        let (tell, failed) = mpsc::channel(4);
        Self { newest, settled, failed, task: tokio::spawn(keep_newest(store, keeping, settle, tell)) }
    }

    /// Keeps `kept` from now on.
    pub(crate) fn keep(&self, kept: Kept) {
        let next = self.newest.borrow().0 + 1;
        self.newest.send_replace((next, kept));
    }

    /// Ends once what was given to be kept before this call is written, or could not be: a command is sent only then, so that its
    /// identity is not lost with the client.
    pub(crate) fn written(&self) -> impl Future<Output = ()> + use<> {
        let (number, mut settled) = (self.newest.borrow().0, self.settled.clone());
        async move {
            // An error means that the client has ended.
            let _ = settled.wait_for(|settled| *settled >= number).await;
        }
    }

    /// Why something could not be kept.
    pub(crate) async fn failure(&mut self) -> Option<String> {
        self.failed.recv().await
    }

    /// Ends when the newest state is written.
    ///
    /// # Errors
    /// If it could not be.
    pub(crate) async fn end(self) -> io::Result<()> {
        drop(self.newest);
        self.task.await.unwrap_or_else(|panicked| Err(io::Error::other(panicked)))
    }
}

async fn keep_newest(
    store: Box<dyn SessionStore>,
    mut newest: watch::Receiver<(u64, Kept)>,
    settled: watch::Sender<u64>,
    failed: mpsc::Sender<String>,
) -> io::Result<()> {
    let mut last = Ok(());
    // A state not yet seen counts as a change even when the client has ended.
    while newest.changed().await.is_ok() {
        let (number, kept) = newest.borrow_and_update().clone();
        last = store.save(kept).await;
        if let Err(error) = &last {
            // A full queue says it already.
            let _ = failed.try_send(error.to_string());
        }
        settled.send_replace(number);
    }
    last
}
