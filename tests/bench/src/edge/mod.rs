//! `bench edge`: what a connection and a request cost our edge and its peers; what a stranger and an idle connection cost.

mod peers;
mod strangers;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Result, ensure};
use clap::Args;

use self::peers::{PATH, Peer, Programs};
use crate::cycle::Waxseal;
use crate::cycle::http::{Connection, Target};
use crate::load::{count, rate};
use crate::machine::Machine;
use crate::memory;
use crate::report::{Budget, Output, Report};
use crate::samples::Samples;

const NEW: Budget = Budget::AtMost(0.75);
const KEPT: Budget = Budget::AtMost(1.0);
const REFUSAL_US: Budget = Budget::AtMost(40.0);
const IDLE_KIB: Budget = Budget::AtMost(20.0);
const IDLE_TWO_KIB: Budget = Budget::AtMost(28.0);

/// Callers at once.
const CALLERS: usize = 16;
/// Connections that stay idle.
const IDLE: usize = 2_000;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The program `waxseald`, built with --release.
    #[arg(long)]
    waxseald: PathBuf,
    #[command(flatten)]
    programs: Programs,
    #[command(flatten)]
    output: Output,
    /// Rounds; the servers take turns in each.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Connections in a round, to each server, with one request each.
    #[arg(long, default_value_t = 1_600)]
    connections: usize,
    /// Requests in a round, over connections that stay.
    #[arg(long, default_value_t = 8_000)]
    requests: usize,
}

/// Microseconds of CPU, round by round.
#[derive(Default)]
struct Costs {
    new: Samples,
    kept: Samples,
    kept_two: Samples,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Report> {
    let folder = tempfile::tempdir()?;
    let mut report = Report::new("edge", &arguments.output, Machine::look(folder.path())?);
    let waxseal = Waxseal::start(&arguments.waxseald, folder.path())?;
    let (port, target, two) = (waxseal.ports().1, waxseal.tls()?, waxseal.tls_two()?);
    let mut servers = vec![Peer { name: "waxseald", process: waxseal.process, target, two }];
    servers.extend(peers::start(&arguments.programs, folder.path())?);
    let mut measured: Vec<(Arc<Peer>, Costs)> =
        servers.into_iter().map(|peer| (Arc::new(peer), Costs::default())).collect();
    let mut refusals = Samples::default();
    // Round 0 only fills caches.
    for round in 0..=arguments.rounds {
        report.measuring(&format!("round {round} of {}", arguments.rounds));
        for (peer, costs) in &mut measured {
            let new = new_connections(peer, arguments.connections).await?;
            let kept = kept_connections(peer, arguments.requests, |peer| &peer.target).await?;
            let kept_two = kept_connections(peer, arguments.requests, |peer| &peer.two).await?;
            if round > 0 {
                costs.new.0.push(new);
                costs.kept.0.push(kept);
                costs.kept_two.0.push(kept_two);
            }
        }
        let refusal =
            strangers::refuse(&measured[0].0.process, port, arguments.connections).await?;
        if round > 0 {
            refusals.0.push(refusal);
        }
    }
    fill(&mut report, &measured);
    report.row("an unknown name is refused", "µs", REFUSAL_US, refusals);
    let ours = &measured[0].0;
    // The first stay while the second come: memory that was given back would be counted for nothing.
    let (one, held) = idle_connections(ours, &ours.target).await?;
    let (two, _) = idle_connections(ours, &ours.two).await?;
    drop(held);
    report.row("an idle connection (HTTP/1.1 over TLS)", "KiB", IDLE_KIB, Samples(vec![one]));
    report.row("an idle connection (HTTP/2 over TLS)", "KiB", IDLE_TWO_KIB, Samples(vec![two]));
    report.publish(&arguments.output)?;
    Ok(report)
}

fn fill(report: &mut Report, measured: &[(Arc<Peer>, Costs)]) {
    let [(_, ours), peers @ ..] = measured else { return };
    for (peer, theirs) in peers {
        let is_nginx = peer.name == "nginx";
        let budget = |budget| if is_nginx { budget } else { Budget::None };
        let what = |what: &str| format!("{what}: ours ÷ {}", peer.name);
        report.row(
            what("new connection and request"),
            "×",
            budget(NEW),
            ours.new.over(&theirs.new),
        );
        report.row(what("request, HTTP/1.1"), "×", budget(KEPT), ours.kept.over(&theirs.kept));
        let two = ours.kept_two.over(&theirs.kept_two);
        report.row(what("request, HTTP/2"), "×", budget(KEPT), two);
    }
    for (peer, costs) in measured {
        let what = |what: &str| format!("{what}: {}", peer.name);
        report.row(what("new connection and request"), "µs", Budget::None, costs.new.clone());
        report.row(what("request, HTTP/1.1"), "µs", Budget::None, costs.kept.clone());
        report.row(what("request, HTTP/2"), "µs", Budget::None, costs.kept_two.clone());
    }
}

/// CPU of the server for a full handshake and one request.
async fn new_connections(peer: &Arc<Peer>, connections: usize) -> Result<f64> {
    let before = peer.process.usage()?;
    let asked = Arc::clone(peer);
    rate(CALLERS, connections / CALLERS, move |_| {
        let peer = Arc::clone(&asked);
        async move { ask(&peer.target, 1).await }
    })
    .await?;
    Ok(peer.process.usage()?.since(&before, "") / count(connections / CALLERS * CALLERS))
}

/// CPU of the server for a request among many on one connection.
async fn kept_connections(
    peer: &Arc<Peer>,
    requests: usize,
    target: fn(&Peer) -> &Target,
) -> Result<f64> {
    let (each, asked) = (requests / CALLERS, Arc::clone(peer));
    let before = peer.process.usage()?;
    rate(CALLERS, 1, move |_| {
        let peer = Arc::clone(&asked);
        async move { ask(target(&peer), each).await }
    })
    .await?;
    Ok(peer.process.usage()?.since(&before, "") / count(each * CALLERS))
}

/// Connects, and asks so often.
async fn ask(target: &Target, times: usize) -> Result<()> {
    let mut connection = target.connect().await?;
    for _ in 0..times {
        let answer = connection.get(target, PATH).await?;
        ensure!(answer.status.is_success() && answer.body.len() == 26, "{}", answer.status);
    }
    Ok(())
}

/// By how much the server's memory grows with each connection that has asked once and stays.
async fn idle_connections(ours: &Peer, target: &Target) -> Result<(f64, Vec<Connection>)> {
    crate::flood::raise_file_limit()?;
    let before = memory::resident(ours.process.id(), "VmRSS")?;
    let mut connections = Vec::with_capacity(IDLE);
    for _ in 0..IDLE {
        let mut connection = target.connect().await?;
        connection.get(target, PATH).await?;
        connections.push(connection);
    }
    let after = memory::resident(ours.process.id(), "VmRSS")?;
    Ok(((after - before) / count(IDLE) / 1_024.0, connections))
}
