//! Inviting and taking back: who is announced, whom it may be about, and people who go in the meantime.

use std::sync::atomic::Ordering;

use chassis::journal::Author;
use domain::events::{CreateEvent, EditEvent, EventChange, Events as _, Invite, MAX_PEOPLE_A_RECORD, Uninvite};
use domain::{EventId, UserId};

use super::world::{Person, World, code, edit_of, names, plan, run};

async fn invited_and_uninvited(world: &World) -> (Vec<Vec<UserId>>, Vec<Vec<UserId>>) {
    let (mut invited, mut uninvited) = (Vec::new(), Vec::new());
    for change in world.announced().await {
        match change {
            EventChange::Invited { invitees, .. } => invited.push(invitees),
            EventChange::Uninvited { invitees, .. } => uninvited.push(invitees),
            EventChange::Put(_)
            | EventChange::Removed { .. }
            | EventChange::Members { .. }
            | EventChange::Exception { .. }
            | EventChange::Continued { .. } => {}
        }
    }
    (invited, uninvited)
}

#[test]
fn only_real_changes_of_membership_are_announced_and_none_counts_as_a_version() {
    run(async {
        let world = World::new();
        let (alice, bob, carol) = (world.person("alice").await, world.person("bob").await, world.person("carol").await);
        let event = world.party(&alice, &[&bob]).await;
        world.invite(&alice, event, &[&bob, &carol, &carol]).await.unwrap();
        world.invite(&alice, event, &[&carol]).await.unwrap();
        world.uninvite(&alice, event, &[&bob, &alice]).await.unwrap();
        world.uninvite(&alice, event, &[&bob]).await.unwrap();
        let (invited, uninvited) = invited_and_uninvited(&world).await;
        assert_eq!(invited, [vec![bob.id], vec![carol.id]]);
        assert_eq!(uninvited, [vec![bob.id]]);
        assert_eq!(world.show(&alice, event).await.unwrap().version, 1);
        assert_eq!(code(world.show(&bob, event).await), "not_found");
        assert!(world.mine(&bob).await.is_empty());
        assert_eq!(world.mine(&carol).await, [event]);
        world.assert_sound().await;
    });
}

#[test]
fn an_edit_can_invite_and_says_so_after_the_event() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.person("alice").await, world.person("bob").await);
        let event = world.party(&alice, &[]).await;
        let mut edit = edit_of(event);
        edit.title = Some("Feast".parse().unwrap());
        edit.invite = names(&[&bob]);
        world.edit(&alice, edit).await.unwrap();
        let announced = world.announced().await;
        assert!(matches!(&announced[1], EventChange::Put(facts) if facts.version == 2));
        let invited = EventChange::Invited { event, inviter: alice.id, invitees: vec![bob.id] };
        assert_eq!(announced[2], invited);
        assert_eq!(world.mine(&bob).await, [event]);
    });
}

#[test]
fn a_thousand_invitees_are_announced_in_records_of_bounded_size() {
    run(async {
        let world = World::new();
        let people: Vec<Person> = (0..1_001).map(|n| world.stranger(&format!("user-{n}"))).collect();
        world.hear().await;
        let all: Vec<&Person> = people.iter().collect();
        let (alice, guests) = all.split_first().unwrap();
        let event = world.create(alice, CreateEvent { invite: names(guests), ..plan("Party") }).await.unwrap().id;
        let (invited, _) = invited_and_uninvited(&world).await;
        assert!(invited.iter().all(|record| record.len() <= MAX_PEOPLE_A_RECORD));
        assert_eq!(invited.concat(), guests.iter().map(|guest| guest.id).collect::<Vec<_>>());
        world.uninvite(alice, event, guests).await.unwrap();
        let (_, uninvited) = invited_and_uninvited(&world).await;
        let records = 1_000_usize.div_ceil(MAX_PEOPLE_A_RECORD);
        assert_eq!((uninvited.len(), uninvited.concat().len()), (records, 1_000));
        assert_eq!(code(world.invite(alice, event, &all).await), "invalid_input", "1,001 are too many");
        assert_eq!(code(world.uninvite(alice, event, &all).await), "invalid_input", "1,001 are too many");
        world.assert_sound().await;
    });
}

