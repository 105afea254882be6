//! The contract of the API, line by line, against `auditlog serve` over HTTP: what is asked, and what must come.
//! What a real Backstage was recorded to answer (`tests/fixtures/README.md`) is compared with ours as it is.

#![cfg(unix)]

use auditlog::api::{AUDIT_EVENT_PATH, Draft, Event, Timestamp};
use serde_json::Value;

use crate::support::{
    Home,
    contract::{READER, events_of, exchange, request, rows, serve},
    fixture, names,
    process::Serving,
    recorded::{recorded, recorded_call, recorded_request},
    served::{ALL, Answer, draft, ids},
};

/// The request: each parameter, and the ids that it finds of [`three`] events.
const PARAMETERS: &str = "
every one is optional           |                                                      | c b a
plugin_id                       | plugin_id=scaffolder                                 | b
  whole, byte for byte          | plugin_id=Scaffolder                                 |
                                | plugin_id=scaff                                      |
                                | plugin_id=                                           |
                                | plugin_id=%2A                                        |
event_id                        | event_id=entity-fetch                                | c a
  filters are joined by and     | event_id=task&plugin_id=catalog                      |
severity_level: one             | severity_level=high                                  | c
  a list                        | severity_level=high,critical                         | c b
  repeated                      | severity_level=high&severity_level=low               | c a
  brackets                      | severity_level[]=critical&severity_level%5B%5D=low   | b a
  none such                     | severity_level=medium                                |
  outside its list              | severity_level=urgent      | 400 Invalid severity_level: must be one of low, medium, high, critical
                                | severity_level=high,       | 400 Invalid severity_level: must be one of low, medium, high, critical
                                | severity_level=            | 400 Invalid severity_level: must be one of low, medium, high, critical
                                | severity_level=HIGH        | 400 Invalid severity_level: must be one of low, medium, high, critical
actor_id                        | actor_id=plugin:search                               | c a
  any text, percent-encoded     | actor_id=user%3Adefault%2Fj%C3%B6hn+%26+co%2B1       | b
actor_type: user                | actor_type=user                                      | b
  service                       | actor_type=service                                   | c a
  outside its list              | actor_type=robot           | 400 Invalid actor_type: must be one of user, service
status: succeeded               | status=succeeded                                     | c a
  failed                        | status=failed                                        | b
  outside its list              | status=initiated           | 400 Invalid status: must be one of succeeded, failed
request_method                  | request_method=POST                                  | b
request_url                     | request_url=/api/scaffolder/v2/tasks?a=%2520         | b
action_type                     | action_type=create                                   | b
query_type                      | query_type=by-id                                     | b
entity_ref                      | entity_ref=component:default/x                       | b
limit                           | limit=2                                              | c b
  at most 1000                  | limit=1000                                           | c b a
                                | limit=1001                 | 400 Invalid limit: must be an integer between 1 and 1000
  at least 1                    | limit=0                    | 400 Invalid limit: must be an integer between 1 and 1000
                                | limit=-1                   | 400 Invalid limit: must be an integer between 1 and 1000
  a number                      | limit=1e1                  | 400 Invalid limit: must be an integer between 1 and 1000
offset                          | limit=1&offset=1                                     | b
                                | offset=2                                             | a
  beyond the end                | offset=3                                             |
                                | offset=18446744073709551615                          |
  not negative                  | offset=-1                  | 400 Invalid offset: must be an integer of at least 0
  a number                      | offset=18446744073709551616 | 400 Invalid offset: must be an integer of at least 0
given twice                     | plugin_id=catalog&plugin_id=catalog | 400 Invalid plugin_id: must be given once
                                | limit=1&limit=1            | 400 Invalid limit: must be given once
an unknown parameter            | id=a                       | 400 Unknown parameter 'id'
                                | =                          | 400 Unknown parameter ''
                                | &&                                                   | c b a
";

/// The request: its window, both ends of which belong to it, and the ids that are in it.
const WINDOW: &str = "
start_time, end_time | start_time=2026-01-02T00:00:00.000001Z&end_time=2026-01-02T00:00:00.000001Z | b
                     | start_time=2026-01-02T00:00:00.000001Z&end_time=2026-01-03T00:00:00Z        | c b
                     | start_time=2026-01-02T00:00:00.000002Z&end_time=2026-01-03T00:00:00Z        | c
                     | start_time=2026-01-01T00:00:00Z&end_time=2026-01-02T00:00:00.000Z           | a
  backwards          | start_time=2026-01-03T00:00:00Z&end_time=2026-01-01T00:00:00Z               |
  must end in Z      | start_time=2026-01-03T00:00:00       | 400 Invalid start_time: must be an ISO 8601 UTC time that ends in Z, like 2026-01-31T00:00:00Z
                     | start_time=2026-01-03T00:00:00%2B00:00 | 400 Invalid start_time: must be an ISO 8601 UTC time that ends in Z, like 2026-01-31T00:00:00Z
                     | end_time=2026-01-03                  | 400 Invalid end_time: must be an ISO 8601 UTC time that ends in Z, like 2026-01-31T00:00:00Z
  must exist         | end_time=2026-02-30T00:00:00Z        | 400 Invalid end_time: must be an ISO 8601 UTC time that ends in Z, like 2026-01-31T00:00:00Z
