//! Forms: labelled fields, what is wrong with each, and the command that a filled form comes to.
//!
//! Whatever is typed stays until the form is left. [`made`] has the forms there are, [`field`] how they are typed, [`filled`] what they
//! come to.

mod field;
mod filled;
mod made;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use domain::events::Event;
use domain::{Error, EventId, Instance, Username};

pub(crate) use self::field::{Field, Kind, type_into};
pub(crate) use self::filled::{Filled, said};
use super::ask::Query;
use super::effect::RequestId;
use super::which;

/// What a form is for.
#[derive(Clone, Debug)]
pub(crate) enum Purpose {
    SignIn,
    Register,
    NewEvent,
    /// An event, and what of it: all, one instance, or one and all that follow.
    EditEvent(Box<Event>, Instance),
    Invite(EventId),
    ShareCalendar,
    StopSharing,
    OpenCalendar,
    ImportCalendar,
    ChangePassword,
    /// Whose, to be typed as a confirmation.
    DeleteAccount(Username),
}

/// A form being filled in.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    pub(crate) purpose: Purpose,
    pub(crate) title: String,
    /// What should be known before it is filled in.
    pub(crate) note: String,
    pub(crate) fields: Vec<Field>,
    pub(crate) focus: usize,
    /// What is wrong with none of the fields in particular.
    pub(crate) error: Option<String>,
    /// The command that it became, until that is answered.
    pub(crate) sent: Option<RequestId>,
    pub(crate) dirty: bool,
}

impl Form {
    pub(crate) fn focused(&self) -> Option<&Field> {
        self.fields.get(self.focus)
    }

    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The question what the event that is edited is now: that is wanted, in case it is changed elsewhere.
    pub(crate) fn edits(&self) -> Option<Query> {
        match &self.purpose {
            Purpose::EditEvent(event, instance) => Some(which::question(event.id, *instance)),
            _ => None,
        }
    }

    /// Whether it holds something that its user would have to type again, and no secret.
    pub(crate) fn is_draft(&self) -> bool {
        let secret = matches!(
            self.purpose,
            Purpose::SignIn | Purpose::Register | Purpose::ChangePassword | Purpose::DeleteAccount(_)
        );
        self.dirty && self.sent.is_none() && !secret
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

    /// The path being typed: its folder, with the `/` at its end, and what follows.
    pub(crate) fn path_begun(&self) -> Option<(&str, &str)> {
        let field = self.focused().filter(|field| field.kind == Kind::Path && self.sent.is_none())?;
        let typed = field.value();
        let (folder, begun) = typed.split_at(typed.rfind('/').map_or(0, |slash| slash + 1));
        Some((folder, begun))
    }

    /// Completes the path being typed to `name` in its folder.
    pub(crate) fn complete_path(&mut self, name: &str) {
        if let Some((folder, _)) = self.path_begun() {
            let completed = format!("{folder}{name}");
            if let Some(field) = self.fields.get_mut(self.focus) {
                field.set(completed);
                field.error = None;
                self.dirty = true;
            }
        }
    }

    /// Completes the name being typed to `name`.
    pub(crate) fn complete(&mut self, name: &Username) {
        if let Some(field) = self.fields.get_mut(self.focus)
            && let Some(begun) = field.name_begun()
        {
            let kept = field.value().len().saturating_sub(begun.len());
            let front = field.value().get(..kept).unwrap_or_default();
            let completed = format!("{front}{name}");
            field.set(completed);
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
        let taken = field.typed(key);
        if taken {
            field.error = None;
            self.error = None;
            self.dirty = true;
        }
        taken
    }

    /// Types a text that was pasted; line breaks stay where there may be lines, and are spaces elsewhere.
    pub(crate) fn pasted(&mut self, text: &str) {
        let lines = self.focused().is_some_and(|field| field.kind == Kind::Lines);
        for character in text.replace("\r\n", "\n").chars() {
            let code = match character {
                '\n' | '\r' if lines => KeyCode::Enter,
                '\n' | '\r' | '\t' => KeyCode::Char(' '),
                control if control.is_control() => continue,
                other => KeyCode::Char(other),
            };
            self.typed(KeyEvent::new(code, KeyModifiers::NONE));
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
            Some("rrule") => "repeat",
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
}
