//! People who use the system while something is done to it: each makes events, changes them, invites, answers, joins what is public,
//! shares or stops sharing, signs in elsewhere and looks, and cancels what is old; guests come and delete their accounts. Each command goes into the ledger before
//! it is sent, and is given again under the same key until it is answered for certain.

use std::collections::VecDeque;
use std::time::Duration;

use domain::events::Event;
use domain::invitations::Response;
use domain::sharing::Level;
use domain::{Error, EventId, Kind, Retryable, Service};
use futures::future::join_all;
use tokio::time::{Instant, sleep};
use transport::cluster::{Clients, Cluster};

use super::calls::Calls;
use super::ledger::{Effect, Fact, Ledger};
use crate::{Asking, Person, Plan};

const PEOPLE: usize = 6;
/// How many events of theirs each keeps; older ones are cancelled, so that asking about everything takes no longer and longer.
const KEPT: usize = 18;
/// Within this every command is answered, whatever happens to the services.
const PATIENCE: Duration = Duration::from_secs(60);
/// A person's pause before they give a command again.
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(20);

/// Six people, and a door for guests.
pub struct Crowd {
    floor: Floor,
    diaries: Vec<Diary>,
    guests: usize,
}

/// What all of them share.
struct Floor {
    clients: Clients,
    ledger: Ledger,
    calls: Calls,
    people: Vec<Person>,
}

/// What one organizer has made.
#[derive(Default)]
struct Diary {
    made: usize,
    kept: VecDeque<(usize, EventId)>,
}

impl Crowd {
    /// Everyone registers.
    pub async fn registers(cluster: &Cluster) -> Self {
        let (clients, ledger, calls) = (cluster.clients().clone(), Ledger::default(), Calls::default());
        let mut floor = Floor { clients, ledger, calls, people: Vec::new() };
        for number in 0..PEOPLE {
            let person = floor.registers(&format!("person-{number}")).await;
            floor.people.push(person);
        }
        Self { floor, diaries: (0..PEOPLE).map(|_| Diary::default()).collect(), guests: 0 }
    }

    /// What they were told.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.floor.ledger.clone()
    }

    /// What became of their calls.
    #[must_use]
    pub fn calls(&self) -> Calls {
        self.floor.calls.clone()
    }

    /// All of them work beside each other. Each begins another round of what they do (an event, a share, a look, a guest's visit) as long as
    /// `goes_on` says so of the number of rounds that they have done. Afterwards no command is under way.
    pub async fn works(&mut self, goes_on: impl Fn(usize) -> bool) {
        let Self { floor, diaries, guests } = self;
        let (floor, goes_on) = (&*floor, &goes_on);
        let organize = diaries.iter_mut().enumerate().map(|(index, diary)| async move {
            for _ in (0..).take_while(|round| goes_on(*round)) {
                floor.makes_an_event(index, diary).await;
            }
        });
        let share = (0..PEOPLE).map(|index| async move {
            for round in (0..).take_while(|round| goes_on(*round)) {
                floor.shares(index, round).await;
            }
        });
        let look = (0..PEOPLE).map(|index| async move {
            for _ in (0..).take_while(|round| goes_on(*round)) {
                floor.looks(index).await;
            }
        });
        let receive = async {
            for _ in (0..).take_while(|round| goes_on(*round)) {
                floor.receives(*guests).await;
                *guests += 1;
            }
        };
        tokio::join!(join_all(organize), join_all(share), join_all(look), receive);
    }
}

impl Floor {
    fn person(&self, index: usize) -> &Person {
        &self.people[index % PEOPLE]
    }

    async fn registers(&self, name: &str) -> Person {
        let person = Person::named(name, &self.clients);
        let account = (Fact::Account(name.to_owned()), Some("yes".to_owned()));
        self.does(Service::Auth, &person, vec![account], async |person| person.registers().await).await;
        person
    }

