//! Which file is whose, and how they are written.
//!
//! ```text
//! certs/authority.crt              whom everybody here believes
//! certs/authority/                 the authority itself: authority.crt and authority.key; may be kept elsewhere
//! certs/events.crt, events.key     one pair for each service, and one for the operator
//! certs/clients/NAME/              what a person takes along: client.crt, client.key, authority.crt
//! ```

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::{Error, Holder, Issued};

/// A folder with certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder at `path`, which need not exist yet.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The certificate of the authority that everybody here believes.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.0.join("authority.crt")
    }

    /// The authority's private key, in a folder that holds the authority itself.
    #[must_use]
    pub fn authority_key(&self) -> PathBuf {
        self.0.join("authority.key")
    }

    /// Where the authority itself lies unless it is kept elsewhere.
    #[must_use]
    pub fn of_authority(&self) -> Self {
        Self(self.0.join("authority"))
    }

    /// The certificate of `holder`.
    #[must_use]
    pub fn certificate(&self, holder: &Holder) -> PathBuf {
        self.home(holder).0.join(format!("{}.crt", holder.file()))
    }

    /// The private key of `holder`.
    #[must_use]
    pub fn key(&self, holder: &Holder) -> PathBuf {
        self.home(holder).0.join(format!("{}.key", holder.file()))
    }

    /// The folder in which the files of `holder` lie: this one, or a client's own.
    pub(crate) fn home(&self, holder: &Holder) -> Self {
        match holder {
            Holder::Client(name) => Self(self.clients().join(name)),
            Holder::Service(_) | Holder::Operator => self.clone(),
        }
    }

    fn clients(&self) -> PathBuf {
        self.0.join("clients")
    }

    /// Everybody who has a certificate here.
    pub(crate) fn holders(&self) -> Vec<Holder> {
        let ours = Holder::of_every_installation().filter(|holder| self.certificate(holder).exists());
        let mut clients: Vec<Holder> = fs::read_dir(self.clients())
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .map(Holder::Client)
            .filter(|holder| self.certificate(holder).exists())
            .collect();
        clients.sort();
        ours.chain(clients).collect()
    }

    /// Writes what was issued to `holder`: the key first, so that there is never a certificate without one.
    pub(crate) fn keep(&self, holder: &Holder, issued: &Issued) -> Result<(), Error> {
        replace(&self.key(holder), &issued.key, SECRET)?;
        replace(&self.certificate(holder), &issued.certificate, PUBLIC)
    }
}

/// For its owner's eyes.
pub(crate) const SECRET: u32 = 0o600;
/// For everybody's.
pub(crate) const PUBLIC: u32 = 0o644;

/// Replaces a file: written aside, synced and renamed, so that whoever reads sees the old or the new one.
pub(crate) fn replace(path: &Path, text: &str, mode: u32) -> Result<(), Error> {
    let write = || {
        if let Some(folder) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let mut aside = path.to_owned().into_os_string();
        aside.push(".new");
        // One left behind by a crash may have any mode: begin anew.
        match fs::remove_file(&aside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&aside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&aside, path)?;
        path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    };
    write().map_err(|error| Error(format!("cannot write {}: {error}", path.display())))
}

/// The text of a file; `None` if there is none.
pub(crate) fn read(path: &Path) -> Result<Option<String>, Error> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error(format!("cannot read {}: {error}", path.display()))),
    }
}
