//! How wide text is on a terminal, and text cut to a width.
//!
//! Pure. Widths are added up character by character, as terminals do it. A width for the whole string, which
//! `unicode-width` and with it comfy-table also know, counts ligatures and skin tones as one character: a terminal
//! that does not would draw such a row wider than planned and break it.

use std::borrow::Cow;

use unicode_width::UnicodeWidthChar;

/// Stands where text was cut off; one column wide.
const ELLIPSIS: char = '…';

/// Which end of a text says more, and stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// The beginning: paths, identifiers.
    Start,
    /// The end: references, whose name comes last.
    End,
}

/// Columns that `text` takes on a terminal. Controls count as nothing: they must have been escaped.
pub fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}

/// `text` in at most `max` columns, with an ellipsis where it was cut.
pub fn cut(text: &str, max: usize, keep: Keep) -> Cow<'_, str> {
    if width(text) <= max {
        return Cow::Borrowed(text);
    }
    let Some(room) = max.checked_sub(1) else {
        return Cow::Borrowed("");
    };
    Cow::Owned(match keep {
        Keep::Start => {
            let mut used = 0;
            let fits = |c: &char| {
                used += columns(*c);
                used <= room
            };
            let mut out: String = text.chars().take_while(fits).collect();
            out.push(ELLIPSIS);
            out
        }
        Keep::End => {
            let mut left = width(text);
            // The ellipsis is no character that a mark could stand on: marks go with the one that they belonged to.
            let gone = |c: &char| {
                let goes = left > room || columns(*c) == 0;
                left -= columns(*c);
                goes
            };
            let mut out = String::from(ELLIPSIS);
            out.extend(text.chars().skip_while(gone));
            out
        }
    })
}

/// `text` in lines of at most `max` columns, broken between words; all but the first are indented. A word that is longer
/// than a line stands alone and is left to the terminal, so that it can still be copied.
pub fn wrapped(text: &str, max: usize) -> String {
    let mut words = text.split(' ');
    let mut lines = words.next().unwrap_or_default().to_owned();
    let mut used = width(&lines);
    for word in words {
        let (joint, start) = match used + 1 + width(word) > max {
            true => ("\n  ", 2),
            false => (" ", used + 1),
        };
        lines.push_str(joint);
        lines.push_str(word);
        used = start + width(word);
    }
    lines
}

fn columns(c: char) -> usize {
    c.width().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{Keep, cut, width, wrapped};

    #[test]
    fn lines_break_between_words() {
        let text = "r.yaml:3: error: 日本 is a-word-that-is-longer-than-a-line here";
        let expected =
            "r.yaml:3:\n  error:\n  日本 is\n  a-word-that-is-longer-than-a-line\n  here";
        assert_eq!(wrapped(text, 10), expected);
        assert_eq!(wrapped(text, 100), text);
        assert_eq!(wrapped("", 0), "");
        assert_eq!(wrapped("a b", 0), "a\n  b");
    }

    #[test]
    fn text_is_cut_by_columns_and_not_by_characters() {
        let start = [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("日本語", 6, "日本語"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"),
            ("日本語", 2, "…"),
            ("日本語", 1, "…"),
            ("日本語", 0, ""),
            ("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…"),
        ];
        for (text, max, expected) in start {
            assert_eq!(cut(text, max, Keep::Start), expected, "{text} in {max}");
            assert!(width(&cut(text, max, Keep::Start)) <= max);
        }
        let end = [
            ("abc", 3, "abc"),
            ("abcd", 3, "…cd"),
            ("日本語", 5, "…本語"),
            ("日本語", 4, "…語"),
            ("日本語", 1, "…"),
            ("日本語", 0, ""),
            ("e\u{301}e\u{301}e\u{301}", 2, "…e\u{301}"),
        ];
        for (text, max, expected) in end {
            assert_eq!(cut(text, max, Keep::End), expected, "{text} in {max}");
            assert!(width(&cut(text, max, Keep::End)) <= max);
        }
    }
}
