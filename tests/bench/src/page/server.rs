//! What the server keeps in memory.

use std::time::Duration;

use anyhow::Result;

use crate::cycle::{Waxseal, Way};
use crate::memory::resident;
use crate::report::{Budget, Report};
use crate::samples::Samples;

/// DESIGN's, for a server that has nothing to do.
const IDLE_MIB: f64 = 30.0;
/// Every job that repeats within seconds has run by then.
const SETTLED: Duration = Duration::from_secs(10);
const SECRETS: usize = 3_200;

pub(super) async fn measure(server: &Waxseal, report: &mut Report) -> Result<()> {
    report.measuring("memory, idle");
    tokio::time::sleep(SETTLED).await;
    let mut row = |what: &str, budget, field: &str| -> Result<()> {
        let mib = resident(server.process.id(), field)? / f64::from(1 << 20);
        report.row(what, "MiB", budget, Samples(vec![mib]));
        Ok(())
    };
    row("memory, idle (RSS)", Budget::AtMost(IDLE_MIB), "VmRSS")?;
    server.be_busy(Way::Tls, SECRETS).await?;
    row("memory, after 3,200 secrets over 6,400 TLS connections (RSS)", Budget::None, "VmRSS")?;
    row("  most at any time (peak RSS)", Budget::None, "VmHWM")
}
