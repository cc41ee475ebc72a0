//! All five services as one, linked, over the wire in memory, and as processes: they start, work, stop, die and come back.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::path::Path;
use std::time::{Duration, Instant};

use domain::auth::{Login, Register, SignedIn};
use domain::sharing::ListShares;
use domain::{Context, Credential, Error, IdempotencyKey, Service};
use transport::ClientOptions;
use transport::cluster::{Clients, Cluster, DataFolder, LinkedOptions, SpawnedOptions, program_run_by};

const PATIENCE: Duration = Duration::from_secs(20);
const PASSWORD: &str = "correct horse battery";

fn command() -> Context {
    Context::new(Credential::None, PATIENCE).as_command(IdempotencyKey::new(), 1)
}

async fn register(clients: &Clients, name: &str) -> Result<SignedIn, Error> {
    let request = Register { username: name.parse()?, password: PASSWORD.to_owned().try_into()? };
    Ok(clients.auth.register(&command(), request).await?.value)
}

async fn login(clients: &Clients, name: &str) -> Result<SignedIn, Error> {
    let request = Login { username: name.parse()?, password: PASSWORD.to_owned().try_into()? };
    Ok(clients.auth.login(&command(), request).await?.value)
}

fn session(signed_in: &SignedIn) -> Context {
    Context::new(Credential::Session(signed_in.token.clone()), PATIENCE)
}

async fn linked(wire: bool) -> Cluster {
    Cluster::linked(LinkedOptions { wire, ..LinkedOptions::for_tests() }).await.unwrap()
}

fn run(scenario: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(scenario);
}

/// What must hold of any cluster that is ours.
async fn lives_through_everything(cluster: &Cluster) {
    let clients = cluster.clients();
    let alice = register(clients, "alice").await.unwrap();
    cluster.caught_up(PATIENCE).await.unwrap();
    clients.sharing.shares(&session(&alice), ListShares).await.unwrap();

    cluster.stop(Service::Auth).await.unwrap();
    let refused = register(clients, "bob").await.unwrap_err();
    assert!(matches!(refused, Error::Unavailable { service: Service::Auth, .. }), "{refused:?}");
    clients.sharing.shares(&session(&alice), ListShares).await.unwrap();
    let lagging = cluster.caught_up(Duration::ZERO).await.unwrap_err().to_string();
    assert!(lagging.contains("auth"), "{lagging}");
    cluster.start(Service::Auth).await.unwrap();
    register_in_time(clients, "bob").await;

    cluster.kill(Service::Auth).await.unwrap();
    cluster.start(Service::Auth).await.unwrap();
    login_in_time(clients, "bob").await;

    for service in Service::ALL {
        cluster.kill(service).await.unwrap();
        cluster.start(service).await.unwrap();
        cluster.restart(service).await.unwrap();
    }
    register_in_time(clients, "carol").await;
    cluster.caught_up(PATIENCE).await.unwrap();
}

/// A circuit breaker may still remember the service as it was: at most for the while that it is open.
async fn register_in_time(clients: &Clients, name: &str) {
    in_time(|| register(clients, name)).await;
}

async fn login_in_time(clients: &Clients, name: &str) {
    in_time(|| login(clients, name)).await;
}

