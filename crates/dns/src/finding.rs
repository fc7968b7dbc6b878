//! What a report says, as codes and values. The words are in `dns.json` of each language.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use wax_i18n::{Lang, Value, text};
use wax_kernel::Timestamp;

use crate::DnsName;

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// The zone and its servers.
    Zone,
    /// Whose the name is.
    Ownership,
    /// Where it leads.
    Pointing,
    /// Who may issue a certificate.
    Caa,
    /// Whether it is signed.
    Dnssec,
}

/// How much it matters. In this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// As it should be.
    Good,
    /// Works, and could be better.
    Note,
    /// Will be well by itself.
    Wait,
    /// Works, and will not always.
    Warning,
    /// Does not work.
    Wrong,
}

/// Who must act. Somebody, unless it is well or time will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Actor {
    /// Nobody.
    Nobody,
    /// Whoever edits the tenant's zone.
    Tenant,
    /// Whoever runs the zone's servers.
    DnsProvider,
    /// Whoever runs this platform.
    Us,
}

macro_rules! codes {
    ($($(#[$doc:meta])+ $code:ident $text:literal $check:ident $severity:ident $actor:ident;)+) => {
        /// What was found.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Code {
            $($(#[$doc])+ #[serde(rename = $text)] $code,)+
        }

        impl Code {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$code),+];

            /// As JSON has it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$code => $text,)+ }
            }

            /// What it is about.
            pub const fn check(self) -> Check {
                match self { $(Self::$code => Check::$check,)+ }
            }

            /// How much it matters.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$code => Severity::$severity,)+ }
            }

            /// Who must act.
            pub const fn actor(self) -> Actor {
                match self { $(Self::$code => Actor::$actor,)+ }
            }
        }
    };
}

codes! {
    /// The registered name does not exist. `name`, `zone`.
    NotRegistered "not-registered" Zone Wrong Tenant;
    /// Not even the root's servers answer us. `fault`.
    NetworkDown "network-down" Zone Wrong Us;
    /// No server on the way to the zone, or of it, answers. `zone`, `fault`.
    ZoneUnreachable "zone-unreachable" Zone Wrong DnsProvider;
    /// Some questions were left out: too many, or too slowly answered. `zone`.
    BudgetSpent "budget-spent" Zone Wait Nobody;
    /// One of the zone's servers is no help. `server`, `fault`.
    ServerFails "server-fails" Zone Warning DnsProvider;
    /// The zone's servers have different editions of it. `serials`.
    ServersDiffer "servers-differ" Zone Wait Nobody;
    /// The zone and its parent list different servers. `servers`.
    DelegationDiffers "delegation-differs" Zone Warning Tenant;

    /// Proven by the TXT record.
    ProvenTxt "proven-txt" Ownership Good Nobody;
    /// Proven by the CNAME record.
    ProvenCname "proven-cname" Ownership Good Nobody;
    /// Some servers show the proof. `showing`, `heard`.
    ProofPartial "proof-partial" Ownership Wait Nobody;
    /// The proof is there for every name, which is no proof. `name`.
    ProofWildcard "proof-wildcard" Ownership Wrong Tenant;
    /// Another token is there. `name`.
    ProofOtherToken "proof-other-token" Ownership Wrong Tenant;
    /// The challenge's name points away. `name`.
    ProofPointsAway "proof-points-away" Ownership Wrong Tenant;
    /// No proof.
    ProofMissing "proof-missing" Ownership Wrong Tenant;
    /// Too few servers answered, or not believably.
    ProofUnknown "proof-unknown" Ownership Wait DnsProvider;
    /// The owner lock names this tenant. `name`.
    LockAdmits "lock-admits" Ownership Good Nobody;
    /// The owner lock names others. `name`.
    LockRefuses "lock-refuses" Ownership Wrong Tenant;
    /// The owner lock could not be read. `name`.
    LockUnknown "lock-unknown" Ownership Wait DnsProvider;

    /// It leads here.
    PointsHere "points-here" Pointing Good Nobody;
    /// It leads here by way of other names. `found`.
    PointsHereByChain "points-here-by-chain" Pointing Note Tenant;
    /// It was changed lately: resolvers may still have the old answer.
    OldAnswersKept "old-answers-kept" Pointing Wait Nobody;
    /// There is no record.
    NoRecord "no-record" Pointing Wrong Tenant;
    /// It leads elsewhere. `found`.
    PointsElsewhere "points-elsewhere" Pointing Wrong Tenant;
    /// It leads to a label of ours that is another's, or no more. `found`.
    OtherTarget "other-target" Pointing Wrong Tenant;
    /// Some servers say here, some elsewhere.
    PointingPartial "pointing-partial" Pointing Wait Nobody;
    /// Some addresses are ours and some are not. `found`.
    ExtraAddresses "extra-addresses" Pointing Wrong Tenant;
    /// The IPv4 addresses are ours and the IPv6 addresses are not. `found`.
    StrayV6 "stray-v6" Pointing Wrong Tenant;
    /// It leads to an address that is not on the Internet. `found`.
    PrivateAddress "private-address" Pointing Wrong Tenant;
    /// A network stands in between. `network`.
    Proxied "proxied" Pointing Warning Tenant;
    /// A CNAME record at the top of a zone, which hides the zone's other records.
    CnameAtApex "cname-at-apex" Pointing Wrong Tenant;
    /// The names lead on without an end. `found`.
    ChainEndless "chain-endless" Pointing Wrong Tenant;
    /// It leads to a name that does not exist. `found`.
    ChainDangling "chain-dangling" Pointing Wrong Tenant;
    /// Too little was heard to say.
    PointingUnknown "pointing-unknown" Pointing Wait DnsProvider;

    /// Every authority may issue. `authority`.
    CaaOpen "caa-open" Caa Note Tenant;
    /// Ours may, to anybody's account. `authority`, `name`.
    CaaPermits "caa-permits" Caa Note Tenant;
    /// Ours may, to our account only. `authority`, `name`.
    CaaBound "caa-bound" Caa Good Nobody;
    /// Only others may. `authority`, `name`.
    CaaOtherAuthority "caa-other-authority" Caa Wrong Tenant;
    /// Only other accounts may. `authority`, `name`.
    CaaOtherAccount "caa-other-account" Caa Wrong Tenant;
    /// Only by methods that are none of ours. `authority`, `name`.
    CaaOtherMethods "caa-other-methods" Caa Wrong Tenant;
    /// A critical record that no authority understands. `name`.
    CaaUnknownCritical "caa-unknown-critical" Caa Wrong Tenant;
    /// No answer, and so no certificate. `name`, `fault`.
    CaaUnanswered "caa-unanswered" Caa Wrong DnsProvider;

    /// Signed, and well.
    DnssecSecure "dnssec-secure" Dnssec Good Nobody;
    /// Not signed. `zone`.
    DnssecUnsigned "dnssec-unsigned" Dnssec Good Nobody;
    /// Not all was heard. `fault`.
    DnssecUnknown "dnssec-unknown" Dnssec Note Nobody;
    /// The parent names a key that the zone does not have. `zone`.
    DnssecNoMatchingKey "dnssec-no-matching-key" Dnssec Wrong Tenant;
    /// Something is unsigned. `zone`.
    DnssecMissingSignature "dnssec-missing-signature" Dnssec Wrong DnsProvider;
    /// A signature does not verify. `zone`.
    DnssecWrongSignature "dnssec-wrong-signature" Dnssec Wrong DnsProvider;
    /// A signature's time is over. `zone`.
    DnssecExpired "dnssec-expired" Dnssec Wrong DnsProvider;
    /// A signature's time has not come. `zone`.
    DnssecNotYetValid "dnssec-not-yet-valid" Dnssec Wrong DnsProvider;
    /// An empty answer without a signed proof. `zone`.
    DnssecMissingDenial "dnssec-missing-denial" Dnssec Wrong DnsProvider;
    /// One of several servers signs wrongly; validating resolvers ask another. `zone`, `server`.
    DnssecOneServer "dnssec-one-server" Dnssec Warning DnsProvider;
}

