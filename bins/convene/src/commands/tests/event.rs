//! Events: what is sent, what is sent again, and what is not.

use std::time::Duration;

use domain::events::{Capacity, CreateEvent, EventsRequest, EventsResponse};
use domain::{Credential, Epoch, Error, Page, PageCursor, Position, Positions, Reply, Service};

use super::script::{Desk, EVENT, event_at, hours, json};

const CREATE: [&str; 6] = ["event", "create", "--title", "Planning", "--start", "tomorrow 9:00"];

fn created() -> Result<EventsResponse, Error> {
    Ok(EventsResponse::create(event_at(hours(9, 10), 1)))
}

fn create_requests(desk: &Desk) -> Vec<(domain::IdempotencyKey, u64, CreateEvent)> {
    let calls = desk.events.calls().into_iter();
    calls
        .map(|(context, request)| match request {
            EventsRequest::create(request) => (context.idempotency_key.unwrap(), context.sequence.unwrap(), request),
            other => panic!("{other:?}"),
        })
        .collect()
}

#[tokio::test]
async fn a_command_of_unknown_outcome_is_sent_again_as_it_was_even_if_its_words_mean_another_day_by_now() {
    let mut desk = Desk::of_alice().await;
    desk.events.answers(Err(Error::Deadline { service: Service::Events }));
    let failure = desk.gives(&CREATE).await.unwrap_err();
    assert_eq!((failure.exit(), failure.service()), (9, Some(Service::Events)));

    desk.here.now = desk.here.now.plus(Duration::from_secs(86_400));
    desk.events.answers(created());
    let printed = desk.gives(&CREATE).await.unwrap();
    assert_eq!(json(&printed)["title"], "Planning");
    assert_eq!(printed.notes.remarks.len(), 1);

    desk.events.answers(created());
    desk.gives(&CREATE).await.unwrap();

    let sent = create_requests(&desk);
    assert_eq!(sent[0], sent[1]);
    assert_eq!(sent[0].2.time, hours(9, 10));
    assert!(sent[2].0 != sent[0].0 && sent[2].1 > sent[0].1 && sent[2].2.time != sent[0].2.time, "{sent:?}");
}

#[tokio::test]
async fn a_capacity_is_sent_or_taken_away_and_what_is_none_is_refused_before_anything_is_sent() {
    let desk = Desk::of_alice().await;
    let failure = desk.gives(&[&CREATE[..], &["--capacity", "0"]].concat()).await.unwrap_err();
    assert_eq!((failure.exit(), failure.code()), (2, "invalid_input"));
    assert!(failure.message().contains("1 to 1000000"), "{failure:?}");
    desk.events.answers(created());
    let printed = desk.gives(&[&CREATE[..], &["--capacity", "12"]].concat()).await.unwrap();
    assert!(json(&printed)["capacity"].is_null(), "as the service says it");
    assert_eq!(create_requests(&desk)[0].2.capacity, Some(Capacity::try_from(12).unwrap()));

    let mut changed = event_at(hours(9, 10), 2);
    changed.capacity = Some(Capacity::try_from(20).unwrap());
    for (words, wanted) in [(&["--capacity", "20"][..], Some(20)), (&["--no-capacity"][..], None)] {
        desk.events.answers(Ok(EventsResponse::edit(changed.clone())));
        let printed = desk.gives(&[&["event", "edit", EVENT], words].concat()).await.unwrap();
        assert_eq!(json(&printed)["capacity"], 20);
        let Some((_, EventsRequest::edit(request))) = desk.events.calls().pop() else { panic!() };
        assert_eq!(request.capacity, Some(wanted.map(|places| Capacity::try_from(places).unwrap())));
    }
}

#[tokio::test]
async fn a_command_of_unknown_outcome_is_in_the_profile_before_it_is_sent() {
    let desk = Desk::of_alice().await;
    desk.events.answers(Err(Error::Deadline { service: Service::Events }));
    desk.gives(&CREATE).await.unwrap_err();
    let (key, ..) = create_requests(&desk).remove(0);
    assert!(desk.kept().contains(&key.to_string()));
    desk.events.answers(created());
    desk.gives(&CREATE).await.unwrap();
    assert!(!desk.kept().contains(&key.to_string()));
}

#[tokio::test]
async fn an_unavailable_service_is_named_and_the_command_goes_out_under_the_same_key() {
    let desk = Desk::of_alice().await;
    desk.events.answers(Err(Error::unavailable(Service::Events, "connection refused")));
    let failure = desk.gives(&CREATE).await.unwrap_err();
    assert_eq!((failure.exit(), failure.service()), (7, Some(Service::Events)));
    desk.events.answers(created());
    desk.gives(&CREATE).await.unwrap();
    let sent = create_requests(&desk);
    assert_eq!(sent[0].0, sent[1].0);
}

