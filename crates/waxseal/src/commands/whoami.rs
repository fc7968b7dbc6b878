//! `waxseal whoami`: who acts here, for which organization, and until when.

use serde::Serialize;
use wax_client_sdk::{Account, Code, Credential, Organization, OwnKey, Platform};
use wax_model::Role;

use super::{Context, keys::key_facts};
use crate::{
    args::Listing,
    failure::Failure,
    identity::Identity,
    output::{Stream, Style},
    terminal::one_line,
    when,
    words::Words,
};

/// What `--json` prints: of a person `account`, of a key `key`.
#[derive(Serialize)]
struct Printed<'a> {
    /// Null: `WAXSEAL_KEY`.
    profile: Option<&'a str>,
    platform: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a Account>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a OwnKey>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization: Option<&'a Organization>,
    domain: Option<&'a str>,
}

pub(crate) async fn run(args: &Listing, context: &Context<'_>) -> Result<(), Failure> {
    let identity = context.signed_in()?;
    let platform = context.platform_of(&identity)?;
    match identity.credential {
        Credential::Session(_) => person(args, &identity, &platform, context).await,
        Credential::Key(_) => key(args, &identity, &platform, context).await,
    }
}

async fn person(
    args: &Listing,
    identity: &Identity,
    platform: &Platform,
    context: &Context<'_>,
) -> Result<(), Failure> {
    let account = platform.account().await.map_err(|error| context.refused(&error))?;
    let organization = match &identity.organization {
        Some(chosen) => match platform.organization(chosen.id).await {
            // Who has been removed from it is still somebody.
            Err(error) if error.code() == Some(Code::NotAvailable) => None,
            seen => Some(seen.map_err(|error| context.refused(&error))?),
        },
        None => None,
    };
    if args.json {
        let printed = printed(identity, platform);
        let (account, organization) = (Some(&account), organization.as_ref());
        return context.json(&Printed { account, organization, ..printed });
    }
    let words = context.words;
    headline(&format!("{} <{}>", account.name, account.email.as_str()), context)?;
    places(identity, platform, organization.as_ref(), context)?;
    let proven = account.stepped_up_until.map_or_else(
        || words.plain("whoami.unproven"),
        |until| {
            let time = when::future(words, until, context.clock.now());
            words.say("whoami.proven", &[("time", &time)])
        },
    );
    context.output.line(&format!("  {proven}"))
}

async fn key(
    args: &Listing,
    identity: &Identity,
    platform: &Platform,
    context: &Context<'_>,
) -> Result<(), Failure> {
    let own = context.own_key(platform).await?;
    if args.json {
        return context.json(&Printed { key: Some(&own), ..printed(identity, platform) });
    }
    headline(&context.words.say("whoami.key", &[("name", &own.key.name.as_str())]), context)?;
    places(identity, platform, Some(&own.organization), context)?;
    let facts = key_facts(&own.key, context.clock.now(), context.words);
    facts.iter().try_for_each(|fact| context.output.line(&format!("  {fact}")))
}

fn printed<'a>(identity: &'a Identity, platform: &Platform) -> Printed<'a> {
    Printed {
        profile: identity.profile.as_ref().map(wax_client_sdk::ProfileName::as_str),
        platform: platform.origin().to_string(),
        account: None,
        key: None,
        organization: None,
        domain: identity.domain.as_ref().map(wax_kernel::Hostname::as_str),
    }
}

fn headline(text: &str, context: &Context<'_>) -> Result<(), Failure> {
    let output = context.output;
    output.line(&output.styled(Stream::Out, Style::Bold, &one_line(text)))
}

/// Where, as which profile, for whom.
fn places(
    identity: &Identity,
    platform: &Platform,
    organization: Option<&Organization>,
    context: &Context<'_>,
) -> Result<(), Failure> {
    let words = context.words;
    let host = platform.origin().to_string();
    let mut lines = vec![words.say("whoami.platform", &[("host", &host)])];
    lines.push(match &identity.profile {
        Some(name) => words.say("whoami.profile", &[("name", &name.as_str())]),
        None => words.plain("whoami.variable"),
    });
    lines.push(organization.map_or_else(
        || words.plain("whoami.no-organization"),
        |organization| {
            let name = one_line(&organization.name);
            let Some(role) = organization.role else {
                return words.say("login.organization", &[("name", &name.as_ref())]);
            };
            let role = role_name(words, role);
            let values: [(&str, &dyn wax_i18n::Value); 2] =
                [("name", &name.as_ref()), ("role", &role)];
            words.say("whoami.organization", &values)
        },
    ));
    if let Some(domain) = &identity.domain {
        lines.push(words.say("login.domain", &[("host", &domain.as_str())]));
    }
    lines.iter().try_for_each(|line| context.output.line(&format!("  {line}")))
}

/// What people call a role.
pub(super) fn role_name(words: Words, role: Role) -> String {
    wax_i18n::text(words.lang, &role_key(role), &[])
}

/// The console says it, too.
fn role_key(role: Role) -> String {
    format!("console.role.{}", role.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_has_a_name() {
        for role in Role::ALL.iter().copied() {
            assert!(wax_i18n::is_known(&role_key(role)), "{role:?}");
        }
    }
}
