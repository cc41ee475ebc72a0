//! What a profile keeps between commands: who is signed in, what they have seen, and commands whose outcome is unknown.
//!
//! One small file a profile, readable by its owner only, replaced as a whole so that a crash leaves the old or the new one.
//! [`state`] is what is in it, [`pending`] the rules by which a command is recognized when it comes again, [`mod@file`] the disk.
//! The file is locked only while it is read and replaced. Commands to one service take their turns beside that (a [`Turn`]), so
//! that two equal commands given at once are two commands, and none is mistaken for the other one's repetition.

mod client;
mod file;
mod pending;
mod state;

use std::path::PathBuf;
use std::time::Duration;

use domain::{Error, Service};
use tokio::time::Instant;

use crate::failure::Failure;

pub(crate) use client::Keeping;
pub(crate) use file::Turn;
pub(crate) use pending::{Attempt, Intent, Outcome};
pub(crate) use state::{Session, State};

/// How long a command waits for the profile's file, which others hold for a few milliseconds only.
const FOR_THE_FILE: Duration = Duration::from_secs(3);

/// One profile's place on disk.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    folder: PathBuf,
    name: String,
}

impl Profile {
    /// The profile `name` in the folder that the environment names (`$XDG_STATE_HOME/convene`).
    ///
    /// # Errors
    /// Usage, for a name that could not be a file's; here, when there is no such folder and none can be made.
    pub(crate) fn of_environment(name: &str) -> Result<Self, Failure> {
        use etcetera::BaseStrategy as _;
        let base = etcetera::base_strategy::Xdg::new()
            .map_err(|error| Failure::Here(format!("there is no home folder to keep the session in: {error}")))?;
        let state = base.state_dir().unwrap_or_else(|| base.home_dir().join(".local/state"));
        Self::in_folder(state.join("convene"), name)
    }

