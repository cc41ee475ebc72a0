//! The walk by commands: each row as the words that a person types, with the exit code and the message that they get.

use domain::Service;
use futures::future::join_all;

use super::scene::{Part, Scene};
use super::seen::Seen;
use crate::{Said, Shell};

/// What was walked: each command line, and what it said.
pub(super) struct Walked<'s> {
    given: Vec<(&'s Part, Said)>,
}

const UNAVAILABLE: i32 = 7;
const UNAUTHENTICATED: i32 = 3;
const NOT_FOUND: i32 = 5;

/// Gives all commands at once, and asserts what each says.
pub(super) async fn walk<'s>(scene: &'s Scene, shell: &Shell, away: &[Service], seen: &Seen) -> Walked<'s> {
    let given = join_all(scene.commands.iter().map(|part| async move {
        let said = give(shell, part).await;
        seen.command(part.row.name, &said);
        says_what_is_expected(part, &said, away);
        (part, said)
    }));
    Walked { given: given.await }
}

async fn give(shell: &Shell, part: &Part) -> Said {
    shell.gives(&part.slug, &part.row.deed.words(part), &part.row.deed.input()).await
}

fn says_what_is_expected(part: &Part, said: &Said, away: &[Service]) {
    let (name, deed) = (part.row.name, part.row.deed);
    let expected = part.row.expected(away);
    if let Some(service) = expected.refused_by {
        let message = said.error("message");
        assert_eq!(said.code, UNAVAILABLE, "{name} without {away:?}: {said:?}");
        assert_eq!((said.error("code").as_str(), said.error("service").as_str()), ("unavailable", service.name()));
        assert!(message.starts_with(&format!("{service} is unavailable: ")), "{name}: {message}");
        assert!(message.contains("try again"), "{name}: {message}");
        assert!(deed.is_query() || message.contains("nothing was done"), "{name}: {message}");
        assert_eq!(said.out, "", "{name}");
    } else if deed.finds_nobody() {
        assert_eq!((said.code, said.error("field").as_str()), (NOT_FOUND, "user"), "{name}: {said:?}");
    } else {
        assert_eq!(said.code, 0, "{name} without {away:?}: {said:?}");
        assert!(said.out.contains(deed.shows(part)), "{name} without {away:?}: {said:?}");
        assert!(!expected.unsettled || said.is_unsettled(), "{name} without {away:?} is settled: {said:?}");
        for service in &expected.behind {
            assert!(said.behind().contains(&service.name().to_owned()), "{name} without {away:?}: {said:?}");
        }
    }
}

impl Walked<'_> {
    /// Now that all services are back: the words that were refused, given again, are done, and everything is done once.
    pub(super) async fn converge(&self, scene: &Scene, shell: &Shell) {
        let refused = self.given.iter().filter(|(_, said)| said.code == UNAVAILABLE);
        join_all(refused.map(|(part, _)| async move {
            let said = give(shell, part).await;
            says_what_is_expected(part, &said, &[]);
        }))
        .await;
        for (part, _) in &self.given {
            let times = part.row.deed.times(part, scene).await;
            assert!(times.is_none_or(|times| times == 1), "{} was done {times:?} times", part.row.name);
        }
        // Nobody was signed out by it, but those who wanted to be.
        join_all(self.given.iter().map(|(part, _)| async move {
            let said = shell.gives(&part.slug, &["whoami"], "").await;
            let code = if part.row.deed.ends_its_session() { UNAUTHENTICATED } else { 0 };
            assert_eq!(said.code, code, "{}: {said:?}", part.row.name);
        }))
        .await;
    }
}

/// `status` tells how the services are, and `check` names one that it cannot ask.
pub(super) async fn tell_how_the_services_are(shell: &Shell, away: &[Service], seen: &Seen) {
    let (status, check) = tokio::join!(shell.gives("alice", &["status"], ""), shell.gives("alice", &["check"], ""));
    assert_eq!(status.code, 0, "{status:?}");
    let services = status.document()["services"].clone();
    for (service, told) in Service::ALL.into_iter().zip(services.as_array().unwrap()) {
        let state = if away.contains(&service) { "down" } else { "up" };
        assert_eq!((&told["name"], &told["state"]), (&service.name().into(), &state.into()), "{status:?}");
    }
    seen.command("status", &status);
    seen.command("check", &check);
    assert_eq!(check.code, UNAVAILABLE, "{check:?}");
    assert!(away.iter().any(|service| service.name() == check.error("service")), "{check:?}");
}
