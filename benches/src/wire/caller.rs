//! People who were invited, and answer again and again.

use std::time::Duration;

use anyhow::{Result, ensure};
use domain::auth::WhoAmI;
use domain::calendar::{Entry, ListEntries};
use domain::invitations::{Respond, Response};
use domain::time::Window;
use domain::{EventId, Instance, Limit, PageRequest, Username, Zone};
use jiff::civil::date;
use tokio::task::JoinSet;
use transport::cluster::Cluster;

use crate::person::Person;
use crate::results::Call;

/// How many people are made at the same time: auth refuses more than it can hash soon.
const MADE_AT_ONCE: usize = 32;

/// One caller, with an invitation that they answer again and again.
pub(crate) struct Caller {
    person: Person,
    /// What they are invited to.
    invited_to: EventId,
    comes: bool,
}

impl Caller {
    /// How many commands they have given.
    pub(crate) const fn commands(&self) -> u64 {
        self.person.commands()
    }

    /// Makes one call and waits for its answer.
    ///
    /// # Errors
    /// What the call reports.
    pub(crate) async fn call(&mut self, call: Call) -> Result<()> {
        match call {
            Call::Whoami => {
                let reply = self.person.clients.auth.whoami(&self.person.asking(), WhoAmI).await?;
                self.person.heard(reply);
            }
            Call::Respond => {
                self.answer().await?;
            }
            Call::Journey => {
                let event = self.answer().await?;
                let window = Window::new(Some(date(2027, 3, 1)), Some(date(2027, 3, 31)), Zone::utc())?;
                let page = PageRequest { limit: Limit::MAX, after: None };
                let request = ListEntries { of: None, window, page };
                let reply = self.person.clients.calendar.entries(&self.person.asking(), request).await?;
                let entries = self.person.heard(reply).items;
                let is_there =
                    entries.iter().any(|entry| matches!(entry, Entry::Event { event: of, .. } if *of == event));
                ensure!(is_there == self.comes, "the calendar does not show what was just answered");
            }
        }
        Ok(())
    }

    /// Answers the invitation once one way and once the other; to which event it is.
    async fn answer(&mut self) -> Result<EventId> {
        let event = self.invited_to;
        self.comes = !self.comes;
        let response = if self.comes { Response::Accept } else { Response::Decline };
        let request = Respond { event, instance: Instance::Series, response };
        let context = self.person.commanding();
        let reply = self.person.clients.invitations.respond(&context, request).await?;
        self.person.heard(reply);
        Ok(event)
    }
}

/// Registers so many people, and as many organizers with an event for one of them each; returns when all invitations have arrived.
///
/// # Errors
/// What a call reports, or that followers did not catch up within `patience`.
pub(crate) async fn people_with_invitations(
    cluster: &Cluster,
    people: usize,
    patience: Duration,
) -> Result<Vec<Caller>> {
    let registered = |name| Person::registered(cluster.clients().clone(), name);
    let people = in_turns(0..people, |number| registered(format!("caller-{number}"))).await?;
    cluster.caught_up(patience).await?;
    let names: Vec<(usize, Username)> = people.iter().map(|person| person.name.clone()).enumerate().collect();
    let invitations = in_turns(names, |(number, name)| {
        let organizer = registered(format!("organizer-{number}"));
        async move { organizer.await?.creates(&[name]).await }
    })
    .await?;
    cluster.caught_up(patience).await?;
    let invited = people.into_iter().zip(invitations);
    Ok(invited.map(|(person, event)| Caller { person, invited_to: event, comes: false }).collect())
}

/// The results of `work` on all of `items`, in their order, a few at a time.
async fn in_turns<I, T, F>(items: impl IntoIterator<Item = I>, work: impl Fn(I) -> F) -> Result<Vec<T>>
where
    F: Future<Output = Result<T>> + Send + 'static,
    T: Send + 'static,
{
    let (mut under_way, mut done) = (JoinSet::new(), Vec::new());
    for (place, item) in items.into_iter().enumerate() {
        if under_way.len() >= MADE_AT_ONCE
            && let Some(finished) = under_way.join_next().await
        {
            done.push(finished?);
        }
        let future = work(item);
        under_way.spawn(async move { (place, future.await) });
    }
    while let Some(finished) = under_way.join_next().await {
        done.push(finished?);
    }
    done.sort_unstable_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn work_in_turns_is_done_whole_and_in_order() {
        let doubled = in_turns(0..100_u32, |number| async move { Ok(number * 2) }).await.unwrap();
        assert_eq!(doubled, (0..100).map(|number| number * 2).collect::<Vec<_>>());
        let refused =
            in_turns(0..100_u32, |number| async move { if number == 70 { anyhow::bail!("no") } else { Ok(()) } });
        assert!(refused.await.is_err());
    }

    #[tokio::test]
    async fn callers_ask_who_they_are_and_answer_their_own_invitation() {
        let cluster = Cluster::linked(transport::cluster::LinkedOptions::for_tests()).await.unwrap();
        let mut callers = people_with_invitations(&cluster, 2, PATIENCE).await.unwrap();
        let caller = &mut callers[0];
        for _ in 0..3 {
            caller.call(Call::Whoami).await.unwrap();
            caller.call(Call::Respond).await.unwrap();
        }
        for _ in 0..2 {
            caller.call(Call::Journey).await.unwrap();
        }
        assert!(caller.comes);
        let request = domain::invitations::ListParticipants {
            event: caller.invited_to,
            instance: Instance::Series,
            status: None,
            page: domain::PageRequest::default(),
        };
        let found =
            caller.person.clients.invitations.participants(&caller.person.asking(), request).await.unwrap().value;
        assert_eq!((found.counts.going, found.counts.pending, found.counts.declined), (1, 0, 0));
        cluster.shutdown(PATIENCE).await;
    }
}
