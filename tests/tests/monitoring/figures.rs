//! The figures of five real processes, and what `deploy/` makes of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use convene_tests::Person;
use domain::{Credential, Service, Trace};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, interval};
use transport::cluster::{Cluster, DataFolder, SpawnedOptions};

const PATIENCE: Duration = Duration::from_secs(30);

/// Five processes that audit themselves every second, and their addresses.
struct Watched {
    cluster: Cluster,
    addresses: BTreeMap<Service, String>,
    data: tempfile::TempDir,
}

impl Watched {
    async fn started(environment: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut options = SpawnedOptions::for_tests(data.path());
        for service in Service::ALL {
            let words = ["--audit-every", "1"].map(str::to_owned);
            options.arguments.entry(service).or_default().extend(words);
        }
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        options.environment.extend(environment);
        let cluster = Cluster::spawned(options).await.unwrap();
        let addresses = Service::ALL.map(|service| (service, cluster.addresses().of(service).unwrap().to_owned()));
        Self { cluster, addresses: addresses.into(), data }
    }

    /// What `service` shows.
    async fn figures(&self, service: Service) -> String {
        let mut stream = TcpStream::connect(&self.addresses[&service]).await.unwrap();
        stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: test\r\n\r\n").await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        assert!(text.starts_with("HTTP/1.1 200"), "{text}");
        text
    }

    /// Waits until the figure of this name and these labels is as wanted.
    async fn shows(&self, service: Service, figure: &str, wanted: impl Fn(f64) -> bool) {
        let until = Instant::now() + PATIENCE;
        let mut again = interval(Duration::from_millis(50));
        loop {
            let text = self.figures(service).await;
            let found = text.lines().find_map(|line| line.strip_prefix(figure)?.trim().parse().ok());
            if found.is_some_and(&wanted) {
                return;
            }
            assert!(Instant::now() < until, "{service} shows {figure} as {found:?} in\n{text}");
            again.tick().await;
        }
    }
}

