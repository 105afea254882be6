//! What an event must not keep: secrets, and values too large to be looked at. They go before the event is stored.
//!
//! One pass over the event's text, which keeps its place on a list of its own instead of the stack: time grows with the
//! text alone, depth costs eight bytes a level, and what is not redacted stays token for token.

mod url;

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use crate::{
    api::{Event, EventError, Field, text},
    wildcard::Wildcard,
};

/// What stands in the place of a secret. No hash of it: what can be guessed could be found out.
const MARK: &str = "[redacted]";
/// Names of secrets, unless others are given.
const KEYS: [&str; 3] = ["*password*", "*token*", "*secret*"];
/// Longest value that stays, in bytes, unless another is given.
const MAX_BYTES: usize = 16 << 10;
/// Most paths that `meta.redacted` lists, and about the longest of them in bytes: keys can be anything.
const MAX_PATHS: usize = 50;
const MAX_PATH: usize = 200;

/// What is redacted.
#[derive(Clone, Debug)]
pub struct Redact {
    keys: Vec<Wildcard>,
    max_bytes: usize,
}

impl Default for Redact {
    fn default() -> Self {
        Self::new(KEYS, MAX_BYTES)
    }
}

impl Redact {
    /// Redacts the values of keys that one of the patterns matches, whatever their case, and values of more than
    /// `max_bytes` bytes. In a pattern `*` is any run of characters.
    pub fn new<'a>(keys: impl IntoIterator<Item = &'a str>, max_bytes: usize) -> Self {
        let wildcard =
            |key: &str| Wildcard::from_pieces(key.to_lowercase().split('*').map(str::to_owned));
        Self {
            keys: keys.into_iter().map(wildcard).collect(),
            max_bytes,
        }
    }

    /// The same with the defaults for what is not given.
    pub fn or_default(keys: Option<&[String]>, max_bytes: Option<usize>) -> Self {
        let max_bytes = max_bytes.unwrap_or(MAX_BYTES);
        match keys {
            Some(keys) => Self::new(keys.iter().map(String::as_str), max_bytes),
            None => Self::new(KEYS, max_bytes),
        }
    }

    /// The event without what it must not keep. `meta.redacted` then lists where that was, unless `meta` has a member
    /// of that name itself.
    pub fn apply(&self, event: Event) -> Result<Event, EventError> {
        Ok(self.redacted(&event)?.unwrap_or(event))
    }

    /// The same; none where the event may stay as it is.
    pub fn redacted(&self, event: &Event) -> Result<Option<Event>, EventError> {
        let mut pass = Pass::over(event.json(), self);
        pass.run();
        pass.finish()
            .map(|json| Event::from_json(&json))
            .transpose()
    }

    fn is_secret(&self, key: &str) -> bool {
        // Most keys are written so, and are asked about by the million.
        let is_plain = key
            .bytes()
            .all(|it| it.is_ascii() && !it.is_ascii_uppercase());
        let key = match is_plain {
            true => Cow::Borrowed(key),
            false => Cow::Owned(key.to_lowercase()),
        };
        self.keys.iter().any(|pattern| pattern.matches(&key))
    }

    /// What stands in the place of a text that is a file, or as large as one.
    fn removed(&self, value: &str) -> Option<String> {
        (value.len() > self.max_bytes || is_data_url(value)).then(|| {
            let digest = Sha256::digest(value.as_bytes());
            let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("[removed: {} bytes, sha256 {hex}]", value.len())
        })
    }
}

/// Whether it is a `data:` URL, and not only a text that begins with that word.
fn is_data_url(value: &str) -> bool {
    let value = value.trim_start();
    let Some((scheme, rest)) = value.split_at_checked("data:".len()) else {
        return false;
    };
    // Only the head of a data URL is looked at: what comes before its comma names a type.
    scheme.eq_ignore_ascii_case("data:")
        && rest
            .split_once(',')
            .is_some_and(|(kind, _)| kind.is_empty() || kind.starts_with(';') || is_type(kind))
}

