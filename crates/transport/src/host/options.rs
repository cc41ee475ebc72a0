//! The command line of a service's program.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use certs::Folder;
use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args, Parser, ValueEnum};
use domain::Service;

use super::operating::Operation;
use crate::cluster::{Addresses, BASE_PORT, Failed};
use crate::tls::{Identity, Tls};

/// What every service's program may be told, besides `own`.
#[derive(Debug, Parser)]
#[command(version, next_line_help = false)]
pub(super) struct Options<A: Args> {
    /// The data folder of the installation
    #[arg(long, env = "CONVENE_DATA", default_value = "./data", value_name = "FOLDER", global = true)]
    pub(super) data: PathBuf,

    /// The services listen on loopback, each at its number after this port (auth +1, events +2, invitations +3, calendar +4, sharing +5)
    #[arg(long, env = "CONVENE_BASE_PORT", default_value_t = BASE_PORT, value_name = "PORT", global = true,
          value_parser = clap::value_parser!(u16).range(1..=65_530))]
    base_port: u16,

    /// Where this service listens, if not at its place after the base port; on an address that is not loopback it speaks TLS
    #[arg(long, value_name = "ADDR:PORT", global = true)]
    listen: Option<SocketAddr>,

    /// Where another service listens, if not at its place after the base port
    #[arg(long = "peer", value_name = "SERVICE=HOST:PORT", value_parser = peer)]
    peers: Vec<(Service, String)>,

    /// The folder with the certificates, which `convene certs` makes [default: certs, in the data folder]
    #[arg(long, env = "CONVENE_CERTS", value_name = "FOLDER", global = true)]
    certs: Option<PathBuf>,

    /// Speak TLS on loopback too
    #[arg(long, env = "CONVENE_REQUIRE_TLS", value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue, global = true)]
    require_tls: bool,

    /// What is logged to standard error: a level, or directives such as `info,events=debug`
    #[arg(long, env = "CONVENE_LOG", default_value = "info", value_name = "FILTER")]
    pub(super) log: String,

    /// How it is logged
    #[arg(long, env = "CONVENE_LOG_FORMAT", default_value = "text", value_name = "FORMAT")]
    pub(super) log_format: LogFormat,

    /// How many seconds pass between two looks of this service through its own references, in the background
    #[arg(long, default_value_t = 3_600, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) audit_every: u64,

    /// How much of the disk is to stay free, in MiB: with less, changes are refused and everything else goes on
    #[arg(long, default_value_t = 32, value_name = "MIB")]
    keep_free: u64,

    /// A database of at most so many MiB is read through before this service serves, a larger one while it does
    #[arg(long, env = "CONVENE_READ_FIRST", hide = true, default_value_t = 128, value_name = "MIB")]
    read_first: u64,

    /// End when standard input ends: the process with this id started this one, and holds the other end
    #[arg(long, hide = true, value_name = "PROCESS")]
    pub(super) with_parent: Option<u32>,

    #[command(flatten)]
    pub(super) own: A,

    /// Something else than to serve
    #[command(subcommand)]
    pub(super) operation: Option<Operation>,
}

/// How a log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// For services without options of their own.
#[derive(Clone, Copy, Debug, Args)]
pub struct NoArguments;

impl From<NoArguments> for () {
    fn from(_: NoArguments) {}
}

/// What auth may be told.
#[derive(Clone, Debug, Args)]
pub struct AuthArguments {
    /// What hashing a password costs; the cheapest protects nothing and is for tests
    #[arg(long, hide = true, default_value = "standard", value_name = "COST")]
    password_cost: Cost,

    /// How many registrations one address may make in a minute
    #[arg(long, hide = true, value_name = "N")]
    registrations_per_minute: Option<u32>,

    /// How many wrong passwords one address may give for one user in a minute
    #[arg(long, hide = true, value_name = "N")]
    failed_logins_per_minute: Option<u32>,

    /// How long a session lasts from its start or renewal on, in seconds
    #[arg(long, hide = true, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    session_life: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Cost {
    Cheapest,
    Standard,
}

impl From<AuthArguments> for auth::Config {
    fn from(arguments: AuthArguments) -> Self {
        let usual = Self::default();
        let hashing = match arguments.password_cost {
            Cost::Cheapest => auth::PasswordCost::cheapest(),
            Cost::Standard => usual.hashing,
        };
        Self {
            hashing,
            registrations_per_minute: arguments.registrations_per_minute.unwrap_or(usual.registrations_per_minute),
            failed_logins_per_minute: arguments.failed_logins_per_minute.unwrap_or(usual.failed_logins_per_minute),
            session_life: arguments.session_life.map_or(usual.session_life, Duration::from_secs),
            ..usual
        }
    }
}

fn peer(text: &str) -> Result<(Service, String), String> {
    let (service, address) =
        text.split_once('=').ok_or("it should be SERVICE=HOST:PORT, like events=127.0.0.1:7402")?;
    let service = service.parse().map_err(|error: domain::Error| error.to_string())?;
    Ok((service, address.to_owned()))
}

