//! Someone who sits at a terminal with the client in it, and uses nothing but keys.

use domain::Service;

use crate::installation::Installation;
use crate::tmux::Terminal;

/// A person at the client.
pub(crate) struct Person<'a> {
    pub(crate) terminal: Terminal<'a>,
    name: String,
}

/// What everyone's password is.
pub(crate) const PASSWORD: &str = "correct horse battery";

impl<'a> Person<'a> {
    /// Opens a terminal, and the client in it; nobody is signed in.
    pub(crate) fn sits_down(installation: &'a Installation, name: &str, size: (u16, u16)) -> Self {
        let person = Self { terminal: installation.terminal(name, size), name: name.to_owned() };
        person.opens_the_client();
        person.terminal.shows("Sign in");
        person
    }

    /// The same, registered.
    pub(crate) fn registered(installation: &'a Installation, name: &str, size: (u16, u16)) -> Self {
        let person = Self::sits_down(installation, name, size);
        person.registers();
        person
    }

    /// Types the command that opens the client, as this person.
    pub(crate) fn opens_the_client(&self) {
        self.terminal.types(&format!("convene --profile {}", self.name));
        self.terminal.key("Enter");
    }

    /// Makes an account, from the form that one is greeted with.
    pub(crate) fn registers(&self) {
        self.in_form("register");
        self.terminal.shows("┌ Register");
        self.fills(&[&self.name, PASSWORD]);
        self.saves();
        self.terminal.shows("my calendar");
    }

    /// Says a word of the palette, where letters are keys.
    pub(crate) fn says(&self, words: &str) {
        self.palette(":", words);
    }

    /// Says a word of the palette, where letters are text.
    pub(crate) fn in_form(&self, words: &str) {
        self.palette("C-p", words);
    }

    fn palette(&self, key: &str, words: &str) {
        self.terminal.key(key);
        self.terminal.shows("┌ Commands");
        self.terminal.types(words);
        let chosen = format!("│▸ {words} ");
        self.terminal.shows(&chosen);
        self.terminal.key("Enter");
        self.terminal.shows_no_longer("┌ Commands");
    }

    /// Types into the fields of a form, from the one that has the focus; an empty text leaves a field as it is.
    pub(crate) fn fills(&self, fields: &[&str]) {
        for (nth, text) in fields.iter().enumerate() {
            if nth > 0 {
                self.terminal.key("Tab");
            }
            if !text.is_empty() {
                self.terminal.types(text);
            }
        }
    }

    /// Saves a form.
    pub(crate) fn saves(&self) {
        self.terminal.key("C-s");
    }

    /// Leaves whatever is open, until `text` is shown.
    pub(crate) fn goes_back_to(&self, text: &str) {
        self.terminal.key("Escape");
        self.terminal.shows(text);
    }

    /// Makes an event and waits for its page.
    pub(crate) fn makes(&self, title: &str, when: &str, public: bool, invited: &str) {
        self.says("new event");
        self.terminal.shows("┌ New event");
        self.fills(&[title, when, "", "", "", if public { "y" } else { "" }, invited]);
        self.saves();
        self.terminal.shows(&format!("made “{title}”"));
    }

    /// Waits until some pane says that `service` is away, how old its data is, and which key asks again.
    pub(crate) fn is_told_of(&self, service: Service) {
        self.terminal.until(&format!("{service} is said to be away, with age and key"), |screen| {
            complaints(screen, service).any(|line| line.contains(" old") && line.contains("r retries"))
        });
    }

    /// Waits until no pane says that `service` is away.
    pub(crate) fn is_told_no_more_of(&self, service: Service) {
        self.terminal.until(&format!("{service} is no longer said to be away"), |screen| {
            complaints(screen, service).next().is_none()
        });
    }
}

/// The lines that say of a service that it is away.
pub(crate) fn complaints(screen: &str, service: Service) -> impl Iterator<Item = &str> {
    let ways = [format!("{service} is down"), format!("{service} does not answer")];
    screen.lines().filter(move |line| ways.iter().any(|way| line.contains(way.as_str())))
}
