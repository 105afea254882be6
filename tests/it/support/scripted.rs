//! A server that does what a test wrote down, byte for byte: it cuts bodies short, closes, waits, and keeps every
//! request.
//!
//! Threads of the standard library rather than a web framework, which would not let a test send what is wrong.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    ops::RangeInclusive,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::message::Then;
pub use super::message::{Asked, Reply};

/// A client that has ended is gone at once, and one that works asks at once; this is for one that hangs.
const PATIENCE: Duration = Duration::from_secs(60);

type Script = Box<dyn FnMut(&Asked) -> Reply + Send>;

/// What a connection is to the script: bytes both ways, encrypted or not.
trait Stream: Read + Write + Send {}
impl<S: Read + Write + Send> Stream for S {}

struct State {
    script: Mutex<Script>,
    asked: Mutex<Vec<Asked>>,
    /// Told of each request.
    came: Condvar,
    connections: AtomicUsize,
    /// The connection that ends it: whatever was made before it has been accepted before it.
    last: Mutex<Option<SocketAddr>>,
    tls: Option<Arc<tokio_rustls::rustls::ServerConfig>>,
}

/// A server with a script. One that was asked more or less often than its test said fails the test.
pub struct Scripted {
    address: SocketAddr,
    state: Arc<State>,
    accepting: Option<JoinHandle<()>>,
    expected: RangeInclusive<usize>,
}

impl Scripted {
    /// Answers each request by a function of it; there must be one at least.
    pub fn answering(script: impl FnMut(&Asked) -> Reply + Send + 'static) -> Self {
        Self::start(Box::new(script), None, 1..=usize::MAX)
    }

    /// Gives these answers, one after the other, all of them; a request more fails the test.
    pub fn replies(replies: Vec<Reply>) -> Self {
        Self::start(
            in_turn(replies.clone()),
            None,
            replies.len()..=replies.len(),
        )
    }

    /// The same over TLS; clients that do not trust it may send no request.
    pub fn replies_over_tls(replies: Vec<Reply>, tls: tokio_rustls::rustls::ServerConfig) -> Self {
        let expected = replies.len()..=replies.len();
        Self::start(in_turn(replies), Some(Arc::new(tls)), expected)
    }

    /// Must not be asked at all.
    pub fn untouched() -> Self {
        Self::replies(Vec::new())
    }

    fn start(
        script: Script,
        tls: Option<Arc<tokio_rustls::rustls::ServerConfig>>,
        expected: RangeInclusive<usize>,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State {
            script: Mutex::new(script),
            asked: Mutex::default(),
            came: Condvar::new(),
            connections: AtomicUsize::new(0),
            last: Mutex::default(),
            tls,
        });
        let accepting = thread::spawn({
            let state = Arc::clone(&state);
            move || accept(&listener, &state)
        });
        Self {
            address,
            state,
            accepting: Some(accepting),
            expected,
        }
    }

    pub fn url(&self) -> String {
        match self.state.tls {
            Some(_) => format!("https://{}", self.address),
            None => format!("http://{}", self.address),
        }
    }

    /// The requests so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.state.asked.lock().expect("no panic").clone()
    }

    /// Waits until this many requests have come.
    pub fn wait_for(&self, count: usize) {
        let asked = self.state.asked.lock().expect("no panic");
        let fewer = |asked: &mut Vec<Asked>| asked.len() < count;
        let waited = self.state.came.wait_timeout_while(asked, PATIENCE, fewer);
        let (asked, _) = waited.expect("no panic");
        assert!(asked.len() >= count, "{asked:#?}");
    }

    /// Ends it and gives its requests, as many as were expected.
    pub fn finish(mut self) -> Vec<Asked> {
        self.stop();
        self.asked()
    }

    fn stop(&mut self) {
        let Some(accepting) = self.accepting.take() else {
            return;
        };
        // Locked until its address is known, so that it is not taken for a client's.
        let mut last = self.state.last.lock().expect("no panic");
        let wake = TcpStream::connect(self.address).expect("it still listens");
        *last = wake.local_addr().ok();
        drop(last);
        let accepted = accepting.join();
        if thread::panicking() {
            return;
        }
        accepted.expect("the script did not panic");
        let asked = self.asked();
        assert!(
            self.expected.contains(&asked.len()),
            "{} requests, not {:?}: {asked:#?}",
            asked.len(),
            self.expected
        );
        // A client that does not trust a certificate learns of it over a connection.
        let connected = self.state.connections.load(Ordering::SeqCst) > 0;
        let may_connect = *self.expected.end() > 0 || self.state.tls.is_some();
        assert!(may_connect || !connected, "a connection");
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.stop();
    }
}

