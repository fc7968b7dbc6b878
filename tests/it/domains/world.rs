//! The service in five processes, and the world around it: an issuer, name servers, a clock that can be moved.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::Path,
    process::Command,
};

use tempfile::TempDir;
use wax_dns_tree::{Listening, Tree};
use wax_kernel::base64url_encode;
use wax_testkit::{Pebble, database::PostgresDatabase};
use waxseal_tests::fleet::Process;

use super::visitor;
use crate::server::{binary, free_port};

/// What tenants' hosts point into.
pub(crate) const ZONE: &str = "edge.example.net";
/// Where edges are, as the world is told. Nobody goes there: visitors and Pebble know better.
pub(crate) const EDGE_ADDRESS: &str = "192.0.2.1";

/// An edge, and its doors.
pub(crate) struct Edge {
    pub(crate) process: Process,
    pub(crate) tls: u16,
}

/// Where the world comes in.
pub(crate) struct Doors {
    pub(crate) tls: u16,
    pub(crate) redirect: u16,
}

/// Everything. What is in it ends with it.
pub(crate) struct World {
    pub(crate) tree: Tree,
    pub(crate) database: PostgresDatabase,
    /// The first is asked for certificates, from when it is named by [`World::ask`].
    pub(crate) issuers: Vec<Pebble>,
    pub(crate) services: Vec<Process>,
    pub(crate) edges: Vec<Edge>,
    pub(crate) name_server: Process,
    /// Where our own zone is answered for.
    pub(crate) name_server_at: (IpAddr, u16),
    /// The authorities behind what is issued, as PEM.
    pub(crate) roots: Vec<Vec<u8>>,
    settings: Settings,
    folder: TempDir,
    _listening: Listening,
}

