//! The host's key: remembered when it is first seen, and no other taken without a decision.

use std::path::PathBuf;

use wax_crypto::channel::HostPublicKey;

use crate::server::Server;

fn known(server: &Server) -> PathBuf {
    let folder = server.path(".local/state/waxseal/hosts");
    folder.read_dir().unwrap().next().unwrap().unwrap().path()
}

/// What is known becomes another key, as if the server had changed its own. Gives the server's.
fn change(server: &Server) -> String {
    let text = std::fs::read_to_string(known(server)).unwrap();
    let mut record: serde_json::Value = serde_json::from_str(&text).unwrap();
    let key = record["key"].as_str().unwrap().to_owned();
    record["key"] = HostPublicKey::from_bytes([7; 32]).to_base64url().as_str().into();
    std::fs::write(known(server), record.to_string()).unwrap();
    key
}

#[test]
fn a_host_with_another_key_is_refused_with_both_keys_until_it_is_trusted() {
    let server = Server::start();
    let (link, receipt) = server.share("secret", &[]);
    let (key, other) = (change(&server), HostPublicKey::from_bytes([7; 32]).to_base64url());

    let refused = server.run(&["open", &link]).with_code(8);
    assert!(refused.stdout.is_empty());
    let host = server.host.as_str();
    for says in [&*key, &other, &format!("waxseal trust {host}")] {
        assert!(refused.stderr.contains(says), "{says}: {}", refused.stderr);
    }
    server.run(&["receipt", &receipt]).with_code(8);

    server.run(&["trust", host]).with_code(2);
    server.run(&["trust", host, "--key", &other]).with_code(8);
    server.run(&["open", &link]).with_code(8);
    server.run(&["trust", host, "--key", &key]).with_code(0);
    assert_eq!(server.run(&["open", &link]).with_code(0).text(), "secret");
    let again = server.run(&["trust", host]).with_code(0);
    assert_eq!(again.text(), "This is the key that is known.\n");
}

#[test]
fn a_damaged_memory_of_a_host_lets_nobody_in() {
    let server = Server::start();
    let (link, _) = server.share("secret", &[]);
    std::fs::write(known(&server), "").unwrap();
    let refused = server.run(&["open", &link]).with_code(1);
    assert!(refused.stderr.contains("cannot be read"), "{}", refused.stderr);
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_or_change_what_is_known() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = Server::start();
    server.share("secret", &[]);
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&known(&server)), mode(known(&server).parent().unwrap())), (0o600, 0o700));
}

#[test]
fn a_host_that_does_not_seal_is_refused_and_nothing_is_sent() {
    let server = Server::start();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let host = format!("http://plain.localhost:{}", listener.local_addr().unwrap().port());
    let plain = std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        let mut asked = Vec::new();
        // What the host offers, and then its key: without one there is nothing more to say.
        while asked.last().is_none_or(|line: &String| !line.starts_with("GET /v1/channel ")) {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = vec![0; 4_096];
            let length = stream.read(&mut request).unwrap();
            let none = b"HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(none).unwrap();
            asked.push(String::from_utf8_lossy(&request[..length]).into_owned());
        }
        asked
    });
    let refused = server.run_with(&["share", "--to", &host], "secret").with_code(5);
    assert!(refused.stderr.contains("Nothing was sent"), "{}", refused.stderr);
    let asked = plain.join().unwrap();
    assert!(asked.iter().all(|request| request.starts_with("GET ")), "{asked:?}");
}
