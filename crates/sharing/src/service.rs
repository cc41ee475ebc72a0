//! The rules of sharing.

use std::sync::Arc;

use async_trait::async_trait;
use chassis::directory::{self, People};
use chassis::journal::Author;
use chassis::{Chassis, Fault, Settle};
use domain::auth::VouchedUser;
use domain::integrity::{AskHealth, Audit, AuditPage, Health};
use domain::log::{Changes, ReadChanges};
use domain::recovery::{AcceptLoss, LossAccepted, ReadSnapshot, Snapshot};
use domain::sharing::{ListShares, MAX_SHARES, Share, ShareCalendar, Shares, Sharing, SharingChange, Unshare};
use domain::{Answer, Context, Error, Positions, Reply, Service, UserId, Watch};
use storage::{Reader, Transaction, View};

use crate::store::{self, SHARES, SHARES_BY_SHAREE};
use crate::{audit, snapshot};

/// The service.
pub(crate) struct SharingService {
    chassis: Arc<Chassis>,
    people: People,
}

impl SharingService {
    pub(crate) fn new(chassis: Arc<Chassis>, people: People) -> Self {
        Self { chassis, people }
    }

    async fn do_share(&self, context: &Context, request: ShareCalendar) -> Result<Reply<Shares>, Fault> {
        let (owner, author, level) = (context.user()?, Author::of(context)?, request.level);
        // What is wrong with the name counts only if the command was not carried out before: see the closure.
        let (sharee, asking) = (self.people.find(context, &request.with).await, context.clone());
        let change = move |tx: &mut Transaction<'_>| {
            let (owner, sharee) = parties(tx, &asking, &sharee?)?;
            author.may_overwrite(store::last_author(tx, owner, sharee)?)?;
            let is_new = !tx.contains(&SHARES, &(owner, sharee))?;
            if is_new && tx.scan(&SHARES, &owner, None, MAX_SHARES)?.len() >= MAX_SHARES {
                let reason =
                    format!("a calendar is shared with at most {MAX_SHARES} people; unshare it with someone first");
                return Err(Error::conflict("user", reason).into());
            }
            store::put(tx, owner, sharee, level, author)
        };
        let show = |view: &View<'_>, (): &()| shares_of(view, owner);
        Ok(self.chassis.command(context, "share", &request, Settle::WithFollowers, change, show).await?)
    }

    async fn do_unshare(&self, context: &Context, request: Unshare) -> Result<Reply<Shares>, Fault> {
        let (owner, author) = (context.user()?, Author::of(context)?);
        let (sharee, asking) = (self.people.find(context, &request.with).await, context.clone());
        let change = move |tx: &mut Transaction<'_>| {
            let (owner, sharee) = parties(tx, &asking, &sharee?)?;
            author.may_overwrite(store::last_author(tx, owner, sharee)?)?;
            store::end(tx, owner, sharee, author)
        };
        let show = |view: &View<'_>, (): &()| shares_of(view, owner);
        Ok(self.chassis.command(context, "unshare", &request, Settle::WithFollowers, change, show).await?)
    }

    async fn do_shares(&self, context: &Context) -> Result<Reply<Shares>, Fault> {
        let user = context.user()?;
        Ok(self.chassis.query(context, |view| shares_of(view, user)).await?)
    }
}

/// Owner and sharee, both known to exist or to be heard of; rows may refer to them.
fn parties(tx: &mut Transaction<'_>, context: &Context, sharee: &VouchedUser) -> Result<(UserId, UserId), Fault> {
    let owner = directory::admit_actor(tx, context)?;
    if sharee.user.id == owner {
        let reason = "that is you: a calendar is shared with other people";
        return Err(Error::invalid("user", sharee.user.username.as_str(), reason).into());
    }
    Ok((owner, directory::admit(tx, sharee)?))
}

/// Both lists of a user, by name. Others may share with one person without bound; of theirs the oldest accounts are shown.
fn shares_of(reader: &impl Reader, user: UserId) -> Result<Shares, Fault> {
    let mut shared_with = Vec::new();
    for ((_, sharee), row) in reader.scan(&SHARES, &user, None, MAX_SHARES)? {
        // One whose name has not arrived yet, or who has just gone, is left out.
        if let Some(username) = directory::name_of(reader, sharee)? {
            shared_with.push(Share { username, level: row.level });
        }
    }
    let mut shared_with_me = Vec::new();
    for ((_, owner), ()) in reader.scan(&SHARES_BY_SHAREE, &user, None, MAX_SHARES)? {
        let row = reader.get(&SHARES, &(owner, user))?;
        if let (Some(username), Some(row)) = (directory::name_of(reader, owner)?, row) {
            shared_with_me.push(Share { username, level: row.level });
        }
    }
    shared_with.sort_by(|one, other| one.username.cmp(&other.username));
    shared_with_me.sort_by(|one, other| one.username.cmp(&other.username));
    Ok(Shares { shared_with, shared_with_me })
}

fn told<T>(outcome: Result<Reply<T>, Fault>) -> Answer<T> {
    outcome.map_err(|fault| fault.into_error(Service::Sharing))
}

#[async_trait]
impl Sharing for SharingService {
    async fn share(&self, context: &Context, request: ShareCalendar) -> Answer<Shares> {
        told(self.do_share(context, request).await)
    }

    async fn unshare(&self, context: &Context, request: Unshare) -> Answer<Shares> {
        told(self.do_unshare(context, request).await)
    }

    async fn shares(&self, context: &Context, _: ListShares) -> Answer<Shares> {
        told(self.do_shares(context).await)
    }

    async fn changes(&self, context: &Context, request: ReadChanges) -> Answer<Changes<SharingChange>> {
        self.chassis.serve_changes(context, request).await
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

    async fn snapshot(&self, _: &Context, request: ReadSnapshot) -> Answer<Snapshot<SharingChange>> {
        self.chassis.serve_snapshot(&request, snapshot::rows).await
    }

    async fn accept_loss(&self, context: &Context, request: AcceptLoss) -> Answer<LossAccepted> {
        self.chassis.accept_loss(context, request).await
    }
}
