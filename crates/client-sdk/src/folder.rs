//! Small files that only their owner can read, and that a power cut leaves whole or not at all.

use std::{
    fs::{self, File},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

/// A folder of them. It is made when it is first needed.
#[derive(Debug, Clone)]
pub(crate) struct Folder(PathBuf);

/// What a file holds that should be its owner's alone.
pub(crate) enum Private {
    /// It is.
    Bytes(Zeroizing<Vec<u8>>),
    /// Others can read it, so its secrets may be theirs by now.
    Exposed,
}

/// A folder of keys cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot keep keys in {}: {source}", folder.display())]
pub struct FolderError {
    /// Where the keys are kept.
    pub folder: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

impl Folder {
    pub(crate) fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// What a file holds, if there is one.
    pub(crate) fn read(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, FolderError> {
        match fs::read(self.0.join(name)) {
            Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.error(error)),
        }
    }

    /// The same, unless somebody else could read it, too.
    pub(crate) fn read_private(&self, name: &str) -> Result<Option<Private>, FolderError> {
        match self.try_read_private(name) {
            Ok(read) => Ok(Some(read)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.error(error)),
        }
    }

    fn try_read_private(&self, name: &str) -> io::Result<Private> {
        let mut file = File::open(self.0.join(name))?;
        if is_exposed(&file)? {
            return Ok(Private::Exposed);
        }
        let mut bytes = Zeroizing::new(Vec::new());
        file.read_to_end(&mut bytes)?;
        Ok(Private::Bytes(bytes))
    }

    /// Waits until no other process holds this file, and holds it until the result is dropped.
    pub(crate) fn lock(&self, name: &str) -> Result<File, FolderError> {
        let hold = || {
            self.prepare()?;
            let file = File::options().create(true).append(true).open(self.0.join(name))?;
            file.lock()?;
            Ok(file)
        };
        hold().map_err(|error| self.error(error))
    }

    /// Where a file is.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a new file; `false`, and nothing is changed, if the name is taken.
    pub(crate) fn create(&self, name: &str, bytes: &[u8]) -> Result<bool, FolderError> {
        match self.write(bytes, |file| file.persist_noclobber(self.0.join(name))) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(self.error(error)),
        }
    }

    /// Writes a file in the place of another, or of none.
    pub(crate) fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), FolderError> {
        self.write(bytes, |file| file.persist(self.0.join(name))).map_err(|error| self.error(error))
    }

    /// Deletes a file. None there is as good.
    pub(crate) fn remove(&self, name: &str) -> Result<(), FolderError> {
        match fs::remove_file(self.0.join(name)) {
            Ok(()) => sync_folder(&self.0).map_err(|error| self.error(error)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(self.error(error)),
        }
    }

    /// The names of all files, half-written ones included.
    pub(crate) fn names(&self) -> Result<Vec<String>, FolderError> {
        let entries = match fs::read_dir(&self.0) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.error(error)),
        };
        let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        names.collect::<io::Result<_>>().map_err(|error| self.error(error))
    }

    /// Written beside its place, flushed to the disk and put there under its name. Temporary files are made for their
    /// owner only (mode 0600).
    fn write(
        &self,
        bytes: &[u8],
        persist: impl FnOnce(tempfile::NamedTempFile) -> Result<File, tempfile::PersistError>,
    ) -> io::Result<()> {
        self.prepare()?;
        let mut file = tempfile::NamedTempFile::new_in(&self.0)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        persist(file).map_err(|error| error.error)?;
        sync_folder(&self.0)
    }

    fn prepare(&self) -> io::Result<()> {
        fs::create_dir_all(&self.0)?;
        only_for_owner(&self.0)
    }

    fn error(&self, source: io::Error) -> FolderError {
        FolderError { folder: self.0.clone(), source }
    }
}

#[cfg(unix)]
fn only_for_owner(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
}

/// Elsewhere a profile's folders are their owner's already.
#[cfg(not(unix))]
fn only_for_owner(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn is_exposed(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(file.metadata()?.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_exposed(_: &File) -> io::Result<bool> {
    Ok(false)
}

/// A new name is durable when its folder is.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, Folder) {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::new(place.path().join("a/b"));
        (place, folder)
    }

    #[test]
    fn a_file_is_created_once_and_replaced_when_asked() {
        let (_place, folder) = folder();
        assert!(folder.read("x").unwrap().is_none() && folder.names().unwrap().is_empty());
        assert!(folder.create("x", b"1").unwrap());
        assert!(!folder.create("x", b"2").unwrap());
        assert_eq!(**folder.read("x").unwrap().unwrap(), *b"1");
        folder.replace("x", b"3").unwrap();
        assert_eq!(**folder.read("x").unwrap().unwrap(), *b"3");
        assert_eq!(folder.names().unwrap(), ["x"]);
        folder.remove("x").unwrap();
        folder.remove("x").unwrap();
        assert!(folder.read("x").unwrap().is_none());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_the_files() {
        use std::os::unix::fs::PermissionsExt as _;
        let (_place, folder) = folder();
        folder.create("new", b"1").unwrap();
        folder.replace("replaced", b"1").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder.0), 0o700);
        assert_eq!(["new", "replaced"].map(|name| mode(&folder.0.join(name))), [0o600; 2]);
    }
}
