//! Long lists: what is asked for as they scroll, what is kept, and filters over them.

use crossterm::event::KeyCode;
use domain::calendar::Attendance;
use domain::events::Person;
use domain::invitations::{Counts, Invitation, Participant, Participants, Status};
use domain::sharing::{Level, Share, Shares};
use domain::{Page, Zone};
use jiff::ToSpan as _;
use jiff::civil::{Date, date};

use super::rig::{Rig, at, cursor, entry, event, found_entries, id, invitation, page_of, timed};
use crate::app::ask::{Call, Command, Done, Found, Query};
use crate::app::item::{Item, Kind};
use crate::app::model::View;
use crate::app::rows::RowId;

const SIZE: usize = 200;
const CROWD: usize = 100_000;

fn crowd(page: usize) -> Found {
    let people = page_of(page, SIZE, CROWD, |nth| Participant {
        username: format!("user-{nth:06}").parse().unwrap(),
        status: if nth < 60_000 { Status::Going } else { Status::Pending },
        position: None,
    });
    let counts = Counts { going: 60_000, pending: 40_000, ..Counts::default() };
    Found::Participants(Participants { counts, people })
}

fn participants(query: &Query) -> bool {
    matches!(query, Query::Participants { .. })
}

/// Alice's event with a hundred thousand participants is open.
fn at_the_crowd() -> Rig {
    let mut rig = Rig::signed_in();
    rig.has_inbox(Vec::new());
    rig.has_entries(&[entry(1, "Standup", 10, 9, Attendance::Organizing)]);
    rig.command("participants");
    rig.finds(|query| *query == Query::Event(id(1)), Found::Event(Box::new(event(1, "Standup", "alice"))));
    assert_eq!(rig.turns_pages(participants, crowd), [0]);
    rig
}

/// Items that are kept of the list of participants.
fn kept(rig: &Rig) -> usize {
    let items = |found: &Found| match found {
        Found::Participants(found) => found.people.items.len(),
        _ => 0,
    };
    rig.model.store.values().filter_map(|remote| remote.data()).map(items).sum()
}

#[test]
fn a_hundred_thousand_participants_are_scrolled_page_by_page_and_few_are_kept() {
    let mut rig = at_the_crowd();
    assert!(rig.screen(120, 40).contains("60000 going"), "{}", rig.screen(120, 40));
    let mut most = 0;
    // A screen at a time, and then from one end of what is known to the next.
    for nth in 0..700 {
        rig.key(if nth < 100 { KeyCode::PageDown } else { KeyCode::End });
        rig.turns_pages(participants, crowd);
        most = most.max(kept(&rig));
    }
    assert_eq!(rig.model.in_list().unwrap().selected, CROWD - 1);
    let screen = rig.screen(80, 24);
    assert!(screen.contains("▸ ○ user-099999") && screen.contains("60000 going"), "{screen}");
    assert!(most <= 70 * SIZE, "{most} were kept at once");
    // And back up: what was let go is asked for again, at its place.
    for _ in 0..200 {
        rig.key(KeyCode::PageUp);
        rig.turns_pages(participants, crowd);
    }
    let selected = rig.model.in_list().unwrap().selected;
    assert!(rig.screen(80, 24).contains(&format!("▸ ○ user-{selected:06}")), "{}", rig.screen(80, 24));
}

#[test]
fn a_filter_walks_through_the_whole_list_and_says_how_far_it_is() {
    let mut rig = at_the_crowd();
    rig.types("/99 user-0999");
    let sent = rig.asked(|query| matches!(query, Query::Participants { page: 1, .. }));
    assert!(rig.screen(80, 24).contains("… 200 looked through"), "{}", rig.screen(80, 24));
    rig.answer(&sent, Ok(crate::app::ask::Outcome::Found(crowd(1))));
    rig.turns_pages(participants, crowd);
    rig.key(KeyCode::Enter);
    let screen = rig.screen(120, 40);
    assert!(screen.contains("▸ ○ user-099900"), "{screen}");
    assert!(screen.contains("with “99 user-0999” · ") && !screen.contains("looked through"), "{screen}");
    assert!(kept(&rig) <= 70 * SIZE, "{} are kept", kept(&rig));
    // What was found stays selected when all is shown again.
    rig.types("jj");
    let found = rig.model.selected_id();
    assert_eq!(found, Some(RowId::Participant("user-099902".parse().unwrap())));
    rig.key(KeyCode::Esc);
    rig.turns_pages(participants, crowd);
    assert_eq!(rig.model.selected_id(), found);
    assert_eq!(rig.model.in_list().unwrap().selected, 99_902);
    assert!(!rig.screen(120, 40).contains("with “"));
}

