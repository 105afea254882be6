//! What `rules test` says of a history, held against regular expressions and `grep`.
//!
//! Each text is written in hexadecimal, two digits a byte: so nothing in it is special to `grep`, a newline or a NUL
//! cannot break a line, and a `*` is any number of pairs.

#![cfg(unix)]

use std::process::Command;

use auditlog::{
    api::Event,
    rules::{Rule, Rules},
    store::Writer,
};
use serde_json::{Value, json};

use crate::support::{Home, logs::recorded_outcomes, served::draft};

/// Parts of ids and patterns: ordinary ones, what means something to expressions, and what breaks lines.
const PIECES: [&str; 24] = [
    "user:", "plugin:", "default/", "a", "b", "ab", "0", "é", "日本", "😀", "\u{202e}", "*", "?",
    ".", ".*", "[a]", "^", "$", "(", "\\", "\"", "\n", "\t", "\0",
];
const EVENTS: [&str; 7] = [
    "task",
    "entity-fetch",
    "entity-facets",
    "ta.k",
    "ta\nsk",
    "ta\0sk",
    "日\t\\n",
];

fn text(random: &mut fastrand::Rng, count: usize, stars: bool) -> String {
    let piece = |random: &mut fastrand::Rng| match stars && random.u8(0..3) == 0 {
        true => "*",
        false => *random.choice(&PIECES).unwrap(),
    };
    (0..count).map(|_| piece(random)).collect()
}

fn rule(actor_id: impl Into<String>, event_id: &str) -> Rule {
    Rule {
        actor_id: actor_id.into(),
        event_id: event_id.to_owned(),
    }
}

fn random_rule(random: &mut fastrand::Rng) -> Rule {
    let count = random.usize(1..=5);
    rule(text(random, count, true), random.choice(&EVENTS).unwrap())
}

