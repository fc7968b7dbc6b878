//! Which names a tenant may bring.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_security::{RestrictionLevel, RestrictionLevelDetection as _, skeleton};
use wax_kernel::{Hostname, HostnameError};

use crate::DnsName;

/// The edition of the list of public suffixes that is compiled in (<https://publicsuffix.org>).
pub const PUBLIC_SUFFIX_LIST: &str = "2026-11-05";

/// A name that a tenant may bring: a host, or with a wildcard every host one label below it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TenantHost {
    base: Hostname,
    wildcard: bool,
    registrable: Hostname,
}

/// Why a tenant cannot bring a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum HostFault {
    /// An IP address.
    #[error("is an IP address")]
    Address,
    /// Not a host name.
    #[error("is not a host name")]
    Invalid,
    /// Longer than 253 bytes.
    #[error("is longer than 253 bytes")]
    TooLong,
    /// A `*` that is not the first label, alone.
    #[error("has a wildcard that is not its whole first label")]
    MisplacedWildcard,
    /// A name that the Internet's DNS does not have (IANA, Special-Use Domain Names).
    #[error("is set aside for other uses than the Internet")]
    SpecialUse,
    /// Registries hand out names below it; nobody owns it.
    #[error("is a public suffix")]
    PublicSuffix,
    /// Every name that a registry hands out.
    #[error("is a wildcard of a public suffix")]
    WildcardOfSuffix,
    /// The platform's own, or above or below it.
    #[error("is the platform's own")]
    Platform,
    /// Letters of scripts that no language writes together (UTS #39, beyond "highly restrictive").
    #[error("mixes scripts that are not written together")]
    MixedScript,
    /// Reads like another name: the platform's, or one in Latin letters.
    #[error("looks like another name")]
    LookAlike,
}

impl HostFault {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Address,
        Self::Invalid,
        Self::TooLong,
        Self::MisplacedWildcard,
        Self::SpecialUse,
        Self::PublicSuffix,
        Self::WildcardOfSuffix,
        Self::Platform,
        Self::MixedScript,
        Self::LookAlike,
    ];

    /// As JSON has it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Invalid => "invalid",
            Self::TooLong => "too-long",
            Self::MisplacedWildcard => "misplaced-wildcard",
            Self::SpecialUse => "special-use",
            Self::PublicSuffix => "public-suffix",
            Self::WildcardOfSuffix => "wildcard-of-suffix",
            Self::Platform => "platform",
            Self::MixedScript => "mixed-script",
            Self::LookAlike => "look-alike",
        }
    }
}

/// Names that the Internet's DNS does not have. Source: IANA, Special-Use Domain Names; `internal` by ICANN 2024-07-29.
const SPECIAL: &[&str] =
    &["alt", "arpa", "example", "internal", "invalid", "local", "localhost", "onion", "test"];

impl TenantHost {
    /// Reads a name in any case or script, with or without a dot at its end, `*.` before it for a wildcard. `platform`
    /// are the names that are the platform's own.
    pub fn parse(text: &str, platform: &[Hostname]) -> Result<Self, HostFault> {
        let text = text.trim();
        let (wildcard, rest) = match text.strip_prefix("*.") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        if rest.contains('*') {
            return Err(HostFault::MisplacedWildcard);
        }
        let base = Hostname::parse(rest).map_err(|error| match error {
            HostnameError::Address => HostFault::Address,
            HostnameError::Invalid => HostFault::Invalid,
            HostnameError::TooLong => HostFault::TooLong,
        })?;
        if wildcard && base.as_str().len() > 253 - 2 {
            return Err(HostFault::TooLong);
        }
        let registrable = registrable(&base, wildcard)?;
        refuse_platform(&base, platform)?;
        refuse_disguise(&base, platform)?;
        Ok(Self { base, wildcard, registrable })
    }

    /// The host, or what the wildcard stands below.
    pub const fn base(&self) -> &Hostname {
        &self.base
    }

    /// Whether it stands for every host one label below.
    pub const fn is_wildcard(&self) -> bool {
        self.wildcard
    }

    /// What was registered: one label below the public suffix. Authorities count certificates by it.
    pub const fn registrable(&self) -> &Hostname {
        &self.registrable
    }

    /// As people read it, in its own script.
    pub fn unicode(&self) -> String {
        let (text, _) = idna::domain_to_unicode(self.base.as_str());
        if self.wildcard { format!("*.{text}") } else { text }
    }

    /// Where the TXT record stands that proves the name: `_waxseal-challenge.<host>`; none where that is too long.
    pub fn challenge_name(&self) -> Option<DnsName> {
        DnsName::from(&self.base).child("_waxseal-challenge")
    }

