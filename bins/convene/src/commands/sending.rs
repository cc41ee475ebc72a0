//! The services' commands, as things that can be kept in the profile and sent again exactly as they were.

use domain::auth::{ChangePassword, DeleteAccount, Login, Logout, Register, SignedIn, User};
use domain::events::{CancelEvent, CreateEvent, EditEvent, Event, Invite, Uninvite};
use domain::invitations::{Attend, Invitation, Respond, Unattend};
use domain::sharing::{ShareCalendar, Shares, Unshare};
use domain::{Answer, Context, EventId, Instance, Service};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::reach::Clients;

/// A command of a service.
pub(crate) trait Sent: Sized {
    /// The service that does it.
    const SERVICE: Service;
    /// Its name, with its service's.
    const METHOD: &'static str;
    /// Whether it is done in the name of whoever is signed in.
    const SIGNED_IN: bool;
    /// What it answers.
    type Answer;

    /// What it overwrites, if it does: of two commands about the same row only the later one counts.
    fn row(&self) -> Option<String>;
    /// The request as the profile keeps it; `None` if it holds a secret, or nothing.
    fn kept(&self) -> Option<Value>;
    /// The request that the profile kept.
    fn from_kept(kept: &Value) -> Option<Self>;
    /// Sends it.
    async fn send(&self, clients: &Clients, context: &Context) -> Answer<Self::Answer>;
}

fn to_value(request: &impl Serialize) -> Option<Value> {
    serde_json::to_value(request).ok()
}

fn from_value<T: DeserializeOwned>(kept: &Value) -> Option<T> {
    T::deserialize(kept).ok()
}

macro_rules! sent {
    ($($request:ident: $client:ident.$method:ident -> $answer:ty, $service:ident, signed in: $signed_in:literal, kept: $kept:ident, row: $row:expr;)*) => {$(
        impl Sent for $request {
            const SERVICE: Service = Service::$service;
            const METHOD: &'static str = concat!(stringify!($client), ".", stringify!($method));
            const SIGNED_IN: bool = $signed_in;
            type Answer = $answer;

            fn row(&self) -> Option<String> {
                let row: fn(&Self) -> Option<String> = $row;
                row(self)
            }

            sent!(@kept $kept);

            async fn send(&self, clients: &Clients, context: &Context) -> Answer<$answer> {
                clients.$client.$method(context, self.clone()).await
            }
        }
    )*};
    (@kept whole) => {
        fn kept(&self) -> Option<Value> {
            to_value(self)
        }

        fn from_kept(kept: &Value) -> Option<Self> {
            from_value(kept)
        }
    };
    (@kept never) => {
        fn kept(&self) -> Option<Value> {
            None
        }

        fn from_kept(_kept: &Value) -> Option<Self> {
            None
        }
    };
}

sent! {
    Register: auth.register -> SignedIn, Auth, signed in: false, kept: never, row: |_| None;
    Login: auth.login -> SignedIn, Auth, signed in: false, kept: never, row: |_| None;
    ChangePassword: auth.change_password -> User, Auth, signed in: true, kept: never, row: |_| None;
    Logout: auth.logout -> User, Auth, signed in: true, kept: never, row: |_| None;
    DeleteAccount: auth.delete_account -> User, Auth, signed in: true, kept: never, row: |_| None;
    CreateEvent: events.create -> Event, Events, signed in: true, kept: whole, row: |_| None;
    EditEvent: events.edit -> Event, Events, signed in: true, kept: whole, row: |r| Some(format!("event {}", r.event));
    CancelEvent: events.cancel -> Event, Events, signed in: true, kept: whole, row: |r| Some(format!("event {}", r.event));
    Invite: events.invite -> Event, Events, signed in: true, kept: whole, row: |r| Some(format!("invited {}", r.event));
    Uninvite: events.uninvite -> Event, Events, signed in: true, kept: whole, row: |r| Some(format!("invited {}", r.event));
    Respond: invitations.respond -> Invitation, Invitations, signed in: true, kept: whole, row: |r| Some(answer(r.event, r.instance));
    Attend: invitations.attend -> Invitation, Invitations, signed in: true, kept: whole, row: |r| Some(answer(r.event, r.instance));
    Unattend: invitations.unattend -> Invitation, Invitations, signed in: true, kept: whole, row: |r| Some(answer(r.event, r.instance));
    ShareCalendar: sharing.share -> Shares, Sharing, signed in: true, kept: whole, row: |r| Some(format!("share {}", r.with));
    Unshare: sharing.unshare -> Shares, Sharing, signed in: true, kept: whole, row: |r| Some(format!("share {}", r.with));
}

fn answer(event: EventId, instance: Instance) -> String {
    match instance {
        Instance::Series => format!("answer {event}"),
        Instance::On(start) => format!("answer {event} on {start}"),
        Instance::From(start) => format!("answer {event} from {start}"),
    }
}

#[cfg(test)]
mod tests {
    use domain::{Limit, PasswordAttempt};

    use super::*;

    #[test]
    fn a_request_is_kept_as_it_is_and_one_with_a_secret_not_at_all() {
        let request = Unshare { with: "bob".parse().unwrap() };
        assert_eq!(Unshare::from_kept(&request.kept().unwrap()), Some(request));
        let login = Login {
            username: "alice".parse().unwrap(),
            password: PasswordAttempt::try_from("correct horse".to_owned()).unwrap(),
        };
        assert_eq!(login.kept(), None);
        assert_eq!(Limit::default().get(), 50);
    }

    #[test]
    fn every_command_that_a_user_gives_is_named_as_the_services_define_it() {
        use domain::Protocol as _;
        let defined: Vec<String> = [
            domain::auth::AuthProtocol::METHODS,
            domain::events::EventsProtocol::METHODS,
            domain::invitations::InvitationsProtocol::METHODS,
            domain::sharing::SharingProtocol::METHODS,
        ]
        .concat()
        .iter()
        .filter(|method| method.kind == domain::Kind::Command)
        .map(|method| format!("{}.{}", method.service, method.name))
        .collect();
        for method in [Register::METHOD, EditEvent::METHOD, Unattend::METHOD, Unshare::METHOD] {
            assert!(defined.contains(&method.to_owned()), "{method}");
        }
    }
}
