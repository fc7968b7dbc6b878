//! What a dump of the server's memory tells: nothing that opens a secret.

use std::{
    fs::File,
    io::{BufRead as _, BufReader},
    os::unix::fs::FileExt as _,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use wax_client_sdk::{Draft, Session};
use wax_crypto::{DeviceKey, Ikm, Passphrase};
use wax_kernel::SystemRng;
use wax_model::Expires;

use crate::server::Server;

/// Read at once; windows overlap by more than anything that is looked for.
const CHUNK: usize = 1 << 20;
const OVERLAP: usize = 256;

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
    let delivery =
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
    let seen = URL_SAFE_NO_PAD.encode(&delivery.content[..300]);
    let found = search(server.pid(), &[&[&seen.as_bytes()[..200]], &never[..]].concat());
    assert!(found[0], "the search does not find what has just passed through");
    assert_eq!(found[1..], [false; 6], "the server knows what it must not");
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