";

/// Every recorded answer. `whole`: ours is the same to its status, body and headers. A status and a text: ours is that,
/// in words that the contract leaves to us or for a reason that stands behind it. `-`: no request of this API.
const RECORDED: &str = "
200-accept-xml                      | whole
200-bad-percent-in-query            | whole
200-connection-close                | whole
200-cors-origin                     | whole
200-empty                           | whole
200-h2c-upgrade                     | whole
200-head                            | whole
200-http10                          | whole
200-invalid-utf8-in-filter-pg       | whole
200-limit1                          | whole
200-limit3-fields                   | whole
200-lowercase-bearer                | whole
200-offset-past-end                 | whole
200-options                         | 200 GET,HEAD,POST               (ours takes events, too)
200-rate-limit-global-1             | whole
200-rate-limit-plugin-1             | whole
200-severity-brackets               | whole
200-severity-comma                  | whole
200-severity-repeated               | whole
200-trailing-slash                  | whole
200-two-spaces-bearer               | whole
200-unrestricted                    | whole
200-upper-case-path                 | whole
304-if-none-match                   | 200                             (the tag of another body; validators.rs asks with ours)
400-limit-0                         | whole
400-limit-1001                      | whole
400-limit-text                      | whole
400-malformed-request-line          | 400
400-offset-negative                 | whole
400-openapi-validated-catalog       | -                               (another plugin)
400-severity                        | 400 Invalid severity_level: must be one of low, medium, high, critical
400-start-no-z                      | 400 Invalid start_time: must be an ISO 8601 UTC time that ends in Z, like 2026-01-31T00:00:00Z
400-start-offset                    | 400 Invalid start_time: must be an ISO 8601 UTC time that ends in Z, like 2026-01-31T00:00:00Z
400-status                          | 400 Invalid status: must be one of succeeded, failed
400-unknown-parameter               | 400 Unknown parameter 'plugin'
401-bare-token                      | whole
401-basic                           | whole
401-bearer-empty                    | whole
401-bearer-two-words                | whole
401-garbage-jwt                     | whole
401-no-token                        | whole
401-quoted-token                    | whole
401-unknown-route-in-plugin-no-token| whole
401-wrong-token                     | whole
403-other-plugin                    | whole
403-user                            | -                               (ours has no users; the answer is that of the next)
403-wrong-attribute                 | whole
403-wrong-permission                | whole
404-bad-percent-in-path             | 404 There is nothing here       (a real 404 is empty)
404-post                            | 403 Unauthorized                (ours takes events, though not from who may read alone)
404-root                            | 404 There is nothing here
404-unknown-plugin                  | 404 There is nothing here
404-unknown-route-in-plugin         | 404 There is nothing here
404-v2                              | 404 There is nothing here
429-rate-limit-global               | whole                           (but for the request, which ours names)
429-rate-limit-plugin               | whole
431-huge-header                     | 431
500-database-error-pg               | -                               (a fault; what ours says of one stands in server.rs)
500-database-error-sqlite           | -
500-error                           | -                               (another plugin)
500-nul-in-filter-pg                | 200                             (ours compares a NUL as any other character)
500-thrown-string                   | -                               (another plugin)
503-service-unavailable-error       | -                               (another plugin)
dev-200                             | -                               (ours has no development mode)
dev-401                             | -
health-liveness                     | -                               (not of this API)
health-readiness                    | -
offset-huge-pg                      | 200                             (whose trail was another)
";

/// Headers by which a client is told something.
const HEADERS: [&str; 7] = [
    "allow",
    "content-length",
    "content-type",
    "www-authenticate",
    "x-content-type-options",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
];

/// One event that differs from the first in everything, and two around it.
fn three() -> Vec<Event> {
    let other = Draft {
        plugin_id: "scaffolder".into(),
        event_id: "task".into(),
        severity_level: "critical".into(),
        status: "failed".into(),
        actor_type: "user".into(),
        actor_id: Some("user:default/jöhn & co+1".into()),
        request_method: Some("POST".into()),
        request_url: Some("/api/scaffolder/v2/tasks?a=%20".into()),
        action_type: Some("create".into()),
        query_type: Some("by-id".into()),
        entity_ref: Some("component:default/x".into()),
        ..draft("b", "2026-01-02T00:00:00.000001Z")
    };
    let third = Draft {
        severity_level: "high".into(),
        ..draft("c", "2026-01-03T00:00:00Z")
    };
    let drafts = [draft("a", "2026-01-01T00:00:00Z"), other, third];
    drafts.map(|draft| draft.into_event().unwrap()).to_vec()
}

