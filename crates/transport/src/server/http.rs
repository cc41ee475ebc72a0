//! What a server answers to plain HTTP: is it alive, is it ready, what has it counted; and the upgrade to a stream of calls.

use std::sync::Arc;

use bytes::Bytes;
use domain::{Error, Protocol};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;

use super::{Caller, Place, Ready, Shared, session};
use crate::backup;
use crate::frame::PROTOCOL_VERSION;
use crate::handshake::{self, Introduction, introduce, versions_differ};
use crate::stream::BoxStream;

pub(super) type Answer = Response<Full<Bytes>>;

pub(super) fn answer<P: Protocol>(
    shared: Arc<Shared<P>>,
    request: Request<Incoming>,
    caller: Caller,
    place: &Mutex<Option<Place>>,
) -> Answer {
    match (request.method(), request.uri().path()) {
        (&Method::GET, handshake::PATH) => upgrade(shared, request, caller, place),
        (&Method::GET, backup::PATH) => back_up(&shared, request, caller, place),
        (&Method::GET | &Method::HEAD, "/healthz") => text(StatusCode::OK, format!("{} is alive\n", P::SERVICE)),
        (&Method::GET | &Method::HEAD, "/readyz") => ready(&shared),
        (&Method::GET | &Method::HEAD, "/metrics") => {
            let mut answer = text(StatusCode::OK, shared.metrics.render());
            answer
                .headers_mut()
                .insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"));
            answer
        }
        (_, handshake::PATH | backup::PATH | "/healthz" | "/readyz" | "/metrics") => {
            text(StatusCode::METHOD_NOT_ALLOWED, "only GET is answered here\n".to_owned())
        }
        _ => text(StatusCode::NOT_FOUND, format!("{} answers /healthz, /readyz, /metrics and calls\n", P::SERVICE)),
    }
}

fn ready<P: Protocol>(shared: &Shared<P>) -> Answer {
    let Ready { mut lacking, remarks } = (shared.readiness)();
    if shared.draining.is_cancelled() {
        lacking.push("it is shutting down".to_owned());
    }
    if lacking.is_empty() {
        let lines = std::iter::once(format!("{} is ready", P::SERVICE)).chain(remarks);
        text(StatusCode::OK, lines.map(|line| line + "\n").collect())
    } else {
        text(StatusCode::SERVICE_UNAVAILABLE, format!("{} is not ready: {}\n", P::SERVICE, lacking.join("; ")))
    }
}

fn upgrade<P: Protocol>(
    shared: Arc<Shared<P>>,
    mut request: Request<Incoming>,
    caller: Caller,
    place: &Mutex<Option<Place>>,
) -> Answer {
    let client = Introduction::read(request.headers());
    let mut answer = match (client.service.as_deref(), client.version) {
        (Some(wanted), _) if wanted != P::SERVICE.name() => {
            text(StatusCode::MISDIRECTED_REQUEST, format!("this is {}, not {wanted}\n", P::SERVICE))
        }
        (Some(_), Some(version)) if version != PROTOCOL_VERSION => {
            text(StatusCode::UPGRADE_REQUIRED, versions_differ(P::SERVICE, PROTOCOL_VERSION, version) + "\n")
        }
        (Some(_), Some(_)) if client.upgrade => match place.lock().take() {
            Some(place) if !place.takes_calls() => {
                let most = shared.places.most();
                text(
                    StatusCode::SERVICE_UNAVAILABLE,
                    format!("{} is busy: all its {most} places for connections are taken\n", P::SERVICE),
                )
            }
            Some(place) if !shared.draining.is_cancelled() => {
                let upgraded = hyper::upgrade::on(&mut request);
                let tasks = shared.tasks.clone();
                tasks.spawn(async move {
                    let closing = shared.closing.clone();
                    let session = async {
                        let Ok(upgraded) = upgraded.await else { return };
                        let Ok(parts) = upgraded.downcast::<TokioIo<BoxStream>>() else { return };
                        session::run(&shared, parts.io.into_inner(), &parts.read_buf, caller).await;
                    };
                    tokio::select! {
                        () = session => {}
                        () = closing.cancelled() => {}
                    }
                    drop(place);
                });
                let mut answer = text(StatusCode::SWITCHING_PROTOCOLS, String::new());
                answer.headers_mut().remove(CONTENT_TYPE);
                answer
            }
            _ => text(StatusCode::SERVICE_UNAVAILABLE, format!("{} is shutting down\n", P::SERVICE)),
        },
        _ => text(
            StatusCode::UPGRADE_REQUIRED,
            format!("calls need an upgrade to {} with the headers of a Convene client\n", handshake::UPGRADE_TO),
        ),
    };
    introduce(answer.headers_mut(), P::SERVICE, PROTOCOL_VERSION);
    answer
}

