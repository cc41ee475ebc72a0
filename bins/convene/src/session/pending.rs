//! How a command is recognized when it is given again, so that its work is not done twice.
//!
//! Before a command is sent, its identity (key and number) and its request go into the profile; a definite answer takes them
//! out. If the same words are given again while the outcome is unknown, the *same* request goes out under the same identity, and
//! the service does it once. "The same" is judged by what the user wrote, not by what became of it: `--start tomorrow` sent again
//! after midnight still means the day it meant at first.
//!
//! A later command about the same row (another answer to the same invitation) ends that: the earlier one is then no longer what
//! the user wants, and giving it once more is a new wish. Entries are bounded in number and age; services remember keys as long.

use std::time::Duration;

use domain::{IdempotencyKey, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::State;

/// Most commands that a profile remembers as unknown.
const MOST: usize = 20;
/// How long one is remembered: an hour less than services remember keys, since clocks differ.
const KEPT: Duration = Duration::from_secs(30 * 86_400 - 3_600);

/// What a user wants done, before anything is worked out from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Intent {
    /// The service's method, as `events.create`.
    pub(crate) method: &'static str,
    /// Who wants it; `None` for signing in.
    pub(crate) user: Option<UserId>,
    /// A digest of the method, the user and what they wrote.
    pub(crate) fingerprint: String,
    /// What the command overwrites; a later command about the same makes this one outdated.
    pub(crate) row: Option<String>,
}

/// A command in the profile that has no definite answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pending {
    method: String,
    fingerprint: String,
    #[serde(default, with = "optional_text")]
    user: Option<UserId>,
    #[serde(default)]
    row: Option<String>,
    #[serde(with = "text")]
    key: IdempotencyKey,
    sequence: u64,
    since: Timestamp,
    /// Whether every attempt was certainly not executed.
    not_done: bool,
    /// What was sent; `None` where it holds a secret, or nothing.
    #[serde(default)]
    request: Option<Value>,
    /// Whether the terminal client gave it: it finds out by itself what became of it.
    #[serde(default)]
    client: bool,
}

/// A command of the terminal client.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct OfClient {
    /// The service's method, as `events.create`.
    pub(super) method: String,
    /// What it overwrites.
    pub(super) row: Option<String>,
    pub(super) user: UserId,
    pub(super) key: IdempotencyKey,
    pub(super) sequence: u64,
    pub(super) since: Timestamp,
    pub(super) request: Value,
}

/// One sending of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attempt {
    /// The command's identity.
    pub(crate) key: IdempotencyKey,
    /// Its number in the session.
    pub(crate) sequence: u64,
    /// When an earlier attempt was made of which the outcome is unknown.
    pub(crate) unknown_since: Option<Timestamp>,
}

/// What is known after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was done.
    Done,
    /// It was refused, for good.
    Refused,
    /// This attempt was certainly not executed.
    NotDone,
    /// It may have been done.
    Unknown,
}

impl Intent {
    /// What `user` wants of `method`, as written in `words`.
    pub(crate) fn new(method: &'static str, user: Option<UserId>, words: &impl Serialize, row: Option<String>) -> Self {
        let mut hasher = blake3::Hasher::new();
        let who = user.map(|user| user.to_string()).unwrap_or_default();
        // Arguments are texts and flags: there is nothing in them that JSON cannot say.
        let words = serde_json::to_vec(words).unwrap_or_default();
        for part in [method.as_bytes(), who.as_bytes(), &words] {
            hasher.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
            hasher.update(part);
        }
        Self { method, user, fingerprint: hasher.finalize().to_hex().to_string(), row }
    }
}

impl State {
    /// Whether this intent was sent and may have been done.
    pub(crate) fn is_unknown(&self, intent: &Intent, now: Timestamp) -> bool {
        self.unknown(intent, now).is_some()
    }

    /// The request that was sent for this intent and may have been done; to be sent again as it is.
    pub(crate) fn unknown_request(&self, intent: &Intent, now: Timestamp) -> Option<&Value> {
        self.unknown(intent, now).and_then(|pending| pending.request.as_ref())
    }

    /// Notes that the command is about to be sent, and gives the identity to send it under: the one it had, if it may have been
    /// done; the same too if the very same request was certainly not executed; otherwise a new one. `request` is `None` where it
    /// holds a secret.
    pub(crate) fn begin(&mut self, intent: &Intent, request: Option<Value>, now: Timestamp) -> Attempt {
        self.pending.retain(|pending| now < pending.since.plus(KEPT));
        if let Some(pending) = self.unknown(intent, now) {
            let Pending { key, sequence, since, .. } = *pending;
            return Attempt { key, sequence, unknown_since: Some(since) };
        }
        let kept_key = self
            .pending
            .iter()
            .find(|pending| pending.is(intent) && pending.not_done && pending.request == request)
            .map(|pending| pending.key);
        self.pending.retain(|pending| !pending.is(intent));
        let attempt = Attempt {
            key: kept_key.unwrap_or_else(IdempotencyKey::new),
            sequence: self.next_sequence(now),
            unknown_since: None,
        };
        self.pending.push(Pending {
            method: intent.method.to_owned(),
            fingerprint: intent.fingerprint.clone(),
            user: intent.user,
            row: intent.row.clone(),
            key: attempt.key,
            sequence: attempt.sequence,
            since: now,
            not_done: false,
            request,
            client: false,
        });
        self.forget_beyond(MOST);
        attempt
    }

