//! Who sees whose calendar.

use domain::sharing::{Level, Share, Shares};
use serde::Serialize;

use super::Document;
use super::table::Table;

/// Both lists.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SharesDocument {
    shared_with: Vec<ShareFields>,
    shared_with_me: Vec<ShareFields>,
}

#[derive(Clone, Debug, Serialize)]
struct ShareFields {
    username: String,
    level: &'static str,
}

impl From<&Share> for ShareFields {
    fn from(share: &Share) -> Self {
        let level = match share.level {
            Level::Details => "details",
            Level::Busy => "busy",
        };
        Self { username: share.username.to_string(), level }
    }
}

impl From<&Shares> for SharesDocument {
    fn from(shares: &Shares) -> Self {
        let fields = |list: &[Share]| list.iter().map(ShareFields::from).collect();
        Self { shared_with: fields(&shares.shared_with), shared_with_me: fields(&shares.shared_with_me) }
    }
}

impl Document for SharesDocument {
    fn text(&self) -> String {
        let list = |shares: &[ShareFields], nobody: &str| {
            let mut table = Table::new(["USER", "LEVEL"]);
            for share in shares {
                table.row([&share.username, share.level]);
            }
            table.lines(nobody)
        };
        format!(
            "My calendar is shared with\n{}\nShared with me\n{}",
            list(&self.shared_with, "nobody."),
            list(&self.shared_with_me, "nothing.")
        )
    }
}
