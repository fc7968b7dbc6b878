//! Where a person goes to have records set.

use std::{collections::BTreeMap, fmt::Write as _};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Url;

use crate::{Operator, SigningKey, TemplateKind};

/// All but what RFC 3986 §2.3 leaves as it is.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What a provider would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The provider's name, in its own words without what cannot be seen; at most 64 characters.
    pub provider: String,
    /// Where its pages are (`urlSyncUX`).
    pub pages: Url,
    /// The template that it knows.
    pub kind: TemplateKind,
}

/// One host's records.
#[derive(Debug, Clone, Copy)]
pub struct Apply<'a> {
    /// The zone's top.
    pub zone: &'a str,
    /// The host without it; empty for the top itself.
    pub host: &'a str,
    /// The first label of its target.
    pub label: &'a str,
    /// What proves it.
    pub token: &'a str,
    /// Where the person returns to.
    pub back: &'a str,
    /// Comes back unchanged.
    pub state: &'a str,
}

impl Offer {
    /// The host that the person will see in their browser.
    pub fn host(&self) -> &str {
        self.pages.host_str().unwrap_or_default()
    }

    /// The signed URL (§8.3.1): parameters in the order of their names, then the signature over them.
    pub fn url(&self, operator: &Operator, key: &SigningKey, apply: &Apply<'_>) -> String {
        let query = canonical(apply);
        let pages = self.pages.as_str().trim_end_matches('/');
        let service = self.kind.service();
        format!(
            "{pages}/v2/domainTemplates/providers/{}/services/{service}/apply?{query}&sig={}&key={}",
            operator.provider,
            escaped(&key.sign(&query)),
            escaped(key.label()),
        )
    }
}

/// What is signed (§8.3.2.1).
fn canonical(apply: &Apply<'_>) -> String {
    let parameters = BTreeMap::from([
        ("domain", apply.zone),
        ("host", apply.host),
        ("label", apply.label),
        ("redirect_uri", apply.back),
        ("state", apply.state),
        ("token", apply.token),
    ]);
    let mut text = String::new();
    for (name, value) in parameters.into_iter().filter(|(_, value)| !value.is_empty()) {
        let and = if text.is_empty() { "" } else { "&" };
        let _ = write!(text, "{and}{name}={}", escaped(value));
    }
    text
}

fn escaped(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use percent_encoding::percent_decode_str;

    use wax_kernel::Hostname;

    use super::*;
    use crate::key::some_key;

    fn apply<'a>() -> Apply<'a> {
        Apply {
            zone: "example.com",
            host: "secrets",
            label: "k3",
            token: "t0",
            back: "https://app.waxseal.example/acme/domains/1?a=b c",
            state: "s~1",
        }
    }

    #[test]
    fn parameters_stand_in_the_order_of_their_names_escaped_as_in_urls() {
        assert_eq!(
            canonical(&apply()),
            "domain=example.com&host=secrets&label=k3&redirect_uri=https%3A%2F%2Fapp.waxseal.example%2Facme%2Fdomains%2F1\
             %3Fa%3Db%20c&state=s~1&token=t0"
        );
        let top = Apply { host: "", ..apply() };
        assert!(canonical(&top).starts_with("domain=example.com&label=k3"), "no host at the top");
    }

    #[test]
    fn whoever_reads_the_published_key_can_check_the_url_as_it_stands() {
        let key = some_key();
        let name = |text| Hostname::parse(text).unwrap();
        let operator = Operator {
            provider: name("waxseal.example"),
            name: "Waxseal".to_owned(),
            zone: name("edge.waxseal.example"),
            console: name("app.waxseal.example"),
            addresses: Vec::new(),
        };
        let offer = Offer {
            provider: "Virtucon".to_owned(),
            pages: "https://dns.virtucon.example/sync/".parse().unwrap(),
            kind: TemplateKind::Host,
        };
        let url = offer.url(&operator, &key, &apply());
        let (place, query) = url.split_once('?').unwrap();
        assert_eq!(
            place,
            "https://dns.virtucon.example/sync/v2/domainTemplates/providers/waxseal.example/services/secrets-host/apply"
        );
        let (signed, rest) = query.split_once("&sig=").unwrap();
        let (signature, label) = rest.split_once("&key=").unwrap();
        assert_eq!(label, "_dcpubkeyv1");
        let signature = percent_decode_str(signature).decode_utf8().unwrap();
        let signature = STANDARD.decode(&*signature).unwrap();
        let text: String = key
            .published()
            .iter()
            .map(|record| record.split_once("d=").unwrap().1.to_owned())
            .collect();
        let public =
            UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, STANDARD.decode(text).unwrap());
        assert!(public.verify(signed.as_bytes(), &signature).is_ok());
        assert!(public.verify(format!("{signed}x").as_bytes(), &signature).is_err());
    }
}
