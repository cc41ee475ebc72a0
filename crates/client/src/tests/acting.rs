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

/// Makes “Standup” of every day from tomorrow on, and invites Bob.
async fn makes_daily_standup(seat: &mut Seat) {
    seat.command("new event");
    seat.types("Standup");
    seat.tab();
    seat.types("tomorrow 9am 45m");
    (0..5).for_each(|_| seat.tab());
    seat.types("bob");
    seat.tab();
    seat.tab();
    seat.types("every day 10 times");
    seat.save();
    seat.sees("made “Standup”").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_what_comes_again_one_is_declined_and_then_what_follows_another() {
    let cluster = services().await;
    let (mut alice, mut bob) = (Seat::at(cluster.clients()), Seat::at(cluster.clients()));
    alice.registers("alice").await;
    bob.registers("bob").await;
    makes_daily_standup(&mut alice).await;
    alice.sees("repeats   ↻ every day, 10 times").await;
    bob.command("invitations");
    bob.sees("○ pending").await;
    bob.command("accept");
    bob.sees("you come to Standup").await;
    bob.command("agenda");
    bob.until("ten are in the agenda", |screen| screen.matches("● Standup ↻").count() == 10).await;
    // The second alone, and not after all.
    bob.types("jd1");
    bob.sees("you do not come to Standup on").await;
    bob.until("nine are left", |screen| screen.matches("● Standup ↻").count() == 9).await;
    bob.types("u");
    bob.until("all are there again", |screen| screen.matches("● Standup ↻").count() == 10).await;
    // The fifth and all that follow.
    bob.types("gjjjjd2");
    bob.until("four are left", |screen| screen.matches("● Standup ↻").count() == 4).await;
    // On the page of one it is said who does not come to that one only.
    bob.types("gm1");
    bob.sees("you may come to Standup on").await;
    alice.command("agenda");
    alice.until("the organizer has all of them", |screen| screen.matches("◆ Standup ↻").count() == 10).await;
    alice.key_enter();
    alice.sees("only this ◐ bob").await;
    done(cluster).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_what_comes_again_what_follows_becomes_an_event_of_its_own_and_all_of_it_is_changed_at_once() {
    let cluster = services().await;
    let (mut alice, mut bob) = (Seat::at(cluster.clients()), Seat::at(cluster.clients()));
    alice.registers("alice").await;
    bob.registers("bob").await;
    makes_daily_standup(&mut alice).await;
    alice.command("agenda");
    alice.until("ten are in the agenda", |screen| screen.matches("◆ Standup ↻").count() == 10).await;
    alice.types("jjje2");
    alice.sees("Edit “Standup” from").await;
    alice.sees("every day, 7 times").await;
    alice.types(" later");
    alice.save();
    alice.sees("changed “Standup later” from").await;
    alice.sees("repeats   ↻ every day, 7 times").await;
    alice.command("agenda");
    alice.until("seven are called otherwise", |screen| screen.matches("◆ Standup later ↻").count() == 7).await;
    alice.until("three are as they were", |screen| screen.matches("◆ Standup ↻").count() == 3).await;
    // All of what is left of the first: it does not come again any more.
    alice.types("ge3");
    alice.sees("Edit “Standup”").await;
    (0..7).for_each(|_| alice.tab());
    alice.clears();
    alice.save();
    alice.sees("changed “Standup”").await;
    alice.command("agenda");
    alice.until("one is left", |screen| screen.matches("◆ Standup").count() == 8).await;
    done(cluster).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_overlaps_what_one_accepts_is_said() {
    let cluster = services().await;
    let (mut alice, mut bob) = (Seat::at(cluster.clients()), Seat::at(cluster.clients()));
    alice.registers("alice").await;
    bob.registers("bob").await;
    makes(&mut bob, "Breakfast", None).await;
    makes_daily_standup(&mut alice).await;
    bob.command("invitations");
    bob.sees("○ pending").await;
    bob.command("accept");
    bob.sees("you come to Standup; it overlaps “Breakfast”").await;
    bob.sees("● going").await;
    done(cluster).await;
}
