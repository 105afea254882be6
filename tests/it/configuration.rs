//! The files of the configuration: read, refused, changed; and the programs that they name.

#![cfg(unix)]

use std::{fs, os::unix::fs::PermissionsExt};

use crate::support::{
    CONFIG, CREDENTIALS, Home, Run,
    scripted::{Reply, Scripted},
};

#[test]
fn what_is_too_large_to_be_read_whole_is_not_changed() {
    let home = Home::new();
    let large = format!(
        "[profiles.a]\nurl = 'https://a.example'\n{}",
        "# …\n".repeat(300_000)
    );
    home.write_config(&large);
    let add = home.run(&["profile", "add", "b", "--url", "https://b.example"]);
    assert!(
        add.stderr.contains("it is larger than 1048576 bytes"),
        "{add:?}"
    );
    assert_eq!((add.code, home.read(CONFIG) == large), (2, true));
}

#[test]
fn what_is_no_configuration_is_refused_with_its_place() {
    let home = Home::new();
    let path = home.path(CONFIG).display().to_string();
    for (text, said) in [
        (
            "defualt_profile = 'a'",
            "unknown key 'defualt_profile' in the file — did you mean 'default_profile'?",
        ),
        (
            "[profiles.a]\nurl = 'https://a.example'\ntoken_comand = ['x']",
            "unknown key 'token_comand' in [profiles.a] — did you mean 'token_command'?",
        ),
        (
            "[profiles.a]\nurl = 'x'\nzzz = 1",
            "unknown key 'zzz' in [profiles.a] — take it out",
        ),
    ] {
        home.write_config(text);
        let run = home.run(&["profile", "list"]);
        assert_eq!(
            (run.code, run.stderr),
            (2, format!("error: {path}: {said}\n"))
        );
    }
    for text in [
        "[profiles.a\nurl = 'sesame'",
        "[profiles.a]\nurl = 5",
        "profiles = 'sesame'",
    ] {
        home.write_config(text);
        let run = home.run(&["events"]);
        assert_eq!(run.code, 2, "{run:?}");
        let begin = format!("error: {path} is not valid: ");
        assert!(run.stderr.starts_with(&begin), "{run:?}");
        assert!(
            run.stderr.ends_with(" — mend the file by hand\n"),
            "{run:?}"
        );
        assert!(!run.stderr.contains("sesame"), "{run:?}");
        assert_eq!(run.stderr.lines().count(), 1);
        // Nothing is written over what somebody has to mend.
        let add = home.run(&["profile", "add", "b", "--url", "https://b.example"]);
        assert_eq!((add.code, home.read(CONFIG).as_str()), (2, text));
        // What needs no configuration does not mind.
        home.done(&["events", "--demo", "--limit", "1"]);
    }
    for (text, said) in [
        (
            "default_profile = 'b'",
            "there is no profile 'b' — add it: auditlog profile add NAME --url URL",
        ),
        (
            "default_profile = 'a'\n[profiles.a]",
            "profile 'a' needs either 'url' or 'store' — change it in config.toml",
        ),
        (
            "default_profile = 'a'\n[profiles.a]\nstore = 'none.db'\noutput = 'xml'",
            "the profile's output 'xml' is not a format — change it in config.toml to table, wide, json, jsonl or csv",
        ),
        (
            "default_profile = 'a'\n[profiles.a]\nstore = 'none.db'\ntz = 'Mars'",
            "'Mars' is not the name of a time zone — write a name like Europe/Berlin or America/New_York, or use --utc",
        ),
    ] {
        home.write_config(text);
        let run = home.run(&["events"]);
        assert_eq!((run.code, run.stderr), (2, format!("error: {said}\n")));
    }
}

#[test]
fn a_token_command_is_a_program_with_its_arguments_and_no_shell() {
    let server = Scripted::replies(vec![Reply::page(&[], 0)]);
    let home = Home::new();
    let script = "#!/bin/sh\nprintf '%s\\n' \"$@\" \"token=$AUDITLOG_TOKEN\" > seen\necho token-of-a-script\n";
    let path = home.write("my script", script);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let program = path.to_str().unwrap();
    let add = [
        "profile",
        "add",
        "p",
        "--url",
        &server.url(),
        "--token-command",
        program,
    ];
    home.done(&[&add[..], &["two words", "$HOME", "`id`; *", "--flag", ""]].concat());
    let mut command = home.command(&["events"]);
    let run = Run::of(
        command
            .env("AUDITLOG_TOKEN", "not-for-children")
            .output()
            .unwrap(),
    );
    assert_eq!(run.code, 0, "{run:?}");
    let authorization = server.asked()[0].header("authorization").map(str::to_owned);
    assert_eq!(authorization.as_deref(), Some("Bearer token-of-a-script"));
    assert_eq!(
        home.read("seen"),
        "two words\n$HOME\n`id`; *\n--flag\n\ntoken=\n"
    );
    for (command, code, said) in [
        (
            &["false"][..],
            4,
            "token_command 'false' ended with exit status: 1 — run it by hand to see what it wants",
        ),
        (
            &["true"],
            2,
            "token_command 'true' holds no usable token: the token is empty — look at it there, or make a new one: \
             auditlog token generate",
        ),
        (
            &["./nothing"],
            2,
            "token_command './nothing' cannot be run: No such file or directory (os error 2) — check token_command of \
             the profile: a list of a program and its arguments",
        ),
    ] {
        home.done(&[&add[..3], &["--replace"], &add[3..6], command].concat());
        let mut events = home.command(&["events"]);
        let run = Run::of(events.env("PATH", "/usr/bin:/bin").output().unwrap());
        assert_eq!((run.code, run.stderr), (code, format!("error: {said}\n")));
    }
    server.finish();
}

