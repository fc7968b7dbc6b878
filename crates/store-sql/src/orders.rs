//! Certificates on their way, their ledger, and our accounts at issuers.

use std::{fmt::Display, sync::Arc};

use async_trait::async_trait;
use sha2::{Digest as _, Sha256};
use wax_acme::{
    Answer, Bucket, Buckets, Certificate, Chain, Change, Charge, Event, Issuance, IssuerId, Lease,
    OrderStore, Phase, Step, StoreFault, StoredAccount, Wait, ledger,
};
use wax_kernel::{DomainId, EventId, TenantId, Timestamp};
use wax_model::{
    Action, AuditEvent,
    domain::{AxisChange, CertificateState, DomainEvent},
};
use wax_store::StoreError;

use crate::{
    SqlStore, audit, certificates, change_log,
    dialect::{listed, locking, skipping_locked},
    domain_history,
    engine::{Fields, Query, Rows, Session, sql},
    statements::{both, statements},
};

statements! {
    ADD_ISSUANCE = both("INSERT INTO issuances
            (domain_id, tenant_id, state, next_at_ms, urgency_ms, leased_until_ms, fence)
        VALUES ($1, $2, $3, $4, $5, 0, 0) ON CONFLICT (domain_id) DO NOTHING");
    FIND_ISSUANCE = both("SELECT state FROM issuances WHERE domain_id = $1");
    FIND_ISSUANCES = listed!("SELECT state FROM issuances WHERE domain_id IN ", " ORDER BY domain_id");
    LOCK_ISSUANCE = locking!("SELECT state FROM issuances WHERE domain_id = $1");
    LOCK_LEASED = locking!("SELECT state FROM issuances WHERE domain_id = $1 AND fence = $2");
    ANY_DUE_ISSUANCE = both("SELECT domain_id FROM issuances WHERE next_at_ms <= $1 AND leased_until_ms <= $1 LIMIT 1");
    CLAIM_ISSUANCE = skipping_locked!(
        "WITH due AS MATERIALIZED (SELECT domain_id FROM issuances
            WHERE next_at_ms <= $1 AND leased_until_ms <= $1 ORDER BY urgency_ms, domain_id LIMIT 1",
        ") UPDATE issuances SET leased_until_ms = $2, fence = issuances.fence + 1 FROM due
        WHERE issuances.domain_id = due.domain_id RETURNING state, fence"
    );
    SAVE_ISSUANCE = both("UPDATE issuances
        SET state = $3, next_at_ms = $4, urgency_ms = $5, leased_until_ms = $6, fence = fence + $7
        WHERE domain_id = $1 AND fence = $2");
    MEND_ISSUANCE = both("UPDATE issuances SET state = $2, next_at_ms = $3 WHERE domain_id = $1");
    DELETE_ISSUANCE = both("DELETE FROM issuances WHERE domain_id = $1");
    /// Of a tenant's issuances, those of domains that have no certificate yet.
    COUNT_FIRST_ISSUANCES = both("SELECT COUNT(*) AS waiting FROM issuances
        WHERE tenant_id = $1 AND state LIKE '%\"in_use\":null%'");
    FIND_BUCKET = both("SELECT arrival_at_ms FROM issuer_buckets
        WHERE issuer = $1 AND budget = $2 AND bucket_key = $3");
    LOCK_BUCKET = locking!("SELECT arrival_at_ms FROM issuer_buckets
        WHERE issuer = $1 AND budget = $2 AND bucket_key = $3");
    /// Not an upsert: whoever makes the same bucket at the same time must run again, and see it.
    MAKE_BUCKET = both("INSERT INTO issuer_buckets (issuer, budget, bucket_key, arrival_at_ms) VALUES ($1, $2, $3, $4)");
    FILL_BUCKET = both("UPDATE issuer_buckets SET arrival_at_ms = $4
        WHERE issuer = $1 AND budget = $2 AND bucket_key = $3");
    FIND_ISSUER_ACCOUNT = both("SELECT state FROM issuer_accounts WHERE issuer = $1");
    ADD_ISSUER_ACCOUNT = both("INSERT INTO issuer_accounts (issuer, state) VALUES ($1, $2) ON CONFLICT (issuer) DO NOTHING");
    CHANGE_ISSUER_ACCOUNT = both("UPDATE issuer_accounts SET state = $3 WHERE issuer = $1 AND state = $2");
}

/// One field after the other in the order of declaration, so that equal values are equal texts.
fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("what is stored has a JSON form")
}

fn issuance(row: Fields<'_>) -> Result<Issuance, StoreError> {
    row.parse("state", |text| serde_json::from_str(text))
}

async fn claim(
    session: &mut Session<'_>,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<(Issuance, Lease)>, StoreError> {
    let claim = sql(CLAIM_ISSUANCE).bind(now).bind(until);
    let Some(row) = session.row(claim).await? else { return Ok(None) };
    let row = row.of("issuances");
    let issuance = issuance(row)?;
    let lease = Lease { domain: issuance.domain, fence: row.get("fence")? };
    Ok(Some((issuance, lease)))
}

/// The issuance as it was, held until the transaction ends. `None`: the lease is somebody else's.
async fn leased(session: &mut Session<'_>, lease: &Lease) -> Result<Option<Issuance>, StoreError> {
    let row = session.row(sql(LOCK_LEASED).bind(lease.domain).bind(lease.fence)).await?;
    row.map(|row| issuance(row.of("issuances"))).transpose()
}

async fn write(
    session: &mut Session<'_>,
    lease: &Lease,
    change: &Change,
    now: Timestamp,
) -> Result<(), StoreError> {
    let own = &change.issuance;
    let given_back = i64::from(change.lease_until.is_none());
    let save = sql(SAVE_ISSUANCE)
        .bind(lease.domain)
        .bind(lease.fence)
        .bind(&*json(own))
        .bind(own.next_at)
        .bind(own.urgency())
        .bind(change.lease_until.unwrap_or(Timestamp::from_ms(0)))
        .bind(given_back);
    session.execute(save).await?;
    if let Some(certificate) = &change.certificate {
        certificates::replace(session, own.tenant, certificate, now).await?;
    }
    Ok(())
}

/// Tells the domain's history and edges what is new to them. Last in a transaction: it holds the change log.
async fn tell(
    session: &mut Session<'_>,
    before: &Issuance,
    change: &Change,
    now: Timestamp,
) -> Result<(), StoreError> {
    let own = &change.issuance;
    note(session, before.axis(now), own, now).await?;
    if change.certificate.is_some() || before.step.answer() != own.step.answer() {
        change_log::announce(session, own.domain, now).await?;
    }
    Ok(())
}

/// Writes a change of the certificate's axis into the domain's history and the trail.
async fn note(
    session: &mut Session<'_>,
    was: CertificateState,
    own: &Issuance,
    now: Timestamp,
) -> Result<(), StoreError> {
    let became = own.axis(now);
    if was == became {
        return Ok(());
    }
    let is_trouble = matches!(became, CertificateState::Backoff | CertificateState::Blocked);
    let trouble = own.trouble.as_ref().filter(|_| is_trouble);
    let said =
        |detail: &str| serde_json::json!({"issuer": own.issuer, "detail": detail}).to_string();
    let event = DomainEvent {
        id: event_id(own.domain, was, became, now),
        domain: own.domain,
        at: now,
        change: AxisChange::Certificate(was, became),
        actor: None,
        code: trouble.map(|trouble| trouble.reason.rule().code.to_owned()),
        evidence: trouble.map(|trouble| said(trouble.detail.text())),
    };
    if !domain_history::record(session, &event).await? {
        return Ok(());
    }
    let audit = AuditEvent {
        id: event.id,
        at: now,
        action: Action::DomainCertificateChanged,
        actor: None,
        subject: own.domain.to_string(),
        network: None,
    };
    audit::insert(session, own.tenant, &audit).await
}

/// As good as random, and the same should the unit run again: one domain's axis makes a step once in a moment.
fn event_id(
    domain: DomainId,
    was: CertificateState,
    became: CertificateState,
    now: Timestamp,
) -> EventId {
    let step = format!("{domain} {} {} {}", was.as_str(), became.as_str(), now.as_ms());
    let digest: [u8; 32] = Sha256::digest(step).into();
    EventId::from_bytes(digest.first_chunk().copied().unwrap_or_default())
}

/// The buckets, held until the transaction ends; in one order, so that nobody waits for somebody who waits for them.
async fn buckets<'a>(
    session: &mut Session<'_>,
    wanted: impl Iterator<Item = &'a Bucket>,
) -> Result<Buckets, StoreError> {
    let mut sorted: Vec<_> = wanted.collect();
    sorted.sort();
    sorted.dedup();
    let mut buckets = Buckets::new();
    for bucket in sorted {
        let lock = sql(LOCK_BUCKET).bind(bucket.issuer.as_str());
        let lock = lock.bind(bucket.budget.as_str()).bind(&*bucket.key);
        if let Some(row) = session.row(lock).await? {
            buckets.insert(bucket.clone(), row.of("issuer_buckets").at("arrival_at_ms")?);
        }
    }
    Ok(buckets)
}

async fn fill(
    session: &mut Session<'_>,
    before: &Buckets,
    after: &Buckets,
) -> Result<(), StoreError> {
    for (bucket, arrival) in after {
        let fill = match before.get(bucket) {
            Some(same) if same == arrival => continue,
            Some(_) => sql(FILL_BUCKET),
            None => sql(MAKE_BUCKET),
        };
        let fill = fill.bind(bucket.issuer.as_str());
        let fill = fill.bind(bucket.budget.as_str()).bind(&*bucket.key).bind(*arrival);
        session.execute(fill).await?;
    }
    Ok(())
}

async fn save(
    session: &mut Session<'_>,
    lease: &Lease,
    change: &Change,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Some(earlier) = leased(session, lease).await? else { return Ok(false) };
    write(session, lease, change, now).await?;
    let given = change.give_back.iter().map(|charge| &charge.bucket);
    let emptied = change.empty.iter().map(|(bucket, _)| bucket);
    let before = buckets(session, given.chain(emptied)).await?;
    let mut after = before.clone();
    for charge in &change.give_back {
        ledger::give_back(&mut after, charge);
    }
    if let Some((bucket, until)) = &change.empty {
        let arrival = after.entry(bucket.clone()).or_insert(*until);
        *arrival = (*arrival).max(*until);
    }
    fill(session, &before, &after).await?;
    tell(session, &earlier, change, now).await.map(|()| true)
}

/// `None`: the lease is somebody else's.
async fn spend(
    session: &mut Session<'_>,
    lease: &Lease,
    change: &Change,
    charges: &[Charge],
    now: Timestamp,
) -> Result<Option<Result<(), Wait>>, StoreError> {
    let Some(earlier) = leased(session, lease).await? else { return Ok(None) };
    let touched = charges.iter().chain(&change.give_back).map(|charge| &charge.bucket);
    let before = buckets(session, touched).await?;
    let mut after = before.clone();
    for charge in &change.give_back {
        ledger::give_back(&mut after, charge);
    }
    let lane = change.issuance.lane_at(now);
    if let Err(wait) = ledger::take(&mut after, charges, lane, now) {
        return Ok(Some(Err(wait)));
    }
    fill(session, &before, &after).await?;
    write(session, lease, change, now).await?;
    tell(session, &earlier, change, now).await.map(|()| Some(Ok(())))
}

async fn mend(
    session: &mut Session<'_>,
    domain: DomainId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Some(row) = session.row(sql(LOCK_ISSUANCE).bind(domain)).await? else { return Ok(false) };
    let mut issuance = issuance(row.of("issuances"))?;
    let (phase, was) = (issuance.step.phase(), issuance.axis(now));
    if phase.after(Event::Mended) == Some(Phase::Queued) {
        (issuance.step, issuance.since) = (Step::Queued, now);
    } else if phase != Phase::Queued {
        return Ok(false);
    }
    issuance.next_at = now;
    let mend = sql(MEND_ISSUANCE).bind(domain).bind(&*json(&issuance)).bind(now);
    session.execute(mend).await?;
    note(session, was, &issuance, now).await.map(|()| true)
}

async fn add(session: &mut Session<'_>, new: &Issuance) -> Result<bool, StoreError> {
    if !session.changed(adding(new)).await? {
        return Ok(false);
    }
    note(session, CertificateState::None, new, new.queued_at).await.map(|()| true)
}

async fn answers(
    database: &mut impl Rows,
    domains: &[DomainId],
) -> Result<Vec<(DomainId, Answer)>, StoreError> {
    let rows = database.rows(sql(FIND_ISSUANCES).bind(domains)).await?;
    let all = rows.iter().map(|row| issuance(row.of("issuances")));
    let all = all.collect::<Result<Vec<_>, _>>()?;
    Ok(all.iter().filter_map(|one| Some((one.domain, one.step.answer()?.clone()))).collect())
}

fn adding(new: &Issuance) -> Query {
    let add = sql(ADD_ISSUANCE).bind(new.domain).bind(new.tenant).bind(&*json(new));
    add.bind(new.next_at).bind(new.urgency())
}

/// All that a domain has of certificates. `false`: nothing.
async fn clear(session: &mut Session<'_>, domain: DomainId) -> Result<bool, StoreError> {
    let order = session.changed(sql(DELETE_ISSUANCE).bind(domain)).await?;
    Ok(certificates::delete(session, domain).await? || order)
}

fn broken(error: impl Display) -> StoreFault {
    StoreFault::Broken(error.to_string())
}

#[async_trait]
impl OrderStore for SqlStore {
    async fn add(&self, issuance: &Issuance) -> Result<bool, StoreFault> {
        let new = Arc::new(issuance.clone());
        let added = self.database.transact(move |mut session| {
            let new = Arc::clone(&new);
            Box::pin(async move { add(&mut session, &new).await })
        });
        added.await.map_err(broken)
    }

    async fn issuance(&self, domain: &DomainId) -> Result<Option<Issuance>, StoreFault> {
        let row = self.database.clone().row(sql(FIND_ISSUANCE).bind(*domain)).await;
        let row = row.map_err(broken)?;
        row.map(|row| issuance(row.of("issuances"))).transpose().map_err(broken)
    }

    /// Looks first: nodes ask every second, and a transaction would hold up `SQLite`'s one writer.
    async fn claim(
        &self,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<(Issuance, Lease)>, StoreFault> {
        let due = self.database.clone().row(sql(ANY_DUE_ISSUANCE).bind(now)).await;
        if due.map_err(broken)?.is_none() {
            return Ok(None);
        }
        let claimed = self.database.transact(move |mut session| {
            Box::pin(async move { claim(&mut session, now, until).await })
        });
        claimed.await.map_err(broken)
    }

    async fn save(&self, lease: &Lease, change: Change, now: Timestamp) -> Result<(), StoreFault> {
        let (lease, change) = (*lease, Arc::new(change));
        let saved = self.database.transact(move |mut session| {
            let change = Arc::clone(&change);
            Box::pin(async move { save(&mut session, &lease, &change, now).await })
        });
        if saved.await.map_err(broken)? { Ok(()) } else { Err(StoreFault::Lost) }
    }

    async fn spend(
        &self,
        lease: &Lease,
        change: Change,
        charges: &[Charge],
        now: Timestamp,
    ) -> Result<Result<(), Wait>, StoreFault> {
        let (lease, all) = (*lease, Arc::new((change, charges.to_vec())));
        let spent = self.database.transact(move |mut session| {
            let all = Arc::clone(&all);
            Box::pin(async move { spend(&mut session, &lease, &all.0, &all.1, now).await })
        });
        spent.await.map_err(broken)?.ok_or(StoreFault::Lost)
    }

    async fn buckets(&self, charges: &[Charge]) -> Result<Buckets, StoreFault> {
        let mut known = Buckets::new();
        for Charge { bucket, .. } in charges {
            let find = sql(FIND_BUCKET).bind(bucket.issuer.as_str());
            let find = find.bind(bucket.budget.as_str()).bind(&*bucket.key);
            if let Some(row) = self.database.clone().row(find).await.map_err(broken)? {
                let arrival = row.of("issuer_buckets").at("arrival_at_ms").map_err(broken)?;
                known.insert(bucket.clone(), arrival);
            }
        }
        Ok(known)
    }

    async fn mend(&self, domain: &DomainId, now: Timestamp) -> Result<bool, StoreFault> {
        let domain = *domain;
        let mended = self.database.transact(move |mut session| {
            Box::pin(async move { mend(&mut session, domain, now).await })
        });
        mended.await.map_err(broken)
    }

    async fn waiting(&self, tenant: &TenantId) -> Result<usize, StoreFault> {
        let row = self.database.clone().row(sql(COUNT_FIRST_ISSUANCES).bind(*tenant)).await;
        let count: Option<i64> = row
            .map_err(broken)?
            .map(|row| row.of("issuances").get("waiting"))
            .transpose()
            .map_err(broken)?;
        Ok(usize::try_from(count.unwrap_or_default()).unwrap_or_default())
    }

    async fn bring(
        &self,
        tenant: &TenantId,
        certificate: &Certificate,
        successor: Option<&Issuance>,
    ) -> Result<(), StoreFault> {
        let (tenant, all) = (*tenant, Arc::new((certificate.clone(), successor.cloned())));
        let brought = self.database.transact(move |mut session| {
            let all = Arc::clone(&all);
            Box::pin(async move {
                let (certificate, successor) = &*all;
                clear(&mut session, certificate.domain).await?;
                certificates::insert(&mut session, tenant, certificate).await?;
                if let Some(issuance) = successor {
                    session.execute(adding(issuance)).await?;
                }
                Ok(())
            })
        });
        brought.await.map_err(broken)
    }

    async fn clear(&self, domain: &DomainId) -> Result<bool, StoreFault> {
        let domain = *domain;
        let cleared = self.database.transact(move |mut session| {
            Box::pin(async move { clear(&mut session, domain).await })
        });
        cleared.await.map_err(broken)
    }

    async fn certificate(&self, domain: &DomainId) -> Result<Option<Certificate>, StoreFault> {
        certificates::find(&mut self.database.clone(), *domain).await.map_err(broken)
    }

    async fn chains(&self, domain: &DomainId) -> Result<Vec<Chain>, StoreFault> {
        certificates::chains(&mut self.database.clone(), *domain).await.map_err(broken)
    }

    async fn certificates(&self, domains: &[DomainId]) -> Result<Vec<Certificate>, StoreFault> {
        certificates::find_all(&mut self.database.clone(), domains).await.map_err(broken)
    }

    async fn answers(&self, domains: &[DomainId]) -> Result<Vec<(DomainId, Answer)>, StoreFault> {
        answers(&mut self.database.clone(), domains).await.map_err(broken)
    }

    async fn account(&self, issuer: &IssuerId) -> Result<Option<StoredAccount>, StoreFault> {
        let row = self.database.clone().row(sql(FIND_ISSUER_ACCOUNT).bind(issuer.as_str())).await;
        let row = row.map_err(broken)?;
        let read = row
            .map(|row| row.of("issuer_accounts").parse("state", |text| serde_json::from_str(text)));
        read.transpose().map_err(broken)
    }

    async fn put_account(
        &self,
        known: Option<&StoredAccount>,
        account: &StoredAccount,
    ) -> Result<bool, StoreFault> {
        let (known, new) = (known.map(json), json(account));
        let issuer = account.issuer.clone();
        let put = self.database.transact(move |mut session| {
            let put = match &known {
                None => sql(ADD_ISSUER_ACCOUNT).bind(issuer.as_str()).bind(&*new),
                Some(known) => {
                    sql(CHANGE_ISSUER_ACCOUNT).bind(issuer.as_str()).bind(&**known).bind(&*new)
                }
            };
            Box::pin(async move { session.changed(put).await })
        });
        put.await.map_err(broken)
    }
}
