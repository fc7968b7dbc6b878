//! `bench store`: what a unit of work costs, and what it still costs with a million secrets.

mod filling;
mod growth;
mod pgbench;
mod postgres;
mod recorder;
mod sqlite;
mod units;

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;
use clap::Args;

use crate::machine::{Machine, version};
use crate::report::{Output, Report};

/// Tasks, each with a connection of its own where there are connections.
const TASKS: [usize; 2] = [16, 64];

#[derive(Args)]
pub(crate) struct Arguments {
    /// A superuser's `postgres://` URL on this machine; databases `bench_*` are made there and dropped.
    #[arg(long)]
    postgres: String,
    /// The program `pgbench`.
    #[arg(long)]
    pgbench: PathBuf,
    #[command(flatten)]
    output: Output,
    /// Rounds; the compared things take turns in each. 0: only growth.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Units of each kind in one round.
    #[arg(long, default_value_t = 4_096)]
    units: usize,
    /// The most secrets that growth is measured with: 10 to this power. 0: no growth.
    #[arg(long, default_value_t = 6)]
    decades: u32,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Report> {
    let folder = tempfile::tempdir()?;
    let mut report = Report::new("store", &arguments.output, Machine::look(folder.path())?);
    report.beside(format!("SQLite {}", sqlite::version().await?));
    report.beside(postgres::version(&arguments.postgres).await?);
    report.beside(version("pgbench", Command::new(&arguments.pgbench).arg("--version"))?);
    if arguments.rounds > 0 {
        report.section("Rates");
        postgres::compare(arguments, folder.path(), &mut report).await?;
        sqlite::compare(arguments, folder.path(), &mut report).await?;
    }
    if arguments.decades > 0 {
        report.section("Growth");
        growth::compare(arguments, folder.path(), &mut report).await?;
    }
    report.publish(&arguments.output)?;
    Ok(report)
}