#[test]
fn an_unknown_name_is_not_found_and_nobody_is_invited() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.person("alice").await, world.person("bob").await);
        let event = world.party(&alice, &[&bob]).await;
        let request = Invite { event, invitees: vec!["carol".parse().unwrap(), "nobody".parse().unwrap()] };
        let refused = world.service.invite(&world.command_of(&alice), request).await.unwrap_err();
        assert_eq!((refused.code(), refused.field()), ("not_found", Some("user")));
        world.auth.delete(bob.id);
        world.hear().await;
        let refused = world.uninvite(&alice, event, &[&bob]).await.unwrap_err();
        assert_eq!((refused.code(), refused.field()), ("not_found", Some("user")));
        assert_eq!(invited_and_uninvited(&world).await, (vec![vec![bob.id]], vec![vec![bob.id]]));
    });
}

#[test]
fn someone_unheard_of_is_asked_for_at_auth_and_refused_while_auth_is_away() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.person("alice").await, world.person("bob").await);
        let event = world.party(&alice, &[&bob]).await;
        assert_eq!(world.auth.asked.load(Ordering::SeqCst), 0, "bob was known here");
        let carol = world.stranger("carol");
        world.auth.away.store(true, Ordering::SeqCst);
        assert_eq!(code(world.invite(&alice, event, &[&carol]).await), "unavailable");
        assert_eq!(code(world.invite(&alice, event, &[&bob]).await), "done", "nobody need be asked about bob");
        assert!(invited_and_uninvited(&world).await.0.concat() == [bob.id]);
        world.auth.away.store(false, Ordering::SeqCst);
        world.auth.hung.store(true, Ordering::SeqCst);
        assert_eq!(code(world.invite(&alice, event, &[&carol]).await), "unavailable", "certainly nothing was done");
        world.auth.hung.store(false, Ordering::SeqCst);
        world.invite(&alice, event, &[&carol]).await.unwrap();
        assert_eq!(world.auth.asked.load(Ordering::SeqCst), 1);
        assert_eq!(world.mine(&carol).await, [event]);
        world.hear().await;
        assert_eq!(world.mine(&carol).await, [event]);
        world.assert_sound().await;
    });
}

/// An auth that vouches for someone and then loses them, before the invitation is written.
async fn invite_vouched(
    world: &World,
    alice: &Person,
    event: EventId,
    vouched: domain::auth::VouchedUser,
) -> &'static str {
    let (alice, author) = (alice.id, Author::of(&world.command_of(alice)).unwrap());
    let invite = move |tx: &mut storage::Transaction<'_>| {
        let row = crate::rights::organized(tx, event, alice)?;
        let user = chassis::directory::admit(tx, &vouched)?;
        crate::store::add_invitees(tx, event, &row, alice, author, &[user])
    };
    match world.chassis.db().write(invite).await {
        Ok(()) => "done",
        Err(chassis::Fault::Refused(error)) => error.code(),
        Err(fault) => panic!("{fault}"),
    }
}

#[test]
fn an_invitee_who_is_deleted_while_being_invited_leaves_nothing_behind() {
    run(async {
        let world = World::new();
        let alice = world.person("alice").await;
        let event = world.party(&alice, &[]).await;
        let vouch = |person: &Person| domain::auth::VouchedUser {
            user: domain::auth::User { id: person.id, username: person.name.clone() },
            at: world.auth.position(),
        };
        // Known here: accepted, and the deletion finds the invitation.
        let bob = world.person("bob").await;
        let vouched = vouch(&bob);
        assert_eq!(invite_vouched(&world, &alice, event, vouched.clone()).await, "done");
        world.auth.delete(bob.id);
        world.hear().await;
        // Unknown although heard of far enough: deleted since, refused.
        assert_eq!(invite_vouched(&world, &alice, event, vouched).await, "not_found");
        // Unknown and not heard of that far: accepted; the deletion must still arrive and finds the invitation.
        let carol = world.stranger("carol");
        let vouched = vouch(&carol);
        world.auth.delete(carol.id);
        assert_eq!(invite_vouched(&world, &alice, event, vouched).await, "done");
        assert_eq!(world.mine(&carol).await, [event]);
        world.hear().await;
        world.finish().await;
        assert!(world.mine(&carol).await.is_empty());
        let (references, discrepancies) = world.audit().await;
        assert_eq!((references.len(), discrepancies), (1, vec![]), "only the organizer is left");
    });
}

