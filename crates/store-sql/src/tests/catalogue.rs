//! Deletion reaches every table: the engine is asked which there are, so that none can be forgotten.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use wax_acme::{
    Certificate, Chain, Change, Facts, Issuance, IssuerId, Lane, OrderStore as _, SealedKey,
    Validity,
};
use wax_kernel::{CertificateId, HostPattern, Redacted, TenantId};
use wax_model::{
    ASK_STANDS, Brand, Color, Corners, Domain, Logo, LogoType, Membership, Role, TokenPurpose,
    billing::DriftKind,
    domain::{AxisChange, DomainEvent, Gate},
};
use wax_store::{
    DomainPlatform, Drift, ERASURE_SETTLES, NewDomain, Store,
    conformance::{fixtures::*, people::*},
};
use wax_testkit::database::PostgresDatabase;

use crate::{
    Settings, SqlStore,
    engine::{Rows as _, sql},
    statements::{Statement, both},
};

/// Every table with a column of the name $1.
const TABLES_WITH: Statement = Statement {
    postgres: "SELECT table_name::text AS name FROM information_schema.columns
        WHERE table_schema = 'public' AND column_name = $1 ORDER BY table_name",
    sqlite: "SELECT m.name AS name FROM sqlite_schema m JOIN pragma_table_info(m.name) c
        WHERE m.type = 'table' AND c.name = $1 ORDER BY m.name",
};

/// How many rows of each table have this value in this column.
async fn rows_with(store: &SqlStore, column: &str, value: &str) -> Vec<(String, i64)> {
    let mut database = store.database.clone();
    let mut counted = Vec::new();
    for row in database.rows(sql(TABLES_WITH).bind(column)).await.unwrap() {
        let table: String = row.of("catalogue").get("name").unwrap();
        let count = format!("SELECT COUNT(*) AS n FROM {table} WHERE {column} = $1").leak();
        let row = database.row(sql(both(count)).bind(value)).await.unwrap().unwrap();
        counted.push((table, row.of("catalogue").get("n").unwrap()));
    }
    counted
}

/// The names of tables in which something is, or nothing.
fn tables(counted: &[(String, i64)], empty: bool) -> Vec<&str> {
    let chosen = counted.iter().filter(|(_, rows)| (*rows == 0) == empty);
    chosen.map(|(table, _)| &**table).collect()
}

/// The first organization and the first account, with something in every table.
async fn full(opened: &Arc<SqlStore>) {
    let store: Arc<dyn Store> = opened.clone();
    let mut organization = founded(&store, 1).await;
    let brand = Brand {
        accent: Color([0, 0x80, 0xff]),
        corners: Corners::Round,
        logo: Some(Logo { content_type: LogoType::Png, bytes: vec![1] }),
        ..Brand::plain("Acme")
    };
    let same = DomainPlatform::domain(&**opened, domain(1)).await.unwrap().unwrap();
    let new = NewDomain { domain: same, brand };
    assert!(opened.platform().ensure_domain(&new).await.unwrap());
    looked_at(&store, new.domain).await;

    people(&store).await;
    secrets(&store).await;
    certificates(opened, organization.id).await;
    payments(&store, organization.id).await;
    organization.deletion_due_at = Some(START);
    unit(&store, move |uow| {
        let organization = organization.clone();
        Box::pin(async move { uow.organization().update(&organization).await })
    })
    .await;
}

/// A report, a row of its history, and something that a feed showed.
async fn looked_at(store: &Arc<dyn Store>, domain: Domain) {
    over_accounts(store, move |unit| {
        let domain = domain.clone();
        Box::pin(async move {
            let event = DomainEvent {
                id: event_id(1),
                domain: domain.id(),
                at: START,
                change: AxisChange::Gate(Gate::Open, Gate::Suspended),
                actor: None,
                code: None,
                evidence: None,
            };
            unit.domains().keep_report(domain.id(), "{}").await?;
            unit.domains().record(&domain, &event).await?;
            unit.domains().sight(&domain, "like b.example", START).await.map(drop)
        })
    })
    .await;
}

/// A customer at Stripe, of whom something does not add up.
async fn payments(store: &Arc<dyn Store>, tenant: TenantId) {
    over_accounts(store, move |unit| {
        Box::pin(async move {
            let drift = Drift {
                kind: DriftKind::UnknownPrice,
                subject: "sub_1".into(),
                tenant: Some(tenant),
                since: START,
            };
            unit.billing().insert_customer(tenant, "cus_1", START).await?;
            unit.billing().add_drift(&drift).await.map(drop)
        })
    })
    .await;
}

