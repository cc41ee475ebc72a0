//! When all is well again and nothing moves any more: what there is, against what people were told and against itself.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::calendar::{Attendance, Entry, ListEntries};
use domain::events::{Event, ListEvents, Listing, ShowEvent};
use domain::invitations::{Inbox, ListParticipants, Participants, Status};
use domain::sharing::{Level, ListShares, Shares};
use domain::{Answer, Context, Credential, Error, EventId, IdempotencyKey, Instance, Username};
use tokio_util::sync::CancellationToken;
use transport::cluster::{Clients, caught_up};

use super::instances::Instances;
use super::line::wrong_in_the_end;
use super::registers::in_the_end;
use crate::history::{Act, Book, Fate, number_in};
use crate::installation::{Installation, World, clients_of};
use crate::network::Node;
use crate::people::looks::all;
use crate::people::{Person, sign_in};
use crate::time::always;

/// Within which all logs must have been followed to their ends.
const CONVERGING: Duration = Duration::from_secs(90);
const PATIENCE: Duration = Duration::from_secs(20);
/// The number of the terminal from which it is looked.
const LOOKOUT: usize = 99;

/// Checks everything.
pub(crate) async fn check(world: &World, installation: &Installation, people: &mut [Person]) {
    let clients = clients_of(world, Node::Terminal(LOOKOUT), &CancellationToken::new());
    while world.history.is_haunted() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    if installation.members().iter().any(|member| member.is_down()) {
        world.history.violation("a service did not come back".to_owned());
    }
    // The others have healed from it, as they would from a restored backup; but nothing was restored here.
    if installation.members().iter().any(|member| member.has_another_history()) {
        world.history.violation("a follower was told what its source does not hold: it was not durable".to_owned());
    }
    if !converge(world, &clients).await {
        return;
    }
    world.trace.say(format_args!("people find out what was done"));
    for person in people {
        person.finds_out_what_was_done().await;
    }
    if !converge(world, &clients).await {
        return;
    }
    world.trace.say(format_args!("the audit"));
    let operator = world.operator_credential();
    match transport::audit::audit(&clients, &operator, || tokio::time::sleep(Duration::from_secs(5))).await {
        Ok(report) => {
            for problem in report.problems {
                world.history.violation(format!("the audit found: {problem:?}"));
            }
        }
        Err(error) => world.history.violation(format!("no audit: {error}")),
    }
    let ending = Ending::see(world, &clients).await;
    let wrong = world.history.look(|book| ending.wrong(book));
    wrong.into_iter().for_each(|wrong| world.history.violation(wrong));
}

async fn converge(world: &World, clients: &Clients) -> bool {
    let operator = world.operator_credential();
    let converged = caught_up(clients, &operator, CONVERGING).await;
    if let Err(lagging) = &converged {
        world.history.violation(format!("all is well, and the services do not catch up: {lagging}"));
    }
    converged.is_ok()
}

/// What there is, as everyone sees it.
struct Ending {
    /// Who can sign in, and what they then see.
    sights: BTreeMap<Username, Sight>,
}

/// What one person sees.
struct Sight {
    events: BTreeMap<EventId, Event>,
    participants: BTreeMap<EventId, Participants>,
    /// The instances of those events that come again.
    instances: BTreeMap<EventId, Instances>,
    mine: Vec<EventId>,
    public: Vec<EventId>,
    inbox: BTreeMap<EventId, Status>,
    unanswered: Vec<EventId>,
    calendar: Vec<Entry>,
    shares: Shares,
    /// The calendars of others, or why not.
    others: BTreeMap<Username, Result<Vec<Entry>, &'static str>>,
}

