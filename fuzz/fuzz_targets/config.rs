//! Configuration files, merged, and a file of rules: what is said of them is short, has its place, and can be printed.
#![no_main]

use std::fs;

use auditlog::{config::AppConfig, output::visible, rules::RulesFile};
use libfuzzer_sys::fuzz_target;

/// A secret that no message may hold.
const SECRET: &str = "correct-horse-battery-staple";

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    // What is written in a file as a key or a name is no secret.
    if text.contains(SECRET) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let paths: Vec<_> = text
        .split("\n---\n")
        .take(3)
        .enumerate()
        .map(|(at, text)| {
            let path = folder.path().join(format!("{at}.yaml"));
            fs::write(&path, text).expect("a file");
            path
        })
        .collect();
    let variable = |name: &str| (name == "SECRET").then(|| SECRET.to_owned());
    match AppConfig::read(&paths, &variable) {
        Ok(config) => {
            let warnings = config.warnings.iter().map(ToString::to_string);
            warnings.for_each(|warning| check(&warning));
            assert!(!format!("{config:?}").contains(SECRET), "a secret is shown");
        }
        Err(error) => {
            assert!(!error.0.is_empty());
            error
                .0
                .iter()
                .for_each(|problem| check(&problem.to_string()));
        }
    }
    let rules = RulesFile::parse(text);
    for finding in &rules.findings {
        check(&finding.fault.to_string());
    }
    let in_force = rules.in_force();
    for (rule, _) in in_force.iter() {
        // Its own text is an actor that it excludes, whether a star in it means something or not.
        assert!(
            in_force.excludes(Some(&rule.actor_id), &rule.event_id),
            "{rule:?}"
        );
    }
});

fn check(message: &str) {
    assert!(!message.contains(SECRET), "{message}");
    assert!(message.len() < 4096, "{} bytes", message.len());
    assert!(
        !visible(message).chars().any(char::is_control),
        "{message:?}"
    );
}
