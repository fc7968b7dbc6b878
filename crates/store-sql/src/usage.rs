//! What was used of a plan's limits: counted in shards, and noted when it is much.

use async_trait::async_trait;
use wax_kernel::{DomainId, TenantId, Timestamp};
use wax_model::{Entitlements, Limit, Meter, Month, PlanId, Shards};
use wax_store::{Frozen, HighUsage, Ranked, StoreError, UsageReads, UsageRepository};

use crate::{
    change_log,
    engine::{Query, Row, Rows, Session, sql},
    scoped::Scoped,
    statements::{both, statements},
    tenants, usage_places,
};

statements! {
    /// The row's lock is taken only to add to it: whoever finds a shard full goes on to another.
    COUNT_IN_SHARD = both("INSERT INTO usage (tenant_id, meter, period, shard, used) VALUES ($1, $2, $3, $4, 1)
        ON CONFLICT (tenant_id, meter, period, shard) DO UPDATE SET used = usage.used + 1 WHERE usage.used < $5
        RETURNING used");
    LIST_SHARDS = both("SELECT shard, used FROM usage WHERE tenant_id = $1 AND meter = $2 AND period = $3");
    SUM_SHARDS = both("SELECT CAST(COALESCE(SUM(used), 0) AS BIGINT) AS used FROM usage
        WHERE tenant_id = $1 AND meter = $2 AND period = $3");
    LIST_MONTHS = both("SELECT period, CAST(SUM(used) AS BIGINT) AS used FROM usage
        WHERE tenant_id = $1 AND meter = $2 AND period >= $3 GROUP BY period ORDER BY period");
    CLEAR_SHARDS = both("DELETE FROM usage WHERE tenant_id = $1 AND meter = $2 AND period = $3 RETURNING used");
    /// Beside what somebody may have counted there since.
    FILL_SHARD = both("INSERT INTO usage (tenant_id, meter, period, shard, used) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (tenant_id, meter, period, shard) DO UPDATE SET used = usage.used + excluded.used");

    NOTE_HIGH = both("INSERT INTO usage_alerts (tenant_id, meter, period, told) VALUES ($1, $2, $3, 0) ON CONFLICT DO NOTHING");
    TELL_USAGE = both("UPDATE usage_alerts SET told = $4 WHERE tenant_id = $1 AND meter = $2 AND period = $3 AND told < $4");
    TELL_ANEW = both("UPDATE usage_alerts SET told = 0 WHERE tenant_id = $1 AND meter = $2 AND period = $3");
    HIGH_USAGE = both("SELECT tenant_id, meter, told FROM usage_alerts
        WHERE period = $1 AND told < 100 AND (tenant_id, meter) > ($2, $3) ORDER BY tenant_id, meter LIMIT $4");
    DOMAINS_TO_ANNOUNCE = both("SELECT id FROM domains WHERE tenant_id = $1 ORDER BY id");
}

/// The limit of the numbers that are stored: of no use beyond.
fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn used(row: &Row) -> Result<u64, StoreError> {
    row.of("usage").number("used")
}

/// Meters that may have to be told of.
pub(crate) async fn high(
    database: &mut impl Rows,
    month: Month,
    after: Option<(TenantId, Meter)>,
    limit: u32,
) -> Result<Vec<HighUsage>, StoreError> {
    let (tenant, meter) = after.unzip();
    let tenant = tenant.map(|tenant| tenant.to_string()).unwrap_or_default();
    let query = sql(HIGH_USAGE).bind(month.number()).bind(&*tenant);
    let query = query.bind(meter.map_or("", Meter::as_str)).bind(limit);
    let read = |row: &Row| {
        let row = row.of("usage_alerts");
        Ok(HighUsage {
            tenant: row.parse("tenant_id", TenantId::parse)?,
            meter: row.parse("meter", Meter::parse)?,
            told: row.number("told")?,
        })
    };
    database.rows(query).await?.iter().map(read).collect()
}

impl<S> Scoped<S> {
    /// A statement about secrets of a month, $1 to $3.
    fn of_secrets(&self, query: Query, month: Month) -> Query {
        query.bind(self.tenant).bind(Meter::Secrets.as_str()).bind(month.number())
    }
}

#[async_trait]
impl<S: Rows> UsageReads for Scoped<S> {
    async fn used(&mut self, meter: Meter, now: Timestamp) -> Result<u64, StoreError> {
        if meter != Meter::Secrets {
            return usage_places::count(&mut self.session, self.tenant, meter, now).await;
        }
        let query = self.of_secrets(sql(SUM_SHARDS), Month::of(now));
        self.session.row(query).await?.as_ref().map_or(Ok(0), used)
    }

    async fn months(&mut self, since: Month) -> Result<Vec<(Month, u64)>, StoreError> {
        let rows = self.session.rows(self.of_secrets(sql(LIST_MONTHS), since)).await?;
        let month =
            |row: &Row| Ok((Month::from_number(row.of("usage").get("period")?), used(row)?));
        rows.iter().map(month).collect()
    }

    async fn place(&mut self, of: Ranked, now: Timestamp) -> Result<Option<u64>, StoreError> {
        usage_places::place(&mut self.session, self.tenant, of, now).await
    }

    async fn frozen(
        &mut self,
        limits: &Entitlements,
        now: Timestamp,
    ) -> Result<Frozen, StoreError> {
        usage_places::frozen(&mut self.session, self.tenant, limits, now).await
    }
}

#[async_trait]
impl UsageRepository for Scoped<Session<'_>> {
    async fn count_secret(
        &mut self,
        month: Month,
        most: u64,
        draw: u64,
    ) -> Result<bool, StoreError> {
        let shards = Shards::of(most);
        let mut shard = draw % shards.count();
        while !self.count_in(month, shards, shard).await? {
            let open = self.open_shards(month, shards).await?;
            let Ok(count) = u64::try_from(open.len()) else { return Ok(false) };
            let Some(next) = draw.checked_rem(count) else { return Ok(false) };
            shard = open[usize::try_from(next).unwrap_or(0)];
        }
        Ok(true)
    }

    async fn note_high(&mut self, meter: Meter, month: Month) -> Result<(), StoreError> {
        let note = sql(NOTE_HIGH).bind(self.tenant).bind(meter.as_str()).bind(month.number());
        self.session.execute(note).await
    }

    async fn tell(&mut self, meter: Meter, month: Month, percent: u8) -> Result<bool, StoreError> {
        let tell = sql(TELL_USAGE).bind(self.tenant).bind(meter.as_str());
        self.session.changed(tell.bind(month.number()).bind(i64::from(percent))).await
    }

    async fn change_plan(
        &mut self,
        plan: &PlanId,
        limited: bool,
        limits: &Entitlements,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        tenants::change_plan(&mut self.session, self.tenant, plan, limited).await?;
        let month = Month::of(now);
        self.spread(month, limits.secrets_per_month).await?;
        for meter in Meter::ALL.iter().copied() {
            let again = sql(TELL_ANEW).bind(self.tenant).bind(meter.as_str()).bind(month.number());
            self.session.execute(again).await?;
            let limit = limits.limit(meter);
            if limit.most().is_some() && limit.is_high(self.used(meter, now).await?) {
                self.note_high(meter, month).await?;
            }
        }
        for row in self.session.rows(sql(DOMAINS_TO_ANNOUNCE).bind(self.tenant)).await? {
            let id = row.of("domains").parse("id", DomainId::parse)?;
            change_log::announce(&mut self.session, id, now).await?;
        }
        Ok(())
    }
}

impl Scoped<Session<'_>> {
    /// `false`: the shard is full.
    async fn count_in(
        &mut self,
        month: Month,
        shards: Shards,
        shard: u64,
    ) -> Result<bool, StoreError> {
        let share = shards.share(shard);
        if share == 0 {
            return Ok(false);
        }
        let count =
            self.of_secrets(sql(COUNT_IN_SHARD), month).bind(number(shard)).bind(number(share));
        let Some(row) = self.session.row(count).await? else { return Ok(false) };
        // Once for each shard: at the moment when it comes to be much.
        let (share, used) = (Limit::at_most(share), used(&row)?);
        if share.is_high(used) && !share.is_high(used - 1) {
            self.note_high(Meter::Secrets, month).await?;
        }
        Ok(true)
    }

    /// Those that are not full, as far as it is committed.
    async fn open_shards(&mut self, month: Month, shards: Shards) -> Result<Vec<u64>, StoreError> {
        let mut full = vec![false; usize::try_from(shards.count()).unwrap_or(0)];
        for row in self.session.rows(self.of_secrets(sql(LIST_SHARDS), month)).await? {
            let shard: u64 = row.of("usage").number("shard")?;
            let place = usize::try_from(shard).ok().and_then(|shard| full.get_mut(shard));
            if let Some(place) = place {
                *place = used(&row)? >= shards.share(shard);
            }
        }
        let open = (0..).zip(full).filter(|(shard, full)| !full && shards.share(*shard) > 0);
        Ok(open.map(|(shard, _)| shard).collect())
    }

    /// Shares what was used out anew. Without a limit it stays as it is: a sum.
    async fn spread(&mut self, month: Month, limit: Limit) -> Result<(), StoreError> {
        let Some(most) = limit.most() else { return Ok(()) };
        let cleared = self.session.rows(self.of_secrets(sql(CLEAR_SHARDS), month)).await?;
        let sum = cleared.iter().map(used).sum::<Result<u64, _>>()?;
        let shards = Shards::of(most);
        for shard in 0..shards.count() {
            let part = shards.spread(sum, shard);
            if part > 0 {
                let fill = self.of_secrets(sql(FILL_SHARD), month).bind(number(shard));
                self.session.execute(fill.bind(number(part))).await?;
            }
        }
        Ok(())
    }
}
