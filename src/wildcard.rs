//! The one wildcard: `*` stands for any run of characters, the empty one included.
//!
//! It belongs to the contract (exclusion rules and filters use it alike). Matching searches for one literal piece
//! after the other and never goes back, so that its time grows with the text alone, whatever an attacker puts there.

/// A text with `*` in it, cut at each `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wildcard {
    first: String,
    rest: Vec<String>,
}

impl Wildcard {
    /// A pattern that matches `text` alone.
    pub fn literal(text: &str) -> Self {
        Self {
            first: text.to_owned(),
            rest: Vec::new(),
        }
    }

    /// A pattern of `pieces` with a `*` between each two.
    pub fn from_pieces(pieces: impl IntoIterator<Item = String>) -> Self {
        let mut pieces = pieces.into_iter();
        Self {
            first: pieces.next().unwrap_or_default(),
            rest: pieces.collect(),
        }
    }

    /// The text, if there is no `*` in the pattern.
    pub fn as_literal(&self) -> Option<&str> {
        self.rest.is_empty().then_some(self.first.as_str())
    }

    /// The literal pieces, one more than there are `*`.
    pub fn pieces(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.first)
            .chain(&self.rest)
            .map(String::as_str)
    }

    /// Whether the pattern matches the whole of `text`, byte for byte.
    pub fn matches(&self, text: &str) -> bool {
        let Some((last, middle)) = self.rest.split_last() else {
            return text == self.first;
        };
        let Some(mut text) = text.strip_prefix(self.first.as_str()) else {
            return false;
        };
        for piece in middle {
            // Looking alone is far faster, and most texts hold nothing.
            if !text.contains(piece.as_str()) {
                return false;
            }
            let after = text.split_once(piece.as_str());
            text = after.map_or("", |(_, after)| after);
        }
        text.ends_with(last.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Wildcard;

    #[test]
    fn a_star_is_any_run_of_characters() {
        let cases = [
            ("plugin:*", "plugin:search", true),
            ("plugin:*", "plugin:", true),
            ("plugin:*", "Plugin:search", false),
            ("user:*/*", "user:default/john", true),
            ("user:*/*", "user:default", false),
            ("*", "", true),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("*ab*ab*", "xabyaab", true),
            ("*ab*ab", "ab", false),
            ("**x", "x", true),
            ("", "", true),
            ("", "x", false),
        ];
        for (pattern, text, expected) in cases {
            let wildcard = Wildcard::from_pieces(pattern.split('*').map(str::to_owned));
            assert_eq!(wildcard.matches(text), expected, "{pattern} {text}");
        }
    }
}
