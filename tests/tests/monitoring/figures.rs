//! The figures of five real processes.