/// Gives the operator a backup, on the connection that asks for it.
fn back_up<P: Protocol>(
    shared: &Arc<Shared<P>>,
    mut request: Request<Incoming>,
    caller: Caller,
    place: &Mutex<Option<Place>>,
) -> Answer {
    let Some(token) = backup::asked_by(request.headers()) else {
        let how = format!("a backup is made by `convene-{} backup`\n", P::SERVICE);
        return text(StatusCode::UPGRADE_REQUIRED, how);
    };
    if !caller.serves {
        let why = "a backup is given to the operator: the certificate of this connection is neither the operator's nor a service's\n";
        return text(StatusCode::FORBIDDEN, why.to_owned());
    }
    let starting = || Err(Error::unavailable(P::SERVICE, "it is still starting"));
    let backup = match shared.backups.get().map_or_else(starting, |backups| backups(&token)) {
        Ok(backup) => backup,
        Err(error @ (Error::Unauthenticated { .. } | Error::Forbidden { .. })) => {
            return text(StatusCode::FORBIDDEN, format!("{error}\n"));
        }
        Err(error) => return text(StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")),
    };
    let Ok(only) = Arc::clone(&shared.backing_up).try_acquire_owned() else {
        let why = format!("a backup of {} is being made already: try again when that has ended\n", P::SERVICE);
        return text(StatusCode::SERVICE_UNAVAILABLE, why);
    };
    let Some(place) = place.lock().take().filter(|_| !shared.draining.is_cancelled()) else {
        return text(StatusCode::SERVICE_UNAVAILABLE, format!("{} is shutting down\n", P::SERVICE));
    };
    let (upgraded, closing) = (hyper::upgrade::on(&mut request), shared.closing.clone());
    shared.tasks.spawn(async move {
        let sending = async {
            let Ok(upgraded) = upgraded.await else { return };
            let Ok(parts) = upgraded.downcast::<TokioIo<BoxStream>>() else { return };
            backup::send(P::SERVICE, backup, parts.io.into_inner()).await;
        };
        tokio::select! {
            () = sending => {}
            () = closing.cancelled() => {}
        }
        drop((place, only));
    });
    let mut answer = text(StatusCode::SWITCHING_PROTOCOLS, String::new());
    answer.headers_mut().remove(CONTENT_TYPE);
    backup::promise(answer.headers_mut());
    answer
}

/// What someone is told who does not speak TLS where nothing else is spoken.
pub(super) fn speak_tls<P: Protocol>(request: &Request<Incoming>) -> Answer {
    let how = match request.uri().path() {
        handshake::PATH | backup::PATH => OURS_SPEAK_TLS,
        _ => OTHERS_SPEAK_TLS,
    };
    let told = format!("{} speaks TLS at this address and nothing else: {how}\n", P::SERVICE);
    let mut answer = text(StatusCode::BAD_REQUEST, told);
    introduce(answer.headers_mut(), P::SERVICE, PROTOCOL_VERSION);
    answer
}

/// What a client of ours is told to do then.
const OURS_SPEAK_TLS: &str = "give --require-tls, or set CONVENE_REQUIRE_TLS=1";
/// And what anybody else: curl, Prometheus.
const OTHERS_SPEAK_TLS: &str = "ask with https, and show a client's certificate (`convene certs make --client NAME` makes a folder with it, \
                                its key and the authority.crt to check the service by)";

fn text(status: StatusCode, body: String) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    answer
}
