//! `auditlog token`: made, checked, kept, tried, forgotten.

#![cfg(unix)]

use std::{fs, os::unix::fs::PermissionsExt};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};

use crate::support::{
    CREDENTIALS, Home, Run, TOKEN,
    process::Serving,
    pty::Terminal,
    recorded::recorded,
    scripted::{Reply, Scripted},
};

/// A home with a profile `here`, the default one, for this server.
fn home_of(url: &str) -> Home {
    let home = Home::new();
    let run = home.run(&["profile", "add", "here", "--url", url]);
    assert_eq!(run.code, 0, "{run:?}");
    home
}

#[test]
fn a_new_token_is_24_random_bytes_and_alone_on_stdout() {
    let home = Home::new();
    let generate = |args: &[&str]| {
        let run = home.run(&[&["token", "generate"], args].concat());
        assert_eq!(run.code, 0, "{run:?}");
        let token = run.stdout.strip_suffix('\n').unwrap().to_owned();
        assert!(!run.stderr.contains(&token), "{run:?}");
        (token, run.stderr)
    };
    let (token, said) = generate(&[]);
    assert_eq!(STANDARD.decode(&token).unwrap().len(), 24);
    assert_eq!(token.len(), 32);
    assert!(said.contains("App Settings → External access → audit-log-api-access"));
    assert!(said.contains("'Update item' and 'Save'"), "{said}");
    assert_ne!(token, generate(&[]).0);
    let (token, _) = generate(&["--encoding", "base64url", "--bytes", "50"]);
    assert_eq!(URL_SAFE_NO_PAD.decode(&token).unwrap().len(), 50);
    let (token, _) = generate(&["--encoding", "hex", "--bytes", "1024"]);
    assert_eq!(token.len(), 2048);
    assert!(
        token
            .bytes()
            .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    );
    assert_eq!(generate(&["-q"]).1, "");
    // The fewest bytes whose shortest text a server takes.
    assert_eq!(generate(&["--bytes", "6"]).0.len(), 8);
    for bytes in ["5", "1025", "x"] {
        let run = home.run(&["token", "generate", "--bytes", bytes]);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    }
}

#[test]
fn a_saved_token_is_its_owner_s_alone_and_works() {
    let home = home_of("http://127.0.0.1:9");
    let run = home.run(&["token", "generate", "--save", "here"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stderr.ends_with("It is kept for profile 'here'.\n"));
    assert_eq!(home.mode(CREDENTIALS), 0o600);
    assert_eq!(home.mode(".config/auditlog"), 0o700);
    let kept = home.read(CREDENTIALS);
    assert!(kept.contains(run.stdout.trim_end()));
    // Somebody starts a server that takes it, at another port: the profile follows, and the token is made for it.
    home.write_private("accepted", &run.stdout);
    let store = home.run(&["ingest", "--store", "s.db", "-"]);
    assert_eq!(store.code, 0, "{store:?}");
    let args = ["--store", "s.db", "--accept-token-file", "accepted"];
    let serving = Serving::start(&home, &args);
    let add = ["profile", "add", "here", "--replace", "--url", &serving.url];
    assert_eq!(home.run(&add).code, 0);
    assert_eq!(
        Run::fed(home.command(&["token", "set"]), &run.stdout).code,
        0
    );
    let run = home.run(&["token", "status"]);
    let expected = format!(
        "server  {} (profile 'here')\ntoken   credentials.toml, profile 'here', 32 characters\nanswer  200: the \
         server takes the token; 0 events in the last 30 days\n",
        serving.url
    );
    assert_eq!(
        (run.code, run.stdout, run.stderr),
        (0, expected, String::new())
    );
}

#[test]
fn a_profile_that_is_missing_is_said_before_a_token_is_made() {
    let home = home_of("http://127.0.0.1:9");
    let run = home.run(&["token", "generate", "--save", "nowhere"]);
    let expected = "error: there is no profile 'nowhere' — there are: here\n";
    assert_eq!(
        (run.code, run.stdout.as_str(), run.stderr.as_str()),
        (2, "", expected)
    );
    assert!(!home.path(CREDENTIALS).exists());
}

#[test]
fn a_text_is_checked_as_a_server_would() {
    let home = Home::new();
    for (text, valid) in [
        ("12345678", "8 characters"),
        ("12345678\n", "8 characters"),
        ("12345678\r\n", "8 characters"),
        ("pässwört\n", "8 characters"),
    ] {
        let run = Run::fed(home.command(&["token", "validate"]), text);
        let expected = format!("valid: {valid}, no white space\n");
        assert_eq!(
            (run.code, run.stdout, run.stderr),
            (0, expected, String::new())
        );
    }
    for (text, part) in [
        ("", "the token is empty"),
        ("\n", "the token is empty"),
        (
            "sesame7\n",
            "the token has 7 characters; a server takes no fewer than 8",
        ),
        (
            "open sesame",
            "the token has white space at character 5; a server takes none",
        ),
        (
            " open-sesame",
            "the token has white space at character 1; a server takes none",
        ),
        (
            "opensesame\n\n",
            "the token has white space at character 11; a server takes none",
        ),
        (
            "sesame\u{a0}open",
            "the token has white space at character 7; a server takes none",
        ),
        (
            "sesame\u{1b}[2J",
            "the token has a control character at character 7; a request cannot carry it",
        ),
    ] {
        let run = Run::fed(home.command(&["token", "validate"]), text);
        let expected = format!("error: {part} — make one with: auditlog token generate\n");
        assert_eq!(
            (run.code, run.stdout, run.stderr),
            (2, String::new(), expected)
        );
    }
    let run = Run::fed(
        home.command(&["token", "validate"]),
        b"sesame-\xff\xfe-open",
    );
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run:?}");
    assert!(!run.stderr.contains("sesame"));
}

