//! What one would put in front otherwise: each with the same kind of certificate, and the same answer from memory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use clap::Args;
use rcgen::{CertificateParams, KeyPair};

use crate::cycle::http::Target;
use crate::cycle::{HOST, Process, free_port};

/// What our edge says at [`PATH`], as configurations write line ends.
const ROBOTS: &str = "User-agent: *\\nDisallow: /\\n";
pub(super) const PATH: &str = "/robots.txt";

/// The programs.
#[derive(Args)]
pub(super) struct Programs {
    #[arg(long, default_value = "nginx")]
    nginx: PathBuf,
    #[arg(long, default_value = "haproxy")]
    haproxy: PathBuf,
    #[arg(long, default_value = "caddy")]
    caddy: PathBuf,
}

/// A server that is measured.
pub(super) struct Peer {
    pub(super) name: &'static str,
    pub(super) process: Process,
    pub(super) target: Target,
    /// The same over HTTP/2.
    pub(super) two: Target,
}

/// The files that all of them read.
struct Files {
    folder: PathBuf,
}

impl Files {
    /// A certificate of ECDSA P-256, as ours is, signed by itself.
    fn write(folder: &Path) -> Result<Self> {
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(vec![HOST.to_owned()])?.self_signed(&key)?;
        let (chain, key) = (certificate.pem(), key.serialize_pem());
        fs::write(folder.join("chain.pem"), &chain)?;
        fs::write(folder.join("key.pem"), &key)?;
        fs::write(folder.join("both.pem"), chain + &key)?;
        Ok(Self { folder: folder.to_owned() })
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// Writes a configuration and starts its server.
    fn start(
        &self,
        name: &'static str,
        configuration: &str,
        port: u16,
        command: &mut Command,
    ) -> Result<Peer> {
        fs::write(self.path(&format!("{name}.conf")), configuration)?;
        let log = self.folder.join(format!("{name}.log"));
        let process = Process::start(command, port, &log).context(name)?;
        let chain = self.folder.join("chain.pem");
        let (target, two) =
            (Target::tls(HOST, port, &chain)?, Target::tls_two(HOST, port, &chain)?);
        Ok(Peer { name, process, target, two })
    }
}

/// Starts all of them, with two workers each and one line in a log for each request, as ours writes.
pub(super) fn start(programs: &Programs, folder: &Path) -> Result<Vec<Peer>> {
    let files = Files::write(folder)?;
    Ok(vec![nginx(programs, &files)?, haproxy(programs, &files)?, caddy(programs, &files)?])
}

fn nginx(programs: &Programs, files: &Files) -> Result<Peer> {
    let port = free_port()?;
    let (pid, log) = (files.path("nginx.pid"), files.path("nginx.access.log"));
    let (chain, key) = (files.path("chain.pem"), files.path("key.pem"));
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {};", files.path(kind)))
        .concat();
    let configuration = format!(
        "daemon off; worker_processes 2; pid {pid}; error_log stderr;
         events {{ worker_connections 8192; }}
         http {{
           {temporary} access_log {log}; keepalive_requests 100000; ssl_session_tickets off;
           server {{ listen 127.0.0.1:{port} ssl http2 default_server; ssl_reject_handshake on; }}
           server {{
             listen 127.0.0.1:{port} ssl http2; server_name {HOST};
             ssl_protocols TLSv1.2 TLSv1.3; ssl_certificate {chain}; ssl_certificate_key {key};
             location / {{ default_type text/plain; return 200 \"{ROBOTS}\"; }}
           }}
         }}"
    );
    let mut command = Command::new(&programs.nginx);
    command.args(["-p", &files.path(""), "-c", &files.path("nginx.conf")]);
    files.start("nginx", &configuration, port, &mut command)
}

fn haproxy(programs: &Programs, files: &Files) -> Result<Peer> {
    let port = free_port()?;
    let both = files.path("both.pem");
    let configuration = format!(
        "global
  nbthread 2
  maxconn 4000
  log stdout format raw local0
  tune.ssl.cachesize 0
defaults
  mode http
  log global
  option httplog
  timeout client 60s
  timeout connect 5s
  timeout server 60s
frontend all
  bind 127.0.0.1:{port} ssl crt {both} strict-sni no-tls-tickets alpn h2,http/1.1
  http-request return status 200 content-type text/plain string \"{ROBOTS}\"
"
    );
    let mut command = Command::new(&programs.haproxy);
    command.args(["-db", "-f", &files.path("haproxy.conf")]);
    files.start("haproxy", &configuration, port, &mut command)
}

fn caddy(programs: &Programs, files: &Files) -> Result<Peer> {
    let port = free_port()?;
    let (chain, key) = (files.path("chain.pem"), files.path("key.pem"));
    let robots = ROBOTS.replace("\\n", "\n");
    let configuration = format!(
        "{{
	admin off
	auto_https off
}}
https://{HOST}:{port} {{
	bind 127.0.0.1
	log
	tls {chain} {key}
	respond `{robots}` 200
}}
"
    );
    let mut command = Command::new(&programs.caddy);
    command.env("GOMAXPROCS", "2").env("HOME", &files.folder);
    command.args(["run", "--adapter", "caddyfile", "--config", &files.path("caddy.conf")]);
    files.start("caddy", &configuration, port, &mut command)
}
