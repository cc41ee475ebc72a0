//! `BYSETPOS`: the nth of all starts within one period.

use super::{days::Days, times::Times};
use crate::{
    gregorian::SECONDS_OF_DAY,
    sets::{bits, count},
};

/// The earliest start at `cursor` or later that is in one of these positions, among those that days (rising) and times give together.
pub(super) fn earliest(positions: &[i64], months: &[Days], times: Times, cursor: i64) -> Option<i64> {
    let days: i64 = months.iter().map(|days| count(days.set)).sum();
    let per_day = times.count();
    let total = days * per_day;
    positions
        .iter()
        .map(|position| if *position > 0 { position - 1 } else { total + position })
        .filter(|index| (0..total).contains(index))
        .filter_map(|index| Some(nth_day(months, index / per_day)? * SECONDS_OF_DAY + times.nth(index % per_day)?))
        .filter(|start| *start >= cursor)
        .min()
}

/// The day with so many before it.
fn nth_day(months: &[Days], mut index: i64) -> Option<i64> {
    for days in months {
        let here = count(days.set);
        if index < here {
            return Some(days.first + bits(days.set).nth(usize::try_from(index).ok()?)?);
        }
        index -= here;
    }
    None
}
