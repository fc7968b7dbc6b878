//! Promises of the channel: nothing is readable on the way, and only the host that is known is believed.

use wax_client_sdk::{Code, Error, HostKeyError, KnownHosts};
use wax_kernel::SystemRng;
use wax_model::Expires;

use crate::{
    double::{Double, Fate, devices},
    flow::{TEXT, look, share},
};

fn draft() -> wax_client_sdk::Draft<'static> {
    wax_client_sdk::Draft { text: TEXT, views: 1, expires: Expires::AfterS(60), passphrase: None }
}

#[tokio::test]
async fn a_key_that_changed_overnight_is_taken_and_the_request_sent_once_more() {
    let (double, (_folder, devices)) = (Double::start().await, devices());
    let client = double.client();
    let shared = share(&client, None).await;
    let looked = look(&client, &devices, &shared.link).await;
    double.change_channel_key();
    let opened = looked.open(None).await.unwrap();
    double.change_channel_key();
    opened.confirm().await.unwrap();
    assert_eq!(double.views_taken(), 1);
}

#[tokio::test]
async fn a_host_with_another_key_than_before_is_refused_before_anything_is_sent() {
    let double = Double::start().await;
    let folder = tempfile::tempdir().unwrap();
    let hosts = || Some(KnownHosts::new(folder.path()));
    let before = double.host_key();
    share(&double.client_with(hosts()), None).await;

    double.change_host_key();
    let client = double.client_with(hosts());
    let error = client.share(&draft(), &SystemRng).await.unwrap_err();
    let Error::Host(HostKeyError::Changed { known, offered, .. }) = error else {
        panic!("{error:?}")
    };
    assert_eq!((known, offered), (before, double.host_key()));
    assert_eq!(double.count("create"), 1, "only the first");

    let shown = client.host_key().await.unwrap();
    KnownHosts::new(folder.path()).trust(client.origin(), shown).unwrap();
    double.memory.lock().unwrap().created = None;
    share(&client, None).await;
}

#[tokio::test]
async fn a_host_whose_key_changes_in_the_middle_is_refused() {
    let (double, (_folder, devices)) = (Double::start().await, devices());
    let folder = tempfile::tempdir().unwrap();
    let client = double.client_with(Some(KnownHosts::new(folder.path())));
    let shared = share(&client, None).await;
    let looked = look(&client, &devices, &shared.link).await;
    double.change_host_key();
    double.change_channel_key();
    let error = looked.open(None).await.unwrap_err();
    assert!(matches!(error, Error::Host(HostKeyError::Changed { .. })), "{error:?}");
    assert_eq!(double.views_taken(), 0);
}

#[tokio::test]
async fn a_host_without_the_channel_is_refused() {
    let double = Double::start().await;
    double.expect("channel", &[Fate::Refuse("not-available", 404)]);
    let error = double.client().share(&draft(), &SystemRng).await.unwrap_err();
    assert!(matches!(error, Error::NoChannel), "{error:?}");
    assert_eq!(double.count("create"), 0);
}

#[tokio::test]
async fn what_is_not_sealed_is_believed_by_nobody_who_could_delete_a_key_for_it() {
    for (code, status) in [("gone", 410), ("wrong-key", 403), ("not-available", 404)] {
        let (double, (_folder, devices)) = (Double::start().await, devices());
        let client = double.client();
        let shared = share(&client, None).await;
        look(&client, &devices, &shared.link).await.open(None).await.unwrap();
        double.expect("peek", &[Fate::Plain(code, status)]);
        let opener = wax_client_sdk::Opener {
            client: &client,
            devices: &devices,
            clock: &crate::flow::CLOCK,
        };
        let error = opener.look(crate::flow::again(&shared.link)).await.unwrap_err();
        assert!(matches!(error, Error::Answer(_)), "{code}: {error:?}");
        assert_eq!(devices.under_way().unwrap().len(), 1, "{code}: the key stays");
    }
}

#[tokio::test]
async fn who_stands_before_the_server_may_refuse_in_plain_words() {
    let double = Double::start().await;
    double.expect("create", &[Fate::Plain("too-large", 413)]);
    let error = double.client().share(&draft(), &SystemRng).await.unwrap_err();
    assert_eq!(error.code(), Some(Code::TooLarge));
}
