//! Device-bound secrets: this machine may return, and may give them away.

use wax_client_sdk::{Client, Draft, Shared, Way};
use wax_crypto::Passphrase;
use wax_kernel::SystemRng;
use wax_model::{Expires, Kind, SecretState};

use crate::{
    double::{Double, Fate, devices},
    flow::{TEXT, look},
};

async fn share(client: &Client, passphrase: Option<&Passphrase>) -> Shared {
    let draft = Draft { text: TEXT, views: 1, expires: Expires::AfterS(60), passphrase };
    client.share_as(Kind::DeviceBound, &draft, &SystemRng).await.unwrap()
}

#[tokio::test]
async fn the_first_machine_opens_it_again_without_a_passphrase() {
    let (double, (_folder, devices)) = (Double::start().await, devices());
    let client = double.client();
    let passphrase = Passphrase::new("x").unwrap();
    let shared = share(&client, Some(&passphrase)).await;
    let looked = look(&client, &devices, &shared.link).await;
    let opened = looked.open(Some(&passphrase)).await.unwrap();
    assert!(devices.is_bound(shared.link.id()).unwrap(), "stored before the acknowledgement");
    assert_eq!(opened.confirm().await.unwrap(), SecretState::Bound);
    assert!(devices.under_way().unwrap().is_empty(), "what opens the link is deleted");

    for opens in 1..=3 {
        let looked = look(&client, &devices, &shared.link).await;
        assert!(looked.is_here());
        let again = looked.open(None).await.unwrap();
        assert_eq!((again.text.expose().as_str(), again.way), (TEXT, Way::Again));
        again.confirm().await.unwrap();
        assert_eq!(double.memory.lock().unwrap().opens, opens);
    }
}

#[tokio::test]
async fn killed_after_storing_the_key_the_next_run_goes_on() {
    let (double, (_folder, devices)) = (Double::start().await, devices());
    let client = double.client();
    let shared = share(&client, None).await;
    drop(look(&client, &devices, &shared.link).await.open(None).await.unwrap());

    let looked = look(&client, &devices, &shared.link).await;
    assert!(looked.is_interrupted() && !looked.is_here());
    let opened = looked.open(None).await.unwrap();
    assert_eq!((opened.text.expose().as_str(), opened.way), (TEXT, Way::Recovered));
    assert_eq!(opened.confirm().await.unwrap(), SecretState::Bound);
}

#[tokio::test]
async fn a_lost_acknowledgement_leaves_it_bound_here() {
    let (double, (_folder, devices)) = (Double::start().await, devices());
    let client = double.client();
    let shared = share(&client, None).await;
    let opened = look(&client, &devices, &shared.link).await.open(None).await.unwrap();
    double.expect("ack", &[Fate::LoseAnswer]);
    double.expect("ack", &[Fate::LoseRequest; 3]);
    opened.confirm().await.unwrap_err();

    let looked = look(&client, &devices, &shared.link).await;
    assert!(looked.is_here() && devices.under_way().unwrap().is_empty());
    assert_eq!(looked.open(None).await.unwrap().way, Way::Again);
}

#[tokio::test]
async fn it_is_handed_to_a_machine_that_asks_and_leaves_the_one_that_gave() {
    let double = Double::start().await;
    let ((_one, giver), (_other, asker)) = (devices(), devices());
    let client = double.client();
    let shared = share(&client, None).await;
    look(&client, &giver, &shared.link).await.open(None).await.unwrap().confirm().await.unwrap();

    let asked = look(&client, &asker, &shared.link).await.ask(&SystemRng).await.unwrap();
    assert!(!asked.is_given().await.unwrap());
    double.expect("ask", &[Fate::LoseAnswer]);
    look(&client, &asker, &shared.link).await.ask(&SystemRng).await.unwrap(); // after a crash: the same ask
    let looked = look(&client, &giver, &shared.link).await;
    let [ask] = looked.asks() else { panic!("{:?}", looked.asks()) };
    assert_eq!(ask.code, asked.code);
    double.expect("give", &[Fate::LoseAnswer]);
    looked.give(ask, &SystemRng).await.unwrap();
    assert!(!giver.is_bound(shared.link.id()).unwrap());
    assert!(!look(&client, &giver, &shared.link).await.is_here());

    assert!(asked.is_given().await.unwrap());
    let handed = look(&client, &asker, &shared.link).await.open(None).await.unwrap();
    assert_eq!((handed.text.expose().as_str(), handed.way), (TEXT, Way::Handed));
    handed.confirm().await.unwrap();
    let again = look(&client, &asker, &shared.link).await.open(None).await.unwrap();
    assert_eq!((again.text.expose().as_str(), again.way), (TEXT, Way::Again));
}

#[tokio::test]
async fn what_was_handed_over_is_fetched_again_after_a_crash_and_can_be_given_on() {
    let double = Double::start().await;
    let [(_one, first), (_two, second), (_three, third)] = [devices(), devices(), devices()];
    let client = double.client();
    let shared = share(&client, None).await;
    look(&client, &first, &shared.link).await.open(None).await.unwrap().confirm().await.unwrap();
    for (giver, asker) in [(&first, &second), (&second, &third)] {
        look(&client, asker, &shared.link).await.ask(&SystemRng).await.unwrap();
        let looked = look(&client, giver, &shared.link).await;
        looked.give(&looked.asks()[0], &SystemRng).await.unwrap();
        // Stored and shown, and killed before the server heard of it.
        drop(look(&client, asker, &shared.link).await.open(None).await.unwrap());
        let again = look(&client, asker, &shared.link).await.open(None).await.unwrap();
        assert_eq!((again.text.expose().as_str(), again.way), (TEXT, Way::Again));
        again.confirm().await.unwrap();
    }
    assert!(!look(&client, &second, &shared.link).await.is_here());
}

#[tokio::test]
async fn a_claim_that_never_arrived_does_not_hide_what_is_handed_over_later() {
    let double = Double::start().await;
    let ((_one, giver), (_other, asker)) = (devices(), devices());
    let client = double.client();
    let shared = share(&client, None).await;
    double.expect("claim", &[Fate::LoseRequest; 4]);
    look(&client, &asker, &shared.link).await.open(None).await.unwrap_err();
    assert_eq!(asker.under_way().unwrap().len(), 1, "nobody knows whether it will arrive");
    look(&client, &giver, &shared.link).await.open(None).await.unwrap().confirm().await.unwrap();

    look(&client, &asker, &shared.link).await.ask(&SystemRng).await.unwrap();
    let looked = look(&client, &giver, &shared.link).await;
    looked.give(&looked.asks()[0], &SystemRng).await.unwrap();
    let handed = look(&client, &asker, &shared.link).await.open(None).await.unwrap();
    assert_eq!((handed.text.expose().as_str(), handed.way), (TEXT, Way::Handed));
}
