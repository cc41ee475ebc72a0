//! The walk by calls: each row asked of its service, by a client that was connected before.

use domain::{Context, Error, IdempotencyKey, Service};
use futures::future::join_all;
use tokio::time::{Instant, timeout};

use super::scene::{Part, Scene};
use super::seen::Seen;
use super::table::Expected;
use super::{BRIEFLY, Manner, PROMPTLY};
use crate::World;

/// What was walked: each command, and what became of it.
pub(super) struct Walked<'s> {
    commands: Vec<Sent<'s>>,
}

/// A command that was sent.
struct Sent<'s> {
    part: &'s Part,
    key: IdempotencyKey,
    sequence: u64,
    outcome: Outcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Done,
    CertainlyNot,
    Unknown,
}

/// Walks all rows at once, and asserts what each is answered.
pub(super) async fn walk<'s>(scene: &'s Scene, away: &[Service], manner: Manner, seen: &Seen) -> Walked<'s> {
    let sent = join_all(scene.calls.iter().map(|part| one(part, away, manner, seen))).await;
    Walked { commands: sent.into_iter().flatten().collect() }
}

/// Walks the rows that change nothing, while fewer services are away than before.
pub(super) async fn walk_queries(scene: &Scene, away: &[Service], manner: Manner, seen: &Seen) {
    let queries = scene.calls.iter().filter(|part| part.row.deed.is_query());
    join_all(queries.map(|part| one(part, away, manner, seen))).await;
}

async fn one<'s>(part: &'s Part, away: &[Service], manner: Manner, seen: &Seen) -> Option<Sent<'s>> {
    let (name, deed) = (part.row.name, part.row.deed);
    let expected = expected(part, away);
    let context = part.actor.commanding();
    let (key, sequence) = (context.idempotency_key.unwrap(), context.sequence.unwrap());
    let patience = if expected.refused_by.is_some() { BRIEFLY } else { PROMPTLY };
    let context = Context { deadline: Instant::now() + patience, ..context };
    // It is answered by its deadline, whoever hangs; the rest is for a busy machine.
    let answer = timeout(patience + PROMPTLY, deed.call(part, &context)).await;
    let answer = answer.unwrap_or_else(|_| panic!("{name} without {away:?} ({manner:?}) outlives its deadline"));
    let outcome = match expected.refused_by {
        Some(service) => {
            let error = answer.expect_err(name);
            seen.call(name, &error);
            refusal(name, &error, service, manner)
        }
        None if deed.finds_nobody() => {
            assert!(matches!(&answer, Err(Error::NotFound { field, .. }) if field == "user"), "{name}: {answer:?}");
            Outcome::CertainlyNot
        }
        None => {
            let answer = answer.unwrap_or_else(|error| panic!("{name} without {away:?} ({manner:?}): {error:?}"));
            let shown = answer.value.join("\n");
            assert!(shown.contains(deed.shows(part)), "{name} without {away:?} ({manner:?}): {shown}");
            // A follower that is there may need longer than a command waits for it; one that is away always does.
            assert!(!expected.unsettled || !answer.settled, "{name} without {away:?} ({manner:?}) is settled");
            Outcome::Done
        }
    };
    (!deed.is_query() && !deed.finds_nobody()).then_some(Sent { part, key, sequence, outcome })
}

/// What the row's cells come to for whoever has only the answer of the service that is asked.
fn expected(part: &Part, away: &[Service]) -> Expected {
    let expected = part.row.expected(away);
    let asks = part.row.deed.asks();
    let refused_by = expected.refused_by.or_else(|| away.contains(&asks).then_some(asks));
    Expected { refused_by, ..expected }
}

/// That the error is honest and names the service.
fn refusal(name: &str, error: &Error, service: Service, manner: Manner) -> Outcome {
    assert_eq!(error.service(), Some(service), "{name}: {error:?}");
    match (error, manner) {
        (Error::Unavailable { .. }, _) => Outcome::CertainlyNot,
        (Error::Deadline { .. }, Manner::Hung) => Outcome::Unknown,
        (other, _) => panic!("{name} ({manner:?}): {other:?}"),
    }
}

impl Walked<'_> {
    /// Now that all services are back: what was certainly not done was not done, and every command, given again under its own
    /// identity, is done once.
    pub(super) async fn converge(&self, world: &World, scene: &Scene) {
        for sent in &self.commands {
            let Sent { part, outcome, .. } = *sent;
            if let (Outcome::CertainlyNot, Some(times)) = (outcome, part.row.deed.times(part, scene).await) {
                assert_eq!(times, 0, "{} was done, although it was said to be certainly not", part.row.name);
            }
            if outcome != Outcome::Done {
                sent.again().await;
            }
        }
        world.settles().await;
        for sent in &self.commands {
            let times = sent.part.row.deed.times(sent.part, scene).await;
            assert!(times.is_none_or(|times| times == 1), "{} was done {times:?} times", sent.part.row.name);
        }
    }

    /// Gives every command once more under its own identity: not one record of one log may come of it.
    pub(super) async fn repeat(&self, world: &World) {
        let before = world.log_ends().await;
        for sent in self.commands.iter().filter(|sent| !sent.part.row.deed.ends_its_session()) {
            sent.again().await;
        }
        world.settles().await;
        assert_eq!(world.log_ends().await, before, "something was done twice");
    }
}

impl Sent<'_> {
    async fn again(&self) {
        let context = self.part.actor.asking().as_command(self.key, self.sequence);
        let answer = self.part.row.deed.call(self.part, &context).await;
        let over = self.part.row.deed.ends_its_session() && matches!(answer, Err(Error::Unauthenticated { .. }));
        assert!(answer.is_ok() || over, "{} again: {answer:?}", self.part.row.name);
    }
}
