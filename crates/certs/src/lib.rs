//! The certificates of one installation: the local authority that issues them, the files they lie in, and what they say.
//!
//! Every connection that leaves a machine is TLS with a certificate on either end (`transport::tls` speaks it). Nobody outside the
//! installation has to vouch for anybody in it, so its authority is its own: a key that signs nothing but these certificates, is needed only
//! to make or renew them, and may therefore be kept elsewhere.
//!
//! * [`Folder`]: which file is whose. The only place that knows names of files.
//! * [`Holder`]: whose a certificate can be, and the name inside it that says so.
//! * [`Authority`]: makes certificates.
//! * [`Certificate`]: what one says, for people.
//! * [`make`], [`renew`], [`look`]: what `convene certs` does, for all certificates of an installation at once.
//!
//! This is the only crate that knows rcgen and x509-parser. It judges nothing on behalf of a connection: that is rustls's business.

mod authority;
mod certificate;
mod folder;
mod holder;
mod installation;

pub use authority::{Authority, Issued};
pub use certificate::Certificate;
pub use folder::Folder;
pub use holder::Holder;
pub use installation::{Look, Made, Order, State, look, make, renew};

/// Why there is no such certificate, in words for people. A private key is never part of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Error(pub(crate) String);
