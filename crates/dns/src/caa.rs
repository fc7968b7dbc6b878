//! Which certificate authority may issue (RFC 8659), for which account and by which methods (RFC 8657).

use serde::{Deserialize, Serialize};

use crate::{CaaSeen, DnsName, Fault};

/// One CAA record as it was heard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaaRecord {
    /// Whether an authority that does not know the tag has to refuse.
    pub critical: bool,
    /// `issue`, `issuewild`, `iodef` or another, in lower case.
    pub tag: String,
    /// What stands in it; bytes that are no text are replaced.
    pub value: String,
}

impl CaaRecord {
    /// As providers' forms and zone files want it.
    pub fn text(&self) -> String {
        format!("{} {} \"{}\"", if self.critical { 128 } else { 0 }, self.tag, self.value)
    }
}

/// Who will ask for the certificate, of whom, and how it can prove the name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issuance {
    /// The authority's name in CAA records, such as `letsencrypt.org`.
    pub authority: String,
    /// Our account there, as its URL; none before there is one.
    pub account: Option<String>,
    /// What we can do: `http-01`, `tls-alpn-01`, `dns-01`.
    pub methods: Vec<String>,
    /// For every name below the host.
    pub wildcard: bool,
}

/// Whether the authority may issue to us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum CaaVerdict {
    /// No record says anything: every authority may, to anybody who proves the name.
    Open,
    /// It may.
    Permits {
        /// By which of our methods.
        methods: Vec<String>,
        /// Whether to our account only. What nobody else can use, nobody can hijack.
        bound: bool,
    },
    /// It may not.
    Forbids {
        /// Where the records stand.
        at: DnsName,
        /// Why not.
        why: CaaRefusal,
    },
    /// A name on the way up did not answer, and no authority issues in that case.
    Unknown {
        /// Which.
        at: DnsName,
        /// Why not.
        fault: Fault,
    },
}

/// Why CAA records keep an authority from issuing to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CaaRefusal {
    /// Others may, or nobody.
    OtherAuthority,
    /// It may, and to other accounts.
    OtherAccount,
    /// It may, by methods that are none of ours.
    OtherMethods,
    /// A critical record that no authority understands.
    UnknownCritical,
}

impl CaaVerdict {
    /// Judges what was heard.
    pub fn of(seen: &CaaSeen, issuance: &Issuance) -> Self {
        if let Some((at, fault)) = &seen.failed {
            return Self::Unknown { at: at.clone(), fault: *fault };
        }
        let Some(at) = &seen.at else { return Self::Open };
        match permitted(&seen.records, issuance) {
            Ok((methods, bound)) => Self::Permits { methods, bound },
            Err(why) => Self::Forbids { at: at.clone(), why },
        }
    }
}

fn permitted(
    records: &[CaaRecord],
    issuance: &Issuance,
) -> Result<(Vec<String>, bool), CaaRefusal> {
    let known = ["issue", "issuewild", "iodef", "contactemail", "contactphone", "issuemail"];
    if records.iter().any(|record| record.critical && !known.contains(&&*record.tag)) {
        return Err(CaaRefusal::UnknownCritical);
    }
    let tagged = |tag| records.iter().filter(move |record| record.tag == tag);
    // For a wildcard, `issuewild` replaces `issue` (RFC 8659 §4.3).
    let tag = if issuance.wildcard && tagged("issuewild").next().is_some() {
        "issuewild"
    } else {
        "issue"
    };
    if tagged(tag).next().is_none() {
        return Ok((issuance.methods.clone(), false));
    }
    // One record is enough; if none is, the nearest miss is what to tell.
    let mut nearest = CaaRefusal::OtherAuthority;
    for record in tagged(tag) {
        match Issue::parse(&record.value).allows(issuance) {
            Ok(allowed) => return Ok(allowed),
            Err(CaaRefusal::OtherAuthority) => {}
            Err(nearer) => nearest = nearer,
        }
    }
    Err(nearest)
}

