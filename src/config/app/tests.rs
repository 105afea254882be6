//! The configuration from texts in files.

use std::{fs, path::PathBuf, time::Duration};

use super::{Action, AppConfig, ExcludeRule, Network, Networks, RateLimit, Restriction};
use crate::token::TokenHash;

/// Reads texts as files `0.yaml`, `1.yaml`, … of one folder, beside a file `secret`.
fn read(texts: &[&str]) -> Result<AppConfig, Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("secret"), "token-of-a-file\n\n").unwrap();
    let write = |(at, text): (usize, &&str)| {
        let path = folder.path().join(format!("{at}.yaml"));
        fs::write(&path, text).unwrap();
        path
    };
    let paths: Vec<PathBuf> = texts.iter().enumerate().map(write).collect();
    let variable = |name: &str| match name {
        "TOKEN" => Some("token-of-the-environment".to_owned()),
        "NAME" => Some("siem".to_owned()),
        "EMPTY" => Some(String::new()),
        _ => None,
    };
    let prefix = format!("{}/", folder.path().display());
    let shown = |problem: &super::Problem| problem.to_string().replace(&prefix, "");
    AppConfig::read(&paths, &variable).map_err(|error| error.0.iter().map(shown).collect())
}

fn problems(text: &str) -> Vec<String> {
    read(&[text]).unwrap_err()
}

/// One static token, in the flow style.
fn static_token(token: &str, subject: &str) -> String {
    format!(
        "backend: {{auth: {{externalAccess: [{{type: static, options: {{token: {token}, subject: {subject}}}}}]}}}}\n"
    )
}

#[test]
fn nothing_said_is_the_default() {
    for text in [
        "",
        "# nothing\n",
        "---\n",
        "app: {title: x}\n",
        "auditLog:\nbackend:\n",
    ] {
        assert_eq!(read(&[text]), Ok(AppConfig::default()), "{text:?}");
    }
}

#[test]
fn every_key_is_read() {
    let text = "
app:
  title: anything at all
  unknown: ['${NOT_SET}', $file: nowhere]
backend:
  auth:
    keys: [{secret: '${NOT_SET}'}]
    externalAccess:
      - type: static
        options:
          token: 'a-token-of-mine'
          subject: external:siem
        accessRestrictions:
          - plugin: catalog
          - plugin: audit-log
            permission: audit.log.read, audit.log.write
            permissionAttribute:
              action: [read, create]
      - type: jwks
        options: {url: '${NOT_SET}'}
auditLog:
  listen: '[::1]:8080'
  store: /var/lib/auditlog/trail.db
  excludeRules:
    - actorId: 'plugin:*'
      eventId: entity-fetch
  syntheticActors: ['user:default/robot']
  redact: {keys: ['*password*'], maxValueBytes: 4096}
  auditReads: true
  trustedProxies: [10.0.0.0/8, '::1']
  https: {cert: cert.pem, key: /etc/key.pem}
";
    let config = read(&[text]).unwrap();
    let [token] = config.tokens.as_slice() else {
        panic!("{config:?}")
    };
    assert_eq!(token.subject, "external:siem");
    assert_eq!(token.hash, TokenHash::of(b"a-token-of-mine"));
    let catalog = Restriction {
        plugin: "catalog".into(),
        permissions: None,
        actions: None,
    };
    let own = Restriction {
        plugin: "audit-log".into(),
        permissions: Some(vec!["audit.log.read".into(), "audit.log.write".into()]),
        actions: Some(vec![Action::Read, Action::Create]),
    };
    assert_eq!(token.restrictions, Some(vec![catalog, own]));
    let warnings: Vec<_> = config.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(warnings.len(), 1);
    let warning =
        "0.yaml:21: backend.auth.externalAccess[1] is not of type 'static': it is passed over";
    assert!(warnings[0].ends_with(warning), "{warnings:?}");
    let own = config.audit_log;
    assert_eq!(own.listen, Some("[::1]:8080".parse().unwrap()));
    assert_eq!(own.store, Some("/var/lib/auditlog/trail.db".into()));
    let rule = ExcludeRule {
        actor_id: "plugin:*".into(),
        event_id: "entity-fetch".into(),
    };
    assert_eq!(own.exclude_rules, Some(vec![rule]));
    assert_eq!(own.synthetic_actors, ["user:default/robot"]);
    let redact = own.redact.unwrap();
    assert!(redact.enabled);
    assert_eq!(redact.keys, Some(vec!["*password*".into()]));
    assert_eq!(redact.max_value_bytes, Some(4096));
    assert!(own.audit_reads);
    let networks = ["10.0.0.0/8", "::1"].map(|text| Network::parse(text).unwrap());
    assert_eq!(own.trusted_proxies, Networks(networks.to_vec()));
    let https = own.https.unwrap();
    assert!(https.cert.ends_with("cert.pem") && https.cert.is_absolute());
    assert_eq!(https.key, PathBuf::from("/etc/key.pem"));
}

#[test]
fn later_files_win_and_objects_are_merged_deeply() {
    let first = "
auditLog:
  listen: 127.0.0.1:1
  store: /first.db
  excludeRules: [{actorId: a, eventId: b}, {actorId: c, eventId: d}]
  redact: {keys: [one], maxValueBytes: 1}
";
    let second = "
auditLog:
  listen: 127.0.0.1:2
  store: ${NOT_SET}
  excludeRules: [{actorId: e, eventId: f}]
  redact: {maxValueBytes: 2}
";
    let own = read(&[first, second]).unwrap().audit_log;
    assert_eq!(own.listen, Some("127.0.0.1:2".parse().unwrap()));
    assert_eq!(own.store, Some("/first.db".into()));
    let rules = own.exclude_rules.unwrap();
    assert_eq!(rules.len(), 1);
    assert_eq!(rules[0].actor_id, "e");
    let redact = own.redact.unwrap();
    assert_eq!(redact.keys, Some(vec!["one".into()]));
    assert_eq!(redact.max_value_bytes, Some(2));
    let taken_back = read(&[first, "auditLog: {listen: null, redact: null}"]).unwrap();
    assert_eq!(taken_back.audit_log.listen, None);
    assert_eq!(taken_back.audit_log.redact, None);
}

