//! Who may see which calendar, and how much of it.

mod busy;
mod details;
mod kept;
mod line;
mod month;
mod stretch;

use std::sync::Arc;

use async_trait::async_trait;
use chassis::directory::{self, People};
use chassis::follow::cursor_of;
use chassis::{Chassis, Fault, Row};
use domain::auth::VouchedUser;
use domain::calendar::{Calendar, CalendarPage, Entry, ListEntries};
use domain::integrity::{AskHealth, Audit, AuditPage, Health};
use domain::recovery::{AcceptLoss, LossAccepted};
use domain::sharing::Level;
use domain::{Actor, Answer, Context, Error, PageCursor, PageRequest, Position, Positions, Service, UserId, Watch};
use serde::{Deserialize, Serialize};
use storage::{Reader as _, View};

use self::kept::Kept;
use crate::audit;
use crate::store::{CALENDARS, SHARES};

/// The calendars.
pub(crate) struct Calendars {
    chassis: Arc<Chassis>,
    people: People,
    kept: Kept,
}

/// Where a page goes on. Its bytes are in the reader's hands, so for one who may know only when the owner is busy it holds times
/// and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum GoOn {
    Details(chassis::timeline::Place),
    Busy(busy::Resume),
}

/// Some entries, and where the next page begins.
type Found = (Vec<Entry>, Option<PageCursor>);

impl Calendars {
    pub(crate) fn new(chassis: Arc<Chassis>, people: People) -> Self {
        Self { chassis, people, kept: Kept::default() }
    }

    async fn own(&self, context: &Context, request: &ListEntries) -> Answer<CalendarPage> {
        let me = context.user()?;
        let context = self.knowing_me(context, me).await?;
        self.chassis
            .query(&context, |view| {
                let Some(owner) = directory::name_of(view, me)? else { return Err(nobody(view, &context)?.into()) };
                let (items, next) = details::page(view, &self.kept, me, &request.window, &request.page)?;
                Ok(CalendarPage { owner, items, next })
            })
            .await
    }

    /// The same context, having seen the reader's own registration in any case: whoever shows a token has, and their name is
    /// needed here.
    async fn knowing_me(&self, context: &Context, me: UserId) -> Result<Context, Error> {
        let mut context = context.clone();
        let known = self.chassis.db().read(|view| directory::knows(view, me)).await;
        if !known.map_err(|fault| fault.into_error(Service::Calendar))?
            && let Actor::User { at, .. } = context.actor
        {
            context.seen.advance(Service::Auth, at);
        }
        Ok(context)
    }

    async fn of_another(&self, context: &Context, request: &ListEntries, owner: VouchedUser) -> Answer<CalendarPage> {
        let reader = context.user()?;
        let looked = self.chassis.query(context, |view| {
            let opened = view.contains(&CALENDARS, &owner.user.id)?;
            let name = &owner.user.username;
            if !opened && has_heard(view, owner.at)? {
                return Err(Error::not_found("user", name).into());
            }
            let Some(Row(level)) = view.get(&SHARES, &(owner.user.id, reader))? else {
                return Err(Error::forbidden(format!("{name} does not share their calendar with you")).into());
            };
            let (items, next) = match level {
                _ if !opened => (Vec::new(), None),
                Level::Details => details::page(view, &self.kept, owner.user.id, &request.window, &request.page)?,
                Level::Busy => busy::page(view, &self.kept, owner.user.id, &request.window, &request.page)?,
            };
            Ok((opened, CalendarPage { owner: name.clone(), items, next }))
        });
        let mut reply = looked.await?;
        if !reply.value.0 && !reply.behind.contains(&Service::Auth) {
            // The share is here and its owner's registration is not.
            reply.behind.push(Service::Auth);
            reply.behind.sort_unstable();
        }
        Ok(reply.map(|(_, page)| page))
    }
}

#[async_trait]
impl Calendar for Calendars {
    async fn entries(&self, context: &Context, request: ListEntries) -> Answer<CalendarPage> {
        let me = context.user()?;
        let Some(name) = &request.of else { return self.own(context, &request).await };
        let found = self.people.find(context, name).await;
        let owner = found.map_err(|fault| fault.into_error(Service::Calendar))?;
        if owner.user.id == me {
            return self.own(context, &request).await;
        }
        self.of_another(context, &request, owner).await
    }

    async fn audit(&self, context: &Context, request: Audit) -> Answer<AuditPage> {
        self.chassis.query(context, |view| audit::page(view, &request)).await
    }

    async fn health(&self, _: &Context, _: AskHealth) -> Answer<Health> {
        self.chassis.answer_health()
    }

    async fn watch(&self, context: &Context, request: Watch) -> Answer<Positions> {
        self.chassis.answer_watch(context, request).await
    }

    async fn accept_loss(&self, context: &Context, request: AcceptLoss) -> Answer<LossAccepted> {
        self.chassis.accept_loss(context, request).await
    }
}

/// Whether auth's log was applied up to `at` in this view.
fn has_heard(view: &View<'_>, at: Position) -> Result<bool, Fault> {
    Ok(cursor_of(view, Service::Auth)?.is_some_and(|heard| heard.covers(at)))
}

/// Why the reader's own name is not known.
fn nobody(view: &View<'_>, context: &Context) -> Result<Error, Fault> {
    let Actor::User { at, .. } = context.actor else {
        return Ok(Error::unauthenticated("nobody is signed in"));
    };
    Ok(if has_heard(view, at)? {
        Error::unauthenticated("this account was deleted")
    } else {
        let why = "your registration has not arrived at the calendar yet; try again in a moment";
        Error::unavailable(Service::Auth, why)
    })
}

/// Where `request` goes on, as `kind` reads it; a cursor of the other kind is refused: the level of the share has changed between
/// two pages.
fn go_on<T>(request: &PageRequest, kind: impl FnOnce(GoOn) -> Option<T>) -> Result<Option<T>, Error> {
    match (&request.after, chassis::cursor::read(request)?) {
        (Some(cursor), Some(place)) => kind(place).map(Some).ok_or_else(|| cursor.refused()),
        _ => Ok(None),
    }
}
