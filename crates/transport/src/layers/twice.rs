//! For tests: makes every call twice, as a lossy network may, under the same idempotency key, and answers with the second answer.
//!
//! What a second attempt must not change is compared and reported: a query's value, and whether a command succeeds. Long polls
//! are passed once.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{Answer, Context, Error, Kind, Method, Protocol, Retryable, Stub, WireBody};

use super::is_long_poll;
use crate::codec::Bincode;

/// Two answers to the same request that differ where they must not.
#[derive(Clone, Debug)]
pub struct Mismatch {
    /// The method called.
    pub method: &'static Method,
    /// The request, as `Debug` shows it.
    pub request: String,
    /// The first answer, as `Debug` shows it.
    pub first: String,
    /// The second.
    pub second: String,
}

/// See the module.
pub struct Twice<P: Protocol> {
    inner: Arc<dyn Stub<P>>,
    report: Arc<dyn Fn(Mismatch) + Send + Sync>,
}

impl<P: Protocol> Twice<P> {
    /// Calls `inner` twice, and `report` for every mismatch.
    pub fn new(inner: Arc<dyn Stub<P>>, report: Arc<dyn Fn(Mismatch) + Send + Sync>) -> Self {
        Self { inner, report }
    }
}

#[async_trait]
impl<P: Protocol> Stub<P> for Twice<P> {
    async fn call(&self, context: &Context, request: P::Request) -> Answer<P::Response> {
        let method = request.method();
        if is_long_poll(method) {
            return self.inner.call(context, request).await;
        }
        let first = self.inner.call(context, request.clone()).await;
        let second = self.inner.call(context, request.clone()).await;
        if ended_its_own_session(method, &first, &second) {
            return first;
        }
        if !alike(method, &first, &second) {
            (self.report)(Mismatch {
                method,
                request: format!("{request:?}"),
                first: format!("{first:?}"),
                second: format!("{second:?}"),
            });
        }
        second
    }
}

/// Whether the first call ended the session that it came with (a sign-out, a deleted account), so that the second was not let in.
fn ended_its_own_session<R>(method: &Method, first: &Answer<R>, second: &Answer<R>) -> bool {
    method.kind == Kind::Command && first.is_ok() && matches!(second, Err(Error::Unauthenticated { .. }))
}

fn alike<R: WireBody>(method: &Method, first: &Answer<R>, second: &Answer<R>) -> bool {
    // Whoever was told to try again may well fare otherwise the second time.
    let passing = |answer: &Answer<R>| matches!(answer, Err(error) if error.retryable() != Retryable::Never);
    if passing(first) || passing(second) {
        return true;
    }
    match (first, second) {
        // The same question about the same state; how a service is at the moment is a question of its own.
        (Ok(first), Ok(second))
            if method.kind == Kind::Query && method.name != "health" && first.seen == second.seen =>
        {
            bytes_of(&first.value) == bytes_of(&second.value)
        }
        (Ok(_), Ok(_)) => true,
        (Err(first), Err(second)) => first.code() == second.code(),
        (Ok(_), Err(_)) | (Err(_), Ok(_)) => false,
    }
}

fn bytes_of<R: WireBody>(value: &R) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    value.encode(&Bincode, &mut bytes)?;
    Ok(bytes)
}