#[test]
fn a_command_that_was_held_up_undoes_nothing_that_a_later_one_of_its_session_did() {
    run(async {
        let world = World::new();
        let (alice, bob, carol) = (world.person("alice").await, world.person("bob").await, world.person("carol").await);
        let event = world.party(&alice, &[&carol]).await;
        let invite = async |number, whom: &Person| {
            let request = Invite { event, invitees: names(&[whom]) };
            code(world.service.invite(&world.command_number(number, &alice), request).await)
        };
        let uninvite = async |number, whom: &Person| {
            let request = Uninvite { event, invitees: names(&[whom]) };
            code(world.service.uninvite(&world.command_number(number, &alice), request).await)
        };
        let edit = async |number, public| {
            let request = EditEvent { public: Some(public), invite: names(&[&bob]), ..edit_of(event) };
            code(world.service.edit(&world.command_number(number, &alice), request).await)
        };
        // The third to invite bob is on its way while the fifth takes it back, although there is nothing to take back yet.
        assert_eq!(uninvite(5, &bob).await, "done");
        assert_eq!((invite(3, &bob).await, edit(4, false).await), ("conflict", "conflict"));
        assert_eq!(code(world.show(&bob, event).await), "not_found");
        assert_eq!(invite(4, &carol).await, "done", "she is invited anyway");
        // The other way round.
        assert_eq!((invite(9, &bob).await, uninvite(8, &bob).await), ("done", "conflict"));
        assert_eq!(invite(7, &bob).await, "done", "it says what the later one said");
        assert_eq!(uninvite(8, &bob).await, "conflict", "and is no earlier for it");
        assert_eq!(code(world.show(&bob, event).await), "done");
        // What an event is, likewise.
        assert_eq!((edit(12, true).await, edit(14, false).await), ("done", "done"));
        assert_eq!((edit(13, true).await, edit(11, false).await), ("conflict", "done"));
        assert!(!world.show(&alice, event).await.unwrap().public);
        world.assert_sound().await;
    });
}

#[test]
fn what_is_remembered_of_former_invitees_goes_with_them_and_with_the_organizer() {
    run(async {
        let world = World::new();
        let guests: Vec<Person> = (0..30).map(|n| world.stranger(&format!("user-{n}"))).collect();
        let (alice, bob) = (world.person("alice").await, world.person("bob").await);
        let all: Vec<&Person> = guests.iter().collect();
        let (first, rest) = all.split_first().unwrap();
        for organizer in [&alice, &bob] {
            let event = world.party(organizer, &all).await;
            world.uninvite(organizer, event, rest).await.unwrap();
        }
        let remembered = async || {
            world.assert_sound().await;
            world.audit().await.0.iter().filter(|reference| reference.row.starts_with("ended")).count()
        };
        assert_eq!(remembered().await, 58);
        world.auth.delete(rest[0].id);
        world.hear().await;
        world.finish().await;
        assert_eq!(remembered().await, 56);
        // Alice's event stays, cancelled, for the one who is still invited.
        world.auth.delete(alice.id);
        world.hear().await;
        world.finish().await;
        assert_eq!(remembered().await, 28);
        assert_eq!(world.mine(first).await.len(), 1);
        // Nobody is left to see bob's, and it goes.
        world.auth.delete(first.id);
        world.auth.delete(bob.id);
        world.hear().await;
        world.finish().await;
        assert_eq!(remembered().await, 0);
    });
}

#[test]
fn a_cancelled_event_takes_no_new_invitees_but_lets_invitees_go() {
    run(async {
        let world = World::new();
        let (alice, bob, carol) = (world.person("alice").await, world.person("bob").await, world.person("carol").await);
        let event = world.party(&alice, &[&bob]).await;
        world.cancel(&alice, event).await.unwrap();
        let refused = world.invite(&alice, event, &[&carol]).await.unwrap_err();
        assert_eq!((refused.code(), refused.field()), ("conflict", Some("event")));
        assert_eq!(code(world.uninvite(&alice, event, &[&bob]).await), "done");
        assert_eq!(code(world.show(&bob, event).await), "not_found");
        world.assert_sound().await;
    });
}

#[test]
fn commands_that_give_or_take_rights_wait_for_the_followers_and_others_do_not() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.person("alice").await, world.person("bob").await);
        let wanted = CreateEvent { invite: names(&[&bob]), ..plan("Party") };
        let made = world.service.create(&world.command_of(&alice), wanted).await.unwrap();
        assert!(made.settled, "create does not wait");
        let event = made.value.id;
        let request = Invite { event, invitees: names(&[&bob]) };
        let invited = world.service.invite(&world.command_of(&alice), request).await.unwrap();
        assert!(!invited.settled, "nobody follows in this test");
        let mut edit = edit_of(event);
        edit.title = Some("Feast".parse().unwrap());
        assert!(world.service.edit(&world.command_of(&alice), edit.clone()).await.unwrap().settled);
        edit.public = Some(true);
        assert!(!world.service.edit(&world.command_of(&alice), edit).await.unwrap().settled);
    });
}
