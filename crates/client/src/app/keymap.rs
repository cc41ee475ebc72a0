//! The keys, as data: what the dispatcher obeys, the footer shows, the palette lists and the help explains is this one list.

use std::cell::OnceCell;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use domain::invitations::Status;

use super::form::{Form, Kind, Purpose};
use super::import::Import;
use super::model::{Layer, Model, Pick, Screen, View};

/// Something that can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Palette,
    Help,
    Back,
    Quit,
    Up,
    Down,
    Left,
    Right,
    First,
    Last,
    PageUp,
    PageDown,
    NextItem,
    PreviousItem,
    PreviousPeriod,
    NextPeriod,
    Today,
    Open,
    Month,
    Week,
    Day,
    Agenda,
    Invitations,
    PublicEvents,
    People,
    Services,
    MyCalendar,
    OpenCalendar,
    Overlay,
    NewEvent,
    EditEvent,
    CancelEvent,
    Invite,
    Uninvite,
    Accept,
    Maybe,
    Decline,
    Attend,
    MaybeAttend,
    Leave,
    Participants,
    ShareCalendar,
    StopSharing,
    ImportCalendar,
    ImportIt,
    StopImport,
    ImportReport,
    Search,
    ClearFilter,
    Undo,
    Retry,
    Register,
    SignIn,
    SignOut,
    ChangePassword,
    DeleteAccount,
    NextField,
    PreviousField,
    Complete,
    Save,
    Enter,
    LeaveForm,
    ThisOne,
    ThisAndFollowing,
    AllOfThem,
    Choose,
    Close,
    Yes,
    No,
}

/// Who has the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Lists, calendars, pages.
    Browse,
    Form,
    Palette,
    Search,
    Help,
    Confirm,
    /// Which instances of an event that recurs are meant.
    Which,
}

/// A key with its modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    code: KeyCode,
    control: bool,
}

/// One thing that can be done, and by which keys and words.
#[derive(Debug)]
pub(crate) struct Binding {
    pub(crate) place: Place,
    pub(crate) keys: &'static [Key],
    pub(crate) action: Action,
    /// What the footer and the palette call it; the palette's words are fixed, since scripts type them.
    pub(crate) words: &'static str,
    /// What the help says.
    pub(crate) explained: &'static str,
    /// Whether the palette lists it.
    pub(crate) in_palette: bool,
    /// Whether the footer shows it; the help always does.
    pub(crate) in_footer: bool,
}

const fn key(c: char) -> Key {
    Key { code: KeyCode::Char(c), control: false }
}

const fn ctrl(c: char) -> Key {
    Key { code: KeyCode::Char(c), control: true }
}

const fn code(code: KeyCode) -> Key {
    Key { code, control: false }
}

macro_rules! bindings {
    ($($place:ident $action:ident [$($key:expr),*] $words:literal $shown:ident $explained:literal;)*) => {
        &[$(Binding {
            place: Place::$place,
            keys: &[$($key),*],
            action: Action::$action,
            words: $words,
            explained: $explained,
            in_palette: matches!(Shown::$shown, Shown::Everywhere | Shown::Palette),
            in_footer: matches!(Shown::$shown, Shown::Everywhere | Shown::Footer),
        }),*]
    };
}

enum Shown {
    /// In footer, palette and help.
    Everywhere,
    /// In footer and help.
    Footer,
    /// In palette and help.
    Palette,
    /// In the help only.
    Help,
}

