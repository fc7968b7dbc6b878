//! Everything an organization has, for its owner to take away: no bearer value, no ciphertext.

use serde::Serialize;
use serde_json::{Value, json};
use wax_kernel::{AccountId, EventId, SecretId, Timestamp};
use wax_model::{Action, ApiKey, AuditEvent, Invitation, Secret};
use wax_store::{AuditFilter, Member, SecretFilter};

use super::{Accounts, Refusal, acting::Acting, audit_trail};

/// Rows that are read at once.
const BATCH: u32 = 200;

/// An export on its way.
#[derive(Debug, Clone)]
pub(crate) struct Export {
    acting: Acting,
    at: Section,
}

/// Where it is: each section begins where the one before has ended.
#[derive(Debug, Clone, Copy)]
enum Section {
    Organization,
    Members(Option<(Timestamp, AccountId)>),
    Secrets(Option<(Timestamp, SecretId)>),
    Events(Option<(Timestamp, EventId)>),
}

/// What a batch says, and where the next begins. `None`: that was all.
type Batch = (Vec<Value>, Option<Section>);

impl Accounts {
    /// Begins an export, and writes down that it was taken.
    pub(crate) async fn begin_export(&self, acting: Acting) -> Result<Export, Refusal> {
        let event = self.audit(&acting, Action::OrganizationExported, acting.scope.tenant());
        let work = self.store().write(&acting.scope, move |uow| {
            let event = event.clone();
            Box::pin(async move { uow.audit().record(&event).await })
        });
        work.await?;
        Ok(Export { acting, at: Section::Organization })
    }

    /// The next lines of an export and what comes after them. `None`: that was all.
    pub(crate) async fn export_lines(
        &self,
        export: Export,
    ) -> Result<(Vec<Value>, Option<Export>), Refusal> {
        let Export { acting, at } = export;
        let (lines, next) = match at {
            Section::Organization => self.export_head(&acting).await?,
            Section::Members(after) => self.export_members(&acting, after).await?,
            Section::Secrets(before) => self.export_secrets(&acting, before).await?,
            Section::Events(before) => self.export_trail(&acting, before).await?,
        };
        Ok((lines, next.map(|at| Export { acting, at })))
    }

    async fn export_head(&self, acting: &Acting) -> Result<Batch, Refusal> {
        let seen = self.seen_by(acting).await?;
        let mut lines = vec![json!({
            "type": "organization",
            "id": seen.tenant.id, "slug": seen.tenant.slug, "name": seen.tenant.name,
            "created_at_ms": seen.tenant.created_at, "deletion_due_at_ms": seen.tenant.deletion_due_at,
        })];
        lines.extend(seen.domains.iter().map(|domain| {
            json!({"type": "domain", "id": domain.id(), "host": domain.host,
                "created_at_ms": domain.created_at})
        }));
        lines.extend(self.invitations(acting).await?.iter().map(invitation));
        lines.extend(self.keys(acting).await?.iter().map(key));
        Ok((lines, Some(Section::Members(None))))
    }

    async fn export_members(
        &self,
        acting: &Acting,
        after: Option<(Timestamp, AccountId)>,
    ) -> Result<Batch, Refusal> {
        let members = self.members(acting, after, BATCH).await?;
        let last =
            members.last().map(|member| (member.membership.joined_at, member.membership.account));
        let more = last.filter(|_| members.len() == BATCH as usize);
        let next = more.map_or(Section::Secrets(None), |last| Section::Members(Some(last)));
        Ok((members.iter().map(member).collect(), Some(next)))
    }

    async fn export_secrets(
        &self,
        acting: &Acting,
        before: Option<(Timestamp, SecretId)>,
    ) -> Result<Batch, Refusal> {
        let mut reader = self.store().read(acting.scope);
        let secrets = reader.secrets().list(&SecretFilter::default(), before, BATCH).await?;
        let last = secrets.last().map(|secret| (secret.created_at, secret.id));
        let more = last.filter(|_| secrets.len() == BATCH as usize);
        let next = more.map_or(Section::Events(None), |last| Section::Secrets(Some(last)));
        Ok((secrets.iter().map(receipt).collect(), Some(next)))
    }

    async fn export_trail(
        &self,
        acting: &Acting,
        before: Option<(Timestamp, EventId)>,
    ) -> Result<Batch, Refusal> {
        let filter = AuditFilter::default();
        let events = self.events_of(acting, &filter, before, audit_trail::BATCH).await?;
        let last = events.last().map(|event| (event.at, event.id));
        let more = last.filter(|_| events.len() == audit_trail::BATCH as usize);
        Ok((events.iter().map(event).collect(), more.map(|last| Section::Events(Some(last)))))
    }
}

fn invitation(invitation: &Invitation) -> Value {
    json!({
        "type": "invitation", "id": invitation.id, "email": invitation.email,
        "role": invitation.role, "domain": invitation.domain,
        "invited_by": invitation.invited_by, "created_at_ms": invitation.created_at,
        "expires_at_ms": invitation.expires_at,
    })
}

fn key(key: &ApiKey) -> Value {
    json!({
        "type": "key", "id": key.id, "name": key.name, "prefix": key.hint, "scopes": key.scopes,
        "networks": key.networks, "created_by": key.created_by, "created_at_ms": key.created_at,
        "expires_at_ms": key.expires_at, "last_used_at_ms": key.last_used_at,
    })
}

fn member(member: &Member) -> Value {
    let Member { membership, name, email, .. } = member;
    json!({
        "type": "member", "account": membership.account, "name": name, "email": email,
        "role": membership.role, "domain": membership.domain, "joined_at_ms": membership.joined_at,
    })
}

/// A receipt: what is known of a secret without anything that opens it.
fn receipt(secret: &Secret) -> Value {
    json!({
        "type": "receipt", "rid": secret.rid, "domain": secret.domain,
        "created_by": secret.created_by, "state": secret.state, "kind": secret.kind,
        "passphrase": secret.passphrase.is_some(), "views": secret.views,
        "views_left": secret.views_left, "created_at_ms": secret.created_at,
        "expires_at_ms": secret.expires_at, "ended_at_ms": secret.ended_at,
    })
}

fn event(event: &AuditEvent) -> Value {
    let line = Event {
        r#type: "event",
        id: event.id,
        at_ms: event.at,
        action: event.action.as_str(),
        actor: event.actor,
        subject: &event.subject,
        network: event.network.as_deref(),
    };
    serde_json::to_value(line).expect("an event has only text keys")
}

#[derive(Serialize)]
struct Event<'e> {
    r#type: &'static str,
    id: EventId,
    at_ms: Timestamp,
    action: &'static str,
    actor: Option<wax_model::Actor>,
    subject: &'e str,
    network: Option<&'e str>,
}
