//! The layer for tests that makes every call twice.

use super::*;

#[tokio::test]
async fn twice_makes_every_call_twice_and_reports_what_a_second_attempt_must_not_change() {
    let house = House::new();
    let mismatches = Arc::new(Mutex::new(Vec::new()));
    let report = Arc::clone(&mismatches);
    let twice =
        Twice::new(layered(&house), Arc::new(move |mismatch: Mismatch| report.lock().push(mismatch.method.name)));
    let client = SampleClient(Arc::new(twice));
    let as_alice = Context::new(alice(), Duration::from_secs(9)).as_command(IdempotencyKey::new(), 1);
    assert_eq!(client.count(&as_alice, ()).await.unwrap().value, 2, "the second answer");
    assert!(client.echo(&patient(), "same".to_owned()).await.is_ok());
    assert!(client.fail(&patient(), Error::forbidden("no")).await.is_err());
    assert!(mismatches.lock().is_empty(), "{mismatches:?}");
    // Every attempt is a span of its own, and `describe` tells: a query that changes between two attempts.
    assert!(client.describe(&patient(), ()).await.is_ok());
    assert_eq!(*mismatches.lock(), ["describe"]);
    house.release.add_permits(1);
    client.changes(&patient(), ()).await.unwrap();
    assert_eq!(house.release.available_permits(), 0, "a long poll is passed once");
}
