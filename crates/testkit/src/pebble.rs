//! Pebble, Let's Encrypt's certificate authority for tests, and the DNS that it believes.

use std::{
    fs::{self, File},
    io::{self, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::json;
use tempfile::TempDir;

use crate::ca::authority;

/// How long Pebble and its DNS may take to listen.
const STARTING: Duration = Duration::from_secs(30);

/// Pebble on free ports of this machine, with a DNS that says 127.0.0.1 for every name, and what it is told.
#[derive(Debug)]
pub struct Pebble {
    folder: TempDir,
    pebble: Running,
    dns: Running,
    directory: String,
    management: String,
    authority: String,
    http_port: u16,
    tls_port: u16,
    dns_management: SocketAddr,
}

/// How it behaves.
#[derive(Debug, Clone, Copy)]
pub struct Habits {
    /// How many of a hundred good nonces it refuses.
    pub nonces_refused: u8,
    /// How many of a hundred earlier proofs it remembers.
    pub proofs_remembered: u8,
    /// How many certificates a chain has above the host's own.
    pub chain: u8,
    /// Whether it takes only those who have an account elsewhere: [`Pebble::EXTERNAL_ACCOUNT`].
    pub external_account: bool,
    /// How long its certificates live. It goes by the machine's clock, which no test moves.
    pub life: Duration,
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            nonces_refused: 15,
            proofs_remembered: 0,
            chain: 1,
            external_account: false,
            life: Duration::from_hours(90 * 24),
        }
    }
}

/// A process that ends with the test.
#[derive(Debug)]
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Pebble {
    /// The account elsewhere that it knows: its name and its MAC key.
    pub const EXTERNAL_ACCOUNT: (&str, [u8; 32]) = ("kid-1", [7; 32]);

    /// Starts one.
    ///
    /// # Panics
    /// Without Debian's package `pebble`, or when it does not listen in time.
    pub fn start(habits: Habits) -> Self {
        let folder =
            tempfile::Builder::new().prefix("waxseal-pebble.").tempdir().expect("a folder");
        let [api, management, http_port, tls_port, dns_port, dns_management] = free_ports();
        let (authority, certificate, key) = authority("localhost");
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).expect("a file in our own folder");
            path
        };
        let (id, mac_key) = Self::EXTERNAL_ACCOUNT;
        let config = json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{api}"),
            "managementListenAddress": format!("127.0.0.1:{management}"),
            "certificate": write("api.pem", &certificate),
            "privateKey": write("api.key", &key),
            "httpPort": http_port,
            "tlsPort": tls_port,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": habits.external_account,
            "externalAccountMACKeys": { (id): wax_kernel::base64url_encode(mac_key) },
            "domainBlocklist": ["blocked.example"],
            "certificateValidityPeriod": habits.life.as_secs(),
        }});
        let config = write("pebble.json", &config.to_string());
        let dns = start_dns(&folder, dns_port, dns_management);
        let mut command = Command::new("pebble");
        command
            .arg("-config")
            .arg(config)
            .args(["-dnsserver", &format!("127.0.0.1:{dns_port}")])
            .env("PEBBLE_VA_NOSLEEP", "1")
            .env("PEBBLE_WFE_NONCEREJECT", habits.nonces_refused.to_string())
            .env("PEBBLE_AUTHZREUSE", habits.proofs_remembered.to_string())
            .env("PEBBLE_CHAIN_LENGTH", habits.chain.to_string());
        let pebble = run(&folder, command, "pebble.log");
        await_port(api);
        Self {
            directory: format!("https://localhost:{api}/dir"),
            management: format!("https://localhost:{management}"),
            dns_management: SocketAddr::from((Ipv4Addr::LOCALHOST, dns_management)),
            folder,
            pebble,
            dns,
            authority,
            http_port,
            tls_port,
        }
    }

    /// Its directory's URL.
    pub fn directory(&self) -> &str {
        &self.directory
    }

    /// Where it shows what it has issued: `/roots/0`, `/cert-status-by-serial/<serial>`.
    pub fn management(&self) -> &str {
        &self.management
    }

    /// The authority behind its own certificate, as PEM.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Where it looks for http-01 answers.
    pub const fn http_port(&self) -> u16 {
        self.http_port
    }

    /// Where it looks for tls-alpn-01 answers.
    pub const fn tls_port(&self) -> u16 {
        self.tls_port
    }

    /// Serial numbers of all certificates that it has issued, by its own account of it: what counts, whatever we stored.
    pub fn issued(&self) -> Vec<String> {
        let marker = "Issued certificate serial ";
        let log = self.log();
        let lines = log.lines().filter_map(|line| line.split_once(marker));
        lines.map(|(_, rest)| rest.split(' ').next().unwrap_or_default().to_owned()).collect()
    }

    /// What it has said.
    pub fn log(&self) -> String {
        let bytes = fs::read(self.folder.path().join("pebble.log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Sets a TXT record. `name` without the dot at its end.
    pub fn set_txt(&self, name: &str, value: &str) {
        self.tell_dns("/set-txt", &json!({ "host": format!("{name}."), "value": value }));
    }

    /// Sets a CNAME.
    pub fn set_cname(&self, name: &str, target: &str) {
        let target = format!("{target}.");
        self.tell_dns("/set-cname", &json!({ "host": format!("{name}."), "target": target }));
    }

    /// Says SERVFAIL for this name from now on.
    pub fn set_servfail(&self, name: &str) {
        self.tell_dns("/set-servfail", &json!({ "host": format!("{name}.") }));
    }

    fn tell_dns(&self, path: &str, body: &serde_json::Value) {
        let body = body.to_string();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(self.dns_management).expect("the DNS listens");
        stream.write_all(request.as_bytes()).expect("the DNS reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("the DNS answers");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    /// Ends it, as `kill -9` does. Its accounts and orders are gone with it.
    pub fn kill(&mut self) {
        let _ = self.pebble.0.kill();
        let _ = self.pebble.0.wait();
        let _ = self.dns.0.id();
    }
}

fn start_dns(folder: &TempDir, port: u16, management: u16) -> Running {
    let mut command = Command::new("pebble-challtestsrv");
    let at = |port: u16| format!("127.0.0.1:{port}");
    command.args(["-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-dns01", &at(port)]).args([
        "-http01",
        "",
        "-https01",
        "",
        "-tlsalpn01",
        "",
        "-management",
        &at(management),
    ]);
    let running = run(folder, command, "dns.log");
    await_port(management);
    running
}

fn run(folder: &TempDir, mut command: Command, log: &str) -> Running {
    let log = File::create(folder.path().join(log)).expect("a file in our own folder");
    let errors = log.try_clone().expect("a second handle");
    let spawned = command.stdin(Stdio::null()).stdout(log).stderr(errors).spawn();
    Running(spawned.expect("Debian's package `pebble` is installed; `cargo xtask test` does that"))
}

/// Free for TCP and UDP, and each another one.
fn free_ports<const N: usize>() -> [u16; N] {
    let held: [_; N] = std::array::from_fn(|_| free_port().expect("a free port"));
    held.map(|(tcp, _)| tcp.local_addr().expect("a bound socket has an address").port())
}

fn free_port() -> io::Result<(TcpListener, UdpSocket)> {
    loop {
        let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        if let Ok(udp) = UdpSocket::bind(tcp.local_addr()?) {
            return Ok((tcp, udp));
        }
    }
}

/// A process that starts cannot say when it listens; asking it is all there is.
fn await_port(port: u16) {
    let started = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        assert!(started.elapsed() < STARTING, "nobody listens on {port}");
        thread::sleep(Duration::from_millis(10));
    }
}
