//! The terminal client's view of a profile: what it keeps between runs lies in the same file as that of the command line.

use std::io;

use futures::future::{BoxFuture, FutureExt as _};

use super::{Profile, Session};
use crate::failure::Failure;

impl client::SessionStore for Profile {
    fn load(&self) -> io::Result<client::Kept> {
        let state = self.read().map_err(|failure| told(&failure))?;
        let session = state.session.map(|Session { user, token, issued, expires }| client::Session {
            user,
            token,
            issued,
            expires,
        });
        Ok(client::Kept { session, seen: state.seen, sequence: state.sequence })
    }

    fn save(&self, kept: client::Kept) -> BoxFuture<'_, io::Result<()>> {
        async move {
            let changed = self.change(|state| {
                state.session = kept.session.map(|client::Session { user, token, issued, expires }| Session {
                    user,
                    token,
                    issued,
                    expires,
                });
                state.seen.merge(&kept.seen);
                // Commands given beside the client have taken numbers, too.
                state.sequence = state.sequence.max(kept.sequence);
            });
            changed.await.map_err(|failure| told(&failure))
        }
        .boxed()
    }
}

fn told(failure: &Failure) -> io::Error {
    io::Error::other(failure.message())
}

#[cfg(test)]
mod tests {
    use client::SessionStore as _;

    use super::*;

    #[tokio::test]
    async fn what_the_client_keeps_is_there_in_its_next_run_and_numbers_never_fall() {
        let folder = tempfile::tempdir().unwrap();
        let profile = Profile::in_folder(folder.path().to_owned(), "default").unwrap();
        profile.change(|state| state.sequence = 9).await.unwrap();
        let kept = client::Kept { sequence: 7, ..client::Kept::default() };
        profile.save(kept).await.unwrap();
        assert_eq!(profile.load().unwrap().sequence, 9);
        profile.save(client::Kept { sequence: 12, ..client::Kept::default() }).await.unwrap();
        assert_eq!(profile.load().unwrap().sequence, 12);
    }
}
