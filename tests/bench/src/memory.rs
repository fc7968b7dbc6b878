//! What a process keeps in memory.

use std::fs;

use anyhow::{Context, Result};

/// Bytes, by the kernel's name for them: `VmRSS` now, `VmHWM` at most.
pub(crate) fn resident(process: u32, field: &str) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    let kib = line.context("the kernel tells no memory")?.trim().trim_end_matches(" kB");
    Ok(kib.parse::<f64>()? * 1_024.0)
}
