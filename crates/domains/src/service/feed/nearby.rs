//! Which tenants' domains a certificate's names are about.

use std::collections::{BTreeMap, HashMap, HashSet};

use wax_dns::{Likeness, LookAlikes, Registered};
use wax_kernel::{DomainId, HostPattern, Hostname};
use wax_store::{DomainPlatform, StoreError};

/// Domains read at once.
const PAGE: u32 = 1_000;

/// Every domain that a tenant has brought, by what was registered of it.
#[derive(Debug)]
pub(super) struct Nearby {
    domains: HashMap<Hostname, Vec<(DomainId, HostPattern)>>,
    likes: LookAlikes,
}

/// What a certificate is about.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct About {
    /// Domains that it would be valid for.
    pub(super) hosts: Vec<DomainId>,
    /// Registered names in it, with those of tenants' that they look like and the domains below these.
    pub(super) likes: Vec<Like>,
}

/// A name that looks like a tenant's.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Like {
    /// What was registered.
    pub(super) name: Hostname,
    pub(super) likeness: Likeness,
    /// Whose it looks like.
    pub(super) domains: Vec<DomainId>,
}

impl Nearby {
    pub(super) async fn read(platform: &dyn DomainPlatform) -> Result<Self, StoreError> {
        let (mut hosts, mut after) = (Vec::new(), None);
        loop {
            let page = platform.labels(after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.domain);
            // The platform's gifts have no label: their name is the platform's own.
            let brought = page.into_iter().filter(|domain| !domain.label.is_empty());
            hosts.extend(brought.map(|domain| (domain.domain, domain.host)));
        }
        Ok(Self::of(hosts))
    }

    pub(super) fn of(hosts: Vec<(DomainId, HostPattern)>) -> Self {
        let mut domains: HashMap<Hostname, Vec<_>> = HashMap::new();
        let mut names = Vec::new();
        for (id, host) in hosts {
            let Some(registered) = Registered::of(host.host()) else { continue };
            let known = domains.entry(registered.name().clone()).or_default();
            if known.is_empty() {
                names.push(registered);
            }
            known.push((id, host));
        }
        Self { domains, likes: LookAlikes::new(names) }
    }

    /// The domains below a registered name.
    pub(super) fn below(&self, registered: &Hostname) -> impl Iterator<Item = DomainId> {
        self.domains.get(registered).into_iter().flatten().map(|(id, _)| *id)
    }

    pub(super) fn about(&self, names: &[HostPattern]) -> About {
        let (mut hosts, mut seen, mut likes) = (HashSet::new(), HashSet::new(), BTreeMap::new());
        for name in names {
            let Some(registered) = Registered::of(name.host()) else { continue };
            let own = self.domains.get(registered.name()).into_iter().flatten();
            hosts.extend(own.filter(|(_, host)| touches(name, host)).map(|(id, _)| *id));
            if !seen.insert(registered.name().clone()) {
                continue;
            }
            for (known, likeness) in self.likes.like(&registered) {
                let like = likes.entry((registered.name().clone(), known.clone()));
                like.or_insert(likeness);
            }
        }
        let mut hosts: Vec<_> = hosts.into_iter().collect();
        hosts.sort_unstable();
        let likes = likes.into_iter().map(|((name, known), likeness)| {
            let domains = self.below(&known).collect();
            Like { name, likeness, domains }
        });
        About { hosts, likes: likes.collect() }
    }
}

/// Whether a certificate's name is valid for a host that a domain has. A wildcard stands for one label (RFC 9525 §6.3).
fn touches(name: &HostPattern, host: &HostPattern) -> bool {
    let parent = |host: &Hostname| host.as_str().split_once('.').map(|(_, rest)| rest.to_owned());
    match (name.is_wildcard(), host.is_wildcard()) {
        (false, false) | (true, true) => name.host() == host.host(),
        (true, false) => parent(host.host()).as_deref() == Some(name.host().as_str()),
        (false, true) => parent(name.host()).as_deref() == Some(host.host().as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> HostPattern {
        HostPattern::parse(text).unwrap()
    }

    const fn id(n: u8) -> DomainId {
        DomainId::from_bytes([n; 16])
    }

    fn nearby() -> Nearby {
        Nearby::of(vec![
            (id(1), pattern("secrets.example.com")),
            (id(2), pattern("*.example.com")),
            (id(3), pattern("example.com")),
            (id(4), pattern("secrets.other.jp")),
        ])
    }

    #[test]
    fn a_certificate_is_about_the_hosts_that_it_is_valid_for() {
        for (names, hosts) in [
            (vec!["secrets.example.com"], vec![1, 2]),
            (vec!["*.example.com"], vec![1, 2]),
            (vec!["example.com", "*.example.com"], vec![1, 2, 3]),
            (vec!["a.b.example.com"], vec![]),
            (vec!["*.secrets.example.com"], vec![]),
            (vec!["example.com", "secrets.other.jp"], vec![3, 4]),
            (vec!["other.jp"], vec![]),
        ] {
            let names: Vec<_> = names.into_iter().map(pattern).collect();
            let about = nearby().about(&names);
            assert_eq!(about.hosts, hosts.into_iter().map(id).collect::<Vec<_>>(), "{names:?}");
            assert_eq!(about.likes, []);
        }
    }

    #[test]
    fn a_look_alike_is_about_every_domain_below_the_name_it_looks_like_and_said_once() {
        let about = nearby().about(&[pattern("exampel.com"), pattern("www.exampel.com")]);
        assert_eq!(about.hosts, []);
        assert_eq!(about.likes.len(), 1);
        let like = &about.likes[0];
        assert_eq!((like.name.as_str(), like.likeness), ("exampel.com", Likeness::OneEdit));
        assert_eq!(like.domains, [id(1), id(2), id(3)]);
    }
}