    /// Where the name's owner says which tenants may prove it: `_waxseal-hold.<registered name>`.
    pub fn hold_name(&self) -> Option<DnsName> {
        DnsName::from(&self.registrable).child("_waxseal-hold")
    }
}

/// What was registered of a name that is below a public suffix.
fn registrable(base: &Hostname, wildcard: bool) -> Result<Hostname, HostFault> {
    let name = base.as_str();
    let top = name.rsplit('.').next().unwrap_or(name);
    if SPECIAL.contains(&top) {
        return Err(HostFault::SpecialUse);
    }
    let suffix = if wildcard { HostFault::WildcardOfSuffix } else { HostFault::PublicSuffix };
    let registrable = psl::domain_str(name).ok_or(suffix)?;
    Hostname::parse(registrable).map_err(|_| HostFault::Invalid)
}

/// Neither what the platform serves, nor what is below it, nor what it is below of.
fn refuse_platform(base: &Hostname, platform: &[Hostname]) -> Result<(), HostFault> {
    let base = DnsName::from(base);
    let touches = |own: &Hostname| {
        let own = DnsName::from(own);
        base.is_within(&own) || own.is_within(&base)
    };
    if platform.iter().any(touches) { Err(HostFault::Platform) } else { Ok(()) }
}

fn refuse_disguise(base: &Hostname, platform: &[Hostname]) -> Result<(), HostFault> {
    let (text, _) = idna::domain_to_unicode(base.as_str());
    let top_is_ascii = text.rsplit('.').next().is_some_and(str::is_ascii);
    for label in text.split('.') {
        if !label.is_ascii() {
            let written = label.replace('-', "");
            if written.detect_restriction_level() > RestrictionLevel::HighlyRestrictive {
                return Err(HostFault::MixedScript);
            }
            if top_is_ascii && reads_as_latin(label) {
                return Err(HostFault::LookAlike);
            }
        }
        let brands = platform.iter().filter_map(brand);
        if brands.into_iter().any(|brand| brand != label && skeleton(&brand).eq(skeleton(label))) {
            return Err(HostFault::LookAlike);
        }
    }
    Ok(())
}

/// The label that people know a platform by.
fn brand(platform: &Hostname) -> Option<String> {
    let registrable = psl::domain_str(platform.as_str()).unwrap_or(platform.as_str());
    registrable.split('.').next().map(str::to_owned)
}

/// Without one Latin letter, and yet it reads as if it had no others: Cyrillic `раураӏ`.
fn reads_as_latin(label: &str) -> bool {
    let seen: String = skeleton(label).collect();
    !label.bytes().any(|byte| byte.is_ascii_alphabetic())
        && seen.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && seen.bytes().any(|byte| byte.is_ascii_alphabetic())
}

