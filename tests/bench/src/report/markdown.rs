//! A report as a page of docs/benchmarks/, which nobody edits by hand.

use std::fmt::Write as _;

use super::{Budget, Part, Report, Row};

const HEAD: &str = "| | budget | measured: median (range) | |\n|---|---|---|---|\n";

pub(super) fn page(report: &Report) -> String {
    let mut page = format!("# Benchmark `{}`\n\n", report.name);
    let took = report.started.elapsed().as_secs();
    for line in [&*report.source, &report.machine.to_string(), &report.beside.join(", ")] {
        if !line.is_empty() {
            page += line;
            page += ".\n";
        }
    }
    // Writing into a String cannot fail.
    let _ = writeln!(page, "It took {took} s. Raw numbers: [{0}.json]({0}.json).", report.name);
    let mut in_table = false;
    for part in &report.parts {
        let text = match part {
            Part::Section(title) => format!("\n## {title}\n"),
            Part::Picture { title, file } => format!("\n![{title}]({file})\n"),
            Part::Row(one) if in_table => row(one),
            Part::Row(one) => format!("\n{HEAD}{}", row(one)),
        };
        in_table = matches!(part, Part::Row(_));
        page += &text;
    }
    page
}

fn row(row: &Row) -> String {
    let verdict = match row.budget {
        Budget::None => "",
        _ if row.met() => "met",
        _ => "**missed**",
    };
    let unit = if row.unit.is_empty() { String::new() } else { format!(" {}", row.unit) };
    let what = row.what.trim_start();
    format!("| {what} | {} | {}{unit} | {verdict} |\n", row.budget.text(), row.measured)
}
