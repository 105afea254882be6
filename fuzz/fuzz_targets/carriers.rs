//! A log in whatever carries it, which arrives in pieces: where it was cut changes nothing.
#![no_main]

use std::io::{self, Read};

use auditlog::ingest::Place;
use auditlog_fuzz::read;
use libfuzzer_sys::fuzz_target;

/// Gives at most `step` bytes at a time.
struct Pieces<'a> {
    rest: &'a [u8],
    step: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let step = self.step.min(out.len());
        self.rest.take(step as u64).read(out).inspect(|read| {
            self.rest = &self.rest[*read..];
        })
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((first, data)) = data.split_first() else {
        return;
    };
    let whole = read(data, data, Place::default(), None);
    let pieces = Pieces {
        rest: data,
        step: usize::from(*first) + 1,
    };
    assert_eq!(read(data, pieces, Place::default(), None), whole);
});
