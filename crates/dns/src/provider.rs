//! Who runs the name servers, and what their forms are like.

use serde::Serialize;
use wax_i18n::{Lang, Value, text};

use crate::{Change, DnsName};

/// A DNS provider as its servers' names give it away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Provider {
    /// A word for programs.
    pub id: &'static str,
    /// Its own name, the same in every language.
    pub name: &'static str,
    /// What it calls a record that is a CNAME at the top of a zone; none where it has none or that is not known.
    pub alias: Option<&'static str>,
    /// Whether it can stand between visitors and us, and often does by default.
    pub proxies: bool,
    #[serde(skip)]
    servers: &'static [&'static str],
}

const fn plain(id: &'static str, name: &'static str, servers: &'static [&'static str]) -> Provider {
    Provider { id, name, alias: None, proxies: false, servers }
}

const fn with_alias(
    id: &'static str,
    name: &'static str,
    alias: &'static str,
    servers: &'static [&'static str],
) -> Provider {
    Provider { id, name, alias: Some(alias), proxies: false, servers }
}

/// By the ends of their servers' names; an entry that ends in a dot stands for a label that starts with it
/// (`awsdns-` is followed by a number).
const PROVIDERS: &[Provider] = &[
    Provider {
        id: "cloudflare",
        name: "Cloudflare",
        alias: Some("CNAME"),
        proxies: true,
        servers: &["ns.cloudflare.com", "secondary.cloudflare.com"],
    },
    plain(
        "azure",
        "Azure DNS",
        &["azure-dns.com", "azure-dns.net", "azure-dns.org", "azure-dns.info"],
    ),
    plain("conoha", "ConoHa", &["conoha.io"]),
    plain("digitalocean", "DigitalOcean", &["digitalocean.com"]),
    with_alias(
        "dnsimple",
        "DNSimple",
        "ALIAS",
        &["dnsimple.com", "dnsimple-edge.net", "dnsimple-edge.org"],
    ),
    with_alias(
        "easydns",
        "easyDNS",
        "ANAME",
        &["easydns.com", "easydns.net", "easydns.org", "easydns.info"],
    ),
    with_alias("gandi", "Gandi", "ALIAS", &["gandi.net"]),
    plain("godaddy", "GoDaddy", &["domaincontrol.com"]),
    plain("google", "Google Cloud DNS", &["googledomains.com"]),
    plain("hetzner", "Hetzner", &["hetzner.com", "hetzner.de", "your-server.de", "second-ns.com"]),
    plain("iij", "IIJ", &["iij.ad.jp"]),
    plain("ionos", "IONOS", &["ui-dns.com", "ui-dns.de", "ui-dns.org", "ui-dns.biz"]),
    plain("linode", "Akamai Cloud (Linode)", &["linode.com"]),
    plain("muumuu", "ムームードメイン", &["muumuu-domain.com"]),
    with_alias("namecheap", "Namecheap", "ALIAS", &["registrar-servers.com"]),
    with_alias("namecom", "Name.com", "ANAME", &["name.com"]),
    with_alias("ns1", "NS1", "ALIAS", &["nsone.net"]),
    plain("onamae", "お名前.com", &["onamae.com", "dnsv.jp", "gmointernet.com"]),
    plain("ovh", "OVHcloud", &["ovh.net", "anycast.me"]),
    with_alias("porkbun", "Porkbun", "ALIAS", &["porkbun.com"]),
    plain("route53", "Amazon Route 53", &["awsdns-."]),
    plain("sakura", "さくらインターネット", &["dns.ne.jp", "gslb.sakura.ne.jp"]),
    plain("squarespace", "Squarespace", &["squarespacedns.com"]),
    plain("valuedomain", "VALUE-DOMAIN", &["value-domain.com"]),
    with_alias("vercel", "Vercel", "ALIAS", &["vercel-dns.com"]),
    plain("wix", "Wix", &["wixdns.net"]),
    plain("xserver", "エックスサーバー", &["xserver.jp"]),
];

