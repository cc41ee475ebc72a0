//! Forms: labelled fields, what is wrong with each, and the command that a filled form comes to.
//!
//! Whatever is typed stays until the form is left. What a field means is judged by the constructors of `domain` and by
//! [`crate::input`], so that the screen and the services agree.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use domain::auth::{Login, Register};
use domain::events::{CreateEvent, EditEvent, Event, Invite};
use domain::sharing::{Level, ShareCalendar, Unshare};
use domain::{Description, Error, EventId, EventTime, EventTitle, Location, Password, PasswordAttempt, Username, Zone};
use tui_input::{Input, InputRequest};

use super::ask::{Command, Secret};
use super::effect::RequestId;
use super::message::Now;
use super::when;

/// What a form is for.
#[derive(Clone, Debug)]
pub(crate) enum Purpose {
    SignIn,
    Register,
    NewEvent,
    EditEvent(Box<Event>),
    Invite(EventId),
    ShareCalendar,
    StopSharing,
    OpenCalendar,
}

/// How a field is typed and shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    /// Never shown.
    Secret,
    /// One name, completed.
    User,
    /// Several names, completed.
    Users,
    /// A date as people write it; its meaning is shown beside it.
    When,
    /// One of these, changed with space and the arrows.
    Choice(&'static [&'static str]),
}

/// One field.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    /// The word by which a service's error names it.
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) kind: Kind,
    pub(crate) input: Input,
    pub(crate) error: Option<String>,
    /// What could stand here, shown while it is empty.
    pub(crate) example: &'static str,
}

/// A form being filled in.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    pub(crate) purpose: Purpose,
    pub(crate) title: String,
    pub(crate) fields: Vec<Field>,
    pub(crate) focus: usize,
    /// What is wrong with none of the fields in particular.
    pub(crate) error: Option<String>,
    /// The command that it became, until that is answered.
    pub(crate) sent: Option<RequestId>,
    pub(crate) dirty: bool,
}

/// What a filled form comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Filled {
    Send(Command),
    /// A calendar to be opened.
    Open(Username),
}

/// The words of a yes-or-no field.
pub(crate) const NO_OR_YES: &[&str] = &["no", "yes"];
/// The words of a share's level.
pub(crate) const LEVELS: &[&str] = &["details", "busy times only"];

impl Field {
    fn new(name: &'static str, label: &'static str, kind: Kind, example: &'static str) -> Self {
        let first = match kind {
            Kind::Choice(words) => words.first().copied().unwrap_or_default(),
            _ => "",
        };
        Self { name, label, kind, input: Input::new(first.to_owned()), error: None, example }
    }

    fn with(mut self, value: impl Into<String>) -> Self {
        self.input = Input::new(value.into());
        self
    }

    pub(crate) fn value(&self) -> &str {
        self.input.value()
    }

    /// The part of the text that is being completed to a name.
    fn name_begun(&self) -> Option<&str> {
        let last = match self.kind {
            Kind::User => self.value(),
            Kind::Users => self.value().rsplit([',', ' ']).next().unwrap_or_default(),
            _ => return None,
        };
        (!last.is_empty() && last.len() <= 32).then_some(last)
    }
}

impl Form {
    fn new(purpose: Purpose, title: impl Into<String>, fields: Vec<Field>) -> Self {
        Self { purpose, title: title.into(), fields, focus: 0, error: None, sent: None, dirty: false }
    }

    pub(crate) fn sign_in() -> Self {
        Self::new(Purpose::SignIn, "Sign in", vec![user_field("User name"), password_field("your password")])
    }

    pub(crate) fn register() -> Self {
        let fields = vec![user_field("User name"), password_field("at least 10 characters")];
        Self::new(Purpose::Register, "Register", fields)
    }

    pub(crate) fn new_event(day: jiff::civil::Date, is_today: bool, zone: &Zone) -> Self {
        let when = if is_today { String::new() } else { format!("{day} ") };
        let mut fields = event_fields(zone);
        set(&mut fields, "start", when);
        fields.push(Field::new("invite", "Invite", Kind::Users, "bob, carol"));
        Self::new(Purpose::NewEvent, "New event", fields)
    }

    pub(crate) fn edit_event(event: &Event, zone: &Zone) -> Self {
        let time = &event.series.first;
        let mut fields = event_fields(time.zone().unwrap_or(zone));
        set(&mut fields, "title", event.title.to_string());
        set(&mut fields, "start", when::written(time));
        set(&mut fields, "location", event.location.to_string());
        set(&mut fields, "description", event.description.as_str().replace('\n', " "));
        set(&mut fields, "public", if event.public { "yes" } else { "no" }.to_owned());
        Self::new(Purpose::EditEvent(Box::new(event.clone())), format!("Edit “{}”", event.title), fields)
    }

    pub(crate) fn invite(event: EventId, title: &str) -> Self {
        let field = Field::new("invite", "Invite", Kind::Users, "bob, carol");
        Self::new(Purpose::Invite(event), format!("Invite to “{title}”"), vec![field])
    }

