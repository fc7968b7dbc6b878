//! Against a real mail server on this machine.

use std::time::Duration;

use wax_kernel::{EmailAddress, EventId, Redacted};
use wax_mail::{Failure, Letter, Remedy, Security, Server, Smtp, Transport as _};
use wax_testkit::{Catcher, CatcherTls, MAIL_HOST, Trouble};

fn server(catcher: &Catcher, security: Security) -> Server {
    Server {
        host: MAIL_HOST.into(),
        port: catcher.port(),
        security,
        credentials: None,
        authority: Some(catcher.authority().as_bytes().to_vec()),
        hello: "waxseal.example".into(),
        timeout: Duration::from_secs(30),
    }
}

fn letter(n: u8) -> Letter {
    Letter {
        id: EventId::from_bytes([n; 16]),
        from: EmailAddress::parse("no-reply@waxseal.example").unwrap(),
        to: EmailAddress::parse("Hanako@example.com").unwrap(),
        bytes: format!("Subject: {n}\r\n\r\n.a line that begins with a dot\r\n").into_bytes(),
    }
}

async fn send(smtp: &Smtp, n: u8) -> Result<(), Failure> {
    smtp.send(&letter(n)).await.map(|_| ())
}

fn remedy(sent: Result<(), Failure>) -> (Remedy, String) {
    let failure = sent.unwrap_err();
    (failure.remedy, failure.reason)
}

#[tokio::test]
async fn a_letter_arrives_as_it_was_written_over_both_kinds_of_tls() {
    for (tls, security) in
        [(CatcherTls::Implicit, Security::Implicit), (CatcherTls::StartTls, Security::StartTls)]
    {
        let catcher = Catcher::start(tls).await;
        let smtp = Smtp::new(server(&catcher, security)).unwrap();
        let accepted = smtp.send(&letter(1)).await.unwrap();
        assert!(accepted.0.starts_with("250") && accepted.0.contains("queued"), "{accepted:?}");
        let caught = catcher.caught().remove(0);
        assert_eq!(
            (&*caught.from, &*caught.to),
            ("no-reply@waxseal.example", "Hanako@example.com")
        );
        assert!(caught.text.ends_with("\r\n\r\n.a line that begins with a dot\r\n"), "{caught:?}");
    }
}

#[tokio::test]
async fn several_letters_share_a_connection_and_a_refused_one_ends_it() {
    let catcher = Catcher::start(CatcherTls::Implicit).await;
    let smtp = Smtp::new(server(&catcher, Security::Implicit)).unwrap();
    for n in 0..3 {
        send(&smtp, n).await.unwrap();
    }
    assert_eq!(catcher.connections(), 1);
    catcher.trouble([Trouble::Letter("554 5.7.1 spam")]);
    assert_eq!(remedy(send(&smtp, 3).await), (Remedy::GiveUp, "reply-554".into()));
    send(&smtp, 4).await.unwrap();
    assert_eq!(catcher.connections(), 2);
}

#[tokio::test]
async fn a_server_without_tls_gets_nothing() {
    let catcher = Catcher::start(CatcherTls::None).await;
    for (security, reason) in [(Security::StartTls, "no-starttls"), (Security::Implicit, "")] {
        let smtp =
            Smtp::new(Server { timeout: Duration::from_millis(500), ..server(&catcher, security) });
        let (remedy, told) = remedy(send(&smtp.unwrap(), 1).await);
        assert_eq!(remedy, Remedy::Later, "{told}");
        assert!(told.contains(reason), "{told}");
    }
    assert!(catcher.caught().is_empty());
    let plain = Smtp::new(server(&catcher, Security::Plain)).unwrap();
    send(&plain, 1).await.unwrap();
}

#[tokio::test]
async fn a_server_whose_certificate_is_not_trusted_gets_nothing() {
    for (tls, security) in
        [(CatcherTls::Implicit, Security::Implicit), (CatcherTls::StartTls, Security::StartTls)]
    {
        let catcher = Catcher::start(tls).await;
        let other = Catcher::start(tls).await;
        let strange = Server {
            authority: Some(other.authority().as_bytes().to_vec()),
            ..server(&catcher, security)
        };
        let public = Server { authority: None, ..server(&catcher, security) };
        let another_name = Server { host: "127.0.0.1".into(), ..server(&catcher, security) };
        for untrusting in [strange, public, another_name] {
            let smtp = Smtp::new(untrusting).unwrap();
            assert_eq!(remedy(send(&smtp, 1).await).0, Remedy::Later);
        }
        assert!(catcher.caught().is_empty());
    }
}

