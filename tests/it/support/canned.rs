//! A server that has its answers ready, byte for byte, and then answers no more.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc::{Receiver, channel},
    thread,
};

use super::fixture;

/// One answer a connection, in this order; a request after the last one waits for ever.
pub struct Canned {
    pub url: String,
    requests: Receiver<String>,
}

impl Canned {
    pub fn start(answers: Vec<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (told, requests) = channel();
        thread::spawn(move || {
            let mut answers = answers.into_iter();
            let mut open = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let head = head(&mut stream);
                if let Some(answer) = answers.next() {
                    stream.write_all(&answer).expect("the client reads");
                } else {
                    open.push(stream);
                }
                if told.send(head).is_err() {
                    return;
                }
            }
        });
        Self { url, requests }
    }

    /// Waits for the next request and gives its head.
    pub fn request(&self) -> String {
        self.requests.recv().expect("a request")
    }

    /// How many requests came that nobody has waited for.
    pub fn rest(&self) -> usize {
        self.requests.try_iter().count()
    }
}

/// The answer of a recording, whose first line is the call.
pub fn recorded_answer(name: &str) -> Vec<u8> {
    let bytes = std::fs::read(fixture("backstage/http").join(name)).expect("a recording");
    let line = bytes.iter().position(|byte| *byte == b'\n').expect("lines");
    bytes[line + 1..].to_vec()
}

/// A page as a server gives it.
pub fn page(events: &[String], total: usize) -> Vec<u8> {
    let body = format!(
        r#"{{"data":[{}],"total":{total},"limit":1000,"offset":0}}"#,
        events.join(",")
    );
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    )
    .into_bytes()
}

fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}
