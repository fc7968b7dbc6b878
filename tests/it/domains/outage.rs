//! An edge that starts while everything else is down.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;
use wax_acme::{Certificate, OrderStore as _, Upload, Vault};
use wax_crypto::at_rest::KeyRing;
use wax_kernel::{
    CertificateId, Clock as _, DomainId, HostPattern, Redacted, SystemClock, SystemRng, TenantId,
};
use wax_model::{Brand, Domain, PlanId, Tenant, domain::Transport};
use wax_store::{NewDomain, Store as _};
use wax_store_sql::{Settings, SqlStore};
use waxseal_tests::{postgres::Postgres, victim::Victim as _};

use super::{
    Scale, figure, until,
    visitor::Visitor,
    world::{Doors, Edge, Part, basics},
};
use crate::server::free_port;

/// What an edge may take from its start to its first pages and answers, with as many domains as there are.
const SERVING: Duration = Duration::from_secs(3);
/// Domains that are written at once.
const PAGE: usize = 5_000;

fn host(number: usize) -> String {
    format!("h{number}.example.com")
}

/// An authority, and a certificate of it for every host.
struct Issued {
    root: Vec<u8>,
    chain: String,
    key: String,
}

fn issue() -> Issued {
    let (root_key, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let mut root = CertificateParams::default();
    root.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let root_pem = root.self_signed(&root_key).unwrap().pem();
    let leaf = CertificateParams::new(vec!["*.example.com".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &Issuer::new(root, root_key)).unwrap().pem();
    let chain = format!("{leaf}{root_pem}");
    Issued { root: root_pem.into(), chain, key: key.serialize_pem() }
}

/// Domains with certificates: the first through the store, the others as its copies.
async fn fill(url: &str, edges: &Path, issued: &Issued, count: usize) {
    let rng = Arc::new(SystemRng);
    let vault =
        Vault::new(Arc::new(KeyRing::in_directory(&edges.join("keys"), &*rng).unwrap()), rng);
    let (now, first) = (SystemClock.now(), DomainId::random(&SystemRng));
    let any = HostPattern::parse("*.example.com").unwrap();
    let Upload { chain, key, facts } =
        Upload::check(&issued.chain, &issued.key, &any, now).unwrap();
    let sealed = |id: &CertificateId| vault.keep(id, &key);

    let settings = Settings::Postgres { url: Redacted::new(url.to_owned()), connections: 2 };
    let store = SqlStore::open(&settings).await.unwrap();
    let tenant = Tenant {
        id: TenantId::random(&SystemRng),
        slug: "town".into(),
        name: "Town".into(),
        plan: PlanId::self_hosted(),
        limited: false,
        created_at: now,
        deletion_due_at: None,
    };
    store.platform().ensure_tenant(&tenant).await.unwrap();
    let name = HostPattern::parse(&host(0)).unwrap();
    let domain = Domain::given(first, tenant.id, name.clone(), Transport::Own, now);
    let new = NewDomain { domain, brand: Brand::plain("Town") };
    assert!(store.platform().ensure_domain(&new).await.unwrap());
    let id = CertificateId::random(&SystemRng);
    let certificate =
        Certificate { id, domain: first, name, issuer: None, chain, key: sealed(&id), facts };
    store.bring(&tenant.id, &certificate, None).await.unwrap();
    store.close().await;

    let mut database = PgConnection::connect(url).await.unwrap();
    let numbers: Vec<usize> = (1..count).collect();
    for page in numbers.chunks(PAGE) {
        copy(&mut database, first, page, &sealed).await;
    }
    database.close().await.unwrap();
}

/// Every column as the first domain has it, but for who it is and its key.
async fn copy(
    database: &mut PgConnection,
    first: DomainId,
    page: &[usize],
    sealed: &impl Fn(&CertificateId) -> wax_acme::SealedKey,
) {
    let hosts: Vec<String> = page.iter().map(|number| host(*number)).collect();
    let domains: Vec<String> =
        page.iter().map(|_| DomainId::random(&SystemRng).to_string()).collect();
    let ids: Vec<CertificateId> = page.iter().map(|_| CertificateId::random(&SystemRng)).collect();
    let keys: Vec<Vec<u8>> = ids.iter().map(|id| sealed(id).as_bytes().to_vec()).collect();
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    for (table, own, change) in [
        ("domains", "id", "'id', new.domain, 'host', new.host"),
        ("brands", "domain_id", "'domain_id', new.domain"),
        (
            "certificates",
            "domain_id",
            "'id', new.certificate, 'domain_id', new.domain, 'name', new.host,
             'private_key', '\\x' || encode(new.key, 'hex')",
        ),
    ] {
        let copy = format!(
            "INSERT INTO {table} SELECT made.* FROM {table} AS first,
                UNNEST($2::TEXT[], $3::TEXT[], $4::TEXT[], $5::BYTEA[]) AS new (domain, host, certificate, key),
                LATERAL jsonb_populate_record(first, jsonb_build_object({change})) AS made
             WHERE first.{own} = $1"
        );
        let copy = sqlx::query(sqlx::AssertSqlSafe(copy)).bind(first.to_string());
        let copy = copy.bind(&domains).bind(&hosts).bind(&ids).bind(&keys);
        copy.execute(&mut *database).await.unwrap();
    }
}

/// Resident memory of a process, in MiB.
fn memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() / 1_024
}

/// Whether an edge serves a host, its link page, and says of the API what there is to say.
async fn serves(visitor: &Visitor) -> Result<(), String> {
    for (path, has) in [
        ("/", "data-page=\"home\""),
        ("/s/AAAAAAAAAAAAAAAAAAAAAA", "data-page"),
        ("/brand.json", "Town"),
    ] {
        let page = visitor.get(path).await?;
        if page.status != 200 || !page.body.contains(has) {
            return Err(format!("{path}: {} {}", page.status, page.body));
        }
    }
    let api = visitor.call("/v1/secrets/create").await?;
    if api.status != 503 || !api.body.contains("unavailable") {
        return Err(format!("{} {}", api.status, api.body));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edge_starts_and_serves_while_everything_else_is_down() {
    let (scale, folder) = (Scale::of_this_run(), TempDir::new().unwrap());
    let mut postgres = Postgres::start_new().await.unwrap();
    let settings = basics(folder.path(), &postgres.url());
    std::fs::write(folder.path().join("waxseal.toml"), "").unwrap();
    let part = |name: &str| Part::new(name, folder.path(), &settings);
    let mut services = part("services-1").services();
    let edges = folder.path().join("services/edges");
    let doors = Doors { tls: free_port(), redirect: free_port() };
    let Edge { mut process, tls } = part("edge-1").edge(&[services.port()], doors, &edges);
    services.start().await;
    let issued = issue();
    fill(&postgres.url(), &edges, &issued, scale.domains).await;

    process.start().await;
    let roots = [issued.root];
    let visitors = [0, scale.domains / 3, scale.domains - 1]
        .map(|number| Visitor::new(&host(number), tls, &roots));
    for visitor in &visitors {
        until("the host to be served", async || visitor.get("/").await).await;
    }
    let before = memory(process.pid());
    process.stop().await;
    services.kill();
    postgres.kill().unwrap();

    let begun = Instant::now();
    process.start().await;
    let up = begun.elapsed();
    for visitor in &visitors {
        serves(visitor).await.unwrap_or_else(|seen| panic!("{seen}\n{}", process.log()));
    }
    let serving = begun.elapsed();
    let (count, after) = (scale.domains, memory(process.pid()));
    figure(&format!(
        "{count} domains: listening after {up:.2?}, served three of them after {serving:.2?}; \
         {before} MiB as read from the database, {after} MiB as read from the file"
    ));
    assert!(!scale.is_full || serving <= SERVING, "it took {serving:?}");

    postgres.start().await.unwrap();
    services.start().await;
    until("an answer of the API", async || {
        let api = visitors[0].call("/v1/secrets/create").await?;
        if api.status == 503 { Err(api.body) } else { Ok(()) }
    })
    .await;
}
