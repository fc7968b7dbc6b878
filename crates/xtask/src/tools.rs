//! What a machine must have, and how it gets it.

use std::process::Command;

use anyhow::{Result, bail};

use crate::{postgres, process};

/// The oldest Node.js that the web build runs on, as `engines` in web/package.json says.
const OLDEST_NODE: (u32, u32) = (20, 19);

/// A thing that this repository needs from the machine.
pub(crate) struct Tool {
    name: &'static str,
    present: fn() -> bool,
    /// Debian's packages that bring it.
    packages: &'static [&'static str],
}

/// What it takes to build and run. Rust is here already: it runs this program, and Cargo checks its version.
pub(crate) const TO_RUN: &[Tool] = &[
    Tool { name: "a C compiler", present: || answers("cc"), packages: &["gcc", "libc6-dev"] },
    Tool { name: "Node.js 20.19 or later", present: has_node, packages: &["nodejs"] },
    Tool { name: "npm", present: || answers("npm"), packages: &["npm"] },
];

/// What tests take beyond that.
pub(crate) const TO_TEST: &[Tool] = &[
    Tool { name: "Chromium", present: || answers("chromium"), packages: &["chromium"] },
    Tool {
        name: "a Japanese font",
        present: has_japanese_font,
        packages: &["fonts-noto-cjk", "fontconfig"],
    },
    Tool {
        name: "the Postgres server",
        present: || postgres::programs().is_some(),
        packages: &["postgresql"],
    },
    Tool {
        name: "Pebble, the certificate authority for tests",
        present: || answers("pebble") && answers("pebble-challtestsrv"),
        packages: &["pebble"],
    },
    Tool { name: "Python with venv", present: has_venv, packages: &["python3", "python3-venv"] },
];

/// What benches take beyond that: things to compare with.
pub(crate) const TO_BENCH: &[Tool] = &[
    Tool {
        name: "Redis",
        present: || answers("redis-server") && answers("redis-benchmark"),
        packages: &["redis-server", "redis-tools"],
    },
    Tool { name: "nginx", present: || answers("nginx"), packages: &["nginx-light"] },
    Tool { name: "haproxy", present: || answers("haproxy"), packages: &["haproxy"] },
];

/// Installs what is missing if that is allowed, or else fails with the one command that does.
pub(crate) fn require(tools: &[&[Tool]], install: bool) -> Result<()> {
    let missing = missing(tools);
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = missing.iter().map(|tool| tool.name).collect();
    if !answers("apt-get") {
        bail!(
            "missing: {}. Please install them with this system's package manager",
            names.join(", ")
        );
    }
    let command = install_command(&missing, is_root());
    if !install && !is_root() {
        bail!(
            "missing: {}. Install them with `--install` or by\n\n    {command}",
            names.join(", ")
        );
    }
    println!("Installing {} …", names.join(", "));
    process::run(
        Command::new("sh").args(["-c", &command]).env("DEBIAN_FRONTEND", "noninteractive"),
    )?;
    let still = self::missing(tools);
    if let Some(tool) = still.first() {
        bail!(
            "the packages of this Debian release do not bring {}; please install it by hand",
            tool.name
        );
    }
    Ok(())
}

pub(crate) fn is_root() -> bool {
    process::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

fn missing<'a>(tools: &[&'a [Tool]]) -> Vec<&'a Tool> {
    tools.iter().flat_map(|group| group.iter()).filter(|tool| !(tool.present)()).collect()
}

fn install_command(missing: &[&Tool], root: bool) -> String {
    let packages: Vec<_> = missing.iter().flat_map(|tool| tool.packages).copied().collect();
    let sudo = if root { "" } else { "sudo " };
    let mut steps = Vec::new();
    if packages.contains(&"postgresql") {
        // Debian starts a server as soon as it is installed; tests start their own.
        let folder = "/etc/postgresql-common/createcluster.d";
        steps.push(format!("{sudo}mkdir -p {folder}"));
        steps.push(format!("echo create_main_cluster = false | {sudo}tee {folder}/none.conf"));
    }
    steps.push(format!("{sudo}apt-get update"));
    steps.push(format!(
        "{sudo}apt-get install --yes --no-install-recommends {}",
        packages.join(" ")
    ));
    steps.join(" && ")
}

fn answers(program: &str) -> bool {
    process::succeeds(Command::new("sh").args(["-c", "command -v \"$0\"", program]))
}

fn has_node() -> bool {
    process::output(Command::new("sh").args(["-c", "node --version || true"]))
        .is_ok_and(|version| node_version(&version).is_some_and(|version| version >= OLDEST_NODE))
}

/// Reads `v20.20.2`.
fn node_version(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.strip_prefix('v')?.split('.').map_while(|number| number.parse().ok());
    Some((numbers.next()?, numbers.next()?))
}

fn has_japanese_font() -> bool {
    process::output(Command::new("sh").args(["-c", "fc-list :lang=ja || true"]))
        .is_ok_and(|fonts| !fonts.is_empty())
}

fn has_venv() -> bool {
    process::succeeds(Command::new("python3").args(["-c", "import venv, ensurepip"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(packages: &'static [&'static str]) -> Tool {
        Tool { name: "a tool", present: || false, packages }
    }

    #[test]
    fn everything_missing_is_installed_by_one_command() {
        let (a, b) = (tool(&["gcc", "libc6-dev"]), tool(&["npm"]));
        let command = install_command(&[&a, &b], true);
        assert_eq!(
            command,
            "apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev npm"
        );
    }

    #[test]
    fn people_who_are_not_root_are_told_to_become_it() {
        let command = install_command(&[&tool(&["npm"])], false);
        assert_eq!(
            command,
            "sudo apt-get update && sudo apt-get install --yes --no-install-recommends npm"
        );
    }

    #[test]
    fn installing_postgres_starts_no_server() {
        let command = install_command(&[&tool(&["postgresql"])], true);
        let (before, after) = command.split_once("apt-get update").unwrap();
        assert!(before.contains("create_main_cluster = false"), "{before}");
        assert!(after.contains("postgresql"), "{after}");
    }

    #[test]
    fn the_version_of_node_is_read_from_what_it_prints() {
        assert_eq!(node_version("v20.20.2\n"), Some((20, 20)));
        assert_eq!(node_version(""), None);
    }
}
