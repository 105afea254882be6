//! Exclusion rules on history: `rules test` and `ingest --rules`, held against evaluations of others.

use std::fs;

use auditlog::{
    api::Event,
    rules::{Rule, Rules, Tally},
    store::Writer,
};
use serde_json::{Value, json};

use crate::support::{
    Home, Run, TOKEN, fixture,
    logs::{bodies, line, log, recorded_outcomes},
    process::Serving,
    rules::{LITERAL_STAR, Model, random_event, random_rules},
};

fn store(home: &Home, events: &[Event]) {
    let mut writer = Writer::open(home.path("h.db")).unwrap();
    writer.append(events, None).unwrap();
}

fn test(home: &Home, args: &[&str]) -> Run {
    let window = [
        "--since",
        "2026-01-01T00:00:00Z",
        "--until",
        "2026-12-31T00:00:00Z",
    ];
    let mut command = home.command(&[&["rules", "test"], args, &window].concat());
    let run = Run::of(command.env("AUDITLOG_TOKEN", TOKEN).output().unwrap());
    assert_eq!(run.code, 0, "{run:?}");
    run
}

/// Served and from the file, which must be the same but for its end.
fn json_of(home: &Home, args: &[&str]) -> Value {
    let serving = Serving::store(home, "h.db");
    let [mut from_store, mut from_server]: [Value; 2] =
        [["--store", "h.db"], ["--url", &serving.url]].map(|source| {
            let run = test(home, &[args, &source, &["-o", "json"]].concat());
            serde_json::from_str(&run.stdout).unwrap()
        });
    for answer in [&mut from_store, &mut from_server] {
        assert_eq!(answer["complete"], true, "{answer}");
        assert_eq!(answer["end"], "2026-12-31T00:00:00Z", "{answer}");
    }
    assert_eq!(from_store, from_server);
    from_store
}

