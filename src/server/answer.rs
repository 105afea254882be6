//! Answers as bytes: what a client has already is not sent again, and what is long is compressed.

use std::{
    convert::Infallible,
    io::Write,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, write::GzEncoder};
use hyper::{
    HeaderMap, Method, Response, StatusCode,
    body::{Body, Bytes, Frame, SizeHint},
    header::{self, HeaderName, HeaderValue},
    http::request::Parts,
};
use sha2::{Digest, Sha256};
use tokio::{sync::OwnedSemaphorePermit, task::spawn_blocking};

/// Shorter bodies are sent as they are: what a real Backstage does.
const SHORT: usize = 1024;
/// A longer body is worked on where it holds up nobody else.
const LONG: usize = 64 << 10;

/// The body of an answer, which is there as a whole.
#[derive(Debug, Default)]
pub(super) struct Content(Option<Bytes>);

impl From<Bytes> for Content {
    fn from(bytes: Bytes) -> Self {
        Self((!bytes.is_empty()).then_some(bytes))
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl Content {
    /// Its length in bytes.
    pub(super) fn len(&self) -> usize {
        self.0.as_ref().map_or(0, Bytes::len)
    }
}

impl Body for Content {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.len() as u64)
    }
}

/// A body and what is made of it, once for all who get it.
#[derive(Clone, Debug)]
pub(super) struct Text(Arc<Made>);

#[derive(Debug)]
struct Made {
    bytes: Bytes,
    /// The right to hold it, in whatever encoding.
    permit: Option<Arc<OwnedSemaphorePermit>>,
    tag: OnceLock<String>,
    packed: OnceLock<Option<Bytes>>,
}

/// Bytes that keep the right to hold them until nobody has them any more.
struct Held {
    bytes: Vec<u8>,
    _permit: Arc<OwnedSemaphorePermit>,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::new(text.into_bytes(), None)
    }
}

impl Text {
    /// A body that is held by a permit, until it has been read by all who get it.
    pub(super) fn held(text: String, permit: OwnedSemaphorePermit) -> Self {
        Self::new(text.into_bytes(), Some(Arc::new(permit)))
    }

    fn new(bytes: Vec<u8>, permit: Option<Arc<OwnedSemaphorePermit>>) -> Self {
        Self(Arc::new(Made {
            bytes: held(bytes, permit.as_ref()),
            permit,
            tag: OnceLock::new(),
            packed: OnceLock::new(),
        }))
    }

    pub(super) fn bytes(&self) -> &Bytes {
        &self.0.bytes
    }

    fn tag(&self) -> &str {
        self.0.tag.get_or_init(|| tag(self.bytes()))
    }

    pub(super) fn packed(&self) -> Option<Bytes> {
        let made = || Some(held(packed(self.bytes())?, self.0.permit.as_ref()));
        self.0.packed.get_or_init(made).clone()
    }

    /// The same with its tag, which everybody who gets it needs.
    pub(super) async fn tagged(self) -> Self {
        if self.bytes().len() > LONG {
            let text = self.clone();
            // What breaks off here is made where it is needed.
            let _ = spawn_blocking(move || text.tag().len()).await;
        }
        self
    }

    /// Whether nothing that takes long is left to be done.
    fn is_made(&self, encoding: Encoding) -> bool {
        let is_packed = encoding == Encoding::Identity || self.0.packed.get().is_some();
        self.bytes().len() <= LONG || self.0.tag.get().is_some() && is_packed
    }
}

/// What a request says of the answer that it wants.
#[derive(Debug)]
pub(super) struct Wanted {
    is_read: bool,
    known: Vec<HeaderValue>,
    encoding: Encoding,
}

/// Whether an answer may be compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Identity,
    Gzip,
    /// Also where it is short.
    GzipAlone,
}

impl Wanted {
    pub(super) fn by(head: &Parts) -> Self {
        let known = head.headers.get_all(header::IF_NONE_MATCH);
        Self {
            is_read: matches!(head.method, Method::GET | Method::HEAD),
            known: known.iter().cloned().collect(),
            encoding: encoding(&head.headers),
        }
    }

