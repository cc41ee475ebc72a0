//! `import`: each event of an iCalendar file as a command of its own.
//!
//! Importing is repeatable by nature, since events know each other by their `UID`: what was interrupted is given again as it is, and what
//! was done already is unchanged. So the profile keeps none of these commands.

use std::io::{IsTerminal as _, Read};

use domain::events::Imported;
use domain::{Context, Error, Service, Zone};
use icalendar::{Event, Reader, Skipped};

use super::invocation::Invocation;
use crate::arguments::Import;
use crate::failure::Failure;
use crate::output::{ImportDocument, NoteDocument, Printed, SkippedDocument, message};

/// `import`.
///
/// # Errors
/// Invalid input for a file that is no calendar; what events reports. What was imported until then stays.
pub(crate) async fn import(mut invocation: Invocation<'_>, arguments: &Import) -> Result<Printed, Failure> {
    let zone = match &arguments.zone {
        Some(name) => name.parse::<Zone>()?,
        None => invocation.here().zone.clone(),
    };
    let bytes = read(&arguments.file)?;
    let mut reader =
        Reader::open(&bytes, &zone).map_err(|refused| Error::invalid("file", &arguments.file, refused.to_string()))?;
    let mut document = ImportDocument { dry_run: arguments.dry_run, ..ImportDocument::default() };
    let mut progress = Progress::new();
    while let Some(item) = reader.next() {
        progress.show(reader.done(), reader.total());
        match item {
            Ok(event) => import_one(&mut invocation, event, &mut document).await.inspect_err(|_| progress.end())?,
            Err(Skipped { uid, line, reason }) => document.skipped.push(SkippedDocument { uid, line, reason }),
        }
    }
    progress.end();
    document.skipped.sort_by_key(|skipped| skipped.line);
    Ok(invocation.finish(&document).await)
}

async fn import_one(
    invocation: &mut Invocation<'_>,
    event: Event,
    document: &mut ImportDocument,
) -> Result<(), Failure> {
    let (uid, line, notes) = (event.uid.clone(), event.line, event.notes.clone());
    let wanted = event.into_import(document.dry_run);
    let clients = invocation.clients();
    let answer = match wanted {
        Ok(wanted) => {
            invocation
                .send_passing(Service::Events, async |context: &Context| clients.events.import(context, wanted).await)
                .await
        }
        Err(error) => Err(error.into()),
    };
    let skipped = match answer {
        Ok(Imported::New(_)) => {
            document.imported += 1;
            None
        }
        Ok(Imported::Updated(_)) => {
            document.updated += 1;
            None
        }
        Ok(Imported::Unchanged(_)) => {
            document.unchanged += 1;
            None
        }
        Ok(Imported::Older(_)) => Some("a newer version of it was imported before".to_owned()),
        Ok(Imported::CancelledHere(_)) => Some("it was cancelled in Convene, and stays so".to_owned()),
        Ok(Imported::CalledOff) => Some("it is called off (STATUS:CANCELLED)".to_owned()),
        // What is wrong with one event is not wrong with the others.
        Err(Failure::Refused(error @ (Error::InvalidInput { .. } | Error::Conflict { .. }))) => Some(error.to_string()),
        Err(other) => return Err(other),
    };
    match skipped {
        Some(reason) => document.skipped.push(SkippedDocument { uid: Some(uid), line, reason }),
        None => document.notes.extend(notes.into_iter().map(|note| NoteDocument { line: note.line, text: note.text })),
    }
    Ok(())
}

/// The bytes of a file, or of standard input; no more than can be read at once.
fn read(file: &str) -> Result<Vec<u8>, Failure> {
    let most = u64::try_from(icalendar::MAX_FILE).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    let done = if file == "-" {
        std::io::stdin().lock().take(most).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|opened| opened.take(most).read_to_end(&mut bytes))
    };
    done.map_err(|error| Failure::Here(format!("{file} cannot be read: {error}")))?;
    Ok(bytes)
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
