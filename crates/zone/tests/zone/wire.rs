//! What goes over the wire.

use std::{collections::HashMap, time::Duration};

use hickory_proto::{
    op::{Edns, Message, MessageType, OpCode, ResponseCode},
    rr::RecordType,
};
use tokio::net::TcpStream;
use wax_telemetry::Shutdown;
use wax_zone::Snapshot;

use crate::served::{
    LIVE, ORDERED, Served, exchange, hear, label, plain, question, receive, send, snapshot,
};

#[tokio::test]
async fn an_answer_repeats_the_question_and_speaks_for_the_zone_alone() {
    let served = Served::start().await;
    let mut query = question("K3VFY2mbgpq7x5ehn4wtd6ozla.EDGE.example.NET A");
    query.metadata.recursion_desired = true;
    for answer in [served.udp(&query).await, served.tcp(&query).await] {
        assert_eq!(
            (answer.metadata.id, answer.metadata.message_type),
            (4_711, MessageType::Response)
        );
        assert!(answer.metadata.authoritative && answer.metadata.recursion_desired);
        assert!(!answer.metadata.recursion_available && !answer.metadata.truncation);
        assert!(answer.queries[0].name.eq_case(&query.queries[0].name), "capitals are kept");
        assert!(answer.answers[0].name.eq_case(&query.queries[0].name), "in records, too");
        assert_eq!(answer.answers[0].data.to_string(), "192.0.2.1");
        assert_eq!((answer.answers.len(), answer.authorities.len()), (1, 0));
    }
    assert_eq!(served.count(r#"waxseal_zone_answers_total{transport="udp",answer="noerror"}"#), 1);
    assert_eq!(served.count(r#"waxseal_zone_answers_total{transport="tcp",answer="noerror"}"#), 1);
}

#[tokio::test]
async fn options_are_answered_to_whoever_has_some() {
    let served = Served::start().await;
    let text = format!("{LIVE}.edge.example.net A");
    let answer = served.udp(&question(&text)).await;
    let edns = answer.edns.unwrap();
    assert_eq!((edns.version(), edns.max_payload()), (0, 1_232));
    assert!(edns.flags().dnssec_ok);
    assert_eq!(served.udp(&plain(&text)).await.edns, None);
    let mut later = question(&text);
    let mut edns = Edns::new();
    edns.set_version(1);
    later.set_edns(edns);
    let answer = served.udp(&later).await;
    // BADVERS, whose number the library knows by another name.
    assert_eq!(u16::from(answer.metadata.response_code), 16);
    assert_eq!((answer.answers.len(), answer.edns.unwrap().version()), (0, 0));
}

#[tokio::test]
async fn what_fits_no_datagram_comes_over_tcp() {
    let served = Served::start().await;
    let texts: Vec<String> = (0..40).map(|n| format!("{n:043}")).collect();
    let challenges = HashMap::from([(label(ORDERED), texts)]);
    served.labels.publish(Snapshot { challenges, ..snapshot(8) });
    let text = format!("{ORDERED}.acme.edge.example.net TXT");
    for query in [question(&text), plain(&text)] {
        let cut = served.udp(&query).await;
        assert!(cut.metadata.truncation && cut.answers.is_empty() && cut.authorities.is_empty());
        let whole = served.tcp(&query).await;
        assert!(!whole.metadata.truncation);
        assert_eq!(whole.answers.len(), 40);
    }
    let few = (0..10).map(|n| format!("{n:043}")).collect();
    let challenges = HashMap::from([(label(ORDERED), few)]);
    served.labels.publish(Snapshot { challenges, ..snapshot(9) });
    assert!(!served.udp(&question(&text)).await.metadata.truncation, "less than 1,232 bytes");
    assert!(served.udp(&plain(&text)).await.metadata.truncation, "more than 512 bytes");
}

#[tokio::test]
async fn what_is_published_is_answered_at_once() {
    let served = Served::start().await;
    let text = format!("{LIVE}.edge.example.net A");
    assert_eq!(served.udp(&question(&text)).await.answers.len(), 1);
    served.labels.publish(Snapshot { serial: 8, ..Snapshot::default() });
    let gone = served.udp(&question(&text)).await;
    assert_eq!(gone.metadata.response_code, ResponseCode::NXDomain);
    assert_eq!(gone.authorities[0].record_type(), RecordType::SOA);
    assert!(gone.authorities[0].data.to_string().contains(" 8 "), "the serial number");
}

#[tokio::test]
async fn what_is_no_question_for_us_is_refused_with_no_more_than_it_brought() {
    let served = Served::start().await;
    let other = |op_code| {
        let mut query = question("edge.example.net SOA");
        query.metadata.op_code = op_code;
        query
    };
    for (query, code) in [
        (question("example.com A"), ResponseCode::Refused),
        (plain("example.com A"), ResponseCode::Refused),
        (question("edge.example.net AXFR"), ResponseCode::Refused),
        (question(". NS"), ResponseCode::Refused),
        (other(OpCode::Notify), ResponseCode::NotImp),
        (other(OpCode::Update), ResponseCode::NotImp),
        (other(OpCode::Status), ResponseCode::NotImp),
    ] {
        let asked = query.to_vec().unwrap();
        let socket = served.socket().await;
        let told = exchange(&socket, &asked).await;
        let answer = Message::from_vec(&told).unwrap();
        assert_eq!(answer.metadata.response_code, code, "{query}");
        assert!(!answer.metadata.authoritative, "{query}");
        assert!(told.len() <= asked.len(), "{} for {}: {query}", told.len(), asked.len());
    }
}

#[tokio::test]
async fn beyond_its_rate_a_network_is_sent_to_tcp_and_gets_no_more_bytes_than_it_sent() {
    let served = Served::with_rate(1, 3).await;
    let query = question(&format!("{LIVE}.edge.example.net A")).to_vec().unwrap();
    let socket = served.socket().await;
    let mut cut = 0;
    for _ in 0..20 {
        let told = exchange(&socket, &query).await;
        let answer = Message::from_vec(&told).unwrap();
        if answer.metadata.truncation {
            assert!(answer.answers.is_empty() && told.len() <= query.len());
            cut += 1;
        }
    }
    // A second or two may pass meanwhile.
    assert!((10..=17).contains(&cut), "{cut}");
    let whole = served.tcp(&question(&format!("{LIVE}.edge.example.net A"))).await;
    assert_eq!(whole.answers.len(), 1, "over TCP there is no limit");
    // What TCP would not help is dropped, but for a token or two that have come back meanwhile.
    let refused = question("example.com A").to_vec().unwrap();
    for _ in 0..20 {
        socket.send(&refused).await.unwrap();
    }
    let mut told = exchange(&socket, &query).await;
    let mut answered = 0;
    while told[3] & 0x0f == 5 {
        answered += 1;
        told = hear(&socket).await;
    }
    assert!(answered <= 7, "{answered}");
    assert!(served.count(r#"waxseal_zone_dropped_total{reason="rate"}"#) >= 13);
}

#[tokio::test]
async fn a_connection_may_ask_again_up_to_a_hundred_times() {
    let served = Served::start().await;
    let query = question(&format!("{LIVE}.edge.example.net A")).to_vec().unwrap();
    let mut stream = TcpStream::connect(served.at).await.unwrap();
    for n in 0..100 {
        send(&mut stream, &query).await.unwrap();
        assert!(receive(&mut stream).await.is_ok(), "{n}");
    }
    let _ = send(&mut stream, &query).await;
    assert!(receive(&mut stream).await.is_err());
}

#[tokio::test]
async fn one_network_cannot_hold_every_connection() {
    let served = Served::start().await;
    let query = question(&format!("{LIVE}.edge.example.net A"));
    let mut held = Vec::new();
    for _ in 0..32 {
        let mut stream = TcpStream::connect(served.at).await.unwrap();
        send(&mut stream, &query.to_vec().unwrap()).await.unwrap();
        receive(&mut stream).await.unwrap();
        held.push(stream);
    }
    let mut one_more = TcpStream::connect(served.at).await.unwrap();
    let _ = send(&mut one_more, &query.to_vec().unwrap()).await;
    assert!(receive(&mut one_more).await.is_err());
    assert_eq!(served.count(r#"waxseal_zone_dropped_total{reason="connection_cap"}"#), 1);
    assert_eq!(served.count("waxseal_zone_connections"), 32);
}

#[tokio::test]
async fn a_server_that_is_told_to_stop_ends_its_connections() {
    let served = Served::start().await;
    let query = question(&format!("{LIVE}.edge.example.net A")).to_vec().unwrap();
    let mut stream = TcpStream::connect(served.at).await.unwrap();
    send(&mut stream, &query).await.unwrap();
    receive(&mut stream).await.unwrap();
    assert_eq!(served.server.drain(Duration::from_secs(10)).await, Shutdown::Clean);
    assert!(receive(&mut stream).await.is_err());
    assert!(TcpStream::connect(served.at).await.is_err());
}
