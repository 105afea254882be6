//! How the source is laid out: the layers that `src/lib.rs` lists, and the numbers of the house.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use proc_macro2::{TokenStream, TokenTree};

/// A module and its layer.
type Layers = BTreeMap<String, u32>;

/// The table in the documentation of `src/lib.rs`: a number, names two spaces apart, and after more of them prose.
fn layers() -> Layers {
    let text = read(&root().join("src/lib.rs"));
    let rows = text.lines().filter_map(|line| line.strip_prefix("//! "));
    let rows = rows.filter(|row| row.starts_with(|c: char| c.is_ascii_digit()));
    let mut layers = Layers::new();
    for row in rows {
        let mut words = row.split("   ").next().unwrap().split_whitespace();
        let layer: u32 = words.next().unwrap().parse().unwrap();
        for name in words {
            let before = layers.insert(name.to_owned(), layer);
            assert_eq!(before, None, "{name} is in two layers");
        }
    }
    assert_eq!(layers.values().collect::<BTreeSet<_>>().len(), 7);
    layers
}

/// Whether a file of module `from` may name module `to`.
fn may_name(layers: &Layers, from: &str, to: &str) -> bool {
    match (from, to) {
        // The crate's root declares everything, the program starts everything.
        ("lib" | "main", _) => layers.contains_key(to),
        // A command fails with errors, an error names the command that would help.
        ("commands", "error") | ("error", "commands") => true,
        _ => match (layers.get(from), layers.get(to)) {
            (Some(above), Some(below)) => from == to || below < above,
            _ => false,
        },
    }
}

/// What `text`, the file at `path` below `src`, names that it may not.
fn faults(layers: &Layers, path: &str, text: &str) -> Vec<String> {
    let mut module: Vec<_> = path.trim_end_matches(".rs").split('/').collect();
    if module.last() == Some(&"mod") {
        module.pop();
    }
    let top = module[0];
    let depth = match top {
        "lib" | "main" => 0,
        _ => module.len(),
    };
    let mut names = BTreeSet::new();
    // Comments are no tokens, and documentation is a string: prose cannot be mistaken for a path.
    walk(text.parse().expect(path), depth, &mut names);
    names
        .into_iter()
        .filter(|name| !may_name(layers, top, name))
        .map(|name| format!("{path} names crate::{name}"))
        .collect()
}

/// Finds the names at the top of the crate that `tokens`, in a module `depth` levels below it, speak of.
fn walk(tokens: TokenStream, depth: usize, names: &mut BTreeSet<String>) {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let mut rest = tokens.as_slice();
    while let Some((token, after)) = rest.split_first() {
        rest = after;
        match (token, after) {
            (TokenTree::Ident(word), [TokenTree::Ident(_), TokenTree::Group(body), ..])
                if word == "mod" =>
            {
                walk(body.stream(), depth + 1, names);
                rest = &after[2..];
            }
            (TokenTree::Ident(word), _) if word == "crate" || word == "auditlog" => {
                follow(after, 0, names);
            }
            (TokenTree::Ident(word), _) if word == "super" => {
                follow(after, depth.saturating_sub(1), names);
            }
            (TokenTree::Group(group), _) => walk(group.stream(), depth, names),
            _ => {}
        }
    }
}

/// Goes on with a path that has come to `level` levels below the top, if it goes on.
fn follow(tokens: &[TokenTree], level: usize, names: &mut BTreeSet<String>) {
    if let [TokenTree::Punct(a), TokenTree::Punct(b), rest @ ..] = tokens
        && a.as_char() == ':'
        && b.as_char() == ':'
    {
        segment(rest, level, names);
    }
}

