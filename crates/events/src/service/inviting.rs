//! Inviting people, and taking invitations back.

use chassis::journal::Author;
use chassis::{Fault, Settle, directory};
use domain::auth::VouchedUser;
use domain::events::{Event, Invite, Uninvite};
use domain::{Answer, Context, Error, UserId};
use storage::Transaction;

use super::{EventsService, changing, check_number, showing};
use crate::{rights, store};

impl EventsService {
    pub(super) async fn invite_people(&self, context: &Context, request: Invite) -> Answer<Event> {
        let (event, user, author) = (request.event, context.user()?, Author::of(context)?);
        check_number("invite", &request.invitees)?;
        let invitees = self.people.find_all(context, &request.invitees).await;
        let invite = move |tx: &mut Transaction<'_>| {
            let row = rights::organized(tx, event, user)?;
            changing::check_takes_place(&row)?;
            let invitees = admitted(tx, user, invitees)?;
            store::add_invitees(tx, event, &row, user, author, &invitees)
        };
        let show = |view: &storage::View<'_>, (): &()| showing::show(view, event, user);
        self.chassis.command(context, "invite", &request, Settle::WithFollowers, invite, show).await
    }

    pub(super) async fn uninvite_people(&self, context: &Context, request: Uninvite) -> Answer<Event> {
        let (event, user, author) = (request.event, context.user()?, Author::of(context)?);
        check_number("uninvite", &request.invitees)?;
        let invitees = self.people.find_all(context, &request.invitees).await;
        let uninvite = move |tx: &mut Transaction<'_>| {
            rights::organized(tx, event, user)?;
            // The organizer cannot be invited: of them there is nothing to take back, nor to remember.
            let others = invitees?.into_iter().filter(|vouched| vouched.user.id != user);
            let others = others.map(|vouched| directory::admit(tx, &vouched)).collect::<Result<Vec<_>, _>>()?;
            store::remove_invitees(tx, event, author, &others)
        };
        let show = |view: &storage::View<'_>, (): &()| showing::show(view, event, user);
        self.chassis.command(context, "uninvite", &request, Settle::WithFollowers, uninvite, show).await
    }
}

/// Accepts those who were found as invitees of `organizer`. That someone was not found is told only here, in the transaction:
/// after rights were judged, and not when the command is only repeated.
///
/// # Errors
/// Why they were not found; invalid input (`invite`) if the organizer is among them; not found (`user`) if one has gone since.
pub(super) fn admitted(
    tx: &mut Transaction<'_>,
    organizer: UserId,
    found: Result<Vec<VouchedUser>, Fault>,
) -> Result<Vec<UserId>, Fault> {
    let admit = |vouched: VouchedUser| {
        if vouched.user.id == organizer {
            let why = "the organizer takes part anyway and cannot be invited";
            return Err(Error::invalid("invite", vouched.user.username.as_str(), why).into());
        }
        directory::admit(tx, &vouched)
    };
    found?.into_iter().map(admit).collect()
}
