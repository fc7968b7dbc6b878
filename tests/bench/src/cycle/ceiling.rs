//! What Redis alone could do: the most that anything built on it can reach.

use std::process::Command;

use anyhow::{Context, Result, ensure};

/// Requests in one sample, to as many keys.
const REQUESTS: usize = 50_000;
const CLIENTS: usize = 16;
const KEY: &str = "bench:__rand_int__";
/// Bytes of one of our secrets in its table: content, header, policy, keys.
const PAYLOAD: usize = 1_400;

/// How often a second it could keep a payload and give it away.
pub(super) fn pairs(port: u16) -> Result<f64> {
    let set = rate(port, &["SET", KEY, &"x".repeat(PAYLOAD)])?;
    let getdel = rate(port, &["GETDEL", KEY])?;
    Ok(1.0 / (1.0 / set + 1.0 / getdel))
}

fn rate(port: u16, command: &[&str]) -> Result<f64> {
    let [port, requests, clients] = [usize::from(port), REQUESTS, CLIENTS].map(|n| n.to_string());
    let output = Command::new("redis-benchmark")
        .args(["-h", "127.0.0.1", "--csv", "-p", &port])
        .args(["-n", &requests, "-c", &clients, "-r", &requests])
        .args(command)
        .output()
        .context("redis-benchmark")?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "redis-benchmark: {said}");
    // The command, then requests a second, then latencies: each in quotes.
    let line = said.lines().last().context("redis-benchmark said nothing")?;
    let rate = line.split("\",\"").nth(1).context("redis-benchmark told no rate")?;
    rate.parse().context("redis-benchmark's rate")
}
