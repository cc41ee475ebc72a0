//! What lies over the screen: the palette, the help, a question, a line being typed.

use domain::invitations::Response;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::layout;
use super::list::{Hold, Row, Rows};
use super::text;
use super::theme::{Role, Theme, glyph};
use crate::app::keymap::{self, Binding, Key};
use crate::app::model::{Acting, Layer, Model, Pick};
use crate::app::update::listed;
use crate::app::which;

/// Columns and rows of the palette.
const PALETTE: (u16, u16) = (52, 16);
/// The same of the question which instances are meant.
const WHICH: (u16, u16) = (52, 6);

/// The number of the palette's command, or of the answer to a question, that is drawn at a position.
pub(crate) fn command_at(model: &Model, body: Rect, position: Position) -> Option<usize> {
    let within = |(width, height)| layout::within(layout::middle(body, width, height));
    match &model.layer {
        Some(Layer::Palette { input, selected }) => {
            let (area, rows) = palette(model, within(PALETTE), input, *selected);
            rows.item_at(area, position)
        }
        Some(Layer::Which { pick, acting, selected }) => {
            which(pick, *acting, *selected).item_at(within(WHICH), position)
        }
        _ => None,
    }
}

/// What of an event that recurs may be meant.
fn which(pick: &Pick, acting: Acting, selected: usize) -> Rows {
    let doing = match acting {
        Acting::Edit => "Change",
        Acting::Cancel => "Cancel",
        Acting::Answer(Response::Accept) => "Come to",
        Acting::Answer(Response::Maybe) => "Perhaps come to",
        Acting::Answer(Response::Decline) => "Do not come to",
    };
    let rows = [
        format!("1  this one{}", which::said(pick.instance)),
        "2  this one and all that follow".to_owned(),
        "3  all of them".to_owned(),
    ];
    let heading = Row::Heading(format!("{doing} “{}” {}", pick.title, glyph::REPEATS));
    let rows = std::iter::once(heading).chain(rows.map(|words| Row::item([(words, Role::Text)])));
    Rows::all(rows.collect(), selected)
}

/// What the palette lists, and where.
fn palette(model: &Model, inner: Rect, input: &tui_input::Input, selected: usize) -> (Rect, Rows) {
    let keyed = keymap::keyed(model, keymap::base_place(model));
    let keys_of =
        |binding: &Binding| keyed.iter().find(|(one, _)| std::ptr::eq(*one, binding)).map(|(_, keys)| &**keys);
    let rows: Vec<Row> = listed(model, input.value())
        .into_iter()
        .map(|binding| palette_row(binding, keys_of(binding).unwrap_or_default(), inner.width))
        .collect();
    let rest = Rect { y: inner.y.saturating_add(1), height: inner.height.saturating_sub(1), ..inner };
    (rest.intersection(inner), Rows::all(rows, selected))
}

