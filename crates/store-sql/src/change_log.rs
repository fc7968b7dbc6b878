//! The change log that edges follow, and how far each has got (ADR 0029).

use wax_kernel::{DomainId, Timestamp};
use wax_model::domain::{Node, NodeKind};
use wax_store::{CHANGES_KEPT, Changes, NODE_ALIVE, RouteNow, StoreError};

use crate::{
    dialect::locking,
    domains::holding,
    engine::{Fields, Row, Rows, Session, sql},
    routes,
    statements::{both, statements},
};

statements! {
    /// Whoever wants the next number waits here until the one before is committed, or was never given.
    NEXT_CHANGE = both("UPDATE change_log SET position = position + 1 WHERE name = 'edges' RETURNING position");
    UPSERT_CHANGE = both("INSERT INTO domain_changes (domain_id, position, at_ms) VALUES ($1, $2, $3)
        ON CONFLICT (domain_id) DO UPDATE SET position = excluded.position, at_ms = excluded.at_ms");
    LAST_CHANGE = both("SELECT position FROM domain_changes WHERE domain_id = $1");
    LOG_POSITION = both("SELECT position FROM change_log WHERE name = 'edges'");
    /// One statement, because a statement sees one moment: the log's end, and everything up to it.
    CHANGES_AFTER = both(concat!("SELECT change_log.position AS log_position, change_log.forgotten AS forgotten,
            changed.position AS position, changed.domain_id AS changed_id, ", routes::columns!(), "
        FROM change_log
        LEFT JOIN (SELECT domain_id, position FROM domain_changes WHERE position > $1 ORDER BY position LIMIT $2) AS changed
            ON TRUE
        LEFT JOIN domains ON domains.id = changed.domain_id AND domains.ownership IN ", holding!(), "
        LEFT JOIN brands ON brands.tenant_id = domains.tenant_id AND brands.domain_id = domains.id
        LEFT JOIN brand_logos ON brand_logos.tenant_id = domains.tenant_id AND brand_logos.domain_id = domains.id
        WHERE change_log.name = 'edges' ORDER BY changed.position"));

    LOCK_LOG = locking!("SELECT forgotten FROM change_log WHERE name = 'edges'");
    FORGET_CHANGES = both("DELETE FROM domain_changes WHERE at_ms <= $1
        AND NOT EXISTS (SELECT 1 FROM domains WHERE domains.id = domain_changes.domain_id) RETURNING position");
    NOTE_FORGOTTEN = both("UPDATE change_log SET forgotten = $1 WHERE name = 'edges' AND forgotten < $1");

    UPSERT_NODE = both("INSERT INTO serving_nodes (name, kind, position, seen_at_ms) VALUES ($1, $2, $3, $4)
        ON CONFLICT (name) DO UPDATE
        SET kind = excluded.kind, position = excluded.position, seen_at_ms = excluded.seen_at_ms");
    LIST_NODES = both("SELECT name, kind, position, seen_at_ms FROM serving_nodes
        WHERE kind = $1 AND seen_at_ms > $2 ORDER BY name");
    FORGET_NODES = both("DELETE FROM serving_nodes WHERE seen_at_ms <= $1");
}

/// The migration writes its row.
const NO_LOG: StoreError = StoreError::Corrupt { table: "change_log", column: "name" };

/// Gives a domain the next number, and holds the log until the unit ends.
pub(crate) async fn announce(
    session: &mut Session<'_>,
    domain: DomainId,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let row = session.row(sql(NEXT_CHANGE)).await?.ok_or(NO_LOG)?;
    let position = row.of("change_log").get("position")?;
    session.execute(sql(UPSERT_CHANGE).bind(domain).bind(position).bind(now)).await?;
    Ok(position)
}

/// The number of a domain's last change.
pub(crate) async fn last(
    database: &mut impl Rows,
    domain: DomainId,
) -> Result<Option<i64>, StoreError> {
    let row = database.row(sql(LAST_CHANGE).bind(domain)).await?;
    row.map(|row| row.of("domain_changes").get("position")).transpose()
}

pub(crate) async fn position(database: &mut impl Rows) -> Result<i64, StoreError> {
    let row = database.row(sql(LOG_POSITION)).await?.ok_or(NO_LOG)?;
    row.of("change_log").get("position")
}

/// `None`: something after `position` is forgotten, or the log is younger than it.
pub(crate) async fn changes(
    database: &mut impl Rows,
    position: i64,
    limit: u32,
) -> Result<Option<Changes>, StoreError> {
    let rows = database.rows(sql(CHANGES_AFTER).bind(position).bind(limit)).await?;
    let log = rows.first().ok_or(NO_LOG)?.of("change_log");
    let (end, forgotten): (i64, i64) = (log.get("log_position")?, log.get("forgotten")?);
    if position < forgotten || position > end {
        return Ok(None);
    }
    let changed = rows.iter().map(change).collect::<Result<Vec<_>, _>>()?;
    let changed: Vec<_> = changed.into_iter().flatten().collect();
    let is_last_page = changed.len() < usize::try_from(limit).unwrap_or(usize::MAX);
    let reached = if is_last_page { None } else { changed.last().map(|(at, ..)| *at) };
    Ok(Some(Changes {
        position: reached.unwrap_or(end),
        changed: changed.into_iter().map(|(_, domain, route)| (domain, route)).collect(),
    }))
}

/// `None`: there is only the log.
fn change(row: &Row) -> Result<Option<(i64, DomainId, RouteNow)>, StoreError> {
    let row = row.of("domain_changes");
    let Some(domain) = row.maybe_parse("changed_id", DomainId::parse)? else { return Ok(None) };
    let is_held = row.get::<Option<String>>("host")?.is_some();
    let route = if is_held { routes::route(row)? } else { RouteNow::Gone };
    Ok(Some((row.get("position")?, domain, route)))
}

pub(crate) async fn forget(session: &mut Session<'_>, now: Timestamp) -> Result<(), StoreError> {
    let silent_since = now.minus(CHANGES_KEPT);
    session.row(sql(LOCK_LOG)).await?.ok_or(NO_LOG)?;
    let gone = session.rows(sql(FORGET_CHANGES).bind(silent_since)).await?;
    let gone = gone.iter().map(|row| row.of("domain_changes").get::<i64>("position"));
    let highest = gone.collect::<Result<Vec<_>, _>>()?.into_iter().max();
    if let Some(highest) = highest {
        session.execute(sql(NOTE_FORGOTTEN).bind(highest)).await?;
    }
    session.execute(sql(FORGET_NODES).bind(silent_since)).await
}

fn node(row: Fields<'_>) -> Result<Node, StoreError> {
    Ok(Node {
        name: row.get("name")?,
        kind: row.parse("kind", NodeKind::parse)?,
        position: row.get("position")?,
        seen_at: row.at("seen_at_ms")?,
    })
}

pub(crate) async fn note_node(session: &mut Session<'_>, node: &Node) -> Result<(), StoreError> {
    let upsert = sql(UPSERT_NODE).bind(&*node.name).bind(node.kind.as_str());
    session.execute(upsert.bind(node.position).bind(node.seen_at)).await
}

pub(crate) async fn nodes(
    database: &mut impl Rows,
    kind: NodeKind,
    now: Timestamp,
) -> Result<Vec<Node>, StoreError> {
    let query = sql(LIST_NODES).bind(kind.as_str()).bind(now.minus(NODE_ALIVE));
    let rows = database.rows(query).await?;
    rows.iter().map(|row| node(row.of("serving_nodes"))).collect()
}
