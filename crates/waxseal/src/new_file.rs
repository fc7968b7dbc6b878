//! Files for secrets.

use std::{
    fs::File,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use crate::{failure::Failure, words::Words};

/// A file that appears with its whole content or not at all, and is never overwritten.
pub(crate) struct NewFile {
    path: PathBuf,
    words: Words,
}

impl NewFile {
    /// Finds out that the file can be written, before anything is taken that should be written into it.
    pub(crate) fn prepare(path: &Path, words: Words) -> Result<Self, Failure> {
        let file = Self { path: path.to_owned(), words };
        if path.symlink_metadata().is_ok() {
            return Err(file.exists());
        }
        // Deleted at once: somebody may think for an hour before they say yes, or no.
        NamedTempFile::new_in(file.folder()).map_err(|error| file.failed(&error))?;
        Ok(file)
    }

    /// On the disk when this returns, readable by its owner only.
    pub(crate) fn write(self, bytes: &[u8]) -> Result<(), Failure> {
        self.put(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => self.exists(),
            _ => self.failed(&error),
        })
    }

    fn put(&self, bytes: &[u8]) -> io::Result<()> {
        let mut file = NamedTempFile::new_in(self.folder())?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist_noclobber(&self.path).map_err(|error| error.error)?;
        // A new name is durable when its folder is; only Unix can flush one.
        if cfg!(unix) { File::open(self.folder())?.sync_all() } else { Ok(()) }
    }

    fn folder(&self) -> &Path {
        let parent = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        parent.unwrap_or_else(|| ".".as_ref())
    }

    fn exists(&self) -> Failure {
        let file = self.path.display().to_string();
        Failure::local(self.words.say("file.exists", &[("file", &file)]))
    }

    fn failed(&self, error: &io::Error) -> Failure {
        Failure::file(self.words, &self.path, error)
    }
}
