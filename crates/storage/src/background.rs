//! Threads for whose work nobody waits, or not yet: they have the processor when others leave it to them.
//!
//! On Linux each thread has a *nice* value of its own (setpriority(2)); where it belongs to the whole process nothing is changed. A nice
//! thread may lose the processor while it holds a lock, so what runs here holds locks for moments only.

use std::thread::{Builder, JoinHandle};

use crate::error::Error;

/// How much a thread leaves to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nice {
    /// A third of what it could claim beside a thread that waits for nobody: commands wait for it in the end.
    Somewhat = 5,
    /// Whatever is left: nobody ever waits for it.
    Altogether = 19,
}

/// Runs `work` on a thread called `name`.
///
/// # Errors
/// [`Error::Engine`] if the system has no thread left.
pub(crate) fn spawn(name: &str, nice: Nice, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, Error> {
    let started = Builder::new().name(name.to_owned()).spawn(move || {
        be(nice);
        work();
    });
    started.map_err(|error| Error::Engine { why: format!("no thread for {name}: {error}") })
}

fn be(nice: Nice) {
    // Nicer than whoever started it, and no nicer than can be. Should it fail, the work is done all the same.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(nice as i32) {
        tracing::debug!(%error, ?nice, "this thread goes on like others");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = nice;
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
        let thread = spawn("tests", Nice::Altogether, move || tell.send(mine()).unwrap()).unwrap();
        thread.join().unwrap();
        assert_eq!(told.recv().unwrap(), 19.min(before + 19));
        assert_eq!(mine(), before, "of this thread, the priority is what it was");
    }
}
