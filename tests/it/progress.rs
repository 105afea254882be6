//! The line of progress: on a terminal, while something takes long, and gone without a trace.

#![cfg(unix)]

use crate::support::{
    Home, TOKEN,
    asking::WINDOW,
    events::recorded_trail,
    pages::Pages,
    pty::Terminal,
    scripted::{Reply, Scripted},
};

/// Events that the server has.
const EVENTS: usize = 900;

/// A server that answers this many requests, and is silent then.
fn silent_after(answers: usize) -> Scripted {
    let pages = Pages::honest(recorded_trail(EVENTS));
    let mut left = answers;
    Scripted::answering(move |asked| match left {
        0 => Reply::silence(),
        _ => {
            left -= 1;
            pages.page(asked)
        }
    })
}

/// A home whose file `token` holds the token: a terminal's program gets no variable of it.
fn home() -> Home {
    let home = Home::new();
    home.write_private("token", TOKEN);
    home
}

fn ask<'a>(url: &'a str, args: &[&'a str]) -> Vec<&'a str> {
    let source = ["events", "--url", url, "--token-file", "token"];
    [&source, &WINDOW[..], &["--all", "--page-size", "50"], args].concat()
}

#[test]
fn a_long_reading_shows_how_far_it_is_and_an_interrupt_leaves_no_trace_of_that() {
    for columns in [40, 120] {
        let home = home();
        let server = silent_after(14);
        let url = server.url();
        let args = ask(&url, &["-v", "-o", "csv", "--output-file", "out"]);
        let mut terminal = Terminal::start(&home, columns, &args);
        terminal.wait_for("% · ");
        let contents = terminal.contents();
        let line = contents.lines().last().unwrap().trim_end();
        assert!(
            line.contains(" events · ") && line.contains(" left"),
            "{line}"
        );
        assert!(line.chars().count() < 40, "{line}");
        let (share, _) = line.split_once('%').unwrap();
        assert!((1..100).contains(&share.parse::<u32>().unwrap()), "{line}");
        terminal.type_in("\u{3}");
        let (code, shown) = terminal.end();
        assert_eq!(code, 130, "{shown}");
        // What was said meanwhile is whole: a line a request.
        let said: Vec<_> = shown.lines().filter(|line| line.contains("GET")).collect();
        assert!(said.len() > 5, "{shown}");
        assert!(
            said.iter().all(|line| line.starts_with("> GET http://")),
            "{shown}"
        );
        let last = shown.lines().last().unwrap();
        assert_eq!(last, "error: incomplete: interrupted", "{shown}");
        assert!(
            !shown.contains("% ·") && !shown.contains(" left"),
            "{shown}"
        );
        assert_eq!(home.names(), ["token"]);
    }
}

#[test]
fn a_long_reading_that_ends_has_no_trace_of_it_either() {
    let home = home();
    let pages = Pages::honest(recorded_trail(EVENTS));
    let mut asked = 0;
    let server = Scripted::answering(move |request| {
        asked += 1;
        if asked == 5 {
            // Long enough for the line to come.
            std::thread::sleep(std::time::Duration::from_millis(1_500));
        }
        pages.page(request)
    });
    let url = server.url();
    let args = ask(&url, &["-o", "csv", "--output-file", "out"]);
    let mut terminal = Terminal::start(&home, 200, &args);
    terminal.wait_for("complete as of");
    let written = String::from_utf8_lossy(&terminal.written).into_owned();
    assert!(
        written.contains("waiting for the first events") || written.contains("% · "),
        "{written}"
    );
    let (code, shown) = terminal.end();
    assert_eq!((code, shown.trim_end().lines().count()), (0, 1), "{shown}");
    assert!(shown.starts_with("900 events · "), "{shown}");
    drop(server);
}

#[test]
fn nobody_is_shown_progress_who_reads_the_rows_or_asked_for_silence() {
    let home = home();
    for args in [&["-q", "--output-file", "out"][..], &["-o", "jsonl"]] {
        let server = silent_after(1);
        let url = server.url();
        let mut terminal = Terminal::start(&home, 80, &ask(&url, args));
        server.wait_for(2);
        // Longer than it takes for the line to come.
        std::thread::sleep(std::time::Duration::from_millis(1_500));
        terminal.type_in("\u{3}");
        terminal.wait_for("interrupted");
        let written = String::from_utf8_lossy(&terminal.written).into_owned();
        assert!(
            !written.contains("waiting") && !written.contains("% · "),
            "{written}"
        );
        assert_eq!(terminal.end().0, 130);
    }
}