#[test]
fn a_path_is_relative_to_the_file_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).unwrap();
    let paths = [folder.path().join("a.yaml"), inner.join("b.yaml")];
    fs::write(&paths[0], "auditLog: {listen: '127.0.0.1:1'}").unwrap();
    fs::write(&paths[1], "auditLog: {store: trail.db}").unwrap();
    let config = AppConfig::read(&paths, &|_| None).unwrap();
    assert_eq!(config.audit_log.store, Some(inner.join("trail.db")));
}

#[test]
fn a_token_comes_from_wherever_backstage_takes_one() {
    for (token, expected) in [
        ("'${TOKEN}'", "token-of-the-environment"),
        ("'x-${TOKEN}-${NAME}'", "x-token-of-the-environment-siem"),
        ("'$${TOKEN}'", "${TOKEN}"),
        ("'${ TOKEN }'", "token-of-the-environment"),
        ("'${NOT_SET:-the-default}'", "the-default"),
        ("'${EMPTY:-the-default}'", "the-default"),
        ("'${TOKEN:-the-default}'", "token-of-the-environment"),
        ("'$TOKEN-{x}'", "$TOKEN-{x}"),
        ("'a{${TOKEN}}'", "a{token-of-the-environment}"),
        ("'${${NAME}-long'", "${siem-long"),
        ("{$env: TOKEN}", "token-of-the-environment"),
        ("{$file: secret}", "token-of-a-file"),
        ("{$file: './${NOT_SET:-secret}'}", "token-of-a-file"),
    ] {
        let config = read(&[&static_token(token, "a")]).expect(token);
        assert_eq!(
            config.tokens[0].hash,
            TokenHash::of(expected.as_bytes()),
            "{token}"
        );
    }
    let hash = TokenHash::of(b"anything").to_string();
    let config = read(&[&static_token(&format!("'{hash}'"), "a")]).unwrap();
    assert_eq!(config.tokens[0].hash, TokenHash::of(b"anything"));
}

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
            "auditLog.https must be an object with cert and key",
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

#[test]
fn the_rate_limit_in_each_of_its_forms() {
    let of = |section: &str| {
        read(&[&format!("backend: {{rateLimit: {section}}}")])
            .unwrap()
            .rate_limit
    };
    let limit = |seconds: f64, requests| {
        Some(RateLimit {
            window: Duration::from_secs_f64(seconds),
            requests,
            ..RateLimit::default()
        })
    };
    assert_eq!(of("false"), None);
    assert_eq!(of("true"), limit(60.0, 5));
    assert_eq!(of("{}"), limit(60.0, 5));
    assert_eq!(of("{window: 6s, incomingRequestLimit: 3}"), limit(6.0, 3));
    assert_eq!(of("{window: 1500, limit: 7}"), limit(1.5, 7));
    assert_eq!(of("{window: {minutes: 1, seconds: 30}}"), limit(90.0, 5));
    assert_eq!(of("{global: false}"), None);
    assert_eq!(
        of("{global: false, plugin: {audit-log: {window: 6s, incomingRequestLimit: 3}}}"),
        limit(6.0, 3)
    );
    let everybody = of("{ipAllowList: []}").unwrap();
    assert_eq!(everybody.allowed, Networks::default());
}

#[test]
fn a_file_that_multiplies_itself_ends_early() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..12 {
        let alias = vec![format!("*a{}", n - 1); 10].join(", ");
        bomb.push_str(&format!("a{n}: &a{n} [{alias}]\n"));
    }
    let said = problems(&bomb);
    assert!(said[0].contains("is not valid YAML"), "{said:?}");
    let deep = format!("a: {}", "[".repeat(100_000));
    assert!(problems(&deep)[0].contains("is not valid YAML"));
    let long = format!("a: {}", "x".repeat(2 << 20));
    assert!(problems(&long)[0].contains("it is larger than 1048576 bytes"));
}

#[test]
fn anchors_serve_as_in_any_yaml() {
    let text = "
x-who: &who ['user:default/robot']
auditLog:
  syntheticActors: *who
";
    let config = read(&[text]).unwrap();
    assert_eq!(config.audit_log.synthetic_actors, ["user:default/robot"]);
}

#[test]
fn what_is_not_yaml_is_said_with_its_line_and_without_its_text() {
    let said = problems("auditLog:\n  store: [sesame\n  listen: sesame\n");
    assert!(said[0].starts_with("0.yaml:"), "{said:?}");
    assert!(said[0].contains("is not valid YAML"), "{said:?}");
    assert!(!said[0].contains("sesame"), "{said:?}");
    let twice = problems("auditLog: {}\nauditLog: {}\n");
    assert!(
        twice[0].starts_with("0.yaml:2: is not valid YAML"),
        "{twice:?}"
    );
    let missing = AppConfig::read(&["nowhere.yaml".into()], &|_| None).unwrap_err();
    assert!(
        missing
            .to_string()
            .starts_with("nowhere.yaml: cannot be read: ")
    );
}
