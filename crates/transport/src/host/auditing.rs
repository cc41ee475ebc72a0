//! The audit in the background: every service looks through its own references from time to time, and shows in its metrics what it found.
//! It is expected to find nothing; an alert goes off when it does.
//!
//! `convene check` does the same for all five at once and at full speed. This one rests most of the time.

use std::sync::Arc;
use std::time::Duration;

use chassis::{OperatorKey, SystemClock};
use domain::{Clock as _, Service};
use tokio::time::sleep;

use crate::Metrics;
use crate::audit::audit_of;
use crate::cluster::Clients;

/// Before the first: the others may just be starting.
const SOON: Duration = Duration::from_secs(30);
/// How many times as long as it works it rests: at most a twentieth of one processor is taken.
const REST: u32 = 19;
/// What looks wrong is looked at again after this time, in which changes on their way arrive.
const SECOND_LOOK: Duration = Duration::from_secs(5);

/// Audits the references of `service` after `every`, again and again, for as long as the future is polled.
pub(super) async fn audit_now_and_then(
    service: Service,
    clients: Clients,
    operator: OperatorKey,
    metrics: Arc<Metrics>,
    every: Duration,
) {
    sleep(SOON.min(every)).await;
    loop {
        let clock = SystemClock;
        let audited = match operator.operator_credential(clock.now()) {
            Ok(credential) => audit_of(&[service], &clients, &credential, REST, || sleep(SECOND_LOOK)).await,
            Err(error) => Err(error),
        };
        match audited {
            Ok(report) => {
                for problem in &report.problems {
                    tracing::error!(%service, ?problem, "the audit found a reference or a count that is wrong");
                }
                metrics.audited(service, &report, clock.now());
            }
            Err(error) => {
                tracing::debug!(%service, %error, "the audit was given up");
                metrics.audit_failed(service);
            }
        }
        sleep(every).await;
    }
}