fn random_event(random: &mut fastrand::Rng, number: usize) -> Event {
    let (hour, minute, second) = (number / 3600 % 24, number / 60 % 60, number % 60);
    let day = 1 + number / 86_400;
    let time = format!("2026-10-{day:02}T{hour:02}:{minute:02}:{second:02}Z");
    let mut draft = draft(&format!("id-{number:06}"), &time);
    let count = random.usize(0..=4);
    let actor = text(random, count, false);
    draft.actor_id = (random.u8(0..10) > 0).then_some(actor);
    draft.event_id = (*random.choice(&EVENTS).unwrap()).to_owned();
    draft.into_event().unwrap()
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// A line for each event: its actor, `-` for nobody, and its id.
fn lines(events: &[Event]) -> String {
    let line = |event: &Event| {
        let event: Value = serde_json::from_str(event.json()).unwrap();
        let actor = event["actor_id"].as_str().map_or("-".to_owned(), hex);
        format!("{actor}\t{}\n", hex(event["event_id"].as_str().unwrap()))
    };
    events.iter().map(line).collect()
}

/// A rule as an extended regular expression.
fn expression(rule: &Rule) -> String {
    let pieces: Vec<_> = rule.actor_id.split('*').map(hex).collect();
    format!(
        "^{}\t{}$",
        pieces.join("([0-9a-f]{2})*"),
        hex(&rule.event_id)
    )
}

/// The events that a rule drops, as `grep` sees it.
fn dropped(home: &Home, rule: &Rule) -> Vec<usize> {
    let grep = Command::new("grep")
        .env("LC_ALL", "C")
        .args(["-nE", &expression(rule)])
        .arg(home.path("events"))
        .output()
        .unwrap();
    assert!(grep.status.code() < Some(2), "{grep:?}");
    let text = String::from_utf8(grep.stdout).unwrap();
    let place = |line: &str| line.split(':').next().unwrap().parse::<usize>().unwrap() - 1;
    text.lines().map(place).collect()
}

/// Runs `rules test` over the events, and holds what it says against `grep`. How many are lost.
fn assert_as_grep_says(events: &[Event], given: &[Rule], synthetic: &str) -> usize {
    let home = Home::new();
    home.write("events", lines(events));
    let mut writer = Writer::open(home.path("h.db")).unwrap();
    writer.append(events, None).unwrap();
    drop(writer);
    // JSON is YAML.
    let rules: Vec<_> = given
        .iter()
        .map(|it| json!({"actorId": it.actor_id, "eventId": it.event_id}))
        .collect();
    let file = json!({"excludeRules": rules, "syntheticActors": [synthetic]});
    home.write("rules.yaml", file.to_string());
    let run = home.run_well(&[
        "rules",
        "test",
        "rules.yaml",
        "--store",
        "h.db",
        "-o",
        "json",
        "--since",
        "2026-01-01T00:00:00Z",
        "--until",
        "2026-12-31T00:00:00Z",
    ]);
    let answer: Value = serde_json::from_str(&run.stdout).unwrap();

    let noisy = |actor: &str| ["entity-fetch", "entity-facets"].map(|event| rule(actor, event));
    let in_force = [given, &noisy("plugin:*"), &noisy(synthetic)].concat();
    let dropped: Vec<_> = in_force.iter().map(|rule| dropped(&home, rule)).collect();
    let mut rules_of = vec![0; events.len()];
    dropped.iter().flatten().for_each(|&at| rules_of[at] += 1);
    let lost: Vec<_> = (0..events.len()).filter(|&at| rules_of[at] > 0).collect();
    assert_eq!(answer["events"], events.len());
    assert_eq!(answer["lost"], lost.len());
    assert_eq!(answer["kept"], events.len() - lost.len());
    let told = answer["rules"].as_array().unwrap();
    assert_eq!(told.len(), in_force.len());
    for ((rule, dropped), row) in in_force.iter().zip(&dropped).zip(told) {
        let alone = dropped.iter().filter(|&&at| rules_of[at] == 1).count();
        let expected = json!([rule.actor_id, rule.event_id, dropped.len(), alone]);
        let row = json!([row["actorId"], row["eventId"], row["lost"], row["alone"]]);
        assert_eq!(row, expected);
    }
    // The very events, which the answer only counts.
    let rules = Rules::new(given, &[synthetic.to_owned()]);
    let excluded = |event: &Event| {
        let event: Value = serde_json::from_str(event.json()).unwrap();
        rules.excludes(
            event["actor_id"].as_str(),
            event["event_id"].as_str().unwrap(),
        )
    };
    let places = (0..events.len()).filter(|place| excluded(&events[*place]));
    assert_eq!(places.collect::<Vec<_>>(), lost);
    lost.len()
}

#[test]
fn the_recording_loses_what_grep_finds() {
    let given = [
        ("plugin:*", "entity-validate"),
        ("user:*/guest", "entity-fetch"),
        ("*ref*", "location-mutate"),
        ("external:ref-admin", "task"),
        ("*", "entity-mutate"),
        ("plugin:*e*a*", "task"),
    ];
    let given = given.map(|(actor, event)| rule(actor, event));
    let lost = assert_as_grep_says(&recorded_outcomes(), &given, "user:default/guest");
    assert!(lost > 20, "{lost}");
}

fn assert_hostile(count: usize) {
    let mut random = fastrand::Rng::with_seed(11);
    let events: Vec<_> = (0..count).map(|n| random_event(&mut random, n)).collect();
    let mut given: Vec<_> = (0..20).map(|_| random_rule(&mut random)).collect();
    given.extend(["*0", "*\n*", "*\0", "a*\tb", "*é"].map(|actor| rule(actor, "ta\nsk")));
    given.extend(["*", "user:*", "*a*b*", "*\\*"].map(|actor| rule(actor, "ta\0sk")));
    let lost = assert_as_grep_says(&events, &given, "user:a");
    assert!((count / 10..count / 2).contains(&lost), "{lost}");
}

#[test]
fn hostile_events_lose_what_grep_finds() {
    assert_hostile(10_000);
}

#[test]
#[ignore = "needs a release build: a hundred thousand events"]
fn a_hundred_thousand_hostile_events_lose_what_grep_finds() {
    assert_hostile(100_000);
}
