//! A feed that another program writes into a file.

use std::{io::SeekFrom, path::PathBuf};

use async_trait::async_trait;
use tokio::{
    fs::File,
    io::{AsyncReadExt as _, AsyncSeekExt as _},
};

use super::{Chunk, Feed, FeedFault};

/// A file that grows. Whoever writes it may put an empty one in its place.
#[derive(Debug)]
pub struct FileFeed {
    path: PathBuf,
    name: String,
}

impl FileFeed {
    /// At a path.
    pub fn new(path: PathBuf) -> Self {
        Self { name: path.display().to_string(), path }
    }
}

#[async_trait]
impl Feed for FileFeed {
    fn name(&self) -> &str {
        &self.name
    }

    async fn read(&self, from: u64, most: usize) -> Result<Chunk, FeedFault> {
        let unreadable = |_| FeedFault::Unreadable;
        let mut file = File::open(&self.path).await.map_err(unreadable)?;
        let facts = file.metadata().await.map_err(unreadable)?;
        // A pipe or a device would hold up the reader, and has no positions.
        if !facts.is_file() {
            return Err(FeedFault::Unreadable);
        }
        let from = if facts.len() < from { 0 } else { from };
        file.seek(SeekFrom::Start(from)).await.map_err(unreadable)?;
        let mut bytes = Vec::new();
        file.take(most as u64).read_to_end(&mut bytes).await.map_err(unreadable)?;
        Ok(Chunk { from, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_is_read_from_where_it_was_left_and_from_its_start_when_it_is_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("feed.jsonl");
        let feed = FileFeed::new(path.clone());
        assert_eq!(feed.read(0, 4).await, Err(FeedFault::Unreadable));
        std::fs::write(&path, "0123456789").unwrap();
        let chunk = |from, bytes: &str| Ok(Chunk { from, bytes: bytes.into() });
        assert_eq!(feed.read(0, 4).await, chunk(0, "0123"));
        assert_eq!(feed.read(4, 100).await, chunk(4, "456789"));
        assert_eq!(feed.read(10, 100).await, chunk(10, ""));
        std::fs::write(&path, "abc").unwrap();
        assert_eq!(feed.read(10, 100).await, chunk(0, "abc"));
        let directory = FileFeed::new(folder.path().to_owned());
        assert_eq!(directory.read(0, 4).await, Err(FeedFault::Unreadable));
    }
}
