//! Reminders as people get them. (It is noon in Berlin on 2027-03-09; the clock of these tests jumps, nobody waits.)

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use domain::calendar::{
    Attendance, CalendarClient, CalendarPage, CalendarProtocol, CalendarRequest, CalendarResponse, Entry,
};
use domain::events::Alarms;
use domain::time::Moment;
use domain::{
    Answer, Clock, Context, Epoch, Error, EventTime, Instance, Position, Positions, Reply, Service, Stub, Timestamp,
};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::super::tests::script::{Desk, EVENT, json};
use super::{Said, follow};
use crate::failure::Failure;
use crate::output::Document as _;

/// A calendar service that holds what is put into it, and can be away.
struct Held {
    entries: Mutex<Vec<Entry>>,
    refuses: Mutex<Option<Error>>,
    /// How far it is.
    at: watch::Sender<u64>,
    readings: Mutex<u32>,
}

impl Held {
    fn new(entries: Vec<Entry>) -> Arc<Self> {
        let at = watch::Sender::new(1);
        Arc::new(Self { entries: Mutex::new(entries), refuses: Mutex::default(), at, readings: Mutex::default() })
    }

    fn holds(&self, entries: Vec<Entry>) {
        *self.entries.lock().unwrap() = entries;
        self.at.send_modify(|at| *at += 1);
    }

    fn refuses(&self, error: Option<Error>) {
        *self.refuses.lock().unwrap() = error;
        self.at.send_modify(|_| ());
    }

    fn refusal(&self) -> Result<(), Error> {
        self.refuses.lock().unwrap().clone().map_or(Ok(()), Err)
    }

    fn far(&self) -> Positions {
        let position = |at| Position { epoch: Epoch([1; 16]), at };
        let mut far = Positions::of(Service::Events, position(*self.at.borrow()));
        // Auth's log goes on all the time.
        far.set(Service::Auth, position(u64::from(*self.readings.lock().unwrap())));
        far
    }
}

#[async_trait]
impl Stub<CalendarProtocol> for Held {
    async fn call(&self, _: &Context, request: CalendarRequest) -> Answer<CalendarResponse> {
        self.refusal()?;
        let value = match request {
            CalendarRequest::entries(_) => {
                *self.readings.lock().unwrap() += 1;
                let items = self.entries.lock().unwrap().clone();
                CalendarResponse::entries(CalendarPage { owner: "alice".parse().unwrap(), items, next: None })
            }
            CalendarRequest::watch(request) => {
                let mut at = self.at.subscribe();
                let known = request.seen.get(Service::Events);
                let waits = async {
                    while known.is_some() && self.far().get(Service::Events) == known && self.refusal().is_ok() {
                        at.changed().await.unwrap();
                    }
                };
                let _ = timeout(Duration::from_millis(request.wait_ms.into()), waits).await;
                self.refusal()?;
                CalendarResponse::watch(self.far())
            }
            other => panic!("{other:?}"),
        };
        Ok(Reply::new(value, Positions::default()))
    }
}

/// A clock that goes as the jumping time of the test does.
struct Jumping {
    began: Timestamp,
    at: Instant,
}

impl Clock for Jumping {
    fn now(&self) -> Timestamp {
        self.began.plus(self.at.elapsed())
    }
}

/// Alice at her desk, and her calendar.
struct Noon {
    desk: Desk,
    held: Arc<Held>,
    began: Instant,
    told: Mutex<Vec<(u64, String)>>,
}

const MINUTE: u64 = 60;

impl Noon {
    async fn with(entries: Vec<Entry>) -> Self {
        Self { desk: Desk::of_alice().await, held: Held::new(entries), began: Instant::now(), told: Mutex::default() }
    }

