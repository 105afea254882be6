//! Answers under the recorded heads of a backend that compresses, whole and cut off.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};

use crate::support::{
    Home,
    recorded::{body, events, recorded},
    scripted::{Reply, Scripted},
};

/// A recorded head with a body of ours, compressed as it says, in chunks of these sizes and what is left.
fn encoded(name: &str, body: &[u8], chunks: &[usize]) -> Vec<u8> {
    let head = recorded(name);
    let head = String::from_utf8(head).expect("text");
    let (head, _) = head.split_once("\r\n\r\n").expect("the head's end");
    let encoding = head
        .lines()
        .find_map(|line| line.strip_prefix("Content-Encoding: "))
        .unwrap_or("identity");
    let mut rest: &[u8] = &match encoding {
        "gzip" => {
            let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
            gzip.write_all(body).unwrap();
            gzip.finish().unwrap()
        }
        "br" => brotli(body),
        _ => body.to_vec(),
    };
    let head = head.replace(
        "Content-Length: 43237",
        &format!("Content-Length: {}", rest.len()),
    );
    let mut answer = format!("{head}\r\n\r\n").into_bytes();
    if !head.contains("Transfer-Encoding: chunked") {
        answer.extend_from_slice(rest);
        return answer;
    }
    for size in chunks.iter().copied().chain([rest.len(), 0]) {
        let (chunk, after) = rest.split_at(size.min(rest.len()));
        answer.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        answer.extend_from_slice(chunk);
        answer.extend_from_slice(b"\r\n");
        rest = after;
    }
    answer
}

/// Brotli that compresses nothing, which every reader must take (RFC 7932, section 9.2): blocks of bytes as they are.
fn brotli(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for (at, block) in body.chunks(1 << 16).enumerate() {
        // From the lowest bit: in the first a 0 for the window; not the last; 4 nibbles; the length; uncompressed.
        let header = (block.len() - 1) << 3 | 1 << 19;
        let header = if at == 0 { header << 1 } else { header };
        out.extend_from_slice(&u32::try_from(header).unwrap().to_le_bytes()[..3]);
        out.extend_from_slice(block);
    }
    // The last block, and it is empty.
    out.push(3);
    out
}

/// The body of the largest recorded page: 90 events of 90.
fn large() -> Vec<u8> {
    body(&recorded("200-rate-limit-global-1.http")).to_vec()
}

#[test]
fn a_compressed_answer_is_read_as_the_plain_one() {
    let home = Home::new();
    let expected = events(&large());
    for name in ["br", "gzip", "gzip+deflate+br", "identity", "zstd"] {
        let answer = encoded(
            &format!("200-encoding-{name}.headers"),
            &large(),
            &[1, 10, 999],
        );
        let server = Scripted::replies(vec![Reply::raw(answer)]);
        let run = home.ask(&server.url(), &["-o", "jsonl", "--retries", "0"]);
        assert_eq!(run.code, 0, "{name}: {run:#?}");
        assert_eq!(run.stdout.lines().collect::<Vec<_>>(), expected, "{name}");
        let asked = server.finish();
        assert_eq!(
            asked[0].header("accept-encoding"),
            Some("identity"),
            "{name}"
        );
    }
}

#[test]
fn an_encoding_that_was_not_asked_for_is_an_error_rather_than_garbage() {
    let answer = encoded(
        "200-encoding-deflate.headers",
        b"\x78\x9c\xab\x56\x4a\x49",
        &[],
    );
    let server = Scripted::replies(vec![Reply::raw(answer)]);
    let run = Home::new().ask(&server.url(), &["-o", "json"]);
    assert_eq!((run.code, run.stdout.as_str()), (5, ""), "{run:#?}");
    assert!(
        run.only_error().contains("not a page of audit events"),
        "{run:#?}"
    );
    server.finish();
}

#[test]
fn a_compressed_answer_that_is_cut_off_anywhere_is_an_error() {
    let home = Home::new();
    for name in ["br", "gzip"] {
        let answer = encoded(&format!("200-encoding-{name}.headers"), &large(), &[100]);
        let length = answer.len();
        // The last chunk alone, some of the compressed bytes, most of them, all of them.
        for missing in [3, 5, 20, 500, length / 2] {
            let server = Scripted::replies(vec![Reply::raw(answer.clone()).cut(missing)]);
            let run = home.ask(&server.url(), &["-o", "jsonl", "--retries", "0"]);
            assert_eq!(
                (run.code, run.stdout.as_str()),
                (5, ""),
                "{name} -{missing}: {run:#?}"
            );
            assert!(
                run.only_error().contains("broke off"),
                "{name} -{missing}: {run:#?}"
            );
            server.finish();
        }
    }
}

#[test]
fn compressed_bytes_that_end_early_in_a_whole_body_are_an_error() {
    let home = Home::new();
    for (name, encoding) in [("br", "br"), ("gzip", "gzip")] {
        let whole = encoded(&format!("200-encoding-{name}.headers"), &large(), &[]);
        let compressed = body(&whole);
        // The chunk's own size line and end are not compressed bytes.
        let from = compressed.iter().position(|&byte| byte == b'\n').unwrap() + 1;
        let compressed = &compressed[from..compressed.len() - 7];
        for missing in [1, 9, 100] {
            let headers = format!("Content-Type: application/json\nContent-Encoding: {encoding}");
            let part = &compressed[..compressed.len() - missing];
            let server = Scripted::replies(vec![Reply::of("200 OK", &headers, part)]);
            let run = home.ask(&server.url(), &["-o", "jsonl", "--retries", "0"]);
            assert_eq!(
                (run.code, run.stdout.as_str()),
                (5, ""),
                "{name} -{missing}: {run:#?}"
            );
            assert!(
                run.only_error().contains("broke off"),
                "{name} -{missing}: {run:#?}"
            );
            server.finish();
        }
    }
}
