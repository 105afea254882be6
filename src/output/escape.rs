//! Makes hostile text harmless to look at.

use std::borrow::Cow;

use unicode_width::UnicodeWidthChar;

/// Marks that may stand over one character. Written languages need three; a flood of them would paint over other lines.
const MARKS: usize = 4;

/// `text` with everything that could move a cursor, hide or reorder other text written as an escape.
///
/// Any value of an event may have been chosen by an attacker. Escaped are C0 and C1 controls and DEL (`\x1b`, `\n`),
/// line and paragraph separators, bidirectional controls and other characters without a shape of their own
/// (`\u{202e}`), combining marks that have no character to stand on and those past the fourth on one, on a terminal
/// or not.
pub fn visible(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut marks = MARKS;
    for c in text.chars() {
        marks = match c.width() {
            Some(0) => marks + 1,
            _ => 0,
        };
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if !is_invisible(c) && marks <= MARKS => out.push(c),
            c if u32::from(c) < 0x100 => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
        }
    }
    if out == text {
        return Cow::Borrowed(text);
    }
    Cow::Owned(out)
}

/// Controls, separators of lines, and what Unicode calls default ignorable: drawn as nothing, it lets two texts look
/// the same, and some of it changes how wide its neighbours are.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
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
            ("👨\u{200d}👩 ❤\u{fe0f}", "👨\\u{200d}👩 ❤\\u{fe0f}"),
        ] {
            assert_eq!(visible(text), expected);
        }
    }

    #[test]
    fn marks_stand_on_a_character_and_four_high_at_most() {
        for (text, expected) in [
            ("e\u{301}\u{302}", "e\u{301}\u{302}"),
            ("\u{301}e", "\\u{301}e"),
            (
                "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
                "e\u{301}\u{301}\u{301}\u{301}\\u{301}\\u{301}",
            ),
            (
                "a\u{301}\u{301}\u{301}\u{301}b\u{301}",
                "a\u{301}\u{301}\u{301}\u{301}b\u{301}",
            ),
        ] {
            assert_eq!(visible(text), expected);
        }
    }
}
