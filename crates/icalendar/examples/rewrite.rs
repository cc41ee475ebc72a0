//! Reads a calendar from standard input and writes its events to standard output; with `--values`, from what was understood of them
//! alone. For comparing with other programs: see `tests/calendars.sh`.
#![allow(clippy::print_stderr, reason = "a program")]

use std::io::{Read as _, Write as _};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes)?;
    let mut reading = icalendar::read(&bytes, &domain::Zone::utc())?;
    if std::env::args().any(|argument| argument == "--values") {
        reading.events.iter_mut().for_each(|event| event.original.clear());
    }
    for skipped in &reading.skipped {
        eprintln!("line {}: {}", skipped.line, skipped.reason);
    }
    let now = domain::Timestamp::from_micros(jiff::Timestamp::now().as_microsecond());
    std::io::stdout().write_all(&icalendar::write(&reading.events, now))?;
    Ok(())
}
