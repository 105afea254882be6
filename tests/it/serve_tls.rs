//! `auditlog serve` with a certificate of its own, asked by the program itself.

#![cfg(unix)]

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use auditlog::{
    config::Https,
    output::Ui,
    server::{AcceptedTokens, Limits, Server, Tls},
    store::Store,
};
use tokio::{io::AsyncReadExt, sync::watch};

use crate::support::{Home, Run, TOKEN, authority::Authority, process::Serving};

const CONFIG: &str = "
backend: {auth: {externalAccess: [{type: static, options: {token: {$file: token}, subject: a}}]}}
auditLog: {https: {certificate: {cert: {$file: cert.pem}, key: {$file: key.pem}}}}
";

/// A home with a trail, and a configuration that names a certificate.
fn home(certificate: &(String, String)) -> Home {
    let home = Home::with_recording();
    home.write_private("token", TOKEN);
    home.write("app-config.yaml", CONFIG);
    put(&home, certificate);
    home
}

fn put(home: &Home, (certificate, key): &(String, String)) {
    home.write("cert.pem", certificate);
    home.write_private("key.pem", key);
}

fn serve(home: &Home) -> Serving {
    Serving::start(home, &["--store", "s.db", "--config", "app-config.yaml"])
}

/// Asks for one event, trusting the authority in this file.
fn ask(home: &Home, serving: &Serving, trusted: &Authority) -> Run {
    home.write("ca.pem", &trusted.pem);
    let args = [
        "events",
        "--url",
        &serving.url,
        "--since",
        "2000-01-01",
        "--limit",
        "1",
        "-o",
        "jsonl",
    ];
    let mut command = home.command(&args);
    command.args(["--ca-cert", "ca.pem", "--retries", "0"]);
    let output = command.env("AUDITLOG_TOKEN", TOKEN).output();
    Run::of(output.expect("the program starts"))
}

#[test]
fn who_trusts_the_certificate_is_answered_and_nobody_else_sends_a_token() {
    let authority = Authority::new();
    let home = home(&authority.certificate("127.0.0.1", 2099));
    let serving = serve(&home);
    assert!(
        serving.url.starts_with("https://127.0.0.1:"),
        "{}",
        serving.url
    );
    let run = ask(&home, &serving, &authority);
    assert_eq!((run.code, run.stdout.lines().count()), (0, 1), "{run:?}");
    let run = ask(&home, &serving, &Authority::new());
    assert_eq!((run.code, run.stdout.as_str()), (5, ""), "{run:?}");
    serving.signal("TERM");
    assert_eq!(serving.wait().code, 0);
}

#[test]
fn a_renewed_certificate_is_shown_after_a_hangup_and_a_broken_one_is_not() {
    let (old, new) = (Authority::new(), Authority::new());
    let home = home(&old.certificate("127.0.0.1", 2099));
    let mut serving = serve(&home);
    assert_eq!(ask(&home, &serving, &old).code, 0);
    put(&home, &new.certificate("127.0.0.1", 2099));
    serving.signal("HUP");
    assert_eq!(serving.said(), "the configuration was read again: 1 token");
    assert_eq!(ask(&home, &serving, &new).code, 0);
    assert_eq!(ask(&home, &serving, &old).code, 5);
    home.write("cert.pem", "nothing");
    serving.signal("HUP");
    let said = "error: auditLog.https.certificate.cert holds no certificate in PEM: the old configuration stays";
    assert_eq!(serving.said(), said);
    assert_eq!(ask(&home, &serving, &new).code, 0);
}

#[test]
fn a_client_without_tls_and_one_that_says_nothing_hold_up_nobody() {
    let authority = Authority::new();
    let home = home(&authority.certificate("127.0.0.1", 2099));
    let serving = serve(&home);
    let address = serving.url.strip_prefix("https://").unwrap();
    let _silent: Vec<_> = (0..20)
        .map(|_| TcpStream::connect(address).unwrap())
        .collect();
    let mut plain = TcpStream::connect(address).unwrap();
    plain
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    plain
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .unwrap();
    let mut answer = Vec::new();
    // An alert, or a reset: no page.
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    assert_eq!(ask(&home, &serving, &authority).code, 0);
}

#[test]
fn what_is_wrong_with_a_certificate_is_found_before_anybody_is_served() {
    let authority = Authority::new();
    let home = home(&authority.certificate("127.0.0.1", 2099));
    let check = || home.run(&["serve", "--check", "--config", "app-config.yaml"]);
    assert_eq!(check().code, 0);
    let (certificate, key) = authority.certificate("127.0.0.1", 2099);
    let (_, foreign) = authority.certificate("127.0.0.1", 2099);
    let key_of = "auditLog.https.certificate.key";
    for (pair, said) in [
        (
            (certificate.clone(), foreign),
            format!(
                "{key_of} does not match the first certificate of auditLog.https.certificate.cert"
            ),
        ),
        (
            (certificate.clone(), certificate.clone()),
            format!("{key_of} holds no private key in PEM"),
        ),
        (
            (key.clone(), key.clone()),
            "auditLog.https.certificate.cert holds no certificate in PEM".to_owned(),
        ),
    ] {
        put(&home, &pair);
        let run = check();
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run:?}");
        assert!(
            run.stderr.starts_with(&format!("error: {said} — ")),
            "{run:?}"
        );
        assert!(!run.stderr.contains("PRIVATE KEY"), "{run:?}");
    }
    put(&home, &authority.certificate("127.0.0.1", 2021));
    let run = check();
    assert_eq!(run.code, 0, "{run:?}");
    let said = "warning: the certificate in auditLog.https has expired: clients will refuse it\n";
    assert_eq!(run.stderr, said);
}

#[tokio::test]
async fn a_handshake_has_its_time_and_counts_as_a_connection() {
    let (cert, key) = Authority::new().certificate("127.0.0.1", 2099);
    let key = key.into();
    let tls = Tls::new(&Https { cert, key }, 1_700_000_000).unwrap();
    let limits = Limits {
        connections: 1,
        head: Duration::from_millis(50),
        ..Limits::default()
    };
    let server = Server::bind_with("127.0.0.1:0".parse().unwrap(), limits).await;
    let (_unchanged, tls) = watch::channel(tls);
    let server = server.unwrap().over_tls(tls);
    let url = server.url();
    let address = url.strip_prefix("https://").unwrap();
    let (store, tokens) = (Store::in_memory().unwrap(), AcceptedTokens::default());
    let serving = server.serve(store, tokens, Ui::default(), std::future::pending());
    let silent = async {
        let mut streams = Vec::new();
        for _ in 0..3 {
            streams.push(tokio::net::TcpStream::connect(address).await.unwrap());
        }
        // Each has its turn only when the one before was hung up on.
        for mut stream in streams {
            let mut nothing = Vec::new();
            assert_eq!(stream.read_to_end(&mut nothing).await.unwrap(), 0);
        }
    };
    tokio::select! {
        ended = serving => panic!("{ended:?}"),
        () = silent => {}
    }
}
