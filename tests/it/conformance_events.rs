//! The contract of the API, line by line: what becomes of an event that is sent to `auditlog serve`.

#![cfg(unix)]

use auditlog::api::AUDIT_EVENT_PATH;
use serde_json::{Map, Value, json};

use crate::support::{
    Home,
    contract::{ADMIN, READER, events_of, exchange, request, rows, serve},
    process::Serving,
    recorded::{body, recorded},
    served::ALL,
};

/// A Backstage audit event, changed so, gives a stored event in which this stands.
const STORED: &str = r#"
id                   | {}                                    | {"id": "e"}
event_time           | {}                                    | {"event_time": "2026-11-21T10:00:00Z"}
plugin_id, event_id  | {}                                    | {"plugin_id": "catalog", "event_id": "entity-mutate"}
severity_level       | {"severityLevel": "critical"}         | {"severity_level": "critical"}
  low where absent   | {}                                    | {"severity_level": "low"}
status               | {}                                    | {"status": "succeeded"}
                     | {"status": "failed"}                  | {"status": "failed"}
  initiated          | {"status": "initiated"}               | null
actor_id             | {"actor": {"actorId": "user:a/b"}}    | {"actor_id": "user:a/b", "actor_type": "user"}
  another kind       | {"actor": {"actorId": "plugin:a"}}    | {"actor_id": "plugin:a", "actor_type": "service"}
  no kind            | {"actor": {"actorId": "username"}}    | {"actor_id": "username", "actor_type": "service"}
  anonymous          | {"actor": {}}                         | {"actor_id": null, "actor_type": "service"}
request_*            | {"request": {"method": "PUT", "url": "/a?b"}} | {"request_method": "PUT", "request_url": "/a?b"}
  none               | {}                                    | {"request_method": null, "request_url": null}
action_type          | {"meta": {"actionType": "a", "x": 1}} | {"action_type": "a", "query_type": null, "meta": {"x": 1}}
query_type           | {"meta": {"queryType": "a", "x": 1}}  | {"query_type": "a", "entity_ref": null, "meta": {"x": 1}}
entity_ref           | {"meta": {"entityRef": "a", "x": 1}}  | {"entity_ref": "a", "action_type": null, "meta": {"x": 1}}
meta                 | {}                                    | {"meta": {}}
  the rest, as it is | {"meta": {"z": [1.50, null], "a": {"b": true}}} | {"meta": {"z": [1.50, null], "a": {"b": true}}}
  the error          | {"status": "failed", "error": {"name": "E", "message": "m"}} | {"meta": {"error": {"name": "E", "message": "m"}}}
  the actor          | {"actor": {"actorId": "a", "ip": "i", "hostname": "h", "userAgent": "u"}} | {"meta": {"actor": {"ip": "i", "hostname": "h", "userAgent": "u"}}}
  unless it has them | {"error": {"name": "E"}, "actor": {"ip": "i"}, "meta": {"error": 1, "actor": 2}} | {"meta": {"error": 1, "actor": 2}}
"#;

/// An exclusion rule's actor, that of an event with the rule's own event id, and whether it is stored.
const RULES: &str = "
plugin:search      | plugin:search         | excluded
                   | plugin:search2        | stored
plugin:*           | plugin:search         | excluded
  the empty run    | plugin:               | excluded
                   | external:plugin:a     | stored
