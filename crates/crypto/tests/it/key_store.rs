//! What every key store promises, and what the one in a directory promises besides.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::{Arc, Barrier},
    thread,
};

use tempfile::TempDir;
use wax_crypto::{
    Origin,
    at_rest::{
        DataKey, Day, DayKey, FileKeyStore, KeyEncryptionKey, KeyRing, KeyStore, KeyStoreError,
        KeyVersion, MemoryKeyStore, Slot,
    },
    channel::{ChannelKey, HostSeed, SealedRequest},
};
use wax_kernel::{ErrorKind, SystemRng, Timestamp};

const SLOT: Slot<'static> = Slot { table: "secrets", column: "data_key", row: b"1" };

fn day(number: i64) -> Day {
    Day::from_number(number)
}

fn open(path: &Path) -> Result<FileKeyStore, KeyStoreError> {
    FileKeyStore::open(path, Arc::new(SystemRng))
}

fn keys_in(directory: &TempDir) -> std::path::PathBuf {
    directory.path().join("keys")
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn every_store(check: impl Fn(&dyn KeyStore)) {
    check(&MemoryKeyStore::new(Arc::new(SystemRng)));
    let directory = TempDir::new().unwrap();
    check(&open(&keys_in(&directory)).unwrap());
}

#[test]
fn a_day_has_one_key_and_another_day_another() {
    every_store(|store| {
        let key = store.day_key(day(7)).unwrap();
        assert_eq!(store.day_key(day(7)).unwrap(), key);
        assert_eq!(store.existing_day_key(day(7)).unwrap(), Some(key.clone()));
        assert_ne!(store.day_key(day(8)).unwrap(), key);
    });
}

#[test]
fn a_destroyed_day_never_comes_back() {
    every_store(|store| {
        for number in [5, 6, 7] {
            store.day_key(day(number)).unwrap();
        }
        assert_eq!(store.destroy_days_before(day(7)).unwrap(), 2);
        for number in [4, 5, 6] {
            assert!(store.existing_day_key(day(number)).unwrap().is_none());
            let error = store.day_key(day(number)).unwrap_err();
            assert!(matches!(error, KeyStoreError::Destroyed { day } if day.number() == number));
            assert_eq!(error.kind(), ErrorKind::Missing);
        }
        assert!(store.existing_day_key(day(7)).unwrap().is_some());
        assert_eq!(store.destroy_days_before(day(7)).unwrap(), 0);
        assert_eq!(store.destroy_days_before(day(1)).unwrap(), 0, "the mark never goes back");
        assert!(store.day_key(day(6)).is_err());
    });
}

#[test]
fn data_keys_open_under_their_day_key_and_in_their_slot_only() {
    every_store(|store| {
        let (today, tomorrow) = (store.day_key(day(7)).unwrap(), store.day_key(day(8)).unwrap());
        let key = DataKey::random(&SystemRng);
        let sealed = today.seal(SLOT, &key, &SystemRng);
        assert_eq!(today.open(SLOT, &sealed).as_ref(), Ok(&key));
        assert!(tomorrow.open(SLOT, &sealed).is_err());
        assert!(today.open(Slot { row: b"2", ..SLOT }, &sealed).is_err());
    });
}

#[test]
fn a_day_is_a_utc_day() {
    assert_eq!(Day::of(Timestamp::from_ms(86_400_000)), day(1));
    assert_eq!(Day::of(Timestamp::from_ms(86_399_999)), day(0));
}

#[test]
fn a_directory_keeps_its_keys() {
    let directory = TempDir::new().unwrap();
    let path = keys_in(&directory);
    let (key, subkey, sealed, seed, channel) = {
        let store = open(&path).unwrap();
        let sealed = store.ring().seal(SLOT, b"value", &SystemRng);
        let seed = HostSeed::from_slice(store.host_seed().expose()).unwrap();
        let channel = store.channel_key(day(7)).unwrap().id();
        (store.day_key(day(7)).unwrap(), store.ring().subkey("test"), sealed, seed, channel)
    };
    let store = open(&path).unwrap();
    assert_eq!(store.day_key(day(7)).unwrap(), key);
    assert_eq!(store.ring().subkey("test"), subkey);
    assert_eq!(store.host_seed(), &seed);
    assert_eq!(store.channel_key(day(7)).unwrap().id(), channel);
    assert_eq!(**store.ring().open(SLOT, &sealed).unwrap(), *b"value");

    store.destroy_days_before(day(8)).unwrap();
    let store = open(&path).unwrap();
    assert!(
        matches!(store.day_key(day(7)), Err(KeyStoreError::Destroyed { .. })),
        "the mark is kept too"
    );
}

/// Each thread has a store of its own, as each server process has; nothing is shared but the directory.
#[test]
fn processes_that_race_agree_on_one_key() {
    const RACERS: usize = 8;
    for round in 0..10 {
        let directory = TempDir::new().unwrap();
        let (path, start) = (keys_in(&directory), Barrier::new(RACERS));
        let race = || {
            start.wait();
            let store = open(&path).unwrap();
            let (seed, channel) =
                (store.host_seed().expose(), store.channel_key(day(round)).unwrap());
            (store.ring().subkey("test"), store.day_key(day(round)).unwrap(), *seed, channel.id())
        };
        let results: Vec<_> = thread::scope(|scope| {
            let racers: Vec<_> = (0..RACERS).map(|_| scope.spawn(race)).collect();
            racers.into_iter().map(|racer| racer.join().unwrap()).collect()
        });
        assert!(results.iter().all(|result| *result == results[0]));
        assert_eq!(names(&path).len(), 4, "no temporary file is left");
    }
}

/// What a fleet's edges share: it opens what they seal, and nothing of the key store beside it.
#[test]
fn a_ring_by_itself_is_one_for_all_and_none_of_the_stores() {
    let directory = TempDir::new().unwrap();
    let (path, other) = (directory.path().join("edges"), open(&keys_in(&directory)).unwrap());
    let ring = || KeyRing::in_directory(&path, &SystemRng).unwrap();
    let sealed = ring().seal(SLOT, b"a certificate's key", &SystemRng);
    assert_eq!(*ring().open(SLOT, &sealed).unwrap(), b"a certificate's key");
    assert!(other.ring().open(SLOT, &sealed).is_err());
    assert_eq!(names(&path), ["kek-1.key"]);
    set_mode(&path, 0o750);
    let told = KeyRing::in_directory(&path, &SystemRng).unwrap_err();
    assert!(matches!(told, KeyStoreError::Exposed { .. }), "{told}");
}

fn names(path: &Path) -> Vec<String> {
    fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn only_the_owner_can_read_the_keys() {
    let directory = TempDir::new().unwrap();
    let path = keys_in(&directory);
    let store = open(&path).unwrap();
    store.day_key(day(7)).unwrap();
    store.channel_key(day(7)).unwrap();
    store.destroy_days_before(day(3)).unwrap();
    assert_eq!(mode(&path), 0o700);
    for name in names(&path) {
        assert_eq!(mode(&path.join(&name)), 0o600, "{name}");
    }
}

#[test]
fn a_directory_or_key_that_others_can_read_is_refused() {
    let directory = TempDir::new().unwrap();
    let path = keys_in(&directory);
    open(&path).unwrap().day_key(day(7)).unwrap();

    for (name, bad, good) in [("", 0o750, 0o700), ("", 0o701, 0o700), ("kek-1.key", 0o640, 0o600)] {
        set_mode(&path.join(name), bad);
        let error = open(&path).unwrap_err();
        assert!(matches!(error, KeyStoreError::Exposed { .. }), "{error}");
        assert!(error.to_string().ends_with(&format!("chmod {good:o}")), "{error}");
        set_mode(&path.join(name), good);
    }
    set_mode(&path.join("day-7.key"), 0o604);
    assert!(matches!(open(&path).unwrap().day_key(day(7)), Err(KeyStoreError::Exposed { .. })));
}

/// Killed between the mark and the last file: the next sweep finishes, and until then nobody uses the key.
#[test]
fn a_half_done_destruction_counts_and_is_finished_later() {
    let directory = TempDir::new().unwrap();
    let path = keys_in(&directory);
    let store = open(&path).unwrap();
    store.day_key(day(7)).unwrap();
    fs::write(path.join("destroyed-before"), "8\n").unwrap();
    set_mode(&path.join("destroyed-before"), 0o600);

    let store = open(&path).unwrap();
    assert!(store.existing_day_key(day(7)).unwrap().is_none());
    assert!(matches!(store.day_key(day(7)), Err(KeyStoreError::Destroyed { .. })));
    assert_eq!(store.destroy_days_before(day(8)).unwrap(), 1);
    assert!(!path.join("day-7.key").exists());
}

/// A second name of the same file, like the one that a crashed process leaves, shows what is left of the bytes.
#[test]
fn destroying_overwrites_the_key_and_removes_every_name_of_it() {
    let directory = TempDir::new().unwrap();
    let path = keys_in(&directory);
    let store = open(&path).unwrap();
    store.day_key(day(7)).unwrap();
    let witness = directory.path().join("witness");
    fs::hard_link(path.join("day-7.key"), &witness).unwrap();
    fs::hard_link(path.join("day-7.key"), path.join("day-7.left.tmp")).unwrap();
    let before = fs::read(&witness).unwrap();
    assert!(before.iter().any(|byte| *byte != 0));

    assert_eq!(store.destroy_days_before(day(8)).unwrap(), 1);
    assert_eq!(fs::read(&witness).unwrap(), vec![0; before.len()]);
    assert!(names(&path).iter().all(|name| !name.starts_with("day-7")));
}

#[test]
fn a_key_file_that_was_changed_or_moved_is_not_believed() {
    let directory = TempDir::new().unwrap();
    let path = keys_in(&directory);
    open(&path).unwrap().day_key(day(7)).unwrap();
    fs::copy(path.join("day-7.key"), path.join("day-8.key")).unwrap();
    assert!(matches!(open(&path).unwrap().day_key(day(8)), Err(KeyStoreError::Unreadable { .. })));
    fs::write(path.join("day-7.key"), b"").unwrap();
    assert!(matches!(
        open(&path).unwrap().existing_day_key(day(7)),
        Err(KeyStoreError::Unreadable { .. })
    ));
    fs::write(path.join("kek-1.key"), [1; 31]).unwrap();
    assert!(matches!(open(&path), Err(KeyStoreError::Unreadable { .. })));
}

/// Taken for destroyed, it would tell devices that their claims are over, and they would delete their own keys.
#[test]
fn a_day_without_a_key_is_lost_and_not_destroyed() {
    every_store(|store| {
        let error = store.existing_day_key(day(7)).unwrap_err();
        assert!(matches!(error, KeyStoreError::Lost { day } if day.number() == 7), "{error}");
        assert_eq!(error.kind(), ErrorKind::Upstream);
    });
}

#[test]
fn a_lost_key_encryption_key_is_noticed_at_once() {
    let directory = TempDir::new().unwrap();
    let path = keys_in(&directory);
    open(&path).unwrap().day_key(day(7)).unwrap();
    fs::remove_file(path.join("kek-1.key")).unwrap();
    let error = open(&path).unwrap_err();
    assert!(
        matches!(&error, KeyStoreError::Unreadable { path } if path.ends_with("kek-1.key")),
        "{error}"
    );
}

#[test]
fn a_second_key_encryption_key_seals_and_the_first_still_opens() {
    let directory = TempDir::new().unwrap();
    let path = keys_in(&directory);
    let key: Arc<DayKey> = open(&path).unwrap().day_key(day(7)).unwrap();
    fs::write(path.join("kek-2.key"), KeyEncryptionKey::random(&SystemRng).expose()).unwrap();
    set_mode(&path.join("kek-2.key"), 0o600);

    let store = open(&path).unwrap();
    assert_eq!(store.ring().current(), KeyVersion::new(2).unwrap());
    assert_eq!(store.day_key(day(7)).unwrap(), key);
    let new = fs::read(path.join("day-7.key")).unwrap();
    assert!(store.ring().is_outdated(&new));
    store.day_key(day(8)).unwrap();
    assert!(!store.ring().is_outdated(&fs::read(path.join("day-8.key")).unwrap()));
}

/// The seed outlives every key-encryption key: with the first one gone, clients still find the host key they remember.
#[test]
fn the_host_keys_survive_the_rotation_of_what_seals_them() {
    let directory = TempDir::new().unwrap();
    let path = keys_in(&directory);
    let seed = *open(&path).unwrap().host_seed().expose();
    fs::write(path.join("kek-2.key"), KeyEncryptionKey::random(&SystemRng).expose()).unwrap();
    set_mode(&path.join("kek-2.key"), 0o600);
    assert_eq!(open(&path).unwrap().host_seed().expose(), &seed);
    fs::remove_file(path.join("kek-1.key")).unwrap();
    assert_eq!(open(&path).unwrap().host_seed().expose(), &seed);
}

#[test]
fn a_host_seed_whose_key_is_lost_is_not_made_anew() {
    let directory = TempDir::new().unwrap();
    let path = keys_in(&directory);
    open(&path).unwrap();
    fs::remove_file(path.join("kek-1.key")).unwrap();
    assert!(matches!(open(&path), Err(KeyStoreError::Unreadable { .. })));
    assert!(!path.join("kek-1.key").exists());
}

fn at(day: i64, ms: i64) -> Timestamp {
    Timestamp::from_ms(day * 86_400_000 + ms)
}

/// Seals a request to what a store tells its clients at `told`, and asks whether it is opened at `asked`.
fn accepts(teller: &dyn KeyStore, told: Timestamp, asked: &dyn KeyStore, at: Timestamp) -> bool {
    let host = Origin::https("a.example").unwrap();
    let config = teller.channel_config(&host, told).unwrap().verify(&host).unwrap();
    let (sealed, _) = config.seal("/v1/secrets/peek", b"{}", &SystemRng);
    let request = SealedRequest::parse(&sealed).unwrap();
    let key = asked.accepted_channel_key(request.key_id(), at).unwrap();
    key.is_some_and(|key| key.open(&request, &host, "/v1/secrets/peek", &SystemRng).is_ok())
}

#[test]
fn a_channel_key_is_told_on_its_day_and_accepted_on_the_next_too() {
    every_store(|store| {
        let last = at(7, 86_399_999);
        let accepted = |now| accepts(store, last, store, now);
        assert!(accepted(last) && accepted(at(8, 0)) && accepted(at(8, 86_399_999)));
        assert!(!accepted(at(9, 0)), "two days later, even if nobody has destroyed it yet");

        let host = Origin::https("a.example").unwrap();
        let told = |now| store.channel_config(&host, now).unwrap().verify(&host).unwrap();
        assert_eq!((told(last).from(), told(last).until()), (at(7, 0), at(8, 0)));
        assert_eq!(told(at(7, 0)).key_id(), told(last).key_id());
        assert_ne!(told(at(8, 0)).key_id(), told(last).key_id());
    });
}

#[test]
fn an_unknown_channel_key_is_nobodys() {
    every_store(|store| {
        store.channel_key(day(7)).unwrap();
        let stranger = ChannelKey::random(&SystemRng).id();
        assert!(store.accepted_channel_key(stranger, at(7, 0)).unwrap().is_none());
    });
}

/// Around midnight one process tells its clients tomorrow's key while another still has today.
#[test]
fn a_process_whose_clock_is_ahead_or_behind_is_understood() {
    let directory = TempDir::new().unwrap();
    let path = keys_in(&directory);
    let (ahead, behind) = (open(&path).unwrap(), open(&path).unwrap());
    let (after, before) = (at(8, 500), at(7, 86_399_900));
    assert!(accepts(&behind, before, &ahead, after));
    assert!(accepts(&ahead, after, &behind, before));
    assert!(!accepts(&ahead, at(9, 0), &behind, before), "a day and more is another matter");
}

#[test]
fn old_channel_keys_are_destroyed_and_day_keys_are_not() {
    every_store(|store| {
        let days = [5, 6, 7, 8].map(day);
        let ids = days.map(|day| store.channel_key(day).unwrap().id());
        store.day_key(day(5)).unwrap();
        assert_eq!(store.destroy_old_channel_keys(at(8, 0)).unwrap(), 2);
        assert_eq!(store.destroy_old_channel_keys(at(8, 0)).unwrap(), 0);
        let left = days.map(|day| store.existing_channel_key(day).unwrap().map(|key| key.id()));
        assert_eq!(left, [None, None, Some(ids[2]), Some(ids[3])]);
        assert!(store.existing_day_key(day(5)).unwrap().is_some());
        assert_ne!(store.channel_key(day(6)).unwrap().id(), ids[1], "made again, it is another");
    });
}

#[test]
fn a_destroyed_channel_key_is_overwritten_and_forgotten_by_every_process() {
    let directory = TempDir::new().unwrap();
    let path = keys_in(&directory);
    let (one, two) = (open(&path).unwrap(), open(&path).unwrap());
    one.channel_key(day(7)).unwrap();
    two.channel_key(day(7)).unwrap();
    let witness = directory.path().join("witness");
    fs::hard_link(path.join("channel-7.key"), &witness).unwrap();
    assert_eq!(one.destroy_channel_keys_before(day(8)).unwrap(), 1);
    assert!(fs::read(&witness).unwrap().iter().all(|byte| *byte == 0));
    assert_eq!(two.destroy_channel_keys_before(day(8)).unwrap(), 0);
    assert!(two.existing_channel_key(day(7)).unwrap().is_none());
}

#[test]
fn keys_are_never_printed_by_debug() {
    let ring = KeyRing::new(KeyVersion::FIRST, KeyEncryptionKey::from_slice(&[65; 32]).unwrap());
    let shown =
        format!("{ring:?} {:?} {:?}", DataKey::from_slice(&[65; 32]).unwrap(), ring.subkey("a"));
    assert!(!shown.contains("65") && !shown.contains("AAAA"), "{shown}");
    assert_eq!(shown.matches("[redacted]").count(), 3, "{shown}");
}
