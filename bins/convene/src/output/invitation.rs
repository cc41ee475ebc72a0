//! Invitations and participants.

use std::fmt::Write as _;

use domain::invitations::{Counts, EventSummary, Invitation, Participants, Status};
use domain::{Instance, Ordinal, Page};
use serde::Serialize;

use super::Document;
use super::event::{more, name_of};
use super::table::Table;
use super::text::plain;
use super::time::{Times, instance_of};

/// An invitation and its answer.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct InvitationDocument {
    event: ShortEvent,
    /// The original start of the instance that the answer is about; null for all of the event.
    instance: Option<String>,
    /// Whether the answer is about all that follow, too.
    following: bool,
    invitee: String,
    inviter: Option<String>,
    status: &'static str,
    /// Of those who wait for a place.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u64>,
}

#[derive(Clone, Debug, Serialize)]
struct ShortEvent {
    id: String,
    title: String,
    #[serde(flatten)]
    times: Times,
    location: String,
    organizer: String,
    public: bool,
    cancelled: bool,
}

/// Some invitations: a page of mine, or (without `next`) those of the people that a command named.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct InvitationListDocument {
    items: Vec<InvitationDocument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Option<String>>,
}

/// Who comes to an event.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ParticipantsDocument {
    counts: CountFields,
    items: Vec<ParticipantFields>,
    next: Option<String>,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct CountFields {
    going: u64,
    maybe: u64,
    pending: u64,
    declined: u64,
    waiting: u64,
}

#[derive(Clone, Debug, Serialize)]
struct ParticipantFields {
    username: String,
    status: &'static str,
    /// Of those who wait for a place.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u64>,
}

/// The contract's word for a status.
const fn word(status: Status) -> &'static str {
    match status {
        Status::Going => "going",
        Status::Maybe => "maybe",
        Status::Pending => "pending",
        Status::Declined => "declined",
        Status::Waiting => "waiting",
    }
}

/// What a table has in its column of statuses.
fn standing(status: &'static str, position: Option<u64>) -> String {
    position.map_or_else(|| status.to_owned(), |position| format!("{status}, {}", Ordinal(position)))
}

impl ShortEvent {
    /// As much of an event as an invitation tells; with the time of the instance, as the rules have it.
    fn of(event: &EventSummary, instance: Instance) -> Self {
        let time = match instance {
            Instance::On(start) | Instance::From(start) => event.series.time_at(start),
            Instance::Series => None,
        };
        Self {
            id: event.id.to_string(),
            title: event.title.to_string(),
            times: Times::of(time.as_ref().unwrap_or(&event.series.first)),
            location: event.location.to_string(),
            organizer: name_of(&event.organizer).to_owned(),
            public: event.public,
            cancelled: event.cancelled,
        }
    }
}

impl From<&Invitation> for InvitationDocument {
    fn from(invitation: &Invitation) -> Self {
        Self {
            event: ShortEvent::of(&invitation.event, invitation.instance),
            instance: match invitation.instance {
                Instance::On(start) | Instance::From(start) => Some(instance_of(&invitation.event.series.first, start)),
                Instance::Series => None,
            },
            following: matches!(invitation.instance, Instance::From(_)),
            invitee: invitation.invitee.to_string(),
            inviter: invitation.inviter.as_ref().map(|inviter| name_of(inviter).to_owned()),
            status: word(invitation.status),
            position: invitation.position,
        }
    }
}

impl InvitationDocument {
    /// What of an event that recurs the answer is about, if not all of it.
    const fn extent(&self) -> &'static str {
        match (&self.instance, self.following) {
            (Some(_), false) => " (this one)",
            (Some(_), true) => " (from this one on)",
            (None, _) => "",
        }
    }
}

impl InvitationListDocument {
    /// A page of one's own invitations.
    pub(crate) fn page(page: &Page<Invitation>) -> Self {
        let next = page.next.as_ref().map(ToString::to_string);
        Self { items: page.items.iter().map(InvitationDocument::from).collect(), next: Some(next) }
    }

    /// The invitations of the people that a command named.
    pub(crate) fn of_people(invitations: &[Invitation]) -> Self {
        Self { items: invitations.iter().map(InvitationDocument::from).collect(), next: None }
    }
}

impl From<Participants> for ParticipantsDocument {
    fn from(participants: Participants) -> Self {
        let Counts { going, maybe, pending, declined, waiting } = participants.counts;
        let items = participants.people.items.iter();
        Self {
            counts: CountFields { going, maybe, pending, declined, waiting },
            items: items
                .map(|person| ParticipantFields {
                    username: person.username.to_string(),
                    status: word(person.status),
                    position: person.position,
                })
                .collect(),
            next: participants.people.next.map(|cursor| cursor.to_string()),
        }
    }
}

impl Document for InvitationDocument {
    fn text(&self) -> String {
        let ShortEvent { id, title, times, location, organizer, public, cancelled } = &self.event;
        let mut text = String::new();
        let cancelled = if *cancelled { "  (cancelled)" } else { "" };
        let _ = writeln!(text, "{}{cancelled}", plain(title));
        let when = format!("{} until {}, {}", times.start, times.end, times.place());
        let access = if *public { "public" } else { "private" };
        let invited_by = self.inviter.as_deref().unwrap_or_default();
        let answer = match self.position {
            Some(position) => format!("{} (full: you are {} in line)", self.status, Ordinal(position)),
            None => self.status.to_owned(),
        };
        let answer = answer + self.extent();
        let fields = [
            ("answer", answer.as_str()),
            ("when", &when),
            ("where", location),
            ("organizer", organizer),
            ("invited by", invited_by),
            ("access", access),
            ("event", id),
        ];
        for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
            let _ = writeln!(text, "  {name:<10} {}", plain(value));
        }
        text
    }
}

impl Document for InvitationListDocument {
    fn text(&self) -> String {
        // Of a page of mine every invitee is me; of a command's people every event is the same.
        let next = match &self.next {
            None => {
                let mut table = Table::new(["USER", "STATUS", "TITLE", "EVENT"]);
                for item in &self.items {
                    let status = standing(item.status, item.position);
                    table.row([&item.invitee, &status, &item.event.title, &item.event.id]);
                }
                return table.lines("No invitations.");
            }
            Some(next) => next.as_deref(),
        };
        let mut table = Table::new(["STATUS", "START", "END", "ZONE", "TITLE", "WHERE", "ORGANIZER", "EVENT"]);
        for item in &self.items {
            let ShortEvent { id, title, times, location, organizer, .. } = &item.event;
            let status = standing(item.status, item.position) + item.extent();
            table.row([&status, &times.start, &times.end, times.place(), title, location, organizer, id]);
        }
        table.lines("No invitations.") + &more(next)
    }
}

impl Document for ParticipantsDocument {
    fn text(&self) -> String {
        let CountFields { going, maybe, pending, declined, waiting } = self.counts;
        let mut table = Table::new(["USER", "STATUS"]);
        for person in &self.items {
            table.row([&person.username, &standing(person.status, person.position)]);
        }
        let line = if waiting > 0 { format!(", {waiting} waiting") } else { String::new() };
        let counts = format!("{going} going{line}, {maybe} maybe, {pending} pending, {declined} declined\n");
        counts + &table.lines("Nobody.") + &more(self.next.as_deref())
    }
}
