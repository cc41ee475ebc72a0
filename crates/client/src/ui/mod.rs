//! What screens are drawn with: looks, text as cells, and the grids.
//!
//! Everything here draws what it is given. What there is to show, and what keys do, is decided elsewhere.

#[cfg(test)]
mod drawn;
pub mod entry;
pub(crate) mod footer;
pub(crate) mod form;
pub(crate) mod layout;
pub(crate) mod list;
pub mod month_grid;
pub(crate) mod overlay;
pub(crate) mod status;
pub mod text;
pub mod theme;
pub mod time_grid;
