//! The failure matrix as data: what people do, and what becomes of it while each of the five services is away.
//!
//! With several services away, the strongest cell counts: what one of them refuses is refused, whatever the others would say.

use domain::Service;

use super::deed::Deed;

/// What becomes of something while one service is away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    /// It is done, as ever.
    Works,
    /// It is done, and its user is told that not every service has heard of it yet.
    Unsettled,
    /// It is refused, naming the service: certainly not done, or of unknown outcome.
    Refused,
    /// It is done at the command line too, which says that the latest changes of the service may be missing.
    Behind,
}

use Cell::{Behind as B, Refused as R, Unsettled as U, Works as W};

/// Something that people do.
pub(super) struct Row {
    /// In the words of the table; also what its events are called.
    pub(super) name: &'static str,
    /// What is done, by a call to a service or by a command.
    pub(super) deed: Deed,
    /// What becomes of it, by the service that is away: auth, events, invitations, calendar, sharing.
    pub(super) cells: [Cell; 5],
}

const fn row(name: &'static str, deed: Deed, cells: [Cell; 5]) -> Row {
    Row { name, deed, cells }
}

/// All rows.
#[rustfmt::skip]
pub(super) static ROWS: &[Row] = &[
    //                                                auth events invit. calen. sharing
    row("sign in",              Deed::SignIn,         [R,  W,     W,     W,     W]),
    row("register",             Deed::Register,       [R,  W,     W,     W,     W]),
    row("sign out",             Deed::SignOut,        [R,  U,     U,     U,     U]),
    row("change password",      Deed::ChangePassword, [R,  U,     U,     U,     U]),
    row("delete the account",   Deed::DeleteAccount,  [R,  U,     U,     U,     U]),
    row("create",               Deed::Create,         [W,  R,     W,     W,     W]),
    row("create and invite",    Deed::CreateInviting, [W,  R,     W,     W,     W]),
    row("edit",                 Deed::Edit,           [W,  R,     W,     W,     W]),
    row("turn private",         Deed::TurnPrivate,    [W,  R,     U,     U,     W]),
    row("invite",               Deed::Invite,         [W,  R,     U,     U,     W]),
    row("invite a stranger",    Deed::InviteStranger, [R,  R,     W,     W,     W]),
    row("uninvite",             Deed::Uninvite,       [W,  R,     U,     U,     W]),
    row("cancel",               Deed::Cancel,         [W,  R,     W,     W,     W]),
    row("event page",           Deed::Show,           [W,  R,     W,     W,     W]),
    row("public list",          Deed::PublicList,     [W,  R,     W,     W,     W]),
    row("own events",           Deed::OwnList,        [W,  R,     W,     W,     W]),
    row("inbox",                Deed::Inbox,          [W,  W,     R,     W,     W]),
    row("answer",               Deed::Answer,         [W,  W,     R,     W,     W]),
    row("attend",               Deed::Attend,         [W,  W,     R,     W,     W]),
    row("leave",                Deed::Leave,          [W,  W,     R,     W,     W]),
    row("participants",         Deed::Participants,   [W,  W,     R,     W,     W]),
    row("calendar",             Deed::OwnCalendar,    [W,  W,     W,     R,     W]),
    row("shared calendar",      Deed::SharedCalendar, [W,  W,     W,     R,     W]),
    row("share",                Deed::Share,          [W,  W,     W,     U,     R]),
    row("stop sharing",         Deed::Unshare,        [W,  W,     W,     U,     R]),
    row("shares",               Deed::Shares,         [W,  W,     W,     W,     R]),
    // The profile knows who it is without auth, which a call to auth cannot.
    row("who am I",             Deed::WhoAmI,         [B,  W,     W,     W,     W]),
];

/// What becomes of a row while several services are away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expected {
    /// The service that is named, if it is refused.
    pub(super) refused_by: Option<Service>,
    /// Whether it is not settled.
    pub(super) unsettled: bool,
    /// The services that its answer may lack something of.
    pub(super) behind: Vec<Service>,
}

impl Row {
    /// The row's cell for one service.
    pub(super) fn cell(&self, service: Service) -> Cell {
        self.cells[usize::from(service.number()) - 1]
    }

    /// What to expect while all of `away` are away. The service that is asked comes before those that it asks in turn.
    pub(super) fn expected(&self, away: &[Service]) -> Expected {
        let those = |cell: Cell| away.iter().copied().filter(move |service| self.cell(*service) == cell);
        let refused_by = those(R).find(|service| *service == self.deed.asks()).or_else(|| those(R).next());
        Expected { refused_by, unsettled: those(U).next().is_some(), behind: those(B).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_refused_for_want_of_the_service_that_it_asks_and_names_it_before_others() {
        for row in ROWS {
            let asks = row.deed.asks();
            assert_ne!(row.cell(asks), Cell::Works, "{}", row.name);
        }
        let stranger = ROWS.iter().find(|row| row.name == "invite a stranger").unwrap();
        let refused_by = |away: &[Service]| stranger.expected(away).refused_by;
        assert_eq!(refused_by(&[Service::Auth]), Some(Service::Auth));
        assert_eq!(refused_by(&[Service::Auth, Service::Events]), Some(Service::Events));
        assert_eq!(refused_by(&[Service::Sharing]), None);
    }
}
