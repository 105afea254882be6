//! Where a token comes from, and to whom it may go.

use crate::support::{
    Home, Run, TOKEN,
    events::event,
    scripted::{Reply, Scripted},
};

/// Texts that cannot be a token, with a part that must not be seen and words of the message.
const BAD: &str = "
s3cr3t            | s3cr3t  | has 6 characters; a server takes no fewer than 8
s3cr3t s3cr3t     | s3cr3t  | white space at character 7
s3cr3t\ts3cr3t    | s3cr3t  | white space at character 7
s3cr3t\u{a0}s3cr3t| s3cr3t  | white space at character 7
s3cr3t\u{1}s3cr3t | s3cr3t  | control character at character 7
";

#[test]
fn a_bad_token_is_explained_without_a_letter_of_it() {
    let home = Home::new();
    let url = ["--url", "https://portal.example"];
    let events = |more: &[&str]| home.command(&[&["events", "-vv"], &url[..], more].concat());
    for row in BAD.trim().lines() {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let [text, secret, words] = cells[..] else {
            panic!("{row}")
        };
        let path = home.write("token", text);
        let mut variable = events(&[]);
        variable.env("AUDITLOG_TOKEN", text);
        let mut variable_file = events(&[]);
        variable_file.env("AUDITLOG_TOKEN_FILE", &path);
        let validate = home.command(&["token", "validate"]);
        home.write("empty.jsonl", "");
        assert_eq!(
            home.run(&["ingest", "--store", "s.db", "empty.jsonl"]).code,
            0
        );
        let serve = "serve --store s.db --listen 127.0.0.1:0 --accept-token-file token";
        let serve: Vec<_> = serve.split(' ').collect();
        for (command, place) in [
            (
                events(&["--token-file", "token"]),
                "token (--token-file) holds no usable token",
            ),
            (
                events(&["--token-file", "-"]),
                "standard input (--token-file -) holds",
            ),
            (variable, "AUDITLOG_TOKEN holds"),
            (variable_file, "token (AUDITLOG_TOKEN_FILE) holds"),
            (validate, "error: the token "),
            (home.command(&serve), "line 1 of token"),
        ] {
            let run = Run::fed(command, text);
            assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run:#?}");
            assert!(run.only_error().contains(words), "{run:#?}");
            assert!(run.stderr.contains(place), "{place}: {run:#?}");
            assert!(!run.stderr.contains(secret), "{run:#?}");
        }
    }
}

#[test]
fn no_token_is_a_refusal_that_says_how_to_give_one() {
    let server = Scripted::untouched();
    let run = Home::new().run(&["events", "--url", &server.url()]);
    assert_eq!((run.code, run.stdout.as_str()), (4, ""), "{run:#?}");
    let error = run.only_error();
    assert!(
        error.contains(
            "there is no token for this server — give --token-file FILE or AUDITLOG_TOKEN"
        )
    );
    server.finish();
}

#[test]
fn each_place_gives_its_token_and_its_line_s_end_is_not_sent() {
    let page = Reply::page(&[event("a", 1)], 1);
    let server = Scripted::replies(vec![page; 4]);
    let home = Home::new();
    let path = home.write("token", format!("{TOKEN}\r\n"));
    let url = server.url();
    let events = |more: &[&str]| home.command(&[&["events", "--url", &url], more].concat());
    let mut file = events(&[]);
    file.env("AUDITLOG_TOKEN_FILE", path)
        .env("AUDITLOG_TOKEN", "not-this-one");
    let mut variable = events(&[]);
    variable.env("AUDITLOG_TOKEN", TOKEN);
    for command in [
        events(&["--token-file", "token"]),
        events(&["--token-file", "-"]),
        file,
        variable,
    ] {
        let run = Run::fed(command, format!("{TOKEN}\n"));
        assert_eq!(run.code, 0, "{run:#?}");
    }
    for asked in server.finish() {
        assert!(asked.has_token());
    }
}

#[test]
fn a_token_of_the_environment_goes_to_no_profile_named_by_a_flag() {
    let server = Scripted::untouched();
    let home = Home::new();
    home.write(
        "config.toml",
        format!("[profiles.p]\nurl = \"{}\"\n", server.url()),
    );
    home.write("token", TOKEN);
    for variable in [("AUDITLOG_TOKEN", TOKEN), ("AUDITLOG_TOKEN_FILE", "token")] {
        let mut command = home.command(&["events", "--profile", "p"]);
        command
            .env("AUDITLOG_CONFIG_DIR", home.path("."))
            .env(variable.0, variable.1);
        let run = Run::of(command.output().unwrap());
        assert_eq!((run.code, run.stdout.as_str()), (4, ""), "{run:#?}");
        assert!(
            run.only_error()
                .contains("no token is stored for profile 'p'"),
            "{run:#?}"
        );
    }
    server.finish();
}

#[test]
fn a_url_with_a_password_is_refused_without_showing_it() {
    let run = Home::new().ask("https://user:hunter2@portal.example", &["-vv"]);
    assert_eq!(run.code, 2, "{run:#?}");
    assert!(
        run.only_error()
            .contains("the URL carries a user name or a password")
    );
    assert!(!run.stderr.contains("hunter2"), "{run:#?}");
}
