//! Values of `domain` as rows: `storage` asks each stored type for its version, and `domain` knows no storage.

use domain::log::Change;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use storage::Value;

/// A plain value as a row, in the first version of its format. A row that has to change becomes a type of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Row<T>(pub T);

impl<T: Serialize + DeserializeOwned> Value for Row<T> {}

/// A record of a change log as a row, in the version that its type declares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Logged<C>(pub(crate) C);

// Derived code would ask for `C: Deserialize` beside what `Change` already promises.
impl<'de, C: Change> Deserialize<'de> for Logged<C> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        C::deserialize(deserializer).map(Self)
    }
}

impl<C: Change> Value for Logged<C> {
    const VERSION: u8 = C::VERSION;

    fn upgrade(version: u8, bytes: &[u8]) -> Result<Self, storage::Error> {
        Ok(Self(storage::decode_before::<C::Before>(version, C::VERSION, bytes)?.into()))
    }
}
