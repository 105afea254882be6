//! Texts as the database holds them: without NUL, which PostgreSQL cannot store, and in the same order.
//!
//! U+0001 is the escape character, because the usual backslash would change the order: an escaped NUL must still sort
//! before everything else. The four characters up to U+0003 become three each (`01 02 02`, `01 02 03`, `01 03 02`,
//! `01 03 03`); they are rare, other texts stay as they are. No part of one such three is the beginning of another, so
//! that a piece of a text is found in the escaped text just where it is found in the text.

use std::borrow::Cow;

const ESCAPE: char = '\u{1}';
/// What is escaped, in order, and what stands behind the escape character.
const ESCAPED: [(char, &str); 4] = [
    ('\0', "\u{2}\u{2}"),
    ('\u{1}', "\u{2}\u{3}"),
    ('\u{2}', "\u{3}\u{2}"),
    ('\u{3}', "\u{3}\u{3}"),
];

/// `text` without NUL. Escaped texts are equal where the texts are, and sort byte by byte as the texts do.
pub(super) fn escaped(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| byte < 4) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 2);
    for c in text.chars() {
        match ESCAPED.iter().find(|(plain, _)| *plain == c) {
            Some((_, behind)) => {
                out.push(ESCAPE);
                out.push_str(behind);
            }
            None => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// The text that was [`escaped`].
pub(super) fn unescaped(stored: &str) -> Cow<'_, str> {
    let mut parts = stored.split(ESCAPE);
    let first = parts.next().unwrap_or_default();
    if first.len() == stored.len() {
        return Cow::Borrowed(stored);
    }
    let mut out = first.to_owned();
    for part in parts {
        let known = ESCAPED
            .iter()
            .find_map(|(plain, behind)| Some((plain, part.strip_prefix(behind)?)));
        match known {
            Some((plain, rest)) => {
                out.push(*plain);
                out.push_str(rest);
            }
            // Nothing that this program wrote.
            None => out.push_str(part),
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
            ("a\0b", "a\u{1}\u{2}\u{2}b"),
            ("a\u{1}b", "a\u{1}\u{2}\u{3}b"),
            ("\u{2}\u{3}", "\u{1}\u{3}\u{2}\u{1}\u{3}\u{3}"),
            ("\0\u{1}\u{4}", "\u{1}\u{2}\u{2}\u{1}\u{2}\u{3}\u{4}"),
        ] {
            assert_eq!(escaped(text), stored);
            assert_eq!(unescaped(stored), text);
        }
    }

    #[test]
    fn escaped_texts_sort_as_the_texts_do() {
        let alphabet = ["\0", "\u{1}", "\u{2}", "\u{3}", "\u{4}", "A", "é"];
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
        assert_eq!(texts.len(), 1 + 7 + 49 + 343);
        assert!(
            texts
                .windows(2)
                .all(|pair| escaped(&pair[0]) < escaped(&pair[1]))
        );
    }
    #[test]
    fn a_piece_is_found_where_the_text_has_it() {
        let alphabet = ["\0", "\u{1}", "\u{2}", "\u{3}", "a"];
        let two = || {
            alphabet
                .iter()
                .flat_map(|a| alphabet.map(|b| format!("{a}{b}")))
        };
        for (text, piece) in two()
            .flat_map(|a| two().map(move |b| a.clone() + &b))
            .flat_map(|text| {
                let pieces = two().chain(alphabet.map(str::to_owned));
                pieces.map(move |piece| (text.clone(), piece))
            })
        {
            let found = escaped(&text).find(&*escaped(&piece));
            assert_eq!(found.is_some(), text.contains(&piece), "{text:?} {piece:?}");
        }
    }
}
