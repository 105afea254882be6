//! One JSON array, streamed: an event a line, token for token as it was sent.

use std::io::{self, Write};

use super::Format;
use crate::api::Event;

/// `-o json`.
#[derive(Debug, Default)]
pub struct Json {
    any: bool,
}

impl Format for Json {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(b"[")
    }

    fn event(&mut self, out: &mut dyn Write, event: &Event) -> io::Result<()> {
        out.write_all(if self.any { b",\n" } else { b"\n" })?;
        self.any = true;
        out.write_all(event.json().as_bytes())
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(if self.any { b"\n]\n" } else { b"]\n" })
    }
}
