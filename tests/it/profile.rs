//! `auditlog profile`, and the files behind it.

#![cfg(unix)]

use std::{fs, os::unix::fs::PermissionsExt};

use crate::support::{CONFIG, Home, Run};

#[test]
fn a_profile_is_added_listed_shown_used_and_removed() {
    let home = Home::new();
    let run = home.run_well(&["profile", "list"]);
    assert_eq!(run.stdout, "");
    assert_eq!(
        run.stderr,
        "no profiles; add one: auditlog profile add NAME --url URL\n"
    );
    let run = home.run_well(&[
        "profile",
        "add",
        "prod",
        "--url",
        "https://p.example/portal",
    ]);
    let path = home.path(CONFIG);
    let said = format!(
        "profile 'prod' is kept in {}\n'prod' is the default profile\nnext: auditlog token set --profile prod\n",
        path.display()
    );
    assert_eq!((run.stdout.as_str(), run.stderr), ("", said));
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    home.done(&[
        "profile", "add", "a.b-c_1", "--store", "trail.db", "--output", "csv",
    ]);
    let store = home
        .path("trail.db")
        .canonicalize()
        .unwrap_or(home.path("trail.db"));
    let list = format!(
        "   NAME     SOURCE\n   a.b-c_1  {}\n*  prod     https://p.example/portal\n",
        store.display()
    );
    assert_eq!(home.run_well(&["profile", "list"]).stdout, list);
    let expected = format!(
        "default_profile = \"prod\"\n\n[profiles.prod]\nurl = \"https://p.example/portal\"\n\n[profiles.\"a.b-c_1\"]\n\
         store = \"{}\"\noutput = \"csv\"\n",
        store.display()
    );
    assert_eq!(home.read(CONFIG), expected);
    home.done(&["profile", "use", "a.b-c_1"]);
    let list = home.run_well(&["profile", "list"]).stdout;
    assert!(list.contains("\n*  a.b-c_1"), "{list}");
    let run = home.run_well(&["profile", "remove", "a.b-c_1"]);
    assert_eq!(run.stderr, "profile 'a.b-c_1' is removed\n");
    let left = "[profiles.prod]\nurl = \"https://p.example/portal\"\n";
    assert_eq!(home.read(CONFIG).trim_start(), left);
}

const SETTINGS: &str = r#"
default_profile = "prod"
[profiles.prod]
url = "https://p.example/"
allow_plain_http = true
ca_cert = "/etc/ca.pem"
tz = "Asia/Tokyo"
[profiles.vault]
url = "https://v.example"
token_command = ["op", "read", "op://a secret place"]
[profiles.kept]
store = "/var/trail.db"
output = "csv"
"#;

#[test]
fn each_setting_names_who_said_so() {
    let home = Home::new();
    home.write_config(SETTINGS);
    let show = |args: &[&str], variables: &[(&str, &str)]| {
        let mut command = home.command(&[&["profile", "show"], args].concat());
        let run = Run::of(command.envs(variables.iter().copied()).output().unwrap());
        assert_eq!(run.code, 0, "{run:?}");
        run.stdout
    };
    let expected = "\
SETTING           VALUE              FROM
profile           prod               default_profile
url               https://p.example  profile 'prod'
token             none               credentials.toml, profile 'prod'
ca_cert           /etc/ca.pem        profile 'prod'
allow_plain_http  true               profile 'prod'
output            table              built in
tz                Asia/Tokyo         profile 'prod'
";
    assert_eq!(show(&[], &[]), expected);
    let variables = [
        ("AUDITLOG_PROFILE", "vault"),
        ("AUDITLOG_CA_CERT", "/my/ca.pem"),
    ];
    let expected = "\
SETTING           VALUE              FROM
profile           vault              AUDITLOG_PROFILE
url               https://v.example  profile 'vault'
token             (not shown)        token_command 'op'
ca_cert           /my/ca.pem         AUDITLOG_CA_CERT
allow_plain_http  false              built in
output            table              built in
tz                local              built in
";
    assert_eq!(show(&[], &variables), expected);
    let variables = [
        ("AUDITLOG_URL", "http://localhost:7007/x"),
        ("AUDITLOG_TOKEN", "sesame-open"),
    ];
    let expected = "\
SETTING           VALUE                    FROM
url               http://localhost:7007/x  AUDITLOG_URL
token             (not shown)              AUDITLOG_TOKEN
ca_cert           the system's alone       built in
allow_plain_http  false                    built in
output            table                    built in
tz                local                    built in
";
    assert_eq!(show(&[], &variables), expected);
    let expected = "\
SETTING  VALUE          FROM
profile  kept           --profile
store    /var/trail.db  profile 'kept'
output   csv            profile 'kept'
tz       local          built in
";
    assert_eq!(show(&["kept"], &variables), expected);
}

