//! How far into the services' change logs a view has seen.
//!
//! Every reply carries the positions that its view had seen; a client sends back what it has seen; a follower that is behind
//! waits before it answers. That is how people read their own writes, whichever service they ask next.

use std::fmt;
use std::sync::Arc;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Service;

/// The identity of a log's history. A database restored from a backup gets a new one, so that positions of the lost
/// history are not mistaken for positions of the new.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Epoch(#[serde(with = "crate::octets")] pub [u8; 16]);

/// A place in one log: its history and how many records of it. Position 0 is before the first record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Position {
    /// Which history.
    pub epoch: Epoch,
    /// How many records.
    pub at: u64,
}

/// At most one position for each service. They travel with every call and every answer through all layers, so that neither moving nor copying
/// them must cost anything: they are shared. In bytes they are a map.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Positions(Option<Arc<Places>>);

/// The place of each service, in their order.
type Places = [Option<Position>; Service::ALL.len()];

impl Position {
    /// Whether whoever is here has seen all up to `other`: it is of the same history, and no further.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        self.epoch == other.epoch && self.at >= other.at
    }

    /// Whether whoever is here has yet to see `other`, of the same history. Of two histories none is behind the other.
    #[must_use]
    pub fn is_behind(self, other: Self) -> bool {
        self.epoch == other.epoch && self.at < other.at
    }
}

impl Positions {
    /// Of one service only.
    #[must_use]
    pub fn of(service: Service, position: Position) -> Self {
        let mut positions = Self::default();
        positions.set(service, position);
        positions
    }

    /// The position for `service`, if one is known.
    #[must_use]
    pub fn get(&self, service: Service) -> Option<Position> {
        self.iter().find(|(known, _)| *known == service).map(|(_, position)| position)
    }

    /// Takes in what another view has seen: the further position of one history, the newer told of two.
    pub fn merge(&mut self, newer: &Self) {
        for (service, position) in newer.iter() {
            self.advance(service, position);
        }
    }

    /// Takes in one position, as [`merge`](Self::merge) does.
    pub fn advance(&mut self, service: Service, position: Position) {
        let known = self.get(service);
        if known.is_none_or(|known| known.epoch != position.epoch || known.at < position.at) {
            self.set(service, position);
        }
    }

    /// Sets the position, even to an earlier one.
    pub fn set(&mut self, service: Service, position: Position) {
        let places = Arc::make_mut(self.0.get_or_insert_default());
        for (place, known) in places.iter_mut().zip(Service::ALL) {
            if known == service {
                *place = Some(position);
            }
        }
    }

    /// All of them, in the order of the services.
    pub fn iter(&self) -> impl Iterator<Item = (Service, Position)> + '_ {
        let places = self.0.iter().flat_map(|places| places.iter().copied());
        Service::ALL.into_iter().zip(places).filter_map(|(service, position)| Some((service, position?)))
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

impl fmt::Debug for Positions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Positions(")?;
        f.debug_map().entries(self.iter()).finish()?;
        f.write_str(")")
    }
}

impl Serialize for Positions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.iter().count()))?;
        for (service, position) in self.iter() {
            map.serialize_entry(&service, &position)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Positions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Positions;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of services to positions")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Positions, A::Error> {
                let mut positions = Positions::default();
                while let Some((service, position)) = map.next_entry()? {
                    positions.set(service, position);
                }
                Ok(positions)
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

impl fmt::Debug for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Epoch(")?;
        self.0.iter().take(4).try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str("…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_of_two_histories_neither_cover_nor_follow_each_other() {
        let (here, there) = (Epoch([1; 16]), Epoch([2; 16]));
        let [at, further, elsewhere] = [(here, 5), (here, 6), (there, 6)].map(|(epoch, at)| Position { epoch, at });
        assert!(at.covers(at) && further.covers(at) && !at.covers(further) && !elsewhere.covers(at));
        assert!(at.is_behind(further) && !at.is_behind(at) && !further.is_behind(at) && !at.is_behind(elsewhere));
    }

    #[test]
    fn merging_keeps_the_further_position_of_a_history_and_takes_a_new_history() {
        let (old, new) = (Epoch([1; 16]), Epoch([2; 16]));
        let mut seen = Positions::of(Service::Events, Position { epoch: old, at: 5 });
        seen.merge(&Positions::of(Service::Events, Position { epoch: old, at: 3 }));
        assert_eq!(seen.get(Service::Events).unwrap().at, 5);
        seen.merge(&Positions::of(Service::Events, Position { epoch: new, at: 1 }));
        assert_eq!(seen.get(Service::Events), Some(Position { epoch: new, at: 1 }));
    }
}
