//! The sender's rules, fixed when the secret is made (protocol.md §4 "Policy").

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};
use wax_kernel::Timestamp;

use crate::{Entitlements, Invalid, Members, Rule, invalid::serde_field, text_enum::text_enum};

text_enum! {
    /// How often and by whom a secret may be opened.
    Kind {
        /// Each view goes to one device, once.
        OneTime = "one_time",
        /// The first device may return until expiry, nobody else.
        DeviceBound = "device_bound",
    }
}

impl Kind {
    /// The protocol's own limit of views.
    pub const fn max_views(self) -> u32 {
        match self {
            Self::OneTime => 1_000,
            Self::DeviceBound => 1,
        }
    }
}

text_enum! {
    /// Where the plaintext was turned into ciphertext.
    Sealed {
        /// In the sender's browser or CLI: the server cannot read it.
        Client = "client",
        /// On the server, for clients that cannot encrypt.
        Server = "server",
    }
}

/// When the secret stops being claimable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Expires {
    /// Seconds from the server's clock at creation.
    AfterS(i64),
    /// A moment, UTC milliseconds.
    AtMs(i64),
}

/// Cost of Argon2id: memory in KiB, passes, lanes (RFC 9106).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Argon2Params {
    /// Memory in KiB, 19,456 to 262,144; below 65,536 only when sealed by the server.
    pub m_kib: u32,
    /// Passes, 2 to 10.
    pub t: u32,
    /// Lanes, always 1.
    pub p: u8,
}

/// The sender's rules. Parsed from the exact bytes the sender serialised, which are kept and returned as they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// One-time or device-bound.
    pub kind: Kind,
    /// How many devices may open it, 1 to 1,000; 1 if it is device-bound.
    pub views: u32,
    /// When it stops being claimable.
    pub expires: Expires,
    /// The passphrase's cost, or none if the link alone opens it. Required, so that its absence is a statement.
    #[serde(deserialize_with = "params")]
    pub passphrase: Option<Argon2Params>,
    /// Where it was sealed.
    pub sealed: Sealed,
}

fn params<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Argon2Params>, D::Error> {
    Ok(Option::deserialize(from)?.map(|Members(params)| params))
}

impl Policy {
    /// Longest policy text, in bytes.
    pub const MAX_BYTES: usize = 4_096;

    /// Reads a policy and checks the protocol's own ranges.
    pub fn parse(bytes: &[u8]) -> Result<Self, Invalid> {
        if bytes.len() > Self::MAX_BYTES {
            return Err(Invalid::new(
                "policy",
                Rule::Length { min: 2, max: Self::MAX_BYTES as u64 },
            ));
        }
        let policy: Self =
            serde_json::from_slice(bytes).map(|Members(policy)| policy).map_err(|error| {
                let message = error.to_string();
                Invalid::new(serde_field("policy", &message), Rule::from_serde(&message))
            })?;
        policy.check_ranges()?;
        Ok(policy)
    }

    fn check_ranges(&self) -> Result<(), Invalid> {
        let max = self.kind.max_views();
        if !(1..=max).contains(&self.views) {
            return Err(Invalid::new("policy.views", Rule::Range { min: 1, max: max.into() }));
        }
        let Some(params) = self.passphrase else { return Ok(()) };
        let least_kib = match self.sealed {
            Sealed::Client => 65_536,
            Sealed::Server => 19_456,
        };
        let range = |field, value: u32, min: u32, max: u32| {
            let rule = Rule::Range { min: min.into(), max: max.into() };
            (min..=max).contains(&value).then_some(()).ok_or_else(|| Invalid::new(field, rule))
        };
        range("policy.passphrase.m_kib", params.m_kib, least_kib, 262_144)?;
        range("policy.passphrase.t", params.t, 2, 10)?;
        range("policy.passphrase.p", params.p.into(), 1, 1)
    }

