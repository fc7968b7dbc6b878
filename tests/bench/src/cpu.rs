//! CPU time, which other programs on the machine disturb far less than the time on the wall.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::time::{ClockId, clock_gettime};

/// What each thread of some processes has used, in microseconds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Usage(HashMap<u32, Thread>);

#[derive(Debug, Clone)]
struct Thread {
    name: String,
    us: f64,
}

impl Usage {
    /// Of a process and its children, now.
    pub(crate) fn of_family(process: u32) -> Result<Self> {
        let folder = format!("/proc/{process}/task");
        let mut usage = Self::default();
        for entry in fs::read_dir(&folder).with_context(|| folder.clone())? {
            let path = entry?.path();
            // A thread may end while it is looked at.
            let read = |file| fs::read_to_string(path.join(file)).ok();
            let id = path.file_name().and_then(|name| name.to_str()?.parse().ok());
            if let (Some(id), Some(name), Some(us)) = (id, read("comm"), cpu_us(&path)) {
                usage.0.insert(id, Thread { name: name.trim().to_owned(), us });
            }
            for child in read("children").unwrap_or_default().split_whitespace() {
                usage = usage.and(Self::of_family(child.parse()?)?);
            }
        }
        Ok(usage)
    }

    pub(crate) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
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

/// What the calling thread has used, in microseconds.
pub(crate) fn of_this_thread() -> f64 {
    let used = Duration::try_from(clock_gettime(ClockId::ThreadCPUTime));
    // The kernel counts from 0 up.
    used.unwrap_or_default().as_secs_f64() * 1e6
}

fn cpu_us(thread: &Path) -> Option<f64> {
    let times = fs::read_to_string(thread.join("schedstat")).ok()?;
    Some(times.split(' ').next()?.parse::<f64>().ok()? / 1e3)
}
