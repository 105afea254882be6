//! `auditlog serve` with everything that its operator can see, and plain requests to it.

use std::{
    io::{Read, Write},
    net::TcpStream,
    ops::{Deref, DerefMut},
};

use super::{Home, TOKEN, process::Serving, served::Answer};

/// A server of `s.db` for [`TOKEN`], and where its metrics are.
pub struct Operated {
    pub serving: Serving,
    pub metrics: String,
}

impl Operated {
    /// With more settings below `backend` and below `auditLog`, each a line.
    pub fn start(home: &Home, backend: &str, audit_log: &str) -> Self {
        write_config(home, backend, audit_log);
        let args = ["--store", "s.db", "--config", "app-config.yaml"];
        let mut serving = Serving::start(home, &args);
        let said = serving.said();
        let (_, metrics) = said
            .split_once("metrics at http://")
            .expect("where they are");
        let (metrics, _) = metrics.split_once("/metrics").expect("their path");
        Self {
            metrics: metrics.to_owned(),
            serving,
        }
    }

    /// All metrics, as they are sent.
    pub fn scrape(&self) -> String {
        let answer = ask(&self.metrics, "GET /metrics", "");
        assert_eq!(answer.status, 200);
        let kind = answer.header("content-type");
        assert_eq!(kind, Some("text/plain; version=0.0.4; charset=utf-8"));
        answer.body
    }
}

impl Deref for Operated {
    type Target = Serving;

    fn deref(&self) -> &Serving {
        &self.serving
    }
}

impl DerefMut for Operated {
    fn deref_mut(&mut self) -> &mut Serving {
        &mut self.serving
    }
}

/// Writes the configuration of such a server.
pub fn write_config(home: &Home, backend: &str, audit_log: &str) {
    let config = format!(
        "backend:\n  auth: {{externalAccess: [{{type: static, options: {{token: '{TOKEN}', subject: 'external:tests'}}}}]}}\n\
         \x20 {backend}\nauditLog:\n  metrics: {{listen: '127.0.0.1:0'}}\n  {audit_log}\n"
    );
    home.write_private("app-config.yaml", config);
}

/// A request for events, with the token and more headers.
pub fn events(more: &str) -> String {
    format!(
        "GET /api/audit-log/v1/audit-event HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n{more}\r\n"
    )
}

/// The answer to a request of no body, like `GET /`, with more headers.
pub fn ask(address: &str, request: &str, more: &str) -> Answer {
    send(
        address,
        &format!("{request} HTTP/1.1\r\nHost: x\r\n{more}"),
        "",
    )
}

/// The answer to a head, whose end is not in it, and a body.
pub fn send(address: &str, head: &str, body: &str) -> Answer {
    let mut stream = TcpStream::connect(address).expect("a connection");
    let request = format!(
        "{head}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).expect("it is read");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer");
    Answer::parse(&text)
}
