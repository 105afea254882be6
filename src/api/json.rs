//! JSON as text: two rewrites that change no token's meaning.

use std::borrow::Cow;

/// The same tokens without white space between them.
///
/// `json` must be valid JSON. A development Backstage indents its answers; one event must still fit a line.
pub fn compact(json: &str) -> Cow<'_, str> {
    if is_compact(json) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len());
    for (index, (outside, part)) in parts(json).enumerate() {
        if index > 0 {
            out.push('"');
        }
        match outside {
            true => out.extend(part.split(is_space)),
            false => out.push_str(part),
        }
    }
    Cow::Owned(out)
}

/// Whether there is no white space between the tokens of valid JSON.
pub(super) fn is_compact(json: &str) -> bool {
    // A look at all bytes without a branch: most texts have no space at all, and no string has another of these.
    let blank = |found, byte| found | (byte <= b' ');
    if !json.bytes().fold(false, blank) {
        return true;
    }
    let mut bytes = json.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => skip_string(&mut bytes),
            ..=b' ' => return false,
            _ => {}
        }
    }
    true
}

/// Goes behind the quote that ends a string.
fn skip_string(bytes: &mut std::str::Bytes<'_>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => drop(bytes.next()),
            _ => {}
        }
    }
}

/// What stands between two quotes each, and whether it lies outside of strings.
fn parts(json: &str) -> impl Iterator<Item = (bool, &str)> {
    json.split('"').scan(true, |outside, part| {
        let here = *outside;
        // A quote behind an odd number of backslashes ends no string.
        *outside = !here && !ends_escaped(part);
        Some((here, part))
    })
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

fn ends_escaped(part: &str) -> bool {
    let backslashes = part.len() - part.trim_end_matches('\\').len();
    !backslashes.is_multiple_of(2)
}

/// A JSON value as text: a string's content, none for null, anything else as it is written.
pub fn text(json: &str) -> Option<String> {
    match json {
        "null" => None,
        _ => Some(serde_json::from_str(&well_formed(json)).unwrap_or_else(|_| json.to_owned())),
    }
}

/// The same text with every half of a surrogate pair that stands alone replaced by `\ufffd`.
///
/// JavaScript writes such halves as escapes (`\ud800`), which no Rust string can hold: without this, whoever chose
/// a user agent could make an event unreadable.
pub fn well_formed(json: &str) -> Cow<'_, str> {
    if !json.contains("\\ud") && !json.contains("\\uD") {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let length = match (surrogate(escape), escape.get(6..).and_then(surrogate)) {
            (Some(Half::High), Some(Half::Low)) => 12,
            (Some(_), _) => {
                out.push_str("\\ufffd");
                rest = escape.get(6..).unwrap_or_default();
                continue;
            }
            (None, _) => 1 + escape.chars().nth(1).map_or(0, char::len_utf8),
        };
        let (kept, after) = escape.split_at(length);
        out.push_str(kept);
        rest = after;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

enum Half {
    High,
    Low,
}

/// Which half of a pair the escape at the start of `text` is, if it is one.
fn surrogate(text: &str) -> Option<Half> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    match u16::from_str_radix(digits, 16).ok()? {
        0xd800..=0xdbff => Some(Half::High),
        0xdc00..=0xdfff => Some(Half::Low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{compact, well_formed};

    #[test]
    fn only_white_space_between_tokens_goes() {
        let json = "{ \"a b\" :\t[1.0, -0 ,1e400],\r\n \"q\\\" \\\\\" : \"\\u0020 x\" }";
        assert_eq!(
            compact(json),
            "{\"a b\":[1.0,-0,1e400],\"q\\\" \\\\\":\"\\u0020 x\"}"
        );
    }

    #[test]
    fn a_surrogate_that_stands_alone_is_replaced_and_a_pair_is_kept() {
        for (json, expected) in [
            (r#""plain \u00e9 \\ud800""#, r#""plain \u00e9 \\ud800""#),
            (r#""\ud83d\ude00""#, r#""\ud83d\ude00""#),
            (r#""\ud83d""#, r#""\ufffd""#),
            (r#""\ude00\ud83d""#, r#""\ufffd\ufffd""#),
            (r#""\ud83d\ud83d\ude00x""#, r#""\ufffd\ud83d\ude00x""#),
            (r#""\\\ud800\\""#, r#""\\\ufffd\\""#),
            (r#""\uD8""#, r#""\uD8""#),
        ] {
            assert_eq!(well_formed(json), expected);
        }
    }
}