    /// Takes in what became of an attempt.
    pub(crate) fn settle(&mut self, intent: &Intent, attempt: &Attempt, outcome: Outcome) {
        let this = |pending: &Pending| pending.key == attempt.key && pending.sequence == attempt.sequence;
        match outcome {
            Outcome::Done => self.pending.retain(|pending| !this(pending) && !pending.is_about(intent)),
            Outcome::Refused => self.pending.retain(|pending| !this(pending)),
            Outcome::NotDone if attempt.unknown_since.is_none() => {
                for pending in self.pending.iter_mut().filter(|pending| this(pending)) {
                    pending.not_done = true;
                }
            }
            // An earlier attempt may have been done: what this one met changes nothing about that.
            Outcome::NotDone | Outcome::Unknown => {}
        }
    }

    /// The commands of the terminal client that have no definite answer; the oldest first.
    pub(super) fn of_client(&self, now: Timestamp) -> Vec<OfClient> {
        let kept = self.pending.iter().filter(|pending| pending.client && now < pending.since.plus(KEPT));
        let of_client = |pending: &Pending| {
            Some(OfClient {
                method: pending.method.clone(),
                row: pending.row.clone(),
                user: pending.user?,
                key: pending.key,
                sequence: pending.sequence,
                since: pending.since,
                request: pending.request.clone()?,
            })
        };
        kept.filter_map(of_client).collect()
    }

    /// Notes a command of the terminal client, unless it is noted already.
    pub(super) fn keep_of_client(&mut self, command: OfClient) {
        if self.pending.iter().any(|pending| pending.key == command.key) {
            return;
        }
        let OfClient { method, row, user, key, sequence, since, request } = command;
        self.pending.push(Pending {
            method,
            // No words were written: the identity is all that this command is recognized by.
            fingerprint: key.to_string(),
            user: Some(user),
            row,
            key,
            sequence,
            since,
            not_done: false,
            request: Some(request),
            client: true,
        });
        self.forget_beyond(MOST);
    }

    /// What became of a command of the terminal client is known, and so of whatever it overwrote.
    pub(super) fn settle_of_client(&mut self, key: IdempotencyKey) {
        let Some(at) = self.pending.iter().position(|pending| pending.key == key) else { return };
        let settled = self.pending.remove(at);
        let overwritten = |pending: &Pending| {
            settled.row.is_some()
                && (&pending.row, pending.user) == (&settled.row, settled.user)
                && pending.sequence < settled.sequence
        };
        self.pending.retain(|pending| !overwritten(pending));
    }

    fn unknown(&self, intent: &Intent, now: Timestamp) -> Option<&Pending> {
        let pending = self.pending.iter().find(|pending| pending.is(intent) && !pending.not_done)?;
        let outdated = self.pending.iter().any(|later| {
            !later.not_done && later.sequence > pending.sequence && !later.is(intent) && later.is_about(intent)
        });
        (!outdated && now < pending.since.plus(KEPT)).then_some(pending)
    }

    /// Drops the oldest beyond `most`, those that were certainly not executed first.
    fn forget_beyond(&mut self, most: usize) {
        while self.pending.len() > most {
            let harmless = self.pending.iter().position(|pending| pending.not_done);
            self.pending.remove(harmless.unwrap_or(0));
        }
    }
}

impl Pending {
    fn is(&self, intent: &Intent) -> bool {
        self.fingerprint == intent.fingerprint && self.method == intent.method && self.user == intent.user
    }

    fn is_about(&self, intent: &Intent) -> bool {
        intent.row.is_some() && self.row == intent.row && self.user == intent.user
    }
}

mod text {
    //! An id as text, so that a person can read the file.

    use std::fmt::Display;
    use std::str::FromStr;

    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<T: Display, S: Serializer>(id: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(id)
    }

    pub(super) fn deserialize<'de, T, D>(deserializer: D) -> Result<T, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

mod optional_text {
    //! An id that may be missing, as text.

    use std::fmt::Display;
    use std::str::FromStr;

    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<T: Display, S: Serializer>(id: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
        match id {
            Some(id) => serializer.collect_str(id),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        Option::<String>::deserialize(deserializer)?.map(|id| id.parse().map_err(D::Error::custom)).transpose()
    }
}

#[cfg(test)]
mod tests;
