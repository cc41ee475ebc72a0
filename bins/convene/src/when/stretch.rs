//! Stretches of time and what is left between them. Pure arithmetic on seconds; which clocks show what is for others.

/// From `start` to `end`, the end exclusive and later, in seconds since 1970 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stretch {
    /// The first second.
    pub(crate) start: i64,
    /// The second after the last.
    pub(crate) end: i64,
}

impl Stretch {
    /// From `start` to `end`; `None` if nothing is between them.
    pub(crate) fn new(start: i64, end: i64) -> Option<Self> {
        (start < end).then_some(Self { start, end })
    }

    /// What lies in both; `None` if nothing does.
    pub(crate) fn within(self, other: Self) -> Option<Self> {
        Self::new(self.start.max(other.start), self.end.min(other.end))
    }

    /// How long it is, in seconds.
    pub(crate) const fn length(self) -> i64 {
        self.end.saturating_sub(self.start)
    }
}

/// The same time in as few stretches as can be, by start: those that overlap or touch are one.
pub(crate) fn merged(mut stretches: Vec<Stretch>) -> Vec<Stretch> {
    stretches.sort_unstable();
    let mut merged: Vec<Stretch> = Vec::new();
    for stretch in stretches {
        match merged.last_mut() {
            Some(last) if stretch.start <= last.end => last.end = last.end.max(stretch.end),
            _ => merged.push(stretch),
        }
    }
    merged
}

/// What of `all` lies in none of `taken`, in as few stretches as can be, by start.
pub(crate) fn left(all: Vec<Stretch>, taken: Vec<Stretch>) -> Vec<Stretch> {
    let taken = merged(taken);
    let mut left = Vec::new();
    let mut first = 0;
    for Stretch { mut start, end } in merged(all) {
        // What ends before this one begins is of no matter for those behind it either.
        first += taken.iter().skip(first).take_while(|taken| taken.end <= start).count();
        for taken in taken.iter().skip(first).take_while(|taken| taken.start < end) {
            left.extend(Stretch::new(start, taken.start));
            start = start.max(taken.end);
        }
        left.extend(Stretch::new(start, end));
    }
    left
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn stretches() -> impl Strategy<Value = Vec<Stretch>> {
        let one = (-60_i64..60, 1_i64..20).prop_map(|(start, length)| Stretch { start, end: start + length });
        proptest::collection::vec(one, 0..12)
    }

    fn seconds(stretches: &[Stretch]) -> BTreeSet<i64> {
        stretches.iter().flat_map(|stretch| stretch.start..stretch.end).collect()
    }

    /// By start, nothing empty, and a second at least between two.
    fn as_few_as_can_be(stretches: &[Stretch]) -> bool {
        stretches.iter().all(|stretch| stretch.length() > 0)
            && stretches.windows(2).all(|pair| pair[0].end < pair[1].start)
    }

    proptest! {
        #[test]
        fn merging_keeps_every_second_and_leaves_gaps_only_where_nothing_is(some in stretches()) {
            let merged = merged(some.clone());
            prop_assert_eq!(seconds(&merged), seconds(&some));
            prop_assert!(as_few_as_can_be(&merged));
        }

        #[test]
        fn what_is_left_is_every_second_that_is_not_taken(all in stretches(), taken in stretches()) {
            let found = left(all.clone(), taken.clone());
            let expected: BTreeSet<i64> = seconds(&all).difference(&seconds(&taken)).copied().collect();
            prop_assert_eq!(seconds(&found), expected);
            prop_assert!(as_few_as_can_be(&found));
        }

        #[test]
        fn what_lies_in_both_of_two_is_what_lies_in_each(one in stretches(), other in stretches()) {
            for (one, other) in one.into_iter().zip(other) {
                let both: BTreeSet<i64> = seconds(&[one]).intersection(&seconds(&[other])).copied().collect();
                prop_assert_eq!(one.within(other).map(|both| seconds(&[both])).unwrap_or_default(), both);
            }
        }
    }
}
