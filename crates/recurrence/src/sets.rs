//! Small sets of numbers as bits, as the parts of a rule need them. They iterate in rising order and compare by content, which is what
//! makes two spellings of a rule equal.

/// Numbers counted from the start (1, 2, …) or from the end (-1, -2, …) of something that has at most 63 of them: `BYMONTHDAY`, `BYWEEKNO`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Signed {
    from_start: u64,
    from_end: u64,
}

impl Signed {
    /// `number` is in -63..=-1 or 1..=63; another one is not taken.
    pub(crate) fn insert(&mut self, number: i64) {
        match number {
            1..=63 => self.from_start |= 1 << (number - 1),
            -63..=-1 => self.from_end |= 1 << (-number - 1),
            _ => {}
        }
    }

    pub(crate) fn only(number: i64) -> Signed {
        let mut set = Signed::default();
        set.insert(number);
        set
    }

    pub(crate) fn is_empty(self) -> bool {
        self == Signed::default()
    }

    /// Which of `length` (1..=63) things are meant: bit 0 is the first one.
    pub(crate) fn of(self, length: i64) -> u64 {
        (self.from_start | (self.from_end.reverse_bits() >> (64 - length))) & ((1 << length) - 1)
    }

    /// Those from the start in rising order, then those from the end, the last one first.
    pub(crate) fn iter(self) -> impl Iterator<Item = i64> {
        bits(self.from_start).map(|bit| bit + 1).chain(bits(self.from_end).map(|bit| -bit - 1))
    }
}

/// The positions of the bits that are set, rising.
pub(crate) fn bits(mut set: u64) -> impl Iterator<Item = i64> {
    std::iter::from_fn(move || {
        let bit = lowest(set)?;
        set &= set - 1;
        Some(bit)
    })
}

/// The lowest bit that is set.
pub(crate) fn lowest(set: u64) -> Option<i64> {
    (set != 0).then(|| i64::from(set.trailing_zeros()))
}

/// The lowest bit that is set at `from` or above.
pub(crate) fn lowest_from(set: u64, from: i64) -> Option<i64> {
    if from > 63 { None } else { lowest(set & (u64::MAX << from.max(0))) }
}

/// How many bits are set.
pub(crate) fn count(set: u64) -> i64 {
    i64::from(set.count_ones())
}
