//! What people do, in both ways: as a call to a service, and as the words of a command. And how often it was done.

use domain::auth::{ChangePassword, DeleteAccount, Login, Logout, Register, WhoAmI};
use domain::calendar::{Entry, ListEntries};
use domain::events::{CancelEvent, EditEvent, Event, Invite, ListEvents, Listing, ShowEvent, Uninvite};
use domain::invitations::{Attend, Inbox, ListParticipants, Participants, Respond, Response, Status, Unattend};
use domain::sharing::{Level, ListShares, ShareCalendar, Shares, Unshare};
use domain::{Answer, Context, EventId, Instance, Limit, PageRequest, Service};

use super::scene::{Part, Scene};
use crate::{Plan, window};

/// Something that people do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    SignIn,
    Register,
    SignOut,
    ChangePassword,
    DeleteAccount,
    WhoAmI,
    Create,
    CreateInviting,
    Edit,
    TurnPrivate,
    Invite,
    InviteStranger,
    Uninvite,
    Cancel,
    Show,
    PublicList,
    OwnList,
    Inbox,
    Answer,
    Attend,
    Leave,
    Participants,
    OwnCalendar,
    SharedCalendar,
    Share,
    Unshare,
    Shares,
}

/// Who does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Actor {
    /// She organizes all events, and lets Bob see her calendar.
    Alice,
    /// He is invited to all events.
    Bob,
    /// She is invited to nothing, but sees public events.
    Carol,
    /// A user made for this.
    User,
    /// Somebody who is not signed in.
    Nobody,
}

/// What it is done to, which is there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    Nothing,
    /// A public event of Alice's, to which Bob is invited.
    Event,
    /// A user.
    User,
    /// A user who sees Alice's calendar.
    Sharee,
}

/// The password that users choose when they change theirs.
pub(super) const NEW_PASSWORD: &str = "another horse battery";
/// The password of everyone.
pub(super) const PASSWORD: &str = "correct horse battery";
/// Where an edited event is.
const PLACE: &str = "Room 7";
/// A name that nobody has.
const STRANGER: &str = "nobody-known";

impl Deed {
    /// The service that is asked.
    pub(super) const fn asks(self) -> Service {
        match self {
            Self::SignIn
            | Self::Register
            | Self::SignOut
            | Self::ChangePassword
            | Self::DeleteAccount
            | Self::WhoAmI => Service::Auth,
            Self::Create
            | Self::CreateInviting
            | Self::Edit
            | Self::TurnPrivate
            | Self::Invite
            | Self::InviteStranger
            | Self::Uninvite
            | Self::Cancel
            | Self::Show
            | Self::PublicList
            | Self::OwnList => Service::Events,
            Self::Inbox | Self::Answer | Self::Attend | Self::Leave | Self::Participants => Service::Invitations,
            Self::OwnCalendar | Self::SharedCalendar => Service::Calendar,
            Self::Share | Self::Unshare | Self::Shares => Service::Sharing,
        }
    }

    /// Whether it changes nothing.
    pub(super) const fn is_query(self) -> bool {
        matches!(
            self,
            Self::WhoAmI
                | Self::Show
                | Self::PublicList
                | Self::OwnList
                | Self::Inbox
                | Self::Participants
                | Self::OwnCalendar
                | Self::SharedCalendar
                | Self::Shares
        )
    }

    /// Whether nobody of the name that it gives is there: with every service in place, that is the answer.
    pub(super) const fn finds_nobody(self) -> bool {
        matches!(self, Self::InviteStranger)
    }

    /// Whether whoever has done it is signed in no longer.
    pub(super) const fn ends_its_session(self) -> bool {
        matches!(self, Self::SignOut | Self::DeleteAccount)
    }

    pub(super) const fn actor(self) -> Actor {
        match self {
            Self::SignIn | Self::Register => Actor::Nobody,
            Self::SignOut | Self::ChangePassword | Self::DeleteAccount | Self::WhoAmI => Actor::User,
            Self::Inbox | Self::Answer | Self::Leave | Self::SharedCalendar => Actor::Bob,
            Self::Attend => Actor::Carol,
            _ => Actor::Alice,
        }
    }

