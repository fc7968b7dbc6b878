use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use wax_telemetry::Metrics;

use super::*;
use crate::testing::{TestEdge, connect, read_to_close};

const PRI: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const PRIORITY: u8 = 2;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;

fn frame(kind: u8, flags: u8, stream: u32, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), content].concat()
}

/// `:method GET`, `:scheme http`, `:path /robots.txt`, `:authority a.localhost`, the latter two as they are
/// (RFC 7541 §6.2.2).
fn head() -> Vec<u8> {
    let literal = |index: u8, value: &str| {
        [&[index, u8::try_from(value.len()).unwrap()], value.as_bytes()].concat()
    };
    [&[0x82, 0x86][..], &literal(4, "/robots.txt"), &literal(1, "a.localhost")].concat()
}

fn request(stream: u32) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | 0x1, stream, &head())
}

fn reset(stream: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, stream, &8u32.to_be_bytes())
}

/// The account after these frames.
fn credit(frames: &[Vec<u8>]) -> i64 {
    let bytes = [PRI, &frames.concat()].concat();
    let (mut whole, mut piecewise) = (Meter::default(), Meter::default());
    whole.watch(&bytes);
    for byte in &bytes {
        piecewise.watch(&[*byte]);
    }
    assert_eq!(piecewise.credit, whole.credit, "whatever the pieces");
    whole.credit
}

#[test]
fn each_frame_costs_and_content_brings() {
    let brings = |frames: &[Vec<u8>]| credit(frames) - START;
    assert_eq!(brings(&[]), 0);
    assert_eq!(brings(&[frame(PING, 0, 0, &[0; 8])]), -FRAME);
    assert_eq!(brings(&[frame(DATA, 0, 1, &[])]), -FRAME);
    assert_eq!(brings(&[frame(DATA, 0, 1, &[0; 64])]), 0);
    assert_eq!(brings(&[request(1)]), HEAD - FRAME);
    assert_eq!(brings(&[request(1), reset(1)]), -8 * 1024 - 2 * FRAME);
    assert_eq!(credit(&vec![request(1); 100]), MOST, "nobody saves up more");
}

#[test]
fn a_head_is_open_from_its_first_frame_to_its_last_byte() {
    let mut meter = Meter::default();
    assert!(meter.in_head(), "the preface, too");
    meter.watch(PRI);
    assert!(!meter.in_head());
    let parts = [
        frame(HEADERS, 0, 1, &head()[..4]),
        frame(CONTINUATION, 0, 1, &head()[4..9]),
        frame(CONTINUATION, END_HEADERS, 1, &head()[9..]),
    ];
    for (at, byte) in parts.concat().iter().enumerate() {
        assert_eq!(meter.in_head(), at >= HEADER, "at {at}");
        meter.watch(&[*byte]);
    }
    assert!(!meter.in_head());
    meter.watch(&frame(DATA, 0, 1, &[0; 10])[..12]);
    assert!(!meter.in_head(), "a body has a clock of its own");
}

/// A connection that has begun.
async fn begun(edge: &TestEdge) -> DuplexStream {
    let mut client = connect(edge);
    client.write_all(&[PRI, &frame(SETTINGS, 0, 0, &[])].concat()).await.unwrap();
    client
}

/// Sends this until the connection ends; tells how often.
async fn until_closed(client: DuplexStream, mut next: impl FnMut() -> Vec<u8>) -> usize {
    let (mut reader, mut writer) = tokio::io::split(client);
    let write = async {
        for sent in 0..100_000 {
            if writer.write_all(&next()).await.is_err() {
                return sent;
            }
        }
        panic!("nobody minds");
    };
    tokio::join!(write, read_to_close(&mut reader)).0
}

#[tokio::test]
async fn floods_of_frames_end_their_connection() {
    let edge = TestEdge::start().await;
    let mut stream = 1;
    let rapid_reset = || {
        stream += 2;
        [request(stream), reset(stream)].concat()
    };
    // What fits into the pipe is sent before anybody looks.
    let sent = until_closed(begun(&edge).await, rapid_reset).await;
    assert!(sent < 2_000, "{sent}");
    for flood in [
        frame(PING, 0, 0, &[0; 8]),
        frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 255, 255]),
        frame(PRIORITY, 0, 1, &[0, 0, 0, 0, 16]),
        frame(WINDOW_UPDATE, 0, 0, &1u32.to_be_bytes()),
    ] {
        let sent = until_closed(begun(&edge).await, || flood.clone()).await;
        assert!(sent < 10_000, "{sent} of {}", flood[3]);
    }
    assert!(edge.metrics.render().contains("refused_total{reason=\"http2_flood\"}"));
}

#[tokio::test(start_paused = true)]
async fn a_head_in_pieces_must_be_complete_within_ten_seconds() {
    let edge = TestEdge::start().await;
    let open = frame(HEADERS, 0, 1, &head()[..4]);
    for start in [&b""[..], &PRI[..10], &[PRI, &open].concat()] {
        let (mut client, io) = tokio::io::duplex(16_384);
        client.write_all(start).await.unwrap();
        let refused = Metrics::default().counter("refused_total", "", &["reason"]);
        let (mut metered, begun) =
            (Metered::new(io, Duration::from_secs(10), refused), Instant::now());
        let mut all = Vec::new();
        let error = metered.read_to_end(&mut all).await.unwrap_err();
        assert_eq!((error.kind(), begun.elapsed().as_secs()), (io::ErrorKind::TimedOut, 10));
        assert_eq!(all, start);
    }
    let mut client = begun(&edge).await;
    client.write_all(&open).await.unwrap();
    let begun = Instant::now();
    read_to_close(&mut client).await;
    assert_eq!(begun.elapsed().as_secs(), 10);
}

#[tokio::test]
async fn a_client_that_reports_what_it_reads_in_small_pieces_is_served() {
    let edge = TestEdge::start().await;
    let mut client = begun(&edge).await;
    for stream in [1, 3, 5] {
        client.write_all(&request(stream)).await.unwrap();
        for _ in 0..2_048 {
            client.write_all(&frame(WINDOW_UPDATE, 0, 0, &1u32.to_be_bytes())).await.unwrap();
        }
    }
    let mut answers = Vec::new();
    while answers.windows(10).filter(|text| text == b"User-agent").count() < 3 {
        assert_ne!(client.read_buf(&mut answers).await.unwrap(), 0, "closed early");
    }
}
