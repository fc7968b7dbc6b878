//! `cargo xtask arrows`: a crate depends only on crates of lower floors, as `cargo metadata` sees it.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::rust;

/// Every crate, floor by floor from the ground. docs/ARCHITECTURE.md says what each is for.
const FLOORS: &[&[&str]] = &[
    &["wax-kernel"],
    &["wax-cache", "wax-crypto", "wax-dns-tree", "wax-i18n", "wax-model", "wax-telemetry"],
    &[
        "wax-acme",
        "wax-client-sdk",
        "wax-config",
        "wax-connect",
        "wax-dns",
        "wax-httpkit",
        "wax-mail",
        "wax-pages",
        "wax-payments",
        "wax-store",
    ],
    &[
        "wax-accounts",
        "wax-billing",
        "wax-domains",
        "wax-edge",
        "wax-secrets",
        "wax-services",
        "wax-store-sql",
        "wax-worker",
        "wax-zone",
    ],
    &["waxseal", "waxseald", "xtask"],
    &[TESTKIT],
    &[TESTS, "waxseal-bench", "waxseal-tests-model"],
];

/// It starts everything, so it stands on the roof; everybody's tests may use it, and nothing else may.
const TESTKIT: &str = "wax-testkit";

/// The tests of whole processes, with a server of their own that is broken on purpose.
const TESTS: &str = "waxseal-tests";

/// A dependency of one member of the workspace on another.
struct Arrow {
    from: String,
    to: String,
    only_in_tests: bool,
}

pub(crate) fn check() -> Result<()> {
    let metadata = rust::metadata()?;
    let faults = faults(&metadata)?;
    if !faults.is_empty() {
        bail!("the floors are not in order:\n  {}", faults.join("\n  "));
    }
    Ok(())
}

fn faults(metadata: &Value) -> Result<Vec<String>> {
    let packages = metadata["packages"].as_array().context("cargo metadata without packages")?;
    let names: Vec<&str> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
    let unknown = names.iter().filter(|name| floor(name).is_none());
    let mut faults: Vec<String> = unknown
        .map(|name| format!("{name} has no floor; give it one in crates/xtask/src/arrows.rs"))
        .collect();
    faults.extend(
        packages
            .iter()
            .flat_map(|package| arrows(package, &names))
            .filter_map(|arrow| arrow.fault()),
    );
    Ok(faults)
}

/// The dependencies of a package on other members. A build script's count like any other.
fn arrows(package: &Value, members: &[&str]) -> Vec<Arrow> {
    let from = package["name"].as_str().unwrap_or_default();
    let dependencies = package["dependencies"].as_array().into_iter().flatten();
    dependencies
        .filter_map(|dependency| {
            let to = dependency["name"].as_str().filter(|name| members.contains(name))?;
            let only_in_tests = dependency["kind"].as_str() == Some("dev");
            Some(Arrow { from: from.to_owned(), to: to.to_owned(), only_in_tests })
        })
        .collect()
}

impl Arrow {
    /// What is wrong with this arrow. Crates without a floor are reported by themselves.
    fn fault(&self) -> Option<String> {
        let Self { from, to, only_in_tests } = self;
        if to == TESTKIT && from != TESTS {
            return (!only_in_tests).then(|| format!("{from} → {to}: only tests may use it"));
        }
        let (above, below) = (floor(from)?, floor(to)?);
        (above <= below)
            .then(|| format!("{from} (floor {above}) → {to} (floor {below}) does not fall"))
    }
}

/// Counted from 1 at the ground.
fn floor(name: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&name)).map(|index| index + 1)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The faults of a workspace in which `from` depends on `to`.
    fn faults_of(from: &str, to: &str, kind: Option<&str>) -> Vec<String> {
        let package = json!({ "name": from, "dependencies": [{ "name": to, "kind": kind }, { "name": "serde", "kind": null }] });
        faults(&json!({ "packages": [package, { "name": to, "dependencies": [] }] })).unwrap()
    }

    #[test]
    fn a_falling_arrow_is_fine() {
        assert!(faults_of("wax-secrets", "wax-store", None).is_empty());
    }

    #[test]
    fn a_climbing_arrow_is_a_fault() {
        assert_eq!(
            faults_of("wax-model", "wax-store", None),
            ["wax-model (floor 2) → wax-store (floor 3) does not fall"]
        );
    }

    #[test]
    fn an_arrow_between_neighbours_is_a_fault() {
        assert_eq!(faults_of("wax-secrets", "wax-store-sql", None).len(), 1);
    }

    #[test]
    fn build_scripts_and_tests_climb_no_more_than_code() {
        assert_eq!(faults_of("wax-model", "wax-store", Some("build")).len(), 1);
        assert_eq!(faults_of("wax-model", "wax-store", Some("dev")).len(), 1);
    }

    #[test]
    fn only_tests_may_use_the_testkit() {
        assert!(faults_of("wax-model", "wax-testkit", Some("dev")).is_empty());
        assert_eq!(
            faults_of("waxseald", "wax-testkit", None),
            ["waxseald → wax-testkit: only tests may use it"]
        );
    }

    #[test]
    fn nobody_but_the_testkit_depends_on_a_binary() {
        assert!(faults_of("wax-testkit", "waxseald", None).is_empty());
        assert_eq!(faults_of("waxseal", "waxseald", None).len(), 1);
        assert_eq!(faults_of("wax-edge", "waxseald", Some("dev")).len(), 1);
    }

    #[test]
    fn a_crate_that_nobody_gave_a_floor_is_a_fault() {
        let faults = faults_of("wax-attic", "wax-model", None);
        assert!(faults[0].starts_with("wax-attic has no floor"), "{faults:?}");
    }

    #[test]
    fn this_workspace_is_in_order() {
        assert_eq!(faults(&rust::metadata().unwrap()).unwrap(), Vec::<String>::new());
    }
}
