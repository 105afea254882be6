//! `auditlog rules check`: what is wrong with a file of rules, line by line.

use crate::support::{Home, Run, fixture};

fn check(text: &str) -> Run {
    let home = Home::new();
    home.write("r.yaml", text);
    home.run(&["rules", "check", "r.yaml"])
}

/// The findings of a text without the file's name.
fn findings(text: &str) -> Vec<String> {
    let run = check(text);
    let has_errors = run.stdout.contains(": error: ");
    assert_eq!(run.code, if has_errors { 2 } else { 0 }, "{run:?}");
    let lines = run.stdout.lines();
    lines
        .map(|line| line.strip_prefix("r.yaml:").unwrap().to_owned())
        .collect()
}

#[test]
fn what_is_wrong_with_rules_is_named_with_its_line() {
    let text = "\
excludeRules:
- actorID: 'plugin:a'
  eventId: task
- actorId: plugin:b
- eventId: task
- actorId: plugin:c
  eventId: entity-*
- actorId: plugin:d
  eventId: demo
  colour: red
- actorId: 5
  eventId: [a]
- just text
- actorId: ''
  eventId:
- actor: plugin:e
  event_id: task
- actorId: true
  eventId: {}
syntheticActors:
- user:default/a
- 7
- user:default/*
- user:default/a
";
    let expected = [
        "2: error: unknown key 'actorID'; did you mean 'actorId'?",
        "4: error: the rule has no eventId: it needs both actorId and eventId",
        "5: error: the rule has no actorId: it needs both actorId and eventId",
        "7: error: eventId has no wildcards: the * in it stands for itself",
        "10: error: unknown key 'colour'",
        "11: error: actorId is a number, not a text",
        "12: error: eventId is a list, not a text",
        "13: error: a rule is a text, not a mapping",
        "14: error: actorId is empty: it matches nothing",
        "15: error: eventId is nothing, not a text",
        "16: error: unknown key 'actor'; did you mean 'actorId'?",
        "17: error: unknown key 'event_id'; did you mean 'eventId'?",
        "18: error: actorId is true or false, not a text",
        "19: error: eventId is a mapping, not a text",
        "22: error: a synthetic actor is a number, not a text",
        "23: warning: a synthetic actor is taken literally: the * stands for itself",
        "24: warning: this actor is in line 21 already",
    ];
    assert_eq!(findings(text), expected);
    let run = check(text);
    assert_eq!(
        run.stderr,
        "1 usable rule: 15 errors, 2 warnings\n\
         error: r.yaml has 15 errors — mend the lines that are named above\n"
    );
}

#[test]
fn rules_that_drop_nothing_more_and_rules_that_reach_people_are_warnings() {
    let text = "\
auditLog:
  excludeRules:
  - { actorId: 'plugin:*', eventId: entity-fetch }
  - { actorId: 'plugin:search', eventId: entity-facets }
  - { actorId: 'plugin:search', eventId: task }
  - { actorId: 'plugin:s*', eventId: task }
  - { actorId: 'plugin:s**', eventId: task }
  - { actorId: 'plugin:search', eventId: task }
  - { actorId: 'user:default/*', eventId: demo }
  - { actorId: 'user:*/*', eventId: demo }
  - { actorId: '*', eventId: location-fetch }
  - { actorId: 'user:default/a', eventId: demo2 }
  - { actorId: 'plugin:x', eventId: demo }
";
    let reach = "warning: this drops what people do, failures and high severity included: see what, with auditlog \
                 rules test";
    let changes = "warning: this drops changes, those that failed included: see which, with auditlog rules test";
    let expected = [
        "3: warning: the default 'plugin:*' 'entity-fetch' is the same".to_owned(),
        "4: warning: the default 'plugin:*' 'entity-facets' covers this one: it drops nothing more"
            .to_owned(),
        "5: warning: the rule in line 6 covers this one: it drops nothing more".to_owned(),
        format!("6: {changes}"),
        "7: warning: the rule in line 6 covers this one: it drops nothing more".to_owned(),
        "8: warning: the rule in line 5 is the same".to_owned(),
        "9: warning: the rule in line 10 covers this one: it drops nothing more".to_owned(),
        format!("10: {reach}"),
        format!("11: {reach}"),
        format!("12: {reach}"),
    ];
    assert_eq!(findings(text), expected);
    assert_eq!(
        check(text).stderr,
        "11 usable rules: 0 errors, 10 warnings\n"
    );
}

#[test]
fn a_whole_configuration_is_read_for_its_rules_alone() {
    let home = Home::new();
    let file = fixture("rules/rules.yaml");
    let run = home.run_well(&["rules", "check", file.to_str().unwrap()]);
    let lines: Vec<_> = run
        .stdout
        .lines()
        .map(|it| it.rsplit_once("rules.yaml:").unwrap().1)
        .collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[0].starts_with("6: warning: this drops what people do"));
    assert!(lines[1].starts_with("8: warning: this drops what people do"));
    assert_eq!(
        lines[2],
        "11: warning: the rule in line 8 covers this one: it drops nothing more"
    );
    let text = "\
app: { baseUrl: 'https://x', list: [1, .nan, 0x1F, 1e400, 2001-01-01, yes, ~] }
auth: &a { environment: development }
again: *a
audit: {}
excludeRules: []
";
    assert_eq!(findings(text), [""; 0]);
    assert_eq!(check(text).stderr, "0 usable rules: 0 errors, 0 warnings\n");
}

