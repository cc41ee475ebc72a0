//! Is everything as it must be?

pub(crate) mod ending;
pub(crate) mod line;
pub(crate) mod registers;