fn is_type(kind: &str) -> bool {
    !kind.starts_with(char::is_whitespace) && kind.contains('/')
}

/// A level of nesting: where the key of an object begins, or the number of an element.
#[derive(Clone, Copy)]
enum Level {
    Object(u32),
    Array(u32),
}

/// One pass over an event. `json` is valid and has no white space between its tokens.
struct Pass<'a> {
    json: &'a str,
    redact: &'a Redact,
    at: usize,
    levels: Vec<Level>,
    out: String,
    /// How much of `json` is in `out`, as it was or redacted.
    done: usize,
    paths: Vec<String>,
    redacted: usize,
    /// Where `meta` ends in `out`, whether it is empty, and whether it has a `redacted` of its own.
    end: Option<usize>,
    is_empty: bool,
    has_own: bool,
}

impl<'a> Pass<'a> {
    fn over(json: &'a str, redact: &'a Redact) -> Self {
        Self {
            json,
            redact,
            at: 0,
            levels: Vec::new(),
            out: String::new(),
            done: 0,
            paths: Vec::new(),
            redacted: 0,
            end: None,
            is_empty: false,
            has_own: false,
        }
    }

    fn run(&mut self) {
        while let Some(&byte) = self.json.as_bytes().get(self.at) {
            match byte {
                b'{' => self.levels.push(Level::Object(0)),
                b'[' => self.levels.push(Level::Array(0)),
                b'}' | b']' => self.leave(),
                b',' => {
                    if let Some(Level::Array(number)) = self.levels.last_mut() {
                        *number = number.saturating_add(1);
                    }
                }
                b'"' => {
                    let end = value_end(self.json, self.at);
                    match self.json.as_bytes().get(end) {
                        Some(b':') => self.key(end),
                        _ => self.text_value(end),
                    }
                    continue;
                }
                _ => {}
            }
            self.at += 1;
        }
    }

    /// Behind a closing bracket that this stands at.
    fn leave(&mut self) {
        if let [Level::Object(_), Level::Object(_)] = self.levels[..] {
            self.copy_to(self.at);
            self.end = Some(self.out.len());
            self.is_empty = self.out.ends_with('{');
        }
        self.levels.pop();
    }

    /// Goes behind a key that ends at `end`, and behind its value if nothing in that is to be looked at.
    fn key(&mut self, end: usize) {
        let start = u32::try_from(self.at).unwrap_or(u32::MAX);
        if let Some(Level::Object(key)) = self.levels.last_mut() {
            *key = start;
        }
        let key = read(self.json, self.at, end);
        let value = end + 1;
        self.at = value;
        if self.levels.len() == 1 {
            if key == Field::RequestUrl.name() {
                self.url(value);
            } else if key == "meta" {
                self.has_own = false;
            } else {
                self.at = value_end(self.json, value);
            }
            return;
        }
        self.has_own |= self.levels.len() == 2 && key == "redacted";
        let first = self.json.as_bytes().get(value);
        if !matches!(first, Some(b'n' | b't' | b'f')) && self.redact.is_secret(&key) {
            let end = value_end(self.json, value);
            if self.json.get(value..end) != Some("\"[redacted]\"") {
                self.note_here();
                self.replace(value, end, MARK);
            }
            self.at = end;
        }
    }

    fn text_value(&mut self, end: usize) {
        // A string of the JSON is never shorter than its text: most are left with a look at their length.
        let written = self.json.get(self.at..end).unwrap_or_default();
        let may_be_url = written.get(..200).unwrap_or(written).contains([':', '\\']);
        if may_be_url || written.len() > self.redact.max_bytes {
            let value = read(self.json, self.at, end);
            if let Some(mark) = self.redact.removed(&value) {
                self.note_here();
                self.replace(self.at, end, &mark);
            }
        }
        self.at = end;
    }

