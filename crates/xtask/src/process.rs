//! Child processes that never outlive this one.
//!
//! Each child leads a process group of its own, so that stopping it also stops what it started. A group away from
//! the terminal's foreground does not see Ctrl-C, therefore [`forward_signals`] passes it on.

use std::collections::BTreeSet;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// How long a child may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(50);

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static RUNNING: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// Passes Ctrl-C and requests to end on to every running child; a second one ends them at once.
pub(crate) fn forward_signals() -> Result<()> {
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    thread::spawn(move || {
        for _ in signals.forever() {
            let signal = if INTERRUPTED.swap(true, Ordering::SeqCst) { "KILL" } else { "TERM" };
            for group in running().iter() {
                signal_group(*group, signal);
            }
        }
    });
    Ok(())
}

/// Runs a command to its end. An exit code other than 0 is an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    Job::start(command)?.finish()
}

/// Runs a command and returns what it wrote to standard output.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let mut job = Job::start(command.stdout(Stdio::piped()))?;
    let text = std::io::read_to_string(job.stdout())?;
    job.finish()?;
    Ok(text)
}

/// Whether a command can be run and exits with 0. What it says is not shown.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// A running child; dropping it stops it.
pub(crate) struct Job {
    name: String,
    child: Child,
}

impl Job {
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        if INTERRUPTED.load(Ordering::SeqCst) {
            bail!("interrupted");
        }
        let name = words(command);
        let child = command
            .stdin(Stdio::null())
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start `{name}`"))?;
        running().insert(child.id());
        if INTERRUPTED.load(Ordering::SeqCst) {
            // The signal came before this child could be found among the running ones.
            signal_group(child.id(), "TERM");
        }
        Ok(Self { name, child })
    }

    /// Standard output of a child started with it piped. The second call would find it taken.
    pub(crate) fn stdout(&mut self) -> ChildStdout {
        self.child.stdout.take().expect("callers pipe standard output and take it once")
    }

    /// Waits for the end. An exit code other than 0 is an error.
    pub(crate) fn finish(mut self) -> Result<()> {
        let status = self.child.wait()?;
        if INTERRUPTED.load(Ordering::SeqCst) {
            bail!("interrupted");
        }
        if !status.success() {
            bail!("`{}` failed ({status})", self.name);
        }
        Ok(())
    }

    /// The exit status if the child has ended already.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Asks the child to end by a signal, and makes it after [`GRACE`].
    pub(crate) fn stop(&mut self, signal: &str) {
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        signal_group(self.child.id(), signal);
        for _ in 0..GRACE.as_millis() / POLL.as_millis() {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(POLL);
        }
        signal_group(self.child.id(), "KILL");
        // Nothing is left to do for a process that cannot even be waited for.
        let _ = self.child.wait();
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.stop("TERM");
        // Grandchildren that their parent left behind.
        signal_group(self.child.id(), "KILL");
        running().remove(&self.child.id());
    }
}

fn running() -> std::sync::MutexGuard<'static, BTreeSet<u32>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The standard library can only kill, and a shell is everywhere. A group that has ended already is no error.
fn signal_group(group: u32, signal: &str) {
    succeeds(Command::new("sh").args([
        "-c",
        "kill -s \"$0\" -- \"-$1\"",
        signal,
        &group.to_string(),
    ]));
}

fn words(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_command_is_an_error_that_names_it() {
        let error = run(Command::new("sh").args(["-c", "exit 3"])).unwrap_err();
        assert!(error.to_string().starts_with("`sh -c exit 3` failed"), "{error}");
    }

    #[test]
    fn dropping_a_job_stops_what_its_child_started_too() {
        let mut job = Job::start(
            Command::new("sh").args(["-c", "sleep 600 & echo $!; wait"]).stdout(Stdio::piped()),
        )
        .unwrap();
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(job.stdout()), &mut line).unwrap();
        let grandchild = line.trim().to_owned();
        let alive = || succeeds(Command::new("sh").args(["-c", "kill -0 \"$0\"", &grandchild]));
        assert!(alive());
        drop(job);
        // A killed process is gone once the system has come round to it.
        let is_gone = || !alive() || is_zombie(&grandchild);
        let polls = GRACE.as_millis() / POLL.as_millis();
        let mut rounds = (0..polls).map(|_| thread::sleep(POLL));
        assert!(is_gone() || rounds.any(|()| is_gone()));
    }

    /// Ended, but nobody has asked for its exit code yet: containers often run without an init that would.
    fn is_zombie(process: &str) -> bool {
        std::fs::read_to_string(format!("/proc/{process}/stat"))
            .is_ok_and(|stat| stat.contains(") Z "))
    }
}
