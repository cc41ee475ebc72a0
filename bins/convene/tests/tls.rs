//! The whole system over TLS: five services on an address of this machine that is not loopback (should it have one; otherwise on loopback,
//! with TLS required), people who reach them with a folder of certificates, and all those who are not let in.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, SystemTime};

use certs::{Authority, Folder, Holder};
use domain::{Service, Timestamp};
use transport::cluster::programs;

const PASSWORD: &str = "correct horse battery";
const DAY: Duration = Duration::from_secs(86_400);

/// The address from which this machine would send something far away. Nothing is sent.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("203.0.113.1:9").ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && !address.is_unspecified()).then_some(address)
}

/// An installation, and the machine of someone who uses it.
struct Installation {
    temporary: tempfile::TempDir,
    listen: IpAddr,
    base_port: u16,
    require_tls: bool,
}

impl Installation {
    fn at(listen: IpAddr, require_tls: bool) -> Self {
        static NEXT: AtomicU16 = AtomicU16::new(0);
        let first = 10_000 + u16::try_from(std::process::id() % 1_000).unwrap() * 10 + 5_000;
        let free = |port: u16| TcpListener::bind((listen, port)).is_ok();
        let bases = std::iter::repeat_with(|| first + NEXT.fetch_add(10, Ordering::Relaxed));
        let base_port = bases.into_iter().find(|base| (1..=5).all(|number| free(base + number))).unwrap();
        Self { temporary: tempfile::tempdir().unwrap(), listen, base_port, require_tls }
    }

    /// On an address that needs TLS, if this machine has one; and otherwise, which is said past what captures a test's output, on loopback.
    fn far() -> Self {
        own_address().map_or_else(
            || {
                let told = "SKIPPED: this machine has no address but loopback; what needs TLS by itself is tried with --require-tls";
                let _ = writeln!(std::io::stderr().lock(), "{told}");
                Self::near(true)
            },
            |address| Self::at(address, false),
        )
    }

    fn near(require_tls: bool) -> Self {
        Self::at(IpAddr::V4(Ipv4Addr::LOCALHOST), require_tls)
    }