    /// An event from its beginning, in all that may happen to it, to the end of an old one.
    async fn makes_an_event(&self, index: usize, diary: &mut Diary) {
        let [organizer, invitee, joiner] = [0, 1, 2].map(|further| self.person(index + further));
        let number = diary.made;
        diary.made += 1;
        let public = number % 2 == 1;
        let plan = Plan::for_a(&title(organizer, number, 1)).at(&format!("2027-03-{:02}T10:00", number % 28 + 1));
        let made = (titled(organizer, number), Some(title(organizer, number, 1)));
        let invited = (answered(organizer, number, invitee), Some("Pending".to_owned()));
        let event = if public {
            let event = self.creates(organizer, plan.public(), vec![made]).await.id;
            let invite = async |organizer: &Person| organizer.invites(event, &[invitee.name()]).await;
            self.does(Service::Events, organizer, vec![invited], invite).await;
            event
        } else {
            self.creates(organizer, plan.inviting(&[invitee.name()]), vec![made, invited]).await.id
        };
        tokio::join!(
            self.edits(organizer, number, event),
            self.answers(answered(organizer, number, invitee), invitee, event),
            async {
                if public {
                    self.joins(answered(organizer, number, joiner), joiner, event).await;
                }
            }
        );
        if number % 4 == 2 {
            let uninvited = (answered(organizer, number, invitee), None);
            let uninvite = async |organizer: &Person| organizer.uninvites(event, &[invitee.name()]).await;
            self.does(Service::Events, organizer, vec![uninvited], uninvite).await;
        }
        diary.kept.push_back((number, event));
        if diary.kept.len() > KEPT
            && let Some((number, event)) = diary.kept.pop_front()
        {
            let answers = [invitee, joiner].map(|person| (answered(organizer, number, person), None));
            let gone = [(titled(organizer, number), None)].into_iter().chain(answers).collect();
            self.does(Service::Events, organizer, gone, async |organizer| organizer.cancels(event).await).await;
        }
    }

    async fn creates(&self, organizer: &Person, plan: Plan, effects: Vec<Effect>) -> Event {
        self.does(Service::Events, organizer, effects, async |organizer| organizer.creates(plan.clone()).await).await
    }

    async fn edits(&self, organizer: &Person, number: usize, event: EventId) {
        for version in 2..4 {
            let effect = (titled(organizer, number), Some(title(organizer, number, version)));
            let edit = async |organizer: &Person| {
                let title = title(organizer, number, version).parse().unwrap();
                organizer.edits(event, |edit| edit.title = Some(title)).await
            };
            self.does(Service::Events, organizer, vec![effect], edit).await;
        }
    }

    async fn answers(&self, fact: Fact, invitee: &Person, event: EventId) {
        for (response, status) in [
            (Response::Maybe, "Maybe"),
            (Response::Accept, "Going"),
            (Response::Decline, "Declined"),
            (Response::Accept, "Going"),
        ] {
            let effect = (fact.clone(), Some(status.to_owned()));
            let answer = async |invitee: &Person| invitee.answers(event, response).await;
            self.does(Service::Invitations, invitee, vec![effect], answer).await;
        }
    }

    async fn joins(&self, fact: Fact, joiner: &Person, event: EventId) {
        let becomes = |status: &str| vec![(fact.clone(), Some(status.to_owned()))];
        let service = Service::Invitations;
        self.does(service, joiner, becomes("Going"), async |joiner| joiner.attends(event).await).await;
        self.does(service, joiner, becomes("Declined"), async |joiner| joiner.leaves(event).await).await;
        self.does(service, joiner, becomes("Maybe"), async |joiner| joiner.may_attend(event).await).await;
    }

    /// Shares, each time with another, so that what was done stands for a while; every second time it stays shared.
    async fn shares(&self, index: usize, round: usize) {
        let (owner, with) = (self.person(index), self.person(index + 1 + round % (PEOPLE - 1)));
        for (level, name) in [(Level::Details, "details"), (Level::Busy, "busy")] {
            let effect = (shared(owner, with), Some(name.to_owned()));
            let share = async |owner: &Person| owner.shares_with(with, level).await;
            self.does(Service::Sharing, owner, vec![effect], share).await;
        }
        if round.is_multiple_of(2) {
            let stop = async |owner: &Person| owner.stops_sharing_with(with).await;
            self.does(Service::Sharing, owner, vec![(shared(owner, with), None)], stop).await;
        }
    }

