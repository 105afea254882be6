//! Documents that are made from the command line's definition: completions, man pages, and two tables of the README.
//!
//! They are committed, so that packagers and readers need no build; `AUDITLOG_BLESS=1` writes them anew.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use auditlog::cli::Cli;
use clap::{Command, ValueEnum};
use clap_complete::{Generator, Shell};

/// Files below the repository's root, and what they hold.
type Files = BTreeMap<String, String>;

/// Folders in which nothing but generated files lies.
const FOLDERS: [&str; 2] = ["completions", "man"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("text")
}

fn completions() -> Files {
    let script = |shell: &Shell| {
        let mut script = Vec::new();
        clap_complete::generate(*shell, &mut Cli::command_line(), "auditlog", &mut script);
        let path = format!("completions/{}", shell.file_name("auditlog"));
        (path, text(script))
    };
    Shell::value_variants().iter().map(script).collect()
}

fn man_pages() -> Files {
    let mut command = Cli::command_line().disable_help_subcommand(true);
    command.build();
    let mut pages = Files::new();
    add_pages(&mut pages, &command);
    pages
}

fn add_pages(pages: &mut Files, command: &Command) {
    // Each page names the program and its version, no date: a page changes when the command line does.
    let page = clap_mangen::Man::new(command.clone())
        .source(concat!("auditlog ", env!("CARGO_PKG_VERSION")));
    let mut roff = Vec::new();
    page.render(&mut roff).unwrap();
    // What stands behind the help: a hint, which a manual does not need, and the exit codes.
    let extra = ".SH EXTRA\nTry it without a server: auditlog events \\-\\-demo\n\nExit codes:\n";
    let roff = text(roff).replace(extra, ".SH \"EXIT STATUS\"\n");
    pages.insert(format!("man/{}", page.get_filename()), roff);
    for command in command.get_subcommands() {
        add_pages(pages, command);
    }
}

/// The README with its generated tables written anew.
fn readme() -> Files {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let readme = replaced(&readme, "commands", &commands_table());
    let readme = replaced(&readme, "exit codes", &exit_codes_table());
    Files::from([("README.md".to_owned(), readme)])
}

/// `document` with `table` between the comments `<!-- name -->` and `<!-- end -->`.
fn replaced(document: &str, name: &str, table: &str) -> String {
    let mark = format!("<!-- {name} -->\n");
    let (before, rest) = document.split_once(&mark).expect(&mark);
    let (_, after) = rest.split_once("<!-- end -->").expect("<!-- end -->");
    format!("{before}{mark}\n{table}\n<!-- end -->{after}")
}

fn commands_table() -> String {
    let mut table = "| command | what it does |\n|---|---|\n".to_owned();
    let mut command = Cli::command_line().disable_help_subcommand(true);
    command.build();
    add_rows(&mut table, &command, "auditlog");
    table
}

/// A row for each command that does something by itself.
fn add_rows(table: &mut String, command: &Command, name: &str) {
    for command in command.get_subcommands() {
        let name = format!("{name} {}", command.get_name());
        if command.has_subcommands() {
            add_rows(table, command, &name);
        } else {
            let about = command.get_about().expect(&name);
            table.push_str(&format!("| `{name}` | {about} |\n"));
        }
    }
}

/// The table at the end of `auditlog --help`: a title, then a code and its meaning a line.
fn exit_codes() -> Vec<(String, String)> {
    let command = Cli::command_line();
    let help = command.get_after_help().unwrap().to_string();
    let row = |line: &str| {
        let (code, meaning) = line.trim().split_once(' ').expect("a code and its meaning");
        (code.to_owned(), meaning.trim().to_owned())
    };
    let codes = help.lines().skip_while(|line| *line != "Exit codes:");
    codes.skip(1).map(row).collect()
}

fn exit_codes_table() -> String {
    let rows = exit_codes();
    let rows = rows
        .iter()
        .map(|(code, meaning)| format!("| {code} | {meaning} |\n"));
    format!("| code | when |\n|---|---|\n{}", rows.collect::<String>())
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn what_is_committed_is_what_the_command_line_gives() {
    let mut files = completions();
    files.extend(man_pages());
    files.extend(readme());
    let bless = std::env::var_os("AUDITLOG_BLESS").is_some();
    let mut faults = Vec::new();
    for (path, wanted) in &files {
        let place = root().join(path);
        if bless {
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            fs::write(place, wanted).unwrap();
        } else if fs::read_to_string(place).ok().as_ref() != Some(wanted) {
            faults.push(format!("{path} is out of date"));
        }
    }
    for folder in FOLDERS {
        for name in names(&root().join(folder)) {
            let path = format!("{folder}/{name}");
            if !files.contains_key(&path) {
                faults.push(format!("{path} belongs to no command"));
            }
        }
    }
    assert!(
        faults.is_empty(),
        "{faults:#?}\nto write them anew: AUDITLOG_BLESS=1 cargo test generated"
    );
}

#[test]
fn every_command_and_every_option_says_what_it_does() {
    fn silent(command: &Command, name: &str, found: &mut Vec<String>) {
        let name = format!("{name} {}", command.get_name());
        if command.get_about().is_none() {
            found.push(name.clone());
        }
        for argument in command.get_arguments() {
            if argument.get_help().is_none() {
                found.push(format!("{name}: {}", argument.get_id()));
            }
        }
        for command in command.get_subcommands() {
            silent(command, &name, found);
        }
    }
    let mut found = Vec::new();
    silent(&Cli::command_line(), "", &mut found);
    assert_eq!(found, [""; 0]);
}

#[test]
fn every_exit_code_is_documented() {
    let source = fs::read_to_string(root().join("src/error/code.rs")).unwrap();
    // The variants of `enum Code`: `    Done = 0,`.
    let variants = source.lines().filter_map(|line| {
        let (_, code) = line.strip_suffix(',')?.split_once(" = ")?;
        code.parse::<u8>().ok()
    });
    let documented: Vec<u8> = exit_codes()
        .iter()
        .map(|(code, _)| code.parse().unwrap())
        .collect();
    assert_eq!(documented, variants.collect::<Vec<_>>());
}
