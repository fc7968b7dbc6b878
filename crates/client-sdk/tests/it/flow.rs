//! Sharing and opening against a server that loses requests and answers.

use wax_client_sdk::{Client, Code, DeviceStore, Draft, Error, Looked, Opener, Shared, Way};
use wax_crypto::{Link, Passphrase};
use wax_kernel::{ManualClock, SystemRng};
use wax_model::{Expires, SecretState};

use crate::double::{Double, Fate, NOW, devices};

pub(crate) const TEXT: &str = "ｐａｓｓ 秘密 🔑\r\n";
pub(crate) static CLOCK: ManualClock = ManualClock::at_ms(NOW.as_ms());

pub(crate) async fn share(client: &Client, passphrase: Option<&Passphrase>) -> Shared {
    let draft = Draft { text: TEXT, views: 1, expires: Expires::AfterS(60), passphrase };
    client.share(&draft, &SystemRng).await.unwrap()
}

/// The same link as another process would read it.
pub(crate) fn again(link: &Link) -> Link {
    Link::parse(&link.to_url()).unwrap()
}

pub(crate) async fn look<'a>(
    client: &'a Client,
    devices: &'a DeviceStore,
    link: &Link,
) -> Looked<'a> {
    Opener { client, devices, clock: &CLOCK }.look(again(link)).await.unwrap()
}

#[tokio::test]
async fn what_was_shared_is_opened_and_confirmed() {
    let (double, (_folder, devices)) = (Double::start().await, devices());
    let client = double.client();
    let shared = share(&client, None).await;

    let looked = look(&client, &devices, &shared.link).await;
    assert_eq!((looked.peek.views_left, double.views_taken()), (1, 0), "looking takes nothing");
    let opened = looked.open(None).await.unwrap();
    assert_eq!(opened.text.expose(), TEXT);
    assert_eq!(opened.confirm().await.unwrap(), SecretState::Destroyed);
    assert!(devices.under_way().unwrap().is_empty(), "the key is deleted");
}

#[tokio::test]
async fn the_key_is_on_the_disk_before_the_claim_arrives() {
    let (double, (_folder, devices)) = (Double::start().await, devices());
    let client = double.client();
    let shared = share(&client, None).await;
    let (seen, id) = (std::sync::Arc::new(std::sync::Mutex::new(Vec::new())), shared.link.id());
    let (store, notes) = (devices.clone(), seen.clone());
    double.memory.lock().unwrap().at_claim =
        Some(Box::new(move || notes.lock().unwrap().push(store.find(id).unwrap().is_some())));

    look(&client, &devices, &shared.link).await.open(None).await.unwrap();
    assert_eq!(*seen.lock().unwrap(), [true]);
}

#[tokio::test]
async fn a_passphrase_opens_and_a_wrong_one_leaves_nothing_behind() {
    let (double, (_folder, devices)) = (Double::start().await, devices());
    let client = double.client();
    let right = Passphrase::new("パスワード").unwrap();
    let shared = share(&client, Some(&right)).await;
    let looked = look(&client, &devices, &shared.link).await;

    assert!(matches!(looked.open(None).await, Err(Error::PassphraseNeeded)));
    let wrong = looked.open(Some(&Passphrase::new("x").unwrap())).await.unwrap_err();
    let Error::Problem(problem) = wrong else { panic!("{wrong:?}") };
    assert_eq!((problem.code, problem.tries.unwrap().left), (Code::WrongKey, 19));
    assert!(devices.under_way().unwrap().is_empty());

    let half_width = Passphrase::new("ﾊﾟｽﾜｰﾄﾞ").unwrap();
    assert_eq!(looked.open(Some(&half_width)).await.unwrap().text.expose(), TEXT);
}

#[tokio::test]
async fn a_lost_answer_to_the_claim_is_recovered_without_another_view() {
    let (double, (_folder, devices)) = (Double::start().await, devices());
    let client = double.client();
    let shared = share(&client, None).await;
    double.expect("claim", &[Fate::LoseAnswer]);
    double.expect("recover", &[Fate::LoseAnswer]);

    let opened = look(&client, &devices, &shared.link).await.open(None).await.unwrap();
    assert_eq!(opened.text.expose(), TEXT);
    assert_eq!((double.views_taken(), double.count("claim"), double.count("recover")), (1, 1, 2));
}

#[tokio::test]
async fn a_claim_that_never_arrived_is_sent_again() {
    let (double, (_folder, devices)) = (Double::start().await, devices());
    let client = double.client();
    let shared = share(&client, None).await;
    double.expect("claim", &[Fate::LoseRequest, Fate::LoseRequest]);

    let opened = look(&client, &devices, &shared.link).await.open(None).await.unwrap();
    assert_eq!((opened.text.expose().as_str(), double.views_taken()), (TEXT, 1));
}

