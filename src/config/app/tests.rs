//! The configuration from texts in files.

mod problems;

use std::{fs, path::PathBuf, time::Duration};

use secrecy::ExposeSecret;

use super::{
    Action, AppConfig, ExcludeRule, LogForm, LogLevel, Logging, Network, Networks, RateLimit,
    Restriction,
};
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

const EVERY_KEY: &str = "
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
  https: {certificate: {cert: 'a certificate', key: 'a key'}}
  log: {format: json, level: debug}
  metrics: {listen: '[::1]:9000'}
  stopWithin: 1m30s
";

#[test]
fn every_key_is_read() {
    let config = read(&[EVERY_KEY]).unwrap();
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
        "0.yaml:19: backend.auth.externalAccess[1] is not of type 'static': it is passed over";
    assert!(warnings[0].ends_with(warning), "{warnings:?}");
    let own = config.audit_log;
    assert_eq!(own.listen, Some("[::1]:8080".parse().unwrap()));
    assert_eq!(own.store, Some("/var/lib/auditlog/trail.db".into()));
    let rule = ExcludeRule {
        actor_id: "plugin:*".into(),
        event_id: "entity-fetch".into(),
    };
    assert_eq!(own.exclude_rules, [rule]);
    assert_eq!(own.synthetic_actors, ["user:default/robot"]);
    let redact = own.redact.unwrap();
    assert!(redact.enabled);
    assert_eq!(redact.keys, Some(vec!["*password*".into()]));
    assert_eq!(redact.max_value_bytes, Some(4096));
    assert!(own.audit_reads);
    let networks = ["10.0.0.0/8", "::1"].map(|text| Network::parse(text).unwrap());
    assert_eq!(own.trusted_proxies, Networks(networks.to_vec()));
    let https = own.https.unwrap();
    assert_eq!(https.cert, "a certificate");
    assert_eq!(https.key.expose_secret(), "a key");
    let log = Logging {
        format: LogForm::Json,
        level: LogLevel::Debug,
    };
    assert_eq!(own.log, Some(log));
    assert_eq!(own.metrics, Some("[::1]:9000".parse().unwrap()));
    assert_eq!(own.stop_within, Some(Duration::from_secs(90)));
}

#[test]
fn what_an_operator_leaves_out_has_a_default_or_is_off() {
    let of = |text: &str| {
        let own = read(&[&format!("auditLog: {text}")]).unwrap().audit_log;
        (own.log, own.metrics.map(|listen| listen.to_string()))
    };
    let here = Some("127.0.0.1:7018".to_owned());
    assert_eq!(of("{}"), (None, None));
    assert_eq!(
        of("{log: {}, metrics: {}}"),
        (Some(Logging::default()), here.clone())
    );
    assert_eq!(of("{metrics: true}"), (None, here));
    assert_eq!(of("{metrics: false}"), (None, None));
    let (log, _) = of("{log: {level: warn}}");
    assert_eq!(log.map(|log| log.level), Some(LogLevel::Warning));
}

#[test]
fn what_an_operator_mistypes_is_said() {
    for (text, said) in [
        (
            "log: json",
            "auditLog.log must be an object with format and level",
        ),
        (
            "log: {format: sesame}",
            "auditLog.log.format must be text or json",
        ),
        (
            "log: {level: sesame}",
            "auditLog.log.level must be error, warning, notice, info or debug",
        ),
        (
            "log: {formats: text}",
            "unknown key 'formats' in auditLog.log; did you mean 'format'?",
        ),
        (
            "metrics: sesame",
            "auditLog.metrics must be true, false or an object with listen",
        ),
        (
            "metrics: {listen: sesame}",
            "auditLog.metrics.listen must be an address and a port, like 127.0.0.1:7017",
        ),
        (
            "metric: {}",
            "unknown key 'metric' in auditLog; did you mean 'metrics'?",
        ),
        (
            "stopWithin: 0s",
            "auditLog.stopWithin must be a length of time from 1s to 1h, like 10s",
        ),
        (
            "stopWithin: 10",
            "auditLog.stopWithin must be a text (put it in quotes)",
        ),
    ] {
        let problems = problems(&format!("auditLog:\n  {text}"));
        assert!(problems[0].ends_with(said), "{text}: {problems:?}");
        assert!(!problems[0].contains("sesame"), "{problems:?}");
    }
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
    let rules = own.exclude_rules;
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
    assert_eq!(config.audit_log.store, Some(inner.join("trail.db").into()));
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
    let text = format!("a: &a {}\nauditLog: {{store: *a}}", "x".repeat(70_000));
    let expected = ["0.yaml:2: auditLog.store: this text is too long"];
    assert_eq!(problems(&text), expected);
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
