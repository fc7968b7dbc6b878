//! An order store that forgets when the process ends: for tests, and the measure of every other one.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use wax_kernel::{DomainId, TenantId, Timestamp};

use super::{Change, Lease, OrderStore, StoreFault};
use crate::{
    Answer, Buckets, Certificate, Chain, Charge, Event, Issuance, IssuerId, Phase, Step,
    StoredAccount, Wait, ledger,
};

/// Everything in memory, behind one lock.
#[derive(Debug, Default)]
pub struct MemoryOrders(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    rows: BTreeMap<DomainId, Row>,
    buckets: Buckets,
    certificates: Vec<Certificate>,
    accounts: BTreeMap<IssuerId, StoredAccount>,
}

#[derive(Debug)]
struct Row {
    issuance: Issuance,
    fence: i64,
    leased_until: Option<Timestamp>,
}

impl MemoryOrders {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every certificate that came, oldest first.
    pub fn all_certificates(&self) -> Vec<Certificate> {
        self.state().certificates.clone()
    }

    /// Every issuance.
    pub fn issuances(&self) -> Vec<Issuance> {
        self.state().rows.values().map(|row| row.issuance.clone()).collect()
    }

    /// When the next issuance is due or its lease over, if there is one.
    pub fn next_at(&self) -> Option<Timestamp> {
        let state = self.state();
        let due =
            |row: &Row| row.leased_until.unwrap_or(Timestamp::from_ms(0)).max(row.issuance.next_at);
        state.rows.values().map(due).min()
    }
}

impl State {
    fn leased(&mut self, lease: &Lease) -> Result<&mut Row, StoreFault> {
        let row = self.rows.get_mut(&lease.domain).ok_or(StoreFault::Lost)?;
        if row.fence == lease.fence { Ok(row) } else { Err(StoreFault::Lost) }
    }

    fn shown(&self, domain: &DomainId) -> Option<Certificate> {
        self.certificates.iter().rfind(|one| one.domain == *domain).cloned()
    }

    fn clear(&mut self, domain: DomainId) -> bool {
        let before = self.certificates.len();
        self.certificates.retain(|certificate| certificate.domain != domain);
        self.rows.remove(&domain).is_some() || self.certificates.len() < before
    }

    fn write(&mut self, lease: &Lease, change: Change) -> Result<(), StoreFault> {
        let row = self.leased(lease)?;
        row.issuance = change.issuance;
        row.leased_until = change.lease_until;
        if change.lease_until.is_none() {
            row.fence += 1;
        }
        for charge in &change.give_back {
            ledger::give_back(&mut self.buckets, charge);
        }
        if let Some((bucket, until)) = change.empty {
            let tat = self.buckets.entry(bucket).or_insert(until);
            *tat = (*tat).max(until);
        }
        self.certificates.extend(change.certificate);
        Ok(())
    }
}

#[async_trait]
impl OrderStore for MemoryOrders {
    async fn add(&self, issuance: &Issuance) -> Result<bool, StoreFault> {
        let mut state = self.state();
        let new = !state.rows.contains_key(&issuance.domain);
        let row = || Row { issuance: issuance.clone(), fence: 0, leased_until: None };
        state.rows.entry(issuance.domain).or_insert_with(row);
        Ok(new)
    }

    async fn issuance(&self, domain: &DomainId) -> Result<Option<Issuance>, StoreFault> {
        Ok(self.state().rows.get(domain).map(|row| row.issuance.clone()))
    }

