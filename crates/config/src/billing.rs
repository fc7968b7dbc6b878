//! `[billing]`: what is sold, and who takes the money (docs/billing.md §2).

use std::{fs, path::PathBuf, time::Duration};

use serde::{Deserialize, Deserializer, de::Error as _};
use wax_crypto::sealed_bytes;
use wax_kernel::Redacted;
use wax_model::{Entitlements, Limit, Plan, PlanId, Plans};

use crate::{Config, ConfigError, sections::maybe_path, upstream::Endpoint};

/// `[billing]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Billing {
    /// As they are written; [`Config::plans`] is what they come to.
    #[serde(deserialize_with = "plans")]
    pub(crate) plans: Vec<WrittenPlan>,
    /// May be empty.
    pub(crate) stripe_secret_key: Redacted<String>,
    #[serde(deserialize_with = "maybe_path")]
    pub(crate) stripe_secret_key_file: Option<PathBuf>,
    pub(crate) stripe_webhook_secrets: Vec<Redacted<String>>,
    #[serde(deserialize_with = "maybe_path")]
    pub(crate) stripe_webhook_secrets_file: Option<PathBuf>,
    #[serde(deserialize_with = "url")]
    pub(crate) stripe_url: Option<String>,
}

/// How Stripe is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stripe {
    /// What we show it.
    pub secret_key: Redacted<String>,
    /// What it signs its events with: one, or two while one is replaced.
    pub webhook_secrets: Vec<Redacted<String>>,
    /// Another server in its place, such as `http://127.0.0.1:12111`. Never ends with `/`.
    pub url: Option<String>,
}

/// `[[billing.plans]]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WrittenPlan {
    id: String,
    name_en: String,
    name_ja: String,
    #[serde(default)]
    prices: Vec<String>,
    #[serde(default)]
    per_seat: bool,
    #[serde(default)]
    trial_days: u32,
    secrets_per_month: Option<u32>,
    domains: Option<u32>,
    members: Option<u32>,
    keys: Option<u32>,
    max_lifetime_s: Option<u32>,
    max_views: Option<u32>,
    max_content_bytes: Option<u32>,
    audit_days: Option<u32>,
}

impl Billing {
    /// Whether there are plans to choose from.
    pub fn is_on(&self) -> bool {
        !self.plans.is_empty()
    }

    /// How Stripe is reached, with what the files say that the keys name; `None`: this process does not ask it.
    pub fn stripe(&self) -> Result<Option<Stripe>, ConfigError> {
        if !self.has_key() {
            return Ok(None);
        }
        let secret_key = match &self.stripe_secret_key_file {
            None => self.stripe_secret_key.clone(),
            Some(path) => {
                let text = read("billing.stripe_secret_key_file", path)?;
                Redacted::new(text.expose().trim().to_owned())
            }
        };
        let webhook_secrets = match &self.stripe_webhook_secrets_file {
            None => self.stripe_webhook_secrets.clone(),
            Some(path) => lines(&read("billing.stripe_webhook_secrets_file", path)?),
        };
        Ok(Some(Stripe { secret_key, webhook_secrets, url: self.stripe_url.clone() }))
    }

    pub(crate) fn has_key(&self) -> bool {
        !self.stripe_secret_key.expose().is_empty() || self.stripe_secret_key_file.is_some()
    }

    pub(crate) fn has_webhook_secrets(&self) -> bool {
        !self.stripe_webhook_secrets.is_empty() || self.stripe_webhook_secrets_file.is_some()
    }
}

impl Config {
    /// What organizations may have: what is sold, or the one plan of a server that sells nothing. No plan allows more than
    /// `[secrets]` and `[audit]` do.
    pub fn plans(&self) -> Plans {
        let most = self.most();
        let plans = self.billing.plans.iter().map(|written| written.plan(&most));
        // Those that are written go together: they were tried when they were read.
        Plans::new(plans.collect()).unwrap_or_else(|_| Plans::self_hosted(most))
    }

    /// What the operator allows at most.
    fn most(&self) -> Entitlements {
        Entitlements {
            max_views: self.secrets.max_views,
            max_lifetime: self.secrets.max_lifetime,
            max_content_bytes: sealed_bytes(self.secrets.max_content_bytes as usize),
            audit_kept: Some(days(self.audit.retention_days)),
            ..Entitlements::SELF_HOSTED
        }
    }
}

