//! Tokens that are kept in `credentials.toml`: who can read them, where they may go, and what is said of the file.
#![cfg(unix)]

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    process::Command,
};

use crate::support::{
    Home, Run, TOKEN,
    events::event,
    scripted::{Reply, Scripted},
};

/// A program in a configuration folder that it makes itself.
fn command(home: &Home, args: &[&str]) -> Command {
    let mut command = home.command(args);
    command.env("AUDITLOG_CONFIG_DIR", home.path("config"));
    command
}

fn run(home: &Home, args: &[&str]) -> Run {
    Run::fed(command(home, args), format!("{TOKEN}\n"))
}

/// A home with profile `p` for `url` and its token stored.
fn home_with_token(url: &str) -> Home {
    let home = Home::new();
    assert_eq!(run(&home, &["profile", "add", "p", "--url", url]).code, 0);
    let set = run(&home, &["token", "set", "--profile", "p"]);
    assert_eq!((set.code, set.stdout.as_str()), (0, ""), "{set:#?}");
    assert!(!set.stderr.contains(TOKEN), "{set:#?}");
    home
}

#[test]
fn a_stored_token_is_its_owner_s_alone_and_is_sent() {
    let server = Scripted::replies(vec![Reply::page(&[event("a", 1)], 1); 2]);
    let home = home_with_token(&server.url());
    assert_eq!(home.mode("config"), 0o700);
    assert_eq!(home.mode("config/credentials.toml"), 0o600);
    assert_eq!(run(&home, &["events", "--profile", "p"]).code, 0);
    let status = run(&home, &["token", "status", "--profile", "p"]);
    assert_eq!(status.code, 0, "{status:#?}");
    assert!(!status.stdout.contains(TOKEN), "{status:#?}");
    for asked in server.finish() {
        assert!(asked.has_token());
    }
}

#[test]
fn a_generous_umask_opens_nothing() {
    let home = Home::new();
    let program = env!("CARGO_BIN_EXE_auditlog");
    let script = format!(
        "umask 000; {program} profile add p --url https://p.example && {program} token generate --save p"
    );
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &script])
        .env_clear()
        .env("PATH", "/usr/bin:/bin");
    shell.env("AUDITLOG_CONFIG_DIR", home.path("config"));
    let run = Run::of(shell.output().unwrap());
    assert_eq!(run.code, 0, "{run:#?}");
    assert_eq!(home.mode("config"), 0o700);
    assert_eq!(home.mode("config/credentials.toml"), 0o600);
    let stored = home.read("config/credentials.toml");
    assert!(
        stored.contains(run.stdout.trim()),
        "the token that was printed is the one that is kept"
    );
}

#[test]
fn a_file_that_others_can_read_is_refused_by_every_command_that_would_use_it() {
    let server = Scripted::untouched();
    let home = home_with_token(&server.url());
    let path = home.path("config/credentials.toml");
    for mode in [0o640, 0o644, 0o604, 0o660, 0o602] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        for line in [
            "events --profile p",
            "show --profile p some-id",
            "token status --profile p",
            "token validate --profile p",
            "token set --profile p",
            "token remove --profile p",
            "token generate --save p",
        ] {
            let run = run(&home, &line.split(' ').collect::<Vec<_>>());
            assert_eq!(run.code, 2, "{line}: {run:#?}");
            let words = format!(
                "can be read by others (mode {mode:03o}) — others may have read the tokens"
            );
            assert!(run.only_error().contains(&words), "{line}: {run:#?}");
            assert!(run.stderr.contains("chmod 600 '"), "{line}: {run:#?}");
            assert!(
                !run.stderr.contains(TOKEN) && !run.stdout.contains(TOKEN),
                "{line}: {run:#?}"
            );
        }
    }
    server.finish();
}

