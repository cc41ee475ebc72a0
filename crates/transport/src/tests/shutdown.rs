//! Ending a server: what was accepted is finished, within a bound; what comes too late is refused as certainly not executed.

use std::sync::Arc;
use std::time::Duration;

use domain::{Error, Service};

use super::sample::*;
use crate::{Channel, ChannelOptions, InMemory, ListenOptions};

#[tokio::test]
async fn calls_under_way_finish_and_new_ones_are_refused() {
    let house = House::new();
    let listening = listening(&house, ListenOptions::default()).await;
    let client = client(listening.channel());
    let hanging = tokio::spawn({
        let client = Arc::clone(&client);
        async move { client.hang(&patient(), ()).await }
    });
    house.begun(1).await;
    let ending = tokio::spawn({
        let server = Arc::clone(&listening.server);
        async move { server.shutdown().await }
    });
    listening.task.await.unwrap();
    // One that came before the connection noticed is still answered. After that, whether it goes over the old connection, which
    // says so, or over a new one, which is refused: certainly not executed.
    let error = loop {
        if let Err(error) = client.echo(&patient(), String::new()).await {
            break error;
        }
    };
    assert!(matches!(error, Error::Unavailable { service: Service::Events, .. }), "{error:?}");
    assert!(!hanging.is_finished() && !ending.is_finished());
    house.release.add_permits(1);
    assert!(hanging.await.unwrap().is_ok());
    ending.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_does_not_finish_within_the_bound_is_cut_off() {
    let house = House::new();
    let server = server_with(&house, ListenOptions::default());
    let client = client(Channel::over(InMemory(Arc::clone(&server)), ChannelOptions::default()));
    let hanging = tokio::spawn(async move { client.hang(&patient(), ()).await });
    house.begun(1).await;
    let begun = tokio::time::Instant::now();
    server.shutdown().await;
    assert_eq!(begun.elapsed().as_secs(), 5);
    assert_eq!(hanging.await.unwrap(), Err(Error::Deadline { service: Service::Events }));
    house.dropped(1).await;
}

#[tokio::test(start_paused = true)]
async fn an_idle_server_ends_at_once() {
    let house = House::new();
    let server = server_with(&house, ListenOptions::default());
    let client = client(Channel::over(InMemory(Arc::clone(&server)), ChannelOptions::default()));
    client.echo(&patient(), String::new()).await.unwrap();
    let begun = tokio::time::Instant::now();
    server.shutdown().await;
    assert!(begun.elapsed() < Duration::from_millis(100), "{:?}", begun.elapsed());
    assert_eq!(client.echo(&patient(), String::new()).await.unwrap_err().code(), "unavailable");
}

/// Many calls while the server ends: each is answered well, or certainly not executed; none is lost between the two.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_that_crosses_the_go_away_is_lost() {
    let house = House::new();
    let listening = listening(&house, ListenOptions::default()).await;
    let client = client(listening.channel());
    client.echo(&patient(), String::new()).await.unwrap();
    let callers: Vec<_> = (0..16)
        .map(|_| {
            let client = Arc::clone(&client);
            tokio::spawn(async move {
                let mut answered = 0;
                loop {
                    match client.echo(&patient(), "text".to_owned()).await {
                        Ok(_) => answered += 1,
                        Err(error) => return (answered, error),
                    }
                }
            })
        })
        .collect();
    listening.server.shutdown().await;
    for caller in callers {
        let (_, error) = caller.await.unwrap();
        assert_eq!(error.code(), "unavailable", "{error:?}");
    }
}
