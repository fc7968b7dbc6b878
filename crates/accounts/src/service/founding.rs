//! A new organization, and who owns it.

use wax_kernel::{AccountId, EventId, Rng, TenantId};
use wax_model::{Action, Actor, AuditEvent, Membership, Role, Tenant, TenantScope};
use wax_store::{PlatformUnit, StoreError};

use super::{Accounts, Name, Slug};

/// Longest short name made of a name.
const MAX_SLUG: usize = 32;
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// An organization about to be made. Drawn before the unit of work, which may run twice.
#[derive(Debug, Clone)]
pub(super) struct Founding {
    tenant: Tenant,
    /// Its short name, if the one made of its name is taken.
    other_slug: String,
    owner: AccountId,
    /// Of the two events.
    events: [EventId; 2],
    network: String,
}

impl Founding {
    /// The same under a short name that somebody chose: if that is taken, there is no other.
    pub(super) fn with_slug(mut self, slug: Slug) -> Self {
        self.tenant.slug = slug.into_string();
        self.tenant.slug.clone_into(&mut self.other_slug);
        self
    }

    /// Its id.
    pub(super) const fn id(&self) -> TenantId {
        self.tenant.id
    }

    /// Writes it, with its owner. `false`: both short names are taken, nothing was written.
    pub(super) async fn write(&self, unit: &mut dyn PlatformUnit) -> Result<bool, StoreError> {
        if !unit.insert_tenant(&self.tenant).await? {
            let tenant = Tenant { slug: self.other_slug.clone(), ..self.tenant.clone() };
            if !unit.insert_tenant(&tenant).await? {
                return Ok(false);
            }
        }
        self.owned(unit, self.tenant.id, Action::OrganizationCreated).await?;
        Ok(true)
    }

    /// Makes the account an owner of the organization with this id or short name, or of the new one if there is none.
    pub(super) async fn write_or_join(
        &self,
        unit: &mut dyn PlatformUnit,
        name: &str,
    ) -> Result<bool, StoreError> {
        match unit.find_tenant(name).await? {
            None => self.write(unit).await,
            Some(tenant) => {
                self.owned(unit, tenant.id, Action::MemberJoined).await?;
                Ok(true)
            }
        }
    }

    async fn owned(
        &self,
        unit: &mut dyn PlatformUnit,
        tenant: TenantId,
        action: Action,
    ) -> Result<(), StoreError> {
        let at = self.tenant.created_at;
        let member =
            Membership { account: self.owner, role: Role::Owner, domain: None, joined_at: at };
        let subject = match action {
            Action::OrganizationCreated => tenant.to_string(),
            _ => self.owner.to_string(),
        };
        let event = AuditEvent {
            id: self.events[0],
            at,
            action,
            actor: Some(Actor::Account(self.owner)),
            subject,
            network: Some(self.network.clone()),
        };
        let mut within = unit.within(proven(tenant));
        if !within.organization().insert_member(&member).await? {
            within.organization().update_member(&member).await?;
        }
        within.audit().record(&event).await
    }
}

impl Accounts {
    /// An organization of this name.
    pub(super) fn founding(&self, name: &Name, owner: AccountId, network: &str) -> Founding {
        let slug = slug(name.as_str());
        let suffix = random_letters(self.rng(), 6);
        let other_slug =
            if slug.is_empty() { format!("org-{suffix}") } else { format!("{slug}-{suffix}") };
        // Too short, or one of our own words: with letters behind it, it is neither.
        let slug = Slug::parse(&slug).map(Slug::into_string).unwrap_or_default();
        let tenant = Tenant {
            id: TenantId::random(self.rng()),
            slug: if slug.is_empty() { other_slug.clone() } else { slug },
            name: name.as_str().to_owned(),
            plan: self.plans().default_plan().id.clone(),
            limited: false,
            created_at: self.now(),
            deletion_due_at: None,
        };
        let events = [(); 2].map(|()| EventId::random(self.rng()));
        Founding { tenant, other_slug, owner, events, network: network.to_owned() }
    }
}

/// The short name that a name suggests: its letters and digits, `-` between words. Empty for names in other scripts.
fn slug(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let slug = words.collect::<Vec<_>>().join("-").to_ascii_lowercase();
    let cut: String = slug.chars().take(MAX_SLUG).collect();
    cut.trim_matches('-').to_owned()
}

/// Letters and digits that nobody takes for one another.
fn random_letters(rng: &dyn Rng, count: usize) -> String {
    let bytes = rng.bytes::<16>();
    bytes.iter().take(count).map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect()
}

#[expect(clippy::disallowed_methods, reason = "who makes or is given an organization acts for it")]
const fn proven(tenant: TenantId) -> TenantScope {
    TenantScope::proven(tenant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_suggests_a_short_one() {
        assert_eq!(slug("Acme, Inc."), "acme-inc");
        assert_eq!(slug("  --R&D-- 2 "), "r-d-2");
        assert_eq!(slug("株式会社 山田"), "");
        assert_eq!(slug(&format!("{} b", "a".repeat(31))), "a".repeat(31));
    }
}
