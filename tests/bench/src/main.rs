#![doc = include_str!("../README.md")]
#![expect(clippy::print_stdout, reason = "a program for people who measure")]

mod cpu;
mod cycle;
mod edge;
mod flood;
mod hosts;
mod load;
mod machine;
mod memory;
mod page;
mod plot;
mod report;
mod samples;
mod store;

use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Parser;

#[derive(Parser)]
enum Bench {
    /// The store beside pgbench, grouped commits beside single ones, and cost as it grows.
    Store(store::Arguments),
    /// A whole cycle over HTTP beside `SnapPass` and Redis.
    Cycle(cycle::Arguments),
    /// Connections and requests at the edge, beside nginx, haproxy and caddy; strangers; idle connections.
    Edge(edge::Arguments),
    /// Finding whose a host is, among a thousand domains and among a million.
    Hosts(hosts::Arguments),
    /// Whether strangers who try to sign in slow down those who open secrets.
    Flood(flood::Arguments),
    /// What a browser loads until a text shows, and the server's memory.
    Page(page::Arguments),
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Bench::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(2),
        Err(error) => {
            eprintln!("\nbench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether every budget was met.
async fn run(bench: Bench) -> Result<bool> {
    ensure!(!cfg!(debug_assertions), "a debug build measures nothing: build with --release");
    let report = match bench {
        Bench::Store(arguments) => Box::pin(store::run(&arguments)).await?,
        Bench::Edge(arguments) => edge::run(&arguments).await?,
        Bench::Hosts(arguments) => hosts::run(&arguments)?,
        Bench::Page(arguments) => page::run(&arguments).await?,
        Bench::Flood(arguments) => flood::run(&arguments).await?,
        Bench::Cycle(arguments) => cycle::run(&arguments).await?,
    };
    Ok(report.met())
}
