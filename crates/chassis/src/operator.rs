//! The operator's key, and the identity that services prove with it.
//!
//! One random key lies in the data folder, readable by its owner only. Whoever can read it runs the installation: the five
//! services, and `convene check`. A service shows a PASETO v4.local token made with it, good for an hour and made anew before
//! that. Logs, snapshots and audits are given for nothing less.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use domain::{Actor, Clock, Credential, Error, Service, ServiceToken, Timestamp};
use parking_lot::Mutex;
use pasetors::Local;
use pasetors::keys::SymmetricKey;
use pasetors::token::UntrustedToken;
use pasetors::version4::{LocalToken, V4};
use serde::{Deserialize, Serialize};

const FILE: &str = "operator.key";
const LIFE: Duration = Duration::from_secs(3_600);
/// Clocks of two machines may differ by this much.
const LEEWAY: Duration = Duration::from_secs(300);
/// Binds the tokens to their use, so that nothing else made with the key can pass for one.
/// Ours have some 150 bytes; nothing longer is looked at.
const LONGEST: usize = 1_024;
const PURPOSE: &[u8] = b"convene service identity";

/// The key itself; shown nowhere.
#[derive(Clone)]
pub struct OperatorKey(Arc<SymmetricKey<V4>>);

#[derive(Serialize, Deserialize)]
struct Claims {
    /// A service's number, or 0 for the operator.
    who: u8,
    /// Seconds since 1970.
    exp: i64,
}

impl OperatorKey {
    /// A new random key, for an installation in memory.
    ///
    /// # Errors
    /// If the system has no randomness.
    pub fn random() -> io::Result<Self> {
        let mut bytes = [0_u8; 32];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        Self::from_bytes(&bytes)
    }

    /// The key of the installation in the folder `data`.
    ///
    /// # Errors
    /// If there is none (nothing was ever started there), or it cannot be read.
    pub fn load(data: &Path) -> io::Result<Self> {
        let path = data.join(FILE);
        let bytes = fs::read(&path).map_err(|error| named(&path, &error))?;
        Self::from_bytes(&bytes).map_err(|error| named(&path, &error))
    }

    /// The key of the installation in the folder `data`, made there if there is none. Several programs may do this at once;
    /// all get the same.
    ///
    /// # Errors
    /// If the folder cannot be written, or the file not be read.
    pub fn load_or_create(data: &Path) -> io::Result<Self> {
        match Self::load(data) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            found => return found,
        }
        fs::create_dir_all(data).map_err(|error| named(data, &error))?;
        let mut bytes = [0_u8; 32];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        // Written aside and linked, so that another program sees a whole key or none, and the first one wins.
        let mine = data.join(format!("{FILE}.{}", uuid::Uuid::now_v7()));
        write_secret(&mine, &bytes).map_err(|error| named(&mine, &error))?;
        let linked = fs::hard_link(&mine, data.join(FILE));
        fs::remove_file(&mine).map_err(|error| named(&mine, &error))?;
        match linked {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(named(&data.join(FILE), &error)),
            _ => {
                fs::File::open(data)?.sync_all()?;
                Self::load(data)
            }
        }
    }

    fn from_bytes(bytes: &[u8]) -> io::Result<Self> {
        SymmetricKey::from(bytes).map(|key| Self(Arc::new(key))).map_err(|_| {
            io::Error::new(io::ErrorKind::InvalidData, "it is no key of 32 bytes; restore it from a backup")
        })
    }

    fn token(&self, who: u8, now: Timestamp) -> Result<ServiceToken, Error> {
        let claims = Claims { who, exp: now.plus(LIFE).as_seconds() };
        serde_json::to_vec(&claims)
            .ok()
            .and_then(|message| LocalToken::encrypt(&self.0, &message, None, Some(PURPOSE)).ok())
            .map(ServiceToken)
            .ok_or_else(|| Error::unauthenticated("no service token could be made: the system has no randomness"))
    }

    /// The operator's credential, good for an hour.
    ///
    /// # Errors
    /// If the system has no randomness.
    pub fn operator_credential(&self, now: Timestamp) -> Result<Credential, Error> {
        self.token(0, now).map(Credential::Service)
    }

    /// The actor who made this token.
    ///
    /// # Errors
    /// Unauthenticated for a token of another installation, or one that is no longer good.
    pub fn verify(&self, token: &ServiceToken, now: Timestamp) -> Result<Actor, Error> {
        let refused = || Error::unauthenticated("the service token is not of this installation, or no longer good");
        if token.0.len() > LONGEST {
            return Err(refused());
        }
        let untrusted = UntrustedToken::<Local, V4>::try_from(&token.0).map_err(|_| refused())?;
        let trusted = LocalToken::decrypt(&self.0, &untrusted, None, Some(PURPOSE)).map_err(|_| refused())?;
        let claims: Claims = serde_json::from_str(trusted.payload()).map_err(|_| refused())?;
        if claims.exp < now.minus(LEEWAY).as_seconds() {
            return Err(refused());
        }
        match claims.who {
            0 => Ok(Actor::Operator),
            number => Service::try_from(number).map(Actor::Service).map_err(|_| refused()),
        }
    }
}

/// One service's own identity: a token that is made anew when half its life is over.
pub struct ServiceIdentity {
    key: OperatorKey,
    service: Service,
    clock: Arc<dyn Clock>,
    token: Mutex<Option<(Timestamp, ServiceToken)>>,
}

impl ServiceIdentity {
    /// The identity of `service`.
    #[must_use]
    pub fn new(key: OperatorKey, service: Service, clock: Arc<dyn Clock>) -> Self {
        Self { key, service, clock, token: Mutex::new(None) }
    }

    /// What to show when calling another service.
    ///
    /// # Errors
    /// If the system has no randomness.
    pub fn credential(&self) -> Result<Credential, Error> {
        let now = self.clock.now();
        let mut held = self.token.lock();
        if let Some((made, token)) = held.as_ref()
            && *made <= now
            && now < made.plus(LIFE / 2)
        {
            return Ok(Credential::Service(token.clone()));
        }
        let token = self.key.token(self.service.number(), now)?;
        *held = Some((now, token.clone()));
        Ok(Credential::Service(token))
    }
}

fn write_secret(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemClock;

    #[test]
    fn all_who_start_in_a_folder_get_the_same_key_and_nobody_else_can_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let keys: Vec<_> = std::thread::scope(|scope| {
            let started: Vec<_> =
                (0..8).map(|_| scope.spawn(|| OperatorKey::load_or_create(folder.path()).unwrap())).collect();
            started.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let now = SystemClock.now();
        let Credential::Service(token) = keys[0].operator_credential(now).unwrap() else { panic!() };
        assert!(keys.iter().all(|key| key.verify(&token, now) == Ok(Actor::Operator)));
        assert_eq!(fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_token_of_another_installation_or_of_yesterday_is_refused() {
        let (ours, theirs) = (OperatorKey::random().unwrap(), OperatorKey::random().unwrap());
        let now = SystemClock.now();
        let identity = ServiceIdentity::new(ours.clone(), Service::Events, Arc::new(SystemClock));
        let Credential::Service(token) = identity.credential().unwrap() else { panic!() };
        assert_eq!(ours.verify(&token, now), Ok(Actor::Service(Service::Events)));
        assert!(theirs.verify(&token, now).is_err());
        assert!(ours.verify(&token, now.plus(Duration::from_secs(86_400))).is_err());
        assert!(ours.verify(&ServiceToken("v4.local.nonsense".to_owned()), now).is_err());
    }
}
