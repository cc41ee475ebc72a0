//! Secrets nowhere they do not belong: passwords and tokens that can be told from everything else go through every command, well-formed
//! and ill-formed, while everything is logged that can be; then every place that others may read is searched for them.
//!
//! A password belongs on standard input, a session's token in its profile's file (for its owner only), the installation's key in its
//! own file. None belongs into logs, messages, metrics, traces, databases, backups, process arguments or environments. (What a backup of
//! auth does hold, as its database does, are the keys that sign tokens and the hashes of passwords.)

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "monitoring/collector.rs"]
#[allow(dead_code, reason = "the tests of traces use all of it")]
mod collector;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use collector::Collector;
use domain::Service;
use prost::Message as _;
use tempfile::TempDir;
use transport::cluster::{Cluster, SpawnedOptions, program_of, programs};

const PASSWORD: &str = "canary-Xq7-password";
const NEW_PASSWORD: &str = "canary-Xq7-another-one";
const WRONG_PASSWORD: &str = "canary-Xq7-mistaken";
const WEAK_PASSWORD: &str = "canaryXq7";
/// What all of them have in common.
const IN_PASSWORDS: [&str; 2] = ["canary-Xq7", "canaryXq7"];

#[test]
fn no_password_and_no_token_is_found_where_it_does_not_belong() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let mut options = SpawnedOptions::for_tests(&data);
    options.environment.insert("CONVENE_LOG".to_owned(), "trace".to_owned());
    let collector = Collector::start();
    options.environment.insert("OTEL_EXPORTER_OTLP_ENDPOINT".to_owned(), collector.endpoint.clone());
    let cluster = runtime.block_on(Cluster::spawned(options)).unwrap();
    let mut user = Terminal::new(&folder, &data, &cluster);
    everything(&mut user);
    what_operators_do(&mut user, &runtime, &cluster);

    let tokens = user.tokens.clone();
    assert!(tokens.len() >= 3, "the tokens of the sessions were not seen: {}", tokens.len());
    let key = fs::read(data.join("operator.key")).unwrap();
    let mut wanted: Vec<Vec<u8>> = IN_PASSWORDS.iter().map(|part| part.as_bytes().to_vec()).collect();
    // The last part of a token is its signature's: whole or cut, a token is recognized by any stretch of it.
    wanted.extend(
        tokens
            .iter()
            .flat_map(|token| [&token[token.len() / 2..token.len() / 2 + 24], &token[token.len() - 24..]])
            .map(|part| part.as_bytes().to_vec()),
    );
    wanted.push(b"v4.local.".to_vec());
    wanted.push(b"v4.public.".to_vec());
    wanted.push(key.clone());
    wanted.push(hex(&key).into_bytes());
    let private: Vec<PathBuf> = files_below(&data).into_iter().filter(|path| is_private_key(path)).collect();
    assert!(private.len() > Service::ALL.len(), "the authority, the services and the operator have keys: {private:?}");
    for path in &private {
        // The first line of base64 ends with a part of the secret number.
        let pem = fs::read_to_string(path).unwrap();
        wanted.push(pem.lines().nth(1).unwrap().as_bytes()[41..].to_vec());
    }

    let mut found = Vec::new();
    let mut search = |place: &str, bytes: &[u8]| {
        let leaked = wanted.iter().filter(|secret| holds(bytes, secret)).count();
        if leaked > 0 {
            found.push(format!("{place} ({leaked})"));
        }
    };
    search("what the commands said", &user.said);
    search("arguments and environments of commands", &user.arguments);
    for service in Service::ALL {
        let pid = runtime.block_on(cluster.pid(service)).unwrap();
        search(&format!("{service}'s arguments"), &fs::read(format!("/proc/{pid}/cmdline")).unwrap());
        search(&format!("{service}'s environment"), &fs::read(format!("/proc/{pid}/environ")).unwrap());
        for path in ["/metrics", "/healthz", "/readyz"] {
            let answer = http(cluster.addresses().of(service).unwrap(), path);
            assert!(answer.starts_with(b"HTTP/1.1 200"), "{path}");
            search(&format!("{service}'s {path}"), &answer);
        }
    }
    for path in files_below(&data) {
        if path.ends_with("operator.key") || is_private_key(&path) {
            assert_eq!(
                fs::metadata(&path).unwrap().permissions().mode() & 0o077,
                0,
                "others may read {}",
                path.display()
            );
            continue;
        }
        search(&path.strip_prefix(&data).unwrap().display().to_string(), &fs::read(&path).unwrap());
    }
    for path in files_below(&user.state) {
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0, "others may read {}", path.display());
    }
    assert!(found.is_empty(), "{found:#?}");
    let logs: u64 = files_below(&data.join("log")).iter().map(|path| fs::metadata(path).unwrap().len()).sum();
    assert!(logs > 10_000, "little was logged ({logs} bytes): this shows nothing");

    let not_tried: Vec<_> =
        commands_of(&user, &[]).into_iter().filter(|command| !user.tried.contains(command)).collect();
    assert!(not_tried.is_empty(), "these commands were not tried: {not_tried:?}");

    // What is still to be sent to the collector is sent at the end.
    runtime.block_on(cluster.shutdown(std::time::Duration::from_secs(10)));
    let sent = RefCell::new(Vec::new());
    for service in Service::ALL {
        collector.first(|known| {
            sent.borrow_mut().extend(known.span.encode_to_vec());
            known.program == program_of(service)
        });
    }
    let sent = sent.into_inner();
    let leaked = wanted.iter().filter(|secret| holds(&sent, secret)).count();
    assert!(leaked == 0 && sent.len() > 10_000, "{leaked} secrets in {} bytes of traces", sent.len());
}

