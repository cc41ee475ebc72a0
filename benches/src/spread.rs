//! One figure measured several times: the median, and how far apart the rounds were.

use serde::{Deserialize, Serialize};

/// The median of some rounds, with the least and the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Spread {
    /// The median; between two middle ones, their mean.
    pub(crate) median: f64,
    /// The least.
    pub(crate) min: f64,
    /// The greatest.
    pub(crate) max: f64,
}

impl Spread {
    /// Of these rounds, to a tenth; `None` if there were none.
    pub(crate) fn of(rounds: impl IntoIterator<Item = f64>) -> Option<Self> {
        let Self { median, min, max } = Self::exactly(rounds)?;
        Some(Self { median: tenths(median), min: tenths(min), max: tenths(max) })
    }

    /// The same with all digits, for ratios.
    pub(crate) fn exactly(rounds: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut rounds: Vec<f64> = rounds.into_iter().collect();
        rounds.sort_by(f64::total_cmp);
        let (min, max) = (*rounds.first()?, *rounds.last()?);
        let upper = *rounds.get(rounds.len() / 2)?;
        let lower = *rounds.get((rounds.len() - 1) / 2)?;
        Some(Self { median: f64::midpoint(lower, upper), min, max })
    }
}

/// To a tenth: more digits would only say how the weather was.
pub(crate) fn tenths(figure: f64) -> f64 {
    (figure * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_stands_in_the_middle_whatever_the_order() {
        assert_eq!(Spread::of([3.0, 1.0, 900.0]), Some(Spread { median: 3.0, min: 1.0, max: 900.0 }));
        assert_eq!(Spread::of([4.0, 1.0, 2.0, 9.0]), Some(Spread { median: 3.0, min: 1.0, max: 9.0 }));
        assert_eq!(Spread::of([1.26]), Some(Spread { median: 1.3, min: 1.3, max: 1.3 }));
        assert_eq!(Spread::of([]), None);
    }
}
