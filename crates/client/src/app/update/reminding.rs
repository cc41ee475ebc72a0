//! Reminding of what comes, at the times that its organizer has set: once each, while the client runs.
//!
//! What is over when the client starts is not caught up on. While the calendar is away, what is known of it reminds.

use domain::Timestamp;

use crate::app::item::{Item, Kind};
use crate::app::model::Model;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Reminds of what is due by now.
pub(super) fn remind(model: &mut Model) {
    let (before, now) = (model.reminded.as_seconds(), model.now.wall.as_seconds());
    if model.kept.session.is_none() {
        model.reminded = model.now.wall;
        return;
    }
    // What became due while nothing was known yet is told once it is.
    let Some(stretch) = model.coming_as_known().filter(|_| now > before) else { return };
    let mut due: Vec<(i64, String)> = Vec::new();
    for item in model.entries(&stretch).filter(|item| !model.is_declined_meanwhile(item)) {
        let rings = item.rings.iter().filter(|at| (before + 1..=now).contains(*at)).max();
        if let Some(at) = rings.filter(|_| now < item.ends) {
            due.push((*at, words(model, item, now)));
        }
    }
    due.sort();
    model.bells = model.bells.saturating_add(u64::from(!due.is_empty()));
    for (_, words) in due {
        model.toasts.remind(words, model.now.instant);
    }
    model.reminded = Timestamp::from_micros(now.saturating_mul(1_000_000));
}

/// `in 10 minutes: Standup 09:00, Hall`
fn words(model: &Model, item: &Item, now: i64) -> String {
    let left = item.begins.saturating_sub(now);
    let day = item.start.date();
    let clock =
        if item.all_day { String::new() } else { format!(" {}", model.settings.hours.write(item.start.time())) };
    let date = if day == model.today() { String::new() } else { format!(" {}", day.strftime("%a %-d %b")) };
    let place = if item.location.is_empty() { String::new() } else { format!(", {}", item.location) };
    let maybe = if item.kind == Kind::Maybe { " (maybe)" } else { "" };
    format!("{}: {}{date}{clock}{place}{maybe}", in_words(left), item.title)
}

/// How long it is until then, in its two largest units at most.
fn in_words(left: i64) -> String {
    let some = |number: i64, unit: &str| format!("{number} {unit}{}", if number == 1 { "" } else { "s" });
    let length = |seconds: i64| match (seconds + MINUTE / 2) / MINUTE * MINUTE {
        minutes @ ..HOUR => some(minutes / MINUTE, "minute"),
        hours @ HOUR..DAY if hours % HOUR == 0 => some(hours / HOUR, "hour"),
        hours @ HOUR..DAY => format!("{} {}", some(hours / HOUR, "hour"), some(hours % HOUR / MINUTE, "minute")),
        days => some((days + DAY / 2) / DAY, "day"),
    };
    match left {
        left if left >= MINUTE / 2 => format!("in {}", length(left)),
        left if left > -MINUTE / 2 => "now".to_owned(),
        left => format!("{} ago", length(-left)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_it_is_until_then_is_said_in_round_numbers() {
        for (seconds, said) in [
            (600, "in 10 minutes"),
            (570, "in 10 minutes"),
            (60, "in 1 minute"),
            (29, "now"),
            (-20, "now"),
            (-1_200, "20 minutes ago"),
            (3_600, "in 1 hour"),
            (5_400, "in 1 hour 30 minutes"),
            (3_599, "in 1 hour"),
            (86_400, "in 1 day"),
            (82_800, "in 23 hours"),
            (7 * 86_400, "in 7 days"),
        ] {
            assert_eq!(in_words(seconds), said, "{seconds}");
        }
    }
}
