//! Services that are told to end (SIGTERM) while commands pour in: what they had accepted is finished and kept, whoever came too late is
//! told so, and where that is not known, it is said that it is not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use convene_tests::{Mode, Person, Plan, World};
use domain::events::{CreateEvent, Listing, Person as Someone};
use domain::invitations::{Respond, Response, Status};
use domain::sharing::{Level, ShareCalendar, Unshare};
use domain::{Context, Error, EventId, IdempotencyKey, Instance, PageRequest, Service, Username};
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// How many people hurry each service, and how many of their commands must have been done before it is told to end.
const PEOPLE: usize = 6;
const ENOUGH: usize = 60;

/// The services that have commands.
const SERVICES: [Service; 4] = [Service::Auth, Service::Events, Service::Invitations, Service::Sharing];

/// A command.
#[derive(Clone, Debug)]
enum Order {
    Register(String),
    Create(Box<CreateEvent>),
    Answer(EventId, Response),
    Share(Username),
    Unshare(Username),
}

/// Somebody who gives one command after the other until one is not done.
struct Hurried {
    service: Service,
    number: usize,
    me: Person,
    /// Whom they share with.
    friend: Username,
    /// The event to which they are invited.
    event: EventId,
    done: Vec<Order>,
    last: Option<Last>,
}

/// The command that was not done, as far as was known.
struct Last {
    order: Order,
    key: IdempotencyKey,
    sequence: u64,
    error: Error,
}

impl Hurried {
    fn order(&self, nth: usize) -> Order {
        let Self { number, .. } = self;
        match (self.service, nth % 2) {
            (Service::Auth, _) => Order::Register(format!("guest-{number}-{nth}")),
            (Service::Events, _) => Order::Create(Box::new(Plan::for_a(&format!("Event {number}-{nth}")).0)),
            (Service::Invitations, 0) => Order::Answer(self.event, Response::Accept),
            (Service::Invitations, _) => Order::Answer(self.event, Response::Decline),
            (_, 0) => Order::Share(self.friend.clone()),
            (_, _) => Order::Unshare(self.friend.clone()),
        }
    }

    async fn hurries(mut self, progress: Arc<Progress>) -> Self {
        for nth in 0.. {
            let order = self.order(nth);
            let context = self.me.commanding();
            let (key, sequence) = (context.idempotency_key.unwrap(), context.sequence.unwrap());
            match self.gives(&order, &context).await {
                Ok(()) => {
                    self.done.push(order);
                    progress.one_more();
                }
                Err(error) => {
                    self.last = Some(Last { order, key, sequence, error });
                    break;
                }
            }
        }
        self
    }

    async fn gives(&self, order: &Order, context: &Context) -> Result<(), Error> {
        let clients = self.me.clients();
        match order.clone() {
            Order::Register(name) => {
                let password = "correct horse battery".to_owned().try_into()?;
                clients.auth.register(context, domain::auth::Register { username: name.parse()?, password }).await?;
            }
            Order::Create(request) => drop(clients.events.create(context, *request).await?),
            Order::Answer(event, response) => {
                let request = Respond { event, instance: Instance::Series, response };
                clients.invitations.respond(context, request).await?;
            }
            Order::Share(with) => {
                let request = ShareCalendar { with, level: Level::Details };
                clients.sharing.share(context, request).await?;
            }
            Order::Unshare(with) => {
                clients.sharing.unshare(context, Unshare { with }).await?;
            }
        }
        Ok(())
    }

    /// Whether the command that was not done is there nevertheless.
    async fn last_is_there(&self) -> bool {
        match self.last.as_ref().unwrap().order.clone() {
            Order::Register(name) => Person::named(&name, self.me.clients()).signs_in().await.is_ok(),
            Order::Create(request) => self.titles().await.contains(&request.title.to_string()),
            Order::Answer(_, Response::Accept) => self.status().await == Status::Going,
            Order::Answer(..) => self.status().await == Status::Declined,
            Order::Share(_) => self.shares_count().await == 1,
            Order::Unshare(_) => self.shares_count().await == 0,
        }
    }

