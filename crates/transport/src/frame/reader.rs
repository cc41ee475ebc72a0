//! Takes a stream of bytes apart into frames, without ever trusting a length it was told.

use std::io;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::{FrameKind, HEAD_BYTES, LENGTH_BYTES};

/// How much is read at once.
const CHUNK: usize = 16 * 1024;

/// A frame larger than this many times the maximum is no mistake worth skipping: the stream is given up.
const SKIPPED_AT_MOST: usize = 16;

/// What arrives.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// A whole frame.
    Frame { kind: FrameKind, id: u64, payload: Bytes },
    /// The head of a frame that is too large. Its payload is skipped, and what follows it is read as usual.
    TooLarge { kind: FrameKind, id: u64, length: usize },
}

/// Reads frames. `next` may be dropped at any time and called again: nothing is lost.
pub(crate) struct FrameReader<R> {
    source: R,
    buffer: BytesMut,
    max_frame: usize,
    /// Bytes of a frame too large that have not passed yet.
    to_skip: usize,
    received: u64,
    /// Whether the last read took all that there was room for.
    filled: bool,
}

impl<R: AsyncRead + Unpin> FrameReader<R> {
    /// Reads from `source`, after what came with the upgrade.
    pub(crate) fn new(source: R, already_read: &[u8], max_frame: usize) -> Self {
        Self { source, buffer: BytesMut::from(already_read), max_frame, to_skip: 0, received: 0, filled: false }
    }

    /// How many bytes have come: whether a peer is alive although no frame is complete.
    pub(crate) const fn received(&self) -> u64 {
        self.received
    }

    /// Whether the last read took all that there was room for, so that more may wait to be read.
    pub(crate) const fn more_may_wait(&self) -> bool {
        self.filled
    }

    /// The next frame; `None` when the stream ends between two frames.
    ///
    /// # Errors
    /// What the stream says; invalid data for what cannot be a frame, after which nothing more can be read; unexpected end
    /// when the stream ends inside a frame.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Arrival>> {
        loop {
            if let Some(arrival) = self.buffered()? {
                return Ok(Some(arrival));
            }
            // Room grows with what has really come, never with what is claimed.
            let room = if self.to_skip > 0 { CHUNK } else { self.buffer.len().clamp(CHUNK, self.max_frame.max(CHUNK)) };
            if self.buffer.capacity() - self.buffer.len() < CHUNK / 4 {
                self.buffer.reserve(room);
            }
            let spare = self.buffer.capacity() - self.buffer.len();
            let count = self.source.read_buf(&mut self.buffer).await?;
            if count == 0 {
                if self.buffer.is_empty() && self.to_skip == 0 {
                    return Ok(None);
                }
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the stream ended inside a frame"));
            }
            self.filled = count == spare;
            self.received = self.received.wrapping_add(u64::try_from(count).unwrap_or_default());
        }
    }

    /// The next frame, if all of it has come already.
    ///
    /// # Errors
    /// As [`next`](Self::next), for what cannot be a frame.
    pub(crate) fn buffered(&mut self) -> io::Result<Option<Arrival>> {
        let passed = self.to_skip.min(self.buffer.len());
        self.buffer.advance(passed);
        self.to_skip -= passed;
        if self.to_skip > 0 { Ok(None) } else { self.parse() }
    }

    fn parse(&mut self) -> io::Result<Option<Arrival>> {
        let mut head = self.buffer.as_ref();
        if head.len() < LENGTH_BYTES + HEAD_BYTES {
            return Ok(None);
        }
        let length = usize::try_from(head.get_u32_le()).unwrap_or(usize::MAX);
        let number = head.get_u8();
        let id = head.get_u64_le();
        if length < HEAD_BYTES {
            return Err(invalid(format!("a frame claims {length} bytes, and has at least {HEAD_BYTES}")));
        }
        let kind = FrameKind::of(number).ok_or_else(|| invalid(format!("there is no frame of kind {number}")))?;
        if length > self.max_frame {
            if length > self.max_frame.saturating_mul(SKIPPED_AT_MOST) {
                return Err(invalid(format!(
                    "a frame claims {length} bytes, and at most {} are accepted",
                    self.max_frame
                )));
            }
            self.buffer.advance(LENGTH_BYTES + HEAD_BYTES);
            self.to_skip = length - HEAD_BYTES;
            return Ok(Some(Arrival::TooLarge { kind, id, length }));
        }
        if self.buffer.len() < LENGTH_BYTES + length {
            return Ok(None);
        }
        let mut frame = self.buffer.split_to(LENGTH_BYTES + length);
        frame.advance(LENGTH_BYTES + HEAD_BYTES);
        Ok(Some(Arrival::Frame { kind, id, payload: frame.freeze() }))
    }
}

