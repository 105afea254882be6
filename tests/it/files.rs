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
        process::{Command, Stdio},
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

    /// This test again as a child, with `out` as the shell's redirection and a limit on the size of files.
    fn child(home: &Home, script: &str) -> bool {
        let test = std::env::current_exe().unwrap();
        let status = Command::new("sh")
            .args(["-c", script])
            .arg(test)
            .args([
                "--ignored",
                "--exact",
                "--nocapture",
                "files::unix::writes_as_a_child",
            ])
            .current_dir(home.path("."))
            .env("AUDITLOG_TEST_CHILD", "1")
            .stderr(Stdio::null())
            .status();
        status.unwrap().success()
    }

    /// Writes 100 kB to the file `out`, which is to fail, or a word to stdout.
    #[test]
    #[ignore = "run by other tests, in a process of its own"]
    fn writes_as_a_child() {
        if std::env::var_os("AUDITLOG_TEST_CHILD").is_none() {
            return;
        }
        if Path::new("redirected").exists() {
            return write(Path::new("/dev/stdout"), "written\n");
        }
        let mut file = AtomicFile::create(Path::new("out")).unwrap();
        let done = file
            .write_all(&vec![b'x'; 100_000])
            .and_then(|()| file.commit());
        assert!(done.is_err());
    }

    #[test]
    fn a_disk_that_fills_up_is_an_error_and_leaves_the_old_content() {
        let home = Home::new();
        home.write("out", "old");
        assert!(child(
            &home,
            "ulimit -f 8; trap '' XFSZ; exec \"$0\" \"$@\" >/dev/null"
        ));
        assert_eq!(home.read("out"), "old");
        assert_eq!(home.names(), ["out"]);
    }

    #[test]
    fn stdout_that_is_a_file_keeps_what_it_had() {
        let home = Home::new();
        let path = home.write("redirected", "old\n");
        assert!(child(&home, "exec \"$0\" \"$@\" >>redirected"));
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            text.starts_with("old\n") && text.contains("written\n"),
            "{text}"
        );
        assert_eq!(home.names(), ["redirected"]);
    }

    #[test]
    fn a_full_device_is_an_error() {
        let full = Path::new("/dev/full");
        if !full.exists() {
            return;
        }
        let mut file = AtomicFile::create(full).unwrap();
        file.write_all(b"x").unwrap();
        assert!(file.commit().is_err());
    }
}
