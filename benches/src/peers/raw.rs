//! The ceiling: length-delimited frames over TCP, pipelined. No call finds its caller again, nothing is waited for but the socket: a task on
//! each side reads what there is, answers all of it, and writes once.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use bytes::{BufMut as _, Bytes, BytesMut};
use futures::{FutureExt as _, SinkExt, StreamExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::codec::{Framed, LengthDelimitedCodec};

use super::call::{self, ANSWER, CREDENTIAL, Id, id_of};
use super::figures::Sample;
use super::load::{Lasting, Stretch, gathered};
use crate::latencies::Latencies;

/// What gathers before it is written, in bytes: more than is ever under way.
const GATHERED: usize = 256 * 1_024;

type Frames = Framed<TcpStream, LengthDelimitedCodec>;

fn framed(stream: TcpStream) -> Result<Frames> {
    stream.set_nodelay(true)?;
    let mut frames = Framed::with_capacity(stream, LengthDelimitedCodec::new(), GATHERED);
    frames.set_backpressure_boundary(GATHERED);
    Ok(frames)
}

/// Serves on `listener`.
///
/// # Errors
/// If no connection can be accepted.
pub(super) async fn serve(listener: TcpListener, work: Duration) -> Result<()> {
    loop {
        let frames = framed(listener.accept().await?.0)?;
        // A connection that fails fails its caller, who says so.
        tokio::spawn(async move { drop(answer_all(frames, work).await) });
    }
}

async fn answer_all(mut frames: Frames, work: Duration) -> Result<()> {
    while let Some(first) = frames.next().await {
        let mut next = Some(first);
        while let Some(asked) = next {
            let id = Id::try_from(asked?.get(CREDENTIAL..).unwrap_or_default())?;
            frames.feed(call::answer(id, work)).await?;
            next = frames.next().now_or_never().flatten();
        }
        SinkExt::<Bytes>::flush(&mut frames).await?;
    }
    Ok(())
}

/// Keeps so many calls under way, over so many connections, for so long.
///
/// # Errors
/// If a connection fails.
pub(super) async fn load(address: &str, in_flight: usize, connections: usize, lasting: Lasting) -> Result<Sample> {
    let mut ready = Vec::new();
    for number in 0..connections {
        ready.push((number, framed(TcpStream::connect(address).await?)?));
    }
    let stretch = Stretch::beginning_now(lasting);
    let mut calling = JoinSet::new();
    for (number, frames) in ready {
        calling.spawn(keep_asking(frames, id_of(number), in_flight / connections, stretch));
    }
    gathered(calling, lasting).await
}

async fn keep_asking(mut frames: Frames, id: Id, in_flight: usize, stretch: Stretch) -> Result<Latencies> {
    let mut asked = BytesMut::with_capacity(CREDENTIAL + id.len());
    asked.extend_from_slice(&call::credential());
    asked.put_slice(&id);
    let asked: Bytes = asked.freeze();
    let mut latencies = Latencies::default();
    // Answers come in the order of the questions.
    let mut since = VecDeque::with_capacity(in_flight);
    for _ in 0..in_flight {
        frames.feed(asked.clone()).await?;
        since.push_back(Instant::now());
    }
    loop {
        SinkExt::<Bytes>::flush(&mut frames).await?;
        let mut next = frames.next().await;
        while let Some(answer) = next {
            let answer = answer?;
            call::expect(&answer, id)?;
            let answered = Instant::now();
            let begun = since.pop_front().context("an answer came to no question")?;
            if !stretch.note(begun, answered, &mut latencies) {
                return Ok(latencies);
            }
            frames.feed(asked.clone()).await?;
            since.push_back(answered);
            next = frames.next().now_or_never().flatten();
        }
    }
}

const _: () = assert!(1_024 * (ANSWER + 4) < GATHERED, "everything under way is written at once");
