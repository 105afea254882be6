//! Whose request it is: the address behind the proxies that are trusted.

use std::net::IpAddr;

use hyper::HeaderMap;

use crate::config::Networks;

/// The header in which a proxy says who asked it; each adds to its end whom it saw.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The client's address: the peer's own, or, where the peer is a trusted proxy, the rightmost one of the header that
/// is not. What stands left of that one, the client may have made up.
pub(super) fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &Networks) -> IpAddr {
    let mut client = peer;
    if !trusted.contains(client) {
        return client;
    }
    // As bytes: what a client makes up need not be text, and must not hide what a proxy wrote behind it.
    let values = headers.get_all(FORWARDED_FOR).iter().rev();
    let addresses = values.flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b','));
    for text in addresses {
        // A proxy that writes no address is believed no further.
        let text = std::str::from_utf8(text).unwrap_or_default();
        let Some(address) = address(text.trim()) else {
            break;
        };
        client = address;
        if !trusted.contains(client) {
            break;
        }
    }
    client
}

/// An address, as some proxies write it with brackets or a port.
fn address(text: &str) -> Option<IpAddr> {
    let bracketed = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    text.parse()
        .ok()
        .or_else(|| bracketed?.parse().ok())
        .or_else(|| Some(text.parse::<std::net::SocketAddr>().ok()?.ip()))
}

#[cfg(test)]
mod tests {
    use hyper::{HeaderMap, header::HeaderValue};

    use super::client_address;
    use crate::config::{Network, Networks};

    #[test]
    fn the_rightmost_address_that_is_no_trusted_proxy_is_the_clients() {
        let trusted = ["10.0.0.0/8", "::1"].map(|text| Network::parse(text).unwrap());
        let trusted = Networks(trusted.to_vec());
        for (peer, forwarded, expected) in [
            ("192.0.2.1", &[][..], "192.0.2.1"),
            ("192.0.2.1", &["198.51.100.7"], "192.0.2.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["1.1.1.1, 198.51.100.7"], "198.51.100.7"),
            (
                "10.0.0.1",
                &["1.1.1.1, 198.51.100.7 ,10.2.2.2"],
                "198.51.100.7",
            ),
            (
                "10.0.0.1",
                &["1.1.1.1", "198.51.100.7", "10.2.2.2"],
                "198.51.100.7",
            ),
            ("10.0.0.1", &["10.3.3.3, 10.2.2.2"], "10.3.3.3"),
            ("10.0.0.1", &["1.1.1.1, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["1.1.1.1, unknown, 10.2.2.2"], "10.2.2.2"),
            ("10.0.0.1", &[""], "10.0.0.1"),
            ("::1", &["[2001:db8::1]:443"], "2001:db8::1"),
            ("::1", &["[2001:db8::1]"], "2001:db8::1"),
            ("::ffff:10.0.0.1", &["192.0.2.9:8080"], "192.0.2.9"),
        ] {
            let mut headers = HeaderMap::new();
            for value in forwarded {
                headers.append("X-Forwarded-For", value.parse().unwrap());
            }
            let client = client_address(peer.parse().unwrap(), &headers, &trusted);
            assert_eq!(client.to_string(), expected, "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn what_is_no_text_hides_nothing_behind_it() {
        let trusted = Networks(vec![Network::parse("10.0.0.0/8").unwrap()]);
        for (values, expected) in [
            (&[&b"\xff, 198.51.100.7"[..]][..], "198.51.100.7"),
            (&[b"6.6.6.1", b"\xff, 198.51.100.7"], "198.51.100.7"),
            (&[b"6.6.6.1", b"\xff"], "10.0.0.1"),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("X-Forwarded-For", HeaderValue::from_bytes(value).unwrap());
            }
            let client = client_address("10.0.0.1".parse().unwrap(), &headers, &trusted);
            assert_eq!(client.to_string(), expected, "{values:?}");
        }
    }
}
