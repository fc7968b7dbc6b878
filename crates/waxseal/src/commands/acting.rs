//! Acting for an organization: as who, and for which.

use wax_client_sdk::{
    Belonging, ChosenOrganization, Credential, DomainName, Organization, OwnKey, Platform,
};
use wax_crypto::Origin;
use wax_kernel::{Hostname, TenantId};

use super::Context;
use crate::{
    failure::{Exit, Failure},
    identity::Identity,
};

/// Somebody who acts for an organization.
pub(super) struct Acting {
    pub(super) platform: Platform,
    pub(super) organization: ChosenOrganization,
}

impl Acting {
    pub(super) const fn id(&self) -> TenantId {
        self.organization.id
    }
}

impl Context<'_> {
    /// Who acts. Nobody is a failure here.
    pub(super) fn signed_in(&self) -> Result<Identity, Failure> {
        self.settings.identity(self.words)?.ok_or_else(|| self.nobody())
    }

    pub(super) fn nobody(&self) -> Failure {
        Failure::new(Exit::Access, self.words.plain("access.nobody"))
            .advise(self.words.plain("access.nobody.advice"))
    }

    /// The platform, as who acts.
    pub(super) fn platform_of(&self, identity: &Identity) -> Result<Platform, Failure> {
        let origin = identity.platform.as_ref().ok_or_else(|| self.no_platform())?;
        Ok(self.settings.platform(origin)?.with(&identity.credential))
    }

    pub(super) fn no_platform(&self) -> Failure {
        let file = self.settings.file();
        Failure::usage(self.words.plain("platform.missing"))
            .advise(self.words.say("platform.missing.advice", &[("file", &file)]))
    }

    /// Who acts, and for which organization: the one that was typed, else the profile's, else the only one.
    pub(super) async fn acting(&self, typed: Option<&str>) -> Result<Acting, Failure> {
        let identity = self.signed_in()?;
        let platform = self.platform_of(&identity)?;
        let organization = self.organization_of(&identity, &platform, typed).await?;
        Ok(Acting { platform, organization })
    }

    pub(super) async fn organization_of(
        &self,
        identity: &Identity,
        platform: &Platform,
        typed: Option<&str>,
    ) -> Result<ChosenOrganization, Failure> {
        match (&identity.credential, typed, &identity.organization) {
            (Credential::Session(_), None, Some(chosen)) => Ok(chosen.clone()),
            (Credential::Session(_), _, _) => {
                let account = platform.account().await.map_err(|error| self.refused(&error))?;
                let found = self.pick_organization(&account.organizations, typed)?;
                Ok(ChosenOrganization { id: found.id, name: found.name.clone() })
            }
            (Credential::Key(_), _, _) => {
                let OwnKey { organization, .. } = self.own_key(platform).await?;
                self.is_keys_own(&organization, typed)?;
                Ok(ChosenOrganization { id: organization.id, name: organization.name })
            }
        }
    }

    pub(super) async fn own_key(&self, platform: &Platform) -> Result<OwnKey, Failure> {
        platform.own_key().await.map_err(|error| self.refused(&error))
    }

    /// A key acts for one organization, whatever is typed.
    pub(super) fn is_keys_own(
        &self,
        own: &Organization,
        typed: Option<&str>,
    ) -> Result<(), Failure> {
        let is_own = |typed| is_called(typed, own.id, &own.slug, &own.name);
        if typed.is_none_or(is_own) {
            return Ok(());
        }
        Err(Failure::usage(
            self.words.say("organization.of-key", &[("organization", &own.name.as_str())]),
        ))
    }

    /// The one that was typed, or the only one.
    pub(super) fn pick_organization<'o>(
        &self,
        all: &'o [Belonging],
        typed: Option<&str>,
    ) -> Result<&'o Belonging, Failure> {
        let words = self.words;
        let found = match (typed, all) {
            (Some(typed), _) => {
                all.iter().find(|one| is_called(typed, one.id, &one.slug, &one.name))
            }
            (None, [only]) => Some(only),
            (None, _) => None,
        };
        found.ok_or_else(|| {
            let message = match typed {
                Some(typed) => words.say("organization.none", &[("name", &typed)]),
                None if all.is_empty() => words.plain("organization.nowhere"),
                None => words.plain("organization.which"),
            };
            let names = all.iter().map(|one| format!("  {}  {}", one.slug, one.name));
            let failure = names.fold(Failure::usage(message), Failure::advise);
            if all.is_empty() {
                failure
            } else {
                failure.advise(words.plain("organization.which.advice"))
            }
        })
    }

    /// The organization's domain with this name.
    pub(super) fn pick_domain<'o>(
        &self,
        organization: &'o Organization,
        host: &Hostname,
    ) -> Result<&'o DomainName, Failure> {
        let found = organization.domains.iter().find(|domain| domain.host == *host);
        found.ok_or_else(|| {
            let values: [(&str, &dyn wax_i18n::Value); 2] =
                [("host", &host.as_str()), ("organization", &organization.name.as_str())];
            let failure = Failure::usage(self.words.say("domain.foreign", &values));
            domains(organization).fold(failure, Failure::advise)
        })
    }

    /// The organization's domain that was typed, if one was.
    pub(super) async fn typed_domain(
        &self,
        acting: &Acting,
        typed: Option<&str>,
    ) -> Result<Option<DomainName>, Failure> {
        let Some(typed) = typed else { return Ok(None) };
        let host = self.settings.host(Some(typed))?;
        let seen = acting.platform.organization(acting.id()).await;
        let seen = seen.map_err(|error| self.refused(&error))?;
        self.pick_domain(&seen, host.host()).cloned().map(Some)
    }

    /// Where a domain's links lead.
    pub(super) fn origin_of(
        &self,
        domain: &DomainName,
        platform: &Platform,
    ) -> Result<Origin, Failure> {
        let host = domain.host.as_str();
        domain
            .origin(platform.origin())
            .map_err(|_| Failure::usage(self.words.say("host.invalid", &[("host", &host)])))
    }
}

/// Those that there are, a line each.
pub(super) fn domains(organization: &Organization) -> impl Iterator<Item = String> {
    organization.domains.iter().map(|domain| format!("  {}", domain.host))
}

fn is_called(typed: &str, id: TenantId, slug: &str, name: &str) -> bool {
    typed == slug || typed == name || typed == id.to_string()
}
