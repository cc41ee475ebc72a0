//! The line by itself: positions are what counting would give, however people come and go.

use std::collections::BTreeMap;

use chassis::Fault;
use domain::{EventId, Instance, UserId};
use proptest::prelude::*;

use super::world::{World, run};
use crate::store::line;

const OF: (EventId, Instance) = (EventId::from_bytes([1; 16]), Instance::Series);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// Numbers far apart, so that small and large blocks are full, sparse and empty.
    #[test]
    fn a_position_is_how_many_stand_before(
        numbers in proptest::collection::btree_set(
            prop_oneof![0_u64..300, 16_000_u64..17_000, 1_u64..200_000, Just(u64::MAX)], 1..150),
        leavers in proptest::collection::vec(any::<proptest::sample::Index>(), 0..100),
    ) {
        run(async {
            let world = World::new();
            let mut standing: BTreeMap<u64, UserId> = numbers.iter().map(|number| (*number, UserId::new())).collect();
            let joiners = standing.clone();
            let mut left = Vec::new();
            for leaver in leavers {
                let numbers: Vec<u64> = standing.keys().copied().collect();
                if numbers.len() > 1 {
                    let number = *leaver.get(&numbers);
                    standing.remove(&number);
                    left.push(number);
                }
            }
            world.changed(move |tx| {
                for (number, user) in joiners {
                    line::join(tx, OF, number, user)?;
                }
                left.into_iter().try_for_each(|number| line::leave(tx, OF, number))
            }).await;
            let expected: Vec<_> = standing.iter().zip(1_u64..).map(|((number, user), at)| (*number, *user, at)).collect();
            let found = world.chassis.db().read(move |view| {
                let mut found = Vec::new();
                for (number, user) in line::first(view, OF, usize::MAX)? {
                    found.push((number, user, line::position(view, OF, number)?));
                }
                Ok::<_, Fault>(found)
            }).await.unwrap();
            assert_eq!(found, expected);
            let few = world.chassis.db().read(|view| line::first(view, OF, 3)).await.unwrap();
            assert_eq!(few, expected.iter().map(|&(number, user, _)| (number, user)).take(3).collect::<Vec<_>>());
        });
    }
}
