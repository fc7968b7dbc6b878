//! The sealed file from which an edge starts while everything else is down.
//!
//! A journal: chunks that are only ever appended, each sealed by the key ring and bound to its file and place. What was
//! being written in a crash is the last chunk, and is cut off. When it holds more that is outdated than that is not, it is
//! written anew beside the old one, which it then replaces.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufReader, Read, Seek as _, SeekFrom, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use wax_crypto::at_rest::{KeyRing, Slot};
use wax_kernel::{DomainId, Rng};

use super::entry::{Entry, OwnEntry};

const NAME: &str = "routes.sealed";
const NEXT: &str = "routes.next";
/// The layout that follows; another is read as nothing.
const FORMAT: [u8; 8] = *b"waxedge2";
/// A chunk's sealed bytes: far more than [`super::follow::PAGE`] entries take.
const LONGEST: u32 = 256 << 20;

/// What happened between two chunks.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Chunk {
    /// The change log's number that all chunks up to this one stand for; `None`: more of the same moment follows.
    pub(super) position: Option<i64>,
    /// The platform's own names, if something is new of them: before the names that they cover.
    pub(super) own: Option<Vec<OwnEntry>>,
    pub(super) set: Vec<Entry>,
    pub(super) gone: Vec<DomainId>,
}

/// The open file.
#[derive(Debug)]
pub(super) struct Journal {
    folder: PathBuf,
    ring: Arc<KeyRing>,
    rng: Arc<dyn Rng>,
    file: File,
    id: [u8; 16],
    chunks: u64,
}

impl Journal {
    /// Opens the file, or begins one, and hands over its chunks, oldest first.
    pub(super) fn open(
        folder: &Path,
        ring: Arc<KeyRing>,
        rng: Arc<dyn Rng>,
        mut replay: impl FnMut(Chunk),
    ) -> Result<Self> {
        let path = folder.join(NAME);
        let told = || format!("{} cannot be used", path.display());
        let options = || {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false).mode(0o600);
            options
        };
        let file = options().open(&path).with_context(told)?;
        file.try_lock().with_context(|| format!("{} is another edge's", path.display()))?;
        let mut journal =
            Self { folder: folder.to_owned(), ring, rng, file, id: [0; 16], chunks: 0 };
        let end = journal.read(&mut replay).with_context(told)?;
        if end == 0 {
            journal.begin().with_context(told)?;
        } else {
            journal.file.set_len(end).with_context(told)?;
            journal.file.seek(SeekFrom::End(0)).with_context(told)?;
        }
        Ok(journal)
    }

    /// Where the last whole chunk ends; 0: nothing of it can be read.
    fn read(&mut self, replay: &mut impl FnMut(Chunk)) -> io::Result<u64> {
        let mut from = BufReader::with_capacity(1 << 20, self.file.try_clone()?);
        let mut head = [0; 24];
        if from.read_exact(&mut head).is_err() || head[..8] != FORMAT {
            return Ok(0);
        }
        self.id.copy_from_slice(&head[8..]);
        let mut end = head.len() as u64;
        while let Some(sealed) = next(&mut from) {
            let Some(chunk) = self.unseal(&sealed) else { break };
            self.chunks += 1;
            end += 4 + sealed.len() as u64;
            replay(chunk);
        }
        Ok(end)
    }

    fn begin(&mut self) -> io::Result<()> {
        (self.id, self.chunks) = (self.rng.bytes(), 0);
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&[&FORMAT[..], &self.id].concat())
    }

    /// Adds a chunk. It is on the disk when this returns.
    pub(super) fn append(&mut self, chunk: &Chunk) -> Result<()> {
        let sealed = self.seal(chunk)?;
        let length = u32::try_from(sealed.len()).context("a chunk is too large")?;
        self.file.write_all(&[&length.to_be_bytes()[..], &sealed].concat())?;
        self.file.sync_data()?;
        self.chunks += 1;
        Ok(())
    }

    /// A journal beside this one, to be filled and then to replace it by [`Self::finish`].
    pub(super) fn anew(&self) -> Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(true).mode(0o600);
        let file = options.open(self.folder.join(NEXT))?;
        file.try_lock()?;
        let (ring, rng) = (Arc::clone(&self.ring), Arc::clone(&self.rng));
        let mut next =
            Self { folder: self.folder.clone(), ring, rng, file, id: [0; 16], chunks: 0 };
        next.begin()?;
        Ok(next)
    }

    /// Puts this one in the place of the one that it was begun beside.
    pub(super) fn finish(&self) -> Result<()> {
        self.file.sync_all()?;
        std::fs::rename(self.folder.join(NEXT), self.folder.join(NAME))?;
        File::open(&self.folder)?.sync_all()?;
        Ok(())
    }

    fn seal(&self, chunk: &Chunk) -> Result<Vec<u8>> {
        let plain = postcard::to_stdvec(chunk)?;
        Ok(self.ring.seal(slot(&self.row()), &plain, &*self.rng))
    }

    fn unseal(&self, sealed: &[u8]) -> Option<Chunk> {
        let plain = self.ring.open(slot(&self.row()), sealed).ok()?;
        postcard::from_bytes(&plain)
            .inspect_err(
                |error| tracing::warn!(%error, "a chunk of the edge's file is of another layout"),
            )
            .ok()
    }

    /// This file, this place.
    fn row(&self) -> [u8; 24] {
        let mut row = [0; 24];
        row[..16].copy_from_slice(&self.id);
        row[16..].copy_from_slice(&self.chunks.to_be_bytes());
        row
    }
}

const fn slot(row: &[u8]) -> Slot<'_> {
    Slot { table: "edge", column: "routes", row }
}

fn next(from: &mut impl Read) -> Option<Vec<u8>> {
    let mut length = [0; 4];
    from.read_exact(&mut length).ok()?;
    let length = u32::from_be_bytes(length);
    let mut sealed = Vec::new();
    let read = (length <= LONGEST).then(|| from.take(length.into()).read_to_end(&mut sealed))?;
    (read.ok()? == length as usize).then_some(sealed)
}

#[cfg(test)]
mod tests;