#[test]
fn a_list_that_changes_in_front_keeps_what_is_selected() {
    let mut rig = at_the_crowd();
    rig.types("jjjjj");
    let selected = rig.model.selected_id();
    rig.model.store.get_mut(&Query::Participants { event: id(1), page: 0 }).unwrap().outdate();
    rig.tell(crate::app::message::Msg::Tick);
    let newcomer = |page: usize| {
        let Found::Participants(mut found) = crowd(page) else { panic!("participants") };
        if page == 0 {
            found
                .people
                .items
                .insert(0, Participant { username: "aaron".parse().unwrap(), status: Status::Going, position: None });
            found.people.items.pop();
        }
        Found::Participants(found)
    };
    rig.turns_pages(participants, newcomer);
    assert_eq!((rig.model.selected_id(), rig.model.in_list().unwrap().selected), (selected, 6));
}

#[test]
fn what_was_selected_before_a_filter_that_finds_nothing_is_selected_after_it() {
    let mut rig = Rig::signed_in();
    rig.has_inbox(vec![
        invitation(1, "Standup", Status::Pending),
        invitation(2, "Retro", Status::Going),
        invitation(3, "Lunch", Status::Pending),
    ]);
    rig.command("invitations");
    rig.types("jj/zzz");
    assert!(rig.screen(80, 24).contains("nothing has “zzz” in it · Esc shows everything"), "{}", rig.screen(80, 24));
    rig.key(KeyCode::Enter);
    rig.key(KeyCode::Esc);
    assert!(rig.screen(80, 24).contains("▸ ○ pending  Fri 12 Mar 09:00–10:00 Lunch"), "{}", rig.screen(80, 24));
}

#[test]
fn a_filter_shows_what_it_lets_through_while_it_is_typed_and_esc_takes_it_back() {
    let mut rig = Rig::signed_in();
    let mut carols = invitation(2, "Retro", Status::Going);
    carols.inviter = Some(Person::Named("carol".parse().unwrap()));
    rig.has_inbox(vec![invitation(1, "Standup", Status::Pending), carols]);
    rig.command("invitations");
    rig.types("/carol");
    let screen = rig.screen(80, 24);
    assert!(screen.contains("Retro") && !screen.contains("Standup") && screen.contains("/carol"), "{screen}");
    rig.key(KeyCode::Esc);
    assert!(rig.screen(80, 24).contains("Standup"));
    // The words of an answer are found too.
    rig.types("/pend");
    rig.key(KeyCode::Enter);
    let screen = rig.screen(80, 24);
    assert!(screen.contains("Standup") && !screen.contains("Retro") && screen.contains("Esc clear filter"), "{screen}");
    rig.command("clear filter");
    assert!(rig.screen(80, 24).contains("Retro"));
}

#[test]
fn many_invitations_come_in_pages_and_the_header_counts_those_that_wait() {
    let inbox = |page: usize| {
        Found::Inbox(page_of(page, SIZE, 1_000, |nth| {
            let mut one = invitation(1, &format!("Event {nth}"), Status::Going);
            one.event.id = domain::EventId::from_bytes(u128::try_from(nth).unwrap().to_be_bytes());
            one
        }))
    };
    let is_inbox = |query: &Query| matches!(query, Query::Inbox { .. });
    let mut rig = Rig::signed_in();
    assert_eq!(rig.turns_pages(is_inbox, inbox), [0]);
    // The first page does not tell how many wait: they are asked for by themselves.
    let waiting: Vec<Invitation> = (0..150).map(|_| invitation(9, "Waiting", Status::Pending)).collect();
    let found = Found::Pending(Page { items: waiting, next: cursor(1) });
    rig.finds(|query| *query == Query::Pending, found);
    assert!(rig.screen(120, 40).contains("150+ to answer"), "{}", rig.screen(120, 40));
    rig.command("invitations");
    assert!(rig.turns_pages(is_inbox, inbox).is_empty());
    for _ in 0..20 {
        rig.key(KeyCode::End);
        rig.turns_pages(is_inbox, inbox);
    }
    assert!(rig.screen(80, 24).contains("Event 999"), "{}", rig.screen(80, 24));
}

#[test]
fn public_events_are_searched_by_their_service_and_the_search_is_shown_and_cleared() {
    let mut rig = Rig::signed_in();
    rig.command("public events");
    let all = Page { items: vec![event(8, "Party", "carol"), event(9, "Retro", "dave")], next: None };
    rig.finds(|query| matches!(query, Query::Public { search: None, .. }), Found::Public(all));
    rig.types("/ret");
    rig.key(KeyCode::Enter);
    let wanted = |query: &Query| matches!(query, Query::Public { search: Some(text), .. } if text.as_str() == "ret");
    rig.finds(wanted, Found::Public(Page { items: vec![event(9, "Retro", "dave")], next: None }));
    let screen = rig.screen(80, 24);
    assert!(screen.contains("with “ret”") && screen.contains("Retro") && !screen.contains("Party"), "{screen}");
    rig.key(KeyCode::Esc);
    let screen = rig.screen(80, 24);
    assert!(!screen.contains("with “ret”") && screen.contains("Party"), "{screen}");
    // What was found stays selected.
    assert!(screen.contains("Retro · dave") && rig.model.pick().unwrap().event == id(9), "{screen}");
}

