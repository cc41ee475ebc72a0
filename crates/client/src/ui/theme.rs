//! How each *role* on the screen looks, with colours and without.
//!
//! Screens name roles (today, focus, declined), never colours, so that one file decides what the client looks like and a test
//! can hold it to its promise: focus, today, selected and has-events differ by modifier, not by colour alone, and each has a
//! glyph beside it for those who see neither. Colours are the sixteen that people choose for their own terminal, so that the
//! client suits a light background as well as a dark one. What is drawn where is the business of the screens.

use std::ffi::OsStr;

use ratatui::style::{Color, Modifier, Style};

/// What something on the screen is, as far as its looks go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Ordinary text.
    Text,
    /// Text of less weight: hints, days of other months, what is past or old.
    Dim,
    /// What the eye should find first: headings, names of keys.
    Accent,
    /// What the next key acts on.
    Focus,
    /// The day that it is.
    Today,
    /// What was chosen, whether or not it has the focus.
    Selected,
    /// A day on which something happens.
    HasEvents,
    /// The line that says how late it is.
    Now,
    /// Something to be careful about: old data, an unconfirmed answer.
    Warning,
    /// What went wrong.
    Error,
    /// What went well.
    Success,
    /// An event that I organize.
    Organizing,
    /// An event, or a person, that is sure to come.
    Going,
    /// One that may.
    Maybe,
    /// One that has not been answered.
    Pending,
    /// One that does not.
    Declined,
    /// One that waits for a place.
    Waiting,
    /// An interval of which only that it is taken is known.
    Busy,
    /// An entry of somebody else's calendar.
    Theirs,
    /// A frame around a pane.
    Border,
    /// The frame around the pane with the focus.
    FocusedBorder,
}

impl Role {
    /// Every role, in the order of their declaration.
    pub const ALL: [Self; 21] = [
        Self::Text,
        Self::Dim,
        Self::Accent,
        Self::Focus,
        Self::Today,
        Self::Selected,
        Self::HasEvents,
        Self::Now,
        Self::Warning,
        Self::Error,
        Self::Success,
        Self::Organizing,
        Self::Going,
        Self::Maybe,
        Self::Pending,
        Self::Declined,
        Self::Waiting,
        Self::Busy,
        Self::Theirs,
        Self::Border,
        Self::FocusedBorder,
    ];
}

/// The glyphs that say without colour what a role says; each one cell wide.
pub mod glyph {
    /// Stands before what has the focus; nothing else on the screen uses it.
    pub const FOCUS: &str = "▸";
    /// Stands before what is selected while the focus is elsewhere.
    pub const SELECTED: &str = "›";
    /// Stands behind today's number.
    pub const TODAY: &str = "*";
    /// One event of a day that has no room for titles.
    pub const DOT: &str = "•";
    /// What is left of a text that was cut.
    pub const CUT: &str = "…";
    /// An event that I organize.
    pub const ORGANIZING: &str = "◆";
    /// One I go to, or a person who comes.
    pub const GOING: &str = "●";
    /// One I may go to, or a person who may come.
    pub const MAYBE: &str = "◐";
    /// One not answered.
    pub const PENDING: &str = "○";
    /// One declined.
    pub const DECLINED: &str = "✗";
    /// One who waits for a place.
    pub const WAITING: &str = "◌";
    /// A time that is taken.
    pub const BUSY: &str = "▒";
    /// Something comes soon.
    pub const BELL: &str = "♪";
    /// An event that comes again.
    pub const REPEATS: &str = "↻";
    /// A part of something long that is done.
    pub const DONE: &str = "█";
    /// A part that is not.
    pub const AHEAD: &str = "░";
}

/// What the configuration may ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Palette {
    /// Colours, unless `NO_COLOR` says otherwise.
    #[default]
    Auto,
    /// Colours, whatever `NO_COLOR` says: what somebody wrote down for this client outranks a wish about all programs.
    Colours,
    /// No colours.
    Colourless,
}

/// A look for every [`Role`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    coloured: bool,
}

impl Theme {
    /// With the terminal's sixteen colours.
    #[must_use]
    pub const fn coloured() -> Self {
        Self { coloured: true }
    }

    /// With modifiers only: bold, dim, italic, underlined, reversed, crossed out.
    #[must_use]
    pub const fn colourless() -> Self {
        Self { coloured: false }
    }

    /// What `palette` and the value of `NO_COLOR` come to; as no-color.org has it, any value but the empty one counts.
    #[must_use]
    pub fn chosen(palette: Palette, no_color: Option<&OsStr>) -> Self {
        let coloured = match palette {
            Palette::Auto => no_color.is_none_or(OsStr::is_empty),
            Palette::Colours => true,
            Palette::Colourless => false,
        };
        Self { coloured }
    }

    /// Whether it uses colours.
    #[must_use]
    pub const fn is_coloured(self) -> bool {
        self.coloured
    }

