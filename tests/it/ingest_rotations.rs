//! `auditlog ingest --follow` while files are rotated more often than it looks, or while it is not there.

#![cfg(unix)]

use std::{fs, io::Write, thread, time::Duration};

use flate2::{Compression, write::GzEncoder};

use crate::support::{
    Home,
    process::signal,
    tailing::{append, events, follow, interrupt, wait_for},
};

fn rename(home: &Home, from: &str, to: &str) {
    fs::rename(home.path(from), home.path(to)).unwrap();
}

/// What `gzip` does: the packed file is there in part before the plain one is gone.
fn compress(home: &Home, name: &str) {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(home.read(name).as_bytes()).unwrap();
    let packed = gzip.finish().unwrap();
    home.write(&format!("{name}.gz"), &packed[..packed.len() / 2]);
    home.write(&format!("{name}.gz"), packed);
    fs::remove_file(home.path(name)).unwrap();
}

/// Three rotations between two looks of one that runs, or while none does: `rotate` gives each of the files that are
/// put away its name.
fn three_rotations(file: &str, rotate: fn(&Home, usize), is_running: bool) -> String {
    let home = Home::new();
    append(&home, file, &events(0..2));
    let first = follow(&home, file);
    wait_for(&home, 2);
    let running = if is_running {
        signal(&first, "STOP");
        Some(first)
    } else {
        let _ = interrupt(first);
        None
    };
    append(&home, file, &events(2..3));
    for rotation in 0..3 {
        rotate(&home, rotation);
        append(&home, file, &events(3 + 2 * rotation..5 + 2 * rotation));
    }
    let follower = match running {
        Some(first) => {
            signal(&first, "CONT");
            first
        }
        None => follow(&home, file),
    };
    wait_for(&home, 9);
    interrupt(follower)
}

fn numbered(home: &Home, rotation: usize) {
    for number in (1..=rotation).rev() {
        rename(
            home,
            &format!("a.log.{number}"),
            &format!("a.log.{}", number + 1),
        );
    }
    rename(home, "a.log", "a.log.1");
}

fn compressed(home: &Home, rotation: usize) {
    for number in (2..=rotation).rev() {
        let (from, to) = (
            format!("a.log.{number}.gz"),
            format!("a.log.{}.gz", number + 1),
        );
        rename(home, &from, &to);
    }
    if rotation > 0 {
        rename(home, "a.log.1", "a.log.2");
        compress(home, "a.log.2");
    }
    rename(home, "a.log", "a.log.1");
}

fn dated(home: &Home, rotation: usize) {
    rename(home, "a.log", &format!("a.log-202611{:02}", 28 + rotation));
    if rotation == 1 {
        // Not in the order of their dates, and later than what comes after it was written.
        compress(home, "a.log-20261128");
    }
}

fn dated_before_the_extension(home: &Home, rotation: usize) {
    let seconds = 8 + rotation;
    rename(
        home,
        "a.log",
        &format!("a-2026-11-28T10-00-{seconds:02}.000.log"),
    );
}

fn copied_and_cut(home: &Home, rotation: usize) {
    for number in (1..=rotation).rev() {
        rename(
            home,
            &format!("a.log.{number}"),
            &format!("a.log.{}", number + 1),
        );
    }
    fs::copy(home.path("a.log"), home.path("a.log.1")).unwrap();
    home.write("a.log", "");
}

#[test]
fn what_is_rotated_away_between_two_looks_is_read_in_its_order() {
    for rotate in [
        numbered,
        compressed,
        dated,
        dated_before_the_extension,
        copied_and_cut,
    ] {
        let said = three_rotations("a.log", rotate, true);
        assert!(said.contains("read 9, stored 9, "), "{said}");
        assert!(!said.contains("missing"), "{said}");
    }
}