    /// The profile `name` in `folder`.
    ///
    /// # Errors
    /// As [`of_environment`](Self::of_environment).
    pub(crate) fn in_folder(folder: PathBuf, name: &str) -> Result<Self, Failure> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.is_empty() || name.len() > 64 || !name.chars().all(allowed) {
            return Err(Failure::Usage {
                message: format!("profile {name:?}: a profile's name has 1–64 letters, digits, - and _"),
                field: Some("profile"),
            });
        }
        Ok(Self { folder, name: name.to_owned() })
    }

    /// What the profile keeps; nothing, for one that was never used.
    ///
    /// # Errors
    /// Here, when the file cannot be read or is of a newer release.
    pub(crate) fn read(&self) -> Result<State, Failure> {
        let path = self.path("json");
        match file::read(&path) {
            Ok(None) => Ok(State::default()),
            Ok(Some(bytes)) => State::from_bytes(&bytes).map_err(|why| {
                Failure::Here(format!("{}: {why}; move it away to begin with an empty profile", path.display()))
            }),
            Err(error) => Err(Failure::Here(format!("{}: {error}", path.display()))),
        }
    }

    /// Changes what the profile keeps, on disk when this returns. Nobody else changes it in between.
    ///
    /// # Errors
    /// As [`read`](Self::read), and when the file cannot be written.
    pub(crate) async fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> Result<T, Failure> {
        file::prepare(&self.folder).map_err(|error| self.cannot_write(&error))?;
        let until = Instant::now() + FOR_THE_FILE;
        let lock = Turn::take(&self.path("lock"), until).await.map_err(|error| self.cannot_write(&error))?;
        let _held = lock.ok_or_else(|| {
            Failure::Here(format!("profile {}: another command holds its file and does not let go", self.name))
        })?;
        let mut state = self.read()?;
        let before = state.clone();
        let changed = change(&mut state);
        if state != before {
            file::replace(&self.path("json"), &state.to_bytes()).map_err(|error| self.cannot_write(&error))?;
        }
        Ok(changed)
    }

    /// Waits until no other command of this profile is under way in `service`.
    ///
    /// # Errors
    /// Rate limited, when one still is at `until`: nothing was done.
    pub(crate) async fn turn(&self, service: Service, until: Instant) -> Result<Turn, Failure> {
        file::prepare(&self.folder).map_err(|error| self.cannot_write(&error))?;
        let taken = Turn::take(&self.path(&format!("{service}.lock")), until).await;
        taken.map_err(|error| self.cannot_write(&error))?.ok_or_else(|| {
            let reason = format!("another command of the profile {} is still waiting for {service}", self.name);
            Failure::Refused(Error::RateLimited { reason, retry_after_ms: 1_000 })
        })
    }

    fn path(&self, extension: &str) -> PathBuf {
        self.folder.join(format!("{}.{extension}", self.name))
    }

    fn cannot_write(&self, error: &std::io::Error) -> Failure {
        Failure::Here(format!("the profile {} cannot be kept in {}: {error}", self.name, self.folder.display()))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn profile() -> (tempfile::TempDir, Profile) {
        let folder = tempfile::tempdir().unwrap();
        let profile = Profile::in_folder(folder.path().join("convene"), "default").unwrap();
        (folder, profile)
    }

    #[tokio::test]
    async fn only_the_owner_can_read_a_profile_and_no_half_written_file_stays_behind() {
        let (_folder, profile) = profile();
        profile.change(|state| state.sequence = 7).await.unwrap();
        let mode = |path: PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(profile.path("json")), 0o600);
        assert_eq!(mode(profile.path("lock")), 0o600);
        assert_eq!(mode(profile.folder.clone()), 0o700);
        let mut names: Vec<_> =
            std::fs::read_dir(&profile.folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["default.json", "default.lock"]);
    }

    #[tokio::test]
    async fn a_file_that_was_readable_by_others_is_closed_to_them_when_it_is_replaced() {
        let (_folder, profile) = profile();
        profile.change(|state| state.sequence = 7).await.unwrap();
        std::fs::set_permissions(profile.path("json"), std::fs::Permissions::from_mode(0o644)).unwrap();
        profile.change(|state| state.sequence = 8).await.unwrap();
        assert_eq!(std::fs::metadata(profile.path("json")).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[tokio::test]
    async fn many_commands_at_once_lose_no_change() {
        let (_folder, profile) = profile();
        let tasks: Vec<_> = (0..20)
            .map(|_| {
                let profile = profile.clone();
                tokio::spawn(async move { profile.change(|state| state.sequence += 1).await })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        assert_eq!(profile.read().unwrap().sequence, 20);
    }

    #[tokio::test]
    async fn commands_to_one_service_take_turns_and_those_to_another_do_not_wait() {
        let (_folder, profile) = profile();
        let held = profile.turn(Service::Events, Instant::now()).await.unwrap();
        assert!(profile.turn(Service::Sharing, Instant::now()).await.is_ok());
        let refused = profile.turn(Service::Events, Instant::now()).await.unwrap_err();
        assert_eq!(refused.exit(), 8);
        drop(held);
        assert!(profile.turn(Service::Events, Instant::now()).await.is_ok());
    }

    #[tokio::test]
    async fn a_file_that_is_no_profile_is_named_and_left_alone() {
        let (_folder, profile) = profile();
        profile.change(|state| state.sequence = 7).await.unwrap();
        for bad in ["{", "{\"format\":2}"] {
            std::fs::write(profile.path("json"), bad).unwrap();
            let failure = profile.change(|state| state.sequence = 9).await.unwrap_err();
            assert!(failure.message().contains("default.json"), "{failure:?}");
            assert_eq!(std::fs::read_to_string(profile.path("json")).unwrap(), bad);
        }
    }

    #[test]
    fn a_profile_cannot_lie_outside_its_folder() {
        for bad in ["", "..", "a/b", "a.events", "ä", &"x".repeat(65)] {
            assert_eq!(Profile::in_folder(PathBuf::from("x"), bad).unwrap_err().exit(), 2, "{bad}");
        }
    }
}
