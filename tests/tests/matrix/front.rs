//! A front between a command line and the services, which lets something happen to a service at the very moment at which a call goes out
//! to it or its answer comes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use convene_tests::stands_still;
use domain::Service;
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::ports::five_in_a_row;

/// What happens to a service, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// It stops as the call reaches it: the bytes are there, and nobody reads them.
    HangsAsTheCallArrives,
    /// It is killed as its answer leaves, so that the answer is lost.
    DiesAsItAnswers,
}

/// The front of all five services; ends when it is dropped.
pub(crate) struct Front {
    base_port: u16,
    _tasks: JoinSet<()>,
}

/// What a front knows of one service.
struct Gate {
    address: String,
    pid: u32,
    mishap: Mishap,
    happened: AtomicBool,
}

impl Front {
    /// Before services at these addresses, each in the process of this id; the mishap happens to each of them.
    pub(crate) fn before(services: Vec<(Service, String, u32)>, mishap: Mishap) -> Self {
        let (base_port, listeners) = five_in_a_row();
        let mut tasks = JoinSet::new();
        for (listener, (_, address, pid)) in listeners.into_iter().zip(services) {
            listener.set_nonblocking(true).unwrap();
            let listener = TcpListener::from_std(listener).unwrap();
            let gate = Arc::new(Gate { address, pid, mishap, happened: AtomicBool::new(false) });
            tasks.spawn(async move {
                let mut passing = JoinSet::new();
                while let Ok((caller, _)) = listener.accept().await {
                    passing.spawn(Arc::clone(&gate).pass(caller));
                }
            });
        }
        Self { base_port, _tasks: tasks }
    }

    /// The port after which it listens.
    pub(crate) const fn base_port(&self) -> u16 {
        self.base_port
    }
}

impl Gate {
    /// Passes bytes both ways until either side ends. What comes from the service first is its part of the handshake; what comes from
    /// the caller after that is a call, and what then comes back its answer.
    async fn pass(self: Arc<Self>, mut caller: TcpStream) {
        let Ok(mut service) = TcpStream::connect(&self.address).await else { return };
        let (mut from_caller, mut to_caller) = caller.split();
        let (mut from_service, mut to_service) = service.split();
        let (mut asked, mut told) = (vec![0; 65_536], vec![0; 65_536]);
        let (mut upgraded, mut called) = (false, false);
        loop {
            tokio::select! {
                read = from_caller.read(&mut asked) => {
                    let count = read.unwrap_or(0);
                    if count == 0 { return }
                    if upgraded {
                        called = true;
                        self.befalls(Mishap::HangsAsTheCallArrives);
                    }
                    if to_service.write_all(&asked[..count]).await.is_err() { return }
                }
                read = from_service.read(&mut told) => {
                    let count = read.unwrap_or(0);
                    if count == 0 || (called && self.befalls(Mishap::DiesAsItAnswers)) { return }
                    upgraded = true;
                    if to_caller.write_all(&told[..count]).await.is_err() { return }
                }
            }
        }
    }

    /// Lets the mishap happen, if it is this one and has not happened yet; whether it did.
    fn befalls(&self, moment: Mishap) -> bool {
        let happens = self.mishap == moment && !self.happened.swap(true, Ordering::SeqCst);
        if happens {
            let signal = if moment == Mishap::DiesAsItAnswers { Signal::KILL } else { Signal::STOP };
            kill_process(Pid::from_raw(self.pid.try_into().unwrap()).unwrap(), signal).unwrap();
            // What is passed on from here on, the process does not come to read.
            while signal == Signal::STOP && !stands_still(self.pid) {
                std::thread::yield_now();
            }
        }
        happens
    }
}