/// The value of an `issue` property.
#[derive(Debug, PartialEq, Eq)]
struct Issue<'a> {
    /// Empty: nobody.
    authority: &'a str,
    parameters: Vec<(&'a str, &'a str)>,
}

impl<'a> Issue<'a> {
    /// Reads `domain; name=value; name=value`. What cannot be read names nobody (RFC 8659 §4.2).
    fn parse(value: &'a str) -> Self {
        let mut parts = value.split(';').map(str::trim);
        let authority = parts.next().unwrap_or_default();
        let parameters: Option<Vec<_>> = parts
            .filter(|part| !part.is_empty())
            .map(|part| part.split_once('=').map(|(name, value)| (name.trim(), value.trim())))
            .collect();
        match parameters {
            Some(parameters) => Self { authority, parameters },
            None => Self { authority: "", parameters: Vec::new() },
        }
    }

    fn allows(&self, issuance: &Issuance) -> Result<(Vec<String>, bool), CaaRefusal> {
        let authority = self.authority.trim_end_matches('.');
        if !authority.eq_ignore_ascii_case(&issuance.authority) {
            return Err(CaaRefusal::OtherAuthority);
        }
        let values = |name: &'static str| {
            let named = move |(known, _): &&(&str, &str)| known.eq_ignore_ascii_case(name);
            self.parameters.iter().filter(named).map(|(_, value)| *value).collect::<Vec<_>>()
        };
        // Given twice, it fits nobody (RFC 8657 §3).
        let bound = match values("accounturi")[..] {
            [] => false,
            [account] if Some(account) == issuance.account.as_deref() => true,
            _ => return Err(CaaRefusal::OtherAccount),
        };
        let methods = match values("validationmethods")[..] {
            [] => issuance.methods.clone(),
            [list] => {
                let listed: Vec<&str> = list.split(',').map(str::trim).collect();
                let ours = issuance.methods.iter().filter(|ours| listed.contains(&&***ours));
                ours.cloned().collect()
            }
            _ => Vec::new(),
        };
        if methods.is_empty() { Err(CaaRefusal::OtherMethods) } else { Ok((methods, bound)) }
    }
}

