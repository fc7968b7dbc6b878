//! Whatever is thrown at it, it goes on, and gives nobody a weapon.

use hickory_proto::op::Message;
use tokio::net::TcpStream;
use wax_kernel::{Rng, SeededRng};

use crate::served::{LIVE, Served, exchange, hear, question, receive, send};

/// Sent behind every throw: its answer is the next one that comes, unless the throw had one of its own.
const MARKER: u16 = 0xbeef;

fn marker() -> Vec<u8> {
    let mut query = question(&format!("{LIVE}.edge.example.net A"));
    query.metadata.id = MARKER;
    query.to_vec().unwrap()
}

/// Bytes at random; or a question with some bytes bent, cut, or repeated.
fn throw(rng: &dyn Rng, names: &[&str]) -> Vec<u8> {
    let [shape, many, at, value, name, ..] = rng.bytes::<8>();
    if shape < 64 {
        let mut bytes = vec![0; usize::from(many) * 4];
        rng.fill(&mut bytes);
        return bytes;
    }
    let mut bytes = question(names[usize::from(name) % names.len()]).to_vec().unwrap();
    for n in 0..=many % 4 {
        let at = usize::from(at.wrapping_mul(n + 1)) % bytes.len();
        bytes[at] = value.wrapping_add(n);
    }
    if shape > 200 {
        bytes.truncate(usize::from(at) % (bytes.len() + 1));
    } else if shape > 180 {
        bytes.extend_from_within(..usize::from(at) % bytes.len());
    }
    bytes
}

#[tokio::test]
async fn ten_thousand_pieces_of_garbage_stop_nothing_and_are_not_amplified() {
    // Nobody is limited, so that every piece is looked at.
    let served = Served::with_rate(1_000_000, 1_000_000).await;
    let rng: &dyn Rng = &SeededRng::new(11);
    let names = [
        "example.com A",
        &format!("{LIVE}.edge.example.net TXT"),
        "edge.example.net NS",
        "x.edge.example.net ANY",
    ];
    let socket = served.socket().await;
    for n in 0..10_000 {
        let thrown = throw(rng, &names);
        if thrown.starts_with(&MARKER.to_be_bytes()) {
            continue;
        }
        socket.send(&thrown).await.unwrap();
        let mut told = exchange(&socket, &marker()).await;
        if !told.starts_with(&MARKER.to_be_bytes()) {
            assert_modest(&thrown, &told, n);
            told = hear(&socket).await;
        }
        let answer = Message::from_vec(&told).unwrap();
        assert_eq!((answer.metadata.id, answer.answers.len()), (MARKER, 1), "throw {n}");
    }
}

fn assert_modest(thrown: &[u8], told: &[u8], n: usize) {
    assert!(told.len() <= 1_232, "throw {n}: {} bytes", told.len());
    assert_eq!(thrown[..2], told[..2], "throw {n}");
    assert!(told[2] & 0x80 != 0 && thrown[2] & 0x80 == 0, "throw {n}: no answer to an answer");
    let code = told[3] & 0x0f;
    if matches!(code, 1 | 2 | 4 | 5) {
        assert!(told.len() <= thrown.len(), "throw {n}: {} for {}", told.len(), thrown.len());
    } else {
        assert!(told.len() <= thrown.len() * 3, "throw {n}: {} for {}", told.len(), thrown.len());
    }
}

#[tokio::test]
async fn garbage_over_tcp_ends_its_own_connection_at_most() {
    let served = Served::start().await;
    let rng: &dyn Rng = &SeededRng::new(12);
    for _ in 0..200 {
        let mut stream = TcpStream::connect(served.at).await.unwrap();
        let thrown = throw(rng, &["example.com A", "edge.example.net SOA"]);
        // It may be gone already.
        let _ = send(&mut stream, &thrown).await;
        let _ = send(&mut stream, &marker()).await;
    }
    let mut stream = TcpStream::connect(served.at).await.unwrap();
    send(&mut stream, &marker()).await.unwrap();
    assert_eq!(
        Message::from_vec(&receive(&mut stream).await.unwrap()).unwrap().metadata.id,
        MARKER
    );
}
