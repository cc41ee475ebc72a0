//! One trace through several processes: every hop is a span, on both sides, and the child of the one before it.

use std::process::Command;
use std::time::Duration;

use convene_tests::Plan;
use domain::auth::Register;
use domain::sharing::{Level, ShareCalendar};
use domain::{Context, Credential, IdempotencyKey, Service, Trace};
use tracing_subscriber::layer::SubscriberExt as _;
use transport::cluster::{Cluster, SpawnedOptions, programs};
use transport::telemetry;

use crate::collector::{Collected, Collector};

const TRACE: [u8; 16] = [0x5A; 16];
const ROOT: [u8; 8] = [0xA5; 8];

/// OpenTelemetry's numbers for the two kinds of spans.
const SERVER: i32 = 2;
const CLIENT: i32 = 3;
const FAILED: i32 = 2;

fn context(credential: Credential, sequence: u64) -> Context {
    let mut context = Context::new(credential, Duration::from_secs(20)).as_command(IdempotencyKey::new(), sequence);
    context.trace = Trace { trace: TRACE, span: ROOT };
    context
}

/// The one span of this program, kind and name that is a child of `parent`.
fn child<'c>(spans: &'c [Collected], parent: &[u8], program: &str, kind: i32, name: &str) -> &'c Collected {
    let fits = |known: &&Collected| {
        known.span.parent_span_id == parent
            && known.program == program
            && known.span.kind == kind
            && known.span.name == name
    };
    let found: Vec<_> = spans.iter().filter(fits).collect();
    assert_eq!(
        found.len(),
        1,
        "{name} in {program} under {parent:02x?} is not there once, but {found:#?} in {spans:#?}"
    );
    found[0]
}

#[tokio::test]
async fn one_trace_goes_through_three_services_and_each_hop_is_the_child_of_the_one_before() {
    let collector = Collector::start();
    let (layer, exporting) = telemetry::exporting("the-caller", Some(&collector.endpoint)).unwrap();
    // For the whole process: whether anybody listens is remembered for all threads alike. Calls of other tests are sent too, and ignored.
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer)).unwrap();
    let data = tempfile::tempdir().unwrap();
    let mut options = SpawnedOptions::for_tests(data.path());
    options.environment.insert("OTEL_EXPORTER_OTLP_ENDPOINT".to_owned(), collector.endpoint.clone());
    options.environment.insert("OTEL_BSP_SCHEDULE_DELAY".to_owned(), "50".to_owned());
    let cluster = Cluster::spawned(options).await.unwrap();
    let clients = cluster.clients();

    let (username, password) = ("alice".parse().unwrap(), "correct horse battery".to_owned().try_into().unwrap());
    let alice = clients.auth.register(&context(Credential::None, 1), Register { username, password }).await.unwrap();
    cluster.caught_up(Duration::from_secs(20)).await.unwrap();
    let session = Credential::Session(alice.value.token);
    // Nobody of that name is known to these two, so both ask auth.
    let inviting = Plan::for_a("Standup").inviting(&["nobody"]).0;
    let error = clients.events.create(&context(session.clone(), 2), inviting).await.unwrap_err();
    assert_eq!(error.code(), "not_found");
    let sharing = ShareCalendar { with: "nobody".parse().unwrap(), level: Level::Details };
    assert_eq!(clients.sharing.share(&context(session, 3), sharing).await.unwrap_err().code(), "not_found");
    cluster.shutdown(Duration::from_secs(10)).await;
    drop(exporting);

    let spans = collector.trace(TRACE, 10);
    let registered = child(&spans, &ROOT, "the-caller", CLIENT, "auth/register");
    child(&spans, &registered.span.span_id, "convene-auth", SERVER, "auth/register");
    for (program, name) in [("convene-events", "events/create"), ("convene-sharing", "sharing/share")] {
        let asked = child(&spans, &ROOT, "the-caller", CLIENT, name);
        let answered = child(&spans, &asked.span.span_id, program, SERVER, name);
        let asked_auth = child(&spans, &answered.span.span_id, program, CLIENT, "auth/find_user");
        let auth_answered = child(&spans, &asked_auth.span.span_id, "convene-auth", SERVER, "auth/find_user");
        assert_eq!(auth_answered.says("error.type").as_deref(), Some("not_found"));
        assert_eq!(auth_answered.says("rpc.method").as_deref(), Some("find_user"));
        assert_ne!(
            auth_answered.span.status.as_ref().map_or(0, |status| status.code),
            FAILED,
            "an answer is no failure"
        );
        assert!(asked.span.start_time_unix_nano <= auth_answered.span.start_time_unix_nano);
    }
    assert_eq!(spans.len(), 10, "{spans:#?}");
}

#[test]
fn the_command_line_begins_a_trace_that_the_services_go_on_with() {
    let collector = Collector::start();
    let data = tempfile::tempdir().unwrap();
    let mut options = SpawnedOptions::for_tests(data.path());
    options.environment.insert("OTEL_EXPORTER_OTLP_ENDPOINT".to_owned(), collector.endpoint.clone());
    options.environment.insert("OTEL_BSP_SCHEDULE_DELAY".to_owned(), "50".to_owned());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let cluster = runtime.block_on(Cluster::spawned(options)).unwrap();
    let auth = cluster.addresses().of(Service::Auth).unwrap();
    let (host, port) = auth.rsplit_once(':').unwrap();
    let status = Command::new(programs::of_this_build().unwrap().join("convene"))
        .args(["--server", &format!("{host}:{}", port.parse::<u16>().unwrap() - 1), "status"])
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.endpoint)
        .env("XDG_STATE_HOME", data.path().join("state"))
        .output()
        .unwrap();
    assert!(status.status.success(), "{status:?}");
    for service in Service::ALL {
        let name = format!("{service}/health");
        let asked = collector.first(|known| known.program == "convene" && known.span.name == name);
        assert!(asked.span.parent_span_id.iter().all(|byte| *byte == 0), "nobody asked the command line: {asked:?}");
        let answered = collector.first(|known| known.span.parent_span_id == asked.span.span_id);
        assert_eq!((answered.program, answered.span.name), (format!("convene-{service}"), name));
    }
    runtime.block_on(cluster.shutdown(Duration::from_secs(10)));
}
