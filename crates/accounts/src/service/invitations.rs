//! Invitations: mailed, sent again, taken back, accepted.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use wax_httpkit::auth::SignedIn;
use wax_kernel::{
    AccountId, DomainId, EmailAddress, EventId, InvitationId, Redacted, TenantId, Timestamp,
};
use wax_model::{
    Account, AccountAction, AccountEvent, Action, Actor, AuditEvent, Invalid, Invitation, MailKind,
    Membership, Meter, OutboxMessage, Permission, Plans, Role, Rule, SignUpPolicy, Tenant,
    TenantScope, TokenPurpose,
};
use wax_store::{NewToken, PlatformUnit, TokenHash, UnitOfWork, room_for, room_to_join};

use super::{
    Accounts, BearerText, Caller, Language, Name, Refusal,
    acting::{Acting, Ruled},
    letters::page,
    members::check_domain,
    organizations::Seen,
    sessions::NewSession,
};

/// How long an invitation stands.
const STANDS: Duration = Duration::from_hours(7 * 24);
/// Invitations of one organization that stand at once.
const MAX_OPEN: usize = 100;

/// Whom to invite.
#[derive(Debug, Clone)]
pub(crate) struct Invite {
    pub(crate) email: EmailAddress,
    pub(crate) role: Role,
    pub(crate) domain: Option<DomainId>,
    pub(crate) language: Option<Language>,
}

/// Somebody with an invitation and no account.
#[derive(Debug)]
pub(crate) struct InvitedSignUp {
    pub(crate) token: Redacted<String>,
    pub(crate) name: Name,
    pub(crate) password: Redacted<String>,
    pub(crate) language: Language,
}

/// What a mailed invitation's holder is told.
#[derive(Debug)]
pub(crate) struct InvitationLook {
    pub(crate) organization: String,
    pub(crate) inviter: String,
    pub(crate) role: Role,
    pub(crate) email: EmailAddress,
}

/// What the token of an invitation remembers.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Standing {
    tenant: TenantId,
    invitation: InvitationId,
}

impl Accounts {
    /// Those that stand, newest first.
    pub(crate) async fn invitations(&self, acting: &Acting) -> Result<Vec<Invitation>, Refusal> {
        let now = self.now();
        Ok(self.store().read(acting.scope).organization().invitations(now).await?)
    }

    /// Invites somebody by mail. One that stands for the same address is replaced.
    ///
    /// # Errors
    /// [`Refusal::AlreadyMember`]: the address is a member's. [`Refusal::HeldBack`]: it had several mails lately.
    pub(crate) async fn invite(
        &self,
        acting: &Acting,
        invite: Invite,
    ) -> Result<Invitation, Refusal> {
        let Invite { email, role, domain, language } = invite;
        let account = self.reads().account_by_address(&email).await?;
        // Who has no account is looked for, too: otherwise the time would tell.
        let id = account.map_or_else(|| AccountId::random(self.rng()), |account| account.id);
        if self.store().read(acting.scope).organization().member(id).await?.is_some() {
            return Err(Refusal::AlreadyMember);
        }
        let now = self.now();
        let lang = match language {
            Some(language) => language.tag().to_owned(),
            None => self.language_of(acting).await?,
        };
        let invitation = Invitation {
            id: InvitationId::random(self.rng()),
            email,
            role,
            domain,
            invited_by: acting.actor,
            lang,
            created_at: now,
            expires_at: now.plus(STANDS),
        };
        self.send_invitation(acting, invitation, Action::InvitationMade).await
    }

    /// Mails an invitation again, with a new link; the old one ends, and the time begins anew.
    ///
    /// # Errors
    /// [`Refusal::HeldBack`]: its address had several mails lately.
    pub(crate) async fn resend(
        &self,
        acting: &Acting,
        id: InvitationId,
    ) -> Result<Invitation, Refusal> {
        let now = self.now();
        let found = self.store().read(acting.scope).organization().invitation(id, now).await?;
        let found = found.ok_or(Refusal::NotAvailable)?;
        let invitation = Invitation { expires_at: now.plus(STANDS), ..found };
        self.send_invitation(acting, invitation, Action::InvitationResent).await
    }

