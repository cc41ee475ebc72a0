//! Acting on one of many instances: first it is asked whether it alone is meant, it and all that follow, or all of them.

use domain::Instance;
use domain::events::CancelEvent;

use super::{opening, sending};
use crate::app::ask::Command;
use crate::app::effect::Effect;
use crate::app::model::{Acting, Confirmed, Layer, Model, Pick};
use crate::app::which;

/// Does it to the event that is selected, once it is known what of it is meant.
pub(super) fn begin(model: &mut Model, acting: Acting, effects: &mut Vec<Effect>) {
    let Some(pick) = model.pick() else { return };
    match pick.instance {
        Instance::On(_) => model.layer = Some(Layer::Which { pick, acting, selected: 0 }),
        instance @ (Instance::Series | Instance::From(_)) => act(model, &pick, instance, acting, effects),
    }
}

/// What the rows of the question mean, for an instance.
pub(crate) const fn meant(instance: Instance, row: usize) -> Instance {
    match (instance, row) {
        (Instance::On(start), 1) => Instance::From(start),
        (_, 2) => Instance::Series,
        (instance, _) => instance,
    }
}

/// Takes a row of the question, or the one that is selected.
pub(super) fn choose(model: &mut Model, row: Option<usize>, effects: &mut Vec<Effect>) {
    match model.layer.take() {
        Some(Layer::Which { pick, acting, selected }) => {
            let instance = meant(pick.instance, row.unwrap_or(selected));
            act(model, &pick, instance, acting, effects);
        }
        other => model.layer = other,
    }
}

fn act(model: &mut Model, pick: &Pick, instance: Instance, acting: Acting, effects: &mut Vec<Effect>) {
    match acting {
        Acting::Edit => opening::edit(model, pick.event, instance),
        Acting::Cancel => {
            let which = which::said(instance);
            let question = format!("Cancel “{}”{which} for everyone? This cannot be undone.", pick.title);
            let then = Confirmed::Send(Command::Cancel(CancelEvent { event: pick.event, instance }));
            model.layer = Some(Layer::Confirm { question, then });
        }
        Acting::Answer(response) => {
            sending::send(model, sending::answer(pick, instance, response), effects);
        }
    }
}
