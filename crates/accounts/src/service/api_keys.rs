//! API keys: made, changed, rotated, ended. Their text is told once.

use std::{net::IpAddr, time::Duration};

use wax_crypto::ApiKeyText;
use wax_httpkit::auth::bearer_hash;
use wax_kernel::{ApiKeyId, Timestamp};
use wax_model::{
    Action, Actor, ApiKey, AuditEvent, Invalid, MailKind, Meter, OutboxMessage, Permission, Plans,
    Rule, Scope,
};
use wax_store::{OrganizationRepository, StoreError, TokenHash, UnitOfWork, room_for};

use super::{
    Accounts, Name, Refusal,
    acting::{Acting, Ruled},
};

/// Keys of one organization, expired ones too: as many as a list shows.
const MAX_KEYS: usize = 200;
/// Networks of one key.
const MAX_NETWORKS: usize = 32;
/// How long a key works unless its maker says otherwise, and at most.
const USUAL_LIFE: Duration = Duration::from_hours(365 * 24);
const LONGEST_LIFE: Duration = Duration::from_hours(2 * 365 * 24);
/// How long the old text may work beside the new one.
const LONGEST_OVERLAP_S: u64 = 604_800;

/// A network from which a key may be used, in CIDR notation: the first address of it, and how many bits are common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyNetwork(String);

impl KeyNetwork {
    /// Reads one. An address within it (`192.0.2.7/24`) is refused: whoever writes that may mean the address.
    pub(crate) fn parse(text: &str) -> Result<Self, Invalid> {
        let refused = || Invalid::new("networks", Rule::Form);
        let (base, bits) = text.split_once('/').ok_or_else(refused)?;
        let base: IpAddr = base.parse().map_err(|_| refused())?;
        let bits: u32 = bits.parse().map_err(|_| refused())?;
        let host_bits = match base {
            IpAddr::V4(base) if bits <= 32 => {
                base.to_bits() & !u32::MAX.checked_shl(32 - bits).unwrap_or(0) != 0
            }
            IpAddr::V6(base) if bits <= 128 => {
                base.to_bits() & !u128::MAX.checked_shl(128 - bits).unwrap_or(0) != 0
            }
            _ => true,
        };
        if host_bits { Err(refused()) } else { Ok(Self(format!("{base}/{bits}"))) }
    }
}

/// A key to be made.
#[derive(Debug, Clone)]
pub(crate) struct NewKey {
    pub(crate) name: Name,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) networks: Vec<KeyNetwork>,
    pub(crate) expires_at: Option<Timestamp>,
}

/// What is to be different.
#[derive(Debug, Clone)]
pub(crate) struct KeyChange {
    pub(crate) name: Option<Name>,
    pub(crate) networks: Option<Vec<KeyNetwork>>,
    pub(crate) expires_at: Option<Timestamp>,
}

impl Accounts {
    /// Newest first, expired ones too.
    pub(crate) async fn keys(&self, acting: &Acting) -> Result<Vec<ApiKey>, Refusal> {
        Ok(self.store().read(acting.scope).organization().keys().await?)
    }

    async fn one_key(&self, acting: &Acting, id: ApiKeyId) -> Result<ApiKey, Refusal> {
        let found = self.store().read(acting.scope).organization().key(id).await?;
        found.ok_or(Refusal::NotAvailable)
    }

    /// Makes a key. Its text is in this answer and nowhere else.
    pub(crate) async fn make_key(
        &self,
        acting: &Acting,
        new: NewKey,
    ) -> Result<(ApiKey, ApiKeyText), Refusal> {
        let Actor::Account(created_by) = acting.actor else {
            return Err(Refusal::Forbidden(Permission::KeysWrite));
        };
        let (text, now) = (ApiKeyText::random(self.rng()), self.now());
        let key = ApiKey {
            id: ApiKeyId::random(self.rng()),
            name: new.name.into_string(),
            hint: text.hint(),
            scopes: check_scopes(&new.scopes)?,
            networks: check_networks(new.networks)?,
            created_by,
            created_at: now,
            expires_at: check_end(new.expires_at.unwrap_or_else(|| now.plus(USUAL_LIFE)), now)?,
            last_used_at: None,
            overlap_ends_at: None,
        };
        let act = Act::Make { key: key.clone(), hash: bearer_hash(text.expose()) };
        self.act_on_key(acting, key.id, act).await?;
        Ok((key, text))
    }