impl WrittenPlan {
    fn plan(&self, most: &Entitlements) -> Plan {
        let limit = |number: Option<u32>| Limit::from(number.map(u64::from));
        let lifetime = self.max_lifetime_s.map(|seconds| Duration::from_secs(seconds.into()));
        let content = self.max_content_bytes.map(|bytes| sealed_bytes(bytes as usize));
        let audit = self.audit_days.map(days).or(most.audit_kept);
        let entitlements = Entitlements {
            max_views: self.max_views.map_or(most.max_views, |views| views.min(most.max_views)),
            max_lifetime: lifetime.map_or(most.max_lifetime, |it| it.min(most.max_lifetime)),
            max_content_bytes: content
                .map_or(most.max_content_bytes, |bytes| bytes.min(most.max_content_bytes)),
            secrets_per_month: limit(self.secrets_per_month),
            domains: limit(self.domains),
            members: limit(self.members),
            keys: limit(self.keys),
            audit_kept: audit.map(|kept| most.audit_kept.map_or(kept, |most| kept.min(most))),
            ..*most
        };
        Plan {
            // It was read as one.
            id: PlanId::parse(&self.id).unwrap_or_else(|_| PlanId::self_hosted()),
            name_en: self.name_en.clone(),
            name_ja: self.name_ja.clone(),
            entitlements,
            prices: self.prices.clone(),
            per_seat: self.per_seat,
            trial_days: self.trial_days,
        }
    }

    /// What is wrong with it, alone.
    fn fault(&self) -> Option<String> {
        let id = &self.id;
        if let Err(error) = PlanId::parse(id) {
            return Some(format!("has the id {id:?}, which {error}"));
        }
        let is_name = |name: &str| {
            (1..=40).contains(&name.chars().count()) && !name.chars().any(char::is_control)
        };
        if !is_name(&self.name_en) || !is_name(&self.name_ja) {
            return Some(format!("has {id} with a name that is not 1 to 40 characters"));
        }
        let is_price = |key: &String| {
            (1..=200).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if !self.prices.iter().all(is_price) {
            return Some(format!("has {id} with a price that is no lookup key"));
        }
        if self.prices.is_empty() && (self.per_seat || self.trial_days > 0) {
            return Some(format!(
                "has {id} without prices, which can have neither per_seat nor trial_days"
            ));
        }
        let (key, min, max) = self.beyond()?;
        Some(format!("has {id} with {key} that is not from {min} to {max}"))
    }

    /// The first number that cannot be, and what it may be. The protocol's own limits are those of `[secrets]`.
    fn beyond(&self) -> Option<(&'static str, u32, u32)> {
        const MANY: u32 = 1_000_000_000;
        let numbers = [
            ("trial_days", Some(self.trial_days), 0, 90),
            ("secrets_per_month", self.secrets_per_month, 1, MANY),
            ("domains", self.domains, 0, MANY),
            ("members", self.members, 1, MANY),
            ("keys", self.keys, 0, MANY),
            ("max_lifetime_s", self.max_lifetime_s, 60, 31_536_000),
            ("max_views", self.max_views, 1, 1_000),
            ("max_content_bytes", self.max_content_bytes, 1_024, 1_048_576),
            ("audit_days", self.audit_days, 1, 36_500),
        ];
        numbers.into_iter().find_map(|(key, number, min, max)| {
            number.filter(|number| !(min..=max).contains(number)).map(|_| (key, min, max))
        })
    }
}

fn days(days: u32) -> Duration {
    Duration::from_secs(u64::from(days) * 86_400)
}

fn read(key: &'static str, path: &PathBuf) -> Result<Redacted<String>, ConfigError> {
    let text = fs::read_to_string(path).map_err(|error| error.to_string());
    let text = text.and_then(|text| {
        if text.trim().is_empty() { Err("it is empty".to_owned()) } else { Ok(text) }
    });
    text.map(Redacted::new).map_err(|reason| ConfigError::Named { key, path: path.clone(), reason })
}

fn lines(text: &Redacted<String>) -> Vec<Redacted<String>> {
    let lines = text.expose().lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| Redacted::new(line.to_owned())).collect()
}

/// Plans that go together.
fn plans<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<WrittenPlan>, D::Error> {
    let tables = Vec::<toml::Table>::deserialize(from)
        .map_err(|_| D::Error::custom("must be tables in a file: [[billing.plans]]"))?;
    let written: Result<Vec<WrittenPlan>, _> = tables
        .into_iter()
        .map(|table| {
            table.try_into().map_err(|error: toml::de::Error| {
                D::Error::custom(format!("has a table that does not fit: {}", error.message()))
            })
        })
        .collect();
    let written = written?;
    if let Some(fault) = written.iter().find_map(WrittenPlan::fault) {
        return Err(D::Error::custom(fault));
    }
    if !written.is_empty() {
        let plans = written.iter().map(|plan| plan.plan(&Entitlements::SELF_HOSTED));
        let plans = Plans::new(plans.collect()).map_err(D::Error::custom)?;
        if !plans.are_sold() {
            return Err(D::Error::custom(
                "have only one that costs nothing: there is nothing to sell",
            ));
        }
    }
    Ok(written)
}

fn url<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(from)?;
    if text.is_empty() {
        return Ok(None);
    }
    let with_port = match text.strip_prefix("https://") {
        Some(host) if !host.contains(':') => format!("{text}:443"),
        _ => text.clone(),
    };
    Endpoint::parse(&with_port).map_err(D::Error::custom)?;
    Ok(Some(text))
}

#[cfg(test)]
mod tests;
