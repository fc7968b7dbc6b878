//! `waxseald serve`

use std::{net::SocketAddr, sync::Arc};

use anyhow::{Context as _, Result};
use tokio::{
    net::{TcpListener, UdpSocket},
    signal::unix::{SignalKind, signal},
};
use wax_config::{Config, LogFormat};
use wax_edge::Tls;
use wax_telemetry::Shutdown;

use crate::{
    assemble::{self, EdgeSide, Server},
    demo,
};

/// Serves until told to stop.
pub(crate) fn serve(config: &Config) -> Result<()> {
    wax_telemetry::init(log_format(config.log.format), &config.log.filter)?;
    wax_telemetry::report_panics();
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .map_err(|_| anyhow::anyhow!("a TLS provider is already installed"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(until_stopped(config))
}

fn log_format(format: LogFormat) -> wax_telemetry::LogFormat {
    match format {
        LogFormat::Auto => wax_telemetry::LogFormat::detect(),
        LogFormat::Human => wax_telemetry::LogFormat::Human,
        LogFormat::Json => wax_telemetry::LogFormat::Json,
    }
}

async fn until_stopped(config: &Config) -> Result<()> {
    // Before anything else, so that no signal finds the default handler, which would end us in the middle of something.
    let (mut terminate, mut interrupt) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let server = assemble::server(config).await?;
    let place = listen(&server, config).await?;
    server.readiness.set(true);
    if let (true, Some(place)) = (config.server.demo, place) {
        let ca = server.edge.as_ref().and_then(|side| side.local_ca.pem_path());
        let console = config.console.host.as_ref();
        let link = demo::sign_in_link(server.accounts.as_ref(), place, console).await?;
        super::print(&demo::welcome(place, console, link.as_ref(), ca))?;
    }
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping: finishing what is in flight");
    stop(server, config).await;
    Ok(())
}

/// Opens every listener that the configuration names. Answers what the demo has to say.
async fn listen(server: &Server, config: &Config) -> Result<Option<demo::Place>> {
    let mut place = None;
    if let Some(address) = config.listeners.management {
        let (listener, at) = bind(address, "listeners.management").await?;
        wax_edge::listen_management(
            listener,
            server.readiness.clone(),
            server.metrics.clone(),
            &server.tasks,
        );
        tracing::info!(%at, "health, readiness and metrics");
    }
    if let (Some(services), Some(address)) = (&server.services, config.listeners.services) {
        let (listener, at) = bind(address, "listeners.services").await?;
        services.listen(listener);
        tracing::info!(%at, "serving edges in other processes");
    }
    if let Some(name_server) = &server.name_server {
        for address in &config.listeners.dns {
            let (tcp, at) = bind(*address, "listeners.dns").await?;
            let udp = UdpSocket::bind(at).await.with_context(|| {
                format!(
                    "cannot answer on {at} over UDP (listeners.dns); is something else using it?"
                )
            })?;
            name_server.listen(udp, tcp);
            tracing::info!(%at, "answering for our own zone");
        }
    }
    if let Some(side) = &server.edge {
        place = listen_edge(side, config).await?;
    }
    Ok(place)
}

async fn listen_edge(side: &EdgeSide, config: &Config) -> Result<Option<demo::Place>> {
    let (edge, mut place) = (&side.edge, None);
    if let Some(address) = config.listeners.tls {
        let (listener, at) = bind(address, "listeners.tls").await?;
        let public = config.listeners.tls_public_port;
        let tls = Tls::new(&assemble::limits(config), side.tickets.clone())?;
        edge.listen_tls(listener, Arc::new(tls), public, assemble::proxies(config))?;
        tracing::info!(%at, "serving HTTPS");
        let public = public.unwrap_or(at.port());
        place = Some(demo::Place::tls(public));
        if let Some(address) = config.listeners.redirect {
            let (listener, at) = bind(address, "listeners.redirect").await?;
            edge.listen_redirect(listener, public, assemble::proxies(config))?;
            tracing::info!(%at, "showing the way from HTTP to HTTPS");
        }
    }
    if let Some(address) = config.listeners.plain {
        let (listener, at) = bind(address, "listeners.plain").await?;
        let public = config.listeners.plain_public_port;
        edge.listen_plain(listener, public)?;
        tracing::info!(%at, "serving plain HTTP to this machine");
        place = Some(demo::Place::plain(public.unwrap_or(at.port())));
    }
    Ok(place)
}

async fn bind(address: SocketAddr, key: &str) -> Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address} ({key}); is something else using it?")
    })?;
    let at = listener.local_addr()?;
    Ok((listener, at))
}

/// First whoever is connected to, so that nothing new begins; then the jobs; the store last, when nobody uses it any more.
async fn stop(server: Server, config: &Config) {
    server.readiness.set(false);
    let drain = config.server.drain;
    let edge = async { Some(server.edge.as_ref()?.edge.drain(drain).await) };
    let services = async { Some(server.services.as_ref()?.drain(drain).await) };
    let name_server = async { Some(server.name_server.as_ref()?.drain(drain).await) };
    let (edge, services, name_server) = tokio::join!(edge, services, name_server);
    for ended in [edge, services, name_server].into_iter().flatten() {
        if let Shutdown::Aborted(left) = ended {
            tracing::warn!(left, "some requests did not finish in time");
        }
    }
    server.tasks.shut_down(drain).await;
    server.store.close().await;
}
