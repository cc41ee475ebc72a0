//! Calls over a channel end at their deadlines, without a layer before it and whether or not the server ends them.

use std::sync::Arc;
use std::time::Duration;

use domain::{Context, Credential, Error, Service, Stub};
use futures::future::join_all;
use tokio::time::{Instant, timeout};

use super::sample::*;
use crate::layers::{Breaker, BreakerOptions, Circuit, Retry, RetryOptions};
use crate::{Channel, ChannelOptions, InMemory, ListenOptions, Metrics, Server};

const OVERDUE: Error = Error::Deadline { service: Service::Events };

/// A way to the house through no layers at all: on neither side does anybody else end a call.
fn bare(house: &Arc<House>, options: ChannelOptions) -> Channel<SampleProtocol> {
    let stub = Arc::new(SampleServer(Arc::clone(house) as Arc<dyn Sample>));
    let server = Server::new(stub, Arc::new(crate::Ready::default), Metrics::new(), ListenOptions::default());
    Channel::over(InMemory(Arc::new(server)), options)
}

fn within(milliseconds: u64) -> Context {
    Context::new(Credential::None, Duration::from_millis(milliseconds))
}

#[tokio::test(start_paused = true)]
async fn each_call_ends_at_its_own_deadline_in_whatever_order_they_were_made() {
    let house = House::new();
    let client = Arc::new(SampleClient(Arc::new(bare(&house, ChannelOptions::default()))));
    client.echo(&within(1), String::new()).await.unwrap();
    let since = Instant::now();
    let waits = [5_000, 30_000, 100, 700, 100, 5_001, 20, 60_000];
    let ended = join_all(waits.map(|wait| {
        let client = Arc::clone(&client);
        async move { (client.hang(&within(wait), ()).await.unwrap_err(), since.elapsed().as_millis()) }
    }));
    for ((error, took), wait) in ended.await.into_iter().zip(waits) {
        assert_eq!(error, OVERDUE);
        assert!((u128::from(wait)..=u128::from(wait) + 2).contains(&took), "{took} instead of {wait} ms");
    }
    house.dropped(waits.len()).await;
    assert_eq!(client.echo(&patient(), "still here".to_owned()).await.unwrap().value, "still here");
}

#[tokio::test(start_paused = true)]
async fn one_after_the_other_they_end_in_time_as_well() {
    let house = House::new();
    let client = SampleClient(Arc::new(bare(&house, ChannelOptions::default())));
    for wait in [300, 40, 40, 900, 5, 300] {
        let since = Instant::now();
        assert_eq!(client.hang(&within(wait), ()).await.unwrap_err(), OVERDUE);
        let took = since.elapsed().as_millis();
        assert!((u128::from(wait)..=u128::from(wait) + 2).contains(&took), "{took} instead of {wait} ms");
        assert_eq!(client.echo(&patient(), "between".to_owned()).await.unwrap().value, "between");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_answered_does_not_end_the_wait_of_the_next() {
    let house = House::new();
    let client = Arc::new(SampleClient(Arc::new(bare(&house, ChannelOptions::default()))));
    client.echo(&within(50), String::new()).await.unwrap();
    let later = tokio::spawn({
        let client = Arc::clone(&client);
        async move { client.hang(&within(10_000), ()).await }
    });
    house.begun(1).await;
    tokio::time::sleep(Duration::from_secs(9)).await;
    house.release.add_permits(1);
    assert!(later.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn an_overdue_call_is_cancelled_and_gives_its_place_back() {
    let house = House::new();
    let options = ChannelOptions { max_in_flight: 1, ..ChannelOptions::default() };
    let client = SampleClient(Arc::new(bare(&house, options)));
    assert_eq!(client.hang(&within(100), ()).await.unwrap_err(), OVERDUE);
    timeout(Duration::from_millis(10), house.dropped(1)).await.expect("the server goes on with it");
    assert_eq!(client.echo(&within(10), "next".to_owned()).await.unwrap().value, "next");
}

#[test]
fn what_stands_between_a_channel_and_the_layer_that_knows_deadlines_says_what_the_channel_does() {
    let house = House::new();
    let asked = |inner: Arc<dyn Stub<SampleProtocol>>| {
        let metrics = Metrics::new();
        let circuit = Circuit::new::<SampleProtocol>(&BreakerOptions::default(), &metrics);
        let breaker = Breaker::new(inner, Arc::clone(&circuit));
        Retry::new(Arc::new(breaker), &RetryOptions::default(), circuit, &metrics).ends_in_time()
    };
    assert!(asked(Arc::new(bare(&house, ChannelOptions::default()))));
    assert!(!asked(Arc::new(SampleServer(Arc::clone(&house) as Arc<dyn Sample>))));
}
