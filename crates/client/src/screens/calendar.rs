//! A calendar in one of its four views, mine, another's, or both.

use domain::Username;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use crate::app::item::{Item, Kind};
use crate::app::message::Target;
use crate::app::model::{Model, View};
use crate::ui::entry::{Entry, Mark};
use crate::ui::list::Row;
use crate::ui::theme::{Role, Theme, glyph};
use crate::ui::{layout, status, text};

/// Draws the open calendar.
pub(super) fn draw(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let theme = model.settings.theme;
    let view = match model.view {
        View::Month => "Month",
        View::Week => "Week",
        View::Day => "Day",
        View::Agenda => "Agenda",
    };
    let whose = match (&model.whose, model.overlaid) {
        (None, _) => "my calendar".to_owned(),
        (Some(owner), false) => format!("{owner}’s calendar"),
        (Some(owner), true) => format!("my calendar and {owner}’s"),
    };
    let title = super::titled(&format!("{view} · {whose} · {}", status::range(model)), &model.calendar_filter());
    let mut inner = layout::headed(frame, area, &title, theme);
    let mut old = false;
    for list in model.calendar_lists() {
        let (rest, troubled) = status::with_trouble(model, &model.troubled(&list), frame, inner, theme);
        inner = rest;
        old |= troubled;
    }
    if model.calendar_is_cut() {
        inner = cut(frame, inner, theme);
    }
    let items = model.items();
    match model.view {
        View::Month => super::month::draw(model, &items, frame, inner),
        View::Week => super::week::draw(model, &items, frame, inner),
        View::Day => super::day::draw(model, &items, frame, inner),
        View::Agenda => super::agenda::draw(model, &items, frame, inner),
    }
    status::grey(frame, inner, theme, old);
}

/// What is drawn at a position.
pub(super) fn target(model: &Model, area: Rect, position: Position) -> Option<Target> {
    let mut inner = layout::below(area);
    for list in model.calendar_lists() {
        inner = status::below_trouble(model, &model.troubled(&list), inner);
    }
    if model.calendar_is_cut() {
        inner = layout::below(inner);
    }
    let items = model.items();
    match model.view {
        View::Month => super::month::target(model, &items, inner, position),
        View::Week => super::week::target(model, &items, inner, position),
        View::Day => super::day::target(model, &items, inner, position),
        View::Agenda => super::agenda::target(model, &items, inner, position),
    }
}

/// Says that there is more than is shown, and gives what is left.
fn cut(frame: &mut Frame<'_>, area: Rect, theme: Theme) -> Rect {
    let said = "there is more on these days than is shown · 3 shows a day, 4 the agenda";
    layout::lines(frame, area, [Line::styled(text::cut(said, area.width.into()), theme.style(Role::Warning))]);
    layout::below(area)
}

/// As the grids want it.
pub(super) fn entry<'a>(model: &'a Model, item: &'a Item) -> Entry<'a> {
    Entry {
        start: item.start,
        end: item.end,
        all_day: item.all_day,
        title: &item.title,
        mark: mark(item),
        theirs: item.theirs,
        whose: whose(model, item),
        repeats: item.recurs(),
    }
}

/// Whose it is, if it is laid over what is mine.
fn whose<'a>(model: &'a Model, item: &Item) -> Option<&'a str> {
    model.whose.as_ref().filter(|_| item.theirs && model.overlaid).map(Username::as_str)
}

pub(super) const fn mark(item: &Item) -> Mark {
    match item.kind {
        Kind::Organizing => Mark::Organizing,
        Kind::Going => Mark::Going,
        Kind::Maybe => Mark::Maybe,
        Kind::Busy => Mark::Busy,
    }
}

/// A row of a list of items: hours, why it is there, title, place.
pub(super) fn row(model: &Model, item: &Item, day: jiff::civil::Date) -> Row {
    let place = if item.location.is_empty() { String::new() } else { format!(" @ {}", item.location) };
    let [hours, mark, title] = parts(model, item, day);
    Row::item([hours, mark, title, (repeats(item), Role::Dim), (place, Role::Dim)])
}

/// The same where there is height rather than width: the place in a row of its own.
pub(super) fn tall_row(model: &Model, item: &Item, day: jiff::civil::Date) -> impl Iterator<Item = Row> {
    let place = (!item.location.is_empty()).then(|| Row::Note(format!("{:HOURS$}@ {}", "", item.location)));
    let [hours, mark, title] = parts(model, item, day);
    std::iter::once(Row::item([hours, mark, title, (repeats(item), Role::Dim)])).chain(place)
}

/// The mark of what comes again, behind its title.
fn repeats(item: &Item) -> String {
    if item.recurs() { format!(" {}", glyph::REPEATS) } else { String::new() }
}

/// Cells of an item's hours.
const HOURS: usize = 12;

fn parts(model: &Model, item: &Item, day: jiff::civil::Date) -> [(String, Role); 3] {
    let role = if item.theirs { Role::Theirs } else { mark(item).role() };
    let whose = whose(model, item).map(|whose| format!("{whose}: ")).unwrap_or_default();
    [
        (text::fit(&item.hours_on(day, model.settings.hours), HOURS), Role::Dim),
        (format!("{} ", mark(item).glyph()), role),
        (format!("{whose}{}", item.title), role),
    ]
}