#[tokio::test]
async fn what_is_refused_is_over_and_the_same_words_are_a_new_command() {
    let desk = Desk::of_alice().await;
    desk.events.answers(Err(Error::not_found("user", "bob")));
    assert_eq!(desk.gives(&CREATE).await.unwrap_err().exit(), 5);
    desk.events.answers(created());
    desk.gives(&CREATE).await.unwrap();
    let sent = create_requests(&desk);
    assert_ne!(sent[0].0, sent[1].0);
}

#[tokio::test]
async fn wrong_values_are_refused_before_anything_is_sent() {
    let desk = Desk::of_alice().await;
    for (line, field) in [
        (["event", "create", "--title", "", "--start", "tomorrow 9:00"], "title"),
        (["event", "create", "--title", "T", "--start", "2027-02-30T09:00"], "start"),
        (["event", "create", "--title", "T", "--start", "2027-03-28T02:30"], "start"),
        (["event", "list", "--limit", "201", "--after", "00"], "limit"),
        (["event", "list", "--limit", "-1", "--after", "00"], "limit"),
        (["event", "list", "--after", "a-b", "--limit", "1"], "after"),
        (["event", "list", "--from", "2027-03-10", "--to", "2027-03-09"], "to"),
    ] {
        let failure = desk.gives(&line).await.unwrap_err();
        let told: serde_json::Value = serde_json::from_str(&failure.json()).unwrap();
        assert_eq!((failure.exit(), &told["error"]["field"]), (2, &field.into()), "{line:?}");
    }
    assert_eq!(desk.gives(&["event", "show", "nonsense"]).await.unwrap_err().exit(), 2);
    assert_eq!(desk.gives(&["event", "edit", EVENT]).await.unwrap_err().code(), "usage");
    assert!(desk.events.calls().is_empty());
}

#[tokio::test]
async fn a_service_that_says_the_session_is_over_ends_it_and_one_that_is_away_does_not() {
    let desk = Desk::of_alice().await;
    desk.events.answers(Err(Error::unavailable(Service::Auth, "never heard of it")));
    assert_eq!(desk.gives(&["event", "show", EVENT]).await.unwrap_err().exit(), 7);
    assert!(desk.profile.read().unwrap().session.is_some());
    desk.events.answers(Err(Error::unauthenticated("the session has ended")));
    let failure = desk.gives(&["event", "show", EVENT]).await.unwrap_err();
    assert_eq!(failure.exit(), 3);
    assert!(failure.message().contains("convene login"), "{failure:?}");
    assert!(desk.profile.read().unwrap().session.is_none());
    assert_eq!(desk.gives(&["event", "show", EVENT]).await.unwrap_err().exit(), 3);
    assert_eq!(desk.events.calls().len(), 2);
}

#[tokio::test]
async fn what_was_seen_is_shown_to_the_next_service_and_kept_for_the_next_command() {
    let desk = Desk::of_alice().await;
    let seen = Positions::of(Service::Events, Position { epoch: Epoch([1; 16]), at: 9 });
    desk.events.replies(Ok(Reply::new(created().unwrap(), seen.clone())));
    desk.gives(&CREATE).await.unwrap();
    desk.events.answers(Ok(EventsResponse::show(event_at(hours(9, 10), 1))));
    desk.gives(&["event", "show", EVENT]).await.unwrap();
    let (context, _) = desk.events.calls().pop().unwrap();
    assert_eq!(context.seen, seen);
    assert!(matches!(context.credential, Credential::Session(_)));
    assert_eq!(context.idempotency_key, None);
}

#[tokio::test]
async fn an_edit_of_the_start_keeps_the_length_and_is_meant_for_the_version_read() {
    let desk = Desk::of_alice().await;
    desk.events.answers(Ok(EventsResponse::show(event_at(hours(9, 11), 4))));
    desk.events.answers(Ok(EventsResponse::edit(event_at(hours(14, 16), 5))));
    desk.gives(&["event", "edit", EVENT, "--start", "2027-03-10T14:00"]).await.unwrap();
    let Some((_, EventsRequest::edit(request))) = desk.events.calls().pop() else { panic!() };
    assert_eq!((request.time, request.if_version), (Some(hours(14, 16)), Some(4)));
}

#[tokio::test]
async fn an_edit_that_someone_else_came_before_is_worked_out_anew() {
    let desk = Desk::of_alice().await;
    let conflict = |current| {
        Err(Error::Conflict { field: "if_version".to_owned(), reason: String::new(), current_version: Some(current) })
    };
    desk.events.answers(Ok(EventsResponse::show(event_at(hours(9, 10), 4))));
    desk.events.answers(conflict(5));
    desk.events.answers(Ok(EventsResponse::show(event_at(hours(9, 12), 5))));
    desk.events.answers(Ok(EventsResponse::edit(event_at(hours(14, 17), 6))));
    desk.gives(&["event", "edit", EVENT, "--start", "2027-03-10T14:00"]).await.unwrap();
    let Some((_, EventsRequest::edit(request))) = desk.events.calls().pop() else { panic!() };
    assert_eq!((request.time, request.if_version), (Some(hours(14, 17)), Some(5)));

    desk.events.answers(Ok(EventsResponse::show(event_at(hours(9, 10), 7))));
    desk.events.answers(conflict(7));
    let line = ["event", "edit", EVENT, "--start", "2027-03-10T14:00", "--if-version", "3"];
    let failure = desk.gives(&line).await.unwrap_err();
    assert_eq!(failure.exit(), 6);
    assert!(failure.json().contains("\"current_version\":7"), "{}", failure.json());
}

