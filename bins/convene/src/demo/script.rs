//! Who is in the demonstration set, what they plan, and how they react: data only.

use domain::invitations::Response;
use domain::sharing::Level;

/// The people, in the order in which they come.
pub(super) const PEOPLE: &[&str] = &["ada", "grace", "linus", "margaret", "alan"];

/// Who comes last, has nothing yet, and marks that all the rest is there.
pub(super) const NEWCOMER: &str = "nova";

/// An event as it is planned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Planned {
    pub(super) organizer: &'static str,
    pub(super) title: &'static str,
    pub(super) description: &'static str,
    pub(super) location: &'static str,
    pub(super) when: When,
    pub(super) public: bool,
    /// How it comes again, as `--rrule` takes it; empty if it does not.
    pub(super) rule: &'static str,
    /// How many can come.
    pub(super) places: Option<u32>,
    pub(super) invite: &'static [&'static str],
    pub(super) reactions: &'static [(&'static str, Reaction)],
    /// What is otherwise with single instances, by the days from the first one.
    pub(super) exceptions: &'static [(i64, Otherwise)],
    pub(super) cancelled: bool,
}

/// What is otherwise with one instance.
#[derive(Clone, Copy, Debug)]
pub(super) enum Otherwise {
    /// It is somewhere and at some time else, and called something else.
    Moved { title: &'static str, location: &'static str, when: When },
    /// It does not take place.
    CalledOff,
    /// Someone answers to it by itself.
    Answered(&'static str, Response),
}

/// When it is, in days from the day of loading.
#[derive(Clone, Copy, Debug)]
pub(super) enum When {
    /// At a time of day, for some minutes; in the machine's zone unless another is named.
    At { day: i64, hour: i8, minute: i8, minutes: i64, zone: Option<&'static str> },
    /// On whole days.
    Days { day: i64, days: i64 },
}

/// What someone does about an event.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reaction {
    /// Answers an invitation.
    Answers(Response),
    /// Joins a public event unasked.
    Joins { maybe: bool },
    /// Joins it, and leaves it again.
    Leaves,
}

const ACCEPTS: Reaction = Reaction::Answers(Response::Accept);
const DECLINES: Reaction = Reaction::Answers(Response::Decline);
const MAY_COME: Reaction = Reaction::Answers(Response::Maybe);
const JOINS: Reaction = Reaction::Joins { maybe: false };
const MAY_JOIN: Reaction = Reaction::Joins { maybe: true };

const fn at(day: i64, hour: i8, minute: i8, minutes: i64) -> When {
    When::At { day, hour, minute, minutes, zone: None }
}

/// What an event is like unless said otherwise.
const PRIVATE: Planned = Planned {
    organizer: "ada",
    title: "",
    description: "",
    location: "",
    when: at(0, 9, 0, 60),
    public: false,
    rule: "",
    places: None,
    invite: &[],
    reactions: &[],
    exceptions: &[],
    cancelled: false,
};

/// The events.
pub(super) const EVENTS: &[Planned] = &[
    Planned {
        title: "Retrospective",
        when: at(-3, 16, 0, 60),
        organizer: "grace",
        location: "Room 2",
        invite: &["ada", "linus"],
        reactions: &[("ada", ACCEPTS), ("linus", ACCEPTS)],
        ..PRIVATE
    },
    Planned {
        title: "Architecture review",
        description: "Where the boundaries between the services are, and why.\nBring one question each.",
        location: "Room 1",
        when: at(1, 10, 0, 90),
        invite: &["grace", "linus", "margaret", "alan"],
        reactions: &[("grace", ACCEPTS), ("linus", MAY_COME), ("margaret", DECLINES)],
        ..PRIVATE
    },
    Planned {
        organizer: "margaret",
        title: "Coffee with Ada",
        location: "Canteen",
        when: at(1, 15, 0, 30),
        invite: &["ada"],
        reactions: &[("ada", ACCEPTS)],
        ..PRIVATE
    },
    Planned {
        organizer: "grace",
        title: "Lunch talk: what compilers know",
        description: "Open to everyone. Sandwiches are there.",
        location: "Auditorium",
        when: at(2, 12, 0, 60),
        public: true,
        invite: &["ada"],
        reactions: &[("alan", JOINS), ("linus", MAY_JOIN), ("margaret", Reaction::Leaves)],
        ..PRIVATE
    },
    Planned { title: "Dentist", location: "Main street 12", when: at(3, 8, 30, 45), ..PRIVATE },
    Planned {
        organizer: "alan",
        title: "Team dinner",
        location: "The Blue Door",
        when: at(4, 19, 0, 180),
        invite: &["ada", "grace", "margaret"],
        reactions: &[("grace", ACCEPTS), ("margaret", MAY_COME)],
        ..PRIVATE
    },
    Planned {
        organizer: "linus",
        title: "Hackathon",
        description: "Two days, one idea, no slides.",
        location: "Workshop",
        when: When::Days { day: 5, days: 2 },
        public: true,
        reactions: &[("ada", JOINS), ("grace", MAY_JOIN)],
        ..PRIVATE
    },
    Planned {
        title: "Offsite planning",
        when: at(6, 14, 0, 120),
        invite: &["grace", "linus"],
        reactions: &[("grace", ACCEPTS)],
        cancelled: true,
        ..PRIVATE
    },
    Planned {
        organizer: "linus",
        title: "Call with Tokyo",
        description: "The time is Tokyo's.",
        when: When::At { day: 8, hour: 17, minute: 0, minutes: 45, zone: Some("Asia/Tokyo") },
        invite: &["ada", "alan"],
        reactions: &[("ada", MAY_COME), ("alan", DECLINES)],
        ..PRIVATE
    },
    Planned {
        organizer: "margaret",
        title: "Launch party 🎉 発売記念",
        location: "Roof terrace",
        when: at(10, 18, 30, 240),
        public: true,
        invite: &["ada", "grace", "linus", "alan"],
        reactions: &[("ada", ACCEPTS), ("grace", ACCEPTS), ("linus", DECLINES)],
        ..PRIVATE
    },
    Planned {
        organizer: "grace",
        title: "First-aid course",
        description: "The room has two seats; whoever is in line moves up.",
        location: "Room 3",
        when: at(9, 9, 0, 180),
        public: true,
        places: Some(2),
        invite: &["ada"],
        reactions: &[("linus", JOINS), ("margaret", JOINS), ("alan", JOINS), ("ada", ACCEPTS)],
        ..PRIVATE
    },
    Planned {
        organizer: "linus",
        title: "Weekly sync",
        description: "Fifteen minutes, standing.",
        location: "Room 2",
        when: at(-5, 11, 0, 15),
        rule: "FREQ=WEEKLY;COUNT=8",
        invite: &["ada", "grace", "alan"],
        reactions: &[("ada", ACCEPTS), ("grace", ACCEPTS), ("alan", MAY_COME)],
        exceptions: &[
            (7, Otherwise::Moved { title: "Weekly sync, with Tokyo", location: "Video", when: at(3, 17, 0, 30) }),
            (14, Otherwise::Answered("grace", Response::Decline)),
            (21, Otherwise::CalledOff),
        ],
        ..PRIVATE
    },
    Planned {
        organizer: "margaret",
        title: "Book day",
        location: "Library",
        when: When::Days { day: 12, days: 1 },
        rule: "FREQ=MONTHLY",
        public: true,
        ..PRIVATE
    },
];

/// Who shares a calendar with whom, and how much of it.
pub(super) const SHARES: &[(&str, &str, Level)] = &[
    ("ada", "grace", Level::Details),
    ("ada", "linus", Level::Busy),
    ("grace", "ada", Level::Details),
    ("margaret", "ada", Level::Busy),
    ("alan", "ada", Level::Details),
];