    /// That all that was done is there, once; `last` was done too.
    async fn all_is_there(&self) {
        match self.service {
            Service::Auth => {
                for order in &self.done {
                    let Order::Register(name) = order else { unreachable!() };
                    Person::named(name, self.me.clients()).signs_in().await.unwrap();
                }
            }
            Service::Events => {
                let mut there = self.titles().await;
                let last = self.last.as_ref().map(|last| &last.order);
                let mut made: Vec<String> = self.done.iter().chain(last).map(title).collect();
                there.sort_unstable();
                made.sort_unstable();
                assert_eq!(there, made);
            }
            // Each answer and each share overwrites the one before: the last one counts.
            _ => assert!(self.last_is_there().await),
        }
    }

    async fn titles(&self) -> Vec<String> {
        let days = convene_tests::days("2027-03-01", "2027-03-31");
        let (mut titles, mut after) = (Vec::new(), None);
        loop {
            let page = PageRequest { limit: domain::Limit::MAX, after };
            let listed = self.me.lists_in(Listing::Mine, None, days.clone(), page).await.unwrap();
            let made = listed.items.into_iter().filter(|event| event.organizer == Someone::Named(self.me.username()));
            titles.extend(made.map(|event| event.title.to_string()));
            after = listed.next;
            if after.is_none() {
                return titles;
            }
        }
    }

    async fn status(&self) -> Status {
        let people = self.me.participants(self.event).await.unwrap().people.items;
        people.iter().find(|one| one.username == self.me.username()).unwrap().status
    }

    async fn shares_count(&self) -> usize {
        self.me.shares().await.unwrap().shared_with.len()
    }
}

fn title(order: &Order) -> String {
    let Order::Create(request) = order else { unreachable!() };
    request.title.to_string()
}

/// How many commands one service has done, and the news that it is enough.
#[derive(Default)]
struct Progress {
    done: AtomicUsize,
    enough: Notify,
}

impl Progress {
    fn one_more(&self) {
        if self.done.fetch_add(1, Ordering::SeqCst) + 1 == ENOUGH {
            self.enough.notify_one();
        }
    }
}

async fn hurried(world: &World, organizer: &Person, service: Service, number: usize) -> Hurried {
    let me = world.person(&format!("{service}-{number}")).await;
    let friend = world.person(&format!("friend-of-{service}-{number}")).await.username();
    let event = organizer.creates(Plan::for_a("Standup").inviting(&[me.name()])).await.unwrap().id;
    Hurried { service, number, me, friend, event, done: Vec::new(), last: None }
}

#[test]
fn services_told_to_end_amid_commands_finish_what_they_accepted_and_keep_it() {
    World::run(Mode::Spawned, None, |mut world| async move {
        let organizer = world.person("organizer").await;
        let (mut at_work, mut services) = (JoinSet::new(), Vec::new());
        let mut people = Vec::new();
        for service in SERVICES {
            for number in 0..PEOPLE {
                people.push(hurried(&world, &organizer, service, number).await);
            }
        }
        world.settles().await;
        for service in SERVICES {
            services.push((service, Arc::new(Progress::default())));
        }
        for hurried in people {
            let progress = services.iter().find(|(service, _)| *service == hurried.service).unwrap();
            at_work.spawn(hurried.hurries(Arc::clone(&progress.1)));
        }
        let ends = services.iter().map(|(service, progress)| async {
            progress.enough.notified().await;
            world.cluster().stop(*service).await.unwrap();
        });
        futures::future::join_all(ends).await;
        let people = at_work.join_all().await;

        for service in SERVICES {
            let log = std::fs::read_to_string(world.data().join(format!("log/{service}.log"))).unwrap();
            let last = log.lines().last().unwrap();
            assert!(log.contains("SIGTERM") && last.contains("ended"), "{service} ended in good order:\n{log}");
            world.starts(service).await;
        }
        world.settles().await;
        for hurried in &people {
            let Last { order, key, sequence, error } = hurried.last.as_ref().unwrap();
            assert_eq!(error.service(), Some(hurried.service), "{order:?}: {error:?}");
            match error {
                Error::Unavailable { .. } => assert!(!hurried.last_is_there().await, "{order:?} was done: {error:?}"),
                Error::Deadline { .. } => {}
                other => panic!("{order:?}: {other:?}"),
            }
            let again = hurried.me.asking().as_command(*key, *sequence);
            hurried.gives(order, &again).await.unwrap();
            hurried.all_is_there().await;
        }
        world.ends_whole().await;
    });
}