#[tokio::test]
async fn an_edit_of_unknown_outcome_is_not_worked_out_anew() {
    let desk = Desk::of_alice().await;
    let line = ["event", "edit", EVENT, "--start", "2027-03-10T14:00"];
    desk.events.answers(Ok(EventsResponse::show(event_at(hours(9, 10), 4))));
    desk.events.answers(Err(Error::Deadline { service: Service::Events }));
    assert_eq!(desk.gives(&line).await.unwrap_err().exit(), 9);
    desk.events.answers(Ok(EventsResponse::edit(event_at(hours(14, 15), 5))));
    desk.gives(&line).await.unwrap();
    let edits: Vec<_> = desk.events.calls().into_iter().filter(|(context, _)| context.sequence.is_some()).collect();
    assert_eq!(edits[0].0.idempotency_key, edits[1].0.idempotency_key);
    assert_eq!(desk.events.calls().len(), 3, "read, sent, sent again");
}

#[tokio::test]
async fn an_edit_of_the_title_alone_reads_nothing_and_holds_for_any_version() {
    let desk = Desk::of_alice().await;
    desk.events.answers(Ok(EventsResponse::edit(event_at(hours(9, 10), 5))));
    desk.gives(&["event", "edit", EVENT, "--title", "Review", "--private", "--location", ""]).await.unwrap();
    let Some((_, EventsRequest::edit(request))) = desk.events.calls().pop() else { panic!() };
    assert_eq!((request.if_version, request.time, request.public), (None, None, Some(false)));
    assert_eq!(request.location.unwrap().as_str(), "");
}

#[tokio::test]
async fn a_page_is_filled_from_short_and_empty_ones() {
    let desk = Desk::of_alice().await;
    let page = |count, next: Option<u8>| {
        let items = std::iter::repeat_n(event_at(hours(9, 10), 1), count).collect();
        Ok(EventsResponse::list(Page { items, next: next.map(|at| PageCursor::from_bytes(&[at])) }))
    };
    for answer in [page(2, Some(1)), page(0, Some(2)), page(1, Some(3))] {
        desk.events.answers(answer);
    }
    let printed = desk.gives(&["event", "list", "--limit", "3"]).await.unwrap();
    assert_eq!(json(&printed)["items"].as_array().unwrap().len(), 3);
    assert_eq!(json(&printed)["next"], "03");
    let limits: Vec<usize> = desk
        .events
        .calls()
        .into_iter()
        .map(|(_, request)| match request {
            EventsRequest::list(list) => list.page.limit.get(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(limits, [3, 1, 1]);
}

#[tokio::test]
async fn a_list_that_breaks_off_gives_what_it_has_and_where_to_go_on() {
    let desk = Desk::of_alice().await;
    let items = vec![event_at(hours(9, 10), 1)];
    desk.events.answers(Ok(EventsResponse::list(Page { items, next: Some(PageCursor::from_bytes(&[7])) })));
    desk.events.answers(Err(Error::unavailable(Service::Events, "gone")));
    let printed = desk.gives(&["event", "list"]).await.unwrap();
    assert_eq!((json(&printed)["items"].as_array().unwrap().len(), &json(&printed)["next"]), (1, &"07".into()));
}

#[tokio::test]
async fn a_list_begins_with_today_and_has_no_end_unless_told() {
    let desk = Desk::of_alice().await;
    desk.events.answers(Ok(EventsResponse::list(Page { items: Vec::new(), next: None })));
    desk.gives(&["event", "list"]).await.unwrap();
    let Some((_, EventsRequest::list(request))) = desk.events.calls().pop() else { panic!() };
    assert_eq!(request.window.from().unwrap().to_string(), "2027-03-09");
    assert_eq!((request.window.to(), request.window.zone().name()), (None, "Europe/Berlin"));
}

#[tokio::test]
async fn a_reply_that_is_behind_or_unsettled_says_so_in_its_document() {
    let desk = Desk::of_alice().await;
    let event = EventsResponse::cancel(event_at(hours(9, 10), 2));
    let reply = Reply { settled: false, behind: vec![Service::Auth], ..Reply::new(event, Positions::default()) };
    desk.events.replies(Ok(reply));
    let printed = desk.gives(&["event", "cancel", EVENT]).await.unwrap();
    assert_eq!((&json(&printed)["behind"][0], &json(&printed)["settled"]), (&"auth".into(), &false.into()));
}
