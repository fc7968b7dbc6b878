//! What was measured: a table for people, on the screen and as a page of the docs, and numbers in JSON.

mod markdown;

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result};
use clap::Args;
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

/// Where a report goes.
#[derive(Args)]
pub(crate) struct Output {
    /// The folder of raw numbers, pages and plots.
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// What is measured, and when: for the record.
    #[arg(long, default_value = "")]
    source: String,
}

/// What a report is made of, in its order.
enum Part {
    Section(&'static str),
    Row(Row),
    Picture { title: String, file: String },
}

/// The findings of one command.
pub(crate) struct Report {
    name: &'static str,
    source: String,
    machine: Machine,
    /// Versions of what else is in the run.
    beside: Vec<String>,
    started: Instant,
    parts: Vec<Part>,
    raw: Map<String, Value>,
}

impl Report {
    pub(crate) fn new(name: &'static str, output: &Output, machine: Machine) -> Self {
        Self {
            name,
            source: output.source.clone(),
            machine,
            beside: Vec::new(),
            started: Instant::now(),
            parts: Vec::new(),
            raw: Map::new(),
        }
    }

    /// What else is in the run: `Redis 7.0.15`.
    pub(crate) fn beside(&mut self, version: String) {
        self.beside.push(version);
    }

    pub(crate) fn section(&mut self, title: &'static str) {
        self.parts.push(Part::Section(title));
    }

    /// A plot that stands in the same folder.
    pub(crate) fn picture(&mut self, title: &str, file: &str) {
        self.parts.push(Part::Picture { title: title.to_owned(), file: file.to_owned() });
    }

    pub(crate) fn row(
        &mut self,
        what: impl Into<String>,
        unit: &'static str,
        budget: Budget,
        measured: Samples,
    ) {
        self.parts.push(Part::Row(Row { what: what.into(), unit, budget, measured }));
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
        self.rows().all(Row::met)
    }

    fn rows(&self) -> impl Iterator<Item = &Row> {
        self.parts.iter().filter_map(|part| match part {
            Part::Row(row) => Some(row),
            Part::Section(_) | Part::Picture { .. } => None,
        })
    }

    /// Prints the table, and writes `<name>.json` and `<name>.md`.
    pub(crate) fn publish(&self, output: &Output) -> Result<()> {
        self.print();
        let json = serde_json::to_string_pretty(&self.to_json())? + "\n";
        for (extension, text) in [("json", json), ("md", markdown::page(self))] {
            let path = output.out.join(self.name).with_extension(extension);
            fs::write(&path, text).with_context(|| path.display().to_string())?;
            println!("{}", path.display());
        }
        Ok(())
    }

    fn print(&self) {
        let width = self.rows().map(|row| row.what.chars().count()).max().unwrap_or(0);
        println!("\n{}\n", self.machine);
        println!("{:width$}  {:>10}  {:<34}  verdict", "", "budget", "measured: median (range)");
        for row in self.rows() {
            let measured = format!("{} {}", row.measured, row.unit);
            println!(
                "{:width$}  {:>10}  {measured:<34}  {}",
                row.what,
                row.budget.text(),
                row.verdict()
            );
        }
        println!();
    }

    fn to_json(&self) -> Value {
        json!({
            "source": self.source,
            "machine": self.machine.to_json(),
            "beside": self.beside,
            "rows": self.rows().map(Row::to_json).collect::<Vec<_>>(),
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
