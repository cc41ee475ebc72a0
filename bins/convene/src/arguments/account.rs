//! The words about accounts.

use clap::{Args, Subcommand};

/// Where a password comes from; never from an argument, which others can see and shells remember.
#[derive(Args, Clone, Debug)]
pub(crate) struct PasswordInput {
    /// Read passwords from standard input, one a line, instead of asking.
    #[arg(long)]
    pub(crate) password_stdin: bool,
}

/// Who wants in.
#[derive(Args, Debug)]
pub(crate) struct SignIn {
    /// The user's name: 2–32 of a–z, 0–9, - and _, beginning with a letter.
    pub(crate) user: String,
    #[command(flatten)]
    pub(crate) password: PasswordInput,
}

/// What can be done with one's account.
#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Delete the account for good: its events are cancelled, its name is never issued again.
    Delete {
        /// Yes, delete it. It cannot be undone.
        #[arg(long, required = true)]
        yes: bool,
    },
}