/// Takes a whole stream apart, as both ends of a connection do: the kind, id and payload of every frame, and no payload for one too
/// large. For tools that test with hostile bytes.
///
/// # Errors
/// As reading from a connection: the stream's own, invalid data, unexpected end.
pub async fn frames_of<R: AsyncRead + Unpin>(
    source: R,
    max_frame: usize,
) -> io::Result<Vec<(FrameKind, u64, Option<Bytes>)>> {
    let mut reader = FrameReader::new(source, &[], max_frame);
    let mut frames = Vec::new();
    while let Some(arrival) = reader.next().await? {
        frames.push(match arrival {
            Arrival::Frame { kind, id, payload } => (kind, id, Some(payload)),
            Arrival::TooLarge { kind, id, .. } => (kind, id, None),
        });
    }
    Ok(frames)
}

fn invalid(reason: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::frame::append;

    async fn read_all(bytes: &[u8], max_frame: usize) -> io::Result<Vec<Arrival>> {
        let mut reader = FrameReader::new(bytes, &[], max_frame);
        let mut arrivals = Vec::new();
        while let Some(arrival) = reader.next().await? {
            arrivals.push(arrival);
        }
        Ok(arrivals)
    }

    #[tokio::test]
    async fn a_frame_too_large_is_skipped_and_the_next_one_is_read() {
        let mut bytes = Vec::new();
        append(&mut bytes, FrameKind::Request, 1, &vec![7; 100_000]);
        append(&mut bytes, FrameKind::Request, 2, b"small");
        let arrivals = read_all(&bytes, 10_000).await.unwrap();
        assert_eq!(
            arrivals,
            [
                Arrival::TooLarge { kind: FrameKind::Request, id: 1, length: 100_009 },
                Arrival::Frame { kind: FrameKind::Request, id: 2, payload: Bytes::from_static(b"small") },
            ]
        );
    }

    #[tokio::test]
    async fn an_absurd_length_ends_the_stream_before_anything_is_allocated() {
        for claim in [100_u32 << 20, u32::MAX] {
            let mut bytes = claim.to_le_bytes().to_vec();
            bytes.extend_from_slice(&[1; 40]);
            let mut reader = FrameReader::new(bytes.as_slice(), &[], 4 << 20);
            assert_eq!(reader.next().await.unwrap_err().kind(), io::ErrorKind::InvalidData);
            assert!(reader.buffer.capacity() <= 2 * CHUNK);
        }
    }

    #[tokio::test]
    async fn a_claim_of_the_whole_maximum_allocates_no_more_than_has_come() {
        let mut bytes = (4_u32 << 20).to_le_bytes().to_vec();
        bytes.extend_from_slice(&[1; 1_000]);
        let mut reader = FrameReader::new(bytes.as_slice(), &[], 4 << 20);
        assert!(reader.next().await.is_err());
        assert!(reader.buffer.capacity() <= 4 * CHUNK, "{}", reader.buffer.capacity());
    }

    #[tokio::test]
    async fn an_unknown_kind_and_a_length_too_small_are_no_frames() {
        let mut unknown = 9_u32.to_le_bytes().to_vec();
        unknown.extend_from_slice(&[99; 9]);
        assert!(read_all(&unknown, 1_000).await.unwrap_err().to_string().contains("kind 99"));
        let mut short = 3_u32.to_le_bytes().to_vec();
        short.extend_from_slice(&[1; 9]);
        assert!(read_all(&short, 1_000).await.unwrap_err().to_string().contains("claims 3 bytes"));
    }

    proptest! {
        #[test]
        fn frames_survive_any_cut_of_the_stream(
            payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40_000), 1..5),
            cut in 0usize..100_000,
        ) {
            let mut bytes = Vec::new();
            for (id, payload) in (0u64..).zip(&payloads) {
                append(&mut bytes, FrameKind::Reply, id, payload);
            }
            let cut = cut.min(bytes.len());
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let arrivals = runtime.block_on(async {
                let mut reader = FrameReader::new(&bytes[cut..], &bytes[..cut], 1 << 20);
                let mut arrivals = Vec::new();
                while let Some(arrival) = reader.next().await.unwrap() {
                    arrivals.push(arrival);
                }
                arrivals
            });
            prop_assert_eq!(arrivals.len(), payloads.len());
            for ((arrival, expected), number) in arrivals.iter().zip(&payloads).zip(0u64..) {
                let whole = matches!(arrival, Arrival::Frame { kind: FrameKind::Reply, id, payload } if *id == number && payload == expected);
                prop_assert!(whole);
            }
        }

        #[test]
        fn arbitrary_bytes_never_panic_nor_hang(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let _ = runtime.block_on(read_all(&bytes, 1_000));
        }
    }
}
