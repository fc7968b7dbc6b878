//! A DNS provider that speaks Domain Connect (draft-ietf-dconn-domainconnect-05), and sets what it was asked for.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;
use wax_connect::{Fault, Heard, Operator, RecordType, Template, TemplateKind, Url, Wire};
use wax_dns_tree::Tree;

/// Virtucon Domains, which has `example.com`. Its text in the zone is [`Self::TEXT`].
#[derive(Debug)]
pub struct DnsProvider {
    tree: Tree,
    templates: Mutex<Vec<Template>>,
    /// The TXT records of the key that requests are signed with.
    published: Vec<String>,
    fault: Mutex<Option<Fault>>,
}

/// Why a request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Nobody who has the key has signed it as it stands.
    Signature,
    /// There is no such template.
    Template,
    /// The template lacks a value, or the zone is another's.
    Values,
}

impl DnsProvider {
    /// What its zones say at `_domainconnect`.
    pub const TEXT: &str = "dc.virtucon.example";

    /// Knows all templates of an operator.
    pub fn new(tree: Tree, operator: &Operator, published: Vec<String>) -> Self {
        let templates = TemplateKind::ALL.map(|kind| Template::of(operator, kind)).to_vec();
        tree.add(&format!("_domainconnect.example.com TXT {}", Self::TEXT));
        Self { tree, templates: Mutex::new(templates), published, fault: Mutex::default() }
    }

    /// Knows no template from now on.
    pub fn forget_templates(&self) {
        lock(&self.templates).clear();
    }

    /// Answers like this from now on.
    pub fn fail(&self, fault: Fault) {
        *lock(&self.fault) = Some(fault);
    }

    /// What it does once somebody who has the zone has agreed: the records that it has set, as lines.
    pub fn agree(&self, url: &str) -> Result<Vec<String>, Refused> {
        let url = Url::parse(url).map_err(|_| Refused::Values)?;
        self.verify(url.query().unwrap_or_default())?;
        let values: HashMap<String, String> = url.query_pairs().into_owned().collect();
        let value = |name: &str| values.get(name).cloned().unwrap_or_default();
        if value("domain") != "example.com" {
            return Err(Refused::Values);
        }
        let base = [value("host"), value("domain")];
        let base =
            base.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(".");
        let template = self.template(&url).ok_or(Refused::Template)?;
        let mut lines = Vec::new();
        for record in &template.records {
            let owner = match record.host.as_str() {
                "@" => base.clone(),
                host => format!("{host}.{base}"),
            };
            let text = record.points_to.as_ref().or(record.data.as_ref()).ok_or(Refused::Values)?;
            let said = filled(text, &values)?;
            let kind = match record.kind {
                RecordType::A => "A",
                RecordType::Aaaa => "AAAA",
                RecordType::Cname => "CNAME",
                RecordType::Txt => "TXT",
            };
            self.tree.remove(&owner, kind);
            let line = format!("{owner} {kind} {said}");
            self.tree.add(&line);
            lines.push(line);
        }
        Ok(lines)
    }

    fn verify(&self, query: &str) -> Result<(), Refused> {
        let (signed, rest) = query.split_once("&sig=").ok_or(Refused::Signature)?;
        let pairs: HashMap<String, String> = Url::parse(&format!("https://x.example/?sig={rest}"))
            .map_err(|_| Refused::Signature)?
            .query_pairs()
            .into_owned()
            .collect();
        if pairs.get("key").map(String::as_str) != Some("_dcpubkeyv1") {
            return Err(Refused::Signature);
        }
        let pieces = self.published.iter().filter_map(|record| record.split_once("d="));
        let key: String = pieces.map(|(_, piece)| piece).collect();
        let key = STANDARD.decode(key).map_err(|_| Refused::Signature)?;
        // A `+` that was not escaped would be a space here, and no signature.
        let signature = pairs.get("sig").cloned().unwrap_or_default();
        let signature = STANDARD.decode(signature).map_err(|_| Refused::Signature)?;
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key);
        key.verify(signed.as_bytes(), &signature).map_err(|_| Refused::Signature)
    }

    fn template(&self, url: &Url) -> Option<Template> {
        let known = lock(&self.templates).clone();
        known.into_iter().find(|one| {
            let (provider, service) = (&one.provider_id, &one.service_id);
            url.path()
                .contains(&format!("/v2/domainTemplates/providers/{provider}/services/{service}"))
        })
    }
}

/// A template's text with its variables' values.
fn filled(text: &str, values: &HashMap<String, String>) -> Result<String, Refused> {
    let mut said = String::new();
    for (at, part) in text.split('%').enumerate() {
        let open = at % 2 == 1;
        said += if open { values.get(part).ok_or(Refused::Values)? } else { part };
    }
    Ok(said)
}

#[async_trait]
impl Wire for DnsProvider {
    async fn get(&self, url: &Url) -> Result<Heard, Fault> {
        if let Some(fault) = *lock(&self.fault) {
            return Err(fault);
        }
        let found = match (url.host_str(), url.path()) {
            (Some(Self::TEXT), "/v2/example.com/settings") => Some(json!({
                "providerId": "virtucon.example",
                "providerName": "Virtucon Domains",
                "urlSyncUX": "https://www.virtucon.example/sync",
                "urlAPI": "https://api.virtucon.example",
            })),
            (Some("api.virtucon.example"), _) => self.template(url).map(|_| json!({"version": 1})),
            _ => None,
        };
        let status = if found.is_some() { 200 } else { 404 };
        let body = found.map(|json| json.to_string().into_bytes()).unwrap_or_default();
        Ok(Heard { status, body })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
