//! A log as it is: each event is valid, each line is counted, and the same bytes give the same events.
#![no_main]

use auditlog::ingest::Place;
use auditlog_fuzz::read;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let once = read(data, data, Place::default(), None);
    assert_eq!(once.after, data.len() as u64);
    assert_eq!(read(data, data, Place::default(), None), once);
});
