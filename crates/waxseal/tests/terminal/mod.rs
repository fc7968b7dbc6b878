//! The program before somebody at a terminal.

use std::{
    fs::{File, OpenOptions},
    io::{Read as _, Write as _},
    os::unix::ffi::OsStrExt as _,
    process::{Child, Command},
    thread,
};

use rustix::{
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{LocalModes, tcgetattr},
};

use crate::run::Run;

/// A terminal with a program on it, whose standard output goes elsewhere.
pub(crate) struct Terminal {
    child: Child,
    /// What the person sees, and where they type.
    screen: File,
    shown: Vec<u8>,
}

impl Terminal {
    /// Starts a program. `command` makes the terminal its controlling one: `setsid --ctty` does.
    pub(crate) fn start(mut command: Command) -> Self {
        let screen = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&screen).unwrap();
        unlockpt(&screen).unwrap();
        let name = ptsname(&screen, Vec::new()).unwrap();
        let name = std::ffi::OsStr::from_bytes(name.as_bytes());
        let theirs = OpenOptions::new().read(true).write(true).open(name).unwrap();
        let child = command.stdin(theirs.try_clone().unwrap()).stderr(theirs).spawn().unwrap();
        Self { child, screen: screen.into(), shown: Vec::new() }
    }

    /// Waits until the program has asked this, and shows nothing of what is typed.
    #[track_caller]
    pub(crate) fn asked(&mut self, question: &str) {
        while !self.shown.ends_with(question.as_bytes()) {
            let more = self.look();
            assert!(more, "not asked: {}", String::from_utf8_lossy(&self.shown));
        }
        while tcgetattr(&self.screen).unwrap().local_modes.contains(LocalModes::ECHO) {
            thread::yield_now();
        }
    }

    pub(crate) fn type_line(&mut self, line: &str) {
        self.screen.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Reads what is shown meanwhile. `false`: nobody will show more.
    fn look(&mut self) -> bool {
        let mut more = [0; 256];
        // On Linux a terminal that nobody has open any more cannot be read (EIO).
        let count = self.screen.read(&mut more).unwrap_or(0);
        self.shown.extend(&more[..count]);
        count > 0
    }

    /// Waits for the end. What was shown stands where complaints do.
    pub(crate) fn end(mut self) -> Run {
        while self.look() {}
        let mut output = self.child.wait_with_output().unwrap();
        output.stderr = self.shown;
        Run::of(output)
    }
}
