//! Proxies of the environment, and plain http: over which wires a request goes, and a token may.

use std::process::Command;

use crate::support::{
    Home, Run, TOKEN,
    events::{event, lines},
    scripted::{Reply, Scripted},
};

/// The program with a proxy in these variables.
fn behind(mut command: Command, variables: &[&str], proxy: &str) -> Run {
    for name in variables {
        command.env(name, proxy);
    }
    Run::of(command.output().expect("the program starts"))
}

fn page() -> Reply {
    Reply::page(&[event("a", 1)], 1)
}

#[test]
fn a_proxy_gets_nothing_that_is_meant_for_this_machine() {
    let proxy = Scripted::untouched();
    let server = Scripted::replies(vec![page(); 2]);
    let variables = [
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "all_proxy",
    ];
    let port = server.url().rsplit(':').next().expect("a port").to_owned();
    let home = Home::new();
    for url in [server.url(), format!("http://localhost:{port}")] {
        let command = home.asking(&url, &["-o", "jsonl"]);
        let run = behind(command, &variables, &proxy.url());
        assert_eq!(
            (run.code, run.stdout),
            (0, lines(&[event("a", 1)])),
            "{}",
            run.stderr
        );
    }
    server.finish();
    proxy.finish();
}

#[test]
fn plain_http_to_another_machine_is_refused_before_anything_is_sent() {
    let proxy = Scripted::untouched();
    for host in [
        "audit.invalid",
        "10.255.255.1",
        "localhost.invalid",
        "[fd00::1]:7007",
    ] {
        let home = Home::new();
        let url = format!("http://{host}");
        let run = behind(
            home.asking(&url, &[]),
            &["HTTP_PROXY", "http_proxy"],
            &proxy.url(),
        );
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run:#?}");
        let message =
            format!("{url} is plain http: the token would cross the network readable — use https");
        assert!(run.only_error().contains(&message), "{run:#?}");
    }
    proxy.finish();
}

/// A profile `p` of `url`, with more settings.
fn profile(home: &Home, url: &str, more: &str) -> Command {
    home.write("token", TOKEN);
    home.write(
        "config.toml",
        format!("[profiles.p]\nurl = \"{url}\"\n{more}\n"),
    );
    let args = "events --profile p --token-file token -q -o jsonl --since 2026-11-01 --retries 0";
    let mut command = home.command(&args.split(' ').collect::<Vec<_>>());
    command.env("AUDITLOG_CONFIG_DIR", home.path("."));
    command
}

#[test]
fn plain_http_goes_where_the_profile_allows_it_and_is_said_each_time() {
    // The proxy stands for the other machine.
    let proxy = Scripted::replies(vec![page(); 2]);
    let home = Home::new();
    for _ in 0..2 {
        let command = profile(&home, "http://audit.invalid", "allow_plain_http = true");
        let run = behind(command, &["http_proxy"], &proxy.url());
        assert_eq!(
            (run.code, run.stdout),
            (0, lines(&[event("a", 1)])),
            "{}",
            run.stderr
        );
        let warning =
            "warning: the token goes to http://audit.invalid unencrypted, as the profile allows\n";
        assert_eq!(run.stderr, warning, "-q does not silence it");
    }
    for asked in proxy.finish() {
        let endpoint = "http://audit.invalid/api/audit-log/v1/audit-event?";
        assert!(asked.target().starts_with(endpoint), "{asked:?}");
        assert!(asked.has_token());
    }
}

#[test]
fn plain_http_that_one_profile_allows_is_refused_to_others() {
    let proxy = Scripted::untouched();
    let home = Home::new();
    let command = profile(
        &home,
        "http://audit.invalid",
        "[profiles.q]\nurl = \"http://audit.invalid\"\nallow_plain_http = true",
    );
    let run = behind(command, &["http_proxy"], &proxy.url());
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run:#?}");
    proxy.finish();
}

#[test]
fn an_https_proxy_is_asked_for_a_tunnel_and_never_sees_the_token() {
    let refusal = Reply::of("407 Proxy Authentication Required", "Connection: close", "");
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        let proxy = Scripted::replies(vec![refusal.clone()]);
        let home = Home::new();
        let command = home.asking("https://audit.invalid", &["-vv", "--retries", "0"]);
        let with_password = proxy.url().replace("http://", "http://robot:hunter2@");
        let run = behind(command, &[variable], &with_password);
        assert_eq!((run.code, run.stdout.as_str()), (5, ""), "{run:#?}");
        assert!(
            run.only_error()
                .contains("cannot reach https://audit.invalid: "),
            "{run:#?}"
        );
        assert!(
            run.stderr.contains("the proxy (HTTPS_PROXY, NO_PROXY)"),
            "{run:#?}"
        );
        assert!(!run.stderr.contains("hunter2"), "{run:#?}");
        let asked = proxy.finish();
        assert_eq!(asked[0].head[0], "CONNECT audit.invalid:443 HTTP/1.1");
        assert!(!asked[0].head.concat().contains(TOKEN), "{asked:?}");
    }
}

#[test]
fn no_proxy_is_respected() {
    let proxy = Scripted::untouched();
    for (variable, value) in [
        ("NO_PROXY", "audit.invalid"),
        ("no_proxy", ".invalid"),
        ("NO_PROXY", "*"),
    ] {
        let home = Home::new();
        let mut command = home.asking("https://audit.invalid", &["--retries", "0"]);
        command.env(variable, value);
        let run = behind(command, &["HTTPS_PROXY"], &proxy.url());
        assert_eq!((run.code, run.stdout.as_str()), (5, ""), "{run:#?}");
        assert!(
            run.only_error()
                .contains("cannot reach https://audit.invalid: "),
            "{run:#?}"
        );
    }
    proxy.finish();
}
