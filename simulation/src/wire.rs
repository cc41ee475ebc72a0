//! The messages of people's terminals: each sending of a command is followed to its end, and sometimes a message comes much later than
//! it was sent, or twice. A network does that where something on the way keeps what it could not deliver: a program that hung, a
//! proxy that tries again.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::{Answer, Context, IdempotencyKey, Kind, Protocol, Stub, WireBody as _};
use tokio::time::Instant;

use crate::history::{History, Sent};

/// What a message that comes late may take then.
const PATIENCE: Duration = Duration::from_secs(4);

/// The way of messages to one service.
pub(crate) struct Wire<P: Protocol> {
    inner: Arc<dyn Stub<P>>,
    history: History,
}

impl<P: Protocol> Wire<P> {
    pub(crate) fn new(inner: Arc<dyn Stub<P>>, history: &History) -> Self {
        Self { inner, history: history.clone() }
    }

    /// Sends it once; what becomes of that is written down even if nobody waits for it.
    async fn send(&self, context: &Context, request: P::Request) -> Answer<P::Response> {
        let Some(key) = context.idempotency_key else { return self.inner.call(context, request).await };
        let mut sending = Sending::begins(&self.history, key);
        let answer = self.inner.call(context, request).await;
        sending.ended = Sent::of(&answer);
        answer
    }
}

#[async_trait]
impl<P: Protocol> Stub<P> for Wire<P> {
    async fn call(&self, context: &Context, request: P::Request) -> Answer<P::Response> {
        if request.method().kind == Kind::Command
            && let Some((later, instead)) = self.history.haunts()
        {
            let again = Self { inner: Arc::clone(&self.inner), history: self.history.clone() };
            let (mut context, request) = (context.clone(), request.clone());
            let key = context.idempotency_key;
            self.history.ghosts(true);
            // Under way from now on, as far as anybody can know.
            key.into_iter().for_each(|key| self.history.sends(key));
            tokio::spawn(async move {
                tokio::time::sleep(later).await;
                context.deadline = Instant::now() + PATIENCE;
                let answer = again.inner.call(&context, request).await;
                key.into_iter().for_each(|key| again.history.came_to_an_end(key, Sent::of(&answer)));
                again.history.ghosts(false);
            });
            if instead {
                // Held up: its sender waits in vain.
                return std::future::pending().await;
            }
        }
        self.send(context, request).await
    }
}

struct Sending<'h> {
    history: &'h History,
    key: IdempotencyKey,
    ended: Sent,
}

impl<'h> Sending<'h> {
    fn begins(history: &'h History, key: IdempotencyKey) -> Self {
        history.sends(key);
        Self { history, key, ended: Sent::Lost }
    }
}

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        self.history.sent(self.key, self.ended);
    }
}
