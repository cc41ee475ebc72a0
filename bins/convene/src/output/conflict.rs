//! What in one's own calendar something overlaps with.

use domain::calendar::Entry;
use serde::Serialize;

use super::calendar::instance_named;
use super::time::Times;

/// An entry of one's own calendar that lies at the same time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Conflict {
    event: String,
    /// The original start of an instance of an event that recurs.
    instance: Option<String>,
    title: String,
    start: String,
    end: String,
}

/// Most of them that are told one by one.
const MOST_TOLD: usize = 5;

impl Conflict {
    /// The entry as it is told; `None` for one that tells nothing.
    pub(crate) fn of(entry: &Entry) -> Option<Self> {
        let Entry::Event { event, instance, title, time, .. } = entry else { return None };
        let Times { start, end, .. } = Times::of(time);
        Some(Self {
            event: event.to_string(),
            instance: instance_named(time, *instance),
            title: title.to_string(),
            start,
            end,
        })
    }
}

/// What people are told.
pub(super) fn lines(conflicts: Option<&[Conflict]>) -> Vec<String> {
    let Some(conflicts) = conflicts else {
        return vec![
            "whether this overlaps with something in your calendar is not known: the calendar service could not be asked"
                .to_owned(),
        ];
    };
    let told = conflicts.iter().take(MOST_TOLD);
    let mut lines: Vec<String> = told
        .map(|Conflict { title, start, end, .. }| {
            format!("overlaps with {title} in your calendar, {start} until {end}")
        })
        .collect();
    let more = conflicts.len().saturating_sub(MOST_TOLD);
    if more > 0 {
        lines.push(format!("and with {more} more; convene calendar shows them"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conflict(title: &str) -> Conflict {
        let [start, end] = ["2027-03-10T09:00:00+01:00", "2027-03-10T10:00:00+01:00"].map(str::to_owned);
        Conflict { event: String::new(), instance: None, title: title.to_owned(), start, end }
    }

    #[test]
    fn what_overlaps_is_told_one_by_one_and_a_crowd_by_its_number() {
        assert!(lines(Some(&[])).is_empty());
        let one = lines(Some(&[conflict("Dentist")]));
        let told = "overlaps with Dentist in your calendar, 2027-03-10T09:00:00+01:00 until 2027-03-10T10:00:00+01:00";
        assert_eq!(one, [told]);
        let crowd = lines(Some(&vec![conflict("Standup"); 17]));
        assert_eq!((crowd.len(), crowd[5].as_str()), (6, "and with 12 more; convene calendar shows them"));
    }

    #[test]
    fn a_calendar_that_could_not_be_asked_is_no_free_calendar() {
        assert!(lines(None)[0].contains("not known"));
    }
}
