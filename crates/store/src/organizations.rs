//! What an organization has besides secrets: itself, members, invitations, keys, and its audit trail to read.

use std::time::Duration;

use async_trait::async_trait;
use wax_kernel::{AccountId, ApiKeyId, EventId, InvitationId, Timestamp};
use wax_model::{Action, Actor, ApiKey, AuditEvent, Domain, Invitation, Membership, Role, Tenant};

use crate::{StoreError, TokenHash};

/// How long an organization's own row outlives the rest. Whoever still knew its hosts or keys when they were deleted has
/// forgotten them by then, and what they wrote meanwhile was swept up.
pub const ERASURE_SETTLES: Duration = Duration::from_mins(10);

/// A member as lists show them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// What they are.
    pub membership: Membership,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: wax_kernel::EmailAddress,
    /// Whether no single factor lets anybody in as them: a second one is asked for after the password and after a mailed
    /// link, which work for accounts with passkeys, too. A passkey is both factors at once.
    pub guarded: bool,
    /// When one of their sessions was last used.
    pub last_seen_at: Option<Timestamp>,
}

/// Which events of the audit trail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// This action only.
    pub action: Option<Action>,
    /// By this actor only.
    pub actor: Option<Actor>,
    /// About this only.
    pub subject: Option<String>,
    /// At or after.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
}

/// Looking at an organization.
#[async_trait]
pub trait OrganizationReads: Send {
    /// The organization; `None` once it was erased.
    async fn find(&mut self) -> Result<Option<Tenant>, StoreError>;
    /// Its domains, by host.
    async fn domains(&mut self) -> Result<Vec<Domain>, StoreError>;
    /// What this account is in it.
    async fn member(&mut self, account: AccountId) -> Result<Option<Membership>, StoreError>;
    /// Members by when they joined, after this cursor, at most `limit` (1 to 200).
    async fn members(
        &mut self,
        after: Option<(Timestamp, AccountId)>,
        limit: u32,
    ) -> Result<Vec<Member>, StoreError>;
    /// Invitations that stand, newest first, at most 200.
    async fn invitations(&mut self, now: Timestamp) -> Result<Vec<Invitation>, StoreError>;
    /// One invitation that stands.
    async fn invitation(
        &mut self,
        id: InvitationId,
        now: Timestamp,
    ) -> Result<Option<Invitation>, StoreError>;
    /// Keys, newest first, expired ones too, at most 200.
    async fn keys(&mut self) -> Result<Vec<ApiKey>, StoreError>;
    /// One key.
    async fn key(&mut self, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError>;
    /// The audit trail, newest first, before this cursor, at most `limit` (1 to 1,000).
    async fn events(
        &mut self,
        filter: &AuditFilter,
        before: Option<(Timestamp, EventId)>,
        limit: u32,
    ) -> Result<Vec<AuditEvent>, StoreError>;
}

/// Changing an organization. Rules that read before they write take [`Self::lock`] first: it is the one lock over
/// members, invitations and keys, so that two owners cannot take each other's role away at once.
#[async_trait]
pub trait OrganizationRepository: OrganizationReads {
    /// Takes the organization's lock and reads it.
    async fn lock(&mut self) -> Result<Option<Tenant>, StoreError>;
    /// Writes name, slug and deletion. `false`: another has the slug.
    async fn update(&mut self, tenant: &Tenant) -> Result<bool, StoreError>;
    /// Writes a membership. `false`: the account is a member.
    async fn insert_member(&mut self, membership: &Membership) -> Result<bool, StoreError>;
    /// Writes role and domain.
    async fn update_member(&mut self, membership: &Membership) -> Result<bool, StoreError>;
    /// Deletes it.
    async fn delete_member(&mut self, account: AccountId) -> Result<bool, StoreError>;
    /// How many members have this role.
    async fn count_members(&mut self, role: Role) -> Result<u64, StoreError>;
    /// Writes an invitation; one that stands for the same address is replaced.
    async fn insert_invitation(&mut self, invitation: &Invitation) -> Result<(), StoreError>;
    /// Deletes it. `false`: it is gone.
    async fn delete_invitation(&mut self, id: InvitationId) -> Result<bool, StoreError>;
    /// Writes a key with the hash of its text.
    async fn insert_key(&mut self, key: &ApiKey, hash: TokenHash) -> Result<(), StoreError>;
    /// Writes name, networks and expiry.
    async fn update_key(&mut self, key: &ApiKey) -> Result<bool, StoreError>;
    /// Gives it a new text; the old one works until `overlap_ends_at`. Whatever still overlapped ends.
    async fn rotate_key(
        &mut self,
        id: ApiKeyId,
        hint: &str,
        hash: TokenHash,
        overlap_ends_at: Timestamp,
    ) -> Result<bool, StoreError>;
    /// Writes its last use.
    async fn touch_key(&mut self, id: ApiKeyId, now: Timestamp) -> Result<(), StoreError>;
    /// Ends it, and the text before its last rotation.
    async fn delete_key(&mut self, id: ApiKeyId) -> Result<bool, StoreError>;
    /// Deletes at most `limit` rows of the organization once its deletion is due: the data keys of secrets first, then
    /// everything else, its own row last and not before [`ERASURE_SETTLES`] after it was due. Each domain leaves a
    /// tombstone. `true`: nothing is left to do now, also because deletion is not due. A crash between two calls costs
    /// nothing: the next goes on.
    async fn erase(&mut self, now: Timestamp, limit: u32) -> Result<bool, StoreError>;
}
