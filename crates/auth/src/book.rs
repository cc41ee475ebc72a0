//! Auth authenticates its own callers by the same rules as every other service, over its own tables instead of followed ones.

use std::sync::Arc;

use async_trait::async_trait;
use chassis::authenticator::{Live, SessionBook};
use chassis::resync::Sighting;
use chassis::tokens::Claims;
use chassis::{Chassis, Fault};
use domain::auth::KeyId;
use domain::{Position, SessionId};
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

    async fn session(&self, session: SessionId, at: Position) -> Result<(Live, Sighting), Fault> {
        let live = self.chassis.db().read(|view| Ok::<_, Fault>(view.get(&SESSIONS, &session)?));
        Ok((live.await?.map(|row| (row.user, row.expires)), self.sighting(at).await?))
    }

    /// Auth has all of its own history, and what another one tells is over.
    async fn sighting(&self, _: Position) -> Result<Sighting, Fault> {
        Ok(Sighting::Past)
    }

    /// Auth's own log has nothing to wait for.
    async fn hear(&self, _: Position) {}

    /// Auth knows everyone by name.
    async fn introduce(&self, _: &Claims) {}
}
