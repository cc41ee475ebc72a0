//! Whatever is shared in whatever order, delivered late or twice: the lists are what a small model says, and what the log says.

use std::collections::BTreeMap;

use domain::UserId;
use proptest::prelude::*;

use super::*;

const NAMES: [&str; 4] = ["alice", "bob", "carol", "dave"];

#[derive(Clone, Debug)]
enum Step {
    /// `None` to unshare. Of two sessions each numbers its own commands, not always in the order of their arrival.
    Say {
        owner: usize,
        session: usize,
        sharee: usize,
        level: Option<Level>,
        sequence: u64,
        twice: bool,
    },
    Delete {
        user: usize,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let level = prop_oneof![Just(None), Just(Some(Level::Busy)), Just(Some(Level::Details))];
    let say = (0..NAMES.len(), 0_usize..2, 0..NAMES.len(), level, 0_u64..30, any::<bool>()).prop_map(
        |(owner, session, sharee, level, sequence, twice)| Step::Say { owner, session, sharee, level, sequence, twice },
    );
    let step = prop_oneof![20 => say, 1 => (0..NAMES.len()).prop_map(|user| Step::Delete { user })];
    proptest::collection::vec(step, 1..40)
}

/// By owner and sharee: the level, and the session and number of the last word.
type Model = BTreeMap<(usize, usize), (Option<Level>, usize, u64)>;

fn expected(model: &Model, me: usize) -> Shares {
    let live = || model.iter().filter_map(|(pair, (level, ..))| level.map(|level| (*pair, level)));
    Shares {
        shared_with: live()
            .filter(|((owner, _), _)| *owner == me)
            .map(|((_, sharee), l)| to(NAMES[sharee], l))
            .collect(),
        shared_with_me: live()
            .filter(|((_, sharee), _)| *sharee == me)
            .map(|((owner, _), l)| to(NAMES[owner], l))
            .collect(),
    }
}

async fn say(stage: &Stage, context: &Context, sharee: &str, level: Option<Level>) -> Result<Shares, &'static str> {
    let outcome = match level {
        Some(level) => stage.share(context, sharee, level).await,
        None => stage.unshare(context, sharee).await,
    };
    outcome.map_err(|error| error.code())
}

async fn run(steps: Vec<Step>) {
    let stage = Stage::new().await;
    let mut people = Vec::new();
    for name in NAMES {
        let person = stage.person(name).await;
        people.push([person.clone(), stage.signed_in(&person.user)]);
    }
    let mut gone = [false; NAMES.len()];
    let mut model = Model::new();
    for step in steps {
        match step {
            Step::Say { owner, session, sharee, level, sequence, twice } => {
                let context = people[owner][session].commands(sequence);
                let said = say(&stage, &context, NAMES[sharee], level).await;
                if twice && said.is_ok() {
                    assert_eq!(say(&stage, &context, NAMES[sharee], level).await, said);
                }
                let overtaken =
                    model.get(&(owner, sharee)).is_some_and(|(_, whose, last)| *whose == session && *last > sequence);
                // Whoever is gone has no name any more, and then it is the name that is refused first.
                let refused = match (gone[sharee], gone[owner], owner == sharee, overtaken) {
                    (_, true, ..) => Some("unauthenticated"),
                    (true, ..) => Some("not_found"),
                    (_, _, true, _) => Some("invalid_input"),
                    (_, _, _, true) => Some("conflict"),
                    _ => None,
                };
                match refused {
                    Some(code) => assert!(said == Err(code) || (said == Err("not_found") && gone[sharee]), "{said:?}"),
                    None => {
                        model.insert((owner, sharee), (level, session, sequence));
                        assert_eq!(said, Ok(expected(&model, owner)));
                    }
                }
            }
            Step::Delete { user } if !gone[user] => {
                stage.auth.delete(&people[user][0].user).await;
                stage.caught_up().await;
                gone[user] = true;
                model.retain(|(owner, sharee), _| *owner != user && *sharee != user);
            }
            Step::Delete { .. } => {}
        }
    }
    for me in (0..NAMES.len()).filter(|me| !gone[*me]) {
        assert_eq!(stage.shares(&people[me][0]).await, expected(&model, me));
    }
    let references = stage.references().await;
    assert_eq!(references.len(), 2 * model.len());
    let number = |id: UserId| people.iter().position(|person| person[0].user.id == id).unwrap();
    let mut told = BTreeMap::new();
    for change in stage.log().await {
        let before = match change {
            SharingChange::Shared { owner, sharee, level } => {
                told.insert((number(owner), number(sharee)), level) != Some(level)
            }
            SharingChange::Unshared { owner, sharee } => told.remove(&(number(owner), number(sharee))).is_some(),
        };
        assert!(before, "nothing is announced that does not change anything");
    }
    let live: BTreeMap<_, _> =
        model.iter().filter_map(|(pair, (level, ..))| level.map(|level| (*pair, level))).collect();
    assert_eq!(told, live, "who follows the log knows all");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn lists_and_log_are_what_the_model_says(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(run(steps));
    }
}