impl<A: Args> Options<A> {
    /// Where `service` is to listen.
    pub(super) fn address(&self, service: Service) -> SocketAddr {
        let port = self.base_port.saturating_add(u16::from(service.number()));
        self.listen.unwrap_or(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port))
    }

    /// Where TLS is spoken, with the certificate of `service`.
    ///
    /// # Errors
    /// If it has to be, where this service listens or calls, and there is no certificate of any use.
    pub(super) fn tls(&self, service: Service) -> Result<Tls, Failed> {
        let folder = self.certs.clone().unwrap_or_else(|| self.data.join("certs"));
        let identity = Identity::of_service(Folder::at(folder), service);
        let tls = Tls { identity: Some(Arc::clone(&identity)), everywhere: self.require_tls };
        let wants = |address: &str| tls.is_needed(address).then(|| identity.check().err()).flatten();
        let address = self.address(service).to_string();
        if let Some(why) = wants(&address) {
            return Err(Failed(format!("{service} cannot listen on {address}, which needs TLS: {why}")));
        }
        let peers = self.peers();
        let called = service.follows().iter().filter_map(|other| Some((other, peers.of(*other)?)));
        for (other, address) in called {
            if let Some(why) = wants(address) {
                return Err(Failed(format!("{service} cannot call {other} at {address}, which needs TLS: {why}")));
            }
        }
        Ok(tls)
    }

    /// How the database of `service` is opened, whose data is in this version.
    pub(super) fn of_database(&self, service: Service, schema: u32) -> storage::Options {
        let [keep_free, read_first] =
            [self.keep_free, self.read_first].map(|mebibytes| mebibytes.saturating_mul(1 << 20));
        storage::Options { keep_free, read_first, ..storage::Options::new(service.name(), schema) }
    }

    /// Where the others are.
    pub(super) fn peers(&self) -> Addresses {
        let usual = Addresses::after("127.0.0.1", self.base_port);
        self.peers.iter().fold(usual, |addresses, (service, address)| addresses.with(*service, address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Options<AuthArguments>, clap::Error> {
        Options::try_parse_from(std::iter::once(&"convene-auth").chain(arguments))
    }

    #[test]
    fn a_service_listens_at_its_place_after_the_base_port_unless_told_otherwise() {
        let options = parse(&["--base-port", "9000"]).unwrap();
        assert_eq!(options.address(Service::Calendar).to_string(), "127.0.0.1:9004");
        assert_eq!(options.peers().of(Service::Events), Some("127.0.0.1:9002"));
        let options = parse(&["--listen", "[::1]:80", "--peer", "events=localhost:1"]).unwrap();
        assert_eq!(options.address(Service::Calendar).to_string(), "[::1]:80");
        assert_eq!(options.peers().of(Service::Events), Some("localhost:1"));
    }

    #[test]
    fn an_address_that_is_not_loopback_is_refused_without_certificates() {
        let nowhere = tempfile::tempdir().unwrap();
        let certs = nowhere.path().to_str().unwrap();
        let refused = |service, arguments: &[&str]| {
            let options = parse(&[&["--certs", certs], arguments].concat()).unwrap();
            options.tls(service).map(drop).map_err(|failed| failed.to_string())
        };
        for public in ["0.0.0.0:7401", "192.168.1.1:7401", "[::]:7401", "[::ffff:10.0.0.1]:7401"] {
            let refused = refused(Service::Auth, &["--listen", public]).unwrap_err();
            assert!(refused.contains("needs TLS") && refused.contains(public), "{refused}");
            assert!(refused.contains("auth.crt") || refused.contains("authority.crt"), "{refused}");
            assert!(refused.contains("convene certs make"), "{refused}");
        }
        refused(Service::Auth, &["--listen", "[::ffff:127.0.0.1]:7401"]).unwrap();
        let calls = refused(Service::Events, &["--peer", "auth=192.0.2.7:7401"]).unwrap_err();
        assert!(calls.contains("events cannot call auth at 192.0.2.7:7401"), "{calls}");
        refused(Service::Auth, &["--peer", "events=192.0.2.7:7402"]).unwrap();
        let wanted = refused(Service::Auth, &["--require-tls"]).unwrap_err();
        assert!(wanted.contains("cannot listen on 127.0.0.1:7401"), "{wanted}");
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for wrong in [
            ["--base-port", "65531"],
            ["--base-port", "many"],
            ["--listen", "7401"],
            ["--peer", "events"],
            ["--peer", "nobody=localhost:1"],
            ["--log-format", "loud"],
            ["--password-cost", "free"],
        ] {
            assert!(parse(&wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn auth_is_as_it_comes_unless_told_otherwise() {
        assert_eq!(auth::Config::from(parse(&[]).unwrap().own), auth::Config::default());
        let told =
            ["--password-cost", "cheapest", "--registrations-per-minute", "7", "--failed-logins-per-minute", "8"];
        let config = auth::Config::from(parse(&told).unwrap().own);
        assert_eq!(config.hashing, auth::PasswordCost::cheapest());
        assert_eq!((config.registrations_per_minute, config.failed_logins_per_minute), (7, 8));
    }
}