user:*/*           | user:default/john     | excluded
                   | user:other/           | excluded
                   | user:default          | stored
user:default/*     | user:default/john     | excluded
                   | user:other/john       | stored
*                  | anyone                | excluded
  but no one       |                       | stored
a.c                | abc                   | stored
";

#[test]
fn a_backstage_event_is_stored_as_the_contract_says() {
    let home = Home::new();
    let serving = serve(&home, "stored", &[], "");
    let fields: Vec<String> = match events_of(body(&recorded("200-limit1.http"))).first() {
        Some(event) => serde_json::from_str::<Map<_, _>>(event.json())
            .unwrap()
            .into_iter()
            .map(|(name, _)| name)
            .collect(),
        None => Vec::new(),
    };
    for (number, [rule, change, expected]) in rows(STORED).into_iter().enumerate() {
        let id = format!("e{number}");
        let mut sent = json!({
            "id": id, "eventTime": "2026-11-21T10:00:00Z", "plugin": "catalog", "eventId": "entity-mutate",
            "status": "succeeded",
        });
        let change: Map<String, Value> = serde_json::from_str(change).unwrap();
        sent.as_object_mut().unwrap().extend(change);
        let post = request("POST", AUDIT_EVENT_PATH, ADMIN, &sent.to_string());
        assert_eq!(exchange(&serving, &post).status, 200, "{rule}");
        let page: Value = serde_json::from_str(
            &exchange(
                &serving,
                &request(
                    "GET",
                    &format!("{AUDIT_EVENT_PATH}?{ALL}&limit=1000"),
                    READER,
                    "",
                ),
            )
            .body,
        )
        .unwrap();
        let found = page["data"]
            .as_array()
            .unwrap()
            .iter()
            .find(|event| event["id"] == id);
        let expected: Option<Map<String, Value>> = serde_json::from_str(expected).unwrap();
        let (Some(expected), Some(found)) = (&expected, found) else {
            assert_eq!(expected.is_some(), found.is_some(), "{rule}");
            continue;
        };
        // The fields are those of a real one, in its order.
        assert!(
            found.as_object().unwrap().keys().eq(&fields),
            "{rule}: {found}"
        );
        let recorded_at = found["recorded_at"].as_str().unwrap();
        let age = chrono::Utc::now()
            - recorded_at
                .parse::<chrono::DateTime<chrono::Utc>>()
                .unwrap();
        assert!(age.num_minutes() == 0, "{found}");
        for (name, value) in expected {
            let value = if name == "id" { &json!(id) } else { value };
            assert_eq!(&found[name], value, "{rule}");
        }
    }
}

#[test]
fn an_excluded_event_is_never_stored() {
    let mut config =
        String::from("auditLog:\n  syntheticActors: ['user:default/robot']\n  excludeRules:\n");
    let mut sent = vec![
        ("plugin:any", "entity-fetch".to_owned(), "excluded"),
        ("plugin:any", "entity-facets".to_owned(), "excluded"),
        ("plugin:any", "entity-mutate".to_owned(), "stored"),
        ("user:default/robot", "entity-fetch".to_owned(), "excluded"),
        ("user:default/john", "entity-fetch".to_owned(), "stored"),
    ];
    let mut rule = 0;
    for [actor_id, actor, expected] in rows(RULES) {
        let first = actor_id.contains([':', '*', '.']);
        if first {
            rule += 1;
            config += &format!("    - {{actorId: '{actor_id}', eventId: 'event-{rule}*'}}\n");
        }
        sent.push((actor, format!("event-{rule}*"), expected));
        // The event's id is literal.
        sent.push((actor, format!("event-{rule}"), "stored"));
    }
    let home = Home::new();
    let serving = serve(&home, "rules", &[], &config);
    for (actor, event, expected) in sent {
        let event = json!({
            "plugin": "catalog", "eventId": event, "status": "succeeded",
            "actor": if actor.is_empty() { json!({}) } else { json!({"actorId": actor}) },
        });
        let post = request("POST", AUDIT_EVENT_PATH, ADMIN, &event.to_string());
        let answer: Value = serde_json::from_str(&exchange(&serving, &post).body).unwrap();
        assert_eq!(answer[expected], 1, "{event}: {answer}");
    }
}

/// Tokens: any run of characters that are no white space, eight at least.
#[test]
fn a_token_is_what_the_contract_calls_one() {
    let home = Home::new();
    for (token, is_one) in [
        ("12345678", true),
        ("!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~", true),
        ("MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0", true),
        ("1234567", false),
        ("with white space", false),
        ("", false),
    ] {
        let entry = json!({"type": "static", "options": {"token": token, "subject": "a"}});
        let config = json!({"backend": {"auth": {"externalAccess": [entry]}}});
        home.write_private("token.yaml", config.to_string());
        let run = home.run(&["serve", "--check", "--config", "token.yaml"]);
        assert_eq!(run.code, if is_one { 0 } else { 2 }, "{token}: {run:?}");
        if is_one {
            let args = ["--store", "token.db", "--config", "token.yaml"];
            let asked = request("GET", AUDIT_EVENT_PATH, token, "");
            assert_eq!(exchange(&Serving::start(&home, &args), &asked).status, 200);
        }
    }
}
