//! The command palette: its fixed words, and which of them a few typed letters mean.
//!
//! The words are fixed because scripts and tests drive the client by them. What is typed in full always wins; what begins a
//! word comes before what is scattered in it; of equals, the one that stands first in the list. What a word does, and whether
//! it can be done now, is decided by whoever offers it.

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// Every word that the palette knows, in the order in which it lists them.
pub const WORDS: [&str; 27] = [
    "new event",
    "edit event",
    "cancel event",
    "invite",
    "accept",
    "maybe",
    "decline",
    "attend",
    "participants",
    "month",
    "week",
    "day",
    "agenda",
    "today",
    "invitations",
    "public events",
    "people",
    "share calendar",
    "stop sharing",
    "open calendar",
    "import calendar",
    "services",
    "register",
    "sign in",
    "sign out",
    "help",
    "quit",
];

/// An offer that the query may mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<T> {
    /// What was offered.
    pub offer: T,
    /// Which characters of its words the query hit, ascending, to be shown.
    pub hits: Vec<usize>,
}

/// What of `offers` the `query` may mean, the likeliest first; all of them, in their order, if nothing is typed.
pub fn search<T>(query: &str, offers: impl IntoIterator<Item = T>, words: impl Fn(&T) -> &str) -> Vec<Found<T>> {
    let query = query.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let pattern = Pattern::new(&query, CaseMatching::Ignore, Normalization::Smart, AtomKind::Fuzzy);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut found: Vec<_> = offers
        .into_iter()
        .filter_map(|offer| {
            let mut hits = Vec::new();
            let (mut buffer, word) = (Vec::new(), words(&offer).to_lowercase());
            let score = pattern.indices(Utf32Str::new(&word, &mut buffer), &mut matcher, &mut hits)?;
            hits.sort_unstable();
            hits.dedup();
            let rank = if query.is_empty() { Rank::Whole } else { Rank::of(&word, &query) };
            let hits = hits.into_iter().filter_map(|hit| usize::try_from(hit).ok()).collect();
            Some((rank, std::cmp::Reverse(score), Found { offer, hits }))
        })
        .collect();
    // A stable sort: of equals, the first offered stays first.
    found.sort_by_key(|(rank, score, _)| (*rank, *score));
    found.into_iter().map(|(_, _, found)| found).collect()
}

/// How well a query fits, before what the matcher thinks of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Whole,
    Front,
    FrontOfAWord,
    Scattered,
}

impl Rank {
    fn of(word: &str, query: &str) -> Self {
        if word == query {
            Self::Whole
        } else if word.starts_with(query) {
            Self::Front
        } else if word.split(' ').any(|part| part.starts_with(query)) {
            Self::FrontOfAWord
        } else {
            Self::Scattered
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(query: &str) -> Vec<&'static str> {
        search(query, WORDS, |word| word).into_iter().map(|found| found.offer).collect()
    }

    #[test]
    fn a_word_typed_in_full_comes_first_whatever_else_it_is_part_of() {
        for word in WORDS {
            assert_eq!(words(word).first(), Some(&word));
            assert_eq!(words(&format!("  {}  ", word.to_uppercase())).first(), Some(&word));
        }
        let offers = ["holiday", "a day", "day"];
        assert_eq!(search("day", offers, |word| word).first().unwrap().offer, "day");
    }

    #[test]
    fn nothing_typed_lists_everything_in_order_and_nonsense_nothing() {
        assert_eq!(words(""), WORDS);
        assert_eq!(words("  "), WORDS);
        assert!(words("zzz").is_empty());
    }

    #[test]
    fn a_few_letters_are_enough() {
        for (query, word) in [
            ("ne", "new event"),
            ("inv", "invite"),
            ("invita", "invitations"),
            ("sig", "sign in"),
            ("sh", "share calendar"),
            ("cal", "share calendar"),
            ("pe", "people"),
            ("so", "sign out"),
            ("q", "quit"),
        ] {
            assert_eq!(words(query).first(), Some(&word), "{query}");
        }
    }

    #[test]
    fn the_letters_that_were_hit_are_told() {
        let found = search("ne", WORDS, |word| word);
        assert_eq!(found.first().unwrap().hits, [0, 1]);
    }

    proptest! {
        #[test]
        fn every_beginning_of_a_word_finds_it(word in prop::sample::select(WORDS.to_vec()), letters in 1_usize..20) {
            let query: String = word.chars().take(letters).collect();
            prop_assert!(words(&query).contains(&word));
        }

        #[test]
        fn the_same_query_gives_the_same_answer_and_never_panics(query in any::<String>()) {
            prop_assert_eq!(words(&query), words(&query));
        }

        #[test]
        fn a_further_letter_never_brings_in_what_was_out(query in "[a-z]{1,5}", letter in "[a-z]") {
            let before = words(&query);
            let longer = query + &letter;
            prop_assert!(words(&longer).iter().all(|word| before.contains(word)));
        }
    }
}
