//! Whose a name is, as far as its zone says. From evidence alone: a simulation asks the same questions.

use std::fmt;

use serde::{Deserialize, Serialize};
use wax_kernel::{Hostname, Rng, TenantId};
use wax_model::domain::{Pointing, ownership::Seen};

use crate::{Answer, DnsName, Dnssec, Evidence, ServerSeen, TenantHost, name::base32};

/// What one tenant has to show for one name: drawn once for the two of them, and never again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The name.
    pub host: TenantHost,
    /// Who claims it.
    pub tenant: TenantId,
    /// Goes into a TXT record at [`TenantHost::challenge_name`].
    pub token: ClaimToken,
    /// Where the name may point instead, which proves it and serves it: a label of ours that nobody can guess.
    pub target: Hostname,
}

/// 160 random bits that prove a name once they stand in its zone. Public, as the zone is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClaimToken(Box<str>);

/// The text is no claim token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a claim token")]
pub struct ClaimTokenError;

const TOKEN_PREFIX: &str = "waxseal-domain=";
const HOLD_PREFIX: &str = "waxseal-hold=";

impl ClaimToken {
    /// A new one.
    pub fn draw(rng: &dyn Rng) -> Self {
        Self(base32(&rng.bytes::<20>()).into())
    }

    /// What the TXT record says.
    pub fn record(&self) -> String {
        format!("{TOKEN_PREFIX}{}", self.0)
    }

    /// Whether a TXT record says this.
    fn is_in(&self, text: &str) -> bool {
        text.trim().strip_prefix(TOKEN_PREFIX).is_some_and(|token| token == &*self.0)
    }
}

impl TryFrom<String> for ClaimToken {
    type Error = ClaimTokenError;

    fn try_from(text: String) -> Result<Self, ClaimTokenError> {
        let is_token =
            text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'));
        if is_token { Ok(Self(text.into())) } else { Err(ClaimTokenError) }
    }
}

impl From<ClaimToken> for String {
    fn from(token: ClaimToken) -> Self {
        token.0.into()
    }
}

impl fmt::Debug for ClaimToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A host label for a claim's target: 128 random bits, so that nobody points at another's.
pub fn draw_target_label(rng: &dyn Rng) -> String {
    base32(&rng.bytes::<16>())
}

/// What the owner lock's record says to let these tenants, and no others, prove names below it.
pub fn hold_record(tenants: &[TenantId]) -> String {
    let tenants: Vec<String> = tenants.iter().map(TenantId::to_string).collect();
    format!("{HOLD_PREFIX}{}", tenants.join(","))
}

/// How a name was proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// The token stands in a TXT record.
    Txt,
    /// The name points at the claim's target, by its own CNAME record.
    Cname,
    /// The challenge's name points at the claim's target, by a CNAME record: the one alias that is followed there, and it
    /// needs no looking up.
    Delegation,
}

/// Whether a claim is proven, as of one check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Proof {
    /// Every server that answered shows it, and they are more than half of the zone's.
    Proven {
        /// By what.
        by: Method,
    },
    /// Some servers show it and others do not, yet.
    Partial {
        /// By what.
        by: Method,
        /// How many show it.
        showing: u32,
        /// How many answered.
        heard: u32,
    },
    /// A TXT record for all names says it, so it says nothing about this one.
    Wildcard,
    /// A token stands there: another's, or an old one.
    OtherToken,
    /// The challenge's name points away. Whoever answers there is not this zone.
    PointsAway,
    /// Nothing.
    Missing,
    /// Too few servers answered to say.
    Unknown,
}

impl Proof {
    /// Judges what was heard. Addresses prove nothing, whatever they are.
    pub fn of(evidence: &Evidence, claim: &Claim) -> Self {
        let target = DnsName::from(&claim.target);
        let heard: Vec<&ServerSeen> = evidence.heard().collect();
        // Below a wildcard's base, an alias is only one name's; its owner proves the base by a text.
        let leads_here = |server: &ServerSeen| {
            !claim.host.is_wildcard() && server.alias.alias() == Some(&target)
        };
        let ways = [
            (Method::Cname, shows(&heard, leads_here)),
            (Method::Txt, shows(&heard, |server| says_token(server, &claim.token))),
            (Method::Delegation, shows(&heard, |server| delegates(server, &target))),
        ];
        // Whoever cannot sign what a signed zone says may not be the zone.
        if !evidence.has_quorum() || matches!(evidence.dnssec, Dnssec::Bogus { .. }) {
            return Self::Unknown;
        }
        // Each way by itself: half of the servers with one and half with the other prove neither.
        if let Some((by, _)) = ways.iter().find(|(_, showing)| *showing == heard.len()) {
            return Self::Proven { by: *by };
        }
        if let Some((by, showing)) = ways.into_iter().find(|(_, showing)| *showing > 0) {
            return Self::Partial { by, showing: count(showing), heard: count(heard.len()) };
        }
        why_not(&heard, &claim.token)
    }
}

