//! People at their clients, with all five services in this process.

use std::time::Duration;

use domain::Service;
use transport::cluster::{Cluster, LinkedOptions};

use super::seat::Seat;

async fn services() -> Cluster {
    Cluster::linked(LinkedOptions::for_tests()).await.unwrap()
}

async fn makes_an_event(alice: &mut Seat, invited: &str) {
    alice.command("new event");
    alice.types("Standup");
    alice.tab();
    alice.types("tomorrow 9am 45m");
    for _ in 0..4 {
        alice.tab();
    }
    if invited.is_empty() {
        alice.types("y");
    } else {
        alice.tab();
        alice.types(invited);
    }
    alice.save();
    alice.sees("made “Standup”").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_is_accepted_and_its_organizer_hears_of_it() {
    let cluster = services().await;
    let (mut alice, mut bob) = (Seat::at(cluster.clients()), Seat::at(cluster.clients()));
    alice.registers("alice").await;
    bob.registers("bob").await;
    makes_an_event(&mut alice, "bob").await;
    alice.sees("1 pending").await;
    bob.command("invitations");
    bob.sees("○ pending").await;
    bob.command("accept");
    bob.sees("you come to Standup").await;
    alice.sees("bob is coming to Standup").await;
    alice.sees("1 going").await;
    bob.command("agenda");
    bob.sees("● Standup").await;
    cluster.shutdown(Duration::from_secs(5)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_public_event_is_found_and_attended_and_a_shared_calendar_shows_it() {
    let cluster = services().await;
    let (mut alice, mut bob) = (Seat::at(cluster.clients()), Seat::at(cluster.clients()));
    alice.registers("alice").await;
    bob.registers("bob").await;
    makes_an_event(&mut alice, "").await;
    bob.command("public events");
    bob.types("/");
    bob.types("stand");
    bob.key_enter();
    bob.sees("Standup").await;
    bob.command("attend");
    bob.sees("you come to Standup").await;
    bob.command("share calendar");
    bob.types("alice");
    bob.save();
    bob.sees("alice sees your calendar").await;
    alice.command("open calendar");
    alice.types("bob");
    alice.save();
    alice.sees("bob’s calendar").await;
    alice.command("agenda");
    alice.sees("Standup").await;
    cluster.shutdown(Duration::from_secs(5)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_service_away_greys_its_pane_only_and_recovery_needs_no_restart() {
    let cluster = services().await;
    let mut alice = Seat::at(cluster.clients());
    alice.registers("alice").await;
    alice.command("public events");
    alice.sees("no public events").await;
    cluster.stop(Service::Events).await.unwrap();
    alice.command("month");
    alice.command("public events");
    alice.command("services");
    alice.sees("events       down").await;
    alice.command("public events");
    alice.types("/x");
    alice.key_enter();
    alice.sees("events is down").await;
    alice.command("people");
    alice.sees("nobody · s shares my calendar").await;
    assert!(!alice.screen().contains("is down"));
    cluster.start(Service::Events).await.unwrap();
    alice.command("public events");
    alice.sees("no public events").await;
    alice.no_longer_sees("is down").await;
    cluster.shutdown(Duration::from_secs(5)).await;
}
