//! One event in full, for people: a field a line, nothing cut, `meta` indented.

use std::io::{self, Write};

use super::{Layout, escape::visible, paint::Paint, width::width};
use crate::api::{Event, Field, Timestamp, text};

/// A longer name shifts its own line and not every line.
const WIDEST_NAME: usize = 24;
/// Deeper levels are indented no further: white space would outgrow what an attacker sent.
const DEEPEST: usize = 32;

/// Writes every field at top level, unknown ones too, in the order in which they were sent. Times are as they were
/// sent, with the clock of the layout's zone beside them.
pub fn write_record(out: &mut dyn Write, event: &Event, layout: &Layout) -> io::Result<()> {
    let members = event.members();
    let names = members.iter().map(|(name, _)| width(&visible(name)));
    let column = names.max().unwrap_or_default().min(WIDEST_NAME);
    for (name, json) in &members {
        let field = Field::ALL.into_iter().find(|field| field.name() == name);
        let name = visible(name);
        Paint::Bold.write(out, &name, layout.color)?;
        let gap = column.saturating_sub(width(&name)) + 2;
        write!(out, "{:gap$}", "")?;
        let text = text(json);
        match &text {
            None => Paint::Dim.write(out, "-", layout.color)?,
            Some(text) if text.is_empty() => out.write_all(b"\"\"")?,
            Some(text) if json.starts_with(['{', '[']) => {
                write_indented(out, text, column + 2)?;
            }
            Some(text) => {
                let paint = field.map_or(Paint::Plain, |field| Paint::of(field, Some(text)));
                paint.write(out, &visible(text), layout.color)?;
            }
        }
        if let (Some(Field::EventTime | Field::RecordedAt), Some(text)) = (field, &text) {
            write_local_time(out, text, layout)?;
        }
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// ` (2026-11-21 21:15:46 +01:00)`, unless the zone is UTC.
fn write_local_time(out: &mut dyn Write, text: &str, layout: &Layout) -> io::Result<()> {
    let Some(time) = Timestamp::parse(text) else {
        return Ok(());
    };
    let clock = layout.zone.wall_clock(time);
    let minutes = (clock - time.utc().naive_utc()).num_minutes();
    if minutes == 0 {
        return Ok(());
    }
    let sign = if minutes < 0 { '-' } else { '+' };
    let (hours, minutes) = (minutes.abs() / 60, minutes.abs() % 60);
    let clock = clock.format("%Y-%m-%d %H:%M:%S");
    write!(out, "  ({clock} {sign}{hours:02}:{minutes:02})")
}

/// Writes compact JSON over several lines, each token as it was written; lines after the first begin at `column`.
///
/// By its characters and not through a parsed value: that would change numbers, and fail at nesting deeper than 128.
fn write_indented(out: &mut dyn Write, json: &str, column: usize) -> io::Result<()> {
    let mut depth: usize = 0;
    let mut line = String::new();
    let mut inside = false;
    let mut escaped = false;
    let mut rest = json.chars().peekable();
    while let Some(c) = rest.next() {
        if inside {
            inside = escaped || c != '"';
            escaped = !escaped && c == '\\';
            line.push(c);
            continue;
        }
        inside = c == '"';
        let empty = matches!((c, rest.peek()), ('{', Some('}')) | ('[', Some(']')));
        let was_empty = matches!(
            (c, line.chars().last()),
            ('}', Some('{')) | (']', Some('['))
        );
        match c {
            '{' | '[' | ',' => {
                line.push(c);
                depth += usize::from(c != ',');
                if !empty {
                    write_line(out, &mut line, column + 2 * depth.min(DEEPEST))?;
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                if !was_empty {
                    write_line(out, &mut line, column + 2 * depth.min(DEEPEST))?;
                }
                line.push(c);
            }
            ':' => line.push_str(": "),
            c => line.push(c),
        }
    }
    out.write_all(visible(&line).as_bytes())
}

/// Writes a finished line and the indentation of the next.
fn write_line(out: &mut dyn Write, line: &mut String, indentation: usize) -> io::Result<()> {
    write!(out, "{}\n{:indentation$}", visible(line), "")?;
    line.clear();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::write_indented;

    fn indented(json: &str) -> String {
        let mut out = Vec::new();
        write_indented(&mut out, json, 0).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn json_is_indented_token_for_token() {
        let json = r#"{"a":{},"b":[],"c":[1.0,{"d":"x{,:\"}\\"}],"e":1e400}"#;
        let expected = r#"{
  "a": {},
  "b": [],
  "c": [
    1.0,
    {
      "d": "x{,:\"}\\"
    }
  ],
  "e": 1e400
}"#;
        assert_eq!(indented(json), expected);
        assert_eq!(indented("{}"), "{}");
    }

    #[test]
    fn deep_nesting_is_not_answered_with_ever_more_white_space() {
        let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
        assert!(indented(&deep).len() < deep.len() * 70);
    }

    #[test]
    fn a_value_cannot_move_the_cursor() {
        assert_eq!(
            indented("{\"a\u{202e}\":\"\u{9b}\"}"),
            "{\n  \"a\\u{202e}\": \"\\x9b\"\n}"
        );
    }
}
