//! Where the fields of an event lie in its JSON text.
//!
//! Events come by the million: they are read in one pass that copies nothing.

use std::{fmt, num::NonZeroU32, ops::Range};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{event::Field, json::is_compact};

/// Bytes of a text, or none: half as large as a range, for events are full of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    start: u32,
    /// What ends a text before its first byte is none.
    end: NonZeroU32,
}

impl Span {
    /// None where it is empty at the very beginning, or ends behind 4 GiB.
    pub(super) fn of(range: Range<usize>) -> Option<Self> {
        Some(Self {
            start: range.start.try_into().ok()?,
            end: NonZeroU32::new(range.end.try_into().ok()?)?,
        })
    }

    pub(super) fn range(self) -> Range<usize> {
        self.start as usize..self.end.get() as usize
    }

    pub(super) fn in_text(self, text: &str) -> Option<&str> {
        text.get(self.range())
    }

    /// The same stretch of a text that begins `by` bytes earlier.
    pub(super) fn shifted(self, by: usize) -> Option<Self> {
        let by = u32::try_from(by).ok()?;
        Some(Self {
            start: self.start.checked_add(by)?,
            end: self.end.checked_add(by)?,
        })
    }
}

/// A text for each field that has one.
pub(super) type Spans = [Option<Span>; Field::ALL.len()];

/// The fields that the API knows among the members of an object that has no white space.
///
/// Whether it has any, and so whether these are right, is known at its end: see [`Members::place_in`].
#[derive(Debug, Default)]
pub(super) struct Members<'a> {
    /// Where the text of each field lies in the object, in the last member of its name, as JavaScript has it.
    pub(super) spans: Spans,
    /// The fields, by number, whose texts are written with escapes. Their spans lie around the quotes.
    escaped: u32,
    first_name: Option<&'a str>,
    last_value: &'a str,
    /// The number of the field that comes next, where they come in the order of the API.
    next: usize,
    /// How long the object is without white space at its top level.
    length: usize,
    /// Whether there is white space in one of the values.
    loose: bool,
}

impl<'a> Members<'a> {
    /// Reads a JSON object.
    pub(super) fn read(json: &'a str) -> serde_json::Result<Self> {
        serde_json::from_str(json)
    }

    /// Where the object lies in the text that it was read from; none where it has white space between its tokens.
    pub(super) fn place_in(&self, text: &str) -> Option<Range<usize>> {
        let start = offset(text, self.first_name?)?.checked_sub(1)?;
        let end = offset(text, self.last_value)? + self.last_value.len() + 1;
        let json = text.get(start..end)?;
        let is_whole = json.starts_with('{') && json.ends_with('}');
        (is_whole && !self.loose && json.len() == self.length).then_some(start..end)
    }

    /// Whether the text of any field has to be decoded.
    pub(super) fn has_escapes(&self) -> bool {
        self.escaped != 0
    }

    /// Whether the text of this one has to be.
    pub(super) fn is_escaped(&self, field: Field) -> bool {
        self.escaped & (1 << field as u32) != 0
    }

    /// The field of a name. A server gives them in one order, so that the next is known as a rule.
    fn field_of(&mut self, name: &str) -> Option<Field> {
        let expected = Field::ALL.get(self.next).copied();
        let field = match expected.filter(|field| field.name() == name) {
            Some(field) => field,
            None => Field::named(name)?,
        };
        self.next = field as usize + 1;
        Some(field)
    }

    fn push(&mut self, name: &'a str, value: &'a str) -> serde_json::Result<()> {
        self.first_name.get_or_insert(name);
        self.last_value = value;
        // Behind the opening brace, or behind the comma; at the end the closing brace stands where a comma would.
        let start = self.length.max(1) + name.len() + ":".len();
        let end = start + value.len();
        self.length = end + ",".len();
        self.loose |= value.starts_with(['{', '[']) && !is_compact(value);
        let field = match inside_quotes(name) {
            Some(plain) => self.field_of(plain),
            None => Field::named(&serde_json::from_str::<String>(name)?),
        };
        let Some((field, span)) = field.and_then(|f| Some((f, self.spans.get_mut(f as usize)?)))
        else {
            return Ok(());
        };
        let (mut range, mut is_escaped) = (start..end, false);
        if value.starts_with('"') {
            match inside_quotes(value) {
                Some(_) => range = start + 1..end - 1,
                None => is_escaped = true,
            }
        }
        *span = Span::of(range).filter(|_| value != "null");
        let bit = 1 << field as u32;
        self.escaped = (self.escaped & !bit) | (u32::from(is_escaped) << field as u32);
        Ok(())
    }
}

/// What a JSON string holds, where it is written without escapes.
fn inside_quotes(json: &str) -> Option<&str> {
    let inside = json.strip_prefix('"')?.strip_suffix('"')?;
    let has_escape = |found, byte| found | (byte == b'\\');
    (!inside.bytes().fold(false, has_escape)).then_some(inside)
}

/// Where `part` begins in the text that it is a part of.
fn offset(text: &str, part: &str) -> Option<usize> {
    part.as_ptr().addr().checked_sub(text.as_ptr().addr())
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Object)
    }
}

struct Object;

impl<'de> Visitor<'de> for Object {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Members::default();
        while let Some((name, value)) = map.next_entry::<&RawValue, &RawValue>()? {
            members
                .push(name.get(), value.get())
                .map_err(A::Error::custom)?;
        }
        Ok(members)
    }
}
