//! Whatever people do in whatever order: who is let in is what a small model says, at auth and at every follower.

use std::collections::{BTreeMap, BTreeSet};

use domain::auth::{FindUser, Renew};
use domain::integrity::Audit;
use proptest::prelude::*;

use super::*;
use crate::housekeeping::look_after;
use crate::keys::Keyring;

const NAMES: [&str; 3] = ["alice", "bob", "carol"];
const PASSWORDS: [&str; 2] = [GOOD, OTHER];

#[derive(Clone, Debug)]
enum Step {
    Register { who: usize, password: usize },
    Login { who: usize, password: usize },
    Logout { token: usize },
    Renew { token: usize },
    ChangePassword { token: usize, current: usize, new: usize },
    Delete { token: usize },
    Wait { days: u32 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (who, password, token) = (0..NAMES.len(), 0..PASSWORDS.len(), 0_usize..20);
    let step = prop_oneof![
        3 => (who.clone(), password.clone()).prop_map(|(who, password)| Step::Register { who, password }),
        6 => (who, password.clone()).prop_map(|(who, password)| Step::Login { who, password }),
        2 => token.clone().prop_map(|token| Step::Logout { token }),
        2 => token.clone().prop_map(|token| Step::Renew { token }),
        2 => (token.clone(), password.clone(), password)
            .prop_map(|(token, current, new)| Step::ChangePassword { token, current, new }),
        1 => token.prop_map(|token| Step::Delete { token }),
        1 => (1_u32..12).prop_map(|days| Step::Wait { days }),
    ];
    proptest::collection::vec(step, 1..25)
}

/// What should be so.
#[derive(Default)]
struct Model {
    /// The passwords of those who exist.
    accounts: BTreeMap<usize, usize>,
    gone: BTreeSet<usize>,
    /// By session: whose, and when it ends.
    sessions: BTreeMap<usize, (usize, Timestamp)>,
    /// Every token ever given: of which session, and when it ends by itself.
    tokens: Vec<(SignedIn, usize, Timestamp)>,
}

impl Model {
    fn entered(&mut self, who: usize, signed_in: SignedIn) {
        let session = self.tokens.len();
        self.sessions.insert(session, (who, signed_in.expires));
        let expires = signed_in.expires;
        self.tokens.push((signed_in, session, expires));
    }

    fn pick(&self, token: usize) -> Option<(SignedIn, usize, Timestamp)> {
        (!self.tokens.is_empty()).then(|| self.tokens[token % self.tokens.len()].clone())
    }

    fn is_good(&self, session: usize, ends: Timestamp, now: Timestamp) -> bool {
        self.sessions.contains_key(&session) && ends > now
    }
}

async fn take(stage: &Stage, model: &mut Model, step: &Step) {
    match *step {
        Step::Register { who, password } => {
            let outcome = stage.auth.register(&nobody(), registration(NAMES[who], PASSWORDS[password])).await;
            let free = !model.accounts.contains_key(&who) && !model.gone.contains(&who);
            assert_eq!(outcome.is_ok(), free, "{outcome:?}");
            if let Ok(reply) = outcome {
                model.accounts.insert(who, password);
                model.entered(who, reply.value);
            }
        }
        Step::Login { who, password } => {
            let outcome = stage.login(&nobody(), NAMES[who], PASSWORDS[password]).await;
            assert_eq!(outcome.is_ok(), model.accounts.get(&who) == Some(&password), "{outcome:?}");
            if let Ok(signed_in) = outcome {
                model.entered(who, signed_in);
            }
        }
        Step::Wait { days } => {
            stage.clock.advance(days * DAY);
            let keys = Keyring::open(stage.running.chassis()).await.unwrap();
            look_after(stage.running.chassis(), &keys).await.unwrap();
            let now = stage.clock.now();
            model.sessions.retain(|_, (_, ends)| *ends > now);
        }
        Step::Logout { token }
        | Step::Renew { token }
        | Step::ChangePassword { token, .. }
        | Step::Delete { token } => {
            let Some((signed_in, session, ends)) = model.pick(token) else { return };
            let context = stage.by(&signed_in).await;
            assert_eq!(context.is_ok(), model.is_good(session, ends, stage.clock.now()), "{context:?}");
            let Ok(context) = context else { return };
            act(stage, model, step, &context, session).await;
        }
    }
}

async fn act(stage: &Stage, model: &mut Model, step: &Step, context: &Context, session: usize) {
    let who = model.sessions[&session].0;
    match *step {
        Step::Logout { .. } => {
            stage.auth.logout(context, Logout).await.unwrap();
            model.sessions.remove(&session);
        }
        Step::Renew { .. } => {
            let renewed = stage.auth.renew(context, Renew).await.unwrap().value;
            model.sessions.insert(session, (who, renewed.expires));
            let ends = renewed.expires;
            model.tokens.push((renewed, session, ends));
        }
        Step::ChangePassword { current, new, .. } => {
            let request = new_password(PASSWORDS[current], PASSWORDS[new]);
            let outcome = stage.auth.change_password(context, request).await;
            assert_eq!(outcome.is_ok(), model.accounts[&who] == current, "{outcome:?}");
            if outcome.is_ok() {
                model.accounts.insert(who, new);
                model.sessions.retain(|other, (whose, _)| *other == session || *whose != who);
            }
        }
        Step::Delete { .. } => {
            stage.auth.delete_account(context, DeleteAccount).await.unwrap();
            model.accounts.remove(&who);
            model.gone.insert(who);
            model.sessions.retain(|_, (whose, _)| *whose != who);
        }
        Step::Register { .. } | Step::Login { .. } | Step::Wait { .. } => unreachable!("those need no session"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn who_is_let_in_is_what_the_model_says(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let config = Config { registrations_per_minute: 1_000, failed_logins_per_minute: 1_000, ..Config::default() };
            let stage = Stage::with(config).await;
            let mut model = Model::default();
            let mut days = 0;
            for step in &steps {
                // Commands carry the real time in their key, and auth's clock must not be 30 days from it.
                if let Step::Wait { days: more } = step {
                    if days + more > 25 { continue }
                    days += more;
                }
                take(&stage, &mut model, step).await;
            }
            for (token, session, ends) in &model.tokens {
                assert_eq!(stage.is_good(token).await, model.is_good(*session, *ends, stage.clock.now()));
            }
            for (who, user) in NAMES.iter().enumerate() {
                let found = stage.auth.find_user(&nobody(), FindUser { username: name(user) }).await;
                assert_eq!(found.is_ok(), model.accounts.contains_key(&who));
            }
            let mut request = Audit::default();
            while let Some(next) = {
                let page = stage.auth.audit(&nobody(), request).await.unwrap().value;
                assert!(page.discrepancies.is_empty(), "{:?}", page.discrepancies);
                page.next
            } {
                request = Audit { after: Some(next) };
            }
        });
    }
}
