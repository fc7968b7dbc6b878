//! `cargo xtask run`: from a fresh clone to a server that answers.

use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::Job;
use crate::{rust, tools, web};

#[derive(Clone, Copy)]
pub(crate) enum Transport {
    /// Plain HTTP, which browsers trust on `*.localhost`.
    Plain,
    /// HTTPS with certificates from a local authority.
    Tls,
}

pub(crate) fn run(transport: Transport, install: bool) -> Result<()> {
    tools::require(&[tools::TO_RUN], install)?;
    println!("Building the pages and the server; the first time takes a few minutes.");
    build()?;
    // The server takes this process's place: Ctrl-C and everything else reach it without a go-between.
    let mut server = Command::new(rust::binary("waxseald")?);
    server.args(["serve", "--demo"]).envs(settings(transport)?);
    server.env("WAXSEAL_STORE__DATA_DIR", demo_directory()?);
    Err(server.exec()).context("cannot start waxseald")
}

/// Builds the pages beside the server, which reads them from disk in a debug build.
fn build() -> Result<()> {
    let server =
        Job::start(&mut rust::cargo(&["build", "--package", "waxseald", "--package", "waxseal"]))?;
    web::build()?;
    server.finish()
}

/// Where the server listens: plain HTTP from port 8080 up or TLS from 8443 up, and health from 9090 up.
fn settings(transport: Transport) -> Result<[(&'static str, String); 3]> {
    let at = |first| free_port(first).map(|port| format!("127.0.0.1:{port}"));
    let (plain, tls) = match transport {
        Transport::Plain => (at(8080)?, String::new()),
        Transport::Tls => (String::new(), at(8443)?),
    };
    Ok([
        ("WAXSEAL_LISTENERS__PLAIN", plain),
        ("WAXSEAL_LISTENERS__TLS", tls),
        ("WAXSEAL_LISTENERS__MANAGEMENT", at(9090)?),
    ])
}

/// Below the folder this starts in where that is possible, since the server prints paths inside.
fn demo_directory() -> Result<PathBuf> {
    let directory = rust::target_directory()?.join("demo");
    Ok(directory.strip_prefix(std::env::current_dir()?).map(Path::to_owned).unwrap_or(directory))
}

/// The first port from `first` up that nobody listens on.
fn free_port(first: u16) -> Result<u16> {
    (first..=first.saturating_add(100))
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .with_context(|| format!("no free port from {first} up"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_moves_to_the_next_free_one() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        assert!(free_port(port).unwrap() > port);
    }
}
