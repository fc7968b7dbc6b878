//! The real service behind a plain listener, in the test's own process: everything but the edge.

use std::{
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};

use crate::run::Run;

use axum::{Extension, Router, body::Body, routing::get};
use http::HeaderMap;
use wax_cache::MemoryHints;
use wax_crypto::{Origin, at_rest::MemoryKeyStore};
use wax_httpkit::{ClientAddress, Network, RequestContext, auth::NoAccounts};
use wax_kernel::{
    Clock as _, DomainId, HostPattern, RequestId, Rng, SystemClock, SystemRng, TenantId,
};
use wax_model::{
    Brand, Domain, DomainSettings, Entitlements, PlanId, Plans, Tenant, TenantScope,
    domain::Transport,
};
use wax_pages::BrandFiles;
use wax_secrets::{Parts, Secrets};
use wax_store::{NewDomain, Store as _};
use wax_store_sql::{Settings, SqlStore};

/// A server, and a home folder for the program under test.
pub(crate) struct Server {
    pub(crate) host: String,
    home: tempfile::TempDir,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::deciding(DomainSettings::default())
    }

    /// The same, whose organization has decided this for its host.
    pub(crate) fn deciding(settings: DomainSettings) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let host = runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            let port = listener.local_addr().unwrap().port();
            let host = format!("http://secrets.acme.localhost:{port}");
            let app = service(&host, settings).await;
            #[expect(clippy::disallowed_methods, reason = "a test's server ends with its runtime")]
            tokio::spawn(async move { axum::serve(listener, app).await });
            host
        });
        Self { host, home: tempfile::tempdir().unwrap(), runtime: Some(runtime) }
    }

    /// Ends it with everything it knows, connections included.
    pub(crate) fn die(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }

    /// A path in the home folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// The folder of keys of openings under way.
    pub(crate) fn keys(&self) -> Vec<PathBuf> {
        self.kept("opening")
    }

    /// The files of a kind that the program keeps.
    pub(crate) fn kept(&self, kind: &str) -> Vec<PathBuf> {
        let folder = self.path(".local/state/waxseal");
        let files = folder.read_dir().into_iter().flatten().map(|entry| entry.unwrap().path());
        files.filter(|path| path.extension().is_some_and(|found| found == kind)).collect()
    }

    /// The program with nothing of the tester's surroundings, and no terminal.
    pub(crate) fn waxseal(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_waxseal"));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.home.path())
            .env("WAXSEAL_HOST", &self.host)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        Run::of(self.waxseal(arguments).output().unwrap())
    }

    /// Runs it with a file as standard input.
    pub(crate) fn run_with(&self, arguments: &[&str], input: impl AsRef<[u8]>) -> Run {
        let file = self.path("input");
        std::fs::write(&file, input).unwrap();
        Run::of(self.waxseal(arguments).stdin(open(&file)).output().unwrap())
    }

    /// Shares a text and gives its link and receipt.
    pub(crate) fn share(&self, text: impl AsRef<[u8]>, arguments: &[&str]) -> (String, String) {
        let run = self.run_with(&[&["share", "--json"], arguments].concat(), text).with_code(0);
        let printed: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
        let text = |member: &str| printed[member].as_str().unwrap().to_owned();
        (text("link"), text("receipt"))
    }

    /// What the sender sees.
    pub(crate) fn receipt(&self, receipt: &str) -> serde_json::Value {
        serde_json::from_slice(&self.run(&["receipt", "--json", receipt]).with_code(0).stdout)
            .unwrap()
    }
}

fn open(path: &Path) -> std::fs::File {
    std::fs::File::open(path).unwrap()
}

async fn service(host: &str, settings: DomainSettings) -> Router {
    let store = SqlStore::open(&Settings::SqliteMemory).await.unwrap();
    store.migrate().await.unwrap();
    let rng: Arc<dyn Rng> = Arc::new(SystemRng);
    let scope = tenant(&store, &*rng).await;
    let plan = Entitlements::SELF_HOSTED;
    let brand = BrandFiles::render(&Brand::plain("Acme"), &plan, &settings);
    let context = RequestContext {
        scope,
        domain: domain(&store, scope, settings).await,
        origin: Arc::new(Origin::parse(host).unwrap()),
        client: ClientAddress::new([192, 0, 2, 1].into()),
        network: Network::new("192.0.2.0/24"),
        request_id: RequestId::random(&*rng),
    };
    let secrets = Secrets::new(Parts {
        store,
        keys: Arc::new(MemoryKeyStore::new(Arc::clone(&rng))),
        hints: Arc::new(MemoryHints::default()),
        clock: Arc::new(SystemClock),
        rng,
        plans: Plans::self_hosted(plan),
    });
    let brand =
        move |headers: HeaderMap| std::future::ready(brand.json.respond(&headers).map(Body::from));
    Router::new()
        .route("/brand.json", get(brand))
        .merge(wax_secrets::router(secrets, Arc::new(NoAccounts)).layer(Extension(context)))
}

async fn domain(store: &SqlStore, scope: TenantScope, settings: DomainSettings) -> DomainId {
    let id = DomainId::from_bytes([9; 16]);
    let host = HostPattern::parse("secrets.acme.localhost").unwrap();
    let now = SystemClock.now();
    let domain = Domain::given(id, scope.tenant(), host, Transport::Loopback, now);
    let domain = Domain { settings, ..domain };
    let new = NewDomain { domain, brand: Brand::plain("Acme") };
    assert!(store.platform().ensure_domain(&new).await.unwrap());
    id
}

#[expect(clippy::disallowed_methods, reason = "a test stands in for the edge")]
async fn tenant(store: &SqlStore, rng: &dyn Rng) -> TenantScope {
    let tenant = Tenant {
        id: TenantId::random(rng),
        slug: "acme".into(),
        name: "Acme".into(),
        plan: PlanId::self_hosted(),
        limited: false,
        created_at: wax_kernel::Timestamp::from_ms(0),
        deletion_due_at: None,
    };
    TenantScope::proven(store.platform().ensure_tenant(&tenant).await.unwrap().id)
}
