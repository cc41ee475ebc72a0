//! When the instances of an event from some start on become an event of their own, who comes to the one comes to the other.
//!
//! Three passes in bounded steps: the answers to all of the event, as they were at that start; those who wait, in the order of their
//! line; and the answers to single instances from there on, which move. Nothing that someone has since answered to the new event is
//! touched, and doing a step twice does no harm.

use chassis::Fault;
use chassis::work::ROWS_A_STEP;
use domain::{EventId, Instance, UserId};
use serde::{Deserialize, Serialize};
use storage::{Reader as _, Transaction};

use crate::store::record::record;
use crate::store::{self, EXCEPTIONS, INVITATIONS, InvitationRow, OF_USER, Origin, Standing, line};

/// What is still to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Continuing {
    event: EventId,
    start: i64,
    by: EventId,
    pass: Pass,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Pass {
    /// Behind whom.
    People(Option<UserId>),
    /// Behind which number in the line.
    Line(Option<u64>),
    /// From the first, as they move away.
    Instances,
}

impl Continuing {
    /// The event `event` goes on as `by` from its instance of the original start `start` on.
    pub(crate) const fn begin(event: EventId, start: i64, by: EventId) -> Self {
        Self { event, start, by, pass: Pass::People(None) }
    }

    /// Does a bounded part; what is left.
    pub(crate) fn step(self, tx: &mut Transaction<'_>) -> Result<Option<Self>, Fault> {
        let pass = match self.pass {
            Pass::People(after) => self.people(tx, after)?,
            Pass::Line(after) => self.line(tx, after)?,
            Pass::Instances => self.instances(tx)?,
        };
        Ok(pass.map(|pass| Self { pass, ..self }))
    }

    fn people(&self, tx: &mut Transaction<'_>, after: Option<UserId>) -> Result<Option<Pass>, Fault> {
        let after = after.map(|user| (self.event, Instance::Series, user));
        let rows = tx.scan(&INVITATIONS, &(self.event, Instance::Series), after.as_ref(), ROWS_A_STEP)?;
        let last = rows.last().map(|((.., user), _)| *user);
        let more = rows.len() == ROWS_A_STEP;
        for ((.., user), row) in rows {
            let row = self.as_of_start(tx, user)?.unwrap_or(row);
            if !matches!(row.standing, Standing::Waiting(_)) {
                self.carry_over(tx, Instance::Series, user, row)?;
            }
        }
        Ok(Some(if more { Pass::People(last) } else { Pass::Line(None) }))
    }

    fn line(&self, tx: &mut Transaction<'_>, after: Option<u64>) -> Result<Option<Pass>, Fault> {
        let waiting = line::after(tx, (self.event, Instance::Series), after, ROWS_A_STEP)?;
        let last = waiting.last().map(|(number, _)| *number);
        let more = waiting.len() == ROWS_A_STEP;
        for (_, user) in waiting {
            if self.as_of_start(tx, user)?.is_none()
                && let Some(row) = store::row(tx, self.event, Instance::Series, user)?
            {
                let row = InvitationRow { standing: row.standing.answers(), ..row };
                self.carry_over(tx, Instance::Series, user, row)?;
            }
        }
        Ok(Some(if more { Pass::Line(last) } else { Pass::Instances }))
    }

    fn instances(&self, tx: &mut Transaction<'_>) -> Result<Option<Pass>, Fault> {
        let greatest = UserId::from_bytes([u8::MAX; 16]);
        let mut moved = 0;
        for first in [Instance::On(self.start.saturating_sub(1)), Instance::From(self.start.saturating_sub(1))] {
            let rows = tx.scan(&INVITATIONS, &self.event, Some(&(self.event, first, greatest)), ROWS_A_STEP)?;
            let kind = std::mem::discriminant(&first);
            for ((_, instance, user), row) in rows {
                if std::mem::discriminant(&instance) != kind {
                    break;
                }
                moved += 1;
                record(tx, self.event, instance, &[(user, None)])?;
                if instance != Instance::From(self.start) && self.is_there(tx, instance)? {
                    self.carry_over(tx, instance, user, row)?;
                }
            }
        }
        Ok((moved > 0).then_some(Pass::Instances))
    }

    /// The answer of someone from an instance on, if they gave one that holds at the start.
    fn as_of_start(&self, tx: &Transaction<'_>, user: UserId) -> Result<Option<InvitationRow>, Fault> {
        let rows = tx.scan(&OF_USER, &(user, self.event), None, usize::MAX)?;
        let mut from = rows.into_iter().filter_map(|((.., instance), ())| match instance {
            Instance::From(start) if start <= self.start => Some(instance),
            Instance::Series | Instance::On(_) | Instance::From(_) => None,
        });
        from.next_back().map_or(Ok(None), |instance| store::row(tx, self.event, instance, user))
    }

    fn is_there(&self, tx: &Transaction<'_>, instance: Instance) -> Result<bool, Fault> {
        let (Instance::On(start) | Instance::From(start)) = instance else { return Ok(true) };
        let Some(facts) = store::facts(tx, self.by)? else { return Ok(false) };
        Ok(EXCEPTIONS.instance(tx, self.by, &facts.series, start)?.is_some())
    }

    /// Gives someone's answer to the new event, unless they have given one there themselves.
    fn carry_over(
        &self,
        tx: &mut Transaction<'_>,
        instance: Instance,
        user: UserId,
        row: InvitationRow,
    ) -> Result<(), Fault> {
        let series = store::row(tx, self.by, Instance::Series, user)?;
        let there = if instance == Instance::Series { series } else { store::row(tx, self.by, instance, user)? };
        let origin = match (there.or(series), row.origin) {
            (Some(there), _) => there.origin,
            (None, Origin::Joined) => Origin::Joined,
            // Their invitation to the new event was taken back already.
            (None, Origin::Invited { .. }) => return Ok(()),
        };
        let has_answered = there.is_some_and(|there| there.author.is_some());
        if store::facts(tx, self.by)?.is_none() || has_answered || store::is_gone(tx, user)? {
            return Ok(());
        }
        let vouched = there.and_then(|there| there.vouched);
        record(tx, self.by, instance, &[(user, Some(InvitationRow { origin, vouched, ..row }))])
    }
}
