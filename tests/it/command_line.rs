//! The command line itself: what it takes, what it refuses, and its help.

use std::process::Stdio;

use auditlog::cli::Cli;
use clap::Command;

use crate::support::{Home, Run};

/// What cli.md names for what is built, by command; global options stand with each.
const NAMED: &str = "
auditlog             | quiet verbose color help version
events               | demo url profile store token-file timeout retries rate plugin event severity min-severity status failed actor actor-type method request-url action query-type entity since until last on tz utc limit all offset reverse page-size concurrency require-complete receipt output columns output-file no-header csv-raw explain
show                 | demo url profile store token-file since until last on tz utc output
ingest               | follow store rules rejects to profile state token-file ca-cert timeout retries rate
rules check          |
rules test           | demo url profile store token-file plugin since until output
serve                | store accept-token-file config check listen demo
store info           | store
store check          | store
store backup         | store
store prune          | store before dry-run
token generate       | bytes encoding save hash
token validate       | profile
token set            | profile
token status         | demo url profile store token-file
token remove         | profile
profile add          | url store token-command ca-cert allow-plain-http output tz replace
profile list         |
profile show         |
profile use          |
profile remove       |
completions          |
";

/// The API's own names, which are not in the help.
const ALIASES: &str =
    "plugin-id event-id severity-level actor-id request-method action-type entity-ref";

/// Each command with its name as it is typed, behind the program's.
fn commands() -> Vec<(String, Command)> {
    fn walk(prefix: &str, command: &Command, found: &mut Vec<(String, Command)>) {
        for sub in command
            .get_subcommands()
            .filter(|sub| sub.get_name() != "help")
        {
            let name = format!("{prefix} {}", sub.get_name()).trim().to_owned();
            if !sub.has_subcommands() {
                found.push((name.clone(), sub.clone()));
            }
            walk(&name, sub, found);
        }
    }
    let root = Cli::command_line();
    let mut found = vec![("auditlog".to_owned(), root.clone())];
    walk("", &root, &mut found);
    found
}

fn named() -> Vec<(&'static str, Vec<&'static str>)> {
    let rows = NAMED.lines().filter(|row| !row.is_empty());
    let cells = rows.map(|row| row.split_once('|').unwrap());
    cells
        .map(|(command, flags)| (command.trim(), flags.split_whitespace().collect()))
        .collect()
}

#[test]
fn every_command_and_every_flag_of_the_contract_is_there() {
    let commands = commands();
    let names: Vec<_> = commands.iter().map(|(name, _)| name.as_str()).collect();
    let expected: Vec<_> = named().into_iter().map(|(name, _)| name).collect();
    let sorted = |mut names: Vec<_>| {
        names.sort_unstable();
        names.join("\n")
    };
    assert_eq!(sorted(names), sorted(expected));
    for (name, flags) in named() {
        let (_, command) = commands.iter().find(|(known, _)| known == name).unwrap();
        for flag in flags.into_iter().filter(|flag| *flag != "version") {
            let there = command
                .get_arguments()
                .any(|arg| arg.get_long() == Some(flag));
            assert!(there, "{name} --{flag}");
        }
    }
    let (_, events) = commands.iter().find(|(name, _)| name == "events").unwrap();
    for alias in ALIASES.split_whitespace() {
        let has = |arg: &clap::Arg| {
            arg.get_all_aliases()
                .is_some_and(|all| all.contains(&alias))
        };
        assert!(events.get_arguments().any(has), "--{alias}");
    }
}

#[test]
fn every_command_and_every_flag_says_what_it_does() {
    for (name, command) in commands() {
        let about = command
            .get_about()
            .map(ToString::to_string)
            .unwrap_or_default();
        assert_said(&name, &about);
        // A verb, as everywhere: not what the command is, but what it does.
        let first = about.split_whitespace().next().unwrap();
        assert!(
            !first.ends_with("ing") && first != "The" && first != "A",
            "{name}: {about}"
        );
        for arg in command.get_arguments() {
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            assert_said(&format!("{name} {}", arg.get_id()), &help);
        }
    }
}

/// A line that begins as a sentence and does not end as one.
fn assert_said(what: &str, text: &str) {
    let first = text.chars().next();
    assert!(first.is_some_and(char::is_uppercase), "{what}: {text:?}");
    assert!(!text.ends_with('.'), "{what}: {text:?}");
    assert!(!text.contains('\n'), "{what}: {text:?}");
}

