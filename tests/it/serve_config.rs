//! `auditlog serve --config`: tokens, permissions and limits, by a real process.

#![cfg(unix)]

use std::net::TcpListener;

use auditlog::api::AUDIT_EVENT_PATH;

use crate::support::{
    Home,
    contract::{ADMIN, exchange, request},
    process::Serving,
    recorded::TOKENS,
    served::Answer,
    sha256,
};

fn ask(serving: &Serving, token: &str) -> Answer {
    exchange(serving, &request("GET", AUDIT_EVENT_PATH, token, ""))
}

fn status(serving: &Serving, token: &str) -> u16 {
    ask(serving, token).status
}

fn serve(home: &Home, files: &[&str]) -> Serving {
    let files = files.iter().flat_map(|file| ["--config", *file]);
    Serving::start(home, &files.chain(["--store", "s.db"]).collect::<Vec<_>>())
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
                variable 'READER_TOKEN' is not set — mend it, and try again with: auditlog serve --check --config FILE\n";
    assert_eq!(run.stderr, said);
    let mut command = home.command(&check);
    let run = command
        .env("READER_TOKEN", "the-token-of-the-environment")
        .output();
    assert_eq!(
        run.unwrap().stdout,
        b"valid: 3 tokens, 0 exclusion rules beside the default ones\n"
    );
    let read = home.read("app-config.yaml");
    for (store, reason) in [
        (
            "mysql://me:sesame@h/trail",
            "mysql://me@h/trail: a store is a file, or a database at postgres://",
        ),
        (
            "postgres://me:sesame@h/trail?sslmode=bogus",
            "postgres://me@h/trail: sslmode is disable, prefer, require, verify-ca or verify-full",
        ),
    ] {
        let text = format!("{read}auditLog: {{store: '{store}'}}\n");
        home.write("store.yaml", text);
        let mut command = home.command(&["serve", "--check", "--config", "store.yaml"]);
        command.env("READER_TOKEN", "the-token-of-the-environment");
        let run = command.output().unwrap();
        let said = String::from_utf8(run.stderr).unwrap();
        assert_eq!((run.status.code(), run.stdout.len()), (Some(2), 0));
        assert!(
            said.contains(&format!("cannot open {reason}")),
            "{store}: {said}"
        );
        assert!(!said.contains("sesame"), "{said}");
    }
    let text = read.replace("${READER_TOKEN}", "in-plain-words");
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
        format!("{TOKENS}auditLog:\n  store: [sesame]\n"),
    );
    let run = home.run(&[
        "serve", "--check", "--config", "one.yaml", "--config", "two.yaml",
    ]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    let said = "error: one.yaml:2: unknown key 'lisen' in auditLog; did you mean 'listen'?\n\
        error: two.yaml:20: auditLog.store must be a text\n\
        error: one.yaml:3: auditLog.auditReads must be true or false\n\
        error: the configuration has 3 problems — mend it, and try again with: auditlog serve --check --config FILE\n";
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
    home.write("app-config.yaml", format!("{TOKENS}{own}"));
    let serving = Serving::start(&home, &["--config", "app-config.yaml"]);
    let answer = ask(&serving, ADMIN);
    assert!(answer.body.contains("\"total\":"), "{answer:?}");
    let run = home.run(&["serve", "--config", "app-config.yaml"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.stderr.contains(&address), "{run:?}");
}

#[test]
fn a_file_of_tokens_adds_readers() {
    let home = Home::with_recording();
    home.write("app-config.yaml", TOKENS);
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
    assert_eq!(status(&serving, "ref-unrestricted-token-0001"), 200);
}

#[test]
fn a_slip_leaves_no_token_that_may_everything() {
    let home = Home::new();
    let entry = "{type: static, options: {token: in-plain-words, subject: a}, ";
    for (more, expected) in [
        (
            "accesRestrictions: []}",
            "unknown key 'accesRestrictions' in backend.auth.externalAccess[0]; did you mean 'accessRestrictions'?",
        ),
        (
            "accessRestrictions: }",
            "backend.auth.externalAccess[0].accessRestrictions has no value",
        ),
        (
            "accessRestrictions: [{plugin: audit-log, permission: }]}",
            "backend.auth.externalAccess[0].accessRestrictions[0].permission has no value",
        ),
        ("comment: ours}", ""),
    ] {
        let config = format!("backend: {{auth: {{externalAccess: [{entry}{more}]}}}}\n");
        let _ = std::fs::remove_file(home.path("app-config.yaml"));
        home.write_private("app-config.yaml", &config);
        let run = home.run(&["serve", "--check", "--config", "app-config.yaml"]);
        assert_eq!(run.code, if expected.is_empty() { 0 } else { 2 }, "{run:?}");
        assert!(run.stderr.contains(expected), "{run:?}");
    }
}

#[test]
fn a_permission_that_nobody_asks_for_is_warned_of() {
    let home = Home::new();
    for (permission, expected) in [
        ("audit.log.read", ""),
        ("[audit.log.read, audit.log.write]", ""),
        (
            "audit.log.raed",
            "warning: app-config.yaml:1: backend.auth.externalAccess[0].accessRestrictions[0].permission names what is \
             never asked for: there are audit.log.read and audit.log.write\n",
        ),
    ] {
        let restrictions = format!("[{{plugin: audit-log, permission: {permission}}}]");
        let entry = format!(
            "{{type: static, options: {{token: in-plain-words, subject: a}}, accessRestrictions: {restrictions}}}"
        );
        let config = format!("backend: {{auth: {{externalAccess: [{entry}]}}}}\n");
        let _ = std::fs::remove_file(home.path("app-config.yaml"));
        home.write_private("app-config.yaml", &config);
        let run = home.run(&["serve", "--check", "--config", "app-config.yaml"]);
        assert_eq!((run.code, run.stderr.as_str()), (0, expected));
    }
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
        (&hash, "\nauditLog: {store: 'postgres://a:b@h/c'}", true),
        (
            &hash,
            "\nauditLog: {store: 'postgres://a:${READER_TOKEN}@h/c'}",
            false,
        ),
        (&hash, "\nauditLog: {store: 'postgres://a@h/c'}", false),
        (&hash, "\nauditLog: {sender: {token: in-plain-words}}", true),
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
