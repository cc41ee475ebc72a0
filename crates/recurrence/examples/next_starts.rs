//! How long the next start of a rule takes, in the first month and thirty years on: nanoseconds, the median of several rounds.
//!
//! `cargo run --release -p recurrence --example next_starts`

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that prints figures")]

use std::hint::black_box;
use std::time::Instant;

use jiff::civil::{DateTime, date};
use recurrence::Rule;

const RULES: [&str; 4] = ["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=TU,TH", "FREQ=MONTHLY;BYDAY=-1FR", "FREQ=YEARLY"];
const ROUNDS: usize = 11;
const STARTS: u32 = 200_000;

fn main() {
    let first = date(2027, 3, 2).at(9, 0, 0, 0);
    println!("{:<28} {:>12} {:>14}", "rule", "at once, ns", "30 years, ns");
    for text in RULES {
        let rule: Rule = match text.parse() {
            Ok(rule) => rule,
            Err(why) => return eprintln!("{text}: {why}"),
        };
        let [near, far] = [first, date(2057, 3, 2).at(9, 0, 0, 0)].map(|from| nanoseconds(&rule, first, from));
        println!("{text:<28} {near:>12.0} {far:>14.0}");
    }
}

/// Nanoseconds to find the first start from `from` on.
fn nanoseconds(rule: &Rule, first: DateTime, from: DateTime) -> f64 {
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let begun = Instant::now();
            for _ in 0..STARTS {
                black_box(rule.starts(black_box(first), black_box(from)).next());
            }
            begun.elapsed().as_secs_f64() * 1e9 / f64::from(STARTS)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds.get(ROUNDS / 2).copied().unwrap_or_default()
}