    /// Changes name, networks and expiry.
    pub(crate) async fn change_key(
        &self,
        acting: &Acting,
        id: ApiKeyId,
        change: KeyChange,
    ) -> Result<ApiKey, Refusal> {
        let KeyChange { name, networks, expires_at } = change;
        let now = self.now();
        let act = Act::Change {
            name: name.map(Name::into_string),
            networks: networks.map(check_networks).transpose()?,
            expires_at: expires_at.map(|end| check_end(end, now)).transpose()?,
        };
        self.act_on_key(acting, id, act).await?;
        self.one_key(acting, id).await
    }

    /// Gives a key a new text. The old one works until the overlap ends.
    pub(crate) async fn rotate_key(
        &self,
        acting: &Acting,
        id: ApiKeyId,
        overlap_s: u64,
    ) -> Result<(ApiKey, ApiKeyText), Refusal> {
        if overlap_s > LONGEST_OVERLAP_S {
            let rule = Rule::Range { min: 0, max: LONGEST_OVERLAP_S };
            return Err(Invalid::new("overlap_s", rule).into());
        }
        let (text, now) = (ApiKeyText::random(self.rng()), self.now());
        let until = now.plus(Duration::from_secs(overlap_s));
        let act = Act::Rotate { hint: text.hint(), hash: bearer_hash(text.expose()), until };
        self.act_on_key(acting, id, act).await?;
        Ok((self.one_key(acting, id).await?, text))
    }

    /// Ends a key at once, with the text from before its last rotation.
    pub(crate) async fn revoke_key(&self, acting: &Acting, id: ApiKeyId) -> Result<(), Refusal> {
        self.act_on_key(acting, id, Act::Revoke).await
    }

    /// What owners are told: of every text that begins or ends to open something.
    async fn key_letters(
        &self,
        acting: &Acting,
        id: ApiKeyId,
        act: &Act,
    ) -> Result<Vec<OutboxMessage>, Refusal> {
        let organization = self.seen_by(acting).await?.tenant.name;
        let (by, at) = (self.name_of(acting).await?, self.now());
        let kind = match act {
            Act::Change { .. } => return Ok(Vec::new()),
            Act::Make { key, .. } => {
                MailKind::KeyCreated { organization, name: key.name.clone(), by, at }
            }
            Act::Rotate { until, .. } => {
                let (name, until) = (self.one_key(acting, id).await?.name, *until);
                MailKind::KeyRotated { organization, name, by, at, until }
            }
            Act::Revoke => {
                let name = self.one_key(acting, id).await?.name;
                MailKind::KeyRevoked { organization, name, by, at }
            }
        };
        self.letters_to_owners(acting, &kind).await
    }

    async fn act_on_key(&self, acting: &Acting, id: ApiKeyId, act: Act) -> Result<(), Refusal> {
        let letters = self.key_letters(acting, id, &act).await?;
        let event = self.audit(acting, act.action(), id);
        let (plans, now) = (self.plans().clone(), self.now());
        let doing = Doing { acting: acting.clone(), id, act, event, letters, plans, now };
        let work = self.store().write(&acting.scope, move |uow| {
            let doing = doing.clone();
            Box::pin(async move { doing.write(uow).await })
        });
        work.await?
    }
}

/// At least one, each once, in the order of the table.
fn check_scopes(scopes: &[Scope]) -> Result<Vec<Scope>, Invalid> {
    let known: Vec<_> = Scope::ALL.iter().copied().filter(|scope| scopes.contains(scope)).collect();
    match scopes.len() {
        0 => Err(Invalid::new("scopes", Rule::Required)),
        given if given != known.len() => Err(Invalid::new("scopes", Rule::Duplicate)),
        _ => Ok(known),
    }
}

fn check_networks(networks: Vec<KeyNetwork>) -> Result<Vec<String>, Invalid> {
    if networks.len() > MAX_NETWORKS {
        let rule = Rule::Entries { max: MAX_NETWORKS as u64 };
        return Err(Invalid::new("networks", rule));
    }
    Ok(networks.into_iter().map(|network| network.0).collect())
}

fn check_end(expires_at: Timestamp, now: Timestamp) -> Result<Timestamp, Invalid> {
    let longest = u64::try_from(LONGEST_LIFE.as_millis()).unwrap_or(u64::MAX);
    let fits = now < expires_at && expires_at <= now.plus(LONGEST_LIFE);
    let rule = Rule::Range { min: 1, max: longest };
    fits.then_some(expires_at).ok_or_else(|| Invalid::new("expires_at_ms", rule))
}

