//! What people look at, and what is wrong with what they are shown.

use domain::calendar::{Attendance, Entry, ListEntries};
use domain::events::{Event, ListEvents, Listing, ShowEvent};
use domain::invitations::{Inbox, ListParticipants, Participants, Status};
use domain::sharing::{Level, ListShares};
use domain::{Error, EventId, Instance, PageRequest};

use super::{Person, Seen};
use crate::checker::line::Line;
use crate::checker::registers::{Write, as_read, perhaps};
use crate::history::{Act, Fate, Moment, Way};
use crate::time::always;

/// How an event is hidden from those who want to answer; its organizer has nothing to answer.
const UNANSWERABLE: &str = "cannot be answered by";

/// More than anybody has of anything.
pub(crate) fn all() -> PageRequest {
    PageRequest { limit: domain::Limit::MAX, after: None }
}

impl Person {
    fn wrong(&self, what: impl std::fmt::Display) {
        self.world.history.violation(format!("{}: {what}", self.name));
    }

    fn check_shown(&self, event: &Event, from: Moment, to: Moment) {
        self.world.history.shown(event.title.as_str(), event.id);
        let wrong = self.world.history.look(|book| match book.creation(event.id) {
            None => None,
            Some(_) if !book.may_have_seen(event.id, &self.name, from, to) => Some("is shown to a stranger".to_owned()),
            Some(_) => book.wrong_with(event, from, to),
        });
        wrong.into_iter().for_each(|wrong| self.wrong(format_args!("event {} {wrong}", event.title)));
    }

    pub(super) async fn looks_at_an_event(&mut self) {
        let Some(event) = self.some_event() else { return };
        match self
            .asks(async |clients, context| {
                clients.events.show(context, ShowEvent { instance: domain::Instance::Series, event }).await
            })
            .await
        {
            Ok(seen) => self.check_shown(&seen.value, seen.from, seen.to),
            Err((from, Error::NotFound { .. })) => self.check_unseen(event, from, "is not found by"),
            Err(_) => {}
        }
    }

    /// Nobody is told that there is no event to which they are invited, or that is theirs.
    fn check_unseen(&self, event: EventId, from: Moment, how: &str) {
        let to = self.world.history.now();
        let hidden = self.world.history.look(|book| {
            let (membership, first) = book.membership(event, &self.name);
            let invited = as_read(&membership, first, from, to).iter().all(|invited| *invited);
            let mine = book.organizer(event) == Some(&self.name);
            (mine || invited)
                && (how != UNANSWERABLE || !mine)
                && !book.may_be_deleted(&self.name)
                && book.organizer(event).is_some_and(|o| !book.may_be_deleted(o))
        });
        if hidden {
            self.world.history.violation(format!("event {event} {how} {}, who is its organizer or invited", self.name));
        }
    }

    /// Whoever is invited for certain may answer.
    pub(super) fn check_answer(&self, event: EventId, way: Way, from: Moment, answer: &Result<(), Error>) {
        if let (Way::Respond, Err(Error::NotFound { .. } | Error::Forbidden { .. })) = (way, answer) {
            self.check_unseen(event, from, UNANSWERABLE);
        }
    }

    pub(super) async fn looks_at_a_list(&mut self) {
        let listing = if self.random.bool() { Listing::Public } else { Listing::Mine };
        let request = ListEvents { listing, search: None, window: always(), page: all() };
        let seen = self.asks(async |clients, context| clients.events.list(context, request.clone()).await).await;
        let Ok(Seen { value: page, from, to, .. }) = seen else { return };
        for event in &page.items {
            self.check_shown(event, from, to);
        }
        if page.next.is_none() {
            self.check_nothing_is_missing(&page.items, listing, from, to);
        }
    }

    /// A list has all that it certainly must have.
    fn check_nothing_is_missing(&self, items: &[Event], listing: Listing, from: Moment, to: Moment) {
        let missing: Vec<EventId> = self.world.history.look(|book| {
            let certain = |event: &&EventId| {
                let created =
                    book.creation(**event).is_some_and(|command| command.done.is_some_and(|done| done < from));
                let certainly_there = match listing {
                    Listing::Public => {
                        let (publicity, first) = book.publicity(**event);
                        as_read(&publicity, first, from, to).iter().all(|public| *public)
                    }
                    Listing::Mine => book.organizer(**event) == Some(&self.name),
                };
                // Nothing is left to be listed of an event all of whose instances are called off.
                let happens = book.excepted(**event) == 0 && !perhaps(&book.cancellations(**event), to);
                created && certainly_there && happens
            };
            let listed = |event: &&EventId| !items.iter().any(|item| item.id == **event);
            book.events.keys().filter(certain).filter(listed).copied().collect()
        });
        for event in missing {
            self.wrong(format_args!("event {event} is missing in the list {listing:?}"));
        }
    }