async fn in_time<F: Future<Output = Result<SignedIn, Error>>>(attempt: impl Fn() -> F) {
    let since = Instant::now();
    loop {
        match attempt().await {
            Ok(_) => return,
            Err(Error::Unavailable { .. }) if since.elapsed() < PATIENCE => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn a_linked_cluster_lives_through_stops_deaths_and_restarts() {
    run(async {
        let cluster = linked(false).await;
        lives_through_everything(&cluster).await;
        cluster.shutdown(PATIENCE).await;
    });
}

#[test]
fn a_linked_cluster_over_the_wire_lives_through_the_same_with_every_call_made_twice() {
    run(async {
        let cluster = linked(true).await;
        lives_through_everything(&cluster).await;
        let telling: Vec<_> =
            cluster.mismatches().into_iter().filter(|mismatch| mismatch.method.name != "health").collect();
        assert!(telling.is_empty(), "{telling:#?}");
        cluster.shutdown(PATIENCE).await;
    });
}

#[test]
fn a_spawned_cluster_lives_through_the_same() {
    run(async {
        let data = tempfile::tempdir().unwrap();
        let cluster = Cluster::spawned(SpawnedOptions::for_tests(data.path())).await.unwrap();
        lives_through_everything(&cluster).await;
        cluster.shutdown(PATIENCE).await;
    });
}

#[test]
fn a_linked_service_ends_at_once_although_its_followers_wait_for_news() {
    run(async {
        for wire in [false, true] {
            let cluster = linked(wire).await;
            cluster.caught_up(PATIENCE).await.unwrap();
            let since = Instant::now();
            cluster.shutdown(PATIENCE).await;
            // A poll that nobody ends lasts for twenty seconds (and the shutdown's patience is as long).
            assert!(since.elapsed() < PATIENCE, "wire: {wire}, {:?}", since.elapsed());
        }
    });
}

#[test]
fn a_service_that_hangs_is_given_up_at_the_deadline_and_goes_on_where_it_was() {
    run(async {
        for wire in [false, true] {
            let cluster = linked(wire).await;
            let alice = register(cluster.clients(), "alice").await.unwrap();
            cluster.caught_up(PATIENCE).await.unwrap();
            cluster.pause(Service::Sharing).await.unwrap();
            let mut hasty = session(&alice);
            hasty.deadline = tokio::time::Instant::now() + Duration::from_millis(200);
            let error = cluster.clients().sharing.shares(&hasty, ListShares).await.unwrap_err();
            assert_eq!(error.service(), Some(Service::Sharing), "{error:?}");
            cluster.resume(Service::Sharing).await.unwrap();
            cluster.clients().sharing.shares(&session(&alice), ListShares).await.unwrap();
            cluster.shutdown(PATIENCE).await;
        }
    });
}

#[test]
fn services_inside_a_client_share_the_data_folder_with_nobody_and_leave_everything_there() {
    run(async {
        let data = tempfile::tempdir().unwrap();
        let first = Cluster::in_process(data.path()).await.unwrap();
        register(first.clients(), "alice").await.unwrap();
        let refused = Cluster::in_process(data.path()).await.err().unwrap().to_string();
        assert!(refused.contains("in use by") && refused.contains(&std::process::id().to_string()), "{refused}");
        first.shutdown(PATIENCE).await;
        drop(first);
        let second = Cluster::in_process(data.path()).await.unwrap();
        login(second.clients(), "alice").await.unwrap();
        second.shutdown(PATIENCE).await;
    });
}

#[test]
fn services_inside_a_client_and_as_processes_keep_each_other_out_of_a_folder_and_find_each_others_data() {
    run(async {
        let data = tempfile::tempdir().unwrap();
        let spawned = Cluster::spawned(SpawnedOptions::for_tests(data.path())).await.unwrap();
        register(spawned.clients(), "alice").await.unwrap();
        let refused = Cluster::in_process(data.path()).await.err().unwrap().to_string();
        let auth = spawned.pid(Service::Auth).await.unwrap();
        assert!(refused.contains(&format!("convene-auth (process {auth})")), "{refused}");
        spawned.shutdown(PATIENCE).await;
        let inside = Cluster::in_process(data.path()).await.unwrap();
        login(inside.clients(), "alice").await.unwrap();
        inside.shutdown(PATIENCE).await;
    });
}

fn noted_pid(data: &Path, service: Service) -> Option<String> {
    let text = std::fs::read_to_string(DataFolder::at(data).run_file(&format!("{service}.pid"))).ok()?;
    Some(text.trim().to_owned())
}

#[test]
fn a_process_notes_its_id_while_it_runs_and_ends_with_whoever_started_it() {
    run(async {
        let data = tempfile::tempdir().unwrap();
        let cluster = Cluster::spawned(SpawnedOptions::for_tests(data.path())).await.unwrap();
        let mut pids = Vec::new();
        for service in Service::ALL {
            let pid = cluster.pid(service).await.unwrap();
            assert_eq!(noted_pid(data.path(), service), Some(pid.to_string()));
            pids.push(pid);
        }
        cluster.stop(Service::Events).await.unwrap();
        assert_eq!(noted_pid(data.path(), Service::Events), None);
        // As if this process had been killed: nobody tells them, their input just ends.
        drop(cluster);
        let since = Instant::now();
        let serving = |pid: &u32| program_run_by(*pid).is_some_and(|program| program.starts_with("convene-"));
        while pids.iter().any(serving) {
            assert!(since.elapsed() < PATIENCE, "processes are left over");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
}

#[test]
fn a_connected_cluster_reaches_services_of_another_one_and_cannot_stop_them() {
    run(async {
        let data = tempfile::tempdir().unwrap();
        let spawned = Cluster::spawned(SpawnedOptions::for_tests(data.path())).await.unwrap();
        let connected = Cluster::connected_to(spawned.addresses().clone(), &ClientOptions::default());
        register(connected.clients(), "alice").await.unwrap();
        assert!(connected.operator().is_err());
        assert!(connected.stop(Service::Auth).await.is_err());
        let connected = connected.with_operator_of(data.path()).unwrap();
        connected.caught_up(PATIENCE).await.unwrap();
        spawned.shutdown(PATIENCE).await;
    });
}
