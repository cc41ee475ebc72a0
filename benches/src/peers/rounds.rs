//! The order of the measurements: for each load, ours and theirs in turns, so that a slow moment of the machine meets both.

use std::time::Duration;

use anyhow::{Context as _, Result};

use super::Plan;
use super::call::CREDENTIAL;
use super::figures::{Beside, Pair, Peer, Peers};
use super::load::Lasting;
use super::process::{Running, Server, runtime};
use crate::machine::Machine;
use crate::spread::Spread;

/// How long the handler works, in microseconds.
const WORK: [u32; 2] = [0, 20];
const IN_FLIGHT: [usize; 3] = [1, 64, 512];
/// On how many connections, where there is more than one caller.
const CONNECTIONS: [usize; 2] = [1, 4];
/// Calls within one process that are timed together.
const LINKED_CALLS: u32 = 200_000;

/// Measures ours beside the others of `plan`; of those that are not in it, `before` has the figures.
///
/// # Errors
/// If a server does not start, or a call fails.
pub(crate) fn measure(plan: &Plan, before: Option<Peers>, machine: Machine) -> Result<Peers> {
    runtime()?.block_on(async {
        let lasting = Lasting { warm_up: plan.warm_up, seconds: plan.seconds };
        let mut beside = before.map(|before| before.beside).unwrap_or_default();
        beside.retain(|row| !plan.beside.contains(&row.peer));
        let mut our_credential_bytes = 0;
        for &peer in &plan.beside {
            for work_us in WORK {
                let work = Duration::from_micros(work_us.into());
                let ours = Running::start(Server::Ours, work).await?;
                let theirs = Running::start(Server::Theirs(peer), work).await.with_context(|| peer.name())?;
                our_credential_bytes = ours.credential_bytes();
                for (in_flight, our_connections, their_connections) in loads(peer) {
                    let mut pairs = Vec::new();
                    for _ in 0..plan.rounds {
                        let ours = ours.measure(in_flight, our_connections, lasting).await.context("ours")?;
                        let theirs = theirs.measure(in_flight, their_connections, lasting).await;
                        pairs.push(Pair { ours, theirs: theirs.with_context(|| peer.name())? });
                    }
                    let row = Beside { peer, work_us, in_flight, our_connections, their_connections, pairs };
                    let rate = |spread: Spread| spread.median;
                    eprintln!(
                        "{}, {work_us} µs of work, {in_flight} in flight, {our_connections}/{their_connections} connections: {:.0} beside {:.0} answers/s, {:.2} times",
                        peer.name(),
                        rate(row.ours(|sample| sample.per_second)),
                        rate(row.theirs(|sample| sample.per_second)),
                        row.ratio().median,
                    );
                    beside.push(row);
                }
            }
        }
        beside.sort_by_key(|row| Peer::ALL.iter().position(|peer| *peer == row.peer));
        let (mut layered, mut bare) = (Vec::new(), Vec::new());
        for _ in 0..plan.rounds {
            let times = super::ours::linked(LINKED_CALLS).await?;
            layered.push(times.0);
            bare.push(times.1);
        }
        Ok(Peers {
            machine,
            seconds: plan.seconds.as_secs_f64(),
            warm_up: plan.warm_up.as_secs_f64(),
            our_credential_bytes,
            their_credential_bytes: CREDENTIAL,
            layered_ns: Spread::of(layered).context("nothing was measured")?,
            bare_ns: Spread::of(bare).context("nothing was measured")?,
            beside,
        })
    })
}

/// The loads beside one peer: how many calls in flight, on how many connections of ours, and of theirs.
fn loads(peer: Peer) -> Vec<(usize, usize, usize)> {
    let mut loads = Vec::new();
    for in_flight in IN_FLIGHT {
        if in_flight == 1 {
            loads.push((1, 1, 1));
            continue;
        }
        loads.extend(CONNECTIONS.map(|connections| (in_flight, connections, connections)));
        // HTTP/1.1 carries one call at a time on a connection: its best is one for each.
        if peer == Peer::Http1 {
            loads.push((in_flight, 4, in_flight));
        }
    }
    loads
}
