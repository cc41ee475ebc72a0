//! Certificates are made once, renewed when told, and looked at truthfully; keys are for their owner only.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use domain::Service;

use super::*;

fn noon() -> Timestamp {
    Timestamp::from_micros(1_800_000_000 * 1_000_000)
}

fn order(folder: &Path) -> Order {
    let folder = Folder::at(folder);
    Order {
        authority: folder.of_authority(),
        folder,
        hosts: vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
        clients: Vec::new(),
        days: 365,
        now: noon(),
    }
}

fn states(order: &Order, now: Timestamp) -> Vec<(String, State)> {
    look(&order.folder, now).unwrap().into_iter().map(|look| (look.holder, look.state)).collect()
}

/// Every file below a folder, with its mode.
fn files(folder: &Path) -> Vec<(String, u32)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            found.push((path.file_name().unwrap().to_str().unwrap().to_owned(), mode));
        }
    }
    found
}

#[test]
fn an_installation_gets_an_authority_a_certificate_for_each_service_one_for_the_operator_and_those_of_its_clients() {
    let temporary = tempfile::tempdir().unwrap();
    let order = Order { clients: vec!["alice".to_owned()], ..order(temporary.path()) };
    let made: Vec<String> = make(&order).unwrap().into_iter().map(|made| made.holder).collect();
    let everybody = ["auth", "events", "invitations", "calendar", "sharing", "operator", "client alice"];
    assert_eq!(made[1..], everybody);
    assert!(made[0].starts_with("authority "), "{made:?}");
    let all = |holders: &[String]| holders.iter().map(|holder| (holder.clone(), State::Good)).collect::<Vec<_>>();
    assert_eq!(states(&order, noon()), all(&made));
    let events = Certificate::read(&order.folder.certificate(&Holder::Service(Service::Events))).unwrap().unwrap();
    assert_eq!(events.hosts().collect::<Vec<_>>(), ["localhost", "127.0.0.1"]);
    let alice = Folder::at(temporary.path().join("clients/alice"));
    let theirs: Vec<_> = look(&alice, noon()).unwrap().into_iter().map(|look| (look.holder, look.state)).collect();
    assert_eq!(theirs, all(&[made[0].clone(), "client alice".to_owned()]));
}

#[test]
fn private_keys_are_for_their_owner_only() {
    let temporary = tempfile::tempdir().unwrap();
    make(&Order { clients: vec!["alice".to_owned()], ..order(&temporary.path().join("certs")) }).unwrap();
    let files = files(temporary.path());
    let keys: Vec<_> = files.iter().filter(|(name, _)| name.ends_with(".key")).collect();
    assert_eq!(keys.len(), 8);
    assert!(keys.iter().all(|(_, mode)| *mode == 0o600), "{keys:?}");
    let folder = fs::metadata(temporary.path().join("certs")).unwrap().permissions().mode() & 0o777;
    assert_eq!(folder, 0o700);
}

#[test]
fn what_is_there_and_good_is_left_as_it_is_and_a_further_host_or_a_near_end_makes_it_anew() {
    let temporary = tempfile::tempdir().unwrap();
    let first = order(temporary.path());
    make(&first).unwrap();
    assert_eq!(make(&first).unwrap(), []);
    let same = Order { hosts: vec!["LOCALHOST".to_owned()], ..first.clone() };
    assert_eq!(make(&same).unwrap(), [], "names of hosts know no case");
    let further = Order { hosts: vec!["192.0.2.7".to_owned(), "0:0::1".to_owned()], ..first.clone() };
    assert_eq!(make(&further).unwrap().len(), 5, "the services are reached there, the operator is not");
    assert_eq!(make(&further).unwrap(), []);
    let calendar = Certificate::read(&first.folder.certificate(&Holder::Service(Service::Calendar))).unwrap().unwrap();
    assert_eq!(calendar.hosts().collect::<Vec<_>>(), ["localhost", "127.0.0.1", "192.0.2.7", "::1"]);
    let later = Order { now: after(noon(), 360), ..first };
    assert!(states(&later, later.now).iter().skip(1).all(|(_, state)| *state == State::EndsSoon));
    assert_eq!(make(&later).unwrap().len(), 6);
    assert!(states(&later, later.now).iter().all(|(_, state)| *state == State::Good));
}

