//! A call carried out: each question and each command, as the service's method that it is.

use std::time::Duration;

use domain::auth::{CompleteName, DeleteAccount, Logout, Renew};
use domain::calendar::ListEntries;
use domain::events::{ListEvents, Listing, ShowEvent};
use domain::invitations::{Inbox, ListAnswers, ListParticipants, OfEvents, OfPeople};
use domain::sharing::ListShares;
use domain::time::Window;
use domain::{
    Answer, Context, Error, EventId, Instance, Limit, Page, PageCursor, PageRequest, Positions, Reply, Service, Watch,
    Zone,
};
use transport::cluster::Clients;

use crate::app::ask::{Call, Command, Done, Found, Outcome, Query};
use crate::app::effect::Sent;
use crate::app::item::Item;
use crate::app::line::WAIT;

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
            Call::Ask(query) => ask(clients, &context, query, sent.after, &zone).await.map(|r| r.map(Outcome::Found)),
            Call::Do(command) => carry_out(clients, &context, command).await.map(|r| r.map(Outcome::Done)),
            Call::Hear(after) => {
                clients.invitations.answers(&context, ListAnswers { after }).await.map(|r| r.map(Outcome::Heard))
            }
            Call::Watch { service, seen } => watch(clients, &context, service, seen).await.map(|r| r.map(Outcome::Far)),
        }
    };
    tokio::time::timeout_at(context.deadline + GRACE, answer).await.unwrap_or(Err(Error::Deadline { service }))
}

async fn ask(
    clients: &Clients,
    context: &Context,
    query: Query,
    after: Option<PageCursor>,
    zone: &Zone,
) -> Answer<Found> {
    let page = PageRequest { limit: Limit::MAX, after };
    match query {
        Query::Entries { of, from, to, .. } => {
            let theirs = of.is_some();
            let window = Window::new(Some(from), to, zone.clone())?;
            let reply = clients.calendar.entries(context, ListEntries { of, window, page }).await?;
            Ok(reply.map(|found| {
                let items = found.items.iter().map(|entry| Item::of(entry, zone, theirs)).collect();
                Found::Entries(Page { items, next: found.next })
            }))
        }
        Query::Stretch { from, to, .. } => {
            let window = Window::new(Some(from), Some(to), zone.clone())?;
            let reply = clients.calendar.entries(context, ListEntries { of: None, window, page }).await?;
            Ok(reply.map(|found| {
                let items = found.items.iter().map(|entry| Item::of(entry, zone, false)).collect();
                Found::Entries(Page { items, next: found.next })
            }))
        }
        Query::Inbox { .. } => {
            Ok(clients.invitations.inbox(context, Inbox { all: true, page }).await?.map(Found::Inbox))
        }
        Query::Pending => Ok(clients.invitations.inbox(context, Inbox { all: false, page }).await?.map(Found::Pending)),
        Query::Public { search, from, .. } => {
            let window = Window::new(Some(from), None, zone.clone())?;
            let request = ListEvents { listing: Listing::Public, search, window, page };
            Ok(clients.events.list(context, request).await?.map(Found::Public))
        }
        Query::Event(event) => show(clients, context, event, Instance::Series).await,
        Query::Instance { event, start } => show(clients, context, event, Instance::On(start)).await,
        Query::Apart { event, start } => {
            let request = ListParticipants { event, instance: Instance::On(start), status: None, page };
            Ok(clients.invitations.participants(context, request).await?.map(Found::Participants))
        }
        Query::Participants { event, .. } => {
            let request = ListParticipants { event, instance: Instance::Series, status: None, page };
            Ok(clients.invitations.participants(context, request).await?.map(Found::Participants))
        }
        Query::MyAnswer { event, me } => {
            let request = OfPeople { event, invitees: vec![me] };
            let reply = clients.invitations.of_people(context, request).await?;
            Ok(reply.map(|found| Found::MyAnswer(found.into_iter().next().map(Box::new))))
        }
        Query::Mine(events) => Ok(clients.invitations.mine(context, OfEvents { events }).await?.map(Found::Mine)),
        Query::Shares => Ok(clients.sharing.shares(context, ListShares).await?.map(Found::Shares)),
        Query::Names(prefix) => {
            Ok(clients.auth.complete_name(context, CompleteName { prefix }).await?.map(Found::Names))
        }
        // Where to go on from is not part of the question, so it is asked otherwise.
        Query::Answers => {
            let reply = clients.invitations.answers(context, ListAnswers::default()).await?;
            Ok(reply.map(|answers| Found::Answers(answers.items)))
        }
        Query::Health(service) => Ok(clients.health(service, context).await?.map(Found::Health)),
    }
}

async fn show(clients: &Clients, context: &Context, event: EventId, instance: Instance) -> Answer<Found> {
    let reply = clients.events.show(context, ShowEvent { event, instance }).await?;
    Ok(reply.map(|event| Found::Event(Box::new(event))))
}

async fn watch(clients: &Clients, context: &Context, service: Service, seen: Positions) -> Answer<Positions> {
    let wait_ms = u32::try_from(WAIT.as_millis()).unwrap_or(u32::MAX);
    let request = Watch { seen, wait_ms };
    match service {
        Service::Events => clients.events.watch(context, request).await,
        Service::Invitations => clients.invitations.watch(context, request).await,
        Service::Calendar => clients.calendar.watch(context, request).await,
        Service::Sharing => clients.sharing.watch(context, request).await,
        // Nothing on the screen is auth's: how far it is matters to nobody.
        Service::Auth => Ok(clients.health(service, context).await?.map(|health| health.positions)),
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
        Command::ChangePassword(request) => {
            auth.change_password(context, request.0).await?.map(|_| Done::PasswordChanged)
        }
        Command::DeleteAccount => auth.delete_account(context, DeleteAccount).await?.map(|_| Done::AccountDeleted),
        Command::Create(request) => events.create(context, *request).await?.map(event),
        Command::Import(request) => events.import(context, *request).await?.map(Done::Imported),
        Command::Edit(request) => events.edit(context, *request).await?.map(event),
        Command::Cancel(request) => events.cancel(context, request).await?.map(event),
        Command::Invite(request) => events.invite(context, request).await?.map(event),
        Command::Uninvite(request) => events.uninvite(context, request).await?.map(event),
        Command::Respond(request) => invitations.respond(context, request).await?.map(invitation),
        Command::Attend(request) => invitations.attend(context, request).await?.map(invitation),
        Command::Unattend(request) => invitations.unattend(context, request).await?.map(invitation),
        Command::Share(request) => sharing.share(context, request).await?.map(Done::Shares),
        Command::Unshare(request) => sharing.unshare(context, request).await?.map(Done::Shares),
    })
}
