//! CPU time, which other programs on the machine disturb far less than the time on the wall.

use std::collections::HashMap;
use std::fs;

use anyhow::{Context, Result};

/// What each thread of a process has used, in microseconds.
#[derive(Debug, Clone)]
pub(crate) struct Usage(HashMap<u32, Thread>);

#[derive(Debug, Clone)]
struct Thread {
    name: String,
    us: f64,
}

impl Usage {
    /// Of a process, now.
    pub(crate) fn of(process: u32) -> Result<Self> {
        let folder = format!("/proc/{process}/task");
        let mut threads = HashMap::new();
        for entry in fs::read_dir(&folder).with_context(|| folder.clone())? {
            let path = entry?.path();
            let id = path.file_name().and_then(|name| name.to_str()?.parse().ok());
            // A thread may end while it is looked at.
            let read = |file| fs::read_to_string(path.join(file)).ok();
            if let (Some(id), Some(name), Some(times)) = (id, read("comm"), read("schedstat")) {
                let ns: f64 = times.split(' ').next().unwrap_or_default().parse()?;
                threads.insert(id, Thread { name: name.trim().to_owned(), us: ns / 1e3 });
            }
        }
        Ok(Self(threads))
    }

    /// Microseconds used since `before`, by all threads or those whose name starts with `prefix`. What a thread that
    /// has ended since used is lost: nothing that is measured here ends threads.
    pub(crate) fn since(&self, before: &Self, prefix: &str) -> f64 {
        let threads = self.0.iter().filter(|(_, thread)| thread.name.starts_with(prefix));
        threads
            .map(|(id, thread)| thread.us - before.0.get(id).map_or(0.0, |before| before.us))
            .sum()
    }
}
