use std::sync::Arc;

use proptest::prelude::*;
use tokio::io::AsyncReadExt;

use super::*;

#[tokio::test]
async fn finishing_writes_what_waits_and_then_closes_the_stream() {
    let outbox = Arc::new(Outbox::default());
    outbox.push(FrameKind::Ping, 1, b"", false).unwrap();
    outbox.push(FrameKind::Ping, 2, b"", true).unwrap();
    outbox.finish();
    assert!(outbox.push(FrameKind::Ping, 3, b"", false).is_err());
    let (near, mut far) = tokio::io::duplex(1024);
    outbox.write_to(Box::new(near)).await.unwrap();
    let mut bytes = Vec::new();
    far.read_to_end(&mut bytes).await.unwrap();
    assert_eq!(bytes.len(), 26);
    assert_eq!(outbox.handed(), 26);
}

#[tokio::test]
async fn what_the_stream_never_took_is_known_not_to_have_been_handed_over() {
    let outbox = Arc::new(Outbox::default());
    let (near, mut far) = tokio::io::duplex(13);
    let first = outbox.push(FrameKind::Ping, 1, b"", false).unwrap();
    outbox.push(FrameKind::Ping, 2, b"", false).unwrap();
    let third = outbox.push(FrameKind::Ping, 3, b"", false).unwrap();
    let writer = tokio::spawn({
        let outbox = Arc::clone(&outbox);
        async move { outbox.write_to(Box::new(near)).await }
    });
    let mut bytes = [0; 1];
    // The pipe holds one frame: once a byte of it was read, the first has been handed over and one byte of the second may be.
    far.read_exact(&mut bytes).await.unwrap();
    drop(far);
    assert!(writer.await.unwrap().is_err());
    assert!(first < outbox.handed());
    assert!(third >= outbox.handed());
}

#[tokio::test]
async fn what_is_gathered_is_written_when_it_is_flushed_and_not_before() {
    let outbox = Arc::new(Outbox::default());
    let (near, mut far) = tokio::io::duplex(1024);
    let writer = tokio::spawn({
        let outbox = Arc::clone(&outbox);
        async move { outbox.write_to(Box::new(near)).await }
    });
    // The writer has begun, and waits for work.
    outbox.push(FrameKind::Ping, 0, b"", false).unwrap();
    let mut bytes = [0; 26];
    far.read_exact(&mut bytes[..13]).await.unwrap();
    for round in 1..=3_u64 {
        let before = outbox.handed();
        outbox.gather();
        outbox.push(FrameKind::Ping, 1, b"", true).unwrap();
        outbox.push(FrameKind::Ping, 2, b"", false).unwrap();
        tokio::task::yield_now().await;
        assert_eq!(outbox.handed(), before, "round {round}: it was written although more was to come");
        outbox.flush();
        assert_eq!(outbox.handed(), before + 26, "round {round}: it was not written by whoever flushed");
        far.read_exact(&mut bytes).await.unwrap();
        // And whatever comes after a flush is told to the writer again.
        outbox.push(FrameKind::Ping, 3, b"", true).unwrap();
        far.read_exact(&mut bytes[..13]).await.unwrap();
    }
    outbox.finish();
    writer.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_flush_takes_nothing_from_the_writer_who_waits_for_the_stream() {
    let outbox = Arc::new(Outbox::default());
    let (near, mut far) = tokio::io::duplex(13);
    let writer = tokio::spawn({
        let outbox = Arc::clone(&outbox);
        async move { outbox.write_to(Box::new(near)).await }
    });
    for id in 0..2 {
        outbox.push(FrameKind::Ping, id, b"", false).unwrap();
    }
    while outbox.handed() < 13 {
        tokio::task::yield_now().await;
    }
    // The stream is full: the writer waits for it.
    outbox.leave(FrameKind::Ping, 2, b"").unwrap();
    outbox.flush();
    let mut bytes = [0; 39];
    tokio::time::timeout(Duration::from_secs(10), far.read_exact(&mut bytes)).await.expect("nobody wrote").unwrap();
    outbox.finish();
    writer.await.unwrap().unwrap();
}

proptest! {
    /// Whoever writes, all frames arrive once and in their order.
    #[test]
    fn every_frame_arrives_in_its_order(
        steps in proptest::collection::vec((0..5_u8, 0..40_usize), 0..60),
        room in 1..200_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let outbox = Arc::new(Outbox::default());
            let (near, far) = tokio::io::duplex(room);
            let writing = tokio::spawn({
                let outbox = Arc::clone(&outbox);
                async move { outbox.write_to(Box::new(near)).await }
            });
            let reading = tokio::spawn(frame::frames_of(far, 1_000));
            let mut ids = 0..;
            for (step, length) in steps {
                let mut next = || (ids.next().unwrap(), vec![7; length]);
                match step {
                    0 | 1 => {
                        let (id, payload) = next();
                        outbox.push(FrameKind::Reply, id, &payload, step == 0).unwrap();
                    }
                    2 => {
                        let (id, payload) = next();
                        outbox.leave(FrameKind::Reply, id, &payload).unwrap();
                        outbox.flush();
                    }
                    3 => {
                        outbox.gather();
                        for (id, payload) in [next(), next()] {
                            outbox.push(FrameKind::Reply, id, &payload, true).unwrap();
                        }
                        tokio::task::yield_now().await;
                        outbox.flush();
                    }
                    _ => tokio::task::yield_now().await,
                }
            }
            let frames = ids.next().unwrap();
            outbox.finish();
            writing.await.unwrap().unwrap();
            let arrived: Vec<u64> = reading.await.unwrap().unwrap().into_iter().map(|(_, id, _)| id).collect();
            assert_eq!(arrived, (0..frames).collect::<Vec<_>>());
        });
    }
}

#[tokio::test]
async fn a_full_outbox_has_room_again_once_it_is_written() {
    let outbox = Arc::new(Outbox::default());
    outbox.push(FrameKind::Reply, 1, &vec![0; HIGH_WATER], false).unwrap();
    let waiting = tokio::spawn({
        let outbox = Arc::clone(&outbox);
        async move { outbox.room().await }
    });
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    let writer = tokio::spawn({
        let outbox = Arc::clone(&outbox);
        async move { outbox.write_to(Box::new(tokio::io::sink())).await }
    });
    tokio::time::timeout(Duration::from_secs(10), waiting).await.expect("nobody told it of the room").unwrap();
    outbox.finish();
    writer.await.unwrap().unwrap();
}
