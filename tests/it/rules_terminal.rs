//! `rules test` and `rules check` on terminals, narrow and wide.

#![cfg(unix)]

use auditlog::{api::Draft, store::Writer};

use crate::support::{Home, pty::Terminal, served::draft};

/// Two rules that drop, one that does not, and events of which some should not be lost.
fn home() -> Home {
    let home = Home::new();
    let event = |id: &str, hour: u32, actor: &str, status: &str| {
        let time = format!("2026-10-01T{hour:02}:00:00Z");
        let draft = Draft {
            actor_id: Some(actor.to_owned()),
            status: status.to_owned(),
            ..draft(id, &time)
        };
        draft.into_event().unwrap()
    };
    let robot = "plugin:search-backend-module-catalog";
    let events = [
        event(
            "0b5dfd2f-1005-5fd5-8e09-201a682cfe9d",
            1,
            robot,
            "succeeded",
        ),
        event(
            "9ee71211-d48a-5ca5-bcb8-348f29963abe",
            2,
            "user:default/a",
            "failed",
        ),
        event("0656f593-85c0-55a5-b90f-d8b7fe1d7654", 3, robot, "failed"),
        event("\u{1b}[2J日本語日本語\n", 4, robot, "failed"),
    ];
    let mut writer = Writer::open(home.path("h.db")).unwrap();
    writer.append(&events, None).unwrap();
    let robot = format!("{{actorId: '{robot}', eventId: entity-fetch}}");
    home.write(
        "r.yaml",
        format!("excludeRules:\n- {robot}\n- {{actorId: 'user:*', eventId: entity-facets}}\n"),
    );
    home
}

const TEST: [&str; 9] = [
    "rules",
    "test",
    "r.yaml",
    "--store",
    "h.db",
    "--since",
    "2026-10-01T00:00:00Z",
    "--until",
    "2026-10-02T00:00:00Z",
];

/// What the screen shows in the end, and the bytes that came to it.
fn screen(home: &Home, columns: u16, args: &[&str], code: u32) -> String {
    let terminal = Terminal::start(home, columns, args);
    let (ended, contents) = terminal.end();
    assert_eq!(ended, code, "{contents}");
    let lines = contents.lines().map(str::trim_end);
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn rules_test_fits_a_narrow_terminal() {
    let expected = "\
RULE       ACTOR        EVENT       LOST
line 2     plugin:sea…  entity-fe…     3
line 3     user:*       entity-fa…     0
default    plugin:*     entity-fe…     3
default    plugin:*     entity-fa…     0
all rules                              3
kept                                   1

NOT TO BE LOST    LOST
failed               2
  \\x1b[2J日本語日本語\\n
  0656f593-85c0-55a5-b90f-d8b7fe1d7654
high or critical     0
changes              0
";
    assert_eq!(
        screen(&home(), 40, &[&TEST[..], &["-q"]].concat(), 0),
        expected
    );
}

#[test]
fn rules_test_fits_a_usual_terminal() {
    let expected = "\
RULE       ACTOR                         EVENT          LOST  SHARE  BY IT ALONE
line 2     plugin:search-backend-modul…  entity-fetch      3  75.0%            0
line 3     user:*                        entity-facets     0   0.0%            0
default    plugin:*                      entity-fetch      3  75.0%            0
default    plugin:*                      entity-facets     0   0.0%            0
all rules                                                  3  75.0%
kept                                                       1  25.0%

NOT TO BE LOST    LOST
failed               2
  \\x1b[2J日本語日本語\\n                 2026-10-01T04:00:00Z  by line 2
  0656f593-85c0-55a5-b90f-d8b7fe1d7654  2026-10-01T03:00:00Z  by line 2
high or critical     0
changes              0
";
    assert_eq!(
        screen(&home(), 80, &[&TEST[..], &["-q"]].concat(), 0),
        expected
    );
}

#[test]
fn rules_test_cuts_nothing_on_a_wide_terminal() {
    let home = home();
    let piped = home.run_well(&[&TEST[..], &["-q"]].concat());
    let shown = screen(&home, 200, &[&TEST[..], &["-q"]].concat(), 0);
    assert_eq!(shown, piped.stdout);
    assert!(!shown.contains('…'), "{shown}");
}

#[test]
fn colours_say_what_matters_and_can_be_left_out() {
    let home = home();
    let written = |color: &str| {
        let args = [&TEST[..], &["-q", "--color", color]].concat();
        let mut terminal = Terminal::start(&home, 80, &args);
        terminal.wait_for("changes");
        String::from_utf8(terminal.written).unwrap()
    };
    let plain = written("never");
    assert!(!plain.contains('\u{1b}'), "{plain:?}");
    let colored = written("always");
    for painted in [
        "\u{1b}[1mRULE ",
        "\u{1b}[2mline 3 ",
        "\u{1b}[31mfailed ",
        "\u{1b}[1mkept ",
    ] {
        assert!(colored.contains(painted), "{painted:?}: {colored:?}");
    }
    let codes = ["0", "1", "2", "31"].map(|code| format!("\u{1b}[{code}m"));
    let bare = codes
        .iter()
        .fold(colored, |text, code| text.replace(code, ""));
    assert_eq!(bare, plain);
}

const BAD: &str = "excludeRules:
- {actorID: 'user:*', eventId: task}
- {actorId: 'user:*', eventId: task}
";

#[test]
fn rules_check_breaks_its_lines_between_words() {
    let home = Home::new();
    home.write("r.yaml", BAD);
    let expected = "\
r.yaml:2: error: unknown key 'actorID';
  did you mean 'actorId'?
r.yaml:3: warning: this drops what
  people do, failures and high severity
  included: see what, with auditlog
  rules test
error: r.yaml has 1 error — mend the
  lines that are named above
";
    assert_eq!(
        screen(&home, 40, &["rules", "check", "r.yaml", "-q"], 2),
        expected
    );
    let piped = home.run(&["rules", "check", "r.yaml", "-q"]);
    let shown = screen(&home, 200, &["rules", "check", "r.yaml", "-q"], 2);
    assert_eq!(shown, format!("{}{}", piped.stdout, piped.stderr));
    let piped = home.run(&["rules", "check", "r.yaml", "--color", "always"]);
    let painted = "r.yaml:2: \u{1b}[31merror:\u{1b}[0m unknown key";
    assert!(piped.stdout.starts_with(painted), "{piped:?}");
}