fn deploy(file: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names of figures in a text: its words that begin as those of Convene or of its processes do.
fn names_in(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let names = words.filter(|word| word.starts_with("convene_") || word.starts_with("process_"));
    let base = |name: &str| {
        let histogram = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
        histogram.unwrap_or(name).to_owned()
    };
    names.map(base).collect()
}

#[tokio::test]
async fn alerts_and_dashboard_ask_only_for_figures_that_the_services_show_and_for_all_that_go_wrong() {
    let watched = Watched::started(&[]).await;
    let alice = Person::named("alice", watched.cluster.clients());
    alice.registers().await.unwrap();
    let asked: BTreeSet<String> = ["prometheus/alerts.yml", "prometheus/alerts_test.yml", "grafana/convene.json"]
        .into_iter()
        .flat_map(|file| names_in(&deploy(file)))
        .collect();
    assert!(asked.len() > 25, "{asked:?}");
    let until = Instant::now() + PATIENCE;
    let mut again = interval(Duration::from_millis(200));
    let shown = loop {
        let mut shown = BTreeSet::new();
        for service in Service::ALL {
            let text = watched.figures(service).await;
            let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
            shown.extend(types.map(str::to_owned));
        }
        // A figure of something that has not happened yet (an audit, say) comes with it.
        let missing: Vec<_> = asked.difference(&shown).collect();
        if missing.is_empty() {
            break shown;
        }
        assert!(Instant::now() < until, "{missing:?} are asked for, and no service shows them, but {shown:?}");
        again.tick().await;
    };
    let unused: Vec<_> = shown.difference(&asked).filter(|name| name.starts_with("convene_")).collect();
    assert!(unused.is_empty(), "nobody looks at {unused:?}: put them on the dashboard, or do not count them");
    watched.cluster.shutdown(PATIENCE).await;
}

#[test]
fn every_alert_has_a_test_in_which_it_goes_off_and_one_in_which_it_does_not() {
    let (alerts, tests) = (deploy("prometheus/alerts.yml"), deploy("prometheus/alerts_test.yml"));
    let names: Vec<&str> = alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(names.len() > 20, "{names:?}");
    let readme = deploy("README.md");
    for name in names {
        let checks: Vec<&str> = tests.split("alertname: ").filter(|check| check.lines().next() == Some(name)).collect();
        let quiet = checks.iter().filter(|check| check.contains("exp_alerts: []")).count();
        assert!(quiet > 0 && checks.len() > quiet, "{name} has {} checks, {quiet} of them quiet", checks.len());
        assert!(readme.contains(&format!("`{name}`")), "what to do about {name} stands nowhere in deploy/README.md");
    }
}

#[tokio::test]
async fn what_happens_to_a_service_shows_in_its_figures() {
    let watched = Watched::started(&[]).await;
    let alice = Person::named("alice", watched.cluster.clients());
    alice.registers().await.unwrap();
    watched.cluster.caught_up(PATIENCE).await.unwrap();
    let positive = |figure: f64| figure > 0.0;
    let none = |figure: f64| figure == 0.0;

    let registered = r#"convene_server_calls_total{code="ok",method="register",service="auth"}"#;
    watched.shows(Service::Auth, registered, |calls| calls == 1.0).await;
    let timed = r#"convene_server_call_duration_seconds_count{method="register",service="auth"}"#;
    watched.shows(Service::Auth, timed, |calls| calls == 1.0).await;
    watched.shows(Service::Auth, r#"convene_database_batch_transactions_count{service="auth"}"#, positive).await;
    watched.shows(Service::Auth, r#"convene_database_sync_duration_seconds_sum{service="auth"}"#, positive).await;
    watched.shows(Service::Auth, r#"convene_disk_free_bytes{service="auth"}"#, positive).await;
    watched.shows(Service::Calendar, r#"convene_follower_lag_seconds{service="calendar",source="auth"}"#, none).await;
    watched.shows(Service::Calendar, r#"convene_audit_references{service="calendar"}"#, positive).await;
    watched.shows(Service::Calendar, r#"convene_dangling_references{service="calendar"}"#, none).await;

    watched.cluster.kill(Service::Auth).await.unwrap();
    watched.shows(Service::Sharing, r#"convene_follower_connected{service="sharing",source="auth"}"#, none).await;
    watched.shows(Service::Sharing, r#"convene_follower_lag_seconds{service="sharing",source="auth"}"#, positive).await;
    watched.shows(Service::Calendar, r#"convene_audit_failures_total{service="calendar"}"#, positive).await;
    watched.cluster.start(Service::Auth).await.unwrap();
    watched.shows(Service::Sharing, r#"convene_follower_lag_seconds{service="sharing",source="auth"}"#, none).await;
    watched.shows(Service::Sharing, r#"convene_follower_stopped{service="sharing",source="auth"}"#, none).await;
    watched.cluster.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn a_log_in_json_names_the_call_and_the_trace_of_every_line_within_one() {
    let watched = Watched::started(&[("CONVENE_LOG", "debug"), ("CONVENE_LOG_FORMAT", "json")]).await;
    let mut context = domain::Context::new(Credential::None, PATIENCE);
    context.trace = Trace { trace: [0xAB; 16], span: [0xCD; 8] };
    watched.cluster.clients().health(Service::Events, &context).await.unwrap();
    let log = DataFolder::at(watched.data.path().to_owned()).log(Service::Events);
    watched.cluster.shutdown(PATIENCE).await;
    let lines = std::fs::read_to_string(log).unwrap();
    let lines: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of_call =
        lines.iter().find(|line| line["span"]["trace"] == "ab".repeat(16)).unwrap_or_else(|| panic!("{lines:#?}"));
    assert_eq!((&of_call["span"]["method"], &of_call["span"]["service"]), (&"health".into(), &"events".into()));
    assert_eq!((&of_call["fields"]["code"], &of_call["level"]), (&"ok".into(), &"DEBUG".into()));
}
