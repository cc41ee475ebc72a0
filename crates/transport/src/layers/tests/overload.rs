//! A service that is asked for five times what it can do, without a clock on the wall: calls come at fixed moments and take exactly 5 ms.
//! (The same with real sockets, processes and clocks is measured by the benchmarks.)

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::*;

const TAKES: Duration = Duration::from_millis(5);
const PLACES: usize = 8;

/// What became of a load.
struct Outcome {
    /// How long each accepted call took, the shortest first.
    accepted: Vec<Duration>,
    /// The same of those that were refused.
    refused: Vec<Duration>,
    most_waiting: usize,
}

impl Outcome {
    fn p99(&self) -> Duration {
        self.accepted[self.accepted.len() * 99 / 100]
    }
}

/// Calls `client` for a second: so many calls every 5 ms, evenly over its five milliseconds.
async fn load(client: &Arc<SampleClient>, metrics: &Metrics, in_five_ms: usize) -> Outcome {
    let begun = Instant::now();
    let mut calls = JoinSet::new();
    let mut most_waiting = 0;
    for millisecond in 0..1_000 {
        sleep_until(begun + Duration::from_millis(millisecond as u64)).await;
        let due = |millisecond: usize| millisecond * in_five_ms / 5;
        for _ in due(millisecond)..due(millisecond + 1) {
            let client = Arc::clone(client);
            calls.spawn(async move {
                let begun = Instant::now();
                (client.echo(&patient(), String::new()).await, begun.elapsed())
            });
        }
        most_waiting = most_waiting.max(waiting(metrics));
    }
    let mut outcome = Outcome { accepted: Vec::new(), refused: Vec::new(), most_waiting };
    for (answer, took) in calls.join_all().await {
        match answer {
            Ok(_) => outcome.accepted.push(took),
            Err(error) => {
                assert_eq!(error.code(), "rate_limited");
                assert!(error.to_string().contains("busy"), "{error}");
                outcome.refused.push(took);
            }
        }
    }
    outcome.accepted.sort_unstable();
    outcome.refused.sort_unstable();
    outcome
}

fn waiting(metrics: &Metrics) -> usize {
    let text = metrics.render();
    let line = "convene_server_calls_waiting{service=\"events\"} ";
    text.lines().find_map(|known| known.strip_prefix(line)?.parse().ok()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn at_five_times_capacity_what_is_accepted_is_answered_soon_and_the_rest_is_refused_at_once() {
    let limit = LimitOptions { max_in_flight: PLACES, max_waiting: 1_000, max_wait: TAKES, ..LimitOptions::default() };
    let script = Script::slow([], TAKES);
    let (client, metrics) = scripted(&script, limit);

    let half = load(&client, &metrics, PLACES / 2).await;
    assert_eq!((half.accepted.len(), half.refused.len()), (800, 0));

    let five_times = load(&client, &metrics, PLACES * 5).await;
    let (p99, at_half) = (five_times.p99(), half.p99());
    assert!(p99 <= at_half * 3, "{p99:?} beside {at_half:?} at half of capacity");
    let capacity = 1_000 / 5 * PLACES;
    assert!(five_times.accepted.len() * 100 >= capacity * 80, "{} of {capacity} were done", five_times.accepted.len());
    assert_eq!(five_times.accepted.len() + five_times.refused.len(), 8_000);
    assert_eq!(five_times.refused.last(), Some(&Duration::ZERO), "nobody waited to be refused");
    assert!(five_times.most_waiting <= PLACES * 2, "{} waited", five_times.most_waiting);

    let afterwards = load(&client, &metrics, PLACES / 2).await;
    assert_eq!((afterwards.accepted.len(), afterwards.refused.len()), (800, 0), "it has recovered by itself");
    assert_eq!(afterwards.p99(), at_half);
    assert_eq!(waiting(&metrics), 0);
}
