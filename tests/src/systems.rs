//! Systems to besiege: the real service in one of its shapes, or a broken one.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;
use wax_crypto::Origin;
use wax_testkit::Fault;

use crate::{
    fleet::{Fleet, Process, Shape},
    proxy::Proxy,
    siege::System,
    victim::{Named, Victim as _},
};

/// The real service, each entrance behind a road on which connections break. It runs.
pub async fn sound(shape: Shape, folder: &Path, database_url: &str, seed: u64) -> Result<System> {
    let Fleet { edges, secrets } = Fleet::new(shape, folder, database_url);
    let mut system = System { proxies: Vec::new(), entrances: Vec::new(), victims: Vec::new() };
    for (index, process) in secrets.into_iter().enumerate() {
        start(&mut system, format!("secrets-{}", index + 1), process).await?;
    }
    for (index, edge) in edges.into_iter().enumerate() {
        let proxy = Proxy::start(edge.port(), seed.wrapping_add(index as u64)).await?;
        let (port, public) = (edge.port(), proxy.port());
        let command = move || {
            let mut command = edge.command();
            command.env("WAXSEAL_LISTENERS__PLAIN_PUBLIC_PORT", public.to_string());
            command
        };
        let name = format!("edge-{}", index + 1);
        let log = folder.join(format!("{name}.log"));
        start(&mut system, name, Process::new(command, port, log)).await?;
        enter_through(&mut system, proxy)?;
    }
    Ok(system)
}

/// The service over a store that is broken on purpose, or the same without a fault, in one process. It runs.
pub async fn broken(
    binary: PathBuf,
    fault: Option<Fault>,
    folder: &Path,
    database_url: &str,
    seed: u64,
) -> Result<System> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let proxy = Proxy::start(port, seed).await?;
    let (keys, public, url) = (folder.join("keys"), proxy.port(), database_url.to_owned());
    let command = move || {
        let mut command = Command::new(&binary);
        command.args(["--fault", fault.map_or("none", Fault::as_str)]).arg(&keys);
        command.arg(format!("127.0.0.1:{port}")).arg(origin_text(public));
        command.env("DATABASE_URL", &url);
        command
    };
    let mut system = System { proxies: Vec::new(), entrances: Vec::new(), victims: Vec::new() };
    let process = Process::new(command, port, folder.join("broken.log"));
    start(&mut system, "broken".to_owned(), process).await?;
    enter_through(&mut system, proxy)?;
    Ok(system)
}

async fn start(system: &mut System, name: String, process: Process) -> Result<()> {
    let mut victim = Named { name, process };
    victim.start().await?;
    system.victims.push(Box::new(victim));
    Ok(())
}

fn enter_through(system: &mut System, proxy: Proxy) -> Result<()> {
    system.entrances.push(Origin::parse(&origin_text(proxy.port()))?);
    system.proxies.push(proxy);
    Ok(())
}

/// The demo organization's domain.
fn origin_text(port: u16) -> String {
    format!("http://secrets.acme.localhost:{port}")
}
