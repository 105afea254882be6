//! The token is sent to its server and shown to nobody: not by the program, not by what it prints, not when the
//! server itself repeats it.

use std::{collections::BTreeMap, process::Command};

use auditlog::{
    api::Timestamp,
    client::Options,
    commands::Context,
    config::{Asked as Source, Config, Environment, Target, TokenSource},
    output::Ui,
    token::Token,
};

use crate::support::{
    Home, Run, TOKEN,
    events::{event, trail},
    scripted::{Reply, Scripted},
};

/// Fails if `text` holds the token or a part of it that would help to find the rest.
fn assert_silent(text: &str) {
    for piece in TOKEN.split(|c: char| !c.is_ascii_alphanumeric()) {
        assert!(
            piece.len() < 4 || !text.contains(piece),
            "{piece} in {text}"
        );
    }
}

/// Every answer that repeats the token that it was sent, in one way or another.
fn echoes() -> Vec<Reply> {
    const HTML: &str = "Content-Type: text/html";
    const JSON: &str = "Content-Type: application/json";
    let encoded: String = url::form_urlencoded::byte_serialize(TOKEN.as_bytes()).collect();
    let lower = encoded
        .replace("%2B", "%2b")
        .replace("%2F", "%2f")
        .replace("%3D", "%3d");
    let escaped = TOKEN.replace('/', "\\/").replace('+', "\\u002b");
    let title = format!("<title>No {TOKEN} here</title>");
    // The title is cut after 80 characters: not in the middle of a token.
    let long_title = format!("<title>{}{TOKEN}</title>", "x".repeat(70));
    let long_message = format!("{}{TOKEN}", "x".repeat(490));
    vec![
        Reply::problem("401 Unauthorized", &format!("Illegal token {TOKEN}")),
        Reply::problem("403 Forbidden", &format!("Bearer {escaped}")),
        Reply::problem("400 Bad Request", &format!("{TOKEN}{TOKEN}")),
        Reply::problem("500 Oops", &long_message),
        Reply::of("200 OK", HTML, &title),
        Reply::of("200 OK", HTML, &long_title),
        Reply::of("502 Bad Gateway", HTML, &title),
        Reply::of("200 OK", &format!("Content-Type: {TOKEN}"), "x"),
        Reply::of(
            "200 OK",
            &format!("{JSON}\nX-Echo: Bearer {TOKEN}\nSet-Cookie: t={TOKEN}"),
            "{}",
        ),
        Reply::of("200 OK", JSON, format!(r#"{{"data":["{TOKEN}"]}}"#)),
        Reply::of("200 OK", JSON, format!(r#"{{"data":"{TOKEN}"}}"#)),
        Reply::of(
            "200 OK",
            JSON,
            format!(r#"{{"data":[{{"id":"1","event_time":"{TOKEN}"}}]}}"#),
        ),
        Reply::of("200 OK", JSON, TOKEN),
        Reply::redirect(&format!("https://sign-in.example/?token={TOKEN}")),
        Reply::redirect(&format!("https://sign-in.example/?token={encoded}")),
        Reply::redirect(&format!("https://sign-in.example/?token={lower}")),
        Reply::redirect(&format!("http://[{TOKEN}")),
        Reply::of(
            "200 OK",
            &format!("{JSON}\nX-Echo: {encoded}"),
            r#"{"data":[]}"#,
        )
        .cut(1),
        Reply::raw(format!("HTTP/1.1 {TOKEN}\r\n\r\n")).closing(),
        Reply::raw(format!("HTTP/1.1 200 OK\r\n{TOKEN}\r\n\r\n")).closing(),
    ]
}

#[test]
fn a_server_that_repeats_the_token_does_not_make_the_program_repeat_it() {
    let home = Home::new();
    for reply in echoes() {
        let server = Scripted::replies(vec![reply.clone()]);
        let run = home.ask(&server.url(), &["-vv", "--retries", "0"]);
        assert_ne!(run.code, 0, "{reply:?}");
        assert_silent(&run.stderr);
        assert_silent(&run.stdout);
        let asked = server.finish();
        assert!(asked[0].has_token());
    }
}

#[test]
fn everything_that_is_said_about_a_good_answer_is_silent_about_the_token() {
    let events = trail(3);
    let server = Scripted::replies(vec![
        Reply::of("503 Later", &format!("Retry-After: 0\nX-Echo: {TOKEN}"), ""),
        Reply::redirect(&format!("/moved?for={TOKEN}")),
        Reply::page(&events, 3).with_header(&format!("X-Echo: {TOKEN}")),
    ]);
    let run = Home::new().ask(&server.url(), &["-vv"]);
    assert_eq!(run.code, 0, "{run:#?}");
    assert!(run.stderr.contains("x-echo: (the token)"), "{run:#?}");
    assert_silent(&run.stderr);
    assert_silent(&run.stdout);
    server.finish();
}

#[test]
fn what_is_asked_and_explained_and_shown_is_silent_about_the_token() {
    let home = Home::new();
    let explained = home.ask("https://portal.example", &["--explain", "-vv"]);
    assert_eq!(explained.code, 0, "{explained:#?}");
    assert_silent(&(explained.stdout + &explained.stderr));

    let server = Scripted::replies(vec![Reply::page(&trail(1), 1)]);
    let mut status = home.command(&["token", "status", "-vv", "--url", &server.url()]);
    let status = Run::of(status.env("AUDITLOG_TOKEN", TOKEN).output().unwrap());
    assert_eq!(status.code, 0, "{status:#?}");
    assert!(
        status.stdout.contains("AUDITLOG_TOKEN, 32 characters"),
        "{status:#?}"
    );
    assert_silent(&(status.stdout + &status.stderr));
    server.finish();
}

#[test]
fn no_type_that_holds_the_token_shows_it_when_it_is_debugged() {
    let environment = || {
        Environment::read(|name| match name {
            "AUDITLOG_TOKEN" => Some(TOKEN.into()),
            _ => None,
        })
    };
    let source = Source {
        url: Some("https://portal.example".into()),
        ..Source::default()
    };
    let target = Target::chosen(&source, &environment(), &Config::default()).unwrap();
    let token = Token::parse(TOKEN).unwrap();
    let context = Context {
        ui: Ui::default(),
        environment: environment(),
        now: Timestamp::parse("2026-11-21T00:00:00Z").unwrap(),
        color: false,
    };
    let options = Options {
        ca_cert: None,
        allow_plain_http: false,
        timeout: std::time::Duration::from_secs(1),
        retries: 0,
        spacing: std::time::Duration::ZERO,
    };
    let variable = TokenSource::Variable(TOKEN.into());
    for text in [
        format!("{:#?}", environment()),
        format!("{target:#?}"),
        format!("{token:#?} {:?}", Some(&token)),
        format!("{:#?}", token.clone().into_secret()),
        format!("{context:#?}"),
        format!("{options:#?}"),
        format!("{variable:?} {}", variable.place()),
    ] {
        assert!(!text.is_empty());
        assert_silent(&text);
    }
}

/// The command lines of all processes that can be seen.
#[cfg(target_os = "linux")]
fn process_list() -> String {
    let processes = std::fs::read_dir("/proc").expect("processes");
    let lines = processes.filter_map(|entry| {
        let line = std::fs::read(entry.ok()?.path().join("cmdline")).ok()?;
        Some(String::from_utf8_lossy(&line).replace('\0', " ") + "\n")
    });
    lines.collect()
}

#[cfg(target_os = "linux")]
#[test]
fn the_process_list_shows_no_token() {
    use std::sync::{Arc, Mutex};
    let seen = Arc::new(Mutex::new(String::new()));
    let page = Reply::page(&[event("a", 1)], 1);
    let server = Scripted::answering({
        let seen = Arc::clone(&seen);
        move |_| {
            // The program waits for this answer.
            *seen.lock().unwrap() = process_list();
            page.clone()
        }
    });
    let home = Home::new();
    home.write("token", TOKEN);
    let mut from_file = home.command(&["events", "--url", &server.url(), "--token-file", "token"]);
    for command in [&mut home.asking(&server.url(), &[]), &mut from_file] {
        assert_eq!(Run::of(command.output().unwrap()).code, 0);
        let seen = std::mem::take(&mut *seen.lock().unwrap());
        assert!(
            seen.contains(&format!("--url {}", server.url())),
            "the program is in the list"
        );
        assert!(!seen.contains(TOKEN));
    }
    server.finish();
}

/// A profile `p` for a server, whose `token_command` is a script.
#[cfg(unix)]
fn scripted_profile(home: &Home, url: &str, script: &str) {
    home.write("token", TOKEN);
    home.write("token.sh", script);
    let config = format!("[profiles.p]\nurl = \"{url}\"\ntoken_command = [\"sh\", \"token.sh\"]\n");
    home.write("config.toml", config);
}

#[cfg(unix)]
fn with_profile(home: &Home, args: &[&str]) -> Command {
    let mut command = home.command(args);
    command.env("AUDITLOG_CONFIG_DIR", home.path("."));
    command
}

#[cfg(target_os = "linux")]
#[test]
fn a_token_command_gets_no_token_and_shows_none() {
    let server = Scripted::replies(vec![Reply::page(&[event("a", 1)], 1)]);
    let home = Home::new();
    let script = "env > environment
        cat /proc/$PPID/cmdline /proc/$$/cmdline | tr '\\0' ' ' > processes
        cat token\n";
    scripted_profile(&home, &server.url(), script);
    let run = with_profile(
        &home,
        &["events", "--profile", "p", "--since", "2026-11-01", "-vv"],
    )
    .env("AUDITLOG_TOKEN", "another-token-of-the-environment")
    .env("AUDITLOG_TOKEN_FILE", "another-file-of-the-environment")
    .env("KEPT", "kept")
    .output()
    .map(Run::of)
    .unwrap();
    assert_eq!(run.code, 0, "{run:#?}");
    assert_silent(&(run.stdout + &run.stderr));
    let asked = server.finish();
    assert!(asked[0].has_token());

    let environment: BTreeMap<String, String> = home
        .read("environment")
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    assert_eq!(environment["KEPT"], "kept");
    assert!(
        !environment
            .keys()
            .any(|name| name.starts_with("AUDITLOG_TOKEN")),
        "{environment:?}"
    );
    assert!(!home.read("environment").contains("of-the-environment"));
    assert!(
        home.read("processes").contains("events --profile p")
            && home.read("processes").contains("sh token.sh")
    );
    assert_silent(&home.read("processes"));
}

#[cfg(unix)]
#[test]
fn a_token_command_that_fails_is_silent_about_what_it_printed() {
    let server = Scripted::untouched();
    let home = Home::new();
    for (script, code, words) in [
        (
            "cat token; exit 3",
            4,
            "token_command 'sh' ended with exit status: 3",
        ),
        (
            "cat token token; echo; cat token",
            2,
            "white space at character",
        ),
        ("printf 'tb2XwPe'", 2, "the token has 7 characters"),
    ] {
        scripted_profile(&home, &server.url(), script);
        let mut command = with_profile(&home, &["events", "--profile", "p", "-vv"]);
        let run = Run::of(command.output().unwrap());
        assert_eq!((run.code, run.stdout.as_str()), (code, ""), "{run:#?}");
        assert!(run.only_error().contains(words), "{run:#?}");
        assert_silent(&run.stderr);
    }
    server.finish();
}
