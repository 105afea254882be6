//! What is wrong, and where: never with a value.

use super::{problems, read, static_token};

#[test]
fn a_token_that_cannot_be_had_is_said_and_never_shown() {
    let at = "0.yaml:1: backend.auth.externalAccess[0].options.token";
    for (token, said) in [
        (
            "'${NOT_SET}'",
            " has no value: the environment variable 'NOT_SET' is not set",
        ),
        (
            "{$env: NOT_SET}",
            " has no value: the environment variable 'NOT_SET' is not set",
        ),
        ("'${EMPTY}'", " is empty"),
        (
            "sesame",
            ": the token has 6 characters; a server takes no fewer than 8",
        ),
        (
            "'open sesame'",
            ": the token has white space at character 5; a server takes none",
        ),
        ("12345678", " must be a text (put it in quotes)"),
        ("[a-list-of-tokens]", " must be a text"),
        (
            "'sha256:00'",
            ": a hash is sha256: and 64 hexadecimal digits",
        ),
        (
            "{$include: 'x.yaml#sesame'}",
            ": only $env and $file can include something here",
        ),
        (
            "{$file: secret, other: sesame}",
            ": an include stands alone, with no other key beside it",
        ),
    ] {
        assert_eq!(
            problems(&static_token(token, "a")),
            [format!("{at}{said}")],
            "{token}"
        );
    }
    let missing = problems(&static_token("{$file: sesame}", "a"));
    assert!(missing[0].starts_with(&format!("{at}: the file of $file cannot be read: ")));
    assert!(!missing[0].contains("sesame"));
}

#[test]
fn an_unknown_key_of_ours_is_named_with_its_line_and_the_nearest_one() {
    let text = "
backend:
  unknownOfBackstage: 1
auditLog:
  excludeRule: []
  excludeRules:
    - actorId: a
      eventID: b
  redact:
    key: []
  zzz: 1
";
    assert_eq!(
        problems(text),
        [
            "0.yaml:5: unknown key 'excludeRule' in auditLog; did you mean 'excludeRules'?",
            "0.yaml:11: unknown key 'zzz' in auditLog",
            "0.yaml:8: unknown key 'eventID' in auditLog.excludeRules[0]; did you mean 'eventId'?",
            "0.yaml:7: auditLog.excludeRules[0].eventId is missing",
            "0.yaml:10: unknown key 'key' in auditLog.redact; did you mean 'keys'?",
        ]
    );
}

#[test]
fn a_mistake_that_would_widen_what_a_token_may_is_refused() {
    let restricted = |with: &str| {
        format!(
            "backend:\n auth:\n  externalAccess:\n   - type: static\n     options: {{token: abcdefgh, subject: a}}\n     \
             accessRestrictions: {with}\n"
        )
    };
    let at = "0.yaml:6: ";
    let path = "backend.auth.externalAccess[0].accessRestrictions";
    for (with, said) in [
        ("{plugin: a}", format!("{path} must be a list")),
        ("[{permission: a}]", format!("{path}[0].plugin is missing")),
        (
            "[{plugin: a, permision: b}]",
            format!("unknown key 'permision' in {path}[0]; did you mean 'permission'?"),
        ),
        (
            "[{plugin: a, permission: []}]",
            format!("{path}[0].permission names nothing"),
        ),
        (
            "[{plugin: a, permission: '${NOT_SET}'}]",
            format!(
                "{path}[0].permission has no value: the environment variable 'NOT_SET' is not set"
            ),
        ),
        (
            "[{plugin: a, permissionAttribute: {action: reed}}]",
            format!("{path}[0].permissionAttribute.action must be create, read, update or delete"),
        ),
        (
            "[{plugin: a, permissionAttribute: {}}]",
            format!("{path}[0].permissionAttribute.action is missing"),
        ),
        (
            "[{plugin: a, permissionAttribute: read}]",
            format!("{path}[0].permissionAttribute must be an object"),
        ),
        (
            "[{plugin: a}, {plugin: a}]",
            format!("{path}[1] names a plugin that is restricted already"),
        ),
    ] {
        assert_eq!(
            problems(&restricted(with))[0],
            format!("{at}{said}"),
            "{with}"
        );
    }
    let config = read(&[&restricted("[]")]).unwrap();
    assert_eq!(config.tokens[0].restrictions, None);
    assert_eq!(config.warnings.len(), 1);
}

#[test]
fn values_of_the_wrong_kind_are_named() {
    for (text, said) in [
        (
            "auditLog: {listen: 7017}",
            "auditLog.listen must be a text (put it in quotes)",
        ),
        (
            "auditLog: {listen: localhost}",
            "auditLog.listen must be an address and a port, like 127.0.0.1:7017",
        ),
        (
            "auditLog: {auditReads: 'yes'}",
            "auditLog.auditReads must be true or false",
        ),
        (
            "auditLog: {trustedProxies: [proxy]}",
            "auditLog.trustedProxies[0] must be an address or a network, like 10.0.0.0/8",
        ),
        (
            "auditLog: {trustedProxies: 10.0.0.1}",
            "auditLog.trustedProxies must be a list",
        ),
        (
            "auditLog: {redact: {maxValueBytes: 0.5}}",
            "auditLog.redact.maxValueBytes must be a whole number from 1 to 1073741824",
        ),
        (
            "auditLog: {https: true}",
            "auditLog.https must be an object with a certificate",
        ),
        ("auditLog: [1]", "auditLog must be an object"),
        ("[1]", "the file must be an object"),
        (
            "backend: {rateLimit: 3}",
            "backend.rateLimit must be true, false or an object",
        ),
        (
            "backend: {rateLimit: {window: never}}",
            "backend.rateLimit.window must be a duration of up to a day, like 1m, {seconds: 30} or milliseconds",
        ),
    ] {
        assert_eq!(problems(text), [format!("0.yaml:1: {said}")], "{text}");
    }
}
