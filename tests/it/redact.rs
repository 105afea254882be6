//! What is redacted before an event is stored, and that everything else stays token for token.

use auditlog::{api::Event, redact::Redact};
use proptest::prelude::*;

use crate::support::{
    Home,
    logs::{bodies, line},
    sha256,
};

/// An event with these members at its end.
fn event(more: &str) -> String {
    format!(r#"{{"id":"1","event_time":"2026-11-21T10:00:00Z","plugin_id":"p",{more}}}"#)
}

fn redacted(more: &str) -> String {
    let event = Event::from_json(&event(more)).unwrap();
    Redact::default().apply(event).unwrap().json().to_owned()
}

#[test]
fn values_of_secret_keys_go_wherever_they_are_and_are_listed() {
    let rows = r#"
        "meta":{"password":"p"} | "meta":{"password":"[redacted]","redacted":["meta.password"]}
        "meta":{"a":[1.50,{"API_Token":7,"z":-0}]} | "meta":{"a":[1.50,{"API_Token":"[redacted]","z":-0}],"redacted":["meta.a[1].API_Token"]}
        "meta":{"clientSecrets":{"a":["b}","]"]},"n":1e2} | "meta":{"clientSecrets":"[redacted]","n":1e2,"redacted":["meta.clientSecrets"]}
        "meta":{"pass\u0077ord":"p"} | "meta":{"pass\u0077ord":"[redacted]","redacted":["meta.password"]}
        "meta":{"tokens":["\"",[]]},"after":"token" | "meta":{"tokens":"[redacted]","redacted":["meta.tokens"]},"after":"token"
        "meta":{"x\"y":{"token":"1"}} | "meta":{"x\"y":{"token":"[redacted]"},"redacted":["meta.x\"y.token"]}
        "meta":{"redacted":"mine","token":"1"} | "meta":{"redacted":"mine","token":"[redacted]"}
        "m\u0065ta":{"token":"1"} | "m\u0065ta":{"token":"[redacted]","redacted":["meta.token"]}
        "meta":{"x":"data:,hello"} | "meta":{"x":"[removed: 11 bytes, sha256 HASH]","redacted":["meta.x"]}
        "request_url":"/a?x=1&Access_Token=abc&y=2#t" | "request_url":"/a?x=1&Access_Token=[redacted]&y=2#t","meta":{"redacted":["request_url?Access_Token"]}
        "request_url":"/a?%74oken=abc;password=b","meta":{} | "request_url":"/a?%74oken=[redacted]","meta":{"redacted":["request_url?token"]}
        "request_url":"/a?x=1;password=b;c&y","meta":{} | "request_url":"/a?x=1;password=[redacted]&y","meta":{"redacted":["request_url?password"]}
        "request_url":"/a?password=abc?def&x=1","meta":{} | "request_url":"/a?password=[redacted]&x=1","meta":{"redacted":["request_url?password"]}
        "request_url":"/a?password=[redacted];abc#f","meta":{} | "request_url":"/a?password=[redacted]#f","meta":{"redacted":["request_url?password"]}
        "request_url":"/cb#token=a#b&c","meta":{} | "request_url":"/cb#token=[redacted]&c","meta":{"redacted":["request_url?token"]}
        "request_url":"/cb#id_token=abc","meta":{"a":1} | "request_url":"/cb#id_token=[redacted]","meta":{"a":1,"redacted":["request_url?id_token"]}
    "#;
    let hash = sha256(b"data:,hello");
    for row in rows.trim().lines() {
        let (before, after) = row.split_once(" | ").unwrap();
        let after = after.replace("HASH", &hash);
        assert_eq!(redacted(before.trim()), event(&after));
    }
}

#[test]
fn what_is_no_secret_stays() {
    for more in [
        r#""meta":{"password":null,"hasToken":true,"secret":false}"#,
        r#""meta":{"token":"[redacted]"}"#,
        r#""meta":{"a":"password","b":["token"],"n":1.0000000000000000001,"e":1E+2}"#,
        r#""meta":{"data":"data: and more","d":"metadata:,x","t":"data:"}"#,
        r#""token":"not in meta","meta":{"\ud800":"\udc00"}"#,
        r#""request_url":"/api/token/x?token=&a=token""#,
        r#""request_url":null,"meta":{}"#,
        r#""request_url":"/?token=[redacted]""#,
    ] {
        assert_eq!(redacted(more), event(more));
    }
}

#[test]
fn a_value_is_removed_from_its_first_byte_too_many() {
    let of = |length: usize| format!(r#""meta":{{"x":["{}é"]}}"#, "\\u0061".repeat(length - 2));
    assert_eq!(redacted(&of(16 << 10)), event(&of(16 << 10)));
    let mut text = "a".repeat((16 << 10) - 1);
    text.push('é');
    let hash = sha256(text.as_bytes());
    let expected = format!(
        r#""meta":{{"x":["[removed: 16385 bytes, sha256 {hash}]"],"redacted":["meta.x[0]"]}}"#
    );
    assert_eq!(redacted(&of((16 << 10) + 1)), event(&expected));
}

#[test]
fn other_patterns_and_another_size_can_be_given() {
    let redact = Redact::new(["API*Key", "pin"], 3);
    let given = event(r#""meta":{"apiSecretKEY":"k","PIN":1,"spin":2,"password":"ab"}"#);
    let expected = event(
        r#""meta":{"apiSecretKEY":"[redacted]","PIN":"[redacted]","spin":2,"password":"ab","redacted":["meta.apiSecretKEY","meta.PIN"]}"#,
    );
    let done = redact.apply(Event::from_json(&given).unwrap()).unwrap();
    assert_eq!(done.json(), expected);
}

#[test]
fn the_list_is_bounded_whatever_the_keys_are() {
    let secrets: Vec<_> = (0..70).map(|n| format!(r#"{{"token":{n}}}"#)).collect();
    let json = redacted(&format!(r#""meta":{{"a":[{}]}}"#, secrets.join(",")));
    assert_eq!(json.matches("[redacted]").count(), 70);
    assert!(json.ends_with(r#""meta.a[49].token","… and 20 more"]}}"#));
    let long = format!(r#""meta":{{"{}token":1}}"#, "é".repeat(10_000));
    let path = format!("meta.{}…", "é".repeat(97));
    assert!(redacted(&long).ends_with(&format!(r#","redacted":["{path}"]}}}}"#)));
}

#[test]
fn depth_costs_no_stack_and_no_time() {
    let depth = 500_000;
    let deep = |inner: &str| {
        let (open, close) = (r#"{"a":["#.repeat(depth), "]}".repeat(depth));
        format!(r#""meta":{{"x":{open}{inner}{close}}}"#)
    };
    assert_eq!(redacted(&deep("1")), event(&deep("1")));
    let json = redacted(&deep(r#"{"token":1}"#));
    assert!(json.contains(r#"{"token":"[redacted]"}"#));
    let flat = r#"{"token":[1]},"#.repeat(200_000);
    let json = redacted(&format!(r#""meta":{{"x":[{flat}0]}}"#));
    assert_eq!(json.matches("[redacted]").count(), 200_000);
}

/// What redaction means, of values in memory instead of text.
fn model(value: &mut serde_json::Value) -> u32 {
    let mut count = 0;
    match value {
        serde_json::Value::Object(members) => {
            for (key, value) in members {
                let key = key.to_lowercase();
                let secret = ["password", "token", "secret"]
                    .iter()
                    .any(|word| key.contains(word));
                if secret && !value.is_null() && !value.is_boolean() {
                    *value = "[redacted]".into();
                    count += 1;
                } else {
                    count += model(value);
                }
            }
        }
        serde_json::Value::Array(elements) => count += elements.iter_mut().map(model).sum::<u32>(),
        _ => {}
    }
    count
}

fn any_value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        "[a-z\"\\\\{}\\[\\],: é]{0,8}".prop_map(Into::into),
    ];
    let key = || "(my\"|é|\\{)?(Token|passWord|secret|a|b|,)";
    leaf.prop_recursive(5, 60, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            prop::collection::vec((key(), inner), 0..5)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn text_is_redacted_as_values_are(value in any_value()) {
        let more = format!(r#""meta":{{"v":{value}}}"#);
        let mut expected: serde_json::Value = serde_json::from_str(&event(&more)).unwrap();
        let count = model(&mut expected["meta"]);
        let mut json: serde_json::Value = serde_json::from_str(&redacted(&more)).unwrap();
        let meta = json["meta"].as_object_mut().unwrap();
        let listed = meta.remove("redacted").map_or(0, |list| list.as_array().unwrap().len());
        prop_assert_eq!(listed as u32, count);
        prop_assert_eq!(json, expected);
    }
}

#[test]
fn what_comes_from_a_log_is_redacted_too() {
    let home = Home::new();
    let more =
        r#","request":{"method":"GET","url":"/a?token=abc"},"meta":{"password":"p","n":1.50}"#;
    let _ = home.ingest(format!("{}\n", line("e", more)));
    let body = bodies(&home.path("s.db")).remove(0);
    let expected = r#""request_url":"/a?token=[redacted]","action_type":null,"query_type":null,"entity_ref":null,"meta":{"password":"[redacted]","n":1.50,"redacted":["request_url?token","meta.password"]}}"#;
    assert!(body.ends_with(expected), "{body}");
}
