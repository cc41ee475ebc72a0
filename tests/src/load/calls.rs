//! What became of the calls of a crowd, and how many are under way.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::{Error, Kind, Service};
use parking_lot::Mutex;

/// The calls of a crowd. Clones count the same calls.
#[derive(Clone, Default)]
pub struct Calls(Arc<Mutex<Counts>>);

#[derive(Default)]
struct Counts {
    under_way: BTreeMap<Service, usize>,
    unknown: usize,
    refused: usize,
}

impl Calls {
    /// How many calls to `service` have been sent and not yet been answered.
    #[must_use]
    pub fn under_way(&self, service: Service) -> usize {
        self.0.lock().under_way.get(&service).copied().unwrap_or_default()
    }

    /// After how many attempts it was not known whether the command had been done.
    #[must_use]
    pub fn unknown(&self) -> usize {
        self.0.lock().unknown
    }

    /// How many attempts ended otherwise than well although asking again makes sense: certainly not done, or a query unanswered.
    #[must_use]
    pub fn refused(&self) -> usize {
        self.0.lock().refused
    }

    /// A call to `service` is under way until what this returns is dropped.
    pub(super) fn begins(&self, service: Service) -> impl Drop {
        *self.0.lock().under_way.entry(service).or_default() += 1;
        UnderWay { calls: self.clone(), service }
    }

    /// An attempt has failed.
    pub(super) fn failed(&self, kind: Kind, error: &Error) {
        let mut counts = self.0.lock();
        if kind == Kind::Command && matches!(error, Error::Deadline { .. }) {
            counts.unknown += 1;
        } else {
            counts.refused += 1;
        }
    }
}

struct UnderWay {
    calls: Calls,
    service: Service,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(under_way) = self.calls.0.lock().under_way.get_mut(&self.service) {
            *under_way -= 1;
        }
    }
}
