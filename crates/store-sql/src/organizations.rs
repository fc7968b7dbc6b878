//! What an organization has besides secrets. The nouns have files of their own.

use async_trait::async_trait;
use wax_kernel::{AccountId, ApiKeyId, EventId, InvitationId, Timestamp};
use wax_model::{ApiKey, AuditEvent, Domain, Invitation, Membership, Role, Tenant};
use wax_store::{
    AuditFilter, Member, OrganizationReads, OrganizationRepository, StoreError, TokenHash,
};

use crate::{
    api_keys, audit, domains,
    engine::{Rows, Session},
    erasure, invitations, members,
    scoped::Scoped,
    tenants,
};

#[async_trait]
impl<S: Rows> OrganizationReads for Scoped<S> {
    async fn find(&mut self) -> Result<Option<Tenant>, StoreError> {
        tenants::find(&mut self.session, self.tenant).await
    }

    async fn domains(&mut self) -> Result<Vec<Domain>, StoreError> {
        domains::list(&mut self.session, self.tenant, None, u32::MAX).await
    }

    async fn member(&mut self, account: AccountId) -> Result<Option<Membership>, StoreError> {
        members::find(&mut self.session, self.tenant, account).await
    }

    async fn members(
        &mut self,
        after: Option<(Timestamp, AccountId)>,
        limit: u32,
    ) -> Result<Vec<Member>, StoreError> {
        members::list(&mut self.session, self.tenant, after, limit).await
    }

    async fn invitations(&mut self, now: Timestamp) -> Result<Vec<Invitation>, StoreError> {
        invitations::list(&mut self.session, self.tenant, now).await
    }

    async fn invitation(
        &mut self,
        id: InvitationId,
        now: Timestamp,
    ) -> Result<Option<Invitation>, StoreError> {
        invitations::find(&mut self.session, self.tenant, id, now).await
    }

    async fn keys(&mut self) -> Result<Vec<ApiKey>, StoreError> {
        api_keys::list(&mut self.session, self.tenant).await
    }

    async fn key(&mut self, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError> {
        api_keys::find(&mut self.session, self.tenant, id).await
    }

    async fn events(
        &mut self,
        filter: &AuditFilter,
        before: Option<(Timestamp, EventId)>,
        limit: u32,
    ) -> Result<Vec<AuditEvent>, StoreError> {
        audit::list_back(&mut self.session, self.tenant, filter, before, limit).await
    }
}

#[async_trait]
impl OrganizationRepository for Scoped<Session<'_>> {
    async fn lock(&mut self) -> Result<Option<Tenant>, StoreError> {
        tenants::lock(&mut self.session, self.tenant).await
    }

    async fn update(&mut self, tenant: &Tenant) -> Result<bool, StoreError> {
        tenants::update(&mut self.session, self.tenant, tenant).await
    }

    async fn insert_member(&mut self, membership: &Membership) -> Result<bool, StoreError> {
        members::insert(&mut self.session, self.tenant, membership).await
    }

    async fn update_member(&mut self, membership: &Membership) -> Result<bool, StoreError> {
        members::update(&mut self.session, self.tenant, membership).await
    }

    async fn delete_member(&mut self, account: AccountId) -> Result<bool, StoreError> {
        members::delete(&mut self.session, self.tenant, account).await
    }

    async fn count_members(&mut self, role: Role) -> Result<u64, StoreError> {
        members::count(&mut self.session, self.tenant, role).await
    }

    async fn insert_invitation(&mut self, invitation: &Invitation) -> Result<(), StoreError> {
        invitations::insert(&mut self.session, self.tenant, invitation).await
    }

    async fn delete_invitation(&mut self, id: InvitationId) -> Result<bool, StoreError> {
        invitations::delete(&mut self.session, self.tenant, id).await
    }

    async fn insert_key(&mut self, key: &ApiKey, hash: TokenHash) -> Result<(), StoreError> {
        api_keys::insert(&mut self.session, self.tenant, key, hash).await
    }

    async fn update_key(&mut self, key: &ApiKey) -> Result<bool, StoreError> {
        api_keys::update(&mut self.session, self.tenant, key).await
    }

    async fn rotate_key(
        &mut self,
        id: ApiKeyId,
        hint: &str,
        hash: TokenHash,
        overlap_ends_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let text = (hint, hash);
        api_keys::rotate(&mut self.session, self.tenant, id, text, overlap_ends_at).await
    }

    async fn touch_key(&mut self, id: ApiKeyId, now: Timestamp) -> Result<(), StoreError> {
        api_keys::touch(&mut self.session, self.tenant, id, now).await
    }

    async fn delete_key(&mut self, id: ApiKeyId) -> Result<bool, StoreError> {
        api_keys::delete(&mut self.session, self.tenant, id).await
    }

    async fn erase(&mut self, now: Timestamp, limit: u32) -> Result<bool, StoreError> {
        erasure::erase(&mut self.session, self.tenant, now, limit).await
    }
}