    /// Someone's answer as it is shown cannot be.
    fn check_status(&self, event: EventId, whose: &domain::Username, shown: Option<Status>, from: Moment, to: Moment) {
        let wrong = self.world.history.look(|book| {
            let answers = book.answers(event, whose);
            let (answers, mut first) = answers;
            // Answers to the event from which it goes on come a little later than it does.
            first.push(None);
            let mut may_be: Vec<Option<Status>> = as_read(&answers, first.clone(), from, to);
            let (membership, invited) = book.membership(event, whose);
            let (_, public) = book.publicity(event);
            if book.may_have_lost_answers(event, whose) || book.may_be_deleted(whose) {
                may_be.extend(answers.iter().filter(|write| write.fate != Fate::NotDone).map(|write| write.value));
                may_be.extend(first);
            }
            // Whoever wants to come may have found no place.
            if may_be.contains(&Some(Status::Going)) && book.may_be_full(event, to) {
                may_be.push(Some(Status::Waiting));
            }
            let unanswered = may_be.contains(&None);
            if unanswered && (invited.contains(&true) || !membership.is_empty()) {
                may_be.push(Some(Status::Pending));
            }
            if unanswered && public.contains(&true) {
                may_be.push(None);
            }
            (!may_be.contains(&shown)).then(|| format!("{whose} is {shown:?} at event {event}, not one of {may_be:?}"))
        });
        wrong.into_iter().for_each(|wrong| self.wrong(wrong));
    }

    pub(super) async fn looks_at_participants(&mut self) {
        let Some(event) = self.some_event() else { return };
        let request = ListParticipants { event, instance: Instance::Series, status: None, page: all() };
        let ask = async |clients: &transport::cluster::Clients, context: &domain::Context| {
            clients.invitations.participants(context, request.clone()).await
        };
        match self.asks(ask).await {
            Ok(Seen { value, from, to, behind }) => {
                let mut counted = [0_u64; 5];
                for participant in &value.people.items {
                    counted[participant.status as usize] += 1;
                    self.check_status(event, &participant.username, Some(participant.status), from, to);
                }
                let counts = value.counts;
                // Whoever cannot be named yet is counted and not listed; the answer then says with whom it is behind.
                if behind.is_empty()
                    && counted != [counts.going, counts.maybe, counts.pending, counts.declined, counts.waiting]
                {
                    self.wrong(format_args!("event {event} counts {counts:?}, and has {counted:?}"));
                }
                self.check_places(event, &value, behind.is_empty(), from, to);
                let me = value.people.items.iter().any(|participant| participant.username == self.name);
                if !me {
                    self.check_status(event, &self.name, None, from, to);
                }
            }
            Err((from, Error::NotFound { .. })) => self.check_unseen(event, from, "has no participants for"),
            Err(_) => {}
        }
    }

    /// Never more come than there were places for, and those who wait stand in a strict line that nobody jumps.
    fn check_places(&self, event: EventId, shown: &Participants, whole: bool, from: Moment, to: Moment) {
        let wrong = self.world.history.look(|book| book.wrong_places(event, shown, to));
        wrong.into_iter().for_each(|wrong| self.wrong(wrong));
        if whole && shown.people.next.is_none() {
            self.world.history.lined_up(event, Line::of(shown, from, to));
        }
    }

    pub(super) async fn looks_at_the_inbox(&mut self) {
        let request = Inbox { all: true, page: all() };
        let seen = self.asks(async |clients, context| clients.invitations.inbox(context, request.clone()).await).await;
        let Ok(Seen { value: page, from, to, .. }) = seen else { return };
        for invitation in page.items.iter().filter(|invitation| invitation.instance == Instance::Series) {
            let name = self.name.clone();
            self.world.history.shown(invitation.event.title.as_str(), invitation.event.id);
            self.check_status(invitation.event.id, &name, Some(invitation.status), from, to);
        }
    }

    pub(super) async fn looks_at_shares(&mut self) {
        let seen = self.asks(async |clients, context| clients.sharing.shares(context, ListShares).await).await;
        let Ok(Seen { value: shares, from, to, .. }) = seen else { return };
        let wrong: Vec<String> = self.world.history.look(|book| {
            let mut wrong = Vec::new();
            for other in book.accounts.keys().filter(|name| **name != self.name && !book.may_be_deleted(name)) {
                let level = |list: &[domain::sharing::Share]| {
                    list.iter().find(|share| share.username == *other).map(|share| share.level)
                };
                let (mine, theirs) = (level(&shares.shared_with), level(&shares.shared_with_me));
                let may_be = as_read(&book.share(&self.name, other), vec![None], from, to);
                if !may_be.contains(&mine) {
                    wrong.push(format!("shares {mine:?} with {other}, not one of {may_be:?}"));
                }
                let may_be = as_read(&book.share(other, &self.name), vec![None], from, to);
                if !may_be.contains(&theirs) {
                    wrong.push(format!("is shown {theirs:?} of {other}, not one of {may_be:?}"));
                }
            }
            wrong
        });
        wrong.into_iter().for_each(|wrong| self.wrong(wrong));
    }

