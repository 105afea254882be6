//! Files that are written whole or not at all.

use std::{fs, io::Write, path::Path};

use auditlog::files::AtomicFile;

use crate::support::Home;

fn write(path: &Path, content: &str) {
    let mut file = AtomicFile::create(path).unwrap();
    file.write_all(content.as_bytes()).unwrap();
    file.commit().unwrap();
}

#[test]
fn a_file_has_its_new_content_after_the_commit_and_not_before() {
    let home = Home::new();
    let path = home.write("out", "old");
    let mut file = AtomicFile::create(&path).unwrap();
    file.write_all(b"new").unwrap();
    file.flush().unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    file.commit().unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    assert_eq!(home.names(), ["out"]);
}

#[test]
fn a_file_that_is_dropped_changes_nothing_and_leaves_nothing() {
    let home = Home::new();
    home.write("out", "old");
    for name in ["out", "new"] {
        let mut file = AtomicFile::create(&home.path(name)).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
    }
    assert_eq!(home.read("out"), "old");
    assert_eq!(home.names(), ["out"]);
}

#[test]
fn what_cannot_be_written_is_refused_before_anything_is() {
    let home = Home::new();
    fs::create_dir(home.path("folder")).unwrap();
    home.write("file", "x");
    for name in [
        "missing/out",
        "folder",
        "folder/",
        "new/",
        "file/out",
        "folder/..",
    ] {
        assert!(AtomicFile::create(&home.path(name)).is_err(), "{name}");
    }
    assert!(AtomicFile::create(Path::new("")).is_err());
    assert_eq!(home.names(), ["file", "folder"]);
}

#[cfg(unix)]
mod unix {
    use std::{
        fs::Permissions,
        io::Read,
        os::unix::fs::{FileTypeExt, PermissionsExt, symlink},
        process::Command,
        thread,
    };

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn a_new_file_is_its_owners_and_an_old_one_keeps_its_permissions() {
        let home = Home::new();
        write(&home.path("new"), "x");
        assert_eq!(mode(&home.path("new")), 0o600);
        for bits in [0o644, 0o640, 0o666, 0o600] {
            let path = home.write("old", "x");
            fs::set_permissions(&path, Permissions::from_mode(bits)).unwrap();
            write(&path, "y");
            assert_eq!(mode(&path), bits);
        }
    }

    #[test]
    fn a_link_stays_and_what_it_points_to_is_replaced() {
        let home = Home::new();
        fs::create_dir(home.path("folder")).unwrap();
        home.write("folder/target", "old");
        symlink("folder/target", home.path("link")).unwrap();
        symlink("link", home.path("second")).unwrap();
        symlink("folder/new", home.path("dangling")).unwrap();
        write(&home.path("second"), "new");
        write(&home.path("dangling"), "made");
        assert_eq!(home.read("folder/target"), "new");
        assert_eq!(home.read("folder/new"), "made");
        assert_eq!(home.names(), ["dangling", "folder", "link", "second"]);
        for name in ["link", "second", "dangling"] {
            assert!(home.path(name).is_symlink(), "{name}");
        }
        symlink("loop", home.path("loop")).unwrap();
        assert!(AtomicFile::create(&home.path("loop")).is_err());
    }

    #[test]
    fn a_device_and_a_pipe_are_written_straight() {
        write(Path::new("/dev/null"), "x");
        let null = fs::metadata("/dev/null").unwrap().file_type();
        assert!(null.is_char_device());
        let home = Home::new();
        let path = home.path("fifo");
        let made = Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        let reader = thread::spawn({
            let path = path.clone();
            move || {
                let mut text = String::new();
                let mut file = fs::File::open(path).unwrap();
                file.read_to_string(&mut text).unwrap();
                text
            }
        });
        write(&path, "through");
        assert_eq!(reader.join().unwrap(), "through");
        assert!(fs::metadata(&path).unwrap().file_type().is_fifo());
    }

    #[test]
    fn a_disk_that_fills_up_is_an_error_and_leaves_the_old_content() {
        let home = Home::new();
        home.write("out", "old");
        let ask = "events --demo --all -o jsonl --output-file out";
        let run = home.in_shell(&format!("ulimit -f 8; trap '' XFSZ; exec \"$0\" {ask}"));
        assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{run:?}");
        assert!(
            run.stderr.starts_with("error: cannot write the answer: "),
            "{run:?}"
        );
        assert_eq!(home.read("out"), "old");
        assert_eq!(home.names(), ["out"]);
    }

    #[test]
    fn stdout_that_is_a_file_keeps_what_it_had() {
        let home = Home::new();
        home.write("redirected", "old\n");
        let ask = "events --demo --limit 1 -c plugin -o csv --output-file /dev/stdout";
        let run = home.in_shell(&format!("exec \"$0\" {ask} >>redirected"));
        assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{run:?}");
        let text = home.read("redirected");
        assert!(text.starts_with("old\n\"plugin_id\"\r\n\""), "{text}");
        assert_eq!(text.lines().count(), 3);
        assert_eq!(home.names(), ["redirected"]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_device_is_an_error() {
        let mut file = AtomicFile::create(Path::new("/dev/full")).unwrap();
        file.write_all(b"x").unwrap();
        assert!(file.commit().is_err());
    }
}
