//! The index of intervals against the obvious filter.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail")]

use proptest::prelude::*;
use storage::{Database, Error, Reader, Span, Spans};

mod support;
use support::OPTIONS;

const BUSY: Spans<String, u32> = Spans::new("busy");

fn instant() -> impl Strategy<Value = i64> {
    prop_oneof![-50i64..50, -5000i64..5000, Just(i64::MIN), Just(i64::MAX), Just(0)]
}

fn span() -> impl Strategy<Value = Span> {
    let length = prop_oneof![Just(0i64), 1i64..4, 1i64..300, 1i64..20_000, Just(i64::MAX)];
    (instant(), length).prop_map(|(start, length)| Span { start, end: start.saturating_add(length) })
}

type Entry = (bool, Span, u32);

/// What the index should say, from the definition.
fn expected(entries: &[Entry], scope: bool, from: i64, to: Option<i64>) -> Vec<(Span, u32)> {
    let mut found: Vec<(Span, u32)> = entries
        .iter()
        .filter(|(of, ..)| *of == scope)
        .map(|(_, span, id)| (*span, *id))
        .filter(|(span, _)| to.is_none_or(|to| span.start < to && from < to))
        .filter(|(span, _)| span.end.max(span.start.saturating_add(1)) > from)
        .collect();
    found.sort_by_key(|(span, id)| (span.start, *id));
    found
}

fn scope(first: bool) -> String {
    if first { "a".to_owned() } else { "a\0".to_owned() }
}

fn check(reader: &impl Reader, entries: &[Entry], query: &(bool, i64, Option<i64>), page: usize) -> Result<(), Error> {
    let (of, from, to) = *query;
    let expected = expected(entries, of, from, to);
    assert_eq!(reader.overlapping(&BUSY, &scope(of), from, to, None, 1000)?, expected);
    let mut paged: Vec<(Span, u32)> = Vec::new();
    loop {
        let after = paged.last().map(|(span, id)| (span.start, *id));
        let next = reader.overlapping(&BUSY, &scope(of), from, to, after.as_ref(), page)?;
        assert!(next.len() <= page);
        if next.is_empty() {
            break;
        }
        paged.extend(next);
    }
    assert_eq!(paged, expected, "page by page");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn the_index_agrees_with_a_filter_over_everything(
        // One interval an id, so that (start, id) is an identity.
        spans in proptest::collection::vec((any::<bool>(), span(), any::<bool>()), 0..40),
        queries in proptest::collection::vec((any::<bool>(), instant(), proptest::option::of(instant())), 1..6),
        page in 1usize..5,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let database = Database::in_memory(OPTIONS);
            let entries: Vec<Entry> = (0u32..).zip(&spans).map(|(id, (of, span, _))| (*of, *span, id)).collect();
            let removed: Vec<Entry> =
                entries.iter().zip(&spans).filter(|(_, (.., gone))| *gone).map(|(entry, _)| *entry).collect();
            let kept: Vec<Entry> = entries.iter().filter(|entry| !removed.contains(entry)).copied().collect();
            let (inserting, before, asked) = (entries.clone(), entries, queries.clone());
            database.write(move |tx| {
                for (of, span, id) in &inserting {
                    tx.insert_span(&BUSY, &scope(*of), *span, id)?;
                }
                asked.iter().try_for_each(|query| check(tx, &before, query, page))
            }).await.unwrap();
            let (after, asked) = (kept.clone(), queries.clone());
            database.write(move |tx| {
                for (of, span, id) in &removed {
                    tx.remove_span(&BUSY, &scope(*of), *span, id)?;
                }
                asked.iter().try_for_each(|query| check(tx, &after, query, page))
            }).await.unwrap();
            database.read(|view| queries.iter().try_for_each(|query| check(view, &kept, query, page))).await.unwrap();
        });
    }
}

#[tokio::test]
async fn an_event_of_three_days_is_found_on_its_second() {
    const DAY: i64 = 86_400;
    let database = Database::in_memory(OPTIONS);
    let trip = Span { start: 10 * DAY, end: 13 * DAY };
    let found = database.write(move |tx| {
        for id in 0..1000 {
            let start = i64::from(id) * 3600;
            tx.insert_span(&BUSY, &"a".to_owned(), Span { start, end: start + 1800 }, &id)?;
        }
        tx.insert_span(&BUSY, &"a".to_owned(), trip, &9999)?;
        tx.overlapping(&BUSY, &"a".to_owned(), 11 * DAY + 1800, Some(11 * DAY + 3600), None, 10)
    });
    assert_eq!(found.await.unwrap(), [(trip, 9999)]);
}

#[tokio::test]
async fn an_interval_that_ends_before_it_starts_is_refused() {
    let database = Database::in_memory(OPTIONS);
    let backward = database.write(|tx| tx.insert_span(&BUSY, &String::new(), Span { start: 2, end: 1 }, &1));
    assert_eq!(backward.await, Err(Error::BackwardSpan { start: 2, end: 1 }));
}
