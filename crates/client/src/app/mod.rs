//! The client without terminal, network and clock: what it knows, what can happen to it, and what it then wants done.
//!
//! `update(model, message, now) -> effects` is the only way in and out. Drawing is the business of [`crate::screens`], the
//! world that of [`crate::runtime`].

pub(crate) mod ask;
pub(crate) mod effect;
pub(crate) mod filter;
pub(crate) mod form;
pub(crate) mod given;
pub(crate) mod import;
pub(crate) mod item;
pub(crate) mod keymap;
pub(crate) mod line;
pub(crate) mod message;
pub(crate) mod model;
pub(crate) mod remote;
pub(crate) mod rows;
pub(crate) mod toast;
pub(crate) mod trail;
pub(crate) mod update;
pub(crate) mod when;
pub(crate) mod which;