#[test]
fn renewing_makes_every_certificate_anew_for_the_same_hosts_by_the_same_authority() {
    let temporary = tempfile::tempdir().unwrap();
    let first = Order { clients: vec!["alice".to_owned()], ..order(temporary.path()) };
    make(&first).unwrap();
    let events = first.folder.certificate(&Holder::Service(Service::Events));
    let (before, authority) =
        (Certificate::read(&events).unwrap().unwrap(), fs::read(first.folder.authority()).unwrap());
    let key_before = fs::read(first.folder.key(&Holder::Operator)).unwrap();
    let later = Order { now: after(noon(), 400), hosts: vec!["192.0.2.7".to_owned()], clients: Vec::new(), ..first };
    assert!(states(&later, later.now).iter().skip(1).all(|(_, state)| *state == State::Expired));
    assert_eq!(renew(&later).unwrap().len(), 7);
    assert!(states(&later, later.now).iter().all(|(_, state)| *state == State::Good));
    let renewed = Certificate::read(&events).unwrap().unwrap();
    assert_eq!(renewed.hosts().collect::<Vec<_>>(), ["localhost", "127.0.0.1", "192.0.2.7"]);
    assert!(renewed.not_after > before.not_after);
    assert_eq!(fs::read(later.folder.authority()).unwrap(), authority);
    assert_ne!(fs::read(later.folder.key(&Holder::Operator)).unwrap(), key_before);
}

#[test]
fn an_authority_that_is_kept_elsewhere_is_needed_to_make_and_renew_and_for_nothing_else() {
    let temporary = tempfile::tempdir().unwrap();
    let here = order(&temporary.path().join("certs"));
    make(&here).unwrap();
    let elsewhere = temporary.path().join("safe");
    fs::rename(here.authority.path(), &elsewhere).unwrap();
    assert!(states(&here, noon()).iter().all(|(_, state)| *state == State::Good));
    for refused in [make(&here).unwrap_err(), renew(&here).unwrap_err()] {
        assert!(refused.to_string().contains("--authority FOLDER"), "{refused}");
    }
    let told = Order { authority: Folder::at(&elsewhere), ..here.clone() };
    assert_eq!(renew(&told).unwrap().len(), 6);
    let another = order(&temporary.path().join("another"));
    make(&another).unwrap();
    let wrong = Order { authority: another.authority, ..here };
    assert!(
        renew(&wrong).unwrap_err().to_string().contains("--authority FOLDER"),
        "it is not the one that issued them"
    );
}

#[test]
fn what_is_of_no_use_is_seen() {
    let temporary = tempfile::tempdir().unwrap();
    let (ours, theirs) = (order(&temporary.path().join("ours")), order(&temporary.path().join("theirs")));
    make(&ours).unwrap();
    make(&theirs).unwrap();
    let events = Holder::Service(Service::Events);
    fs::copy(theirs.folder.certificate(&events), ours.folder.certificate(&events)).unwrap();
    fs::remove_file(ours.folder.key(&Holder::Operator)).unwrap();
    let states = states(&ours, noon());
    assert!(states.contains(&("events".to_owned(), State::Foreign)), "{states:?}");
    assert!(states.contains(&("operator".to_owned(), State::NoKey)), "{states:?}");
    assert_eq!(make(&ours).unwrap().len(), 2, "they are made anew");
}

#[test]
fn what_makes_no_sense_is_refused_and_nothing_is_there_afterwards_that_was_not_before() {
    let temporary = tempfile::tempdir().unwrap();
    let nothing = order(&temporary.path().join("certs"));
    for (refused, told) in [
        (renew(&nothing).map(drop), "convene certs make"),
        (look(&nothing.folder, noon()).map(drop), "convene certs make"),
        (make(&Order { clients: vec!["../alice".to_owned()], ..nothing.clone() }).map(drop), "../alice"),
    ] {
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains(told), "{refused}");
    }
    for host in ["two words", "-x", "a..b", "", "x/y"] {
        let refused = make(&Order { hosts: vec![host.to_owned()], ..nothing.clone() }).unwrap_err().to_string();
        assert!(refused.contains(&format!("{host:?}")), "{refused}");
    }
    assert!(!nothing.folder.path().exists());
}

#[test]
fn a_name_that_says_whose_a_certificate_is_is_no_host() {
    let temporary = tempfile::tempdir().unwrap();
    for host in ["events.convene.internal", "Operator.Convene.Internal", "convene.internal", "a.b.convene.internal"] {
        let order = Order { hosts: vec![host.to_owned()], ..order(temporary.path()) };
        let refused = make(&order).unwrap_err().to_string();
        assert!(refused.contains(host) && refused.contains("cannot be a host"), "{refused}");
        assert!(!temporary.path().join("authority").exists(), "nothing was begun");
        let authority = Authority::create(noon(), after(noon(), 9)).unwrap();
        let auth = Holder::Service(Service::Auth);
        assert!(authority.issue(&auth, &[host.to_owned()], noon(), after(noon(), 9)).is_err());
    }
    let near = Order { hosts: vec!["myconvene.internal".to_owned()], ..order(temporary.path()) };
    make(&near).unwrap();
    let events = Certificate::read(&near.folder.certificate(&Holder::Service(Service::Events))).unwrap().unwrap();
    assert_eq!(events.hosts().collect::<Vec<_>>(), ["myconvene.internal"], "a host like any other");
}