#[test]
fn comments_and_order_survive_every_change() {
    let home = Home::new();
    let text = "# ours\ndefault_profile = \"a\" # the one\n\n# first\n[profiles.a]\nurl = \"https://a.example\" # here\n\n\
                # second\n[profiles.z]\nurl = 'https://z.example'\n";
    home.write_config(text);
    home.done(&["profile", "add", "m", "--url", "https://m.example"]);
    let added = format!("{text}\n[profiles.m]\nurl = \"https://m.example\"\n");
    assert_eq!(home.read(CONFIG), added);
    home.done(&["profile", "use", "z"]);
    let used = home.read(CONFIG);
    for comment in [
        "# ours\n",
        "# the one",
        "# first\n",
        "# here\n",
        "# second\n",
    ] {
        assert!(used.contains(comment), "{comment}: {used}");
    }
    assert!(used.contains("default_profile = \"z\""), "{used}");
    home.done(&["profile", "use", "a"]);
    home.done(&["profile", "remove", "m"]);
    assert_eq!(home.read(CONFIG), text);
}

#[test]
fn what_cannot_be_a_profile_is_not_saved() {
    let home = Home::new();
    home.done(&["profile", "add", "taken", "--url", "https://t.example"]);
    let before = home.read(CONFIG);
    let name = "cannot be the name of a profile — use letters, digits, '-', '_' and '.'";
    let url = ["--url", "https://a.example"];
    let long = "x".repeat(65);
    for (args, said) in [
        (&["a b", url[0], url[1]][..], format!("'a b' {name}")),
        (&["", url[0], url[1]], format!("'' {name}")),
        (&["ä", url[0], url[1]], format!("'ä' {name}")),
        (&["a]\n[x", url[0], url[1]], format!("'a]\\n[x' {name}")),
        (&[&long, url[0], url[1]], format!("'{long}' {name}")),
        (&["taken", url[0], url[1]], "profile 'taken' exists already — add --replace, or choose another name".into()),
        (&["a", "--url", "p.example"], "'p.example' is not a URL — write it like https://portal.example.com".into()),
        (
            &["a", "--url", "ftp://p.example"],
            "'ftp://p.example' is neither an https nor an http URL — write it like https://portal.example.com".into(),
        ),
        (
            &["a", "--url", "https://me:sesame@p.example"],
            "the URL carries a user name or a password — write it like https://portal.example.com".into(),
        ),
        (
            &["a", "--tz", "Mars", url[0], url[1]],
            "'Mars' is not the name of a time zone — write a name like Europe/Berlin or America/New_York, or use --utc"
                .into(),
        ),
    ] {
        let run = home.run(&[&["profile", "add"], args].concat());
        assert_eq!((run.code, run.stderr), (2, format!("error: {said}\n")));
    }
    for command in ["use", "remove", "show"] {
        let run = home.run(&["profile", command, "nowhere"]);
        let said = "error: there is no profile 'nowhere' — there are: taken\n";
        assert_eq!((run.code, run.stderr.as_str()), (2, said));
    }
    assert_eq!(home.read(CONFIG), before);
    home.done(&["profile", "add", "taken", "--replace", url[0], url[1]]);
    assert_eq!(home.read(CONFIG), before.replace("t.example", "a.example"));
}

#[test]
fn a_list_of_profiles_shows_no_password() {
    let home = Home::new();
    home.write_config(
        "[profiles.a]\nstore = \"postgres://u:sesame@h/db?password=sesame\"\n\
         [profiles.b]\nurl = \"https://user:sesame@h/\"\n",
    );
    let run = home.run_well(&["profile", "list"]);
    assert!(run.stdout.contains("postgres://u@h/db"), "{run:?}");
    assert!(!run.stdout.contains("sesame"), "{run:?}");
}