    /// How `role` looks: modifiers always, colours if there are any. Made to be patched over what lies below.
    #[must_use]
    pub fn style(self, role: Role) -> Style {
        let style = Style::new().add_modifier(modifiers(role, self.coloured));
        match colour(role) {
            Some(colour) if self.coloured => style.fg(colour),
            _ => style,
        }
    }
}

/// Makes crossterm send styles even under `NO_COLOR`. Left alone it then sends a bare reset for every change of colour, which
/// also erases reverse video, and with it the focus. Called once, before the first frame: which colours there are is decided
/// by [`Theme::chosen`].
pub fn send_styles_always() {
    crossterm::style::force_color_output(true);
}

const fn modifiers(role: Role, coloured: bool) -> Modifier {
    match role {
        Role::Text | Role::Theirs => Modifier::empty(),
        Role::Dim | Role::Border | Role::Busy => Modifier::DIM,
        Role::Accent | Role::HasEvents | Role::FocusedBorder | Role::Organizing | Role::Now => Modifier::BOLD,
        Role::Focus => Modifier::REVERSED.union(Modifier::BOLD),
        Role::Selected => Modifier::REVERSED,
        Role::Today => Modifier::BOLD.union(Modifier::UNDERLINED),
        Role::Error => {
            if coloured {
                Modifier::BOLD
            } else {
                Modifier::BOLD.union(Modifier::REVERSED)
            }
        }
        Role::Warning => Modifier::ITALIC.union(Modifier::BOLD),
        Role::Maybe => Modifier::ITALIC,
        Role::Pending => Modifier::UNDERLINED,
        Role::Waiting => Modifier::ITALIC.union(Modifier::UNDERLINED),
        Role::Declined => Modifier::CROSSED_OUT.union(Modifier::DIM),
        Role::Going | Role::Success => Modifier::empty(),
    }
}

const fn colour(role: Role) -> Option<Color> {
    match role {
        Role::Text | Role::Dim | Role::Border | Role::Busy | Role::Selected | Role::Declined => None,
        Role::Accent | Role::Focus | Role::FocusedBorder | Role::HasEvents => Some(Color::Cyan),
        Role::Today | Role::Organizing => Some(Color::Blue),
        Role::Now | Role::Error => Some(Color::Red),
        Role::Warning | Role::Maybe | Role::Waiting => Some(Color::Yellow),
        Role::Going | Role::Success => Some(Color::Green),
        Role::Pending | Role::Theirs => Some(Color::Magenta),
    }
}

#[cfg(test)]
mod tests {
    use ratatui::buffer::CellWidth;

    use super::*;

    #[test]
    fn focus_today_selected_and_has_events_differ_without_colour() {
        let roles = [Role::Focus, Role::Today, Role::Selected, Role::HasEvents, Role::Text];
        for theme in [Theme::coloured(), Theme::colourless()] {
            for (nth, one) in roles.iter().enumerate() {
                for other in roles.iter().skip(nth + 1) {
                    let modifiers = |role: Role| theme.style(role).add_modifier;
                    assert_ne!(modifiers(*one), modifiers(*other), "{one:?} looks like {other:?}");
                }
            }
        }
    }

    #[test]
    fn the_five_answers_differ_without_colour() {
        let answers = [Role::Going, Role::Maybe, Role::Pending, Role::Declined, Role::Waiting];
        let looks: std::collections::HashSet<_> =
            answers.iter().map(|role| Theme::colourless().style(*role).add_modifier).collect();
        assert_eq!(looks.len(), answers.len());
    }

    #[test]
    fn the_colourless_theme_has_no_colours_and_the_other_has() {
        for role in Role::ALL {
            let style = Theme::colourless().style(role);
            assert_eq!((style.fg, style.bg), (None, None), "{role:?}");
        }
        assert!(Role::ALL.iter().any(|role| Theme::coloured().style(*role).fg.is_some()));
    }

    #[test]
    fn no_color_counts_unless_it_is_empty_or_the_configuration_asks_for_colours() {
        let set = Some(OsStr::new("1"));
        assert_eq!(Theme::chosen(Palette::Auto, None), Theme::coloured());
        assert_eq!(Theme::chosen(Palette::Auto, Some(OsStr::new(""))), Theme::coloured());
        assert_eq!(Theme::chosen(Palette::Auto, set), Theme::colourless());
        assert_eq!(Theme::chosen(Palette::Colours, set), Theme::coloured());
        assert_eq!(Theme::chosen(Palette::Colourless, None), Theme::colourless());
    }

    #[test]
    fn every_glyph_takes_one_cell_and_no_two_are_the_same() {
        use glyph::*;
        let glyphs = [
            FOCUS, SELECTED, TODAY, DOT, CUT, ORGANIZING, GOING, MAYBE, PENDING, DECLINED, WAITING, BUSY, BELL,
            REPEATS, DONE, AHEAD,
        ];
        for glyph in glyphs {
            assert_eq!(glyph.cell_width(), 1, "{glyph}");
        }
        assert_eq!(glyphs.iter().collect::<std::collections::HashSet<_>>().len(), glyphs.len());
    }
}