/// A certificate in use.
async fn certificates(opened: &SqlStore, tenant: TenantId) {
    let (domain, name) = (domain(1), HostPattern::parse("a.example").unwrap());
    let issuance = Issuance::first(domain, tenant, name, IssuerId::new("ca"), Lane::New, START);
    assert!(opened.add(&issuance).await.unwrap());
    let (issuance, lease) = opened.claim(START, START).await.unwrap().unwrap();
    let certificate = Certificate {
        id: CertificateId::from_bytes([1; 16]),
        domain,
        name: issuance.name.clone(),
        issuer: None,
        chain: Chain::from_pem(include_str!("../../tests/chain.pem")).unwrap(),
        key: SealedKey::from_bytes(vec![1]),
        facts: Facts {
            validity: Validity { not_before: START, not_after: START },
            names: Vec::new(),
            issuer: String::new(),
            ari: None,
            rsa: false,
        },
    };
    let change = Change { certificate: Some(certificate), ..Change::to(issuance, None) };
    opened.save(&lease, change, START).await.unwrap();
}

async fn people(store: &Arc<dyn Store>) {
    let account = signed_up(store, 1).await;
    sign_in(store, 1, 1, START).await;
    assert!(add_passkey(store, &passkey(1, account.id)).await);
    let reset = new_token(1, TokenPurpose::PasswordReset, &account.id.to_string());
    assert!(insert_token(store, &reset, START).await);
    over_accounts(store, |unit| {
        Box::pin(async move {
            let accounts = unit.accounts();
            accounts.replace_recovery_codes(account_id(1), &[hash(1)]).await?;
            accounts.see_device(account_id(1), hash(1), START).await?;
            accounts.record(&account_event(1, account_id(1), START)).await
        })
    })
    .await;
    assert!(join(store, 1, membership(1, Role::Owner)).await);
    signed_up(store, 2).await;
    let confined = Membership { domain: Some(domain(1)), ..membership(2, Role::Auditor) };
    assert!(join(store, 1, confined).await);
    invite(store, 1, &invitation(1, "ann@example.com", Some(domain(1)))).await;
    make_key(store, 1, 1).await;
}

/// One that waits, and one that is bound, with an ask and a passkey copy.
async fn secrets(store: &Arc<dyn Store>) {
    created(store, 1).await;
    let bound = device_bound(2);
    assert!(create(store, tenant(1), &bound).await);
    let claim = taken(store, &bound, 1, START).await;
    ack_with(store, call(&claim, 1, START), &[7; 212]).await;
    ask(store, new_ask(&bound, 2, START)).await;
    unit(store, |uow| {
        Box::pin(async move {
            let event = wax_model::AuditEvent {
                id: event_id(1),
                at: START,
                action: wax_model::Action::KeyMade,
                actor: None,
                subject: "x".into(),
                network: None,
            };
            uow.audit().record(&event).await?;
            let message = wax_model::OutboxMessage {
                id: event_id(1),
                topic: wax_model::Topic::Mail,
                payload: vec![1],
                due_at: START.plus(ASK_STANDS),
                not_after: START.plus(ASK_STANDS),
            };
            uow.outbox().send(&message).await?;
            let month = wax_model::Month::of(START);
            uow.usage().note_high(wax_model::Meter::Secrets, month).await?;
            uow.usage().count_secret(month, 1, 0).await.map(drop)
        })
    })
    .await;
}

async fn erased_organizations_leave_no_row(opened: Arc<SqlStore>) {
    full(&opened).await;
    let id = tenant(1).tenant().to_string();
    let before = rows_with(&opened, "tenant_id", &id).await;
    assert!(before.len() >= 14, "the test sees tables: {before:?}");
    let empty = tables(&before, true);
    assert!(empty.is_empty(), "let this test write into {empty:?}, and erase() delete from there");

    let store: Arc<dyn Store> = opened.clone();
    let settled = START.plus(ERASURE_SETTLES);
    let erase = || unit(&store, move |uow| Box::pin(uow.organization().erase(settled, 3)));
    while !erase().await {}
    let after = rows_with(&opened, "tenant_id", &id).await;
    assert_eq!(tables(&after, false), [""; 0], "erase() has left rows");
    assert!(rows_with(&opened, "id", &id).await.iter().all(|(_, rows)| *rows == 0));
    let mut database = opened.database.clone();
    let tombstones = both("SELECT COUNT(*) AS n FROM domain_tombstones");
    let row = database.row(sql(tombstones)).await.unwrap().unwrap();
    assert_eq!(row.of("catalogue").get::<i64>("n").unwrap(), 1, "but a tombstone of its host");
}

