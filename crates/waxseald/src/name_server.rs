//! The name server of our own zones, as the configuration says.

use std::{num::NonZeroU32, sync::Arc};

use anyhow::{Context as _, Result};
use wax_config::{Config, Domains};
use wax_kernel::{Job, Rng};
use wax_telemetry::Metrics;
use wax_zone::{
    LabelSource, Labels, NameServer, Rate, Settings, ZoneParts, ZoneServer, labels_job,
};

/// The name server, if this process is one, and the job that tells it what lives.
pub(crate) fn name_server(
    config: &Config,
    source: Arc<dyn LabelSource>,
    rng: &Arc<dyn Rng>,
    metrics: &Metrics,
) -> Result<Option<(ZoneServer, Job)>> {
    let settings = settings(&config.domains).filter(|_| !config.listeners.dns.is_empty());
    let Some(settings) = settings else { return Ok(None) };
    let labels = Labels::default();
    let server = ZoneServer::new(ZoneParts {
        settings,
        labels: labels.clone(),
        rate: rate(config.domains.answers_per_second),
        rng: Arc::clone(rng),
        metrics: metrics.clone(),
    });
    let server = server.context("our own zone cannot be served ([domains])")?;
    Ok(Some((server, labels_job(source, labels))))
}

fn settings(domains: &Domains) -> Option<Settings> {
    let suffix = domains.platform_suffix.as_ref().filter(|_| domains.serve_platform_suffix);
    let server = |server: &wax_config::NameServer| NameServer {
        name: server.name.clone(),
        addresses: server.addresses.clone(),
    };
    Some(Settings {
        zone: domains.zone.clone()?,
        platform_suffix: suffix.cloned(),
        servers: domains.name_servers.iter().map(server).collect(),
        contact: domains.contact.clone()?,
        edges: domains.edge_addresses.clone(),
    })
}

fn rate(per_second: u32) -> Rate {
    let number = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
    Rate { per_second: number(per_second), burst: number(per_second.saturating_mul(2)) }
}