#[test]
fn people_are_filtered_by_name_and_what_is_selected_acts_on_whom_it_shows() {
    let mut rig = Rig::signed_in();
    rig.command("people");
    let share = |name: &str, level| Share { username: name.parse().unwrap(), level };
    let shares = Shares {
        shared_with: vec![share("bob", Level::Busy), share("carol", Level::Details)],
        shared_with_me: vec![share("carol", Level::Details), share("dave", Level::Busy)],
    };
    rig.finds(|query| *query == Query::Shares, Found::Shares(shares));
    rig.types("/dave");
    rig.key(KeyCode::Enter);
    let screen = rig.screen(80, 24);
    assert!(screen.contains("none of them") && screen.contains("▸ dave"), "{screen}");
    rig.key(KeyCode::Enter);
    assert_eq!(rig.model.whose.as_ref().map(domain::Username::as_str), Some("dave"));
}

#[test]
fn a_thousand_shares_cost_no_more_rows_than_the_screen_has() {
    let mut rig = Rig::signed_in();
    rig.command("people");
    let share = |nth: usize| Share { username: format!("user-{nth:04}").parse().unwrap(), level: Level::Busy };
    let shares =
        Shares { shared_with: (0..1_000).map(share).collect(), shared_with_me: (1_000..2_000).map(share).collect() };
    rig.finds(|query| *query == Query::Shares, Found::Shares(shares));
    rig.key(KeyCode::End);
    assert!(rig.screen(80, 24).contains("▸ user-1999"));
    for _ in 0..999 {
        rig.key(KeyCode::Up);
    }
    let screen = rig.screen(80, 24);
    assert!(screen.contains("▸ user-1000") && screen.contains("Let me see theirs"), "{screen}");
    assert!(screen.contains("user-0999"), "{screen}");
}

/// An entry of every day from the tenth of March on, for a thousand days; and one that goes on for three years.
fn days(page: usize) -> Found {
    let item = |nth: usize| {
        let day = date(2027, 3, 10) + i64::try_from(nth.saturating_sub(1)).unwrap().days();
        let (start, end, title) = if nth == 0 {
            (at(day, 0, 0), at(date(2030, 3, 10), 0, 0), "Sabbatical".to_owned())
        } else {
            (at(day, 9, 0), at(day, 10, 0), format!("Day {nth}"))
        };
        let entry = domain::calendar::Entry::Event {
            alarms: domain::events::Alarms::default(),
            event: domain::EventId::from_bytes(u128::try_from(nth).unwrap().to_be_bytes()),
            instance: domain::Instance::Series,
            title: title.parse().unwrap(),
            time: timed(start, end),
            location: domain::Location::default(),
            attendance: Attendance::Going,
        };
        Item::of(&entry, &Zone::utc(), false)
    };
    Found::Entries(page_of(page, SIZE, 1_000, item))
}

/// The same list for one who asks from some day on.
fn days_from(from: Date) -> impl Fn(usize) -> Found {
    move |page| {
        let all = (0..5).flat_map(|page| match days(page) {
            Found::Entries(found) => found.items,
            _ => Vec::new(),
        });
        let items: Vec<Item> = all.filter(|item| item.last_day() >= from).collect();
        Found::Entries(page_of(page, SIZE, items.len(), |nth| items[nth].clone()))
    }
}

fn agenda_of(query: &Query) -> Option<Date> {
    match query {
        Query::Entries { from, to: None, .. } => Some(*from),
        _ => None,
    }
}

/// Answers what the agenda asks, whatever day it begins on.
fn answer_agenda(rig: &mut Rig) {
    loop {
        let asked = rig.calls.iter().find_map(|sent| match &sent.call {
            Call::Ask(query) => agenda_of(query),
            _ => None,
        });
        let Some(from) = asked else { return };
        rig.turns_pages(|query| agenda_of(query) == Some(from), days_from(from));
    }
}

