//! Which service answers what, as data.

/// Whose host was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HostKind {
    /// A tenant's domain, where strangers are.
    Tenant,
    /// The platform's own host, where members are.
    Platform,
}

/// Where a service stands: under a path, on one kind of host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mount {
    /// On whose hosts.
    pub host: HostKind,
    /// `/v1`, say, or `/v1/things/{name}/parts`: that path and everything below it. A name in braces is any one segment.
    pub prefix: &'static str,
}

impl Mount {
    /// How specific the mount is for this path: the more segments its prefix has, the more. `None` if it is not under it.
    fn covers(self, host: HostKind, path: &str) -> Option<usize> {
        segments_below(self.prefix, path).filter(|_| self.host == host)?;
        Some(self.prefix.split('/').count())
    }
}

/// How many segments of a path stand below a template such as `/v1/things/{name}`, in which a name in braces is any one
/// segment. `None` if the path is elsewhere.
pub fn segments_below(template: &str, path: &str) -> Option<usize> {
    let mut segments = path.split('/');
    for wanted in template.split('/') {
        let found = segments.next()?;
        if found != wanted && (found.is_empty() || !wanted.starts_with('{')) {
            return None;
        }
    }
    Some(segments.count())
}

/// A table from mounts to whoever answers there.
#[derive(Debug, Clone)]
pub struct Mounts<T>(Vec<(Mount, T)>);

impl<T> Default for Mounts<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Mounts<T> {
    /// The same table with one more row.
    #[must_use]
    pub fn with(mut self, mount: Mount, who: T) -> Self {
        self.0.push((mount, who));
        self
    }

    /// Who answers this path on this kind of host: of several, the one whose prefix has the most segments.
    pub fn find(&self, host: HostKind, path: &str) -> Option<&T> {
        let rows = self.0.iter();
        let covering = rows.filter_map(|(mount, who)| Some((mount.covers(host, path)?, who)));
        covering.max_by_key(|(length, _)| *length).map(|(_, who)| who)
    }

    /// Everyone in it.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|(_, who)| who)
    }

    /// Whether nobody is in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_on_this_kind_of_host_answers() {
        let at = |host, prefix| Mount { host, prefix };
        let table = Mounts::default()
            .with(at(HostKind::Tenant, "/v1"), "secrets")
            .with(at(HostKind::Platform, "/v1"), "accounts")
            .with(at(HostKind::Platform, "/v1/billing"), "billing")
            .with(at(HostKind::Platform, "/v1/teams/{team}/secrets"), "secrets of teams");
        for (host, path, who) in [
            (HostKind::Tenant, "/v1/secrets/claim", Some("secrets")),
            (HostKind::Tenant, "/v1/billing", Some("secrets")),
            (HostKind::Platform, "/v1", Some("accounts")),
            (HostKind::Platform, "/v1/secrets/claim", Some("accounts")),
            (HostKind::Platform, "/v1/billing/plans", Some("billing")),
            (HostKind::Platform, "/v1/billings", Some("accounts")),
            (HostKind::Platform, "/v1/teams/a/secrets/live", Some("secrets of teams")),
            (HostKind::Platform, "/v1/teams/a", Some("accounts")),
            (HostKind::Platform, "/v1/teams//secrets", Some("accounts")),
            (HostKind::Platform, "/v1/teams/a/b/secrets", Some("accounts")),
            (HostKind::Tenant, "/v1x", None),
            (HostKind::Platform, "/V1", None),
            (HostKind::Platform, "/", None),
        ] {
            assert_eq!(table.find(host, path).copied(), who, "{host:?} {path}");
        }
    }
}
