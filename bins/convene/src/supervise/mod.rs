//! Starting the five services of an installation as processes, watching over them, stopping them: what `run.sh` does.
//!
//! A supervisor belongs to one data folder, and a folder has one at a time. It makes sure of everything that can be made sure of before
//! it starts anything; a service that dies it reports and starts again, more slowly each time, unless its database is damaged; and when
//! it ends, the services end. Should it be killed, they notice and end by themselves.

mod before;
mod client;
mod down;
mod up;

use std::io::Write as _;
use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use transport::Tls;
use transport::cluster::{BASE_PORT, DataFolder, Failed};

/// What `run.sh` asks for.
#[derive(Debug, Subcommand)]
pub(crate) enum SuperviseCommand {
    /// Start all services and watch over them.
    #[command(hide = true)]
    Up(Up),
    /// Stop the services of the data folder.
    #[command(hide = true)]
    Down(Installation),
    /// Show the services of the data folder.
    #[command(hide = true)]
    Ps(Installation),
}

/// Which installation.
#[derive(Args, Clone, Debug)]
pub(crate) struct Installation {
    /// The data folder.
    #[arg(long, env = "CONVENE_DATA", default_value = "./data", value_name = "FOLDER")]
    data: PathBuf,
    /// The services listen at their numbers after this port.
    #[arg(long, env = "CONVENE_BASE_PORT", default_value_t = BASE_PORT, value_name = "PORT",
          value_parser = clap::value_parser!(u16).range(1..=65_530))]
    base_port: u16,
}

/// How the services are started.
#[derive(Args, Clone, Debug)]
pub(crate) struct Up {
    #[command(flatten)]
    installation: Installation,
    /// The address on which the services listen; with one that is not loopback they speak TLS.
    #[arg(long, env = "CONVENE_LISTEN", default_value = "127.0.0.1", value_name = "ADDRESS")]
    listen: IpAddr,
    /// Do not open the terminal client.
    #[arg(long)]
    headless: bool,
    /// Load the demonstration set.
    #[arg(long)]
    demo: bool,
    /// The folder with the services' programs [default: where this one is].
    #[arg(long, env = "CONVENE_PROGRAMS", value_name = "FOLDER")]
    programs: Option<PathBuf>,
    /// Whether a service that dies is started again.
    #[arg(long, env = "CONVENE_RESTART", default_value = "1", value_name = "0|1")]
    restart: String,
}

impl Installation {
    /// Its folder, by its full path, which stays true whatever a service's current folder is.
    fn folder(&self) -> Result<DataFolder, Failed> {
        let path = std::path::absolute(&self.data)
            .map_err(|error| Failed(format!("cannot use {}: {error}", self.data.display())))?;
        Ok(DataFolder::at(path))
    }
}

impl Up {
    /// Whether the terminal client is to be opened.
    fn opens_client(&self) -> bool {
        !self.headless && client::has_a_terminal()
    }
}

/// Does what `run.sh` asked for; the exit code.
pub(crate) fn run(command: SuperviseCommand, tls: &Tls) -> u8 {
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&Failed(format!("cannot start threads: {error}"))),
    };
    let done = runtime.block_on(async {
        match command {
            SuperviseCommand::Up(up) => up::up(up, tls).await,
            SuperviseCommand::Down(installation) => down::down(&installation).await,
            SuperviseCommand::Ps(installation) => down::ps(&installation, tls).await,
        }
    });
    runtime.shutdown_background();
    done.map_or_else(|error| failed(&error), |()| 0)
}

fn failed(error: &Failed) -> u8 {
    say_aside(&format!("convene: {error}"));
    1
}

/// Says a line on standard output. Whoever asked may have gone; that stops nothing.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Says a line on standard error.
fn say_aside(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