    fn url(&mut self, value: usize) {
        let end = value_end(self.json, value);
        if self.json.as_bytes().get(value) == Some(&b'"') {
            let url = read(self.json, value, end);
            if let Some((url, names)) = url::redacted(&url, |name| self.redact.is_secret(name)) {
                self.replace(value, end, &url);
                for name in names {
                    self.note(|_| format!("{}?{name}", Field::RequestUrl.name()));
                }
            }
        }
        self.at = end;
    }

    fn replace(&mut self, start: usize, end: usize, value: &str) {
        self.copy_to(start);
        self.out.push_str(&quoted(value));
        self.done = end;
    }

    fn note_here(&mut self) {
        self.note(Self::path);
    }

    /// Counts something that is redacted, and lists where it was while there is room.
    fn note(&mut self, path: impl FnOnce(&Self) -> String) {
        self.redacted += 1;
        if self.paths.len() < MAX_PATHS {
            self.paths.push(cut(path(self)));
        }
    }

    fn copy_to(&mut self, end: usize) {
        self.out
            .push_str(self.json.get(self.done..end).unwrap_or_default());
        self.done = end;
    }

    /// Where this is, like `meta.list[0].token`.
    fn path(&self) -> String {
        let mut path = String::new();
        for level in &self.levels {
            match *level {
                Level::Array(number) => path.push_str(&format!("[{number}]")),
                Level::Object(key) => {
                    let start = key as usize;
                    let end = value_end(self.json, start);
                    let dot = if path.is_empty() { "" } else { "." };
                    path.push_str(dot);
                    path.push_str(&read(self.json, start, end));
                }
            }
            if path.len() > MAX_PATH {
                break;
            }
        }
        path
    }

    /// The event's new text, if it has one.
    fn finish(mut self) -> Option<String> {
        if self.redacted == 0 {
            return None;
        }
        self.copy_to(self.json.len());
        if self.has_own {
            return Some(self.out);
        }
        let more = self.redacted.saturating_sub(self.paths.len());
        if more > 0 {
            self.paths.push(format!("… and {more} more"));
        }
        let list: Vec<_> = self.paths.iter().map(|path| quoted(path)).collect();
        let list = format!("\"redacted\":[{}]", list.join(","));
        match self.end {
            Some(end) => {
                let comma = if self.is_empty { "" } else { "," };
                self.out.insert_str(end, &format!("{comma}{list}"));
            }
            None => {
                let end = self.out.len().saturating_sub(1);
                self.out.insert_str(end, &format!(",\"meta\":{{{list}}}"));
            }
        }
        Some(self.out)
    }
}

/// The end of the value that begins at `start`.
fn value_end(json: &str, start: usize) -> usize {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    let bytes = json.as_bytes().get(start..).unwrap_or_default();
    for (at, byte) in bytes.iter().enumerate() {
        match (in_string, byte) {
            _ if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (true, b'"') => in_string = false,
            (true, _) => continue,
            (false, b'"') => in_string = true,
            (false, b'{' | b'[') => depth += 1,
            (false, b'}' | b']' | b',') if depth == 0 => return start + at,
            (false, b'}' | b']') => depth -= 1,
            (false, _) => continue,
        }
        if depth == 0 && !in_string && matches!(byte, b'"' | b'}' | b']') && !escaped {
            return start + at + 1;
        }
    }
    json.len()
}

/// The text of a string.
fn read(json: &str, start: usize, end: usize) -> Cow<'_, str> {
    let written = json.get(start..end).unwrap_or_default();
    let inside = written
        .strip_prefix('"')
        .and_then(|it| it.strip_suffix('"'));
    match inside.filter(|it| !it.contains('\\')) {
        Some(plain) => Cow::Borrowed(plain),
        None => Cow::Owned(text(written).unwrap_or_default()),
    }
}

fn quoted(value: &str) -> String {
    serde_json::Value::from(value).to_string()
}

/// At most about [`MAX_PATH`] bytes of a path.
fn cut(path: String) -> String {
    if path.len() <= MAX_PATH {
        return path;
    }
    let mut end = MAX_PATH;
    while !path.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", path.get(..end).unwrap_or_default())
}
