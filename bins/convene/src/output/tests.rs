//! The JSON of every document, to the letter, and what its text must and must not hold.

use domain::calendar::{Attendance, Entry};
use domain::events::{Event, Person};
use domain::invitations::{Counts, EventSummary, Invitation, Participant, Participants, Status};
use domain::sharing::{Level, Share, Shares};
use domain::time::Moment;
use domain::{EventId, EventTime, Instance, Page, PageCursor, Positions, Series, Timestamp, UserId, Zone};
use jiff::civil::date;

use super::*;

const EVENT: &str = "0198c0de-7000-7abc-8def-0123456789ab";

fn berlin() -> Zone {
    "Europe/Berlin".parse().unwrap()
}

fn at_nine() -> EventTime {
    let moment = |hour| Moment::in_zone("start", date(2027, 3, 10).at(hour, 0, 0, 0), &berlin()).unwrap();
    EventTime::timed(moment(9), moment(10), berlin()).unwrap()
}

fn event(time: EventTime) -> Event {
    Event {
        alarms: domain::events::Alarms::default(),
        capacity: None,
        occurrence: None,
        id: EVENT.parse().unwrap(),
        title: "Planning".parse().unwrap(),
        description: "first\nsecond".parse().unwrap(),
        location: "Room 1".parse().unwrap(),
        series: Series::once(time),
        public: false,
        organizer: Person::Named("alice".parse().unwrap()),
        version: 3,
        cancelled: false,
        created: Timestamp::from_micros(1_800_000_000_999_999),
    }
}

fn invitation(inviter: Option<Person>) -> Invitation {
    let Event { id, title, location, series, public, organizer, cancelled, .. } = event(at_nine());
    Invitation {
        event: EventSummary { id, title, location, series, public, organizer, cancelled },
        instance: Instance::Series,
        invitee: "bob".parse().unwrap(),
        inviter,
        status: Status::Pending,
        position: None,
    }
}

fn json(document: &impl Document) -> String {
    Printed::new(document, Notes::default()).json
}

#[test]
fn a_timed_event_has_its_zones_offset_and_an_all_day_event_dates() {
    assert_eq!(
        json(&EventDocument::from(&event(at_nine()))),
        concat!(
            r#"{"id":"0198c0de-7000-7abc-8def-0123456789ab","title":"Planning","description":"first\nsecond","#,
            r#""location":"Room 1","start":"2027-03-10T09:00:00+01:00","end":"2027-03-10T10:00:00+01:00","all_day":false,"#,
            r#""zone":"Europe/Berlin","instance":null,"rrule":null,"repeats":null,"remind":[],"public":false,"#,
            r#""capacity":null,"organizer":"alice","version":3,"cancelled":false,"#,
            r#""created":"2027-01-15T09:00:00+01:00"}"#
        )
    );
    let days = EventTime::all_day(date(2027, 3, 10), date(2027, 3, 12)).unwrap();
    let days = serde_json::to_value(EventDocument::from(&event(days))).unwrap();
    assert_eq!((&days["start"], &days["end"]), (&"2027-03-10".into(), &"2027-03-12".into()));
    assert_eq!((&days["all_day"], &days["zone"]), (&true.into(), &serde_json::Value::Null));
}

