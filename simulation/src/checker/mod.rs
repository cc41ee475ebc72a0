//! Is everything as it must be?

pub(crate) mod ending;
mod instances;
pub(crate) mod line;
pub(crate) mod registers;
