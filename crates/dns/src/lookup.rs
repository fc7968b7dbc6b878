//! Questions beside a check: what a zone says of itself, and where a name is.

use std::net::IpAddr;

use hickory_proto::rr::{RData, RecordType};
use wax_kernel::Hostname;

use crate::{
    Answer, Dns, DnsName, Fault, TenantHost,
    address::is_public,
    ask::{Asker, Reach},
    gather::{Check, text_of},
    walk::{MOST_STEPS, Walk},
};

impl Dns {
    /// The top of a host's zone, and the texts at `label` below that; none if there are none. At most 4 s and 64 questions, as
    /// for a check. `edge_zone` is where our own labels are.
    pub async fn zone_texts(
        &self,
        host: &TenantHost,
        edge_zone: &Hostname,
        label: &str,
    ) -> Result<(DnsName, Vec<String>), Fault> {
        let asker = Asker::new(self);
        let (check, _) = Check::new(&asker, host, edge_zone);
        let zone = check.zone().await?;
        let texts = match zone.child(label) {
            Some(name) => records(&check.walk, name, RecordType::TXT, text_of).await?,
            None => Vec::new(),
        };
        Ok((zone, texts))
    }

    /// The addresses of a name that a stranger gave us, IPv4 first: of those, what may be asked. At most 4 s and 64 questions.
    pub async fn addresses(&self, name: &Hostname) -> Result<Vec<IpAddr>, Fault> {
        let asker = Asker::new(self);
        let walk = Walk::new(&asker);
        let mut found = Vec::new();
        for kind in [RecordType::A, RecordType::AAAA] {
            found.extend(records(&walk, name.into(), kind, RData::ip_addr).await?);
        }
        Ok(reachable(found, self.roots.reach))
    }
}

/// Those that may be asked.
fn reachable(mut addresses: Vec<IpAddr>, reach: Reach) -> Vec<IpAddr> {
    addresses.retain(|address| reach == Reach::Everywhere || is_public(*address));
    addresses
}

/// The records at a name, by way of its aliases. A name that is not there has none.
async fn records<T>(
    walk: &Walk<'_>,
    name: DnsName,
    kind: RecordType,
    pick: impl Fn(&RData) -> Option<T> + Copy,
) -> Result<Vec<T>, Fault> {
    let mut at = name;
    for _ in 0..MOST_STEPS {
        let (_, message) = walk.resolve(at.wire(), kind).await.map_err(|lost| lost.fault)?;
        match Answer::read(&message, at.wire(), kind, pick) {
            Answer::Alias { target, .. } => at = target,
            Answer::Records { records, .. } => return Ok(records),
            _ => return Ok(Vec::new()),
        }
    }
    Err(Fault::Endless)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_leads_into_our_own_network_leads_nowhere() {
        let found = ["10.0.0.1", "127.0.0.1", "169.254.169.254", "::1", "9.9.9.9"];
        let found = found.map(|text| text.parse().unwrap()).to_vec();
        assert_eq!(reachable(found.clone(), Reach::Public), found[4..]);
        assert_eq!(reachable(found.clone(), Reach::Everywhere), found);
    }
}
