//! Services that answer by script, and a profile in a folder of its own.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::auth::{AuthClient, AuthProtocol, User};
use domain::calendar::{CalendarClient, CalendarProtocol};
use domain::events::{Event, EventsClient, EventsProtocol, Person};
use domain::invitations::{InvitationsClient, InvitationsProtocol};
use domain::sharing::{SharingClient, SharingProtocol};
use domain::{
    Answer, Context, Error, EventTime, Positions, Protocol, Reply, Series, SessionToken, Stub, Timestamp, UserId, Zone,
};

use crate::arguments::{self, Command, Parsed};
use crate::failure::Failure;
use crate::output::Printed;
use crate::reach::{Clients, Reach};
use crate::session::{Profile, Session};
use crate::when::Here;

/// One service: its answers in the order in which they are given, and the calls that it got.
pub(crate) struct Script<P: Protocol> {
    /// `None` is an answer that never comes.
    answers: Mutex<VecDeque<Option<Answer<P::Response>>>>,
    calls: Mutex<Vec<(Context, P::Request)>>,
}

impl<P: Protocol> Script<P> {
    fn new() -> Arc<Self> {
        Arc::new(Self { answers: Mutex::default(), calls: Mutex::default() })
    }

    /// The next answer.
    pub(crate) fn answers(&self, answer: Result<P::Response, Error>) {
        self.replies(answer.map(|value| Reply::new(value, Positions::default())));
    }

    /// The next answer, with what it says about itself.
    pub(crate) fn replies(&self, reply: Result<Reply<P::Response>, Error>) {
        self.answers.lock().unwrap().push_back(Some(reply));
    }

    /// The next call is never answered.
    pub(crate) fn hangs(&self) {
        self.answers.lock().unwrap().push_back(None);
    }

    /// The calls so far.
    pub(crate) fn calls(&self) -> Vec<(Context, P::Request)> {
        self.calls.lock().unwrap().clone()
    }
}

#[async_trait]
impl<P: Protocol> Stub<P> for Script<P> {
    async fn call(&self, context: &Context, request: P::Request) -> Answer<P::Response> {
        self.calls.lock().unwrap().push((context.clone(), request));
        let next = self.answers.lock().unwrap().pop_front();
        match next {
            Some(Some(answer)) => answer,
            Some(None) => std::future::pending().await,
            None => Err(Error::unavailable(P::SERVICE, "nobody wrote an answer")),
        }
    }
}

/// A person at a command line.
pub(crate) struct Desk {
    _folder: tempfile::TempDir,
    pub(crate) profile: Profile,
    pub(crate) file: PathBuf,
    pub(crate) auth: Arc<Script<AuthProtocol>>,
    pub(crate) events: Arc<Script<EventsProtocol>>,
    pub(crate) invitations: Arc<Script<InvitationsProtocol>>,
    pub(crate) calendar: Arc<Script<CalendarProtocol>>,
    pub(crate) sharing: Arc<Script<SharingProtocol>>,
    pub(crate) here: Here,
}

impl Desk {
    /// Nobody is signed in; it is noon in Berlin on 2027-03-09.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let now: jiff::Timestamp = "2027-03-09T11:00:00Z".parse().unwrap();
        Self {
            profile: Profile::in_folder(folder.path().to_owned(), "default").unwrap(),
            file: folder.path().join("default.json"),
            _folder: folder,
            auth: Script::new(),
            events: Script::new(),
            invitations: Script::new(),
            calendar: Script::new(),
            sharing: Script::new(),
            here: Here { now: Timestamp::from_micros(now.as_microsecond()), zone: "Europe/Berlin".parse().unwrap() },
        }
    }

    /// Alice is signed in.
    pub(crate) async fn of_alice() -> Self {
        let desk = Self::new();
        let session = desk.session("alice");
        desk.profile.change(|state| state.session = Some(session)).await.unwrap();
        desk
    }

    /// A session of 30 days, begun now.
    pub(crate) fn session(&self, name: &str) -> Session {
        Session {
            user: User { id: UserId::new(), username: name.parse().unwrap() },
            token: SessionToken("token-of-the-test".into()),
            issued: self.here.now,
            expires: self.here.now.plus(std::time::Duration::from_secs(30 * 86_400)),
        }
    }

    /// The services.
    pub(crate) fn clients(&self) -> Clients {
        Clients {
            auth: Arc::new(AuthClient(self.auth.clone())),
            events: Arc::new(EventsClient(self.events.clone())),
            invitations: Arc::new(InvitationsClient(self.invitations.clone())),
            calendar: Arc::new(CalendarClient(self.calendar.clone())),
            sharing: Arc::new(SharingClient(self.sharing.clone())),
        }
    }

    /// Gives a command.
    pub(crate) async fn gives(&self, line: &[&str]) -> Result<Printed, Failure> {
        let words = std::iter::once("convene").chain(line.iter().copied()).map(Into::into);
        let Parsed::Command(arguments) = arguments::parse(words) else { panic!("{line:?}") };
        let Some(Command::ToServices(command)) = arguments.command else { panic!("{line:?}") };
        let reach = Reach::with(self.clients());
        crate::commands::run(&command, &reach, || Ok(self.profile.clone()), self.here.clone()).await
    }

    /// What the profile's file holds, as text.
    pub(crate) fn kept(&self) -> String {
        std::fs::read_to_string(&self.file).unwrap_or_default()
    }
}

/// The answer to a command, as JSON.
pub(crate) fn json(printed: &Printed) -> serde_json::Value {
    serde_json::from_str(&printed.json).unwrap()
}

/// Alice's event at this time.
pub(crate) fn event_at(time: EventTime, version: u64) -> Event {
    Event {
        alarms: domain::events::Alarms::default(),
        capacity: None,
        occurrence: None,
        id: EVENT.parse().unwrap(),
        title: "Planning".parse().unwrap(),
        description: "".parse().unwrap(),
        location: "".parse().unwrap(),
        series: Series::once(time),
        public: false,
        organizer: Person::Named("alice".parse().unwrap()),
        version,
        cancelled: false,
        created: Timestamp::from_micros(1_800_000_000_000_000),
    }
}

/// 2027-03-10, from one hour to another, in Berlin.
pub(crate) fn hours(from: i8, to: i8) -> EventTime {
    let zone: Zone = "Europe/Berlin".parse().unwrap();
    let moment =
        |hour| domain::time::Moment::in_zone("start", jiff::civil::date(2027, 3, 10).at(hour, 0, 0, 0), &zone).unwrap();
    EventTime::timed(moment(from), moment(to), zone.clone()).unwrap()
}

/// The id of Alice's event.
pub(crate) const EVENT: &str = "0198c0de-7000-7abc-8def-0123456789ab";