/// Draws the layer, if there is one.
pub(crate) fn draw(model: &Model, frame: &mut Frame<'_>, body: Rect) {
    let theme = model.settings.theme;
    match &model.layer {
        None => {}
        // What is filtered is looked at while the filter is typed.
        Some(Layer::Search { .. }) => unfocus(frame, body),
        Some(_) => recede(frame, body, theme),
    }
    match &model.layer {
        None => {}
        Some(Layer::Palette { input, selected }) => {
            let (width, height) = PALETTE;
            let inner = layout::over(frame, body, width, height, "Commands", theme);
            typed(frame, inner, input, ": ", theme);
            let (rest, rows) = palette(model, inner, input, *selected);
            if rows.rows.is_empty() {
                let said = "no command is called so now";
                layout::lines(frame, rest, [Line::styled(text::cut(said, rest.width.into()), theme.style(Role::Dim))]);
            }
            rows.draw(frame, rest, Hold::Focused, theme);
        }
        Some(Layer::Help { scroll }) => {
            let inner = layout::over(frame, body, 72, body.height, "Help: what can be done here", theme);
            let rows: Vec<Line<'static>> = keymap::keyed(model, keymap::base_place(model))
                .iter()
                .map(|(binding, keys)| help_line(binding, keys, inner.width, theme))
                .collect();
            let last = rows.len().saturating_sub(usize::from(inner.height));
            layout::lines(frame, inner, rows.into_iter().skip((*scroll).min(last)));
        }
        // Below what it filters.
        Some(Layer::Search { .. }) => {}
        Some(Layer::Which { pick, acting, selected }) => {
            let (width, height) = WHICH;
            let inner = layout::over(frame, body, width, height, "Which?", theme);
            which(pick, *acting, *selected).draw(frame, inner, Hold::Focused, theme);
        }
        Some(Layer::Confirm { question, .. }) => {
            let wrapped = text::wrap(question, usize::from(body.width.min(50)).saturating_sub(4));
            let height = u16::try_from(wrapped.len()).unwrap_or(1).saturating_add(4);
            let inner = layout::over(frame, body, 50, height, "Sure?", theme);
            let said = wrapped.into_iter().map(Line::raw);
            // What Enter does is marked: what cannot be undone takes a key of its own.
            let styled = |words| Span::styled(words, theme.style(Role::Accent));
            let keys = Line::from(vec![styled("y yes   "), layout::mark(true, theme), styled("n no")]);
            layout::lines(frame, inner, said.chain([Line::default(), keys]));
        }
    }
}

/// Draws the filter that is being typed; whether there is one.
pub(crate) fn filter(model: &Model, frame: &mut Frame<'_>, area: Rect) -> bool {
    let Some(Layer::Search { input, .. }) = &model.layer else { return false };
    typed(frame, area, input, "▸ /", model.settings.theme);
    true
}

/// What lies below has no keys now: it is dim, and what is selected in it is only that.
fn recede(frame: &mut Frame<'_>, area: Rect, theme: Theme) {
    unfocus(frame, area);
    for position in area.intersection(frame.area()).positions() {
        if let Some(cell) = frame.buffer_mut().cell_mut(position) {
            cell.set_style(Style::reset().patch(theme.style(Role::Dim)));
        }
    }
}

/// What has the focus is only selected while keys go elsewhere.
fn unfocus(frame: &mut Frame<'_>, area: Rect) {
    for position in area.intersection(frame.area()).positions() {
        if let Some(cell) = frame.buffer_mut().cell_mut(position)
            && cell.symbol() == glyph::FOCUS
        {
            cell.set_symbol(glyph::SELECTED);
        }
    }
}

fn typed(frame: &mut Frame<'_>, area: Rect, input: &tui_input::Input, prompt: &'static str, theme: Theme) {
    let indent = text::width(prompt);
    let room = usize::from(area.width).saturating_sub(indent + 1);
    let shown = input.value();
    let line = Line::from(vec![Span::styled(prompt, theme.style(Role::Accent)), Span::raw(text::cut(shown, room))]);
    layout::lines(frame, area, [line]);
    let column = input.visual_cursor().min(room) + indent;
    if let Ok(column) = u16::try_from(column)
        && column < area.width
        && area.height > 0
    {
        frame.set_cursor_position(Position::new(area.x + column, area.y));
    }
}

fn written(keys: &[Key]) -> String {
    keys.iter().map(|key| key.written()).collect::<Vec<_>>().join(" ")
}

fn palette_row(binding: &Binding, keys: &[Key], width: u16) -> Row {
    let room = usize::from(width).saturating_sub(2);
    let key = written(keys);
    let words = text::fit(binding.words, room.saturating_sub(text::width(&key) + 1));
    Row::item([(words, Role::Text), (key, Role::Dim)])
}

fn help_line(binding: &Binding, keys: &[Key], width: u16, theme: Theme) -> Line<'static> {
    let room = usize::from(width).saturating_sub(14 + 16 + 2);
    Line::from(vec![
        Span::styled(text::fit(&written(keys), 14), theme.style(Role::Accent)),
        Span::raw(text::fit(binding.words, 16)),
        Span::styled(format!("  {}", text::cut(binding.explained, room)), theme.style(Role::Dim)),
    ])
}
