//! SIGHUP: a running server reads its configuration again, or keeps the old one.

#![cfg(unix)]

use auditlog::api::AUDIT_EVENT_PATH;
use serde_json::Value;

use crate::support::{
    Home, TOKEN, contract,
    posting::{allow, counts, request, sent_with, told},
    process::Serving,
    served::{ALL, client},
};

fn serve(home: &Home) -> Serving {
    Serving::start(home, &["--store", "s.db", "--config", "app-config.yaml"])
}

fn status(serving: &Serving, token: &str) -> u16 {
    let asked = contract::request("GET", AUDIT_EVENT_PATH, token, "");
    contract::exchange(serving, &asked).status
}

#[test]
fn a_hangup_reads_tokens_again_or_keeps_the_old_ones() {
    let home = Home::with_recording();
    let with = |token: &str, own: &str| {
        let list = format!("[{{type: static, options: {{token: {token}, subject: a}}}}]");
        home.write_private(
            "app-config.yaml",
            format!("backend: {{auth: {{externalAccess: {list}}}}}\n{own}"),
        );
    };
    with("the-first-token", "");
    let mut serving = serve(&home);
    assert_eq!(status(&serving, "the-first-token"), 200);
    with(
        "the-second-token",
        "auditLog: {listen: '127.0.0.1:1', https: null}",
    );
    serving.signal("HUP");
    assert_eq!(
        serving.said(),
        "warning: auditLog.listen has changed: that needs a restart"
    );
    assert_eq!(serving.said(), "the configuration was read again: 1 token");
    assert_eq!(status(&serving, "the-first-token"), 401);
    assert_eq!(status(&serving, "the-second-token"), 200);
    with("the-third-token", "auditLog: {lisen: x}");
    serving.signal("HUP");
    assert_eq!(
        serving.said(),
        "error: app-config.yaml:2: unknown key 'lisen' in auditLog; did you mean 'listen'?: the old configuration stays"
    );
    assert_eq!(status(&serving, "the-second-token"), 200);
    assert_eq!(status(&serving, "the-third-token"), 401);
    home.write("app-config.yaml", "backend: {}\n");
    serving.signal("HUP");
    assert!(serving.said().ends_with(": the old configuration stays"));
    assert_eq!(status(&serving, "the-second-token"), 200);
    serving.signal("TERM");
    let run = serving.wait();
    assert_eq!((run.code, run.stderr.as_str()), (0, "stopped\n"));
}

#[test]
fn without_a_configuration_a_hangup_ends_it() {
    let home = Home::with_recording();
    let serving = Serving::store(&home, "s.db");
    serving.signal("HUP");
    let run = serving.wait();
    assert_eq!((run.code, run.stderr.as_str()), (0, "stopped\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hangup_changes_what_is_stored() {
    let home = Home::new();
    let write = |own: &str| home.write_private("app-config.yaml", allow(own));
    write("");
    let mut serving = serve(&home);
    let client = client();
    let url = serving.url.clone();
    let post = async |id: &str| {
        let event = sent_with(id, r#","meta":{"colour":"sesame","size":"0123456789"}"#);
        counts(&told(request(&client, &url, event)).await)
    };
    let meta = async |id: &str| -> Value {
        let url = format!("{url}{AUDIT_EVENT_PATH}?{ALL}");
        let answer = client.get(url).bearer_auth(TOKEN).send().await.unwrap();
        let page: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        let mut events = page["data"].as_array().unwrap().iter();
        let event = events.find(|event| event["id"] == id).unwrap();
        event["meta"].clone()
    };
    assert_eq!(post("a").await, "stored 1");
    assert_eq!(meta("a").await["colour"], "sesame");
    for (own, id, expected) in [
        (
            "excludeRules: [{actorId: 'user:default/*', eventId: entity-mutate}]",
            "b",
            "excluded 1",
        ),
        (
            "redact: {keys: ['col*'], maxValueBytes: 5}",
            "c",
            "stored 1",
        ),
    ] {
        write(&format!("auditLog: {{{own}}}\n"));
        serving.signal("HUP");
        assert_eq!(serving.said(), "the configuration was read again: 1 token");
        assert_eq!(post(id).await, expected, "{own}");
    }
    let meta = meta("c").await;
    assert_eq!(meta["colour"], "[redacted]");
    assert!(
        meta["size"]
            .as_str()
            .unwrap()
            .starts_with("[removed: 10 bytes"),
        "{meta}"
    );
}

#[test]
fn what_needs_a_restart_is_named() {
    let home = Home::new();
    let write = |own: &str| home.write_private("app-config.yaml", allow(own));
    write("auditLog: {stopWithin: 5s}\n");
    let mut serving = serve(&home);
    for (key, own) in [
        ("listen", "listen: '127.0.0.1:1', stopWithin: 5s"),
        ("store", "store: other.db, stopWithin: 5s"),
        ("retention", "retention: 400d, stopWithin: 5s"),
        ("log", "log: {level: error}, stopWithin: 5s"),
        ("metrics", "metrics: true, stopWithin: 5s"),
        ("stopWithin", "stopWithin: 6s"),
    ] {
        write(&format!("auditLog: {{{own}}}\n"));
        serving.signal("HUP");
        let said = format!("warning: auditLog.{key} has changed: that needs a restart");
        assert_eq!(serving.said(), said);
        assert_eq!(serving.said(), "the configuration was read again: 1 token");
    }
    for own in [
        "auditReads: true",
        "trustedProxies: ['10.0.0.1']",
        "syntheticActors: [a]",
    ] {
        write(&format!("auditLog: {{{own}, stopWithin: 5s}}\n"));
        serving.signal("HUP");
        assert_eq!(serving.said(), "the configuration was read again: 1 token");
    }
}

#[test]
fn a_file_that_never_ends_holds_up_no_reader() {
    let home = Home::new();
    home.write_private("token", "the-token-of-a-file\n");
    let list = "[{type: static, options: {token: {$file: token}, subject: a}}]";
    let config = format!("backend: {{auth: {{externalAccess: {list}}}}}\n");
    home.write_private("app-config.yaml", config);
    let mut serving = serve(&home);
    std::fs::remove_file(home.path("token")).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(home.path("token"))
        .status();
    assert!(made.unwrap().success());
    serving.signal("HUP");
    for _ in 0..5 {
        assert_eq!(status(&serving, "the-token-of-a-file"), 200);
    }
    let said =
        "error: the configuration was not read within ten seconds: the old configuration stays";
    assert_eq!(serving.said(), said);
    assert_eq!(status(&serving, "the-token-of-a-file"), 200);
    serving.signal("TERM");
    assert_eq!(serving.wait().code, 0);
}
