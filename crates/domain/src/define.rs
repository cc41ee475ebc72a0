//! The macro that turns one definition of a service into everything that depends on it.

/// Defines a service once. From
///
/// ```text
/// service! {
///     /// Keeps events.
///     pub trait Events for Service::Events as (EventsProtocol, EventsRequest, EventsResponse, EventsServer, EventsClient) {
///         /// Makes an event.
///         1: command by User fn create(CreateEvent) -> Event;
///         /// Shows an event.
///         2: query by User fn show(ShowEvent) -> Event;
///     }
/// }
/// ```
///
/// come: the trait `Events` with `async fn create(&self, context: &Context, request: CreateEvent) -> Answer<Event>` and so on; the enums
/// of all requests and responses, with their bytes; the list of methods as data; `EventsServer`, which makes a
/// [`Stub`](crate::Stub) of an `Arc<dyn Events>` (the dispatch); and `EventsClient`, which makes an `Events` of a stub. No method is
/// written down anywhere else, and none compiles without its number, its kind and who may call it.
#[macro_export]
macro_rules! service {
    (
        $(#[$doc:meta])*
        pub trait $service:ident for $name:path as ($protocol:ident, $request:ident, $response:ident, $server:ident, $client:ident) {
            $(
                $(#[$method_doc:meta])*
                $number:literal: $kind:ident by $access:ident fn $method:ident($argument:ty) -> $result:ty;
            )+
        }
    ) => {
        $(#[$doc])*
        #[$crate::macro_support::async_trait]
        pub trait $service: Send + Sync + 'static {
            $(
                $(#[$method_doc])*
                async fn $method(&self, context: &$crate::Context, request: $argument) -> $crate::Answer<$result>;
            )+
        }

        #[doc = concat!("The definition of [`", stringify!($service), "`] as a type.")]
        #[derive(Clone, Copy, Debug)]
        pub struct $protocol;

        #[doc = concat!("A request of any method of [`", stringify!($service), "`]; each variant has its method's name.")]
        #[allow(non_camel_case_types, reason = "a variant is named exactly as its method, so that nothing is written twice")]
        #[allow(missing_docs, clippy::large_enum_variant, reason = "the methods are documented in the trait")]
        #[derive(Clone, Debug)]
        pub enum $request { $($method($argument)),+ }

        #[doc = concat!("A response of any method of [`", stringify!($service), "`]; each variant has its method's name.")]
        #[allow(non_camel_case_types, reason = "a variant is named exactly as its method, so that nothing is written twice")]
        #[allow(missing_docs, clippy::large_enum_variant, reason = "the methods are documented in the trait")]
        #[derive(Clone, Debug)]
        pub enum $response { $($method($result)),+ }

        impl $crate::Protocol for $protocol {
            const SERVICE: $crate::Service = $name;
            const METHODS: &'static [$crate::Method] = &[$($crate::service!(@method $name, $number, $method, $kind, $access)),+];
            type Request = $request;
            type Response = $response;
        }

        $crate::service!(@body $request, $name, $($number, $method, $kind, $access, $argument;)+);
        $crate::service!(@body $response, $name, $($number, $method, $kind, $access, $result;)+);

        #[doc = concat!("Makes something that can be called of an implementation of [`", stringify!($service), "`].")]
        pub struct $server(pub std::sync::Arc<dyn $service>);

        #[$crate::macro_support::async_trait]
        impl $crate::Stub<$protocol> for $server {
            async fn call(&self, context: &$crate::Context, request: $request) -> $crate::Answer<$response> {
                match request {
                    $($request::$method(request) => {
                        self.0.$method(context, request).await.map(|reply| reply.map($response::$method))
                    })+
                }
            }
        }

        #[doc = concat!("Makes a [`", stringify!($service), "`] of something that can be called, wherever it leads.")]
        #[derive(Clone)]
        pub struct $client(pub std::sync::Arc<dyn $crate::Stub<$protocol>>);

        #[$crate::macro_support::async_trait]
        impl $service for $client {
            $(
                async fn $method(&self, context: &$crate::Context, request: $argument) -> $crate::Answer<$result> {
                    let reply = self.0.call(context, $request::$method(request)).await?;
                    #[allow(unreachable_patterns, reason = "a service may have one method only")]
                    match reply {
                        $crate::Reply { value: $response::$method(value), seen, behind, settled } => {
                            Ok($crate::Reply { value, seen, behind, settled })
                        }
                        _ => Err($crate::Error::Internal {
                            service: $name,
                            incident: concat!("an answer of another method than ", stringify!($method)).to_owned(),
                        }),
                    }
                }
            )+
        }
    };

    (@method $name:path, $number:literal, $method:ident, $kind:ident, $access:ident) => {
        $crate::Method {
            service: $name,
            number: $number,
            name: stringify!($method),
            kind: $crate::service!(@kind $kind),
            access: $crate::Access::$access,
        }
    };
    (@kind command) => { $crate::Kind::Command };
    (@kind query) => { $crate::Kind::Query };

    (@body $body:ident, $name:path, $($number:literal, $method:ident, $kind:ident, $access:ident, $type:ty;)+) => {
        impl $crate::WireBody for $body {
            fn method(&self) -> &'static $crate::Method {
                match self {
                    $(Self::$method(_) => const { &$crate::service!(@method $name, $number, $method, $kind, $access) }),+
                }
            }

            fn encode<C: $crate::Codec>(&self, codec: &C, out: &mut Vec<u8>) -> Result<(), $crate::Error> {
                match self { $(Self::$method(value) => codec.encode(value, out)),+ }
            }

            fn decode<C: $crate::Codec>(number: u16, codec: &C, bytes: &[u8]) -> Result<Self, $crate::Error> {
                match number {
                    $($number => codec.decode::<$type>(bytes).map(Self::$method),)+
                    other => Err($crate::Error::invalid("method", other.to_string(), "this service has no method of that number")),
                }
            }
        }
    };
}