#[test]
fn a_list_says_where_the_next_page_begins_or_null() {
    let empty = EventListDocument::from(Page { items: Vec::new(), next: None });
    assert_eq!(json(&empty), r#"{"items":[],"next":null}"#);
    let page = EventListDocument::from(Page { items: Vec::new(), next: Some(PageCursor::from_bytes(&[1, 2])) });
    assert_eq!(json(&page), r#"{"items":[],"next":"0102"}"#);
    assert!(page.text().contains("--after 0102"));
}

#[test]
fn an_invitation_has_a_short_event_and_names_who_is_gone_and_nobody_for_who_came_by_themselves() {
    assert_eq!(
        json(&InvitationDocument::from(&invitation(Some(Person::Deleted)))),
        concat!(
            r#"{"event":{"id":"0198c0de-7000-7abc-8def-0123456789ab","title":"Planning","#,
            r#""start":"2027-03-10T09:00:00+01:00","end":"2027-03-10T10:00:00+01:00","all_day":false,"zone":"Europe/Berlin","#,
            r#""location":"Room 1","organizer":"alice","public":false,"cancelled":false},"#,
            r#""instance":null,"following":false,"invitee":"bob","inviter":"deleted user","status":"pending"}"#
        )
    );
    let alone = serde_json::to_value(InvitationDocument::from(&invitation(None))).unwrap();
    assert_eq!(alone["inviter"], serde_json::Value::Null);
}

#[test]
fn my_invitations_have_a_next_page_and_those_of_a_commands_people_have_none() {
    assert_eq!(
        json(&InvitationListDocument::page(&Page { items: Vec::new(), next: None })),
        r#"{"items":[],"next":null}"#
    );
    assert_eq!(json(&InvitationListDocument::of_people(&[])), r#"{"items":[]}"#);
}

#[test]
fn whoever_waits_is_told_their_position_and_so_is_everyone_else() {
    let waiting = Invitation { status: Status::Waiting, position: Some(3), ..invitation(None) };
    let document = serde_json::to_value(InvitationDocument::from(&waiting)).unwrap();
    assert_eq!((&document["status"], &document["position"]), (&"waiting".into(), &3.into()));
    let text = InvitationDocument::from(&waiting).text();
    assert!(text.contains("waiting (full: you are 3rd in line)"), "{text}");
    let page = Page { items: vec![waiting], next: None };
    assert!(InvitationListDocument::page(&page).text().contains("waiting, 3rd"));

    let people = vec![Participant { username: "bob".parse().unwrap(), status: Status::Waiting, position: Some(12) }];
    let counts = Counts { going: 100, waiting: 12, ..Counts::default() };
    let document = ParticipantsDocument::from(Participants { counts, people: Page { items: people, next: None } });
    let items = serde_json::to_value(&document).unwrap()["items"].clone();
    assert_eq!(items, serde_json::json!([{ "username": "bob", "status": "waiting", "position": 12 }]));
    assert!(document.text().starts_with("100 going, 12 waiting, 0 maybe, 0 pending, 0 declined\n"));
    assert!(document.text().contains("waiting, 12th"));
}

#[test]
fn participants_are_counted_and_named() {
    let people = vec![Participant { username: "bob".parse().unwrap(), status: Status::Going, position: None }];
    let counts = Counts { going: 1, maybe: 0, pending: 2, declined: 0, waiting: 0 };
    let document = ParticipantsDocument::from(Participants { counts, people: Page { items: people, next: None } });
    assert_eq!(
        json(&document),
        concat!(
            r#"{"counts":{"going":1,"maybe":0,"pending":2,"declined":0,"waiting":0},"#,
            r#""items":[{"username":"bob","status":"going"}],"next":null}"#
        )
    );
    assert!(document.text().starts_with("1 going, 0 maybe, 2 pending, 0 declined\n"));
}

#[test]
fn a_busy_entry_of_a_calendar_tells_its_hours_and_nothing_else() {
    let entries = [
        Entry::Event {
            alarms: domain::events::Alarms::default(),
            event: EVENT.parse::<EventId>().unwrap(),
            instance: Instance::Series,
            title: "Planning".parse().unwrap(),
            time: at_nine(),
            location: "Room 1".parse().unwrap(),
            attendance: Attendance::Organizing,
        },
        Entry::Busy { start: 1_804_672_800, end: 1_804_676_400 },
    ];
    let days = (date(2027, 3, 10), date(2027, 3, 11));
    let document = CalendarDocument::new(&"alice".parse().unwrap(), days, &entries, None, &berlin());
    assert_eq!(
        json(&document),
        concat!(
            r#"{"owner":"alice","from":"2027-03-10","to":"2027-03-11","items":["#,
            r#"{"event":"0198c0de-7000-7abc-8def-0123456789ab","instance":null,"title":"Planning","#,
            r#""start":"2027-03-10T09:00:00+01:00","end":"2027-03-10T10:00:00+01:00","all_day":false,"zone":"Europe/Berlin","location":"Room 1","status":"organizing"},"#,
            r#"{"event":null,"instance":null,"title":null,"start":"2027-03-10T11:00:00+01:00","end":"2027-03-10T12:00:00+01:00","#,
            r#""all_day":null,"zone":null,"location":null,"status":"busy"}],"next":null}"#
        )
    );
}

#[test]
fn shares_are_both_lists() {
    let share = |name: &str, level| Share { username: name.parse().unwrap(), level };
    let shares =
        Shares { shared_with: vec![share("bob", Level::Busy)], shared_with_me: vec![share("carol", Level::Details)] };
    let expected = concat!(
        r#"{"shared_with":[{"username":"bob","level":"busy"}],"#,
        r#""shared_with_me":[{"username":"carol","level":"details"}]}"#
    );
    assert_eq!(json(&SharesDocument::from(&shares)), expected);
}

#[test]
fn a_user_is_an_id_and_a_name() {
    let id = UserId::new();
    let user = domain::auth::User { id, username: "alice".parse().unwrap() };
    let document = UserDocument::new(&user, "Signed in as alice.".to_owned());
    assert_eq!(json(&document), format!(r#"{{"user":{{"id":"{id}","username":"alice"}}}}"#));
    assert_eq!(document.text(), "Signed in as alice.\n");
}

#[test]
fn findings_of_a_check_are_told_with_their_rows() {
    let dangling = vec![
        Finding::Dangling { reference: "a.b.c".to_owned(), row: "r".to_owned(), target: "user x".to_owned() },
        Finding::Discrepancy { discrepancy: "3 are counted as 2".to_owned(), service: "invitations" },
    ];
    let expected = concat!(
        r#"{"references":7,"dangling":[{"reference":"a.b.c","row":"r","target":"user x"},"#,
        r#"{"discrepancy":"3 are counted as 2","service":"invitations"}]}"#
    );
    assert_eq!(json(&CheckDocument { references: 7, dangling }), expected);
}

#[test]
fn being_behind_and_unsettled_is_in_the_document_only_when_it_is_so() {
    let document = SharesDocument::from(&Shares::default());
    let mut notes = Notes::default();
    assert_eq!(Printed::new(&document, notes.clone()).json, r#"{"shared_with":[],"shared_with_me":[]}"#);
    let reply =
        Reply { value: (), seen: Positions::default(), behind: vec![Service::Events, Service::Auth], settled: false };
    notes.take_in(reply);
    let printed = Printed::new(&document, notes);
    assert_eq!(printed.json, r#"{"shared_with":[],"shared_with_me":[],"behind":["auth","events"],"settled":false}"#);
    assert_eq!(printed.notes.lines().len(), 2);
}

#[test]
fn the_text_of_an_event_is_for_people() {
    let text = EventDocument::from(&event(at_nine())).text();
    assert!(text.starts_with("Planning\n"), "{text}");
    assert!(text.contains("2027-03-10T09:00:00+01:00 until 2027-03-10T10:00:00+01:00, Europe/Berlin"), "{text}");
    assert!(text.ends_with("\n  first\n  second\n"), "{text}");
}

#[test]
fn a_hostile_description_cannot_touch_the_terminal() {
    // No control characters get past `domain`, but the direction of writing can still be turned.
    let mut hostile = event(at_nine());
    hostile.title = "a\u{202e}b".parse().unwrap();
    for text in [
        EventDocument::from(&hostile).text(),
        EventListDocument::from(Page { items: vec![hostile], next: None }).text(),
    ] {
        assert!(!text.contains('\u{202e}'), "{text:?}");
    }
}