fn segment(tokens: &[TokenTree], level: usize, names: &mut BTreeSet<String>) {
    match tokens {
        [TokenTree::Ident(word), rest @ ..] if word == "super" => {
            follow(rest, level.saturating_sub(1), names);
        }
        [TokenTree::Group(group), ..] => {
            let items: Vec<_> = group.stream().into_iter().collect();
            let comma =
                |token: &TokenTree| matches!(token, TokenTree::Punct(p) if p.as_char() == ',');
            for item in items.split(comma) {
                segment(item, level, names);
            }
        }
        [name, ..] if level == 0 && name.to_string() != "self" => {
            names.insert(name.to_string());
        }
        _ => {}
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every Rust file below a folder, as a path with `/` relative to it.
fn rust_files(folder: &str) -> Vec<String> {
    let (mut files, mut folders) = (Vec::new(), vec![String::new()]);
    while let Some(inner) = folders.pop() {
        let Ok(entries) = fs::read_dir(root().join(folder).join(&inner)) else {
            continue;
        };
        for entry in entries.map(Result::unwrap) {
            let name = format!("{inner}{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                folders.push(format!("{name}/"));
            } else if name.ends_with(".rs") {
                files.push(name);
            }
        }
    }
    files
}

#[test]
fn no_file_names_a_layer_that_is_not_below_its_own() {
    let layers = layers();
    let files = rust_files("src");
    assert!(files.len() > 10);
    let text = |path: &str| read(&root().join("src").join(path));
    let faults: Vec<_> = files
        .iter()
        .flat_map(|path| faults(&layers, path, &text(path)))
        .collect();
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn the_table_and_the_disk_hold_the_same_modules() {
    let on_disk: BTreeSet<_> = rust_files("src")
        .iter()
        .map(|path| {
            path.split('/')
                .next()
                .unwrap()
                .trim_end_matches(".rs")
                .to_owned()
        })
        .collect();
    let listed: BTreeSet<_> = layers().into_keys().collect();
    let unlisted: Vec<_> = on_disk.difference(&listed).collect();
    assert_eq!(
        unlisted,
        Vec::<&String>::new(),
        "have no layer in src/lib.rs"
    );
    let missing: Vec<_> = listed.difference(&on_disk).collect();
    assert_eq!(missing, Vec::<&String>::new(), "are in src/lib.rs alone");
}

#[test]
fn a_name_of_a_higher_layer_is_caught_however_it_is_written() {
    let layers = layers();
    let of = |path: &str, text: &str| faults(&layers, path, text);
    for (path, text) in [
        ("query/mod.rs", "use crate::commands;"),
        (
            "query/mod.rs",
            "use crate::{api::Event, commands::events::{Args, Plan}};",
        ),
        (
            "query/mod.rs",
            "fn f() -> crate::commands::Plan { todo!() }",
        ),
        ("query/mod.rs", "use super::commands;"),
        ("query/time.rs", "use super::super::commands;"),
        (
            "query/time.rs",
            "use super::{Query, super::commands::events};",
        ),
        (
            "query/time.rs",
            "mod tests { mod deep { use super::super::super::super::commands::X; } }",
        ),
        (
            "query/time.rs",
            "fn f() { vec![matches!(x, (auditlog::commands::X, _))]; }",
        ),
    ] {
        let expected = format!("{path} names crate::commands");
        assert_eq!(of(path, text), [expected], "{text}");
    }
    assert_eq!(
        of("query/mod.rs", "use crate::*;"),
        ["query/mod.rs names crate::*"]
    );
    assert_eq!(
        of("api/page.rs", "use crate::wildcard::W;"),
        ["api/page.rs names crate::wildcard"]
    );
    assert_eq!(
        of("extra.rs", "use crate::api::Event;"),
        ["extra.rs names crate::api"]
    );
    assert_eq!(
        of("main.rs", "use auditlog::nowhere;"),
        ["main.rs names crate::nowhere"]
    );
}

#[test]
fn what_lies_below_beside_or_in_prose_is_no_fault() {
    let layers = layers();
    for (path, text) in [
        (
            "query/time.rs",
            "use crate::{api::{Event, Field}, query::Query, wildcard};",
        ),
        (
            "query/time.rs",
            "use super::{Query, filter::Filter}; mod tests { use super::super::mod_private; }",
        ),
        (
            "query/mod.rs",
            "//! See [`crate::commands`].\n// crate::commands\n/* use crate::commands; */",
        ),
        (
            "query/mod.rs",
            "pub(crate) const TEXT: &str = \"crate::commands\"; const R: &str = r#\"crate::main\"#;",
        ),
        ("commands/mod.rs", "use crate::error::Error;"),
        (
            "error.rs",
            "use crate::{api, commands::Name}; mod tests { use super::Error; }",
        ),
        ("main.rs", "use auditlog::{commands, error};"),
    ] {
        assert_eq!(faults(&layers, path, text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn no_file_is_longer_than_one_can_know() {
    let mut long = Vec::new();
    for folder in ["src", "tests", "benches"] {
        for path in rust_files(folder) {
            let text = read(&root().join(folder).join(&path));
            let (whole, own) = lengths(&text);
            if whole > 500 || own > 400 {
                long.push(format!(
                    "{folder}/{path}: {whole} lines, {own} without tests"
                ));
            }
        }
    }
    assert_eq!(long, Vec::<String>::new());
}

/// Lines of a file, and lines before its tests.
fn lengths(text: &str) -> (usize, usize) {
    let own = text
        .split_once("\n#[cfg(test)]\nmod ")
        .map_or(text, |(own, _)| own);
    (text.lines().count(), own.lines().count())
}

#[test]
fn the_tests_of_a_file_are_not_counted_as_its_own_lines() {
    assert_eq!(lengths("a\nb\n\n#[cfg(test)]\nmod tests {\n}\n"), (6, 2));
    assert_eq!(lengths("a\n#[cfg(test)]\nfn f() {}\nb\n"), (4, 4));
}

#[test]
fn the_direct_dependencies_can_still_be_counted() {
    let manifest: toml_edit::DocumentMut = read(&root().join("Cargo.toml")).parse().unwrap();
    let tables = ["dependencies", "dev-dependencies", "build-dependencies"];
    let mut names = BTreeSet::new();
    for table in tables
        .iter()
        .filter_map(|name| manifest.get(name)?.as_table())
    {
        names.extend(table.iter().map(|(name, _)| name));
    }
    assert!(names.contains("serde"));
    assert!(names.len() <= 40, "{} direct dependencies", names.len());
    assert!(
        manifest.get("target").is_none(),
        "dependencies of one platform are not counted here"
    );
}

/// A file that no other declares is not compiled: its tests would never run, and nobody would notice.
#[test]
fn every_file_is_declared() {
    let mut forgotten = Vec::new();
    for (folder, roots) in [
        ("src", ["lib.rs", "main.rs"]),
        ("tests/it", ["main.rs", "main.rs"]),
    ] {
        let files = rust_files(folder);
        assert!(files.len() > 2);
        let text =
            |path: &str| fs::read_to_string(root().join(folder).join(path)).unwrap_or_default();
        for path in files.iter().filter(|path| !roots.contains(&path.as_str())) {
            let module = path.trim_end_matches(".rs").trim_end_matches("/mod");
            let parents = match module.rsplit_once('/') {
                Some((parent, _)) => [format!("{parent}/mod.rs"), format!("{parent}.rs")],
                None => roots.map(str::to_owned),
            };
            let line = format!("mod {};", module.rsplit('/').next().unwrap());
            let declares = |parent: &String| {
                text(parent).lines().any(|l| {
                    l.trim_start_matches("pub ")
                        .trim_start_matches("pub(crate) ")
                        == line
                })
            };
            if !parents.iter().any(declares) {
                forgotten.push(format!("{folder}/{path}"));
            }
        }
    }
    assert_eq!(forgotten, Vec::<String>::new());
}