#[tokio::test]
async fn a_password_is_shown_and_a_wrong_one_is_no_ones_bounce() {
    let catcher = Catcher::start(CatcherTls::Implicit).await;
    // "\0app\0secret"
    catcher.require("AGFwcABzZWNyZXQ=");
    let with = |password: &str| {
        let credentials = Some(("app".to_owned(), Redacted::new(password.to_owned())));
        Smtp::new(Server { credentials, ..server(&catcher, Security::Implicit) }).unwrap()
    };
    send(&with("secret"), 1).await.unwrap();
    assert_eq!(remedy(send(&with("wrong"), 2).await), (Remedy::Later, "reply-535".into()));
    let without = Smtp::new(server(&catcher, Security::Implicit)).unwrap();
    assert_eq!(remedy(send(&without, 3).await), (Remedy::Later, "reply-530".into()));
    assert!(!format!("{:?}", with("secret")).contains("secret"));
}

#[tokio::test]
async fn each_refusal_has_its_remedy() {
    let catcher = Catcher::start(CatcherTls::Implicit).await;
    let smtp = Smtp::new(server(&catcher, Security::Implicit)).unwrap();
    for (trouble, expected) in [
        (Trouble::Sender("550 5.1.8 who are you"), (Remedy::Later, "reply-550")),
        (Trouble::Recipient("451 4.3.0 greylisted"), (Remedy::Later, "reply-451")),
        (
            Trouble::Recipient("550 5.1.1 <hanako@example.com> unknown"),
            (Remedy::Suppress, "reply-550"),
        ),
        (Trouble::Recipient("550 5.7.1 policy"), (Remedy::GiveUp, "reply-550")),
        (Trouble::Recipient("552 5.2.2 full"), (Remedy::GiveUp, "reply-552")),
        (Trouble::Letter("452 4.3.1 no room"), (Remedy::Later, "reply-452")),
        (Trouble::Letter("554 5.6.0 not that"), (Remedy::GiveUp, "reply-554")),
        (Trouble::Drop, (Remedy::Later, "connection")),
        (Trouble::TakenUnanswered, (Remedy::Later, "connection")),
    ] {
        catcher.trouble([trouble.clone()]);
        let failure = smtp.send(&letter(1)).await.unwrap_err();
        assert_eq!((failure.remedy, &*failure.reason), expected, "{trouble:?}");
        assert!(!format!("{failure:?}").contains("hanako"), "a log names no address");
    }
    send(&smtp, 2).await.unwrap();
}

/// A connection that was left in the middle of a letter would make the next letter part of it.
#[tokio::test]
async fn a_letter_that_is_not_answered_in_time_spoils_no_other() {
    let catcher = Catcher::start(CatcherTls::Implicit).await;
    let smtp = Smtp::new(Server {
        timeout: Duration::from_millis(500),
        ..server(&catcher, Security::Implicit)
    })
    .unwrap();
    send(&smtp, 1).await.unwrap();
    for trouble in [Trouble::HalfALetter, Trouble::Silence] {
        catcher.trouble([trouble]);
        assert_eq!(remedy(send(&smtp, 2).await), (Remedy::Later, "timeout".into()));
    }
    send(&smtp, 3).await.unwrap();
    let texts = catcher.caught().into_iter().map(|caught| caught.text).collect::<Vec<_>>();
    assert_eq!(texts.len(), 2);
    assert!(texts[0].starts_with("Subject: 1\r\n") && texts[1].starts_with("Subject: 3\r\n"));
}

#[tokio::test]
async fn nobody_there_is_tried_again() {
    let catcher = Catcher::start(CatcherTls::Implicit).await;
    let gone = server(&catcher, Security::Implicit);
    drop(catcher);
    // The listener closes when its task has been dropped.
    while tokio::net::TcpStream::connect(("127.0.0.1", gone.port)).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        remedy(send(&Smtp::new(gone).unwrap(), 1).await),
        (Remedy::Later, "connection".into())
    );
}
