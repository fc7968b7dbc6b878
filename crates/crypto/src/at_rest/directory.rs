//! A directory of keys: every file in it private, complete or absent, and durable when a call returns.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use wax_kernel::{Rng, base64url_encode};
use zeroize::Zeroizing;

use super::KeyStoreError;

const DIRECTORY_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
/// More than any file here has, so that reading one never moves it in memory.
const MAX_FILE_BYTES: usize = 256;

/// A directory of mode 0700 with files of mode 0600.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
}

impl Directory {
    pub(super) fn open(path: &Path) -> Result<Self, KeyStoreError> {
        let directory = Self { path: path.to_owned() };
        DirBuilder::new()
            .recursive(true)
            .mode(DIRECTORY_MODE)
            .create(path)
            .map_err(|source| directory.failed("cannot make", "", source))?;
        let metadata =
            fs::metadata(path).map_err(|source| directory.failed("cannot read", "", source))?;
        directory.refuse_foreign(metadata.uid(), rustix::process::geteuid().as_raw())?;
        directory.refuse_exposed("", metadata.permissions().mode(), DIRECTORY_MODE)?;
        Ok(directory)
    }

    pub(super) fn unreadable(&self, name: &str) -> KeyStoreError {
        KeyStoreError::Unreadable { path: self.path.join(name) }
    }

    fn failed(&self, doing: &'static str, name: &str, source: io::Error) -> KeyStoreError {
        KeyStoreError::Io { doing, path: self.path.join(name), source }
    }

    /// Another owner can read every key, whatever the mode says, and put others in their place.
    fn refuse_foreign(&self, owner: u32, we: u32) -> Result<(), KeyStoreError> {
        if owner == we {
            Ok(())
        } else {
            Err(KeyStoreError::Foreign { path: self.path.clone(), owner, we })
        }
    }

    fn refuse_exposed(&self, name: &str, mode: u32, wanted: u32) -> Result<(), KeyStoreError> {
        let others = mode & 0o077;
        if others == 0 {
            Ok(())
        } else {
            Err(KeyStoreError::Exposed { path: self.path.join(name), wanted })
        }
    }

    /// The names of all files.
    pub(super) fn list(&self) -> Result<Vec<String>, KeyStoreError> {
        let failed = |source| self.failed("cannot list", "", source);
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            names.extend(name.into_string());
        }
        Ok(names)
    }

    /// The bytes of a file, or `None` if there is none of that name.
    pub(super) fn read(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeyStoreError> {
        let read = || -> io::Result<_> {
            let file = File::open(self.path.join(name))?;
            let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_FILE_BYTES));
            (&file).take(MAX_FILE_BYTES as u64).read_to_end(&mut bytes)?;
            Ok((file.metadata()?.permissions().mode(), bytes))
        };
        match read() {
            Ok((mode, bytes)) => self.refuse_exposed(name, mode, FILE_MODE).map(|()| Some(bytes)),
            Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(self.failed("cannot read", name, source)),
        }
    }

    /// Writes a new file under a temporary name, which starts like `name` so that destroying a day finds it.
    fn write_temporary(
        &self,
        name: &str,
        bytes: &[u8],
        rng: &dyn Rng,
    ) -> Result<PathBuf, KeyStoreError> {
        let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
        let temporary =
            self.path.join(format!("{stem}.{}.tmp", base64url_encode(rng.bytes::<16>())));
        let write = || {
            let mut file =
                OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(&temporary)?;
            file.write_all(bytes)?;
            file.sync_all()
        };
        write().map_err(|source| self.failed("cannot write", name, source))?;
        Ok(temporary)
    }

    /// Puts a file in place of the one of that name, if any.
    pub(super) fn replace(
        &self,
        name: &str,
        bytes: &[u8],
        rng: &dyn Rng,
    ) -> Result<(), KeyStoreError> {
        let temporary = self.write_temporary(name, bytes, rng)?;
        fs::rename(temporary, self.path.join(name))
            .map_err(|source| self.failed("cannot write", name, source))?;
        self.sync()
    }

    /// Puts a file in place if there is none of that name; otherwise leaves the one that is there.
    pub(super) fn publish(
        &self,
        name: &str,
        bytes: &[u8],
        rng: &dyn Rng,
    ) -> Result<(), KeyStoreError> {
        let temporary = self.write_temporary(name, bytes, rng)?;
        let linked = fs::hard_link(&temporary, self.path.join(name));
        fs::remove_file(&temporary).map_err(|source| self.failed("cannot remove", name, source))?;
        match linked {
            Err(source) if source.kind() != io::ErrorKind::AlreadyExists => {
                Err(self.failed("cannot make", name, source))
            }
            _ => self.sync(),
        }
    }

    /// Makes names durable: a file that was synced can still lose its name in a power failure.
    pub(super) fn sync(&self) -> Result<(), KeyStoreError> {
        File::open(&self.path)
            .and_then(|directory| directory.sync_all())
            .map_err(|source| self.failed("cannot sync", "", source))
    }

    /// Overwrites a file and removes it. Overwriting is a best effort: file systems may keep old blocks.
    pub(super) fn destroy(&self, name: &str) -> Result<(), KeyStoreError> {
        let path = self.path.join(name);
        let overwrite = || {
            let mut file = OpenOptions::new().write(true).open(&path)?;
            let length = usize::try_from(file.metadata()?.len()).unwrap_or(0);
            file.write_all(&vec![0; length])?;
            file.sync_all()?;
            fs::remove_file(&path)
        };
        match overwrite() {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(self.failed("cannot destroy", name, source))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Not through the file system: only root could give a directory away.
    #[test]
    fn a_directory_of_another_owner_is_refused() {
        let directory = Directory { path: "/keys".into() };
        assert!(directory.refuse_foreign(1_000, 1_000).is_ok());
        for (owner, we) in [(0, 1_000), (1_001, 1_000), (1_000, 0)] {
            let error = directory.refuse_foreign(owner, we).unwrap_err();
            let (path, to) = ("/keys", format!("chown {we}"));
            assert!(
                error.to_string().contains(path) && error.to_string().ends_with(&to),
                "{error}"
            );
        }
    }
}
