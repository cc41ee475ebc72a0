//! Reading replies, in which everyone is called by their name.
//!
//! A row may name a user whom auth's log has not brought here yet. The name cannot be asked for by id, but the log can be
//! waited for: once it is here up to where it now ends, everyone is either known or known to be gone. When that takes too
//! long, whoever has no name yet is left out, and the reply says that it is behind with auth.

use std::cell::Cell;
use std::time::Duration;

use chassis::{Fault, directory};
use domain::events::{EventFacts, Person};
use domain::integrity::AskHealth;
use domain::invitations::{EventSummary, Invitation};
use domain::{Answer, Context, EventId, Instance, Positions, Reply, Service, UserId, Username};
use storage::View;

use super::InvitationsService;
use crate::store::{self, Origin, Standing, line};

/// How long auth may take to say where its log ends.
const ASKING: Duration = Duration::from_secs(1);

/// A view, and whether someone in it could not be named.
pub(super) struct Reading<'v, 'e> {
    pub(super) view: &'v View<'e>,
    unnamed: Cell<bool>,
}

impl Reading<'_, '_> {
    /// The name of a user; `None` if they are gone or not known yet.
    pub(super) fn username(&self, user: UserId) -> Result<Option<Username>, Fault> {
        let name = directory::name_of(self.view, user)?;
        if name.is_none() && !store::is_gone(self.view, user)? {
            self.unnamed.set(true);
        }
        Ok(name)
    }

    /// The user of a name; `None` if there is none, or none is known yet.
    pub(super) fn user(&self, name: &Username) -> Result<Option<UserId>, Fault> {
        let user = directory::user_named(self.view, name)?;
        if user.is_none() {
            self.unnamed.set(true);
        }
        Ok(user)
    }

    fn person(&self, user: Option<UserId>) -> Result<Person, Fault> {
        let name = user.map(|user| self.username(user)).transpose()?.flatten();
        Ok(name.map_or(Person::Deleted, Person::Named))
    }

    /// As much of an event as an invitation tells.
    fn summary(&self, facts: EventFacts) -> Result<EventSummary, Fault> {
        let EventFacts { event: id, organizer, title, location, series, public, cancelled, .. } = facts;
        Ok(EventSummary { id, title, location, series, public, organizer: self.person(organizer)?, cancelled })
    }

    /// An invitation as it is shown; `None` if it or its event is gone, or its invitee cannot be named.
    pub(super) fn invitation(
        &self,
        event: EventId,
        instance: Instance,
        user: UserId,
    ) -> Result<Option<Invitation>, Fault> {
        let Some(row) = store::row(self.view, event, instance, user)? else { return Ok(None) };
        let Some(facts) = store::facts(self.view, event)? else { return Ok(None) };
        let Some(invitee) = self.username(user)? else { return Ok(None) };
        let inviter = match row.origin {
            Origin::Invited { by, .. } => Some(self.person(by)?),
            Origin::Joined => None,
        };
        let position = match row.standing {
            Standing::Waiting(number) => Some(line::position(self.view, (event, instance), number)?),
            _ => None,
        };
        let event = self.summary(facts)?;
        Ok(Some(Invitation { event, instance, invitee, inviter, status: row.status(), position }))
    }
}

impl InvitationsService {
    /// Waits until what the caller has seen is here; then gives a context for the rest of the call, which waits no more, and
    /// what is still missing.
    pub(super) async fn caught_up(&self, context: &Context) -> (Context, Vec<Service>) {
        let behind = self.chassis.catch_up(context).await;
        (Context { seen: Positions::default(), ..context.clone() }, behind)
    }

    /// Answers with what `read` finds, once everyone in it can be named.
    ///
    /// # Errors
    /// What `read` reports.
    pub(super) async fn read<T: Send>(
        &self,
        context: &Context,
        read: impl Fn(&Reading<'_, '_>) -> Result<T, Fault> + Send + Sync,
    ) -> Answer<T> {
        let first = self.look(context, &read).await?;
        if !first.value.0 {
            return Ok(first.map(|(_, value)| value));
        }
        let Some(heard) = self.heard_of_auth(context).await else {
            return Ok(with_behind(first.map(|(_, value)| value), &[Service::Auth]));
        };
        // Auth was heard of in full, unless this reply is behind: a name that is then still unknown is nobody's.
        let second = self.look(&heard, &read).await?;
        Ok(with_behind(second.map(|(_, value)| value), &first.behind))
    }

    async fn look<T: Send>(
        &self,
        context: &Context,
        read: &(impl Fn(&Reading<'_, '_>) -> Result<T, Fault> + Send + Sync),
    ) -> Answer<(bool, T)> {
        let looked = self.chassis.query(context, |view| {
            let reading = Reading { view, unnamed: Cell::new(false) };
            let value = read(&reading)?;
            Ok((reading.unnamed.get(), value))
        });
        looked.await
    }

    /// The context of a caller who has seen all of auth's log as it is now; `None` if auth does not say where that ends.
    async fn heard_of_auth(&self, context: &Context) -> Option<Context> {
        let asking = self.chassis.calling(context).ok()?;
        let within = ASKING.min(context.remaining() / 2);
        let health = tokio::time::timeout(within, self.auth.health(&asking, AskHealth)).await.ok()?.ok()?;
        let end = health.value.positions.get(Service::Auth)?;
        Some(context.clone().having_seen(Positions::of(Service::Auth, end)))
    }

    /// Makes sure that the actor can be named, before anything is done for them.
    ///
    /// # Errors
    /// Unavailable (auth) if they cannot yet.
    pub(super) async fn know_actor(&self, context: &Context, user: UserId) -> Result<(), Fault> {
        let db = self.chassis.db();
        let known = || async {
            db.read(|view| Ok::<_, Fault>(directory::knows(view, user)? || store::is_gone(view, user)?)).await
        };
        if known().await? {
            return Ok(());
        }
        if let Some(context) = self.heard_of_auth(context).await {
            self.chassis.catch_up(&context).await;
            if known().await? {
                return Ok(());
            }
        }
        let why = "your account is not known here yet; nothing was done, try again in a moment";
        Err(domain::Error::unavailable(Service::Auth, why).into())
    }
}

/// The reply, also behind with these.
pub(super) fn with_behind<T>(mut reply: Reply<T>, behind: &[Service]) -> Reply<T> {
    reply.behind.extend_from_slice(behind);
    reply.behind.sort_unstable();
    reply.behind.dedup();
    reply
}
