//! What was measured: a table for people, numbers in JSON for everything else.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use crate::machine::Machine;
use crate::samples::Samples;

/// What a number must be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Budget {
    AtLeast(f64),
    AtMost(f64),
    /// Printed beside the others, to compare with.
    None,
}

struct Row {
    what: String,
    unit: &'static str,
    budget: Budget,
    measured: Samples,
}

/// The rows of one command.
pub(crate) struct Report {
    name: &'static str,
    machine: Machine,
    started: Instant,
    rows: Vec<Row>,
    raw: Map<String, Value>,
}

impl Report {
    pub(crate) fn new(name: &'static str, machine: Machine) -> Self {
        Self { name, machine, started: Instant::now(), rows: Vec::new(), raw: Map::new() }
    }

    pub(crate) fn row(
        &mut self,
        what: impl Into<String>,
        unit: &'static str,
        budget: Budget,
        measured: Samples,
    ) {
        self.rows.push(Row { what: what.into(), unit, budget, measured });
    }

    /// Tells people who wait what is measured now.
    pub(crate) fn measuring(&self, what: &str) {
        eprintln!("[{:>5.0} s] {what} …", self.started.elapsed().as_secs_f64());
    }

    /// Numbers that no row shows.
    pub(crate) fn keep(&mut self, key: &str, value: Value) {
        self.raw.insert(key.to_owned(), value);
    }

    /// Whether every budget was met.
    pub(crate) fn met(&self) -> bool {
        self.rows.iter().all(Row::met)
    }

    /// Prints the table, and writes `<folder>/<name>.json`.
    pub(crate) fn publish(&self, folder: &Path) -> Result<()> {
        let width = self.rows.iter().map(|row| row.what.chars().count()).max().unwrap_or(0);
        println!("\n{}\n", self.machine);
        println!("{:width$}  {:>10}  {:<34}  verdict", "", "budget", "measured: median (range)");
        for row in &self.rows {
            let measured = format!("{} {}", row.measured, row.unit);
            println!(
                "{:width$}  {:>10}  {measured:<34}  {}",
                row.what,
                row.budget.text(),
                row.verdict()
            );
        }
        let path = folder.join(self.name).with_extension("json");
        let text = serde_json::to_string_pretty(&self.to_json())?;
        fs::write(&path, text + "\n").with_context(|| path.display().to_string())?;
        println!("\nraw numbers: {}", path.display());
        Ok(())
    }

    fn to_json(&self) -> Value {
        json!({
            "machine": self.machine.to_json(),
            "rows": self.rows.iter().map(Row::to_json).collect::<Vec<_>>(),
            "raw": self.raw,
        })
    }
}

impl Budget {
    fn text(self) -> String {
        match self {
            Self::AtLeast(bound) => format!("≥ {bound}"),
            Self::AtMost(bound) => format!("≤ {bound}"),
            Self::None => String::new(),
        }
    }
}

impl Row {
    fn met(&self) -> bool {
        let measured = self.measured.median();
        match self.budget {
            Budget::AtLeast(bound) => measured >= bound,
            Budget::AtMost(bound) => measured <= bound,
            Budget::None => true,
        }
    }

    fn verdict(&self) -> &'static str {
        match self.budget {
            Budget::None => "",
            _ if self.met() => "met",
            _ => "MISSED",
        }
    }

    fn to_json(&self) -> Value {
        json!({
            "what": self.what,
            "unit": self.unit,
            "budget": self.budget.text(),
            "verdict": self.verdict(),
            "measured": self.measured.to_json(),
        })
    }
}