#[test]
fn a_stored_token_does_not_follow_a_profile_to_another_origin() {
    let server = Scripted::untouched();
    let home = Home::new();
    home.done(&["profile", "add", "p", "--url", "https://p.example/a"]);
    home.done(&["token", "generate", "--save", "p"]);
    // Another path of the same origin is the same server.
    let replace = ["profile", "add", "p", "--replace", "--url"];
    home.done(&[&replace[..], &["https://p.example/b"]].concat());
    home.done(&["token", "validate", "--profile", "p"]);
    home.done(&[&replace[..], &[&server.url()]].concat());
    for args in [
        &["events"][..],
        &["token", "status"],
        &["token", "validate", "--profile", "p"],
    ] {
        let run = home.run(args);
        let said = format!(
            "error: the stored token of profile 'p' belongs to https://p.example, not to {} — store the token of the \
             new address: auditlog token set --profile p\n",
            server.url()
        );
        assert_eq!((run.code, run.stderr), (2, said));
    }
    server.finish();
}

#[test]
fn a_change_that_cannot_be_written_leaves_the_files_as_they_were() {
    let home = Home::new();
    home.done(&["profile", "add", "p", "--url", "https://p.example"]);
    home.done(&["token", "generate", "--save", "p"]);
    home.done(&["profile", "add", "o", "--url", "https://o.example"]);
    home.done(&["token", "generate", "--save", "o"]);
    let files = || (home.read(CONFIG), home.read(CREDENTIALS));
    let before = files();
    for args in [
        "profile use p",
        "profile add q --url https://q.example",
        "token generate --save p",
        "token remove",
    ] {
        // No file may grow at all: the disk is full, for root as well.
        let script = format!("trap '' XFSZ; ulimit -f 0; exec \"$0\" {args}");
        let run = home.in_shell(&script);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{args}: {run:?}");
        assert!(run.stderr.starts_with("error: cannot write "), "{run:?}");
        assert!(run.stderr.ends_with(" — check who may use it\n"), "{run:?}");
        assert_eq!(files(), before);
    }
    let files = fs::read_dir(home.path(".config/auditlog")).unwrap().count();
    assert_eq!(files, 2, "no litter");
}

#[test]
fn the_folder_of_the_configuration_is_where_the_system_or_the_user_wants_it() {
    let home = Home::new();
    let add = ["profile", "add", "p", "--url", "https://p.example"];
    let of = |variable: &str, folder: &str| {
        let mut command = home.command(&add);
        let run = Run::of(command.env(variable, home.path(folder)).output().unwrap());
        assert_eq!(run.code, 0, "{run:?}");
    };
    of("AUDITLOG_CONFIG_DIR", "mine/deep");
    assert!(home.path("mine/deep/config.toml").exists());
    if cfg!(target_os = "linux") {
        of("XDG_CONFIG_HOME", "xdg");
        assert!(home.path("xdg/auditlog/config.toml").exists());
        assert!(!home.path(CONFIG).exists());
        home.done(&add);
        assert!(home.path(CONFIG).exists());
    }
    let mut command = home.command(&["profile", "list"]);
    command.env("AUDITLOG_CONFIG_DIR", "");
    assert_eq!(Run::of(command.output().unwrap()).code, 0);
}

#[test]
fn programs_that_change_the_configuration_at_once_lose_nothing() {
    let home = Home::new();
    let names: Vec<_> = (0..12).map(|number| format!("p{number}")).collect();
    let add = |name: &String| {
        let mut command = home.command(&["profile", "add", name, "--url", "https://p.example"]);
        command.spawn().expect("the program starts")
    };
    let children: Vec<_> = names.iter().map(add).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let listed = home.run_well(&["profile", "list"]).stdout;
    for name in names {
        assert!(listed.contains(&format!("{name} ")), "{name}: {listed}");
    }
}