    /// Follows while `happens` happens; gives what the following ended with, if it ended first.
    async fn following(&self, happens: impl Future<Output = ()>) -> Option<Result<(), Failure>> {
        let mut clients = self.desk.clients();
        clients.calendar = Arc::new(CalendarClient(self.held.clone()));
        let clock = Jumping { began: self.desk.here.now, at: self.began };
        let say = |said| {
            let text = match said {
                Said::Alarm(alarm) => alarm.text(),
                Said::Note(note) => format!("note: {note}\n"),
            };
            self.told.lock().unwrap().push((self.began.elapsed().as_secs(), text));
            if self.told.lock().unwrap().len() > 9 { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(()) }
        };
        let profile = || Ok(self.desk.profile.clone());
        tokio::select! {
            ended = follow(&clients, profile, &clock, &self.desk.here.zone, say) => Some(ended),
            () = happens => None,
        }
    }

    /// What was told until now: after how many seconds, and what.
    fn told(&self) -> Vec<(u64, String)> {
        self.told.lock().unwrap().clone()
    }

    fn lines(&self) -> Vec<String> {
        self.told().into_iter().map(|(_, text)| text).collect()
    }
}

/// An hour that begins so many minutes after noon, with alarms so many minutes before.
fn event(title: &str, begins: i64, alarms: &[u32]) -> Entry {
    let zone = "Europe/Berlin".parse().unwrap();
    let noon: jiff::Timestamp = "2027-03-09T11:00:00Z".parse().unwrap();
    let at = |minutes| Moment::at("start", noon + jiff::SignedDuration::from_mins(minutes), &zone).unwrap();
    Entry::Event {
        event: EVENT.parse().unwrap(),
        instance: Instance::On(begins),
        title: title.parse().unwrap(),
        time: EventTime::timed(at(begins), at(begins + 60), zone.clone()).unwrap(),
        location: if title == "Standup" { "Hall" } else { "" }.parse().unwrap(),
        alarms: Alarms::try_from(alarms.to_vec()).unwrap(),
        attendance: Attendance::Going,
    }
}

async fn minutes(number: u64) {
    sleep(Duration::from_secs(number * MINUTE)).await;
}

#[tokio::test(start_paused = true)]
async fn each_alarm_is_told_at_its_second_and_once() {
    let noon =
        Noon::with(vec![event("Standup", 30, &[10, 0]), event("Review", 90, &[30]), event("Done", 5, &[10])]).await;
    noon.following(minutes(600)).await;
    let expected = [
        (20 * MINUTE, "in 10 minutes: Standup, 2027-03-09T12:30:00+01:00, Hall\n".to_owned()),
        (30 * MINUTE, "now: Standup, 2027-03-09T12:30:00+01:00, Hall\n".to_owned()),
        (60 * MINUTE, "in 30 minutes: Review, 2027-03-09T13:30:00+01:00\n".to_owned()),
    ];
    assert_eq!(noon.told(), expected, "what was due at 11:55 was missed");
    let readings = *noon.held.readings.lock().unwrap();
    assert!(readings <= 11, "once an hour, though auth's log goes on: {readings}");
}