    /// Checks what the tenant's plan allows and answers when the secret expires.
    /// Nothing is clamped: a rule that cannot be kept is refused, not weakened.
    pub fn check(&self, plan: &Entitlements, now: Timestamp) -> Result<Timestamp, Invalid> {
        if !plan.kinds.contains(&self.kind) {
            return Err(Invalid::new("policy.kind", Rule::NotOffered));
        }
        if self.views > plan.max_views {
            return Err(Invalid::new("policy.views", Rule::Plan { max: plan.max_views.into() }));
        }
        let (field, lifetime_ms, unit_ms) = match self.expires {
            Expires::AfterS(s) => ("policy.expires.after_s", s.checked_mul(1_000), 1_000),
            Expires::AtMs(at) => ("policy.expires.at_ms", at.checked_sub(now.as_ms()), 1),
        };
        let in_units =
            |limit: Duration| u64::try_from(limit.as_millis()).unwrap_or(u64::MAX) / unit_ms;
        lifetime_ms
            .and_then(|ms| u64::try_from(ms).ok())
            .map(Duration::from_millis)
            .filter(|lifetime| (plan.min_lifetime..=plan.max_lifetime).contains(lifetime))
            .map(|lifetime| now.plus(lifetime))
            .ok_or_else(|| {
                let (min, max) = (in_units(plan.min_lifetime), in_units(plan.max_lifetime));
                Invalid::new(field, Rule::Range { min, max })
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(1_700_000_000_000);

    fn policy(expires: &str) -> Policy {
        let text = format!(
            r#"{{"kind":"one_time","views":1,"expires":{expires},"passphrase":null,"sealed":"client"}}"#
        );
        Policy::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn every_member_is_required_and_no_other_is_allowed() {
        let whole = r#"{"kind":"one_time","views":1,"expires":{"after_s":60},"passphrase":null,"sealed":"client"}"#;
        assert!(Policy::parse(whole.as_bytes()).is_ok());
        for bad in [
            r#"{"views":1,"expires":{"after_s":60},"passphrase":null,"sealed":"client"}"#,
            r#"{"kind":"one_time","views":1,"expires":{"after_s":60},"sealed":"client"}"#,
            r#"{"kind":"one_time","views":1,"views":2,"expires":{"after_s":60},"passphrase":null,"sealed":"client"}"#,
            r#"{"kind":"one_time","views":1,"expires":{"after_s":60},"passphrase":null,"sealed":"client","x":1}"#,
            r#"{"kind":"one_time","views":1,"expires":{"after_s":60,"at_ms":1},"passphrase":null,"sealed":"client"}"#,
            r#"{"kind":"one_time","views":-1,"expires":{"after_s":60},"passphrase":null,"sealed":"client"}"#,
            r#"{"kind":"one_time","views":0,"expires":{"after_s":60},"passphrase":null,"sealed":"client"}"#,
            r#"{"kind":"one_time","views":1001,"expires":{"after_s":60},"passphrase":null,"sealed":"client"}"#,
            r#"{"kind":"one_time","views":1,"expires":{"after_s":60},"passphrase":{"m_kib":19456,"t":3,"p":1},"sealed":"client"}"#,
            "",
            "\u{feff}{}",
        ] {
            assert!(Policy::parse(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(Policy::parse(b"\xff\xfe").is_err());
    }

    /// What serde takes for the same, and a recipient's `JSON.parse` does not.
    #[test]
    fn a_policy_has_one_form() {
        for bad in [
            r#"["one_time",1,{"after_s":60},null,"client"]"#,
            r#"{"kind":{"one_time":null},"views":1,"expires":{"after_s":60},"passphrase":null,"sealed":"client"}"#,
            r#"{"kind":"one_time","views":1,"expires":{"after_s":60},"passphrase":null,"sealed":{"client":null}}"#,
            r#"{"kind":"one_time","views":1,"expires":{"after_s":60},"passphrase":[65536,3,1],"sealed":"client"}"#,
            r#"{"kind":"one_time","views":1,"expires":["after_s",60],"passphrase":null,"sealed":"client"}"#,
        ] {
            assert!(Policy::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_refusal_names_the_field_and_the_rule() {
        let text = br#"{"kind":"one_time","views":1,"expires":{"after_s":60},"passphrase":null,"sealed":"client","x":1}"#;
        assert_eq!(Policy::parse(text), Err(Invalid::new("policy.x", Rule::Unknown)));
        let text = br#"{"kind":"one_time","views":1001,"expires":{"after_s":60},"passphrase":null,"sealed":"client"}"#;
        let rule = Rule::Range { min: 1, max: 1_000 };
        assert_eq!(Policy::parse(text), Err(Invalid::new("policy.views", rule)));
        let text = br#"{"kind":"device_bound","views":2,"expires":{"after_s":60},"passphrase":null,"sealed":"client"}"#;
        let rule = Rule::Range { min: 1, max: 1 };
        assert_eq!(Policy::parse(text), Err(Invalid::new("policy.views", rule)));
    }

    #[test]
    fn a_lifetime_is_60_seconds_to_365_days_to_the_second() {
        let plan = &Entitlements::SELF_HOSTED;
        for (after_s, allowed) in [
            (59, false),
            (60, true),
            (31_536_000, true),
            (31_536_001, false),
            (-1, false),
            (i64::MAX, false),
        ] {
            let answer = policy(&format!(r#"{{"after_s":{after_s}}}"#)).check(plan, NOW);
            assert_eq!(answer.is_ok(), allowed, "{after_s}");
        }
        let at = NOW.as_ms() + 60_000;
        assert_eq!(policy(&format!(r#"{{"at_ms":{at}}}"#)).check(plan, NOW).unwrap().as_ms(), at);
        for at in [at - 1, i64::MIN, 0, NOW.as_ms() + 31_536_000_001] {
            assert!(policy(&format!(r#"{{"at_ms":{at}}}"#)).check(plan, NOW).is_err(), "{at}");
        }
    }
}