    /// The same for what is different each time, so that nobody has it already.
    pub(super) fn unvalidated(head: &Parts) -> Self {
        Self {
            is_read: false,
            ..Self::by(head)
        }
    }

    /// The answer as it is sent.
    pub(super) async fn finished(self, answer: Response<Text>) -> Response<Content> {
        if answer.body().is_made(self.encoding) {
            return self.finish(answer);
        }
        let finished = spawn_blocking(move || self.finish(answer)).await;
        finished.unwrap_or_else(|_| {
            let mut failed = Response::new(Content::default());
            *failed.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            failed
        })
    }

    fn finish(&self, answer: Response<Text>) -> Response<Content> {
        let (mut head, body) = answer.into_parts();
        if self.is_read {
            let tag = body.tag();
            // A real one compares, too, only where there is something to be read.
            let is_known = head.status == StatusCode::OK
                && self.known.iter().any(|known| names(known.as_bytes(), tag));
            put(&mut head.headers, header::ETAG, &format!("W/\"{tag}\""));
            if is_known {
                head.status = StatusCode::NOT_MODIFIED;
                head.headers.remove(header::CONTENT_TYPE);
                return Response::from_parts(head, Content::default());
            }
        }
        let packed = match self.encoding {
            Encoding::Gzip if body.bytes().len() > SHORT => body.packed(),
            Encoding::GzipAlone => body.packed(),
            Encoding::Identity | Encoding::Gzip => None,
        };
        let content = match packed {
            Some(packed) => {
                put(&mut head.headers, header::CONTENT_ENCODING, "gzip");
                packed.into()
            }
            None => body.bytes().clone().into(),
        };
        Response::from_parts(head, content)
    }
}

fn held(bytes: Vec<u8>, permit: Option<&Arc<OwnedSemaphorePermit>>) -> Bytes {
    match permit {
        None => bytes.into(),
        Some(permit) => Bytes::from_owner(Held {
            bytes,
            _permit: Arc::clone(permit),
        }),
    }
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// What a real Backstage's ETag looks like: the length, and 27 characters of a hash. It is weak, because it is the same
/// for every encoding of the body.
fn tag(body: &[u8]) -> String {
    let hash = STANDARD.encode(Sha256::digest(body));
    let hash: String = hash.chars().take(27).collect();
    format!("{:x}-{hash}", body.len())
}

/// Whether a value of If-None-Match names a tag, or any. Weak or not makes no difference there (RFC 9110, 13.1.2).
fn names(list: &[u8], tag: &str) -> bool {
    let mut rest = list.trim_ascii();
    if rest == b"*" {
        return true;
    }
    loop {
        while let [b' ' | b'\t' | b',', after @ ..] = rest {
            rest = after;
        }
        let Some(opened) = rest.strip_prefix(b"W/").unwrap_or(rest).strip_prefix(b"\"") else {
            return false;
        };
        // A tag may have a comma in it, and no quotation mark.
        let Some(end) = opened.iter().position(|byte| *byte == b'"') else {
            return false;
        };
        let (named, after) = opened.split_at(end);
        if named == tag.as_bytes() {
            return true;
        }
        rest = after.get(1..).unwrap_or_default();
    }
}

/// The body compressed, at the level that costs least: it is made anew for each answer.
fn packed(body: &[u8]) -> Option<Vec<u8>> {
    let mut gzip = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
    gzip.write_all(body).ok()?;
    gzip.finish().ok()
}

/// What Accept-Encoding asks for: gzip where it is liked no less than the body as it is (RFC 9110, 12.5.3).
fn encoding(headers: &HeaderMap) -> Encoding {
    let (mut gzip, mut identity, mut other) = (None, None, None);
    let values = headers.get_all(header::ACCEPT_ENCODING);
    let values = values.iter().filter_map(|value| value.to_str().ok());
    for item in values.flat_map(|value| value.split(',')) {
        let mut parts = item.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let weight = weight(parts);
        match name.as_str() {
            "gzip" | "x-gzip" => gzip = Some(weight),
            "identity" => identity = Some(weight),
            "*" => other = Some(weight),
            _ => {}
        }
    }
    let gzip = gzip.or(other).unwrap_or_default();
    // Who does not speak of it takes it, and likes everything better that is spoken of.
    match identity.or(other.filter(|weight| *weight == 0)) {
        _ if gzip == 0 => Encoding::Identity,
        Some(0) => Encoding::GzipAlone,
        Some(identity) if identity > gzip => Encoding::Identity,
        _ => Encoding::Gzip,
    }
}

/// The weight among the parameters of an encoding, in thousandths; nonsense is no wish.
fn weight<'a>(parameters: impl Iterator<Item = &'a str>) -> u16 {
    let mut named = parameters.filter_map(|parameter| parameter.split_once('='));
    let Some((_, value)) = named.find(|(name, _)| name.trim().eq_ignore_ascii_case("q")) else {
        return 1000;
    };
    let value = value.trim().parse::<f32>().ok();
    let value = value.filter(|value| (0.0..=1.0).contains(value));
    value.map_or(0, |value| (value * 1000.0).round() as u16)
}

