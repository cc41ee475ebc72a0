//! The words about certificates.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What to do with the certificates.
#[derive(Debug, Subcommand)]
pub(crate) enum CertsCommand {
    /// Show every certificate: whose, until when, for which hosts, and whether it is of use.
    Show,
    /// Make what is missing: a local authority, certificates for the services and the operator, and for clients.
    #[command(after_long_help = "\
Examples:
  convene certs make --host calendar.example.org --host 192.0.2.7
  convene certs make --client alice --client bob

Those named with --client take along a folder each, and use it as their --certs. What is there and good is left as it is.
Keep the authority's folder elsewhere: it is needed to make and renew certificates, and for nothing else.")]
    Make(Certificates),
    /// Make every certificate anew, with new keys. Services and clients take them up without a restart.
    #[command(
        after_long_help = "Examples:\n  convene certs renew\n  convene certs renew --authority /media/stick/authority --days 90"
    )]
    Renew(Certificates),
}

/// Which certificates.
#[derive(Args, Clone, Debug)]
pub(crate) struct Certificates {
    /// A further name or address at which the services are reached, besides those of this machine that are certain.
    #[arg(long = "host", value_name = "HOST", value_delimiter = ',')]
    pub(crate) hosts: Vec<String>,
    /// A person or machine that calls the services.
    #[arg(long = "client", value_name = "NAME", value_delimiter = ',')]
    pub(crate) clients: Vec<String>,
    /// For how many days they are good.
    #[arg(long, value_name = "N", default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=3_650))]
    pub(crate) days: u32,
    /// Where the authority itself is kept [default: authority, in the folder with the certificates].
    #[arg(long, value_name = "FOLDER")]
    pub(crate) authority: Option<PathBuf>,
}
