use wax_kernel::{HostPattern, SeededRng, TenantId};
use wax_model::{
    Brand, DomainSettings, Route,
    domain::{Gate, Ownership, Transport},
};

use super::{super::entry::Shown, *};

struct House {
    folder: tempfile::TempDir,
    ring: Arc<KeyRing>,
    rng: Arc<dyn Rng>,
}

fn house() -> House {
    let rng: Arc<dyn Rng> = Arc::new(SeededRng::new(7));
    let ring = Arc::new(KeyRing::random(&*rng));
    House { folder: tempfile::tempdir().unwrap(), ring, rng }
}

impl House {
    fn open(&self) -> (Journal, Vec<Chunk>) {
        let mut chunks = Vec::new();
        let (ring, rng) = (Arc::clone(&self.ring), Arc::clone(&self.rng));
        let journal = Journal::open(self.folder.path(), ring, rng, |chunk| chunks.push(chunk));
        (journal.unwrap(), chunks)
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join(NAME)
    }
}

fn entry(n: u8) -> Entry {
    let route = Route {
        host: HostPattern::parse(&format!("h{n}.example")).unwrap(),
        tenant: TenantId::from_bytes([1; 16]),
        domain: DomainId::from_bytes([n; 16]),
        label: String::new(),
        transport: Transport::Acme,
        ownership: Ownership::Verified,
        gate: Gate::Open,
        plan: wax_model::PlanId::self_hosted(),
        settings: DomainSettings::default(),
        brand: Brand::plain("Acme"),
    };
    Entry { certificate: Some(shown(n)), ..Entry::new(route, None, None) }
}

fn shown(n: u8) -> Shown {
    let key = wax_acme::SealedKey::from_bytes(vec![n; 60]);
    let id = wax_kernel::CertificateId::from_bytes([n; 16]);
    Shown { id, chain: vec![vec![n; 3], vec![1, 2]], key, until: wax_kernel::Timestamp::from_ms(5) }
}

fn chunk(n: u8) -> Chunk {
    let gone = vec![DomainId::from_bytes([200; 16])];
    Chunk { position: Some(n.into()), own: None, set: vec![entry(n)], gone }
}

#[test]
fn what_was_written_is_read_again_in_its_order() {
    let house = house();
    let (mut journal, none) = house.open();
    assert!(none.is_empty());
    for n in 1..=3 {
        journal.append(&chunk(n)).unwrap();
    }
    drop(journal);
    let (mut journal, read) = house.open();
    assert_eq!(read, [chunk(1), chunk(2), chunk(3)]);
    journal.append(&chunk(4)).unwrap();
    drop(journal);
    assert_eq!(house.open().1.len(), 4);
}

#[test]
fn what_was_being_written_in_a_crash_is_cut_off_wherever_it_stopped() {
    let house = house();
    let (mut journal, _) = house.open();
    journal.append(&chunk(1)).unwrap();
    let whole = std::fs::metadata(house.file()).unwrap().len();
    journal.append(&chunk(2)).unwrap();
    drop(journal);
    let all = std::fs::read(house.file()).unwrap();
    for end in usize::try_from(whole).unwrap()..all.len() {
        std::fs::write(house.file(), &all[..end]).unwrap();
        let (mut journal, read) = house.open();
        assert_eq!(read, [chunk(1)], "cut at {end} of {}", all.len());
        journal.append(&chunk(3)).unwrap();
        drop(journal);
        assert_eq!(house.open().1, [chunk(1), chunk(3)]);
    }
}

#[test]
fn a_changed_byte_ends_what_is_believed() {
    let house = house();
    let (mut journal, _) = house.open();
    (1..=2).for_each(|n| journal.append(&chunk(n)).unwrap());
    drop(journal);
    let mut bytes = std::fs::read(house.file()).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(house.file(), bytes).unwrap();
    assert_eq!(house.open().1, [chunk(1)]);
}

#[test]
fn a_file_sealed_by_another_key_ring_is_read_as_nothing_and_begun_anew() {
    let (first, second) = (house(), House { ring: house().ring, ..house() });
    let (mut journal, _) = first.open();
    journal.append(&chunk(1)).unwrap();
    drop(journal);
    let other = Arc::new(KeyRing::random(&SeededRng::new(99)));
    let theirs = House { folder: first.folder, ring: other, rng: second.rng };
    let (mut journal, read) = theirs.open();
    assert!(read.is_empty());
    journal.append(&chunk(2)).unwrap();
    drop(journal);
    assert_eq!(theirs.open().1, [chunk(2)]);
}

#[test]
fn a_journal_written_anew_takes_the_place_of_the_old_one_at_once_or_not_at_all() {
    let house = house();
    let (mut journal, _) = house.open();
    (1..=3).for_each(|n| journal.append(&chunk(n)).unwrap());
    let mut next = journal.anew().unwrap();
    next.append(&chunk(9)).unwrap();
    drop(next);
    drop(journal);
    let (journal, read) = house.open();
    assert_eq!(read.len(), 3, "one that was not finished changes nothing");
    let mut next = journal.anew().unwrap();
    next.append(&chunk(9)).unwrap();
    next.finish().unwrap();
    drop((next, journal));
    assert_eq!(house.open().1, [chunk(9)]);
}

#[test]
fn two_processes_do_not_write_one_file() {
    let house = house();
    let (_journal, _) = house.open();
    let (ring, rng) = (Arc::clone(&house.ring), Arc::clone(&house.rng));
    let second = Journal::open(house.folder.path(), ring, rng, |_| {});
    assert!(second.unwrap_err().to_string().contains("another edge's"));
}

#[test]
fn nobody_else_can_read_it_and_nothing_in_it_is_readable() {
    use std::os::unix::fs::PermissionsExt as _;
    let house = house();
    let (mut journal, _) = house.open();
    journal.append(&chunk(1)).unwrap();
    let mode = std::fs::metadata(house.file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let bytes = std::fs::read(house.file()).unwrap();
    assert!(!bytes.windows(7).any(|part| part == b"example" || part == b"waxseal"));
}
