//! What a dump of the server's memory tells: nothing that opens a secret.

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Write as _},
    net::TcpStream,
    os::unix::fs::FileExt as _,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use wax_client_sdk::{Draft, Session};
use wax_crypto::{DeviceKey, Ikm, Origin, Passphrase};
use wax_kernel::SystemRng;
use wax_model::Expires;

use crate::server::Server;

/// Read at once; windows overlap by more than anything that is looked for.
const CHUNK: usize = 1 << 20;
const OVERLAP: usize = 256;

/// What only a request that is under way says.
const HALF: &str = "half of a request, which waits for its other half";
/// How long the server may take to read it.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_servers_memory_holds_neither_text_nor_key_nor_passphrase() {
    assert!(
        rustix::process::geteuid().is_root(),
        "run as root: memory is read as a thief of the machine would"
    );
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::waxseald(folder.path(), None);
    server.start().await;
    let client = server.client();
    let (text, typed) = ("the text that nobody else may read", "correct horse battery staple");
    let passphrase = Passphrase::new(typed).unwrap();
    let draft = |passphrase| Draft { text, views: 2, expires: Expires::AfterS(3_600), passphrase };
    let guarded = client.share(&draft(Some(&passphrase)), &SystemRng).await.unwrap().link;
    let open = client.share(&draft(None), &SystemRng).await.unwrap().link;
    // The server also hands a secret out: everything it ever sees has passed through its memory.
    let device = DeviceKey::generate();
    let key = Ikm::without_passphrase(open.token()).claim_key(&open.id());
    Session::start(&client, &open, &device).await.unwrap().0.claim(&key).await.unwrap();

    let tokens = [guarded.token().expose(), open.token().expose()];
    let wraps = tokens.map(|token| URL_SAFE_NO_PAD.encode(token));
    let never: Vec<&[u8]> = vec![
        text.as_bytes(),
        typed.as_bytes(),
        tokens[0],
        tokens[1],
        wraps[0].as_bytes(),
        wraps[1].as_bytes(),
    ];
    // What has passed through may be overwritten by now. What is under way is there: so the search is known to find.
    let _half = half_a_request(&server.origin());
    let wanted = [&[HALF.as_bytes()], &never[..]].concat();
    let begun = Instant::now();
    let found = loop {
        let found = search(server.pid(), &wanted);
        if found[0] {
            break found;
        }
        assert!(begun.elapsed() < PATIENCE, "the search does not find what is under way");
    };
    assert_eq!(found[1..], [false; 6], "the server knows what it must not");
}

/// A request that stops within its body: the server keeps what it has got, and waits for the rest.
fn half_a_request(origin: &Origin) -> TcpStream {
    let origin = origin.to_string();
    let authority = origin.strip_prefix("http://").unwrap();
    let port = authority.rsplit(':').next().unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", port.parse().unwrap())).unwrap();
    let head = "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"id\":\"";
    write!(stream, "POST /v1/secrets/peek HTTP/1.1\r\nHost: {authority}\r\n{head}{HALF}").unwrap();
    stream
}

/// Which of the values stand anywhere in the process's memory.
fn search(pid: u32, values: &[&[u8]]) -> Vec<bool> {
    let memory = File::open(format!("/proc/{pid}/mem")).unwrap();
    let maps = BufReader::new(File::open(format!("/proc/{pid}/maps")).unwrap());
    let mut found = vec![false; values.len()];
    for (start, end) in maps.lines().filter_map(|line| readable(&line.unwrap())) {
        let mut at = start;
        while at < end {
            let length = (end - at).min((CHUNK + OVERLAP) as u64);
            let mut chunk = vec![0; usize::try_from(length).unwrap()];
            // Some mappings (vvar) refuse.
            if memory.read_exact_at(&mut chunk, at).is_ok() {
                for (value, found) in values.iter().zip(&mut found) {
                    *found |= chunk.windows(value.len()).any(|window| window == *value);
                }
            }
            at += CHUNK as u64;
        }
    }
    found
}

/// The range of a line of `/proc/<pid>/maps` that is readable, writable memory.
fn readable(line: &str) -> Option<(u64, u64)> {
    let (range, rest) = line.split_once(' ')?;
    let (start, end) = range.split_once('-')?;
    let bound = |text| u64::from_str_radix(text, 16).ok();
    rest.starts_with("rw").then_some((bound(start)?, bound(end)?))
}
