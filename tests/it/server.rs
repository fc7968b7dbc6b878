//! A server as a process that can be killed.

use std::{
    fs::OpenOptions,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use wax_client_sdk::{Client, Options};
use wax_crypto::Origin;

/// How long a server may take to come up or to end. Generous: machines are shared, and nothing is measured here.
const PATIENCE: Duration = Duration::from_secs(60);

/// One server: the same command on the same port, as often as it is started.
pub(crate) struct Server {
    command: Box<dyn Fn() -> Command + Send>,
    child: Option<Child>,
    port: u16,
    log: PathBuf,
}

impl Server {
    /// Describes the real server with its data in `folder`, on SQLite or on the given database.
    pub(crate) fn waxseald(folder: &Path, database_url: Option<String>) -> Self {
        Self::of_binary(binary("WAXSEALD", "waxseald"), folder, database_url)
    }

    /// The same from a copy of the binary in `folder`: where it was built, another user may not look.
    pub(crate) fn copied(folder: &Path) -> Self {
        let copy = folder.join("waxseald");
        std::fs::copy(binary("WAXSEALD", "waxseald"), &copy)
            .expect("the binary can be copied: is it built?");
        Self::of_binary(copy, folder, None)
    }

    fn of_binary(binary: PathBuf, folder: &Path, database_url: Option<String>) -> Self {
        let (port, data) = (free_port(), folder.join("data"));
        let command = move || {
            let mut command = Command::new(&binary);
            command
                .args(["serve", "--demo"])
                .env_clear()
                .env("WAXSEAL_STORE__DATA_DIR", &data)
                .env("WAXSEAL_LISTENERS__PLAIN", format!("127.0.0.1:{port}"))
                .env("WAXSEAL_LISTENERS__MANAGEMENT", "")
                .env("WAXSEAL_LIMITS__CREATES_PER_MINUTE", "1000000")
                .env("WAXSEAL_LIMITS__CREATE_BURST", "1000000")
                .env("WAXSEAL_LIMITS__REQUESTS_PER_MINUTE", "10000000")
                .env("WAXSEAL_LIMITS__REQUEST_BURST", "10000000")
                .env("WAXSEAL_LIMITS__CONNECTIONS_PER_NETWORK", "10000");
            if let Some(url) = &database_url {
                command.env("DATABASE_URL", url);
            }
            command
        };
        Self::new(command, port, folder)
    }

    fn new(command: impl Fn() -> Command + Send + 'static, port: u16, folder: &Path) -> Self {
        Self { command: Box::new(command), child: None, port, log: folder.join("server.log") }
    }

    pub(crate) fn origin(&self) -> Origin {
        Origin::parse(&format!("http://secrets.acme.localhost:{}", self.port)).expect("an origin")
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.origin(), &Options::default()).expect("a client can be made")
    }

    /// The process's id while it runs.
    pub(crate) fn pid(&self) -> u32 {
        self.child.as_ref().expect("the server runs").id()
    }

    /// Everything the server has written, over all its lives.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).expect("the log can be read")
    }

    /// Starts it and waits until it answers.
    pub(crate) async fn start(&mut self) {
        self.start_as((self.command)()).await;
    }

    /// Starts a changed form of the command and waits until it answers.
    pub(crate) async fn start_as(&mut self, mut command: Command) {
        let log = OpenOptions::new().append(true).create(true).open(&self.log).expect("a log file");
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a second handle")).stderr(log);
        self.child = Some(command.spawn().expect("the server starts: is it built?"));
        let up = tokio::time::timeout(PATIENCE, async {
            while tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
                assert!(self.is_running(), "the server ended at once:\n{}", self.log());
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        assert!(up.await.is_ok(), "the server did not come up:\n{}", self.log());
    }

    /// The command as it would be started, for changing it.
    pub(crate) fn command(&self) -> Command {
        (self.command)()
    }

    fn is_running(&mut self) -> bool {
        let child = self.child.as_mut().expect("the server was started");
        child.try_wait().expect("a child can be waited for").is_none()
    }

    /// `kill -9`: the process gets no chance to do anything.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("a child can be killed");
            child.wait().expect("a child can be waited for");
        }
    }

    /// Asks it to end and waits until it has.
    pub(crate) fn stop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let pid = Pid::from_child(&child);
        kill_process(pid, Signal::TERM).expect("a child can be told to end");
        let status = child.wait().expect("a child can be waited for");
        assert!(status.success(), "the server ended with {status}:\n{}", self.log());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Where a binary is: told by the environment, or beside this test's own.
#[expect(clippy::disallowed_methods, reason = "tests are told by the environment what to test")]
pub(crate) fn binary(variable: &str, name: &str) -> PathBuf {
    std::env::var_os(variable).map_or_else(
        || {
            let test = std::env::current_exe().expect("a test knows where it is");
            let target = test.parent().and_then(Path::parent).expect("tests lie in deps/");
            target.join(name)
        },
        PathBuf::from,
    )
}

/// A port that nobody has at this moment.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port can be had");
    listener.local_addr().expect("a bound socket has an address").port()
}