    pub(crate) fn share_calendar() -> Self {
        let level = Field::new("level", "They see", Kind::Choice(LEVELS), "");
        Self::new(Purpose::ShareCalendar, "Share my calendar", vec![name_field("With"), level])
    }

    pub(crate) fn stop_sharing(with: Option<&Username>) -> Self {
        let field = name_field("With").with(with.map(ToString::to_string).unwrap_or_default());
        Self::new(Purpose::StopSharing, "Stop sharing my calendar", vec![field])
    }

    pub(crate) fn open_calendar() -> Self {
        Self::new(Purpose::OpenCalendar, "Open a calendar", vec![name_field("Whose")])
    }

    pub(crate) fn focused(&self) -> Option<&Field> {
        self.fields.get(self.focus)
    }

    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The beginning of a name for which completions are wanted.
    pub(crate) fn names_wanted(&self) -> Option<String> {
        if matches!(self.purpose, Purpose::SignIn | Purpose::Register) {
            return None;
        }
        self.focused()?.name_begun().map(str::to_owned)
    }

    /// Whether a colon can be no part of what is typed here.
    pub(crate) fn is_on_name_or_choice(&self) -> bool {
        self.focused().is_some_and(|field| {
            field.name == "user" || matches!(field.kind, Kind::User | Kind::Users | Kind::Choice(_))
        })
    }

    /// Completes the name being typed to `name`.
    pub(crate) fn complete(&mut self, name: &Username) {
        if let Some(field) = self.fields.get_mut(self.focus)
            && let Some(begun) = field.name_begun()
        {
            let kept = field.value().len().saturating_sub(begun.len());
            let front = field.value().get(..kept).unwrap_or_default();
            field.input = Input::new(format!("{front}{name}"));
        }
    }

    pub(crate) fn is_on_last_field(&self) -> bool {
        self.focus + 1 >= self.fields.len()
    }

    pub(crate) fn move_focus(&mut self, forward: bool) {
        let count = self.fields.len().max(1);
        self.focus = (self.focus + if forward { 1 } else { count - 1 }) % count;
    }

    /// Types a key into the focused field; whether it meant something there.
    pub(crate) fn typed(&mut self, key: KeyEvent) -> bool {
        let Some(field) = self.fields.get_mut(self.focus) else { return false };
        let taken = match field.kind {
            Kind::Choice(words) => choose(field, words, key.code),
            _ => type_into(&mut field.input, key),
        };
        if taken {
            field.error = None;
            self.error = None;
            self.dirty = true;
        }
        taken
    }

    pub(crate) fn pasted(&mut self, text: &str) {
        for character in text.chars().filter(|c| !c.is_control()) {
            self.typed(KeyEvent::new(KeyCode::Char(character), KeyModifiers::NONE));
        }
    }

    /// Puts an error beside the field that it names.
    pub(crate) fn refuse(&mut self, error: &Error) {
        self.sent = None;
        let named = match error.field() {
            Some("end" | "zone" | "when" | "date" | "for" | "time") if self.field("zone").is_some() => {
                if error.field() == Some("zone") { "zone" } else { "start" }
            }
            Some("user") if self.field("user").is_none() => "invite",
            Some(field) => field,
            None => "",
        };
        let said = said(error);
        match self.fields.iter().position(|field| field.name == named) {
            Some(at) => {
                self.focus = at;
                if let Some(field) = self.fields.get_mut(at) {
                    field.error = Some(said);
                }
            }
            None => self.error = Some(said),
        }
    }

    /// What the form comes to.
    ///
    /// # Errors
    /// What is wrong with the first field that is wrong, in the order of the fields.
    pub(crate) fn filled(&self, now: Now, zone: &Zone) -> Result<Filled, Error> {
        let text = |name: &str| self.field(name).map_or("", |field| field.value().trim());
        let secret = || self.field("password").map_or("", Field::value).to_owned();
        let user = || text("user").parse::<Username>();
        let command = match &self.purpose {
            Purpose::SignIn => {
                let username = user()?;
                if secret().is_empty() {
                    return Err(Error::invalid_secret("password", "it is empty; type your password"));
                }
                Command::Login(Secret(Login { username, password: PasswordAttempt::try_from(secret())? }))
            }
            Purpose::Register => {
                let username = user()?;
                let password = Password::try_from(PasswordAttempt::try_from(secret())?)?;
                Command::Register(Secret(Register { username, password }))
            }
            Purpose::NewEvent => Command::Create(Box::new(CreateEvent {
                title: text("title").parse()?,
                time: self.time(now, zone)?,
                location: text("location").parse()?,
                description: text("description").parse()?,
                public: text("public") == "yes",
                invite: names(text("invite"), false)?,
            })),
            Purpose::EditEvent(event) => Command::Edit(Box::new(self.edited(event, now, zone)?)),
            Purpose::Invite(event) => Command::Invite(Invite { event: *event, invitees: names(text("invite"), true)? }),
            Purpose::ShareCalendar => {
                let level = if text("level") == "details" { Level::Details } else { Level::Busy };
                Command::Share(ShareCalendar { with: user()?, level })
            }
            Purpose::StopSharing => Command::Unshare(Unshare { with: user()? }),
            Purpose::OpenCalendar => return user().map(Filled::Open),
        };
        Ok(Filled::Send(command))
    }

