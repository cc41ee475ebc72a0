//! Who sees my calendar, and whose I see.

use domain::sharing::Share;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use crate::app::ask::Query;
use crate::app::message::Target;
use crate::app::model::{InList, Model};
use crate::app::rows::word_of_level;
use crate::ui::list::{self, Hold, Row, Rows};
use crate::ui::theme::Role;
use crate::ui::{layout, status, text};

/// Draws both lists as one.
pub(super) fn draw(model: &Model, at: &InList, frame: &mut Frame<'_>, area: Rect) {
    let theme = model.settings.theme;
    let inner = layout::pane(frame, area, &super::titled("People", &at.filter), theme, true);
    let (inner, old) = status::with_trouble(model, &Query::Shares, frame, inner, theme);
    let Some((with, with_me)) = model.shares_shown() else { return };
    rows(&with, &with_me, at, inner.height).draw(frame, inner, Hold::Focused, theme);
    status::grey(frame, inner, theme, old);
}

/// What is drawn at a position.
pub(super) fn target(model: &Model, at: &InList, area: Rect, position: Position) -> Option<Target> {
    let inner = status::below_trouble(model, &Query::Shares, layout::within(area));
    let (with, with_me) = model.shares_shown()?;
    rows(&with, &with_me, at, inner.height).item_at(inner, position).map(Target::Row)
}

fn rows(with: &[&Share], with_me: &[&Share], at: &InList, height: u16) -> Rows {
    let near = list::near(at.selected, with.len() + with_me.len(), height);
    let nobody = |said: &str| Row::Note(if at.filter.is_empty() { said.to_owned() } else { "none of them".to_owned() });
    let mut rows = Vec::new();
    if near.start == 0 {
        rows.push(Row::Heading("See my calendar".to_owned()));
    }
    rows.extend(with.iter().take(near.end).skip(near.start).map(|share| row(share)));
    // The second heading, where it is near.
    if near.start <= with.len() && near.end >= with.len() {
        if with.is_empty() {
            rows.push(nobody("nobody · s shares my calendar"));
        }
        rows.push(Row::Note(String::new()));
        rows.push(Row::Heading("Let me see theirs".to_owned()));
        if with_me.is_empty() {
            rows.push(nobody("nobody yet · who shares theirs stands here"));
        }
    }
    let theirs = near.start.saturating_sub(with.len())..near.end.saturating_sub(with.len());
    rows.extend(with_me.iter().take(theirs.end).skip(theirs.start).map(|share| row(share)));
    Rows { rows, first: near.start, selected: Some(at.selected) }
}

fn row(share: &Share) -> Row {
    let level = format!(" {}", word_of_level(share.level));
    Row::item([(text::fit(share.username.as_str(), 20), Role::Text), (level, Role::Dim)])
}
