//! `{"user":{"id","username"}}`: who is signed in, or was until now.

use domain::auth::User;
use serde::Serialize;

use super::Document;

/// A user, and what happened.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct UserDocument {
    user: UserFields,
    #[serde(skip)]
    happened: String,
}

#[derive(Clone, Debug, Serialize)]
struct UserFields {
    id: String,
    username: String,
}

impl UserDocument {
    /// The document about `user`. `happened` is a sentence for people.
    pub(crate) fn new(user: &User, happened: String) -> Self {
        Self { user: UserFields { id: user.id.to_string(), username: user.username.to_string() }, happened }
    }
}

impl Document for UserDocument {
    fn text(&self) -> String {
        format!("{}\n", self.happened)
    }
}
