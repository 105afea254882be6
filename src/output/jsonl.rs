//! JSON lines: an event a line, token for token as it was sent.

use std::io::{self, Write};

use super::Format;
use crate::api::Event;

/// `-o jsonl`.
#[derive(Debug)]
pub struct Jsonl;

impl Format for Jsonl {
    fn event(&mut self, out: &mut dyn Write, event: &Event) -> io::Result<()> {
        out.write_all(event.json().as_bytes())?;
        out.write_all(b"\n")
    }
}
