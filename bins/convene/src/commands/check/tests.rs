//! What is reported, and what is only on its way.

use domain::auth::{AuthProtocol, AuthRequest, AuthResponse};
use domain::events::{EventsRequest, EventsResponse};
use domain::integrity::{Audit, AuditPage, Present, Reference, Target};
use domain::{Context, Epoch, EventId, Position, Positions, UserId};

use super::*;

const EPOCH: Epoch = Epoch([3; 16]);

fn health(positions: &[(Service, u64)]) -> Health {
    let mut known = Positions::default();
    for (service, at) in positions {
        known.set(*service, Position { epoch: EPOCH, at: *at });
    }
    Health { version: "0.1.0".to_owned(), positions: known, behind: Vec::new(), stopped: Vec::new() }
}

#[test]
fn a_follower_that_lacks_what_the_owners_log_held_is_behind() {
    let goals =
        vec![(Service::Auth, health(&[(Service::Auth, 5)])), (Service::Events, health(&[(Service::Events, 0)]))];
    let all = |at: u64| {
        Service::ALL
            .map(|service| (service, health(&[(Service::Auth, at), (service, 9)])))
            .into_iter()
            .collect::<Vec<_>>()
    };
    assert_eq!(first_behind(&goals, &all(4)), Some((Service::Events, Service::Auth)));
    assert_eq!(first_behind(&goals, &all(5)), None);
    assert_eq!(first_behind(&goals, &all(8)), None, "news since then does not matter");
}

mod whole {
    //! The whole check, against services that hold a few rows.

    use std::sync::{Arc, Mutex};

    use async_trait::async_trait;
    use domain::auth::AuthClient;
    use domain::calendar::{CalendarClient, CalendarProtocol, CalendarRequest, CalendarResponse};
    use domain::events::{EventsClient, EventsProtocol};
    use domain::invitations::{InvitationsClient, InvitationsProtocol, InvitationsRequest, InvitationsResponse};
    use domain::sharing::{SharingClient, SharingProtocol, SharingRequest, SharingResponse};
    use domain::{Reply, Stub};

    use super::*;

    #[derive(Default)]
    struct Rows {
        users: Vec<UserId>,
        events: Vec<EventId>,
        of_events: Vec<Reference>,
        discrepancies: Vec<String>,
        down: Option<Service>,
        /// What calendar, which has heard of nothing, says that it waits for.
        calendar_waits: Vec<String>,
    }

    #[derive(Clone, Default)]
    struct Installation(Arc<Mutex<Rows>>);

    impl Installation {
        fn reply<T>(&self, service: Service, answer: impl FnOnce(&Rows) -> T) -> Answer<T> {
            let rows = self.0.lock().unwrap();
            if rows.down == Some(service) {
                return Err(Error::Deadline { service });
            }
            Ok(Reply::new(answer(&rows), Positions::default()))
        }

        fn clients(&self) -> Clients {
            let all = Arc::new(self.clone());
            Clients {
                auth: Arc::new(AuthClient(all.clone())),
                events: Arc::new(EventsClient(all.clone())),
                invitations: Arc::new(InvitationsClient(all.clone())),
                calendar: Arc::new(CalendarClient(all.clone())),
                sharing: Arc::new(SharingClient(all)),
            }
        }
    }

    fn no_references() -> AuditPage {
        AuditPage { references: Vec::new(), discrepancies: Vec::new(), next: None }
    }

    #[async_trait]
    impl Stub<AuthProtocol> for Installation {
        async fn call(&self, context: &Context, request: AuthRequest) -> Answer<AuthResponse> {
            assert!(matches!(context.credential, Credential::Service(_)) || matches!(request, AuthRequest::health(_)));
            self.reply(Service::Auth, |rows| match request {
                AuthRequest::health(_) => {
                    AuthResponse::health(health(&[(Service::Auth, u64::from(!rows.calendar_waits.is_empty()))]))
                }
                AuthRequest::audit(_) => AuthResponse::audit(no_references()),
                AuthRequest::present(Present { targets }) => AuthResponse::present(
                    targets
                        .iter()
                        .map(|target| matches!(target, Target::User(user) if rows.users.contains(user)))
                        .collect(),
                ),
                other => panic!("{other:?}"),
            })
        }
    }

    #[async_trait]
    impl Stub<EventsProtocol> for Installation {
        async fn call(&self, _context: &Context, request: EventsRequest) -> Answer<EventsResponse> {
            self.reply(Service::Events, |rows| match request {
                EventsRequest::health(_) => EventsResponse::health(health(&[(Service::Auth, 1)])),
                // One reference a page, so that pages are followed.
                EventsRequest::audit(Audit { after }) => {
                    let at = after.and_then(|after| after.first().copied()).unwrap_or(0);
                    let next = at + 1;
                    EventsResponse::audit(AuditPage {
                        references: rows.of_events.get(usize::from(at)).cloned().into_iter().collect(),
                        discrepancies: Vec::new(),
                        next: (usize::from(next) < rows.of_events.len()).then(|| vec![next]),
                    })
                }
                EventsRequest::present(Present { targets }) => EventsResponse::present(
                    targets
                        .iter()
                        .map(|target| matches!(target, Target::Event(event) if rows.events.contains(event)))
                        .collect(),
                ),
                other => panic!("{other:?}"),
            })
        }
    }