/// All of them; among those of one key that can be done now, the first counts.
pub(crate) const BINDINGS: &[Binding] = bindings! {
    Browse Undo [key('u')] "undo" Footer "take back what was just done";
    Browse Retry [key('r')] "retry" Footer "ask the services again";
    Browse ClearFilter [code(KeyCode::Esc)] "clear filter" Everywhere "show everything again";
    Browse Open [code(KeyCode::Enter)] "open" Footer "open what is selected";
    Browse ImportIt [code(KeyCode::Enter)] "import it" Everywhere "import the file, or the rest of it";
    Browse StopImport [key('x')] "stop import" Everywhere "stop; what is imported stays";
    Browse Accept [key('a')] "accept" Everywhere "accept the selected invitation";
    Browse Attend [key('a')] "attend" Everywhere "attend the selected public event";
    Browse MaybeAttend [key('m')] "maybe attend" Everywhere "say that I may attend the selected public event";
    Browse Leave [key('d')] "leave event" Everywhere "attend the selected public event no longer";
    Browse Maybe [key('m')] "maybe" Everywhere "say that I may come";
    Browse Decline [key('d')] "decline" Everywhere "say that I do not come";
    Browse EditEvent [key('e')] "edit event" Everywhere "change the selected event";
    Browse Invite [key('v')] "invite" Everywhere "invite people to the selected event";
    Browse Uninvite [key('D')] "uninvite" Everywhere "take back the selected participant's invitation";
    Browse CancelEvent [key('x')] "cancel event" Everywhere "call the selected event off";
    Browse MyCalendar [key('O')] "my calendar" Everywhere "close the other calendar";
    Browse Overlay [key('b')] "both calendars" Everywhere "lay the other calendar over mine, or not";
    Browse NewEvent [key('n')] "new event" Everywhere "make an event on the selected day";
    Browse Invitations [key('i')] "invitations" Everywhere "the invitations that I have received";
    Browse PublicEvents [key('p')] "public events" Everywhere "events that everyone may join";
    Browse People [key('P')] "people" Everywhere "who sees my calendar, and whose I see";
    Browse ShareCalendar [key('s')] "share calendar" Everywhere "let someone see my calendar";
    Browse StopSharing [key('X')] "stop sharing" Everywhere "let someone see it no longer";
    Browse Search [key('/')] "filter" Everywhere "show only what has these words in it";
    Browse OpenCalendar [key('o')] "open calendar" Everywhere "look into somebody's calendar";
    Browse ImportCalendar [key('I')] "import calendar" Palette "import a calendar file (.ics)";
    Browse ImportReport [] "import report" Palette "what became of the imported file";
    Browse Today [key('t')] "today" Everywhere "go to today";
    Browse Month [key('1')] "month" Everywhere "show the month";
    Browse Week [key('2')] "week" Everywhere "show the week";
    Browse Day [key('3')] "day" Everywhere "show the day";
    Browse Agenda [key('4')] "agenda" Everywhere "show the agenda";
    Browse Participants [key('w')] "participants" Palette "who comes to the selected event";
    Browse Services [key('S')] "services" Palette "how the services are";
    Browse PreviousPeriod [key('[')] "before" Footer "the month, week or day before";
    Browse NextPeriod [key(']')] "after" Footer "the next month, week or day";
    Browse NextItem [code(KeyCode::Tab)] "next" Help "the next event of the day";
    Browse PreviousItem [code(KeyCode::BackTab)] "previous" Help "the event before";
    Browse Left [code(KeyCode::Left), key('h')] "left" Help "a day back";
    Browse Down [code(KeyCode::Down), key('j')] "down" Help "down";
    Browse Up [code(KeyCode::Up), key('k')] "up" Help "up";
    Browse Right [code(KeyCode::Right), key('l')] "right" Help "a day on";
    Browse First [key('g'), code(KeyCode::Home)] "first" Help "the first row, or the first of the month";
    Browse Last [key('G'), code(KeyCode::End)] "last" Help "the last row, or the last of the month";
    Browse PageUp [code(KeyCode::PageUp)] "page up" Help "a screen up, or the period before";
    Browse PageDown [code(KeyCode::PageDown)] "page down" Help "a screen down, or the next period";
    Browse Register [] "register" Palette "make an account";
    Browse SignIn [] "sign in" Palette "sign in";
    Browse ChangePassword [] "change password" Palette "choose another password";
    Browse SignOut [] "sign out" Palette "end this session";
    Browse DeleteAccount [] "delete account" Palette "delete my account, with all that is mine";
    Browse Palette [key(':'), ctrl('p')] "commands" Footer "all commands by name";
    Browse Help [key('?')] "help" Everywhere "this list";
    Browse Back [code(KeyCode::Esc), key('q')] "back" Footer "back to where I came from";
    Browse Quit [key('q'), ctrl('c')] "quit" Everywhere "leave Convene";

    Form NextField [code(KeyCode::Tab), code(KeyCode::Down)] "next field" Footer "the next field";
    Form PreviousField [code(KeyCode::BackTab), code(KeyCode::Up)] "previous field" Help "the field before";
    Form Complete [ctrl('e')] "complete name" Footer "complete the name to the first one proposed";
    Form Save [ctrl('s')] "save" Footer "save the form";
    Form Enter [code(KeyCode::Enter)] "next or save" Help "the next field; on the last one, save";
    Form Register [ctrl('r')] "register" Everywhere "make an account instead";
    Form SignIn [ctrl('r')] "sign in" Everywhere "sign in to an account instead";
    Form LeaveForm [code(KeyCode::Esc)] "leave" Footer "leave the form";
    Form Palette [ctrl('p'), key(':')] "commands" Footer "all commands by name";
    Form Quit [ctrl('c')] "quit" Everywhere "leave Convene";

    Palette Choose [code(KeyCode::Enter)] "choose" Footer "do it";
    Palette Down [code(KeyCode::Down), code(KeyCode::Tab)] "next" Footer "the next command";
    Palette Up [code(KeyCode::Up), code(KeyCode::BackTab)] "previous" Footer "the command before";
    Palette Close [code(KeyCode::Esc), ctrl('c')] "close" Footer "close the palette";

    Search Choose [code(KeyCode::Enter)] "filter" Footer "keep this filter";
    Search Close [code(KeyCode::Esc), ctrl('c')] "close" Footer "show what was shown before";

    Help Down [code(KeyCode::Down), key('j')] "down" Footer "further down";
    Help Up [code(KeyCode::Up), key('k')] "up" Footer "further up";
    Help Close [code(KeyCode::Esc), key('q'), key('?'), ctrl('c')] "close" Footer "close the help";

    Which ThisOne [key('1')] "this one" Footer "only the instance that is selected";
    Which ThisAndFollowing [key('2')] "this and following" Footer "it and all that follow";
    Which AllOfThem [key('3')] "all of them" Footer "all instances";
    Which Choose [code(KeyCode::Enter)] "choose" Footer "what is marked";
    Which Down [code(KeyCode::Down), code(KeyCode::Tab), key('j')] "next" Help "the next one";
    Which Up [code(KeyCode::Up), code(KeyCode::BackTab), key('k')] "previous" Help "the one before";
    Which Close [code(KeyCode::Esc), key('q'), ctrl('c')] "close" Footer "do nothing";

    Confirm Yes [key('y')] "yes" Footer "do it";
    Confirm No [key('n'), code(KeyCode::Esc), code(KeyCode::Enter), ctrl('c')] "no" Footer "do not";
};

