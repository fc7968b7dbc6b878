//! What happened, kept in the transaction in which it happened.

use wax_kernel::{EventId, Timestamp};

use crate::{Actor, SecretState, text_enum::text_enum};

text_enum! {
    /// What happened.
    Action {
        /// A secret was made.
        SecretCreated = "secret.created",
        /// A view was taken by a device.
        SecretClaimed = "secret.claimed",
        /// The device confirmed.
        SecretAcked = "secret.acked",
        /// The device that it is bound to opened it again.
        SecretOpened = "secret.opened",
        /// A claim's window ended without confirmation.
        SecretLapsed = "secret.lapsed",
        /// A device asked for what is bound to another.
        SecretAsked = "secret.asked",
        /// The device that it was bound to gave it to another.
        SecretHanded = "secret.handed",
        /// A wrong claim key was counted.
        SecretWrongKey = "secret.wrong_key",
        /// Wrong tries locked it.
        SecretLocked = "secret.locked",
        /// The sender unlocked it.
        SecretUnlocked = "secret.unlocked",
        /// It ended: every view was taken and no claim is open.
        SecretDestroyed = "secret.destroyed",
        /// It ended: the sender destroyed it.
        SecretBurned = "secret.burned",
        /// It ended: its time ran out.
        SecretExpired = "secret.expired",
        /// The organization was made.
        OrganizationCreated = "organization.created",
        /// Its name or short name was changed.
        OrganizationRenamed = "organization.renamed",
        /// It was given to another member.
        OrganizationTransferred = "organization.transferred",
        /// A copy of everything was taken.
        OrganizationExported = "organization.exported",
        /// A copy of the trail was taken.
        AuditExported = "audit.exported",
        /// Its deletion was decided.
        OrganizationDeletionScheduled = "organization.deletion_scheduled",
        /// Its deletion was taken back.
        OrganizationDeletionCancelled = "organization.deletion_cancelled",
        /// It is being erased; this event goes with it.
        OrganizationDeleted = "organization.deleted",
        /// Somebody became a member.
        MemberJoined = "member.joined",
        /// A member's role or domain was changed.
        MemberChanged = "member.changed",
        /// A member was removed.
        MemberRemoved = "member.removed",
        /// A member left.
        MemberLeft = "member.left",
        /// Somebody was invited.
        InvitationMade = "invitation.made",
        /// An invitation was taken back.
        InvitationWithdrawn = "invitation.withdrawn",
        /// An invitation was sent again.
        InvitationResent = "invitation.resent",
        /// An API key was made.
        KeyMade = "key.made",
        /// An API key's name, networks or expiry was changed.
        KeyChanged = "key.changed",
        /// An API key got a new text.
        KeyRotated = "key.rotated",
        /// An API key was ended.
        KeyRevoked = "key.revoked",
        /// A domain was added.
        DomainAdded = "domain.added",
        /// A domain was removed, with its history.
        DomainRemoved = "domain.removed",
        /// Whose a domain is changed.
        DomainOwnershipChanged = "domain.ownership_changed",
        /// Where a domain leads changed.
        DomainPointingChanged = "domain.pointing_changed",
        /// How far a domain's certificate is changed.
        DomainCertificateChanged = "domain.certificate_changed",
        /// Whether a domain is let through changed.
        DomainGateChanged = "domain.gate_changed",
        /// A domain's settings were changed.
        DomainSettingsChanged = "domain.settings_changed",
        /// A member asked for the record that answers a contest.
        DomainContestAnswered = "domain.contest_answered",
        /// A member went to the DNS provider, for it to set the records.
        DomainConnected = "domain.connected",
        /// A certificate was ordered by hand.
        DomainCertificateOrdered = "domain.certificate_ordered",
        /// A certificate for a domain was logged that is not ours.
        DomainForeignCertificateSeen = "domain.foreign_certificate_seen",
        /// A certificate was logged for a name that looks like a domain's.
        DomainLookAlikeSeen = "domain.look_alike_seen",
        /// A certificate was brought along.
        DomainCertificateBrought = "domain.certificate_brought",
        /// A certificate that was brought along was taken away.
        DomainCertificateRemoved = "domain.certificate_removed",
        /// The organization has another plan: its id.
        BillingPlanChanged = "billing.plan_changed",
        /// It stands otherwise with its payments: how.
        BillingStandingChanged = "billing.standing_changed",
        /// A mail was refused for good: its message's id.
        MailBounced = "mail.bounced",
    }
}

impl Action {
    /// The event of a secret that has come into this state, if it is an end.
    pub const fn end(state: SecretState) -> Option<Self> {
        match state {
            SecretState::Destroyed => Some(Self::SecretDestroyed),
            SecretState::Burned => Some(Self::SecretBurned),
            SecretState::Expired => Some(Self::SecretExpired),
            _ => None,
        }
    }
}

/// One row of `audit_events`. It names things by ids that open nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// Random.
    pub id: EventId,
    /// When.
    pub at: Timestamp,
    /// What.
    pub action: Action,
    /// Who; `None`: a stranger, or the clock.
    pub actor: Option<Actor>,
    /// To what: the receipt id of a secret, the id of a member, an invitation, a key, a domain, a message or the organization itself;
    /// a plan's id, or a standing.
    pub subject: String,
    /// From where, as a network (`192.0.2.0/24`, `2001:db8:1::/48`), if a caller did it. Never a full address.
    pub network: Option<String>,
}
