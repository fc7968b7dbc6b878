//! What a feed of certificates showed, and how far it was read.

use std::time::Duration;

use wax_kernel::Timestamp;
use wax_model::Domain;
use wax_store::StoreError;

use crate::{
    engine::{Rows, Session, sql},
    statements::{both, statements},
};

const DAY: Duration = Duration::from_hours(24);

statements! {
    FIND_FEED_POSITION = both("SELECT position FROM feed_positions WHERE feed = $1");
    SET_FEED_POSITION = both("INSERT INTO feed_positions (feed, position) VALUES ($1, $2)
        ON CONFLICT (feed) DO UPDATE SET position = excluded.position");
    ADD_SIGHTING = both("INSERT INTO feed_sightings (tenant_id, domain_id, about, seen_at_ms) VALUES ($1, $2, $3, $4)
        ON CONFLICT (tenant_id, domain_id, about) DO NOTHING");
    COUNT_SIGHTINGS = both("SELECT COUNT(*) AS sightings FROM feed_sightings
        WHERE tenant_id = $1 AND domain_id = $2 AND seen_at_ms > $3");
}

pub(crate) async fn position(database: &mut impl Rows, feed: &str) -> Result<u64, StoreError> {
    let row = database.row(sql(FIND_FEED_POSITION).bind(feed)).await?;
    let position: Option<i64> =
        row.map(|row| row.of("feed_positions").get("position")).transpose()?;
    Ok(position.and_then(|position| u64::try_from(position).ok()).unwrap_or(0))
}

pub(crate) async fn set_position(
    session: &mut Session<'_>,
    feed: &str,
    position: u64,
) -> Result<(), StoreError> {
    let position = i64::try_from(position).unwrap_or(i64::MAX);
    session.execute(sql(SET_FEED_POSITION).bind(feed).bind(position)).await
}

/// Behind the lock of the domain's host: the insert decides, the count follows it.
pub(crate) async fn sight(
    session: &mut Session<'_>,
    domain: &Domain,
    about: &str,
    now: Timestamp,
) -> Result<Option<u64>, StoreError> {
    let (tenant, id) = (domain.tenant(), domain.id());
    let add = sql(ADD_SIGHTING).bind(tenant).bind(id).bind(about).bind(now);
    if !session.changed(add).await? {
        return Ok(None);
    }
    let count = sql(COUNT_SIGHTINGS).bind(tenant).bind(id).bind(now.minus(DAY));
    let row = session.row(count).await?;
    let count: i64 = row.map_or(Ok(0), |row| row.of("feed_sightings").get("sightings"))?;
    Ok(u64::try_from(count).ok())
}
