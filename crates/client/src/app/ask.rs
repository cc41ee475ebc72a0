//! What the client asks of the services: queries, whose answers are kept by question, and commands, which are done once.
//!
//! Each page of a list is a question of its own; where it begins is known by the list's [`Trail`](super::trail::Trail).

use domain::auth::{ChangePassword, Login, Register, SignedIn};
use domain::events::{CancelEvent, CreateEvent, EditEvent, Event, ImportEvent, Imported, Invite, Uninvite};
use domain::integrity::Health;
use domain::invitations::{Answered, Answers, Attend, Invitation, Participants, Respond, Response, Status, Unattend};
use domain::sharing::{ShareCalendar, Shares, Unshare};
use domain::{EventId, Instance, Page, Position, Positions, SearchText, Service, Username};
use jiff::civil::Date;

use super::item::Item;

/// A question. Its answer is kept under it, so asking for another month never overwrites this one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Query {
    /// A stretch of days of a calendar, both ends inclusive; `None` for my own, and for no end.
    Entries { of: Option<Username>, from: Date, to: Option<Date>, page: usize },
    /// A stretch of days of my own calendar, both ends inclusive, that is not shown but looked through.
    Stretch { from: Date, to: Date, page: usize },
    /// My invitations, answered ones too, the newest first.
    Inbox { page: usize },
    /// The newest of those that I have not answered.
    Pending,
    /// Public events from a day on.
    Public { search: Option<SearchText>, from: Date, page: usize },
    /// One event.
    Event(EventId),
    /// One instance of an event that recurs, by its original civil start.
    Instance { event: EventId, start: i64 },
    /// Those who have answered to that one by itself, as far as a page has them.
    Apart { event: EventId, start: i64 },
    /// Who comes to it.
    Participants { event: EventId, page: usize },
    /// What I have answered.
    MyAnswer { event: EventId, me: Username },
    /// What I have answered to each of these.
    Mine(Vec<EventId>),
    /// Who sees mine, and whose I see.
    Shares,
    /// What people have answered to my events since I last asked.
    Answers,
    /// Names that begin so.
    Names(String),
    /// How a service is.
    Health(Service),
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Entries(Page<Item>),
    Inbox(Page<Invitation>),
    Pending(Page<Invitation>),
    Public(Page<Event>),
    Event(Box<Event>),
    Participants(Participants),
    MyAnswer(Option<Box<Invitation>>),
    Mine(Vec<Invitation>),
    Shares(Shares),
    Answers(Vec<Answered>),
    Names(Vec<Username>),
    Health(Health),
}

/// Something to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Register(Secret<Register>),
    Login(Secret<Login>),
    Logout,
    Renew,
    ChangePassword(Secret<ChangePassword>),
    DeleteAccount,
    Create(Box<CreateEvent>),
    /// One event of a file.
    Import(Box<ImportEvent>),
    Edit(Box<EditEvent>),
    Cancel(CancelEvent),
    Invite(Invite),
    Uninvite(Uninvite),
    Respond(Respond),
    Attend(Attend),
    Unattend(Unattend),
    Share(ShareCalendar),
    Unshare(Unshare),
}

/// A request that holds a password: shown by nobody.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret<T>(pub(crate) T);

impl<T> std::fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// What came of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    SignedIn(SignedIn),
    SignedOut,
    PasswordChanged,
    AccountDeleted,
    Event(Box<Event>),
    Imported(Imported),
    Invitation(Box<Invitation>),
    Shares(Shares),
}

/// What a call brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Found(Found),
    Done(Done),
    Heard(Answers),
    Far(Positions),
}

/// What is sent: a question, or a command with its identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Ask(Query),
    Do(Command),
    /// [`Query::Answers`], of those after a position.
    Hear(Option<Position>),
    /// How far a service is, as soon as it is elsewhere than `seen`.
    Watch {
        service: Service,
        seen: Positions,
    },
}