fn ask(serving: &Serving, parameters: &str) -> Answer {
    let target = format!("{AUDIT_EVENT_PATH}?{parameters}");
    exchange(serving, &request("GET", &target, READER, ""))
}

/// The ids of a page, or the status and what is said.
fn told(answer: &Answer) -> String {
    match answer.status {
        200 => ids(answer),
        status => {
            let problem: Value = serde_json::from_str(&answer.body).unwrap();
            let message = problem["error"]["message"].as_str().unwrap();
            format!("{status} {message}")
        }
    }
}

#[test]
fn each_parameter_does_what_the_contract_says() {
    let home = Home::new();
    let serving = serve(&home, "three", &three(), "");
    for [_, parameters, expected] in rows(PARAMETERS) {
        let answer = ask(&serving, &format!("{ALL}&{parameters}"));
        assert_eq!(told(&answer), expected, "{parameters}");
    }
    for [_, window, expected] in rows(WINDOW) {
        assert_eq!(told(&ask(&serving, window)), expected, "{window}");
    }
}

#[test]
fn without_a_window_it_is_the_last_thirty_days() {
    let now = Timestamp::from(chrono::Utc::now());
    let at = |id: &str, hours: i64| {
        let time = now.plus(chrono::Duration::hours(hours)).to_string();
        draft(id, &time).into_event().unwrap()
    };
    let month = 30 * 24;
    let events = [
        at("old", -month - 1),
        at("first", 1 - month),
        at("last", -1),
        at("future", 1),
    ];
    let home = Home::new();
    let serving = serve(&home, "month", &events, "");
    assert_eq!(told(&ask(&serving, "")), "last first");
}

#[test]
fn a_page_is_the_newest_by_time_and_id_of_all_that_match() {
    let times = ["2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00.000Z"];
    let ties = (0..150).map(|n| draft(&format!("{n:03}"), times[n % 2]));
    let newer = draft("000-newer", "2026-01-01T00:00:00.000001Z");
    let events: Vec<_> = ties
        .chain([newer])
        .map(|draft| draft.into_event().unwrap())
        .collect();
    let home = Home::new();
    let serving = serve(&home, "ties", &events, "");
    let expected: Vec<_> = ["000-newer".to_owned()]
        .into_iter()
        .chain((0..150).rev().map(|n| format!("{n:03}")))
        .collect();
    // The page size is 100 where none is asked for; `total` counts what matches, not the page.
    for (page, limit, offset, expected) in [
        ("", 100, 0, &expected[..100]),
        ("&limit=60&offset=60", 60, 60, &expected[60..120]),
        ("&limit=1000&offset=149", 1000, 149, &expected[149..]),
    ] {
        let answer = ask(&serving, &format!("{ALL}{page}"));
        assert_eq!(ids(&answer), expected.join(" "));
        let end = format!("],\"total\":151,\"limit\":{limit},\"offset\":{offset}}}");
        assert!(answer.body.ends_with(&end), "{answer:?}");
    }
}

#[test]
fn a_page_is_the_events_as_they_were_stored() {
    let json = r#"{"future":1.50,"id":"x","event_time":"2026-01-01T00:00:00+01:00","meta":{"b":1e2,"a":"\u0000é"}}"#;
    let home = Home::new();
    let serving = serve(&home, "odd", &[Event::from_json(json).unwrap()], "");
    let answer = ask(&serving, ALL);
    let expected = format!("{{\"data\":[{json}],\"total\":1,\"limit\":100,\"offset\":0}}");
    assert_eq!(answer.body, expected);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert!(chrono::DateTime::parse_from_rfc2822(answer.header("date").unwrap()).is_ok());
}

/// What was recorded for `name`, and what the server says to the same request.
fn both(serving: &Serving, name: &str) -> (Answer, Answer) {
    let (call, answer) = recorded_call(&format!("{name}.http"));
    let recorded = Answer::parse(&String::from_utf8(answer).unwrap());
    let request = match call.strip_prefix("### ").unwrap() {
        "a malformed request line" => "nonsense\r\n\r\n".to_owned(),
        "PostgreSQL, NUL in a filter" => request_with("actor_id=a%00b"),
        "PostgreSQL, invalid UTF-8 in a filter" => request_with("actor_id=%FF"),
        "PostgreSQL, offset beyond bigint" => request_with("offset=9007199254740991"),
        // The recorded events become older than the default window.
        _ if recorded.status == 200 => recorded_request(&call, ALL),
        _ => recorded_request(&call, ""),
    };
    (exchange(serving, &request), recorded)
}

