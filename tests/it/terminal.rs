//! What a terminal shows of hostile events: a table, whatever is in them.

use auditlog::output::{Column, Layout, OutputFormat, write_record};

use crate::support::hostile::{event_of, hostile, layout, written};

/// Counts everything that is no text, no line feed and no colour.
#[derive(Default)]
struct Tricks(usize);

impl vt100::Callbacks for Tricks {
    fn audible_bell(&mut self, _: &mut vt100::Screen) {
        self.0 += 1;
    }
    fn visual_bell(&mut self, _: &mut vt100::Screen) {
        self.0 += 1;
    }
    fn resize(&mut self, _: &mut vt100::Screen, _: (u16, u16)) {
        self.0 += 1;
    }
    fn set_window_icon_name(&mut self, _: &mut vt100::Screen, _: &[u8]) {
        self.0 += 1;
    }
    fn set_window_title(&mut self, _: &mut vt100::Screen, _: &[u8]) {
        self.0 += 1;
    }
    fn copy_to_clipboard(&mut self, _: &mut vt100::Screen, _: &[u8], _: &[u8]) {
        self.0 += 1;
    }
    fn paste_from_clipboard(&mut self, _: &mut vt100::Screen, _: &[u8]) {
        self.0 += 1;
    }
    fn unhandled_char(&mut self, _: &mut vt100::Screen, _: char) {
        self.0 += 1;
    }
    fn unhandled_control(&mut self, _: &mut vt100::Screen, _: u8) {
        self.0 += 1;
    }
    fn unhandled_escape(&mut self, _: &mut vt100::Screen, _: Option<u8>, _: Option<u8>, _: u8) {
        self.0 += 1;
    }
    fn unhandled_csi(
        &mut self,
        _: &mut vt100::Screen,
        _: Option<u8>,
        _: Option<u8>,
        _: &[&[u16]],
        _: char,
    ) {
        self.0 += 1;
    }
    fn unhandled_osc(&mut self, _: &mut vt100::Screen, _: &[&[u8]]) {
        self.0 += 1;
    }
}

/// `text` on a terminal of that size; the terminal's driver puts a carriage return before each line feed.
fn shown(text: &str, rows: u16, columns: u16) -> vt100::Parser<Tricks> {
    let mut terminal = vt100::Parser::new_with_callbacks(rows, columns, 0, Tricks::default());
    terminal.process(text.replace('\n', "\r\n").as_bytes());
    terminal
}

fn colored(width: u16, color: bool, columns: Option<&str>) -> Layout {
    let parsed = |list: &str| -> Vec<Column> {
        let names = list.split(',');
        names.map(|name| name.parse().unwrap()).collect()
    };
    Layout {
        width: Some(width.into()),
        color,
        columns: columns.map(parsed),
        ..layout()
    }
}

/// `text` with the sequences taken out that the program writes on purpose.
fn without_colors(text: &str) -> String {
    ["0", "1", "2", "31", "33", "35", "1;31"]
        .iter()
        .fold(text.to_owned(), |text, code| {
            text.replace(&format!("\x1b[{code}m"), "")
        })
}

fn assert_harmless(text: &str) {
    let plain = without_colors(text);
    let moves = |c: &char| c.is_control() && *c != '\n';
    assert_eq!(plain.chars().find(moves), None, "{plain:?}");
    let bidi = ['\u{202a}'..='\u{202e}', '\u{2066}'..='\u{2069}'];
    let turns = |c: &char| bidi.iter().any(|range| range.contains(c)) || *c == '\u{200f}';
    assert_eq!(plain.chars().find(turns), None, "{plain:?}");
}

/// Each row is one line of the screen, and its values begin where the titles do.
fn assert_table(text: &str, events: usize, columns: u16) {
    assert_harmless(text);
    let lines = u16::try_from(events).unwrap() + 1;
    let terminal = shown(text, lines + 5, columns);
    let screen = terminal.screen();
    assert_eq!(terminal.callbacks().0, 0, "a value played a trick");
    assert_eq!(screen.cursor_position(), (lines, 0), "{columns} columns");
    let blank = |row: u16, column: u16| {
        let cell = screen.cell(row, column).unwrap();
        matches!(cell.contents(), "" | " ") && !cell.is_wide_continuation()
    };
    let starts: Vec<u16> = (0..columns)
        .filter(|at| !blank(0, *at) && (*at == 0 || blank(0, at - 1)))
        .collect();
    assert!(starts.len() > 1, "{}", screen.contents());
    for row in 0..lines {
        for start in &starts {
            assert!(!blank(row, *start), "{row},{start}: {}", screen.contents());
            let gap = start.saturating_sub(2)..*start;
            assert!(
                gap.clone().all(|at| blank(row, at)),
                "{}",
                screen.contents()
            );
        }
        for cell in (0..columns).filter_map(|at| screen.cell(row, at)) {
            assert!(matches!(
                cell.fgcolor(),
                vt100::Color::Default | vt100::Color::Idx(0..16)
            ));
            assert_eq!(cell.bgcolor(), vt100::Color::Default);
        }
    }
    assert!((lines..lines + 5).all(|row| (0..columns).all(|at| blank(row, at))));
}