#[test]
fn a_typed_token_is_never_on_the_screen() {
    let home = home_of("http://127.0.0.1:9");
    for (args, typed, code, said) in [
        (
            &["token", "validate"][..],
            "typed-sesame-0001",
            0,
            "valid: 17 characters",
        ),
        (
            &["token", "validate"],
            "sesame",
            2,
            "the token has 6 characters",
        ),
        (
            &["token", "set"],
            "typed-sesame-0002",
            0,
            "the token of profile 'here' is kept",
        ),
    ] {
        let mut terminal = Terminal::start(&home, 80, args);
        terminal.wait_for("Token (not shown): ");
        terminal.wait_for_silence();
        terminal.type_in(typed);
        terminal.type_in("\r");
        let (ended, screen) = terminal.end();
        assert_eq!(ended, code, "{screen}");
        assert!(screen.contains(said), "{screen}");
        assert!(!screen.contains("sesame"), "{screen}");
    }
    let run = home.run(&["token", "validate", "--profile", "here"]);
    assert_eq!(run.stdout, "valid: 17 characters, no white space\n");
    let kept = home.read(CREDENTIALS);
    assert!(kept.contains("typed-sesame-0002"), "{kept}");
}

#[test]
fn the_status_of_a_token_that_is_refused_says_why() {
    for (answer, said) in [
        (
            "401-wrong-token.http",
            "error: 401: the server does not take the token: Illegal token — check it against App Settings → External \
             access → audit-log-api-access (auditlog token status)\n",
        ),
        (
            "403-other-plugin.http",
            "error: 403: the token is real, but is not allowed to read the audit log: This token's access is restricted to plugin(s) 'catalog' — \
             its access restrictions name another plugin: they need plugin 'audit-log' with permission \
             'audit.log.read' (App Settings → External access)\n",
        ),
        (
            "403-wrong-permission.http",
            "error: 403: the token is real, but is not allowed to read the audit log: Unauthorized — its access restrictions need permission 'audit.log.read' \
             of plugin 'audit-log' (App Settings → External access)\n",
        ),
    ] {
        let server = Scripted::replies(vec![Reply::raw(recorded(answer))]);
        let home = home_of(&server.url());
        assert_eq!(Run::fed(home.command(&["token", "set"]), TOKEN).code, 0);
        let run = home.run(&["token", "status"]);
        assert_eq!((run.code, run.stderr.as_str()), (4, said), "{answer}");
        let expected = format!(
            "server  {} (profile 'here')\ntoken   credentials.toml, profile 'here', 32 characters\n",
            server.url()
        );
        assert_eq!(run.stdout, expected);
        // Nobody asks twice.
        let asked = server.finish();
        assert!(asked[0].has_token());
    }
}