    #[async_trait]
    impl Stub<InvitationsProtocol> for Installation {
        async fn call(&self, _context: &Context, request: InvitationsRequest) -> Answer<InvitationsResponse> {
            self.reply(Service::Invitations, |rows| match request {
                InvitationsRequest::health(_) => InvitationsResponse::health(health(&[(Service::Auth, 1)])),
                InvitationsRequest::audit(_) => InvitationsResponse::audit(AuditPage {
                    discrepancies: rows.discrepancies.clone(),
                    ..no_references()
                }),
                other => panic!("{other:?}"),
            })
        }
    }

    #[async_trait]
    impl Stub<CalendarProtocol> for Installation {
        async fn call(&self, _context: &Context, request: CalendarRequest) -> Answer<CalendarResponse> {
            self.reply(Service::Calendar, |rows| match request {
                CalendarRequest::health(_) => {
                    CalendarResponse::health(Health { stopped: rows.calendar_waits.clone(), ..health(&[]) })
                }
                CalendarRequest::audit(_) => CalendarResponse::audit(no_references()),
                other => panic!("{other:?}"),
            })
        }
    }

    #[async_trait]
    impl Stub<SharingProtocol> for Installation {
        async fn call(&self, _context: &Context, request: SharingRequest) -> Answer<SharingResponse> {
            self.reply(Service::Sharing, |_| match request {
                SharingRequest::health(_) => SharingResponse::health(health(&[(Service::Auth, 1)])),
                SharingRequest::audit(_) => SharingResponse::audit(no_references()),
                other => panic!("{other:?}"),
            })
        }
    }

    fn reference(target: Target) -> Reference {
        Reference { name: "events.event.organizer".to_owned(), row: "event 1".to_owned(), target }
    }

    async fn checked(installation: &Installation) -> Result<Printed, Failure> {
        run(&installation.clients(), Credential::Service(domain::ServiceToken("operator".to_owned()))).await
    }

    #[tokio::test]
    async fn a_sound_installation_is_counted_and_passes() {
        let (user, event) = (UserId::new(), EventId::new());
        let installation = Installation::default();
        {
            let mut rows = installation.0.lock().unwrap();
            (rows.users, rows.events) = (vec![user], vec![event]);
            rows.of_events = vec![reference(Target::User(user)), reference(Target::Event(event))];
        }
        let printed = checked(&installation).await.unwrap();
        assert_eq!((printed.json.as_str(), printed.exit), (r#"{"references":2,"dangling":[]}"#, 0));
    }

    #[tokio::test]
    async fn a_reference_to_nothing_and_a_wrong_count_fail_the_check() {
        let (user, gone) = (UserId::new(), UserId::new());
        let installation = Installation::default();
        {
            let mut rows = installation.0.lock().unwrap();
            rows.users = vec![user];
            rows.of_events = vec![reference(Target::User(user)), reference(Target::User(gone))];
            rows.discrepancies = vec!["3 counted as 2".to_owned()];
        }
        let printed = checked(&installation).await.unwrap();
        let told: serde_json::Value = serde_json::from_str(&printed.json).unwrap();
        assert_eq!((printed.exit, &told["references"]), (1, &2.into()));
        assert_eq!(told["dangling"][0]["target"], format!("user {gone}"));
        assert_eq!(told["dangling"][1]["discrepancy"], "3 counted as 2");
    }

    #[tokio::test]
    async fn a_service_that_waits_for_its_operator_is_named_with_its_own_words_once() {
        let installation = Installation::default();
        let waits =
            "following auth: auth no longer holds 2 of the 2 rows; `convene-calendar accept-loss auth` lets go of them";
        installation.0.lock().unwrap().calendar_waits = vec![waits.to_owned()];
        let failure = checked(&installation).await.unwrap_err();
        assert_eq!((failure.exit(), failure.code(), failure.service()), (7, "unavailable", Some(Service::Calendar)));
        assert_eq!(failure.message(), format!("calendar waits for its operator; {waits}"));
    }

    #[tokio::test]
    async fn a_service_that_does_not_answer_is_named_as_unavailable() {
        for service in Service::ALL {
            let installation = Installation::default();
            installation.0.lock().unwrap().down = Some(service);
            let failure = checked(&installation).await.unwrap_err();
            assert_eq!((failure.exit(), failure.service()), (7, Some(service)));
        }
    }
}