#[tokio::test]
async fn a_claim_that_may_still_arrive_keeps_its_key_while_tries_are_held_back() {
    for (code, status) in [("held-back", 429), ("locked", 423)] {
        let (double, (_folder, devices)) = (Double::start().await, devices());
        let client = double.client();
        let shared = share(&client, None).await;
        let looked = look(&client, &devices, &shared.link).await;
        double.expect("claim", &[Fate::LoseRequest, Fate::Refuse(code, status)]);
        looked.open(None).await.unwrap_err();
        assert_eq!(devices.under_way().unwrap().len(), 1, "{code}");

        devices.forget(shared.link.id()).unwrap();
        double.expect("claim", &[Fate::Refuse(code, status)]);
        looked.open(None).await.unwrap_err();
        assert!(devices.under_way().unwrap().is_empty(), "the only one was refused: {code}");
    }
}

#[tokio::test]
async fn an_opening_that_was_interrupted_continues_with_the_same_view() {
    let (double, (_folder, devices)) = (Double::start().await, devices());
    let client = double.client();
    let passphrase = Passphrase::new("x").unwrap();
    let shared = share(&client, Some(&passphrase)).await;
    look(&client, &devices, &shared.link).await.open(Some(&passphrase)).await.unwrap(); // and never confirmed

    let looked = look(&client, &devices, &shared.link).await;
    assert!(looked.is_interrupted());
    let wrong = looked.open(Some(&Passphrase::new("y").unwrap())).await.unwrap_err();
    assert!(matches!(wrong, Error::WrongPassphrase), "found here: the server was not asked");
    let opened = looked.open(Some(&passphrase)).await.unwrap();
    assert_eq!(opened.way, Way::Recovered);
    assert_eq!((opened.text.expose().as_str(), double.views_taken()), (TEXT, 1));
    opened.confirm().await.unwrap();
    assert!(devices.under_way().unwrap().is_empty());
}

#[tokio::test]
async fn a_lost_confirmation_is_sent_again_with_a_larger_counter() {
    let (double, (_folder, devices)) = (Double::start().await, devices());
    let client = double.client();
    let shared = share(&client, None).await;
    let opened = look(&client, &devices, &shared.link).await.open(None).await.unwrap();
    double.expect("ack", &[Fate::LoseRequest, Fate::LoseAnswer]);
    assert_eq!(opened.confirm().await.unwrap(), SecretState::Destroyed);
    assert_eq!(double.memory.lock().unwrap().counter, 3);
}

#[tokio::test]
async fn without_a_confirmation_the_key_stays() {
    let (double, (_folder, devices)) = (Double::start().await, devices());
    let client = double.client();
    let shared = share(&client, None).await;
    let opened = look(&client, &devices, &shared.link).await.open(None).await.unwrap();
    double.expect("ack", &[Fate::LoseRequest; 4]);
    assert!(matches!(opened.confirm().await, Err(Error::Network(_))));
    assert!(look(&client, &devices, &shared.link).await.is_interrupted());
}

#[tokio::test]
async fn a_key_whose_claim_has_ended_is_deleted_when_it_is_found() {
    let (double, (_folder, devices)) = (Double::start().await, devices());
    let client = double.client();
    let shared = share(&client, None).await;
    let opened = look(&client, &devices, &shared.link).await.open(None).await.unwrap();
    double.expect("ack", &[Fate::LoseAnswer]);
    double.expect("ack", &[Fate::LoseRequest; 3]);
    opened.confirm().await.unwrap_err();
    assert_eq!(devices.under_way().unwrap().len(), 1);

    assert!(!look(&client, &devices, &shared.link).await.is_interrupted());
    assert!(devices.under_way().unwrap().is_empty());
}

#[tokio::test]
async fn a_stale_challenge_is_answered_once_more() {
    let (double, (_folder, devices)) = (Double::start().await, devices());
    let client = double.client();
    let shared = share(&client, None).await;
    double.expect("claim", &[Fate::Stale]);
    double.expect("ack", &[Fate::Stale]);
    let opened = look(&client, &devices, &shared.link).await.open(None).await.unwrap();
    opened.confirm().await.unwrap();

    double.expect("recover", &[Fate::Stale; 2]);
    let device = wax_crypto::DeviceKey::generate();
    let (mut session, _) =
        wax_client_sdk::Session::start(&client, &shared.link, &device).await.unwrap();
    assert_eq!(
        session.recover().await.err().unwrap().code(),
        Some(Code::StaleChallenge),
        "not for ever"
    );
}

#[tokio::test]
async fn a_lost_creation_is_sent_again_with_the_same_bytes() {
    let double = Double::start().await;
    double.expect("create", &[Fate::LoseAnswer, Fate::LoseRequest]);
    share(&double.client(), None).await;
    assert_eq!(double.count("create"), 3, "the double answers another body with a conflict");
}

