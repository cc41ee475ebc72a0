//! One component: its content lines as they stand, and beside them what calcard understands of them.
//!
//! calcard is tolerant, and no panic of it is known; should there be one, it costs this component only.

use std::panic::{AssertUnwindSafe, catch_unwind};

use calcard::icalendar::{
    ICalendarComponent, ICalendarComponentType, ICalendarEntry, ICalendarProperty, ICalendarValue,
};
use calcard::{Entry, Parser};

use crate::lines::{RawLines, fold_into, name_of, unfold};
use crate::split::Piece;
use crate::{MAX_ATTACHMENT, MAX_TEXT, Note, text};

/// A content line, unfolded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ContentLine {
    /// Its number in the file.
    pub(crate) number: usize,
    /// Name, parameters and value.
    pub(crate) text: String,
}

/// A component.
#[derive(Debug)]
pub(crate) struct Component {
    /// The line of its `BEGIN`.
    pub(crate) line: usize,
    /// Its lines, `BEGIN` and `END` included, those of components within it too.
    pub(crate) lines: Vec<ContentLine>,
    /// Its bytes, without what is too large to be kept.
    pub(crate) original: Vec<u8>,
    /// What could not be taken as it was.
    pub(crate) notes: Vec<Note>,
    properties: ICalendarComponent,
    within: Vec<ICalendarComponent>,
}

impl ContentLine {
    /// The name, in capitals; empty for what is no content line.
    pub(crate) fn name(&self) -> String {
        name_of(self.text.as_bytes()).unwrap_or_default().to_ascii_uppercase()
    }

    /// What stands behind the name and its parameters.
    pub(crate) fn value(&self) -> Option<&str> {
        value_of(&self.text)
    }
}

/// What stands behind the first colon that no quotes enclose.
pub(crate) fn value_of(line: &str) -> Option<&str> {
    let mut quoted = false;
    let at = line.find(|c: char| {
        quoted ^= c == '"';
        c == ':' && !quoted
    })?;
    line.get(at.saturating_add(1)..)
}

impl Component {
    /// The component at `piece` of the file `bytes`.
    ///
    /// # Errors
    /// Why it cannot be understood.
    pub(crate) fn read(bytes: &[u8], piece: &Piece) -> Result<Self, String> {
        let raw = bytes.get(piece.range.clone()).unwrap_or_default();
        let (mut lines, mut original, mut notes) = (Vec::new(), Vec::with_capacity(raw.len()), Vec::new());
        let (mut is_utf8, mut open) = (true, Vec::new());
        for line in RawLines::new(raw, piece.line) {
            let folded = raw.get(line.range.clone()).unwrap_or_default();
            if let Some(note) = too_large_to_keep(folded, line.number) {
                notes.push(note);
                continue;
            }
            let (text, was_utf8) = text::decoded(&unfold(folded));
            is_utf8 &= was_utf8;
            let named = |name| name_of(text.as_bytes()).is_some_and(|found| found.eq_ignore_ascii_case(name));
            let value = || value_of(&text).unwrap_or_default().trim().to_ascii_uppercase();
            if named("BEGIN") {
                open.push(value());
            } else if named("END") && open.pop_if(|innermost| *innermost == value()).is_none() {
                // An END that closes nothing.
                continue;
            }
            // No line may hold them (RFC 5545 §3.1), and nobody means them.
            let text = text.replace(|c: char| c.is_control() && c != '\t', " ");
            original.extend_from_slice(folded);
            lines.push(ContentLine { number: line.number, text });
        }
        if !is_utf8 {
            notes.push(Note { line: piece.line, text: "it is not UTF-8 and was read as Latin-1".to_owned() });
        }
        if original.len() > MAX_TEXT {
            return Err(format!("{} has {} bytes of text; at most {MAX_TEXT} are kept", piece.name, original.len()));
        }
        let (properties, within) = understand(&lines)?;
        Ok(Self { line: piece.line, lines, original, notes, properties, within })
    }

    /// Says in the component itself that it is called off, where only its calendar does (RFC 5546 §3.2.5).
    pub(crate) fn call_off(&mut self) {
        let said: Vec<usize> = self.own_lines("STATUS").map(|line| line.number).collect();
        self.lines.retain(|line| !said.contains(&line.number));
        let status = ContentLine { number: self.line, text: "STATUS:CANCELLED".to_owned() };
        self.lines.insert(self.lines.len().min(1), status);
        self.original.clear();
        for line in &self.lines {
            fold_into(&mut self.original, &line.text);
        }
    }

    /// The properties of this name, in order.
    pub(crate) fn properties(&self, name: &ICalendarProperty) -> impl Iterator<Item = &ICalendarEntry> {
        self.properties.entries.iter().filter(move |entry| entry.name == *name)
    }

    /// The first property of this name.
    pub(crate) fn property(&self, name: &ICalendarProperty) -> Option<&ICalendarEntry> {
        self.properties.entries.iter().find(|entry| entry.name == *name)
    }