impl fmt::Display for TenantHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.wildcard {
            f.write_str("*.")?;
        }
        fmt::Display::fmt(&self.base, f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn platform() -> Vec<Hostname> {
        vec![Hostname::parse("app.waxseal.io").unwrap()]
    }

    fn parse(text: &str) -> Result<TenantHost, HostFault> {
        TenantHost::parse(text, &platform())
    }

    #[test]
    fn a_tenant_may_bring_what_somebody_registered_and_anything_below() {
        for (text, unicode, registrable) in [
            ("secrets.example.com", "secrets.example.com", "example.com"),
            (" Secrets.Example.COM. ", "secrets.example.com", "example.com"),
            ("example.co.jp", "example.co.jp", "example.co.jp"),
            ("a.b.example.co.jp", "a.b.example.co.jp", "example.co.jp"),
            ("*.example.com", "*.example.com", "example.com"),
            ("me.github.io", "me.github.io", "me.github.io"),
            ("xn--vctr31e.example.jp", "秘密.example.jp", "example.jp"),
            ("ひみつの箱ー倉庫.jp", "ひみつの箱ー倉庫.jp", "ひみつの箱ー倉庫.jp"),
            ("ＣＡＦÉ.fr", "café.fr", "café.fr"),
            ("пример.рф", "пример.рф", "пример.рф"),
            ("ウェブwebサイト.jp", "ウェブwebサイト.jp", "ウェブwebサイト.jp"),
            ("secrets.corp.lan", "secrets.corp.lan", "corp.lan"),
            ("waxseal.example.com", "waxseal.example.com", "example.com"),
        ] {
            let read = parse(text).unwrap_or_else(|fault| panic!("{text} {fault}"));
            let registrable = Hostname::parse(registrable).unwrap();
            assert_eq!((&*read.unicode(), read.registrable()), (unicode, &registrable));
        }
        assert_eq!(parse("*.秘密.jp").unwrap().to_string(), "*.xn--vctr31e.jp");
    }

    #[test]
    fn what_nobody_may_bring_is_refused_with_its_reason() {
        let long = vec!["a".repeat(61); 4].join(".") + ".com";
        for (text, fault) in [
            ("", HostFault::Invalid),
            ("a..b.com", HostFault::Invalid),
            ("under_score.example.com", HostFault::Invalid),
            ("example.com:443", HostFault::Invalid),
            ("https://example.com", HostFault::Invalid),
            ("xn--a.example.com", HostFault::Invalid),
            (&*format!("{}.example.com", "a".repeat(64)), HostFault::Invalid),
            ("192.0.2.1", HostFault::Address),
            ("[2001:db8::1]", HostFault::Address),
            (&*format!("aa.{long}"), HostFault::TooLong),
            ("*.*.example.com", HostFault::MisplacedWildcard),
            ("a.*.example.com", HostFault::MisplacedWildcard),
            ("a*.example.com", HostFault::MisplacedWildcard),
            ("*", HostFault::MisplacedWildcard),
            ("*.", HostFault::Invalid),
            ("secrets.localhost", HostFault::SpecialUse),
            ("printer.local", HostFault::SpecialUse),
            ("facebookcorewwwi.onion", HostFault::SpecialUse),
            ("1.0.0.127.in-addr.arpa", HostFault::SpecialUse),
            ("com", HostFault::PublicSuffix),
            ("co.jp", HostFault::PublicSuffix),
            ("github.io", HostFault::PublicSuffix),
            ("公司.cn", HostFault::PublicSuffix),
            ("*.com", HostFault::WildcardOfSuffix),
            ("*.co.jp", HostFault::WildcardOfSuffix),
            ("*.github.io", HostFault::WildcardOfSuffix),
            ("app.waxseal.io", HostFault::Platform),
            ("tenant.app.waxseal.io", HostFault::Platform),
            ("waxseal.io", HostFault::Platform),
            ("*.waxseal.io", HostFault::Platform),
            ("pаypal.com", HostFault::MixedScript), // Cyrillic а
            ("gοοgle.com", HostFault::MixedScript), // Greek ο
            ("аррӏе.com", HostFault::LookAlike),    // all Cyrillic
            ("wаxseal.example.com", HostFault::MixedScript),
            ("waxsea1.example.com", HostFault::LookAlike),
            ("wɑxseal.com", HostFault::MixedScript), // U+0251, which no language writes in names
        ] {
            assert_eq!(parse(text).err(), Some(fault), "{text}");
        }
    }

    #[test]
    fn a_name_of_254_bytes_is_too_long_and_one_of_253_is_not() {
        let of = |length: usize| {
            let tail = ".example.com";
            let mut rest = length - tail.len();
            let mut labels = Vec::new();
            while rest > 0 {
                let label = rest.min(62);
                labels.push("a".repeat(label));
                rest = rest.saturating_sub(label + 1);
            }
            labels.join(".") + tail
        };
        assert_eq!((of(254).len(), parse(&of(254)).err()), (254, Some(HostFault::TooLong)));
        let longest = parse(&of(253)).unwrap();
        assert_eq!((longest.to_string().len(), longest.challenge_name()), (253, None));
    }

    #[test]
    fn codes_are_those_of_the_json() {
        for fault in HostFault::ALL {
            assert_eq!(serde_json::to_value(fault).unwrap(), fault.code());
        }
    }

    proptest! {
        #[test]
        fn no_text_is_a_panic(text in "\\PC{0,80}") {
            let _ = parse(&text);
        }

        #[test]
        fn what_is_read_is_read_again_as_the_same(
            labels in prop::collection::vec("[a-zA-Zあ-んア-ヶ一-龠а-яé0-9-]{1,12}", 1..4),
            wildcard in any::<bool>(),
        ) {
            let text = format!("{}{}.co.jp", if wildcard { "*." } else { "" }, labels.join("."));
            if let Ok(host) = parse(&text) {
                prop_assert_eq!(parse(&host.to_string()).unwrap(), host.clone());
                prop_assert_eq!(parse(&host.unicode()).unwrap(), host.clone());
                prop_assert!(host.to_string().is_ascii());
                prop_assert_eq!(host.is_wildcard(), wildcard);
                let above = DnsName::from(host.registrable());
                prop_assert!(DnsName::from(host.base()).is_within(&above));
            }
        }

        #[test]
        fn nothing_below_the_platform_is_anybodys(label in "[a-z]{1,20}") {
            prop_assert_eq!(parse(&format!("{label}.app.waxseal.io")).err(), Some(HostFault::Platform));
        }
    }
}
