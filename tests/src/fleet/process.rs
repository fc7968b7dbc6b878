//! A server as a process that can be killed, paused and started again.

use std::{
    fs::OpenOptions,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use wax_client_sdk::{Client, Options};
use wax_crypto::Origin;

/// How long a server may take to come up or to end. Generous: machines are shared, and nothing is measured here.
const PATIENCE: Duration = Duration::from_secs(60);

/// One process: the same command on the same port, as often as it is started.
pub struct Process {
    command: Box<dyn Fn() -> Command + Send>,
    child: Option<Child>,
    port: u16,
    log: PathBuf,
}

impl Process {
    /// Describes a process that answers on `port` and whose output is added to the file `log`.
    pub fn new(command: impl Fn() -> Command + Send + 'static, port: u16, log: PathBuf) -> Self {
        Self { command: Box::new(command), child: None, port, log }
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What browsers call the demo organization here, if it is an edge.
    pub fn origin(&self) -> Origin {
        Origin::parse(&format!("http://secrets.acme.localhost:{}", self.port)).expect("an origin")
    }

    /// A client of that origin.
    pub fn client(&self) -> Client {
        Client::new(self.origin(), &Options::default()).expect("a client can be made")
    }

    /// The process's id while it runs.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("the server runs").id()
    }

    /// Everything it has written, over all its lives.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).expect("the log can be read")
    }

    /// Starts it and waits until it answers.
    pub async fn start(&mut self) {
        self.start_as((self.command)()).await;
    }

    /// Starts a changed form of the command and waits until it answers.
    pub async fn start_as(&mut self, mut command: Command) {
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
    pub fn command(&self) -> Command {
        (self.command)()
    }

    /// Whether it was started and has not ended.
    pub fn is_running(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| ended(child).is_none())
    }

    /// `kill -9`: the process gets no chance to do anything.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("a child can be killed");
            child.wait().expect("a child can be waited for");
        }
    }

    /// Stops it where it stands, its sockets open: a machine that hangs. [`resume`](Self::resume) lets it go on.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets a paused process go on.
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    /// Asks it to end, as a service manager does, and waits until it has.
    pub async fn stop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        kill_process(Pid::from_child(&child), Signal::TERM).expect("a child can be told to end");
        let status = tokio::time::timeout(PATIENCE, async {
            loop {
                match ended(&mut child) {
                    Some(status) => return status,
                    None => tokio::time::sleep(Duration::from_millis(5)).await,
                }
            }
        });
        let status = status.await.unwrap_or_else(|_| panic!("it did not end:\n{}", self.log()));
        assert!(status.success(), "the server ended with {status}:\n{}", self.log());
    }

    fn signal(&self, signal: Signal) {
        let child = self.child.as_ref().expect("the server runs");
        kill_process(Pid::from_child(child), signal).expect("a child takes signals");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

fn ended(child: &mut Child) -> Option<ExitStatus> {
    child.try_wait().expect("a child can be waited for")
}

/// Where a binary is: told by the environment, or beside this test's own.
#[expect(clippy::disallowed_methods, reason = "tests are told by the environment what to test")]
pub(super) fn binary(variable: &str, name: &str) -> PathBuf {
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
pub(super) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port can be had");
    listener.local_addr().expect("a bound socket has an address").port()
}
