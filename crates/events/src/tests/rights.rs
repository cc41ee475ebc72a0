//! Who may see an event, and who may do what to it.

use domain::EventId;
use domain::events::Person as Shown;

use super::world::{Person, World, code, edit_of, plan, public, run};

/// Show, vouch, edit, cancel, invite, uninvite by `who`, as codes; a command that succeeds is done on the way.
async fn attempts(world: &World, who: &Person, event: EventId) -> [&'static str; 6] {
    let guest = world.person(&format!("guest-{}", world.auth.log().len())).await;
    let mut edit = edit_of(event);
    edit.title = Some("Other".parse().unwrap());
    [
        code(world.show(who, event).await),
        code(world.vouch(who, event).await),
        code(world.edit(who, edit).await),
        code(world.invite(who, event, &[&guest]).await),
        code(world.uninvite(who, event, &[&guest]).await),
        code(world.cancel(who, event).await),
    ]
}

const ALL: [&str; 6] = ["done"; 6];
const NONE: [&str; 6] = ["not_found"; 6];
const SEES: [&str; 6] = ["done", "done", "forbidden", "forbidden", "forbidden", "forbidden"];
const OWN_CANCELLED: [&str; 6] = ["done", "done", "conflict", "conflict", "done", "done"];

#[test]
fn the_organizer_may_everything_invitees_may_look_and_others_see_public_events_until_they_are_cancelled() {
    run(async {
        let world = World::new();
        let (alice, bob, eve) = (world.person("alice").await, world.person("bob").await, world.person("eve").await);
        for (kind, wanted) in [("private", plan("Private")), ("public", public("Public"))] {
            for cancelled in [false, true] {
                let event = world.create(&alice, wanted.clone()).await.unwrap().id;
                world.invite(&alice, event, &[&bob]).await.unwrap();
                if cancelled {
                    world.cancel(&alice, event).await.unwrap();
                }
                let open = kind == "public" && !cancelled;
                let what = format!("{kind}, cancelled: {cancelled}");
                assert_eq!(attempts(&world, &bob, event).await, SEES, "invitee, {what}");
                assert_eq!(attempts(&world, &eve, event).await, if open { SEES } else { NONE }, "stranger, {what}");
                let organizers = if cancelled { OWN_CANCELLED } else { ALL };
                assert_eq!(attempts(&world, &alice, event).await, organizers, "organizer, {what}");
            }
        }
        assert_eq!(attempts(&world, &alice, EventId::new()).await, NONE, "no event");
        world.assert_sound().await;
    });
}

#[test]
fn a_hidden_event_and_a_missing_one_are_refused_in_the_same_words() {
    run(async {
        let world = World::new();
        let (alice, eve) = (world.person("alice").await, world.person("eve").await);
        let hidden = world.party(&alice, &[]).await;
        let missing = EventId::new();
        let words = |error: domain::Error, event: EventId| error.to_string().replace(&event.to_string(), "…");
        let of_hidden = world.show(&eve, hidden).await.unwrap_err();
        let of_missing = world.show(&eve, missing).await.unwrap_err();
        assert_eq!(of_hidden.field(), Some("event"));
        assert_eq!(words(of_hidden, hidden), words(of_missing, missing));
    });
}

#[test]
fn what_one_may_not_see_stays_unknown_whatever_else_is_wrong_with_the_command() {
    run(async {
        let world = World::new();
        let (alice, eve) = (world.person("alice").await, world.person("eve").await);
        let hidden = world.party(&alice, &[]).await;
        let nobody = world.stranger("nobody");
        world.auth.delete(nobody.id);
        let mut outdated = edit_of(hidden);
        outdated.if_version = Some(99);
        assert_eq!(world.edit(&eve, outdated).await.unwrap_err().field(), Some("event"));
        assert_eq!(world.invite(&eve, hidden, &[&nobody]).await.unwrap_err().field(), Some("event"));
        assert_eq!(world.invite(&eve, hidden, &[&eve]).await.unwrap_err().field(), Some("event"));
        assert_eq!(world.invite(&alice, hidden, &[&nobody]).await.unwrap_err().field(), Some("user"));
    });
}

#[test]
fn a_public_event_that_becomes_private_is_hidden_from_all_but_organizer_and_invitees() {
    run(async {
        let world = World::new();
        let (alice, bob, eve) = (world.person("alice").await, world.person("bob").await, world.person("eve").await);
        let event = world.create(&alice, public("Fair")).await.unwrap().id;
        world.invite(&alice, event, &[&bob]).await.unwrap();
        assert_eq!(world.public(&eve).await, [event]);
        let mut edit = edit_of(event);
        edit.public = Some(false);
        world.edit(&alice, edit).await.unwrap();
        assert_eq!(code(world.show(&eve, event).await), "not_found");
        assert_eq!(code(world.show(&bob, event).await), "done");
        assert!(world.public(&eve).await.is_empty() && world.public(&alice).await.is_empty());
    });
}

#[test]
fn a_service_is_told_by_whom_the_viewer_was_invited_and_where_in_the_log() {
    run(async {
        let world = World::new();
        let (alice, bob, eve) = (world.person("alice").await, world.person("bob").await, world.person("eve").await);
        let event = world.create(&alice, public("Fair")).await.unwrap().id;
        world.invite(&alice, event, &[&bob]).await.unwrap();
        let invited = world.vouch(&bob, event).await.unwrap();
        assert_eq!(invited.invited_by, Some(Some(alice.id)));
        assert_eq!(invited.at.at, 2);
        assert_eq!(invited.facts.organizer, Some(alice.id));
        assert_eq!(world.vouch(&eve, event).await.unwrap().invited_by, None);
        world.auth.delete(alice.id);
        world.hear().await;
        let orphaned = world.vouch(&bob, event).await.unwrap();
        assert_eq!((orphaned.invited_by, orphaned.facts.organizer), (Some(None), None));
        assert_eq!(world.show(&bob, event).await.unwrap().organizer, Shown::Deleted);
    });
}