    async fn send_invitation(
        &self,
        acting: &Acting,
        invitation: Invitation,
        action: Action,
    ) -> Result<Invitation, Refusal> {
        let tenant = acting.scope.tenant();
        let whose = format!("{tenant} {}", invitation.email.key());
        self.count(self.mark("invitation mails", &whose)).await?;
        let standing = Standing { tenant, invitation: invitation.id };
        let (text, token) =
            self.new_token(TokenPurpose::Invitation, invitation.id.to_string(), STANDS, &standing);
        let kind = MailKind::Invitation {
            link: page(&acting.origin, "/invitation", &text),
            organization: self.seen_by(acting).await?.tenant.name,
            inviter: self.name_of(acting).await?,
            role: invitation.role,
            expires: invitation.expires_at,
        };
        let until = Some(invitation.expires_at);
        let mail = self.letter(&invitation.email, &invitation.lang, &acting.origin, kind, until);
        let event = self.audit(acting, action, invitation.id);
        let sending = Sending {
            acting: acting.clone(),
            invitation: invitation.clone(),
            token,
            mail,
            event,
            plans: self.plans().clone(),
            now: self.now(),
        };
        let work = self.store().write_platform(move |unit| {
            let sending = sending.clone();
            Box::pin(async move { sending.write(unit).await })
        });
        work.await??;
        Ok(invitation)
    }

    /// Takes an invitation back. Its link opens nothing any more.
    pub(crate) async fn withdraw(&self, acting: &Acting, id: InvitationId) -> Result<(), Refusal> {
        let event = self.audit(acting, Action::InvitationWithdrawn, id);
        let (acting, now) = (acting.clone(), self.now());
        let work = self.store().write_platform(move |unit| {
            let (acting, event) = (acting.clone(), event.clone());
            Box::pin(async move { withdraw(unit, &acting, id, &event, now).await })
        });
        work.await?
    }

    /// What somebody with the mailed link is told, signed in or not.
    pub(crate) async fn look_at_invitation(&self, token: &str) -> Result<InvitationLook, Refusal> {
        let (_, scope, invitation) = self.standing_invitation(token).await?;
        let inviter = match invitation.invited_by {
            Actor::Account(id) => self.reads().account(id).await?.map(|account| account.name),
            Actor::Key(_) | Actor::Operator => None,
        };
        let tenant = self.store().read(scope).organization().find().await?;
        let organization = tenant.ok_or(Refusal::NotAvailable)?.name;
        Ok(InvitationLook {
            inviter: inviter.unwrap_or_else(|| organization.clone()),
            organization,
            role: invitation.role,
            email: invitation.email,
        })
    }

    /// Makes the caller a member, if the invitation was sent to their address.
    ///
    /// # Errors
    /// [`Refusal::NotAvailable`] also for another address: whoever holds somebody else's link learns nothing by it.
    pub(crate) async fn accept(&self, caller: &SignedIn, token: &str) -> Result<Seen, Refusal> {
        let found = self.standing_invitation(token).await?;
        let (scope, account) = (found.1, caller.session.account);
        let joining = self.joining(found, account, caller.context.network.as_str());
        let work = self.store().write_platform(move |unit| {
            let joining = joining.clone();
            Box::pin(async move { joining.write(unit).await })
        });
        work.await??;
        self.organization_of(account, scope.tenant()).await
    }

    /// Makes an account of the invited address, which the mail has proven, and its owner a member. Answers the session's
    /// token.
    ///
    /// # Errors
    /// [`Refusal::HasAccount`]: the address has an account; signing in and accepting is the way.
    pub(crate) async fn sign_up_invited(
        &self,
        caller: &Caller,
        command: InvitedSignUp,
    ) -> Result<BearerText, Refusal> {
        if self.sign_up_policy().await? == SignUpPolicy::Closed {
            return Err(Refusal::SignUpClosed);
        }
        let InvitedSignUp { token, name, password, language } = command;
        let found = self.standing_invitation(token.expose()).await?;
        let email = found.2.email.clone();
        let known = vec![email.as_str().to_owned(), name.as_str().to_owned()];
        let account = Account {
            id: AccountId::random(self.rng()),
            email,
            name: name.into_string(),
            lang: language.tag().to_owned(),
            password: Some(self.hash_new(&password, known).await?),
            totp: None,
            created_at: self.now(),
        };
        let by = AccountAction::SignedInByLink;
        let session = self.new_session(&account, caller, by).await?.unannounced();
        let created = self.event(account.id, AccountAction::Created, caller);
        let joining = self.joining(found, account.id, &caller.network);
        let text = session.text.clone();
        let signing_up = SigningUp { joining, account, created, session };
        let work = self.store().write_platform(move |unit| {
            let signing_up = signing_up.clone();
            Box::pin(async move { signing_up.write(unit).await })
        });
        work.await??;
        Ok(text)
    }

