//! The sample trail, as somebody meets it who has nothing but the program.

use serde_json::Value;

use crate::support::{Home, Run, process::Serving};

fn asked(home: &Home, args: &[&str]) -> Vec<Value> {
    let run = home.run(&[&["events", "--demo", "--all", "-o", "jsonl"], args].concat());
    assert_eq!(run.code, 0, "{run:?}");
    let event = |line: &str| serde_json::from_str(line).unwrap();
    run.stdout.lines().map(event).collect()
}

#[test]
fn the_sample_needs_neither_configuration_nor_home_nor_network() {
    let home = Home::new();
    let ask = [
        "events",
        "--demo",
        "--plugin",
        "catalog",
        "--severity",
        "medium",
    ];
    let mut command = home.command(&ask);
    // Whoever would use them has nobody to talk to.
    command.env("HTTP_PROXY", "http://127.0.0.1:9");
    command.env("AUDITLOG_URL", "http://127.0.0.1:9");
    command.env("AUDITLOG_TOKEN", "of-somebody-else");
    command.env_remove("HOME");
    let run = Run::of(command.output().unwrap());
    assert_eq!(run.code, 0, "{run:?}");
    let rows: Vec<_> = run.stdout.lines().skip(1).collect();
    assert!(!rows.is_empty());
    for row in &rows {
        let words: Vec<_> = row.split_whitespace().collect();
        assert_eq!((words[2], words[4]), ("medium", "catalog"), "{row}");
    }
    let count = format!("{} events · ", rows.len());
    let limited = format!("{} of ", rows.len());
    assert!(
        run.stderr.starts_with(&count) || run.stderr.starts_with(&limited),
        "{run:?}"
    );
    assert!(!home.path(".config").exists());
}

#[test]
fn the_night_worth_finding_is_found_by_its_severity() {
    let home = Home::new();
    let critical = asked(&home, &["--min-severity", "critical"]);
    assert!((1..20).contains(&critical.len()), "{}", critical.len());
    let stranger = critical
        .iter()
        .filter(|event| event["actor_id"] == "user:contractors/r.castellan");
    let nightly = stranger.filter(|event| {
        let hour = &event["event_time"].as_str().unwrap()[11..13];
        (2..5).contains(&hour.parse::<u32>().unwrap())
    });
    let made_admin = |event: &&Value| {
        event["status"] == "succeeded" && event["entity_ref"] == "role:default/portal-admin"
    };
    let nightly: Vec<_> = nightly.collect();
    assert_eq!(
        nightly.iter().copied().filter(made_admin).count(),
        1,
        "{nightly:#?}"
    );
    assert!(nightly.iter().any(|event| event["status"] == "failed"));
}

#[test]
fn filters_on_the_sample_keep_what_is_meant_and_nothing_else() {
    let home = Home::new();
    let all = asked(&home, &[]);
    assert!(all.len() > 1_000);
    let failed = asked(&home, &["--failed"]);
    assert_eq!(
        failed.len(),
        count(&all, |event| event["status"] == "failed")
    );
    let text = |event: &Value| event["event_id"].as_str().unwrap().to_owned();
    let fetched = asked(&home, &["--event", "entity-*,!entity-facets"]);
    let meant =
        |event: &Value| text(event).starts_with("entity-") && text(event) != "entity-facets";
    assert_eq!(fetched.len(), count(&all, meant));
    let reversed = asked(&home, &["--reverse", "--page-size", "311"]);
    let ids = |events: &[Value]| -> Vec<String> {
        events.iter().map(|event| event["id"].to_string()).collect()
    };
    // Both runs may end at another second, before which the sample has grown by nothing or little.
    let (mut forth, back) = (ids(&all), ids(&reversed));
    forth.reverse();
    let common = forth.iter().filter(|id| back.contains(id)).count();
    assert!(common + 5 >= forth.len(), "{common} of {}", forth.len());
}

fn count(events: &[Value], meant: impl Fn(&Value) -> bool) -> usize {
    events.iter().filter(|event| meant(event)).count()
}

#[test]
fn a_served_sample_says_where_it_is_and_with_which_token() {
    let home = Home::new();
    let mut serving = Serving::start(&home, &["--demo"]);
    let token = serving.line();
    assert_eq!(token.len(), 32);
    let ask = [
        "events",
        "--url",
        &serving.url,
        "--limit",
        "3",
        "-o",
        "jsonl",
    ];
    let mut command = home.command(&ask);
    let run = Run::of(command.env("AUDITLOG_TOKEN", &token).output().unwrap());
    assert_eq!((run.code, run.stdout.lines().count()), (0, 3), "{run:?}");
    let mut command = home.command(&ask);
    let run = Run::of(
        command
            .env("AUDITLOG_TOKEN", "another-token")
            .output()
            .unwrap(),
    );
    assert_eq!((run.code, run.stdout.as_str()), (4, ""), "{run:?}");
    serving.signal("TERM");
    let ended = serving.wait();
    assert_eq!((ended.code, ended.stdout.as_str()), (0, ""), "{ended:?}");
}
