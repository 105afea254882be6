//! The README keeps its word: what it shows with `--demo` works as it stands there.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::support::Home;

fn document(name: &str) -> String {
    let path = format!("{}/{name}", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The lines of the shell blocks of a document, indented ones too, without a prompt.
fn shell_lines(document: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut in_shell = false;
    for line in document.lines().map(str::trim) {
        match line.strip_prefix("```") {
            Some(language) => in_shell = matches!(language, "sh" | "console"),
            None if in_shell => lines.push(line.strip_prefix("$ ").unwrap_or(line).to_owned()),
            None => {}
        }
    }
    lines
}

/// The words of a command up to a pipe, as a shell would cut them; of quoting, what the documents use.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        match c {
            '\'' => word
                .get_or_insert_default()
                .extend(characters.by_ref().take_while(|c| *c != '\'')),
            ' ' => words.extend(word.take()),
            '|' if word.is_none() => break,
            '"' | '\\' | '$' | '`' | '>' | '<' | '&' | ';' | '*' => {
                panic!("{c} needs a shell: {line}")
            }
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// The arguments of a line that runs the program with `--demo`, installed or not.
fn demo_arguments(line: &str) -> Option<Vec<String>> {
    let command = line
        .strip_prefix("auditlog ")
        .or_else(|| line.strip_prefix("cargo run --release -- "))?;
    command.contains("--demo").then(|| words(command))
}

#[test]
fn the_readme_s_commands_on_the_sample_trail_work() {
    let lines = shell_lines(&document("README.md"));
    let commands: Vec<_> = lines
        .iter()
        .filter_map(|line| demo_arguments(line))
        .collect();
    assert!(commands.len() >= 5, "{commands:?}");
    let home = Home::new();
    for command in commands {
        let arguments: Vec<_> = command.iter().map(String::as_str).collect();
        let run = home.run(&arguments);
        assert_eq!(run.code, 0, "{command:?}: {}", run.stderr);
        let to_file = command.iter().any(|word| word == "--output-file");
        assert!(to_file || run.stdout.lines().count() > 1, "{command:?}");
    }
}

#[test]
fn the_readme_shows_how_to_try_and_how_to_test() {
    let lines = shell_lines(&document("README.md"));
    for wanted in [
        "cargo run --release -- events --demo --plugin catalog --severity medium",
        "cargo install --path .",
        "cargo test",
    ] {
        assert!(lines.iter().any(|line| line == wanted), "{wanted}");
    }
}

#[test]
fn the_rust_version_in_the_readme_is_the_one_that_is_needed() {
    let needed = env!("CARGO_PKG_RUST_VERSION");
    let sentence = format!(" {needed} or later");
    assert!(document("README.md").contains(&sentence), "{sentence}");
}

#[test]
fn what_a_document_links_to_in_the_repository_is_there() {
    let documents = [
        ".",
        "docs",
        "benches",
        "fuzz",
        "integrations/backstage",
        "tests/backstage",
        "tests/fixtures",
    ];
    let documents = documents
        .map(|folder| fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap());
    let documents = documents.into_iter().flatten().map(|it| it.unwrap().path());
    let is_document = |path: &PathBuf| path.extension().is_some_and(|it| it == "md");
    let documents: Vec<_> = documents.filter(is_document).collect();
    assert!(documents.len() > 12, "{documents:?}");
    for path in documents {
        let (text, name) = (fs::read_to_string(&path).unwrap(), path.display());
        let folder = path.parent().unwrap();
        let targets = text.split("](").skip(1);
        let targets = targets.filter_map(|rest| rest.split_once(')').map(|(target, _)| target));
        for target in targets.filter(|target| !target.contains("://")) {
            let (file, _) = target.split_once('#').unwrap_or((target, ""));
            assert!(fs::exists(folder.join(file)).unwrap(), "{name}: {target}");
        }
    }
}

#[test]
fn words_are_cut_as_a_shell_cuts_them() {
    assert_eq!(
        words("events  --actor '*x y'z --status '' | jq ."),
        ["events", "--actor", "*x yz", "--status", ""]
    );
}
