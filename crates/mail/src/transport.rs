//! Whoever takes a letter.

use std::{
    fmt,
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use async_trait::async_trait;

use crate::Letter;

/// A letter was taken: from now on its delivery is somebody else's. Holds the mail server's last words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted(pub String);

/// A letter was not taken.
#[derive(Clone, PartialEq, Eq)]
pub struct Failure {
    /// What to do about it.
    pub remedy: Remedy,
    /// A word for logs and metrics: `reply-451`, `timeout`, `tls`.
    pub reason: String,
    /// What the mail server said. It may name the address: for the operator who asked, never for a log.
    pub words: String,
}

/// What helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Try again later: nobody there, too busy, or this server is not set up right.
    Later,
    /// Nothing: this letter is refused, another to the same address may be taken.
    GiveUp,
    /// Never write to this address again: there is no such mailbox.
    Suppress,
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Failure({:?}, {})", self.remedy, self.reason)
    }
}

impl Failure {
    /// This letter is not taken, now or later.
    pub fn refused(reason: impl Into<String>, words: impl fmt::Display) -> Self {
        Self { remedy: Remedy::GiveUp, ..Self::later(reason, words) }
    }

    /// Nothing was said that could be judged.
    pub fn later(reason: impl Into<String>, words: impl fmt::Display) -> Self {
        Self { remedy: Remedy::Later, reason: reason.into(), words: words.to_string() }
    }
}

/// Takes letters.
#[async_trait]
pub trait Transport: Send + Sync + fmt::Debug {
    /// Takes one letter, or says why not. May be dropped at any point: the letter was then taken, or not.
    async fn send(&self, letter: &Letter) -> Result<Accepted, Failure>;
}

/// Puts letters into a folder, as files that mail programs open: for a server without a mail server.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder, made for its owner alone if it is missing.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn open(path: &Path) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        Ok(Self(path.to_owned()))
    }

    /// Written beside and renamed, so that nobody reads half a letter. The same letter again is the same file.
    fn put(&self, letter: &Letter) -> io::Result<()> {
        let path = self.0.join(format!("{}.eml", letter.id));
        let unfinished = path.with_extension("part");
        // Mode 0600: it holds links as good as passwords.
        let mut options = OpenOptions::new();
        let mut file =
            options.write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
        file.write_all(&letter.bytes)?;
        file.sync_all()?;
        fs::rename(unfinished, path)
    }
}

#[async_trait]
impl Transport for Folder {
    async fn send(&self, letter: &Letter) -> Result<Accepted, Failure> {
        self.put(letter).map_err(|error| Failure::later("folder", error))?;
        Ok(Accepted("written into the folder".to_owned()))
    }
}

/// Lets letters go: for a server that keeps nothing.
#[derive(Debug)]
pub struct Drawer;

#[async_trait]
impl Transport for Drawer {
    async fn send(&self, letter: &Letter) -> Result<Accepted, Failure> {
        tracing::info!(mail = %letter.id, "a mail was dropped: no mail server is set (mail.smtp_url), and nothing is kept");
        Ok(Accepted("dropped".to_owned()))
    }
}