fn in_turn(replies: Vec<Reply>) -> Script {
    let mut replies = replies.into_iter();
    // One request too many is counted, and ends here rather than in a client that waits.
    Box::new(move |_| replies.next().unwrap_or_else(Reply::nothing))
}

fn accept(listener: &TcpListener, state: &Arc<State>) {
    let mut serving: Vec<JoinHandle<()>> = Vec::new();
    for stream in listener.incoming() {
        let Ok(stream) = stream else { continue };
        let last = state.last.lock().expect("no panic");
        if last.is_some() && *last == stream.peer_addr().ok() {
            break;
        }
        drop(last);
        let number = state.connections.fetch_add(1, Ordering::SeqCst);
        let state = Arc::clone(state);
        serving.push(thread::spawn(move || connection(stream, number, &state)));
    }
    for thread in serving {
        thread.join().expect("the script did not panic");
    }
}

fn connection(tcp: TcpStream, number: usize, state: &State) {
    tcp.set_read_timeout(Some(PATIENCE)).expect("a socket");
    let mut stream: Box<dyn Stream> = match &state.tls {
        None => Box::new(tcp),
        Some(config) => {
            let session =
                tokio_rustls::rustls::ServerConnection::new(Arc::clone(config)).expect("TLS");
            Box::new(tokio_rustls::rustls::StreamOwned::new(session, tcp))
        }
    };
    while let Ok(Some(head)) = read_head(&mut *stream) {
        let asked = Asked {
            head,
            connection: number,
            at: Instant::now(),
        };
        state.asked.lock().expect("no panic").push(asked.clone());
        state.came.notify_all();
        let reply = (state.script.lock().expect("no panic"))(&asked);
        thread::sleep(reply.after);
        if stream
            .write_all(&reply.bytes)
            .and_then(|()| stream.flush())
            .is_err()
        {
            return;
        }
        match reply.then {
            Then::Open => {}
            Then::Close => return,
            Then::Hang => {
                let _ = io::copy(&mut stream, &mut io::sink());
                return;
            }
        }
    }
}

/// The lines of a request's head; none where the connection ended before one. A body is read past.
fn read_head(stream: &mut dyn Stream) -> io::Result<Option<Vec<String>>> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte)? == 0 {
            return Ok(None);
        }
        head.push(byte[0]);
    }
    let text = String::from_utf8(head).expect("a head of text");
    let lines: Vec<_> = text.trim_end().split("\r\n").map(str::to_owned).collect();
    let length = |line: &String| {
        let (name, value) = line.split_once(": ")?;
        let is_length = name.eq_ignore_ascii_case("content-length");
        is_length.then(|| value.parse().expect("a number"))
    };
    let length: u64 = lines.iter().find_map(length).unwrap_or_default();
    io::copy(&mut (&mut *stream).take(length), &mut io::sink())?;
    Ok(Some(lines))
}

#[cfg(test)]
mod tests {
    use std::{net::TcpStream, panic::catch_unwind};

    use super::{Reply, Scripted};

    #[test]
    fn a_script_that_is_not_followed_fails_its_test() {
        assert!(catch_unwind(|| drop(Scripted::answering(|_| Reply::nothing()))).is_err());
        assert!(catch_unwind(|| drop(Scripted::replies(vec![Reply::nothing()]))).is_err());
        let touched = || {
            let server = Scripted::untouched();
            drop(TcpStream::connect(server.address));
            server.finish()
        };
        assert!(catch_unwind(touched).is_err());
        drop(Scripted::untouched());
    }
}
