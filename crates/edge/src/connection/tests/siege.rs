//! Many who are slow on purpose, and somebody who is not.

use tokio::io::DuplexStream;

use super::*;

/// So many of each kind.
const EACH: usize = 50;

const HEAD: &[u8] = b"GET /v1/echo HTTP/1.1\r\nHost: a.localhost\r\nX-Slow: ";
const BODY: &[u8] = b"POST /v1/echo HTTP/1.1\r\nHost: a.localhost\r\nContent-Length: 1000\r\n\r\n";
const CLAIM: &[u8] =
    b"POST /v1/secrets/claim HTTP/1.1\r\nHost: a.localhost\r\nContent-Length: 0\r\n\r\n";
/// The preface, empty settings, and a head whose end never comes.
const HTTP2_HEAD: &[u8] =
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\x01\x01\0\0\0\0\x01\x82";

const LAST_GET: &[u8] =
    b"GET /robots.txt HTTP/1.1\r\nHost: a.localhost\r\nConnection: close\r\n\r\n";

/// Begins like this, and then sends a byte now and then, until nobody listens any more.
async fn drip(io: DuplexStream, begin: &'static [u8], every: Duration) {
    let (mut reader, mut writer) = tokio::io::split(io);
    writer.write_all(begin).await.unwrap();
    let drip = async {
        while writer.write_all(b"x").await.is_ok() {
            sleep(every).await;
        }
    };
    tokio::join!(drip, read_to_close(&mut reader));
}

/// Asks for much, and reads a byte now and then.
async fn sip(mut io: DuplexStream) {
    io.write_all(CLAIM).await.unwrap();
    while io.read_u8().await.is_ok() {
        sleep(Duration::from_secs(1)).await;
    }
}

/// Says this, and then nothing.
async fn stop(mut io: DuplexStream, begin: &'static [u8]) {
    io.write_all(begin).await.unwrap();
    read_to_close(&mut io).await;
}

#[tokio::test(start_paused = true)]
async fn those_who_are_slow_are_all_gone_in_time_and_nobody_waits_for_them() {
    let edge = TestEdge::start().await;
    let (begun, clients) = (Instant::now(), Tasks::new());
    for _ in 0..EACH {
        clients.spawn("head", drip(connect(&edge), HEAD, Duration::from_secs(1)));
        clients.spawn("body", drip(connect(&edge), BODY, Duration::from_secs(10)));
        clients.spawn("reader", sip(connect(&edge)));
        clients.spawn("silent", stop(connect(&edge), b""));
        clients.spawn("http2", stop(connect(&edge), HTTP2_HEAD));
    }
    let mut connections = Vec::new();
    while begun.elapsed() < Duration::from_secs(125) {
        let asked = Instant::now();
        let reply = exchange(connect(&edge), LAST_GET).await;
        assert_eq!((reply.status, asked.elapsed()), (200, Duration::ZERO));
        connections.push(edge.edge.shared.tasks.running());
        sleep(Duration::from_secs(5)).await;
    }
    edge.until_no_connection().await;
    assert!(begun.elapsed() < Duration::from_secs(126), "{:?}", begun.elapsed());
    // Heads and those who say nothing have 10 s, readers 30 s, bodies 2 min. Somebody good is there beside, and listeners.
    let most = |kinds: usize| kinds * EACH + 5;
    assert!(connections[1] > 4 * EACH, "{connections:?}");
    for (seconds, kinds) in [(15, 2), (35, 1), (115, 1)] {
        assert!(connections[seconds / 5] <= most(kinds), "at {seconds} s: {connections:?}");
    }
    assert!(edge.service.delivered.load(std::sync::atomic::Ordering::Relaxed) <= EACH);
    assert!(edge.service.seen().is_empty(), "no service saw half a request");
}