#[test]
fn a_stored_token_does_not_follow_a_changed_address() {
    let server = Scripted::untouched();
    let home = home_with_token("https://portal.example");
    let config = home.read("config/config.toml");
    let changed = config.replace("https://portal.example", &server.url());
    assert_ne!(changed, config);
    fs::write(home.path("config/config.toml"), changed).unwrap();
    let run = run(&home, &["events", "--profile", "p"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run:#?}");
    let words = format!("belongs to https://portal.example, not to {}", server.url());
    assert!(run.only_error().contains(&words), "{run:#?}");
    server.finish();
}

#[test]
fn a_broken_file_is_named_by_its_line_and_not_quoted() {
    let server = Scripted::untouched();
    let home = home_with_token(&server.url());
    let origin = server.url();
    for (content, words) in [
        ("[profiles.p]\ntoken = \"s3cr3t-s3cr3t", "in line 2"),
        ("[profiles.p]\ntoken = s3cr3t-s3cr3t\n", "in line 2"),
        ("[profiles.p]\n\ns3cr3t-s3cr3t\n", "in line 3"),
        (
            "[profiles.p]\ntoken = 's3cr3t'\ntoken = 's3cr3t'\n",
            "in line 3",
        ),
        ("profiles.p = 's3cr3t-s3cr3t'", "needs 'origin' and 'token'"),
        (
            "[profiles.p]\norigin = 1\ntoken = 's3cr3t-s3cr3t'",
            "needs 'origin' and 'token'",
        ),
        (
            "[profiles.p]\norigin = 'ORIGIN'\ntoken = ['s3cr3t-s3cr3t']",
            "needs 'origin' and 'token'",
        ),
        (
            "[profiles.p]\norigin = 'ORIGIN'\ntoken = 's3cr3t'",
            "the token has 6 characters",
        ),
    ] {
        let path = home.path("config/credentials.toml");
        fs::write(path, content.replace("ORIGIN", &origin)).unwrap();
        let run = run(&home, &["events", "--profile", "p", "-vv"]);
        assert_eq!(
            (run.code, run.stdout.as_str()),
            (2, ""),
            "{content}: {run:#?}"
        );
        assert!(run.only_error().contains(words), "{content}: {run:#?}");
        assert!(!run.stderr.contains("s3cr3t"), "{content}: {run:#?}");
    }
    server.finish();
}

#[test]
fn a_value_that_does_not_fit_is_named_by_its_line() {
    let home = home_with_token("https://portal.example");
    let content = "[profiles.p]\nurl = 'https://p.example'\ntoken_command = 'op'\n";
    fs::write(home.path("config/config.toml"), content).unwrap();
    let run = run(&home, &["events", "--profile", "p"]);
    let words = "config.toml is not valid: expected a sequence in line 3";
    assert!(run.only_error().contains(words), "{run:#?}");
}

#[test]
fn a_secret_that_stands_in_the_wrong_file_is_not_quoted_either() {
    let home = home_with_token("https://portal.example");
    for content in [
        "[profiles.p]\ntoken = 's3cr3t-s3cr3t'\n",
        "[profiles.p]\nurl = 'https://p.example'\ntoken_command = 's3cr3t-s3cr3t'\n",
        "[profiles.p]\nurl = ['s3cr3t-s3cr3t']\n",
        "[profiles.p]\nallow_plain_http = 's3cr3t-s3cr3t'\n",
        "profiles = 's3cr3t-s3cr3t'\n",
        "profiles.p = 's3cr3t-s3cr3t'\n",
        "token = s3cr3t-s3cr3t\n",
        "[profiles.p]\nurl = 'https://u:s3cr3t-s3cr3t@p.example'\n",
    ] {
        fs::write(home.path("config/config.toml"), content).unwrap();
        let run = run(&home, &["events", "--profile", "p", "-vv"]);
        assert_eq!(
            (run.code, run.stdout.as_str()),
            (2, ""),
            "{content}: {run:#?}"
        );
        assert!(!run.only_error().contains("s3cr3t"), "{content}: {run:#?}");
    }
}

#[test]
fn a_removed_token_is_gone_from_the_disk_and_its_neighbours_stay() {
    let home = home_with_token("https://portal.example");
    let stored = || home.read("config/credentials.toml");
    assert_eq!(
        run(
            &home,
            &["profile", "add", "q", "--url", "https://q.example"]
        )
        .code,
        0
    );
    assert_eq!(run(&home, &["token", "set", "--profile", "q"]).code, 0);
    assert_eq!(stored().matches(TOKEN).count(), 2);
    assert_eq!(run(&home, &["token", "remove", "--profile", "p"]).code, 0);
    assert_eq!(stored().matches(TOKEN).count(), 1);
    assert_eq!(run(&home, &["profile", "remove", "q"]).code, 0);
    assert!(!stored().contains(TOKEN));
    assert_eq!(home.mode("config/credentials.toml"), 0o600);
}
