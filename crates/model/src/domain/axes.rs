//! The four things that must hold before a host is served, each with its own states (docs/domains.md §2).

use wax_kernel::Timestamp;

use crate::text_enum::text_enum;

text_enum! {
    /// Whose the host is, as far as the DNS has said.
    Ownership {
        /// Claimed and not proved.
        Pending = "pending",
        /// Proved.
        Verified = "verified",
        /// Proved, and another tenant has proved it since.
        Contested = "contested",
        /// The DNS names somebody else: nothing is created, claimed or opened.
        Held = "held",
        /// Held for long: only the name and the certificate are kept.
        Grace = "grace",
        /// Lost.
        Lapsed = "lapsed",
        /// Given up by its tenant.
        Released = "released",
    }
}

impl Ownership {
    /// Whether nobody else can have the host meanwhile.
    pub const fn holds(self) -> bool {
        matches!(self, Self::Verified | Self::Contested | Self::Held | Self::Grace)
    }
}

text_enum! {
    /// Where the host's addresses lead.
    Pointing {
        /// Not looked at yet.
        Unknown = "unknown",
        /// Here.
        Pointing = "pointing",
        /// Here, and elsewhere too.
        Partial = "partial",
        /// To a proxy that stands before us, as far as can be told.
        Proxied = "proxied",
        /// Elsewhere, say all its servers.
        Elsewhere = "elsewhere",
        /// The name does not exist, say all its servers.
        Nxdomain = "nxdomain",
        /// Its signatures do not hold (DNSSEC).
        Bogus = "bogus",
        /// Its servers do not answer, or not alike.
        Unreachable = "unreachable",
    }
}

text_enum! {
    /// How far its certificate is.
    CertificateState {
        /// None, and none is wanted yet.
        None = "none",
        /// Waits for its turn.
        Queued = "queued",
        /// Being ordered.
        Ordering = "ordering",
        /// Served.
        Active = "active",
        /// Served, while its successor is being ordered.
        Renewing = "renewing",
        /// The last order failed; the next waits.
        Backoff = "backoff",
        /// No order is possible until somebody acts.
        Blocked = "blocked",
        /// Over.
        Expired = "expired",
    }
}

text_enum! {
    /// Whether we let it.
    Gate {
        /// Yes.
        Open = "open",
        /// The operator has stopped it.
        Suspended = "suspended",
    }
}

text_enum! {
    /// How the host is reached.
    Transport {
        /// Over TLS, with a certificate that we order.
        Acme = "acme",
        /// Over TLS, with a certificate that the tenant brings.
        Own = "own",
        /// As an onion service, which authenticates itself.
        Onion = "onion",
        /// From this machine alone.
        Loopback = "loopback",
    }
}

text_enum! {
    /// What a visitor of the host meets: all that an edge knows of the four axes.
    Service {
        /// Everything.
        Full = "full",
        /// A page that says that the host is held; nothing is created, claimed or opened.
        Held = "held",
    }
}

/// What follows from the axes for visitors. `None`: unknown to everybody, the handshake is refused.
///
/// `certificate_until` is the end of the certificate in force, whatever becomes of its successor.
pub fn service(
    transport: Transport,
    ownership: Ownership,
    gate: Gate,
    certificate_until: Option<Timestamp>,
    now: Timestamp,
) -> Option<Service> {
    let needs_certificate = matches!(transport, Transport::Acme | Transport::Own);
    if needs_certificate && certificate_until.is_none_or(|until| until <= now) {
        return None;
    }
    standing(ownership, gate)
}

/// What a host is to its tenant, whether or not visitors can reach it yet: [`service`] without the certificate.
pub const fn standing(ownership: Ownership, gate: Gate) -> Option<Service> {
    match (ownership, gate) {
        (Ownership::Verified | Ownership::Contested, Gate::Open) => Some(Service::Full),
        (owned, _) if owned.holds() => Some(Service::Held),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(1_000);
    const LATER: Timestamp = Timestamp::from_ms(1_001);

    #[test]
    fn only_what_is_proved_and_open_with_a_certificate_is_served_in_full() {
        for ownership in Ownership::ALL.iter().copied() {
            for gate in Gate::ALL.iter().copied() {
                let met = service(Transport::Acme, ownership, gate, Some(LATER), NOW);
                let is_owned = matches!(ownership, Ownership::Verified | Ownership::Contested);
                let is_full = is_owned && gate == Gate::Open;
                assert_eq!(met == Some(Service::Full), is_full, "{ownership:?} {gate:?}");
                assert_eq!(met.is_some(), ownership.holds(), "{ownership:?} {gate:?}");
            }
        }
    }

    #[test]
    fn without_a_certificate_that_is_valid_now_there_is_no_handshake() {
        for transport in [Transport::Acme, Transport::Own] {
            for until in [None, Some(NOW)] {
                let met = service(transport, Ownership::Verified, Gate::Open, until, NOW);
                assert_eq!(met, None, "{transport:?} {until:?}");
            }
        }
        for transport in [Transport::Onion, Transport::Loopback] {
            let met = service(transport, Ownership::Verified, Gate::Open, None, NOW);
            assert_eq!(met, Some(Service::Full), "{transport:?}");
        }
    }
}
