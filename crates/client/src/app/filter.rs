//! A filter typed over a list: what of it is shown.

/// Words that must all be found, in any case, somewhere in a row. The empty one lets everything through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    typed: String,
    words: Vec<String>,
}

impl Filter {
    /// The filter that `typed` is.
    pub(crate) fn of(typed: &str) -> Self {
        Self { typed: typed.to_owned(), words: typed.split_whitespace().map(str::to_lowercase).collect() }
    }

    /// As it was typed.
    pub(crate) fn typed(&self) -> &str {
        &self.typed
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether a row of these texts is shown.
    pub(crate) fn lets_through(&self, texts: &[&str]) -> bool {
        if self.is_empty() {
            return true;
        }
        let texts: Vec<String> = texts.iter().map(|text| text.to_lowercase()).collect();
        self.words.iter().all(|word| texts.iter().any(|text| text.contains(word)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_must_be_found_in_some_text_in_any_case() {
        let filter = Filter::of("  stand BOB ");
        assert!(filter.lets_through(&["Standup", "bob"]));
        assert!(!filter.lets_through(&["Standup", "carol"]));
        assert!(Filter::of("ÄRZTE").lets_through(&["ärzte"]));
    }

    #[test]
    fn spaces_alone_filter_nothing() {
        assert!(Filter::of("  ").is_empty());
        assert!(Filter::of("  ").lets_through(&[]));
    }
}