impl Ending {
    async fn see(world: &World, clients: &Clients) -> Self {
        let (names, mut events): (Vec<Username>, Vec<EventId>) =
            world.history.look(|book| (book.accounts.keys().cloned().collect(), book.events.keys().copied().collect()));
        let mut credentials = BTreeMap::new();
        for name in names {
            let context = Context::new(Credential::None, PATIENCE).as_command(IdempotencyKey::new(), 1);
            match sign_in(clients, &context, name.clone()).await {
                Ok(reply) => {
                    world.history.is_account(&name, reply.value.user.id);
                    credentials.insert(name, (Credential::Session(reply.value.token), reply.seen));
                }
                Err(Error::Unauthenticated { .. }) => {}
                Err(error) => world.history.violation(format!("all is well, and {name} cannot sign in: {error}")),
            }
        }
        // Events that were made and of whose making nobody was told are in somebody's list.
        for (credential, seen) in credentials.values() {
            let looker = Looker { world, clients, credential, seen };
            for listing in [Listing::Mine, Listing::Public] {
                events.extend(looker.list(listing).await.into_iter().map(|event| event.id));
            }
        }
        events.sort_unstable();
        events.dedup();
        let mut sights = BTreeMap::new();
        for (name, (credential, seen)) in &credentials {
            let looker = Looker { world, clients, credential, seen };
            sights.insert(name.clone(), looker.sight(&events, credentials.keys().filter(|other| *other != name)).await);
        }
        Self { sights }
    }
}

/// Someone who looks around.
pub(super) struct Looker<'a> {
    world: &'a World,
    pub(super) clients: &'a Clients,
    credential: &'a Credential,
    seen: &'a domain::Positions,
}

impl Looker<'_> {
    pub(super) fn context(&self) -> Context {
        Context::new(self.credential.clone(), PATIENCE).having_seen(self.seen.clone())
    }

    /// The answer; all is well, so there is one, unless the question itself is refused.
    pub(super) fn value<T>(&self, answer: Answer<T>) -> Result<T, Error> {
        match &answer {
            Ok(reply) if !reply.behind.is_empty() => {
                self.world.history.violation(format!("all is well, and an answer is behind with {:?}", reply.behind));
            }
            Ok(_) | Err(Error::NotFound { .. } | Error::Forbidden { .. }) => {}
            Err(error) => self.world.history.violation(format!("all is well, and a question is answered: {error}")),
        }
        answer.map(|reply| reply.value)
    }

    async fn list(&self, listing: Listing) -> Vec<Event> {
        let request = ListEvents { listing, search: None, window: always(), page: all() };
        self.value(self.clients.events.list(&self.context(), request).await).map_or(Vec::new(), |page| page.items)
    }

    async fn inbox(&self, all_of_them: bool) -> Vec<(EventId, Status)> {
        let request = Inbox { all: all_of_them, page: all() };
        let page = self.value(self.clients.invitations.inbox(&self.context(), request).await);
        let items = page.map_or(Vec::new(), |page| page.items);
        let of_all = items.into_iter().filter(|invitation| invitation.instance == Instance::Series);
        of_all.map(|invitation| (invitation.event.id, invitation.status)).collect()
    }

    async fn calendar(&self, of: Option<Username>) -> Result<Vec<Entry>, &'static str> {
        let request = ListEntries { of, window: always(), page: all() };
        let page = self.value(self.clients.calendar.entries(&self.context(), request).await);
        page.map(|page| page.items).map_err(|error| error.code())
    }

    async fn sight(&self, events: &[EventId], others: impl Iterator<Item = &Username>) -> Sight {
        let mut sight = Sight {
            events: BTreeMap::new(),
            participants: BTreeMap::new(),
            instances: BTreeMap::new(),
            mine: self.list(Listing::Mine).await.into_iter().map(|event| event.id).collect(),
            public: self.list(Listing::Public).await.into_iter().map(|event| event.id).collect(),
            inbox: self.inbox(true).await.into_iter().collect(),
            unanswered: self.inbox(false).await.into_iter().map(|(event, _)| event).collect(),
            calendar: self.calendar(None).await.unwrap_or_default(),
            shares: self.value(self.clients.sharing.shares(&self.context(), ListShares).await).unwrap_or_default(),
            others: BTreeMap::new(),
        };
        for &event in events {
            let shown = self
                .clients
                .events
                .show(&self.context(), ShowEvent { instance: domain::Instance::Series, event })
                .await;
            if let Ok(shown) = self.value(shown) {
                if shown.series.recurs() {
                    sight.instances.insert(event, Instances::see(self, &shown).await);
                }
                sight.events.insert(event, shown);
            }
            let request = ListParticipants { event, instance: Instance::Series, status: None, page: all() };
            let participants = self.clients.invitations.participants(&self.context(), request).await;
            if let Ok(participants) = self.value(participants) {
                sight.participants.insert(event, participants);
            }
        }
        for other in others {
            sight.others.insert(other.clone(), self.calendar(Some(other.clone())).await);
        }
        sight
    }
}

