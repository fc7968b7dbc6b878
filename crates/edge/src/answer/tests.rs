use std::sync::atomic::Ordering;

use http::Request;
use http_body_util::BodyExt as _;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream},
    time::timeout,
};
use wax_telemetry::Tasks;

use super::*;
use crate::{
    Rates,
    testing::{LARGE_ANSWER, TestEdge, connect, exchange, read_to_close},
};

const CLAIM: &[u8] =
    b"POST /v1/secrets/claim HTTP/1.1\r\nHost: a.localhost\r\nContent-Length: 0\r\n\r\n";

/// A stream that says one thing and then nothing more.
struct OneThenNothing(bool);

impl http_body::Body for OneThenNothing {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Pending;
        }
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"one")))))
    }
}

/// Reads so many bytes a second until the connection ends; tells how many came.
async fn read_slowly(client: &mut DuplexStream, a_second: usize) -> usize {
    let (mut read, mut piece) = (0, vec![0; a_second]);
    while let Ok(some @ 1..) = client.read(&mut piece).await {
        read += some;
        if read > LARGE_ANSWER {
            return read;
        }
        sleep(Duration::from_secs(1)).await;
    }
    read
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_read_its_answer_is_dropped_after_thirty_seconds() {
    let edge = TestEdge::start().await;
    let mut client = connect(&edge);
    client.write_all(CLAIM).await.unwrap();
    let begun = Instant::now();
    edge.until_no_connection().await;
    assert_eq!(begun.elapsed().as_secs(), 30);
    let came = read_to_close(&mut client).await.len();
    assert!(came < LARGE_ANSWER, "{came}");
}

#[tokio::test(start_paused = true)]
async fn an_http2_peer_that_opens_no_window_is_dropped_too() {
    let edge = TestEdge::start().await;
    let (mut sender, connection) = hyper::client::conn::http2::Builder::new(TokioExecutor::new())
        .initial_stream_window_size(1_000)
        .handshake(TokioIo::new(connect(&edge)))
        .await
        .unwrap();
    Tasks::new().spawn("client", connection);
    let claim = Request::post("http://a.localhost/v1/secrets/claim").body(Body::empty()).unwrap();
    let begun = Instant::now();
    let answer = sender.send_request(claim).await.unwrap();
    edge.until_no_connection().await;
    assert_eq!(begun.elapsed().as_secs(), 30);
    assert!(answer.into_body().collect().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_gets_the_whole_answer_within_five_minutes() {
    let edge = TestEdge::start().await;
    let mut client = connect(&edge);
    client.write_all(CLAIM).await.unwrap();
    assert!(read_slowly(&mut client, 8 * 1024).await > LARGE_ANSWER);

    let mut slower = connect(&edge);
    slower.write_all(CLAIM).await.unwrap();
    let begun = Instant::now();
    assert!(read_slowly(&mut slower, 4 * 1024).await < LARGE_ANSWER);
    assert!((300..330).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn unread_answers_of_one_network_take_a_bounded_part_and_then_nothing_is_asked() {
    let limits = Limits { answer_memory: 64 * 1024 * 1024, ..Limits::default() };
    let edge = TestEdge::start_with(limits, Rates::default()).await;
    let mut unread = Vec::new();
    for _ in 0..7 {
        let mut client = connect(&edge);
        client.write_all(CLAIM).await.unwrap();
        client.read_u8().await.unwrap();
        unread.push(client);
    }
    let refused = exchange(connect(&edge), CLAIM).await;
    assert_eq!((refused.status, refused.problem()["code"].as_str()), (503, Some("unavailable")));
    assert_eq!(edge.service.delivered.load(Ordering::Relaxed), 7, "no view was taken for nothing");
    drop(unread);
    let mut client = connect(&edge);
    client.write_all(CLAIM).await.unwrap();
    assert!(read_slowly(&mut client, 64 * 1024).await > LARGE_ANSWER);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_waits_for_the_service_is_not_the_readers_fault() {
    let activity = Activity::new(&Limits::default());
    let mut answer = Answer::new(Body::new(OneThenNothing(false)), activity.begin(), None, None);
    let mut read = async || timeout(Duration::from_hours(1), answer.frame()).await;
    assert!(read().await.unwrap().is_some());
    let hour = async { assert!(read().await.is_err(), "nothing comes for an hour") };
    tokio::select! {
        () = hour => {}
        () = activity.unread() => panic!("the reader waits"),
    }
}

#[tokio::test]
async fn an_answer_comes_in_pieces_that_are_the_whole() {
    let whole: Vec<u8> = (0..100_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    let activity = Activity::new(&Limits::default());
    let mut answer = Answer::new(Body::from(whole.clone()), activity.begin(), None, None);
    let mut came = Vec::new();
    while let Some(frame) = answer.frame().await {
        let piece = frame.unwrap().into_data().unwrap();
        assert!(piece.len() <= FRAME);
        came.extend_from_slice(&piece);
        assert_eq!(answer.size_hint().exact(), Some((whole.len() - came.len()) as u64));
        assert_eq!(answer.is_end_stream(), came.len() == whole.len());
    }
    assert_eq!(came, whole);
}
