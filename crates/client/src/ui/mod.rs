//! What screens are drawn with: looks, text as cells, and the grids.
//!
//! Everything here draws what it is given. What there is to show, and what keys do, is decided elsewhere.

pub mod text;
pub mod theme;
