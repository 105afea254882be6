//! Secrets in the query of a URL.

use super::MARK;

/// The URL without the values of the parameters whose names are secret, and those names; none where there are none.
///
/// A fragment counts as a query: some sign-in pages put a token there. `?` and `;` may begin a parameter, since some
/// servers take them so; they never end a secret, since others do not. The rest of the URL stays as it is written.
pub(super) fn redacted(
    url: &str,
    is_secret: impl Fn(&str) -> bool,
) -> Option<(String, Vec<String>)> {
    let (mut out, mut names) = (String::new(), Vec::new());
    let mut rest = url;
    let mut is_path = true;
    let mut ends: &[char] = &['&', '#'];
    while !rest.is_empty() {
        let end = match is_path {
            true => rest.find(['?', '#']),
            false => rest.find(['?', '#', '&', ';']),
        };
        let (piece, _) = rest.split_at(end.unwrap_or(rest.len()));
        let mut taken = piece.len();
        match piece.split_once('=') {
            Some((name, _)) if !is_path && is_secret(&decoded(name)) => {
                let (_, value) = rest.split_at(name.len() + 1);
                let length = value.find(ends).unwrap_or(value.len());
                taken = name.len() + 1 + length;
                let is_new = length > 0 && value.get(..length) != Some(MARK);
                if is_new {
                    names.push(decoded(name));
                    out.push_str(name);
                    out.push('=');
                    out.push_str(MARK);
                } else {
                    out.push_str(rest.get(..taken).unwrap_or_default());
                }
            }
            _ => out.push_str(piece),
        }
        let mut after = rest.get(taken..).unwrap_or_default().chars();
        if let Some(separator) = after.next() {
            out.push(separator);
            is_path = false;
            if separator == '#' {
                // What is in a fragment ends with it.
                ends = &['&'];
            }
        }
        rest = after.as_str();
    }
    (!names.is_empty()).then_some((out, names))
}

fn decoded(name: &str) -> String {
    let mut pairs = url::form_urlencoded::parse(name.as_bytes());
    pairs
        .next()
        .map(|(name, _)| name.into_owned())
        .unwrap_or_default()
}