impl Query {
    /// Who answers it.
    pub(crate) const fn service(&self) -> Service {
        match self {
            Self::Entries { .. } | Self::Stretch { .. } => Service::Calendar,
            Self::Inbox { .. }
            | Self::Pending
            | Self::Participants { .. }
            | Self::Apart { .. }
            | Self::MyAnswer { .. }
            | Self::Mine(_)
            | Self::Answers => Service::Invitations,
            Self::Public { .. } | Self::Event(_) | Self::Instance { .. } => Service::Events,
            Self::Shares => Service::Sharing,
            Self::Names(_) => Service::Auth,
            Self::Health(service) => *service,
        }
    }

    /// Which page it asks for, if its answer comes in pages.
    pub(crate) const fn page(&self) -> Option<usize> {
        match self {
            Self::Entries { page, .. }
            | Self::Stretch { page, .. }
            | Self::Inbox { page }
            | Self::Public { page, .. }
            | Self::Participants { page, .. } => Some(*page),
            _ => None,
        }
    }

    /// The same list at another page; what comes whole stays as it is.
    pub(crate) fn at(&self, other: usize) -> Self {
        let mut query = self.clone();
        if let Self::Entries { page, .. }
        | Self::Stretch { page, .. }
        | Self::Inbox { page }
        | Self::Public { page, .. }
        | Self::Participants { page, .. } = &mut query
        {
            *page = other;
        }
        query
    }
}

impl Command {
    /// Who does it.
    pub(crate) const fn service(&self) -> Service {
        match self {
            Self::Register(_)
            | Self::Login(_)
            | Self::Logout
            | Self::Renew
            | Self::ChangePassword(_)
            | Self::DeleteAccount => Service::Auth,
            Self::Create(_)
            | Self::Import(_)
            | Self::Edit(_)
            | Self::Cancel(_)
            | Self::Invite(_)
            | Self::Uninvite(_) => Service::Events,
            Self::Respond(_) | Self::Attend(_) | Self::Unattend(_) => Service::Invitations,
            Self::Share(_) | Self::Unshare(_) => Service::Sharing,
        }
    }

    /// Which answer it changes, if it is about an answer of mine: shown at once, taken back on refusal.
    pub(crate) const fn answer(&self) -> Option<(EventId, Instance, Status)> {
        match self {
            Self::Respond(respond) => Some((
                respond.event,
                respond.instance,
                match respond.response {
                    Response::Accept => Status::Going,
                    Response::Maybe => Status::Maybe,
                    Response::Decline => Status::Declined,
                },
            )),
            Self::Attend(attend) => {
                Some((attend.event, attend.instance, if attend.maybe { Status::Maybe } else { Status::Going }))
            }
            Self::Unattend(unattend) => Some((unattend.event, unattend.instance, Status::Declined)),
            _ => None,
        }
    }

    /// The event that it changes or calls off, and what of it.
    pub(crate) fn of_event(&self) -> Option<(EventId, Instance)> {
        match self {
            Self::Edit(edit) => Some((edit.event, edit.instance)),
            Self::Cancel(cancel) => Some((cancel.event, cancel.instance)),
            _ => None,
        }
    }

    /// What it is, for "unconfirmed: …" and "not done: …".
    pub(crate) const fn words(&self) -> &'static str {
        match self {
            Self::Register(_) => "register",
            Self::Login(_) => "sign in",
            Self::Logout => "sign out",
            Self::Renew => "renew the session",
            Self::ChangePassword(_) => "change password",
            Self::DeleteAccount => "delete account",
            Self::Create(_) => "new event",
            Self::Import(_) => "import",
            Self::Edit(_) => "edit event",
            Self::Cancel(_) => "cancel event",
            Self::Invite(_) => "invite",
            Self::Uninvite(_) => "uninvite",
            Self::Respond(Respond { response: Response::Accept, .. }) => "accept",
            Self::Respond(Respond { response: Response::Decline, .. }) => "decline",
            Self::Unattend(_) => "leave event",
            Self::Respond(Respond { response: Response::Maybe, .. }) => "maybe",
            Self::Attend(_) => "attend",
            Self::Share(_) => "share calendar",
            Self::Unshare(_) => "stop sharing",
        }
    }
}

impl Call {
    /// Who answers it.
    pub(crate) const fn service(&self) -> Service {
        match self {
            Self::Ask(query) => query.service(),
            Self::Do(command) => command.service(),
            Self::Hear(_) => Service::Invitations,
            Self::Watch { service, .. } => *service,
        }
    }
}