impl Ending {
    fn wrong(&self, book: &Book) -> Vec<String> {
        let mut wrong = Vec::new();
        self.accounts(book, &mut wrong);
        self.creations(book, &mut wrong);
        for (name, sight) in &self.sights {
            for event in sight.events.values() {
                if let Some(wrong_with) =
                    book.creation(event.id).and_then(|_| book.wrong_with(event, u64::MAX, u64::MAX))
                {
                    wrong.push(format!("event {} {wrong_with}", event.title));
                }
            }
            wrong.extend(self.rights_of(book, name, sight));
            wrong.extend(self.answers_of(book, name, sight));
            for (event, instances) in &sight.instances {
                wrong.extend(instances.not_as_wanted(book, *event));
            }
            wrong.extend(self.lists_of(name, sight));
            wrong.extend(self.shares_of(book, name, sight));
        }
        wrong
    }

    /// Who registered is there, and who is gone is gone.
    fn accounts(&self, book: &Book, wrong: &mut Vec<String>) {
        for (name, account) in &book.accounts {
            let there = self.sights.contains_key(name);
            let never = account.registered.iter().all(|number| book.commands[*number].fate() == Fate::NotDone);
            if !there && book.is_registered(name) && !book.may_be_deleted(name) {
                wrong.push(format!("{name} was registered and is not there"));
            }
            if there && (book.is_deleted(name) || never) {
                wrong.push(format!("{name} is there, and was deleted or never registered"));
            }
        }
    }

    /// Every creation that was done made one event, and no other made any; every change counts once.
    fn creations(&self, book: &Book, wrong: &mut Vec<String>) {
        let mut made: BTreeMap<usize, Vec<&Event>> = BTreeMap::new();
        for sight in self.sights.values() {
            for event in sight.events.values() {
                let events = made.entry(number_in(event.title.as_str()).unwrap_or(usize::MAX)).or_default();
                if !events.iter().any(|other| other.id == event.id) {
                    events.push(event);
                }
            }
        }
        for (number, command) in book.commands.iter().enumerate() {
            if !matches!(command.act, Act::Create { .. }) {
                continue;
            }
            let events = made.remove(&number).unwrap_or_default();
            if events.len() > 1 {
                wrong.push(format!("command {number} has made {} events", events.len()));
            }
            if command.fate() == Fate::NotDone && !events.is_empty() {
                wrong.push(format!("command {number} was not done, and has made an event"));
            }
            if let Some(made) = command.made {
                if events.iter().any(|event| event.id != made) {
                    wrong.push(format!("command {number} made {made}, and there is another"));
                }
                if events.is_empty() && self.sights.contains_key(&command.by) {
                    wrong.push(format!("command {number} was done, and its event {made} is not there"));
                }
            }
            for event in events {
                wrong.extend(versions(book, event));
            }
        }
        for (number, events) in made {
            wrong.push(format!("{} events of command {number}, which nobody gave", events.len()));
        }
    }

    /// Whoever organizes an event or is invited sees it, and everyone sees public ones; nobody else does.
    fn rights_of(&self, book: &Book, name: &Username, sight: &Sight) -> Vec<String> {
        let mut wrong = Vec::new();
        for &event in book.events.keys() {
            let organizer = book.organizer(event).expect("it was created");
            if !self.sights.contains_key(organizer) {
                continue;
            }
            let shown = sight.events.get(&event);
            if organizer == name {
                if shown.is_none() {
                    wrong.push(format!("{name} does not see their own event {event}"));
                }
                continue;
            }
            let (membership, invited) = book.membership(event, name);
            let may_be_invited = in_the_end(&membership, invited);
            let public =
                self.sights[organizer].events.get(&event).is_some_and(|event| event.public && !event.cancelled);
            let must = public || may_be_invited.iter().all(|invited| *invited);
            let may = public || may_be_invited.contains(&true);
            if shown.is_none() && must || shown.is_some() && !may {
                let what = if shown.is_some() { "sees" } else { "does not see" };
                wrong.push(format!("{name} {what} event {event}; public: {public}, invited: {may_be_invited:?}"));
            }
        }
        wrong
    }