    /// The text of the first property of this name; empty if there is none.
    pub(crate) fn text(&self, name: &ICalendarProperty) -> &str {
        let value = self.property(name).and_then(|entry| entry.values.first());
        value.and_then(ICalendarValue::as_text).unwrap_or_default()
    }

    /// The alarms in it.
    pub(crate) fn alarms(&self) -> impl Iterator<Item = &ICalendarComponent> {
        self.within.iter().filter(|within| within.component_type == ICalendarComponentType::VAlarm)
    }

    /// What stands in it.
    pub(crate) fn within(&self) -> &[ICalendarComponent] {
        &self.within
    }

    /// The component as calcard has it.
    pub(crate) const fn understood(&self) -> &ICalendarComponent {
        &self.properties
    }

    /// The component's own lines of this name (in capitals), without those of components within it.
    pub(crate) fn own_lines<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a ContentLine> {
        let mut depth = 0_usize;
        self.lines.iter().filter(move |line| {
            let found = line.name();
            match found.as_str() {
                "BEGIN" => depth = depth.saturating_add(1),
                "END" => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 1 && found == name
        })
    }

    /// In which line the component's own property of this name (in capitals) first stands; else that of `BEGIN`.
    pub(crate) fn line_of(&self, name: &str) -> usize {
        self.own_lines(name).next().map_or(self.line, |line| line.number)
    }
}

/// Binary that stands in the file itself (RFC 5545 §3.2.7) is kept up to a size.
fn too_large_to_keep(folded: &[u8], number: usize) -> Option<Note> {
    let name = name_of(folded)?.to_ascii_uppercase();
    if folded.len() <= MAX_ATTACHMENT || matches!(name.as_str(), "BEGIN" | "END" | "DESCRIPTION" | "SUMMARY") {
        return None;
    }
    let text =
        format!("{name} holds {} bytes; more than {MAX_ATTACHMENT} are not kept, so it was left out", folded.len());
    Some(Note { line: number, text })
}

type Understood = (ICalendarComponent, Vec<ICalendarComponent>);

/// What calcard makes of the lines. It is shown only those that are content lines here too, so that what is understood and what is
/// written again are the same.
fn understand(lines: &[ContentLine]) -> Result<Understood, String> {
    let content = lines.iter().filter(|line| !line.name().is_empty() && line.value().is_some());
    let text = content.fold(String::new(), |mut text, line| {
        text.push_str(&line.text);
        text.push_str("\r\n");
        text
    });
    let entry = catch_unwind(AssertUnwindSafe(|| Parser::new(&text).entry()));
    let broken = |why: &str| format!("the component is broken: {why}");
    match entry {
        Ok(Entry::ICalendar(calendar)) => {
            let mut components = calendar.components.into_iter();
            let outermost = components.next().ok_or_else(|| broken("it is empty"))?;
            Ok((outermost, components.collect()))
        }
        Ok(Entry::InvalidLine(line)) => {
            Err(broken(&format!("{:?} is no content line", text::excerpt(line.as_bytes()))))
        }
        Ok(_) => Err(broken("its BEGIN and END do not match")),
        Err(_) => Err(broken("the parser gave up on it")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split::Split;

    fn component(text: &str) -> Component {
        let split = Split::of(text.as_bytes()).unwrap();
        Component::read(text.as_bytes(), &split.pieces[0]).unwrap()
    }

    #[test]
    fn texts_are_unfolded_and_unescaped() {
        let event = component("BEGIN:VEVENT\r\nSUMMARY:Lunch\\, then\r\n  more\\; a\\nb\r\nEND:VEVENT\r\n");
        assert_eq!(event.text(&ICalendarProperty::Summary), "Lunch, then more; a\nb");
    }

    #[test]
    fn a_propertys_line_is_the_events_own_and_not_its_alarms() {
        let event = component("BEGIN:VEVENT\nBEGIN:VALARM\nDESCRIPTION:x\nEND:VALARM\nDESCRIPTION:y\nEND:VEVENT\n");
        assert_eq!(event.line_of("DESCRIPTION"), 5);
        assert_eq!(event.alarms().count(), 1);
    }

    #[test]
    fn a_large_attachment_is_left_out_and_that_is_said() {
        let text = format!(
            "BEGIN:VEVENT\nATTACH;ENCODING=BASE64;VALUE=BINARY:{}\nSUMMARY:x\nEND:VEVENT\n",
            "QUJD".repeat(10_000)
        );
        let event = component(&text);
        assert!(event.original.len() < 100);
        assert!(event.notes[0].text.contains("ATTACH"), "{:?}", event.notes);
    }

    #[test]
    fn a_colon_in_quotes_does_not_begin_the_value() {
        assert_eq!(value_of("ORGANIZER;CN=\"a:b\":mailto:x"), Some("mailto:x"));
        assert_eq!(value_of("nothing"), None);
    }
}
