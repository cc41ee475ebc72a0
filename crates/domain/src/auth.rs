//! The auth service: who people are, and how they prove it.
//!
//! It owns users, password hashes, sessions and signing keys. It follows nobody. The other services verify its session tokens
//! by themselves, from the keys, users and sessions that they follow, so auth being away logs nobody out.

use serde::{Deserialize, Serialize};

use crate::integrity::{AskHealth, Audit, AuditPage, Health, Present};
use crate::log::{Change, Changes, ReadChanges};
use crate::recovery::{ReadSnapshot, Snapshot};
use crate::{Password, PasswordAttempt, Position, SessionId, SessionToken, Timestamp, UserId, Username};

crate::service! {
    /// Registration, sign-in, and looking people up by name.
    pub trait Auth for crate::Service::Auth as (AuthProtocol, AuthRequest, AuthResponse, AuthServer, AuthClient) {
        /// Makes a user and signs them in. Conflict (`user`) if the name is taken or was ever taken.
        1: command by Anyone fn register(Register) -> SignedIn;
        /// Signs in. Unauthenticated, in the same words and time, for an unknown user and a wrong password.
        2: command by Anyone fn login(Login) -> SignedIn;
        /// Ends this session, everywhere. Answers when the followers know, or unsettled.
        3: command by User fn logout(Logout) -> User;
        /// Gives a fresh token for this session; meant for half its life.
        4: command by User fn renew(Renew) -> SignedIn;
        /// Changes the password, keeps this session and ends the user's others. Forbidden for a wrong current one.
        5: command by User fn change_password(ChangePassword) -> User;
        /// Deletes the account: the name is never issued again; what refers to the user goes with them, everywhere.
        6: command by User fn delete_account(DeleteAccount) -> User;
        /// Who is signed in.
        7: query by User fn whoami(WhoAmI) -> User;
        /// The user of a name, vouched at a position. Not found (`user`) if there is none.
        8: query by Member fn find_user(FindUser) -> VouchedUser;
        /// Names that begin with some letters, in alphabetical order; at most 20.
        9: query by User fn complete_name(CompleteName) -> Vec<Username>;
        /// What changed, for followers.
        10: query by Service fn changes(ReadChanges) -> Changes<AuthChange>;
        /// Auth holds no references; its pages report what it found wrong with itself.
        11: query by Service fn audit(Audit) -> AuditPage;
        /// Which of these users exist, in the order of the question.
        12: query by Service fn present(Present) -> Vec<bool>;
        /// How the service is.
        13: query by Anyone fn health(AskHealth) -> Health;
        /// The signing keys, users and live sessions, for followers whose history ended.
        14: query by Service fn snapshot(ReadSnapshot) -> Snapshot<AuthChange>;
    }
}

/// Wants an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Register {
    /// The name to be known by.
    pub username: Username,
    /// The password to be chosen.
    pub password: Password,
}

/// Wants in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// Who.
    pub username: Username,
    /// The proof.
    pub password: PasswordAttempt,
}

/// Wants out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logout;

/// Wants a fresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renew;

/// Wants another password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangePassword {
    /// The present one, as proof.
    pub current: PasswordAttempt,
    /// The next one.
    pub new: Password,
}

/// Wants to be gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteAccount;

/// Asks who is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhoAmI;

/// Asks for the user of a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindUser {
    /// The name.
    pub username: Username,
}

/// Asks for names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompleteName {
    /// How they begin: up to 32 characters; empty for the first names of all.
    pub prefix: String,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct User {
    /// The identity, for good.
    pub id: UserId,
    /// The name.
    pub username: Username,
}

/// A user who has signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    /// Who.
    pub user: User,
    /// The token to show from now on.
    pub token: SessionToken,
    /// Until when it is good.
    pub expires: Timestamp,
}

/// A user, and the position of auth's log at which they were seen alive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VouchedUser {
    /// The user.
    pub user: User,
    /// Where in auth's log.
    pub at: Position,
}

/// The identity of a signing key: the first bytes of a digest of the public key.
pub type KeyId = [u8; 8];

/// A record of auth's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuthChange {
    /// Tokens may from now on be signed with this key (Ed25519); announced before the first one is.
    KeyPublished {
        /// Its identity, named in each token.
        key: KeyId,
        /// The public key.
        public: [u8; 32],
    },
    /// A user came to be.
    UserRegistered(User),
    /// A user signed in, or renewed their session.
    SessionStarted {
        /// The session.
        session: SessionId,
        /// Whose.
        user: UserId,
        /// When it ends by itself.
        expires: Timestamp,
    },
    /// A session ended before its time, or its time came.
    SessionEnded {
        /// The session.
        session: SessionId,
    },
    /// A user went, and all their sessions with them.
    UserDeleted {
        /// Who it was.
        user: UserId,
    },
}

/// What of auth's others keep, apart from signing keys: those stay, since without sessions they are good for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum AuthRow {
    /// A user.
    User(UserId),
    /// A live session.
    Session(SessionId),
}

impl Change for AuthChange {
    const VERSION: u8 = 1;
    type Before = Self;
    type Row = AuthRow;

    fn rows(&self) -> Vec<AuthRow> {
        match self {
            Self::UserRegistered(user) => vec![AuthRow::User(user.id)],
            Self::SessionStarted { session, .. } => vec![AuthRow::Session(*session)],
            Self::KeyPublished { .. } | Self::SessionEnded { .. } | Self::UserDeleted { .. } => Vec::new(),
        }
    }

    fn removal(row: &AuthRow) -> Self {
        match *row {
            AuthRow::User(user) => Self::UserDeleted { user },
            AuthRow::Session(session) => Self::SessionEnded { session },
        }
    }

    fn is_lasting(row: &AuthRow) -> bool {
        matches!(row, AuthRow::User(_))
    }
}
