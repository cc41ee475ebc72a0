//! Replays what fuzzers have found worth keeping (`fuzz/corpus/`, with the bytes that once broke something among them).

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;
use std::path::PathBuf;

#[test]
fn every_kept_input_of_every_target_is_survived() {
    let corpus = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    for (name, target) in convene_hostile::TARGETS {
        let mut inputs: Vec<_> = fs::read_dir(corpus.join(name)).unwrap().map(|entry| entry.unwrap().path()).collect();
        inputs.sort();
        assert!(inputs.len() >= 20, "{name} has only {} inputs", inputs.len());
        for input in inputs {
            // Named first, so that a test that breaks off tells which one it was.
            println!("{}", input.display());
            target(&fs::read(&input).unwrap());
        }
    }
}
