//! Texts as the database holds them: without NUL, which PostgreSQL cannot store, and in the same order.
//!
//! U+0001 is the escape character, because the usual backslash would change the order: an escaped NUL must still sort
//! before everything else. NUL becomes `01 01` and U+0001 becomes `01 02`; both are rare, other texts stay as they are.

use std::borrow::Cow;

const ESCAPE: char = '\u{1}';

/// `text` without NUL. Escaped texts are equal where the texts are, and sort byte by byte as the texts do.
pub(super) fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(['\0', ESCAPE]) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        match c {
            '\0' => out.push_str("\u{1}\u{1}"),
            ESCAPE => out.push_str("\u{1}\u{2}"),
            _ => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// The text that was [`escaped`].
pub(super) fn unescaped(stored: &str) -> Cow<'_, str> {
    if !stored.contains(ESCAPE) {
        return Cow::Borrowed(stored);
    }
    let mut out = String::with_capacity(stored.len());
    let mut chars = stored.chars();
    while let Some(c) = chars.next() {
        match (c, c == ESCAPE) {
            (_, false) => out.push(c),
            (_, true) if chars.next() == Some('\u{1}') => out.push('\0'),
            (_, true) => out.push(ESCAPE),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::{escaped, unescaped};

    #[test]
    fn escaping_is_undone_and_leaves_no_nul() {
        for (text, stored) in [
            ("plain \\ 'é' %", "plain \\ 'é' %"),
            ("", ""),
            ("a\0b", "a\u{1}\u{1}b"),
            ("a\u{1}b", "a\u{1}\u{2}b"),
            ("\u{1}\u{1}", "\u{1}\u{2}\u{1}\u{2}"),
            ("\0\u{1}\u{2}", "\u{1}\u{1}\u{1}\u{2}\u{2}"),
        ] {
            assert_eq!(escaped(text), stored);
            assert_eq!(unescaped(stored), text);
        }
    }

    #[test]
    fn escaped_texts_sort_as_the_texts_do() {
        let alphabet = ["\0", "\u{1}", "\u{2}", "A", "\\", "é"];
        let mut texts = vec![String::new()];
        for _ in 0..3 {
            let longer = texts
                .iter()
                .flat_map(|text| alphabet.map(|c| format!("{text}{c}")));
            let longer: Vec<_> = longer.collect();
            texts.extend(longer);
        }
        texts.sort();
        texts.dedup();
        assert_eq!(texts.len(), 1 + 6 + 36 + 216);
        assert!(
            texts
                .windows(2)
                .all(|pair| escaped(&pair[0]) < escaped(&pair[1]))
        );
    }
}
