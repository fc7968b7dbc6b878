//! A row that a newer version wrote, or that is damaged.

use std::sync::Arc;

use wax_kernel::{HostPattern, Redacted};
use wax_model::{Brand, Domain, domain::Transport};
use wax_store::{
    NewDomain, RouteNow, Store,
    conformance::{domains::organizations, fixtures::*},
};
use wax_testkit::database::PostgresDatabase;

use crate::{
    Settings, SqlStore,
    engine::{Rows as _, sql},
    statements::{Statement, both},
};

const WRITE_SETTINGS: Statement =
    both("UPDATE domains SET settings = $2 WHERE id = $1 RETURNING id");

/// Both domains as edges hear of them: by the list, and by the change log.
async fn heard(store: &Arc<SqlStore>) -> [Vec<RouteNow>; 2] {
    let platform = (&**store as &dyn Store).platform().domains();
    let listed = platform.routes(None, 10).await.unwrap();
    let changed = platform.changes(0, 10).await.unwrap().unwrap().changed;
    [listed, changed].map(|mut heard| {
        heard.sort_by_key(|(id, _)| *id == domain(2));
        heard.into_iter().map(|(_, route)| route).collect()
    })
}

async fn one_takes_no_other_away(store: &Arc<SqlStore>) {
    let shared = Arc::clone(store) as Arc<dyn Store>;
    organizations(&shared, 2).await;
    for (n, host) in [(1, "one.example"), (2, "two.example")] {
        let (host, at) = (HostPattern::parse(host).unwrap(), Transport::Loopback);
        let domain = Domain::given(domain(n), tenant(n).tenant(), host, at, START);
        let new = NewDomain { domain: domain.clone(), brand: Brand::plain("Acme") };
        assert!(shared.platform().ensure_domain(&new).await.unwrap());
        let id = domain.id();
        let announced = shared.write_platform(move |unit| {
            Box::pin(async move { unit.domains().announce(id, START).await })
        });
        announced.await.unwrap();
    }
    let newer = r#"{"home":"create","creators":"everyone","of_next_year":1}"#;
    let write = sql(WRITE_SETTINGS).bind(domain(1)).bind(newer);
    store.database.clone().row(write).await.unwrap().unwrap();
    for heard in heard(store).await {
        assert_eq!(heard[0], RouteNow::Unreadable { column: "settings" });
        assert!(matches!(&heard[1], RouteNow::Held(route) if route.domain == domain(2)));
    }
}

#[tokio::test]
async fn a_domain_that_cannot_be_read_takes_no_other_away_on_sqlite() {
    let store = SqlStore::open(&Settings::SqliteMemory).await.unwrap();
    store.migrate().await.unwrap();
    one_takes_no_other_away(&store).await;
}

#[tokio::test]
async fn a_domain_that_cannot_be_read_takes_no_other_away_on_postgres() {
    let database = PostgresDatabase::migrated().await;
    let settings = Settings::Postgres { url: Redacted::new(database.url()), connections: 4 };
    let store = SqlStore::open(&settings).await.unwrap();
    one_takes_no_other_away(&store).await;
    store.close().await;
}
