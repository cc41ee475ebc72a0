//! What lies over the screen: the palette, the help, a filter being typed, a question.

use domain::SearchText;
use tui_input::Input;

use super::{actions, choosing, opening, sending};
use crate::app::effect::Effect;
use crate::app::filter::Filter;
use crate::app::keymap::{self, Action};
use crate::app::model::{Confirmed, Layer, Model, Screen, Tone, View};
use crate::palette;

/// What the palette lists for what was typed, the best first.
pub(crate) fn listed(model: &Model, typed: &str) -> Vec<&'static keymap::Binding> {
    let found = palette::search(typed, keymap::palette(model), |binding| binding.words);
    found.into_iter().map(|found| found.offer).collect()
}

/// Does what was chosen.
pub(super) fn choose(model: &mut Model, effects: &mut Vec<Effect>) {
    if let Some(Layer::Which { .. }) = model.layer {
        return choosing::choose(model, None, effects);
    }
    match model.layer.take() {
        Some(Layer::Palette { input, selected }) => {
            let chosen = listed(model, input.value()).get(selected).map(|binding| binding.action);
            if let Some(action) = chosen {
                act_from_palette(model, action, effects);
            }
        }
        Some(Layer::Search { input, .. }) => {
            if let Screen::Public(_) = model.screen() {
                search(model, input.value().trim());
            }
        }
        other => model.layer = other,
    }
}

fn act_from_palette(model: &mut Model, action: Action, effects: &mut Vec<Effect>) {
    let belongs_to_form = keymap::available(model, keymap::Place::Form).any(|binding| binding.action == action);
    let in_form = model.form().is_some();
    let leaves = in_form && !belongs_to_form && action != Action::Help && model.kept.session.is_some();
    if leaves && !opening::leave_form(model, Some(action)) {
        return;
    }
    actions::act(model, action, effects);
}

/// Moves the selection of the palette or of a question, or scrolls the help.
pub(super) fn move_in_layer(model: &mut Model, down: bool) {
    let step = |at: usize, last: usize| if down { (at + 1).min(last) } else { at.saturating_sub(1) };
    let rows = match &model.layer {
        Some(Layer::Palette { input, .. }) => listed(model, input.value()).len(),
        Some(Layer::Help { .. }) => keymap::keyed(model, keymap::base_place(model)).len(),
        Some(Layer::Which { .. }) => 3,
        _ => 0,
    };
    if let Some(Layer::Palette { selected: at, .. } | Layer::Which { selected: at, .. } | Layer::Help { scroll: at }) =
        &mut model.layer
    {
        *at = step(*at, rows.saturating_sub(1));
    }
}

/// Does what was asked about.
pub(super) fn confirmed(model: &mut Model, effects: &mut Vec<Effect>) {
    let Some(Layer::Confirm { then, .. }) = model.layer.take() else { return };
    match then {
        Confirmed::Send(command) => {
            sending::send(model, command, effects);
        }
        Confirmed::Quit => effects.push(Effect::Quit),
        Confirmed::LeaveForm { and } => {
            opening::drop_form(model);
            if let Some(action) = and {
                actions::act(model, action, effects);
            }
        }
    }
}

/// Leaves, but not in the middle of an import without a question.
pub(super) fn quit(model: &mut Model, effects: &mut Vec<Effect>) {
    match model.import.as_ref().filter(|import| import.is_under_way()) {
        None => effects.push(Effect::Quit),
        Some(import) => {
            let name = import.wanted.name();
            let question = format!(
                "Leave while {name} is being imported? What is imported stays; import the file again to go on."
            );
            model.layer = Some(Layer::Confirm { question, then: Confirmed::Quit });
        }
    }
}

/// Lets a filter be typed.
pub(super) fn begin_filter(model: &mut Model) {
    let before = filter(model).cloned().unwrap_or_default();
    let id = model.selected_id();
    if let Some(list) = model.in_list_mut() {
        list.before_filter = id.or(list.before_filter.take());
    }
    model.layer = Some(Layer::Search { input: Input::new(before.typed().to_owned()), before });
}

/// Filters by what is typed so far; public events are searched by their service, once it is all typed.
pub(super) fn typed_filter(model: &mut Model) {
    let Some(Layer::Search { input, .. }) = &model.layer else { return };
    let typed = Filter::of(input.value());
    if !matches!(model.screen(), Screen::Public(_)) {
        set_filter(model, typed);
    }
}

/// Closes the layer; a filter is again what it was before it was typed.
pub(super) fn close(model: &mut Model) {
    if let Some(Layer::Search { before, .. }) = model.layer.take() {
        set_filter(model, before);
    }
}

/// Shows everything again; what is selected stays so.
pub(super) fn clear_filter(model: &mut Model) {
    set_filter(model, Filter::default());
}

/// The filter over what is on the screen, if it can have one.
pub(crate) fn filter(model: &Model) -> Option<&Filter> {
    match model.screen() {
        Screen::Calendar if model.view == View::Agenda => Some(&model.agenda_filter),
        Screen::Services(_) | Screen::Import(_) => None,
        _ => model.in_list().map(|list| &list.filter),
    }
}

fn set_filter(model: &mut Model, filter: Filter) {
    let nothing_was_selected = model.selected_id().is_none();
    let cleared = filter.is_empty();
    if matches!(model.screen(), Screen::Calendar) {
        model.agenda_filter = filter;
    } else if let Some(list) = model.in_list_mut() {
        list.filter = filter;
        let before = list.before_filter.take_if(|_| cleared);
        model.filter_lists();
        if let Some(before) = before.filter(|_| nothing_was_selected) {
            model.select(&before);
        }
    }
}

fn search(model: &mut Model, typed: &str) {
    if let (false, Err(error)) = (typed.is_empty(), typed.parse::<SearchText>()) {
        return model.toast(error.to_string(), Tone::Bad);
    }
    set_filter(model, Filter::of(typed));
}
