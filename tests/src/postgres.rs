//! A private Postgres that can be killed: own folder, own port, gone afterwards. `fsync` stays on, as the server demands.

use std::{
    fs::{self, File, OpenOptions},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use async_trait::async_trait;
use rustix::process::{Pid, Signal, kill_process};
use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;

use crate::victim::Victim;

const PATIENCE: Duration = Duration::from_secs(60);
const SUPERUSER: &str = "waxseal";

/// The server.
pub struct Postgres {
    programs: PathBuf,
    account: Option<Account>,
    folder: TempDir,
    port: u16,
    child: Option<Child>,
    kills: u32,
}

/// Whom it runs as: it refuses root.
#[derive(Debug, Clone, Copy)]
struct Account {
    user: u32,
    group: u32,
}

impl Postgres {
    /// Makes an empty server and starts it.
    pub async fn start_new() -> Result<Self> {
        let programs = programs().context("Postgres is not installed")?;
        let account = Account::for_postgres()?;
        let folder = tempfile::Builder::new().prefix("waxseal-postgres.").tempdir()?;
        if let Some(Account { user, group }) = account {
            std::os::unix::fs::chown(folder.path(), Some(user), Some(group))?;
        }
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut postgres = Self { programs, account, folder, port, child: None, kills: 0 };
        postgres.initialise()?;
        postgres.start().await?;
        Ok(postgres)
    }

    /// Where a superuser connects.
    pub fn url(&self) -> String {
        format!("postgres://{SUPERUSER}@127.0.0.1:{}/postgres", self.port)
    }

    fn initialise(&self) -> Result<()> {
        let mut initdb = self.command("initdb");
        initdb.arg("--pgdata").arg(self.data());
        initdb.args(["--username", SUPERUSER, "--auth", "trust", "--encoding", "UTF8"]);
        let made = initdb.args(["--no-locale", "--no-instructions"]).output()?;
        if !made.status.success() {
            bail!("initdb: {}", String::from_utf8_lossy(&made.stderr));
        }
        Ok(())
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Runs as an unprivileged user, in a folder that this user can enter.
    fn command(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        let mut command = match self.account {
            None => Command::new(program),
            Some(Account { user, group }) => {
                let mut command = Command::new("setpriv");
                let ids = [format!("--reuid={user}"), format!("--regid={group}")];
                // Should this process be killed outright, the kernel still ends the server.
                command.args(ids).args(["--clear-groups", "--pdeathsig", "QUIT"]).arg(program);
                command
            }
        };
        command.current_dir(self.folder.path());
        command
    }

    fn serve(&self) -> Result<Child> {
        let log = self.log()?;
        let mut postgres = self.command("postgres");
        postgres.arg("-D").arg(self.data()).args(["-p", &self.port.to_string()]);
        postgres.arg("-c").arg(format!("unix_socket_directories={}", self.folder.path().display()));
        postgres.args(["-c", "listen_addresses=127.0.0.1", "-c", "max_connections=300"]);
        Ok(postgres.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?)
    }

    fn log(&self) -> Result<File> {
        let path = self.folder.path().join("log");
        Ok(OpenOptions::new().append(true).create(true).open(path)?)
    }

    async fn wait_until_ready(&mut self) -> Result<()> {
        let until = Instant::now() + PATIENCE;
        while PgConnection::connect(&self.url()).await.is_err() {
            let child = self.child.as_mut().context("Postgres was started")?;
            let ended = child.try_wait()?;
            if ended.is_some() || Instant::now() > until {
                let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
                bail!("Postgres does not come up ({ended:?}):\n{log}");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    fn pid(&self) -> Result<Pid> {
        Ok(Pid::from_child(self.child.as_ref().context("Postgres runs")?))
    }
}

#[async_trait]
impl Victim for Postgres {
    fn name(&self) -> &'static str {
        "postgres"
    }

    /// In turns: one process that serves a client is killed outright, after which Postgres throws everybody out and
    /// recovers by itself; or the whole server goes down at once and recovers when it is started.
    fn kill(&mut self) -> Result<()> {
        self.kills += 1;
        if self.kills.is_multiple_of(2)
            && let Some(child) = children(self.pid()?).into_iter().next_back()
        {
            return Ok(kill_process(child, Signal::KILL)?);
        }
        kill_process(self.pid()?, Signal::QUIT)?;
        if let Some(mut child) = self.child.take() {
            child.wait()?;
        }
        Ok(())
    }

    async fn start(&mut self) -> Result<()> {
        if self.child.is_none() {
            self.child = Some(self.serve()?);
        }
        self.wait_until_ready().await
    }

    /// Everything that serves a client or writes the log; the postmaster itself has nothing to do with either.
    fn pause(&self) -> Result<()> {
        children(self.pid()?).into_iter().try_for_each(|child| signal_living(child, Signal::STOP))
    }

    fn resume(&self) -> Result<()> {
        children(self.pid()?).into_iter().try_for_each(|child| signal_living(child, Signal::CONT))
    }
}

/// A process that has ended meanwhile needs no signal.
fn signal_living(process: Pid, signal: Signal) -> Result<()> {
    match kill_process(process, signal) {
        Err(rustix::io::Errno::SRCH) | Ok(()) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The processes that `parent` has started, oldest first; those that serve clients come last.
fn children(parent: Pid) -> Vec<Pid> {
    let parent = parent.as_raw_nonzero();
    let listed = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"));
    let words = listed.unwrap_or_default();
    words.split_whitespace().filter_map(|word| Pid::from_raw(word.parse().ok()?)).collect()
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // What does not run any more needs no end.
        let Some(mut child) = self.child.take() else { return };
        let _ = kill_process(Pid::from_child(&child), Signal::QUIT);
        drop(child.wait());
    }
}

impl Account {
    /// `None`: this process's own will do.
    fn for_postgres() -> Result<Option<Self>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let accounts = fs::read_to_string("/etc/passwd")?;
        let find = |name| accounts.lines().find_map(|line| Self::parse(line, name));
        let found = ["postgres", "nobody"].into_iter().find_map(find);
        found
            .map(Some)
            .context("Postgres refuses to run as root, and there is no user `postgres` or `nobody`")
    }

    /// Reads `name:x:user:group:…`.
    fn parse(line: &str, name: &str) -> Option<Self> {
        let mut fields = line.split(':');
        let (found, _, user, group) =
            (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        let account = Self { user: user.parse().ok()?, group: group.parse().ok()? };
        (found == name).then_some(account)
    }
}

/// Debian keeps the server's programs out of the search path, one folder per version: the newest wins.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = versions
        .filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, programs)| programs.join("initdb").exists())
        .max()
        .map(|(_, programs)| programs);
    debian.or_else(|| {
        let found = Command::new("sh").args(["-c", "command -v initdb"]).output().ok()?;
        let path = String::from_utf8(found.stdout).ok()?;
        Path::new(path.trim())
            .parent()
            .filter(|folder| folder.join("initdb").exists())
            .map(Path::to_owned)
    })
}
