//! The same seed is the same simulation, to the last byte.

use convene_simulation::runner::Runner;

#[test]
fn a_seed_replays_exactly_and_another_is_another() {
    let runner = Runner::new(env!("CARGO_BIN_EXE_convene-simulation"));
    let mut digests = Vec::new();
    for seed in [1, 2, 5] {
        let (first, second) = (runner.run(seed), runner.run(seed));
        assert_eq!(first, second, "seed {seed}");
        assert!(first.volume.0 > 10 && !first.digest.is_empty(), "{}", first.printed);
        digests.push(first.digest);
    }
    digests.dedup();
    assert_eq!(digests.len(), 3);
}