#[test]
fn hostile_events_make_a_table_of_one_line_each_at_any_width() {
    let events: Vec<_> = hostile().iter().map(|value| event_of(value)).collect();
    for width in [40, 80, 93, 120, 200] {
        for color in [false, true] {
            for columns in [
                None,
                Some("event,meta.x,actor"),
                Some("meta,time,entity,url"),
            ] {
                let layout = colored(width, color, columns);
                let text = written(OutputFormat::Table, layout, &events);
                assert_table(&text, events.len(), width);
            }
        }
    }
}

#[test]
fn rows_after_the_first_page_keep_to_its_columns() {
    let mut events = vec![event_of("short"); 100];
    events.extend(hostile().iter().map(|value| event_of(value)));
    for width in [40, 80, 120] {
        let text = written(OutputFormat::Table, colored(width, true, None), &events);
        assert_table(&text, events.len(), width);
    }
}

#[test]
fn a_terminal_too_narrow_for_a_table_still_gets_a_line_an_event() {
    let events: Vec<_> = hostile().iter().map(|value| event_of(value)).collect();
    for width in [1, 2, 3, 5, 8, 13, 21, 34, 39] {
        for columns in [
            None,
            Some("time,severity,status,plugin,event,actor,url,entity,id,meta"),
        ] {
            let text = written(OutputFormat::Table, colored(width, true, columns), &events);
            let terminal = shown(&text, 80, width.max(2));
            let lines = u16::try_from(events.len()).unwrap() + 1;
            assert_eq!(terminal.screen().cursor_position(), (lines, 0), "{width}");
            assert_harmless(&text);
        }
    }
    let nothing = written(OutputFormat::Table, colored(0, false, None), &events);
    assert_eq!(nothing, "\n".repeat(events.len() + 1));
}

#[test]
fn named_columns_are_never_left_out() {
    let columns = "time,severity,status,plugin,target";
    let layout = colored(40, false, Some(columns));
    let text = written(
        OutputFormat::Table,
        layout,
        &[event_of("some longer value")],
    );
    let expected = "\
TIME         SEVER…  STATUS  PLUG…  TAR…
11-21 20:15  some …  some …  some…  …lue
";
    assert_eq!(text, expected);
}

#[test]
fn colours_tell_severities_and_failure_apart() {
    let of = |severity: &str, status: &str| {
        let json = format!(
            r#"{{"id":"1","event_time":"2026-11-21T20:15:46Z","severity_level":"{severity}","status":"{status}"}}"#
        );
        auditlog::api::Event::from_json(&json).unwrap()
    };
    let events = [
        of("critical", "failed"),
        of("high", "succeeded"),
        of("medium", "succeeded"),
        of("low", "succeeded"),
        of("fatal", "odd"),
    ];
    let layout = colored(80, true, Some("severity,status"));
    let text = written(OutputFormat::Table, layout, &events);
    let expected = "\
\x1b[1mSEVERITY\x1b[0m  \x1b[1mSTATUS\x1b[0m
\x1b[1;31mcritical\x1b[0m  \x1b[31mfailed\x1b[0m
\x1b[35mhigh\x1b[0m      succeeded
\x1b[33mmedium\x1b[0m    succeeded
\x1b[2mlow\x1b[0m       succeeded
fatal     odd
";
    assert_eq!(text, expected);
}

#[test]
fn a_record_of_hostile_values_moves_nothing_and_loses_nothing() {
    for value in hostile() {
        let mut out = Vec::new();
        write_record(&mut out, &event_of(&value), &colored(80, true, None)).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_harmless(&text);
        let terminal = shown(&text, 50, 80);
        assert_eq!(terminal.callbacks().0, 0);
        // Ten lines of one field each, and three of `meta`.
        assert_eq!(text.lines().count(), 10 + 3, "{text}");
        let shown = auditlog::output::visible(&value).into_owned();
        assert!(text.contains(&shown), "{text}");
    }
}
