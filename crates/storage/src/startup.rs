//! Opening: whose database it is, of which format, and where its log ends. A database that is too new, damaged or
//! somebody else's is refused here, before anything is served from it.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::codec;
use crate::engine::{Changes, Direction, Engine, KeyRange};
use crate::error::Error;
use crate::layout::IDENTITY;
use crate::log::{Epoch, Head};

/// The format of the storage itself (its layout, key encoding, codec and files). Older ones are opened, and are of this one then; newer ones
/// are refused. 2: a journal in front of sled, in which an older release would not look.
pub(crate) const FORMAT: u32 = 2;

/// What a database knows of itself. Stored behind its format, which is read first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Identity {
    /// The version of the service's own data: the newest release that has opened it.
    schema: u32,
    service: String,
    epoch: Epoch,
}

/// Reads the identity of the database behind `engine`, or gives it one if it is new. Everything read is durable.
pub(crate) fn open(engine: &dyn Engine, path: &Path, service: &str, schema: u32) -> Result<Head, Error> {
    let stored = engine.get(IDENTITY)?;
    let found = match &stored {
        Some(stored) => Some(check(read(stored, path)?, path, service, schema)?),
        None => {
            check_new(engine, path)?;
            None
        }
    };
    let epoch = match &found {
        Some(identity) => identity.epoch,
        None => Epoch::mint()?,
    };
    let identity = write(&Identity { schema, service: service.to_owned(), epoch })?;
    if stored.as_ref() != Some(&identity) {
        engine.apply(&Changes::from([(IDENTITY.to_vec(), Some(identity))]))?;
    }
    engine.sync()?;
    engine.mark_created()?;
    Head::load(engine, epoch)
}

/// A database without an identity must be altogether new.
fn check_new(engine: &dyn Engine, path: &Path) -> Result<(), Error> {
    let empty = engine.rows(&KeyRange::everything(), Direction::Ascending, 1)?.is_empty();
    if engine.was_created() || !empty {
        return Err(Error::Damaged { path: path.to_owned(), why: "its identity is missing".to_owned() });
    }
    Ok(())
}

fn read(stored: &[u8], path: &Path) -> Result<Identity, Error> {
    let damaged = |why: String| Error::Damaged { path: path.to_owned(), why };
    let Some((format, rest)) = stored.split_first_chunk::<4>() else {
        return Err(damaged("its identity is too short".to_owned()));
    };
    let found = u32::from_be_bytes(*format);
    if found > FORMAT {
        let what = "the storage format";
        return Err(Error::TooNew { path: path.to_owned(), what, found, supported: FORMAT });
    }
    codec::decode(rest).map_err(|error| damaged(format!("its identity: {error}")))
}

/// The version of the data, and whose they are, by a stored identity.
pub(crate) fn whose(stored: &[u8]) -> Result<(u32, String), Error> {
    let identity = codec::decode::<Identity>(stored.get(4..).unwrap_or_default())?;
    Ok((identity.schema, identity.service))
}

/// The identity of a database whose history begins anew.
pub(crate) fn new_identity(service: &str, schema: u32) -> Result<Vec<u8>, Error> {
    write(&Identity { schema, service: service.to_owned(), epoch: Epoch::mint()? })
}

/// A stored identity, with another epoch.
pub(crate) fn with_epoch(stored: &[u8], epoch: Epoch) -> Result<Vec<u8>, Error> {
    let identity = codec::decode::<Identity>(stored.get(4..).unwrap_or_default())?;
    write(&Identity { epoch, ..identity })
}

fn write(identity: &Identity) -> Result<Vec<u8>, Error> {
    Ok([FORMAT.to_be_bytes().as_slice(), &codec::encode(identity)?].concat())
}

fn check(identity: Identity, path: &Path, service: &str, schema: u32) -> Result<Identity, Error> {
    if identity.service != service {
        let (found, expected) = (identity.service, service.to_owned());
        return Err(Error::OtherService { path: path.to_owned(), found, expected });
    }
    if identity.schema > schema {
        let what = "the data format";
        return Err(Error::TooNew { path: path.to_owned(), what, found: identity.schema, supported: schema });
    }
    Ok(identity)
}
