//! The tables of the contract, and servers that they are held against.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use auditlog::{api::Event, store::Writer};
use serde_json::Value;

use super::{Home, process::Serving, recorded::TOKENS, served::Answer};

/// Of the recorded tokens, one that may everything, and one that may read alone.
pub const ADMIN: &str = "ref-unrestricted-token-0001";
pub const READER: &str = "ref-audit-reader-token-0002";

/// The cells of a table; a first cell that is indented says more of the row above.
pub fn rows<const N: usize>(table: &'static str) -> Vec<[&'static str; N]> {
    let cells = |row: &'static str| {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        cells.try_into().expect("as many cells as the others")
    };
    table.trim().lines().map(cells).collect()
}

/// The events of a recorded page.
pub fn events_of(page: &[u8]) -> Vec<Event> {
    let page: Value = serde_json::from_slice(page).unwrap();
    let events = page["data"].as_array().unwrap().iter();
    events
        .map(|event| Event::from_json(&event.to_string()).unwrap())
        .collect()
}

/// A server over these events, with the recorded tokens and more of a configuration.
pub fn serve(home: &Home, name: &str, events: &[Event], more: &str) -> Serving {
    let store = format!("{name}.db");
    let mut writer = Writer::open(home.path(&store)).unwrap();
    writer.append(events, None).unwrap();
    let config = format!("{name}.yaml");
    home.write_private(&config, format!("{TOKENS}{more}"));
    Serving::start(home, &["--store", &store, "--config", &config])
}

pub fn request(method: &str, target: &str, token: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

/// Sends bytes as they are and reads until the server closes.
pub fn exchange(serving: &Serving, request: &str) -> Answer {
    let mut stream = TcpStream::connect(serving.address()).expect("a connection");
    // Who sends too much is cut off while still sending.
    let _ = stream.write_all(request.as_bytes());
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    Answer::parse(&String::from_utf8(bytes).expect("UTF-8"))
}
