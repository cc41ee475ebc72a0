//! A call carried out: each question and each command, as the service's method that it is.

use std::time::Duration;

use domain::auth::{CompleteName, Logout, Renew};
use domain::calendar::ListEntries;
use domain::events::{ListEvents, Listing, ShowEvent};
use domain::invitations::{Inbox, ListParticipants, OfPeople};
use domain::sharing::ListShares;
use domain::time::Window;
use domain::{Answer, Context, Error, Instance, Limit, Page, PageCursor, PageRequest, Reply, Zone};
use transport::cluster::Clients;

use crate::app::ask::{Call, Command, Done, Found, Listed, Outcome, Query};
use crate::app::effect::Sent;

/// Pages that are fetched of one list; the screen says when there are more.
const PAGES: usize = 5;
/// How much later than its deadline a call's own "no answer" is waited for.
const GRACE: Duration = Duration::from_millis(200);

/// Carries a call out; it ends by its deadline, whatever the service does.
pub(crate) async fn perform(clients: &Clients, sent: Sent) -> Result<Reply<Outcome>, Error> {
    let mut context = Context::new(sent.credential, sent.timeout).having_seen(sent.seen);
    if let Some((key, sequence)) = sent.identity {
        context = context.as_command(key, sequence);
    }
    let service = sent.call.service();
    let zone = sent.zone;
    let answer = async {
        match sent.call {
            Call::Ask(query) => ask(clients, &context, query, &zone).await.map(|r| r.map(Outcome::Found)),
            Call::Do(command) => carry_out(clients, &context, command).await.map(|r| r.map(Outcome::Done)),
        }
    };
    tokio::time::timeout_at(context.deadline + GRACE, answer).await.unwrap_or(Err(Error::Deadline { service }))
}

async fn ask(clients: &Clients, context: &Context, query: Query, zone: &Zone) -> Answer<Found> {
    match query {
        Query::Entries { of, from, to } => {
            let window = Window::new(Some(from), Some(to), zone.clone())?;
            let mut gathered = Gathered::default();
            loop {
                let request = ListEntries { of: of.clone(), window: window.clone(), page: gathered.next_page() };
                let reply = clients.calendar.entries(context, request).await?;
                let page = reply.map(|page| Page { items: page.items, next: page.next });
                if let Some(all) = gathered.add(page) {
                    return Ok(all.map(Found::Entries));
                }
            }
        }
        Query::Inbox => {
            let mut gathered = Gathered::default();
            loop {
                let page = gathered.next_page();
                let reply = clients.invitations.inbox(context, Inbox { all: true, page }).await?;
                if let Some(all) = gathered.add(reply) {
                    return Ok(all.map(Found::Inbox));
                }
            }
        }
        Query::Public { search, from } => {
            let window = Window::new(Some(from), None, zone.clone())?;
            let mut gathered = Gathered::default();
            loop {
                let (search, window, page) = (search.clone(), window.clone(), gathered.next_page());
                let request = ListEvents { listing: Listing::Public, search, window, page };
                let reply = clients.events.list(context, request).await?;
                if let Some(all) = gathered.add(reply) {
                    return Ok(all.map(Found::Public));
                }
            }
        }
        Query::Event(event) => {
            Ok(clients.events.show(context, ShowEvent { event }).await?.map(|event| Found::Event(Box::new(event))))
        }
        Query::Participants(event) => {
            let page = PageRequest { limit: Limit::MAX, after: None };
            let request = ListParticipants { event, instance: Instance::Series, status: None, page };
            Ok(clients.invitations.participants(context, request).await?.map(Found::Participants))
        }
        Query::MyAnswer { event, me } => {
            let request = OfPeople { event, invitees: vec![me] };
            let reply = clients.invitations.of_people(context, request).await?;
            Ok(reply.map(|found| Found::MyAnswer(found.into_iter().next().map(Box::new))))
        }
        Query::Shares => Ok(clients.sharing.shares(context, ListShares).await?.map(Found::Shares)),
        Query::Names(prefix) => {
            Ok(clients.auth.complete_name(context, CompleteName { prefix }).await?.map(Found::Names))
        }
        Query::Health(service) => Ok(clients.health(service, context).await?.map(Found::Health)),
    }
}

/// The first pages of a list, becoming one.
struct Gathered<T> {
    items: Vec<T>,
    pages: usize,
    after: Option<PageCursor>,
}

impl<T> Default for Gathered<T> {
    fn default() -> Self {
        Self { items: Vec::new(), pages: 0, after: None }
    }
}

impl<T> Gathered<T> {
    fn next_page(&self) -> PageRequest {
        PageRequest { limit: Limit::MAX, after: self.after.clone() }
    }

    /// Takes in a page; the whole, once there are no more pages or enough.
    fn add(&mut self, page: Reply<Page<T>>) -> Option<Reply<Listed<T>>> {
        let Reply { value, seen, behind, settled } = page;
        self.items.extend(value.items);
        self.pages += 1;
        self.after = value.next;
        let whole = self.after.is_none() || self.pages == PAGES;
        whole.then(|| {
            let items = std::mem::take(&mut self.items);
            Reply { value: Listed { items, more: self.after.is_some() }, seen, behind, settled }
        })
    }
}

async fn carry_out(clients: &Clients, context: &Context, command: Command) -> Answer<Done> {
    let Clients { auth, events, invitations, sharing, .. } = clients;
    let event = |event| Done::Event(Box::new(event));
    let invitation = |invitation| Done::Invitation(Box::new(invitation));
    Ok(match command {
        Command::Register(request) => auth.register(context, request.0).await?.map(Done::SignedIn),
        Command::Login(request) => auth.login(context, request.0).await?.map(Done::SignedIn),
        Command::Renew => auth.renew(context, Renew).await?.map(Done::SignedIn),
        Command::Logout => auth.logout(context, Logout).await?.map(|_| Done::SignedOut),
        Command::Create(request) => events.create(context, *request).await?.map(event),
        Command::Edit(request) => events.edit(context, *request).await?.map(event),
        Command::Cancel(request) => events.cancel(context, request).await?.map(event),
        Command::Invite(request) => events.invite(context, request).await?.map(event),
        Command::Respond(request) => invitations.respond(context, request).await?.map(invitation),
        Command::Attend(request) => invitations.attend(context, request).await?.map(invitation),
        Command::Unattend(request) => invitations.unattend(context, request).await?.map(invitation),
        Command::Share(request) => sharing.share(context, request).await?.map(Done::Shares),
        Command::Unshare(request) => sharing.unshare(context, request).await?.map(Done::Shares),
    })
}