    /// Everyone's answers are what they gave, and everywhere the same.
    fn answers_of(&self, book: &Book, name: &Username, sight: &Sight) -> Vec<String> {
        let mut wrong = Vec::new();
        for (&event, participants) in &sight.participants {
            let mut counted = [0_u64; 5];
            for participant in &participants.people.items {
                counted[participant.status as usize] += 1;
            }
            let counts = participants.counts;
            if counted != [counts.going, counts.maybe, counts.pending, counts.declined, counts.waiting] {
                wrong.push(format!("event {event} counts {counts:?}, and has {counted:?}"));
            }
            let Some(organizer) = book.organizer(event) else { continue };
            wrong.extend(book.wrong_places(event, participants, u64::MAX));
            wrong.extend(sight.events.get(&event).and_then(|event| wrong_in_the_end(event, participants)));
            if let Some(theirs) = self.sights.get(organizer).and_then(|sight| sight.participants.get(&event))
                && theirs != participants
            {
                wrong.push(format!("{name} and {organizer} see others at event {event}"));
            }
            if organizer == name {
                for other in self.sights.keys().filter(|other| *other != name) {
                    let row = participants.people.items.iter().find(|participant| participant.username == *other);
                    wrong.extend(self.answer_of(book, event, other, row.map(|participant| participant.status)));
                }
            }
        }
        wrong
    }

    fn answer_of(&self, book: &Book, event: EventId, who: &Username, status: Option<Status>) -> Option<String> {
        let (membership, first) = book.membership(event, who);
        let invited = in_the_end(&membership, first);
        let (publicity, public) = book.publicity(event);
        let is_public = in_the_end(&publicity, public);
        let answers = book.answers(event, who);
        // What takes answers away.
        let interrupted = membership.iter().any(|write| !write.value && write.fate != Fate::NotDone)
            || (!public || publicity.iter().any(|write| !write.value && write.fate != Fate::NotDone));
        let given: Vec<_> = answers.iter().map(|write| write.map(|status| Some(*status))).collect();
        let mut may_be = in_the_end(&given, None);
        if interrupted {
            may_be.extend(answers.iter().filter(|write| write.fate != Fate::NotDone).map(|write| Some(write.value)));
            may_be.push(None);
        }
        if may_be.contains(&None) && invited.contains(&true) {
            may_be.push(Some(Status::Pending));
        }
        if may_be.contains(&Some(Status::Going)) && book.may_be_full(event, u64::MAX) {
            may_be.push(Some(Status::Waiting));
        }
        if invited.iter().all(|invited| *invited) {
            may_be.retain(Option::is_some);
        }
        if !invited.contains(&true) && !is_public.contains(&true) && status.is_some() {
            return Some(format!("{who} is {status:?} at event {event}, which is not theirs to see"));
        }
        (!may_be.contains(&status)).then(|| format!("{who} is {status:?} at event {event}, not one of {may_be:?}"))
    }

    /// Inbox, lists and calendar say the same as the events and their participants.
    fn lists_of(&self, name: &Username, sight: &Sight) -> Vec<String> {
        let mut wrong = Vec::new();
        let status_of = |event: &EventId| {
            let people = &sight.participants.get(event)?.people.items;
            people.iter().find(|participant| participant.username == *name).map(|participant| participant.status)
        };
        let organizes = |event: &Event| event.organizer == domain::events::Person::Named(name.clone());
        for (id, event) in &sight.events {
            let status = status_of(id);
            if let Some(instances) = sight.instances.get(id) {
                wrong.extend(instances.wrong(name, event, organizes(event), status, &sight.calendar));
            }
            let entry = sight.calendar.iter().find_map(|entry| match entry {
                Entry::Event { event: of, title, time, attendance, .. } if of == id => Some((title, time, *attendance)),
                Entry::Event { .. } | Entry::Busy { .. } => None,
            });
            let attendance = match status {
                _ if event.cancelled => None,
                _ if organizes(event) => Some(Attendance::Organizing),
                Some(Status::Going) => Some(Attendance::Going),
                Some(Status::Maybe) => Some(Attendance::Maybe),
                Some(Status::Pending | Status::Declined | Status::Waiting) | None => None,
            };
            let expected = attendance.map(|attendance| (&event.title, &event.series.first, attendance));
            if !event.series.recurs() && entry != expected {
                wrong.push(format!("the calendar of {name} has {entry:?} for event {id}, not {expected:?}"));
            }
            if sight.public.contains(id) != (event.public && !event.cancelled) {
                wrong.push(format!(
                    "event {id} is public: {}, and in {name}'s list of public events: {}",
                    event.public,
                    sight.public.contains(id)
                ));
            }
            if organizes(event) && sight.mine.contains(id) == event.cancelled {
                wrong.push(format!(
                    "event {id} is cancelled: {}, and in its organizer's list: {}",
                    event.cancelled,
                    sight.mine.contains(id)
                ));
            }
            if let Some(inbox) = sight.inbox.get(id)
                && (Some(*inbox) != status || event.cancelled)
            {
                wrong.push(format!("the inbox of {name} says {inbox:?} of event {id}, its participants {status:?}"));
            }
            if !event.public && !organizes(event) && !event.cancelled && !sight.inbox.contains_key(id) {
                wrong.push(format!("{name} is invited to event {id}, which is not in their inbox"));
            }
        }
        for (id, status) in &sight.inbox {
            if sight.unanswered.contains(id) != (*status == Status::Pending) {
                wrong.push(format!(
                    "event {id} is {status:?} in the inbox of {name}, and unanswered: {}",
                    sight.unanswered.contains(id)
                ));
            }
        }
        for entry in &sight.calendar {
            if let Entry::Event { event, .. } = entry
                && !sight.events.contains_key(event)
            {
                wrong.push(format!("event {event} is in the calendar of {name}, who may not see it"));
            }
        }
        wrong
    }

