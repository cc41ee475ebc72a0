//! What a filled form comes to.
//!
//! What a field means is judged by the constructors of `domain` and by [`crate::input`], so that the screen and the services agree.

use domain::auth::{ChangePassword, Login, Register};
use domain::events::{Alarms, Capacity, CreateEvent, EditEvent, Event, Invite, MAX_CAPACITY};
use domain::sharing::{Level, ShareCalendar, Unshare};
use domain::time::Rules;
use domain::{
    Description, Error, EventTime, EventTitle, Instance, Location, Password, PasswordAttempt, Username, Zone,
};

use super::made::rules_of;
use super::{Field, Form, Purpose};
use crate::app::ask::{Command, Secret};
use crate::app::import::ToImport;
use crate::app::message::Now;
use crate::input::repeating;
use crate::input::{Here, When};

/// What a filled form comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Filled {
    Send(Command),
    /// Nothing that the service does not have already.
    Unchanged,
    /// A file to be imported.
    Import(ToImport),
    /// A calendar to be opened.
    Open(Username),
}

impl Form {
    /// What stands in a field, without spaces around it; nothing in one that there is not.
    fn said(&self, name: &str) -> String {
        self.field(name).map(|field| field.text().trim().to_owned()).unwrap_or_default()
    }

    /// What the form comes to.
    ///
    /// # Errors
    /// What is wrong with the first field that is wrong, in the order of the fields.
    pub(crate) fn filled(&self, now: Now, zone: &Zone) -> Result<Filled, Error> {
        let text = |name: &str| self.said(name);
        let secret = |name: &str| self.field(name).map_or("", Field::value).to_owned();
        let user = || text("user").parse::<Username>();
        let command = match &self.purpose {
            Purpose::SignIn => {
                let username = user()?;
                if secret("password").is_empty() {
                    return Err(Error::invalid_secret("password", "it is empty; type your password"));
                }
                Command::Login(Secret(Login { username, password: PasswordAttempt::try_from(secret("password"))? }))
            }
            Purpose::Register => {
                let username = user()?;
                let password = Password::try_from(PasswordAttempt::try_from(secret("password"))?)?;
                Command::Register(Secret(Register { username, password }))
            }
            Purpose::NewEvent => Command::Create(Box::new(CreateEvent {
                title: text("title").parse()?,
                time: self.time(now, zone)?,
                location: text("location").parse()?,
                description: text("description").parse()?,
                rules: self.rules(now, zone)?,
                public: text("public") == "yes",
                capacity: capacity(&text("capacity"))?,
                alarms: self.alarms()?,
                invite: names(&text("invite"), false)?,
            })),
            Purpose::EditEvent(event, instance) => match self.edited(event, *instance, now, zone)? {
                EditEvent {
                    title: None,
                    description: None,
                    location: None,
                    time: None,
                    public: None,
                    rules: None,
                    alarms: None,
                    capacity: None,
                    invite,
                    ..
                } if invite.is_empty() => {
                    return Ok(Filled::Unchanged);
                }
                edited => Command::Edit(Box::new(edited)),
            },
            Purpose::Invite(event) => {
                Command::Invite(Invite { event: *event, invitees: names(&text("invite"), true)? })
            }
            Purpose::ShareCalendar => {
                let level = if text("level") == "details" { Level::Details } else { Level::Busy };
                Command::Share(ShareCalendar { with: user()?, level })
            }
            Purpose::StopSharing => Command::Unshare(Unshare { with: user()? }),
            Purpose::ChangePassword => {
                let (current, new, again) = (secret("current"), secret("password"), secret("again"));
                if current.is_empty() {
                    return Err(Error::invalid_secret("current", "it is empty; type the password that you have"));
                }
                if new != again {
                    return Err(Error::invalid_secret(
                        "again",
                        "it differs from the new password; type that once more",
                    ));
                }
                let new = Password::try_from(PasswordAttempt::try_from(new)?)?;
                let current = PasswordAttempt::try_from(current)?;
                Command::ChangePassword(Secret(ChangePassword { current, new }))
            }
            Purpose::DeleteAccount(me) => {
                let typed = text("user");
                if typed != me.as_str() {
                    return Err(Error::invalid("user", typed, format!("type {me} to delete the account {me}")));
                }
                Command::DeleteAccount
            }
            Purpose::OpenCalendar => return user().map(Filled::Open),
            Purpose::ImportCalendar => {
                let file = text("file");
                if file.is_empty() {
                    return Err(Error::invalid("file", "", "it is empty; type the path of a calendar file (.ics)"));
                }
                let zone = text("zone").parse()?;
                return Ok(Filled::Import(ToImport { file, zone, only_look: text("look") == "yes" }));
            }
        };
        Ok(Filled::Send(command))
    }

