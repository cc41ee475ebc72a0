//! Files that are read: each by a task that gives a piece whenever one is asked for.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;

use tokio::sync::{mpsc, oneshot};

use crate::app::effect::RequestId;
use crate::app::import::{Folder, ToImport};
use crate::app::message::{Msg, Opened};
use crate::importing::Calendar;

/// The files that are being read.
#[derive(Debug, Default)]
pub(crate) struct Files {
    /// On these the next piece is asked for. Without it, a file is let go.
    open: BTreeMap<RequestId, mpsc::Sender<()>>,
}

impl Files {
    /// Opens a file; what is given is to be spawned, and tells of the file and of its pieces.
    pub(crate) fn open(
        &mut self,
        reading: RequestId,
        wanted: ToImport,
        tell: mpsc::Sender<Msg>,
    ) -> impl Future<Output = ()> + use<> {
        let (asks, asked) = mpsc::channel(1);
        self.open.insert(reading, asks);
        give(reading, wanted, asked, tell)
    }

    /// Asks for the next piece.
    pub(crate) fn read_on(&self, reading: RequestId) {
        if let Some(asks) = self.open.get(&reading) {
            // It is asked for already, or the file is at its end.
            let _ = asks.try_send(());
        }
    }

    /// Lets a file go.
    pub(crate) fn close(&mut self, reading: RequestId) {
        self.open.remove(&reading);
    }
}

async fn give(reading: RequestId, wanted: ToImport, mut asked: mpsc::Receiver<()>, tell: mpsc::Sender<Msg>) {
    let ToImport { file, zone, only_look } = wanted;
    let path = path_of(&file, std::env::var_os("HOME"));
    let of = path.clone();
    let (mut calendar, total) = match Calendar::open(move || opened(&of), zone, only_look).await {
        Ok(calendar) => {
            let total = calendar.total();
            (Some(calendar), Ok(total))
        }
        Err(error) => (None, Err(error)),
    };
    // Nobody is left to hear it once the client is closing.
    let mut heard = tell.send(Msg::Opened { reading, opened: Opened { path, total } }).await.is_ok();
    while let Some(calendar) = calendar.as_mut().filter(|_| heard) {
        if asked.recv().await.is_none() {
            return;
        }
        let piece = calendar.next().await;
        heard = tell.send(Msg::Read { reading, piece }).await.is_ok();
    }
}

/// A file that has an end; of other things none is known.
fn opened(path: &Path) -> io::Result<File> {
    let kind = fs::metadata(path)?;
    if kind.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !kind.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    File::open(path)
}

/// Most entries of a folder that are looked at.
const MOST_LOOKED_AT: usize = 10_000;

/// Looks into a folder, and tells which of its files may be meant.
pub(crate) async fn look(folder: String, tell: mpsc::Sender<Msg>) {
    let path = path_of(if folder.is_empty() { "." } else { &folder }, std::env::var_os("HOME"));
    let (give, found) = oneshot::channel();
    // A thread of its own: a disk that never answers must not keep the client from ending.
    let begun = thread::Builder::new().name("folder".to_owned()).spawn(move || drop(give.send(calendars_in(&path))));
    if begun.is_ok()
        && let Ok(names) = found.await
    {
        // Nobody is left to hear it once the client is closing.
        let _ = tell.send(Msg::Looked(Folder { path: folder, names })).await;
    }
}

/// The calendar files and the folders in a folder, by name; those that begin with a dot are left out. None in what is no folder.
fn calendars_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().take(MOST_LOOKED_AT).flatten();
    let named = entries.filter_map(|entry| {
        let name = entry.file_name().into_string().ok().filter(|name| !name.starts_with('.'))?;
        if entry.path().is_dir() {
            return Some(format!("{name}/"));
        }
        let is_calendar = Path::new(&name).extension().is_some_and(|kind| kind.eq_ignore_ascii_case("ics"));
        is_calendar.then_some(name)
    });
    let mut names: Vec<String> = named.collect();
    names.sort();
    names
}

/// The path that was typed, from the root; `~` is the folder of whoever types it.
fn path_of(typed: &str, home: Option<OsString>) -> PathBuf {
    let within = typed.strip_prefix('~').filter(|rest| rest.is_empty() || rest.starts_with('/'));
    let path = match (within, home) {
        (Some(rest), Some(home)) => PathBuf::from(home).join(rest.trim_start_matches('/')),
        _ => PathBuf::from(typed),
    };
    std::path::absolute(&path).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tilde_is_ones_own_folder_and_other_paths_stay_as_they_are() {
        let path = |typed: &str| path_of(typed, Some("/home/alice".into()));
        assert_eq!(path("~/team.ics"), Path::new("/home/alice/team.ics"));
        assert_eq!(path("~"), Path::new("/home/alice"));
        assert_eq!(path("/tmp/~/x y.ics"), Path::new("/tmp/~/x y.ics"));
        assert_eq!(path("~bob/team.ics"), std::env::current_dir().unwrap().join("~bob/team.ics"));
    }

    #[test]
    fn of_a_folder_the_calendars_and_the_folders_are_proposed_and_of_anything_else_nothing() {
        let calendars = Path::new(env!("CARGO_MANIFEST_DIR")).join("../icalendar/tests");
        assert!(calendars_in(&calendars).contains(&"calendars/".to_owned()));
        let names = calendars_in(&calendars.join("calendars"));
        assert!(names.contains(&"outlook.ics".to_owned()) && names.is_sorted(), "{names:?}");
        assert!(calendars_in(Path::new("/nowhere/at-all")).is_empty());
        assert!(calendars_in(Path::new("/dev/null")).is_empty());
    }

    #[test]
    fn a_folder_and_what_is_no_file_are_not_opened() {
        assert_eq!(opened(Path::new("/")).unwrap_err().kind(), io::ErrorKind::IsADirectory);
        assert_eq!(opened(Path::new("/dev/null")).unwrap_err().to_string(), "it is no file");
        assert_eq!(opened(Path::new("/nowhere/at-all")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
