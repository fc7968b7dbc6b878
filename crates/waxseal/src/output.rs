//! Standard output for what was asked for, standard error for everything else.

use std::io::{self, IsTerminal as _, Write as _};

use zeroize::Zeroizing;

use crate::{environment::Environment, failure::Failure, terminal::harmless};

/// How a word is set off. Nothing is told by colour alone.
#[derive(Clone, Copy)]
pub(crate) enum Style {
    Bold,
    Dim,
    Good,
    Bad,
}

impl Style {
    /// Select Graphic Rendition (ECMA-48 §8.3.117).
    const fn code(self) -> &'static str {
        match self {
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Good => "32",
            Self::Bad => "1;31",
        }
    }
}

/// Where a text goes.
#[derive(Clone, Copy)]
pub(crate) enum Stream {
    /// What was asked for.
    Out,
    /// Everything else.
    Err,
}

/// The two streams.
pub(crate) struct Output {
    stdout: io::Stdout,
    stderr: io::Stderr,
    allows_colour: bool,
    stdout_is_terminal: bool,
    stderr_is_terminal: bool,
}

impl Output {
    pub(crate) fn new(environment: &Environment) -> Self {
        let (stdout, stderr) = (io::stdout(), io::stderr());
        Self {
            allows_colour: environment.allows_colour(),
            stdout_is_terminal: stdout.is_terminal(),
            stderr_is_terminal: stderr.is_terminal(),
            stdout,
            stderr,
        }
    }

    /// Whether a person reads standard output.
    pub(crate) const fn stdout_is_terminal(&self) -> bool {
        self.stdout_is_terminal
    }

    /// Whether a person reads standard error.
    pub(crate) const fn stderr_is_terminal(&self) -> bool {
        self.stderr_is_terminal
    }

    /// Whether a stream may have colours.
    pub(crate) const fn colour(&self, stream: Stream) -> bool {
        self.allows_colour
            && match stream {
                Stream::Out => self.stdout_is_terminal,
                Stream::Err => self.stderr_is_terminal,
            }
    }

    /// Sets a text off, where colours are wanted.
    pub(crate) fn styled(&self, stream: Stream, style: Style, text: &str) -> String {
        if self.colour(stream) {
            format!("\x1b[{}m{text}\x1b[0m", style.code())
        } else {
            text.to_owned()
        }
    }

    /// A line for people. A closed standard error is nobody listening.
    pub(crate) fn tell(&self, line: &str) {
        let _ = writeln!(self.stderr.lock(), "{line}");
    }

    /// A line for people that says something in passing.
    pub(crate) fn hint(&self, line: &str) {
        self.tell(&self.styled(Stream::Err, Style::Dim, line));
    }

    /// A text for people without a line end: a question.
    pub(crate) fn ask(&self, text: &str) {
        let mut stderr = self.stderr.lock();
        let _ = write!(stderr, "{text}").and_then(|()| stderr.flush());
    }

    /// A line of what was asked for, in one piece. It may be a link or a secret.
    pub(crate) fn line(&self, line: &str) -> Result<(), Failure> {
        let mut whole = Zeroizing::new(String::with_capacity(line.len() + 1));
        whole.push_str(line);
        whole.push('\n');
        self.bytes(whole.as_bytes())
    }

    /// Exactly these bytes, handed to the system before this returns.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> Result<(), Failure> {
        let mut stdout = self.stdout.lock();
        stdout
            .write_all(bytes)
            .and_then(|()| stdout.flush())
            .map_err(|error| Failure::stdout(&error))
    }

    /// A secret: exactly its bytes, but on a terminal nothing that could command it.
    pub(crate) fn secret(&self, text: &str) -> Result<(), Failure> {
        if !self.stdout_is_terminal {
            return self.bytes(text.as_bytes());
        }
        self.bytes(harmless(text).as_bytes())?;
        if text.ends_with('\n') { Ok(()) } else { self.bytes(b"\n") }
    }
}
