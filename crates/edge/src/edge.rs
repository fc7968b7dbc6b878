//! The edge: what it is made of, and how it starts and stops.

use std::{fmt, io, num::NonZeroU32, sync::Arc, time::Duration};

use tokio::net::TcpListener;
use wax_httpkit::Mounts;
use wax_kernel::{Clock, Rng};
use wax_telemetry::{Counter, Gauge, Histogram, Metrics, Shutdown, Tasks};

use crate::{
    ConsoleSite, Limits, PendingHosts, Proxies, Rate, Rates, Readiness, RouteClass, Routes, Site,
    Tls, Upstream,
    body::Bodies,
    day_key::DayKeys,
    hygiene::{Door, DoorKind},
    limits::ConnectionCaps,
    listener::{self, Entrance},
    memory::Budget,
    rate::RateGate,
    site::Sites,
};

/// What an edge is made of.
#[derive(Debug)]
pub struct EdgeParts {
    /// Whose host is whose.
    pub routes: Routes,
    /// Hosts that are not served yet.
    pub pending: Arc<dyn PendingHosts>,
    /// Who answers which path on which kind of host.
    pub upstreams: Mounts<Upstream>,
    /// Pages and assets of tenants' hosts.
    pub site: Arc<dyn Site>,
    /// Pages and assets of the platform's host, if there are any.
    pub console: Option<Arc<dyn ConsoleSite>>,
    /// Sizes, counts and deadlines.
    pub limits: Limits,
    /// Requests by network.
    pub rates: Rates,
    /// Paths with limits of their own.
    pub classes: Vec<RouteClass>,
    /// What load balancers are told.
    pub readiness: Readiness,
    /// Where it counts.
    pub metrics: Metrics,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness, for request ids and day keys.
    pub rng: Arc<dyn Rng>,
}

impl Default for Rates {
    /// Generous for an office behind one address, and far below what a flood needs.
    fn default() -> Self {
        const fn rate(per_minute: u32, burst: u32) -> Rate {
            Rate {
                per_minute: NonZeroU32::new(per_minute).expect("not zero"),
                burst: NonZeroU32::new(burst).expect("not zero"),
            }
        }
        Self { create: rate(60, 30), request: rate(1_200, 400), sign_in: rate(20, 30) }
    }
}

/// The data plane: accepts connections and answers their requests, with no database, CA or Redis call on the way.
#[derive(Debug)]
pub struct Edge {
    pub(crate) shared: Arc<Shared>,
    readiness: Readiness,
}

/// What every connection uses.
pub(crate) struct Shared {
    pub(crate) routes: Routes,
    pub(crate) pending: Arc<dyn PendingHosts>,
    pub(crate) upstreams: Mounts<Upstream>,
    pub(crate) sites: Sites,
    pub(crate) limits: Limits,
    pub(crate) classes: Vec<RouteClass>,
    pub(crate) gate: RateGate,
    /// Names paths in the log.
    pub(crate) path_names: DayKeys,
    pub(crate) bodies: Bodies,
    pub(crate) answers: Budget,
    pub(crate) caps: ConnectionCaps,
    pub(crate) counts: Counts,
    pub(crate) rng: Arc<dyn Rng>,
    /// Listeners, connections and requests: what a drain waits for.
    pub(crate) tasks: Tasks,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

/// The edge's numbers.
#[derive(Debug)]
pub(crate) struct Counts {
    pub(crate) answered: Counter,
    pub(crate) took: Histogram,
    pub(crate) refused: Counter,
    pub(crate) connections: Gauge,
    pub(crate) proved: Counter,
}

impl Counts {
    fn new(metrics: &Metrics) -> Self {
        Self {
            answered: metrics.counter(
                "waxseal_http_requests_total",
                "Requests answered, by route template.",
                &["route", "method", "status"],
            ),
            took: metrics.histogram(
                "waxseal_http_request_duration_seconds",
                "From the request's head to the answer's head.",
                &["route"],
            ),
            refused: metrics.counter(
                "waxseal_edge_refused_total",
                "Connections and requests that the edge did not let through.",
                &["reason"],
            ),
            connections: metrics.gauge("waxseal_edge_connections", "Connections open.", &["kind"]),
            proved: metrics.counter(
                "waxseal_edge_proofs_total",
                "Proofs of control that were shown to certificate authorities.",
                &["method"],
            ),
        }
    }
}

impl Edge {
    /// Puts an edge together. It accepts nothing until it is given a listener.
    pub fn new(parts: EdgeParts) -> Self {
        let shared = Shared {
            gate: RateGate::new(parts.rates, Arc::clone(&parts.clock), Arc::clone(&parts.rng)),
            path_names: DayKeys::new(parts.clock, Arc::clone(&parts.rng)),
            bodies: Bodies::new(&parts.limits),
            answers: Budget::new(parts.limits.answer_memory),
            caps: ConnectionCaps::new(&parts.limits),
            counts: Counts::new(&parts.metrics),
            routes: parts.routes,
            pending: parts.pending,
            upstreams: parts.upstreams,
            sites: Sites { tenants: parts.site, console: parts.console },
            limits: parts.limits,
            classes: parts.classes,
            rng: parts.rng,
            tasks: Tasks::new(),
        };
        Self { shared: Arc::new(shared), readiness: parts.readiness }
    }

    /// Accepts plain connections from this machine, for loopback hosts.
    ///
    /// `public_port` is the one browsers see, if something in front maps it to the listener's own.
    pub fn listen_plain(&self, listener: TcpListener, public_port: Option<u16>) -> io::Result<()> {
        self.listen(listener, DoorKind::Plain, None, public_port, Proxies::default())
    }

    /// Accepts TLS connections for every host that has a certificate.
    pub fn listen_tls(
        &self,
        listener: TcpListener,
        tls: Arc<Tls>,
        public_port: Option<u16>,
        proxies: Proxies,
    ) -> io::Result<()> {
        self.listen(listener, DoorKind::Tls, Some(tls), public_port, proxies)
    }

    /// Accepts connections on port 80: shows the way to `https`, the port of the TLS listener that browsers see, and
    /// certificate authorities their files.
    pub fn listen_redirect(
        &self,
        listener: TcpListener,
        https: u16,
        proxies: Proxies,
    ) -> io::Result<()> {
        self.listen(listener, DoorKind::Redirect { https }, None, None, proxies)
    }

    fn listen(
        &self,
        listener: TcpListener,
        kind: DoorKind,
        tls: Option<Arc<Tls>>,
        public_port: Option<u16>,
        proxies: Proxies,
    ) -> io::Result<()> {
        let door = Door { kind, port: listener.local_addr()?.port(), public_port };
        let entrance = Entrance { door, tls, proxies };
        let accepting = listener::accept(listener, entrance, Arc::clone(&self.shared));
        drop(self.shared.tasks.spawn("listener", accepting));
        Ok(())
    }

    /// Fails readiness, stops accepting, tells every connection to finish (GOAWAY, `Connection: close`), waits up to
    /// `grace` for the requests in flight, and drops what is left.
    pub async fn drain(&self, grace: Duration) -> Shutdown {
        self.readiness.set(false);
        let ended = self.shared.tasks.shut_down(grace).await;
        for upstream in self.shared.upstreams.iter() {
            upstream.close().await;
        }
        ended
    }
}
