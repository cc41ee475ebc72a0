//! Whose calendars the client opens, and what is in them: a full month around today, and years before and after it.

use anyhow::{Context as _, Result};
use domain::events::{Alarms, CreateEvent};
use domain::time::{Moment, Rules};
use domain::{EventTime, Zone};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use tokio::task::JoinSet;
use transport::cluster::Clients;

pub(super) use crate::person::PASSWORD;
use crate::person::Person;

/// In the title of an event on each day of the month: one word, since a terminal is not sent the blanks between words.
pub(super) const THEIRS: &str = "Rendezvous";
/// How many commands are under way at a time.
const AT_ONCE: usize = 64;
/// The years before and after the month in which all else lies.
const YEARS: i32 = 10;

/// Who opens the client.
#[derive(Clone, Copy, Debug)]
pub(super) enum Owner {
    /// Someone with a full month and nothing else.
    OfAMonth,
    /// Someone with as full a month among much else.
    OfMuch,
}

impl Owner {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::OfAMonth => "of-a-month",
            Self::OfMuch => "of-much",
        }
    }

    /// Registers, and makes so many events this month and so many before and after.
    ///
    /// # Errors
    /// What a call reports.
    pub(super) async fn plans(self, clients: &Clients, in_month: u32, besides: u32) -> Result<()> {
        let mut person = Person::registered(clients.clone(), self.name().to_owned()).await?;
        let today = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
        let mut under_way = JoinSet::new();
        for request in requests(today, in_month, besides) {
            if under_way.len() >= AT_ONCE {
                under_way.join_next().await.context("nothing is under way")???;
            }
            let (clients, context, request) = (clients.clone(), person.commanding(), request?);
            under_way.spawn(async move { clients.events.create(&context, request).await.map(drop) });
        }
        while let Some(created) = under_way.join_next().await {
            created??;
        }
        Ok(())
    }
}

/// The month of `today`, evenly filled, with [`THEIRS`] first on each day; and all else, evenly spread over the years around it.
fn requests(today: Date, in_month: u32, besides: u32) -> impl Iterator<Item = Result<CreateEvent>> {
    let (first, days) = (today.first_of_month(), u32::try_from(today.days_in_month()).unwrap_or(31));
    let of_month = (0..in_month).map(move |nth| {
        let (day, turn) = (nth % days, nth / days);
        let title = if turn == 0 { THEIRS.to_owned() } else { format!("Planning of the next steps {nth:03}") };
        event(&title, first.checked_add(i64::from(day).days())?, i8::try_from(8 + turn % 12)?)
    });
    let elsewhere = (0..besides).map(move |nth| {
        let years = i64::from(2 * YEARS * 365);
        // All of them in an order that has nothing to do with when they take place, and none in the month or beside it.
        let scattered = i64::from(nth.wrapping_mul(0x9e37_79b9)) * years / (1 << 32);
        let away = scattered - years / 2;
        let day = first.checked_add((away + if away < 0 { -62 } else { 62 }).days())?;
        event(&format!("Planning of the next steps {nth:06}"), day, i8::try_from(8 + nth % 12)?)
    });
    of_month.chain(elsewhere)
}

fn event(title: &str, day: Date, hour: i8) -> Result<CreateEvent> {
    let at = |minute| Moment::in_zone("start", day.at(hour, minute, 0, 0), &Zone::utc());
    Ok(CreateEvent {
        title: title.parse()?,
        description: "What we have, and what is missing.".parse()?,
        location: "Room 12".parse()?,
        time: EventTime::timed(at(0)?, at(45)?, Zone::utc())?,
        rules: Rules::default(),
        public: false,
        capacity: None,
        alarms: Alarms::default(),
        invite: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_month_is_full_with_one_of_theirs_on_each_day_and_all_else_lies_elsewhere() {
        for today in [date(2027, 2, 28), date(2026, 11, 1), date(2027, 1, 31)] {
            let made: Vec<CreateEvent> = requests(today, 200, 1_000).collect::<Result<_>>().unwrap();
            let day = |request: &CreateEvent| request.time.civil_start().date();
            let (month, besides) = made.split_at(200);
            assert!(month.iter().all(|request| day(request).first_of_month() == today.first_of_month()));
            let of_today = month.iter().filter(|request| day(request) == today);
            assert_eq!(of_today.filter(|request| request.title.as_str() == THEIRS).count(), 1);
            let far = |request: &CreateEvent| (day(request) - today).get_days().abs() > 30;
            assert!(besides.len() == 1_000 && besides.iter().all(far));
            let before = besides.iter().filter(|request| day(request) < today).count();
            assert!((400..600).contains(&before), "{before}");
        }
    }
}
