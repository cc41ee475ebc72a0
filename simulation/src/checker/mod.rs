//! Is everything as it must be?

mod agreement;
mod continuing;
pub(crate) mod ending;
mod instances;
pub(crate) mod line;
pub(crate) mod registers;
mod rows;
mod sights;
