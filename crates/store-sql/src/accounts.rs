//! Accounts: one row each.

use async_trait::async_trait;
use wax_kernel::{AccountId, EmailAddress, PasskeyId, TenantId, Timestamp};
use wax_model::{Account, AccountEvent, Belonging, Membership, StoredPasskey, Totp};
use wax_store::{AccountRepository, StoreError, TokenHash};

use crate::{
    account_events, devices,
    dialect::locking,
    engine::{Fields, Rows, Session, sql},
    members, passkeys, recovery_codes,
    statements::{both, statements},
    tokens,
    unscoped::Unscoped,
};

/// The columns of an [`Account`].
macro_rules! columns {
    () => {
        "id, email, name, lang, password, totp_key, totp_last_step, created_at_ms"
    };
}

statements! {
    FIND_ACCOUNT = both(concat!("SELECT ", columns!(), " FROM accounts WHERE id = $1"));
    FIND_ACCOUNT_BY_ADDRESS = both(concat!("SELECT ", columns!(), " FROM accounts WHERE email_key = $1"));
    LOCK_ACCOUNT = locking!(concat!("SELECT ", columns!(), " FROM accounts WHERE id = $1"));
    INSERT_ACCOUNT = both(concat!("INSERT INTO accounts (email_key, ", columns!(), ")
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (email_key) DO NOTHING"));
    /// Of two that take one address at once, the engine runs the second again, which then sees the first.
    UPDATE_ACCOUNT = both("UPDATE accounts
        SET email_key = $1, email = $3, name = $4, lang = $5, password = $6, totp_key = $7, totp_last_step = $8
        WHERE id = $2 AND NOT EXISTS (SELECT 1 FROM accounts AS other WHERE other.email_key = $1 AND other.id <> $2)");
    /// Whatever hangs on it goes with it (ON DELETE CASCADE).
    DELETE_ACCOUNT = both("DELETE FROM accounts WHERE id = $1");
    LIST_MEMBERSHIPS = both("SELECT tenant_id, account_id, role, domain_id, joined_at_ms FROM memberships
        WHERE account_id = $1 ORDER BY tenant_id");
    BELONGINGS = both("SELECT tenants.id AS tenant_id, tenants.slug AS slug, tenants.name AS name,
            deletion_due_at_ms, account_id, role, domain_id, joined_at_ms
        FROM memberships JOIN tenants ON tenants.id = memberships.tenant_id
        WHERE account_id = $1 ORDER BY tenants.name, tenants.slug");
    FIND_BELONGING = both("SELECT tenants.id AS tenant_id, tenants.slug AS slug, tenants.name AS name,
            deletion_due_at_ms, account_id, role, domain_id, joined_at_ms
        FROM memberships JOIN tenants ON tenants.id = memberships.tenant_id
        WHERE account_id = $1 AND (tenants.id = $2 OR tenants.slug = $2)");
}

fn account(row: Fields<'_>) -> Result<Account, StoreError> {
    Ok(Account {
        id: row.parse("id", AccountId::parse)?,
        email: row.parse("email", EmailAddress::parse)?,
        name: row.get("name")?,
        lang: row.get("lang")?,
        password: row.get("password")?,
        totp: totp(row)?,
        created_at: row.at("created_at_ms")?,
    })
}

fn totp(row: Fields<'_>) -> Result<Option<Totp>, StoreError> {
    match (row.get("totp_key")?, row.get("totp_last_step")?) {
        (Some(sealed_key), Some(last_step)) => Ok(Some(Totp { sealed_key, last_step })),
        (None, None) => Ok(None),
        _ => Err(row.corrupt("totp_key")),
    }
}

fn belonging(row: Fields<'_>) -> Result<Belonging, StoreError> {
    Ok(Belonging {
        tenant: row.parse("tenant_id", TenantId::parse)?,
        slug: row.get("slug")?,
        name: row.get("name")?,
        deletion_due_at: row.maybe_at("deletion_due_at_ms")?,
        membership: members::membership(row)?,
    })
}

pub(crate) async fn find(
    database: &mut impl Rows,
    id: AccountId,
) -> Result<Option<Account>, StoreError> {
    let row = database.row(sql(FIND_ACCOUNT).bind(id)).await?;
    row.map(|row| account(row.of("accounts"))).transpose()
}

pub(crate) async fn find_by_address(
    database: &mut impl Rows,
    email: &EmailAddress,
) -> Result<Option<Account>, StoreError> {
    let row = database.row(sql(FIND_ACCOUNT_BY_ADDRESS).bind(email.key())).await?;
    row.map(|row| account(row.of("accounts"))).transpose()
}

/// Where it is a member, by name.
pub(crate) async fn belongings(
    database: &mut impl Rows,
    id: AccountId,
) -> Result<Vec<Belonging>, StoreError> {
    let rows = database.rows(sql(BELONGINGS).bind(id)).await?;
    rows.iter().map(|row| belonging(row.of("memberships"))).collect()
}

/// What it is in the organization with this id or slug.
pub(crate) async fn belonging_to(
    database: &mut impl Rows,
    id: AccountId,
    organization: &str,
) -> Result<Option<Belonging>, StoreError> {
    let row = database.row(sql(FIND_BELONGING).bind(id).bind(organization)).await?;
    row.map(|row| belonging(row.of("memberships"))).transpose()
}

#[async_trait]
impl AccountRepository for Unscoped<Session<'_>> {
    async fn insert(&mut self, account: &Account) -> Result<bool, StoreError> {
        let totp = account.totp.as_ref();
        let insert = sql(INSERT_ACCOUNT)
            .bind(account.email.key())
            .bind(account.id)
            .bind(account.email.as_str())
            .bind(&*account.name)
            .bind(&*account.lang)
            .bind(account.password.as_deref())
            .bind(totp.map(|totp| &*totp.sealed_key))
            .bind(totp.map(|totp| totp.last_step))
            .bind(account.created_at);
        self.session.changed(insert).await
    }

    async fn lock(&mut self, id: AccountId) -> Result<Option<Account>, StoreError> {
        let row = self.session.row(sql(LOCK_ACCOUNT).bind(id)).await?;
        row.map(|row| account(row.of("accounts"))).transpose()
    }

    async fn update(&mut self, account: &Account) -> Result<bool, StoreError> {
        let totp = account.totp.as_ref();
        let update = sql(UPDATE_ACCOUNT)
            .bind(account.email.key())
            .bind(account.id)
            .bind(account.email.as_str())
            .bind(&*account.name)
            .bind(&*account.lang)
            .bind(account.password.as_deref())
            .bind(totp.map(|totp| &*totp.sealed_key))
            .bind(totp.map(|totp| totp.last_step));
        self.session.changed(update).await
    }

    async fn delete(&mut self, id: AccountId) -> Result<(), StoreError> {
        tokens::delete_of(&mut self.session, &id.to_string()).await?;
        self.session.execute(sql(DELETE_ACCOUNT).bind(id)).await
    }

    async fn memberships(
        &mut self,
        id: AccountId,
    ) -> Result<Vec<(TenantId, Membership)>, StoreError> {
        let rows = self.session.rows(sql(LIST_MEMBERSHIPS).bind(id)).await?;
        let memberships = rows.iter().map(|row| {
            let row = row.of("memberships");
            Ok((row.parse("tenant_id", TenantId::parse)?, members::membership(row)?))
        });
        memberships.collect()
    }

    async fn replace_recovery_codes(
        &mut self,
        id: AccountId,
        hashes: &[TokenHash],
    ) -> Result<(), StoreError> {
        recovery_codes::replace(&mut self.session, id, hashes).await
    }

    async fn take_recovery_code(
        &mut self,
        id: AccountId,
        hash: TokenHash,
    ) -> Result<bool, StoreError> {
        recovery_codes::take(&mut self.session, id, hash).await
    }

    async fn passkeys(&mut self, id: AccountId) -> Result<Vec<StoredPasskey>, StoreError> {
        passkeys::list(&mut self.session, id).await
    }

    async fn insert_passkey(&mut self, passkey: &StoredPasskey) -> Result<bool, StoreError> {
        passkeys::insert(&mut self.session, passkey).await
    }

    async fn update_passkey(&mut self, passkey: &StoredPasskey) -> Result<bool, StoreError> {
        passkeys::update(&mut self.session, passkey).await
    }

    async fn delete_passkey(
        &mut self,
        account: AccountId,
        id: PasskeyId,
    ) -> Result<bool, StoreError> {
        passkeys::delete(&mut self.session, account, id).await
    }

    async fn see_device(
        &mut self,
        account: AccountId,
        device: TokenHash,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        devices::see(&mut self.session, account, device, now).await
    }

    async fn record(&mut self, event: &AccountEvent) -> Result<(), StoreError> {
        account_events::insert(&mut self.session, event).await
    }
}
