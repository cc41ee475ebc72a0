//! Keys as people write them in the file.

use crossterm::event::KeyCode;

/// A key as it is written in the file: `n`, `?`, `ctrl-s`, `enter`, `page-down`, `f5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyName {
    /// The key.
    pub code: KeyCode,
    /// With the control key held.
    pub control: bool,
}

impl KeyName {
    /// The key that `text` names; letters keep their case, names of keys have none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let lower = text.to_lowercase();
        let (name, control) = match lower.strip_prefix("ctrl-") {
            // Terminals tell no difference between ctrl-s and ctrl-S.
            Some(name) => (name, true),
            None => (text, false),
        };
        let mut characters = name.chars();
        let code = match (characters.next(), characters.next()) {
            (Some(only), None) if !only.is_control() && !only.is_whitespace() => KeyCode::Char(only),
            _ => named(&name.to_lowercase())?,
        };
        Some(Self { code, control })
    }
}

fn named(name: &str) -> Option<KeyCode> {
    Some(match name {
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "shift-tab" => KeyCode::BackTab,
        "space" => KeyCode::Char(' '),
        "backspace" => KeyCode::Backspace,
        "delete" => KeyCode::Delete,
        "insert" => KeyCode::Insert,
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "left" => KeyCode::Left,
        "right" => KeyCode::Right,
        "home" => KeyCode::Home,
        "end" => KeyCode::End,
        "page-up" => KeyCode::PageUp,
        "page-down" => KeyCode::PageDown,
        _ => {
            let number = name.strip_prefix('f')?.parse::<u8>().ok().filter(|number| (1..=12).contains(number))?;
            KeyCode::F(number)
        }
    })
}
