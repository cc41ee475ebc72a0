//! What happens because time passes: sessions end, signing keys get successors.

use std::sync::Arc;
use std::time::Duration;

use chassis::{Chassis, Fault};

use crate::keys::Keyring;
use crate::sessions;

/// Between two looks, which cost next to nothing when nothing is due.
const PAUSE: Duration = Duration::from_secs(5);
const SESSIONS_A_STEP: usize = 200;

/// Looks after sessions and keys for as long as the future is polled.
pub(crate) async fn keep(chassis: Arc<Chassis>, keys: Arc<Keyring>) {
    loop {
        if let Err(fault) = look_after(&chassis, &keys).await {
            tracing::warn!(%fault, "sessions or keys could not be looked after");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// One look, at the time of the chassis' clock.
pub(crate) async fn look_after(chassis: &Chassis, keys: &Keyring) -> Result<(), Fault> {
    keys.rotate(chassis).await?;
    let now = chassis.clock().now();
    while chassis.db().read(|view| sessions::any_overdue(view, now)).await? {
        chassis.db().write(move |tx| sessions::end_overdue(tx, now, SESSIONS_A_STEP)).await?;
    }
    Ok(())
}
