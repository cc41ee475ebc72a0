//! The forms there are, and how each begins.

use domain::events::Event;
use domain::time::Rules;
use domain::{EventId, Instance, Username, Zone};

use super::field::{Field, Kind};
use super::{Form, Purpose};
use crate::app::{when, which};
use crate::input::repeating;

/// The words of a yes-or-no field.
pub(super) const NO_OR_YES: &[&str] = &["no", "yes"];
/// The words of a share's level.
pub(super) const LEVELS: &[&str] = &["details", "busy times only"];

impl Form {
    fn new(purpose: Purpose, title: impl Into<String>, fields: Vec<Field>) -> Self {
        Self {
            purpose,
            title: title.into(),
            note: String::new(),
            fields,
            focus: 0,
            error: None,
            sent: None,
            dirty: false,
        }
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
        fields.push(capacity_field());
        fields.extend(again_fields());
        Self::new(Purpose::NewEvent, "New event", fields)
    }

    /// The form that changes an event, one instance of it, or one and all that follow. Of one instance only some things can be changed.
    pub(crate) fn edit_event(event: &Event, instance: Instance, zone: &Zone) -> Self {
        let first = &event.series.first;
        let time = match instance {
            Instance::Series => first,
            Instance::On(_) | Instance::From(_) => event.occurrence.as_ref().unwrap_or(first),
        };
        let mut fields = event_fields(time.zone().unwrap_or(zone));
        set(&mut fields, "title", event.title.to_string());
        set(&mut fields, "start", when::written(time));
        set(&mut fields, "location", event.location.to_string());
        set(&mut fields, "description", event.description.to_string());
        if let Instance::On(_) = instance {
            fields.retain(|field| field.name != "public");
        } else {
            set(&mut fields, "public", if event.public { "yes" } else { "no" }.to_owned());
            let places = event.capacity.map(|places| places.get().to_string());
            fields.push(capacity_field().with(places.unwrap_or_default()));
            fields.extend(again_fields());
            set(&mut fields, "repeat", repeating::written(&rules_of(event, instance), time.civil_start()));
            set(&mut fields, "remind", repeating::written_alarms(&event.alarms));
        }
        let title = format!("Edit “{}”{}", event.title, which::said(instance));
        Self::new(Purpose::EditEvent(Box::new(event.clone()), instance), title, fields)
    }

    /// Somewhere else the event being edited was changed to `now`: fields that were not touched here show that, and a field that was
    /// touched on both sides says what it became there. What is saved then is an edit of what the event is now.
    pub(crate) fn follow(&mut self, now: &Event, zone: &Zone) {
        let Purpose::EditEvent(before, instance) = &self.purpose else { return };
        if self.sent.is_some() || before.id != now.id || before.version >= now.version {
            return;
        }
        let instance = *instance;
        let (before, changed) = (Self::edit_event(before, instance, zone), Self::edit_event(now, instance, zone));
        for ((field, was), is) in self.fields.iter_mut().zip(&before.fields).zip(&changed.fields) {
            if was.text() == is.text() || field.text() == is.text() {
                continue;
            }
            if field.text() == was.text() {
                field.set(is.text());
            } else {
                field.error = Some(format!("elsewhere it became “{}”", is.value()));
            }
        }
        self.error = Some("changed elsewhere meanwhile; look it over, and save again".to_owned());
        (self.purpose, self.title) = (changed.purpose, changed.title);
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

    pub(crate) fn import_calendar(zone: &Zone) -> Self {
        let fields = vec![
            Field::new("file", "File", Kind::Path, "~/Downloads/calendar.ics"),
            Field::new("look", "Only look", Kind::Choice(NO_OR_YES), ""),
            Field::new("zone", "Zone", Kind::Text, "Europe/Berlin").with(zone.name()),
        ];
        let note = "The events of an iCalendar file (.ics) become yours. Importing a file again makes nothing twice: what is newer there is \
                    brought up to date. The zone is that of times whose own is nowhere to be found."
            .to_owned();
        Self { note, ..Self::new(Purpose::ImportCalendar, "Import a calendar file", fields) }
    }

    pub(crate) fn change_password() -> Self {
        let fields = vec![
            Field::new("current", "Current", Kind::Secret, "the password that you have"),
            Field::new("password", "New", Kind::Secret, "at least 10 characters"),
            Field::new("again", "Again", Kind::Secret, "the new one once more"),
        ];
        let note = "Your other sessions end when the password changes; this one goes on.".to_owned();
        Self { note, ..Self::new(Purpose::ChangePassword, "Change password", fields) }
    }

    pub(crate) fn delete_account(me: &Username) -> Self {
        let note = format!(
            "Your events are cancelled, your invitations, answers, calendar and shares go, and nobody can be called {me} again. \
             This cannot be undone. To do it, type your user name."
        );
        let field = Field::new("user", "User name", Kind::Text, "your own, as the confirmation");
        let title = format!("Delete the account {me}");
        Self { note, ..Self::new(Purpose::DeleteAccount(me.clone()), title, vec![field]) }
    }
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
        Field::new("description", "About", Kind::Lines, "what it is about; Enter begins a line"),
        Field::new("public", "Public", Kind::Choice(NO_OR_YES), ""),
    ]
}

fn capacity_field() -> Field {
    Field::new("capacity", "Capacity", Kind::Text, "how many can come, or empty")
}

fn again_fields() -> [Field; 2] {
    [
        Field::new("repeat", "Repeat", Kind::Repeat, "every week on tue"),
        Field::new("remind", "Remind", Kind::Remind, "10m, 1d"),
    ]
}

/// The rules of an event, or of what is left of it from an instance on.
pub(super) fn rules_of(event: &Event, instance: Instance) -> Rules {
    match instance {
        Instance::Series => event.series.rules(),
        Instance::On(start) | Instance::From(start) => event.series.rules_from(start),
    }
}

fn set(fields: &mut [Field], name: &str, value: String) {
    if let Some(field) = fields.iter_mut().find(|field| field.name == name) {
        field.set(value);
    }
}
