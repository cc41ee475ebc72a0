//! Every figure that a process of Convene shows, with its name and its words: one place to look them up.
//!
//! Names follow Prometheus' conventions: base units, `_total` for what only grows. No label has more values than the code has services,
//! methods, error codes or states: nothing that a caller sends ever becomes a label.

use prometheus::core::Collector;
use prometheus::{GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry, Result};

/// Upper bounds of the time that a call takes, in seconds: from a cached query to the longest deadline that people wait for.
const CALL_SECONDS: [f64; 16] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Upper bounds of the time that a sync takes, in seconds.
const SYNC_SECONDS: [f64; 12] = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5];

/// Upper bounds of the number of transactions in a batch.
const BATCH: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// The figures of one side of calls.
pub(crate) struct CallFamilies {
    pub(crate) ended: IntCounterVec,
    pub(crate) seconds: HistogramVec,
    pub(crate) in_flight: IntGaugeVec,
}

/// All of them.
pub(crate) struct Families {
    pub(crate) build: IntGaugeVec,
    pub(crate) server: CallFamilies,
    pub(crate) waiting: IntGaugeVec,
    pub(crate) shed: IntCounterVec,
    pub(crate) connections: IntGaugeVec,
    pub(crate) client: CallFamilies,
    pub(crate) retries: IntCounterVec,
    pub(crate) retry_budget: GaugeVec,
    pub(crate) breakers: IntGaugeVec,
    pub(crate) database_size: IntGaugeVec,
    pub(crate) database_queue: IntGaugeVec,
    pub(crate) database_failed: IntGaugeVec,
    pub(crate) batch: HistogramVec,
    pub(crate) sync: HistogramVec,
    pub(crate) log_position: IntGaugeVec,
    pub(crate) lag_records: IntGaugeVec,
    pub(crate) lag_seconds: GaugeVec,
    pub(crate) connected: IntGaugeVec,
    pub(crate) stopped: IntGaugeVec,
    pub(crate) cascade_stuck: IntGaugeVec,
    pub(crate) dangling: IntGaugeVec,
    pub(crate) audited: IntGaugeVec,
    pub(crate) audit_at: IntGaugeVec,
    pub(crate) audit_failures: IntCounterVec,
    pub(crate) disk_size: IntGaugeVec,
    pub(crate) disk_free: IntGaugeVec,
}

impl Families {
    /// Makes and registers them.
    ///
    /// # Errors
    /// For a name or label that Prometheus does not allow, or one that is there twice.
    #[rustfmt::skip]
    pub(crate) fn new(registry: &Registry) -> Result<Self> {
        let counters = |name, help, labels: &[&str]| kept(registry, IntCounterVec::new(Opts::new(name, help), labels));
        let numbers = |name, help, labels: &[&str]| kept(registry, IntGaugeVec::new(Opts::new(name, help), labels));
        let gauges = |name, help, labels: &[&str]| kept(registry, GaugeVec::new(Opts::new(name, help), labels));
        let histograms = |name, help, labels: &[&str], buckets: &[f64]| {
            kept(registry, HistogramVec::new(HistogramOpts::new(name, help).buckets(buckets.to_vec()), labels))
        };
        Ok(Self {
            build: numbers("convene_build_info", "Always 1: which release this is, and which protocol it speaks.", &["service", "version", "protocol"])?,
            server: CallFamilies {
                ended: counters("convene_server_calls_total", "Calls that this service has answered, by how they ended.", &["service", "method", "code"])?,
                seconds: histograms("convene_server_call_duration_seconds", "How long calls took in this service; long polls are left out.", &["service", "method"], &CALL_SECONDS)?,
                in_flight: numbers("convene_server_calls_in_flight", "Calls under way in this service, those that wait for a place included.", &["service"])?,
            },
            waiting: numbers("convene_server_calls_waiting", "Calls that wait for a place.", &["service"])?,
            shed: counters("convene_server_calls_shed_total", "Calls refused as too many, by what there was no room for.", &["service", "reason"])?,
            connections: numbers("convene_server_connections", "Connections open.", &["service"])?,
            client: CallFamilies {
                ended: counters("convene_client_calls_total", "Calls made to a service, by how they ended after all attempts.", &["destination", "method", "code"])?,
                seconds: histograms("convene_client_call_duration_seconds", "How long calls to a service took, all attempts together; long polls are left out.", &["destination", "method"], &CALL_SECONDS)?,
                in_flight: numbers("convene_client_calls_in_flight", "Calls under way to a service.", &["destination"])?,
            },
            retries: counters("convene_client_retries_total", "Attempts after the first.", &["destination"])?,
            retry_budget: gauges("convene_client_retry_budget", "How many retries are left before only further calls earn new ones.", &["destination"])?,
            breakers: numbers("convene_client_breaker_state", "1 for the state that the circuit breaker before a service is in, 0 for the others.", &["destination", "state"])?,
            database_size: numbers("convene_database_size_bytes", "Size of the database on disk.", &["service"])?,
            database_queue: numbers("convene_database_queue_transactions", "Transactions that wait for the writer.", &["service"])?,
            database_failed: numbers("convene_database_failed", "1 once the database takes nothing more and an operator must look.", &["service"])?,
            batch: histograms("convene_database_batch_transactions", "How many transactions shared one sync.", &["service"], &BATCH)?,
            sync: histograms("convene_database_sync_duration_seconds", "How long it took until a batch was on the disk.", &["service"], &SYNC_SECONDS)?,
            log_position: numbers("convene_log_position", "The last durable position of the service's change log.", &["service"])?,
            lag_records: numbers("convene_follower_lag_records", "How many records of the followed log are known of and not taken over yet.", &["service", "source"])?,
            lag_seconds: gauges("convene_follower_lag_seconds", "How long ago this service last had all of the followed log; 0 while it has.", &["service", "source"])?,
            connected: numbers("convene_follower_connected", "1 while the followed service answers.", &["service", "source"])?,
            stopped: numbers("convene_follower_stopped", "1 while following has stopped at something that an operator must look at.", &["service", "source"])?,
            cascade_stuck: numbers("convene_cascade_stuck", "1 while the effects of a change cannot be worked off.", &["service"])?,
            dangling: numbers("convene_dangling_references", "References to rows that do not exist, and other discrepancies, that the last audit found.", &["service"])?,
            audited: numbers("convene_audit_references", "References that the last audit looked at.", &["service"])?,
            audit_at: numbers("convene_audit_last_success_timestamp_seconds", "When the last audit was completed, in seconds since 1970; 0 if none was since the start.", &["service"])?,
            audit_failures: counters("convene_audit_failures_total", "Audits given up, since a service could not be asked.", &["service"])?,
            disk_size: numbers("convene_disk_size_bytes", "Size of the file system that holds the database.", &["service"])?,
            disk_free: numbers("convene_disk_free_bytes", "What is free of it for this process.", &["service"])?,
        })
    }
}

fn kept<C: Collector + Clone + 'static>(registry: &Registry, made: Result<C>) -> Result<C> {
    let made = made?;
    registry.register(Box::new(made.clone()))?;
    Ok(made)
}
