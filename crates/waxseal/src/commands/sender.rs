//! Who shares, and where: a stranger, a key on its organization's own host, or a member by way of the platform.

use wax_client_sdk::{
    Client, Credential, DomainName, Draft, Error, Offer, Organization, Place, Platform, Shared,
};
use wax_crypto::{ApiKeyText, Origin};
use wax_kernel::{Hostname, Rng};
use wax_model::Kind;

use super::{Context, acting::domains};
use crate::{args::Share, failure::Failure, identity::Identity};

/// Whoever shares. It is decided before anything is typed or sealed, and never changes to a stranger afterwards.
pub(super) enum Sender {
    Stranger(Client),
    Key(Client, ApiKeyText),
    Member(Platform, Place),
}

impl Sender {
    /// Nobody is signed in, or wants to be unknown: a stranger. Otherwise whoever is.
    pub(super) async fn find(args: &Share, context: &Context<'_>) -> Result<Self, Failure> {
        let stranger = || {
            let origin = context.settings.host(args.to.as_deref())?;
            context.client(&origin).map(Self::Stranger)
        };
        if args.anonymous {
            return stranger();
        }
        let Some(identity) = context.settings.identity(context.words)? else {
            // An organization that was named is no wish to be ignored.
            return match args.organization {
                Some(_) => Err(context.nobody()),
                None => stranger(),
            };
        };
        match &identity.credential {
            Credential::Key(key) => by_key(args, &identity, key, context).await,
            Credential::Session(_) => by_session(args, &identity, context).await,
        }
    }

    /// Whether the secret belongs to an organization.
    pub(super) const fn is_known(&self) -> bool {
        !matches!(self, Self::Stranger(_))
    }

    /// What the host begins with. One that does not say has no wishes; what it refuses, it refuses later.
    pub(super) async fn offer(&self, context: &Context<'_>) -> Offer {
        let offer = match self {
            Self::Stranger(client) | Self::Key(client, _) => client.offer().await.ok(),
            Self::Member(_, place) => match context.client(&place.origin) {
                Ok(client) => client.offer().await.ok(),
                Err(_) => None,
            },
        };
        offer.unwrap_or_default()
    }

    /// Seals a text here and stores it there.
    pub(super) async fn share(
        &self,
        kind: Kind,
        draft: &Draft<'_>,
        rng: &dyn Rng,
    ) -> Result<Shared, Error> {
        match self {
            Self::Stranger(client) => client.share_as(kind, draft, rng).await,
            Self::Key(client, key) => client.share_with_key(key, kind, draft, rng).await,
            Self::Member(platform, place) => platform.share(place, kind, draft, rng).await,
        }
    }
}

/// A profile's key goes to hosts alone that the platform says are its organization's. A key in the environment may be
/// used without a platform: whoever sets it names the host, too.
async fn by_key(
    args: &Share,
    identity: &Identity,
    key: &ApiKeyText,
    context: &Context<'_>,
) -> Result<Sender, Failure> {
    let origin = if identity.platform.is_some() {
        let platform = context.platform_of(identity)?;
        let own = context.own_key(&platform).await?.organization;
        context.is_keys_own(&own, args.organization.as_deref())?;
        place(args, identity, &own, &platform, context)?.1
    } else {
        context.settings.host(args.to.as_deref())?
    };
    Ok(Sender::Key(context.client(&origin)?, key.clone()))
}

async fn by_session(
    args: &Share,
    identity: &Identity,
    context: &Context<'_>,
) -> Result<Sender, Failure> {
    let platform = context.platform_of(identity)?;
    let typed = args.organization.as_deref();
    let chosen = context.organization_of(identity, &platform, typed).await?;
    let seen = platform.organization(chosen.id).await.map_err(|error| context.refused(&error))?;
    let (domain, origin) = place(args, identity, &seen, &platform, context)?;
    let place = Place { organization: seen.id, domain: domain.id, origin };
    Ok(Sender::Member(platform, place))
}

/// The host that this run names, which must be the organization's; else the profile's, the settings file's if it is one of
/// them, or the only one.
fn place(
    args: &Share,
    identity: &Identity,
    seen: &Organization,
    platform: &Platform,
    context: &Context<'_>,
) -> Result<(DomainName, Origin), Failure> {
    let words = context.words;
    if let Some(named) = context.settings.named_host(args.to.as_deref())? {
        let picked = context.pick_domain(seen, named.host());
        let picked = picked.map_err(|failure| failure.advise(words.plain("share.foreign.advice")));
        return Ok((picked?.clone(), named));
    }
    let usual = context.settings.usual_host()?;
    let at = |host: Option<&Hostname>| seen.domains.iter().find(|one| Some(&one.host) == host);
    let only = match seen.domains.as_slice() {
        [only] => Some(only),
        _ => None,
    };
    let found = at(identity.domain.as_ref()).or_else(|| at(usual.as_ref().map(Origin::host)));
    let Some(domain) = found.or(only) else {
        let message = if seen.domains.is_empty() { "domain.nowhere" } else { "domain.which" };
        let name = seen.name.as_str();
        let failure = Failure::usage(words.say(message, &[("organization", &name)]));
        return Err(domains(seen).fold(failure, Failure::advise));
    };
    Ok((domain.clone(), context.origin_of(domain, platform)?))
}