/// Whether every server that answered shows the claim's TXT record, however else the name is proven: what answers a contest.
pub fn shows_text(evidence: &Evidence, claim: &Claim) -> bool {
    let heard: Vec<&ServerSeen> = evidence.heard().collect();
    let showing = shows(&heard, |server| says_token(server, &claim.token));
    let is_believed = evidence.has_quorum() && !matches!(evidence.dnssec, Dnssec::Bogus { .. });
    is_believed && showing == heard.len()
}

/// An alias of its own at the challenge's name. A wildcard's is nothing: a TXT record takes its place.
fn points_away(server: &ServerSeen) -> bool {
    server.challenge.alias().is_some_and(|alias| server.sibling.alias() != Some(alias))
}

/// Such an alias to the claim's target, whose label is as hard to guess as a token.
fn delegates(server: &ServerSeen, target: &DnsName) -> bool {
    server.sibling.is_answer() && points_away(server) && server.challenge.alias() == Some(target)
}

/// Whether a TXT record is somebody's token.
pub(crate) fn is_challenge(text: &str) -> bool {
    text.trim().starts_with(TOKEN_PREFIX)
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn shows(heard: &[&ServerSeen], is_shown: impl Fn(&ServerSeen) -> bool) -> usize {
    heard.iter().filter(|server| is_shown(server)).count()
}

/// The token stands at the challenge's name, and not at any name.
fn says_token(server: &ServerSeen, token: &ClaimToken) -> bool {
    let says = |answer: &Answer<String>| answer.records().iter().any(|text| token.is_in(text));
    says(&server.challenge) && server.sibling.is_answer() && !says(&server.sibling)
}

fn why_not(heard: &[&ServerSeen], token: &ClaimToken) -> Proof {
    let texts = || heard.iter().flat_map(|server| server.challenge.records());
    if texts().any(|text| token.is_in(text)) {
        Proof::Wildcard
    } else if texts().any(|text| is_challenge(text)) {
        Proof::OtherToken
    } else if heard.iter().any(|server| points_away(server)) {
        Proof::PointsAway
    } else {
        Proof::Missing
    }
}

/// Whom the name's owner lets prove it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Lock {
    /// There is no lock.
    Open,
    /// There is one.
    To {
        /// Those whom every server with the lock names.
        tenants: Vec<TenantId>,
    },
    /// Nobody answered: no new proof is accepted, and no old one lost.
    Unknown,
}

impl Lock {
    /// Judges what was heard. One server that has the lock is enough.
    pub fn of(evidence: &Evidence) -> Self {
        let heard: Vec<Option<Vec<TenantId>>> =
            evidence.hold.iter().filter(|answer| answer.is_answer()).map(locked_to).collect();
        if heard.is_empty() {
            return Self::Unknown;
        }
        let common = heard.into_iter().flatten().reduce(|mut common, other| {
            common.retain(|tenant| other.contains(tenant));
            common
        });
        common.map_or(Self::Open, |tenants| Self::To { tenants })
    }

    /// Whether a tenant may become the name's holder.
    pub fn admits(&self, tenant: TenantId) -> bool {
        match self {
            Self::Open => true,
            Self::To { tenants } => tenants.contains(&tenant),
            Self::Unknown => false,
        }
    }
}

/// Whom one server's lock names; none if it has no lock. What is no id names nobody.
fn locked_to(answer: &Answer<String>) -> Option<Vec<TenantId>> {
    let texts = answer.records().iter();
    let lists: Vec<&str> = texts.filter_map(|text| text.trim().strip_prefix(HOLD_PREFIX)).collect();
    let ids = lists
        .iter()
        .flat_map(|list| list.split(','))
        .filter_map(|id| TenantId::parse(id.trim()).ok());
    (!lists.is_empty()).then(|| ids.collect())
}

/// What a check says to the rules of ownership. `fresh`: the claim's token was drawn for a contest, so that its TXT
/// record can only have been set since.
pub fn seen(proof: &Proof, pointing: Pointing, fresh: bool) -> Seen {
    match (proof, pointing) {
        (Proof::Proven { by }, _) => Seen::Proof { fresh: fresh && *by == Method::Txt },
        (Proof::Partial { .. }, _) => Seen::Unclear,
        (_, Pointing::Pointing) => Seen::Here,
        (_, Pointing::Elsewhere | Pointing::Nxdomain) => Seen::Elsewhere,
        _ => Seen::Unclear,
    }
}
