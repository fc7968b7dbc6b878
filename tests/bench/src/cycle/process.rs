//! Servers that are measured: started, awaited, asked for their CPU time, stopped.

use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::cpu::Usage;

/// How long a server may take to come up, or to end when it is told to.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);

pub(crate) struct Process {
    child: Child,
}

impl Process {
    /// Starts a server and waits until it takes connections at `port`. It writes to `log`.
    pub(crate) fn start(command: &mut Command, port: u16, log: &Path) -> Result<Self> {
        let file = File::create(log)?;
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        let mut process = Self { child };
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = process.child.try_wait()?;
            if ended.is_some() || start.elapsed() > PATIENCE {
                bail!("{name} does not answer: {}", std::fs::read_to_string(log)?);
            }
            std::thread::sleep(POLL);
        }
        Ok(process)
    }

    /// The CPU time of this process and of those it has started.
    pub(crate) fn usage(&self) -> Result<Usage> {
        Usage::of_family(self.child.id())
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Process {
    /// Asks it to end, so that it ends its own children; makes it if it does not.
    fn drop(&mut self) {
        // Whoever has ended already is not there to be told.
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let start = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) {
            if start.elapsed() > PATIENCE {
                let _ = self.child.kill();
            }
            std::thread::sleep(POLL);
        }
    }
}

/// A port that is free. Another program could take it before the server does, which then says so.
pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