#[tokio::test]
async fn what_the_server_changed_does_not_open() {
    for member in ["header", "wrapped_key", "content"] {
        let (double, (_folder, devices)) = (Double::start().await, devices());
        let client = double.client();
        let shared = share(&client, None).await;
        double.tamper(member, |bytes| *bytes.last_mut().unwrap() ^= 1);
        let error = look(&client, &devices, &shared.link).await.open(None).await.unwrap_err();
        assert!(matches!(error, Error::Seal(_)), "{member}: {error:?}");
    }
    let (double, (_folder, devices)) = (Double::start().await, devices());
    let client = double.client();
    let shared = share(&client, None).await;
    double.tamper("policy", |bytes| {
        *bytes = String::from_utf8(bytes.clone()).unwrap().replace("60", "61").into();
    });
    let error = look(&client, &devices, &shared.link).await.open(None).await.unwrap_err();
    assert!(matches!(error, Error::Seal(_)), "{error:?}");
}

#[tokio::test]
async fn a_server_cannot_make_a_passphrase_cheap_to_guess() {
    let (double, (_folder, devices)) = (Double::start().await, devices());
    let client = double.client();
    let passphrase = Passphrase::new("x").unwrap();
    let shared = share(&client, Some(&passphrase)).await;
    double.tamper("policy", |bytes| {
        *bytes = String::from_utf8(bytes.clone()).unwrap().replace("65536", "19456").into();
    });
    let error =
        look(&client, &devices, &shared.link).await.open(Some(&passphrase)).await.unwrap_err();
    assert!(matches!(error, Error::Passphrase(_)), "{error:?}");
    assert_eq!(double.count("claim"), 0, "no proof was sent that could be guessed from");
}

#[tokio::test]
async fn a_refusal_after_a_lost_answer_keeps_the_key() {
    let (double, (_folder, devices)) = (Double::start().await, devices());
    let client = double.client();
    let shared = share(&client, None).await;
    let looked = look(&client, &devices, &shared.link).await;
    double.expect("claim", &[Fate::LoseAnswer]);
    double.expect("recover", &[Fate::Refuse("internal", 500)]);
    assert_eq!(looked.open(None).await.unwrap_err().code(), Some(Code::Internal));
    assert!(look(&client, &devices, &shared.link).await.is_interrupted());
}

#[tokio::test]
async fn an_edge_that_lost_the_answer_is_a_lost_answer() {
    let (double, (_folder, devices)) = (Double::start().await, devices());
    let client = double.client();
    let shared = share(&client, None).await;
    double.expect("claim", &[Fate::NoAnswer]);
    let opened = look(&client, &devices, &shared.link).await.open(None).await.unwrap();
    assert_eq!((opened.text.expose().as_str(), double.views_taken()), (TEXT, 1));
    assert_eq!(double.count("recover"), 1);
    double.expect("ack", &[Fate::NoAnswer]);
    assert_eq!(opened.confirm().await.unwrap(), SecretState::Destroyed);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let double = Double::start().await;
    double.expect("create", &[Fate::Redirect]);
    let draft = Draft { text: TEXT, views: 1, expires: Expires::AfterS(60), passphrase: None };
    let error = double.client().share(&draft, &SystemRng).await.unwrap_err();
    assert!(matches!(error, Error::Status(307)), "{error:?}");
}

#[tokio::test]
async fn the_sender_follows_and_destroys() {
    let double = Double::start().await;
    let client = double.client();
    let shared = share(&client, None).await;
    assert_eq!(client.receipt(&shared.receipt).await.unwrap().state, SecretState::Ready);
    double.expect("burn", &[Fate::LoseAnswer]);
    assert_eq!(client.burn(&shared.receipt).await.unwrap().state, SecretState::Burned);

    let mut stream = client.status(&shared.receipt).await.unwrap();
    let mut states = Vec::new();
    while let Some(receipt) = stream.next().await.unwrap() {
        states.push(receipt.state);
    }
    assert_eq!(states, [SecretState::Ready, SecretState::Burned]);
}

#[tokio::test]
async fn nothing_that_is_printed_holds_a_key() {
    let (double, (_folder, devices)) = (Double::start().await, devices());
    let client = double.client();
    let shared = share(&client, None).await;
    let looked = look(&client, &devices, &shared.link).await;
    let opened = looked.open(None).await.unwrap();
    let stored = devices.under_way().unwrap();
    let printed = format!("{client:?} {shared:?} {looked:?} {opened:?} {stored:?}");
    for secret in
        [&*shared.link.token().to_base64url(), &*shared.receipt.key().to_base64url(), TEXT.trim()]
    {
        assert!(!printed.contains(secret), "{printed}");
    }
}

#[tokio::test]
async fn no_server_is_a_network_error_without_the_address_of_a_secret() {
    let origin = wax_crypto::Origin::parse("http://nobody.localhost:1").unwrap();
    let retry = wax_client_sdk::Retry { attempts: 1, ..wax_client_sdk::Retry::default() };
    let client =
        Client::new(origin, &wax_client_sdk::Options { retry, ..Default::default() }).unwrap();
    let draft = Draft { text: TEXT, views: 1, expires: Expires::AfterS(60), passphrase: None };
    let error = client.share(&draft, &SystemRng).await.unwrap_err();
    assert!(
        matches!(&error, Error::Network(wax_client_sdk::NetworkError::Connect(_))),
        "{error:?}"
    );
    assert!(!format!("{error:?}").contains("/v1/"), "{error:?}");
}