#[test]
fn the_agenda_goes_on_as_it_scrolls_and_lets_go_of_what_was_passed() {
    let mut rig = Rig::signed_in();
    rig.has_inbox(Vec::new());
    rig.command("agenda");
    answer_agenda(&mut rig);
    assert!(rig.screen(80, 24).contains("Day 1"), "{}", rig.screen(80, 24));
    // On each day what goes on for years, and that day's own.
    for _ in 0..90 {
        rig.key(KeyCode::PageDown);
        answer_agenda(&mut rig);
    }
    let screen = rig.screen(80, 24);
    assert!(rig.model.agenda_from > date(2027, 3, 10), "the list began anew");
    assert!(screen.contains("Sabbatical"), "what began long before is still there: {screen}");
    let kept: usize = rig.model.items().len();
    assert!(kept <= 4 * SIZE, "{kept} are at hand");
    let here = (rig.model.cursor, rig.model.item);
    for _ in 0..5 {
        rig.types("k");
        rig.types("j");
        answer_agenda(&mut rig);
    }
    assert_eq!((rig.model.cursor, rig.model.item), here);
}

#[test]
fn above_the_first_row_of_the_agenda_there_are_earlier_days() {
    let mut rig = Rig::signed_in();
    rig.command("agenda");
    let from = |query: &Query| agenda_of(query).is_some();
    rig.finds(from, found_entries(&[entry(1, "Standup", 10, 9, Attendance::Going)]));
    rig.types("k");
    assert_eq!(rig.model.agenda_from, date(2027, 2, 7));
    let earlier =
        found_entries(&[entry(2, "Retro", 3, 9, Attendance::Going), entry(1, "Standup", 10, 9, Attendance::Going)]);
    rig.finds(from, earlier);
    assert!(rig.screen(80, 24).contains("▸ 09:00–09:45 ● Standup"), "{}", rig.screen(80, 24));
    rig.types("k");
    assert!(rig.screen(80, 24).contains("▸ 09:00–09:45 ● Retro"), "{}", rig.screen(80, 24));
}

#[test]
fn the_agenda_is_filtered_and_the_filter_is_shown_and_cleared() {
    let mut rig = Rig::signed_in();
    rig.command("agenda");
    let entries = [entry(1, "Standup", 10, 9, Attendance::Going), entry(2, "Retro", 12, 9, Attendance::Going)];
    rig.finds(|query| agenda_of(query).is_some(), found_entries(&entries));
    rig.types("/retro");
    rig.key(KeyCode::Enter);
    let screen = rig.screen(80, 24);
    assert!(screen.contains("with “retro”") && screen.contains("▸ 09:00–09:45 ● Retro"), "{screen}");
    assert!(!screen.contains("Standup"), "{screen}");
    rig.key(KeyCode::Esc);
    let screen = rig.screen(80, 24);
    assert!(screen.contains("Standup") && screen.contains("▸ 09:00–09:45 ● Retro"), "{screen}");
}

#[test]
fn a_month_with_thousands_of_entries_is_drawn_as_it_comes_and_says_when_there_is_more() {
    let mut rig = Rig::signed_in();
    let endless = |page: usize| {
        let mut found = days(0);
        if let Found::Entries(found) = &mut found {
            found.next = cursor(page + 1);
        }
        found
    };
    let month = |query: &Query| matches!(query, Query::Entries { to: Some(_), .. });
    let pages = rig.turns_pages(month, endless);
    assert_eq!(pages, (0..20).collect::<Vec<_>>());
    let screen = rig.screen(80, 24);
    assert!(screen.contains("there is more on these days than is shown"), "{screen}");
    // A day by itself is asked for by itself.
    rig.command("day");
    let today = |query: &Query| matches!(query, Query::Entries { from, to: Some(to), .. } if from == to && *from == date(2027, 3, 10));
    rig.finds(today, found_entries(&[entry(1, "Standup", 10, 9, Attendance::Organizing)]));
    let screen = rig.screen(80, 24);
    assert!(screen.contains("Standup") && !screen.contains("there is more"), "{screen}");
    assert_eq!((rig.model.view, rig.model.selected_item().map(|item| item.kind)), (View::Day, Some(Kind::Organizing)));
}

#[test]
fn uninviting_the_selected_participant_can_be_undone() {
    let mut rig = at_the_crowd();
    rig.types("jjD");
    let sent = rig.sent();
    let Call::Do(Command::Uninvite(uninvite)) = &sent.call else { panic!("{sent:?}") };
    assert_eq!(uninvite.invitees, ["user-000002".parse().unwrap()]);
    rig.done(&sent, Done::Event(Box::new(event(1, "Standup", "alice"))));
    let screen = rig.screen(80, 24);
    assert!(screen.contains("no longer invited: user-000002 · u invites them again"), "{screen}");
    rig.types("u");
    let sent = rig.sent();
    let Call::Do(Command::Invite(invite)) = &sent.call else { panic!("{sent:?}") };
    assert_eq!(invite.invitees, ["user-000002".parse().unwrap()]);
}
