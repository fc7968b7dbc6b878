//! The whole service in one of three shapes: the same promises hold in each.
//!
//! ```text
//! let mut fleet = Fleet::new(Shape::Many, folder.path(), &database.url());
//! fleet.start().await;                    // secrets first, then edges
//! let client = fleet.edges[0].client();   // any edge answers for any secret
//! fleet.secrets[1].kill();                // also: pause(), resume(), stop().await, start().await, pid(), log()
//! ```
//!
//! All processes share one database; those with secrets also share one key folder, as machines share a volume. Each
//! keeps its port over its lives, and writes to `<name>.log` in the folder: `edge-1`, `secrets-2`, or `server`.

mod process;

use std::{path::Path, process::Command};

pub use self::process::Process;
use self::process::{binary, free_port};

/// How the parts of the service are spread over processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Everything in one.
    One,
    /// An edge, and everything else.
    Two,
    /// Two edges, and two of everything else.
    Many,
}

impl Shape {
    /// Every shape.
    pub const ALL: [Self; 3] = [Self::One, Self::Two, Self::Many];

    const fn edges_and_secrets(self) -> (usize, usize) {
        match self {
            Self::One => (1, 0),
            Self::Two => (1, 1),
            Self::Many => (2, 2),
        }
    }
}

/// Processes that are one service together. Dropping it kills them all.
pub struct Fleet {
    /// Where clients go; at least one. In [`Shape::One`] it serves everything.
    pub edges: Vec<Process>,
    /// Where edges go, each with secrets and worker. None in [`Shape::One`].
    pub secrets: Vec<Process>,
}

impl Fleet {
    /// Describes a fleet with its files in `folder` and its rows in the database: `postgres://…`, or `sqlite:<path>`,
    /// which one machine's processes may share. Starts nothing.
    pub fn new(shape: Shape, folder: &Path, database_url: &str) -> Self {
        let (edges, secrets) = shape.edges_and_secrets();
        let describe = |name: &str| Description::new(name, folder, database_url);
        let secrets: Vec<Process> =
            (1..=secrets).map(|number| describe(&format!("secrets-{number}")).secrets()).collect();
        let upstream: Vec<u16> = secrets.iter().map(Process::port).collect();
        let edges = (1..=edges).map(|number| match shape {
            Shape::One => describe("server").everything(),
            _ => describe(&format!("edge-{number}")).edge(&upstream),
        });
        Self { edges: edges.collect(), secrets }
    }

    /// Starts every process that does not run, and waits until all answer.
    pub async fn start(&mut self) {
        for process in self.secrets.iter_mut().chain(&mut self.edges) {
            if !process.is_running() {
                process.start().await;
            }
        }
    }

    /// Asks every process to end, edges first, and waits until they have.
    pub async fn stop(&mut self) {
        for process in self.edges.iter_mut().chain(&mut self.secrets) {
            process.stop().await;
        }
    }

    /// The processes that answer for secrets: killing one of them in the middle of a request is the hard case.
    pub fn servers(&mut self) -> &mut [Process] {
        if self.secrets.is_empty() { &mut self.edges } else { &mut self.secrets }
    }
}

/// One process of a fleet.
struct Description {
    port: u16,
    settings: Vec<(&'static str, String)>,
    log: std::path::PathBuf,
    /// Those with secrets share one: keys are files.
    shared: String,
    own: String,
}

impl Description {
    fn new(name: &str, folder: &Path, database_url: &str) -> Self {
        let generous = |key| (key, "1000000".to_owned());
        let settings = vec![
            ("DATABASE_URL", database_url.to_owned()),
            ("WAXSEAL_LISTENERS__MANAGEMENT", String::new()),
            generous("WAXSEAL_LIMITS__CREATES_PER_MINUTE"),
            generous("WAXSEAL_LIMITS__CREATE_BURST"),
            generous("WAXSEAL_LIMITS__REQUESTS_PER_MINUTE"),
            generous("WAXSEAL_LIMITS__REQUEST_BURST"),
            generous("WAXSEAL_LIMITS__SIGN_INS_PER_MINUTE"),
            generous("WAXSEAL_LIMITS__SIGN_IN_BURST"),
            generous("WAXSEAL_LIMITS__CONNECTIONS_PER_NETWORK"),
        ];
        let folder_named = |name: &str| folder.join(name).display().to_string();
        Self {
            port: free_port(),
            settings,
            log: folder.join(format!("{name}.log")),
            shared: folder_named("data"),
            own: folder_named(name),
        }
    }

    fn everything(self) -> Process {
        let data = self.shared.clone();
        let listen = self.address();
        self.with("WAXSEAL_STORE__DATA_DIR", data)
            .with("WAXSEAL_LISTENERS__PLAIN", listen)
            .process()
    }

    fn secrets(self) -> Process {
        let (data, listen) = (self.shared.clone(), self.address());
        self.with("WAXSEAL_SERVER__ONLY", "secrets,accounts,worker".into())
            .with("WAXSEAL_STORE__DATA_DIR", data)
            .with("WAXSEAL_LISTENERS__SERVICES", listen)
            .process()
    }

    fn edge(self, upstream: &[u16]) -> Process {
        let endpoints: Vec<String> =
            upstream.iter().map(|port| format!("http://127.0.0.1:{port}")).collect();
        let (data, listen) = (self.own.clone(), self.address());
        self.with("WAXSEAL_SERVER__ONLY", "edge".into())
            .with("WAXSEAL_STORE__DATA_DIR", data)
            .with("WAXSEAL_LISTENERS__PLAIN", listen)
            .with("WAXSEAL_UPSTREAM__SECRETS", endpoints.join(","))
            .with("WAXSEAL_UPSTREAM__ACCOUNTS", endpoints.join(","))
            .process()
    }

    fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn with(mut self, key: &'static str, value: String) -> Self {
        self.settings.push((key, value));
        self
    }

    fn process(self) -> Process {
        let (settings, binary) = (self.settings, binary("WAXSEALD", "waxseald"));
        let command = move || {
            let mut command = Command::new(&binary);
            command.args(["serve", "--demo"]).env_clear();
            command.envs(settings.iter().map(|(key, value)| (*key, value)));
            command
        };
        Process::new(command, self.port, self.log)
    }
}
