//! The statements of one unit of work as a script for pgbench, and pgbench itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};

use super::recorder::Sent;

/// What the pool asks a connection before it lends it out. No part of a unit: pgbench is spared it.
const POOLS_OWN: &str = "BEGIN; ROLLBACK";

/// One unit's script with its constants.
pub(crate) struct Script {
    path: PathBuf,
    constants: BTreeMap<String, String>,
}

impl Script {
    /// Writes the recorded statements down as a script. Those values that `ids` names are another text in every
    /// transaction: a hash of the transaction's number, the same in every script. All others stay as recorded.
    pub(crate) fn write(path: PathBuf, unit: &[Sent], ids: &[(&str, String)]) -> Result<Self> {
        let mut lines = vec!["\\set i :base + :client_id * :each + :n".to_owned()];
        lines.push("\\set n :n + 1".to_owned());
        lines.extend(
            (1..)
                .zip(ids)
                .map(|(seed, (name, _))| format!("\\set {name} hash_murmur2(:i, {seed})")),
        );
        let mut constants = BTreeMap::new();
        for sent in unit.iter().filter(|sent| sent.sql != POOLS_OWN) {
            lines.push(bound(sent, ids, &mut constants) + ";");
        }
        fs::write(&path, lines.join("\n") + "\n")?;
        Ok(Self { path, constants })
    }
}

/// The statement with pgbench's variables where its values stand.
fn bound(sent: &Sent, ids: &[(&str, String)], constants: &mut BTreeMap<String, String>) -> String {
    let mut sql = sent.sql.clone();
    // From the last to the first: `$1` also stands at the beginning of `$10`.
    for (index, value) in sent.values.iter().enumerate().rev() {
        let variable = value.as_ref().map_or_else(
            || "NULL".to_owned(),
            |value| format!(":{}", variable(value, ids, constants)),
        );
        sql = sql.replace(&format!("${}", index + 1), &variable);
    }
    sql
}

fn variable(
    value: &str,
    ids: &[(&str, String)],
    constants: &mut BTreeMap<String, String>,
) -> String {
    if let Some((name, _)) = ids.iter().find(|(_, id)| id == value) {
        return (*name).to_owned();
    }
    if let Some((name, _)) = constants.iter().find(|(_, constant)| *constant == value) {
        return name.clone();
    }
    let name = format!("constant{}", constants.len());
    constants.insert(name.clone(), value.to_owned());
    name
}

/// How much one run of pgbench does.
#[derive(Clone, Copy)]
pub(crate) struct Amount {
    pub(crate) clients: usize,
    /// Transactions of each client.
    pub(crate) each: usize,
    /// The number of the first transaction.
    pub(crate) base: usize,
}

/// Runs a script over prepared statements, with as many threads as there are cores; answers transactions a second.
pub(crate) async fn run(
    pgbench: &Path,
    database: &str,
    script: &Script,
    amount: Amount,
) -> Result<f64> {
    let Amount { clients, each, base } = amount;
    let threads = std::thread::available_parallelism()?.get().min(clients);
    let mut command = Command::new(pgbench);
    command.args(["--no-vacuum", "--protocol=prepared", "--max-tries=1"]);
    command.arg(format!("--client={clients}")).arg(format!("--transactions={each}"));
    command.arg(format!("--jobs={threads}")).arg("--file").arg(&script.path);
    for (name, value) in [("base", base), ("each", each), ("n", 0)] {
        command.arg("--define").arg(format!("{name}={value}"));
    }
    for (name, value) in &script.constants {
        command.arg("--define").arg(format!("{name}={value}"));
    }
    command.arg(database);
    let output = output(command).await?;
    let (said, errors) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "pgbench failed: {errors}");
    ensure!(said.contains("number of failed transactions: 0 "), "pgbench: {said}");
    let rate = said.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next());
    rate.context("pgbench told no rate")?.parse().context("pgbench's rate")
}

/// Its end is waited for off the runtime, whose threads it then has for itself.
async fn output(mut command: Command) -> Result<Output> {
    Ok(tokio::task::spawn_blocking(move || command.output()).await??)
}
