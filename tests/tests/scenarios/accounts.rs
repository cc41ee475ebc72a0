//! Registering, signing in and out, changing the password, leaving.

use convene_tests::{Plan, scenario};

use super::refused;

/// Long enough to make an event on a busy machine.
const A_SHORT_LIFE: std::time::Duration = std::time::Duration::from_secs(3);

scenario! {
    fn registering_signs_in_and_signing_in_again_works(world) {
        let alice = world.person("alice").await;
        assert_eq!(alice.asks_who_they_are().await.unwrap().username.as_str(), "alice");
        let elsewhere = alice.elsewhere();
        let user = elsewhere.signs_in().await.unwrap();
        assert_eq!(user, alice.user());
        assert_eq!(elsewhere.calendar().await.unwrap(), [""; 0]);
    }

    fn a_taken_name_is_a_conflict_and_an_ill_formed_one_or_a_weak_password_invalid(world) {
        let alice = world.person("alice").await;
        let error = alice.elsewhere().registers().await.unwrap_err();
        assert_eq!((error.code(), error.field()), ("conflict", Some("user")));
        let error = world.stranger("Not A Name").registers().await.unwrap_err();
        assert_eq!((error.code(), error.field()), ("invalid_input", Some("user")));
        let error = world.stranger("bob").registers_with("short").await.unwrap_err();
        assert_eq!((error.code(), error.field()), ("invalid_input", Some("password")));
        assert_eq!(refused(world.stranger("bob").signs_in().await), "unauthenticated");
    }

    fn an_unknown_user_and_a_wrong_password_are_refused_in_the_same_words(world) {
        let alice = world.person("alice").await;
        let wrong = alice.elsewhere().signs_in_with("not the password").await.unwrap_err();
        let unknown = world.stranger("nobody").signs_in_with("not the password").await.unwrap_err();
        assert_eq!(wrong, unknown);
        assert_eq!(wrong.code(), "unauthenticated");
    }

    fn signing_out_ends_the_session_everywhere_and_no_other(world) {
        let alice = world.person("alice").await;
        let elsewhere = alice.elsewhere();
        elsewhere.signs_in().await.unwrap();
        alice.signs_out().await.unwrap();
        assert!(alice.had_settled(), "every service knows before it is acknowledged");
        assert_eq!(refused(alice.asks_who_they_are().await), "unauthenticated");
        assert_eq!(refused(alice.calendar().await), "unauthenticated");
        assert_eq!(refused(alice.inbox().await), "unauthenticated");
        assert_eq!(refused(alice.shares().await), "unauthenticated");
        assert_eq!(refused(alice.creates(Plan::for_a("Party")).await), "unauthenticated");
        assert!(elsewhere.calendar().await.is_ok());
    }

    fn another_password_keeps_this_session_and_ends_the_others(world) {
        let alice = world.person("alice").await;
        let elsewhere = alice.elsewhere();
        elsewhere.signs_in().await.unwrap();
        alice.changes_the_password_to("another horse battery").await.unwrap();
        assert!(alice.calendar().await.is_ok());
        assert_eq!(refused(elsewhere.calendar().await), "unauthenticated");
        assert_eq!(refused(alice.elsewhere().signs_in().await), "unauthenticated");
        assert!(alice.elsewhere().signs_in_with("another horse battery").await.is_ok());
    }

    fn a_deleted_account_is_gone_and_its_name_never_issued_again(world) {
        let alice = world.person("alice").await;
        alice.deletes_the_account().await.unwrap();
        assert_eq!(refused(alice.calendar().await), "unauthenticated");
        assert_eq!(refused(alice.elsewhere().signs_in().await), "unauthenticated");
        assert_eq!(refused(alice.elsewhere().registers().await), "conflict");
    }

    fn a_session_whose_time_is_over_is_refused_everywhere_until_one_signs_in_again(world, sessions_last: A_SHORT_LIFE) {
        let alice = world.person("alice").await;
        alice.creates(Plan::for_a("Standup")).await.unwrap();
        let mut again = tokio::time::interval(std::time::Duration::from_millis(50));
        while alice.asks_who_they_are().await.is_ok() {
            again.tick().await;
        }
        assert_eq!(refused(alice.asks_who_they_are().await), "unauthenticated");
        assert_eq!(refused(alice.calendar().await), "unauthenticated");
        assert_eq!(refused(alice.inbox().await), "unauthenticated");
        assert_eq!(refused(alice.shares().await), "unauthenticated");
        assert_eq!(refused(alice.creates(Plan::for_a("Too late")).await), "unauthenticated");
        alice.signs_in().await.unwrap();
        assert_eq!(alice.calendar().await.unwrap(), ["Standup (organizing)"]);
    }

    fn nobody_signed_in_sees_anything(world) {
        let alice = world.person("alice").await;
        let event = alice.creates(Plan::for_a("Concert").public()).await.unwrap().id;
        let nobody = world.stranger("nobody");
        assert_eq!(refused(nobody.looks_at(event).await), "unauthenticated");
        assert_eq!(refused(nobody.attends(event).await), "unauthenticated");
        assert_eq!(refused(nobody.participants(event).await), "unauthenticated");
        assert_eq!(refused(nobody.calendar_of(&alice).await), "unauthenticated");
        assert_eq!(refused(nobody.shares().await), "unauthenticated");
        assert_eq!(refused(nobody.inbox().await), "unauthenticated");
    }
}
