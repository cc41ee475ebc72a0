//! The seam between a caller and a service, whether the service is linked into the same process or far away.
//!
//! A [`Stub`] takes a request and gives an answer. The in-process service and the network channel both are stubs, and every
//! layer (deadline, retry, authentication, metrics, …) is a stub that wraps a stub, so none knows which it has in hand. (Only the layer that
//! ends calls asks whether what it wraps ends them by itself.)

use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Actor, Answer, Context, Credential, Error, Service};

/// Whether a method changes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It changes something, and carries an idempotency key so that sending it twice does it once.
    Command,
    /// It changes nothing and may be repeated freely.
    Query,
}

/// Who may call a method at all. What they then may see or do is the method's own rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anyone, signed in or not.
    Anyone,
    /// A signed-in user.
    User,
    /// A signed-in user or another service of the installation.
    Member,
    /// Another service of the installation, or its operator.
    Service,
}

/// One method of a service, as data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Method {
    /// Its service.
    pub service: Service,
    /// Its number on the wire; never used again for another method.
    pub number: u16,
    /// Its name.
    pub name: &'static str,
    /// Command or query.
    pub kind: Kind,
    /// Who may call it.
    pub access: Access,
}

/// How values become bytes: implemented by the transport, so that this crate calls no encoding.
pub trait Codec {
    /// Appends the bytes of `value` to `out`.
    ///
    /// # Errors
    /// Invalid input if the value is too large to be sent.
    fn encode<T: Serialize>(&self, value: &T, out: &mut Vec<u8>) -> Result<(), Error>;

    /// Reads a value from all of `bytes`.
    ///
    /// # Errors
    /// Invalid input for bytes that are not exactly one valid value.
    fn decode<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, Error>;
}

/// A request or response of any method of one service, on its way through a codec.
pub trait WireBody: Sized {
    /// The method it belongs to.
    fn method(&self) -> &'static Method;

    /// Appends its bytes (without the method's number) to `out`.
    ///
    /// # Errors
    /// As [`Codec::encode`].
    fn encode<C: Codec>(&self, codec: &C, out: &mut Vec<u8>) -> Result<(), Error>;

    /// Reads the body of the method with this number.
    ///
    /// # Errors
    /// As [`Codec::decode`]; invalid input naming `method` for a number that the service does not have.
    fn decode<C: Codec>(number: u16, codec: &C, bytes: &[u8]) -> Result<Self, Error>;
}

/// One service's definition, as a type; made by [`service!`](crate::service).
pub trait Protocol: Send + Sync + 'static {
    /// Which service.
    const SERVICE: Service;
    /// Its methods, in the order of their definition.
    const METHODS: &'static [Method];
    /// A request of any of its methods.
    type Request: WireBody + Clone + std::fmt::Debug + Send + Sync + 'static;
    /// A response of any of its methods.
    type Response: WireBody + Clone + std::fmt::Debug + Send + Sync + 'static;
}

/// Something that can be called.
#[async_trait]
pub trait Stub<P: Protocol>: Send + Sync + 'static {
    /// Calls the service. Dropping the future cancels the call: a query is abandoned, a command may or may not have been done.
    async fn call(&self, context: &Context, request: P::Request) -> Answer<P::Response>;

    /// Whether each call ends at its deadline, or within a millisecond or two after it, without anybody else watching the clock for it.
    fn ends_in_time(&self) -> bool {
        false
    }
}

/// Finds out who a caller is. Each service has one, over the users, sessions and keys that it follows from auth.
#[async_trait]
pub trait Authenticate: Send + Sync + 'static {
    /// The actor behind a credential.
    ///
    /// # Errors
    /// Unauthenticated for a session that has ended or a token that no key of this installation signed; unavailable (auth) when
    /// that cannot be told yet, because auth's log has not been heard of far enough.
    async fn authenticate(&self, credential: &Credential) -> Result<Actor, Error>;
}

/// An answer that is still to come: what [`Stub::call`] gives, written out for those that hand on what another gives, so that nothing is
/// allocated for them.
pub type Coming<'call, T> = Pin<Box<dyn Future<Output = Answer<T>> + Send + 'call>>;

impl<P: Protocol> Stub<P> for Arc<dyn Stub<P>> {
    fn call<'stub, 'context, 'call>(
        &'stub self,
        context: &'context Context,
        request: P::Request,
    ) -> Coming<'call, P::Response>
    where
        'stub: 'call,
        'context: 'call,
        Self: 'call,
    {
        (**self).call(context, request)
    }

    fn ends_in_time(&self) -> bool {
        (**self).ends_in_time()
    }
}