    async fn claim(
        &self,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<(Issuance, Lease)>, StoreFault> {
        let mut state = self.state();
        let due = |row: &&mut Row| {
            row.issuance.next_at <= now && row.leased_until.is_none_or(|until| until <= now)
        };
        let row = state
            .rows
            .values_mut()
            .filter(due)
            .min_by_key(|row| (row.issuance.urgency(), row.issuance.domain));
        Ok(row.map(|row| {
            row.fence += 1;
            row.leased_until = Some(until);
            let lease = Lease { domain: row.issuance.domain, fence: row.fence };
            (row.issuance.clone(), lease)
        }))
    }

    async fn save(&self, lease: &Lease, change: Change, _: Timestamp) -> Result<(), StoreFault> {
        self.state().write(lease, change)
    }

    async fn spend(
        &self,
        lease: &Lease,
        mut change: Change,
        charges: &[Charge],
        now: Timestamp,
    ) -> Result<Result<(), Wait>, StoreFault> {
        let mut state = self.state();
        state.leased(lease)?;
        let mut buckets = state.buckets.clone();
        for charge in change.give_back.drain(..) {
            ledger::give_back(&mut buckets, &charge);
        }
        if let Err(wait) = ledger::take(&mut buckets, charges, change.issuance.lane_at(now), now) {
            return Ok(Err(wait));
        }
        state.buckets = buckets;
        state.write(lease, change).map(Ok)
    }

    async fn buckets(&self, charges: &[Charge]) -> Result<Buckets, StoreFault> {
        let state = self.state();
        let known = charges.iter().filter_map(|charge| state.buckets.get_key_value(&charge.bucket));
        Ok(known.map(|(bucket, arrival)| (bucket.clone(), *arrival)).collect())
    }

    async fn mend(&self, domain: &DomainId, now: Timestamp) -> Result<bool, StoreFault> {
        let mut state = self.state();
        let Some(row) = state.rows.get_mut(domain) else { return Ok(false) };
        let issuance = &mut row.issuance;
        let phase = issuance.step.phase();
        if phase.after(Event::Mended) == Some(Phase::Queued) {
            (issuance.step, issuance.since) = (Step::Queued, now);
        } else if phase != Phase::Queued {
            return Ok(false);
        }
        issuance.next_at = now;
        Ok(true)
    }

    async fn waiting(&self, tenant: &TenantId) -> Result<usize, StoreFault> {
        let state = self.state();
        let first = |row: &&Row| row.issuance.tenant == *tenant && row.issuance.in_use.is_none();
        Ok(state.rows.values().filter(first).count())
    }

    async fn bring(
        &self,
        _tenant: &TenantId,
        certificate: &Certificate,
        successor: Option<&Issuance>,
    ) -> Result<(), StoreFault> {
        let mut state = self.state();
        state.clear(certificate.domain);
        state.certificates.push(certificate.clone());
        if let Some(issuance) = successor {
            let row = Row { issuance: issuance.clone(), fence: 0, leased_until: None };
            state.rows.insert(issuance.domain, row);
        }
        Ok(())
    }

    async fn clear(&self, domain: &DomainId) -> Result<bool, StoreFault> {
        Ok(self.state().clear(*domain))
    }

    async fn certificate(&self, domain: &DomainId) -> Result<Option<Certificate>, StoreFault> {
        Ok(self.state().shown(domain))
    }

    async fn chains(&self, domain: &DomainId) -> Result<Vec<Chain>, StoreFault> {
        let state = self.state();
        let own = state.certificates.iter().filter(|certificate| certificate.domain == *domain);
        Ok(own.map(|certificate| certificate.chain.clone()).collect())
    }

    async fn certificates(&self, domains: &[DomainId]) -> Result<Vec<Certificate>, StoreFault> {
        let state = self.state();
        Ok(domains.iter().filter_map(|domain| state.shown(domain)).collect())
    }

    async fn answers(&self, domains: &[DomainId]) -> Result<Vec<(DomainId, Answer)>, StoreFault> {
        let state = self.state();
        let rows = domains.iter().filter_map(|domain| state.rows.get_key_value(domain));
        let answer = |row: &Row| row.issuance.step.answer().cloned();
        Ok(rows.filter_map(|(domain, row)| Some((*domain, answer(row)?))).collect())
    }

    async fn account(&self, issuer: &IssuerId) -> Result<Option<StoredAccount>, StoreFault> {
        Ok(self.state().accounts.get(issuer).cloned())
    }

    async fn put_account(
        &self,
        known: Option<&StoredAccount>,
        account: &StoredAccount,
    ) -> Result<bool, StoreFault> {
        let mut state = self.state();
        let same = state.accounts.get(&account.issuer) == known;
        if same {
            state.accounts.insert(account.issuer.clone(), account.clone());
        }
        Ok(same)
    }
}
