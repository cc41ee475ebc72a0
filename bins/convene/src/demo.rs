//! The demonstration set: a handful of people whose calendars show everything that Convene can do.
//!
//! Events public and private, timed and all-day, in another zone and in the past, some that come again, one of them full; invitations in every state; shares of both
//! levels. Its days are counted from the day on which it is loaded. It is loaded once: the last thing made is a newcomer with an
//! empty calendar, so where that user exists, all is there already and nothing is changed; where loading broke off, it goes on.

mod script;

use std::collections::BTreeMap;
use std::time::Duration;

use domain::auth::{FindUser, Login, Logout, Register, SignedIn};
use domain::events::{CancelEvent, Capacity, CreateEvent, EditEvent, ListEvents, Listing, Person};
use domain::invitations::{Attend, Respond, Unattend};
use domain::sharing::ShareCalendar;
use domain::time::{Moment, Rules, Window, civil_seconds};
use domain::{
    Answer, Context, Credential, Error, EventId, EventTime, IdempotencyKey, Instance, Limit, PageRequest, Password,
    PasswordAttempt, Positions, Service, SessionToken, Username, Zone,
};
use jiff::civil::Date;
use jiff::{Span, ToSpan as _};
use serde::Serialize;
use tokio::time::Instant;

use crate::commands::answered;
use crate::failure::Failure;
use crate::output::{Document, Notes, Printed};
use crate::reach::Clients;
use crate::when::{self, Here};
use script::{EVENTS, NEWCOMER, Otherwise, PEOPLE, Planned, Reaction, SHARES, When};

/// The password of everyone in the demonstration set.
pub(crate) const PASSWORD: &str = "convene-demo";

/// How long one call may take.
const FOR_A_CALL: Duration = Duration::from_secs(8);
/// How long a service that is busy, or has not heard of something yet, is asked again.
const FOR_NEWS: Duration = Duration::from_secs(10);
/// Between two such questions.
const BETWEEN_TRIES: Duration = Duration::from_millis(100);

/// What there is now.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Loaded {
    /// Who can sign in.
    pub(crate) users: Vec<&'static str>,
    /// With which password.
    pub(crate) password: &'static str,
    /// Whether anything was made; `false` when all was there.
    pub(crate) loaded: bool,
}

impl Document for Loaded {
    fn text(&self) -> String {
        let how = if self.loaded { "Loaded the demonstration set" } else { "The demonstration set is there already" };
        format!("{how}. Sign in as {}; the password is {}\n", self.users.join(", "), self.password)
    }
}

/// `demo`: loads the set, and tells who can sign in.
///
/// # Errors
/// As [`load`].
pub(crate) async fn run(clients: &Clients, here: &Here) -> Result<Printed, Failure> {
    Ok(Printed::new(&load(clients, here).await?, Notes::default()))
}

/// Loads the demonstration set, if it is not there.
///
/// # Errors
/// Conflict when one of its users exists with another password; and what the services report.
pub(crate) async fn load(clients: &Clients, here: &Here) -> Result<Loaded, Failure> {
    let mut loading = Loading {
        clients,
        people: BTreeMap::new(),
        seen: Positions::default(),
        sequence: here.now.as_micros().unsigned_abs(),
    };
    let users: Vec<&'static str> = PEOPLE.iter().copied().chain([NEWCOMER]).collect();
    let first = PEOPLE.first().copied().unwrap_or(NEWCOMER);
    loading.enter(first).await?;
    let there_already = loading.knows(first, NEWCOMER).await?;
    if !there_already {
        loading.everything(here).await?;
    }
    loading.everyone_leaves().await;
    Ok(Loaded { users, password: PASSWORD, loaded: !there_already })
}

/// The people who have come in so far.
struct Loading<'a> {
    clients: &'a Clients,
    people: BTreeMap<&'static str, SessionToken>,
    /// What any of them has seen: people react to what others did just before.
    seen: Positions,
    sequence: u64,
}

