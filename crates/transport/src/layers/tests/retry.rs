//! What is tried again and what is not, and that there is a budget for it.

use domain::Credential;
use tokio::time::Instant;

use super::*;

fn retrying(script: &Arc<Script>, options: &RetryOptions) -> SampleClient {
    let metrics = Metrics::new();
    let circuit = Circuit::new::<SampleProtocol>(&BreakerOptions::default(), &metrics);
    SampleClient(Arc::new(Retry::<SampleProtocol>::new(Arc::new(Arc::clone(script)), options, circuit, &metrics)))
}

#[tokio::test(start_paused = true)]
async fn what_was_certainly_not_executed_is_tried_again_after_growing_pauses() {
    let script = Script::of([gone(), gone(), gone()]);
    let client = retrying(&script, &RetryOptions::default());
    let begun = Instant::now();
    assert_eq!(client.count(&command(), ()).await.unwrap().value, 1);
    assert_eq!(script.calls(), 4);
    let paused = begun.elapsed().as_millis();
    assert!((70..=143).contains(&paused), "between 10+20+40 and 20+40+80 ms: {paused}");
    script.then([gone(), gone(), gone(), gone()]);
    assert_eq!(client.count(&command(), ()).await, Err(gone()));
    assert_eq!(script.calls(), 8, "four attempts, no more");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_outcome_is_tried_again_by_queries_and_by_commands_that_have_a_key() {
    let script = Script::of([UNKNOWN]);
    let client = retrying(&script, &RetryOptions::default());
    assert_eq!(client.echo(&patient(), "query".to_owned()).await.unwrap().value, "query");
    script.then([UNKNOWN]);
    assert!(client.count(&command(), ()).await.is_ok());
    assert_eq!(script.calls(), 4);
    script.then([UNKNOWN]);
    assert_eq!(client.count(&patient(), ()).await, Err(UNKNOWN));
    assert_eq!(script.calls(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_command_once_of_unknown_outcome_is_never_called_certainly_not_executed() {
    let script = Script::of([UNKNOWN, gone(), gone(), gone()]);
    let client = retrying(&script, &RetryOptions::default());
    assert_eq!(client.count(&command(), ()).await, Err(UNKNOWN));
    let busy = Error::RateLimited { reason: "busy".to_owned(), retry_after_ms: 1 };
    script.then([UNKNOWN, busy]);
    assert_eq!(client.count(&command(), ()).await, Err(UNKNOWN));
    script.then([UNKNOWN, gone(), gone(), gone()]);
    assert_eq!(client.echo(&patient(), String::new()).await, Err(gone()), "a query has nothing to be unsure of");
    script.then([UNKNOWN, Error::unauthenticated("the session has ended")]);
    assert_eq!(client.count(&command(), ()).await, Err(UNKNOWN), "perhaps by this very command");
    script.then([UNKNOWN, Error::forbidden("no")]);
    assert_eq!(client.count(&command(), ()).await, Err(Error::forbidden("no")), "an answer is an answer");
}

#[tokio::test(start_paused = true)]
async fn nothing_else_is_tried_again() {
    for error in [
        Error::forbidden("no"),
        Error::invalid("title", "", "empty"),
        Error::RateLimited { reason: "slowly".to_owned(), retry_after_ms: 10 },
        Error::unavailable(Service::Auth, "another service, which the one asked has tried already"),
        Error::Deadline { service: Service::Auth },
        Error::Internal { service: Service::Events, incident: "1".to_owned() },
    ] {
        let script = Script::of([error.clone()]);
        assert_eq!(retrying(&script, &RetryOptions::default()).echo(&patient(), String::new()).await, Err(error));
        assert_eq!(script.calls(), 1);
    }
    let script = Script::of([gone()]);
    assert_eq!(retrying(&script, &RetryOptions::default()).changes(&patient(), ()).await, Err(gone()));
    assert_eq!(script.calls(), 1, "a follower is a loop already");
}

#[tokio::test(start_paused = true)]
async fn no_attempt_begins_after_the_deadline() {
    let script = Script::slow([gone(), gone(), gone(), gone()], Duration::from_millis(100));
    let client = retrying(&script, &RetryOptions::default());
    let context = Context::new(Credential::None, Duration::from_millis(215));
    let begun = Instant::now();
    assert_eq!(client.echo(&context, String::new()).await, Err(gone()));
    assert_eq!(script.calls(), 2, "the second ended after 210 to 220 ms, and its pause of 20 to 40 would end too late");
    assert!(begun.elapsed() < Duration::from_millis(225));
}

#[tokio::test(start_paused = true)]
async fn retries_have_a_budget_that_successes_refill() {
    let options = RetryOptions { max_attempts: 2, budget_percent: 10, budget_burst: 3, ..RetryOptions::default() };
    let script = Script::of(std::iter::repeat_with(gone).take(13));
    let client = retrying(&script, &options);
    for _ in 0..10 {
        assert!(client.echo(&patient(), String::new()).await.is_err());
    }
    assert_eq!(script.calls(), 10 + 3, "three of burst; ten calls earned one less than a whole one");
    for _ in 0..10 {
        client.echo(&patient(), String::new()).await.unwrap();
    }
    script.then([gone()]);
    assert!(client.echo(&patient(), String::new()).await.is_ok(), "it can be tried again");
    assert_eq!(script.calls(), 13 + 10 + 2);
}