    pub(super) const fn takes(self) -> Takes {
        match self {
            Self::Register | Self::Create | Self::CreateInviting => Takes::Nothing,
            Self::SignIn | Self::SignOut | Self::ChangePassword | Self::DeleteAccount | Self::WhoAmI | Self::Share => {
                Takes::User
            }
            Self::Unshare | Self::Shares => Takes::Sharee,
            _ => Takes::Event,
        }
    }

    /// What a good answer shows somewhere.
    pub(super) fn shows(self, part: &Part) -> &str {
        match self {
            Self::SignIn
            | Self::Register
            | Self::SignOut
            | Self::ChangePassword
            | Self::DeleteAccount
            | Self::WhoAmI
            | Self::Share
            | Self::Shares => &part.user,
            Self::Participants => "bob",
            Self::Unshare => "",
            _ => &part.title,
        }
    }

    /// The words of the command.
    pub(super) fn words(self, part: &Part) -> Vec<String> {
        let event = || part.event.map(|event| event.to_string()).unwrap_or_default();
        let words: Vec<&str> = match self {
            Self::SignIn => vec!["login", &part.user, "--password-stdin"],
            Self::Register => vec!["register", &part.user, "--password-stdin"],
            Self::SignOut => vec!["logout"],
            Self::ChangePassword => vec!["passwd", "--password-stdin"],
            Self::DeleteAccount => vec!["account", "delete", "--yes"],
            Self::WhoAmI => vec!["whoami"],
            Self::Create => vec!["event", "create", "--title", &part.title, "--start", &part.start],
            Self::CreateInviting => {
                vec!["event", "create", "--title", &part.title, "--start", &part.start, "--invite", "bob"]
            }
            Self::Edit => return said(&["event", "edit", &event(), "--location", PLACE]),
            Self::TurnPrivate => return said(&["event", "edit", &event(), "--private"]),
            Self::Invite => return said(&["invite", &event(), "carol"]),
            Self::InviteStranger => return said(&["invite", &event(), STRANGER]),
            Self::Uninvite => return said(&["uninvite", &event(), "bob"]),
            Self::Cancel => return said(&["event", "cancel", &event()]),
            Self::Show => return said(&["event", "show", &event()]),
            Self::PublicList => vec!["event", "list", "--public", "--limit", "200"],
            Self::OwnList => vec!["event", "list", "--limit", "200"],
            Self::Inbox => vec!["invitations", "--all", "--limit", "200"],
            Self::Answer => return said(&["respond", &event(), "accept"]),
            Self::Attend => return said(&["attend", &event()]),
            Self::Leave => return said(&["unattend", &event()]),
            Self::Participants => return said(&["participants", &event()]),
            Self::OwnCalendar => vec!["calendar", "--to", &part.horizon, "--limit", "200"],
            Self::SharedCalendar => vec!["calendar", "--of", "alice", "--to", &part.horizon, "--limit", "200"],
            Self::Share => vec!["share", &part.user],
            Self::Unshare => vec!["unshare", &part.user],
            Self::Shares => vec!["shares"],
        };
        said(&words)
    }

    /// What the command reads.
    pub(super) fn input(self) -> String {
        match self {
            Self::SignIn | Self::Register => format!("{PASSWORD}\n"),
            Self::ChangePassword => format!("{PASSWORD}\n{NEW_PASSWORD}\n"),
            _ => String::new(),
        }
    }