impl Key {
    fn is(self, event: KeyEvent) -> bool {
        let control = event.modifiers.contains(KeyModifiers::CONTROL);
        self.code == event.code && self.control == control
    }

    /// Whether it is typed into the form's field. A colon is; but no name has one in it, so there it opens the palette as everywhere.
    /// Where several lines are typed, so is what moves between them.
    fn is_text(self, form: &Form) -> bool {
        let field = form.focused();
        match self.code {
            KeyCode::Char(':') if !self.control => !form.is_on_name_or_choice(),
            KeyCode::Enter => field.is_some_and(|field| field.kind == Kind::Lines),
            KeyCode::Up | KeyCode::Down => field.is_some_and(|field| field.keeps_arrow(self.code == KeyCode::Down)),
            _ => false,
        }
    }

    /// As it comes from the terminal.
    #[cfg(test)]
    pub(crate) fn pressed(self) -> KeyEvent {
        let modifiers = if self.control { KeyModifiers::CONTROL } else { KeyModifiers::NONE };
        KeyEvent::new(self.code, modifiers)
    }

    /// As it is written on screens.
    pub(crate) fn written(self) -> String {
        let name = match self.code {
            KeyCode::Char(' ') => "Space".to_owned(),
            KeyCode::Char(c) => c.to_string(),
            KeyCode::Enter => "Enter".to_owned(),
            KeyCode::Esc => "Esc".to_owned(),
            KeyCode::Tab => "Tab".to_owned(),
            KeyCode::BackTab => "Shift-Tab".to_owned(),
            KeyCode::Up => "↑".to_owned(),
            KeyCode::Down => "↓".to_owned(),
            KeyCode::Left => "←".to_owned(),
            KeyCode::Right => "→".to_owned(),
            other => format!("{other:?}"),
        };
        if self.control { format!("ctrl-{name}") } else { name }
    }
}

