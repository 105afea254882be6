//! The real server in the test's own process, and plain requests to it.

use std::net::{Ipv4Addr, SocketAddr};

use auditlog::{
    api::{AUDIT_EVENT_PATH, Draft, Event, Meta},
    config::StaticToken,
    output::Ui,
    server::{AcceptedTokens, Limits, ServeError, Server},
    store::Store,
    token::TokenHash,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::oneshot,
    task::JoinHandle,
};

use super::TOKEN;

/// A server on a port of its own that accepts [`TOKEN`].
pub struct Served {
    pub address: SocketAddr,
    client: reqwest::Client,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<Result<(), ServeError>>,
}

/// [`TOKEN`], which may read and write.
pub fn all_may() -> AcceptedTokens {
    let token = StaticToken {
        hash: TokenHash::of(TOKEN.as_bytes()),
        subject: "external:tests".to_owned(),
        restrictions: None,
    };
    vec![token].into()
}

impl Served {
    pub async fn start(store: Store) -> Self {
        Self::start_with(store, Limits::default()).await
    }

    pub async fn start_with(store: Store, limits: Limits) -> Self {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = Server::bind_with(listen, limits).await.expect("a port");
        let address = server.url().strip_prefix("http://").map(str::parse);
        let address = address.expect("a plain URL").expect("an address");
        let (stop, stopped) = oneshot::channel();
        let tokens = all_may();
        let stopped = async { stopped.await.unwrap_or_default() };
        let serving = server.serve(store, tokens, Ui::default(), stopped);
        Self {
            address,
            client: client(),
            stop,
            serving: tokio::spawn(serving),
        }
    }

    /// A GET of the endpoint with the token.
    pub async fn ask(&self, pairs: &[(&str, String)]) -> (u16, String) {
        let mut url = reqwest::Url::parse(&self.url(AUDIT_EVENT_PATH)).expect("a URL");
        url.query_pairs_mut().extend_pairs(pairs);
        let request = self.client.get(url).bearer_auth(TOKEN);
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        (status, answer.text().await.expect("a body"))
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Asks the server to stop, without waiting for it.
    pub fn begin_stop(self) -> JoinHandle<Result<(), ServeError>> {
        let _ = self.stop.send(());
        self.serving
    }

    pub async fn stop(self) {
        drop(self.client);
        let _ = self.stop.send(());
        let ended = self.serving.await.expect("the server does not panic");
        ended.expect("every request ends");
    }
}

/// A client that goes straight to where it is told.
pub fn client() -> reqwest::Client {
    // A second test that installs it is refused, which is as good.
    let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build();
    client.expect("a client")
}

/// An answer as its bytes were.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    head: String,
    pub body: String,
}

impl Answer {
    /// Reads what came over a connection until it closed, or what a recording holds.
    pub fn parse(text: &str) -> Self {
        let text = text.replace("\r\n", "\n");
        let (head, body) = text.split_once("\n\n").expect("a head and a body");
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        Self {
            status: status.expect("a status line"),
            head: head.to_owned(),
            body: body.trim_end_matches('\n').to_owned(),
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let found = lines.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value)
    }
}

impl Served {
    /// A connection of one's own.
    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address)
            .await
            .expect("a connection")
    }

    /// Sends bytes as they are and reads until the server closes.
    pub async fn exchange(&self, request: &str) -> Answer {
        let mut stream = self.connect().await;
        // Who sends too much is cut off while still sending.
        let _ = stream.write_all(request.as_bytes()).await;
        Answer::parse(&read_to_end(&mut stream).await)
    }

    /// A request with the token.
    pub async fn request(&self, method: &str, target: &str) -> Answer {
        let head = format!(
            "{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
        );
        self.exchange(&head).await
    }
}

/// Everything up to the end of a connection, a reset being one.
pub async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8(bytes).expect("UTF-8")
}

/// A window around every event of the tests.
pub const ALL: &str = "start_time=2000-01-01T00:00:00Z&end_time=2100-01-01T00:00:00Z";

/// A store in memory that holds these events.
pub fn store_of(events: &[Event]) -> Store {
    let store = Store::in_memory().expect("a store");
    store
        .writer()
        .expect("a store")
        .append(events, None)
        .expect("a store");
    store
}

/// An event to be changed.
pub fn draft(id: &str, time: &str) -> Draft {
    Draft {
        id: id.into(),
        event_time: time.into(),
        recorded_at: time.into(),
        plugin_id: "catalog".into(),
        event_id: "entity-fetch".into(),
        severity_level: "low".into(),
        status: "succeeded".into(),
        actor_type: "service".into(),
        actor_id: Some("plugin:search".into()),
        request_method: Some("GET".into()),
        request_url: Some("/api/catalog/entities".into()),
        action_type: None,
        query_type: None,
        entity_ref: None,
        meta: Meta::new(),
    }
}

/// The ids of a page, in its order; the status in place of them where there is no page.
pub fn ids(answer: &Answer) -> String {
    if answer.status != 200 {
        return answer.status.to_string();
    }
    let body: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
    let events = body["data"].as_array().expect("a list").iter();
    let ids: Vec<_> = events
        .map(|event| event["id"].as_str().expect("a text"))
        .collect();
    ids.join(" ")
}