#[test]
fn no_flag_takes_a_token_itself() {
    for (name, command) in commands() {
        let taking = command.get_arguments().any(|arg| {
            let long = arg.get_long().unwrap_or_default();
            matches!(long, "token" | "password" | "secret" | "bearer")
        });
        assert!(!taking, "{name}");
    }
}

#[test]
fn every_help_fits_its_terminal_and_goes_to_stdout() {
    let home = Home::new();
    for (name, _) in commands() {
        let words: Vec<_> = name.split(' ').filter(|word| *word != "auditlog").collect();
        for columns in [40, 80, 200] {
            for help in ["-h", "--help"] {
                let mut command = home.command(&[&words[..], &[help]].concat());
                let run = Run::of(
                    command
                        .env("COLUMNS", columns.to_string())
                        .output()
                        .unwrap(),
                );
                assert_eq!((run.code, run.stderr.as_str()), (0, ""));
                let lines = run.stdout.lines();
                // A usage line is one line, for copying, and a word cannot be cut.
                let longest = lines
                    .filter(|line| !line.starts_with("Usage: ") && line.trim().contains(' '))
                    .max_by_key(|line| line.chars().count())
                    .unwrap();
                assert!(
                    longest.chars().count() <= columns,
                    "{name} {help}: {longest:?}"
                );
            }
        }
    }
}

#[test]
fn what_is_meant_is_taken() {
    const TAKEN: &str = "
--version
help
help token set
events --demo --explain
events --demo --explain --limit 0
events --demo --explain --limit 18446744073709551615 --offset 18446744073709551615
events --demo --explain --all --reverse --page-size 1
events --demo --explain --page-size 1000
events --demo --explain --concurrency 1 --require-complete
events --demo --explain --concurrency 32 --require-complete --all --receipt r
events --demo --explain -o wide -c id,time,recorded,plugin,event,severity,status,actor-type,actor,method,url
events --demo --explain -c action,query,entity,target,meta,meta.a.b -c time
events --demo --explain --plugin a --plugin b,c* --actor !x --action \\!x,\\*
events --demo --explain --failed --min-severity low --severity high,!low
events -q -vv --color never --demo --explain --timeout 2m --retries 0
--color always -q events --demo --explain
events --url https://p.example/a/ --explain --token-file - --ca-cert x.pem
events --url http://[::1]:7007 --explain
completions bash
completions zsh
completions fish
completions powershell
completions elvish
";
    let home = Home::new();
    for row in TAKEN.lines().filter(|row| !row.is_empty()) {
        let args: Vec<_> = row.split_whitespace().collect();
        let run = home.run(&args);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{row}");
        assert!(!run.stdout.is_empty(), "{row}");
    }
}

