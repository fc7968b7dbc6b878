//! The machine under the numbers.

use std::fmt;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::samples::Samples;

/// Appended and synced, as a database's log is.
const BLOCK: [u8; 8_192] = [0x5a; 8_192];
const SYNCS: usize = 100;

pub(crate) struct Machine {
    cpu: String,
    cores: usize,
    memory_gib: u64,
    kernel: String,
    /// Of what else was running, when the run began.
    load: String,
    fdatasync_us: f64,
}

impl Machine {
    /// Looks at this machine; `folder` is on the disk that is measured.
    pub(crate) fn look(folder: &Path) -> Result<Self> {
        let field = |file: &str, name: &str| -> Result<String> {
            let text = fs::read_to_string(file)?;
            let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
            Ok(line.split_once(':').map_or_else(String::new, |(_, value)| value.trim().to_owned()))
        };
        let memory = field("/proc/meminfo", "MemTotal")?;
        let memory_kib: u64 = memory.trim_end_matches(" kB").parse()?;
        let load = fs::read_to_string("/proc/loadavg")?;
        Ok(Self {
            cpu: field("/proc/cpuinfo", "model name")?,
            cores: std::thread::available_parallelism()?.get(),
            memory_gib: memory_kib.div_ceil(1 << 20),
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease")?.trim().to_owned(),
            load: load.split(' ').next().unwrap_or_default().to_owned(),
            fdatasync_us: fdatasync(folder)?,
        })
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "cpu": self.cpu, "cores": self.cores, "memory_gib": self.memory_gib, "kernel": self.kernel,
            "load": self.load, "fdatasync_us": self.fdatasync_us,
        })
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cpu, cores, memory_gib, kernel, load, fdatasync_us } = self;
        write!(f, "{cores} × {cpu}, {memory_gib} GiB, Linux {kernel}; ")?;
        write!(f, "fdatasync {fdatasync_us:.0} µs, load at the start {load}")
    }
}

/// Microseconds that the disk takes to keep 8 KiB at the end of a file; the median of [`SYNCS`].
fn fdatasync(folder: &Path) -> Result<f64> {
    let path = folder.join("fdatasync");
    let mut file = File::create(&path)?;
    let mut times = Samples::default();
    for _ in 0..SYNCS {
        file.write_all(&BLOCK)?;
        let start = Instant::now();
        file.sync_data()?;
        times.0.push(start.elapsed().as_secs_f64() * 1e6);
    }
    fs::remove_file(path)?;
    Ok(times.median())
}

/// A program's version by its own words: `Redis 7.0.15`.
pub(crate) fn version(name: &str, asked: &mut Command) -> Result<String> {
    let output = asked.output().with_context(|| format!("cannot ask {name} for its version"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let numbered = |word: &&str| word.contains('.') && word.contains(|c: char| c.is_ascii_digit());
    let word = said.split_whitespace().find(numbered).context("no version")?;
    Ok(format!("{name} {}", word.trim_matches(|c: char| !c.is_ascii_digit())))
}
