//! One field of a form: how it is typed, and what stands in it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui_textarea::{CursorMove, Input as Pressed, TextArea, WrapMode};
use tui_input::{Input, InputRequest};

/// How a field is typed and shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    /// Several lines, in which Enter begins another.
    Lines,
    /// Never shown.
    Secret,
    /// One name, completed.
    User,
    /// Several names, completed.
    Users,
    /// The path of a file, completed.
    Path,
    /// A date as people write it; its meaning is shown beside it.
    When,
    /// How an event comes again, in words; what they mean is shown beside it.
    Repeat,
    /// When it reminds; likewise.
    Remind,
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
    /// What was typed, on one line.
    pub(crate) input: Input,
    /// What was typed, on several.
    pub(crate) lines: TextArea<'static>,
    pub(crate) error: Option<String>,
    /// What could stand here, shown while it is empty and beside an error.
    pub(crate) example: &'static str,
}

impl Field {
    pub(super) fn new(name: &'static str, label: &'static str, kind: Kind, example: &'static str) -> Self {
        let first = match kind {
            Kind::Choice(words) => words.first().copied().unwrap_or_default(),
            _ => "",
        };
        let input = Input::new(first.to_owned());
        Self { name, label, kind, input, lines: lines(""), error: None, example }
    }

    pub(super) fn with(mut self, value: impl Into<String>) -> Self {
        self.set(value.into());
        self
    }

    pub(super) fn set(&mut self, value: String) {
        match self.kind {
            Kind::Lines => self.lines = lines(&value),
            _ => self.input = Input::new(value),
        }
    }

    /// What stands in it; of several lines the first.
    pub(crate) fn value(&self) -> &str {
        match self.kind {
            Kind::Lines => self.lines.lines().first().map_or("", String::as_str),
            _ => self.input.value(),
        }
    }

    /// All that stands in it.
    pub(crate) fn text(&self) -> String {
        match self.kind {
            Kind::Lines => self.lines.lines().join("\n"),
            _ => self.input.value().to_owned(),
        }
    }

    /// Whether nothing stands in it.
    pub(crate) fn is_empty(&self) -> bool {
        match self.kind {
            Kind::Lines => self.lines.is_empty(),
            _ => self.input.value().is_empty(),
        }
    }

    /// The part of the text that is being completed to a name.
    pub(super) fn name_begun(&self) -> Option<&str> {
        let last = match self.kind {
            Kind::User => self.value(),
            Kind::Users => self.value().rsplit([',', ' ']).next().unwrap_or_default(),
            _ => return None,
        };
        (!last.is_empty() && last.len() <= 32).then_some(last)
    }

    /// Whether an arrow up, or down, stays within the field.
    pub(crate) fn keeps_arrow(&self, down: bool) -> bool {
        self.kind == Kind::Lines && {
            let mut moved = self.lines.clone();
            moved.move_cursor(if down { CursorMove::Down } else { CursorMove::Up });
            moved.cursor() != self.lines.cursor()
        }
    }

    /// Types a key; whether it meant something here.
    pub(super) fn typed(&mut self, key: KeyEvent) -> bool {
        match self.kind {
            Kind::Choice(words) => self.choose(words, key.code),
            Kind::Lines => type_lines(&mut self.lines, key),
            _ => type_into(&mut self.input, key),
        }
    }

    fn choose(&mut self, words: &[&'static str], key: KeyCode) -> bool {
        let forward = match key {
            KeyCode::Char(' ') | KeyCode::Right => true,
            KeyCode::Left => false,
            KeyCode::Char(letter) => {
                let begins = words.iter().find(|word| word.starts_with(letter.to_ascii_lowercase()));
                if let Some(word) = begins {
                    self.set((*word).to_owned());
                }
                return begins.is_some();
            }
            _ => return false,
        };
        let count = words.len().max(1);
        let at = words.iter().position(|word| *word == self.value()).unwrap_or(0);
        let next = (at + if forward { 1 } else { count - 1 }) % count;
        self.set(words.get(next).copied().unwrap_or_default().to_owned());
        true
    }
}

fn lines(text: &str) -> TextArea<'static> {
    let mut lines = TextArea::from(text.split('\n').map(|line| line.trim_end_matches('\r').to_owned()));
    lines.set_wrap_mode(WrapMode::WordOrGlyph);
    lines.set_cursor_line_style(ratatui::style::Style::new());
    // The terminal's own cursor stands there.
    lines.set_cursor_style(ratatui::style::Style::new());
    lines
}

fn type_lines(lines: &mut TextArea<'static>, key: KeyEvent) -> bool {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    let movement = match (key.code, control) {
        (KeyCode::Up, false) => CursorMove::Up,
        (KeyCode::Down, false) => CursorMove::Down,
        (KeyCode::Left, false) | (KeyCode::Char('b'), true) => CursorMove::Back,
        (KeyCode::Right, false) => CursorMove::Forward,
        (KeyCode::Left, true) => CursorMove::WordBack,
        (KeyCode::Right, true) => CursorMove::WordForward,
        (KeyCode::Home, _) | (KeyCode::Char('a'), true) => CursorMove::Head,
        (KeyCode::End, _) => CursorMove::End,
        (KeyCode::Char('h'), true) => return lines.delete_char(),
        (KeyCode::Char('w') | KeyCode::Backspace, true) => return lines.delete_word(),
        (KeyCode::Char('u'), true) => return lines.delete_line_by_head(),
        (KeyCode::Char('k'), true) => return lines.delete_line_by_end(),
        (KeyCode::Char(_) | KeyCode::Enter | KeyCode::Backspace | KeyCode::Delete, false)
            if !key.modifiers.contains(KeyModifiers::ALT) =>
        {
            return lines.input_without_shortcuts(Pressed::from(key));
        }
        _ => return false,
    };
    lines.move_cursor(movement);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: KeyCode) -> KeyEvent {
        KeyEvent::new(code, KeyModifiers::NONE)
    }

    #[test]
    fn arrows_stay_in_a_field_of_several_lines_until_its_edges() {
        let mut field = Field::new("description", "About", Kind::Lines, "").with("one\ntwo\nthree");
        let rows = |field: &mut Field, code| (field.typed(key(code)), field.lines.cursor().0);
        assert!(!field.keeps_arrow(false) && field.keeps_arrow(true));
        assert_eq!(rows(&mut field, KeyCode::Down), (true, 1));
        assert!(field.keeps_arrow(false) && field.keeps_arrow(true));
        assert_eq!(rows(&mut field, KeyCode::Char('x')), (true, 1));
        assert_eq!(rows(&mut field, KeyCode::Down), (true, 2));
        assert!(field.keeps_arrow(false) && !field.keeps_arrow(true));
    }
}
