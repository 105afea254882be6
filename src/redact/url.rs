//! Secrets in the query of a URL.

use super::MARK;

/// The URL without the values of the parameters whose names are secret, and those names; none where there are none.
///
/// A fragment counts as a query: some sign-in pages put a token there. The rest of the URL stays as it is written.
pub(super) fn redacted(
    url: &str,
    is_secret: impl Fn(&str) -> bool,
) -> Option<(String, Vec<String>)> {
    let at = url.find(['?', '#'])?;
    let (path, query) = url.split_at(at);
    let (mut out, mut names) = (path.to_owned(), Vec::new());
    for piece in query.split_inclusive(['?', '#', '&', ';']) {
        let pair = piece.trim_end_matches(['?', '#', '&', ';']);
        let separator = piece.get(pair.len()..).unwrap_or_default();
        match pair.split_once('=') {
            Some((name, value)) if !value.is_empty() && value != MARK => {
                let decoded = decoded(name);
                if is_secret(&decoded) {
                    out.push_str(name);
                    out.push('=');
                    out.push_str(MARK);
                    names.push(decoded);
                } else {
                    out.push_str(pair);
                }
            }
            _ => out.push_str(pair),
        }
        out.push_str(separator);
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