impl Loading<'_> {
    /// Makes all that is not there yet; the newcomer last.
    async fn everything(&mut self, here: &Here) -> Result<(), Failure> {
        let clients = self.clients;
        for name in PEOPLE {
            self.enter(name).await?;
        }
        let today = when::today(here)?;
        for planned in EVENTS {
            self.hold(planned, today, &here.zone).await?;
        }
        for (owner, sharee, level) in SHARES {
            let request = ShareCalendar { with: sharee.parse()?, level: *level };
            let share = async |context: &Context| clients.sharing.share(context, request.clone()).await;
            self.done(owner, Service::Sharing, share).await?;
        }
        self.enter(NEWCOMER).await
    }

    /// Ends the sessions that loading took. One that cannot be ended now ends with its time.
    async fn everyone_leaves(&mut self) {
        for token in std::mem::take(&mut self.people).into_values() {
            self.sequence = self.sequence.saturating_add(2);
            let context =
                Context::new(Credential::Session(token), FOR_A_CALL).as_command(IdempotencyKey::new(), self.sequence);
            let _ = answered(Service::Auth, &context, self.clients.auth.logout(&context, Logout)).await;
        }
    }

    /// Registers someone, or signs them in if they are registered.
    async fn enter(&mut self, name: &'static str) -> Result<(), Failure> {
        if self.people.contains_key(name) {
            return Ok(());
        }
        let clients = self.clients;
        let username: Username = name.parse()?;
        let register = Register { username: username.clone(), password: Password::try_from(PASSWORD.to_owned())? };
        let registered = self
            .repeated(Credential::None, Service::Auth, async |context| {
                clients.auth.register(context, register.clone()).await
            })
            .await;
        let SignedIn { token, .. } = match registered {
            Err(Error::Conflict { .. }) => {
                let login = Login { username, password: PasswordAttempt::try_from(PASSWORD.to_owned())? };
                let signed_in = self.repeated(Credential::None, Service::Auth, async |context| {
                    clients.auth.login(context, login.clone()).await
                });
                match signed_in.await {
                    Err(Error::Unauthenticated { .. }) => {
                        let reason = format!(
                            "{name} exists and is not of the demonstration set; load it into an empty data folder"
                        );
                        return Err(Error::conflict("user", reason).into());
                    }
                    answer => answer?,
                }
            }
            answer => answer?,
        };
        self.people.insert(name, token);
        Ok(())
    }

    /// Whether there is a user of this name.
    async fn knows(&mut self, asker: &str, name: &str) -> Result<bool, Failure> {
        let clients = self.clients;
        let request = FindUser { username: name.parse()? };
        let found = self
            .done(asker, Service::Auth, async |context| clients.auth.find_user(context, request.clone()).await)
            .await;
        match found {
            Ok(_) => Ok(true),
            Err(Failure::Refused(Error::NotFound { .. })) => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// Makes one event, with its invitees' answers, unless its organizer has it.
    async fn hold(&mut self, planned: &Planned, today: Date, zone: &Zone) -> Result<(), Failure> {
        let clients = self.clients;
        let event = match self.existing(planned, today, zone).await? {
            Some(event) => event,
            None => {
                let request = CreateEvent {
                    alarms: domain::events::Alarms::default(),
                    capacity: planned.places.map(Capacity::try_from).transpose()?,
                    rules: if planned.rule.is_empty() { Rules::default() } else { Rules::parse(planned.rule)? },
                    title: planned.title.parse()?,
                    description: planned.description.parse()?,
                    location: planned.location.parse()?,
                    time: time_of(planned.when, today, zone)?,
                    public: planned.public,
                    invite: planned.invite.iter().map(|name| name.parse()).collect::<Result<_, Error>>()?,
                };
                let create = async |context: &Context| clients.events.create(context, request.clone()).await;
                self.done(planned.organizer, Service::Events, create).await?.id
            }
        };
        for (name, reaction) in planned.reactions {
            self.react(name, event, *reaction).await?;
        }
        for (days, otherwise) in planned.exceptions {
            let first = civil_seconds(time_of(planned.when, today, zone)?.civil_start());
            let instance = Instance::On(first.saturating_add(days.saturating_mul(86_400)));
            self.except(planned, event, instance, *otherwise, (today, zone)).await?;
        }
        if planned.cancelled {
            let cancel = async |context: &Context| {
                clients.events.cancel(context, CancelEvent { instance: domain::Instance::Series, event }).await
            };
            self.done(planned.organizer, Service::Events, cancel).await?;
        }
        Ok(())
    }

    /// Makes one instance of an event otherwise; done again, it changes nothing.
    async fn except(
        &mut self,
        planned: &Planned,
        event: EventId,
        instance: Instance,
        otherwise: Otherwise,
        (today, zone): (Date, &Zone),
    ) -> Result<(), Failure> {
        let clients = self.clients;
        match otherwise {
            Otherwise::Answered(name, response) => {
                let request = Respond { event, instance, response };
                let respond = async |context: &Context| clients.invitations.respond(context, request).await;
                self.done(name, Service::Invitations, respond).await?;
            }
            Otherwise::CalledOff => {
                let cancel =
                    async |context: &Context| clients.events.cancel(context, CancelEvent { instance, event }).await;
                self.done(planned.organizer, Service::Events, cancel).await?;
            }
            Otherwise::Moved { title, location, when } => {
                let request = EditEvent {
                    event,
                    instance,
                    if_version: None,
                    title: Some(title.parse()?),
                    description: None,
                    location: Some(location.parse()?),
                    time: Some(time_of(when, today, zone)?),
                    rules: None,
                    public: None,
                    capacity: None,
                    alarms: None,
                    invite: Vec::new(),
                };
                let edit = async |context: &Context| clients.events.edit(context, request.clone()).await;
                self.done(planned.organizer, Service::Events, edit).await?;
            }
        }
        Ok(())
    }

    /// The event, if an earlier, broken-off loading made it.
    async fn existing(&mut self, planned: &Planned, today: Date, zone: &Zone) -> Result<Option<EventId>, Failure> {
        let clients = self.clients;
        let organizer = Person::Named(planned.organizer.parse()?);
        let from = today.checked_sub(60.days()).unwrap_or(today);
        let request = ListEvents {
            listing: Listing::Mine,
            search: Some(planned.title.parse()?),
            window: Window::new(Some(from), None, zone.clone())?,
            page: PageRequest { limit: Limit::MAX, after: None },
        };
        let list = async |context: &Context| clients.events.list(context, request.clone()).await;
        let page = self.done(planned.organizer, Service::Events, list).await?;
        Ok(page.items.into_iter().find(|event| event.organizer == organizer).map(|event| event.id))
    }

    async fn react(&mut self, name: &str, event: EventId, reaction: Reaction) -> Result<(), Failure> {
        let clients = self.clients;
        let instance = Instance::Series;
        let act = async |context: &Context| match reaction {
            Reaction::Answers(response) => {
                clients.invitations.respond(context, Respond { event, instance, response }).await
            }
            Reaction::Joins { maybe } => clients.invitations.attend(context, Attend { event, instance, maybe }).await,
            Reaction::Leaves => {
                clients.invitations.attend(context, Attend { event, instance, maybe: false }).await?;
                let again = context.clone().as_command(IdempotencyKey::new(), context.sequence.unwrap_or(0) + 1);
                clients.invitations.unattend(&again, Unattend { event, instance }).await
            }
        };
        self.done(name, Service::Invitations, act).await.map(|_| ())
    }

    /// Calls a service in someone's name.
    async fn done<T>(
        &mut self,
        name: &str,
        service: Service,
        call: impl AsyncFn(&Context) -> Answer<T>,
    ) -> Result<T, Failure> {
        let token = self.people.get(name).cloned();
        let token = token.ok_or_else(|| Failure::Here(format!("{name} is not of the demonstration set")))?;
        Ok(self.repeated(Credential::Session(token), service, call).await?)
    }

    /// Calls a service, under one identity, until it answers: it may be busy, or not have heard yet of what was done just before.
    async fn repeated<T>(
        &mut self,
        credential: Credential,
        service: Service,
        call: impl AsyncFn(&Context) -> Answer<T>,
    ) -> Result<T, Error> {
        let until = Instant::now() + FOR_NEWS;
        self.sequence = self.sequence.saturating_add(2);
        let key = IdempotencyKey::new();
        loop {
            let context = Context::new(credential.clone(), FOR_A_CALL)
                .having_seen(self.seen.clone())
                .as_command(key, self.sequence);
            match answered(service, &context, call(&context)).await {
                Ok(reply) => {
                    self.seen.merge(&reply.seen);
                    return Ok(reply.value);
                }
                Err(Error::Unavailable { .. } | Error::Deadline { .. } | Error::RateLimited { .. })
                    if Instant::now() < until =>
                {
                    tokio::time::sleep(BETWEEN_TRIES).await;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// When something planned is, seen from today.
fn time_of(when: When, today: Date, zone: &Zone) -> Result<EventTime, Error> {
    let out_of_years = || Error::invalid("start", today.to_string(), "the machine's clock is far off; set it");
    let on = |days: i64| today.checked_add(Span::new().days(days)).map_err(|_| out_of_years());
    match when {
        When::At { day, hour, minute, minutes, zone: elsewhere } => {
            let zone = elsewhere.map_or_else(|| Ok(zone.clone()), str::parse)?;
            let start = Moment::in_zone("start", on(day)?.at(hour, minute, 0, 0), &zone)?;
            let end = start.instant(&zone).saturating_add(minutes.saturating_mul(60));
            let end = jiff::Timestamp::from_second(end).map_err(|_| out_of_years())?;
            EventTime::timed(start, Moment::at("end", end, &zone)?, zone)
        }
        When::Days { day, days } => EventTime::all_day(on(day)?, on(day.saturating_add(days))?),
    }
}

#[cfg(test)]
mod tests;
