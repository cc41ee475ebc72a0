//! What once was wrong is right.

use convene_simulation::runner::Runner;

#[test]
fn no_simulation_that_found_something_finds_it_again() {
    let runner = Runner::new(env!("CARGO_BIN_EXE_convene-simulation"));
    let seeds: Vec<u64> = include_str!("../seeds")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.parse().unwrap())
        .collect();
    assert!(!seeds.is_empty());
    for seed in seeds {
        let found = runner.run(seed);
        assert!(found.violations.is_empty(), "seed {seed}: {}", found.printed);
    }
}
