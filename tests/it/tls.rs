//! Certificates: who is trusted with a token, and who is not.

use std::{
    io::{Read, Write},
    net::TcpListener,
    process::Command,
    thread,
};

use crate::support::{
    Home, Run, TOKEN,
    authority::Authority,
    events::{event, lines},
    scripted::{Reply, Scripted},
};

fn page() -> Reply {
    Reply::page(&[event("a", 1)], 1)
}

/// A server that must be trusted, and the answer with this change to the command.
fn assert_trusted(authority: &Authority, change: impl FnOnce(&Home, &mut Command)) {
    let server = Scripted::replies_over_tls(vec![page()], authority.good_server());
    let home = Home::new();
    home.write("ca.pem", &authority.pem);
    let mut command = home.asking(&server.url(), &["-o", "jsonl"]);
    change(&home, &mut command);
    let run = Run::of(command.output().expect("the program starts"));
    assert_eq!(
        (run.code, run.stdout),
        (0, lines(&[event("a", 1)])),
        "{}",
        run.stderr
    );
    let asked = server.finish();
    assert!(asked[0].has_token());
}

/// The error of a server that must be sent nothing; it is tried once.
fn refused(
    server: tokio_rustls::rustls::ServerConfig,
    change: impl FnOnce(&Home, &mut Command),
) -> String {
    let server = Scripted::replies_over_tls(Vec::new(), server);
    let home = Home::new();
    let mut command = home.asking(&server.url(), &["-v"]);
    change(&home, &mut command);
    let run = Run::of(command.output().expect("the program starts"));
    assert_eq!((run.code, run.stdout.as_str()), (5, ""), "{run:#?}");
    let error = run.only_error().to_owned();
    assert!(
        error.contains(&format!("cannot trust {}: ", server.url())),
        "{error}"
    );
    server.finish();
    error
}

const GIVE_IT: &str = "if a private CA signed it, give its certificate with --ca-cert FILE";

#[test]
fn a_private_authority_is_trusted_where_it_is_named() {
    let authority = Authority::new();
    assert_trusted(&authority, |_, command| {
        command.args(["--ca-cert", "ca.pem"]);
    });
    assert_trusted(&authority, |_, command| {
        command.env("AUDITLOG_CA_CERT", "ca.pem");
    });
    // More than one in a file, with text between them, as such files are.
    assert_trusted(&authority, |home, command| {
        let other = Authority::new().pem;
        home.write(
            "both.pem",
            format!("# one\n{other}# two\n{}", authority.pem),
        );
        command.args(["--ca-cert", "both.pem"]);
    });
}

#[test]
fn the_certificates_of_a_profile_are_trusted() {
    let authority = Authority::new();
    let server = Scripted::replies_over_tls(vec![page()], authority.good_server());
    let home = Home::new();
    home.write("token", TOKEN);
    let ca = home.write("ca.pem", &authority.pem);
    let (url, ca) = (server.url(), ca.display().to_string());
    home.write(
        "config.toml",
        format!("[profiles.p]\nurl = \"{url}\"\nca_cert = \"{ca}\"\n"),
    );
    let args = "events --profile p --token-file token --since 2026-11-01 -o jsonl";
    let mut command = home.command(&args.split(' ').collect::<Vec<_>>());
    let run = Run::of(
        command
            .env("AUDITLOG_CONFIG_DIR", home.path("."))
            .output()
            .unwrap(),
    );
    assert_eq!(
        (run.code, run.stdout),
        (0, lines(&[event("a", 1)])),
        "{}",
        run.stderr
    );
    server.finish();
}

#[cfg(target_os = "linux")]
#[test]
fn the_system_s_certificates_can_be_named_by_the_environment() {
    assert_trusted(&Authority::new(), |_, command| {
        command.env("SSL_CERT_FILE", "ca.pem");
    });
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused_before_the_token_is_sent() {
    let authority = Authority::new();
    let error = refused(authority.good_server(), |_, _| {});
    assert!(error.contains(GIVE_IT), "{error}");
    let error = refused(authority.good_server(), |home, command| {
        let other = home.write("other.pem", Authority::new().pem);
        command.arg("--ca-cert").arg(other);
    });
    assert!(error.contains(GIVE_IT), "{error}");
}

#[test]
fn a_certificate_of_another_server_or_another_time_is_refused() {
    let authority = Authority::new();
    const OTHER_NAME: &str = "use a name that it is for";
    for (name, until, words, hint) in [
        ("portal.example", 2099, "not valid for name", OTHER_NAME),
        ("127.0.0.2", 2099, "not valid for name", OTHER_NAME),
        ("127.0.0.1", 2021, "expired", GIVE_IT),
    ] {
        let error = refused(authority.server(name, until), |home, command| {
            let ca = home.write("ca.pem", &authority.pem);
            command.arg("--ca-cert").arg(ca);
        });
        assert!(error.contains(words) && error.contains(hint), "{error}");
    }
}

#[test]
fn a_file_without_a_certificate_is_wrong_usage() {
    for (content, words) in [
        (None, "cannot read the certificates in ca.pem: No such file"),
        (Some(""), "there is no PEM certificate in it"),
        (Some("hello\n"), "there is no PEM certificate in it"),
        (
            Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
            "cannot read the certificates in ca.pem: ",
        ),
    ] {
        let home = Home::new();
        if let Some(content) = content {
            home.write("ca.pem", content);
        }
        let run = home.ask("https://127.0.0.1:9", &["--ca-cert", "ca.pem"]);
        assert_eq!(
            (run.code, run.stdout.as_str()),
            (2, ""),
            "{content:?} {run:#?}"
        );
        assert!(run.only_error().contains(words), "{content:?} {run:#?}");
    }
}

#[test]
fn plain_http_to_a_tls_port_is_an_error() {
    let server = Scripted::replies_over_tls(Vec::new(), Authority::new().good_server());
    let url = server.url().replace("https://", "http://");
    let run = Home::new().ask(&url, &["--retries", "0"]);
    assert_eq!((run.code, run.stdout.as_str()), (5, ""), "{run:#?}");
    let message = format!("{url} does not answer in HTTP: ");
    assert!(run.only_error().contains(&message), "{run:#?}");
    server.finish();
}

#[test]
fn tls_to_a_plain_port_is_an_error() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let plain = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut greeting = [0; 5];
        stream.read_exact(&mut greeting).unwrap();
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .unwrap();
        greeting[0]
    });
    let run = Home::new().ask(&url, &["--retries", "0"]);
    assert_eq!((run.code, run.stdout.as_str()), (5, ""), "{run:#?}");
    let message = format!("cannot reach {url}: ");
    assert!(run.only_error().contains(&message), "{run:#?}");
    assert_eq!(plain.join().unwrap(), 22, "a TLS handshake");
}
