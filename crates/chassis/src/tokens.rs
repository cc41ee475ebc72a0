//! Session tokens: PASETO v4.public, signed by auth, verified by every service by itself.
//!
//! A token names its user (by id and name) and session, when it ends, and the position of auth's log at which the session was seen alive; so a
//! service that does not know the session can tell "ended" from "not yet heard of". The signing key is named in the footer.

use domain::auth::KeyId;
use domain::{Epoch, Error, Position, SessionId, SessionToken, Timestamp, UserId, Username};
use pasetors::Public;
use pasetors::keys::{AsymmetricPublicKey, AsymmetricSecretKey, Generate as _};
use pasetors::token::UntrustedToken;
use pasetors::version4::{PublicToken, V4};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

const PURPOSE: &[u8] = b"convene session";
/// Ours have some 450 bytes; nothing longer is looked at.
const LONGEST: usize = 1_024;

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// Whose session.
    pub user: UserId,
    /// Their name, for a service that the registration has not reached.
    pub username: Username,
    /// Which.
    pub session: SessionId,
    /// When it ends by itself.
    pub expires: Timestamp,
    /// Where in auth's log it was seen alive.
    pub at: Position,
}

#[derive(Serialize, Deserialize)]
struct Written {
    sub: UserId,
    name: Username,
    sid: SessionId,
    exp: Timestamp,
    epoch: Epoch,
    at: u64,
}

/// A key pair that signs tokens. The secret half stays in auth's database and memory.
pub struct SigningKey {
    secret: AsymmetricSecretKey<V4>,
    public: [u8; 32],
}

impl SigningKey {
    /// A new one, as the 64 bytes to keep.
    ///
    /// # Errors
    /// Internal trouble: the system has no randomness.
    pub fn generate() -> Result<Zeroizing<Vec<u8>>, crate::Fault> {
        pasetors::keys::AsymmetricKeyPair::<V4>::generate()
            .map(|pair| Zeroizing::new(pair.secret.as_bytes().to_vec()))
            .map_err(|_| crate::Fault::broken("no signing key could be made: the system has no randomness"))
    }

    /// From the bytes that were kept.
    ///
    /// # Errors
    /// If they are no key.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, crate::Fault> {
        let broken = || crate::Fault::broken("the stored signing key is no key");
        let secret = AsymmetricSecretKey::from(bytes).map_err(|_| broken())?;
        let public = AsymmetricPublicKey::<V4>::try_from(&secret).map_err(|_| broken())?;
        let public = public.as_bytes().try_into().map_err(|_| broken())?;
        Ok(Self { secret, public })
    }

    /// The public half.
    #[must_use]
    pub const fn public(&self) -> [u8; 32] {
        self.public
    }

    /// Its identity.
    #[must_use]
    pub fn id(&self) -> KeyId {
        key_id(&self.public)
    }

    /// A token that says `claims`.
    ///
    /// # Errors
    /// If signing fails.
    pub fn sign(&self, claims: &Claims) -> Result<SessionToken, crate::Fault> {
        let written = Written {
            sub: claims.user,
            name: claims.username.clone(),
            sid: claims.session,
            exp: claims.expires,
            epoch: claims.at.epoch,
            at: claims.at.at,
        };
        let failed = |why: String| crate::Fault::broken(format!("a token could not be signed: {why}"));
        let message = serde_json::to_vec(&written).map_err(|error| failed(error.to_string()))?;
        PublicToken::sign(&self.secret, &message, Some(&self.id()), Some(PURPOSE))
            .map(|token| SessionToken(token.into()))
            .map_err(|error| failed(error.to_string()))
    }
}

/// The identity of a public key.
#[must_use]
pub fn key_id(public: &[u8; 32]) -> KeyId {
    let mut id = KeyId::default();
    blake3::Hasher::new().update(public).finalize_xof().fill(&mut id);
    id
}

/// A token that has the form of one, its signature not yet checked.
pub struct Unverified {
    token: UntrustedToken<Public, V4>,
    /// The key that it says it was signed with.
    pub key: KeyId,
    /// What it says; to be believed only from [`Unverified::verify`].
    pub claimed: Claims,
}

impl Unverified {
    /// Reads a token.
    ///
    /// # Errors
    /// Unauthenticated if it has not the form of one.
    pub fn read(token: &SessionToken) -> Result<Self, Error> {
        let refused = || Error::unauthenticated("the session token is malformed; sign in again");
        if token.0.len() > LONGEST {
            return Err(refused());
        }
        let token = UntrustedToken::<Public, V4>::try_from(&*token.0).map_err(|_| refused())?;
        let key = token.untrusted_footer().try_into().map_err(|_| refused())?;
        let written: Written = serde_json::from_slice(token.untrusted_payload()).map_err(|_| refused())?;
        let claimed = Claims {
            user: written.sub,
            username: written.name,
            session: written.sid,
            expires: written.exp,
            at: Position { epoch: written.epoch, at: written.at },
        };
        Ok(Self { token, key, claimed })
    }

    /// What it says, now that its signature is known to be of the key with this public half.
    ///
    /// # Errors
    /// Unauthenticated if it is not.
    pub fn verify(&self, public: &[u8; 32]) -> Result<Claims, Error> {
        let refused = || Error::unauthenticated("the session token was not made by this installation; sign in again");
        let key = AsymmetricPublicKey::<V4>::from(public).map_err(|_| refused())?;
        PublicToken::verify(&key, &self.token, Some(&self.key), Some(PURPOSE)).map_err(|_| refused())?;
        Ok(self.claimed.clone())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn claims() -> Claims {
        Claims {
            user: UserId::new(),
            username: "alice".parse().unwrap(),
            session: SessionId::new(),
            expires: Timestamp::from_micros(5),
            at: Position { epoch: Epoch([7; 16]), at: 3 },
        }
    }

    #[test]
    fn a_token_says_what_was_signed_and_only_under_its_key() {
        let key = SigningKey::from_bytes(&SigningKey::generate().unwrap()).unwrap();
        let other = SigningKey::from_bytes(&SigningKey::generate().unwrap()).unwrap();
        let said = claims();
        let token = key.sign(&said).unwrap();
        let read = Unverified::read(&token).unwrap();
        assert_eq!(read.key, key.id());
        assert_eq!(read.verify(&key.public()).unwrap(), said);
        assert!(read.verify(&other.public()).is_err());
    }

    proptest! {
        #[test]
        fn a_changed_token_is_refused(place in 10_usize..300, byte in 33_u8..127) {
            let key = SigningKey::from_bytes(&SigningKey::generate().unwrap()).unwrap();
            let token = key.sign(&claims()).unwrap();
            let mut bytes = token.0.as_bytes().to_vec();
            let place = place % bytes.len();
            prop_assume!(bytes[place] != byte);
            bytes[place] = byte;
            let changed = SessionToken(String::from_utf8(bytes).unwrap().into());
            prop_assert!(Unverified::read(&changed).and_then(|read| read.verify(&key.public())).is_err());
        }

        #[test]
        fn no_text_makes_reading_panic(text in ".{0,2000}") {
            let _ = Unverified::read(&SessionToken(text.as_str().into()));
            let _ = Unverified::read(&SessionToken(format!("v4.public.{text}").into()));
        }
    }
}
