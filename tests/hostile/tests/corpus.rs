//! Replays what fuzzers have found worth keeping (`fuzz/corpus/`, an input a line, with the bytes that once broke something among them).

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;
use std::path::PathBuf;

#[test]
fn every_kept_input_of_every_target_is_survived() {
    let corpus = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    for (name, target) in convene_hostile::TARGETS {
        let kept = fs::read_to_string(corpus.join(name).with_extension("hex")).unwrap();
        assert!(kept.lines().count() >= 50, "{name} has only {} inputs", kept.lines().count());
        for line in kept.lines() {
            // Named first, so that a test that breaks off tells which one it was.
            println!("{name} {line}");
            target(&bytes(line));
        }
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    assert!(hex.len().is_multiple_of(2), "half a byte: {hex}");
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2).unwrap(), 16).unwrap()).collect()
}
