//! The commands: one file a family, each function one command from its words to what is printed.
//!
//! [`invocation`] has what is the same for all, [`sending`] what makes a service's command one that can be sent again.

mod account;
mod availability;
mod calendar;
mod certs;
mod check;
mod conflicts;
mod entries;
mod event;
mod exporting;
mod importing;
mod input;
mod instance;
mod invitation;
mod invocation;
mod manual;
mod remind;
pub(crate) mod sending;
mod sharing;
mod status;

use crate::arguments::{AccountCommand, EventCommand, ServiceCommand};
use crate::demo;
use crate::failure::Failure;
use crate::output::Printed;
use crate::reach::Reach;
use crate::session::Profile;
use crate::when::Here;

pub(crate) use certs::certs;
use invocation::Invocation;
pub(crate) use invocation::answered;
pub(crate) use manual::{completions, page};
pub(crate) use remind::{Alarm, Said, follow};

/// Does a command through `reach`, for the profile that `profile` opens if the command is given in someone's name.
///
/// # Errors
/// Why it was not done.
pub(crate) async fn run(
    command: &ServiceCommand,
    reach: &Reach,
    profile: impl Fn() -> Result<Profile, Failure>,
    here: Here,
) -> Result<Printed, Failure> {
    use ServiceCommand as Given;
    let now = here.now;
    let anyone = || Invocation::begin(reach.clients(), profile()?, here.clone());
    let someone = async || {
        let mut invocation = Invocation::begin(reach.clients(), profile()?, here.clone())?;
        invocation.session()?;
        invocation.renew_if_due().await;
        Ok::<_, Failure>(invocation)
    };
    match command {
        Given::Status => Ok(status::show(reach).await),
        Given::Check => check::run(reach.clients(), reach.operator(now)?).await,
        Given::Demo => demo::run(reach.clients(), &here).await,
        Given::Register(arguments) => account::register(anyone()?, arguments).await,
        Given::Login(arguments) => account::login(anyone()?, arguments).await,
        Given::Logout => account::logout(anyone()?).await,
        Given::Account(AccountCommand::Delete { yes: _ }) => account::delete(anyone()?).await,
        Given::Whoami => account::whoami(someone().await?).await,
        Given::Passwd(arguments) => account::change_password(someone().await?, arguments).await,
        Given::Event(command) => {
            let invocation = someone().await?;
            match command {
                EventCommand::Create(arguments) => event::create(invocation, arguments).await,
                EventCommand::Show(arguments) => event::show(invocation, arguments).await,
                EventCommand::Edit(arguments) => event::edit(invocation, arguments).await,
                EventCommand::Cancel(arguments) => event::cancel(invocation, arguments).await,
                EventCommand::List(arguments) => event::list(invocation, arguments).await,
            }
        }
        Given::Invite(arguments) => invitation::invite(someone().await?, arguments).await,
        Given::Uninvite(arguments) => invitation::uninvite(someone().await?, arguments).await,
        Given::Invitations(arguments) => invitation::inbox(someone().await?, arguments).await,
        Given::Respond(arguments) => invitation::respond(someone().await?, arguments).await,
        Given::Attend(arguments) => invitation::attend(someone().await?, arguments).await,
        Given::Unattend(arguments) => invitation::unattend(someone().await?, arguments).await,
        Given::Participants(arguments) => invitation::participants(someone().await?, arguments).await,
        Given::Calendar(arguments) => calendar::view(someone().await?, arguments).await,
        Given::Freebusy(arguments) => availability::busy(someone().await?, arguments).await,
        Given::FindTime(arguments) => availability::free(someone().await?, arguments).await,
        Given::Import(arguments) => importing::import(someone().await?, arguments).await,
        Given::Export(arguments) => exporting::export(someone().await?, arguments).await,
        Given::Remind(arguments) => remind::list(someone().await?, arguments).await,
        Given::Share(arguments) => sharing::share(someone().await?, arguments).await,
        Given::Unshare { user } => sharing::unshare(someone().await?, user).await,
        Given::Shares => sharing::list(someone().await?).await,
    }
}

#[cfg(test)]
mod tests;
