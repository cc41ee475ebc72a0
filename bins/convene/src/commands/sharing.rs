//! `share`, `unshare`, `shares`.

use domain::Service;
use domain::sharing::{Level, ListShares, ShareCalendar, Unshare};

use super::invocation::Invocation;
use crate::arguments::ShareWith;
use crate::failure::Failure;
use crate::output::{Printed, SharesDocument};

/// `share`.
///
/// # Errors
/// Not found for an unknown user, and what sharing reports.
pub(crate) async fn share(mut invocation: Invocation<'_>, arguments: &ShareWith) -> Result<Printed, Failure> {
    let level = if arguments.busy_only { Level::Busy } else { Level::Details };
    let shares = invocation.send(arguments, ShareCalendar { with: arguments.user.parse()?, level }).await?;
    Ok(invocation.finish(&SharesDocument::from(&shares)).await)
}

/// `unshare`.
///
/// # Errors
/// As [`share`].
pub(crate) async fn unshare(mut invocation: Invocation<'_>, user: &str) -> Result<Printed, Failure> {
    let shares = invocation.send(&user, Unshare { with: user.parse()? }).await?;
    Ok(invocation.finish(&SharesDocument::from(&shares)).await)
}

/// `shares`.
///
/// # Errors
/// What sharing reports.
pub(crate) async fn list(mut invocation: Invocation<'_>) -> Result<Printed, Failure> {
    let clients = invocation.clients();
    let shares =
        invocation.ask(Service::Sharing, async |context| clients.sharing.shares(context, ListShares).await).await?;
    Ok(invocation.finish(&SharesDocument::from(&shares)).await)
}
