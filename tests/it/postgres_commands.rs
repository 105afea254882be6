//! A database as a user meets it: TLS, passwords, and every command over it.

#![cfg(unix)]

use std::fs;

use auditlog::{query::Query, store::Store};

use crate::support::{
    Home, Run, TOKEN, authority::Authority, fixture, logs::RECORDING, postgres::Postgres,
    process::Serving,
};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn tls_is_believed_as_far_as_was_asked_for() {
    let authority = Authority::new();
    let (certificate, key) = authority.certificate("localhost", 2099);
    let mut server = Postgres::start(&["fsync=off"]);
    let home = Home::new();
    let roots = home.write("ca.pem", &authority.pem);
    let other = home.write("other.pem", Authority::new().pem);
    for (name, text) in [("server.crt", certificate), ("server.key", key)] {
        let path = server.dir().join("data").join(name);
        fs::write(&path, text).unwrap();
        server.give(&path);
    }
    server.set("ssl=on");
    server.kill();
    server.run();
    let url = server.database();
    let in_use = |more: &str, host: &str| {
        let url = url.replace("127.0.0.1", host);
        Store::open(format!("{url}?{more}"))
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    let full = format!("sslmode=verify-full&sslrootcert={}", roots.display());
    let only = "SELECT count(*) FILTER (WHERE ssl) || '/' || count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                WHERE application_name = 'auditlog'";
    let store = Store::open(format!("{}?{full}", url.replace("127.0.0.1", "localhost"))).unwrap();
    store.count(&Query::default()).await.unwrap();
    assert_eq!(server.psql("postgres", only), "1/1");
    for good in ["", "sslmode=disable", "sslmode=require"] {
        in_use(good, "127.0.0.1").unwrap();
    }
    in_use(&full, "localhost").unwrap();
    // Another name, another authority, none at all.
    for (bad, host) in [
        (full.clone(), "127.0.0.1"),
        (full.replace("ca.pem", "other.pem"), "localhost"),
        (
            format!("sslmode=require&sslrootcert={}", other.display()),
            "127.0.0.1",
        ),
        ("sslmode=verify-full".to_owned(), "localhost"),
    ] {
        let refused = in_use(&bad, host).unwrap_err();
        assert!(refused.contains("certificate"), "{bad}: {refused}");
        assert!(!refused.contains("sesame"), "{refused}");
    }
    in_use(&full.replace("verify-full", "verify-ca"), "127.0.0.1").unwrap();
    let nonsense = in_use("sslmode=yes", "127.0.0.1").unwrap_err();
    assert!(nonsense.ends_with("sslmode is disable, prefer, require, verify-ca or verify-full"));
    let missing = in_use("sslmode=verify-full&sslrootcert=/no/file", "localhost").unwrap_err();
    assert!(missing.contains("sslrootcert /no/file"), "{missing}");
}

/// Runs the program; what it says never holds the password.
fn run(home: &Home, args: &[&str], set: &[(&str, &str)]) -> Run {
    let mut command = home.command(args);
    command.envs(set.iter().copied());
    let run = Run::of(command.output().unwrap());
    assert!(!format!("{run:?}").contains("sesame"), "{run:?}");
    run
}

/// Asks a source for the ids of all events.
fn ids(home: &Home, source: &[&str], set: &[(&str, &str)]) -> Run {
    let events = [
        "events",
        "--since",
        "2020-01-01",
        "-o",
        "csv",
        "--columns",
        "id",
    ];
    run(home, &[&events, source].concat(), set)
}

/// As a user meets it: a URL in the environment or with a password file, every command, and no password anywhere.
#[test]
#[ignore = "needs PostgreSQL"]
fn the_commands_work_over_a_database() {
    let url = Postgres::shared().database();
    let plain = url.replace(":sesame@", "@");
    let home = Home::with_recording();
    fs::copy(fixture(RECORDING), home.path("app.jsonl")).unwrap();
    let refused = run(&home, &["ingest", "app.jsonl", "--store", &url], &[]);
    assert_eq!(refused.code, 2);
    assert_eq!(
        refused.stderr,
        "error: the URL of the store holds a password, and everybody on this machine can see it — leave it out of the \
         URL: PGPASSFILE names a file with it, or AUDITLOG_STORE holds the whole URL\n"
    );
    let whole = [("AUDITLOG_STORE", url.as_str())];
    let none = run(&home, &["events", "--since", "2020-01-01"], &whole);
    assert_eq!(none.code, 2, "{none:?}");
    assert!(
        none.stderr
            .contains("there is no store at postgres://postgres@127.0.0.1:"),
        "{none:?}"
    );

    let ingested = run(&home, &["ingest", "app.jsonl"], &whole);
    let said = "read 182, stored 89, excluded 5, initiated 87, other 1, repaired 0, rejected 0\n";
    assert!(
        ingested.code == 0 && ingested.stderr.contains(said),
        "{ingested:?}"
    );
    let again = run(&home, &["ingest", "app.jsonl"], &whole);
    assert!(
        again.code == 0 && again.stderr.contains("read 0, stored 0,"),
        "{again:?}"
    );

    let password = home.write_private("pgpass", "127.0.0.1:*:*:postgres:sesame\n");
    let file = [("PGPASSFILE", password.to_str().unwrap())];
    let told = ids(&home, &["--store", &plain], &file);
    assert_eq!(
        (told.code, told.stdout.lines().count()),
        (0, 90),
        "{told:?}"
    );
    let of_sqlite = ids(&home, &["--store", "s.db"], &[]);
    assert_eq!(told.stdout, of_sqlite.stdout);
    let wrong = ids(&home, &["--store", &plain], &[("PGPASSWORD", "wrong")]);
    assert_eq!(wrong.code, 2, "{wrong:?}");
    assert!(
        wrong.stderr.contains("password authentication failed"),
        "{wrong:?}"
    );
}

/// What looks after a store, and a server over it.
#[test]
#[ignore = "needs PostgreSQL"]
fn a_database_is_looked_after_and_served() {
    let url = Postgres::shared().database();
    let home = Home::with_recording();
    fs::copy(fixture(RECORDING), home.path("app.jsonl")).unwrap();
    let whole = [("AUDITLOG_STORE", url.as_str())];
    assert_eq!(run(&home, &["ingest", "app.jsonl"], &whole).code, 0);
    let info = run(&home, &["store", "info"], &whole);
    assert!(info.stdout.contains("Events   89\n"), "{info:?}");
    assert_eq!(
        run(&home, &["store", "check"], &whole).stdout,
        "sound: 89 events\n"
    );
    let backup = run(&home, &["store", "backup", "copy.db"], &whole);
    assert!(backup.stderr.contains("pg_dump"), "{backup:?}");
    let explained = run(
        &home,
        &["events", "--explain", "--since", "2020-01-01"],
        &whole,
    );
    assert!(
        explained.stdout.contains("postgres://postgres@"),
        "{explained:?}"
    );

    let config = format!(
        "backend: {{auth: {{externalAccess: [{{type: static, options: {{token: {TOKEN}, subject: 'external:x'}}}}]}}}}\n\
         auditLog: {{store: '{url}'}}\n"
    );
    home.write_private("app-config.yaml", config);
    let serving = Serving::start(&home, &["--config", "app-config.yaml"]);
    let asked = ids(
        &home,
        &["--url", &serving.url],
        &[("AUDITLOG_TOKEN", TOKEN)],
    );
    let of_sqlite = ids(&home, &["--store", "s.db"], &[]);
    assert_eq!(asked.stdout, of_sqlite.stdout);
    let pruned = run(&home, &["store", "prune", "--before", "2030-01-01"], &whole);
    assert_eq!(
        pruned.stdout,
        "89 events before 2030-01-01T00:00:00Z deleted\n"
    );
}
