//! What happened, in order: a digest of all of it, so that two runs can be compared, and the last lines in words.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::time::Time;

/// How many lines are kept.
const KEPT: usize = 150;

/// The trace of one simulation. Clones are the same.
#[derive(Clone)]
pub(crate) struct Trace {
    time: Time,
    told: Arc<Mutex<Told>>,
}

struct Told {
    digest: blake3::Hasher,
    last: VecDeque<String>,
    aloud: bool,
}

impl Trace {
    /// An empty one; `aloud` if each line is to be printed at once.
    pub(crate) fn new(time: Time, aloud: bool) -> Self {
        let told = Told { digest: blake3::Hasher::new(), last: VecDeque::new(), aloud };
        Self { time, told: Arc::new(Mutex::new(told)) }
    }

    /// Something happened that is worth a line.
    pub(crate) fn say(&self, what: fmt::Arguments<'_>) {
        let passed = self.time.passed();
        let line = format!("{:>6}.{:03} {what}", passed.as_secs(), passed.subsec_millis());
        let mut told = self.told.lock();
        told.digest.update(line.as_bytes());
        if told.aloud {
            println!("{line}");
        }
        if told.last.len() == KEPT {
            told.last.pop_front();
        }
        told.last.push_back(line);
    }

    /// Bytes were on their way: they count in the digest, and make no line.
    pub(crate) fn bytes(&self, connection: u64, bytes: &[u8]) {
        let passed = u64::try_from(self.time.passed().as_micros()).unwrap_or(u64::MAX);
        let mut told = self.told.lock();
        told.digest.update(&connection.to_le_bytes());
        told.digest.update(&passed.to_le_bytes());
        told.digest.update(bytes);
    }

    /// The digest of everything so far.
    pub(crate) fn digest(&self) -> String {
        self.told.lock().digest.finalize().to_hex().chars().take(32).collect()
    }

    /// The last lines.
    pub(crate) fn last_lines(&self) -> Vec<String> {
        self.told.lock().last.iter().cloned().collect()
    }
}