    fn data(&self) -> PathBuf {
        self.temporary.path().join("data")
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(programs::of_this_build().unwrap().join(name));
        for name in [
            "CONVENE_LOG",
            "CONVENE_RESTART",
            "CONVENE_SERVER",
            "CONVENE_CERTS",
            "CONVENE_LISTEN",
            "CONVENE_REQUIRE_TLS",
        ] {
            command.env_remove(name);
        }
        command.env("CONVENE_BASE_PORT", self.base_port.to_string());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// On the machine of the services.
    fn here(&self, words: &[&str]) -> Command {
        let mut command = self.program("convene");
        command.args(words).env("CONVENE_DATA", self.data()).env("CONVENE_LISTEN", self.listen.to_string());
        command.env("CONVENE_REQUIRE_TLS", if self.require_tls { "1" } else { "0" });
        command
    }

    fn makes_certificates(&self) {
        let host = self.listen.to_string();
        let output = self.here(&["certs", "make", "--host", &host, "--client", "laptop"]).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
    }

    fn server(&self) -> String {
        SocketAddr::new(self.listen, self.base_port).to_string()
    }

    fn address(&self, service: Service) -> SocketAddr {
        SocketAddr::new(self.listen, self.base_port + u16::from(service.number()))
    }

    fn laptop(&self) -> Folder {
        Folder::at(self.data().join("certs/clients/laptop"))
    }

    /// On another machine, with this folder of certificates: one command of `profile`, whose answer is JSON.
    fn elsewhere(&self, certs: &Path, profile: &str, words: &[&str]) -> Output {
        let mut command = self.program("convene");
        command.args(["--json", "--profile", profile, "--server", &self.server(), "--certs"]).arg(certs).args(words);
        command.env("CONVENE_DATA", self.temporary.path().join("none"));
        command.env("XDG_STATE_HOME", self.temporary.path().join("state")).stdin(Stdio::piped());
        if self.require_tls {
            command.arg("--require-tls");
        }
        let mut child = command.spawn().unwrap();
        // A command that reads no password may have ended before it was offered one.
        let _ = writeln!(child.stdin.take().unwrap(), "{PASSWORD}");
        child.wait_with_output().unwrap()
    }

    fn up(&self) -> Up {
        let mut child = self.here(&["up", "--headless"]).spawn().unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        let up = Up(child);
        assert!(ready.starts_with("ready"), "{ready}");
        assert!(ready.contains(&format!("auth={}", self.address(Service::Auth))), "{ready}");
        up
    }
}

/// A supervisor that runs; ended with its services when this is dropped.
struct Up(Child);

impl Drop for Up {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_raw(self.0.id().try_into().unwrap()).unwrap();
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.0.wait();
    }
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn answer(output: &Output) -> serde_json::Value {
    assert!(output.status.success(), "{}", said(output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What a command that certainly did nothing says.
fn unavailable(output: &Output) -> String {
    let said = said(output);
    assert_eq!(output.status.code(), Some(7), "{said}");
    let line: serde_json::Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    assert_eq!((&line["error"]["code"], &line["error"]["service"]), (&"unavailable".into(), &"auth".into()), "{said}");
    line["error"]["message"].as_str().unwrap().to_owned()
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Timestamp::from_micros(since.as_micros().try_into().unwrap())
}

#[test]
fn people_with_a_certificate_use_the_services_of_another_machine_and_nobody_else_does() {
    let installation = Installation::far();
    installation.makes_certificates();
    let _up = installation.up();
    the_mission_goes_well(&installation);
    those_without_a_certificate_of_use_are_refused(&installation);
    no_secret_is_where_it_does_not_belong(&installation);
}

fn the_mission_goes_well(installation: &Installation) {
    let laptop = installation.laptop();
    let does = |profile: &str, words: &[&str]| answer(&installation.elsewhere(laptop.path(), profile, words));
    does("alice", &["register", "alice", "--password-stdin"]);
    does("bob", &["register", "bob", "--password-stdin"]);
    let create =
        ["event", "create", "--title", "Planning", "--start", "2027-03-10T09:00", "--zone", "UTC", "--invite", "bob"];
    let event = does("alice", &create)["id"].as_str().unwrap().to_owned();
    let mut invited = does("bob", &["invitations"]);
    while invited["items"].as_array().unwrap().is_empty() {
        invited = does("bob", &["invitations"]);
    }
    assert_eq!(invited["items"][0]["event"]["id"], event.as_str());
    assert_eq!(does("bob", &["respond", &event, "accept"])["status"], "going");
    let calendar = does("bob", &["calendar", "--from", "2027-03-10", "--to", "2027-03-10"]);
    assert_eq!(
        (&calendar["items"][0]["title"], &calendar["items"][0]["status"]),
        (&"Planning".into(), &"going".into())
    );
    let states = does("bob", &["status"]);
    assert!(states["services"].as_array().unwrap().iter().all(|service| service["state"] == "up"), "{states}");
    let checked = installation.here(&["--json", "--server", &installation.server(), "check"]).output().unwrap();
    assert_eq!(answer(&checked)["dangling"], serde_json::json!([]), "the services have called each other");
    let ps = said(&installation.here(&["ps"]).output().unwrap());
    assert_eq!(ps.lines().filter(|line| line.contains(" up ")).count(), 5, "{ps}");
}

fn those_without_a_certificate_of_use_are_refused(installation: &Installation) {
    let tries =
        |certs: &Path| unavailable(&installation.elsewhere(certs, "stranger", &["login", "alice", "--password-stdin"]));
    let folder = |name: &str| installation.temporary.path().join(name);

    let nothing = tries(&folder("nothing"));
    assert!(nothing.contains("there is no") && nothing.contains("convene certs make"), "{nothing}");
    let states = answer(&installation.elsewhere(&folder("nothing"), "stranger", &["status"]));
    assert!(states["services"].as_array().unwrap().iter().all(|service| service["state"] == "down"), "{states}");

    let foreign = Installation::far();
    foreign.makes_certificates();
    let refused = tries(foreign.laptop().path());
    assert!(refused.contains("another authority"), "{refused}");

    let authority = Authority::load(&Folder::at(installation.data().join("certs/authority"))).unwrap().unwrap();
    let issued =
        authority.issue(&Holder::Client("late".to_owned()), &[], now().minus(3 * DAY), now().minus(DAY)).unwrap();
    fs::create_dir(folder("late")).unwrap();
    fs::copy(installation.laptop().authority(), folder("late/authority.crt")).unwrap();
    fs::write(folder("late/client.crt"), &issued.certificate).unwrap();
    fs::write(folder("late/client.key"), &issued.key).unwrap();
    let expired = tries(&folder("late"));
    assert!(expired.contains("client.crt has expired on") && expired.contains("convene certs renew"), "{expired}");

    let mut plain = TcpStream::connect(installation.address(Service::Events)).unwrap();
    plain.write_all(b"GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let mut told = String::new();
    plain.read_to_string(&mut told).unwrap();
    assert!(told.contains("events speaks TLS at this address"), "{told}");

    // A service that has no certificate of its own, although it has a client's.
    let mut service = installation.program("convene-sharing");
    service.arg("--data").arg(folder("service")).arg("--certs").arg(installation.laptop().path());
    let own = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0).to_string();
    let peer = format!("auth={}", installation.address(Service::Auth));
    service.args(["--listen", &own, "--peer", &peer]);
    if installation.require_tls {
        service.arg("--require-tls");
    }
    let output = service.output().unwrap();
    let told = said(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("needs TLS") && told.contains("sharing.crt"), "{told}");
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Keys lie in their files and are said nowhere; nor is what a certificate is made of.
fn no_secret_is_where_it_does_not_belong(installation: &Installation) {
    let certs = installation.data().join("certs");
    let all = files(installation.temporary.path());
    let is_key = |path: &&PathBuf| path.extension().is_some_and(|end| end == "key") && path.starts_with(&certs);
    let keys: Vec<String> = all.iter().filter(is_key).map(|path| fs::read_to_string(path).unwrap()).collect();
    assert_eq!(keys.len(), 8);
    let secrets: Vec<&str> =
        keys.iter().map(|key| key.lines().nth(1).unwrap()).chain(["BEGIN CERT", "PRIVATE KEY"]).collect();
    let logs: Vec<&PathBuf> = all.iter().filter(|path| path.starts_with(installation.data().join("log"))).collect();
    assert!(logs.len() >= 5 && logs.iter().all(|log| fs::metadata(log).unwrap().len() > 0));
    for file in all
        .iter()
        .filter(|path| !path.starts_with(&certs) && !path.starts_with(installation.temporary.path().join("late")))
    {
        let bytes = fs::read(file).unwrap();
        for secret in &secrets {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{} is in {}", &secret[..8], file.display());
        }
    }
    for words in [&["certs", "show"][..], &["certs", "make"], &["certs", "show", "--json"], &["certs", "renew"]] {
        let output = installation.here(words).output().unwrap();
        let told = said(&output);
        assert!(output.status.success() && secrets.iter().all(|secret| !told.contains(secret)), "{told}");
    }
}

#[test]
fn with_tls_on_one_side_only_both_are_told_at_once() {
    let secured = Installation::near(true);
    secured.makes_certificates();
    let up = secured.up();
    let login = ["--json", "login", "alice", "--password-stdin"];
    let state = secured.temporary.path().join("state");
    let tries = |installation: &Installation, require: &str| {
        let mut command = installation.here(&login);
        let command = command.env("CONVENE_REQUIRE_TLS", require).env("XDG_STATE_HOME", &state);
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let _ = writeln!(child.stdin.take().unwrap(), "{PASSWORD}");
        child.wait_with_output().unwrap()
    };
    let told = unavailable(&tries(&secured, "0"));
    assert!(told.contains("auth speaks TLS at this address") && told.contains("--require-tls"), "{told}");
    assert_eq!(tries(&secured, "1").status.code(), Some(3), "it gets as far as the password");
    drop(up);

    let open = Installation::near(false);
    open.makes_certificates();
    let _up = open.up();
    let told = unavailable(&tries(&open, "1"));
    assert!(told.contains("it does not speak TLS there"), "{told}");
    assert_eq!(tries(&open, "0").status.code(), Some(3));
}

#[test]
fn without_certificates_no_service_is_started_on_an_address_that_needs_them() {
    for (installation, told) in [
        (Installation::far(), "needs TLS"),
        (Installation::near(true), "needs TLS"),
        (Installation::at("0.0.0.0".parse().unwrap(), false), "every address of this machine"),
    ] {
        let output = installation.here(&["up", "--headless"]).output().unwrap();
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(told), "{said}");
        assert!(!installation.data().exists(), "nothing was begun");
    }
}

#[test]
fn certificates_that_do_not_name_the_address_are_told_before_anything_is_started() {
    let Some(address) = own_address() else {
        let _ = writeln!(std::io::stderr().lock(), "SKIPPED: this machine has no address but loopback");
        return;
    };
    let installation = Installation::at(address, false);
    assert!(installation.here(&["certs", "make"]).output().unwrap().status.success());
    let output = installation.here(&["up", "--headless"]).output().unwrap();
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("auth.crt is for") && said.contains(&format!("and not for {address}")), "{said}");
    assert!(said.contains(&format!("`convene certs make --host {address}`")), "{said}");
    assert!(!installation.data().join("run").exists(), "nothing was begun");
}

#[test]
fn certificates_are_shown_with_their_end_and_what_is_wrong_with_them() {
    let installation = Installation::near(false);
    let does = |words: &[&str]| installation.here(words).output().unwrap();
    let none = does(&["certs", "show"]);
    assert_eq!(none.status.code(), Some(1));
    assert!(said(&none).contains("convene certs make"), "{}", said(&none));

    let made = answer(&does(&["--json", "certs", "make", "--host", "calendar.example.org", "--client", "laptop"]));
    assert_eq!(made["made"].as_array().unwrap().len(), 8);
    let again = answer(&does(&["--json", "certs", "make", "--host", "calendar.example.org"]));
    assert_eq!(again["made"], serde_json::json!([]));
    let shown = answer(&does(&["--json", "certs", "show"]));
    let of = |name: &str| {
        shown["certificates"].as_array().unwrap().iter().find(|one| one["holder"] == name).unwrap().clone()
    };
    assert_eq!(of("events")["state"], "good");
    let hosts = of("events")["hosts"].as_array().unwrap().clone();
    assert!(
        ["localhost", "127.0.0.1", "::1", "calendar.example.org"].into_iter().all(|host| hosts.contains(&host.into()))
    );
    let text = said(&does(&["certs", "show"]));
    assert!(text.contains("client laptop") && text.contains("good"), "{text}");

    assert!(does(&["certs", "renew", "--days", "10"]).status.success());
    assert!(said(&does(&["certs", "show"])).contains("ends soon: renew it"));
    fs::remove_file(installation.data().join("certs/operator.key")).unwrap();
    let wrong = does(&["certs", "show"]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(said(&wrong).contains("its key is missing"), "{}", said(&wrong));
    fs::rename(installation.data().join("certs/authority"), installation.temporary.path().join("safe")).unwrap();
    let refused = does(&["certs", "renew"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("--authority FOLDER"), "{}", said(&refused));
    let safe = installation.temporary.path().join("safe");
    assert!(does(&["certs", "renew", "--authority", safe.to_str().unwrap()]).status.success());
    assert_eq!(does(&["certs", "show"]).status.code(), Some(0));
    assert_eq!(does(&["certs", "make", "--days", "0"]).status.code(), Some(2));
}
