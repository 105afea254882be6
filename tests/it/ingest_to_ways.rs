//! `auditlog ingest --to` and `--profile`: the ways to a server that is not on this machine.

#![cfg(unix)]

use std::{
    io::{self, BufRead, BufReader, Write},
    net::{Shutdown, TcpListener, TcpStream},
    process::Command,
    thread::{self, JoinHandle},
};

use crate::support::{
    Home, Run, TOKEN,
    authority::Authority,
    logs::{bodies, line, log},
    process::Serving,
    scripted::{Reply, Scripted},
};

const TOLD: &str = r#"{"stored":2,"excluded":0,"duplicate":0,"initiated":0,"withoutId":0,"rejectedCount":0,"rejected":[]}"#;

/// A home with two events in a log, and a configuration of a server that is called this.
fn home(authority: &Authority, server: &str) -> Home {
    let home = Home::new();
    home.write_private("token", TOKEN);
    home.write("a.log", log(&[line("e1", ""), line("e2", "")]));
    home.write("ca.pem", &authority.pem);
    let (certificate, key) = authority.certificate(server, 2099);
    home.write("cert.pem", certificate);
    home.write_private("key.pem", key);
    home.write(
        "app-config.yaml",
        "backend: {auth: {externalAccess: [{type: static, options: {token: {$file: token}, subject: a}}]}}\n\
         auditLog: {https: {certificate: {cert: {$file: cert.pem}, key: {$file: key.pem}}}}\n",
    );
    home
}

fn serve(home: &Home) -> Serving {
    Serving::start(home, &["--store", "s.db", "--config", "app-config.yaml"])
}

fn run(mut command: Command) -> Run {
    Run::of(command.output().unwrap())
}

fn send(home: &Home, url: &str, more: &[&str]) -> Command {
    let args = ["ingest", "--to", url, "--token-file", "token", "a.log"];
    home.command(&[&args, more].concat())
}

fn assert_sent(home: &Home, run: &Run) {
    assert_eq!(run.code, 0, "{run:?}");
    let counted = "the server counted stored 2, duplicate 0, excluded 0, rejected 0\n";
    assert!(run.stderr.contains(counted), "{run:?}");
    assert_eq!(bodies(&home.path("s.db")).len(), 2);
}

#[test]
fn over_tls_events_go_to_who_has_a_certificate_of_a_named_authority() {
    let authority = Authority::new();
    let home = home(&authority, "127.0.0.1");
    let server = serve(&home);
    let refused = run(send(&home, &server.url, &["--retries", "0"]));
    assert_eq!(refused.code, 5, "{refused:?}");
    assert!(
        refused
            .stderr
            .contains("error: cannot trust https://127.0.0.1:"),
        "{refused:?}"
    );
    home.write("other.pem", Authority::new().pem);
    let refused = run(send(&home, &server.url, &["--ca-cert", "other.pem"]));
    assert_eq!(refused.code, 5, "{refused:?}");
    assert_eq!(bodies(&home.path("s.db")).len(), 0);
    assert_sent(
        &home,
        &run(send(&home, &server.url, &["--ca-cert", "ca.pem"])),
    );
}

#[test]
fn a_profile_says_where_with_which_token_and_whom_to_trust() {
    let authority = Authority::new();
    let home = home(&authority, "127.0.0.1");
    let server = serve(&home);
    let (url, ca) = (&server.url, home.path("ca.pem"));
    let ca = ca.display();
    home.write_config(&format!(
        "[profiles.p]\nurl = \"{url}\"\nca_cert = \"{ca}\"\ntoken_command = [\"cat\", \"token\"]\n"
    ));
    assert_sent(
        &home,
        &run(home.command(&["ingest", "--profile", "p", "a.log"])),
    );
}

#[test]
fn a_profile_may_be_a_store() {
    let home = home(&Authority::new(), "127.0.0.1");
    let store = home.path("s.db");
    home.write_config(&format!("[profiles.p]\nstore = \"{}\"\n", store.display()));
    let run = run(home.command(&["ingest", "--profile", "p", "a.log"]));
    assert!(run.stderr.starts_with("read 2, stored 2, "), "{run:?}");
    assert_eq!(bodies(&store).len(), 2);
}

/// A proxy that leads whoever asks for `audit.invalid` to this server; it gives what it was asked.
fn proxy(to: &str) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let to = to.strip_prefix("https://").unwrap().to_owned();
    let asked = thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(client.try_clone().unwrap());
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(reader.read_line(&mut head).unwrap() > 0, "{head}");
        }
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        let mut server = TcpStream::connect(to).unwrap();
        let mut back = (server.try_clone().unwrap(), client.try_clone().unwrap());
        let answers = thread::spawn(move || {
            let _ = io::copy(&mut back.0, &mut back.1);
        });
        let _ = io::copy(&mut reader, &mut server);
        let _ = server.shutdown(Shutdown::Write);
        answers.join().unwrap();
        let _ = client.shutdown(Shutdown::Both);
        head
    });
    (url, asked)
}

#[test]
fn through_a_proxy_there_is_a_tunnel_and_it_never_sees_the_token() {
    let authority = Authority::new();
    let home = home(&authority, "audit.invalid");
    let server = serve(&home);
    let (url, asked) = proxy(&server.url);
    let mut command = send(&home, "https://audit.invalid", &["--ca-cert", "ca.pem"]);
    command.env("HTTPS_PROXY", url);
    assert_sent(&home, &run(command));
    let head = asked.join().unwrap();
    assert!(
        head.starts_with("CONNECT audit.invalid:443 HTTP/1.1\r\n"),
        "{head}"
    );
    assert!(!head.contains(TOKEN), "{head}");
}

#[test]
fn plain_http_leads_through_a_proxy_where_a_profile_allows_it() {
    let home = home(&Authority::new(), "127.0.0.1");
    let allowed = "allow_plain_http = true\ntoken_command = [\"cat\", \"token\"]\n";
    home.write_config(&format!(
        "[profiles.p]\nurl = \"http://audit.invalid\"\n{allowed}"
    ));
    let proxy = Scripted::replies(vec![Reply::json(TOLD)]);
    let mut command = home.command(&["ingest", "--profile", "p", "a.log"]);
    command.env("http_proxy", proxy.url());
    let run = run(command);
    assert_eq!(run.code, 0, "{run:?}");
    let warning =
        "warning: the token goes to http://audit.invalid unencrypted, as the profile allows\n";
    assert!(run.stderr.starts_with(warning), "{run:?}");
    let asked = proxy.finish();
    let head = "POST http://audit.invalid/api/audit-log/v1/audit-event HTTP/1.1";
    assert_eq!(asked[0].head[0], head);
    assert!(asked[0].has_token());
    let untouched = Scripted::untouched();
    let mut command = send(&home, "http://audit.invalid", &[]);
    command.env("http_proxy", untouched.url());
    let refused = Run::of(command.output().unwrap());
    assert_eq!(refused.code, 2, "{refused:?}");
    untouched.finish();
}
