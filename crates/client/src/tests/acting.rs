//! Everything that can be done, by palette words and keys, at services in this process.

use std::time::Duration;

use transport::cluster::{Cluster, LinkedOptions};

use super::seat::Seat;

async fn services() -> Cluster {
    Cluster::linked(LinkedOptions::for_tests()).await.unwrap()
}

async fn done(cluster: Cluster) {
    cluster.shutdown(Duration::from_secs(5)).await;
}

/// Makes an event of tomorrow; invites somebody, or makes it public.
async fn makes(seat: &mut Seat, title: &str, invited: Option<&str>) {
    seat.command("new event");
    seat.types(title);
    seat.tab();
    seat.types("tomorrow 9am 45m");
    (0..4).for_each(|_| seat.tab());
    match invited {
        Some(name) => {
            seat.tab();
            seat.types(name);
        }
        None => seat.types("y"),
    }
    seat.save();
    seat.sees(&format!("made “{title}”")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_is_taken_back_and_given_again() {
    let cluster = services().await;
    let (mut alice, mut bob) = (Seat::at(cluster.clients()), Seat::at(cluster.clients()));
    alice.registers("alice").await;
    bob.registers("bob").await;
    makes(&mut alice, "Standup", Some("bob")).await;
    alice.sees("○ bob").await;
    bob.command("invitations");
    bob.sees("○ pending").await;
    alice.command("uninvite");
    alice.sees("no longer invited: bob · u invites them again").await;
    alice.types("u");
    alice.sees("invited bob").await;
    alice.sees("○ bob").await;
    alice.command("uninvite");
    alice.sees("nobody yet").await;
    bob.sees("no invitations").await;
    done(cluster).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_is_changed_as_often_as_one_likes() {
    let cluster = services().await;
    let (mut alice, mut bob) = (Seat::at(cluster.clients()), Seat::at(cluster.clients()));
    alice.registers("alice").await;
    bob.registers("bob").await;
    makes(&mut alice, "Standup", Some("bob")).await;
    bob.command("invitations");
    bob.sees("○ pending").await;
    bob.command("accept");
    bob.sees("● going").await;
    alice.sees("1 going · 0 maybe · 0 pending").await;
    bob.command("maybe");
    bob.sees("◐ maybe").await;
    alice.sees("0 going · 1 maybe · 0 pending").await;
    bob.command("decline");
    // Taken back while its toast lives; and changed from the event's page.
    bob.sees("u undoes it").await;
    bob.sees("✗ declined").await;
    bob.types("u");
    bob.sees("◐ maybe").await;
    bob.key_enter();
    bob.sees("you       ◐ maybe").await;
    bob.types("a");
    bob.sees("you       ● going").await;
    alice.sees("● bob").await;
    done(cluster).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_public_event_is_perhaps_attended_then_attended_then_left() {
    let cluster = services().await;
    let (mut alice, mut bob) = (Seat::at(cluster.clients()), Seat::at(cluster.clients()));
    alice.registers("alice").await;
    bob.registers("bob").await;
    makes(&mut alice, "Party", None).await;
    bob.command("public events");
    bob.sees("Party").await;
    bob.command("maybe attend");
    bob.sees("you may come to Party").await;
    bob.sees("◐ ").await;
    alice.sees("0 going · 1 maybe").await;
    bob.command("attend");
    bob.sees("you come to Party").await;
    bob.command("leave event");
    bob.sees("you do not come to Party · u undoes it").await;
    bob.types("u");
    bob.sees("you come to Party").await;
    bob.command("leave event");
    alice.sees("✗ bob").await;
    done(cluster).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_is_changed_and_signs_in_from_then_on() {
    let cluster = services().await;
    let mut alice = Seat::at(cluster.clients());
    alice.registers("alice").await;
    alice.command("change password");
    for (nth, password) in ["a wrong password", "another password", "another password"].into_iter().enumerate() {
        if nth > 0 {
            alice.tab();
        }
        alice.types(password);
    }
    alice.save();
    alice.sees("wrong").await;
    alice.command("change password");
    // What was typed is asked about first.
    alice.types("y");
    alice.command("change password");
    for (nth, password) in ["correct horse", "another password", "another password"].into_iter().enumerate() {
        if nth > 0 {
            alice.tab();
        }
        alice.types(password);
    }
    alice.save();
    alice.sees("the password is changed").await;
    alice.command("sign out");
    alice.sees("signed out").await;
    alice.types("alice");
    alice.tab();
    alice.types("another password");
    alice.save();
    alice.sees("my calendar").await;
    done(cluster).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_deleted_with_its_events() {
    let cluster = services().await;
    let (mut alice, mut bob) = (Seat::at(cluster.clients()), Seat::at(cluster.clients()));
    alice.registers("alice").await;
    bob.registers("bob").await;
    makes(&mut alice, "Party", None).await;
    bob.command("public events");
    bob.sees("Party").await;
    alice.command("delete account");
    alice.types("alice");
    alice.save();
    alice.sees("the account alice is deleted").await;
    bob.sees("no public events").await;
    alice.types("alice");
    alice.tab();
    alice.types("correct horse");
    alice.save();
    alice.no_longer_sees("my calendar").await;
    alice.sees("wrong").await;
    done(cluster).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_calendar_shared_as_busy_times_is_laid_over_mine() {
    let cluster = services().await;
    let (mut alice, mut bob) = (Seat::at(cluster.clients()), Seat::at(cluster.clients()));
    alice.registers("alice").await;
    bob.registers("bob").await;
    makes(&mut bob, "Secret", None).await;
    makes(&mut alice, "Standup", None).await;
    bob.command("share calendar");
    bob.types("alice");
    bob.tab();
    bob.types("b");
    bob.save();
    bob.sees("alice sees your calendar").await;
    alice.command("open calendar");
    alice.types("bob");
    alice.save();
    alice.sees("bob’s calendar").await;
    for view in ["month", "week", "day", "agenda"] {
        alice.command(view);
        alice.command("today");
        alice.types("l");
        alice.sees("▒").await;
        assert!(!alice.screen().contains("Secret") && !alice.screen().contains("◆"), "{}", alice.screen());
    }
    alice.command("both calendars");
    alice.sees("◆ Standup").await;
    alice.sees("bob: busy").await;
    alice.command("both calendars");
    alice.no_longer_sees("◆").await;
    alice.command("my calendar");
    alice.sees("◆ Standup").await;
    alice.no_longer_sees("▒").await;
    bob.command("stop sharing");
    bob.types("alice");
    bob.save();
    bob.sees("alice no longer sees your calendar").await;
    alice.command("open calendar");
    alice.types("bob");
    alice.save();
    alice.sees("bob does not share their calendar with you").await;
    done(cluster).await;
}
