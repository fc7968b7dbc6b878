//! A private Postgres for one test run: own folder, own port, gone afterwards.
//!
//! Durability stays at its defaults (`fsync` and `synchronous_commit` on), because the server refuses to start
//! without and tests say so.

use std::ffi::OsString;
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::process::{self, Job};

const START_TRIES: u32 = 300;
const START_POLL: Duration = Duration::from_millis(100);
const SUPERUSER: &str = "waxseal";

pub(crate) struct Postgres {
    server: Job,
    folder: PathBuf,
    port: u16,
}

impl Postgres {
    pub(crate) fn start() -> Result<Self> {
        let programs = programs().context("Postgres is not installed")?;
        let account = Account::current()?;
        let folder = account.make_folder()?;
        let port = free_port()?;
        let server = initialise(&programs, &account, &folder)
            .and_then(|()| serve(&programs, &account, &folder, port));
        match server {
            Ok(server) => Self { server, folder, port }.wait_until_ready(&programs),
            Err(error) => {
                fs::remove_dir_all(&folder)?;
                Err(error)
            }
        }
    }

    /// Where a superuser connects. Tests create databases of their own.
    pub(crate) fn url(&self) -> String {
        format!("postgres://{SUPERUSER}@127.0.0.1:{}/postgres", self.port)
    }

    /// Makes an empty database, and tells where it is.
    pub(crate) fn create_database(&self, name: &str) -> Result<String> {
        let programs = programs().context("Postgres is not installed")?;
        let statement = format!("CREATE DATABASE {name} TEMPLATE template0");
        let options = ["--no-psqlrc", "--quiet", "-c", &statement];
        process::run(Command::new(programs.join("psql")).arg(self.url()).args(options))?;
        Ok(format!("postgres://{SUPERUSER}@127.0.0.1:{}/{name}", self.port))
    }

    fn wait_until_ready(mut self, programs: &Path) -> Result<Self> {
        let port = self.port.to_string();
        for _ in 0..START_TRIES {
            if process::succeeds(Command::new(programs.join("pg_isready")).args([
                "--host",
                "127.0.0.1",
                "--port",
                &port,
            ])) {
                return Ok(self);
            }
            if let Some(status) = self.server.ended()? {
                bail!(
                    "Postgres ended ({status}): {}",
                    fs::read_to_string(self.folder.join("log")).unwrap_or_default()
                );
            }
            thread::sleep(START_POLL);
        }
        bail!("Postgres does not answer on port {port}")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // SIGINT is Postgres' "fast" shutdown: it does not wait for clients to leave.
        self.server.stop("INT");
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            eprintln!("xtask: {} is left behind: {error}", self.folder.display());
        }
    }
}

fn initialise(programs: &Path, account: &Account, folder: &Path) -> Result<()> {
    let mut initdb = account.command(&programs.join("initdb"));
    initdb.arg("--pgdata").arg(folder.join("data")).args([
        "--username",
        SUPERUSER,
        "--auth",
        "trust",
    ]);
    initdb.args(["--encoding", "UTF8", "--no-locale", "--no-instructions"]).current_dir(folder);
    process::run(initdb.stdout(Stdio::null()))
}

fn serve(programs: &Path, account: &Account, folder: &Path, port: u16) -> Result<Job> {
    let mut socket = OsString::from("unix_socket_directories=");
    socket.push(folder);
    let log = File::create(folder.join("log"))?;
    let mut postgres = account.command(&programs.join("postgres"));
    postgres
        .arg("-D")
        .arg(folder.join("data"))
        .arg("-p")
        .arg(port.to_string())
        .arg("-c")
        .arg(socket);
    postgres
        .args(["-c", "listen_addresses=127.0.0.1", "-c", "max_connections=300"])
        .current_dir(folder);
    Job::start(postgres.stdout(log.try_clone()?).stderr(log))
}

/// Debian keeps the server's programs out of the search path, one folder per version: the newest wins.
pub(crate) fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|entry| {
            Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin")))
        })
        .filter(|(_, programs)| programs.join("initdb").exists())
        .max();
    newest.map(|(_, programs)| programs).or_else(|| {
        let path =
            process::output(Command::new("sh").args(["-c", "dirname \"$(command -v initdb)\""]))
                .ok()?;
        Some(PathBuf::from(path.trim())).filter(|programs| programs.join("initdb").exists())
    })
}

/// The system picks a port that is free. Another program could take it before Postgres does, which then ends and
/// says so.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Whom Postgres runs as: it refuses root.
enum Account {
    Own,
    Unprivileged { user: &'static str, group: String },
}

impl Account {
    fn current() -> Result<Self> {
        if !crate::tools::is_root() {
            return Ok(Self::Own);
        }
        let user = ["postgres", "nobody"]
            .into_iter()
            .find(|name| process::succeeds(Command::new("id").arg(name)))
            .context(
                "Postgres refuses to run as root, and there is no user `postgres` or `nobody`",
            )?;
        let group = process::output(Command::new("id").args(["-g", user]))?.trim().to_owned();
        Ok(Self::Unprivileged { user, group })
    }

    /// Makes a folder that nobody else can enter.
    fn make_folder(&self) -> Result<PathBuf> {
        let made =
            process::output(Command::new("mktemp").args(["-d", "-t", "waxseal-postgres.XXXXXX"]))?;
        let folder = PathBuf::from(made.trim());
        if let Self::Unprivileged { user, .. } = self {
            process::run(Command::new("chown").arg(user).arg(&folder))?;
        }
        Ok(folder)
    }

    fn command(&self, program: &Path) -> Command {
        let Self::Unprivileged { user, group } = self else { return Command::new(program) };
        let mut command = Command::new("setpriv");
        command.args(["--reuid", user, "--regid", group, "--clear-groups"]);
        // Should this process be killed outright, the kernel still ends the server.
        command.args(["--pdeathsig", "INT"]).arg(program);
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(postgres: &Postgres, programs: &Path, sql: &str) -> String {
        process::output(Command::new(programs.join("psql")).args([
            &postgres.url(),
            "--no-psqlrc",
            "-Atc",
            sql,
        ]))
        .unwrap()
    }

    #[test]
    fn a_private_server_is_durable_and_leaves_nothing_behind() {
        let programs = programs().expect("`cargo xtask test` installs Postgres");
        let postgres = Postgres::start().unwrap();
        let settings = "SELECT current_setting('fsync'), current_setting('synchronous_commit'), usesuper FROM pg_user";
        assert_eq!(query(&postgres, &programs, settings), "on|on|t\n");
        assert_eq!(query(&postgres, &programs, "CREATE DATABASE one"), "CREATE DATABASE\n");
        let folder = postgres.folder.clone();
        let (host, port) = ("127.0.0.1", postgres.port);
        drop(postgres);
        assert!(!folder.exists());
        assert!(std::net::TcpStream::connect((host, port)).is_err());
    }
}
