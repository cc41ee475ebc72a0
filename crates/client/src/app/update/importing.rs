//! Importing a calendar file: it is read piece by piece, and each event of it is a command of its own.
//!
//! A service that is away stops nothing: the event on its way is given again until the service answers. What is wrong with one event is
//! told in the report, and the others go on. The import goes on whatever is on the screen, until it is done, stopped, or the session ends.

use std::time::Duration;

use domain::events::Imported;
use domain::{Error, Retryable};

use super::{next_request, opening, outcomes, sending};
use crate::app::ask::Command;
use crate::app::effect::{Effect, RequestId};
use crate::app::form::Form;
use crate::app::import::{Folder, Import, Stage, ToImport, not_read};
use crate::app::message::Opened;
use crate::app::model::{InList, Model, Screen, Tone};
use crate::importing::{Broken, Piece};

/// How soon an event is given again to a service that is away.
const AGAIN: Duration = Duration::from_secs(2);

/// Begins an import; the number of its reading.
pub(super) fn begin(model: &mut Model, wanted: ToImport, effects: &mut Vec<Effect>) -> RequestId {
    let reading = next_request(model);
    effects.push(Effect::Open { reading, wanted: wanted.clone() });
    model.import = Some(Import::begun(wanted, reading));
    reading
}

/// Imports what was only looked at, or was stopped.
pub(super) fn go_on(model: &mut Model, effects: &mut Vec<Effect>) {
    let again = model.import.as_ref().filter(|import| import.can_go_on());
    if let Some(wanted) = again.map(|import| ToImport { only_look: false, ..import.wanted.clone() }) {
        begin(model, wanted, effects);
        show(model);
    }
}

/// Shows how far the import is, or what became of it.
pub(super) fn show(model: &mut Model) {
    opening::push(model, Screen::Import(InList::default()));
}

/// Takes in that the file was opened, or why not.
pub(super) fn opened(model: &mut Model, reading: RequestId, opened: Opened) {
    let at = model.screens.iter().position(|screen| matches!(screen, Screen::Form(form) if form.sent == Some(reading)));
    let Some(import) = reading_of(model, reading) else { return };
    match opened.total {
        Ok(total) => {
            import.stage = Stage::Running;
            import.total = total;
            import.reads_on = true;
            if let Some(at) = at {
                model.screens.remove(at);
                show(model);
            }
        }
        Err(error) => {
            let why = not_read(&opened.path, &error);
            match at.and_then(|at| model.screens.get_mut(at)) {
                Some(Screen::Form(form)) => {
                    model.import = None;
                    form.refuse(&Error::invalid("file", "", why));
                }
                _ => stopped(model, why),
            }
        }
    }
}

/// Takes in a piece of the file, and gives its event to the events service.
pub(super) fn read(model: &mut Model, reading: RequestId, piece: Result<Piece, Broken>, effects: &mut Vec<Effect>) {
    let Some(import) = reading_of(model, reading) else { return };
    let piece = match piece {
        Ok(piece) => piece,
        Err(broken) => return stopped(model, broken.to_string()),
    };
    import.done = piece.done;
    import.report.skipped.extend(piece.skipped);
    match piece.event {
        Some(wanted) => {
            let request = sending::send(model, Command::Import(Box::new(wanted.request)), effects);
            if let Some(import) = &mut model.import {
                import.sent = Some((request, wanted.origin));
            }
        }
        None => ended(model),
    }
}

/// The import whose file is read under this number, if it goes on.
fn reading_of(model: &mut Model, reading: RequestId) -> Option<&mut Import> {
    model.import.as_mut().filter(|import| import.reading == reading && import.is_under_way())
}

/// The file is read to its end.
fn ended(model: &mut Model) {
    let Some(import) = &mut model.import else { return };
    import.stage = Stage::Ended;
    import.report.sort();
    let would = if import.wanted.only_look { "nothing was done, it would be: " } else { "" };
    let said = format!("{}: {would}{}", import.wanted.name(), import.report.counts());
    outcomes::outdate_lists(model);
    say_elsewhere(model, &said, Tone::Good);
}

/// It goes no further.
fn stopped(model: &mut Model, why: String) {
    let Some(import) = &mut model.import else { return };
    let said = format!("the import of {} was stopped: {why}", import.wanted.name());
    import.stage = Stage::Stopped(why);
    import.trouble = None;
    import.report.sort();
    outcomes::outdate_lists(model);
    say_elsewhere(model, &said, Tone::Bad);
}

