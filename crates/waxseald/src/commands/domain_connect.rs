//! `waxseald domain-connect`

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use wax_config::Config;
use wax_connect::{Template, TemplateKind};

use crate::domains::connecting;

/// Prints what DNS providers are handed, and the records that publish our key.
pub(crate) fn domain_connect(config: &Config) -> Result<()> {
    let found = connecting(config)?;
    let (operator, key) =
        found.context("domains.connect_provider is empty: see docs/domains.md §10")?;
    let owner = format!("{}.{}.", key.label(), operator.provider);
    let mut text = format!("; the public key, in the zone of {}\n", operator.provider);
    for record in key.published() {
        writeln!(text, "{owner} 3600 IN TXT \"{record}\"")?;
    }
    for kind in TemplateKind::ALL {
        let template = Template::of(&operator, kind);
        write!(text, "\n; {}\n{}", template.file_name(), template.to_json())?;
    }
    super::print(&text)
}
