//! What the mouse does, if it is the client's: a click selects, the wheel scrolls.

use super::{layers, moving};
use crate::app::effect::Effect;
use crate::app::keymap::Action;
use crate::app::message::Target;
use crate::app::model::{Layer, Model, Screen, View};

/// Rows that a notch of the wheel is.
const NOTCH: usize = 3;

/// Selects what was clicked on.
pub(super) fn pointed(model: &mut Model, target: Target, effects: &mut Vec<Effect>) {
    match target {
        Target::Row(row) => {
            if let Some(list) = model.in_list_mut() {
                list.selected = row;
            }
        }
        Target::Day(day) => moving::go_to(model, day),
        Target::Item(day, item) => {
            if day != model.cursor {
                moving::go_to(model, day);
            }
            model.item = item;
            model.strayed = None;
        }
        Target::Field(field) => {
            if let Some(form) = model.form_mut() {
                form.focus = field;
            }
        }
        Target::Command(row) => {
            if let Some(Layer::Palette { selected, .. } | Layer::Which { selected, .. }) = &mut model.layer {
                *selected = row;
                layers::choose(model, effects);
            }
        }
    }
}

/// Scrolls what has the keys: a list by some rows, a month by a week, a week or a day by one of its kind.
pub(super) fn wheel(model: &mut Model, down: bool) {
    if model.layer.is_some() {
        (0..NOTCH).for_each(|_| layers::move_in_layer(model, down));
        return;
    }
    if model.form().is_some() {
        return;
    }
    let calendar = matches!(model.screen(), Screen::Calendar);
    match model.view {
        View::Week | View::Day if calendar => moving::turn(model, if down { 1 } else { -1 }),
        View::Month if calendar => moving::move_selection(model, if down { Action::Down } else { Action::Up }),
        _ => (0..NOTCH).for_each(|_| moving::move_selection(model, if down { Action::Down } else { Action::Up })),
    }
}