/// Whoever looks at the report needs no word.
fn say_elsewhere(model: &mut Model, said: &str, tone: Tone) {
    if !matches!(model.screen(), Screen::Import(_)) {
        model.toast(format!("{said} · see “import report”"), tone);
    }
}

/// Stops the import, since that is wanted. An event that a service is doing at this moment is heard out, and counted.
pub(super) fn stop(model: &mut Model) {
    let Some(import) = model.import.as_ref().filter(|import| import.is_under_way()) else { return };
    let waiting = import.sent.as_ref().map(|(request, origin)| (*request, origin.line));
    let waiting = waiting.filter(|(request, _)| model.sending.get(request).is_some_and(|one| one.again_at.is_some()));
    let mut why = "you stopped it".to_owned();
    if let Some((request, line)) = waiting
        && let Some(sending) = outcomes::settled(model, request)
        && sending.unconfirmed
    {
        why = format!("{why}; whether the event of line {line} was imported is not known");
    }
    stopped(model, why);
}

/// Nobody is here any more for whom it could go on; what is to be said of that.
pub(super) fn dropped(model: &mut Model) -> Option<String> {
    let import = model.import.take().filter(Import::is_under_way)?;
    Some(format!("the import of {} has stopped; import it again to go on", import.wanted.name()))
}

/// Takes in what became of the event on its way.
pub(super) fn done(model: &mut Model, request: RequestId, answer: Result<Imported, Error>) {
    let Some(import) = &mut model.import else { return };
    let Some((_, origin)) = import.sent.take_if(|(sent, _)| *sent == request) else { return };
    import.trouble = None;
    let line = origin.line;
    match import.report.settle(origin, answer) {
        Ok(()) if import.is_under_way() => import.reads_on = true,
        // It was stopped meanwhile.
        Ok(()) => import.report.sort(),
        Err(error) if import.is_under_way() => {
            let open =
                if error.retryable() == Retryable::Never { "" } else { "whether this one was imported is not known; " };
            stopped(model, format!("at the event of line {line}: {open}{error}"));
        }
        Err(_) => {}
    }
}

/// Whether an event was certainly not imported because its service is away: then it is given again, for as long as the import goes on.
pub(super) fn waits(model: &mut Model, request: RequestId, error: &Error) -> bool {
    let again = model.now.instant + AGAIN;
    let Some(import) = model.import.as_mut().filter(|import| import.is_under_way()) else { return false };
    if import.sent.as_ref().is_none_or(|(sent, _)| *sent != request) {
        return false;
    }
    import.trouble = Some(error.clone());
    let away = matches!(error, Error::Unavailable { .. } | Error::RateLimited { .. });
    if let (true, Some(sending)) = (away, model.sending.get_mut(&request)) {
        sending.again_at = Some(again);
        sending.tries = 0;
    }
    away
}

/// Asks for the next piece, if it is wanted, and lets go of a file that is read no more.
pub(super) fn read_on(model: &mut Model, before: Option<RequestId>, effects: &mut Vec<Effect>) {
    let now = reading(model);
    if let Some(before) = before.filter(|before| now != Some(*before)) {
        effects.push(Effect::Close(before));
    }
    if let Some(import) = model.import.as_mut().filter(|import| import.is_under_way())
        && std::mem::take(&mut import.reads_on)
    {
        effects.push(Effect::ReadOn(import.reading));
    }
}

/// The file that is being read.
pub(super) fn reading(model: &Model) -> Option<RequestId> {
    model.import.as_ref().filter(|import| import.is_under_way()).map(|import| import.reading)
}

/// Looks into the folder whose files are proposed for the path that is typed.
pub(super) fn look(model: &mut Model, effects: &mut Vec<Effect>) {
    let wanted = model.form().and_then(Form::path_begun).map(|(folder, _)| folder.to_owned());
    if let Some(path) = wanted.filter(|path| model.folder.as_ref().is_none_or(|known| known.path != *path)) {
        model.folder = Some(Folder { path: path.clone(), names: Vec::new() });
        effects.push(Effect::Look(path));
    }
}

/// Takes in what a folder has, if it is still wanted.
pub(super) fn looked(model: &mut Model, folder: Folder) {
    if let Some(known) = model.folder.as_mut().filter(|known| known.path == folder.path) {
        *known = folder;
    }
}
