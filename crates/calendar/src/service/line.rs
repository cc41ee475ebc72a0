//! One event that recurs, as the owner of one calendar comes to it, and its instances in a stretch of time.

use std::sync::Arc;

use chassis::Fault;
use chassis::timeline::{Place, Slot};
use domain::calendar::Attendance;
use domain::events::Change;
use domain::time::{Extent, Window};
use domain::{EventId, EventTime, Instance, UserId};
use storage::{Reader as _, View};

use crate::store::{Coming, ENTRIES, EVENTS, EXCEPTIONS, FollowedEvent};

/// An instance of something that recurs, as it is in a calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Recurring {
    /// Where it is in the order.
    pub(super) place: Place,
    /// When it is.
    pub(super) extent: Extent,
    /// The same as people say it.
    pub(super) time: EventTime,
    /// As what it is there.
    pub(super) attendance: Attendance,
    /// How it differs from the others.
    pub(super) change: Option<Change>,
    /// Of which event it is an instance.
    pub(super) event: Arc<FollowedEvent>,
}

/// An event that recurs and takes place, in a calendar.
#[derive(Debug)]
pub(super) struct Line {
    event: Arc<FollowedEvent>,
    /// Whether the calendar is its organizer's.
    organizes: bool,
    /// What the owner answered to all of it, to an instance and all that follow, and to single ones; in that order.
    answers: Vec<(Instance, Option<Coming>)>,
    has_exceptions: bool,
}

impl Line {
    /// An event as `owner` comes to it; `None` if it is gone, cancelled or does not recur.
    ///
    /// # Errors
    /// What the database reports.
    pub(super) fn read(
        view: &View<'_>,
        owner: UserId,
        id: EventId,
        with_exceptions: &mut Ahead,
    ) -> Result<Option<Self>, Fault> {
        let Some(event) = view.get(&EVENTS, &id)? else { return Ok(None) };
        if event.facts.cancelled || !event.facts.series.recurs() {
            return Ok(None);
        }
        let organizes = event.is_organized_by(owner);
        let rows = if organizes { Vec::new() } else { view.scan(&ENTRIES, &(owner, id), None, usize::MAX)? };
        let answers = rows.into_iter().map(|((_, _, instance), row)| (instance, row.coming)).collect();
        Ok(Some(Self {
            event: Arc::new(event),
            organizes,
            answers,
            has_exceptions: with_exceptions.reaches(view, id)?,
        }))
    }

    /// Its instances that overlap a window, as the owner of the calendar comes to them; `slot` is its row in the index.
    ///
    /// # Errors
    /// What the database reports.
    pub(super) fn instances(
        &self,
        view: &View<'_>,
        slot: &Slot,
        window: &Window,
        found: &mut Vec<Recurring>,
    ) -> Result<(), Fault> {
        let (id, event) = (slot.place.event, &self.event);
        // A cascade may not have come to the row yet.
        if event.extent != slot.extent {
            return Ok(());
        }
        let within = window.bounds(slot.extent.family);
        for happening in EXCEPTIONS.instances_if(self.has_exceptions, view, id, &event.facts.series, within)? {
            let happening = happening?;
            // What was answered by itself is in the index by itself.
            let Some(attendance) = self.attendance(happening.start) else { continue };
            let time = match &happening.change {
                Some(change) => Some(change.time.clone()),
                None => event.facts.series.time_at(happening.start),
            };
            if let Some(time) = time {
                let extent = happening.extent;
                let place =
                    Place { start: window.reader_start(&extent), event: id, instance: Instance::On(happening.start) };
                let (change, event) = (happening.change, Arc::clone(event));
                found.push(Recurring { place, extent, time, attendance, change, event });
            }
        }
        Ok(())
    }

    /// As what the instance of this start is there, by what was answered to all or to it and all that follow; `None` if it is not
    /// there, or was answered by itself.
    fn attendance(&self, start: i64) -> Option<Attendance> {
        if self.answers.iter().any(|(instance, _)| *instance == Instance::On(start)) {
            return None;
        }
        let holds = self.answers.iter().rev().find(|(instance, _)| match instance {
            Instance::From(from) => *from <= start,
            Instance::Series => true,
            Instance::On(_) => false,
        });
        match holds {
            Some((_, coming)) => coming.map(Attendance::from),
            None => self.organizes.then_some(Attendance::Organizing),
        }
    }
}

/// The next event that has exceptions, of all that are asked for in the order of their ids.
#[derive(Default)]
pub(super) struct Ahead(Option<Option<EventId>>);

impl Ahead {
    /// Whether `id` has any.
    fn reaches(&mut self, view: &View<'_>, id: EventId) -> Result<bool, Fault> {
        let next = match self.0 {
            Some(next) if next.is_none_or(|next| id <= next) => next,
            _ => EXCEPTIONS.next_event(view, id)?,
        };
        self.0 = Some(next);
        Ok(next == Some(id))
    }
}
