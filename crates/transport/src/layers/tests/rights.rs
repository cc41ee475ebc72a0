//! Who may call what.

use domain::{Access, Actor, Credential, SessionToken};

use super::*;

#[tokio::test]
async fn a_forged_actor_is_replaced() {
    let (client, _) = counted(&House::new(), LimitOptions::default());
    let mut forged = patient();
    forged.actor = Actor::Operator;
    assert_eq!(client.for_services(&forged, ()).await.unwrap_err().code(), "unauthenticated");
    assert_eq!(client.describe(&forged, ()).await.unwrap().value.actor, "Anonymous");
}

#[tokio::test]
async fn a_session_that_has_ended_keeps_nobody_from_what_anyone_may_do() {
    let (client, _) = counted(&House::new(), LimitOptions::default());
    let ended = Context::new(Credential::Session(SessionToken("ended".into())), Duration::from_secs(9));
    assert_eq!(client.describe(&ended, ()).await.unwrap().value.actor, "Anonymous");
    assert_eq!(client.for_members(&ended, ()).await, Err(Error::unauthenticated("the session has ended")));
    let unknown = Context::new(service("of another house"), Duration::from_secs(9));
    assert!(client.echo(&unknown, String::new()).await.is_ok());
    assert_eq!(client.for_services(&unknown, ()).await.unwrap_err().service(), Some(Service::Auth));
}

#[tokio::test]
async fn every_kind_of_actor_may_call_what_the_definitions_say_and_nothing_else() {
    let house = House::new();
    let ways = [layered_client(layered(&house)), layered_client(piped(&house))];
    let actors = [
        ("nobody", Credential::None),
        ("alice", alice()),
        ("calendar", service("calendar")),
        ("operator", service("operator")),
    ];
    for client in ways {
        for (name, credential) in &actors {
            let context = Context::new(credential.clone(), Duration::from_secs(9)).as_command(IdempotencyKey::new(), 1);
            let code = |answer: Result<(), Error>| answer.err().map_or("ok", |error| error.code());
            let codes = [
                (Access::Anyone, code(client.echo(&context, String::new()).await.map(|_| ()))),
                (Access::User, code(client.count(&context, ()).await.map(|_| ()))),
                (Access::Member, code(client.for_members(&context, ()).await.map(|_| ()))),
                (Access::Service, code(client.for_services(&context, ()).await.map(|_| ()))),
            ]
            .map(|(_, code)| code);
            let expected = match *name {
                "nobody" => ["ok", "unauthenticated", "unauthenticated", "unauthenticated"],
                "alice" => ["ok", "ok", "ok", "forbidden"],
                _ => ["ok", "forbidden", "ok", "ok"],
            };
            assert_eq!(codes, expected, "{name}");
        }
    }
}