/// Who has the keys now.
pub(crate) fn place(model: &Model) -> Place {
    match (&model.layer, model.screen()) {
        (Some(Layer::Palette { .. }), _) => Place::Palette,
        (Some(Layer::Help { .. }), _) => Place::Help,
        (Some(Layer::Search { .. }), _) => Place::Search,
        (Some(Layer::Confirm { .. }), _) => Place::Confirm,
        (Some(Layer::Which { .. }), _) => Place::Which,
        (None, Screen::Form(_)) => Place::Form,
        (None, _) => Place::Browse,
    }
}

/// The place below whatever lies over it: where the palette's commands are done.
pub(crate) fn base_place(model: &Model) -> Place {
    match model.screen() {
        Screen::Form(_) => Place::Form,
        _ => Place::Browse,
    }
}

/// What can be done at `place` now.
pub(crate) fn available(model: &Model, place: Place) -> impl Iterator<Item = &'static Binding> + '_ {
    let pick = OnceCell::new();
    BINDINGS.iter().filter(move |binding| binding.place == place && can(model, &pick, binding.action))
}

/// The words by which the configuration may name other keys: those of what is done outside forms.
pub(crate) fn configurable() -> Vec<&'static str> {
    BINDINGS.iter().filter(|binding| binding.place == Place::Browse).map(|binding| binding.words).collect()
}

/// The keys of a binding: its own, or those that the configuration names instead.
pub(crate) fn keys_of(model: &Model, binding: &Binding) -> Vec<Key> {
    match model.settings.keys.get(binding.words) {
        Some(names) if binding.place == Place::Browse => {
            names.iter().map(|name| Key { code: name.code, control: name.control }).collect()
        }
        _ => {
            let is_text =
                |key: &Key| binding.place == Place::Form && model.form().is_some_and(|form| key.is_text(form));
            binding.keys.iter().copied().filter(|key| !is_text(key)).collect()
        }
    }
}

/// The same with the keys that each has now: a key that an earlier one has is not the later one's.
pub(crate) fn keyed(model: &Model, place: Place) -> Vec<(&'static Binding, Vec<Key>)> {
    let mut taken: Vec<Key> = Vec::new();
    available(model, place)
        .map(|binding| {
            let mut keys = keys_of(model, binding);
            keys.retain(|key| !taken.contains(key));
            taken.extend(&keys);
            (binding, keys)
        })
        .collect()
}

/// What the palette lists: the fixed words of everything that can be done now.
pub(crate) fn palette(model: &Model) -> Vec<&'static Binding> {
    let base = base_place(model);
    let mut found: Vec<&'static Binding> = available(model, base).filter(|binding| binding.in_palette).collect();
    if base == Place::Form && model.kept.session.is_some() {
        // From a form one may go anywhere; leaving it is confirmed if something was typed.
        let others = available(model, Place::Browse).filter(|binding| binding.in_palette);
        found.extend(others.filter(|binding| binding.action != Action::Quit));
    } else if base == Place::Form {
        let others = available(model, Place::Browse);
        found.extend(others.filter(|b| matches!(b.action, Action::Services | Action::Help)));
    }
    found
}

/// What a key does now.
pub(crate) fn action(model: &Model, event: KeyEvent) -> Option<Action> {
    let place = place(model);
    let mut keyed = available(model, place).map(|binding| (binding, keys_of(model, binding)));
    keyed.find(|(_, keys)| keys.iter().any(|key| key.is(event))).map(|(binding, _)| binding.action)
}