    /// What the date field means.
    ///
    /// # Errors
    /// Invalid input naming `start` or `zone`.
    pub(crate) fn when(&self, now: Now, reader: &Zone) -> Result<When, Error> {
        let zone = match self.said("zone").as_str() {
            "" => reader.clone(),
            name => name.parse()?,
        };
        let text = self.said("start");
        if text.is_empty() {
            return Err(Error::invalid("start", "", "it is empty; write for example: tomorrow 9am 1h30"));
        }
        Here { now: now.wall, zone }.read("start", &text)
    }

    /// The time that it gives the event: where no end is said, an hour or a day.
    pub(crate) fn time(&self, now: Now, reader: &Zone) -> Result<EventTime, Error> {
        self.when(now, reader)?.event_time()
    }

    /// How it comes again from then on.
    ///
    /// # Errors
    /// What is wrong with its time, or invalid input naming `repeat`.
    pub(crate) fn rules(&self, now: Now, reader: &Zone) -> Result<Rules, Error> {
        repeating::rules(&self.said("repeat"), self.time(now, reader)?.civil_start())
    }

    /// When it reminds.
    ///
    /// # Errors
    /// Invalid input naming `remind`.
    pub(crate) fn alarms(&self) -> Result<Alarms, Error> {
        repeating::alarms(&self.said("remind"))
    }

    /// Other rules than the event has: as long as the words stay the same, so do the rules.
    fn other_rules(
        &self,
        event: &Event,
        instance: Instance,
        before: &EventTime,
        time: &EventTime,
    ) -> Result<Option<Rules>, Error> {
        let Some(field) = self.field("repeat") else { return Ok(None) };
        let known = rules_of(event, instance);
        if field.text().trim() == repeating::written(&known, before.civil_start()) {
            return Ok(None);
        }
        let rules = repeating::rules(&field.text(), time.civil_start())?;
        Ok((rules != known).then_some(rules))
    }

    fn edited(&self, event: &Event, instance: Instance, now: Now, zone: &Zone) -> Result<EditEvent, Error> {
        let text = |name: &str| self.said(name);
        let title: EventTitle = text("title").parse()?;
        let time = self.time(now, zone)?;
        let location: Location = text("location").parse()?;
        // What was not touched is not judged anew, nor are the spaces around it taken for a change.
        let description = match text("description") {
            same if same == event.description.as_str().replace('\r', "").trim() => None,
            other => Some(other.parse::<Description>()?),
        };
        let before = match instance {
            Instance::Series => &event.series.first,
            Instance::On(_) | Instance::From(_) => event.occurrence.as_ref().unwrap_or(&event.series.first),
        };
        // Fields that the form does not have change nothing.
        let public = self.field("public").map(|field| field.value() == "yes");
        let capacity = self.field("capacity").map(|_| capacity(&text("capacity"))).transpose()?;
        Ok(EditEvent {
            event: event.id,
            instance,
            if_version: Some(event.version),
            title: (title != event.title).then_some(title),
            description,
            location: (location != event.location).then_some(location),
            rules: self.other_rules(event, instance, before, &time)?,
            time: (time != *before).then_some(time),
            public: public.filter(|public| *public != event.public),
            capacity: capacity.filter(|capacity| *capacity != event.capacity),
            alarms: self.field("remind").map(|_| self.alarms()).transpose()?.filter(|alarms| *alarms != event.alarms),
            invite: Vec::new(),
        })
    }
}

/// An error without the value, which stands in the field already; except for names among several.
pub(crate) fn said(error: &Error) -> String {
    match error {
        Error::InvalidInput { value, reason, .. } if value.is_empty() => reason.clone(),
        Error::InvalidInput { value, reason, .. } => format!("“{value}”: {reason}"),
        Error::Unavailable { .. } => format!("not done, try again: {error}"),
        other => other.to_string(),
    }
}

/// How many can come; nothing for any number.
fn capacity(text: &str) -> Result<Option<Capacity>, Error> {
    if text.is_empty() {
        return Ok(None);
    }
    let refused = || {
        let why = format!("write a number from 1 to {MAX_CAPACITY}, or nothing if as many may come as like");
        Error::invalid("capacity", text, why)
    };
    let number: u32 = text.parse().map_err(|_| refused())?;
    Capacity::try_from(number).map(Some).map_err(|_| refused())
}

fn names(text: &str, some: bool) -> Result<Vec<Username>, Error> {
    let names: Vec<Username> = text
        .split([',', ' '])
        .filter(|name| !name.is_empty())
        .map(|name| {
            name.parse().map_err(|error| match error {
                Error::InvalidInput { value, reason, .. } => Error::invalid("invite", value, reason),
                other => other,
            })
        })
        .collect::<Result<_, _>>()?;
    if some && names.is_empty() {
        return Err(Error::invalid("invite", "", "nobody is named; give names such as bob, carol"));
    }
    Ok(names)
}
