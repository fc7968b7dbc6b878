use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use wax_kernel::{Rng, SeededRng};

use super::*;

/// Feeds the text whole and in every possible pair of pieces; the verdict must not depend on the pieces.
fn refused_at(text: &[u8]) -> Option<usize> {
    let whole = Framing::default().watch(text).err().map(|refused| refused.at);
    for cut in 0..=text.len() {
        let mut framing = Framing::default();
        let first = framing.watch(&text[..cut]).err().map(|refused| refused.at);
        let verdict =
            first.or_else(|| framing.watch(&text[cut..]).err().map(|refused| refused.at + cut));
        assert_eq!(verdict, whole, "cut at {cut}");
    }
    whole
}

#[test]
fn well_framed_messages_pass_one_after_the_other() {
    let text = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n\
        POST / HTTP/1.1\r\ncontent-length: 4\r\n\r\n\n\r\n\0\
        \r\nPOST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n3;ext=1\r\na\nb\r\nA\r\n0123456789\r\n0\r\nx: y\r\n\r\n\
        GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(refused_at(text), None);
    let mut framing = Framing::default();
    framing.watch(text).unwrap();
    assert_eq!(framing.heads, 4);
    assert!(!framing.in_head());
}

#[test]
fn a_body_that_two_readers_could_end_at_different_places_is_refused_with_its_head() {
    for fields in [
        "Content-Length: 1\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 1",
        "content-length: 0\r\ntransfer-encoding: chunked",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding:",
        "Content-Length: 1\r\nContent-Length: 1",
        "Content-Length: 1\r\nContent-Length: 2",
        "Content-Length: 2, 2",
        "Content-Length: +2",
        "Content-Length: -1",
        "Content-Length: 0x2",
        "Content-Length:",
        "Content-Length: 18446744073709551616",
    ] {
        let text = format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\nX");
        let at = refused_at(text.as_bytes()).unwrap_or_else(|| panic!("passed: {fields}"));
        assert!(at < text.len() - 1, "the head of {fields:?} was let through");
    }
    let padded = format!("POST / HTTP/1.1\r\nContent-Length:{}2\r\n\r\n", " ".repeat(200));
    assert!(refused_at(padded.as_bytes()).is_some());
}

#[test]
fn a_line_ends_with_cr_lf_and_with_nothing_else() {
    for text in [
        "GET / HTTP/1.1\nHost: a\n\n",
        "GET / HTTP/1.1\r\nHost: a\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n",
        "GET / HTTP/1.1\r\n\n",
        "\nGET / HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\nX",
    ] {
        assert!(refused_at(text.as_bytes()).is_some(), "{text:?}");
    }
}

#[test]
fn chunk_framing_is_read_strictly() {
    for body in [
        "x\r\n",
        "-1\r\n",
        "0x1\r\nX\r\n",
        "1 \r\nX\r\n",
        "\r\n",
        "1\r\nXX\r\n",
        "fffffffffffffffff\r\n",
    ] {
        let text = format!("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
        assert!(refused_at(text.as_bytes()).is_some(), "{body:?}");
    }
}

#[test]
fn no_bytes_make_it_panic_or_hang() {
    const LIKELY: &[u8] = b"\r\n\r\n\r\n:0a;POST /transfer-encoding: chunked";
    for seed in 0..10_000 {
        let drawn = (&SeededRng::new(seed) as &dyn Rng).bytes::<200>();
        let likely = drawn.map(|byte| LIKELY.get(usize::from(byte)).copied().unwrap_or(byte));
        let _ = Framing::default().watch(&likely);
        let chunks =
            [b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n".as_slice(), &likely].concat();
        let _ = Framing::default().watch(&chunks);
    }
}

#[tokio::test]
async fn in_place_of_the_refused_byte_the_stream_ends_with_what_no_parser_takes() {
    let (mut client, server) = tokio::io::duplex(1_024);
    client.write_all(b"GET / HTTP/1.1\r\nA: b\n\r\nGET /smuggled HTTP/1.1\r\n\r\n").await.unwrap();
    let mut seen = Vec::new();
    Framed::new(server, Duration::from_secs(10)).read_to_end(&mut seen).await.unwrap();
    assert_eq!(seen, b"GET / HTTP/1.1\r\nA: b\0\r\n\r\n");
}

#[tokio::test(start_paused = true)]
async fn a_head_that_stops_half_way_times_out_and_an_idle_connection_does_not() {
    let (mut client, server) = tokio::io::duplex(1_024);
    let mut framed = Framed::new(server, Duration::from_secs(10));
    let mut buf = [0; 64];
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    assert_eq!(framed.read(&mut buf).await.unwrap(), 18);
    let idle = tokio::time::timeout(Duration::from_mins(1), framed.read(&mut buf)).await;
    assert!(idle.is_err(), "between requests another limit holds");

    client.write_all(b"GET / HT").await.unwrap();
    assert_eq!(framed.read(&mut buf).await.unwrap(), 8);
    let begun = Instant::now();
    let error = framed.read(&mut buf).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert_eq!(begun.elapsed(), Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn a_new_connection_that_says_nothing_times_out() {
    let (_client, server) = tokio::io::duplex(1_024);
    let error = Framed::new(server, Duration::from_secs(10)).read(&mut [0; 8]).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
}
