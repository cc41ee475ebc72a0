//! What can go wrong inside a service, before it is decided who may know.

use domain::{Error, Service};

/// Why something inside a service failed. A [`domain::Error`] is for the caller; the rest is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The caller is refused, and told why.
    #[error(transparent)]
    Refused(#[from] Error),
    /// The database refused or failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// Something does not hold that always should.
    #[error("{0}")]
    Broken(String),
}

impl Fault {
    /// Something does not hold that always should.
    pub fn broken(what: impl Into<String>) -> Self {
        Self::Broken(what.into())
    }

    /// What the caller of `service` is told of something that has changed nothing; the rest goes to the log, under an incident id
    /// that the caller gets.
    #[must_use]
    pub fn into_error(self, service: Service) -> Error {
        use storage::Error as Storage;
        match self {
            Self::Refused(error) => error,
            Self::Storage(Storage::Busy { waiting }) => Error::RateLimited {
                reason: format!("{service} is busy: {waiting} writes are waiting"),
                retry_after_ms: 200,
            },
            Self::Storage(Storage::DiskFull { path, free, keep_free }) => {
                tracing::warn!(%service, path = %path.display(), free, keep_free, "refused: the disk is full");
                let reason = "its disk is full, so it takes no changes until an operator has freed some space";
                Error::unavailable(service, reason)
            }
            Self::Storage(Storage::Closed) => Error::unavailable(service, "it is shutting down; try again in a moment"),
            // A write that was under way then is another matter: see `Chassis::command`.
            Self::Storage(Storage::Stopped { why }) => {
                tracing::warn!(%service, %why, "refused: the database has stopped");
                Error::unavailable(service, "its database has stopped, and an operator must look")
            }
            other => {
                let incident = uuid::Uuid::now_v7().to_string();
                tracing::error!(%service, %incident, fault = %other, "internal error");
                Error::Internal { service, incident }
            }
        }
    }
}
