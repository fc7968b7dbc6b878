//! What becomes of certificates that another took the place of.

use std::{sync::Arc, time::Duration};

use wax_acme::{
    Certificate, Chain, Change, Facts, Issuance, IssuerId, Lane, OrderStore as _, SealedKey,
    Validity,
};
use wax_kernel::{CertificateId, HostPattern, Redacted, Timestamp};
use wax_store::conformance::fixtures::*;
use wax_testkit::database::PostgresDatabase;

use crate::{
    Settings, SqlStore,
    engine::{Rows as _, sql},
    statements::{Statement, both},
};

const DAY: Duration = Duration::from_hours(24);
/// Of the first domain: its rows, and how many of them have a key.
const COUNT: Statement = both(
    "SELECT COUNT(*) AS kept, COUNT(private_key) AS keyed FROM certificates WHERE domain_id = $1",
);

fn certificate(n: u8, not_after: Timestamp) -> Certificate {
    Certificate {
        id: CertificateId::from_bytes([n; 16]),
        domain: domain(1),
        name: HostPattern::parse("a.example").unwrap(),
        issuer: Some(IssuerId::new("ca")),
        chain: Chain::from_pem(include_str!("../../tests/chain.pem")).unwrap(),
        key: SealedKey::from_bytes(vec![n]),
        facts: Facts {
            validity: Validity { not_before: START, not_after },
            names: Vec::new(),
            issuer: String::new(),
            ari: None,
            rsa: false,
        },
    }
}

async fn keeps_one_key(store: &Arc<SqlStore>) {
    let name = HostPattern::parse("a.example").unwrap();
    let order =
        Issuance::first(domain(1), tenant(1).tenant(), name, IssuerId::new("ca"), Lane::New, START);
    assert!(store.add(&order).await.unwrap());
    let mut now = START;
    for (n, days, kept) in [(1, 90, 1), (2, 6, 2), (3, 90, 3), (4, 90, 3)] {
        let (order, lease) = store.claim(now, now).await.unwrap().unwrap();
        let new = certificate(n, now.plus(days * DAY));
        let change = Change { certificate: Some(new.clone()), ..Change::to(order, None) };
        store.save(&lease, change, now).await.unwrap();
        assert_eq!(store.certificate(&domain(1)).await.unwrap(), Some(new), "the last that came");
        let row = store.database.clone().row(sql(COUNT).bind(domain(1))).await.unwrap().unwrap();
        let row = row.of("certificates");
        let counted: (i64, i64) = (row.get("kept").unwrap(), row.get("keyed").unwrap());
        assert_eq!(counted, (kept, 1), "after {n}");
        now = now.plus(4 * DAY);
    }
}

#[tokio::test]
async fn a_certificates_key_is_destroyed_when_another_takes_its_place_on_sqlite() {
    let store = SqlStore::open(&Settings::SqliteMemory).await.unwrap();
    store.migrate().await.unwrap();
    keeps_one_key(&store).await;
}

#[tokio::test]
async fn a_certificates_key_is_destroyed_when_another_takes_its_place_on_postgres() {
    let database = PostgresDatabase::migrated().await;
    let settings = Settings::Postgres { url: Redacted::new(database.url()), connections: 4 };
    let store = SqlStore::open(&settings).await.unwrap();
    keeps_one_key(&store).await;
    store.close().await;
}
