//! Auth authenticates its own callers by the same rules as every other service, over its own tables instead of followed ones.

use std::sync::Arc;

use async_trait::async_trait;
use chassis::authenticator::{KnownSession, SessionBook};
use chassis::tokens::Claims;
use chassis::{Chassis, Fault};
use domain::auth::KeyId;
use domain::{Epoch, Position, SessionId};
use storage::Reader as _;

use crate::keys::Keyring;
use crate::store::SESSIONS;

/// Auth's own sessions and keys.
pub(crate) struct OwnBook {
    pub(crate) chassis: Arc<Chassis>,
    pub(crate) keys: Arc<Keyring>,
}

#[async_trait]
impl SessionBook for OwnBook {
    async fn key(&self, key: KeyId) -> Result<Option<[u8; 32]>, Fault> {
        Ok(self.keys.public(key))
    }

    async fn session(&self, session: SessionId) -> Result<KnownSession, Fault> {
        let look = self.chassis.db().read(|view| {
            let live = view.get(&SESSIONS, &session)?.map(|row| (row.user, row.expires));
            Ok(KnownSession { live, heard: Some(Chassis::position(view)) })
        });
        look.await
    }

    /// Auth tells its own history: any other is.
    async fn is_over(&self, _: Epoch) -> Result<bool, Fault> {
        Ok(true)
    }

    async fn heard(&self) -> Result<Option<Position>, Fault> {
        self.chassis.db().read(|view| Ok(Some(Chassis::position(view)))).await
    }

    /// Auth's own log has nothing to wait for.
    async fn hear(&self, _: Position) {}

    /// Auth knows everyone by name.
    async fn introduce(&self, _: &Claims) {}
}