/// Backs every service up, into the data folder, which is searched; restores one; and says what cannot be done.
fn what_operators_do(user: &mut Terminal, runtime: &tokio::runtime::Runtime, cluster: &Cluster) {
    let backups = user.data.join("backups");
    let backups = backups.to_str().unwrap();
    for service in Service::ALL {
        assert!(user.operates(service, &["backup", backups]));
    }
    assert!(!user.operates(Service::Sharing, &["restore", backups, "--force"]), "it runs");
    assert!(!user.operates(Service::Sharing, &["accept-loss", "auth"]), "nothing is lost");
    runtime.block_on(cluster.stop(Service::Sharing)).unwrap();
    assert!(user.operates(Service::Sharing, &["restore", backups, "--force"]));
    runtime.block_on(cluster.start(Service::Sharing)).unwrap();
}

/// Whether this file is a certificate's private key.
fn is_private_key(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "certs") && path.extension().is_some_and(|end| end == "key")
}

/// Every command, with secrets wherever any can be given.
fn everything(user: &mut Terminal) {
    let done = |output: Output| assert!(output.code == 0, "{output:?}");
    let refused = |output: Output| assert!(output.code != 0, "{output:?}");
    refused(user.with(&["register", "alice", "--password-stdin"], &[WEAK_PASSWORD]));
    refused(user.with(&["register", "Not A Name", "--password-stdin"], &[PASSWORD]));
    done(user.with(&["register", "alice", "--password-stdin"], &[PASSWORD]));
    refused(user.with(&["register", "alice", "--password-stdin"], &[WRONG_PASSWORD]));
    done(user.with(&["--profile", "bob", "register", "bob", "--password-stdin"], &[PASSWORD]));
    done(user.runs(&["logout"]));
    refused(user.with(&["login", "alice", "--password-stdin"], &[WRONG_PASSWORD]));
    refused(user.with(&["login", "nobody", "--password-stdin"], &[PASSWORD]));
    done(user.with(&["login", "alice", "--password-stdin"], &[PASSWORD]));
    refused(user.with(&["passwd", "--password-stdin"], &[WRONG_PASSWORD, NEW_PASSWORD]));
    refused(user.with(&["passwd", "--password-stdin"], &[PASSWORD, WEAK_PASSWORD]));
    done(user.with(&["passwd", "--password-stdin"], &[PASSWORD, NEW_PASSWORD]));
    done(user.runs(&["whoami"]));
    let made = user.runs(&[
        "--json",
        "event",
        "create",
        "--title",
        "Concert",
        "--start",
        "2027-03-10T09:00",
        "--public",
        "--invite",
        "bob",
    ]);
    let event = field(&made.out, "id");
    let event = event.as_str();
    for command in [
        &["event", "show", event][..],
        &["event", "edit", event, "--title", "Late concert"],
        &["event", "list"],
        &["invite", event, "bob"],
        &["--profile", "bob", "invitations"],
        &["--profile", "bob", "respond", event, "accept"],
        &["--profile", "bob", "unattend", event],
        &["--profile", "bob", "attend", event],
        &["participants", event],
        &["calendar"],
        &["remind"],
        &["freebusy", "alice"],
        &["find-time", "alice", "--for", "1h"],
        &["import", concat!(env!("CARGO_MANIFEST_DIR"), "/mission.ics")],
        &["export"],
        &["share", "bob"],
        &["shares"],
        &["unshare", "bob"],
        &["uninvite", event, "bob"],
        &["event", "cancel", event],
        &["status"],
        &["check"],
        &["certs", "make"],
        &["certs", "renew"],
        &["certs", "show"],
        &["completions", "bash"],
        &["man"],
    ] {
        done(user.runs(command));
    }
    refused(user.runs(&["event", "show", "no-such-thing"]));
    done(user.runs(&["account", "delete", "--yes"]));
}