    /// Shares are what their owners wanted, both sides agree on them, and calendars are opened accordingly.
    fn shares_of(&self, book: &Book, name: &Username, sight: &Sight) -> Vec<String> {
        let mut wrong = Vec::new();
        for (other, theirs) in &self.sights {
            if other == name {
                continue;
            }
            let level = |list: &[domain::sharing::Share], whose: &Username| {
                list.iter().find(|share| share.username == *whose).map(|share| share.level)
            };
            let given = level(&sight.shares.shared_with, other);
            let received = level(&theirs.shares.shared_with_me, name);
            let may_be = in_the_end(&book.share(name, other), None);
            if given != received {
                wrong.push(format!("{name} shares {given:?} with {other}, who sees {received:?}"));
            }
            if !may_be.contains(&given) {
                wrong.push(format!("{name} shares {given:?} with {other}, not one of {may_be:?}"));
            }
            let fits = match (given, theirs.others.get(name)) {
                (None, Some(Err(code))) => *code == "forbidden",
                (Some(Level::Details), Some(Ok(entries))) => *entries == sight.calendar,
                (Some(Level::Busy), Some(Ok(entries))) => *entries == busy_in(&sight.calendar),
                (_, seen) => seen.is_none(),
            };
            if !fits {
                wrong.push(format!("{name} shares {given:?} with {other}, who sees {:?}", theirs.others.get(name)));
            }
        }
        wrong
    }
}

/// When the owner of these entries is not free, and nothing else.
fn busy_in(entries: &[Entry]) -> Vec<Entry> {
    let extent = |entry: &Entry| match entry {
        Entry::Event { time, .. } => Some((time.extent().start, time.extent().end)),
        Entry::Busy { .. } => None,
    };
    let mut extents: Vec<(i64, i64)> = entries.iter().filter_map(extent).collect();
    extents.sort_unstable();
    let mut merged: Vec<(i64, i64)> = Vec::new();
    for (start, end) in extents {
        match merged.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    merged.into_iter().map(|(start, end)| Entry::Busy { start, end }).collect()
}

/// The version of an event counts its changes.
fn versions(book: &Book, event: &Event) -> Option<String> {
    let (edits, _) = book.titles(event.id);
    let count = |fates: &[Fate]| edits.iter().filter(|edit| fates.contains(&edit.fate)).count() as u64;
    let cancelled = u64::from(event.cancelled);
    // Once more if it was cancelled already when its organizer's account ended.
    let ended = book.organizer(event.id).is_some_and(|organizer| book.may_be_deleted(organizer));
    let least = 1 + count(&[Fate::Done]) + cancelled;
    // To move an instance to where it is, or to call it off again, changes nothing.
    let most = 1 + count(&[Fate::Done, Fate::Unknown]) + cancelled + u64::from(ended) + book.excepted(event.id);
    (book.creation(event.id).is_some() && !(least..=most).contains(&event.version)).then(|| {
        format!(
            "event {} is at version {}; by what was done to it, it should be between {least} and {most}",
            event.title, event.version
        )
    })
}
