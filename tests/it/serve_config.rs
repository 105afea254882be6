//! `auditlog serve --config`: tokens, permissions, limits, and SIGHUP, by a real process.

#![cfg(unix)]

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
};

use crate::support::{Home, process::Serving, recorded::recorded_call, served::Answer, sha256};

/// The tokens that the recorded backend had.
const BACKEND: &str = "
backend:
  auth:
    externalAccess:
      - type: static
        options: {token: ref-admin-token-0001, subject: 'external:ref-admin'}
      - type: static
        options: {token: ref-audit-reader-token-0002, subject: 'external:reader'}
        accessRestrictions: [{plugin: audit-log, permission: audit.log.read}]
      - type: static
        options: {token: ref-catalog-only-token-0003, subject: 'external:catalog-only'}
        accessRestrictions: [{plugin: catalog}]
      - type: static
        options: {token: ref-wrong-permission-token-0004, subject: 'external:wrong'}
        accessRestrictions: [{plugin: audit-log, permission: audit.log.delete}]
      - type: static
        options: {token: ref-attr-update-token-0005, subject: 'external:attr'}
        accessRestrictions: [{plugin: audit-log, permissionAttribute: {action: update}}]
";

/// A GET of the endpoint, with more headers.
fn ask(serving: &Serving, token: &str, more: &str) -> Answer {
    let mut stream = TcpStream::connect(serving.address()).unwrap();
    let request = format!(
        "GET /api/audit-log/v1/audit-event HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{more}Authorization: {token}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    Answer::parse(&text)
}

fn status(serving: &Serving, token: &str) -> u16 {
    ask(serving, &format!("Bearer {token}"), "").status
}

fn serve(home: &Home, files: &[&str]) -> Serving {
    let files = files.iter().flat_map(|file| ["--config", *file]);
    Serving::start(home, &files.chain(["--store", "s.db"]).collect::<Vec<_>>())
}

#[test]
fn each_caller_gets_the_recorded_answer() {
    let home = Home::with_recording();
    home.write("app-config.yaml", BACKEND);
    let serving = serve(&home, &["app-config.yaml"]);
    for (token, recording) in [
        ("Bearer ref-catalog-only-token-0003", "403-other-plugin"),
        (
            "Bearer ref-wrong-permission-token-0004",
            "403-wrong-permission",
        ),
        ("Bearer ref-attr-update-token-0005", "403-wrong-attribute"),
        ("Bearer ref-admin-token-0002", "401-wrong-token"),
        ("Basic cmVmOnJlZg==", "401-basic"),
    ] {
        let (_, recorded) = recorded_call(&format!("{recording}.http"));
        let recorded = Answer::parse(&String::from_utf8(recorded).unwrap());
        let answer = ask(&serving, token, "");
        assert_eq!(
            (answer.status, &answer.body),
            (recorded.status, &recorded.body),
            "{recording}"
        );
        let kind = "content-type";
        assert_eq!(answer.header(kind), recorded.header(kind), "{recording}");
    }
    assert_eq!(status(&serving, "ref-admin-token-0001"), 200);
    assert_eq!(status(&serving, "ref-audit-reader-token-0002"), 200);
}

#[test]
fn a_token_can_be_kept_out_of_the_configuration() {
    let home = Home::with_recording();
    let run = home.run_well(&["token", "generate", "--hash"]);
    let (token, hash) = run.stdout.trim_end().split_once('\n').unwrap();
    assert_eq!(hash, format!("sha256:{}", sha256(token.as_bytes())));
    home.write_private("token", "the-token-of-a-file\n");
    let text = format!(
        "backend:\n  auth:\n    externalAccess:\n\
         \x20     - type: static\n        options: {{token: '{hash}', subject: a}}\n\
         \x20     - type: static\n        options: {{token: {{$file: token}}, subject: b}}\n\
         \x20     - type: static\n        options: {{token: '${{READER_TOKEN}}', subject: c}}\n"
    );
    home.write("app-config.yaml", text);
    let check = ["serve", "--check", "--config", "app-config.yaml"];
    let run = home.run(&check);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    let said = "error: app-config.yaml:9: backend.auth.externalAccess[2].options.token has no value: the environment \
                variable 'READER_TOKEN' is not set — mend it, and try again with: auditlog serve --check\n";
    assert_eq!(run.stderr, said);
    let mut command = home.command(&check);
    let run = command
        .env("READER_TOKEN", "the-token-of-the-environment")
        .output();
    assert_eq!(
        run.unwrap().stdout,
        b"valid: 3 tokens, default exclusion rules\n"
    );
    let text = home
        .read("app-config.yaml")
        .replace("${READER_TOKEN}", "in-plain-words");
    home.write("app-config.yaml", text);
    let serving = serve(&home, &["app-config.yaml"]);
    for (token, expected) in [
        (token, 200),
        ("the-token-of-a-file", 200),
        ("in-plain-words", 200),
        (hash, 401),
    ] {
        assert_eq!(status(&serving, token), expected);
    }
}

#[test]
fn a_short_token_gives_no_hash_away() {
    let run = Home::new().run(&["token", "generate", "--hash", "--bytes", "15"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert_eq!(
        run.stderr,
        "error: a token of fewer than 16 random bytes can be found from its hash — leave --bytes out, or give it 16 or more\n"
    );
}

#[test]
fn every_problem_is_told_with_its_line_and_no_value() {
    let home = Home::new();
    home.write(
        "one.yaml",
        "auditLog:\n  lisen: sesame\n  auditReads: sesame\n",
    );
    home.write(
        "two.yaml",
        format!("{BACKEND}auditLog:\n  store: [sesame]\n"),
    );
    let run = home.run(&[
        "serve", "--check", "--config", "one.yaml", "--config", "two.yaml",
    ]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    let said = "error: one.yaml:2: unknown key 'lisen' in auditLog; did you mean 'listen'?\n\
        error: two.yaml:20: auditLog.store must be a text\n\
        error: one.yaml:3: auditLog.auditReads must be true or false\n\
        error: the configuration has 3 problems — mend it, and try again with: auditlog serve --check\n";
    assert_eq!(run.stderr, said);
    home.write("none.yaml", "backend: {}\n");
    let run = home.run(&["serve", "--check", "--config", "none.yaml"]);
    assert_eq!(run.code, 2);
    assert!(
        run.stderr.starts_with("error: no token is named"),
        "{run:?}"
    );
    let run = home.run(&["serve", "--check"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("--config <FILE>"), "{run:?}");
}

#[test]
fn the_configuration_says_where_to_listen_and_what_to_serve() {
    let home = Home::with_recording();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let own = format!("auditLog: {{listen: '{address}', store: s.db}}\n");
    home.write("app-config.yaml", format!("{BACKEND}{own}"));
    let serving = Serving::start(&home, &["--config", "app-config.yaml"]);
    let answer = ask(&serving, "Bearer ref-admin-token-0001", "");
    assert!(answer.body.contains("\"total\":"), "{answer:?}");
    let run = home.run(&["serve", "--config", "app-config.yaml"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.stderr.contains(&address), "{run:?}");
}

#[test]
fn a_hangup_reads_tokens_again_or_keeps_the_old_ones() {
    let home = Home::with_recording();
    let with = |token: &str, own: &str| {
        let list = format!("[{{type: static, options: {{token: {token}, subject: a}}}}]");
        home.write_private(
            "app-config.yaml",
            format!("backend: {{auth: {{externalAccess: {list}}}}}\n{own}"),
        );
    };
    with("the-first-token", "");
    let mut serving = serve(&home, &["app-config.yaml"]);
    assert_eq!(status(&serving, "the-first-token"), 200);
    with(
        "the-second-token",
        "auditLog: {listen: '127.0.0.1:1', https: null}",
    );
    serving.signal("HUP");
    assert_eq!(
        serving.said(),
        "warning: auditLog.listen has changed: that needs a restart"
    );
    assert_eq!(serving.said(), "the configuration was read again: 1 token");
    assert_eq!(status(&serving, "the-first-token"), 401);
    assert_eq!(status(&serving, "the-second-token"), 200);
    with("the-third-token", "auditLog: {lisen: x}");
    serving.signal("HUP");
    assert_eq!(
        serving.said(),
        "error: app-config.yaml:2: unknown key 'lisen' in auditLog; did you mean 'listen'?: the old configuration stays"
    );
    assert_eq!(status(&serving, "the-second-token"), 200);
    assert_eq!(status(&serving, "the-third-token"), 401);
    home.write("app-config.yaml", "backend: {}\n");
    serving.signal("HUP");
    assert!(serving.said().ends_with(": the old configuration stays"));
    assert_eq!(status(&serving, "the-second-token"), 200);
    serving.signal("TERM");
    let run = serving.wait();
    assert_eq!((run.code, run.stderr.as_str()), (0, "stopped\n"));
}

#[test]
fn without_a_configuration_a_hangup_ends_it() {
    let home = Home::with_recording();
    let serving = Serving::store(&home, "s.db");
    serving.signal("HUP");
    let run = serving.wait();
    assert_eq!((run.code, run.stderr.as_str()), (0, "stopped\n"));
}

#[test]
fn a_file_of_tokens_adds_readers() {
    let home = Home::with_recording();
    home.write("app-config.yaml", BACKEND);
    home.write_private("accepted", "the-token-of-a-file\n");
    let args = [
        "--store",
        "s.db",
        "--config",
        "app-config.yaml",
        "--accept-token-file",
        "accepted",
    ];
    let serving = Serving::start(&home, &args);
    assert_eq!(status(&serving, "the-token-of-a-file"), 200);
    assert_eq!(status(&serving, "ref-admin-token-0001"), 200);
}

#[test]
fn more_requests_than_the_limit_get_the_recorded_answer() {
    let home = Home::with_recording();
    let (hour, here) = (
        "window: {hours: 1}, incomingRequestLimit: 3",
        "ipAllowList: []",
    );
    let limit = format!("  rateLimit: {{global: true, {hour}, {here}}}\n");
    let trusted = "auditLog: {trustedProxies: [127.0.0.1]}\n";
    home.write("app-config.yaml", format!("{BACKEND}{limit}{trusted}"));
    let serving = serve(&home, &["app-config.yaml"]);
    let from = |client: &str| {
        let forwarded = format!("X-Forwarded-For: {client}\r\n");
        ask(&serving, "Bearer ref-admin-token-0001", &forwarded)
    };
    for left in ["2", "1", "0"] {
        let answer = from("198.51.100.7");
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("x-ratelimit-limit"), Some("3"));
        assert_eq!(answer.header("x-ratelimit-remaining"), Some(left));
        assert_eq!(answer.header("retry-after"), None);
    }
    // What the client itself wrote stands left of what the proxy saw.
    let answer = from("192.0.2.200, 198.51.100.7");
    let (_, recorded) = recorded_call("429-rate-limit-global.http");
    let recorded = Answer::parse(&String::from_utf8(recorded).unwrap());
    assert_eq!(answer.status, recorded.status);
    for name in ["x-ratelimit-limit", "x-ratelimit-remaining", "content-type"] {
        assert_eq!(answer.header(name), recorded.header(name), "{name}");
    }
    let number = |name| answer.header(name).unwrap().parse::<i64>().unwrap();
    assert!((3500..=3600).contains(&number("retry-after")));
    let until_reset = number("x-ratelimit-reset") - chrono::Utc::now().timestamp();
    assert!((3500..=3601).contains(&until_reset), "{until_reset}");
    // Ours names the request in every problem; a real one leaves it out here.
    let request = r#""request":{"method":"GET","url":"/v1/audit-event"},"#;
    assert!(answer.body.contains(request), "{answer:?}");
    assert_eq!(answer.body.replace(request, ""), recorded.body);
    assert_eq!(from("198.51.100.8").status, 200);
}

#[test]
fn a_secret_in_a_configuration_that_others_can_read_is_warned_of() {
    let hash = format!("sha256:{}", "a".repeat(64));
    let said = "warning: others can read the secrets in app-config.yaml: chmod 600 it\n";
    let key = "\nauditLog: {https: {certificate: {cert: a, key: a-key}}}";
    for (token, more, expected) in [
        ("in-plain-words", "", true),
        (&hash, "", false),
        ("'${READER_TOKEN}'", "", false),
        ("{$env: READER_TOKEN}", "", false),
        ("{$file: token}", "", false),
        (&hash, key, true),
    ] {
        let home = Home::new();
        home.write_private("token", "a-token-of-mine");
        let entry = format!("{{type: static, options: {{token: {token}, subject: a}}}}");
        let config = format!("backend: {{auth: {{externalAccess: [{entry}]}}}}{more}\n");
        let check = || {
            let mut command = home.command(&["serve", "--check", "--config", "app-config.yaml"]);
            let run = command.env("READER_TOKEN", "a-token-of-mine").output();
            String::from_utf8(run.unwrap().stderr).unwrap()
        };
        home.write("app-config.yaml", &config);
        assert_eq!(check().starts_with(said), expected, "{token}{more}");
        std::fs::remove_file(home.path("app-config.yaml")).unwrap();
        home.write_private("app-config.yaml", &config);
        assert!(!check().contains("others can read"), "{token}{more}");
    }
}
