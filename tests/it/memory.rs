//! Memory does not grow with the number of events.

use std::{
    fmt::Write as _,
    fs,
    io::Read,
    process::{Child, Stdio},
};

use crate::support::Home;

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

/// The most memory that a child has used so far, in kB.
fn peak(child: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Peak memory of `events --all`, in kB, after it was seen to write `events` lines.
fn peak_of_all(events: u32) -> u64 {
    let home = Home::new();
    home.write("audit.log", log(events));
    let ingest = home.run(&["ingest", "-q", "audit.log", "--store", "s.db"]);
    assert_eq!(ingest.code, 0, "{ingest:?}");
    let mut command = home.command(&["events", "-q", "--store", "s.db", "--all", "-o", "jsonl"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    let (mut lines, mut most) = (0, 0);
    let mut chunk = vec![0; 1 << 16];
    loop {
        let read = out.read(&mut chunk).unwrap();
        if read == 0 {
            break;
        }
        lines += chunk[..read].iter().filter(|&&byte| byte == b'\n').count();
        most = peak(&child).unwrap_or(most);
    }
    assert!(child.wait().unwrap().success());
    assert_eq!(lines, events as usize);
    assert!(most > 0, "the kernel tells no peak");
    most
}

#[test]
#[ignore = "needs Linux, and a release build to be quick"]
fn ten_times_the_events_take_no_more_memory() {
    let (small, large) = (peak_of_all(20_000), peak_of_all(200_000));
    assert!(
        large < small + 10_000,
        "{small} kB for 20,000 events, {large} kB for 200,000"
    );
}
