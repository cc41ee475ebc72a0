//! Of an event that recurs: which of its instances something is about, and how that is said.

use domain::time::civil_from_seconds;
use domain::{EventId, Instance};

use super::ask::Query;

/// Whether what is said of `said` holds for `of` too.
pub(crate) const fn covers(said: Instance, of: Instance) -> bool {
    match (said, of) {
        (Instance::Series, _) => true,
        (Instance::From(start), Instance::On(of) | Instance::From(of)) => of >= start,
        (Instance::On(start), Instance::On(of)) => of == start,
        (Instance::On(_) | Instance::From(_), _) => false,
    }
}

/// The question what an event is: all of it, or one instance.
pub(crate) const fn question(event: EventId, instance: Instance) -> Query {
    match instance {
        Instance::Series => Query::Event(event),
        Instance::On(start) | Instance::From(start) => Query::Instance { event, start },
    }
}

/// Which it is, behind what is said of the event: ` on Tue 16 Mar`, ` from Tue 16 Mar on`, nothing for all of it.
pub(crate) fn said(instance: Instance) -> String {
    let day = |start: i64| civil_from_seconds(start).map(|civil| civil.strftime("%a %-d %b").to_string());
    match instance {
        Instance::Series => String::new(),
        Instance::On(start) => day(start).map_or_else(|_| String::new(), |day| format!(" on {day}")),
        Instance::From(start) => day(start).map_or_else(|_| String::new(), |day| format!(" from {day} on")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_one_and_all_that_follow_holds_for_those_and_no_others() {
        let (one, later, from) = (Instance::On(100), Instance::On(200), Instance::From(100));
        assert!(covers(Instance::Series, one) && covers(Instance::Series, from) && covers(from, one));
        assert!(covers(from, later) && covers(from, Instance::From(200)) && covers(one, one));
        assert!(!covers(Instance::From(150), one) && !covers(one, later) && !covers(one, Instance::Series));
        assert!(!covers(from, Instance::Series));
    }

    #[test]
    fn one_instance_is_named_by_its_day() {
        let start = domain::time::civil_seconds(jiff::civil::date(2027, 3, 16).at(9, 0, 0, 0));
        assert_eq!(said(Instance::On(start)), " on Tue 16 Mar");
        assert_eq!(said(Instance::From(start)), " from Tue 16 Mar on");
        assert_eq!(said(Instance::Series), "");
    }
}