#[tokio::test(start_paused = true)]
async fn what_is_made_moved_or_called_off_meanwhile_is_heard_of() {
    let noon = Noon::with(vec![event("Standup", 30, &[10]), event("Review", 40, &[10])]).await;
    noon.following(async {
        minutes(5).await;
        noon.held.holds(vec![event("Standup", 50, &[10]), event("Lunch", 8, &[5])]);
        minutes(600).await;
    })
    .await;
    let lines = noon.lines();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(
        lines[0].starts_with("in 3 minutes: Lunch") && lines[1].starts_with("in 10 minutes: Standup, 2027-03-09T12:50")
    );
    assert!(noon.told()[0].0 <= 5 * MINUTE + 1, "{:?}", noon.told());
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_told_once_and_keeps_no_alarm_back_that_was_known() {
    let noon = Noon::with(vec![event("Standup", 30, &[10]), event("Review", 120, &[10])]).await;
    let away = || Some(Error::unavailable(Service::Calendar, "connection refused"));
    noon.following(async {
        minutes(5).await;
        noon.held.refuses(away());
        minutes(50).await;
        assert_eq!(noon.lines().len(), 2, "{:?}", noon.told());
        noon.held.refuses(None);
        noon.held.holds(vec![event("Review", 90, &[10])]);
        minutes(600).await;
    })
    .await;
    let lines = noon.lines();
    assert_eq!(
        lines[0],
        "note: calendar is unavailable: connection refused; until it is back you are reminded of what is known\n"
    );
    assert!(lines[1].starts_with("in 10 minutes: Standup"), "{lines:?}");
    assert_eq!(lines[2], "note: the calendar is back\n");
    assert!(lines[3].starts_with("in 10 minutes: Review, 2027-03-09T13:30"), "{lines:?}");
    assert_eq!(lines.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn services_that_are_away_at_first_are_waited_for() {
    let noon = Noon::with(vec![event("Standup", 30, &[10])]).await;
    noon.held.refuses(Some(Error::unavailable(Service::Calendar, "connection refused")));
    noon.following(async {
        minutes(25).await;
        noon.held.refuses(None);
        minutes(10).await;
    })
    .await;
    let lines = noon.lines();
    assert!(lines.len() == 3 && lines[2].starts_with("in 5 minutes: Standup"), "late, but not too late: {lines:?}");
}

#[tokio::test(start_paused = true)]
async fn it_ends_when_the_session_is_over_and_when_nobody_listens() {
    let noon = Noon::with(vec![event("Standup", 30, &[10])]).await;
    noon.held.refuses(Some(Error::unauthenticated("the session has ended; sign in again")));
    let failure = noon.following(minutes(5)).await.unwrap().unwrap_err();
    assert_eq!(failure.exit(), 3);
    assert!(failure.message().contains("convene login"), "{failure:?}");

    let noon = Noon::with((1..20).map(|begins| event("Standup", begins, &[0])).collect()).await;
    assert_eq!(noon.following(minutes(600)).await, Some(Ok(())));
    assert_eq!(noon.lines().len(), 10);
}

#[tokio::test]
async fn the_list_shows_what_is_due_within_a_day_or_as_long_as_was_asked_for() {
    let desk = Desk::of_alice().await;
    let a_day = 24 * 60;
    let items = vec![
        event("Standup", 30, &[40, 10]),
        event("Review", a_day + 5, &[10]),
        event("Fair", 3 * a_day, &[4 * 7 * 24 * 60, a_day.try_into().unwrap()]),
    ];
    for (line, titles) in [
        (&["remind"][..], &["Standup", "Review"][..]),
        (&["remind", "--within", "1h"], &["Standup"]),
        (&["remind", "--within", "7d"], &["Standup", "Review", "Fair"]),
    ] {
        let page = CalendarPage { owner: "alice".parse().unwrap(), items: items.clone(), next: None };
        desk.calendar.answers(Ok(CalendarResponse::entries(page)));
        let printed = desk.gives(line).await.unwrap();
        let told = json(&printed)["items"].clone();
        let told: Vec<&str> = told.as_array().unwrap().iter().map(|item| item["title"].as_str().unwrap()).collect();
        assert_eq!(told, titles, "{line:?}");
        let first = &json(&printed)["items"][0];
        let expected = serde_json::json!({
            "due": "2027-03-09T12:20:00+01:00", "event": EVENT, "instance": first["instance"], "title": "Standup",
            "start": "2027-03-09T12:30:00+01:00", "location": "Hall", "minutes": 10,
        });
        assert_eq!(first, &expected);
    }
    for wrong in ["soon", "0m", "400d"] {
        let failure = desk.gives(&["remind", "--within", wrong]).await.unwrap_err();
        assert!(failure.exit() == 2 && failure.json().contains(r#""field":"within""#), "{failure:?}");
    }
}
