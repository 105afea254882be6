//! Makes hostile text harmless to look at.

use std::borrow::Cow;

/// `text` with everything that could move a cursor, hide or reorder other text written as an escape.
///
/// Any value of an event may have been chosen by an attacker. Escaped are C0 and C1 controls and DEL (`\x1b`, `\n`),
/// line and paragraph separators, bidirectional controls and other characters without a shape of their own
/// (`\u{202e}`), on a terminal or not.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_invisible) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if !is_invisible(c) => out.push(c),
            c if u32::from(c) < 0x100 => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
        }
    }
    Cow::Owned(out)
}

fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn nothing_that_moves_a_cursor_is_left() {
        for (text, expected) in [
            ("plain é 日本 😀", "plain é 日本 😀"),
            (
                "\u{1b}[2J\0\r\n\t\u{7f}\u{9b}",
                "\\x1b[2J\\x00\\r\\n\\t\\x7f\\x9b",
            ),
            (
                "a\u{202e}b\u{2066}\u{200f}",
                "a\\u{202e}b\\u{2066}\\u{200f}",
            ),
            ("\u{2028}\u{feff}", "\\u{2028}\\u{feff}"),
        ] {
            assert_eq!(visible(text), expected);
        }
    }
}