pub(super) type Settings = Vec<(&'static str, String)>;

impl World {
    /// One edge for each issuer, at whose doors it looks for proofs, and so many processes with everything else. Nothing runs yet.
    pub(crate) async fn new(issuers: Vec<Pebble>, services: usize) -> Self {
        let (folder, database) = (tempfile::tempdir().unwrap(), PostgresDatabase::empty().await);
        make_clock(&database).await;
        let tree = internet();
        let listening = tree.listen().await.unwrap();
        let name_server_at = (tree.delegate(ZONE, &format!("ns1.{ZONE}")), listening.port());
        let mut roots = Vec::new();
        for issuer in &issuers {
            roots.push(visitor::root_of(issuer).await);
        }
        let mut settings = basics(folder.path(), &database.url());
        settings.extend(of_domains(&tree, name_server_at));
        let shared = folder.path().join("services/edges");
        let part = |name: &str| Part::new(name, folder.path(), &settings);
        let services: Vec<Process> =
            (1..=services).map(|number| part(&format!("services-{number}")).services()).collect();
        let ports: Vec<u16> = services.iter().map(Process::port).collect();
        let edges = issuers.iter().zip(1..);
        let edges = edges.map(|(issuer, number)| {
            let doors = Doors { tls: issuer.tls_port(), redirect: issuer.http_port() };
            part(&format!("edge-{number}")).edge(&ports, doors, &shared)
        });
        let edges = edges.collect();
        let name_server = part("dns").name_server(name_server_at);
        let world = Self {
            tree,
            database,
            issuers,
            services,
            edges,
            name_server,
            name_server_at,
            roots,
            settings,
            folder,
            _listening: listening,
        };
        world.ask(0);
        world
    }

    /// Names an issuer as the only one; services take it up when they start.
    pub(crate) fn ask(&self, issuer: usize) {
        let pebble = &self.issuers[issuer];
        let ca = self.folder.path().join(format!("issuer-{issuer}.pem"));
        std::fs::write(&ca, pebble.authority()).unwrap();
        let table = format!(
            "[[acme.issuers]]\nname = \"pebble-{issuer}\"\ndirectory = \"{}\"\ncaa = \"pebble.example\"\nca = \"{}\"\nunlimited = true\n",
            pebble.directory(),
            ca.display()
        );
        std::fs::write(self.folder.path().join("waxseal.toml"), table).unwrap();
    }

    /// For the first time: services make the database and the keys.
    pub(crate) async fn start(&mut self) {
        for process in &mut self.services {
            process.start().await;
        }
        self.name_server.start().await;
        for edge in &mut self.edges {
            edge.process.start().await;
        }
    }

    /// Whoever asks for something ends before who answers.
    pub(crate) async fn stop(&mut self) {
        for process in &mut self.services {
            process.stop().await;
        }
        self.name_server.stop().await;
        for edge in &mut self.edges {
            edge.process.stop().await;
        }
    }

    /// Lets time pass while nobody works: every process goes by the database's clock, and believes it when it starts.
    pub(crate) async fn sleep_for(&mut self, interval: &str) {
        self.stop().await;
        let forward = format!("UPDATE test_clock SET ahead = ahead + INTERVAL '{interval}'");
        self.database.execute(&forward).await;
        for edge in &mut self.edges {
            edge.process.start().await;
        }
        self.name_server.start().await;
        for process in &mut self.services {
            process.start().await;
        }
    }

    /// Runs one of the operator's commands.
    pub(crate) fn admin(&self, arguments: &[&str]) -> String {
        let plain = format!("127.0.0.1:{}", self.edges[0].process.port());
        let data = self.folder.path().join("services");
        let mut command = Command::new(binary("WAXSEALD", "waxseald"));
        command.arg("admin").args(arguments).env_clear();
        command.envs(self.settings.iter().map(|(key, value)| (*key, value)));
        command.env("WAXSEAL_LISTENERS__PLAIN", plain).env("WAXSEAL_STORE__DATA_DIR", data);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// What every process has written.
    pub(crate) fn logs(&self) -> String {
        let processes = self.services.iter().chain(self.edges.iter().map(|edge| &edge.process));
        processes.map(Process::log).collect()
    }
}

/// A tree with the tenants' zone, and ours delegated.
fn internet() -> Tree {
    let tree = Tree::new();
    tree.zone("com", &["a.nic.com"]);
    tree.zone("net", &["a.nic.net"]);
    tree.zone("example.net", &["ns1.example.net"]);
    tree.zone("example.com", &["ns1.example.com", "ns2.example.com"]);
    tree
}

/// A function of the database's own takes the place of the clock: what a session of this database asks for the time.
async fn make_clock(database: &PostgresDatabase) {
    database.execute("CREATE TABLE test_clock (ahead INTERVAL NOT NULL)").await;
    database.execute("INSERT INTO test_clock VALUES (INTERVAL '0')").await;
    database
        .execute(
            "CREATE FUNCTION public.clock_timestamp() RETURNS TIMESTAMPTZ LANGUAGE SQL VOLATILE
             AS 'SELECT pg_catalog.clock_timestamp() + (SELECT ahead FROM public.test_clock)'",
        )
        .await;
    let first = format!("ALTER DATABASE {} SET search_path = public, pg_catalog", database.name());
    database.execute(&first).await;
}

/// What every process is told.
pub(super) fn basics(folder: &Path, database_url: &str) -> Settings {
    let generous = |key| (key, "1000000".to_owned());
    vec![
        ("DATABASE_URL", database_url.to_owned()),
        ("WAXSEAL_LISTENERS__MANAGEMENT", String::new()),
        ("WAXSEAL_LISTENERS__PLAIN", String::new()),
        ("WAXSEAL_ACCOUNTS__SIGN_UP", "open".to_owned()),
        ("WAXSEAL_ACCOUNTS__SESSION_IDLE_S", "2592000".to_owned()),
        generous("WAXSEAL_LIMITS__CREATES_PER_MINUTE"),
        generous("WAXSEAL_LIMITS__CREATE_BURST"),
        generous("WAXSEAL_LIMITS__REQUESTS_PER_MINUTE"),
        generous("WAXSEAL_LIMITS__REQUEST_BURST"),
        generous("WAXSEAL_LIMITS__SIGN_INS_PER_MINUTE"),
        generous("WAXSEAL_LIMITS__SIGN_IN_BURST"),
        generous("WAXSEAL_LIMITS__CONNECTIONS_PER_NETWORK"),
        ("WAXSEAL_CONFIG", folder.join("waxseal.toml").display().to_string()),
    ]
}

/// And where hosts are looked up.
fn of_domains(tree: &Tree, (name_server, port): (IpAddr, u16)) -> Settings {
    let (algorithm, key) = tree.anchor();
    let roots: Vec<String> = tree.roots().iter().map(ToString::to_string).collect();
    vec![
        ("WAXSEAL_DOMAINS__ZONE", ZONE.to_owned()),
        ("WAXSEAL_DOMAINS__NAME_SERVERS", format!("ns1.{ZONE} {name_server}")),
        ("WAXSEAL_DOMAINS__EDGE_ADDRESSES", EDGE_ADDRESS.to_owned()),
        ("WAXSEAL_DOMAINS__CONTACT", "hostmaster@example.net".to_owned()),
        ("WAXSEAL_DOMAINS__DNS_ROOTS", roots.join(",")),
        ("WAXSEAL_DOMAINS__DNS_PORT", port.to_string()),
        ("WAXSEAL_DOMAINS__DNS_ROOT_KEY", format!("{algorithm} {}", base64url_encode(key))),
    ]
}

/// One process, as it is put together.
pub(super) struct Part<'w> {
    name: String,
    folder: &'w Path,
    port: u16,
    settings: Settings,
}

impl<'w> Part<'w> {
    pub(super) fn new(name: &str, folder: &'w Path, settings: &Settings) -> Self {
        Self { name: name.to_owned(), folder, port: free_port(), settings: settings.clone() }
    }

    /// They share one folder, as machines share a volume with keys.
    pub(super) fn services(self) -> Process {
        let (data, listen) = (self.folder.join("services"), self.address());
        self.with("WAXSEAL_SERVER__ONLY", "secrets,accounts,worker")
            .with("WAXSEAL_STORE__DATA_DIR", &data.display().to_string())
            .with("WAXSEAL_LISTENERS__SERVICES", &listen)
            .process()
    }

    /// Each has its own folder, for what it remembers; the keys that edges share are those of all.
    pub(super) fn edge(self, services: &[u16], doors: Doors, edges: &Path) -> Edge {
        let data = self.folder.join(&self.name);
        std::fs::create_dir(&data).unwrap();
        std::os::unix::fs::symlink(edges, data.join("edges")).unwrap();
        let (Doors { tls, redirect }, listen) = (doors, self.address());
        let upstream: Vec<String> =
            services.iter().map(|port| format!("http://127.0.0.1:{port}")).collect();
        let process = self
            .with("WAXSEAL_SERVER__ONLY", "edge")
            .with("WAXSEAL_STORE__DATA_DIR", &data.display().to_string())
            .with("WAXSEAL_LISTENERS__PLAIN", &listen)
            .with("WAXSEAL_LISTENERS__TLS", &format!("127.0.0.1:{tls}"))
            .with("WAXSEAL_LISTENERS__REDIRECT", &format!("127.0.0.1:{redirect}"))
            .with("WAXSEAL_UPSTREAM__SECRETS", &upstream.join(","))
            .with("WAXSEAL_UPSTREAM__ACCOUNTS", &upstream.join(","))
            .process();
        Edge { process, tls }
    }

    /// Its health is on this machine's own address, because that is where it is waited for.
    fn name_server(self, (address, port): (IpAddr, u16)) -> Process {
        let (data, health) = (self.folder.join(&self.name), self.address());
        self.with("WAXSEAL_SERVER__ONLY", "dns")
            .with("WAXSEAL_STORE__DATA_DIR", &data.display().to_string())
            .with("WAXSEAL_LISTENERS__MANAGEMENT", &health)
            .with("WAXSEAL_LISTENERS__DNS", &format!("{address}:{port}"))
            .process()
    }

    fn address(&self) -> String {
        format!("{}:{}", Ipv4Addr::LOCALHOST, self.port)
    }

    fn with(mut self, key: &'static str, value: &str) -> Self {
        self.settings.push((key, value.to_owned()));
        self
    }

    fn process(self) -> Process {
        let Self { name, folder, port, settings } = self;
        let binary = binary("WAXSEALD", "waxseald");
        let command = move || {
            let mut command = Command::new(&binary);
            command.arg("serve").env_clear();
            command.envs(settings.iter().map(|(key, value)| (*key, value)));
            command
        };
        Process::new(command, port, folder.join(format!("{name}.log")))
    }
}
