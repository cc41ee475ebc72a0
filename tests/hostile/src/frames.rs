//! A stream of frames, in pieces of any size: what is read must not depend on how it was cut.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures::executor::block_on;
use tokio::io::{AsyncRead, ReadBuf};
use transport::frame::frames_of;

/// Small, so that a fuzzer reaches frames that are too large.
const MAX_FRAME: usize = 1_024;

/// The first byte says how the rest is cut.
pub(crate) fn frames(data: &[u8]) {
    let Some((&cut, stream)) = data.split_first() else { return };
    let whole = block_on(frames_of(stream, MAX_FRAME));
    let pieces = block_on(frames_of(Pieces { rest: stream, size: usize::from(cut) + 1 }, MAX_FRAME));
    match (whole, pieces) {
        (Ok(whole), Ok(pieces)) => {
            assert_eq!(whole, pieces);
            for payload in whole.iter().filter_map(|(_, _, payload)| payload.as_ref()) {
                assert!(payload.len() <= MAX_FRAME);
            }
        }
        (Err(whole), Err(pieces)) => assert_eq!(whole.kind(), pieces.kind()),
        (whole, pieces) => panic!("cut every {} bytes: {pieces:?}; whole: {whole:?}", usize::from(cut) + 1),
    }
}

/// Gives out at most `size` bytes at a time.
struct Pieces<'a> {
    rest: &'a [u8],
    size: usize,
}

impl AsyncRead for Pieces<'_> {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        let (now, later) = self.rest.split_at(self.size.min(self.rest.len()).min(buffer.remaining()));
        buffer.put_slice(now);
        self.rest = later;
        Poll::Ready(Ok(()))
    }
}
