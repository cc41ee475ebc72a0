//! What an event should be, said briefly.

use domain::events::{Age, Alarms, Capacity, CreateEvent, ImportEvent};
use domain::time::{Moment, Rules, Window, civil_seconds};
use domain::{EventTime, Instance, Zone};
use jiff::civil::{Date, DateTime};

/// A plan for an event: `Plan::for_a("Standup").at("2027-03-10T09:00").inviting(&["bob"])`. One hour long, private, in UTC
/// unless said otherwise.
#[derive(Clone, Debug)]
pub struct Plan(pub CreateEvent);

impl Plan {
    /// For an event with this title, on 10 March 2027 at nine.
    #[must_use]
    pub fn for_a(title: &str) -> Self {
        Self(CreateEvent {
            title: title.parse().unwrap(),
            description: "".parse().unwrap(),
            location: "".parse().unwrap(),
            time: at("2027-03-10T09:00", 60, "UTC"),
            rules: Rules::default(),
            public: false,
            capacity: None,
            alarms: Alarms::default(),
            invite: Vec::new(),
        })
    }

    /// At this civil time in UTC, for an hour.
    #[must_use]
    pub fn at(self, start: &str) -> Self {
        self.when(at(start, 60, "UTC"))
    }

    /// At this time.
    #[must_use]
    pub fn when(mut self, time: EventTime) -> Self {
        self.0.time = time;
        self
    }

    /// Again and again, by this rule.
    #[must_use]
    pub fn again(mut self, rule: &str) -> Self {
        self.0.rules = Rules::parse(rule).unwrap();
        self
    }

    /// Open to everyone.
    #[must_use]
    pub fn public(mut self) -> Self {
        self.0.public = true;
        self
    }

    /// With so many places.
    #[must_use]
    pub fn with_places(mut self, places: u32) -> Self {
        self.0.capacity = Some(Capacity::try_from(places).unwrap());
        self
    }

    /// With these people invited from the start.
    #[must_use]
    pub fn inviting(mut self, names: &[&str]) -> Self {
        self.0.invite = names.iter().map(|name| name.parse().unwrap()).collect();
        self
    }

    /// At this place.
    #[must_use]
    pub fn in_the(mut self, location: &str) -> Self {
        self.0.location = location.parse().unwrap();
        self
    }

    /// About this.
    #[must_use]
    pub fn about(mut self, description: &str) -> Self {
        self.0.description = description.parse().unwrap();
        self
    }
}

/// A timed event from `start` (civil, in `zone`), `minutes` long.
#[must_use]
pub fn at(start: &str, minutes: i64, zone: &str) -> EventTime {
    let zone: Zone = zone.parse().unwrap();
    let start: DateTime = start.parse().unwrap();
    let end = start.checked_add(jiff::Span::new().minutes(minutes)).unwrap();
    let moment = |field, civil| Moment::in_zone(field, civil, &zone).unwrap();
    EventTime::timed(moment("start", start), moment("end", end), zone.clone()).unwrap()
}

/// The instance that begins then by the rules of its event.
#[must_use]
pub fn one(start: &str) -> Instance {
    Instance::On(civil_seconds(start.parse().unwrap()))
}

/// That instance and all that follow.
#[must_use]
pub fn from(start: &str) -> Instance {
    Instance::From(civil_seconds(start.parse().unwrap()))
}

/// An all-day event from one day to the day before another.
#[must_use]
pub fn on(start: &str, end: &str) -> EventTime {
    EventTime::all_day(start.parse().unwrap(), end.parse().unwrap()).unwrap()
}

/// The days `from` to `to`, both inclusive, in UTC.
#[must_use]
pub fn days(from: &str, to: &str) -> Window {
    window(Some(from), Some(to), "UTC")
}

/// A window in the zone of the reader.
#[must_use]
pub fn window(from: Option<&str>, to: Option<&str>, zone: &str) -> Window {
    let date = |text: Option<&str>| text.map(|text| text.parse::<Date>().unwrap());
    Window::new(date(from), date(to), zone.parse().unwrap()).unwrap()
}

/// An event of another calendar program, of this identity there; otherwise as [`Plan::for_a`].
#[must_use]
pub fn imported(uid: &str, title: &str) -> ImportEvent {
    let CreateEvent { title, description, location, time, rules, alarms, .. } = Plan::for_a(title).0;
    ImportEvent {
        uid: uid.parse().unwrap(),
        age: Age::default(),
        digest: [7; 32],
        title,
        description,
        location,
        time,
        rules,
        exceptions: Vec::new(),
        alarms,
        cancelled: false,
        original: format!("BEGIN:VEVENT\r\nUID:{uid}\r\nEND:VEVENT\r\n").parse().unwrap(),
        dry_run: false,
    }
}
