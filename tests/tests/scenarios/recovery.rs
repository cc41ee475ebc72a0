//! A database is restored from a backup, copied back, emptied or damaged: the others notice, and heal or ask.
//!
//! Each scenario ends, as all do, when every service has taken over what the others tell and no reference dangles.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use convene_tests::{Mode, Person, Plan, World, scenario};
use domain::events::Listing;
use domain::invitations::{Response, Status};
use domain::sharing::Level;
use domain::{Error, Service};
use transport::cluster::{program_of, programs};

/// The titles of the public events.
async fn public(person: &Person) -> Vec<String> {
    person.lists(Listing::Public, None).await.unwrap()
}

scenario! {
    fn when_auth_is_restored_who_came_later_is_gone_everywhere_and_who_had_left_is_back(world) {
        let [alice, bob, dave] = world.people(["alice", "bob", "dave"]).await;
        let kept = alice.creates(Plan::for_a("Kept").inviting(&["bob", "dave"])).await.unwrap().id;
        bob.answers(kept, Response::Accept).await.unwrap();
        alice.shares_with(&bob, Level::Details).await.unwrap();
        let backup = world.backs_up(Service::Auth).await;

        let carol = world.person("carol").await;
        carol.creates(Plan::for_a("Lost").public().inviting(&["bob"])).await.unwrap();
        carol.answers(kept, Response::Accept).await.unwrap_err();
        alice.invites(kept, &["carol"]).await.unwrap();
        carol.answers(kept, Response::Accept).await.unwrap();
        carol.shares_with(&alice, Level::Details).await.unwrap();
        alice.shares_with(&carol, Level::Details).await.unwrap();
        let later = alice.elsewhere();
        later.signs_in().await.unwrap();
        dave.deletes_the_account().await.unwrap();
        world.settles().await;

        world.restores(Service::Auth, &backup).await;
        world.settles().await;
        // Carol never was; her session and her event are no more.
        assert_eq!(carol.calendar().await.unwrap_err().code(), "unauthenticated");
        assert_eq!(later.calendar().await.unwrap_err().code(), "unauthenticated");
        assert_eq!(public(&alice).await, [""; 0]);
        assert_eq!(bob.inbox().await.unwrap(), [""; 0]);
        let people = alice.participants(kept).await.unwrap();
        assert_eq!((people.counts.going, people.people.items.len()), (1, 1), "bob, as before");
        let shares = alice.shares().await.unwrap();
        assert_eq!((shares.shared_with.len(), shares.shared_with_me.len()), (1, 0));
        assert_eq!(bob.calendar_of(&alice).await.unwrap(), ["Kept (organizing)"]);
        // Dave is back, without what went with him, and what is done now reaches him.
        dave.elsewhere().signs_in().await.unwrap();
        dave.signs_in().await.unwrap();
        assert_eq!(dave.calendar().await.unwrap(), [""; 0]);
        let new = alice.creates(Plan::for_a("New").inviting(&["dave"])).await.unwrap().id;
        world.settles().await;
        assert!(dave.inbox().await.unwrap().contains(&"New".to_owned()));
        dave.answers(new, Response::Accept).await.unwrap();
        assert_eq!(dave.calendar().await.unwrap(), ["New (going)"]);
        alice.shares_with(&dave, Level::Busy).await.unwrap();
        world.person("carol").await.creates(Plan::for_a("Again").public()).await.unwrap();
        world.settles().await;
        assert_eq!(public(&dave).await, ["Again"]);
    }

    fn when_events_is_restored_invitations_and_calendars_show_what_it_holds_and_answers_stay(world) {
        let [alice, bob, carol] = world.people(["alice", "bob", "carol"]).await;
        let event = alice.creates(Plan::for_a("Old title").inviting(&["bob", "carol"])).await.unwrap().id;
        let party = alice.creates(Plan::for_a("Party").at("2027-03-11T20:00").public().inviting(&["bob"])).await.unwrap().id;
        bob.answers(party, Response::Maybe).await.unwrap();
        carol.attends(party).await.unwrap();
        let backup = world.backs_up(Service::Events).await;

        bob.answers(event, Response::Accept).await.unwrap();
        alice.edits(event, |edit| edit.title = Some("New title".parse().unwrap())).await.unwrap();
        alice.uninvites(event, &["carol"]).await.unwrap();
        alice.cancels(party).await.unwrap();
        let lost = alice.creates(Plan::for_a("Lost").at("2027-03-12T09:00").inviting(&["bob"])).await.unwrap().id;
        bob.answers(lost, Response::Accept).await.unwrap();
        world.settles().await;
        assert_eq!(bob.calendar().await.unwrap(), ["New title (going)", "Lost (going)"]);

        world.restores(Service::Events, &backup).await;
        world.settles().await;
        assert_eq!(bob.calendar().await.unwrap(), ["Old title (going)", "Party (maybe)"], "both sides hold the answers");
        assert_eq!(alice.calendar().await.unwrap(), ["Old title (organizing)", "Party (organizing)"]);
        assert_eq!(carol.calendar().await.unwrap(), ["Party (going)"]);
        assert_eq!(carol.inbox().await.unwrap(), ["Old title"], "she is invited again");
        assert_eq!(bob.answers(lost, Response::Accept).await.unwrap_err().code(), "not_found");
        // It goes on.
        carol.answers(event, Response::Accept).await.unwrap();
        alice.edits(event, |edit| edit.title = Some("Newer title".parse().unwrap())).await.unwrap();
        alice.cancels(party).await.unwrap();
        world.settles().await;
        assert_eq!(carol.calendar().await.unwrap(), ["Newer title (going)"]);
        assert_eq!(bob.calendar().await.unwrap(), ["Newer title (going)"]);
    }

    fn when_a_newer_backup_of_events_follows_an_older_one_what_came_back_is_everywhere_again(world) {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        alice.creates(Plan::for_a("First").inviting(&["bob"])).await.unwrap();
        let older = world.backs_up(Service::Events).await;
        let second = alice.creates(Plan::for_a("Second").at("2027-03-11T09:00").inviting(&["bob"])).await.unwrap().id;
        bob.answers(second, Response::Accept).await.unwrap();
        let newer = world.backs_up(Service::Events).await;
        world.settles().await;
        world.restores(Service::Events, &older).await;
        world.settles().await;
        assert_eq!(bob.calendar().await.unwrap(), [""; 0]);
        world.restores(Service::Events, &newer).await;
        world.settles().await;
        assert_eq!(alice.calendar().await.unwrap(), ["First (organizing)", "Second (organizing)"]);
        assert_eq!(bob.inbox().await.unwrap().len(), 2, "the answer went with the invitation");
        bob.answers(second, Response::Accept).await.unwrap();
        assert_eq!(bob.calendar().await.unwrap(), ["Second (going)"]);
    }

    fn when_invitations_is_restored_calendars_follow_it_and_what_events_has_issued_arrives_again(world) {
        let [alice, bob, carol] = world.people(["alice", "bob", "carol"]).await;
        let event = alice.creates(Plan::for_a("Standup").inviting(&["bob", "carol"])).await.unwrap().id;
        let party = alice.creates(Plan::for_a("Party").at("2027-03-11T20:00").public()).await.unwrap().id;
        carol.answers(event, Response::Accept).await.unwrap();
        carol.attends(party).await.unwrap();
        world.settles().await;
        let backup = world.backs_up(Service::Invitations).await;

        bob.answers(event, Response::Accept).await.unwrap();
        bob.attends(party).await.unwrap();
        carol.answers(event, Response::Decline).await.unwrap();
        carol.leaves(party).await.unwrap();
        let later = alice.creates(Plan::for_a("Later").at("2027-03-12T09:00").inviting(&["bob"])).await.unwrap().id;
        bob.answers(later, Response::Accept).await.unwrap();
        alice.uninvites(event, &["carol"]).await.unwrap();
        world.settles().await;
        assert_eq!(bob.calendar().await.unwrap(), ["Standup (going)", "Party (going)", "Later (going)"]);

        world.restores(Service::Invitations, &backup).await;
        world.settles().await;
        assert_eq!(bob.calendar().await.unwrap(), [""; 0]);
        assert_eq!(carol.calendar().await.unwrap(), ["Party (going)"], "she was asked to the standup no more");
        let mut inbox = bob.inbox().await.unwrap();
        inbox.sort();
        assert_eq!(inbox, ["Later", "Standup"]);
        bob.answers(later, Response::Accept).await.unwrap();
        assert_eq!(bob.calendar().await.unwrap(), ["Later (going)"]);
        let people = alice.participants(event).await.unwrap().people.items;
        assert_eq!(people.iter().map(|one| (one.username.as_str(), one.status)).collect::<Vec<_>>(), [("bob", Status::Pending)]);
    }

    fn when_sharing_is_restored_calendars_are_open_to_those_whom_it_names_and_to_nobody_else(world) {
        let [alice, bob, carol, dave] = world.people(["alice", "bob", "carol", "dave"]).await;
        alice.creates(Plan::for_a("Dentist")).await.unwrap();
        alice.shares_with(&bob, Level::Details).await.unwrap();
        alice.shares_with(&carol, Level::Details).await.unwrap();
        world.settles().await;
        let backup = world.backs_up(Service::Sharing).await;
        alice.shares_with(&dave, Level::Details).await.unwrap();
        alice.shares_with(&carol, Level::Busy).await.unwrap();
        alice.stops_sharing_with(&bob).await.unwrap();
        world.settles().await;
        assert_eq!(bob.calendar_of(&alice).await.unwrap_err().code(), "forbidden");

        world.restores(Service::Sharing, &backup).await;
        world.settles().await;
        assert_eq!(bob.calendar_of(&alice).await.unwrap(), ["Dentist (organizing)"]);
        assert_eq!(carol.calendar_of(&alice).await.unwrap(), ["Dentist (organizing)"]);
        assert_eq!(dave.calendar_of(&alice).await.unwrap_err().code(), "forbidden");
        alice.stops_sharing_with(&bob).await.unwrap();
        alice.shares_with(&dave, Level::Details).await.unwrap();
        world.settles().await;
        assert_eq!(bob.calendar_of(&alice).await.unwrap_err().code(), "forbidden");
        assert_eq!(dave.calendar_of(&alice).await.unwrap(), ["Dentist (organizing)"]);
    }

    fn when_calendar_is_restored_it_catches_up_with_all_that_happened_since(world) {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        let first = alice.creates(Plan::for_a("First").inviting(&["bob"])).await.unwrap().id;
        bob.answers(first, Response::Accept).await.unwrap();
        world.settles().await;
        let backup = world.backs_up(Service::Calendar).await;
        let second = alice.creates(Plan::for_a("Second").at("2027-03-11T09:00").inviting(&["bob"])).await.unwrap().id;
        bob.answers(second, Response::Maybe).await.unwrap();
        bob.answers(first, Response::Decline).await.unwrap();
        let carol = world.person("carol").await;
        world.settles().await;
        world.restores(Service::Calendar, &backup).await;
        world.settles().await;
        assert_eq!(bob.calendar().await.unwrap(), ["Second (maybe)"]);
        assert_eq!(carol.calendar().await.unwrap(), [""; 0]);
    }

    fn an_answer_given_while_the_others_still_go_over_is_not_lost(world) {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        let mut events = Vec::new();
        for number in 10..30 {
            let plan = Plan::for_a(&format!("Event {number}")).at(&format!("2027-03-{number}T09:00")).inviting(&["bob"]);
            events.push(alice.creates(plan).await.unwrap().id);
        }
        world.settles().await;
        let backup = world.backs_up(Service::Events).await;
        world.restores(Service::Events, &backup).await;
        // Nobody waits for anything here.
        for event in &events {
            bob.answers(*event, Response::Accept).await.unwrap();
        }
        world.settles().await;
        assert_eq!(bob.calendar().await.unwrap().len(), events.len());
    }
}