#[test]
fn the_status_names_where_the_token_comes_from() {
    let server = Scripted::replies(vec![Reply::page(&[], 4_213); 3]);
    let home = Home::new();
    home.write("my-token", format!("{TOKEN}\n"));
    let status = ["token", "status", "--url", &server.url()];
    let of = |args: &[&str], variable: (&str, &str)| {
        let mut command = home.command(&[&status, args].concat());
        let run = Run::of(command.env(variable.0, variable.1).output().unwrap());
        assert_eq!(run.code, 0, "{run:?}");
        assert!(run.stdout.ends_with("; 4,213 events in the last 30 days\n"));
        run.stdout.lines().nth(1).unwrap().to_owned()
    };
    let other = "another-token";
    for (args, variable, expected) in [
        (
            &["--token-file", "my-token"][..],
            ("AUDITLOG_TOKEN", other),
            "my-token (--token-file)",
        ),
        (
            &[],
            ("AUDITLOG_TOKEN_FILE", "my-token"),
            "my-token (AUDITLOG_TOKEN_FILE)",
        ),
        (&[], ("AUDITLOG_TOKEN", TOKEN), "AUDITLOG_TOKEN"),
    ] {
        assert_eq!(
            of(args, variable),
            format!("token   {expected}, 32 characters")
        );
    }
    for asked in server.finish() {
        assert!(asked.has_token());
    }
}

#[test]
fn without_a_token_nothing_is_asked() {
    let server = Scripted::untouched();
    let home = home_of(&server.url());
    let keep = "store one: auditlog token set --profile here";
    for (args, said) in [
        (&["token", "status"][..], format!("error: no token is stored for profile 'here' — {keep}\n")),
        (&["events"], format!("error: no token is stored for profile 'here' — {keep}\n")),
        (
            &["events", "--url", &server.url()],
            "error: there is no token for this server — give --token-file FILE or AUDITLOG_TOKEN, or keep one: \
             auditlog token set\n"
                .to_owned(),
        ),
    ] {
        let run = home.run(args);
        assert_eq!((run.code, run.stderr), (4, said));
    }
    for source in [&["--demo"][..], &["--store", "s.db"]] {
        let run = home.run(&[&["token", "status"], source].concat());
        let said = "error: this source is not a server: it takes no token — name a server with --url or --profile\n";
        assert_eq!((run.code, run.stderr.as_str()), (2, said));
    }
    server.finish();
}

#[test]
fn a_removed_token_is_gone_and_those_of_others_stay() {
    let home = home_of("http://127.0.0.1:9");
    let add = ["profile", "add", "there", "--url", "http://127.0.0.1:8"];
    assert_eq!(home.run(&add).code, 0);
    for (profile, token) in [("here", "token-of-here"), ("there", "token-of-there")] {
        let run = Run::fed(home.command(&["token", "set", "--profile", profile]), token);
        assert_eq!((run.code, run.stdout.as_str()), (0, ""));
        let path = home.path(CREDENTIALS);
        let said = format!(
            "the token of profile '{profile}' is kept in {}\n",
            path.display()
        );
        assert_eq!(run.stderr, said);
    }
    let run = home.run(&["token", "remove"]);
    assert_eq!(
        (run.code, run.stderr.as_str()),
        (0, "the token of profile 'here' is forgotten\n")
    );
    let kept = home.read(CREDENTIALS);
    assert!(
        !kept.contains("token-of-here") && kept.contains("token-of-there"),
        "{kept}"
    );
    let run = home.run(&["token", "remove", "--profile", "here"]);
    assert_eq!(
        (run.code, run.stderr.as_str()),
        (0, "no token was stored for profile 'here'\n")
    );
    let run = home.run(&["token", "validate", "--profile", "here"]);
    assert_eq!(run.code, 4, "{run:?}");
    let run = home.run(&["profile", "remove", "there"]);
    assert_eq!(run.code, 0, "{run:?}");
    let kept = home.read(CREDENTIALS);
    assert!(!kept.contains("token-of-there"), "{kept}");
}

#[test]
fn a_file_of_tokens_that_others_can_read_is_refused_and_left_alone() {
    let home = home_of("http://127.0.0.1:9");
    assert_eq!(Run::fed(home.command(&["token", "set"]), TOKEN).code, 0);
    let path = home.path(CREDENTIALS);
    let before = fs::read(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let said = format!(
        "error: {0} can be read by others (mode 640) — others may have read the tokens: make new ones, then run: chmod \
         600 '{0}'\n",
        path.display()
    );
    for args in [
        &["events"][..],
        &["token", "status"],
        &["token", "set"],
        &["token", "remove"],
    ] {
        let run = Run::fed(home.command(args), "a-new-token");
        assert_eq!(
            (run.code, run.stderr.as_str()),
            (2, said.as_str()),
            "{args:?}"
        );
    }
    assert_eq!(fs::read(&path).unwrap(), before);
}