#[test]
fn the_recording_loses_what_regular_expressions_say() {
    let home = Home::new();
    store(&home, &recorded_outcomes());
    let file = fixture("rules/rules.yaml");
    let answer = json_of(&home, &[file.to_str().unwrap()]);
    let expected = fs::read_to_string(fixture("rules/expected.json")).unwrap();
    let expected: Value = serde_json::from_str(&expected).unwrap();
    for key in ["events", "lost", "kept"] {
        assert_eq!(answer[key], expected[key], "{key}");
    }
    let rules = answer["rules"].as_array().unwrap();
    let counts: Vec<_> = rules
        .iter()
        .map(|it| json!({"lost": it["lost"], "alone": it["alone"]}))
        .collect();
    assert_eq!(Value::from(counts), expected["rules"]);
    let places: Vec<_> = rules.iter().map(|it| (&it["from"], &it["line"])).collect();
    let expected_places = [
        (json!("file"), json!(6)),
        (json!("file"), json!(8)),
        (json!("file"), json!(10)),
        (json!("file"), json!(11)),
        (json!("default"), json!(null)),
        (json!("default"), json!(null)),
        (json!("synthetic"), json!(null)),
        (json!("synthetic"), json!(null)),
    ];
    assert_eq!(
        places,
        expected_places
            .iter()
            .map(|it| (&it.0, &it.1))
            .collect::<Vec<_>>()
    );
    let flags: Vec<_> = answer["flags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["lost"])
        .collect();
    assert_eq!(json!(flags), expected["flags"]);
}

#[test]
fn the_tables_are_for_people() {
    let home = Home::new();
    store(&home, &recorded_outcomes());
    home.write(
        "r.yaml",
        "excludeRules:\n- {actorId: 'user:*/*', eventId: entity-fetch}\n- {actorId: x, eventId: y}\n",
    );
    let run = test(&home, &["r.yaml", "--store", "h.db"]);
    let (rules, flags) = run.stdout.split_once("\n\n").unwrap();
    let expected = "\
RULE       ACTOR     EVENT          LOST  SHARE  BY IT ALONE
line 2     user:*/*  entity-fetch     19  20.2%           19
line 3     x         y                 0   0.0%            0
default    plugin:*  entity-fetch      4   4.3%            4
default    plugin:*  entity-facets     1   1.1%            1
all rules                             24  25.5%
kept                                  70  74.5%";
    assert_eq!(rules, expected);
    assert!(flags.starts_with("NOT TO BE LOST"), "{flags}");
    assert!(
        run.stderr.starts_with(
            "94 events · 2026-01-01T00:00:00Z … 2026-12-31T00:00:00Z · complete as of "
        ),
        "{run:?}"
    );
    let run = test(
        &home,
        &[
            "r.yaml",
            "--store",
            "h.db",
            "--plugin",
            "scaffolder",
            "--event",
            "task",
        ],
    );
    assert!(
        run.stdout
            .contains("kept                                  15  100.0%"),
        "{}",
        run.stdout
    );
}

#[test]
fn a_hundred_thousand_random_events_lose_what_another_evaluation_says() {
    let mut random = fastrand::Rng::with_seed(7);
    for round in 0..10 {
        let rules = random_rules(&mut random, 12);
        let synthetic = ["user:a".to_owned(), "*".to_owned()];
        let events: Vec<_> = (0..10_000).map(|n| random_event(&mut random, n)).collect();
        let in_force = Rules::new(&rules, &synthetic);
        let mut tally = Tally::new(&in_force);
        events.iter().for_each(|event| tally.add(event));
        let model = Model::new(&events, &with_defaults(&rules));
        let counts: Vec<_> = tally
            .counts()
            .iter()
            .map(|it| json!([it.lost, it.alone]))
            .collect();
        let told = json!([tally.events(), tally.lost(), counts]);
        assert_eq!(told, model.counts(18), "{round}");
        assert!(
            tally.lost() > 500 && tally.lost() < 9_000,
            "{}",
            tally.lost()
        );
        let flags: Vec<_> = tally
            .flags()
            .map(|(_, it)| {
                let examples: Vec<_> = it
                    .examples
                    .iter()
                    .map(|it| json!([it.id, it.rule]))
                    .collect();
                json!([it.lost, examples])
            })
            .collect();
        assert_eq!(Value::from(flags), model.flags(), "{round}");
        let excluded = |event: &Event| {
            let event: Value = serde_json::from_str(event.json()).unwrap();
            in_force.excludes(
                event["actor_id"].as_str(),
                event["event_id"].as_str().unwrap(),
            )
        };
        let places = (0..events.len()).filter(|n| excluded(&events[*n]));
        assert_eq!(places.collect::<Vec<_>>(), model.excluded(), "{round}");
    }
}

/// The rules that are in force, written out.
fn with_defaults(rules: &[Rule]) -> Vec<Rule> {
    let noisy = |actor: &str| {
        ["entity-fetch", "entity-facets"].map(|event| Rule {
            actor_id: actor.to_owned(),
            event_id: event.to_owned(),
        })
    };
    let literal_star = noisy(LITERAL_STAR);
    [rules, &noisy("plugin:*"), &noisy("user:a"), &literal_star].concat()
}

#[test]
fn random_events_in_a_store_and_behind_a_server_lose_the_same() {
    let mut random = fastrand::Rng::with_seed(8);
    let home = Home::new();
    let events: Vec<_> = (0..3_000).map(|n| random_event(&mut random, n)).collect();
    store(&home, &events);
    let rules = [
        ("user:*", "task"),
        ("*a*b", "entity-mutate"),
        ("*", "entity-fetch"),
        ("*[a]*", "task"),
    ];
    let rules = rules.map(|(actor, event)| Rule {
        actor_id: actor.to_owned(),
        event_id: event.to_owned(),
    });
    let text = rules.iter().map(|it| {
        format!(
            "- {{actorId: '{}', eventId: {}}}\n",
            it.actor_id, it.event_id
        )
    });
    home.write(
        "r.yaml",
        format!("excludeRules:\n{}", text.collect::<String>()),
    );
    let answer = json_of(&home, &["r.yaml"]);
    let defaults = &with_defaults(&[])[..2];
    let model = Model::new(&events, &[&rules[..], defaults].concat());
    let counts: Vec<_> = answer["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| json!([it["lost"], it["alone"]]))
        .collect();
    assert_eq!(
        json!([answer["events"], answer["lost"], counts]),
        model.counts(6)
    );
    let flags: Vec<_> = answer["flags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            let examples = it["examples"]
                .as_array()
                .unwrap()
                .iter()
                .map(|it| json!([it["id"], it["rule"]]));
            json!([it["lost"], examples.collect::<Vec<_>>()])
        })
        .collect();
    assert_eq!(Value::from(flags), model.flags());
}

#[test]
fn what_is_excluded_is_counted_and_never_stored() {
    let home = Home::new();
    let actor =
        |event: &str, actor: &str| line(event, &format!(r#","actor":{{"actorId":"{actor}"}}"#));
    let lines = [
        actor("entity-fetch", "plugin:search"),
        actor("entity-fetch", "user:default/a"),
        actor("task", "user:default/a"),
        actor("entity-facets", "user:default/robot"),
        line("task", ""),
        line("entity-fetch", ""),
    ];
    home.write("a.log", log(&lines));
    home.write(
        "r.yaml",
        "excludeRules:\n- actorId: 'user:*'\n  eventId: task\nsyntheticActors:\n- user:default/robot\n",
    );
    let run = home.run_well(&["ingest", "--store", "s.db", "--rules", "r.yaml", "a.log"]);
    assert_eq!(
        run.stderr,
        "read 6, stored 3, excluded 3, initiated 0, other 0, repaired 0, rejected 0\n\
         3 events carry no time of their own: theirs is when they were read\n"
    );
    let events: Vec<Value> = bodies(&home.path("s.db"))
        .iter()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect();
    let stored: Vec<_> = events
        .iter()
        .map(|it| (it["event_id"].as_str().unwrap(), it["actor_id"].as_str()))
        .collect();
    assert_eq!(
        stored,
        [
            ("entity-fetch", Some("user:default/a")),
            ("task", None),
            ("entity-fetch", None)
        ]
    );
    // What was left out was read: it does not come back when the rules go.
    let run = home.run_well(&["ingest", "--store", "s.db", "a.log"]);
    assert!(
        run.stderr.starts_with("read 0, stored 0, excluded 0,"),
        "{run:?}"
    );
    // A file of nothing else is read to its end, too.
    home.write("b.log", log(&vec![lines[0].clone(); 2_500]));
    let run = home.run_well(&["ingest", "--store", "s.db", "b.log"]);
    assert!(
        run.stderr
            .starts_with("read 2500, stored 0, excluded 2500,"),
        "{run:?}"
    );
    let run = home.run_well(&["ingest", "--store", "s.db", "b.log"]);
    assert!(run.stderr.starts_with("read 0, stored 0,"), "{run:?}");
}

#[test]
fn rules_with_an_error_are_not_acted_upon() {
    let home = Home::new();
    home.write("a.log", log(&[line("task", "")]));
    home.write(
        "r.yaml",
        "excludeRules:\n- actorID: 'user:*'\n  eventId: task\n",
    );
    let expected = "error: line 2 of r.yaml: unknown key 'actorID'; did you mean 'actorId'? — auditlog rules check \
                    names all there is to mend\n";
    for args in [
        &["ingest", "--store", "s.db", "--rules", "r.yaml", "a.log"][..],
        &["rules", "test", "r.yaml", "--demo"],
    ] {
        let run = home.run(args);
        assert_eq!(
            (run.code, run.stdout.as_str(), run.stderr.as_str()),
            (2, "", expected)
        );
    }
    assert_eq!(home.names(), ["a.log", "r.yaml"]);
}

#[test]
fn a_hostile_id_is_shown_harmless_and_short() {
    let home = Home::new();
    let mut draft = crate::support::served::draft(
        &format!("\u{1b}[2J{}", "x".repeat(5_000)),
        "2026-10-01T00:00:00Z",
    );
    draft.actor_id = Some("plugin:a".to_owned());
    draft.status = "failed".to_owned();
    store(&home, &[draft.into_event().unwrap()]);
    home.write("r.yaml", "excludeRules: []\n");
    let run = test(&home, &["r.yaml", "--store", "h.db"]);
    assert!(run.stdout.contains(r"\x1b[2Jxxx"), "{}", run.stdout);
    assert!(!run.stdout.contains('\u{1b}'));
    assert!(
        run.stdout.lines().all(|line| line.chars().count() < 200),
        "{}",
        run.stdout
    );
}