#[cfg(test)]
mod tests {
    use hyper::{HeaderMap, header};

    use super::{Encoding, encoding, names, tag};

    #[test]
    fn a_tag_has_the_length_and_the_hash_of_the_body() {
        // printf '{}' | openssl dgst -sha256 -binary | base64 | cut -c-27
        assert_eq!(tag(b"{}"), "2-RBNvo1WzZ4oRRq0W9+hknpT7T8I");
        assert_eq!(tag(b""), "0-47DEQpj8HBSa+/TImW+5JCeuQeR");
    }

    #[test]
    fn a_list_names_a_tag_or_does_not() {
        for (list, expected) in [
            ("*", true),
            (" * ", true),
            ("\"2-x\"", true),
            ("W/\"2-x\"", true),
            ("\"a\", W/\"2-x\"", true),
            ("\"a,\",\t\"2-x\"", true),
            (",,\"2-x\"", true),
            ("\"a, \"2-x\"", false),
            ("2-x", false),
            ("\"2-x", false),
            ("w/\"2-x\"", false),
            ("\"2-X\"", false),
            ("\"*\"", false),
            ("\"a\" *", false),
            ("", false),
        ] {
            assert_eq!(names(list.as_bytes(), "2-x"), expected, "{list:?}");
        }
    }

    #[test]
    fn gzip_is_for_those_who_like_it_no_less() {
        use Encoding::{Gzip, GzipAlone, Identity};
        for (accept, expected) in [
            (&[][..], Identity),
            (&[""], Identity),
            (&["gzip"], Gzip),
            (&["GZip"], Gzip),
            (&["x-gzip"], Gzip),
            (&["gzip, br"], Gzip),
            (&["br", "gzip;q=0.001"], Gzip),
            (&["gzip;q=0"], Identity),
            (&["gzip; q=0.000, *"], Identity),
            (&["br, zstd"], Identity),
            (&["*"], Gzip),
            (&["*;q=0"], Identity),
            (&["*;q=0, gzip"], GzipAlone),
            (&["identity"], Identity),
            (&["identity, gzip"], Gzip),
            (&["identity;q=0.5, gzip;q=1.0"], Gzip),
            (&["identity;q=1, gzip;q=0.5"], Identity),
            (&["identity;q=0, gzip;q=0.5"], GzipAlone),
            (&["identity;q=0"], Identity),
            (&["gzip;q=2"], Identity),
            (&["gzip;q=NaN"], Identity),
            (&["gzip;q=x"], Identity),
            (&["gzipped"], Identity),
        ] {
            let mut headers = HeaderMap::new();
            for value in accept {
                headers.append(header::ACCEPT_ENCODING, value.parse().unwrap());
            }
            assert_eq!(encoding(&headers), expected, "{accept:?}");
        }
    }
}
