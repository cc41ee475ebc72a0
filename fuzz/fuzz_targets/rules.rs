//! Looks for bytes that break `convene_hostile::target("rules")`.

#![no_main]

use std::sync::LazyLock;

use convene_hostile::{Target, target};
use libfuzzer_sys::fuzz_target;

static TARGET: LazyLock<Target> = LazyLock::new(|| target("rules"));

fuzz_target!(|data: &[u8]| TARGET(data));