    fn joining(
        &self,
        (hash, scope, invitation): (TokenHash, TenantScope, Invitation),
        account: AccountId,
        network: &str,
    ) -> Joining {
        let now = self.now();
        let event = AuditEvent {
            id: EventId::random(self.rng()),
            at: now,
            action: Action::MemberJoined,
            actor: Some(Actor::Account(account)),
            subject: account.to_string(),
            network: Some(network.to_owned()),
        };
        let plans = self.plans().clone();
        Joining { hash, scope, account, invitation, event, plans, now }
    }

    /// The invitation that a mailed token names, while both stand.
    pub(super) async fn standing_invitation(
        &self,
        token: &str,
    ) -> Result<(TokenHash, TenantScope, Invitation), Refusal> {
        let standing = self.standing::<Standing>(token, TokenPurpose::Invitation).await?;
        let (hash, Standing { tenant, invitation }) = standing;
        let (scope, now) = (proven(tenant), self.now());
        let found = self.store().read(scope).organization().invitation(invitation, now).await?;
        Ok((hash, scope, found.ok_or(Refusal::NotAvailable)?))
    }

    async fn language_of(&self, acting: &Acting) -> Result<String, Refusal> {
        let account = match acting.actor {
            Actor::Account(id) => self.reads().account(id).await?,
            Actor::Key(_) | Actor::Operator => None,
        };
        Ok(account.map_or_else(|| Language::En.tag().to_owned(), |account| account.lang))
    }
}

#[derive(Debug, Clone)]
struct Sending {
    acting: Acting,
    invitation: Invitation,
    token: NewToken,
    mail: OutboxMessage,
    event: AuditEvent,
    plans: Plans,
    now: Timestamp,
}

impl Sending {
    async fn write(&self, unit: &mut dyn PlatformUnit) -> Ruled<()> {
        let replaced = match self.write_row(&mut *unit.within(self.acting.scope)).await? {
            Ok(replaced) => replaced,
            Err(refusal) => return Ok(Err(refusal)),
        };
        for id in replaced {
            unit.tokens().revoke(TokenPurpose::Invitation, &id.to_string()).await?;
        }
        unit.tokens().insert(&self.token, self.now).await?;
        Ok(Ok(()))
    }

    /// Answers which invitations' links are to end: those of the same address.
    async fn write_row(&self, uow: &mut dyn UnitOfWork) -> Ruled<Vec<InvitationId>> {
        let Self { acting, invitation, .. } = self;
        let organization = uow.organization();
        let tenant = organization.lock().await?;
        let caller = acting.role_now(organization).await?;
        let Some((tenant, caller)) = tenant.zip(caller) else {
            return Ok(Err(Refusal::NotAvailable));
        };
        if !caller.governs(invitation.role) || acting.exceeds(invitation.role) {
            return Ok(Err(Refusal::Forbidden(Permission::MembersWrite)));
        }
        let open = organization.invitations(self.now).await?;
        let same = |other: &&Invitation| other.email.key() == invitation.email.key();
        let replaced: Vec<_> = open.iter().filter(same).map(|other| other.id).collect();
        let resent = self.event.action == Action::InvitationResent;
        if resent && !replaced.contains(&invitation.id) {
            return Ok(Err(Refusal::NotAvailable));
        }
        if replaced.is_empty() && open.len() >= MAX_OPEN {
            let rule = Rule::Plan { max: MAX_OPEN as u64 };
            return Ok(Err(Refusal::Invalid(Invalid::new("email", rule))));
        }
        if replaced.is_empty()
            && let Err(denied) =
                room_for(uow, &self.plans, &tenant, Meter::Members, self.now).await?
        {
            return Ok(Err(Refusal::Denied(denied)));
        }
        if let Err(refusal) = check_domain(uow, invitation.role, invitation.domain).await? {
            return Ok(Err(refusal));
        }
        uow.organization().insert_invitation(invitation).await?;
        uow.outbox().send(&self.mail).await?;
        uow.audit().record(&self.event).await?;
        Ok(Ok(replaced))
    }
}