/// Runs a scenario against five processes only: it lays hands on their data folder.
pub(super) fn spawned<F: Future<Output = ()>>(scenario: impl FnOnce(World) -> F) {
    World::run(Mode::Spawned, None, scenario);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn an_emptied_folder_takes_nothing_away_and_when_it_is_put_back_all_is_as_it_was() {
    spawned(|mut world| async move {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        let event = alice.creates(Plan::for_a("Kept").inviting(&["bob"])).await.unwrap().id;
        alice.shares_with(&bob, Level::Details).await.unwrap();
        world.settles().await;
        world.stops(Service::Auth).await;
        let (folder, aside) = (world.data().join("auth"), world.data().join("elsewhere"));
        fs::rename(&folder, &aside).unwrap();
        world.starts(Service::Auth).await;
        for service in Service::Auth.followers() {
            let why = world.stops_following(service).await;
            assert!(why.contains("auth no longer holds 2 of the 2 rows"), "{service}: {why}");
            assert!(why.contains(&format!("convene-{service} accept-loss auth")), "{service}: {why}");
        }
        // Whoever is signed in works on.
        bob.answers(event, Response::Accept).await.unwrap();
        assert_eq!(bob.calendar().await.unwrap(), ["Kept (going)"]);
        assert_eq!(bob.calendar_of(&alice).await.unwrap(), ["Kept (organizing)"]);
        world.stops(Service::Auth).await;
        fs::remove_dir_all(&folder).unwrap();
        fs::rename(&aside, &folder).unwrap();
        world.starts(Service::Auth).await;
        world.settles().await;
        bob.elsewhere().signs_in().await.unwrap();
        assert_eq!(bob.calendar().await.unwrap(), ["Kept (going)"]);
        world.ends_whole().await;
    });
}

/// Waits until a session is refused.
async fn is_refused<T>(ask: impl AsyncFn() -> Result<T, Error>) {
    let began = std::time::Instant::now();
    while !matches!(ask().await, Err(Error::Unauthenticated { .. })) {
        assert!(began.elapsed() < Duration::from_secs(60), "it is still let in");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[test]
fn who_signs_out_or_is_deleted_while_an_operator_is_waited_for_is_gone_everywhere_and_leaves_nothing() {
    spawned(|mut world| async move {
        let alice = world.person("alice").await;
        let kept = alice.creates(Plan::for_a("Kept").public()).await.unwrap().id;
        world.settles().await;
        world.stops(Service::Auth).await;
        fs::remove_dir_all(world.data().join("auth")).unwrap();
        world.starts(Service::Auth).await;
        for service in Service::Auth.followers() {
            world.stops_following(service).await;
        }
        // Who comes now is known everywhere; who goes, too.
        let [dave, erin] = world.people(["dave", "erin"]).await;
        for person in [&dave, &erin] {
            person.attends(kept).await.unwrap();
        }
        dave.signs_out().await.unwrap();
        erin.deletes_the_account().await.unwrap();
        for person in [&dave, &erin] {
            is_refused(|| person.lists(Listing::Public, None)).await;
            is_refused(|| person.inbox()).await;
            is_refused(|| person.calendar()).await;
            is_refused(|| person.shares()).await;
            is_refused(|| person.creates(Plan::for_a("Never").public())).await;
            is_refused(|| person.shares_with(&alice, Level::Details)).await;
        }
        for service in Service::Auth.followers() {
            world.accepts_loss(service, Service::Auth).await.unwrap();
        }
        world.settles().await;
        dave.signs_in().await.unwrap();
        assert_eq!(public(&dave).await, [""; 0], "alice, who organized it, is lost");
        world.ends_whole().await;
    });
}

#[test]
fn an_operator_may_let_go_of_all_that_an_emptied_folder_has_lost() {
    spawned(|mut world| async move {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        alice.creates(Plan::for_a("Lost").inviting(&["bob"])).await.unwrap();
        world.settles().await;
        let early = world.accepts_loss(Service::Calendar, Service::Events).await.unwrap_err();
        assert_eq!(early.code(), "conflict");
        world.stops(Service::Events).await;
        fs::remove_dir_all(world.data().join("events")).unwrap();
        world.starts(Service::Events).await;
        for service in Service::Events.followers() {
            let why = world.stops_following(service).await;
            assert!(why.contains("events no longer holds"), "{why}");
            assert!(world.accepts_loss(service, Service::Events).await.unwrap().value.rows > 0);
        }
        world.settles().await;
        assert_eq!(alice.calendar().await.unwrap(), [""; 0]);
        assert_eq!(bob.inbox().await.unwrap(), [""; 0]);
        alice.creates(Plan::for_a("New").inviting(&["bob"])).await.unwrap();
        world.settles().await;
        assert_eq!(bob.inbox().await.unwrap(), ["New"]);
        world.ends_whole().await;
    });
}

#[test]
fn an_older_copy_of_a_folder_that_was_put_back_is_noticed_and_the_others_heal() {
    spawned(|mut world| async move {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        let event = alice.creates(Plan::for_a("Old title").inviting(&["bob"])).await.unwrap().id;
        bob.answers(event, Response::Accept).await.unwrap();
        world.stops(Service::Events).await;
        let (folder, older) = (world.data().join("events"), world.data().join("older"));
        copy(&folder, &older);
        world.starts(Service::Events).await;
        alice.edits(event, |edit| edit.title = Some("New title".parse().unwrap())).await.unwrap();
        alice.creates(Plan::for_a("Lost").inviting(&["bob"])).await.unwrap();
        world.settles().await;
        world.stops(Service::Events).await;
        fs::remove_dir_all(&folder).unwrap();
        copy(&older, &folder);
        world.starts(Service::Events).await;
        alice.creates(Plan::for_a("Another").at("2027-03-11T09:00").inviting(&["bob"])).await.unwrap();
        world.settles().await;
        assert_eq!(alice.calendar().await.unwrap(), ["Old title (organizing)", "Another (organizing)"]);
        assert_eq!(bob.calendar().await.unwrap(), ["Old title (going)"]);
        assert_eq!(bob.inbox().await.unwrap(), ["Another"]);
        world.ends_whole().await;
    });
}

#[test]
fn followers_that_are_killed_amid_going_over_go_on_where_they_were() {
    spawned(|mut world| async move {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        let kept = alice.creates(Plan::for_a("Kept").inviting(&["bob"])).await.unwrap().id;
        for number in 0..150 {
            alice.creates(Plan::for_a(&format!("Event {number}")).public()).await.unwrap();
        }
        world.settles().await;
        let backup = world.backs_up(Service::Events).await;
        bob.answers(kept, Response::Accept).await.unwrap();
        alice.creates(Plan::for_a("Lost").inviting(&["bob"])).await.unwrap();
        world.settles().await;
        world.stops(Service::Events).await;
        world.cluster().restore(Service::Events, backup).await.unwrap();
        world.starts(Service::Events).await;
        for _ in 0..8 {
            for service in [Service::Calendar, Service::Invitations] {
                world.kills(service).await;
                world.starts(service).await;
            }
        }
        world.settles().await;
        assert_eq!(bob.calendar().await.unwrap(), ["Kept (going)"]);
        assert_eq!(bob.inbox().await.unwrap(), [""; 0]);
        world.ends_whole().await;
    });
}

/// What a service's program says to these words, and whether it succeeds.
pub(super) fn program(world: &World, service: Service, words: &[&str]) -> (bool, String) {
    let program = programs::of_this_build().unwrap().join(program_of(service));
    let ended = Command::new(program).args(words).arg("--data").arg(world.data()).output().unwrap();
    let said = [ended.stdout, ended.stderr].concat();
    (ended.status.success(), String::from_utf8(said).unwrap().trim().to_owned())
}

#[test]
fn an_operator_backs_up_and_restores_by_the_services_own_programs_and_is_told_what_is_wrong() {
    spawned(|mut world| async move {
        let [alice, bob, carol] = world.people(["alice", "bob", "carol"]).await;
        alice.shares_with(&bob, Level::Details).await.unwrap();
        let sharing = |world: &World, words: &[&str]| program(world, Service::Sharing, words);
        let place = tempfile::tempdir().unwrap();
        let [running, stopped, other] = ["running", "stopped", "other"].map(|name| place.path().join(name));
        let of = |folder: &Path| folder.to_str().unwrap().to_owned();

        // While it runs, and not over another one.
        assert!(sharing(&world, &["backup", &of(&running)]).0);
        let (done, said) = sharing(&world, &["backup", &of(&running)]);
        assert!(!done && said.contains("sharing.backup exists already"), "{said}");
        let (done, said) = sharing(&world, &["restore", &of(&running), "--force"]);
        assert!(!done && said.contains("sharing is running") && said.contains("./run.sh stop"), "{said}");
        let (done, said) = sharing(&world, &["accept-loss", "auth"]);
        assert!(!done && said.contains("has not stopped over anything that auth has lost"), "{said}");
        let (done, said) = program(&world, Service::Auth, &["accept-loss", "events"]);
        assert!(!done && said.contains("auth follows nobody"), "{said}");
        // What proves who one is, is nobody else's to read.
        let mode = fs::metadata(running.join("sharing.backup")).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode, fs::read_dir(&running).unwrap().count()), (0o600, 1));

        alice.shares_with(&carol, Level::Details).await.unwrap();
        world.settles().await;
        world.stops(Service::Sharing).await;
        assert!(sharing(&world, &["backup", &of(&stopped)]).0);
        let (done, said) = sharing(&world, &["accept-loss", "auth"]);
        assert!(!done && said.contains("sharing does not run"), "{said}");

        // Nothing is restored that is not whole, or not its own, or in the way.
        let before = sizes(&world.data().join("sharing"));
        let whole = fs::read(running.join("sharing.backup")).unwrap();
        fs::create_dir(&other).unwrap();
        for (bytes, why) in [(&whole[..whole.len() - 1], "cut off"), (&whole[..0], "no backup of Convene")] {
            fs::write(other.join("sharing.backup"), bytes).unwrap();
            let (done, said) = sharing(&world, &["restore", &of(&other), "--force"]);
            assert!(!done && said.contains(why) && said.contains("nothing was changed"), "{said}");
        }
        fs::remove_file(other.join("sharing.backup")).unwrap();
        let (done, said) = sharing(&world, &["restore", &of(&other), "--force"]);
        assert!(!done && said.contains("there is no backup of sharing"), "{said}");
        assert!(program(&world, Service::Events, &["backup", &of(&other)]).0);
        fs::rename(other.join("events.backup"), other.join("sharing.backup")).unwrap();
        let (done, said) = sharing(&world, &["restore", &of(&other), "--force"]);
        assert!(!done && said.contains("it is of events, not of sharing"), "{said}");
        let (done, said) = sharing(&world, &["restore", &of(&running)]);
        assert!(!done && said.contains("with --force it is moved aside"), "{said}");
        assert_eq!(sizes(&world.data().join("sharing")), before);

        let (done, said) = sharing(&world, &["restore", &of(&running), "--force"]);
        assert!(done && said.contains("what was there before is in"), "{said}");
        world.starts(Service::Sharing).await;
        world.settles().await;
        assert_eq!(alice.shares().await.unwrap().shared_with.len(), 1);
        assert_eq!(carol.calendar_of(&alice).await.unwrap_err().code(), "forbidden");
        world.stops(Service::Sharing).await;
        fs::remove_dir_all(world.data().join("sharing")).unwrap();
        assert!(sharing(&world, &["restore", &of(&stopped)]).0, "where nothing is, nothing need be forced");
        world.starts(Service::Sharing).await;
        world.settles().await;
        assert_eq!(carol.calendar_of(&alice).await.unwrap(), [""; 0]);
        world.ends_whole().await;
    });
}

/// The files of a folder, with their sizes.
fn sizes(folder: &Path) -> Vec<(PathBuf, u64)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut sizes: Vec<_> = entries.map(|path| (path.clone(), fs::metadata(path).unwrap().len())).collect();
    sizes.sort();
    sizes
}