/// A kind of record that we ask people to edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RecordKind {
    /// An IPv4 address.
    A,
    /// An IPv6 address.
    Aaaa,
    /// A record that providers answer with the addresses of another name; for the top of a zone.
    Alias,
    /// Who may issue certificates.
    Caa,
    /// Another name.
    Cname,
    /// A key of the zone, at its parent.
    Ds,
    /// A text.
    Txt,
}

/// What to do with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It is not there.
    Add,
    /// It says something else.
    Change,
    /// It is in the way.
    Delete,
}

/// One edit of one record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What to do.
    #[serde(rename = "do")]
    pub action: Action,
    /// The record's type.
    #[serde(rename = "type")]
    pub kind: RecordKind,
    /// Its whole name.
    pub name: DnsName,
    /// Its name as most forms want it: without the zone, `@` for the zone itself.
    pub relative: String,
    /// What it says now; none for a new one, and where only the type matters.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub from: Option<String>,
    /// What it should say; none for one to delete.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub to: Option<String>,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What.
    pub code: Code,
    /// What it is about; follows from the code.
    pub check: Check,
    /// How much it matters; follows from the code.
    pub severity: Severity,
    /// Who must act; follows from the code.
    pub actor: Actor,
    /// Values for the words. What is named `fault` is a [`crate::Fault`], which has words of its own.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub params: BTreeMap<String, String>,
    /// All of these are to be done.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub changes: Vec<Change>,
    /// Until when resolvers may keep the answer that was found, however fast somebody acts.
    #[serde(rename = "until_ms", skip_serializing_if = "Option::is_none", default)]
    pub until: Option<Timestamp>,
}

impl Finding {
    pub(crate) fn new(code: Code) -> Self {
        Self {
            code,
            check: code.check(),
            severity: code.severity(),
            actor: code.actor(),
            params: BTreeMap::new(),
            changes: Vec::new(),
            until: None,
        }
    }

    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: &(impl ToString + ?Sized)) -> Self {
        self.params.insert(name.to_owned(), value.to_string());
        self
    }

    #[must_use]
    pub(crate) fn change(mut self, changes: impl IntoIterator<Item = Change>) -> Self {
        self.changes.extend(changes);
        self
    }

    /// What was found, in words.
    pub fn found(&self, lang: Lang) -> String {
        self.words(lang, "found")
    }

    /// What to do about it, in words; none if there is nothing to do.
    pub fn advice(&self, lang: Lang) -> Option<String> {
        (self.severity != Severity::Good).then(|| self.words(lang, "advice"))
    }

    fn words(&self, lang: Lang, part: &str) -> String {
        let said = |(name, value): (&String, &String)| match &**name {
            "fault" => (name.clone(), text(lang, &format!("dns.fault.{value}"), &[])),
            _ => (name.clone(), value.clone()),
        };
        let values: Vec<(String, String)> = self.params.iter().map(said).collect();
        let values: Vec<(&str, &dyn Value)> =
            values.iter().map(|(name, value)| (&**name, value as &dyn Value)).collect();
        text(lang, &format!("dns.{part}.{}", self.code.as_str()), &values)
    }
}