    /// Signs in at another terminal, looks at the calendar and the inbox there, and signs out.
    async fn looks(&self, index: usize) {
        let person = self.person(index).elsewhere();
        self.does(Service::Auth, &person, Vec::new(), async |person| person.signs_in().await).await;
        self.insists(Service::Calendar, Kind::Query, &person, async |person| person.calendar().await).await;
        self.insists(Service::Invitations, Kind::Query, &person, async |person| person.inbox().await).await;
        self.does(Service::Auth, &person, Vec::new(), async |person| gone(person.signs_out().await)).await;
    }

    /// A guest registers, invites one of the people, shares with them, and deletes the account with all of it.
    async fn receives(&self, number: usize) {
        let guest = self.registers(&format!("guest-{number}")).await;
        let host = self.person(number);
        let event = (titled(&guest, 0), Some(title(&guest, 0, 1)));
        let invited = (answered(&guest, 0, host), Some("Pending".to_owned()));
        let plan = Plan::for_a(&title(&guest, 0, 1)).inviting(&[host.name()]);
        self.creates(&guest, plan, vec![event, invited]).await;
        let effect = (shared(&guest, host), Some("busy".to_owned()));
        let share = async |guest: &Person| guest.shares_with(host, Level::Busy).await;
        self.does(Service::Sharing, &guest, vec![effect], share).await;
        let account = Fact::Account(guest.name().to_owned());
        let all = [account, titled(&guest, 0), answered(&guest, 0, host), shared(&guest, host)];
        let leave = async |guest: &Person| gone(guest.deletes_the_account().await);
        self.does(Service::Auth, &guest, all.map(|fact| (fact, None)).into(), leave).await;
    }

    /// Gives one command, which is to have `effects`, until it is answered.
    async fn does<T>(
        &self,
        service: Service,
        person: &Person,
        effects: Vec<Effect>,
        command: impl AsyncFn(&Person) -> Asking<T>,
    ) -> T {
        let place = self.ledger.begins(effects);
        let done = self.insists(service, Kind::Command, &person.giving_one_command(), command).await;
        self.ledger.acknowledges(place);
        done
    }

    /// Asks until there is an answer. What can never succeed must not happen here.
    async fn insists<T>(
        &self,
        service: Service,
        kind: Kind,
        person: &Person,
        call: impl AsyncFn(&Person) -> Asking<T>,
    ) -> T {
        let until = Instant::now() + PATIENCE;
        loop {
            let under_way = self.calls.begins(service);
            let answer = call(person).await;
            drop(under_way);
            let error = match answer {
                Ok(done) => return done,
                Err(error) => error,
            };
            let may_be_repeated = error.retryable() != Retryable::Never;
            assert!(may_be_repeated, "{service} refuses {} what must be possible: {error:?}", person.name());
            assert!(Instant::now() < until, "{service} has not answered {} for {PATIENCE:?}: {error}", person.name());
            self.calls.failed(kind, &error);
            sleep(BETWEEN_ATTEMPTS).await;
        }
    }
}

/// Who leaves and is not heard to be signed in any more has left: an earlier attempt was done, and its answer lost. (Were it not so, the
/// account would still be there, and be found.)
fn gone<T>(answer: Asking<T>) -> Asking<()> {
    match answer {
        Err(Error::Unauthenticated { .. }) => Ok(()),
        answer => answer.map(drop),
    }
}

/// The title of an event that was changed `version` - 1 times: its first word is the number.
fn title(organizer: &Person, number: usize, version: usize) -> String {
    format!("{number} of {}, version {version}", organizer.name())
}

fn titled(organizer: &Person, number: usize) -> Fact {
    Fact::Title { organizer: organizer.name().to_owned(), number }
}

fn answered(organizer: &Person, number: usize, invitee: &Person) -> Fact {
    Fact::Answer { organizer: organizer.name().to_owned(), number, invitee: invitee.name().to_owned() }
}

fn shared(owner: &Person, with: &Person) -> Fact {
    Fact::Share { owner: owner.name().to_owned(), with: with.name().to_owned() }
}