impl Provider {
    /// Whose servers these are, if most of them are one provider's.
    pub fn of<'a>(servers: impl IntoIterator<Item = &'a DnsName>) -> Option<&'static Self> {
        let servers: Vec<String> = servers.into_iter().map(DnsName::to_string).collect();
        PROVIDERS.iter().find(|provider| {
            servers.iter().filter(|name| provider.runs(name)).count() * 2 > servers.len()
        })
    }

    fn runs(&self, server: &str) -> bool {
        self.servers.iter().any(|known| match known.strip_suffix('.') {
            Some(start) => server.split('.').any(|label| label.starts_with(start)),
            None => server
                .strip_suffix(known)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.')),
        })
    }
}

/// What makes an edit easier at a provider's form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum Hint {
    /// The form adds the zone to the name by itself.
    Relative {
        /// The zone.
        zone: String,
        /// The name without it.
        relative: String,
    },
    /// A record that follows our addresses by itself.
    Alias {
        /// Who has it.
        provider: &'static str,
        /// What they call it.
        alias: &'static str,
        /// Where it should lead.
        target: String,
    },
    /// A proxy that is on by default.
    Proxy {
        /// Whose.
        provider: &'static str,
    },
}

impl Hint {
    /// For one edit in `zone`, so that something leads to `target`.
    pub(crate) fn for_edit(
        provider: Option<&Provider>,
        edit: &Change,
        zone: &DnsName,
        target: &str,
    ) -> Vec<Self> {
        use crate::RecordKind::{A, Aaaa, Cname};
        let mut hints =
            vec![Self::Relative { zone: zone.to_string(), relative: edit.relative.clone() }];
        let Some(Provider { name, alias, proxies, .. }) = provider else { return hints };
        let is_address = matches!(edit.kind, A | Aaaa);
        if let Some(alias) = alias.filter(|_| is_address && edit.name == *zone) {
            hints.push(Self::Alias { provider: name, alias, target: target.to_owned() });
        }
        if *proxies && (is_address || edit.kind == Cname) {
            hints.push(Self::Proxy { provider: name });
        }
        hints
    }

    /// In words.
    pub fn text(&self, lang: Lang) -> String {
        let values: &[(&str, &dyn Value)] = match self {
            Self::Relative { zone, relative } => &[("zone", zone), ("relative", relative)],
            Self::Alias { provider, alias, target } => {
                &[("provider", provider), ("alias", alias), ("target", target)]
            }
            Self::Proxy { provider } => &[("provider", provider)],
        };
        let code = match self {
            Self::Relative { .. } => "relative",
            Self::Alias { .. } => "alias",
            Self::Proxy { .. } => "proxy",
        };
        text(lang, &format!("dns.hint.{code}"), values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(servers: &[&str]) -> Option<&'static str> {
        let names: Vec<DnsName> = servers.iter().map(|name| name.parse().unwrap()).collect();
        Provider::of(&names).map(|provider| provider.id)
    }

    #[test]
    fn a_provider_is_known_by_its_servers() {
        for (servers, provider) in [
            (&["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"][..], Some("cloudflare")),
            (
                &["ns-1.awsdns-01.com", "ns-2.awsdns-02.co.uk", "ns-3.awsdns-03.net"],
                Some("route53"),
            ),
            (&["dns1.onamae.com", "dns2.onamae.com"], Some("onamae")),
            (&["ns1.dns.ne.jp", "ns2.dns.ne.jp"], Some("sakura")),
            (&["ns1.example.com", "ns2.example.com"], None),
            (&["notname.com.example.org"], None),
            (&["ns1.myname.com"], None),
            (&["ada.ns.cloudflare.com", "ns1.example.com"], None),
            (&[], None),
        ] {
            assert_eq!(id(servers), provider, "{servers:?}");
        }
    }

    #[test]
    fn no_two_providers_share_a_word() {
        let ids: std::collections::BTreeSet<_> = PROVIDERS.iter().map(|p| p.id).collect();
        assert_eq!(ids.len(), PROVIDERS.len());
    }
}
