//! Polls that wait for news, and news that come through another service.

use super::*;

fn poll_after(position: u64, cursor: LogCursor, followed: Positions) -> ReadChanges {
    ReadChanges { after: LogCursor { position, ..cursor }, limit: 100, wait_ms: 20_000, followed }
}

fn patiently() -> Context {
    let mut context = Context::new(Credential::None, Duration::from_secs(30));
    context.actor = Actor::Service(FOLLOWER);
    context
}

#[tokio::test]
async fn a_poll_that_waits_is_answered_as_soon_as_there_is_news() {
    let owner = in_memory(OWNER);
    let began = Instant::now();
    let context = patiently();
    let poll = owner.serve_changes::<Word>(&context, poll_after(0, LogCursor::START, Positions::default()));
    let (answer, _) = tokio::join!(poll, async { say(&owner, &commanding(), "hello", Settle::No).await });
    let Changes::Records { records, watermark, .. } = answer.unwrap().value else { panic!("one history") };
    assert_eq!((records.len(), watermark, &records[0].change), (1, 1, &Word("hello".to_owned())));
    assert!(began.elapsed() < Duration::from_secs(15));
}

#[tokio::test]
async fn a_poll_that_waits_ends_when_the_owner_shuts_down() {
    let owner = in_memory(OWNER);
    let began = Instant::now();
    let context = patiently();
    let poll = owner.serve_changes::<Word>(&context, poll_after(0, LogCursor::START, Positions::default()));
    let (answer, ()) = tokio::join!(poll, owner.db().close());
    assert_eq!(answer.unwrap_err().code(), "unavailable");
    assert!(began.elapsed() < Duration::from_secs(15));
}

#[tokio::test(start_paused = true)]
async fn a_poll_without_news_is_answered_empty_when_its_time_is_over() {
    let owner = in_memory(OWNER);
    let began = Instant::now();
    let request = poll_after(0, LogCursor::START, Positions::default());
    let answer = owner.serve_changes::<Word>(&patiently(), request).await.unwrap().value;
    assert!(matches!(answer, Changes::Records { records, watermark: 0, .. } if records.is_empty()));
    assert!(began.elapsed() >= Duration::from_secs(20));
}

#[tokio::test]
async fn a_poll_that_waits_is_answered_when_the_owner_itself_has_followed_further() {
    // Sharing follows auth, and says nothing of its own about this word.
    let (auth, owner) = (in_memory(Service::Auth), in_memory(OWNER));
    let following = Link::to(&auth).followed_by(&owner);
    until("they are in contact", async || owner.health().behind.is_empty()).await;
    let context = patiently();
    let known = owner.health().positions.get(Service::Auth).map(|at| Positions::of(Service::Auth, at));
    let poll = owner.serve_changes::<Word>(&context, poll_after(0, LogCursor::START, known.unwrap_or_default()));
    let began = Instant::now();
    let (answer, _) = tokio::join!(poll, async { say(&auth, &commanding(), "hello", Settle::No).await });
    let Changes::Records { records, followed, .. } = answer.unwrap().value else { panic!("one history") };
    assert!(records.is_empty());
    assert_eq!(followed.get(Service::Auth).map(|at| at.at), Some(1));
    assert!(began.elapsed() < Duration::from_secs(15));
    following.abort();
}

#[tokio::test]
async fn what_reaches_a_follower_through_another_service_is_waited_for_too() {
    // Invitations follows auth and events, and events says of each word of auth's a word of its own.
    let [auth, events, invitations] = [Service::Auth, Service::Events, Service::Invitations].map(in_memory);
    let echo = |tx: &mut Transaction<'_>, _: Position, word: &Word| {
        chassis::log::announce(tx, Word(format!("{} was said", word.0))).map(drop)
    };
    let (from_auth, through_events) = (Link::to(&auth), Link::to(&events));
    let tasks = [
        Link::to(&auth).followed_with(&events, echo),
        from_auth.followed_by(&invitations),
        through_events.followed_by(&invitations),
    ];
    until("they are in contact", async || invitations.health().behind.is_empty()).await;
    let mut waited = 0;
    for number in 1..=10 {
        through_events.is(Way::Held);
        let said = say(&auth, &commanding(), "hello", Settle::No).await;
        until("the word itself is there", async || words(&invitations, Service::Auth).await.len() == number).await;
        let context = asking().having_seen(said.seen);
        let look = invitations.query(&context, |view| heard(view, Service::Events));
        let (reply, ()) = tokio::join!(look, async { through_events.is(Way::Open) });
        let reply = reply.unwrap();
        if reply.behind.is_empty() {
            assert_eq!(reply.value.1.len(), number, "it did not wait and does not say so");
            waited += 1;
        }
        until("the echo is there", async || words(&invitations, Service::Events).await.len() == number).await;
    }
    assert!(waited > 0, "a second is enough on any machine, now and then");
    tasks.iter().for_each(JoinHandle::abort);
}
