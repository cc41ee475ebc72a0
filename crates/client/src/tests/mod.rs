//! The client driven by keys, without a terminal: against answers made by hand ([`rig`]), against played services in any mood
//! ([`desk`], [`town`]), and against the real ones in this process ([`seat`]).

mod acting;
mod coming;
mod commands;
mod desk;
mod entering;
mod forms;
mod importing;
mod lines;
mod lists;
mod looks;
mod lost;
mod mood;
mod news;
mod outages;
mod places;
mod pointing;
mod reach;
mod recurring;
mod rig;
mod said;
mod seat;
mod ten_looks;
mod together;
mod town;
mod truth;
mod waiting;
