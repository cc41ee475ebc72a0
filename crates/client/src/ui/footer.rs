//! The line at the bottom: which keys work now, of as many as there is room for those first that one is here for.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::text;
use super::theme::Role;
use crate::app::keymap::{self, Action, Binding, Place};
use crate::app::model::{Model, Screen, View};

/// Cells between two items.
const GAP: usize = 2;

/// A key and what it does.
struct Item {
    /// By this they are left out where it is narrow, the greatest first.
    rank: (u8, usize),
    key: String,
    words: &'static str,
    /// Whether it can be done anywhere: it stands at the right.
    anywhere: bool,
}

impl Item {
    fn width(&self) -> usize {
        text::width(&self.key) + 1 + text::width(self.words)
    }
}

/// Draws the line, whole items only: at the left what can be done here, at the right what can be done anywhere.
pub(crate) fn draw(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let theme = model.settings.theme;
    let width = usize::from(area.width);
    let mut items = items(model, keymap::place(model));
    items.sort_by_key(|item| item.rank);
    while wide(&items) > width {
        items.pop();
    }
    let room = width.saturating_sub(wide(&items));
    let (mut right, left): (Vec<Item>, Vec<Item>) = items.into_iter().partition(|item| item.anywhere);
    right.sort_by_key(|item| item.rank.1);
    let between = if left.is_empty() || right.is_empty() { room } else { room + GAP };
    let spans = |items: Vec<Item>| {
        items.into_iter().enumerate().flat_map(move |(nth, item)| {
            let gap = if nth == 0 { "" } else { "  " };
            [
                Span::raw(gap),
                Span::styled(item.key, theme.style(Role::Accent)),
                Span::styled(format!(" {}", item.words), theme.style(Role::Dim)),
            ]
        })
    };
    let line = spans(left).chain([Span::raw(" ".repeat(between))]).chain(spans(right));
    frame.render_widget(Line::from_iter(line), area);
}

/// Cells that items take.
fn wide(items: &[Item]) -> usize {
    items.iter().map(|item| item.width() + GAP).sum::<usize>().saturating_sub(GAP)
}

fn items(model: &Model, place: Place) -> Vec<Item> {
    let keyed = keymap::keyed(model, place);
    let can = |action| keyed.iter().any(|(binding, _)| binding.action == action);
    let behind = can(Action::Back);
    let item = |(nth, (binding, keys)): (usize, &(&'static Binding, Vec<keymap::Key>))| {
        let key = keys.first().filter(|_| binding.in_footer && !is_here(model, binding.action))?;
        let anywhere = matches!(binding.action, Action::Help | Action::Palette | Action::Back | Action::Quit);
        let rank = match place {
            Place::Browse => in_browse(model, binding.action, behind),
            Place::Form => in_form(binding.action),
            Place::Palette | Place::Search | Place::Help | Place::Confirm | Place::Which => (0, 0),
        };
        // Of equals, the one that stands first among the bindings.
        let rank = (rank.0, if rank.1 == 0 { nth } else { rank.1 });
        Some(Item { rank, key: key.written(), words: binding.words, anywhere })
    };
    keyed.iter().enumerate().filter_map(item).collect()
}

/// Whether it only leads to where one is.
fn is_here(model: &Model, action: Action) -> bool {
    match (action, model.screen()) {
        (Action::Month, Screen::Calendar) => model.view == View::Month,
        (Action::Week, Screen::Calendar) => model.view == View::Week,
        (Action::Day, Screen::Calendar) => model.view == View::Day,
        (Action::Agenda, Screen::Calendar) => model.view == View::Agenda,
        (Action::Invitations, Screen::Invitations(_))
        | (Action::PublicEvents, Screen::Public(_))
        | (Action::People, Screen::People(_)) => true,
        _ => false,
    }
}

/// First what passes and the way back, then where all the rest is found, what the screen is for, and at last other places.
fn in_browse(model: &Model, action: Action, behind: bool) -> (u8, usize) {
    match action {
        Action::Undo | Action::Retry | Action::ClearFilter | Action::Back => (0, 0),
        Action::Palette | Action::Help => (1, 0),
        Action::Quit if !behind => (1, 0),
        Action::Quit => (3, 0),
        _ => match own(model.screen()).iter().position(|own| *own == action) {
            Some(nth) => (2, nth + 1),
            None => (4, 0),
        },
    }
}

/// A form is saved or left; the other form of those who are not signed in comes next.
const fn in_form(action: Action) -> (u8, usize) {
    match action {
        Action::Save => (0, 0),
        Action::LeaveForm => (1, 0),
        Action::Register | Action::SignIn | Action::Complete => (2, 0),
        Action::Palette => (3, 0),
        Action::NextField => (4, 0),
        _ => (5, 0),
    }
}

/// What a screen is for, what is done there most first.
const fn own(screen: &Screen) -> &'static [Action] {
    use Action as A;
    match screen {
        Screen::Calendar => &[
            A::MyCalendar,
            A::Overlay,
            A::Open,
            A::Accept,
            A::Attend,
            A::MaybeAttend,
            A::Maybe,
            A::Leave,
            A::Decline,
            A::EditEvent,
            A::Invite,
            A::CancelEvent,
            A::NewEvent,
            A::Search,
        ],
        Screen::Event(_) | Screen::Invitations(_) | Screen::Public(_) => &[
            A::Open,
            A::Accept,
            A::Attend,
            A::MaybeAttend,
            A::Maybe,
            A::Leave,
            A::Decline,
            A::EditEvent,
            A::Invite,
            A::Uninvite,
            A::CancelEvent,
            A::Search,
        ],
        Screen::People(_) => &[A::ShareCalendar, A::StopSharing, A::OpenCalendar, A::Open, A::Search],
        Screen::Import(_) => &[A::ImportIt, A::StopImport],
        Screen::Form(_) | Screen::Services(_) => &[],
    }
}
