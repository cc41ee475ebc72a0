//! What a running service shows of itself: its database, its log, those it follows. Asked when somebody looks; only batches are counted as
//! they come.

use std::path::PathBuf;
use std::sync::Arc;

use chassis::{Chassis, Figures};
use domain::{Service, Timestamp};

use super::Metrics;
use super::families::Families;
use crate::PROTOCOL_VERSION;
use crate::audit::Report;

impl Metrics {
    /// Shows `chassis` from now on, without keeping it alive.
    #[allow(clippy::cast_precision_loss, reason = "figures for people")]
    pub(crate) fn show(self: &Arc<Self>, chassis: &Arc<Chassis>) {
        let service = chassis.service();
        let name = service.name();
        let (version, protocol) = (env!("CARGO_PKG_VERSION"), PROTOCOL_VERSION.to_string());
        self.families.build.with_label_values(&[name, version, protocol.as_str()]).set(1);

        // There before the first audit, which an alert may wait for.
        self.families.audit_at.with_label_values(&[name]).set(0);
        self.families.audit_failures.with_label_values(&[name]).inc_by(0);

        let batches = self.families.batch.with_label_values(&[name]);
        let syncs = self.families.sync.with_label_values(&[name]);
        chassis.db().observe(move |batch| {
            batches.observe(batch.transactions as f64);
            syncs.observe(batch.sync.as_secs_f64());
        });

        let (shown, metrics) = (Arc::downgrade(chassis), Arc::downgrade(self));
        self.look(move || {
            let (Some(chassis), Some(metrics)) = (shown.upgrade(), metrics.upgrade()) else { return false };
            metrics.families.set(service, &chassis.figures());
            true
        });
    }

    /// Shows how full the file system that holds `folder` is, which belongs to `service`.
    pub(crate) fn show_disk(&self, service: Service, folder: PathBuf) {
        let size = self.families.disk_size.with_label_values(&[service.name()]);
        let free = self.families.disk_free.with_label_values(&[service.name()]);
        self.look(move || {
            // A folder that cannot be asked about keeps its last figures: writing will tell.
            if let Ok(disk) = rustix::fs::statvfs(&folder) {
                size.set(number(disk.f_blocks.saturating_mul(disk.f_frsize)));
                free.set(number(disk.f_bavail.saturating_mul(disk.f_frsize)));
            }
            true
        });
    }

    /// Shows what an audit of `service` found that was completed at `at`.
    pub(crate) fn audited(&self, service: Service, report: &Report, at: Timestamp) {
        let name = &[service.name()];
        let Families { dangling, audited, audit_at, .. } = &self.families;
        dangling.with_label_values(name).set(number(report.problems.len()));
        audited.with_label_values(name).set(number(report.references));
        audit_at.with_label_values(name).set(at.as_seconds());
    }

    /// Counts an audit that could not be completed.
    pub(crate) fn audit_failed(&self, service: Service) {
        self.families.audit_failures.with_label_values(&[service.name()]).inc();
    }
}

impl Families {
    fn set(&self, service: Service, figures: &Figures) {
        let name = service.name();
        let own = &[name];
        self.database_size.with_label_values(own).set(number(figures.database.size_on_disk));
        self.database_queue.with_label_values(own).set(number(figures.database.queued));
        self.database_failed.with_label_values(own).set(figures.failed.into());
        self.log_position.with_label_values(own).set(number(figures.position));
        self.cascade_stuck.with_label_values(own).set(figures.cascade_stuck.into());
        for following in &figures.following {
            let pair = &[name, following.source.name()];
            self.lag_records.with_label_values(pair).set(number(following.lag_records));
            self.lag_seconds.with_label_values(pair).set(following.lag.as_secs_f64());
            self.connected.with_label_values(pair).set(following.connected.into());
            self.stopped.with_label_values(pair).set(following.stopped.into());
        }
    }
}

fn number(figure: impl TryInto<i64>) -> i64 {
    figure.try_into().unwrap_or(i64::MAX)
}