    pub(super) async fn looks_at_the_calendar(&mut self) {
        let request = ListEntries { of: None, window: always(), page: all() };
        let seen = self.asks(async |clients, context| clients.calendar.entries(context, request.clone()).await).await;
        let Ok(Seen { value: page, from, to, behind }) = seen else { return };
        if !behind.is_empty() || self.world.history.look(|book| book.may_be_deleted(&self.name)) {
            return;
        }
        let shown = |event: EventId| {
            page.items.iter().find_map(|entry| match entry {
                Entry::Event { event: of, title, attendance, .. } if *of == event => {
                    Some((title.as_str(), *attendance))
                }
                Entry::Event { .. } | Entry::Busy { .. } => None,
            })
        };
        self.note_entries(&page.items);
        let session = self.session().session;
        let wrong: Vec<String> = self.world.history.look(|book| {
            let mut wrong = Vec::new();
            for (&event, &creation) in &book.events {
                let mine = book.organizer(event) == Some(&self.name);
                if mine && book.commands[creation].session == session {
                    let there = book.commands[creation].told.is_some_and(|told| told < from);
                    match shown(event) {
                        None if there && book.excepted(event) == 0 && !perhaps(&book.cancellations(event), to) => {
                            wrong.push(format!("does not see their own event {event} in their calendar"));
                        }
                        Some((title, _)) => {
                            let (titles, first) = book.titles(event);
                            let titles: Vec<_> = titles.into_iter().map(Write::known_when_told).collect();
                            let may_be = as_read(&titles, vec![first], from, to);
                            if !may_be.iter().any(|may_be| may_be == title) {
                                wrong.push(format!("sees {title} in their calendar, not one of {may_be:?}"));
                            }
                        }
                        None => {}
                    }
                }
                if !mine {
                    wrong.extend(self.wrong_entry(book, event, shown(event), from, to));
                }
            }
            wrong
        });
        wrong.into_iter().for_each(|wrong| self.wrong(wrong));
    }

    fn note_entries(&self, entries: &[Entry]) {
        for entry in entries {
            if let Entry::Event { event, title, .. } = entry {
                self.world.history.shown(title.as_str(), *event);
            }
        }
    }

    /// What is wrong with an entry for another's event in the own calendar: the answers of this session must show in it.
    fn wrong_entry(
        &self,
        book: &crate::history::Book,
        event: EventId,
        shown: Option<(&str, Attendance)>,
        from: Moment,
        to: Moment,
    ) -> Option<String> {
        let session = self.session().session;
        let (answers, first) = book.answers(event, &self.name);
        let elsewhere = book.commands.iter().any(|command| {
            let answered = matches!(command.act, Act::Answer { event: to, .. } if to == event);
            answered && command.by == self.name && command.session != session && command.fate() != Fate::NotDone
        });
        let hidden = book.publicity(event).1.contains(&false) || book.may_have_lost_answers(event, &self.name);
        let one_by_one = book.may_have_answered_to_a_part(event, &self.name) || book.excepted(event) > 0;
        if elsewhere || hidden || one_by_one || perhaps(&book.cancellations(event), to) {
            return None;
        }
        let may_be = as_read(&answers.into_iter().map(Write::known_when_told).collect::<Vec<_>>(), first, from, to);
        let waits = may_be.contains(&Some(Status::Going)) && book.may_be_full(event, to);
        if waits && shown.is_none() {
            return None;
        }
        let shown = shown.map(|(_, attendance)| match attendance {
            Attendance::Going => Status::Going,
            Attendance::Maybe => Status::Maybe,
            Attendance::Organizing => Status::Pending,
        });
        let fits = |status: &Option<Status>| match status {
            Some(Status::Going | Status::Maybe) => shown == *status,
            Some(Status::Declined | Status::Pending | Status::Waiting) | None => shown.is_none(),
        };
        (!may_be.iter().any(fits))
            .then(|| format!("sees event {event} as {shown:?} in their calendar; it is {may_be:?}"))
    }

    pub(super) async fn looks_at_anothers_calendar(&mut self) {
        let others: Vec<_> =
            self.world.history.look(|book| book.accounts.keys().filter(|name| **name != self.name).cloned().collect());
        let Some(other) = self.random.choice(others) else { return };
        let request = ListEntries { of: Some(other.clone()), window: always(), page: all() };
        let seen = self.asks(async |clients, context| clients.calendar.entries(context, request.clone()).await).await;
        let Ok(Seen { value: page, from, to, .. }) = seen else { return };
        self.note_entries(&page.items);
        // An end of sharing is in force for certain once it was told to have settled.
        let in_force = |write: &Write<Option<Level>>| write.settled || write.value.is_some();
        let may_be = self.world.history.look(|book| {
            let mut shares = book.share(&other, &self.name);
            for write in &mut shares {
                if !in_force(write) || write.value.is_some() && !write.settled {
                    write.done = None;
                }
            }
            as_read(&shares, vec![None], from, to)
        });
        let details = page.items.iter().any(|entry| matches!(entry, Entry::Event { .. }));
        if !may_be.iter().any(Option::is_some) {
            self.wrong(format_args!("was let into the calendar of {other}, who shares {may_be:?}"));
        } else if details && !may_be.contains(&Some(Level::Details)) {
            self.wrong(format_args!("was shown details of the calendar of {other}, who shares {may_be:?}"));
        }
    }
}