#[test]
fn a_damaged_database_is_refused_with_what_to_do_the_others_go_on_and_a_backup_heals_it() {
    spawned(|mut world| async move {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        let event = alice.creates(Plan::for_a("Standup").inviting(&["bob"])).await.unwrap().id;
        world.settles().await;
        let backup = world.backs_up(Service::Events).await;
        world.stops(Service::Events).await;
        let data = world.data().join("events");
        // One of the two alone can be made good from the other.
        for file in ["db", "journal-0"].map(|name| data.join(name)) {
            let mut bytes = fs::read(&file).unwrap();
            let used = bytes.iter().rposition(|byte| *byte != 0).unwrap();
            bytes[used / 3..=used].fill(0x5A);
            fs::write(&file, bytes).unwrap();
        }
        let refused = world.cluster().start(Service::Events).await.unwrap_err().to_string();
        let (folder, remedy) = (world.data().join("events"), "`convene-events restore DIR --force`");
        assert!(refused.contains(&format!("the database in {} is damaged", folder.display())), "{refused}");
        assert!(refused.contains(remedy) && !refused.contains("panicked"), "{refused}");
        assert!(!refused.contains("serving"), "what an earlier start wrote to the log is not shown: {refused}");
        bob.answers(event, Response::Accept).await.unwrap();
        assert_eq!(bob.calendar().await.unwrap(), ["Standup (going)"]);
        world.cluster().restore(Service::Events, backup).await.unwrap();
        world.starts(Service::Events).await;
        world.settles().await;
        assert_eq!(alice.lists(Listing::Mine, None).await.unwrap(), ["Standup"]);
        assert_eq!(bob.calendar().await.unwrap(), ["Standup (going)"]);
        let aside = fs::read_dir(world.data()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        assert_eq!(aside.filter(|name| name.starts_with("events.old-")).count(), 1, "the damaged one is kept");
        world.ends_whole().await;
    });
}
