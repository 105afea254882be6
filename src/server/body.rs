//! The body of a request, within bounds: its size, packed and unpacked, the time it may take, and how many large ones
//! are held at a time.

use std::{
    future::poll_fn,
    io::{self, Read},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use flate2::read::MultiGzDecoder;
use hyper::{
    HeaderMap,
    body::{Body, Buf, Bytes, Incoming},
    header,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::spawn_blocking,
    time::{Instant, timeout, timeout_at},
};

use super::error::Refusal;

/// Largest body as it is sent.
const MAX_SENT: usize = 16 << 20;
/// Largest body once it is unpacked.
const MAX_UNPACKED: usize = 64 << 20;
/// Larger than this is large: only a few such bodies are held at a time, whoever sends them.
const SMALL: usize = 256 << 10;
/// Large bodies at a time.
const LARGE_ONES: usize = 4;
/// How much of a refused body is read all the same, and for how long: who is still sending does not see an answer.
const DRAINED: usize = 16 << 20;
const DRAINING: Duration = Duration::from_secs(2);

/// Why a body is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BodyError {
    /// Larger than [`MAX_SENT`].
    #[error("The body is larger than 16 MiB")]
    TooLarge,
    /// Larger than [`MAX_UNPACKED`].
    #[error("The unpacked body is larger than 64 MiB")]
    TooLargeUnpacked,
    /// It had not come when the time for it was over.
    #[error("The body did not arrive in time")]
    TooSlow,
    /// It ended before its end.
    #[error("The body ends too early")]
    BrokenOff,
    /// It says gzip and is not.
    #[error("The body is not valid gzip")]
    NotGzip,
    /// A compression that we do not know.
    #[error("Content-Encoding has to be gzip, or none")]
    Encoding,
}

/// A body, and the right to hold it if it is large.
#[derive(Debug)]
pub(super) struct Whole {
    pub(super) bytes: Bytes,
    pub(super) _permit: Option<OwnedSemaphorePermit>,
}

/// Reads bodies.
#[derive(Debug)]
pub(super) struct Bodies {
    large: Arc<Semaphore>,
    time: Duration,
}

impl Bodies {
    /// `time` is how long one may take to come, waiting for its turn included.
    pub(super) fn new(time: Duration) -> Self {
        Self {
            large: Arc::new(Semaphore::new(LARGE_ONES)),
            time,
        }
    }

    /// The body, unpacked.
    pub(super) async fn read(
        &self,
        headers: &HeaderMap,
        mut body: Incoming,
    ) -> Result<Whole, Refusal> {
        let is_packed = is_packed(headers)?;
        let deadline = Instant::now() + self.time;
        let read = self.read_sent(&mut body, deadline).await;
        let (bytes, permit) = match read {
            Ok(read) => read,
            Err(refusal) => {
                let _ = timeout(DRAINING, drain(body)).await;
                return Err(refusal);
            }
        };
        match is_packed {
            true => self.unpack(bytes, permit, deadline).await,
            false => Ok(Whole {
                bytes: bytes.into(),
                _permit: permit,
            }),
        }
    }

    async fn read_sent(
        &self,
        body: &mut Incoming,
        deadline: Instant,
    ) -> Result<(Vec<u8>, Option<OwnedSemaphorePermit>), Refusal> {
        if body.size_hint().lower() > MAX_SENT as u64 {
            return Err(BodyError::TooLarge.into());
        }
        let (mut bytes, mut permit) = (Vec::new(), None);
        loop {
            let next = timeout_at(deadline, next_part(body)).await;
            let Some(part) = next.map_err(|_| BodyError::TooSlow)? else {
                return Ok((bytes, permit));
            };
            let part = part.map_err(|_| BodyError::BrokenOff)?;
            let length = bytes.len() + part.remaining();
            if length > MAX_SENT {
                return Err(BodyError::TooLarge.into());
            }
            if length > SMALL && permit.is_none() {
                permit = Some(self.turn(deadline).await?);
            }
            bytes.extend_from_slice(&part);
        }
    }

    /// The right to hold a large body. Each takes it once, so that nobody waits for somebody who waits.
    async fn turn(&self, deadline: Instant) -> Result<OwnedSemaphorePermit, Refusal> {
        let turn = timeout_at(deadline, Arc::clone(&self.large).acquire_owned()).await;
        turn.ok().and_then(Result::ok).ok_or(Refusal::Busy)
    }

    async fn unpack(
        &self,
        packed: Vec<u8>,
        mut permit: Option<OwnedSemaphorePermit>,
        deadline: Instant,
    ) -> Result<Whole, Refusal> {
        let mut unpacking = Unpacking {
            packed: MultiGzDecoder::new(io::Cursor::new(packed)),
            bytes: Vec::new(),
        };
        unpacking = unpacking.up_to(SMALL).await?;
        if unpacking.bytes.len() > SMALL {
            if permit.is_none() {
                permit = Some(self.turn(deadline).await?);
            }
            unpacking = unpacking.up_to(MAX_UNPACKED).await?;
        }
        match unpacking.bytes.len() > MAX_UNPACKED {
            true => Err(BodyError::TooLargeUnpacked.into()),
            false => Ok(Whole {
                bytes: unpacking.bytes.into(),
                _permit: permit,
            }),
        }
    }
}

struct Unpacking {
    packed: MultiGzDecoder<io::Cursor<Vec<u8>>>,
    bytes: Vec<u8>,
}

impl Unpacking {
    /// Goes on until there are more bytes than that, or all, where it holds up nobody else.
    async fn up_to(mut self, bytes: usize) -> Result<Self, Refusal> {
        let work = move || {
            let missing = (bytes + 1).saturating_sub(self.bytes.len());
            let mut part = (&mut self.packed).take(missing as u64);
            match part.read_to_end(&mut self.bytes) {
                Ok(_) => Ok(self),
                Err(_) => Err(BodyError::NotGzip.into()),
            }
        };
        spawn_blocking(work).await.unwrap_or(Err(Refusal::Busy))
    }
}

fn is_packed(headers: &HeaderMap) -> Result<bool, BodyError> {
    let mut encodings = headers.get_all(header::CONTENT_ENCODING).iter();
    let first = encodings.next().map(|value| value.as_bytes().trim_ascii());
    match first {
        _ if encodings.next().is_some() => Err(BodyError::Encoding),
        None => Ok(false),
        Some(name) if name.eq_ignore_ascii_case(b"identity") => Ok(false),
        Some(name) if name.eq_ignore_ascii_case(b"gzip") => Ok(true),
        Some(name) if name.eq_ignore_ascii_case(b"x-gzip") => Ok(true),
        Some(_) => Err(BodyError::Encoding),
    }
}

/// The next bytes; none at the end.
async fn next_part(body: &mut Incoming) -> Option<Result<Bytes, hyper::Error>> {
    loop {
        let frame = poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await?;
        match frame.map(hyper::body::Frame::into_data) {
            Ok(Ok(data)) => return Some(Ok(data)),
            Ok(Err(_trailers)) => {}
            Err(error) => return Some(Err(error)),
        }
    }
}

async fn drain(mut body: Incoming) {
    let mut drained = 0;
    while drained < DRAINED
        && let Some(Ok(part)) = next_part(&mut body).await
    {
        drained += part.len();
    }
}