async fn buried_domains_leave_no_row(opened: Arc<SqlStore>) {
    full(&opened).await;
    let id = domain(1).to_string();
    let before = rows_with(&opened, "domain_id", &id).await;
    assert!(before.len() >= 10, "the test sees tables: {before:?}");
    let empty = tables(&before, true);
    assert!(empty.is_empty(), "let this test write into {empty:?}, and bury() delete from there");

    let of_it = DomainPlatform::domain(&*opened, domain(1)).await.unwrap().unwrap();
    let (store, host): (Arc<dyn Store>, _) = (opened.clone(), of_it.host.to_string());
    over_accounts(&store, move |unit| {
        let of_it = of_it.clone();
        Box::pin(async move { unit.domains().bury(&of_it, START).await })
    })
    .await;
    let after = rows_with(&opened, "domain_id", &id).await;
    // The number of its end, and what outlives where it was made.
    assert_eq!(tables(&after, false), ["domain_changes", "secrets"], "bury() has left rows");
    assert!(rows_with(&opened, "id", &id).await.iter().all(|(_, rows)| *rows == 0));

    let mut database = opened.database.clone();
    let tombstones = both("SELECT host_sha256, erased_at_ms FROM domain_tombstones");
    let rows = database.rows(sql(tombstones)).await.unwrap();
    let stones = rows.iter().map(|row| row.of("catalogue"));
    let stones =
        stones.map(|row| (row.hash("host_sha256").unwrap(), row.at("erased_at_ms").unwrap()));
    assert_eq!(stones.collect::<Vec<_>>(), [(Sha256::digest(host).into(), START)]);
}

async fn deleted_accounts_leave_no_row(opened: Arc<SqlStore>) {
    full(&opened).await;
    let id = account_id(1).to_string();
    let before = rows_with(&opened, "account_id", &id).await;
    assert!(before.len() >= 6, "the test sees tables: {before:?}");
    let empty = tables(&before, true);
    assert!(empty.is_empty(), "let this test write into {empty:?}, and delete() reach it");
    assert_ne!(tables(&rows_with(&opened, "subject", &id).await, false), [""; 0]);

    let store: Arc<dyn Store> = opened.clone();
    over_accounts(&store, |unit| Box::pin(unit.accounts().delete(account_id(1)))).await;
    for column in ["account_id", "id", "subject"] {
        let after = rows_with(&opened, column, &id).await;
        assert_eq!(tables(&after, false), [""; 0], "delete() has left rows: {column}");
    }
}

fn postgres(database: &PostgresDatabase) -> Settings {
    Settings::Postgres { url: Redacted::new(database.url()), connections: 4 }
}

async fn open(settings: &Settings) -> Arc<SqlStore> {
    let store = SqlStore::open(settings).await.unwrap();
    store.migrate().await.unwrap();
    store
}

#[tokio::test]
async fn an_erased_organization_leaves_no_row_in_any_table_of_sqlite() {
    erased_organizations_leave_no_row(open(&Settings::SqliteMemory).await).await;
}

#[tokio::test]
async fn an_erased_organization_leaves_no_row_in_any_table_of_postgres() {
    let database = PostgresDatabase::migrated().await;
    erased_organizations_leave_no_row(open(&postgres(&database)).await).await;
}

#[tokio::test]
async fn a_buried_domain_leaves_no_row_in_any_table_of_sqlite() {
    buried_domains_leave_no_row(open(&Settings::SqliteMemory).await).await;
}

#[tokio::test]
async fn a_buried_domain_leaves_no_row_in_any_table_of_postgres() {
    let database = PostgresDatabase::migrated().await;
    buried_domains_leave_no_row(open(&postgres(&database)).await).await;
}

#[tokio::test]
async fn a_deleted_account_leaves_no_row_in_any_table_of_sqlite() {
    deleted_accounts_leave_no_row(open(&Settings::SqliteMemory).await).await;
}

#[tokio::test]
async fn a_deleted_account_leaves_no_row_in_any_table_of_postgres() {
    let database = PostgresDatabase::migrated().await;
    deleted_accounts_leave_no_row(open(&postgres(&database)).await).await;
}
