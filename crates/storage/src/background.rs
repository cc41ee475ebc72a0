//! A thread for whose work nobody waits, or not yet: it leaves the processor to others.
//!
//! On Linux each thread has a *nice* value of its own (setpriority(2)); where it belongs to the whole process nothing is changed. Such a
//! thread may lose the processor while it holds a lock, so whatever runs here holds locks for moments only.

use std::thread::{Builder, JoinHandle};

use crate::error::Error;

/// By so much a thread is nicer: beside one that waits for nobody it has a third of the processor, since commands wait for it in the end.
#[cfg(target_os = "linux")]
const NICER: i32 = 5;

/// Runs `work` on a thread called `name`.
///
/// # Errors
/// [`Error::Engine`] if the system has no thread left.
pub(crate) fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, Error> {
    let started = Builder::new().name(name.to_owned()).spawn(move || {
        be_nice();
        work();
    });
    started.map_err(|error| Error::Engine { why: format!("no thread for {name}: {error}") })
}

fn be_nice() {
    // Should it fail, the work is done all the same.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICER) {
        tracing::debug!(%error, "this thread goes on like others");
    }
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use super::*;

    fn mine() -> i32 {
        rustix::process::getpriority_process(None).unwrap()
    }

    #[test]
    fn only_the_thread_itself_is_nice() {
        let before = mine();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = spawn("tests", move || tell.send(mine()).unwrap()).unwrap();
        thread.join().unwrap();
        assert_eq!(told.recv().unwrap(), 19.min(before + NICER));
        assert_eq!(mine(), before, "of this thread, the priority is what it was");
    }
}
