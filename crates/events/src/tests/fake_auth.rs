//! An auth of a few lines: users by name and a log, which can be away.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use domain::auth::{AuthChange, AuthProtocol, AuthRequest, AuthResponse, User, VouchedUser};
use domain::log::{Changes, Record};
use domain::{Answer, Context, Epoch, Error, Position, Positions, Reply, Service, Stub, UserId, Username};
use tokio::sync::watch;

pub(crate) const EPOCH: Epoch = Epoch([7; 16]);

#[derive(Default)]
pub(crate) struct FakeAuth {
    log: watch::Sender<Vec<AuthChange>>,
    pub(crate) away: AtomicBool,
    pub(crate) hung: AtomicBool,
    pub(crate) asked: AtomicUsize,
}

impl FakeAuth {
    pub(crate) fn register(&self, name: &str) -> User {
        let user = User { id: UserId::new(), username: name.parse().unwrap() };
        self.log.send_modify(|log| log.push(AuthChange::UserRegistered(user.clone())));
        user
    }

    pub(crate) fn delete(&self, user: UserId) {
        self.log.send_modify(|log| log.push(AuthChange::UserDeleted { user }));
    }

    pub(crate) fn log(&self) -> Vec<AuthChange> {
        self.log.borrow().clone()
    }

    pub(crate) fn position(&self) -> Position {
        Position { epoch: EPOCH, at: self.log.borrow().len() as u64 }
    }

    fn is_there(&self) -> Result<(), Error> {
        if self.hung.load(Ordering::SeqCst) {
            return Err(Error::Deadline { service: Service::Auth });
        }
        if self.away.load(Ordering::SeqCst) { Err(Error::unavailable(Service::Auth, "it is away")) } else { Ok(()) }
    }

    fn find(&self, name: &Username) -> Result<VouchedUser, Error> {
        let mut found = None;
        for change in self.log.borrow().iter() {
            match change {
                AuthChange::UserRegistered(user) if user.username == *name => found = Some(user.clone()),
                AuthChange::UserDeleted { user } => found = found.filter(|known| known.id != *user),
                _ => {}
            }
        }
        let user = found.ok_or_else(|| Error::not_found("user", name))?;
        Ok(VouchedUser { user, at: self.position() })
    }
}

#[async_trait]
impl Stub<AuthProtocol> for FakeAuth {
    async fn call(&self, _: &Context, request: AuthRequest) -> Answer<AuthResponse> {
        self.is_there()?;
        let reply = |value| Ok(Reply::new(value, Positions::default()));
        match request {
            AuthRequest::find_user(request) => {
                self.asked.fetch_add(1, Ordering::SeqCst);
                reply(AuthResponse::find_user(self.find(&request.username)?))
            }
            AuthRequest::changes(request) => {
                let after = usize::try_from(request.after.position).unwrap();
                let wait = Duration::from_millis(u64::from(request.wait_ms));
                let mut news = self.log.subscribe();
                let _ = tokio::time::timeout(wait, news.wait_for(|log| log.len() > after)).await;
                self.is_there()?;
                let log = self.log();
                let new = log.iter().zip(1_u64..).skip(after).take(request.limit as usize);
                let record = |(change, position): (&AuthChange, u64)| Record {
                    position,
                    digest: [0; 16],
                    change: change.clone(),
                };
                reply(AuthResponse::changes(Changes::Records {
                    epoch: EPOCH,
                    records: new.map(record).collect(),
                    watermark: log.len() as u64,
                    followed: Positions::default(),
                }))
            }
            other => panic!("nobody should ask auth {other:?}"),
        }
    }
}
