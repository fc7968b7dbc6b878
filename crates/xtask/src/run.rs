//! `cargo xtask run`: from a fresh clone to a server that answers.

use std::net::TcpListener;
use std::os::unix::process::CommandExt;
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
    build()?;
    // The server takes this process's place: Ctrl-C and everything else reach it without a go-between.
    let mut server = Command::new(rust::binary("waxseald")?);
    server.args(arguments(transport)?);
    Err(server.exec()).context("cannot start waxseald")
}

/// Builds the pages beside the server, which reads them from disk in a debug build.
fn build() -> Result<()> {
    let server =
        Job::start(&mut rust::cargo(&["build", "--package", "waxseald", "--package", "waxseal"]))?;
    web::build()?;
    server.finish()
}

/// The server's arguments: plain HTTP from port 8080 up, TLS from 8443 up.
fn arguments(transport: Transport) -> Result<Vec<String>> {
    let (first_port, flag) = match transport {
        Transport::Plain => (8080, None),
        Transport::Tls => (8443, Some("--tls".to_owned())),
    };
    let port = free_port(first_port)?;
    let demo = ["serve", "--demo", "--port"].map(str::to_owned);
    Ok(demo.into_iter().chain([port.to_string()]).chain(flag).collect())
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
