//! Input that no well-meaning client sends: refused with the right code and field, and nothing is half-done.
//!
//! What cannot even be expressed in the types (an empty title, an end before a start, an unknown zone) is refused while it is
//! read; `tests/mission.sh` shows those refusals as people meet them, and the transport's own tests send hostile bytes.

use convene_tests::{Plan, days, scenario};
use domain::events::{ListEvents, Listing};
use domain::invitations::{Respond, Response};
use domain::{Context, Credential, IdempotencyKey, Instance, PageRequest, ServiceToken, SessionToken};

use super::refused;

scenario! {
    fn a_malformed_foreign_or_stolen_token_lets_nobody_in(world) {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        alice.creates(Plan::for_a("Secret")).await.unwrap();
        let Credential::Session(good) = alice.asking().credential else { panic!("signed in") };
        let mut changed = good.0.as_bytes().to_vec();
        let place = changed.len() / 2;
        changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
        let bad = [
            String::new(),
            "nonsense".to_owned(),
            "v4.public.".to_owned(),
            "v4.local.AAAA".to_owned(),
            good.0[..good.0.len() - 4].to_owned(),
            String::from_utf8(changed).unwrap(),
            "v4.public.".to_owned() + &"A".repeat(100_000),
        ];
        let list = || ListEvents {
            listing: Listing::Mine,
            search: None,
            window: days("2027-03-01", "2027-03-31"),
            page: PageRequest::default(),
        };
        let patience = std::time::Duration::from_secs(8);
        for token in bad {
            for credential in [Credential::Session(SessionToken(token.as_str().into())), Credential::Service(ServiceToken(token.clone()))] {
                let context = Context::new(credential, patience);
                let code = refused(bob.clients().events.list(&context, list()).await);
                assert!(["unauthenticated", "invalid_input"].contains(&code), "{code} for a token of {} bytes", token.len());
            }
        }
        let swapped = Context::new(Credential::Service(ServiceToken(good.0.to_string())), patience);
        assert_eq!(refused(bob.clients().events.list(&swapped, list()).await), "unauthenticated");
    }

    fn an_instance_of_an_event_that_happens_once_is_invalid(world) {
        let [alice, bob] = world.people(["alice", "bob"]).await;
        let event = alice.creates(Plan::for_a("Once").inviting(&["bob"])).await.unwrap().id;
        let request = Respond { event, instance: Instance::On(0), response: Response::Accept };
        let error = bob.clients().invitations.respond(&bob.commanding(), request).await.unwrap_err();
        assert_eq!((error.code(), error.field()), ("invalid_input", Some("instance")));
    }

    fn more_than_a_thousand_invitees_in_one_command_are_refused(world) {
        let alice = world.person("alice").await;
        let names: Vec<String> = (0..1_001).map(|n| format!("guest-{n}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let error = alice.creates(Plan::for_a("Crowd").inviting(&names)).await.unwrap_err();
        assert_eq!((error.code(), error.field()), ("invalid_input", Some("invite")));
        assert_eq!(alice.lists(Listing::Mine, None).await.unwrap(), [""; 0]);
    }

    fn a_cursor_that_no_list_made_is_refused_by_every_list(world) {
        let alice = world.person("alice").await;
        let event = alice.creates(Plan::for_a("Party")).await.unwrap().id;
        let page = || PageRequest { after: Some("deadbeef".parse().unwrap()), ..PageRequest::default() };
        let march = || days("2027-03-01", "2027-03-31");
        let errors = [
            alice.lists_in(Listing::Mine, None, march(), page()).await.unwrap_err(),
            alice.inbox_page(false, page()).await.unwrap_err(),
            alice.participants_of(event, None, page()).await.unwrap_err(),
            alice.calendar_page(None, march(), page()).await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!((error.code(), error.field()), ("invalid_input", Some("after")), "{error}");
        }
    }

    fn a_command_whose_identity_is_no_time_ordered_id_or_too_old_is_refused(world) {
        let alice = world.person("alice").await;
        let random: IdempotencyKey = "0f8fad5b-d9cb-469f-a165-70867728950e".parse().unwrap();
        let old: IdempotencyKey = "01800000-0000-7000-8000-000000000000".parse().unwrap();
        for key in [random, old] {
            let context = alice.asking().as_command(key, 1);
            let error = alice.clients().events.create(&context, Plan::for_a("Party").0).await.unwrap_err();
            assert_eq!((error.code(), error.field()), ("invalid_input", Some("idempotency key")));
        }
    }
}