/// Whether something can be done now. Which event it would be done to is found out once.
fn can(model: &Model, known: &OnceCell<Option<Pick>>, action: Action) -> bool {
    use Action as A;
    let signed_in = model.kept.session.is_some();
    let screen = model.screen();
    let calendar = matches!(screen, Screen::Calendar);
    let pick = || known.get_or_init(|| model.pick()).as_ref();
    let purpose = model.form().map(|form| &form.purpose);
    match action {
        A::Palette | A::Help | A::Choose | A::Close | A::Yes | A::No | A::Save | A::Enter | A::Quit | A::Services => {
            true
        }
        A::ThisOne | A::ThisAndFollowing | A::AllOfThem => matches!(model.layer, Some(Layer::Which { .. })),
        A::NextField | A::PreviousField => model.form().is_some_and(|form| form.fields.len() > 1),
        A::LeaveForm => !matches!(purpose, Some(Purpose::SignIn)),
        A::Complete => {
            let names = model.form().and_then(Form::names_wanted).is_some_and(|p| !model.names(&p).is_empty());
            names || !model.paths().is_empty()
        }
        A::Register => !signed_in && !matches!(purpose, Some(Purpose::Register)),
        // The words of places work also where one is already, so that no script lands elsewhere.
        A::SignIn => !signed_in,
        A::Back => model.screens.len() > 1 || (calendar && model.whose.is_some()),
        A::Up | A::Down | A::First | A::Last | A::PageUp | A::PageDown => {
            !matches!(screen, Screen::Form(_)) || model.layer.is_some()
        }
        A::Left | A::Right | A::PreviousPeriod | A::NextPeriod => calendar,
        A::NextItem | A::PreviousItem => calendar && model.items_on(model.cursor).len() > 1,
        A::Today => signed_in,
        A::Month | A::Week | A::Day | A::Agenda | A::Invitations | A::PublicEvents | A::People => signed_in,
        A::Open => match screen {
            Screen::Calendar => {
                model.selected_item().is_none_or(|item| item.event.is_some())
                    && (model.view != View::Day || pick().is_some())
            }
            Screen::Invitations(_) | Screen::Public(_) => pick().is_some(),
            Screen::People(_) => super::update::sharer(model).is_some(),
            Screen::Event(_) | Screen::Form(_) | Screen::Services(_) | Screen::Import(_) => false,
        },
        A::MyCalendar | A::Overlay => signed_in && model.whose.is_some(),
        A::ImportIt => at_import(model).is_some_and(Import::can_go_on),
        A::StopImport => at_import(model).is_some_and(Import::is_under_way),
        A::ImportReport => signed_in && model.import.is_some(),
        A::OpenCalendar
        | A::NewEvent
        | A::ImportCalendar
        | A::ShareCalendar
        | A::StopSharing
        | A::ChangePassword
        | A::SignOut
        | A::DeleteAccount => signed_in,
        A::EditEvent | A::Invite | A::CancelEvent => pick().is_some_and(|pick| pick.organizing && !pick.cancelled),
        A::Uninvite => model.selected_participant().is_some() && can(model, known, A::Invite),
        A::Accept => pick().is_some_and(|pick| pick.invited && pick.may_answer(Status::Going)),
        A::Attend => pick().is_some_and(|pick| pick.may_join() && pick.may_answer(Status::Going)),
        A::MaybeAttend => pick().is_some_and(|pick| pick.may_join() && pick.may_answer(Status::Maybe)),
        A::Leave => pick().is_some_and(|pick| pick.has_joined() && pick.may_answer(Status::Declined)),
        A::Maybe => pick().is_some_and(|pick| (pick.invited || pick.may_join()) && pick.may_answer(Status::Maybe)),
        A::Decline => {
            pick().is_some_and(|pick| (pick.invited || pick.has_joined()) && pick.may_answer(Status::Declined))
        }
        A::Participants => pick().is_some() && !matches!(screen, Screen::Event(_)),
        A::Search => super::update::filter(model).is_some(),
        A::ClearFilter => super::update::filter(model).is_some_and(|filter| !filter.is_empty()),
        A::Undo => model.toasts.can_undo(),
        A::Retry => model.can_retry(),
    }
}

/// The import, where that is what is on the screen.
fn at_import(model: &Model) -> Option<&Import> {
    model.import.as_ref().filter(|_| matches!(model.screen(), Screen::Import(_)))
}
