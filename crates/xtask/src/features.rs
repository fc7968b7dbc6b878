//! `cargo xtask features`: what docs/features.md calls done, a test has shown in the last run.

use std::collections::HashSet;
use std::fs;

use anyhow::{Context, Result, bail};

use crate::results::{self, Record, Verdict};

const TABLE: &str = "docs/features.md";

/// A row of the table.
#[derive(Debug)]
struct Feature<'a> {
    id: &'a str,
    state: &'a str,
    /// Named as `suite: name`, each between backticks.
    tests: Vec<&'a str>,
}

pub(crate) fn check() -> Result<()> {
    let table = fs::read_to_string(TABLE).context(TABLE)?;
    let results = results::read(&results::path()?)?;
    let faults = faults(&parse(&table)?, &results);
    if !faults.is_empty() {
        bail!("{TABLE} promises what the last test run did not show:\n  {}", faults.join("\n  "));
    }
    Ok(())
}

/// Reads every table row whose first cell is an id such as `A1`.
fn parse(table: &str) -> Result<Vec<Feature<'_>>> {
    let rows = table.lines().filter_map(|line| line.strip_prefix('|')?.strip_suffix('|'));
    let cells = rows.map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
    let features = cells.filter(|cells| is_id(cells[0])).map(|cells| match cells.as_slice() {
        [id, _text, state, tests] => {
            Ok(Feature { id, state, tests: tests.split('`').skip(1).step_by(2).collect() })
        }
        _ => bail!(
            "row {} has {} cells; id, feature, state and tests are needed",
            cells[0],
            cells.len()
        ),
    });
    let features = features.collect::<Result<Vec<_>>>()?;
    if features.is_empty() {
        bail!("no rows");
    }
    Ok(features)
}

/// A letter and a number.
fn is_id(cell: &str) -> bool {
    let mut characters = cell.chars();
    let number = |rest: &str| !rest.is_empty() && rest.chars().all(|digit| digit.is_ascii_digit());
    characters.next().is_some_and(|letter| letter.is_ascii_uppercase())
        && number(characters.as_str())
}

fn faults(features: &[Feature<'_>], results: &[Record]) -> Vec<String> {
    let passed: HashSet<String> = results
        .iter()
        .filter(|record| record.verdict == Verdict::Passed)
        .map(ToString::to_string)
        .collect();
    let mut ids = HashSet::new();
    let twice = features
        .iter()
        .filter(|feature| !ids.insert(feature.id))
        .map(|feature| format!("{}: stands twice", feature.id));
    twice.chain(features.iter().flat_map(|feature| feature.faults(&passed))).collect()
}

impl Feature<'_> {
    fn faults(&self, passed: &HashSet<String>) -> Vec<String> {
        let Self { id, state, tests } = self;
        match *state {
            "open" | "part" => Vec::new(),
            "done" if tests.is_empty() => vec![format!("{id}: done, but no test says so")],
            "done" => tests
                .iter()
                .filter(|test| !passed.contains(**test))
                .map(|test| format!("{id}: `{test}` did not run and pass"))
                .collect(),
            other => vec![format!("{id}: `{other}` is neither done, part nor open")],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults_of(row: &str, results: &[(&str, Verdict)]) -> Vec<String> {
        let table = format!("| id | feature | state | tests |\n|---|---|---|---|\n{row}\n");
        let records: Vec<Record> = results
            .iter()
            .map(|(name, verdict)| Record {
                suite: "wax-model".into(),
                name: (*name).into(),
                verdict: verdict.clone(),
            })
            .collect();
        faults(&parse(&table).unwrap(), &records)
    }

    #[test]
    fn done_needs_tests_that_passed() {
        let row = "| A1 | share a text | done | `wax-model: one`, `wax-model: two` |";
        assert!(faults_of(row, &[("one", Verdict::Passed), ("two", Verdict::Passed)]).is_empty());
        assert_eq!(
            faults_of(row, &[("one", Verdict::Passed), ("two", Verdict::Failed)]),
            ["A1: `wax-model: two` did not run and pass"]
        );
    }

    #[test]
    fn a_skipped_or_missing_test_shows_nothing() {
        let row = "| A1 | share a text | done | `wax-model: one` |";
        assert_eq!(faults_of(row, &[("one", Verdict::Skipped("no moon".into()))]).len(), 1);
        assert_eq!(faults_of(row, &[]).len(), 1);
    }

    #[test]
    fn done_without_a_test_is_a_fault() {
        assert_eq!(
            faults_of("| A1 | share a text | done | |", &[]),
            ["A1: done, but no test says so"]
        );
    }

    #[test]
    fn what_is_open_or_in_part_need_not_be_shown() {
        assert!(
            faults_of(
                "| A1 | share a text | part | `wax-model: one` |\n| A2 | more | open | |",
                &[]
            )
            .is_empty()
        );
    }

    #[test]
    fn an_unknown_state_is_a_fault() {
        assert_eq!(
            faults_of("| A1 | share a text | finished | |", &[]),
            ["A1: `finished` is neither done, part nor open"]
        );
    }

    #[test]
    fn an_id_stands_once() {
        assert_eq!(
            faults_of("| A1 | one | open | |\n| A1 | two | open | |", &[]),
            ["A1: stands twice"]
        );
    }

    #[test]
    fn a_row_with_a_missing_cell_and_a_table_without_rows_are_refused() {
        assert!(
            parse("| A1 | share a text | open |\n")
                .unwrap_err()
                .to_string()
                .contains("row A1 has 3 cells")
        );
        assert!(parse("# Features\n").is_err());
    }

    #[test]
    fn the_table_of_this_repository_can_be_read() {
        let table = fs::read_to_string("../../docs/features.md").unwrap();
        assert!(parse(&table).unwrap().len() > 60);
    }
}
