use std::{
    io::{self, Write},
    net::Ipv4Addr,
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

use super::{Level, Log, LogFormat, LogOptions, MAX_TEXT, Requested, WAITING};
use crate::api::Timestamp;

/// A stderr that takes nothing until its gate is opened.
#[derive(Clone, Default)]
struct Out(Arc<(Mutex<State>, Condvar)>);

#[derive(Default)]
struct State {
    is_open: bool,
    bytes: Vec<u8>,
}

impl Out {
    fn open(&self) {
        self.0.0.lock().unwrap().is_open = true;
        self.0.1.notify_all();
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.0.lock().unwrap().bytes.clone()).unwrap()
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let state = self.0.0.lock().unwrap();
        let mut state = self.0.1.wait_while(state, |state| !state.is_open).unwrap();
        state.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn started(format: LogFormat, level: Level) -> (Log, Out) {
    let out = Out::default();
    let options = LogOptions {
        format,
        level,
        color: false,
        now: || Timestamp::parse("2026-11-21T10:00:00.123Z").unwrap(),
    };
    (Log::start(options, out.clone()), out)
}

fn said(format: LogFormat, level: Level, say: impl Fn(&Log)) -> String {
    let (log, out) = started(format, level);
    out.open();
    say(&log);
    log.flush(Duration::from_secs(60));
    out.text()
}

const REQUEST: Requested<'_> = Requested {
    request_id: "abc-1",
    method: "GET",
    route: "/api/audit-log/v1/audit-event",
    status: Some(200),
    duration: Duration::from_micros(1_234),
    bytes: 469,
    subject: Some("external:siem"),
    client: std::net::IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)),
};

#[test]
fn a_request_is_one_line_in_each_form() {
    let asked = |format| {
        said(format, Level::Info, |log| {
            log.request(Level::Info, &REQUEST)
        })
    };
    let told = "GET /api/audit-log/v1/audit-event → 200, 1.2 ms, 469 bytes, external:siem, 192.0.2.7, abc-1\n";
    assert_eq!(asked(LogFormat::Plain), format!("> {told}"));
    assert_eq!(
        asked(LogFormat::Text),
        format!("2026-11-21T10:00:00.123Z info    {told}")
    );
    assert_eq!(
        asked(LogFormat::Json),
        "{\"time\":\"2026-11-21T10:00:00.123Z\",\"level\":\"info\",\"message\":\"request\",\"request_id\":\"abc-1\",\
         \"method\":\"GET\",\"route\":\"/api/audit-log/v1/audit-event\",\"status\":200,\"duration_seconds\":0.001234,\
         \"bytes\":469,\"subject\":\"external:siem\",\"client\":\"192.0.2.7\"}\n"
    );
}

#[test]
fn what_matters_less_than_the_level_is_not_written() {
    let levels = [
        Level::Error,
        Level::Warning,
        Level::Notice,
        Level::Info,
        Level::Debug,
    ];
    for (at, level) in levels.into_iter().enumerate() {
        let text = said(LogFormat::Plain, level, |log| {
            for of in levels {
                log.say(of, "x");
            }
        });
        assert_eq!(text.lines().count(), at + 1, "{level:?}: {text}");
    }
}

#[test]
fn nothing_that_is_said_makes_a_second_line_or_moves_a_cursor() {
    let hostile = "a\n2026-11-21T10:00:00Z error forged\r\u{1b}[2J\u{9b}K\u{2028}\"}{\u{202e}";
    for format in [LogFormat::Plain, LogFormat::Text, LogFormat::Json] {
        let text = said(format, Level::Info, |log| {
            log.say(Level::Warning, hostile);
            let requested = Requested {
                subject: Some(hostile),
                ..REQUEST
            };
            log.request(Level::Info, &requested);
        });
        assert_eq!(text.lines().count(), 2, "{text:?}");
        let lines = text.strip_suffix('\n').unwrap().split('\n');
        for line in lines {
            let bad = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{202e}');
            assert!(!line.contains(bad), "{line:?}");
            if format == LogFormat::Json {
                let line: serde_json::Value = serde_json::from_str(line).unwrap();
                assert!(line.is_object());
            }
        }
    }
}

#[test]
fn a_long_text_is_cut_at_a_character() {
    let text = said(LogFormat::Plain, Level::Error, |log| {
        log.say(Level::Error, &format!("x{}", "ä".repeat(MAX_TEXT)));
    });
    assert_eq!(text.trim_end().len(), "error: ".len() + MAX_TEXT - 1);
}

#[test]
fn a_stderr_that_blocks_holds_up_nobody_and_what_was_dropped_is_said() {
    let (log, out) = started(LogFormat::Plain, Level::Notice);
    // The thread has taken some of these out of the channel before it is stuck, and no more than all of them.
    let many = 4 * WAITING as u64;
    for _ in 0..many {
        log.say(Level::Notice, "x");
    }
    let dropped = log.dropped();
    assert!(dropped > 0 && dropped < many, "{dropped}");
    // Nor does the end of the process wait for ever.
    log.flush(Duration::from_millis(20));
    out.open();
    log.flush(Duration::from_secs(60));
    let text = out.text();
    let kept = text.lines().filter(|line| *line == "x").count() as u64;
    let told: Vec<u64> = text
        .lines()
        .filter_map(|line| {
            line.strip_prefix("warning: ")?
                .split_once(" lines of the log were dropped")
        })
        .map(|(count, _)| count.parse().unwrap())
        .collect();
    assert_eq!(kept + told.iter().sum::<u64>(), many, "{told:?}");
    assert_eq!(told.iter().sum::<u64>(), log.dropped());
}
