//! What a DNS provider is told once: which records our hosts need.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use wax_kernel::Hostname;

/// Seconds that caches may keep a record: short, because people wait for a change of it.
const TTL: u32 = 300;

/// Grows with every change of the records.
const VERSION: u32 = 1;

/// Whose templates they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// Its id (`providerId`), below which the key's other half is published, too (`syncPubKeyDomain`).
    pub provider: Hostname,
    /// As people know it.
    pub name: String,
    /// Below which targets are.
    pub zone: Hostname,
    /// Where people come from, and return to (`syncRedirectDomain`).
    pub console: Hostname,
    /// Every edge's: for hosts that cannot be a CNAME.
    pub addresses: Vec<IpAddr>,
}

/// For which kind of host. Templates of their own: a provider takes a template's records away before it sets them anew, and
/// `example.com` and `*.example.com` are two domains of one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TemplateKind {
    /// A host below the registered name.
    Host,
    /// The registered name itself.
    Apex,
    /// Every host one label below.
    Wildcard,
}

/// A template (§6.1). What the specification leaves out may be left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "they are the specification's")]
pub struct Template {
    pub provider_id: String,
    pub provider_name: String,
    pub service_id: String,
    pub service_name: String,
    pub version: u32,
    pub description: String,
    pub variable_description: String,
    pub sync_pub_key_domain: String,
    pub sync_redirect_domain: String,
    #[serde(default, skip_serializing_if = "is_false")]
    pub host_required: bool,
    pub records: Vec<TemplateRecord>,
}

/// A record of a template (§6.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TemplateRecord {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: RecordType,
    /// Relative to the host that it is applied to; `@` for that host itself.
    pub host: String,
    /// Where it leads; none for TXT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points_to: Option<String>,
    /// What it says; for TXT alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// Seconds.
    pub ttl: u32,
}

/// The types that our hosts need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "they are the DNS's")]
pub enum RecordType {
    A,
    Aaaa,
    Cname,
    Txt,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_false(value: &bool) -> bool {
    !*value
}

impl TemplateKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Host, Self::Apex, Self::Wildcard];

    /// Its `serviceId`.
    pub const fn service(self) -> &'static str {
        match self {
            Self::Host => "secrets-host",
            Self::Apex => "secrets-apex",
            Self::Wildcard => "secrets-wildcard",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Host => "One-time secrets on your own host",
            Self::Apex => "One-time secrets on your own domain",
            Self::Wildcard => "One-time secrets on every host below your domain",
        }
    }

    const fn description(self) -> &'static str {
        match self {
            Self::Host => "Leads a host to the service, and proves whose it is.",
            Self::Apex => "Leads a domain itself to the service, and proves whose it is.",
            Self::Wildcard => {
                "Leads every host of one label below a domain to the service, proves whose they are, and lets the service prove \
                 them to certificate authorities."
            }
        }
    }
}

impl Template {
    /// The template for this kind of host.
    pub fn of(operator: &Operator, kind: TemplateKind) -> Self {
        let target = format!("%label%.{}", operator.zone);
        let proof = TemplateRecord::says("_waxseal-challenge", "waxseal-domain=%token%".to_owned());
        let mut records = match kind {
            TemplateKind::Host => vec![TemplateRecord::alias("@", target)],
            TemplateKind::Wildcard => vec![TemplateRecord::alias("*", target)],
            TemplateKind::Apex => operator.addresses.iter().map(TemplateRecord::address).collect(),
        };
        records.push(proof);
        if kind == TemplateKind::Wildcard {
            let target = format!("%label%.acme.{}", operator.zone);
            records.push(TemplateRecord::alias("_acme-challenge", target));
        }
        Self {
            provider_id: operator.provider.to_string(),
            provider_name: operator.name.clone(),
            service_id: kind.service().to_owned(),
            service_name: kind.name().to_owned(),
            version: VERSION,
            description: kind.description().to_owned(),
            variable_description: "label: 26 letters and digits of one domain, which its records lead to. token: 32 letters and \
                                   digits that prove whose it is."
                .to_owned(),
            sync_pub_key_domain: operator.provider.to_string(),
            sync_redirect_domain: operator.console.to_string(),
            host_required: kind == TemplateKind::Host,
            records,
        }
    }

    /// As the collection of templates wants its file named: `<providerId>.<serviceId>.json`.
    pub fn file_name(&self) -> String {
        format!("{}.{}.json", self.provider_id, self.service_id)
    }

    /// For people to read, with a newline at its end.
    pub fn to_json(&self) -> String {
        let text = serde_json::to_string_pretty(self).expect("a template has only text keys");
        text + "\n"
    }
}

impl TemplateRecord {
    fn alias(host: &str, target: String) -> Self {
        let (kind, points_to) = (RecordType::Cname, Some(target));
        Self { kind, host: host.to_owned(), points_to, data: None, ttl: TTL }
    }

    fn address(address: &IpAddr) -> Self {
        let kind = if address.is_ipv4() { RecordType::A } else { RecordType::Aaaa };
        let points_to = Some(address.to_string());
        Self { kind, host: "@".to_owned(), points_to, data: None, ttl: TTL }
    }

    fn says(host: &str, text: String) -> Self {
        let (kind, data) = (RecordType::Txt, Some(text));
        Self { kind, host: host.to_owned(), points_to: None, data, ttl: TTL }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Operator {
        let name = |text| Hostname::parse(text).unwrap();
        Operator {
            provider: name("waxseal.example"),
            name: "Waxseal".to_owned(),
            zone: name("edge.waxseal.example"),
            console: name("app.waxseal.example"),
            addresses: ["192.0.2.1", "2001:db8::1"].map(|text| text.parse().unwrap()).to_vec(),
        }
    }

    #[test]
    fn the_repositorys_templates_are_those_of_the_example_operator() {
        let files = [
            include_str!("../../../deploy/domain-connect/waxseal.example.secrets-host.json"),
            include_str!("../../../deploy/domain-connect/waxseal.example.secrets-apex.json"),
            include_str!("../../../deploy/domain-connect/waxseal.example.secrets-wildcard.json"),
        ];
        for (kind, file) in TemplateKind::ALL.into_iter().zip(files) {
            let template = Template::of(&example(), kind);
            assert_eq!(template.to_json(), file, "{}", template.file_name());
            assert_eq!(serde_json::from_str::<Template>(file).unwrap(), template);
        }
    }

    #[test]
    fn ids_and_texts_are_of_the_specifications_form() {
        for kind in TemplateKind::ALL {
            let template = Template::of(&example(), kind);
            for id in [&template.provider_id, &template.service_id] {
                let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
                assert!((1..=63).contains(&id.len()) && id.bytes().all(fits), "{id}");
            }
            assert!(template.service_name.len() <= 255 && template.description.len() <= 2_048);
        }
    }

    #[test]
    fn nothing_is_open_in_a_template_but_label_and_token() {
        for kind in TemplateKind::ALL {
            for record in Template::of(&example(), kind).records {
                let value = record.points_to.or(record.data).unwrap();
                let open = value.split('%').skip(1).step_by(2);
                assert!(open.clone().count() <= 1, "{value}");
                assert!(open.into_iter().all(|name| ["label", "token"].contains(&name)), "{value}");
                assert!(!record.host.contains('%'), "{}", record.host);
            }
        }
    }
}
