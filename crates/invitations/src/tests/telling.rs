//! What organizers are told of: the last answers to their own events, so many and no more, and nothing of who is gone.

use domain::invitations::{Answers, Invitations as _, ListAnswers, MAX_ANSWERS, Response, Status};
use domain::{Epoch, Position};

use super::world::{Someone, World, run};

async fn told(world: &World, who: &Someone, after: Option<Position>) -> Answers {
    world.service.answers(&who.call(), ListAnswers { after }).await.unwrap().value
}

async fn names(world: &World, who: &Someone, after: Option<Position>) -> Vec<(String, Status)> {
    let answers = told(world, who, after).await;
    answers.items.into_iter().map(|answer| (answer.username.to_string(), answer.status)).collect()
}

fn said(name: &str, status: Status) -> (String, Status) {
    (name.to_owned(), status)
}

#[test]
fn an_organizer_is_told_of_answers_in_their_order_and_nobody_else_is() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.registers("alice").await, world.registers("bob").await);
        let carol = world.registers("carol").await;
        let event = world.creates(&alice, true).await;
        world.invites(&alice, &event, &[&bob]).await;
        assert_eq!(names(&world, &alice, None).await, [], "an invitation is no answer");
        world.responds(&bob, &event, Response::Accept).await.unwrap();
        world.attends(&carol, &event, true).await.unwrap();
        assert_eq!(names(&world, &alice, None).await, [said("bob", Status::Going), said("carol", Status::Maybe)]);
        assert_eq!(names(&world, &bob, None).await, []);
        let answer = told(&world, &alice, None).await.items.remove(0);
        assert_eq!((answer.event, answer.title.as_str()), (event.event, "Walk"));
    });
}

#[test]
fn only_what_came_after_a_position_is_told_again_and_of_one_who_changes_their_mind_the_last() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.registers("alice").await, world.registers("bob").await);
        let event = world.creates(&alice, true).await;
        world.attends(&bob, &event, false).await.unwrap();
        let until = told(&world, &alice, None).await.until;
        assert_eq!(names(&world, &alice, Some(until)).await, []);
        world.attends(&bob, &event, false).await.unwrap();
        assert_eq!(names(&world, &alice, Some(until)).await, [], "the same answer again is no news");
        world.attends(&bob, &event, true).await.unwrap();
        world.unattends(&bob, &event).await.unwrap();
        assert_eq!(names(&world, &alice, Some(until)).await, [said("bob", Status::Declined)]);
        assert_eq!(names(&world, &alice, None).await, [said("bob", Status::Declined)]);
        let elsewhere = Position { epoch: Epoch([9; 16]), at: 0 };
        assert_eq!(names(&world, &alice, Some(elsewhere)).await, [], "of another history");
    });
}

#[test]
fn an_organizer_is_told_of_so_many_answers_and_no_more() {
    run(async {
        let world = World::new();
        let alice = world.registers("alice").await;
        let event = world.creates(&alice, true).await;
        for number in 0..MAX_ANSWERS + 3 {
            let person = world.registers(&format!("user{number}")).await;
            world.attends(&person, &event, false).await.unwrap();
        }
        let told = names(&world, &alice, None).await;
        assert_eq!(told.len(), MAX_ANSWERS);
        assert_eq!((told[0].0.as_str(), told[MAX_ANSWERS - 1].0.as_str()), ("user3", "user52"));
    });
}

#[test]
fn what_was_told_goes_with_the_invitation_with_who_answered_and_with_the_organizer() {
    run(async {
        let world = World::new();
        let (alice, bob) = (world.registers("alice").await, world.registers("bob").await);
        let carol = world.registers("carol").await;
        let event = world.creates(&alice, true).await;
        world.invites(&alice, &event, &[&bob]).await;
        world.responds(&bob, &event, Response::Accept).await.unwrap();
        world.attends(&carol, &event, false).await.unwrap();
        world.uninvites(&event, &[&bob]).await;
        assert_eq!(names(&world, &alice, None).await, [said("carol", Status::Going)]);
        world.deletes_account(&carol).await;
        assert_eq!(names(&world, &alice, None).await, []);
        world.attends(&bob, &event, false).await.unwrap();
        world.deletes_account(&alice).await;
        // Events has not said yet that the event is cancelled; nobody is told of what is answered meanwhile.
        world.attends(&bob, &event, true).await.unwrap();
        let audit = world.audited().await;
        assert_eq!(audit.discrepancies, [""; 0]);
        assert!(!audit.references.iter().any(|found| found.name == "invitations.answer.organizer"));
    });
}
