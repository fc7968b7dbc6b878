//! Members and who is invited.

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;
use wax_kernel::{AccountId, DomainId, EmailAddress, InvitationId, TenantId, Timestamp};
use wax_model::{Actor, Role};

use super::{Platform, organization::path};
use crate::Error;

/// A member of an organization.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Member {
    /// Names their account.
    pub account: AccountId,
    /// What people call them.
    pub name: String,
    /// Their address.
    pub email: EmailAddress,
    /// As what.
    pub role: Role,
    /// The one domain they are confined to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<DomainId>,
    /// Since when.
    #[serde(rename = "joined_at_ms")]
    pub joined_at: Timestamp,
    /// When they were last here.
    #[serde(rename = "last_seen_at_ms", skip_serializing_if = "Option::is_none")]
    pub last_seen_at: Option<Timestamp>,
    /// Whether password and mailed link take a second factor.
    pub second_factor: bool,
}

/// What a member is to be.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct MemberChange {
    /// As what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// The one domain they are confined to; `Some(None)`: to none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<Option<DomainId>>,
}

/// Whom to invite.
#[derive(Debug, Clone, Serialize)]
pub struct Invite {
    /// Where the mail goes.
    pub email: EmailAddress,
    /// As what.
    pub role: Role,
    /// The one domain they will be confined to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<DomainId>,
    /// Of the mail: `en` or `ja`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lang: Option<&'static str>,
}

/// An invitation that stands. What takes it is in the mail alone.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Invitation {
    /// Names it. Opens nothing.
    pub id: InvitationId,
    /// To whom.
    pub email: EmailAddress,
    /// As what.
    pub role: Role,
    /// The one domain they will be confined to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<DomainId>,
    /// By whom.
    pub invited_by: Actor,
    /// When.
    #[serde(rename = "created_at_ms")]
    pub created_at: Timestamp,
    /// Until when.
    #[serde(rename = "expires_at_ms")]
    pub expires_at: Timestamp,
}

impl Platform {
    /// Every member, by when they joined.
    pub async fn members(&self, organization: TenantId) -> Result<Vec<Member>, Error> {
        self.list(&path(organization, "/members")).await
    }

    /// Changes a member's role or domain.
    pub async fn change_member(
        &self,
        organization: TenantId,
        member: AccountId,
        change: MemberChange,
    ) -> Result<Member, Error> {
        let path = path(organization, &format!("/members/{member}"));
        self.repeat(Method::PATCH, &path, &change).await
    }

    /// Removes a member; the caller themselves: leaving.
    pub async fn remove_member(
        &self,
        organization: TenantId,
        member: AccountId,
    ) -> Result<(), Error> {
        self.delete(&path(organization, &format!("/members/{member}"))).await
    }

    /// Every invitation that stands, newest first.
    pub async fn invitations(&self, organization: TenantId) -> Result<Vec<Invitation>, Error> {
        self.whole_list(&path(organization, "/invitations")).await
    }

    /// Invites somebody by mail.
    pub async fn invite(
        &self,
        organization: TenantId,
        invite: &Invite,
    ) -> Result<Invitation, Error> {
        self.post_once(&path(organization, "/invitations"), invite).await
    }

    /// Mails an invitation again with a new link. Sent once: each is a mail.
    pub async fn resend_invitation(
        &self,
        organization: TenantId,
        invitation: InvitationId,
    ) -> Result<Invitation, Error> {
        let path = path(organization, &format!("/invitations/{invitation}/resend"));
        self.post(&path, &json!({})).await
    }

    /// Takes an invitation back.
    pub async fn withdraw_invitation(
        &self,
        organization: TenantId,
        invitation: InvitationId,
    ) -> Result<(), Error> {
        self.delete(&path(organization, &format!("/invitations/{invitation}"))).await
    }
}
