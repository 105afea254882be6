//! Memory does not grow with the number of events.

use std::{fmt::Write as _, io::Read, process::Stdio};

use crate::support::{
    Home, TOKEN,
    process::{Serving, peak},
};

/// Lines of a log, a second apart, that become one event each.
fn log(events: u32) -> String {
    let mut log = String::new();
    let end = chrono::Utc::now();
    for ago in 0..events {
        let time = (end - chrono::Duration::seconds(ago.into())).to_rfc3339();
        writeln!(
            log,
            r#"{{"actor":{{"actorId":"user:default/guest","ip":"192.0.2.1"}},"eventId":"entity-mutate","isAuditEvent":true,"message":"catalog.entity-mutate","meta":{{"entityRef":"component:default/payments-{ago}","queryType":"refresh"}},"plugin":"catalog","request":{{"method":"POST","url":"/api/catalog/refresh"}},"severityLevel":"medium","status":"succeeded","timestamp":"{time}"}}"#
        )
        .unwrap();
    }
    log
}

/// Peak memory of `events --all`, in kB, after it was seen to write `events` lines.
fn peak_of_all(home: &Home, source: &[&str], events: u32) -> u64 {
    let args = ["events", "-q", "--all", "-o", "jsonl"];
    let mut command = home.command(&[&args, source].concat());
    command.env("AUDITLOG_TOKEN", TOKEN).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    let (mut lines, mut most) = (0, 0);
    let mut chunk = vec![0; 1 << 16];
    loop {
        let read = out.read(&mut chunk).unwrap();
        if read == 0 {
            break;
        }
        lines += chunk[..read].iter().filter(|&&byte| byte == b'\n').count();
        most = peak(child.id()).unwrap_or(most);
    }
    assert!(child.wait().unwrap().success());
    assert_eq!(lines, events as usize);
    assert!(most > 0, "the kernel tells no peak");
    most
}

/// Who reads how many events: the program over its store, over a server, and that server.
fn peaks(events: u32) -> [(&'static str, u64); 3] {
    let home = Home::new();
    let _ = home.ingest(log(events));
    let serving = Serving::store(&home, "s.db");
    let store = peak_of_all(&home, &["--store", "s.db"], events);
    let url = peak_of_all(&home, &["--url", &serving.url], events);
    let serve = peak(serving.id()).expect("the kernel tells a peak");
    [
        ("events --store", store),
        ("events --url", url),
        ("serve", serve),
    ]
}

/// Peak memory in kB, at most: of who asks, and of a server, whose connections keep pages of the store.
const MOST: u64 = 48_000_000 / 1024;
const MOST_OF_SERVE: u64 = 200_000_000 / 1024;

#[test]
#[ignore = "needs Linux, and a release build to be quick"]
fn three_times_the_events_take_no_more_memory() {
    // Few are enough to fill what is read ahead, and for the allocator to have settled.
    let (few, many) = (peaks(250_000), peaks(750_000));
    for ((who, small), (_, large)) in few.into_iter().zip(many) {
        let most = if who == "serve" { MOST_OF_SERVE } else { MOST };
        assert!(
            large < small + 10_000 && large < most,
            "{who}: {small} kB for 250,000 events, {large} kB for 750,000"
        );
    }
}
