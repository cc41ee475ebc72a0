//! The disk that a database lies on, as far as its room is concerned.
//!
//! An engine that meets the end of a disk in the middle of a write cannot go on: what is on the disk is then not known. So writes are
//! refused while there is still room left, and taken again once there is more; reads go on all the while.

use std::path::{Path, PathBuf};

use crate::Error;

/// A folder on a disk, and how many bytes are to stay free there.
#[derive(Debug)]
pub(crate) struct Volume {
    folder: PathBuf,
    keep_free: u64,
}

impl Volume {
    /// The disk that `folder` is on.
    pub(crate) fn of(folder: &Path, keep_free: u64) -> Self {
        Self { folder: folder.to_owned(), keep_free }
    }

    /// Refuses a write if less than what is to stay free is left. A system that cannot tell is no obstacle.
    ///
    /// # Errors
    /// [`Error::DiskFull`].
    pub(crate) fn has_room(&self) -> Result<(), Error> {
        let Ok(disk) = rustix::fs::statvfs(&self.folder) else { return Ok(()) };
        // What only the superuser may take does not count.
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        if free >= self.keep_free {
            return Ok(());
        }
        Err(Error::DiskFull { path: self.folder.clone(), free, keep_free: self.keep_free })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Database, Options, Reader as _, Table, Value};

    const NAMES: Table<u32, Name> = Table::new("names");

    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Name(String);

    impl Value for Name {}

    #[tokio::test]
    async fn without_room_writes_are_refused_and_reads_go_on() {
        let folder = tempfile::tempdir().unwrap();
        let options = Options::new("events", 1);
        let db = Database::open(folder.path(), options).unwrap();
        db.write(|tx| tx.put(&NAMES, &1, &Name("kept".to_owned()))).await.unwrap();
        db.close().await;

        let db = Database::open(folder.path(), Options { keep_free: u64::MAX, ..options }).unwrap();
        let refused = db.write(|tx| tx.put(&NAMES, &2, &Name("refused".to_owned()))).await.unwrap_err();
        assert!(matches!(refused, Error::DiskFull { .. }), "{refused}");
        assert!(refused.to_string().contains("has only"), "{refused}");
        assert_eq!(db.health(), Ok(()));
        assert_eq!(db.read(|view| view.get(&NAMES, &1)).await.unwrap(), Some(Name("kept".to_owned())));
        db.close().await;

        let db = Database::open(folder.path(), options).unwrap();
        assert_eq!(db.read(|view| view.get(&NAMES, &2)).await.unwrap(), None);
        db.write(|tx| tx.put(&NAMES, &2, &Name("with room".to_owned()))).await.unwrap();
    }
}
