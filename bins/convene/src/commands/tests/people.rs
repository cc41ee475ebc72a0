//! Invitations, calendars and shares.

use domain::calendar::{CalendarPage, CalendarRequest, CalendarResponse};
use domain::events::EventsResponse;
use domain::invitations::{EventSummary, Invitation, InvitationsRequest, InvitationsResponse, Status};
use domain::sharing::{Shares, SharingResponse};
use domain::{Error, Instance, Service};

use super::script::{Desk, EVENT, event_at, hours, json};

fn invitation(invitee: &str, status: Status) -> Invitation {
    let event = event_at(hours(9, 10), 1);
    Invitation {
        event: EventSummary {
            id: event.id,
            title: event.title,
            location: event.location,
            series: event.series,
            public: event.public,
            organizer: event.organizer.clone(),
            cancelled: event.cancelled,
        },
        instance: Instance::Series,
        invitee: invitee.parse().unwrap(),
        inviter: Some(event.organizer),
        status,
        position: None,
    }
}

#[tokio::test]
async fn inviting_shows_what_the_invited_have_answered() {
    let desk = Desk::of_alice().await;
    desk.events.answers(Ok(EventsResponse::invite(event_at(hours(9, 10), 1))));
    let known = vec![invitation("bob", Status::Going), invitation("carol", Status::Pending)];
    desk.invitations.answers(Ok(InvitationsResponse::of_people(known)));
    let printed = desk.gives(&["invite", EVENT, "bob", "carol", "bob"]).await.unwrap();
    let items = json(&printed)["items"].clone();
    assert_eq!((&items[0]["status"], &items[1]["status"]), (&"going".into(), &"pending".into()));
    assert_eq!(items.as_array().unwrap().len(), 2);
    assert!(json(&printed).get("behind").is_none());
}

#[tokio::test]
async fn inviting_succeeds_while_invitations_is_away_or_behind_and_says_so() {
    for answer in [
        Err(Error::unavailable(Service::Invitations, "connection refused")),
        Err(Error::not_found("event", EVENT)),
        Ok(InvitationsResponse::of_people(vec![invitation("bob", Status::Going)])),
    ] {
        let desk = Desk::of_alice().await;
        desk.events.answers(Ok(EventsResponse::invite(event_at(hours(9, 10), 1))));
        desk.invitations.answers(answer);
        let printed = desk.gives(&["invite", EVENT, "bob", "carol"]).await.unwrap();
        let items = &json(&printed)["items"];
        assert_eq!((&items[1]["invitee"], &items[1]["status"]), (&"carol".into(), &"pending".into()));
        assert_eq!((&items[1]["inviter"], &items[1]["event"]["id"]), (&"alice".into(), &EVENT.into()));
        assert_eq!(json(&printed)["behind"][0], "invitations");
    }
}

#[tokio::test]
async fn uninviting_shows_the_invitations_as_they_were() {
    let desk = Desk::of_alice().await;
    desk.invitations.answers(Ok(InvitationsResponse::of_people(vec![invitation("bob", Status::Maybe)])));
    desk.events.answers(Ok(EventsResponse::uninvite(event_at(hours(9, 10), 1))));
    let printed = desk.gives(&["uninvite", EVENT, "bob", "stranger"]).await.unwrap();
    let items = json(&printed)["items"].clone();
    assert_eq!((items.as_array().unwrap().len(), &items[0]["status"]), (1, &"maybe".into()));
}

#[tokio::test]
async fn an_answer_changed_and_changed_back_is_three_commands_with_rising_numbers() {
    let desk = Desk::of_alice().await;
    let answer = |status| Ok(InvitationsResponse::respond(invitation("alice", status)));
    desk.invitations.answers(Err(Error::Deadline { service: Service::Invitations }));
    desk.invitations.answers(answer(Status::Declined));
    desk.invitations.answers(answer(Status::Going));
    assert_eq!(desk.gives(&["respond", EVENT, "accept"]).await.unwrap_err().exit(), 9);
    desk.gives(&["respond", EVENT, "decline"]).await.unwrap();
    let printed = desk.gives(&["respond", EVENT, "accept"]).await.unwrap();
    assert_eq!(json(&printed)["status"], "going");
    let numbers: Vec<_> = desk.invitations.calls().iter().map(|(context, _)| context.sequence.unwrap()).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
}

#[tokio::test]
async fn participants_are_asked_for_by_status() {
    let desk = Desk::of_alice().await;
    let nobody = domain::invitations::Participants {
        counts: domain::invitations::Counts { going: 3, ..Default::default() },
        people: domain::Page { items: Vec::new(), next: None },
    };
    desk.invitations.answers(Ok(InvitationsResponse::participants(nobody)));
    let printed = desk.gives(&["participants", EVENT, "--status", "declined"]).await.unwrap();
    assert_eq!(json(&printed)["counts"]["going"], 3);
    let Some((_, InvitationsRequest::participants(request))) = desk.invitations.calls().pop() else { panic!() };
    assert_eq!(request.status, Some(Status::Declined));
}

#[tokio::test]
async fn a_calendar_shows_31_days_and_ones_own_name_means_ones_own() {
    let desk = Desk::of_alice().await;
    for (line, of, from, to) in [
        (vec!["calendar"], None, "2027-03-09", "2027-04-08"),
        (vec!["calendar", "--of", "alice", "--from", "2027-05-01"], None, "2027-05-01", "2027-05-31"),
        (
            vec!["calendar", "--of", "bob", "--from", "today", "--to", "tomorrow"],
            Some("bob"),
            "2027-03-09",
            "2027-03-10",
        ),
    ] {
        let owner = of.unwrap_or("alice").parse().unwrap();
        desk.calendar.answers(Ok(CalendarResponse::entries(CalendarPage { owner, items: Vec::new(), next: None })));
        let printed = desk.gives(&line).await.unwrap();
        assert_eq!((&json(&printed)["from"], &json(&printed)["to"]), (&from.into(), &to.into()), "{line:?}");
        assert_eq!(json(&printed)["owner"], of.unwrap_or("alice"));
        let Some((_, CalendarRequest::entries(request))) = desk.calendar.calls().pop() else { panic!() };
        assert_eq!(request.of.map(String::from).as_deref(), of);
    }
}

#[tokio::test]
async fn sharing_answers_with_both_lists() {
    let desk = Desk::of_alice().await;
    desk.sharing.answers(Ok(SharingResponse::share(Shares::default())));
    let printed = desk.gives(&["share", "bob", "--busy-only"]).await.unwrap();
    assert_eq!(printed.json, r#"{"shared_with":[],"shared_with_me":[]}"#);
}

#[tokio::test]
async fn the_state_of_five_silent_services_is_told_without_failing() {
    let desk = Desk::new();
    let printed = desk.gives(&["status"]).await.unwrap();
    let services = json(&printed)["services"].clone();
    assert_eq!(services.as_array().unwrap().len(), 5);
    assert!(services.as_array().unwrap().iter().all(|service| service["state"] == "down"), "{services}");
    assert_eq!(printed.exit, 0);
}
