//! The program on a terminal, with somebody who types.

use std::io::{Read, Write};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use super::Home;

/// A terminal with the program running on it.
pub struct Terminal {
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    reader: Box<dyn Read + Send>,
    writer: Box<dyn Write + Send>,
    screen: vt100::Parser,
    /// Everything that the program wrote, as it was written.
    pub written: Vec<u8>,
}

impl Terminal {
    /// Starts the program as [`Home::run`] does.
    pub fn start(home: &Home, columns: u16, args: &[&str]) -> Self {
        let rows = 200;
        let size = PtySize {
            rows,
            cols: columns,
            ..PtySize::default()
        };
        let pair = native_pty_system().openpty(size).expect("a terminal");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_auditlog"));
        command.args(args);
        command.env_clear();
        command.cwd(home.path(""));
        command.env("HOME", home.path(""));
        command.env("TZ", "UTC");
        command.env("TERM", "xterm-256color");
        let child = pair.slave.spawn_command(command).expect("it starts");
        Self {
            reader: pair.master.try_clone_reader().expect("a reader"),
            writer: pair.master.take_writer().expect("a writer"),
            // Its other end is the program's alone, so that reading ends with the program.
            master: pair.master,
            child,
            screen: vt100::Parser::new(rows, columns, 0),
            written: Vec::new(),
        }
    }

    /// Reads until the screen shows `text`.
    pub fn wait_for(&mut self, text: &str) {
        while !self.contents().contains(text) {
            assert!(self.read() > 0, "{text:?} never came: {}", self.contents());
        }
    }

    /// Waits until what is typed is not shown: a prompt is on the screen a moment before that.
    pub fn wait_for_silence(&self) {
        let echoes = || {
            let settings = self.master.get_termios().expect("a terminal");
            let flags = format!("{:?}", settings.local_flags);
            flags
                .split(|c: char| !c.is_ascii_alphanumeric())
                .any(|flag| flag == "ECHO")
        };
        while echoes() {
            std::thread::yield_now();
        }
    }

    pub fn type_in(&mut self, text: &str) {
        self.writer.write_all(text.as_bytes()).expect("it reads");
        self.writer.flush().expect("it reads");
    }

    /// What the screen shows.
    pub fn contents(&self) -> String {
        self.screen.screen().contents()
    }

    /// Waits until the program ends: its exit code, and all that the screen showed.
    pub fn end(mut self) -> (u32, String) {
        while self.read() > 0 {}
        let status = self.child.wait().expect("an end");
        (status.exit_code(), self.contents())
    }

    fn read(&mut self) -> usize {
        let mut bytes = [0; 4096];
        // Linux reports the other end's leaving as an error.
        let read = self.reader.read(&mut bytes).unwrap_or(0);
        self.screen.process(&bytes[..read]);
        self.written.extend_from_slice(&bytes[..read]);
        read
    }
}