#[test]
fn what_is_no_file_of_rules_says_so() {
    for (text, expected) in [
        (
            "",
            "1: error: there are no excludeRules, neither at the top level nor under auditLog",
        ),
        (
            "app: {}\n",
            "1: error: there are no excludeRules, neither at the top level nor under auditLog",
        ),
        ("- a\n", "1: error: the file is a list, not a mapping"),
        (
            "excludeRule: []\n",
            "1: error: unknown key 'excludeRule'; did you mean 'excludeRules'?",
        ),
        (
            "\naudit_log:\n  excludeRules: []\n",
            "2: error: unknown key 'audit_log'; did you mean 'auditLog'?",
        ),
        (
            "auditLog:\n  excludedRules: []\n",
            "2: error: unknown key 'excludedRules'; did you mean 'excludeRules'?",
        ),
        (
            "auditLog: yes\n",
            "1: error: auditLog is a text, not a mapping",
        ),
        (
            "excludeRules:\n",
            "1: error: excludeRules is nothing, not a list",
        ),
        (
            "excludeRules:\n  actorId: a\n  eventId: b\n",
            "2: error: excludeRules is a mapping, not a list",
        ),
        (
            "excludeRules:\n- actorId: *\n  eventId: task\n",
            "2: error: a * that begins a value needs quotes: '*'",
        ),
        (
            "excludeRules:\n- actorId: a\n  eventId: *x\n",
            "3: error: a * that begins a value needs quotes: '*'",
        ),
        (
            "excludeRules: []\nexcludeRules: []\n",
            "2: error: this key is there already",
        ),
        (
            "excludeRules:\n- {actorId: a, eventId: b}\n---\nx: 1\n",
            "4: error: a second document begins here: one is expected",
        ),
        (
            "excludeRules:\n- actorId: [\n",
            "2: error: this is not YAML: unclosed bracket '['",
        ),
    ] {
        assert_eq!(findings(text), [expected], "{text}");
    }
    let found = findings("excludeRules: \"\u{1b}[2J\n");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("error: this is not YAML: "), "{found:?}");
    assert!(found[0].len() < 300 && !found[0].contains('\u{1b}'));
}

#[test]
fn a_file_that_cannot_be_read_or_is_no_text_is_wrong_usage() {
    let home = Home::new();
    home.write("large", "#".repeat((1 << 20) + 1));
    home.write("latin", b"excludeRules: [] # \xe9\n");
    for (file, said) in [
        ("absent", "cannot read absent: "),
        (
            "large",
            "cannot read large: it is larger than 1048576 bytes — give the rules a file of their own",
        ),
        ("latin", "cannot read latin: "),
    ] {
        let run = home.run(&["rules", "check", file]);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run:?}");
        assert!(run.stderr.contains(said), "{run:?}");
    }
}

/// Each of ten levels stands for ten of the one before: ten billion nodes, were they made.
fn bomb() -> String {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let alias = format!("*a{}", level - 1);
        text += &format!("a{level}: &a{level} [{}]\n", vec![alias; 10].join(", "));
    }
    text + "excludeRules: *a9\n"
}

#[test]
fn hostile_yaml_stays_small() {
    let long = format!(
        "x: &x {}\nexcludeRules: [{}]\n",
        "y".repeat(500_000),
        ["*x"; 900].join(", ")
    );
    let deep = format!("excludeRules: {}", "[".repeat(100_000));
    let wide = format!("excludeRules: [{}]", "1,".repeat(400_000));
    let key = format!("excludeRules: [{{ {}: 1 }}]", "k".repeat(900));
    let actor = format!(
        "excludeRules: [{{ actorId: '{}', eventId: x }}]",
        "*a".repeat(100_000)
    );
    for text in [bomb(), long, deep, wide, key, actor] {
        let run = check(&text);
        assert_eq!(run.code, 2, "{:.300}", run.stdout);
        assert!(
            run.stdout.lines().all(|line| line.len() < 400),
            "{:.300}",
            run.stdout
        );
    }
}

#[test]
fn a_thousand_rules_are_held_against_each_other_and_no_more() {
    let rule = |n: usize| {
        format!(
            "- {{ actorId: '{}b{n}', eventId: task }}\n",
            "*a".repeat(60)
        )
    };
    let rules: String = (0..1_001).map(rule).collect();
    let found = findings(&format!("excludeRules:\n{rules}"));
    let last = "1002: error: there are more than 1000 of excludeRules";
    assert_eq!(found.last().map(String::as_str), Some(last));
    assert_eq!(found.len(), 1_001);
}