impl Issuance {
    /// The record that lets this authority issue to this account, and to nobody else by any other method.
    pub fn lock(&self) -> CaaRecord {
        let account = self
            .account
            .as_ref()
            .map(|account| format!("; accounturi={account}"))
            .unwrap_or_default();
        let methods = self.methods.join(",");
        CaaRecord {
            critical: false,
            tag: (if self.wildcard { "issuewild" } else { "issue" }).to_owned(),
            value: format!("{}{account}; validationmethods={methods}", self.authority),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ours(wildcard: bool) -> Issuance {
        Issuance {
            authority: "letsencrypt.org".to_owned(),
            account: Some("https://ca.example/acct/7".to_owned()),
            methods: ["http-01", "dns-01"].map(str::to_owned).to_vec(),
            wildcard,
        }
    }

    /// Records written as `tag value`, the critical ones with a `!` before them.
    fn verdict_for(records: &[&str], wildcard: bool) -> CaaVerdict {
        let records = records.iter().map(|record| {
            let (tag, value) = record.split_once(' ').unwrap();
            CaaRecord {
                critical: tag.starts_with('!'),
                tag: tag.trim_start_matches('!').to_owned(),
                value: value.to_owned(),
            }
        });
        let at = Some("example.com".parse().unwrap());
        CaaVerdict::of(&CaaSeen { at, records: records.collect(), failed: None }, &ours(wildcard))
    }

    fn forbids(records: &[&str], wildcard: bool) -> Option<CaaRefusal> {
        match verdict_for(records, wildcard) {
            CaaVerdict::Forbids { why, .. } => Some(why),
            _ => None,
        }
    }

    #[test]
    fn without_records_everybody_may() {
        let nothing = CaaSeen { at: None, records: Vec::new(), failed: None };
        assert_eq!(CaaVerdict::of(&nothing, &ours(false)), CaaVerdict::Open);
    }

    #[test]
    fn no_answer_is_no_permission() {
        let at: DnsName = "example.com".parse().unwrap();
        let failed = Some((at.clone(), Fault::ServerFailed));
        let seen = CaaSeen { at: None, records: Vec::new(), failed };
        let fault = Fault::ServerFailed;
        assert_eq!(CaaVerdict::of(&seen, &ours(false)), CaaVerdict::Unknown { at, fault });
    }

    #[test]
    fn one_record_that_permits_is_enough() {
        for records in [
            &["issue letsencrypt.org"][..],
            &["issue LetsEncrypt.org."],
            &["issue other.example", "issue letsencrypt.org"],
            &[
                "issue letsencrypt.org; accounturi=https://ca.example/acct/7; validationmethods=http-01",
            ],
            &["issue letsencrypt.org;validationmethods=tls-alpn-01,dns-01"],
            &["issue letsencrypt.org;"],
            &["iodef mailto:a@example.com"],
            &["issuewild ;"],
            &["unknown whatever"],
        ] {
            assert!(
                matches!(verdict_for(records, false), CaaVerdict::Permits { .. }),
                "{records:?}"
            );
        }
    }

    #[test]
    fn a_refusal_says_what_is_in_the_way() {
        for (records, why) in [
            (&["issue ;"][..], CaaRefusal::OtherAuthority),
            (&["issue "], CaaRefusal::OtherAuthority),
            (&["issue other.example"], CaaRefusal::OtherAuthority),
            (&["issue letsencrypt.org; nonsense"], CaaRefusal::OtherAuthority),
            (
                &["issue letsencrypt.org; accounturi=https://ca.example/acct/8"],
                CaaRefusal::OtherAccount,
            ),
            (
                &[
                    "issue letsencrypt.org; accounturi=https://ca.example/acct/7; accounturi=https://ca.example/acct/7",
                ],
                CaaRefusal::OtherAccount,
            ),
            (&["issue letsencrypt.org; validationmethods=tls-alpn-01"], CaaRefusal::OtherMethods),
            (&["issue letsencrypt.org", "!unknown x"], CaaRefusal::UnknownCritical),
        ] {
            assert_eq!(forbids(records, false), Some(why), "{records:?}");
        }
    }

    #[test]
    fn issuewild_replaces_issue_for_wildcards_only() {
        let records = &["issue letsencrypt.org", "issuewild other.example"];
        assert_eq!(forbids(records, false), None);
        assert_eq!(forbids(records, true), Some(CaaRefusal::OtherAuthority));
        assert_eq!(forbids(&["issue letsencrypt.org"], true), None);
    }

    #[test]
    fn the_record_that_we_advise_permits_us_and_no_other_account() {
        for wildcard in [false, true] {
            let lock = ours(wildcard).lock();
            let seen = CaaSeen { at: Some(DnsName::root()), records: vec![lock], failed: None };
            let methods = ours(wildcard).methods;
            assert_eq!(
                CaaVerdict::of(&seen, &ours(wildcard)),
                CaaVerdict::Permits { methods, bound: true }
            );
            let stranger =
                Issuance { account: Some("https://x.example".to_owned()), ..ours(wildcard) };
            assert!(matches!(CaaVerdict::of(&seen, &stranger), CaaVerdict::Forbids { .. }));
        }
    }

    proptest! {
        #[test]
        fn no_value_is_a_panic_and_none_without_our_authority_permits(value in "\\PC{0,80}") {
            let named = value.to_ascii_lowercase().contains("letsencrypt.org");
            let permits = matches!(verdict_for(&[&format!("issue {value}")], false), CaaVerdict::Permits { .. });
            prop_assert!(named || !permits);
        }
    }
}
