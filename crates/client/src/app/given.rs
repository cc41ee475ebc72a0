//! Commands as they outlive a run, and back.

use super::ask::Command;
use crate::session::Given;

impl Command {
    /// What of it is kept; `None` for what holds a secret, or is of no use later: an import is given again by whoever wants it done, and does
    /// nothing twice.
    pub(crate) fn given(&self) -> Option<Given> {
        Some(match self {
            Self::Register(_)
            | Self::Login(_)
            | Self::Logout
            | Self::Renew
            | Self::ChangePassword(_)
            | Self::DeleteAccount
            | Self::Import(_) => return None,
            Self::Create(request) => Given::Create(request.clone()),
            Self::Edit(request) => Given::Edit(request.clone()),
            Self::Cancel(request) => Given::Cancel(*request),
            Self::Invite(request) => Given::Invite(request.clone()),
            Self::Uninvite(request) => Given::Uninvite(request.clone()),
            Self::Respond(request) => Given::Respond(*request),
            Self::Attend(request) => Given::Attend(*request),
            Self::Unattend(request) => Given::Unattend(*request),
            Self::Share(request) => Given::Share(request.clone()),
            Self::Unshare(request) => Given::Unshare(request.clone()),
        })
    }

    /// What was kept, as a command again; `None` for one that this client does not give.
    pub(crate) fn of_given(given: Given) -> Option<Self> {
        Some(match given {
            Given::Create(request) => Self::Create(request),
            Given::Edit(request) => Self::Edit(request),
            Given::Cancel(request) => Self::Cancel(request),
            Given::Invite(request) => Self::Invite(request),
            Given::Uninvite(request) => Self::Uninvite(request),
            Given::Respond(request) => Self::Respond(request),
            Given::Attend(request) => Self::Attend(request),
            Given::Unattend(request) => Self::Unattend(request),
            Given::Share(request) => Self::Share(request),
            Given::Unshare(request) => Self::Unshare(request),
        })
    }
}
