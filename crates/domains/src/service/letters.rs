//! Who is told.

use std::collections::BTreeMap;

use wax_i18n::Lang;
use wax_kernel::{EmailAddress, TenantId, Timestamp};
use wax_model::{Link, Mail, OutboxMessage, Role, domain::Domain};

use super::{
    Domains, Refusal,
    acting::scope_of,
    news::{Named, News},
};

/// Members of one page.
const PAGE: u32 = 200;

/// Owners and admins of one tenant. None: nobody is told by mail.
#[derive(Debug, Clone, Default)]
pub(super) struct Addressees {
    organization: String,
    slug: String,
    people: Vec<(EmailAddress, String)>,
}

/// Of all tenants that may have to be told.
pub(super) type AddressBook = BTreeMap<TenantId, Addressees>;

impl Domains {
    /// Whom to tell at a tenant.
    pub(super) async fn addressees(&self, tenant: TenantId) -> Result<Addressees, Refusal> {
        let scope = scope_of(tenant);
        let mut reader = self.store().read(scope);
        let organization = reader.organization();
        let Some(found) = organization.find().await? else { return Ok(Addressees::default()) };
        let (mut people, mut after) = (Vec::new(), None);
        loop {
            let page = organization.members(after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some((last.membership.joined_at, last.membership.account));
            for member in page {
                if !matches!(member.membership.role, Role::Owner | Role::Admin) {
                    continue;
                }
                let account = self.store().accounts().account(member.membership.account).await?;
                people.extend(account.map(|account| (account.email, account.lang)));
            }
        }
        Ok(Addressees { organization: found.name, slug: found.slug, people })
    }

    /// The mails, ready to be sent within a unit of work of the domain's tenant.
    pub(super) fn letters(
        &self,
        domain: &Domain,
        news: &News,
        to: &Addressees,
        now: Timestamp,
    ) -> Vec<OutboxMessage> {
        let Some(console) = &self.settings().console else { return Vec::new() };
        let (slug, id) = (&to.slug, domain.id());
        let site = link(&console.to_string());
        let named = Named {
            organization: to.organization.clone(),
            host: domain.host.to_string(),
            link: link(&format!("{console}/o/{slug}/domains/{id}")),
        };
        let letter = |(address, language): &(EmailAddress, String)| {
            let lang: Lang = language.parse().unwrap_or_default();
            let (to, language, site) = (address.clone(), language.clone(), site.clone());
            let kind = news.mail(&named, lang, now);
            self.0.postbox.seal(&Mail { to, language, site, domain: None, kind }, None)
        };
        to.people.iter().map(letter).collect()
    }
}

fn link(text: &str) -> Link {
    Link::parse(text)
        .expect("the platform's origin is https, or below localhost, and a slug is a label")
}