async fn withdraw(
    unit: &mut dyn PlatformUnit,
    acting: &Acting,
    id: InvitationId,
    event: &AuditEvent,
    now: Timestamp,
) -> Ruled<()> {
    {
        let mut within = unit.within(acting.scope);
        let organization = within.organization();
        organization.lock().await?;
        let (found, caller) =
            (organization.invitation(id, now).await?, acting.role_now(organization).await?);
        let Some((found, caller)) = found.zip(caller) else {
            return Ok(Err(Refusal::NotAvailable));
        };
        if !caller.governs(found.role) {
            return Ok(Err(Refusal::Forbidden(Permission::MembersWrite)));
        }
        organization.delete_invitation(id).await?;
        within.audit().record(event).await?;
    }
    unit.tokens().revoke(TokenPurpose::Invitation, &id.to_string()).await?;
    Ok(Ok(()))
}

/// An account that becomes a member by an invitation.
#[derive(Debug, Clone)]
struct Joining {
    hash: TokenHash,
    scope: TenantScope,
    account: AccountId,
    invitation: Invitation,
    event: AuditEvent,
    plans: Plans,
    now: Timestamp,
}

impl Joining {
    /// Whoever takes the token joins; a second finds nothing. The address is compared before it is taken, so that somebody
    /// else's try leaves it standing.
    async fn write(&self, unit: &mut dyn PlatformUnit) -> Ruled<()> {
        let tenant = unit.within(self.scope).organization().lock().await?;
        let account = unit.accounts().lock(self.account).await?;
        if !account.is_some_and(|account| account.email == self.invitation.email) {
            return Ok(Err(Refusal::NotAvailable));
        }
        self.take(unit, tenant).await
    }

    /// `tenant`: as its lock read it.
    async fn take(&self, unit: &mut dyn PlatformUnit, tenant: Option<Tenant>) -> Ruled<()> {
        let Some(tenant) = tenant else { return Ok(Err(Refusal::NotAvailable)) };
        // Whoever was removed or demoted since brings nobody in: least of all another self.
        let inviter = match self.invitation.invited_by {
            Actor::Account(id) => {
                let member = unit.within(self.scope).organization().member(id).await?;
                member.map(|member| member.role)
            }
            Actor::Key(_) | Actor::Operator => Some(Role::Admin),
        };
        if !inviter.is_some_and(|inviter| inviter.governs(self.invitation.role)) {
            return Ok(Err(Refusal::NotAvailable));
        }
        let mut within = unit.within(self.scope);
        if room_to_join(&mut *within, &self.plans, &tenant, self.now).await?.is_err() {
            return Ok(Err(Refusal::NoRoom));
        }
        drop(within);
        let taken = unit.tokens().take(self.hash, TokenPurpose::Invitation, self.now).await?;
        if taken.is_none() {
            return Ok(Err(Refusal::NotAvailable));
        }
        let mut within = unit.within(self.scope);
        let Invitation { role, domain, .. } = self.invitation;
        let member = Membership { account: self.account, role, domain, joined_at: self.now };
        if !within.organization().delete_invitation(self.invitation.id).await? {
            return Ok(Err(Refusal::NotAvailable));
        }
        if within.organization().insert_member(&member).await? {
            within.audit().record(&self.event).await?;
        }
        Ok(Ok(()))
    }
}

/// Somebody who gets an account by an invitation.
#[derive(Clone)]
struct SigningUp {
    joining: Joining,
    account: Account,
    created: AccountEvent,
    session: NewSession,
}

impl SigningUp {
    /// All of it or nothing: an address that has an account keeps its invitation.
    async fn write(&self, unit: &mut dyn PlatformUnit) -> Ruled<()> {
        let scope = self.joining.scope;
        let tenant = unit.within(scope).organization().lock().await?;
        unit.within(scope).savepoint().await?;
        if !unit.accounts().insert(&self.account).await? {
            return Ok(Err(Refusal::HasAccount));
        }
        if let Err(refusal) = self.joining.take(unit, tenant).await? {
            unit.within(scope).undo().await?;
            return Ok(Err(refusal));
        }
        unit.accounts().record(&self.created).await?;
        self.session.write(unit, self.joining.now).await?;
        Ok(Ok(()))
    }
}

#[expect(clippy::disallowed_methods, reason = "the mailed token has proven it")]
const fn proven(tenant: TenantId) -> TenantScope {
    TenantScope::proven(tenant)
}
