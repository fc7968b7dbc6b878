//! `SnapPass`: what a business would otherwise run to share a password once (Python, Flask, Redis).

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use http::HeaderMap;

use super::People;
use super::http::Target;
use super::process::{Process, free_port};
use super::waxseal::TEXT;
use crate::cpu::Usage;
use crate::machine::version;

/// gunicorn with `SnapPass`, and its Redis with the settings Redis has by default: what it acknowledged in the last
/// minute is lost in a power cut.
pub(crate) struct SnapPass {
    gunicorn: Process,
    pub(crate) redis: Process,
    pub(crate) redis_port: u16,
    port: u16,
}

impl SnapPass {
    /// `gunicorn` is the program beside which `SnapPass` is installed.
    pub(crate) fn start(gunicorn: &Path, folder: &Path) -> Result<Self> {
        let (redis_port, port) = (free_port()?, free_port()?);
        let mut redis = Command::new("redis-server");
        redis.args(["--bind", "127.0.0.1", "--port", &redis_port.to_string()]);
        redis.arg("--dir").arg(folder);
        let redis = Process::start(&mut redis, redis_port, &folder.join("redis.log"))?;
        let workers = std::thread::available_parallelism()?.get();
        let mut command = Command::new(gunicorn);
        command.args(["snappass.main:app", "--bind", &format!("127.0.0.1:{port}")]);
        command.args(["--workers", &workers.to_string(), "--worker-tmp-dir"]).arg(folder);
        command.env("REDIS_URL", format!("redis://127.0.0.1:{redis_port}/0"));
        command.env("NO_SSL", "True").current_dir(folder);
        let gunicorn = Process::start(&mut command, port, &folder.join("gunicorn.log"))?;
        Ok(Self { gunicorn, redis, redis_port, port })
    }

    pub(crate) fn target(&self) -> Target {
        Target::plain("127.0.0.1", self.port)
    }

    pub(crate) fn usage(&self) -> Result<Usage> {
        Ok(self.gunicorn.usage()?.and(self.redis.usage()?))
    }
}

/// What is compared with, by its own words.
pub(super) fn versions(gunicorn: &Path) -> Result<[String; 4]> {
    let python = gunicorn.with_file_name("python");
    let snappass = "from importlib.metadata import version; print(version('snappass'))";
    Ok([
        version("SnapPass", Command::new(&python).args(["-c", snappass]))?,
        version("gunicorn", Command::new(gunicorn).arg("--version"))?,
        version("Python", Command::new(&python).arg("--version"))?,
        version("Redis", Command::new("redis-server").arg("--version"))?,
    ])
}

/// A sender who fills in the form, and a recipient who presses the button. The recipient's first look is not counted.
pub(super) struct Pair(pub(super) Target);

impl Pair {
    /// gunicorn's workers close every connection after one answer.
    async fn post(&self, path: &str, form: &str) -> Result<String> {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", "application/x-www-form-urlencoded".parse()?);
        let mut connection = self.0.connect().await?;
        let answer = connection.post(&self.0, path, headers, form.into()).await?;
        let page = String::from_utf8_lossy(&answer.body).into_owned();
        ensure!(answer.status.is_success(), "SnapPass: {} {page}", answer.status);
        Ok(page)
    }
}

impl People for Pair {
    async fn share_one(&mut self) -> Result<()> {
        let form = format!("password={}&ttl=Week", TEXT.replace(' ', "+"));
        let page = self.post("/", &form).await?;
        let (_, link) =
            page.split_once(&self.0.url("/snappass")).context("SnapPass shows no link")?;
        let key = link.split('"').next().unwrap_or_default();
        let page = self.post(&format!("/snappass{key}"), "").await?;
        ensure!(page.contains(TEXT), "SnapPass shows another text");
        Ok(())
    }
}
