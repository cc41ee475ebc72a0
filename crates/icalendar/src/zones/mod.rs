//! Which zone a `TZID` means.
//!
//! In this order: an IANA name, also behind the prefixes that programs put before it; a name of Windows or of older programs
//! (calcard's table); the `X-LIC-LOCATION` and the like of the file's own definition (`VTIMEZONE`); the IANA zone whose clocks go as
//! that definition says; and else the definition itself, whose times then become UTC.

mod definition;
mod likeness;
mod names;

use std::collections::HashMap;
use std::rc::Rc;

use domain::Zone;

pub(crate) use definition::Definition;
pub(crate) use names::by_name;

use crate::component::Component;
use crate::split::Piece;

/// What a `TZID` means.
#[derive(Clone, Debug)]
pub(crate) enum Meaning {
    /// This zone, and whether that had to be found out by comparing clocks.
    Zone(Zone, bool),
    /// A zone that only the file knows.
    Own(Rc<Definition>),
    /// Nothing: the name is unknown and the file does not say.
    Unknown,
}

/// The zones of a file.
#[derive(Debug, Default)]
pub(crate) struct Zones {
    /// Where the file defines a zone, by calendar and name.
    defined: HashMap<(usize, String), Piece>,
    meanings: HashMap<(usize, String, i16), Meaning>,
}

impl Zones {
    /// Those that `pieces` of the file `bytes` define.
    pub(crate) fn of(bytes: &[u8], pieces: &[Piece]) -> Self {
        let definitions = pieces.iter().filter(|piece| piece.name == "VTIMEZONE");
        let defined = definitions.filter_map(|piece| {
            let component = Component::read(bytes, piece).ok()?;
            let name = component.own_lines("TZID").next()?.value()?.trim().to_owned();
            Some(((piece.calendar, name), piece.clone()))
        });
        Self { defined: defined.collect(), meanings: HashMap::new() }
    }

    /// Where the zone `name` of a calendar is defined, if its name alone does not say which it is.
    pub(crate) fn definition(&self, calendar: usize, name: &str) -> Option<&Piece> {
        if by_name(name).is_some() { None } else { self.defined.get(&(calendar, name.trim().to_owned())) }
    }

    /// What `name` means in a calendar of the file `bytes`, for times about `year`.
    pub(crate) fn meaning(&mut self, bytes: &[u8], calendar: usize, name: &str, year: i16) -> Meaning {
        if let Some(zone) = by_name(name) {
            return Meaning::Zone(zone, false);
        }
        let key = (calendar, name.trim().to_owned(), year);
        if let Some(known) = self.meanings.get(&key) {
            return known.clone();
        }
        let meaning = self.find(bytes, calendar, name, year);
        self.meanings.insert(key, meaning.clone());
        meaning
    }

    fn find(&self, bytes: &[u8], calendar: usize, name: &str, year: i16) -> Meaning {
        let Some(piece) = self.definition(calendar, name) else { return Meaning::Unknown };
        let Ok(component) = Component::read(bytes, piece) else { return Meaning::Unknown };
        if let Some(zone) = names::by_properties(&component) {
            return Meaning::Zone(zone, false);
        }
        let Some(definition) = Definition::of(&component) else { return Meaning::Unknown };
        match likeness::zone_like(&definition, year) {
            Some(zone) => Meaning::Zone(zone, true),
            None => Meaning::Own(Rc::new(definition)),
        }
    }
}