#[derive(Debug)]
struct Output {
    code: i32,
    out: String,
}

/// Someone who types commands, and remembers what could be seen meanwhile.
struct Terminal {
    convene: PathBuf,
    data: PathBuf,
    state: PathBuf,
    server: String,
    /// Everything that commands printed.
    said: Vec<u8>,
    /// What other processes could see of them while they ran.
    arguments: Vec<u8>,
    tokens: BTreeSet<String>,
    tried: BTreeSet<String>,
}

impl Terminal {
    fn new(folder: &TempDir, data: &Path, cluster: &Cluster) -> Self {
        let first = cluster.addresses().of(Service::Auth).unwrap();
        let port: u16 = first.rsplit(':').next().unwrap().parse().unwrap();
        Self {
            convene: programs::of_this_build().unwrap().join("convene"),
            data: data.to_owned(),
            state: folder.path().join("state"),
            server: format!("127.0.0.1:{}", port - 1),
            said: Vec::new(),
            arguments: Vec::new(),
            tokens: BTreeSet::new(),
            tried: BTreeSet::new(),
        }
    }

    fn runs(&mut self, arguments: &[&str]) -> Output {
        self.with(arguments, &[])
    }

    /// Runs the program of a service; whether it did what it was asked.
    fn operates(&mut self, service: Service, words: &[&str]) -> bool {
        let program = programs::of_this_build().unwrap().join(program_of(service));
        let output = Command::new(program).args(words).arg("--data").arg(&self.data).output().unwrap();
        self.said.extend([output.stdout, output.stderr].concat());
        output.status.success()
    }

    /// Runs a command that reads these lines.
    fn with(&mut self, arguments: &[&str], lines: &[&str]) -> Output {
        let words = arguments.iter().filter(|word| !word.starts_with('-') && **word != "bob");
        let words: Vec<&str> = words.copied().take(2).collect();
        self.tried.extend([words[0].to_owned(), words.join(" ")]);
        let mut child = Command::new(&self.convene)
            .args(arguments)
            .env("CONVENE_DATA", &self.data)
            .env("CONVENE_SERVER", &self.server)
            .env("CONVENE_LOG", "trace")
            .env("XDG_STATE_HOME", &self.state)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // One that reads a password waits for it, so there is time to look.
        for file in ["cmdline", "environ"] {
            self.arguments.extend(fs::read(format!("/proc/{}/{file}", child.id())).unwrap_or_default());
        }
        let mut input = child.stdin.take().unwrap();
        // A command that has refused already reads nothing more.
        let _ = input.write_all(lines.iter().map(|line| format!("{line}\n")).collect::<String>().as_bytes());
        drop(input);
        let output = child.wait_with_output().unwrap();
        self.said.extend_from_slice(&output.stdout);
        self.said.extend_from_slice(&output.stderr);
        for path in files_below(&self.state) {
            let text = fs::read_to_string(path).unwrap_or_default();
            let tokens = text.split('"').filter(|word| word.starts_with("v4.public."));
            self.tokens.extend(tokens.map(str::to_owned));
        }
        Output { code: output.status.code().unwrap(), out: String::from_utf8(output.stdout).unwrap() }
    }
}

/// The commands that the help names behind these words, each with all its words.
fn commands_of(user: &Terminal, words: &[&str]) -> Vec<String> {
    let help = Command::new(&user.convene).args(words).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let Some(list) = help.split("\nCommands:\n").nth(1) else { return vec![words.join(" ")] };
    let list = list.split("\n\n").next().unwrap();
    let named = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let named = named.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
    named.flat_map(|name| commands_of(user, &[words, &[name]].concat())).collect()
}

fn field(json: &str, name: &str) -> String {
    json.split(&format!("\"{name}\":\"")).nth(1).unwrap().split('"').next().unwrap().to_owned()
}

fn http(address: &str, path: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    answer
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