    /// Does it by a call; gives the names and titles that the answer shows.
    pub(super) async fn call(self, part: &Part, context: &Context) -> Answer<Vec<String>> {
        let clients = part.actor.clients();
        let user = || part.user.parse().unwrap();
        let event = part.event.unwrap_or_else(EventId::new);
        let instance = Instance::Series;
        let page = PageRequest { limit: Limit::MAX, after: None };
        let days = window(Some(&part.today), Some(&part.horizon), "UTC");
        match self {
            Self::SignIn => {
                let request = Login { username: user(), password: PASSWORD.to_owned().try_into()? };
                Ok(clients.auth.login(context, request).await?.map(|entered| vec![entered.user.username.to_string()]))
            }
            Self::Register => {
                let request = Register { username: user(), password: PASSWORD.to_owned().try_into()? };
                let entered = clients.auth.register(context, request).await?;
                Ok(entered.map(|entered| vec![entered.user.username.to_string()]))
            }
            Self::SignOut => {
                Ok(clients.auth.logout(context, Logout).await?.map(|user| vec![user.username.to_string()]))
            }
            Self::ChangePassword => {
                let (current, new) = (PASSWORD.to_owned().try_into()?, NEW_PASSWORD.to_owned().try_into()?);
                let changed = clients.auth.change_password(context, ChangePassword { current, new }).await?;
                Ok(changed.map(|user| vec![user.username.to_string()]))
            }
            Self::DeleteAccount => {
                let deleted = clients.auth.delete_account(context, DeleteAccount).await?;
                Ok(deleted.map(|user| vec![user.username.to_string()]))
            }
            Self::WhoAmI => Ok(clients.auth.whoami(context, WhoAmI).await?.map(|user| vec![user.username.to_string()])),
            Self::Create | Self::CreateInviting => {
                let invited: &[&str] = if self == Self::CreateInviting { &["bob"] } else { &[] };
                let plan = Plan::for_a(&part.title).at(&part.start).inviting(invited);
                Ok(clients.events.create(context, plan.0).await?.map(|event| titled(&event)))
            }
            Self::Edit | Self::TurnPrivate => {
                let place = (self == Self::Edit).then(|| PLACE.parse().unwrap());
                let public = (self == Self::TurnPrivate).then_some(false);
                let request = EditEvent {
                    rules: None,
                    alarms: None,
                    capacity: None,
                    instance: domain::Instance::Series,
                    event,
                    if_version: None,
                    title: None,
                    description: None,
                    location: place,
                    time: None,
                    public,
                    invite: Vec::new(),
                };
                Ok(clients.events.edit(context, request).await?.map(|event| titled(&event)))
            }
            Self::Invite | Self::InviteStranger => {
                let name = if self == Self::Invite { "carol" } else { STRANGER };
                let request = Invite { event, invitees: vec![name.parse().unwrap()] };
                Ok(clients.events.invite(context, request).await?.map(|event| titled(&event)))
            }
            Self::Uninvite => {
                let request = Uninvite { event, invitees: vec!["bob".parse().unwrap()] };
                Ok(clients.events.uninvite(context, request).await?.map(|event| titled(&event)))
            }
            Self::Cancel => Ok(clients
                .events
                .cancel(context, CancelEvent { instance: domain::Instance::Series, event })
                .await?
                .map(|event| titled(&event))),
            Self::Show => Ok(clients
                .events
                .show(context, ShowEvent { instance: domain::Instance::Series, event })
                .await?
                .map(|event| titled(&event))),
            Self::PublicList | Self::OwnList => {
                let listing = if self == Self::PublicList { Listing::Public } else { Listing::Mine };
                let listed =
                    clients.events.list(context, ListEvents { listing, search: None, window: days, page }).await?;
                Ok(listed.map(|listed| listed.items.into_iter().flat_map(|event| titled(&event)).collect()))
            }
            Self::Inbox => {
                let inbox = clients.invitations.inbox(context, Inbox { all: true, page }).await?;
                Ok(inbox.map(|inbox| inbox.items.into_iter().map(|item| item.event.title.to_string()).collect()))
            }
            Self::Answer => {
                let request = Respond { event, instance, response: Response::Accept };
                let answered = clients.invitations.respond(context, request).await?;
                Ok(answered.map(|answered| vec![answered.event.title.to_string()]))
            }
            Self::Attend => {
                let joined = clients.invitations.attend(context, Attend { event, instance, maybe: false }).await?;
                Ok(joined.map(|joined| vec![joined.event.title.to_string()]))
            }
            Self::Leave => {
                let left = clients.invitations.unattend(context, Unattend { event, instance }).await?;
                Ok(left.map(|left| vec![left.event.title.to_string()]))
            }
            Self::Participants => {
                let request = ListParticipants { event, instance, status: None, page };
                let found = clients.invitations.participants(context, request).await?;
                Ok(found.map(|found| found.people.items.into_iter().map(|one| one.username.to_string()).collect()))
            }
            Self::OwnCalendar | Self::SharedCalendar => {
                let of = (self == Self::SharedCalendar).then(|| "alice".parse().unwrap());
                let entries = clients.calendar.entries(context, ListEntries { of, window: days, page }).await?;
                Ok(entries.map(|entries| entries.items.iter().map(title_of).collect()))
            }
            Self::Share => {
                let request = ShareCalendar { with: user(), level: Level::Details };
                Ok(clients.sharing.share(context, request).await?.map(|shares| sharees(&shares)))
            }
            Self::Unshare => {
                Ok(clients.sharing.unshare(context, Unshare { with: user() }).await?.map(|shares| sharees(&shares)))
            }
            Self::Shares => Ok(clients.sharing.shares(context, ListShares).await?.map(|shares| sharees(&shares))),
        }
    }