    /// What the date field means.
    ///
    /// # Errors
    /// Invalid input naming `start` or `zone`.
    pub(crate) fn time(&self, now: Now, reader: &Zone) -> Result<EventTime, Error> {
        let text = |name: &str| self.field(name).map_or("", |field| field.value().trim());
        let zone = match text("zone") {
            "" => reader.clone(),
            name => name.parse()?,
        };
        when::meant(text("start"), now.wall, &zone)
    }

    fn edited(&self, event: &Event, now: Now, zone: &Zone) -> Result<EditEvent, Error> {
        let text = |name: &str| self.field(name).map_or("", |field| field.value().trim());
        let title: EventTitle = text("title").parse()?;
        // What was not touched is not judged anew: a line break of the description is no change.
        let touched = |name: &str, was: &str| text(name) != was.trim();
        let time = self.time(now, zone)?;
        let location: Location = text("location").parse()?;
        let description = if touched("description", &event.description.as_str().replace('\n', " ")) {
            Some(text("description").parse::<Description>()?)
        } else {
            None
        };
        let public = text("public") == "yes";
        Ok(EditEvent {
            event: event.id,
            if_version: Some(event.version),
            title: (title != event.title).then_some(title),
            description,
            location: (location != event.location).then_some(location),
            time: (time != event.series.first).then_some(time),
            public: (public != event.public).then_some(public),
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

fn user_field(label: &'static str) -> Field {
    Field::new("user", label, Kind::Text, "alice")
}

fn name_field(label: &'static str) -> Field {
    Field::new("user", label, Kind::User, "bob")
}

fn password_field(example: &'static str) -> Field {
    Field::new("password", "Password", Kind::Secret, example)
}

fn event_fields(zone: &Zone) -> Vec<Field> {
    vec![
        Field::new("title", "Title", Kind::Text, "Planning"),
        Field::new("start", "When", Kind::When, "tomorrow 9am 1h30"),
        Field::new("zone", "Zone", Kind::Text, "Europe/Berlin").with(zone.name()),
        Field::new("location", "Location", Kind::Text, "Room 1"),
        Field::new("description", "About", Kind::Text, "what it is about"),
        Field::new("public", "Public", Kind::Choice(NO_OR_YES), ""),
    ]
}

fn set(fields: &mut [Field], name: &str, value: String) {
    if let Some(field) = fields.iter_mut().find(|field| field.name == name) {
        field.input = Input::new(value);
    }
}

fn choose(field: &mut Field, words: &[&'static str], key: KeyCode) -> bool {
    let forward = match key {
        KeyCode::Char(' ') | KeyCode::Right => true,
        KeyCode::Left => false,
        KeyCode::Char(letter) => {
            let begins = words.iter().find(|word| word.starts_with(letter.to_ascii_lowercase()));
            if let Some(word) = begins {
                field.input = Input::new((*word).to_owned());
            }
            return begins.is_some();
        }
        _ => return false,
    };
    let count = words.len().max(1);
    let at = words.iter().position(|word| *word == field.value()).unwrap_or(0);
    let next = (at + if forward { 1 } else { count - 1 }) % count;
    field.input = Input::new(words.get(next).copied().unwrap_or_default().to_owned());
    true
}

/// Edits a line as terminals do; whether the key meant something.
pub(crate) fn type_into(input: &mut Input, key: KeyEvent) -> bool {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    let request = match (key.code, control) {
        (KeyCode::Char(c), false) if !key.modifiers.contains(KeyModifiers::ALT) => InputRequest::InsertChar(c),
        (KeyCode::Backspace, false) | (KeyCode::Char('h'), true) => InputRequest::DeletePrevChar,
        (KeyCode::Delete, _) => InputRequest::DeleteNextChar,
        (KeyCode::Left, false) | (KeyCode::Char('b'), true) => InputRequest::GoToPrevChar,
        (KeyCode::Right, false) => InputRequest::GoToNextChar,
        (KeyCode::Left, true) => InputRequest::GoToPrevWord,
        (KeyCode::Right, true) => InputRequest::GoToNextWord,
        (KeyCode::Home, _) | (KeyCode::Char('a'), true) => InputRequest::GoToStart,
        (KeyCode::End, _) => InputRequest::GoToEnd,
        (KeyCode::Char('w') | KeyCode::Backspace, true) => InputRequest::DeletePrevWord,
        (KeyCode::Char('u'), true) => InputRequest::DeleteLine,
        (KeyCode::Char('k'), true) => InputRequest::DeleteTillEnd,
        _ => return false,
    };
    input.handle(request);
    true
}