/// What is done to a key.
#[derive(Clone)]
enum Act {
    Make { key: ApiKey, hash: TokenHash },
    Change { name: Option<String>, networks: Option<Vec<String>>, expires_at: Option<Timestamp> },
    Rotate { hint: String, hash: TokenHash, until: Timestamp },
    Revoke,
}

impl Act {
    /// As the trail has it.
    const fn action(&self) -> Action {
        match self {
            Self::Make { .. } => Action::KeyMade,
            Self::Change { .. } => Action::KeyChanged,
            Self::Rotate { .. } => Action::KeyRotated,
            Self::Revoke => Action::KeyRevoked,
        }
    }
}

#[derive(Clone)]
struct Doing {
    acting: Acting,
    id: ApiKeyId,
    act: Act,
    event: AuditEvent,
    letters: Vec<OutboxMessage>,
    plans: Plans,
    now: Timestamp,
}

impl Doing {
    async fn write(&self, uow: &mut dyn UnitOfWork) -> Ruled<()> {
        let organization = uow.organization();
        let Some(tenant) = organization.lock().await? else {
            return Ok(Err(Refusal::NotAvailable));
        };
        let role = self.acting.role_now(organization).await?;
        if role.is_none_or(|role| Permission::KeysWrite.of_role(role).is_none()) {
            return Ok(Err(Refusal::Forbidden(Permission::KeysWrite)));
        }
        if self.adds_one(organization).await?
            && let Err(denied) = room_for(uow, &self.plans, &tenant, Meter::Keys, self.now).await?
        {
            return Ok(Err(Refusal::Denied(denied)));
        }
        if let Err(refusal) = self.change(uow.organization()).await? {
            return Ok(Err(refusal));
        }
        for letter in &self.letters {
            uow.outbox().send(letter).await?;
        }
        uow.audit().record(&self.event).await.map(Ok)
    }

    /// Whether there is a key more afterwards that is not over.
    async fn adds_one(
        &self,
        organization: &mut dyn OrganizationRepository,
    ) -> Result<bool, StoreError> {
        Ok(match &self.act {
            Act::Make { .. } => true,
            Act::Change { expires_at: Some(_), .. } => {
                let key = organization.key(self.id).await?;
                key.is_some_and(|key| key.expires_at <= self.now)
            }
            Act::Change { .. } | Act::Rotate { .. } | Act::Revoke => false,
        })
    }

    async fn change(&self, organization: &mut dyn OrganizationRepository) -> Ruled<()> {
        let found = match &self.act {
            Act::Make { key, hash } => {
                if organization.keys().await?.len() >= MAX_KEYS {
                    let rule = Rule::Plan { max: MAX_KEYS as u64 };
                    return Ok(Err(Refusal::Invalid(Invalid::new("name", rule))));
                }
                organization.insert_key(key, *hash).await?;
                true
            }
            // Read under the lock: another change of another part must stand.
            Act::Change { name, networks, expires_at } => match organization.key(self.id).await? {
                None => false,
                Some(mut key) => {
                    key.name = name.clone().unwrap_or(key.name);
                    key.networks = networks.clone().unwrap_or(key.networks);
                    key.expires_at = expires_at.unwrap_or(key.expires_at);
                    organization.update_key(&key).await?
                }
            },
            Act::Rotate { hint, hash, until } => {
                organization.rotate_key(self.id, hint, *hash, *until).await?
            }
            Act::Revoke => organization.delete_key(self.id).await?,
        };
        Ok(found.then_some(()).ok_or(Refusal::NotAvailable))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_written_by_its_first_address() {
        for (text, read) in [
            ("192.0.2.0/24", "192.0.2.0/24"),
            ("192.0.2.7/32", "192.0.2.7/32"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("2001:DB8:1:0::/48", "2001:db8:1::/48"),
            ("::/0", "::/0"),
        ] {
            assert_eq!(KeyNetwork::parse(text).unwrap().0, read);
        }
        for text in
            ["", "192.0.2.7", "192.0.2.7/24", "192.0.2.0/33", "2001:db8::1/64", "x/8", "::/129"]
        {
            assert!(KeyNetwork::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_key_has_a_scope_and_none_twice() {
        let rule = |scopes: &[Scope]| check_scopes(scopes).map_err(|bad| bad.rule.code());
        assert_eq!(rule(&[]), Err("required"));
        assert_eq!(rule(&[Scope::AuditRead, Scope::AuditRead]), Err("duplicate"));
        let both = [Scope::SecretsCreate, Scope::MembersRead];
        assert_eq!(rule(&both), Ok(vec![Scope::MembersRead, Scope::SecretsCreate]));
    }
}