    /// How often it has taken effect, by looking afterwards; `None` for what leaves no trace to count.
    pub(super) async fn times(self, part: &Part, scene: &Scene) -> Option<usize> {
        let Scene { alice, bob, carol, .. } = scene;
        let looking = |who: &crate::Person| Part { actor: who.clone(), ..part.clone() };
        let titles = async |deed: Self, who: &crate::Person| {
            let listed = deed.call(&looking(who), &who.asking()).await.unwrap();
            who.heard(listed).into_iter().filter(|title| *title == part.title).count()
        };
        Some(match self {
            Self::Register => {
                let user = scene.stranger(&part.user);
                let there = user.signs_in().await.is_ok();
                if there {
                    // Everyone who is registered has a calendar, whoever was away then.
                    assert_eq!(user.calendar().await.unwrap(), [""; 0]);
                }
                usize::from(there)
            }
            Self::ChangePassword => usize::from(scene.stranger(&part.user).signs_in_with(NEW_PASSWORD).await.is_ok()),
            Self::DeleteAccount => usize::from(scene.stranger(&part.user).signs_in().await.is_err()),
            Self::Create => titles(Self::OwnList, alice).await,
            Self::CreateInviting => titles(Self::Inbox, bob).await,
            Self::Edit | Self::TurnPrivate => {
                let event = alice.looks_at(part.event?).await.unwrap();
                usize::try_from(event.version).unwrap() - 1
            }
            Self::Invite => titles(Self::Inbox, carol).await,
            Self::Uninvite => 1 - with_status(&alice.participants(part.event?).await.unwrap(), "bob", None),
            Self::Cancel => usize::from(alice.looks_at(part.event?).await.unwrap().cancelled),
            Self::Answer => with_status(&alice.participants(part.event?).await.unwrap(), "bob", Some(Status::Going)),
            Self::Attend => with_status(&alice.participants(part.event?).await.unwrap(), "carol", Some(Status::Going)),
            Self::Leave => with_status(&alice.participants(part.event?).await.unwrap(), "bob", Some(Status::Declined)),
            Self::Share => usize::from(sharees(&alice.shares().await.unwrap()).contains(&part.user)),
            Self::Unshare => usize::from(!sharees(&alice.shares().await.unwrap()).contains(&part.user)),
            _ => return None,
        })
    }
}

fn said(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn titled(event: &Event) -> Vec<String> {
    vec![event.title.to_string()]
}

fn title_of(entry: &Entry) -> String {
    match entry {
        Entry::Event { title, .. } => title.to_string(),
        Entry::Busy { .. } => "busy".to_owned(),
    }
}

fn sharees(shares: &Shares) -> Vec<String> {
    shares.shared_with.iter().map(|share| share.username.to_string()).collect()
}

fn with_status(participants: &Participants, name: &str, status: Option<Status>) -> usize {
    let is_meant = |one: &&domain::invitations::Participant| {
        one.username.as_str() == name && status.is_none_or(|status| one.status == status)
    };
    participants.people.items.iter().filter(is_meant).count()
}
