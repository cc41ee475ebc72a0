//! Who is who: people by name, names by their beginning, users by id. User names are no secret.

use chassis::{Chassis, Fault};
use domain::auth::{CompleteName, FindUser, VouchedUser};
use domain::integrity::{Present, Target};
use domain::{Context, Error, Reply, Username};
use storage::Reader as _;

use super::AuthService;
use crate::store::{self, NAMES, USERS};

const MOST_COMPLETIONS: usize = 20;
const LONGEST_NAME: usize = 32;
/// Sorts behind every character of a name.
const BEHIND_ALL: char = '{';

impl AuthService {
    pub(super) async fn do_find_user(
        &self,
        context: &Context,
        request: &FindUser,
    ) -> Result<Reply<VouchedUser>, Fault> {
        let found = self.chassis.query(context, |view| {
            let (id, row) = store::user_named(view, &request.username)?
                .ok_or_else(|| Error::not_found("user", &request.username))?;
            Ok(VouchedUser { user: store::shown(id, &row), at: Chassis::position(view) })
        });
        Ok(found.await?)
    }

    pub(super) async fn do_complete_name(
        &self,
        context: &Context,
        request: &CompleteName,
    ) -> Result<Reply<Vec<Username>>, Fault> {
        let prefix = &request.prefix;
        let of_names = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
        let completed = self.chassis.query(context, |view| {
            if prefix.len() > LONGEST_NAME || !prefix.chars().all(of_names) {
                return Ok(Vec::new());
            }
            let behind = format!("{prefix}{BEHIND_ALL}");
            let names = view.range(&NAMES, prefix, Some(&behind), MOST_COMPLETIONS)?;
            names.into_iter().map(|(name, _)| Ok(Username::try_from(name)?)).collect()
        });
        Ok(completed.await?)
    }

    pub(super) async fn do_present(&self, context: &Context, request: &Present) -> Result<Reply<Vec<bool>>, Fault> {
        let present = self.chassis.query(context, |view| {
            request.answer(|target| match target {
                Target::User(user) => Ok(view.contains(&USERS, user)?),
                Target::Event(_) => Ok(false),
            })
        });
        Ok(present.await?)
    }
}
