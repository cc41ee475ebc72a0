//! The words about invitations, answers and participants.

use clap::{Args, ValueEnum};
use domain::invitations::{Response, Status};
use serde::Serialize;

use super::{Paging, Which};

/// An event and some people.
#[derive(Args, Debug, Serialize)]
pub(crate) struct People {
    /// The event's id.
    pub(crate) event: String,
    /// The users' names.
    #[arg(required = true, value_name = "USER")]
    pub(crate) users: Vec<String>,
}

/// Which invitations.
#[derive(Args, Debug)]
pub(crate) struct Inbox {
    /// Answered ones too.
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) paging: Paging,
}

/// An answer to an invitation.
#[derive(Args, Debug, Serialize)]
pub(crate) struct Respond {
    /// The event's id.
    pub(crate) event: String,
    /// The answer.
    pub(crate) answer: ResponseWord,
    #[command(flatten)]
    pub(crate) which: Which,
}

/// Joining a public event.
#[derive(Args, Debug, Serialize)]
pub(crate) struct Attend {
    /// The event's id.
    pub(crate) event: String,
    /// Only perhaps.
    #[arg(long)]
    pub(crate) maybe: bool,
    #[command(flatten)]
    pub(crate) which: Which,
}

/// Whose coming.
#[derive(Args, Debug)]
pub(crate) struct WhoComes {
    /// The event's id.
    pub(crate) event: String,
    /// Only those of this status.
    #[arg(long)]
    pub(crate) status: Option<StatusWord>,
    #[command(flatten)]
    pub(crate) paging: Paging,
}

/// The three answers, as they are typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
pub(crate) enum ResponseWord {
    /// One comes.
    Accept,
    /// One does not.
    Decline,
    /// One may.
    Maybe,
}

/// The statuses, as they are typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StatusWord {
    /// They come.
    Going,
    /// They wait for a place.
    Waiting,
    /// They may.
    Maybe,
    /// They have not answered.
    Pending,
    /// They do not.
    Declined,
}

impl From<ResponseWord> for Response {
    fn from(word: ResponseWord) -> Self {
        match word {
            ResponseWord::Accept => Self::Accept,
            ResponseWord::Decline => Self::Decline,
            ResponseWord::Maybe => Self::Maybe,
        }
    }
}

impl From<StatusWord> for Status {
    fn from(word: StatusWord) -> Self {
        match word {
            StatusWord::Going => Self::Going,
            StatusWord::Waiting => Self::Waiting,
            StatusWord::Maybe => Self::Maybe,
            StatusWord::Pending => Self::Pending,
            StatusWord::Declined => Self::Declined,
        }
    }
}