fn request_with(parameters: &str) -> String {
    let target = format!("{AUDIT_EVENT_PATH}?{ALL}&{parameters}");
    request("GET", &target, READER, "")
}

fn assert_whole(name: &str, ours: &Answer, recorded: &Answer) {
    // Ours names the request in every problem; a real one leaves it out of a 429.
    let named = r#""request":{"method":"GET","url":"/v1/audit-event"},"#;
    let too_many = ours.status == 429;
    assert_eq!(too_many && ours.body.contains(named), too_many, "{name}");
    let body = match too_many {
        true => ours.body.replace(named, ""),
        false => ours.body.clone(),
    };
    assert_eq!(
        (ours.status, body),
        (recorded.status, recorded.body.clone()),
        "{name}"
    );
    for header in HEADERS
        .into_iter()
        .filter(|it| !too_many || *it != "content-length")
    {
        assert_eq!(
            ours.header(header),
            recorded.header(header),
            "{name}: {header}"
        );
    }
}

#[test]
fn recorded_requests_get_the_recorded_answers() {
    let home = Home::new();
    let page = std::fs::read(fixture("backstage/http/real-catalog-events.json")).unwrap();
    let serving = serve(&home, "recorded", &events_of(&page), "");
    for [name, expected] in rows(RECORDED) {
        let expected = expected.split(" (").next().unwrap_or_default().trim_end();
        if expected.starts_with('-') || name.contains("rate-limit") {
            continue;
        }
        let (ours, recorded) = both(&serving, name);
        if expected == "whole" {
            assert_whole(name, &ours, &recorded);
            continue;
        }
        assert_eq!(ours.status.to_string(), expected[..3], "{name}: {ours:?}");
        if let Some((_, words)) = expected.split_once(' ') {
            assert!(ours.body.contains(words), "{name}: {ours:?}");
            let same = recorded.header("content-type").unwrap_or(JSON);
            assert_eq!(ours.header("content-type"), Some(same), "{name}");
        }
    }
}

const JSON: &str = "application/json; charset=utf-8";

#[test]
fn the_table_holds_every_recording() {
    let names = names(&fixture("backstage/http"));
    let files = names.iter().filter_map(|name| name.strip_suffix(".http"));
    let named = rows(RECORDED).into_iter().map(|[name, _]| name);
    assert!(named.eq(files));
}

/// Requests 1 and 4 of four, where three are allowed.
#[test]
fn more_requests_than_the_limit_get_the_recorded_answers() {
    let limit = "window: {hours: 1}, incomingRequestLimit: 3, ipAllowList: []";
    let global = format!("  rateLimit: {{global: true, {limit}}}\n");
    let plugin = format!("  rateLimit: {{global: false, plugin: {{audit-log: {{{limit}}}}}}}\n");
    let home = Home::new();
    for (name, config) in [("global", global), ("plugin", plugin)] {
        let of = |file: &str| Answer::parse(&String::from_utf8(recorded(file)).unwrap());
        let first = of(&format!("200-rate-limit-{name}-1.http"));
        let last = of(&format!("429-rate-limit-{name}.http"));
        let trusted = "auditLog: {trustedProxies: [127.0.0.1]}\n";
        let events = events_of(first.body.as_bytes());
        let serving = serve(&home, name, &events, &format!("{config}{trusted}"));
        let from = |client: &str, parameters: &str| {
            let target = format!("{AUDIT_EVENT_PATH}{parameters}");
            let request = request("GET", &target, READER, "");
            let forwarded = format!("X-Forwarded-For: {client}\r\n\r\n");
            exchange(
                &serving,
                &request.replacen("\r\n\r\n", &format!("\r\n{forwarded}"), 1),
            )
        };
        let all = format!("?{ALL}");
        assert_whole(name, &from("198.51.100.7", &all), &first);
        for left in ["1", "0"] {
            let answer = from("198.51.100.7", "");
            assert_eq!(answer.header("x-ratelimit-remaining"), Some(left));
            assert_eq!((answer.status, answer.header("retry-after")), (200, None));
        }
        // What the client itself wrote stands left of what the proxy saw.
        let answer = from("192.0.2.200, 198.51.100.7", "");
        assert_whole(name, &answer, &last);
        let number = |name| answer.header(name).unwrap().parse::<i64>().unwrap();
        assert!((3500..=3600).contains(&number("retry-after")));
        let until_reset = number("x-ratelimit-reset") - chrono::Utc::now().timestamp();
        assert!((3500..=3601).contains(&until_reset), "{until_reset}");
        assert_eq!(from("198.51.100.8", "").status, 200);
    }
}