#[test]
fn what_is_rotated_away_while_nobody_follows_is_read_in_its_order() {
    for rotate in [
        numbered,
        compressed,
        dated,
        dated_before_the_extension,
        copied_and_cut,
    ] {
        let said = three_rotations("a.log", rotate, false);
        assert!(said.contains("read 7, stored 7, "), "{said}");
        assert!(!said.contains("missing"), "{said}");
    }
}

#[test]
fn what_was_there_before_anything_was_followed_stays_unread() {
    let home = Home::new();
    append(&home, "a.log.2", &events(90..95));
    append(&home, "a.log.1", &events(95..99));
    append(&home, "a.log", &events(0..2));
    let follower = follow(&home, "a.log");
    wait_for(&home, 2);
    signal(&follower, "STOP");
    rename(&home, "a.log.1", "a.log.3");
    numbered(&home, 0);
    append(&home, "a.log", &events(2..3));
    numbered(&home, 1);
    append(&home, "a.log", &events(3..4));
    signal(&follower, "CONT");
    wait_for(&home, 4);
    let said = interrupt(follower);
    assert!(said.contains("read 4, stored 4, "), "{said}");
}

#[test]
fn a_rotation_that_leaves_nothing_to_go_on_from_is_said() {
    for (name, said_of_it) in [
        (
            "a.log.1",
            "is none of the files that were read: what was written to a.log before it may be missing",
        ),
        (
            "a.log.1.xz",
            "is none of the files that were read: what was written to a.log before it may be missing",
        ),
    ] {
        let home = Home::new();
        append(&home, "a.log", &events(0..2));
        let follower = follow(&home, "a.log");
        wait_for(&home, 2);
        signal(&follower, "STOP");
        fs::remove_file(home.path("a.log")).unwrap();
        append(&home, name, &events(90..92));
        append(&home, "a.log", &events(2..3));
        signal(&follower, "CONT");
        wait_for(&home, 3);
        let said = interrupt(follower);
        assert!(
            said.contains(&format!("warning: {name} {said_of_it}\n")),
            "{said}"
        );
    }
}

#[test]
fn a_file_between_that_cannot_be_read_is_said_and_the_others_are_read() {
    for (name, reason) in [
        ("a.log.1.gz", ""),
        ("a.log.1.zst", "it is compressed, and not with gzip"),
    ] {
        let home = Home::new();
        append(&home, "a.log", &events(0..2));
        let follower = follow(&home, "a.log");
        wait_for(&home, 2);
        signal(&follower, "STOP");
        rename(&home, "a.log", "a.log.2");
        home.write(name, [0x1f, 0x8b, 8, 0, 0]);
        append(&home, "a.log", &events(2..3));
        signal(&follower, "CONT");
        wait_for(&home, 3);
        let said = interrupt(follower);
        assert!(
            said.contains(&format!("warning: cannot read {name}: {reason}")),
            "{said}"
        );
        assert!(said.contains(": what is in it is missing\n"), "{said}");
    }
}

#[test]
fn twenty_kills_while_a_writer_rotates_again_and_again_lose_nothing_and_double_nothing() {
    let home = Home::new();
    let mut random = fastrand::Rng::with_seed(0x5eed_f012);
    let (mut written, mut rotations) = (0, 0);
    let mut follower = follow(&home, "a.log");
    append(&home, "a.log", &events(0..1));
    wait_for(&home, 1);
    written += 1;
    for _ in 0..20 {
        for _ in 0..random.usize(1..5) {
            let next = written + random.usize(1..10);
            append(&home, "a.log", &events(written..next));
            written = next;
            if random.bool() {
                numbered(&home, rotations);
                rotations += 1;
                append(&home, "a.log", &events(written..written + 1));
                written += 1;
            }
            thread::sleep(Duration::from_millis(random.u64(0..80)));
        }
        follower.kill().unwrap();
        follower.wait().unwrap();
        follower = follow(&home, "a.log");
        thread::sleep(Duration::from_millis(random.u64(0..300)));
    }
    wait_for(&home, written);
    assert!(rotations > 10, "{rotations}");
    let _ = interrupt(follower);
}
