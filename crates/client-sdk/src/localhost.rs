//! Names below `localhost` are this machine, whatever a resolver says.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use wax_kernel::Hostname;

/// Answers `localhost` and everything below it with loopback, without asking anybody (RFC 6761 §6.3); some systems
/// resolve only `localhost` itself, and a name server must not send a sealed link's claim elsewhere.
/// Other names go to the system.
#[derive(Debug)]
pub(crate) struct LocalhostResolver;

impl Resolve for LocalhostResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let addresses: Addrs = if is_localhost(name.as_str()) {
                Box::new(LOOPBACK.into_iter())
            } else {
                Box::new(
                    tokio::net::lookup_host((name.as_str(), 0))
                        .await?
                        .collect::<Vec<_>>()
                        .into_iter(),
                )
            };
            Ok(addresses)
        })
    }
}

/// Port 0 stands for the URL's own. IPv4 first: that is where local servers listen.
const LOOPBACK: [SocketAddr; 2] = [
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
    SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 0),
];

fn is_localhost(name: &str) -> bool {
    Hostname::parse(name).is_ok_and(|name| name.is_localhost())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_name_below_localhost_is_this_machine() {
        for name in ["localhost", "secrets.acme.localhost", "ACME.localhost."] {
            let found: Vec<_> =
                LocalhostResolver.resolve(name.parse().unwrap()).await.unwrap().collect();
            assert_eq!(found, LOOPBACK, "{name}");
        }
        assert!(!is_localhost("localhost.example.com"));
    }
}
