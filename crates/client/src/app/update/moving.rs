//! Moving about: in lists, in calendars, from one period to another.

use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::app::keymap::Action;
use crate::app::model::{AGENDA_STEP, Model, Screen, View};
use crate::screens;

/// Moves what is selected on the screen.
pub(super) fn move_selection(model: &mut Model, action: Action) {
    if matches!(model.screen(), Screen::Calendar) {
        return move_in_calendar(model, action);
    }
    if matches!(action, Action::PageUp | Action::PageDown) && scroll_facts(model, action == Action::PageDown) {
        return;
    }
    let last = model.row_count().saturating_sub(1);
    let page = usize::from(model.size.1).saturating_sub(6).max(1);
    if let Some(list) = model.in_list_mut() {
        list.selected = match action {
            Action::Up => list.selected.saturating_sub(1),
            Action::Down => (list.selected + 1).min(last),
            Action::PageUp => list.selected.saturating_sub(page),
            Action::PageDown => (list.selected + page).min(last),
            Action::First => 0,
            Action::Last => last,
            _ => list.selected,
        };
    }
}

/// Scrolls what is said of an event, if that is longer than there is room for; whether it is.
fn scroll_facts(model: &mut Model, on: bool) -> bool {
    let Screen::Event(page) = model.screen() else { return false };
    let (last, step) = screens::scrolled(model, page);
    let to = if on { page.scroll + step } else { page.scroll.min(last).saturating_sub(step) };
    if let Some(Screen::Event(page)) = model.screens.last_mut() {
        page.scroll = to.min(last);
    }
    last > 0
}

fn move_in_calendar(model: &mut Model, action: Action) {
    let cursor = model.cursor;
    let by = |days: i32| cursor.checked_add(days.days()).unwrap_or(cursor);
    match (model.view, action) {
        (_, Action::Left) => go_to(model, by(-1)),
        (_, Action::Right) => go_to(model, by(1)),
        (View::Agenda, _) => move_in_agenda(model, action),
        (View::Month, Action::Up) => go_to(model, by(-7)),
        (View::Month, Action::Down) => go_to(model, by(7)),
        (_, Action::First) => go_to(model, cursor.first_of_month()),
        (_, Action::Last) => go_to(model, cursor.last_of_month()),
        (_, Action::PageUp) => turn(model, -1),
        (_, Action::PageDown) => turn(model, 1),
        (_, Action::Up) => model.item = model.item.saturating_sub(1),
        (_, Action::Down) => {
            let last = model.items_on(cursor).len().saturating_sub(1);
            model.item = (model.item + 1).min(last);
        }
        _ => {}
    }
}

fn move_in_agenda(model: &mut Model, action: Action) {
    model.strayed = None;
    let page = usize::from(model.size.1).saturating_sub(8).max(1);
    let (steps, on) = match action {
        Action::Up => (1, false),
        Action::Down => (1, true),
        Action::PageUp => (page, false),
        Action::PageDown => (page, true),
        Action::First | Action::Last => {
            if let Some((day, item)) = model.agenda_end(action == Action::Last) {
                model.cursor = day;
                model.item = item;
            }
            return model.agenda_lets_go();
        }
        _ => return,
    };
    for step in 0..steps {
        match model.agenda_step(on) {
            Some((day, item)) => {
                model.cursor = day;
                model.item = item;
            }
            // Above the first row there may be more: earlier days are asked for.
            None if !on && step == 0 => return model.agenda_earlier(),
            None => break,
        }
    }
    model.agenda_lets_go();
}

/// Selects a day, and lets the agenda begin so that it is in it.
pub(super) fn go_to(model: &mut Model, day: Date) {
    // The services keep the years 1 to 9990; a window a little beyond them would be refused.
    if (2..=9_988).contains(&day.year()) {
        model.cursor = day;
        model.item = 0;
        model.strayed = None;
        let far = model.agenda_from.checked_add(AGENDA_STEP.days()).unwrap_or(day);
        if day < model.agenda_from || day >= far {
            model.agenda_begins(day);
        }
    }
}

/// Turns to the period before or after.
pub(super) fn turn(model: &mut Model, direction: i32) {
    let cursor = model.cursor;
    let to = match model.view {
        View::Month => cursor.checked_add(direction.months()),
        View::Week => cursor.checked_add((7 * direction).days()),
        View::Day => cursor.checked_add(direction.days()),
        View::Agenda => cursor.checked_add((AGENDA_STEP * direction).days()),
    };
    if let Ok(day) = to {
        go_to(model, day);
        if model.view == View::Agenda {
            model.agenda_begins(model.cursor);
        }
    }
}

/// Shows the calendar, whatever was open.
pub(super) fn show_calendar(model: &mut Model) {
    model.screens = vec![Screen::Calendar];
}

/// Shows it in a view, on the day that is selected.
pub(super) fn show(model: &mut Model, view: View) {
    show_calendar(model);
    if view != View::Agenda {
        model.come_back_from_agenda();
    }
    model.view = view;
    let (day, item) = (model.cursor, model.item);
    go_to(model, day);
    model.item = item;
    model.select_in_agenda();
}
