//! A pattern, a line end, a text: whether they match is what a table of all prefixes says, and size costs no time.
#![no_main]

use auditlog::wildcard::Wildcard;
use auditlog_fuzz::matches;
use libfuzzer_sys::fuzz_target;

/// Length of what is repeated. Steps in the order of its square would take more than the time for one input.
const LARGE: usize = 128 << 10;

fuzz_target!(|data: &[u8]| {
    let (is_large, data) = match data.split_first() {
        Some((first, rest)) => (*first == 0, rest),
        None => return,
    };
    let Ok(data) = std::str::from_utf8(data) else {
        return;
    };
    let (pattern, text) = data.split_once('\n').unwrap_or((data, ""));
    if pattern.len() * text.len() > 1 << 18 {
        return;
    }
    let wildcard = |text: &str| Wildcard::from_pieces(text.split('*').map(str::to_owned));
    let found = wildcard(pattern).matches(text);
    assert_eq!(found, matches(pattern, text), "{pattern:?} {text:?}");
    assert!(Wildcard::literal(text).matches(text));
    let pieces: Vec<_> = wildcard(pattern).pieces().map(str::to_owned).collect();
    assert_eq!(pieces.join("*"), pattern);
    if is_large {
        let times = LARGE / (pattern.len() + 1);
        let long_pattern = vec![pattern; times].join("*");
        let long_text = text.repeat(times.max(LARGE / (text.len() + 1)));
        let _ = wildcard(&long_pattern).matches(&long_text);
        let _ = wildcard(&pattern.repeat(times)).matches(&long_text);
        if found {
            assert!(wildcard(&long_pattern).matches(&text.repeat(times)));
        }
    }
});