#[test]
fn what_cannot_be_meant_is_refused_and_nothing_is_on_stdout() {
    const REFUSED: &str = "
events --demo --limit 5 --all | the argument '--limit <N>' cannot be used with '--all'
events --demo --offset 5 --all | the argument '--offset <N>' cannot be used with '--all'
events --demo --url https://p.example | the argument '--demo' cannot be used with '--url <URL>'
events --demo --profile p | the argument '--demo' cannot be used with '--profile <NAME>'
events --store s.db --profile p | cannot be used with
events --demo --token-file f | cannot be used with
events --store s.db --ca-cert f | cannot be used with
events --demo --last 1h --since 2h | the argument '--last <DURATION>' cannot be used with '--since <TIME>'
events --demo --utc --tz UTC | cannot be used with
events --demo --page-size 0 | 0 is not in 1..=1000
events --demo --page-size 1001 | 1001 is not in 1..=1000
events --demo --concurrency 0 | 0 is not in 1..=32
events --demo --concurrency 33 | 33 is not in 1..=32
events --demo --require-complete --limit 5 | the argument '--require-complete' cannot be used with '--limit <N>'
events --demo --require-complete --offset 5 | the argument '--require-complete' cannot be used with '--offset <N>'
events --demo --receipt - | --receipt needs a file of its own: stdout carries the answer — name it, like
events --demo --receipt a --output-file ./a | a is the file of the answer, too — give --receipt another file
events --demo --limit -1 | unexpected argument '-1' found
events --demo --limit x | invalid value 'x' for '--limit <N>'
events --demo --timeout 0s | a length of time like 30s or 2m
events --demo -o xml | [possible values: table, wide, json, jsonl, csv]
events --demo -c sevrity | there is no column 'sevrity', perhaps 'severity'
events --demo -c event_tme | there is no column 'event_tme'
events --demo --min-severity hihg | [possible values: low, medium, high, critical]
events --demo --severity hihg | 'hihg' is not a value of severity_level — choose one of low, medium, high, critical
events --demo --status fialed | 'fialed' is not a value of status — choose one of succeeded, failed
events --demo --actor-type robot | 'robot' is not a value of actor_type — choose one of user, service
events --demo --plugin a,,b | an empty value in 'a,,b' for plugin_id — leave the filter out to show every value
events --demo --plugin a\\b | stands before none of , * ! \\ — write a backslash of the value as \\\\
events --demo --fialed | a similar argument exists: '--failed'
events --demo extra | unexpected argument 'extra' found
events --demo --color sometimes | [possible values: auto, always, never]
events --url portal.example | 'portal.example' is not a URL — write it like https://portal.example.com
events --url https://me:sesame@p.example | the URL carries a user name or a password
events --url https://p.example/?a=b | has a query or a fragment
events --store postgres://me:sesame@p.example/d | the URL of the store holds a password
events --store none.db | there is no store at
show --demo | the following required arguments were not provided
show --demo x -o csv | [possible values: text, json]
evnts | a similar subcommand exists: 'events'
token | Usage: auditlog token
token generate --encoding rot13 | [possible values: base64, base64url, hex]
token set sesame-as-an-argument | unexpected argument
profile add p | the following required arguments were not provided
profile add p --url https://p.example --store s.db | cannot be used with
profile add p --store s.db --token-command cat f | cannot be used with
completions tcsh | [possible values: bash, elvish, fish, powershell, zsh]
ingest - - --store s.db | standard input is named twice — give - once
ingest f | no store is named — give --store PATH
";
    let home = Home::new();
    for row in REFUSED.lines().filter(|row| !row.is_empty()) {
        let (args, said) = row.split_once(" | ").unwrap();
        let args: Vec<_> = args.split_whitespace().collect();
        let run = home.run(&args);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{row}: {run:?}");
        assert!(run.stderr.contains(said), "{row}: {run:?}");
        assert!(
            run.stderr.starts_with("error: ") || args == ["token"],
            "{row}: {run:?}"
        );
    }
    assert!(!home.path("s.db").exists());
}

#[test]
fn the_program_alone_shows_its_help_as_wrong_usage() {
    let run = Home::new().run(&[]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(
        run.stderr
            .contains("Try it without a server: auditlog events --demo")
    );
    assert!(run.stderr.contains("Usage: auditlog"), "{run:?}");
}

#[test]
fn colours_are_for_terminals_and_for_who_asks() {
    let home = Home::new();
    let colored = |args: &[&str], variable: (&str, &str)| {
        let ask = ["events", "--demo", "--limit", "2", "-o", "table"];
        let mut command = home.command(&[&ask, args].concat());
        let run = Run::of(command.env(variable.0, variable.1).output().unwrap());
        assert_eq!(run.code, 0, "{run:?}");
        run.stdout.contains("\u{1b}[")
    };
    assert!(!colored(&[], ("X", "")));
    assert!(colored(&["--color", "always"], ("X", "")));
    assert!(colored(&["--color", "always"], ("NO_COLOR", "1")));
    assert!(!colored(
        &["--color", "always", "--output-file", "out"],
        ("X", "")
    ));
    let file = home.read("out");
    assert!(!file.contains('\u{1b}'));
    let run = home.run(&["events", "--store", "none.db", "--color", "always"]);
    assert!(
        run.stderr.starts_with("\u{1b}[31merror:\u{1b}[0m "),
        "{run:?}"
    );
}

#[test]
fn a_standard_input_that_is_closed_is_no_token() {
    let home = Home::new();
    let mut command = home.command(&["events", "--url", "http://127.0.0.1:9", "--token-file", "-"]);
    let run = Run::of(command.stdin(Stdio::null()).output().unwrap());
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    let said =
        "error: standard input (--token-file -) holds no usable token: the token is empty — ";
    assert!(run.stderr.starts_with(said), "{run:?}");
}
