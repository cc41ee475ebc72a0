//! `import`: each event of an iCalendar file as a command of its own.
//!
//! Importing is repeatable by nature, since events know each other by their `UID`: what was interrupted is given again as it is, and what
//! was done already is unchanged. So the profile keeps none of these commands.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read, stdin};

use client::importing::{Calendar, NotRead, Report, Wanted};
use domain::{Context, Error, Service, Zone};

use super::invocation::Invocation;
use crate::arguments::Import;
use crate::failure::Failure;
use crate::output::{ImportDocument, Printed, message};

/// `import`.
///
/// # Errors
/// Invalid input for a file that is no calendar; what events reports. What was imported until then stays.
pub(crate) async fn import(mut invocation: Invocation<'_>, arguments: &Import) -> Result<Printed, Failure> {
    let zone = match &arguments.zone {
        Some(name) => name.parse::<Zone>()?,
        None => invocation.here().zone.clone(),
    };
    let file = arguments.file.clone();
    let mut calendar = Calendar::open(move || opened(&file), zone, arguments.dry_run)
        .await
        .map_err(|error| not_read(&arguments.file, &error))?;
    let (mut report, mut progress) = (Report::default(), Progress::new());
    loop {
        let piece = calendar.next().await.map_err(|broken| Failure::Here(format!("{}: {broken}", arguments.file)))?;
        progress.show(piece.done, calendar.total());
        report.skipped.extend(piece.skipped);
        let Some(wanted) = piece.event else { break };
        import_one(&mut invocation, *wanted, &mut report).await.inspect_err(|_| progress.end())?;
    }
    progress.end();
    report.sort();
    Ok(invocation.finish(&ImportDocument::of(report, arguments.dry_run)).await)
}

async fn import_one(invocation: &mut Invocation<'_>, wanted: Wanted, report: &mut Report) -> Result<(), Failure> {
    let Wanted { request, origin } = wanted;
    let clients = invocation.clients();
    let answer = invocation
        .send_passing(Service::Events, async |context: &Context| clients.events.import(context, request).await)
        .await;
    let answer = match answer {
        Ok(imported) => Ok(imported),
        Err(Failure::Refused(error)) => Err(error),
        Err(other) => return Err(other),
    };
    Ok(report.settle(origin, answer)?)
}

/// A file, or standard input.
fn opened(file: &str) -> io::Result<Box<dyn Read>> {
    Ok(if file == "-" { Box::new(stdin().lock()) } else { Box::new(File::open(file)?) })
}

fn not_read(file: &str, error: &NotRead) -> Failure {
    match error {
        NotRead::Io(error) => Failure::Here(format!("{file} cannot be read: {error}")),
        NotRead::Refused(refused) => Error::invalid("file", file, refused.to_string()).into(),
    }
}

/// A bar on standard error, where somebody sees it and the file is large enough to wait for.
struct Progress {
    shown: Option<usize>,
    is_wanted: bool,
}

impl Progress {
    const WIDTH: usize = 40;
    const LEAST: usize = 64 * 1024;

    fn new() -> Self {
        Self { shown: None, is_wanted: std::io::stderr().is_terminal() }
    }

    fn show(&mut self, done: usize, total: usize) {
        let filled = done.saturating_mul(Self::WIDTH).checked_div(total).unwrap_or(Self::WIDTH);
        if self.is_wanted && total >= Self::LEAST && self.shown != Some(filled) {
            self.shown = Some(filled);
            message(&bar(filled));
        }
    }

    fn end(&mut self) {
        if self.shown.take().is_some() {
            message(&format!("\r{}\r", " ".repeat(Self::WIDTH.saturating_add(8))));
        }
    }
}

fn bar(filled: usize) -> String {
    let percent = filled.saturating_mul(100) / Progress::WIDTH;
    format!("\r[{:<width$}] {percent:>3} %", "#".repeat(filled), width = Progress::WIDTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_fills_up_and_keeps_its_width() {
        assert_eq!(bar(0).len(), bar(Progress::WIDTH).len());
        assert!(bar(20).contains("] ") && bar(20).contains(" 50 %"));
    }
}
